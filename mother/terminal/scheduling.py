"""`mother schedule`: what the plans will want of whom, before it is applied."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

import msgspec
from msgspec import Struct
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mother.config import places
from mother.config.model import Config
from mother.config.schedule import Plan, Schedule
from mother.control.client import NoDaemon
from mother.core.reading import Mode
from mother.core.units import duration
from mother.schedule.local_time import ClockChange, clock_changes, local
from mother.schedule.preview import Lane, Step, lanes, steps
from mother.terminal.arguments import BadInput, number_in
from mother.terminal.bars import CLOCK_MARK, chart, style_of
from mother.terminal.errand import Errand, as_json, many
from mother.terminal.logs import one_line
from mother.terminal.process import OK
from mother.terminal.table import console_on, say

HOURS = "48"
MOST_HOURS = 744
HOUR = 3600.0
EXAMPLE = (
    '[[schedule.plan]] name = "night", from = "22:00", until = "06:00", profile = "underclock"'
)

WRITTEN = f"A plan is written so: {EXAMPLE}"

PAGE = 80
"""Columns of tables and bars where there is no terminal."""

TIME_WIDTH, WHAT_WIDTH = 16, 24
"""`Sun 29 Mar 06:00`, and how wide the words for what is wanted may be."""


class Course(Struct, frozen=True):
    """A lane and what is wanted of it, one after the other."""

    lane: Lane
    steps: tuple[Step, ...]


class Outlook(Struct, frozen=True):
    """What is shown: from `begin` until `end` (Unix seconds), on the clock of `zone`.

    `idle` are the lanes that no plan is for.
    """

    begin: float
    end: float
    zone: str
    courses: tuple[Course, ...]
    idle: tuple[Lane, ...]
    changes: tuple[ClockChange, ...]


class Standing(Struct, frozen=True):
    """What the daemon says: the plans that hold now, and when that changes next; None: never."""

    plans: list[str] = []
    next_change: float | None = None


class StepJson(Struct, frozen=True):
    """A step for machines: Unix seconds, and the local times in ISO 8601 with their offset."""

    begin: float
    end: float
    local_begin: str
    local_end: str
    what: str
    mode: Mode | None
    profile: str
    power_target: float | None
    plans: tuple[str, ...]


class LaneJson(Struct, frozen=True):
    """Whom it is for, and the steps; none: no plan is for them."""

    miners: str
    group: str
    steps: list[StepJson]


class OutlookJson(Struct, frozen=True):
    """All of it; the names are a contract."""

    begin: float
    end: float
    zone: str
    lanes: list[LaneJson]
    clock_changes: tuple[ClockChange, ...]


def schedule(errand: Errand, now: Callable[[], float] = time.time) -> int:
    """Print it; without plans, the line that says how to write one."""
    hours = number_in(errand.options.hours or HOURS, "--hours", "h", MOST_HOURS)
    if errand.options.config is None and not errand.config.schedule.plans:
        return _without_file(errand)
    outlook = outlook_of(errand.config, now(), hours)
    if errand.options.json:
        sys.stdout.write(as_json(_for_machines(outlook)))
        return OK
    console = console_on(sys.stdout)
    if not console.is_terminal:
        console = Console(file=sys.stdout, width=PAGE)
    if not errand.config.schedule.plans:
        say(console, f"{errand.options.config} has no plans yet. {WRITTEN}")
        for sentence in _others(errand.config.schedule):
            say(console, sentence)
        return OK
    show(outlook, errand.config.schedule, console)
    return OK


def _without_file(errand: Errand) -> int:
    """One line of what the daemon says. Raises BadInput with the cure where there is none."""
    named = f"--config {places.SERVICE_FILE}"
    if errand.options.json:
        raise BadInput(f"--json: no file is named that could hold plans: add {named}")
    try:
        found = msgspec.convert(errand.ask("schedule"), Standing)
    except NoDaemon:
        raise BadInput(
            f"There is no schedule here: no file is named, and no daemon answers on "
            f"{errand.socket}. Begin with {named}. {WRITTEN}"
        ) from None
    if found.plans:
        word = "plan" if len(found.plans) == 1 else "plans"
        says = f"follows {word} {', '.join(found.plans)} now"
    else:
        says = "has no plans" if found.next_change is None else "has plans, none of which holds now"
    next_ = f"What they want next is in its file: add {named}"
    say(console_on(sys.stdout), f"The daemon {says}. {next_}")
    return OK


def outlook_of(config: Config, now: float, hours: float) -> Outlook:
    """What the plans of this configuration come to in the next hours."""
    plans, end = config.schedule.plans, now + hours * HOUR
    zone = zone_for(plans)
    found = lanes(plans, [group.name for group in config.groups]) if plans else []
    return Outlook(
        now,
        end,
        zone,
        tuple(Course(lane, tuple(steps(lane, now, end))) for lane in found if lane.plans),
        tuple(lane for lane in found if not lane.plans),
        tuple(clock_changes(zone, now, end)),
    )


def zone_for(plans: Iterable[Plan]) -> str:
    """The zone of most plans, of equals the first; UTC where there are none."""
    common = Counter(plan.zone for plan in plans).most_common(1)
    return common[0][0] if common else "UTC"


def show(outlook: Outlook, wanted: Schedule, console: Console) -> None:
    """The tables, the chart, and what is not in them."""
    length = duration(outlook.end - outlook.begin)
    when = f"{local(outlook.begin, outlook.zone):%a %d %b %H:%M}"
    say(console, f"What the plans want for {length} from {when} on, times of {outlook.zone}:")
    for titles, course in _alike(outlook.courses):
        console.print()
        say(console, Text(one_line(titles), style="bold"))
        console.print(_table(course.steps, outlook, console.width))
    if outlook.courses:
        rows = [(course.lane.title, course.steps) for course in outlook.courses]
        span = (outlook.begin, outlook.end, outlook.zone)
        console.print()
        for line in chart(rows, *span, outlook.changes, console.width):
            console.print(line)
    notes = _notes(outlook, wanted)
    if notes:
        console.print()
    for sentence in notes:
        say(console, sentence)


def _alike(courses: Sequence[Course]) -> list[tuple[str, Course]]:
    """Lanes with the same plans, under all their titles."""
    found: dict[tuple[Plan, ...], tuple[list[str], Course]] = {}
    for course in courses:
        found.setdefault(course.lane.plans, ([], course))[0].append(course.lane.title)
    return [(", ".join(titles), course) for titles, course in found.values()]


def _table(course: Sequence[Step], outlook: Outlook, width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    what = max(4, min(WHAT_WIDTH, max(len(step.wanted.text) for step in course)))
    for name in ("From", "Until"):
        table.add_column(name, width=TIME_WIDTH, no_wrap=True)
    table.add_column("What", width=what, overflow="fold")
    table.add_column("Why", overflow="fold", max_width=width - 2 * TIME_WIDTH - what - 3)
    for step in course:
        names = [f"plan {name}" for name in step.wanted.plans] or ["no plan holds"]
        why = ", ".join([*names, *_changes_in(step, outlook)])
        table.add_row(
            "now" if step.begin == outlook.begin else clock_at(step.begin, outlook),
            "goes on" if step.end == outlook.end else _until(step, outlook),
            Text(one_line(step.wanted.text), style=style_of(step.wanted)),
            Text(one_line(why)),
        )
    return table


def clock_at(at: float, outlook: Outlook) -> str:
    """`Sun 29 Mar 06:00`; an hour that comes twice has the zone's word instead of the day."""
    clock = local(at, outlook.zone)
    if _is_twice(at, outlook):
        return f"{clock:%d %b %H:%M} {clock.tzname() or ''}"[:TIME_WIDTH]
    return f"{clock:%a %d %b %H:%M}"


