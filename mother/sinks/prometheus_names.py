"""What each metric is called in Prometheus: made of its row's name and unit, in no second table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Protocol

from msgspec import Struct

from mother.core.metrics import BOARD_METRICS, FARM_METRICS, METRICS, POOL_METRICS
from mother.core.model import EventKind

PREFIX = "mother"

MINER = ("worker", "model", "site")
BOARD = (*MINER, "board")
POOL = (*MINER, "pool", "url")
FARM = ("site",)

IN_STATE = "state."
"""The farm's rows below this are one family with the label `state`."""


class Unit(Struct, frozen=True):
    """What a unit makes of a name: `ending` takes the place of `taken`.

    `says` stands in the help; a value is divided by `divisor`.
    """

    ending: str
    says: str = ""
    counter: bool = False
    taken: str = ""
    divisor: float = 1.0


_COUNT = Unit("")

UNITS: Mapping[str, Unit] = {
    "H/s": Unit("_hashes_per_second", "in hashes per second"),
    "C": Unit("_celsius", "in degrees Celsius"),
    "W": Unit("_watts", "in watts"),
    "J/TH": Unit("_joules_per_terahash", "in joules per terahash"),
    "s": Unit("_seconds", "in seconds"),
    "Unix s": Unit("_timestamp_seconds", "in Unix seconds"),
    "%": Unit("_ratio", "from 0 to 1", taken="_percent", divisor=100.0),
    "shares": Unit("_shares_total", "counted by the device", counter=True),
    "errors": Unit("_total", "counted by the device", counter=True),
    "rpm": Unit("", "in revolutions per minute"),
    "MHz": Unit("_megahertz", "in megahertz"),
    "boards": _COUNT,
    "chips": _COUNT,
    "miners": _COUNT,
    "0 or 1": Unit("", "1 for yes, 0 for no"),
}
FARM_SHARES = Unit("_shares", "summed over the miners that are known: it falls when one leaves")

ACTIONS: Mapping[EventKind, str] = {
    EventKind.REBOOTED: "rebooted",
    EventKind.POOLS_CHANGED: "pools_changed",
    EventKind.PROFILE_CHANGED: "profile_changed",
    EventKind.UPGRADED: "upgraded",
}
"""What is counted for each miner."""


class Name(Struct, frozen=True):
    """A family of Prometheus: its full name, help and labels, and whether it is a counter."""

    name: str
    help: str
    labels: tuple[str, ...]
    counter: bool = False
    divisor: float = 1.0


class _Row(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def unit(self) -> str: ...


def named(of: str, row: _Row, labels: tuple[str, ...]) -> Name:
    """`miner` and the row `fan_percent` in % -> `mother_miner_fan_ratio`.

    Raises KeyError for a unit that has no ending yet.
    """
    unit = FARM_SHARES if of == "fleet" and row.unit == "shares" else UNITS[row.unit]
    stem = row.name.removesuffix(unit.taken)
    if unit.ending == "_total":
        stem = stem.removesuffix("_total")
    words = re.sub(r"\W|_", " ", stem)
    what = f"{words} shares" if row.unit == "shares" else words
    says = f"{_OF[of]}: {what}{', ' + unit.says if unit.says else ''}."
    return Name(f"{PREFIX}_{of}_{stem}{unit.ending}", says, labels, unit.counter, unit.divisor)


_OF = {"miner": "A miner", "board": "A hashboard", "pool": "A pool of a miner", "fleet": "The farm"}

POWER = "power"
"""The row of a miner that says in a label where its value is from."""

MINER_NAMES = tuple(
    named("miner", row, (*MINER, "source") if row.name == POWER else MINER) for row in METRICS
)
BOARD_NAMES = tuple(named("board", row, BOARD) for row in BOARD_METRICS)
POOL_NAMES = tuple(named("pool", row, POOL) for row in POOL_METRICS)
FARM_ROWS = tuple(row for row in FARM_METRICS if not row.name.startswith(IN_STATE))
FARM_NAMES = tuple(named("fleet", row, FARM) for row in FARM_ROWS)
STATE_ROWS = tuple(row for row in FARM_METRICS if row.name.startswith(IN_STATE))

STATE = Name("mother_miner_state", "A miner: 1 for the state it is in.", (*MINER, "state"))
BY_STATE = Name("mother_fleet_miners_by_state", "The farm: miners in each state.", (*FARM, "state"))
ACTED = Name(
    "mother_actions_total",
    "What was done to a miner since the daemon started.",
    (*MINER, "action"),
    counter=True,
)
EVENTS = Name(
    "mother_events_total",
    "Events since the daemon started.",
    ("site", "kind", "severity"),
    counter=True,
)
ANSWERS = Name(
    "mother_device_answer_seconds", "How long devices took to answer, in seconds.", ("model",)
)
SCAN = Name("mother_scan_duration_seconds", "How long the last scan took, in seconds.", ())
BUILD = Name("mother_build_info", "The version that runs.", ("version",))

LOOP_RUNS = Name("mother_loop_runs_total", "Rounds of a loop.", ("loop",), counter=True)
LOOP_FAILURES = Name(
    "mother_loop_failures_total", "Rounds of a loop that failed.", ("loop",), counter=True
)
LOOP_OVERRUNS = Name(
    "mother_loop_overruns_total",
    "Rounds of a loop that took longer than its interval.",
    ("loop",),
    counter=True,
)
LOOP_DURATION = Name(
    "mother_loop_duration_seconds", "How long the last round of a loop took, in seconds.", ("loop",)
)
LOOP_LATE = Name(
    "mother_loop_late_seconds",
    "By how much the last round of a loop began too late, in seconds.",
    ("loop",),
)
LOOP_STUCK = Name(
    "mother_loop_stuck_seconds",
    "For how long a loop has not moved though it should, in seconds; 0 where all is well.",
    ("loop",),
)
POLLS = Name("mother_polls_total", "Readings of miners that were begun.", (), counter=True)
POLLS_FAILED = Name("mother_polls_failed_total", "Readings that failed.", (), counter=True)
POLLS_SKIPPED = Name(
    "mother_polls_skipped_total",
    "Readings left out because the one before was still in flight.",
    (),
    counter=True,
)
QUEUE_LENGTH = Name("mother_queue_length", "What waits in a queue.", ("queue",))
QUEUE_DROPPED = Name(
    "mother_queue_dropped_total", "What a queue lost since the start.", ("queue",), counter=True
)
BREAKER = Name(
    "mother_breaker_open", "1 while many fall ill at once and nobody is rebooted, else 0.", ()
)

OWN = (
    EVENTS,
    SCAN,
    ANSWERS,
    LOOP_RUNS,
    LOOP_FAILURES,
    LOOP_OVERRUNS,
    LOOP_DURATION,
    LOOP_LATE,
    LOOP_STUCK,
    POLLS,
    POLLS_FAILED,
    POLLS_SKIPPED,
    QUEUE_LENGTH,
    QUEUE_DROPPED,
    BREAKER,
    BUILD,
)


def names() -> Iterator[Name]:
    """Every family of ours, in the order they are told."""
    yield from MINER_NAMES
    yield STATE
    yield ACTED
    yield from BOARD_NAMES
    yield from POOL_NAMES
    yield from FARM_NAMES
    yield BY_STATE
    yield from OWN
