"""Apply and undo: shown first, asked once, followed to the end, and never blocking the daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from mother.jobs.plan import Progress
from mother.terminal.errand import who
from mother.terminal.following import MOST_SILENCES, fresh, worse
from tests.control.desk import Desk, item, plan, progress
from tests.terminal.desking import performed, talking


def working(*, left: tuple[dict[str, Any], ...] = ()) -> Desk:
    """Two miners to change, which takes three looks."""
    desk = Desk()
    desk.plans = [plan(item(1), item(2)), plan(*left)]
    desk.steps = [
        progress(wished=2, news=["Long ago."]),
        progress(wished=2, under_way=1, settled=False, news=["Long ago.", "dragon-1 is set."]),
        progress(wished=2, reached=1, settled=False, news=["Long ago.", "dragon-1 is set."]),
        progress(wished=2, reached=2, news=["dragon-1 is set.", "dragon-2 is set."]),
    ]
    return desk


@pytest_twisted.ensureDeferred
async def test_what_is_applied_is_shown_ordered_followed_and_summed_up(tmp_path: Path) -> None:
    desk = working()
    pauses: list[float] = []
    async with talking(tmp_path, desk) as ask:
        done = await ask("apply", "--yes", pause=pauses.append)
    assert (done.code, done.err) == (0, "")
    assert desk.asked == [("apply", "all", who())]
    assert done.out.splitlines()[-5:] == [
        "2 changes on 2 miners; 2 of them restart.",
        "Begun.",
        "dragon-1 is set.",
        "dragon-2 is set.",
        "Done: 2 miners as wished.",
    ]
    assert pauses == [1.0, 1.0, 1.0]
    assert "\x1b" not in done.out


@pytest_twisted.ensureDeferred
async def test_nothing_to_apply_is_said_and_nobody_is_asked(tmp_path: Path) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        done = await ask("apply")
    assert (done.code, done.err, desk.asked) == (0, "", [])
    assert done.out == "Nothing to do: every miner is as wished.\n"


@pytest_twisted.ensureDeferred
async def test_with_nobody_to_ask_nothing_is_applied_and_the_cure_is_told(tmp_path: Path) -> None:
    desk = working()
    async with talking(tmp_path, desk) as ask:
        done = await ask("apply")
    assert (done.code, desk.asked) == (2, [])
    assert "2 changes on 2 miners" in done.out
    assert done.err == (
        "there is no terminal to ask on: add --yes to do it without a question\n"
    )  # fmt: skip


@pytest_twisted.ensureDeferred
async def test_what_is_left_at_the_end_is_counted_by_what_keeps_it(tmp_path: Path) -> None:
    left = (item(1, status="stopped"), item(2, status="held"), item(2, status="held"))
    desk = working(left=left)
    desk.steps[-1] = {**desk.steps[-1], "stopped": ["The wave of profile is stopped."]}
    async with talking(tmp_path, desk) as ask:
        done = await ask("apply", "--yes")
    assert done.code == 1
    assert "The wave of profile is stopped." in done.out
    assert "3 changes left on 2 miners (2 held, 1 stopped); `mother plan` says why." in done.out


@pytest_twisted.ensureDeferred
async def test_a_miner_that_is_silent_afterwards_is_not_called_done(tmp_path: Path) -> None:
    desk = working()
    others = [{"worker": f"dragon-{n}", "address": "10.1.2.2", "why": "gone"} for n in (2, 7)]
    desk.plans[-1] = plan(unread=others)
    async with talking(tmp_path, desk) as ask:
        done = await ask("apply", "--yes")
    assert done.code == 1
    assert "dragon-2 at 10.1.2.2 cannot be read any more: gone" in done.out
    assert "dragon-7" not in done.out
    assert done.out.endswith("Done: 1 miner as wished.\n")


@pytest_twisted.ensureDeferred
async def test_what_is_left_elsewhere_is_no_failure_of_the_scope(tmp_path: Path) -> None:
    desk = working(left=(item(2, status="stopped"),))
    async with talking(tmp_path, desk) as ask:
        done = await ask("apply", "dragon-1", "--yes")
    assert done.code == 0
    assert desk.asked == [("apply", "dragon-1", who())]
    assert "1 change on 1 miner" in done.out
    assert "Done: 1 miner as wished." in done.out


@pytest_twisted.ensureDeferred
async def test_a_dry_run_is_not_waited_for(tmp_path: Path) -> None:
    desk = working()
    desk.plans = [plan(item(1), dry_run=True)]
    desk.steps = [progress(settled=False)]
    async with talking(tmp_path, desk) as ask:
        done = await ask("apply", "--yes")
    assert done.code == 0
    assert "Dry run" in done.out
    assert done.out.endswith("Begun.\n")


@pytest_twisted.ensureDeferred
async def test_a_refusal_is_the_end_of_it(tmp_path: Path) -> None:
    desk = working()
    desk.refusal = PermissionError("everything is held")
    async with talking(tmp_path, desk) as ask:
        done = await ask("apply", "--yes")
    assert (done.code, done.err) == (1, "everything is held\n")


@pytest_twisted.ensureDeferred
async def test_who_does_not_want_to_wait_is_told_that_the_daemon_goes_on(tmp_path: Path) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    desk = working()
    async with talking(tmp_path, desk) as ask:
        done = await ask("apply", "--yes", pause=interrupted)
    assert done.code == 130
    assert "The daemon goes on with it; `mother plan` shows what is left" in done.err


@pytest_twisted.ensureDeferred
async def test_a_daemon_that_stays_away_is_given_up_after_some_looks(tmp_path: Path) -> None:
    looks: list[float] = []
    socket = tmp_path / "m.sock"

    def gone(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 1:
            socket.rename(tmp_path / "away.sock")

    desk = working()
    async with talking(tmp_path, desk) as ask:
        done = await ask("apply", "--yes", pause=gone)
        (tmp_path / "away.sock").rename(socket)
    assert (done.code, len(looks)) == (1, MOST_SILENCES)
    assert done.err.startswith("no daemon listens on ")


def test_without_a_daemon_it_is_said_how_to_start_one(tmp_path: Path) -> None:
    done = performed("apply", f"--control-socket={tmp_path / 'none.sock'}")
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith("Start one with: mother run\n")


# undo


@pytest.mark.parametrize("target", ["dragon-1", "last"])
@pytest_twisted.ensureDeferred
async def test_what_is_put_back_is_shown_before_it_is_done(tmp_path: Path, target: str) -> None:
    desk = Desk()
    desk.preview = [item(1, old="balanced", new="efficient level 3")]
    desk.steps = [progress(), progress(undoing=1, settled=False), progress(news=["It is back."])]
    async with talking(tmp_path, desk) as ask:
        done = await ask("undo", target, "--yes", "--despite-hold")
    assert (done.code, done.err) == (0, "")
    assert desk.asked == [("undo", target, who(), preview, True) for preview in (True, False)]
    assert "balanced -> efficient level 3" in done.out
    assert done.out.endswith("Undoing.\nIt is back.\nDone: 1 miner as before.\n")


@pytest_twisted.ensureDeferred
async def test_with_nobody_to_ask_an_undo_is_only_shown(tmp_path: Path) -> None:
    desk = Desk()
    desk.preview = [item(1)]
    async with talking(tmp_path, desk) as ask:
        done = await ask("undo", "last")
    assert done.code == 2
    assert [asked[3] for asked in desk.asked] == [True]


@pytest_twisted.ensureDeferred
async def test_what_is_held_is_not_put_back_unless_that_is_said(tmp_path: Path) -> None:
    desk = Desk()
    desk.preview = [item(1, status="held", why="moving")]
    async with talking(tmp_path, desk) as ask:
        done = await ask("undo", "dragon-1", "--yes")
    assert (done.code, [asked[3] for asked in desk.asked]) == (1, [True])
    assert "(held: moving)" in done.out
    assert done.err == "All of it is held: release it, or add --despite-hold.\n"


@pytest_twisted.ensureDeferred
async def test_nothing_to_put_back_is_said(tmp_path: Path) -> None:
    async with talking(tmp_path, Desk()) as ask:
        done = await ask("undo", "last")
    assert (done.code, done.out, done.err) == (0, "Nothing to undo.\n", "")


@pytest_twisted.ensureDeferred
async def test_an_undo_that_fails_is_told_and_is_1(tmp_path: Path) -> None:
    desk = Desk()
    desk.preview = [item(1)]
    desk.steps = [progress(failed=3), progress(failed=4)]
    async with talking(tmp_path, desk) as ask:
        done = await ask("undo", "last", "--yes")
    assert done.code == 1
    assert "1 miner failed." in done.out
    assert "Not all of it is put back" in done.out


# what is followed


def test_only_news_that_were_not_told_are_fresh() -> None:
    assert fresh([], ["a"]) == ["a"]
    assert fresh(["a", "b"], ["a", "b"]) == []
    assert fresh(["a", "b"], ["b", "c"]) == ["c"]
    assert fresh(["a", "b"], ["c", "d"]) == ["c", "d"]
    assert fresh(["a", "a"], ["a", "a", "a"]) == ["a"]
    assert fresh(["a"], []) == []


def test_what_was_wrong_before_is_not_told_again() -> None:
    before = Progress(stopped=("old",), failed=2)
    assert worse(before, Progress(stopped=("old",), failed=2)) == []
    assert worse(before, Progress(stopped=("old", "new"), failed=1)) == ["new"]
    assert worse(before, Progress(failed=4)) == ["2 miners failed."]


def test_the_counts_beside_the_bar_are_those_that_there_are() -> None:
    assert Progress(under_way=3, failed=1).text == "3 under way, 1 failed"
    assert Progress().text == ""


# on a terminal


@pytest_twisted.ensureDeferred
async def test_on_a_terminal_it_is_asked_and_a_bar_shows_the_way(tmp_path: Path) -> None:
    desk = working()
    async with talking(tmp_path, desk) as ask:
        code, shown = await ask.on_terminal(
            "apply", cwd=tmp_path, replies=((r"\[y/N\] ", "y\n"),), NO_COLOR="1"
        )
    assert code == 0
    assert "Apply 2 changes to 2 miners, 2 restarting, now? [y/N]" in shown
    assert "As wished" in shown
    assert "1/2" in shown
    assert "Done: 2 miners as wished." in shown
    assert "\x1b[3" not in shown


@pytest.mark.parametrize("reply", ["\n", "n\n", "\x04"])
@pytest_twisted.ensureDeferred
async def test_the_answer_is_no_unless_it_is_yes(tmp_path: Path, reply: str) -> None:
    desk = working()
    async with talking(tmp_path, desk) as ask:
        code, shown = await ask.on_terminal("apply", cwd=tmp_path, replies=((r"N\] ", reply),))
    assert (code, desk.asked) == (1, [])
    assert "Nothing was done." in shown


@pytest_twisted.ensureDeferred
async def test_ctrl_c_ends_the_watching_and_not_the_work(tmp_path: Path) -> None:
    desk = working()
    desk.steps = [progress(wished=2), progress(wished=2, under_way=1, settled=False)]
    async with talking(tmp_path, desk) as ask:
        code, shown = await ask.on_terminal(
            "apply", cwd=tmp_path, replies=((r"N\] ", "y\n"), ("under way", "\x03"))
        )
    assert code == 130
    assert "The daemon goes on with it" in shown
    assert "Traceback" not in shown


@pytest_twisted.ensureDeferred
async def test_ctrl_c_at_the_question_does_nothing(tmp_path: Path) -> None:
    desk = working()
    async with talking(tmp_path, desk) as ask:
        code, shown = await ask.on_terminal("apply", cwd=tmp_path, replies=((r"N\] ", "\x03"),))
    assert (code, desk.asked) == (130, [])
    assert "Traceback" not in shown
