"""`[schedule]` and its blocks, from what a file holds to one Schedule; every problem at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import time
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import fields

from mother.config.problems import Problems, kind_of, shown, unknown
from mother.config.reaching import CONDITIONS, NO_GROUPS, check_groups_named, reach_of
from mother.config.references import UNREAD, References
from mother.config.schedule import (
    Budget,
    GroupRamp,
    Meter,
    Plan,
    ProfileRow,
    Rule,
    Schedule,
    Signal,
    Silence,
    Switch,
)
from mother.config.schedule_keys import (
    BLOCKS,
    NAMED,
    REACHING,
    SCHEDULE,
    SECRET,
    found_in,
    steps_of,
)
from mother.core.units import duration

S = TypeVar("S", bound=Struct)

_FACTORS = {"kw": "1000", "mw": "1000000"}
"""What brings a signal of this unit to W."""

_SIDES = ("on", "off")

_NOT_PUSHED = ("path", "headers", "body", "every", "at", "value", "step", "time_zone")
"""What says how a signal is asked for."""


class _Said(Struct, frozen=True):
    """A block: where it stands, the keys that it names, and what of them is right, by field."""

    place: str
    named: frozenset[str]
    said: dict[str, Any]


def check_schedule(
    value: Any, zone: str, groups: Collection[str], references: References, problems: Problems
) -> Schedule:
    """What `[schedule]` says. `zone` is the machine's, `groups` are the names that there are."""
    known = (*BLOCKS, *(key.name for key in SCHEDULE))
    return _Reader(groups, references, problems).schedule(
        problems.table(value, "schedule", known), zone
    )


