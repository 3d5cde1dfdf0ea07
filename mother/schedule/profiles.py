"""What the profiles of plans mean on each family: the operator's table first, ours after it.

`overclock`, `normal` and `underclock` are names that every family may have; any other name is one
of an operator's row, or of the family's own. What no row and no family knows is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct

from mother.config.schedule import ProfileRow, Step
from mother.config.subject import Subject
from mother.core.model import CommandKind, Settings
from mother.core.reading import Reading
from mother.drivers.base import Family
from mother.schedule.values import Verdict

Args = Mapping[str, Any]

_PROFILE, _POWER = CommandKind.SET_PROFILE, CommandKind.SET_POWER


class _Row(Struct, frozen=True):
    """One row of our table: for models of `family` that fit `model` (lower case, no blanks), each
    name's own profile. `alone`: these models take no other profiles of their family's.
    """

    family: str
    model: str
    profiles: Mapping[str, str]
    alone: bool = False


_TABLE = (
    _Row("antminer", "*", {"normal": "normal", "underclock": "low-power"}),
    _Row("whatsminer", "*", {"overclock": "high", "normal": "normal", "underclock": "low"}),
    _Row("avalon", "*q", {"overclock": "super", "normal": "standard", "underclock": "eco"}, True),
    _Row("avalon", "*nano3s", {"overclock": "high", "normal": "medium", "underclock": "low"}, True),
    _Row("avalon", "*", {}, alone=True),
    _Row(
        "dragonmint",
        "*",
        {"overclock": "performance", "normal": "balanced", "underclock": "efficient"},
    ),
)
"""The first that fits counts. Of the Avalons only two are known to have work modes (see
`mother.drivers.avalon.models`); any other denies every one."""


class Wished(Struct, frozen=True):
    """What is to be set: `profile` with its `level`, the power target in W; None: nothing.

    `refused` says what of it cannot be, and why; empty where all can.
    """

    profile: str | None = None
    level: str | None = None
    watts: float | None = None
    refused: str = ""


class Has(Struct, frozen=True):
    """What a miner has, as far as it tells: None where it does not."""

    profile: str | None = None
    level: str | None = None
    watts: float | None = None


def wished_for(
    verdict: Verdict,
    family: Family,
    subject: Subject,
    groups: Sequence[str] = (),
    rows: Sequence[ProfileRow] = (),
) -> Wished:
    """What a verdict's profile and power target come to on a miner of this family."""
    wished = Wished()
    if verdict.profile:
        step = _step(verdict.profile, family, subject, groups, rows)
        if isinstance(step, str):
            wished = Wished(refused=step)
        else:
            wished = _wished(step, family, subject.model)
    if verdict.power_target is not None:
        lowest = min(verdict.power_target, wished.watts or verdict.power_target)
        wished = Wished(wished.profile, wished.level, lowest, wished.refused)
    if wished.watts is not None and _POWER not in family.capabilities:
        refused = wished.refused or f"no {family.name} takes a power target"
        wished = Wished(wished.profile, wished.level, None, refused)
    return wished


def _step(
    name: str, family: Family, subject: Subject, groups: Sequence[str], rows: Sequence[ProfileRow]
) -> Step | str:
    """What the name comes to, or why it does not."""
    ours = _ours(family, subject)
    for row in rows:
        if name in row.steps and row.reach.fits(subject, groups):
            step = row.steps[name]
            return (step.profile and _lacking(step.profile, ours, subject)) or step
    if ours is not None and name in ours.profiles:
        return Step(profile=ours.profiles[name])
    if lacking := _lacking(name, ours, subject):
        return lacking
    if name in family.profiles:
        return Step(profile=name)
    if not family.profiles:
        return f"no {family.name} has profiles: a [[schedule.profile]] may say what {name} means"
    return f"no {family.name} has a profile {name}, only {', '.join(family.profiles)}"


def _ours(family: Family, subject: Subject) -> _Row | None:
    model = subject.model.casefold().replace(" ", "")
    fits = (one for one in _TABLE if one.family == family.name and fnmatchcase(model, one.model))
    return next(fits, None)


def _lacking(profile: str, ours: _Row | None, subject: Subject) -> str:
    """Why a model does not take a profile of its family's; empty where it may."""
    if ours is None or not ours.alone or profile in ours.profiles.values():
        return ""
    known = ", ".join(reversed(tuple(ours.profiles.values()))) or "none that we know"
    who = f"an {subject.model}" if subject.model else "it"
    return f"no such profile on this model: {who} has {known}"


def _wished(step: Step, family: Family, model: str) -> Wished:
    watts, refused = step.power, ""
    if step.share is not None:
        plate = family.nameplate(model)
        usual = None if plate is None else plate.power
        watts = None if usual is None else usual * step.share
        refused = f"what a {model or family.name} usually draws is not known" if not usual else ""
    profile, level = step.profile, step.level
    if profile is not None and _PROFILE not in family.capabilities:
        refused, profile, level = f"no {family.name} can set profiles", None, None
    return Wished(profile, level, watts, refused)


def found(settings: Settings | None, settings_at: float, reading: Reading | None) -> Has:
    """What a miner has by its newest word: its readings tell less, and are newer as a rule."""
    told = settings or Settings()
    if reading is None or reading.asleep or (settings is not None and settings_at > reading.at):
        return Has(told.profile, told.level, told.power_target)
    profile = reading.profile or told.profile
    level = told.level if profile == told.profile else None
    watts = told.power_target if reading.power_target is None else reading.power_target
    return Has(profile, level, watts)


def missing(
    wished: Wished, has: Has, written: Wished | None, dead_band: float
) -> list[tuple[CommandKind, Args]]:
    """The commands that lead from what it has to what is wished, in the order of sending.

    What it does not tell counts as what we have `written` last; so it is written once. A power
    target that differs by less than the dead band is left.
    """
    written = written or Wished()
    commands: list[tuple[CommandKind, Args]] = []
    if wished.profile is not None:
        profile = has.profile if has.profile is not None else written.profile
        level = has.level if has.profile is not None else written.level
        same_level = None in (wished.level, level) or wished.level == level
        if profile != wished.profile or not same_level:
            args = {"profile": wished.profile, "level": wished.level}
            commands.append((_PROFILE, args))
    if wished.watts is not None:
        watts = has.watts if has.watts is not None else written.watts
        if watts is None or abs(wished.watts - watts) > dead_band * watts:
            commands.append((_POWER, {"watts": wished.watts}))
    return commands


def is_raise(commands: Sequence[tuple[CommandKind, Args]], has: Has) -> bool:
    """Whether it may draw more then: anything but a lower power target may."""
    return not all(
        kind is _POWER and has.watts is not None and args["watts"] < has.watts
        for kind, args in commands
    )
