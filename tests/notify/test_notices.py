"""What a person hears of a farm's nights, in simulated time."""

from __future__ import annotations

from msgspec.structs import replace

from mother.core.model import EventKind
from mother.fleet.memory import FileMemory
from mother.fleet.undertaken import HoldOrder
from mother.notify.message import Tone
from mother.sim.faults import Fault
from tests.fleet.world import CONFIG, DAY, HOUR, MINUTE
from tests.notify.minded import Minded

NIGHT = 40 * MINUTE
"""Long enough for all to be found, steady and compared."""


def test_a_quiet_farm_tells_nothing() -> None:
    assert Minded().begin(6 * HOUR).titles == []


def test_a_wave_of_illness_opens_the_breaker_which_is_told_once_and_so_is_its_end() -> None:
    world = Minded(drop=100.0).begin(NIGHT)
    world.hurt(0, 8, Fault.DEAD_BOARD)
    world.ether.until(lambda: world.heard, HOUR)
    world.ether.run(5 * MINUTE)
    assert len(world.daemon.ear.of(EventKind.BREAKER_OPENED)) == 1
    (opened,) = world.heard
    assert opened.title.startswith("home: No miner is rebooted any more: 8 of 20 miners fell ill")
    assert opened.tone is Tone.PROBLEM
    world.hurt(0, 8, Fault.NONE)
    for dragon in world.dragons[:8]:
        dragon.reboot()
    world.ether.run(3 * HOUR)
    assert world.titles[-1] == "Miners are rebooted as usual again"
    assert world.heard[-1].tone is Tone.RECOVERY
    told = [title for title in world.titles if "tried before" not in title]
    assert len(told) == 2


def test_a_switch_that_fails_is_one_message_and_no_drop_of_the_hashrate_besides() -> None:
    world = Minded().begin(NIGHT)
    world.lose(0, 12)
    world.ether.run(10 * MINUTE)
    assert [title for title in world.titles if "gone" in title] == ["12 miners of 20 are gone"]
    gone = [one for one in world.heard if "gone" in one.title]
    assert gone[0].body.count("dragon-") == 5
    assert "and 7 others" in gone[0].body
    assert not [title for title in world.titles if "The farm makes" in title]


def test_those_that_are_given_up_are_missed_all_the_same() -> None:
    world = Minded().begin(NIGHT)
    world.lose(0, 12)
    world.ether.run(2 * HOUR)
    assert len(world.daemon.roster) == 8
    assert not [one for one in world.heard if "answer again" in one.title]
    world.find(0, 12)
    world.ether.run(15 * MINUTE)
    assert "12 miners that were gone answer again" in world.titles


def test_those_that_are_gone_for_a_day_are_waited_for_no_longer_which_is_said() -> None:
    world = Minded().begin(NIGHT)
    world.lose(0, 12)
    world.ether.run(DAY + HOUR)
    (last,) = [one for one in world.heard if one.at - world.heard[0].at > 23 * HOUR][-1:]
    assert "12 miners are no longer waited for" in f"{last.title} {last.body}"
    assert sum("Still, after" in title and "gone" in title for title in world.titles) in {5, 6}


def test_some_gone_ones_that_are_not_many_are_told_as_hashrate_with_their_number() -> None:
    world = Minded(gone=5, drop=20.0).begin(NIGHT)
    world.lose(0, 5)
    world.ether.run(10 * MINUTE)
    low = next(one for one in world.heard if "The farm makes" in one.title)
    assert "% less than the" in low.title
    assert "5 of its miners do not answer" in low.body
    world.find(0, 5)
    world.ether.run(20 * MINUTE)
    assert any(one.tone is Tone.RECOVERY and one.title.endswith("again") for one in world.heard)


def test_miners_that_are_taken_out_of_the_configuration_are_neither_gone_nor_a_drop() -> None:
    world = Minded().begin(NIGHT)
    world.daemon.change(exclude=tuple(dragon.host for dragon in world.dragons[:12]))
    world.daemon.scan.drop_outsiders()
    world.ether.run(HOUR)
    assert len(world.daemon.roster) == 8
    assert world.titles == []


