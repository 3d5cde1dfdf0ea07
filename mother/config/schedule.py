"""What the operator wants of the schedule loop: plans, signals, budgets, limits; plain values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time

from msgspec import Struct

from mother.config.subject import ANY, Reach
from mother.core.reading import Mode

KILO = 1000.0


class Plan(Struct, frozen=True):
    """One `[[schedule.plan]]`: from `begins` until `ends` of the clock in `zone`, every day that
    fits, wishes this of whom `reach` names.

    `ends` not after `begins`: over midnight, and the day is the one on which it begins; both the
    same: the whole day. `days` are 0 (Monday) to 6, all of them where empty; `dates` are single
    days, and restrict it further. `profile` is a name of the profile table or the family's own,
    empty: as it is; `mode` is ACTIVE or SLEEP, None: not said; `power_target` in W.
    Of two that hold at the same time the higher `priority` wins, of equals the first in the file.
    """

    name: str
    begins: time
    ends: time
    zone: str = "UTC"
    days: tuple[int, ...] = ()
    dates: tuple[date, ...] = ()
    profile: str = ""
    mode: Mode | None = None
    power_target: float | None = None
    reach: Reach = ANY
    priority: int = 0


class Silence(Struct, frozen=True):
    """What counts when a source says nothing: its last word for `hold` seconds, then `then`.

    `then` is `run` (as if nothing held) or `curtail` (as if the hard threshold were crossed).
    An alarm is told after half of `hold`.
    """

    hold: float = 900.0
    then: str = "run"


class Signal(Struct, frozen=True):
    """One `[[schedule.signal]]`: a number, asked of `url` every `every` seconds, or pushed.

    `path` leads to the number in the JSON answer: `data.0.price`, where a part may be a key, an
    index, or `[key=value]` for the first member of a list with that value. A list with times
    instead of one number: `path` leads to the list, `at` names the member with the beginning of
    each row and `value` that with the number; the row that holds now counts, for `step` seconds
    where nothing follows. Where `path` leads to an object, `at` and `value` name two lists in it
    that belong together, or its only time and number. Times without an offset are in `zone`,
    empty: they are refused. What comes is multiplied by `factor`, then `plus` is added.
    `headers` and `body` are secret; with a `body` (JSON) it is asked by POST.
    `url` empty: it is pushed over the control API.
    """

    name: str
    url: str = ""
    path: str = ""
    headers: Mapping[str, str] = {}
    every: float = 60.0
    at: str = ""
    value: str = ""
    step: float = 3600.0
    factor: float = 1.0
    plus: float = 0.0
    unit: str = ""
    silence: Silence = Silence()
    body: str = ""
    zone: str = ""

    def __repr__(self) -> str:
        return f"Signal(name={self.name!r}, url='***', headers={len(self.headers)} of them)"


class Rule(Struct, frozen=True):
    """One `[[schedule.rule]]`: a signal beyond a threshold puts to sleep, or caps, whom it names.

    `above` True: high numbers bind (a price), False: low ones (a surplus). It binds once the
    signal was beyond `threshold` in `windows` windows in a row, at once where it is beyond `hard`,
    and lets go after `release_windows` windows in a row beyond `release` on the other side (the
    hysteresis). A window is `window` seconds long and counts by its mean.
    `cap` in W; None: they sleep.
    """

    name: str
    signal: str
    threshold: float
    release: float
    above: bool = True
    hard: float | None = None
    windows: int = 2
    release_windows: int = 4
    window: float = 300.0
    cap: float | None = None
    reach: Reach = ANY


class Budget(Struct, frozen=True):
    """One `[[schedule.budget]]`: whom it names may draw so much together.

    `cap` in W, or `signal` gives it: as the cap itself, or with `surplus` True as what is left
    over now (positive) or lacking (negative), which is added to what they draw.
    `reserve` in W is kept free.
    """

    name: str
    cap: float | None = None
    signal: str = ""
    surplus: bool = False
    reserve: float = 0.0
    reach: Reach = ANY


class Ramp(Struct, frozen=True):
    """How fast miners may change: `batch` at a time, `gap` seconds between two batches, each
    miner up to `jitter` seconds later. `batch` 0: no limit.
    """

    batch: int = 0
    gap: float = 0.0
    jitter: float = 0.0


class GroupRamp(Struct, frozen=True):
    """One `[[schedule.ramp]]`: of each group, rack or PDU (`by`) no faster than this.

    `by` is `group`, `rack`, `pdu` or `site`; `name` restricts it to one of them, empty: each.
    """

    by: str
    name: str = ""
    down: Ramp = Ramp()
    up: Ramp = Ramp()


class Switch(Struct, frozen=True):
    """One `[[schedule.facility]]`: fans or pumps behind an HTTP switch, for whom `reach` names.

    `on_url` and `off_url` are called with `method` and `body`; `state_url` with `state_path` says
    whether it is on, where there is one. On `lead` seconds before the first miner wakes; off
    `lag` seconds after the last is confirmed asleep. In doubt on. URLs and headers are secret.
    """

    name: str
    on_url: str
    off_url: str
    method: str = "POST"
    on_body: str = ""
    off_body: str = ""
    headers: Mapping[str, str] = {}
    state_url: str = ""
    state_path: str = ""
    on_value: str = "true"
    lead: float = 30.0
    lag: float = 300.0
    reach: Reach = ANY

    def __repr__(self) -> str:
        return f"Switch(name={self.name!r}, urls='***')"


class Step(Struct, frozen=True):
    """What a profile comes to on a device: a profile of the family's own with its level, or a
    power target in W or as a `share` of what is usual; None: not said. All None: as it is.
    """

    profile: str | None = None
    level: str | None = None
    power: float | None = None
    share: float | None = None


class ProfileRow(Struct, frozen=True):
    """One `[[schedule.profile]]`: what `overclock`, `normal`, `underclock` (or any other name that
    plans use) mean for whom `reach` names. It goes before the table that mother brings along.
    """

    steps: Mapping[str, Step]
    reach: Reach = ANY


class Meter(Struct, frozen=True):
    """Where kW come from: a signal in W of what whom it names draws, with its relative error."""

    signal: str
    error: float = 0.01
    reach: Reach = ANY


class Gateway(Struct, frozen=True):
    """One `[[minercontrol]]`: a gateway of the Miner Control API and the miners behind it.

    `url` is its base, up to `/api`; `miners` are IPv4 addresses, spelled out.
    `connections` at most are open at once.
    """

    url: str
    miners: tuple[str, ...]
    connections: int = 10


class Schedule(Struct, frozen=True):
    """All of it. Seconds, W; `resume_percent` of the farm may wake in a minute, 0: all.

    `min_on` and `min_off`: so long a miner stays awake, or asleep, before a price, a budget or a
    rule changes that; time plans and emergencies may. `starts_a_day` for each miner, 0: no limit.
    `trust_clock`: plans are followed even where nobody keeps this machine's clock right.
    `dead_band` is the share by which a power target must differ to be written, at least
    `power_gap` seconds after the last.
    """

    plans: tuple[Plan, ...] = ()
    signals: tuple[Signal, ...] = ()
    rules: tuple[Rule, ...] = ()
    budgets: tuple[Budget, ...] = ()
    ramps: tuple[GroupRamp, ...] = ()
    switches: tuple[Switch, ...] = ()
    profiles: tuple[ProfileRow, ...] = ()
    meters: tuple[Meter, ...] = ()
    down: Ramp = Ramp()
    up: Ramp = Ramp(jitter=5.0)
    interval: float = 15.0
    min_on: float = 1800.0
    min_off: float = 900.0
    resume_percent: float = 5.0
    starts_a_day: int = 6
    trust_clock: bool = False
    dead_band: float = 0.05
    power_gap: float = 600.0

    @property
    def empty(self) -> bool:
        """Whether there is nothing to wish by itself: orders by hand are still possible."""
        return not (self.plans or self.rules or self.budgets)
