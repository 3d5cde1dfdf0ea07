"""Which events wake somebody, in which words, and rollouts by their texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet.task import Clock

from mother.core.bus import Bus
from mother.core.model import EventKind, Severity
from mother.fleet.memory import FileMemory
from mother.fleet.undertaken import Rollout, Trust, Undertakings
from mother.notify.alarm import Alarm
from mother.notify.message import named
from mother.notify.telling import TELLINGS
from tests.fleet.parts import Disk

STOPPED = (
    "The pools: stopped, nobody else gets it; dragon-1 at 10.1.0.1: it does not hash. Mend the "
    "cause, then `mother apply` goes on"
)
NOT_TOLD = {
    EventKind.ILL,
    EventKind.HOT,
    EventKind.GONE,
    EventKind.LEFT,
    EventKind.CONFLICT,
    EventKind.FAULT,
    EventKind.ALARM_FAILED,
    EventKind.ALARM_SENT,
}


class Counting(Disk):
    """Counts what is written."""

    writes = 0

    def write(self, path: Path, content: bytes, mode: int = 0o600) -> None:
        self.writes += 1
        super().write(path, content, mode)


class Told:
    """An alarm on a bus, and what it put into its outbox."""

    def __init__(self, folder: Path, site: str = "site") -> None:
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        clock, now = cast(Any, self.clock), self.clock.seconds
        self.memory = FileMemory(folder / "state.json", Disk(), clock, now)
        self.memory.load()
        self.alarm = Alarm(folder / "mother-outbox.json", Disk(), self.memory, now, site)
        self.alarm.channels = lambda: ("abcd",)
        self.bus = Bus(site, now, str)
        self.bus.add(self.alarm)

    def tell(self, kind: EventKind, text: str) -> None:
        self.bus.tell(kind, Severity.INFO, text)

    def stop(self, *whats: str) -> None:
        rollouts = {what: Rollout(what, Trust.STOPPED) for what in whats}
        self.memory.remember_undertaken(Undertakings(rollouts))
        self.alarm.review()

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(one.message.title, one.message.body) for one in self.alarm.outbox.waiting]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


@pytest.mark.parametrize("kind", sorted(NOT_TOLD))
def test_one_miner_wakes_nobody(told: Told, kind: EventKind) -> None:
    assert kind not in TELLINGS
    told.tell(kind, "dragon-1 is ill")
    assert told.said == []


def test_a_rollout_that_stopped_is_told_and_so_is_that_it_goes_on(told: Told) -> None:
    told.tell(EventKind.ROLLOUT_STOPPED, STOPPED)
    told.stop("the pools")
    assert told.said == [
        (
            "The pools: stopped, nobody else gets it",
            "dragon-1 at 10.1.0.1: it does not hash. Mend the cause, then `mother apply` goes on.",
        )
    ]
    told.tell(EventKind.ROLLOUT_RESUMED, "The pools: goes on, with one miner first")
    assert told.said[-1] == ("The pools: goes on, with one miner first", "It lasted 0 s.")


def test_two_that_stopped_together_are_one_cause(told: Told) -> None:
    told.tell(EventKind.ROLLOUT_STOPPED, STOPPED.replace("The pools", "The pools and a profile"))
    told.stop("the pools", "a profile")
    told.tell(EventKind.ROLLOUT_RESUMED, "A profile: goes on, with one miner first")
    assert len(told.said) == 2


def test_a_rollout_that_nobody_wishes_any_more_is_no_cause_for_ever(told: Told) -> None:
    told.tell(EventKind.ROLLOUT_STOPPED, STOPPED)
    told.stop("the pools")
    told.stop()
    assert told.said[-1][0] == "A rollout that was stopped is not stopped any more"
    told.clock.advance(3 * 86400)
    told.alarm.review()
    assert len(told.said) == 2


def test_a_breaker_that_closed_unseen_is_closed(told: Told) -> None:
    told.tell(EventKind.BREAKER_OPENED, "9 of 20 miners fell ill within 10 min: nobody.")
    for value in (1.0, 0.0, 1.0, 0.0):
        told.bus.numbers({"health.breaker_open": value})
    assert len(told.said) == 1
    told.bus.numbers({"health.breaker_open": 0.0})
    assert told.said[-1][0] == "Miners are rebooted as usual again"


def test_a_farm_with_a_name_is_named_first(tmp_path: Path) -> None:
    told = Told(tmp_path, "north")
    told.tell(EventKind.HASHRATE_LOW, "The farm makes 1 TH/s")
    assert told.said[0][0] == "north: The farm makes 1 TH/s"


def test_a_broken_outbox_costs_what_was_in_it_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "mother-outbox.json").write_text("{broken")
    told = Told(tmp_path)
    told.alarm.load()
    told.tell(EventKind.HASHRATE_LOW, "The farm makes 1 TH/s")
    again = Told(tmp_path)
    again.alarm.load()
    assert again.said == told.said


def test_what_a_device_says_steers_nothing_and_stays_in_its_line(
    told: Told, tmp_path: Path
) -> None:
    odd = "Firmware 1\x1b[2J\r\n: stopped, nobody gets it; it runs \x00\ud800. Mend the cause"
    told.tell(EventKind.ROLLOUT_STOPPED, odd)
    ((title, body),) = told.said
    assert title == "Firmware 1 [2J  : stopped, nobody gets it"
    assert body == "it runs  ?. Mend the cause."
    assert "[2J" in (tmp_path / "mother-outbox.json").read_text()


def test_five_names_stand_for_all() -> None:
    assert named(["b", "a"]) == "a, b"
    assert named(list("abcdef")) == "a, b, c, d, e and 1 other"
    assert named(list("abcdefgh")) == "a, b, c, d, e and 3 others"


def silent(told: Told, name: str, kind: EventKind = EventKind.SIGNAL_SILENT) -> None:
    text = f"The signal {name} has been silent for 300 s: in 300 s its rules curtail."
    told.bus.tell(kind, Severity.WARNING, text, content={"signal": name})


def test_each_signal_that_is_silent_is_a_cause_of_its_own(told: Told) -> None:
    told.alarm.signals = lambda: ("price", "sun")
    silent(told, "price")
    silent(told, "sun")
    assert told.said[0] == (
        "The signal price has been silent for 300 s",
        "In 300 s its rules curtail.",
    )
    told.bus.tell(
        EventKind.SIGNAL_BACK, Severity.INFO, "The signal price speaks again.",
        content={"signal": "price"},
    )  # fmt: skip
    assert told.said[2:] == [("The signal price speaks again", "It lasted 0 s.")]


def test_a_silent_signal_that_is_not_configured_any_more_is_no_cause(told: Told) -> None:
    told.alarm.signals = lambda: ("price",)
    silent(told, "price")
    told.alarm.review()
    assert len(told.said) == 1
    told.alarm.signals = tuple
    told.alarm.review()
    assert told.said[1][0] == "A silent signal is not in the configuration any more: price"


def test_a_clock_that_nobody_keeps_is_told_until_somebody_does(told: Told) -> None:
    text = "nobody keeps this machine's clock right: plans are not followed; start an NTP service"
    told.bus.tell(EventKind.CLOCK_ASTRAY, Severity.ERROR, text)
    told.bus.tell(EventKind.CLOCK_ASTRAY, Severity.INFO, "plans are followed again")
    assert told.said == [
        (
            "Nobody keeps this machine's clock right: plans are not followed",
            "Start an NTP service.",
        ),
        ("Plans are followed again", "It lasted 0 s."),
    ]


def test_a_clock_that_was_set_right_between_two_runs_is_no_cause(told: Told) -> None:
    told.bus.tell(EventKind.CLOCK_ASTRAY, Severity.ERROR, "nobody keeps it")
    for value in (1.0, 0.0, 1.0, 0.0):
        told.bus.numbers({"schedule.clock_astray": value})
    assert len(told.said) == 1
    told.bus.numbers({"schedule.clock_astray": 0.0})
    assert told.said[-1][0] == "Plans are followed again"


def test_curtailments_are_told_once_an_hour_at_most_with_their_number(told: Told) -> None:
    for number in range(9):
        told.tell(
            EventKind.CURTAILED, f"ann curtails all to 5 kW (c-{number}): 7 miners. Reason: peak."
        )
        told.tell(EventKind.CURTAILMENT_ENDED, f"ann ends c-{number}: all was to 5 kW")
    assert told.said == [
        ("Ann curtails all to 5 kW (c-0)", "7 miners. Reason: peak."),
        ("Ann ends c-0", "All was to 5 kW."),
    ]
    told.clock.advance(3601)
    told.alarm.review()
    assert [title.partition(" (")[0] for title, _ in told.said[2:]] == [
        "Ann curtails all to 5 kW", "Ann ends c-8",
    ]  # fmt: skip
    assert all("8 more times" in title for title, _ in told.said[2:])


def test_a_farm_found_asleep_is_one_warning_and_one_write(tmp_path: Path) -> None:
    told, counting = Told(tmp_path), Counting()
    told.alarm._files = counting
    for number in range(500):
        told.tell(
            EventKind.FOUND_ASLEEP,
            f"toy-{number} at 10.1.0.1 sleeps, and not by our order: it is left so",
        )
    assert told.said == [
        (
            "Toy-0 at 10.1.0.1 sleeps, and not by our order",
            "It is left so. `mother resume` wakes it; `mother status` lists who sleeps.",
        )
    ]
    assert counting.writes == 1
