"""`mother place`: buttons on the wire become slots of a rack."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from tests.control.desk import Desk, miner
from tests.terminal.desking import performed, talking
from tests.terminal.processes import MOTHER, environment, until

EAR = "127.0.0.71"


def farm() -> Desk:
    desk = Desk()
    desk.miners = [miner(n) for n in (1, 2, 3)]
    desk.covers = ["dragon-1", "dragon-2"]
    desk.stands = [
        {"mac": one["mac"], "worker": one["worker"], "ip": one["address"]["host"], "model": "T1",
         "place": {"pdu": "p1"}}
        for one in desk.miners
    ]  # fmt: skip
    return desk


def _says(log: Path, words: str) -> bool:
    return words in log.read_text()


def antminer(number: int) -> tuple[int, bytes]:
    return 14235, f"10.1.2.{number},A0:B0:45:00:00:{number:02X}".encode()


def whatsminer(number: int) -> tuple[int, bytes]:
    return 8888, f"IP:10.1.2.{number}MAC:a0:b0:45:00:00:{number:02x}".encode()


def walked(
    where: str, folder: Path, presses: list[tuple[tuple[int, bytes], str]]
) -> tuple[int, str]:
    """Press buttons, each once the words of the one before are shown; then Ctrl-C."""
    log = folder / "walk.log"
    words = [*MOTHER, "place", "all", "--rack=A3", "--row=2", f"--listen={EAR}", where]
    with log.open("wb") as out:
        walk = subprocess.Popen(
            words, env=environment(PYTHONUNBUFFERED="1"), stdin=subprocess.DEVNULL, stdout=out,
            stderr=out, restore_signals=True,
        )  # fmt: skip
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as button:
            until(lambda: "Walk along" in log.read_text(), 20, log.read_text)
            for (port, said), shown in presses:
                button.sendto(said, (EAR, port))
                until(partial(_says, log, shown), 20, log.read_text)
        os.kill(walk.pid, signal.SIGINT)
        return walk.wait(20), log.read_text()
    finally:
        if walk.poll() is None:
            walk.kill()
        walk.wait()


@pytest_twisted.ensureDeferred
async def test_each_button_is_the_next_slot_once_and_strangers_are_told(tmp_path: Path) -> None:
    desk = farm()
    presses = [
        (antminer(1), "slot 1: dragon-1 (T1) at 10.1.2.1"),
        (antminer(1), ""),
        (antminer(3), "dragon-3 at 10.1.2.3 is not among those that you named: not placed."),
        (antminer(9), "a0:b0:45:00:00:09 at 10.1.2.9 (Bitmain) is no miner that mother knows"),
        ((8888, b"rubbish"), ""),
        (whatsminer(2), "slot 2: dragon-2 (T1) at 10.1.2.2"),
        (antminer(1), "dragon-1 is in slot 1 already."),
    ]
    async with talking(tmp_path, desk) as ask:
        code, shown = await deferToThread(walked, ask.where, tmp_path, presses)
    assert (code, shown.count("slot 1: ")) == (0, 1)
    assert "2 miners placed in rack A3, row 2, slot 1 to 2." in shown
    placed: list[Any] = [asked[1][0] for asked in desk.asked if asked[0] == "place"]
    assert [(one["mac"][-2:], one["place"]["slot"]) for one in placed] == [("01", "1"), ("02", "2")]
    assert {(one["place"]["rack"], one["place"]["pdu"]) for one in placed} == {("A3", "p1")}


@pytest_twisted.ensureDeferred
async def test_the_last_one_is_taken_back_without_a_walk(tmp_path: Path) -> None:
    desk = farm()
    async with talking(tmp_path, desk) as ask:
        done = await ask("place", "--undo")
    assert (done.code, done.out) == (0, "It is nowhere again.\n")


@pytest_twisted.ensureDeferred
async def test_ports_that_are_taken_are_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.72", 8888))
        async with talking(tmp_path, farm()) as ask:
            done = await ask("place", "all", "--rack=A3", "--listen=127.0.0.72")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("cannot listen on 127.0.0.72, UDP port 8888")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--rack=A3",), "name the miners that may be there"),
        (("all",), "--rack is missing"),
        (("dragon-1", "--rack=A3"), "dragon-1: name all who may stand in that rack"),
        (("all", "--rack=A3", "--first-slot=x"), "--first-slot x: write a number"),
        (("all", "--rack=A3", "--listen=here"), "--listen here: no IPv4 address"),
        (("all", "--undo"), "--undo stands alone"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(
    tmp_path: Path, words: tuple[str, ...], line: str
) -> None:
    done = performed("place", *words, f"--control-socket={tmp_path / 'none.sock'}")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(line)


@pytest_twisted.ensureDeferred
async def test_u_and_enter_takes_the_last_one_back(tmp_path: Path) -> None:
    desk = farm()

    def press() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as button:
            for _ in range(100):
                button.sendto(antminer(1)[1], ("127.0.0.73", 14235))
                if any(asked[0] == "place" for asked in desk.asked):
                    return
                signal.sigtimedwait([], 0.1)

    words = ("place", "all", "--rack=A3", "--listen=127.0.0.73")
    replies = (("slot 1: dragon-1", "u\n"), ("Slot 1 is next", "q\n"))
    async with talking(tmp_path, desk) as ask:
        pressing = deferToThread(press)
        code, shown = await ask.on_terminal(*words, cwd=tmp_path, replies=replies)
        await pressing
    assert (code, desk.asked[-1][0]) == (0, "unplace")
    assert "Nobody was placed." in shown
