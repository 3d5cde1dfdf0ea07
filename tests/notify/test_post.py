"""What apprise makes of our messages, and what it must never say aloud."""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings

import pytest

from mother.notify.message import Tone
from mother.notify.post import masked, send
from tests.notify.receiving import Receiver
from tests.terminal.processes import free_port

SECRET = "s3cr3t-t0ken"


@pytest.fixture
def url() -> str:
    return f"json://user:{SECRET}@127.0.0.1:{free_port()}/{SECRET}"


def test_a_message_arrives_with_title_body_and_tone() -> None:
    with Receiver() as receiver:
        url = f"json://127.0.0.1:{receiver.port}/{SECRET}"
        assert send(url, "7 miners are gone", "a, b *c* <d> & 20 %", Tone.PROBLEM) == ""
        assert send(url, "Only a title", "", Tone.RECOVERY) == ""
    first, second = receiver.got
    assert (first["title"], first["message"]) == ("7 miners are gone", "a, b *c* <d> & 20 %")
    assert (first["type"], second["type"]) == ("failure", "success")
    assert (second["title"], second["message"]) == ("", "Only a title")


def test_what_is_longer_than_a_service_takes_arrives_in_parts_unless_the_address_decides() -> None:
    with Receiver() as receiver:
        url = f"json://127.0.0.1:{receiver.port}/{SECRET}"
        assert send(url, "7 miners are gone", "word " * 10_000, Tone.PROBLEM) == ""
        parts = [one["message"] for one in receiver.got]
        assert send(f"{url}?overflow=upstream", "a", "word " * 10_000, Tone.PROBLEM) == ""
    assert len(parts) == 2
    assert sum(part.count("word") for part in parts) == 10_000
    assert len(receiver.got) == 3


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_a_service_that_refuses_is_told_by_its_status_alone(status: int) -> None:
    with Receiver() as receiver:
        receiver.status = status
        url = f"json://127.0.0.1:{receiver.port}/{SECRET}"
        assert send(url, "a", "b", Tone.NOTE) == f"the service answers with status {status}"


def test_a_service_that_hangs_is_given_up_in_time() -> None:
    with Receiver() as receiver:
        receiver.status = 0
        url = f"json://127.0.0.1:{receiver.port}/{SECRET}?rto=0.3"
        assert send(url, "a", "b", Tone.NOTE) == "the service cannot be reached"


def test_nobody_there_is_no_exception_and_an_address_of_nothing_neither(url: str) -> None:
    assert send(url, "a", "b", Tone.NOTE) == "the service cannot be reached"
    assert send(f"nosuch://{SECRET}", "a", "b", Tone.NOTE) == "apprise does not take this address"
    assert SECRET not in send(f"json://[{SECRET}", "a", "b", Tone.NOTE)


def test_nothing_of_an_address_is_seen_but_its_service(url: str) -> None:
    assert masked(url) == "json://***"
    assert masked(f"mailto://me:{SECRET}@example.org") == "mailto://***"
    assert masked(f"//{SECRET}") == "***"


def test_what_apprise_logs_goes_nowhere(
    url: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings(record=True):
        send(url, "a", "b", Tone.NOTE)
    out, err = capfd.readouterr()
    assert SECRET not in out + err + caplog.text
    assert (out, err) == ("", "")


def test_a_process_of_its_own_says_nothing_either(url: str) -> None:
    code = (
        "import sys; from mother.notify.post import send; from mother.notify.message import Tone;"
        "print(send(sys.argv[1], 'a', 'b', Tone.NOTE)); "
        "import logging; logging.getLogger('slixmpp.stream').warning(sys.argv[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, url], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "the service cannot be reached\n"
    assert done.stderr == ""
