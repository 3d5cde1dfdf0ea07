"""What people and orders of ours do to a farm is no alarm: profiles, power, networks, names."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from twisted.internet.defer import Deferred

from mother.config.model import Config
from mother.core.model import CommandKind, EventKind
from mother.sim.dragonmint.settings import MODES
from mother.sim.faults import Fault
from tests.fleet.world import CONFIG, HOUR, MINUTE, Daemon
from tests.notify.minded import Minded

NIGHT = 40 * MINUTE


@pytest.fixture(autouse=True)
def efficient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The profile takes more of the hashrate than the alarm's 20 %."""
    monkeypatch.setitem(MODES, "efficient", 0.7)


def ordered(world: Minded, first: int, last: int, kind: CommandKind, **args: Any) -> None:
    """A person orders this of these miners, through mother."""
    daemon = world.daemon
    for dragon in world.dragons[first:last]:
        entry = daemon.entry(dragon)
        key = f"{kind} {entry.id} {daemon.now()}"
        order = daemon.order(entry, kind, key=key, by_hand=True, args=args)
        assert daemon.do(daemon.commands.submit(order)).done


def slowed(world: Minded, first: int, last: int, mode: str = "efficient") -> None:
    ordered(world, first, last, CommandKind.SET_PROFILE, profile=mode, level=None)


def alarms(world: Minded) -> list[str]:
    words = ("The farm makes", " are gone", " were gone")
    return [title for title in world.titles if any(word in title for word in words)]


def test_a_slower_profile_by_our_order_is_no_drop_nor_is_the_way_back() -> None:
    world = Minded().begin(2 * HOUR)
    slowed(world, 0, 20)
    world.ether.run(3 * HOUR)
    assert alarms(world) == []
    slowed(world, 0, 20, "balanced")
    world.ether.run(3 * HOUR)
    assert alarms(world) == []


def test_neither_is_one_that_spreads_in_waves() -> None:
    world = Minded().begin(2 * HOUR)
    for first in range(0, 20, 5):
        slowed(world, first, first + 5)
        world.ether.run(30 * MINUTE)
    world.ether.run(HOUR)
    assert alarms(world) == []


def test_a_restart_forgets_nothing_of_a_slower_profile() -> None:
    world = Minded().begin(2 * HOUR)
    slowed(world, 0, 20)
    world.ether.run(10 * MINUTE)
    world.again()
    world.ether.run(HOUR)
    world.again()
    world.ether.run(HOUR)
    assert alarms(world) == []


def test_with_a_slower_profile_a_drop_is_one_all_the_same() -> None:
    world = Minded().begin(2 * HOUR)
    slowed(world, 0, 20)
    world.ether.run(2 * HOUR)
    world.hurt(0, 20, Fault.DEAD_BOARD)
    world.ether.run(HOUR)
    (low,) = (title for title in alarms(world) if "The farm makes" in title)
    assert "% less than the " in low


def test_miners_that_a_profile_stops_are_missed() -> None:
    world = Minded().begin(2 * HOUR)
    slowed(world, 0, 20)
    world.hurt(0, 20, Fault.DEAD_BOARD)
    world.ether.run(4 * HOUR)
    assert [title for title in alarms(world) if "The farm makes" in title] != []


def test_miners_that_are_powered_off_by_our_order_are_not_missed() -> None:
    world = Minded().begin(2 * HOUR)
    ordered(world, 0, 12, CommandKind.POWER_OFF)
    world.lose(0, 12)
    world.ether.run(HOUR)
    world.again()
    world.ether.run(HOUR)
    assert alarms(world) == []
    world.find(0, 12)
    world.ether.run(HOUR)
    world.lose(0, 12)
    world.ether.run(20 * MINUTE)
    assert alarms(world) == ["12 miners of 20 are gone"]


def test_given_up_miners_of_a_network_that_is_taken_out_are_missed_no_longer() -> None:
    world = Minded().begin(NIGHT)
    world.lose(0, 12)
    world.ether.run(2 * HOUR)
    assert len(world.daemon.roster) == 8
    world.daemon.change(exclude=tuple(dragon.host for dragon in world.dragons[:13]))
    world.daemon.scan.drop_outsiders()
    world.ether.run(6 * HOUR)
    last = world.heard[-1]
    assert "12 miners are no longer waited for" in f"{last.title} {last.body}"
    assert not [title for title in world.titles if "Still" in title and "gone" in title]


def test_miners_that_are_retired_are_missed_no_longer() -> None:
    world = Minded().begin(NIGHT)
    world.lose(0, 12)
    world.ether.run(2 * HOUR)
    assert "12 miners of 20 are gone" in alarms(world)
    for dragon in world.dragons[:12]:
        world.daemon.desk.retire(dragon.mac, "ann")
    world.ether.run(6 * HOUR)
    assert not [title for title in world.titles if "Still" in title and "gone" in title]


def test_a_farm_with_another_name_has_the_same_miners() -> None:
    world = Minded().begin(2 * HOUR)
    world.settled = replace(world.settled, site="barn")
    world.again()
    world.ether.run(2 * HOUR)
    assert alarms(world) == []
    assert world.notices.watch.sight().miners == 20


class Slow(Minded):
    """The scans of its second daemon do not end."""

    def another(self, config: Config = CONFIG) -> Daemon:
        daemon = super().another(config)
        if hasattr(self, "notices"):
            scan: Any = daemon.scan
            scan._sweep = lambda *_: Deferred()
        return daemon


def test_many_gone_are_told_although_the_first_scan_takes_hours() -> None:
    world = Slow().begin(2 * HOUR)
    world.lose(0, 12)
    world.again()
    world.ether.run(50 * MINUTE)
    assert alarms(world) == []
    world.ether.run(20 * MINUTE)
    assert not world.daemon.ear.of(EventKind.SCANNED)
    assert world.titles == ["20 miners of 20 are gone"]  # nobody is visited in this world


def test_one_miner_s_absurd_hashrate_is_not_what_the_farm_is_measured_against() -> None:
    world = Minded().begin(2 * HOUR)
    world.ether.run(31)
    for known in tuple(world.notices.watch._known.values())[:1]:
        known.made = 1e18
    world.notices.watch.totals(world.daemon.view.totals(world.daemon.now()))
    world.ether.run(HOUR)
    assert alarms(world) == []


def test_a_farm_that_its_owner_turns_off_at_night_is_gone_and_back_and_nothing_else() -> None:
    world = Minded().begin(12 * HOUR)
    for _ in range(2):
        before = len(alarms(world))
        world.lose(0, 20)
        world.ether.run(10 * HOUR)
        for dragon in world.dragons:
            dragon.reboot()
        world.find(0, 20)
        world.ether.run(14 * HOUR)
        gone, *still, back = alarms(world)[before:]
        assert gone == "20 miners of 20 are gone"
        assert [title.partition(" ")[0] for title in still] == ["Still,", "Still,"]
        assert back == "20 miners that were gone answer again"


@pytest.mark.parametrize("jump", [-2 * HOUR, 2 * HOUR, 400 * 24 * HOUR])
def test_a_clock_that_is_set_makes_no_alarm_and_keeps_none_away(jump: float) -> None:
    world = Minded().begin(2 * HOUR)
    world.lag = jump
    world.ether.run(HOUR)
    assert alarms(world) == []
    world.lose(0, 12)
    world.ether.run(10 * MINUTE)
    assert alarms(world) == ["12 miners of 20 are gone"]
    world.lag = 0.0
    world.find(0, 12)
    world.ether.run(20 * MINUTE)
    assert alarms(world)[-1] == "12 miners that were gone answer again"
