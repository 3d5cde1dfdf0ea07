"""The farm's sums and rows."""

from __future__ import annotations

from msgspec.structs import replace

from mother.core.model import State
from mother.fleet.roster import Roster
from mother.fleet.views import RosterView
from tests.fleet.world import World


def farm() -> tuple[World, RosterView]:
    world = World(miners=4)
    world.adopted()
    return world, RosterView(world.daemon.roster)


def test_an_empty_farm_has_sums_too() -> None:
    totals = RosterView(Roster()).totals(5.0)
    assert (totals.at, totals.miners, totals.hashrate, totals.temperature_max) == (5.0, 0, 0, None)
    assert RosterView(Roster()).rows() == []


def test_the_sums_are_over_all_miners() -> None:
    world, view = farm()
    totals = view.totals(world.daemon.now())
    readings = [entry.reading for entry in world.daemon.roster if entry.reading is not None]
    assert totals.miners == 4
    assert totals.states == {"hashing": 4}
    assert totals.hashrate == sum(reading.hashrate or 0.0 for reading in readings)
    assert totals.hashrate > 4 * 14e12
    assert totals.expected_hashrate == 4 * 16e12
    assert (totals.boards_alive, totals.boards_expected) == (12, 12)
    assert totals.temperature_max == max(reading.temperature_max or 0 for reading in readings)
    assert totals.accepted > 0
    assert totals.power == 4 * 1480
    assert totals.efficiency == 4 * 1480 / (totals.hashrate / 1e12)


def test_efficiency_is_of_those_whose_power_is_known() -> None:
    world, view = farm()
    first, second, *_ = world.daemon.roster
    assert first.reading is not None
    assert first.reading.hashrate is not None
    for entry in world.daemon.roster:
        assert entry.reading is not None
        entry.reading = replace(entry.reading, power=None)
    assert (view.totals(0).power, view.totals(0).efficiency) == (0, None)
    first.reading = replace(first.reading, power=1000.0)
    second.reading = None
    totals = view.totals(0)
    assert totals.power == 1000
    assert totals.efficiency == 1000 / ((first.reading.hashrate or 0) / 1e12)


def test_a_gone_miner_counts_with_what_it_should_have_and_with_nothing_else() -> None:
    world, view = farm()
    before = view.totals(0)
    world.dragon.vanish()
    entry = world.daemon.entry(world.dragon)
    for _ in range(2):
        world.daemon.poll(entry)
    after = view.totals(0)
    assert entry.reading is not None
    assert entry.reading.hashrate is not None
    assert after.states == {"hashing": 3, "gone": 1}
    assert after.hashrate == before.hashrate - entry.reading.hashrate
    assert after.expected_hashrate == before.expected_hashrate
    assert (after.boards_alive, after.boards_expected) == (9, 12)


def test_who_was_given_up_is_counted_apart() -> None:
    world, view = farm()
    world.daemon.roster.remove(world.daemon.entry(world.dragon), 1.0)
    totals = view.totals(0)
    assert (totals.miners, totals.given_up) == (3, 1)


def test_there_is_one_row_per_miner_by_name() -> None:
    world, view = farm()
    rows = view.rows()
    assert [row.worker for row in rows] == sorted(row.worker for row in rows)
    entry = world.daemon.entry(world.dragon)
    (row,) = [row for row in rows if row.mac == entry.mac]
    assert (row.address, row.model, row.state) == (entry.address, "T1", State.HASHING)
    assert row.firmware == "t1_20180515_060842"
    assert (row.boards_alive, row.boards_expected) == (3, 3)
    assert row.hashrate is not None
    assert row.uptime is not None


def test_a_gone_miner_shows_no_live_figures() -> None:
    world, view = farm()
    entry = world.daemon.entry(world.dragon)
    world.dragon.vanish()
    for _ in range(2):
        world.daemon.poll(entry)
    (row,) = [row for row in view.rows() if row.mac == entry.mac]
    assert row.state is State.GONE
    assert (row.hashrate, row.boards_alive, row.temperature_max, row.uptime) == (None,) * 4
    assert row.last_seen == entry.last_seen
