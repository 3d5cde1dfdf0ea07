"""Orders by key and reference, orders that do not last, and what the page of curtail lists."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_twisted

from mother.terminal.errand import who
from tests.control.desk import Desk, curtailed
from tests.terminal.desking import performed, talking


@pytest.mark.parametrize("word", ["dr-7", " 4711 ", "event:7"])
@pytest_twisted.ensureDeferred
async def test_an_order_is_ended_by_its_key_or_reference_too(tmp_path: Path, word: str) -> None:
    desk = Desk()
    mine = curtailed(3, key="event:7" if word == "event:7" else "dr-7", ref="4711")
    desk.curtailments.rows = [curtailed(1, running=False, key="dr-7"), curtailed(2), mine]
    async with talking(tmp_path, desk) as ask:
        done = await ask("resume", word, "--yes")
    assert (done.code, done.err) == (0, "")
    assert desk.asked == [("resume", "curtail-000003", who())]


@pytest_twisted.ensureDeferred
async def test_a_miner_goes_before_an_order_of_the_same_name(tmp_path: Path) -> None:
    desk = Desk()
    desk.curtailments.rows = [curtailed(1, key="dragon-1", ref="model:T1")]
    async with talking(tmp_path, desk) as ask:
        assert (await ask("resume", "Dragon-1", "--yes")).code == 0
        assert (await ask("resume", "dragon-1", "--yes")).code == 0
        assert (await ask("resume", "model:T1", "--yes")).code == 0
        desk.scheduled = False
        assert (await ask("resume", "dragon-1", "--yes")).code == 0
    assert {one[0] for one in desk.asked} == {"order", "covered"}


@pytest_twisted.ensureDeferred
async def test_an_order_that_a_power_cut_would_end_is_said_where_programs_look(
    tmp_path: Path,
) -> None:
    desk = Desk()
    desk.trouble = "state.json cannot be written: No space left on device"
    async with talking(tmp_path, desk) as ask:
        for more in ((), ("--json",)):
            done = await ask("curtail", "--all", "--yes", *more)
            assert (done.code, done.err) == (
                0, f"It lasts only until mother ends: {desk.trouble}.\n"
            )  # fmt: skip
        assert "lasts only" not in (await ask("curtail", "--all", "--yes")).out


def test_the_page_of_curtail_lists_the_dry_run() -> None:
    lines = performed("curtail", "--help").out.splitlines()
    assert any(line.startswith("  --dry-run") for line in lines)
    assert not any(line.startswith("  --statsd") for line in lines)
