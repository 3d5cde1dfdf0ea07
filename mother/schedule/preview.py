"""What plans will want of whom, before it is applied: from the configuration alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import asdict, replace

from mother.config.schedule import Plan
from mother.config.subject import ANY, Reach
from mother.core.reading import Mode
from mother.schedule.plans import spans

AS_IT_IS = "as it is"
ASLEEP = "asleep"
MOST_WORDS = 3
"""So many words of one condition are told; the rest is counted."""

_WORDS = ("families", "makers", "models", "firmware", "mac_addresses", "networks", "sites")
"""The conditions of a Reach but for groups, in the order in which they are told."""


class Lane(Struct, frozen=True):
    """Miners that the same plans are for: those of `group` (empty: of none) that fit `reach`,
    which names no group; and the plans, in the order of the file.

    `title` is whom people call so: `all miners`, `hall-a`, `hall-a: models S19*`,
    `hall-a: others`, `in no group: models S19*`, `all others`.
    """

    title: str
    group: str
    reach: Reach
    plans: tuple[Plan, ...]


class Wanted(Struct, frozen=True):
    """What comes of the plans that hold: field by field the highest priority, of equals the first.

    `plans` are the names of those that decided something.
    """

    mode: Mode | None = None
    profile: str = ""
    power_target: float | None = None
    plans: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """`overclock`, `normal, 3000 W`, `asleep`, `as it is`."""
        parts = [self.profile] if self.profile else []
        if self.power_target is not None:
            parts.append(f"{self.power_target:.0f} W")
        if self.mode is Mode.SLEEP:
            return f"{ASLEEP} ({', '.join(parts)})" if parts else ASLEEP
        if not parts and self.mode is not None:
            return self.mode.value
        return ", ".join(parts) or AS_IT_IS


class Step(Struct, frozen=True):
    """From `begin` until `end` (Unix seconds) this is wanted."""

    begin: float
    end: float
    wanted: Wanted


def lanes(plans: Sequence[Plan], groups: Iterable[str]) -> list[Lane]:
    """One for each group, for those who are in none, and for each narrower condition in them.

    Who is in several groups, or fits several narrower conditions, has the plans of all of them.
    """
    named = (group for plan in plans for group in plan.reach.groups)
    known = list(dict.fromkeys([*groups, *named]))
    found = [lane for group in known for lane in _in_group(group, group, plans)]
    others = _in_group("", "in no group" if known else "", plans)
    if len(others) == 1 or not known:
        last = "all others" if known or len(others) > 1 else "all miners"
        others[-1] = replace(others[-1], title=last)
    return found + others


def wanted_of(plans: Iterable[Plan]) -> Wanted:
    """What these want together."""
    found: dict[str, object] = {}
    by: list[Plan] = []
    held = list(plans)
    for plan in sorted(held, key=lambda plan: -plan.priority):
        said = {
            "mode": plan.mode,
            "profile": plan.profile or None,
            "power_target": plan.power_target,
        }
        news = {key: value for key, value in said.items() if value is not None and key not in found}
        found |= news
        if news:
            by.append(plan)
    return Wanted(**found, plans=tuple(plan.name for plan in by))  # type: ignore[arg-type]  # by name


def steps(lane: Lane, begin: float, end: float) -> list[Step]:
    """What is wanted of a lane, one after the other, without gaps."""
    found: list[Step] = []
    for span in spans(lane.plans, begin, end):
        wanted = wanted_of(span.plans)
        if found and found[-1].wanted == wanted:
            found[-1] = replace(found[-1], end=span.end)
        else:
            found.append(Step(span.begin, span.end, wanted))
    return found


def told(reach: Reach) -> str:
    """The conditions but for groups: `models S19*, T1; networks 10.1.0.0/24`."""
    said = asdict(reach)
    parts = []
    for key in _WORDS:
        words = said[key]
        more = f" and {len(words) - MOST_WORDS} more" if len(words) > MOST_WORDS else ""
        if words:
            parts.append(f"{key.replace('_', ' ')} {', '.join(words[:MOST_WORDS])}{more}")
    return "; ".join(parts)


def _in_group(group: str, title: str, plans: Sequence[Plan]) -> list[Lane]:
    """Those of a group who fit each narrower condition, and its others."""
    fitting = [
        (plan, replace(plan.reach, groups=()))
        for plan in plans
        if not plan.reach.groups or group in plan.reach.groups
    ]
    narrow = dict.fromkeys(reach for _, reach in fitting if reach != ANY)
    found = []
    for limit in (*narrow, ANY):
        said = told(limit) or ("others" if narrow else "")
        whole = ": ".join(part for part in (title, said) if part)
        theirs = tuple(plan for plan, reach in fitting if reach in (ANY, limit))
        found.append(Lane(whole, group, limit, theirs))
    return found
