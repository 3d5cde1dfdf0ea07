"""No part of an address of a channel is ever logged, kept, shown or raised."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from mother.config.model import Alarm
from tests.fleet.world import MINUTE, logged
from tests.notify.minded import URL, Minded
from tests.notify.receiving import Receiver
from tests.terminal.processes import Running, daemon, farm, free_port, mother, until

SECRETS = ("s3cr3t", "t0ken", "hook-")


def assert_hidden(text: str) -> None:
    assert [secret for secret in SECRETS if secret in text] == []


def test_neither_log_nor_file_nor_event_holds_an_address() -> None:
    with logged() as events:
        world = Minded().begin(40 * MINUTE)
        world.deaf = True
        world.lose(0, 12)
        world.ether.run(10 * MINUTE)
        world.deaf = False
        world.ether.run(30 * MINUTE)
        world.again(crash=True)
        world.ether.run(MINUTE)
    assert world.heard
    assert_hidden("".join(str(event) for event in events))
    assert_hidden("".join(map(repr, world.daemon.ear.events)))
    for path in world.folder.iterdir():
        assert_hidden(path.read_text())
    assert path.stat().st_mode & 0o77 == 0
    assert_hidden(repr(world.settled) + repr(Alarm(urls=(URL,), heartbeat_url=URL)))


def channel(port: int) -> str:
    return f"json://user:s3cr3t@127.0.0.1:{port}/t0ken"


def losing(cwd: Path, where: tuple[str, ...], port: int) -> Running:
    quick = ("--notify-gone=2", f"--notify-url={channel(port)}")
    beat = f"--heartbeat-url=http://127.0.0.1:{port}/beat-t0ken"
    return daemon(*where, *quick, beat, cwd=cwd)


def test_a_daemon_that_is_killed_tells_later_what_it_could_not(tmp_path: Path) -> None:
    outbox = tmp_path / "mother-outbox.json"
    with farm(tmp_path, "127.81.61.0/28", "--miners=5") as one:
        dead = free_port()
        with losing(tmp_path, one.where, dead) as process:
            process.said("Scanned")
            for host in range(1, 5):
                one.set_fault(f"127.81.61.{host}", "vanished")
            process.said("4 miners of 5 are gone:", seconds=30)
            process.said(
                "could not be told '4 miners of 5 are gone': the service cannot be reached"
            )
            process.said("The heartbeat does not arrive: 127.0.0.1 refuses the connection")
            process.end(signal.SIGKILL)
            first = process.log
        assert json.loads(outbox.read_text())["waiting"]
        assert outbox.stat().st_mode & 0o777 == 0o600
        with Receiver() as receiver:
            assert_hidden(outbox.read_text())
            with losing(tmp_path, one.where, receiver.port) as process:
                until(lambda: len(receiver.got) > 1, 20, lambda: process.log)
                until(lambda: "/beat-t0ken" in receiver.asked, 20, lambda: process.log)
                assert process.end() == 0
            titles = [message["title"] for message in receiver.got]
            assert titles[:2] == ["4 miners of 5 are gone", "mother was started after a crash"]
            assert "/beat-t0ken" in receiver.asked
        assert_hidden(first + process.log + outbox.read_text())


def test_a_message_survives_the_process_and_arrives_once(tmp_path: Path) -> None:
    with farm(tmp_path, "127.81.62.0/28", "--miners=5") as one, Receiver() as receiver:
        receiver.status = 503
        with losing(tmp_path, one.where, receiver.port) as process:
            process.said("Scanned")
            for host in range(1, 5):
                one.set_fault(f"127.81.62.{host}", "vanished")
            process.said("could not be told .* the service answers with status 503", seconds=30)
            assert process.end() == 0
        assert receiver.got == []
        receiver.status = 200
        with losing(tmp_path, one.where, receiver.port) as process:
            until(lambda: receiver.got, 20, lambda: process.log)
            process.said("json://\\*\\*\\* was told")
            assert process.end() == 0
        titles = [message["title"] for message in receiver.got]
        assert titles.count("4 miners of 5 are gone") == 1


def test_notify_sends_a_test_and_says_who_got_it(tmp_path: Path) -> None:
    with Receiver() as receiver:
        good, bad = channel(receiver.port), channel(free_port())
        done = mother("notify", "--test", cwd=tmp_path, env={"MOTHER_NOTIFY_URL": good})
        assert (done.returncode, done.stdout, done.stderr) == (0, "json://***: delivered\n", "")
        assert receiver.got[0]["title"] == "A test of mother's alarms"
        both = {"MOTHER_NOTIFY_URL": f"{bad} {good}"}
        done = mother("notify", "--test", cwd=tmp_path, env=both)
        assert done.returncode == 1
        assert done.stdout.splitlines() == [
            "json://*** (no. 1): not delivered, the service cannot be reached",
            "json://*** (no. 2): delivered",
        ]
    nobody = mother("notify", "--test", cwd=tmp_path)
    assert nobody.returncode == 2
    assert nobody.stderr.startswith("notify_url: none is given")
    assert mother("notify", cwd=tmp_path).returncode == 2
    wrong = mother("notify", "--test", "--notify-url=tgrm://s3cr3t", cwd=tmp_path)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "did you mean tgram://?" in wrong.stderr
    assert_hidden(wrong.stderr + done.stdout)
