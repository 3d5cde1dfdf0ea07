"""The plan: a table that fits, sums that are right, exit codes that scripts can trust."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_twisted
from rich.console import Console

from mother.jobs.plan import Plan
from mother.terminal.planning import show
from tests.control.desk import Desk, item, miner, plan
from tests.terminal.desking import performed, talking

POOL = "stratum+tcp://pool.example.com:3333 as operator"


def shown(answer: dict[str, Any], every: bool = False, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    show(msgspec.convert(answer, Plan), console, every)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def pools(count: int, **more: Any) -> list[dict[str, Any]]:
    return [
        item(n, setting="pools[0]", old="(none)", new=f"{POOL}.dragon-{n}", **more)
        for n in range(1, count + 1)
    ]


def test_a_change_is_miner_setting_old_and_new() -> None:
    lines = shown(plan(item(1), item(2, setting="firmware", old="t1_1", new="t1_2"))).splitlines()
    assert lines[0].split() == ["Miner", "Setting", "Now", "->", "wished"]
    assert lines[2].split(maxsplit=2)[:2] == ["dragon-1", "profile"]
    assert "efficient level 3 -> balanced" in lines[2]
    assert lines[3].split() == ["dragon-2", "firmware", "t1_1", "->", "t1_2"]
    assert lines[4] == "2 changes on 2 miners; 2 of them restart."


def test_the_name_of_a_miner_is_whole() -> None:
    text = shown(plan({**item(1), "worker": "whatsminer-0199be14"}))
    assert text.splitlines()[2].startswith("whatsminer-0199be14 profile ")


def test_what_is_not_ready_says_why() -> None:
    text = shown(plan(item(1, status="held", why="board swap"), item(2, status="waiting")))
    assert "efficient level 3 -> balanced (held: board swap)" in text
    assert "(waiting)" in text
    assert "(held until 9:16)" in shown(plan(item(1, status="held", why="held until 9:16")))
    assert "(ready" not in text


def test_no_line_is_wider_than_eighty_columns_and_nothing_is_cut() -> None:
    long = item(
        1, worker="dragon-4500e3ab-in-the-far-corner", setting="pools[0]",
        old=f"{POOL}.{'x' * 70}", new=f"{POOL}.dragon-1", status="backing off",
        why="It did not take it twice; the next try is not before 14:30, in 2 h 10 min.",
    )  # fmt: skip
    text = shown(plan(long))
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert text.count("x") == 70 + "example example next".count("x")
    assert "14:30" in text


@pytest.mark.parametrize(
    ("items", "line"),
    [
        ([], "Nothing to do: every miner is as wished."),
        ([item(1)], "1 change on 1 miner; it restarts."),
        ([item(1, restarts=False)], "1 change on 1 miner; it does not restart."),
        ([item(1), item(2, restarts=False)], "2 changes on 2 miners; 1 of them restart."),
        (
            [item(1, restarts=False), item(2, restarts=False)],
            "2 changes on 2 miners; none of them restarts.",
        ),
    ],
)
def test_the_sums_are_a_sentence(items: list[dict[str, Any]], line: str) -> None:
    assert shown(plan(*items)).splitlines()[-1] == line


def test_many_same_changes_are_counted_and_all_lists_each() -> None:
    answer = plan(*pools(480), item(481))
    text = shown(answer, width=200)
    assert f"480 miners pools[0] (none) -> {POOL}.{{worker}}" in text
    assert "dragon-481 profile" in " ".join(text.split())
    assert len(text.splitlines()) == 2 + 2 + 1
    assert len(shown(answer, every=True, width=200).splitlines()) == 2 + 481 + 1


def test_twenty_changes_are_listed_still() -> None:
    assert len(shown(plan(*pools(20)), width=200).splitlines()) == 2 + 20 + 1


def test_the_counted_ones_are_parted_by_what_keeps_them() -> None:
    held, slow = pools(30, status="held", why="moving"), pools(20, status="backing off")
    slow = [{**one, "why": f"the next try is in {n} min"} for n, one in enumerate(slow)]
    text = " ".join(shown(plan(*held, *slow), width=200).split())
    assert "30 miners pools[0]" in text
    assert "(held: moving)" in text
    assert "20 miners pools[0]" in text
    assert "(backing off)" in text


def test_who_could_not_be_compared_is_named() -> None:
    unread = [{"worker": "dragon-7", "address": "10.1.2.7", "why": "It does not answer."}]
    text = shown(plan(unread=unread))
    assert "Nothing to do: every miner that could be read is as wished." in text
    assert "dragon-7 at 10.1.2.7 is not compared: It does not answer." in text
    crowd = shown(plan(unread=unread * 30))
    assert "30 miners could not be read and are not compared" in crowd
    assert "dragon-7" not in crowd


def test_what_a_device_says_steers_no_terminal() -> None:
    text = shown(plan(item(1, worker="\x1b[2Jx", old="[red]a\n", why="\x9b", status="held")))
    assert "\x1b" not in text
    assert "\x9b" not in text
    assert "[red]a" in text


@pytest_twisted.ensureDeferred
async def test_the_exit_code_says_whether_something_is_to_do(tmp_path: Path) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        done = await ask("plan")
        assert (done.code, done.err) == (0, "")
        desk.plans = [plan(item(1), dry_run=True)]
        done = await ask("plan")
        assert (done.code, done.err) == (3, "")
        assert "Dry run: nothing of this is written." in done.out


@pytest_twisted.ensureDeferred
async def test_as_json_every_change_is_there_and_nothing_else(tmp_path: Path) -> None:
    desk = Desk()
    desk.plans = [plan(*pools(40))]
    async with talking(tmp_path, desk) as ask:
        done = await ask("plan", "--json")
    assert (done.code, done.err) == (3, "")
    assert json.loads(done.out) == desk.plans[0]


@pytest.mark.parametrize(
    ("scope", "workers"),
    [
        ("all", {1, 2, 3}),
        ("dragon-2", {2}),
        ("DRAGON-2", {2}),
        ("10.1.2.3", {3}),
        ("10.1.2.3:80", {3}),
        ("A0-B0-45-00-00-01", {1}),
        ("model:b29", {3}),
        ("10.1.2.0/30", {1, 2, 3}),
        ("10.1.2.2-10.1.2.9", {2, 3}),
        ("10.9.0.0/16", set()),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_scope_narrows_the_plan_and_its_sums(
    tmp_path: Path, scope: str, workers: set[int]
) -> None:
    desk = Desk()
    desk.plans = [plan(item(1), item(2, restarts=False), item(3, model="B29"))]
    async with talking(tmp_path, desk) as ask:
        done = await ask("plan", scope, "--json")
    answer = json.loads(done.out)
    assert {one["worker"] for one in answer["items"]} == {f"dragon-{n}" for n in workers}
    assert answer["miners"] == len(workers)
    assert answer["restarts"] == len(workers - {2})
    assert done.code == (3 if workers else 0)


@pytest_twisted.ensureDeferred
async def test_a_miner_as_wished_is_told_from_one_that_is_not_known(tmp_path: Path) -> None:
    desk = Desk()
    desk.miners = [miner(1)]
    async with talking(tmp_path, desk) as ask:
        for name in ("dragon-1", "10.1.2.1", "a0:b0:45:00:00:01"):
            assert (await ask("plan", name)).code == 0
        done = await ask("plan", "dragon-9")
    assert (done.code, done.out) == (1, "")
    assert done.err == "no miner dragon-9 is known here: `mother status` lists them\n"


@pytest_twisted.ensureDeferred
async def test_a_daemon_of_another_version_is_no_traceback(tmp_path: Path) -> None:
    desk = Desk()
    desk.plans = [{"something": "else"}]
    async with talking(tmp_path, desk) as ask:
        done = await ask("plan")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("the daemon is of another version")
    assert done.err.count("\n") == 1


def test_without_a_daemon_the_farm_is_scanned_once(tmp_path: Path) -> None:
    where = f"--control-socket={tmp_path / 'none.sock'}"

    def scanned(options: object, program: str) -> tuple[dict[str, Any], int]:
        return plan(item(1), item(2)), 0

    done = performed("plan", "dragon-2", where, plan_now=scanned)
    assert done.code == 3
    assert "dragon-2" in done.out
    assert "dragon-1" not in done.out
    assert done.err.startswith("No daemon answers on ")
    assert done.err.endswith("scanning once instead.\n")
    assert performed("plan", where, plan_now=lambda *_: (None, 2)).code == 2
