"""Where alarms go: what is refused, with place and cure, and never with the address."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from mother.config.alarm import check_heartbeat, check_notify_urls
from mother.config.problems import ConfigError
from tests.config.given import load, problems

SECRET = "s3cr3t-t0ken"
GOOD = f"json://user:{SECRET}@127.0.0.1/{SECRET}"


def refusal(value: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        check_notify_urls(value, "notify_url")
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_addresses_of_apprise_are_taken_each_once() -> None:
    urls = ("ntfys://topic", "tgram://123456789:abcdefg_hijklmnop/12315544/", GOOD)
    assert check_notify_urls([*urls, GOOD], "notify_url") == urls
    assert check_notify_urls("ntfys://topic", "notify_url") == ("ntfys://topic",)


def test_flags_variables_and_file_name_several() -> None:
    assert load("--notify-url", GOOD, "--notify-url=ntfys://topic").alarm.urls == (
        GOOD,
        "ntfys://topic",
    )
    both = load(env={"MOTHER_NOTIFY_URL": f"{GOOD} ntfys://a,b"}).alarm.urls
    assert both == (GOOD, "ntfys://a,b")
    assert load(file=f'notify_url = ["{GOOD}"]').alarm.urls == (GOOD,)


def test_a_service_that_apprise_does_not_know_is_refused_with_the_nearest_it_knows() -> None:
    assert refusal([f"tgrm://{SECRET}"]) == (
        "notify_url[0]: apprise knows no such service; did you mean tgram://?"
    )


def test_a_secret_in_the_place_of_the_service_is_not_shown() -> None:
    assert "apprise knows no such service" in refusal(["ntfys://topic", f"{SECRET}://chat"])
    assert "is no address of apprise" in refusal([SECRET])
    assert "is no address of apprise" in refusal([7])


def test_an_address_with_a_part_missing_is_refused() -> None:
    assert refusal([f"tgram://{SECRET}"]).startswith(
        "notify_url[0]: apprise does not take this tgram:// address"
    )


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert len(refusal([f"nosuch1://{SECRET}", SECRET, f"tgram://{SECRET}"]).splitlines()) == 3


def test_without_apprise_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    (line,) = problems("--notify-url", GOOD)
    assert line == "--notify-url: needs the package apprise: pip install apprise"
    assert load().alarm.urls == ()


@pytest.mark.parametrize(
    "url", ["https://hc.example/ping/UUID", "http://127.0.0.1:8000/", "http://[::1]/x"]
)
def test_a_heartbeat_is_http_or_https(url: str) -> None:
    assert check_heartbeat(url, "heartbeat_url") == url


@pytest.mark.parametrize(
    "url",
    [
        f"ftp://host/{SECRET}",
        SECRET,
        7,
        None,
        "http://",
        f"http://host:99999/{SECRET}",
        f"http://hö.example/{SECRET}",
        f"http://host/a b{SECRET}",
        f"http://host/{SECRET}\r\nX: y",
        f"http://[::1/{SECRET}",
        f"https://user:{SECRET}@host/",
    ],
)
def test_anything_else_is_not_and_is_not_shown(url: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        check_heartbeat(url, "heartbeat_url")
    assert str(caught.value).startswith("heartbeat_url: ")
    assert SECRET not in str(caught.value)


def test_the_configuration_shows_no_address() -> None:
    config = load("--notify-url", GOOD, "--heartbeat-url", f"https://hc.example/{SECRET}")
    assert SECRET not in repr(config)
