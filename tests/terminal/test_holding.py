"""Holds: why is told, how long is checked, and the list says who, until when and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import pytest_twisted

from mother.terminal.errand import who
from mother.terminal.holding import Hold, sentence
from tests.control.desk import Desk
from tests.terminal.desking import performed, talking

NOON = 1_700_000_000.0 - 1_700_000_000.0 % 86_400 + 43_200


@pytest_twisted.ensureDeferred
async def test_a_hold_says_what_for_how_long_why_and_by_whom(tmp_path: Path) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        done = await ask("hold", "model:T1", "--for", "1h30m", "--why", " fans ")
        assert (done.code, done.out, done.err) == (0, "model:T1 is held.\n", "")
        assert (await ask("hold", "dragon-1", "--why=fans")).code == 0
        assert (await ask("release", "all")).out == "all is released.\n"
    assert desk.asked == [
        ("hold", "model:T1", 5400.0, "fans", who()),
        ("hold", "dragon-1", None, "fans", who()),
        ("release", "all", who()),
    ]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("all",), "--why is missing"),
        (("all", "--why", " "), "--why is missing"),
        (("all", "--why", "x" * 501), "--why: at most 500"),
        (("all", "--why=x", "--for=soon"), "--for soon: write 30s"),
        (("10.1.2.0/99", "--why=x"), "10.1.2.0/99 is no network or range"),
    ],
)
def test_a_hold_that_cannot_be_meant_is_refused_before_the_daemon_is_asked(
    tmp_path: Path, words: tuple[str, ...], line: str
) -> None:
    done = performed("hold", *words, f"--control-socket={tmp_path / 'none.sock'}")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(line)
    assert done.err.count("\n") == 1


@pytest_twisted.ensureDeferred
async def test_a_release_of_what_is_not_held_is_the_daemons_word(tmp_path: Path) -> None:
    desk = Desk()
    desk.refusal = LookupError("nothing of that is held")
    async with talking(tmp_path, desk) as ask:
        done = await ask("release", "dragon-1")
    assert (done.code, done.out, done.err) == (1, "", "nothing of that is held\n")


@pytest_twisted.ensureDeferred
async def test_what_the_daemon_calls_bad_input_is_2(tmp_path: Path) -> None:
    desk = Desk()
    desk.refusal = ValueError("that is no scope")
    async with talking(tmp_path, desk) as ask:
        done = await ask("release", "dragon-1")
    assert (done.code, done.err) == (2, "that is no scope\n")


@pytest_twisted.ensureDeferred
async def test_the_holds_are_listed_a_line_each(tmp_path: Path) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        assert (await ask("holds")).out == "Nothing is held.\n"
        desk.holds = [{"scope": "all", "why": "moving", "by": "ann", "until": None, "miners": 7}]
        assert (await ask("holds")).out == (
            "all (7 miners) is held by ann until it is released: moving\n"
        )
        assert json.loads((await ask("holds", "--json")).out) == {"holds": desk.holds}


def test_the_end_of_a_hold_is_a_time_and_what_is_left() -> None:
    soon = Hold("model:T1", "moving", "ann", NOON + 7800, miners=1)
    assert sentence(soon, NOON) == (
        "model:T1 (1 miner) is held by ann until 14:10, 2 h 10 min more: moving"
    )
    later = Hold("a0:b0:45:00:00:01", until=NOON + 2 * 86_400, name="dragon-1", miners=1)
    assert sentence(later, NOON) == "dragon-1 (1 miner) is held until 2023-11-16 12:00, 2 d more"
