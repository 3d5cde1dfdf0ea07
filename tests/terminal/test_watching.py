"""What is told of a curtailment that is watched, and when that is enough."""

from __future__ import annotations

from pathlib import Path

import pytest_twisted

from mother.control.client import NoDaemon
from tests.control.desk import Desk
from tests.terminal.desking import talking
from tests.terminal.test_curtailing import FEW, plain, step


@pytest_twisted.ensureDeferred
async def test_those_who_cannot_be_asked_have_done_it_by_their_yes_and_that_is_said(
    tmp_path: Path,
) -> None:
    desk = Desk()
    desk.curtailments.preview = FEW
    desk.curtailments.steps = [
        step(6, 10, stages={"sent": 4}),
        step(6, 10, stages={"unconfirmed": 4}, taken=4, left_out={"its family cannot sleep": 2}),
    ]
    async with talking(tmp_path, desk) as ask:
        done = await ask("curtail", "--all", "--yes")
    assert (done.code, done.err) == (0, "")
    assert plain(done).splitlines()[-2:] == [
        "6 of 10 miners confirmed, 4 took the order and cannot be seen to have done it; "
        "900 kW before, 876 kW now: 24.0 kW less.",
        "2 miners left out: its family cannot sleep.",
    ]


@pytest_twisted.ensureDeferred
async def test_those_that_cannot_be_told_are_not_watched_for_ever_and_why_is_said(
    tmp_path: Path,
) -> None:
    desk = Desk()
    desk.curtailments.preview = FEW
    full = {"worker": "dragon-9", "why": "sleepers.jsonl cannot be written"}
    desk.curtailments.steps = [
        step(5, 10, stages={"pending": 5}),
        step(5, 10, stages={"pending": 5}, stuck=5, unconfirmed=[full]),
    ]
    async with talking(tmp_path, desk) as ask:
        done = await ask("curtail", "--all", "--yes")
    assert done.code == 1
    assert plain(done).splitlines()[-1] == "dragon-9: sleepers.jsonl cannot be written."


@pytest_twisted.ensureDeferred
async def test_of_those_whose_draw_is_not_known_no_watts_are_told(tmp_path: Path) -> None:
    desk = Desk()
    desk.curtailments.preview = {**FEW, "before": 0.0, "after": 0.0}
    desk.curtailments.steps = [
        {**step(0, 7, stages={"unconfirmed": 7}, taken=7), "before": 0.0, "now": 350.0}
    ]
    async with talking(tmp_path, desk) as ask:
        done = await ask("curtail", "--all", "--yes")
    assert done.code == 0
    assert "What they draw is not known: a [[schedule.meter]] may tell." in done.out
    assert plain(done).splitlines()[-1] == (
        "0 of 7 miners confirmed, 7 took the order and cannot be seen to have done it."
    )


@pytest_twisted.ensureDeferred
async def test_who_loses_the_daemon_is_told_that_the_order_is_kept(tmp_path: Path) -> None:
    desk = Desk()
    desk.curtailments.preview = FEW
    desk.curtailments.steps = [step(1, stages={"sent": 99})]

    def lost(_: float) -> None:
        raise NoDaemon("no daemon listens on mother.sock")

    async with talking(tmp_path, desk) as ask:
        done = await ask("curtail", "--all", "--yes", pause=lost)
    assert done.code == 1
    assert done.err.splitlines() == [
        "no daemon listens on mother.sock",
        "curtail-000001 is kept: it goes on once a daemon runs.",
    ]