def _until(step: Step, outlook: Outlook) -> str:
    """`06:00` where it is the day of the beginning, 24:00 its end."""
    begin, end = local(step.begin, outlook.zone), local(step.end, outlook.zone)
    if _is_twice(step.end, outlook):
        return clock_at(step.end, outlook)
    if end.date() == begin.date():
        return f"{end:%H:%M}"
    midnight = f"{end:%H:%M}" == "00:00" and end.date() == begin.date() + timedelta(days=1)
    return "24:00" if midnight else clock_at(step.end, outlook)


def _is_twice(at: float, outlook: Outlook) -> bool:
    """Whether clocks show this time twice."""
    return any(
        change.at - lost <= at < change.at + lost
        for change in outlook.changes
        if (lost := change.before - change.after) > 0
    )


def _changes_in(step: Step, outlook: Outlook) -> list[str]:
    return [
        f"clocks go {_direction(change)}: {duration(step.end - step.begin)}"
        for change in outlook.changes
        if step.begin <= change.at <= step.end
    ]


def _direction(change: ClockChange) -> str:
    return "forward" if change.after > change.before else "back"


def _notes(outlook: Outlook, wanted: Schedule) -> list[str]:
    """Who has no plan, clock changes, other zones, and what else may count."""
    notes = [_on_change(change, outlook) for change in outlook.changes]
    if outlook.idle:
        whom = ", ".join(lane.title for lane in outlook.idle)
        notes.append(f"No plan is for {whom}: they stay as they are.")
    for zone in dict.fromkeys(plan.zone for plan in wanted.plans if plan.zone != outlook.zone):
        names = ", ".join(plan.name for plan in wanted.plans if plan.zone == zone)
        notes.append(f"Of {zone}, and shown by the clock of {outlook.zone}: {names}.")
    return [*notes, *_others(wanted)]


def _others(wanted: Schedule) -> list[str]:
    """What the clock does not tell."""
    found = ((len(wanted.rules), "rule"), (len(wanted.budgets), "budget"))
    counts = [many(count, noun) for count, noun in found if count]
    return [f"Not in this, and may put miners to sleep: {' and '.join(counts)}."] if counts else []


def _on_change(change: ClockChange, outlook: Outlook) -> str:
    """The sentence below its mark: `^ Sun 29 Mar: clocks go forward, from 02:00 to 03:00`."""
    after = local(change.at, outlook.zone)
    before = after + timedelta(seconds=change.before - change.after)
    says = f"clocks go {_direction(change)}, from {before:%H:%M} to {after:%H:%M}"
    return f"{CLOCK_MARK} {before:%a %d %b}: {says}."


def _for_machines(outlook: Outlook) -> OutlookJson:
    shown = [LaneJson(one.lane.title, one.lane.group, _steps(one, outlook))
             for one in outlook.courses]  # fmt: skip
    idle = [LaneJson(lane.title, lane.group, []) for lane in outlook.idle]
    span = (outlook.begin, outlook.end, outlook.zone)
    return OutlookJson(*span, shown + idle, outlook.changes)


def _steps(course: Course, outlook: Outlook) -> list[StepJson]:
    return [
        StepJson(
            step.begin,
            step.end,
            local(step.begin, outlook.zone).isoformat(timespec="seconds"),
            local(step.end, outlook.zone).isoformat(timespec="seconds"),
            step.wanted.text,
            step.wanted.mode,
            step.wanted.profile,
            step.wanted.power_target,
            step.wanted.plans,
        )
        for step in course.steps
    ]