class _Reader:
    """Reads the blocks. One that lacks something is left out: the whole is refused anyway."""

    def __init__(self, groups: Collection[str], references: References, problems: Problems) -> None:
        self._groups = groups
        self._references = references
        self._problems = problems

    def schedule(self, entry: Mapping[str, Any], zone: str) -> Schedule:
        said = found_in(entry, "schedule", SCHEDULE, self._problems)
        usual = said.pop("time_zone", zone)
        signals = tuple(self._signals(entry))
        by_signal = _BySignal(_names(entry.get("signal")), signals, self._problems)
        return Schedule(
            **said,
            plans=tuple(self._plans(entry, usual)),
            signals=signals,
            rules=tuple(self._rules(entry, by_signal)),
            budgets=tuple(self._budgets(entry, by_signal)),
            ramps=tuple(self._ramps(entry)),
            switches=tuple(self._switches(entry)),
            profiles=tuple(self._profiles(entry)),
            meters=tuple(self._meters(entry, by_signal)),
        )

    # one kind of block after the other

    def _plans(self, entry: Mapping[str, Any], zone: str) -> Iterator[Plan]:
        usual = {"zone": zone, "begins": time(0), "ends": time(0)}
        for block in self._blocks(entry, "plan"):
            if not block.named & {"profile", "mode", "power_target"}:
                self._problems.add(block.place, "says nothing; name profile, mode or power_target")
            yield from _made(Plan, {**usual, **block.said})

    def _signals(self, entry: Mapping[str, Any]) -> Iterator[Signal]:
        for block in self._blocks(entry, "signal"):
            check = self._check_asked if "url" in block.named else self._check_pushed
            check(block)
            yield from _made(Signal, block.said)

    def _check_pushed(self, block: _Said) -> None:
        cure = "name url too, or leave it out for a signal that is pushed"
        for key in _NOT_PUSHED:
            if key in block.named:
                self._problems.add(f"{block.place}.{key}", f"means nothing without url; {cure}")

    def _check_asked(self, block: _Said) -> None:
        for one, other in (("at", "value"), ("value", "at")):
            if one in block.named and other not in block.named:
                says = f"means nothing without {other}: both belong to each row of a list"
                self._problems.add(f"{block.place}.{one}", says)
        if "step" in block.named and not block.named & {"at", "value"}:
            says = "means nothing without at and value, which read a list of rows"
            self._problems.add(f"{block.place}.step", says)
        every: float = block.said.get("every", _usual(Signal, "every"))
        silence: Silence = block.said.get("silence", Silence())
        if silence.hold <= every:
            cure = f'e.g. silence = {{ hold = "{duration(every * 3).replace(" ", "")}" }}'
            says = f"must be longer than every ({duration(every)}), or it is silent between; {cure}"
            self._problems.add(f"{block.place}.silence.hold", says)

    def _rules(self, entry: Mapping[str, Any], signals: _BySignal) -> Iterator[Rule]:
        for block in self._blocks(entry, "rule"):
            signals.check(block)
            self._check_sides(block)
            yield from _made(Rule, block.said)

    def _check_sides(self, block: _Said) -> None:
        """The release is not beyond the threshold, and hard is."""
        threshold, above = block.said.get("threshold"), block.said.get("above", True)
        if threshold is None:
            return
        beyond, back, side = ("above", "below", 1) if above else ("below", "above", -1)
        because = f"since the rule binds {beyond} it (above = {str(above).lower()})"
        release, hard = block.said.get("release"), block.said.get("hard")
        if release is not None and (release - threshold) * side > 0:
            says = f"must be threshold ({threshold:g}) or {back}, {because}"
            self._problems.add(f"{block.place}.release", says)
        if hard is not None and (hard - threshold) * side <= 0:
            says = f"must be {beyond} threshold ({threshold:g}), {because}"
            self._problems.add(f"{block.place}.hard", says)

    def _budgets(self, entry: Mapping[str, Any], signals: _BySignal) -> Iterator[Budget]:
        for block in self._blocks(entry, "budget"):
            signals.check(block, in_watts=True)
            named = block.named & {"cap", "signal"}
            if len(named) == 2:
                self._problems.add(block.place, "says cap and signal; keep one of them")
            elif not named:
                cure = 'e.g. cap = "500kW", or signal = "meter"'
                self._problems.add(block.place, f"says no cap; {cure}")
            if block.said.get("surplus") and "signal" not in named:
                says = "means nothing without signal, which tells the surplus"
                self._problems.add(f"{block.place}.surplus", says)
            yield from _made(Budget, block.said)

    def _ramps(self, entry: Mapping[str, Any]) -> Iterator[GroupRamp]:
        for block in self._blocks(entry, "ramp"):
            name = block.said.get("name")
            if block.said.get("by") == "group" and name and name not in self._groups:
                says = unknown(name, self._groups) if self._groups else NO_GROUPS
                self._problems.add(f"{block.place}.name", f"{shown(name)} is {says}")
            if not block.named & {"down", "up"}:
                cure = 'name down or up, e.g. down = { batch = 20, gap = "10s" }'
                self._problems.add(block.place, f"says nothing; {cure}")
            yield from _made(GroupRamp, block.said)

    def _switches(self, entry: Mapping[str, Any]) -> Iterator[Switch]:
        for block in self._blocks(entry, "facility"):
            for key in ("state_path", "on_value"):
                if key in block.named and "state_url" not in block.named:
                    says = "means nothing without state_url"
                    self._problems.add(f"{block.place}.{key}", says)
            self._check_differ(block)
            yield from _made(Switch, block.said)

    def _check_differ(self, block: _Said) -> None:
        """On and off are not one and the same request. What was not read here cannot be told."""
        on, off = ((block.said.get(f"{a}_url"), block.said.get(f"{a}_body", "")) for a in _SIDES)
        if on == off and on[0] is not None and str(UNREAD) not in on:
            cure = "name another address, or another off_body"
            says = f"asks for the same as on_url, which switches nothing off; {cure}"
            self._problems.add(f"{block.place}.off_url", says)

    def _profiles(self, entry: Mapping[str, Any]) -> Iterator[ProfileRow]:
        for place, item in self._problems.items(entry.get("profile", []), "schedule.profile"):
            if not isinstance(item, dict):
                self._problems.add(place, f"must be a table, not {kind_of(item)}")
                continue
            table = self._without_strays(item, place, "profile")
            reach = self._reach(table.pop("apply_to", None), place)
            steps = steps_of(table, place, self._problems)
            if not table:
                cure = 'name a profile, e.g. underclock = { power = "2.8kW" }'
                self._problems.add(place, f"says nothing; {cure}")
            yield from _made(ProfileRow, {**reach, "steps": steps})

    def _meters(self, entry: Mapping[str, Any], signals: _BySignal) -> Iterator[Meter]:
        for block in self._blocks(entry, "meter"):
            signals.check(block, in_watts=True)
            yield from _made(Meter, block.said)

    # what they have in common

    def _blocks(self, entry: Mapping[str, Any], kind: str) -> Iterator[_Said]:
        """The blocks of this kind; a second of the same name is a problem."""
        keys = BLOCKS[kind]
        words = (*(key.name for key in keys), *(["apply_to"] if kind in REACHING else []))
        taken: set[str] = set()
        for place, item in self._problems.items(entry.get(kind, []), f"schedule.{kind}"):
            if not isinstance(item, dict):
                self._problems.add(place, f"must be a table, not {kind_of(item)}")
                continue
            table = self._problems.table(self._without_strays(item, place, kind), place, words)
            self._put_in(table, SECRET.get(kind, ()), place)
            said = found_in(table, place, keys, self._problems)
            said |= self._reach(table.get("apply_to"), place)
            name = said.get("name", "") if kind in NAMED else ""
            if name and name in taken:
                self._problems.add(f"{place}.name", f"there is a {kind} {shown(name)} already")
            taken.add(name)
            yield _Said(place, frozenset(table), said)

    def _put_in(self, table: dict[str, Any], keys: tuple[str, ...], place: str) -> None:
        """What references stand for, in the place of them."""
        for key in keys:
            if key in table:
                found = self._references.secret(table[key], f"{place}.{key}", self._problems)
                table[key] = found

    def _reach(self, value: Any, place: str) -> dict[str, Any]:
        if value is None:
            return {}
        where = f"{place}.apply_to"
        limits = self._problems.table(value, where, CONDITIONS)
        reach = reach_of(limits, where, self._problems)
        check_groups_named(reach, self._groups, where, self._problems)
        return {"reach": reach}

    def _without_strays(self, value: Any, place: str, block: str) -> Any:
        """The block without conditions that stand outside `apply_to`; those are problems."""
        if not isinstance(value, dict):
            return value
        strays = [key for key in CONDITIONS if key in value]
        for key in strays:
            below = f"[schedule.{block}.apply_to]"
            says = f"belongs below {below}" if block in REACHING else "is for nothing here"
            self._problems.add(f"{place}.{key}", says)
        return {key: item for key, item in value.items() if key not in strays}


