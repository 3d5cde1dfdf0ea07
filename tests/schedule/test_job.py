"""One round of the schedule, over toys with a real door and a journal on disk."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace
from twisted.internet.defer import Deferred

from mother.config.schedule import Plan, Rule, Schedule, Signal
from mother.core.errors import Unsupported
from mother.core.model import CommandKind, EventKind
from mother.core.reading import Mode
from mother.fleet.views import RosterView
from mother.schedule.building import Around, Built
from mother.schedule.judging import BY_HAND
from mother.schedule.values import Order
from tests.schedule.nursery import PLAIN, Hand, Nursery

ALWAYS = (time(0), time(0))
PRICE = Signal("price", unit="EUR/MWh")
DEAR = Rule("dear", "price", 80.0, 60.0, hard=100.0)


class Paper(Hand):
    """A Hand that writes whole files too."""

    def write(self, path: Path | None = None, content: bytes = b"", mode: int = 0o600) -> None:
        if path is None:
            super().write()
        else:
            path.write_bytes(content)


class Site:
    """A nursery with the whole schedule over it. `kept`: somebody minds the clock."""

    def __init__(self, schedule: Schedule = PLAIN, count: int = 2) -> None:
        self.nursery = Nursery(count)
        self.kept: bool | None = True
        self.hurries = 0
        self.say(schedule)
        self.start()

    def start(self) -> None:
        daemon, self.paper = self.nursery.daemon, Paper()
        self.built = Built(
            Around(
                daemon.roster,
                daemon.commands,
                daemon.setups,
                daemon.memory,
                cast(Any, self.paper),
                daemon.bus,
                daemon.current,
                cast(Any, self.nursery.ether),
                daemon.now,
                self._hurry,
                lambda: True,
                lambda: self.kept,
            )
        )
        self.built.load()
        daemon.acting = self.built.acting
        daemon.bus.add(self.built.acting)

    def _hurry(self) -> None:
        self.hurries += 1

    def say(self, schedule: Schedule) -> None:
        daemon = self.nursery.daemon
        folder = self.nursery.world.folder
        daemon.config = replace(
            daemon.config, schedule=schedule, state_file=str(folder / "state.json")
        )

    def rounds(self, count: int = 1, every: float = 30.0) -> None:
        for _ in range(count):
            Deferred.fromCoroutine(self.built.job.run())
            self.nursery.ether.run(every)
            for entry in self.nursery.entries:
                self.nursery.daemon.poll(entry)

    def told(self, kind: EventKind) -> list[str]:
        return [one.text for one in self.nursery.daemon.ear.events if one.kind is kind]

    @property
    def wanted(self) -> list[Mode | None]:
        return [entry.wanted for entry in self.nursery.entries]

    @property
    def asleep(self) -> list[bool]:
        return [box.asleep for box in self.nursery.boxes]


def order(**terms: Any) -> Order:
    return Order("", "all", "ann", 0.0, **terms)


def test_without_a_word_of_anybody_nothing_is_asked_of_miners() -> None:
    site = Site()
    site.rounds(3)
    assert site.asleep == [False, False]
    assert all(not box.sent for box in site.nursery.boxes)
    assert all(entry.limits == () for entry in site.nursery.entries)


def test_a_plan_puts_to_sleep_and_says_so_with_each_miner() -> None:
    site = Site(replace(PLAIN, plans=(Plan("night", *ALWAYS, mode=Mode.SLEEP),)))
    site.rounds(2)
    assert site.asleep == [True, True]
    assert site.nursery.entry.wanted is Mode.SLEEP
    assert any("night" in text for text in site.nursery.entry.limits)


def test_no_plan_is_followed_by_a_clock_that_nobody_keeps_unless_it_is_trusted() -> None:
    schedule = replace(PLAIN, plans=(Plan("night", *ALWAYS, mode=Mode.SLEEP),))
    site = Site(schedule)
    site.kept = False
    site.rounds(3)
    assert site.asleep == [False, False]
    assert len(site.told(EventKind.CLOCK_ASTRAY)) == 1
    site.say(replace(schedule, trust_clock=True))
    site.rounds(2)
    assert site.asleep == [True, True]
    assert len(site.told(EventKind.CLOCK_ASTRAY)) == 2


def test_a_price_that_is_far_too_high_binds_at_once_and_lets_go_by_windows() -> None:
    site = Site(replace(PLAIN, signals=(PRICE,), rules=(DEAR,), min_off=0.0))
    site.rounds()
    site.built.telling.push("price", 120.0, site.nursery.daemon.now())
    site.rounds(2)
    assert site.asleep == [True, True]
    assert "price 120 > " in site.nursery.entry.limits[0]
    for _ in range(60):
        site.built.telling.push("price", 10.0, site.nursery.daemon.now())
        site.rounds()
    assert site.asleep == [False, False]
    assert site.nursery.entry.limits == ()


def test_an_order_is_followed_kept_over_a_restart_and_ended() -> None:
    site = Site()
    given, new = site.built.book.give(replace(order(all_=True), at=site.nursery.daemon.now()))
    assert new
    site.rounds(2)
    assert site.asleep == [True, True]
    assert site.built.telling.sleeping() == 2
    numbers = site.built.telling.numbers()
    assert (numbers["schedule.asleep"], numbers["schedule.confirmed"]) == (2.0, 2.0)
    assert numbers["schedule.limits"] == 1.0
    assert site.built.telling.progress(given.id).stages == {"confirmed": 2}
    site.built.book.end(given.id, site.nursery.daemon.now())
    site.rounds(3)
    assert site.asleep == [False, False]
    assert site.built.telling.sleeping() == 0


def test_an_order_ends_by_itself_and_that_is_told() -> None:
    site = Site()
    now = site.nursery.daemon.now()
    site.built.book.give(replace(order(all_=True), at=now, until=now + 100.0))
    site.rounds(2)
    assert site.asleep == [True, True]
    site.rounds(4)
    assert site.asleep == [False, False]
    assert len(site.told(EventKind.CURTAILMENT_ENDED)) == 1


def test_an_order_that_ends_before_the_next_round_is_reported_as_it_went() -> None:
    site = Site()
    given, _ = site.built.book.give(replace(order(all_=True), at=site.nursery.daemon.now()))
    site.rounds(every=12.0)
    assert site.asleep == [True, True]
    assert site.built.telling.progress(given.id).stages == {"confirmed": 2}
    site.built.book.end(given.id, site.nursery.daemon.now())
    site.rounds()
    (report,) = site.built.reports.all()
    assert (report.miners, report.confirmed, report.unconfirmed_count) == (2, 2, 0)
    assert report.shed > 0.9 * report.baseline
    assert report.confirmed_after == report.seconds == 12.0


def test_a_preview_changes_nothing_and_counts_who_sleeps_already() -> None:
    site = Site()
    site.rounds()
    shown = site.built.telling.preview(order(all_=True))
    assert (shown.miners, len(shown.touched), shown.asleep) == (2, 2, 0)
    site.rounds()
    assert site.asleep == [False, False]
    site.built.book.give(replace(order(all_=True), at=site.nursery.daemon.now()))
    site.rounds(2)
    shown = site.built.telling.preview(order(all_=True))
    assert (len(shown.touched), shown.asleep) == (0, 2)


def test_a_stranger_s_sleeper_is_told_once_and_left_asleep() -> None:
    site = Site(count=1)
    site.nursery.box.asleep = True
    site.nursery.daemon.poll(site.nursery.entry)
    site.rounds(4)
    assert site.asleep == [True]
    assert len(site.told(EventKind.FOUND_ASLEEP)) == 1
    assert site.nursery.entry.wanted is None


def test_what_a_rule_has_counted_outlives_a_restart() -> None:
    site = Site(replace(PLAIN, signals=(PRICE,), rules=(DEAR,)))
    site.built.telling.push("price", 120.0, site.nursery.daemon.now())
    site.rounds(2)
    site.built.recall.keep()
    bound = site.built.job.decide().limits
    site.start()
    assert [one.since for one in site.built.job.decide().limits] == [one.since for one in bound]


def test_what_binds_is_kept_at_once_whatever_ends_the_daemon() -> None:
    site = Site(replace(PLAIN, signals=(PRICE,), rules=(DEAR,)))
    site.rounds(every=1.0)  # the file is written now, and not again for long
    site.built.telling.push("price", 120.0, site.nursery.daemon.now())
    site.rounds(every=1.0)
    bound = site.built.job.decide().limits
    assert len(bound) == 1
    site.nursery.ether.run(5.0)
    site.start()
    assert [one.since for one in site.built.job.decide().limits] == [one.since for one in bound]


def test_what_was_pushed_is_kept_before_the_next_round() -> None:
    site = Site(replace(PLAIN, signals=(PRICE,), rules=(DEAR,)))
    site.rounds(every=1.0)
    site.built.telling.push("price", 70.0, site.nursery.daemon.now())
    site.start()
    said = site.built.sources.said("price")
    assert said is not None
    assert said.value == 70.0


def test_what_binds_no_more_is_forgotten_at_once() -> None:
    site = Site(
        replace(PLAIN, signals=(PRICE,), rules=(replace(DEAR, window=10.0, release_windows=1),))
    )
    site.built.telling.push("price", 120.0, site.nursery.daemon.now())
    site.rounds(2, every=1.0)
    site.built.telling.push("price", 10.0, site.nursery.daemon.now())
    while site.built.job.decide().limits:
        site.rounds(every=1.0)
    site.start()
    assert not site.built.job.decide().limits


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"deciding": 3}', b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_as_none(content: bytes) -> None:
    site = Site(count=1)
    (site.nursery.world.folder / "schedule.json").write_bytes(content)
    site.start()
    site.rounds()
    assert site.built.job.look is not None


def test_the_profile_that_a_plan_wishes_is_not_the_configuration_s_to_change() -> None:
    site = Site(replace(PLAIN, plans=(Plan("day", *ALWAYS, profile="eco"),)), count=1)
    site.rounds()
    assert CommandKind.SET_PROFILE in site.nursery.entry.ruled
    site.say(PLAIN)
    site.rounds()
    assert site.nursery.entry.ruled == frozenset()


def test_the_next_round_comes_with_the_next_change_of_a_plan() -> None:
    site = Site(replace(PLAIN, interval=600.0))
    assert site.built.job.interval() == 600.0
    site.say(replace(PLAIN, interval=600.0, plans=(Plan("m", time(0, 5), time(0, 6)),)))
    assert 1.0 <= site.built.job.interval() <= 600.0


def test_who_a_person_woke_says_that_with_its_limits() -> None:
    site = Site(count=1)
    site.built.book.give(replace(order(all_=True), at=site.nursery.daemon.now()))
    site.rounds(2)
    entry = site.nursery.entry
    assert BY_HAND not in entry.limits
    site.nursery.by_hand(CommandKind.RESUME)
    site.nursery.ether.run(30.0)
    site.nursery.daemon.poll(entry)
    site.rounds(3)
    assert (site.asleep, entry.wanted) == ([False], Mode.SLEEP)
    assert entry.limits[-1] == BY_HAND
    assert len(entry.limits) == 2


def test_the_row_of_a_miner_says_what_is_wanted_of_it() -> None:
    site = Site(replace(PLAIN, plans=(Plan("night", *ALWAYS, mode=Mode.SLEEP),)), count=1)
    (row,) = RosterView(site.nursery.daemon.roster).rows()
    assert row.wanted == ""
    site.rounds()
    (row,) = RosterView(site.nursery.daemon.roster).rows()
    assert row.wanted == "sleep"
    site.say(replace(PLAIN, plans=(Plan("day", *ALWAYS, power_target=900.0),)))
    site.rounds(3)
    (row,) = RosterView(site.nursery.daemon.roster).rows()
    assert row.wanted == "limited"


def test_what_keeps_the_schedule_from_its_work_is_in_its_status() -> None:
    site = Site(replace(PLAIN, plans=(Plan("night", *ALWAYS, mode=Mode.SLEEP),)), count=1)
    site.rounds()
    told = site.built.telling.status()
    assert (told["clock_astray"], told["journal"]) == (False, "")
    site.kept, site.paper.full = False, OSError("No space left on device")
    site.rounds(2)
    told = site.built.telling.status()
    assert (told["clock_astray"], told["journal"]) == (True, "No space left on device")
    assert site.built.telling.numbers()["schedule.clock_astray"] == 1.0


def test_a_miner_whose_firmware_cannot_sleep_is_told_once_and_counted() -> None:
    site = Site(count=2)
    for box in site.nursery.boxes:
        box.deaf_to_orders = Unsupported("this generation is only read")
    now = site.nursery.daemon.now()
    site.built.book.give(replace(order(to=1000.0), at=now))
    site.rounds(40)
    told = [one for one in site.nursery.daemon.ear.events if one.kind is EventKind.AUDIT]
    assert len(told) == 2
    assert site.nursery.entry.limits[-1] == "its firmware cannot sleep"
    assert site.built.telling.sleeping() == 0
    assert site.built.job.look is not None
    (short,) = site.built.job.look.ruling.shortfalls
    assert short.why == {"its firmware cannot sleep": 2}


def test_a_reason_is_said_once() -> None:
    site = Site(count=1)
    site.nursery.family.capabilities = {}
    site.built.book.give(replace(order(all_=True), at=site.nursery.daemon.now()))
    site.rounds()
    assert site.nursery.entry.limits[-1] == "its family cannot sleep"
    assert len(set(site.nursery.entry.limits)) == len(site.nursery.entry.limits)


def test_in_a_dry_run_nothing_is_reported() -> None:
    site = Site()
    site.nursery.daemon.config = replace(site.nursery.daemon.config, dry_run=True)
    site.built.book.give(replace(order(all_=True), at=site.nursery.daemon.now()))
    site.rounds(2)
    assert site.asleep == [False, False]
    assert site.built.reports.all() == []
    assert not list((site.nursery.world.folder / "reports").glob("*"))
