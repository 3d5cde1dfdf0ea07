"""Names that the daemon does not know, and miners of which nobody knows what they draw."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_twisted

from tests.control.desk import Desk
from tests.terminal.desking import talking
from tests.terminal.test_curtailing import FEW, TOUCHED, plain


@pytest.mark.parametrize(
    "words",
    [
        ("resume", "group:hall-9", "--yes"),
        ("resume", "dragon-9", "--yes"),
        ("resume", "curtail-00abcd"),
        ("signal", "prize", "20"),
        ("reports", "9"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_name_that_the_daemon_does_not_know_is_bad_input(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    desk = Desk()
    desk.refusal = LookupError("nothing goes by that name")
    async with talking(tmp_path, desk) as ask:
        done = await ask(*words)
    assert (done.code, done.out, done.err) == (2, "", "nothing goes by that name\n")


@pytest_twisted.ensureDeferred
async def test_those_whose_draw_is_not_known_are_counted_and_save_nothing(tmp_path: Path) -> None:
    desk = Desk()
    blind = [{"device": "c", "worker": "relay-3", "draws": 0.0, "then": 300.0}]
    desk.curtailments.preview = {**FEW, "touched": [*TOUCHED, *blind]}
    async with talking(tmp_path, desk) as ask:
        done = await ask("curtail", "--all", "--dry-run")
        (row,) = [line.split() for line in done.out.splitlines() if "relay-3" in line]
        assert row == ["relay-3", "–", "–", "sleeps"]
        assert "900 kW now, 500 kW then: 400 kW less.\n" in plain(done)
        assert "Not in this: 1 miner, of which it is not known what it draws.\n" in plain(done)
        desk.curtailments.preview = {**FEW, "before": 0.0, "after": 300.0, "touched": blind}
        done = await ask("curtail", "--all", "--dry-run")
        desk.curtailments.preview = {**FEW, "before": 100.0, "after": 300.0, "touched": blind}
        more = await ask("curtail", "--all", "--dry-run")
    for told in (done, more):
        assert "What they draw is not known" in told.out
        assert "less" not in told.out
