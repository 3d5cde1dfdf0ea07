"""What the status tells of the schedule: in a few lines, the worst first, nothing of nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest_twisted

from mother.terminal.standing import MOST_LINES, lines_of
from tests.control.desk import Desk, curtailed
from tests.terminal.desking import talking

NOW = 1_700_000_000.0
PRICE = {
    "name": "price", "value": 112.0, "at": NOW - 240.0, "unit": "EUR/MWh", "silent": False,
    "trouble": "",
}  # fmt: skip


def limit(key: str = "rule dear", **more: Any) -> dict[str, Any]:
    return {"key": key, "reason": "price 112 > 80", "miners": 40, "cap": None} | more


def told(orders: tuple[str, ...] = (), **answer: Any) -> list[str]:
    return [line.replace("\u2009", " ") for line in lines_of(answer, orders, NOW)]


def test_where_nothing_is_there_is_no_line() -> None:
    assert told() == []
    assert told(limits=[], plans=[], next_change=None, signals=[], shortfalls=[], journal="") == []


def test_limits_are_told_with_their_reason_whom_they_bind_and_their_cap() -> None:
    assert told(limits=[limit(), limit("grid", reason="grid budget", miners=1, cap=5e5)]) == [
        "Limit: price 112 > 80: 40 miners shall sleep.",
        "Limit: grid budget: 1 miner, 500 kW together at most.",
    ]


def test_an_order_that_is_told_already_is_no_limit_besides() -> None:
    assert told(("curtail-000001",), limits=[limit("curtail-000001")]) == []


def test_signals_are_told_with_value_age_and_silence() -> None:
    mute = PRICE | {"name": "sun", "value": None, "at": None, "silent": True, "trouble": "no wire"}
    stale = PRICE | {"silent": True}
    assert told(signals=[PRICE, mute, stale]) == [
        "Signal price: 112 EUR/MWh, 4 min ago.",
        "Signal sun: never heard, silent (no wire).",
        "Signal price: 112 EUR/MWh, 4 min ago, silent.",
    ]


def test_plans_are_told_with_the_next_change() -> None:
    assert told(plans=["night", "eco"], next_change=None) == ["Plans: night, eco."]
    (line,) = told(plans=[], next_change=NOW + 600)
    assert line.startswith("No plan holds now; next change at ")


def test_what_hinders_stands_first_and_is_at_most_so_many_lines() -> None:
    short = {"limit": "grid", "over": 4e4, "why": {"held": 3}}
    vague = {"limit": "sun", "over": 0.0, "why": {}}
    lines = told(
        limits=[limit(f"rule {number}") for number in range(20)],
        shortfalls=[short, vague],
        clock_astray=True,
        journal="No space left on device",
    )
    assert len(lines) == MOST_LINES == 8
    assert lines[0].startswith("Nobody keeps this machine's clock right")
    assert lines[1] == (
        "Nobody is put to sleep: the journal cannot be written (No space left on device)."
    )
    assert lines[2] == "Not kept: grid, by 40.0 kW (held: 3)."
    assert lines[3] == "Not sure to be kept: sun."
    assert lines[-1] == "And 17 lines more of the schedule: --json has all."


@pytest_twisted.ensureDeferred
async def test_the_status_has_it_in_words_and_for_machines(tmp_path: Path) -> None:
    desk = Desk()
    desk.curtailments.rows = [curtailed(1)]
    desk.curtailments.standing = {"limits": [limit(), limit("curtail-000001")]}
    async with talking(tmp_path, desk) as ask:
        done = await ask("status")
        found = json.loads((await ask("status", "--json")).out)
    assert done.out.count("Limit: ") == 1
    assert "Limit: price 112 > 80: 40 miners shall sleep.\n" in done.out
    assert found["schedule"] == desk.curtailments.standing


@pytest_twisted.ensureDeferred
async def test_a_daemon_without_a_schedule_has_a_status_all_the_same(tmp_path: Path) -> None:
    desk = Desk()
    desk.scheduled = False
    async with talking(tmp_path, desk) as ask:
        done = await ask("status")
        found = json.loads((await ask("status", "--json")).out)
    assert (done.code, done.err, found["schedule"]) == (0, "", None)
