"""One order to many miners: so many at once, an end when most fail, a table of what came of it."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from mother.terminal.herd import LATER, Outcome, Result, Target, drive, parted
from tests.control.desk import Desk, miner
from tests.terminal.desking import talking

DONE, FAILED = Result("done", "It is done."), Result("failed", "no answer")


def targets(count: int) -> list[Target]:
    return [Target(f"w{n}", f"m{n}", "10.1.2.3") for n in range(count)]


def driven(results: list[Result], at_once: int = 1) -> Outcome:
    """Each in its turn gets the next of the results."""
    left = iter(results)
    herd = targets(len(results))
    return drive(herd, lambda _: next(left), at_once, lambda _: None, lambda _: None)


def test_no_more_than_so_many_get_it_at_once() -> None:
    lock, now, most = threading.Lock(), 0, 0

    def give(_: Target) -> Result:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1
        return DONE

    outcome = drive(targets(20), give, 3, lambda _: None, lambda _: None)
    assert len(outcome.results) == 20
    assert most == 3


def test_five_failures_in_a_row_end_it() -> None:
    outcome = driven([*[DONE] * 20, *[FAILED] * 6])
    assert outcome.stopped == "5 failed one after the other"
    assert len(outcome.results) == 25


def test_a_failing_majority_ends_it() -> None:
    outcome = driven([FAILED, DONE, FAILED] * 10)
    assert outcome.stopped == "5 of 7 failed"


def test_single_failures_end_nothing() -> None:
    assert driven([FAILED, DONE, DONE, DONE] * 10).stopped == ""


def test_a_daemon_that_is_gone_ends_it_at_once() -> None:
    outcome = driven([Result("failed", "no daemon", last=True), DONE])
    assert (outcome.stopped, len(outcome.results)) == ("no daemon", 1)


def test_whose_turn_has_not_come_is_tried_again_after_a_rest() -> None:
    answers, rests = {"m0": [Result("later", "")] * 3 + [DONE]}, list[float]()

    def give(target: Target) -> Result:
        return answers.get(target.mac, [DONE]).pop(0) if target.mac in answers else DONE

    outcome = drive(targets(4), give, 2, rests.append, lambda _: None)
    assert {mac: one.result for mac, one in outcome.results.items()} == dict.fromkeys(
        ("m0", "m1", "m2", "m3"), "done"
    )
    assert rests == [LATER] * 3


def test_who_is_held_or_cannot_is_left_out() -> None:
    held, cannot = Target("a", "1", "x", held="held"), Target("b", "2", "x", cannot="gone")
    assert parted([held, cannot], despite_hold=False)[0] == []
    assert parted([held, cannot], despite_hold=True)[0] == [held]


# the command


def farm(count: int, **more: Any) -> Desk:
    desk = Desk()
    desk.miners = [miner(n, **more) for n in range(1, count + 1)]
    return desk


def told(desk: Desk) -> list[str]:
    return [asked[1] for asked in desk.asked if asked[0] == "order"]


@pytest_twisted.ensureDeferred
async def test_an_order_to_many_goes_to_each_in_turn_and_ends_in_a_table(tmp_path: Path) -> None:
    desk = farm(3)
    desk.miners[1]["held"] = "held by ann"
    async with talking(tmp_path, desk) as ask:
        done = await ask("reboot", "rack:A3", "--yes")
    assert done.code == 0
    assert desk.asked[0] == ("covered", "rack:A3", "reboot")
    assert sorted(told(desk)) == ["a0:b0:45:00:00:01", "a0:b0:45:00:00:03"]
    assert desk.in_turn == [True, True]
    assert "1 miner left out: held by ann" in done.err
    assert done.out.endswith("2 done, 1 left out.\n")


@pytest_twisted.ensureDeferred
async def test_without_a_terminal_many_need_a_yes(tmp_path: Path) -> None:
    desk = farm(3)
    async with talking(tmp_path, desk) as ask:
        done = await ask("pause", "all")
    assert (done.code, told(desk)) == (2, [])
    assert "add --yes" in done.err


@pytest.mark.parametrize(("typed", "count"), [("3", 3), ("y", 0), ("2", 0)])
@pytest_twisted.ensureDeferred
async def test_many_are_confirmed_by_their_number(tmp_path: Path, typed: str, count: int) -> None:
    desk = farm(3)
    async with talking(tmp_path, desk) as ask:
        replies = ((r"Pause 3 miners\?", f"{typed}\n"),)
        code, _ = await ask.on_terminal("pause", "all", cwd=tmp_path, replies=replies)
    assert (code, len(told(desk))) == (0 if count else 1, count)


@pytest_twisted.ensureDeferred
async def test_most_failing_ends_it_and_the_rest_is_left(tmp_path: Path) -> None:
    desk = farm(30)
    desk.result = {"result": "failed", "text": "no answer", "worker": "x"}
    async with talking(tmp_path, desk) as ask:
        done = await ask("set-power", "all", "3000", "--yes", "--at-once=1")
    assert (done.code, len(told(desk))) == (1, 5)
    assert "Ended early: 5 failed one after the other; 25 miners got no order." in done.out


@pytest_twisted.ensureDeferred
async def test_where_nobody_takes_it_nothing_is_done(tmp_path: Path) -> None:
    desk = farm(1)
    desk.cannot = {"dragon-1": "no dragonmint can do that"}
    async with talking(tmp_path, desk) as ask:
        done = await ask("pause", "all", "--yes")
    assert (done.code, told(desk)) == (1, [])
    assert "Nobody in all takes that order now" in done.err