def test_miners_that_a_person_holds_are_not_told_of() -> None:
    world = Minded().begin(NIGHT)
    order = HoldOrder("all", "a new fuse", "ann", world.daemon.now())
    world.daemon.setups.keep_undertaken(holds=(order,))
    world.lose(0, 20)
    world.ether.run(HOUR)
    assert [title for title in world.titles if "are gone" in title or "makes" in title] == []


def test_miners_that_sleep_are_no_drop() -> None:
    world = Minded().begin(NIGHT)
    for entry in world.daemon.roster:
        assert entry.reading is not None
    for known in list(world.notices.watch._known.values())[:12]:
        known.idle = True
    sight = world.notices.watch.sight()
    assert sight.due == sum(one.due for one in world.notices.watch._known.values() if not one.idle)
    assert sight.made < 1.05 * sight.due


def test_a_restart_in_order_tells_nothing_and_nothing_twice() -> None:
    world = Minded().begin(NIGHT)
    world.lose(0, 12)
    world.ether.run(30 * MINUTE)
    before = len(world.titles)
    for _ in range(4):
        world.again()
        world.ether.run(20 * MINUTE)
    later = [title for title in world.titles[before:] if "are gone" in title or "crash" in title]
    assert later == []
    world.find(0, 12)
    world.ether.run(20 * MINUTE)
    assert "12 miners that were gone answer again" in world.titles


def test_miners_that_vanish_while_nobody_looks_are_missed_after_the_start() -> None:
    world = Minded().begin(NIGHT)
    world.lose(0, 12)
    world.again(crash=True, seconds=20 * MINUTE)
    world.ether.run(20 * MINUTE)
    assert world.titles[0] == "mother was started after a crash"
    assert "12 miners of 20 are gone" in world.titles


def test_crashes_in_a_row_are_told_once_and_then_counted() -> None:
    world = Minded().begin(NIGHT)
    for _ in range(5):
        world.again(crash=True)
        world.ether.run(5 * MINUTE)
    assert world.titles == ["mother was started after a crash"]
    world.ether.run(HOUR)
    (summed,) = world.titles[1:]
    assert summed.startswith("mother was started after a crash (4 more times since ")


def test_what_could_not_be_told_is_told_by_the_next_run() -> None:
    world = Minded().begin(NIGHT)
    world.deaf = True
    world.lose(0, 12)
    world.ether.run(20 * MINUTE)
    assert world.titles == []
    world.again()
    world.ether.run(MINUTE)
    assert world.titles == []
    world.deaf = False
    world.ether.run(HOUR)
    gone = next(one for one in world.heard if "gone" in one.title or "gone" in one.body)
    assert "could not be told" in gone.body or "messages" in gone.title
    assert len([one for one in world.heard if one.title == gone.title]) == 1


def test_a_dry_run_tells_alarms_too() -> None:
    world = Minded(config=replace(CONFIG, dry_run=True)).begin(NIGHT)
    world.lose(0, 12)
    world.ether.run(10 * MINUTE)
    assert "12 miners of 20 are gone" in world.titles


def test_without_channels_nothing_is_written() -> None:
    world = Minded(urls=()).begin(NIGHT)
    world.lose(0, 12)
    world.ether.run(20 * MINUTE)
    assert not (world.folder / "mother-outbox.json").exists()
    assert world.daemon.ear.of(EventKind.MANY_GONE)


def test_the_state_file_is_read_by_who_knows_nothing_of_runs() -> None:
    world = Minded().begin(NIGHT)
    world.again(crash=True)
    memory: FileMemory = world.daemon.memory
    assert memory.farm.run.running
    assert memory.farm.run.seen is not None


def test_a_crash_costs_no_more_than_minutes_of_what_the_hashrate_is_compared_with() -> None:
    world = Minded().begin(NIGHT)
    world.again(crash=True)
    (*_, (last, _)) = world.notices.watch.judged.drop.history
    assert world.daemon.now() - last <= 6 * MINUTE
    assert len(world.notices.watch.judged.drop.history) > 20