class _BySignal:
    """Checks that the signals which blocks name are there, and count in what is meant."""

    def __init__(
        self, names: Collection[str], signals: Iterable[Signal], problems: Problems
    ) -> None:
        self._names = names
        self._units = {one.name: one.unit for one in signals}
        self._problems = problems

    def check(self, block: _Said, in_watts: bool = False) -> None:
        """The signal that a block names, if it does."""
        name = block.said.get("signal")
        if name is None:
            return
        where = f"{block.place}.signal"
        if name not in self._names:
            none = "unknown; the file has no [[schedule.signal]]"
            says = unknown(name, self._names) if self._names else none
            self._problems.add(where, f"{shown(name)} is {says}")
        unit = self._units.get(name, "")
        if in_watts and unit.casefold() in _FACTORS:
            cure = f'add factor = {_FACTORS[unit.casefold()]} and unit = "W" to it'
            self._problems.add(
                where, f"{shown(name)} counts in {unit}, and W is meant here; {cure}"
            )


def _names(blocks: Any) -> frozenset[str]:
    """The names of blocks, right or wrong as they are beside that."""
    items = blocks if isinstance(blocks, list) else []
    names = (item.get("name") for item in items if isinstance(item, dict))
    return frozenset(name for name in names if isinstance(name, str))


def _usual(of: type[Struct], name: str) -> Any:
    return next(field.default for field in fields(of) if field.name == name)


def _made(of: type[S], said: Mapping[str, Any]) -> Iterator[S]:
    """The value, unless something is missing, of which a problem tells."""
    if all(field.name in said for field in fields(of) if field.required):
        yield of(**said)
