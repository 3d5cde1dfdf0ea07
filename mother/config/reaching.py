"""Conditions as the operator writes them: families, makers, models, groups, networks, MACs."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

import netaddr

from mother.config.networks import check_networks
from mother.config.problems import Problems, kind_of, shown, unknown, wrong
from mother.config.subject import FAMILIES, MINERCONTROL, Group, Reach

Words = tuple[str, ...]

_HEX = re.compile(r"[0-9A-Fa-f]{12}")
_GROUP = re.compile(r"[A-Za-z0-9_.-]{1,64}")
LONGEST = 100
NO_GROUPS = "unknown; the file has no [[groups]]"


def check_mac(value: Any, place: str) -> str:
    """A MAC address in any usual spelling, as lower case with colons."""
    if not isinstance(value, str) or not _HEX.fullmatch(re.sub("[:.-]", "", value.strip())):
        raise wrong(place, f"{shown(value)} is no MAC address, e.g. a0:b0:45:00:e3:ab")
    try:
        return str(netaddr.EUI(value.strip(), version=48, dialect=netaddr.mac_unix_expanded))
    except netaddr.AddrFormatError:
        raise wrong(place, f"{shown(value)} is no MAC address, e.g. a0:b0:45:00:e3:ab") from None


def check_macs(value: Any, place: str) -> Words:
    """A list of MAC addresses."""
    problems = Problems()
    items = problems.items(value, place)
    macs = tuple(problems.checked(check_mac, item, where, "") for where, item in items)
    problems.end()
    return macs


def check_families(value: Any, place: str) -> Words:
    """A family or a list of them, in any case."""
    problems = Problems()
    items = problems.items([value] if isinstance(value, str) else value, place)
    found = [problems.checked(_family, item, where, "") for where, item in items]
    problems.end()
    return tuple(dict.fromkeys(found))


def check_some_families(value: Any, place: str) -> Words:
    """The same, with at least one, of those that are looked for."""
    found = check_families(value, place)
    if not found:
        raise wrong(place, "empty; leave it out to look for all families")
    if MINERCONTROL in found:
        raise wrong(place, f"{MINERCONTROL} is not looked for: [[minercontrol]] names its miners")
    return found


def _family(value: Any, place: str) -> str:
    word = value.strip().casefold() if isinstance(value, str) else value
    if not isinstance(word, str):
        raise wrong(place, f"must be a family such as antminer, not {kind_of(value)}")
    if word not in (*FAMILIES, MINERCONTROL):
        raise wrong(place, f"{shown(value)} is {unknown(word, FAMILIES)}")
    return word


def _texts(example: str) -> Callable[[Any, str], Words]:
    """A list of texts, without blanks round them."""

    def check(value: Any, place: str) -> Words:
        if not isinstance(value, list):
            raise wrong(place, f"must be a list such as {example}, not {kind_of(value)}")
        texts = [item.strip() if isinstance(item, str) else "" for item in value]
        if not all(text and text.isprintable() and len(text) <= LONGEST for text in texts):
            raise wrong(place, f"must be a list of texts of 1 to {LONGEST} letters, e.g. {example}")
        return tuple(dict.fromkeys(texts))

    return check


def _folded(value: Any, place: str) -> Words:
    return tuple(text.casefold() for text in _texts('["Bitmain"]')(value, place))


def _networks(value: Any, place: str) -> Words:
    return check_networks(value, place)


CONDITIONS: Mapping[str, Callable[[Any, str], Words]] = {
    "families": check_families,
    "makers": _folded,
    "models": _texts('["S19*", "T1"]'),
    "firmware": _texts('["stock", "Braiins*"]'),
    "mac_addresses": check_macs,
    "groups": _texts('["hall-a"]'),
    "networks": _networks,
    "sites": _texts('["hall-1", "north*"]'),
}
"""What `apply_to` may hold, by the names of Reach."""

OF_LOGINS = tuple(key for key in CONDITIONS if key not in {"firmware", "sites"})
"""What a login may be restricted by: only who has one sees the firmware, and knows who it is."""

MEMBERS: Mapping[str, Callable[[Any, str], Words]] = {
    "workers": _texts('["hall-a-*"]'),
    "networks": _networks,
    "mac_addresses": check_macs,
}
"""What makes a miner one of a group."""


def reach_of(table: Mapping[str, Any], place: str, problems: Problems) -> Reach:
    """The conditions in a table that holds no other keys. An empty list restricts nothing."""
    return Reach(**_checked(CONDITIONS, table, place, problems))


def _checked(
    checks: Mapping[str, Callable[[Any, str], Words]],
    table: Mapping[str, Any],
    place: str,
    problems: Problems,
) -> dict[str, Words]:
    found: dict[str, Words] = {}
    for key, value in table.items():
        found[key] = problems.checked(checks[key], value, f"{place}.{key}", ())
    return found


def check_groups_named(
    reach: Reach, known: Collection[str], place: str, problems: Problems
) -> None:
    """The groups of a condition are groups of the file."""
    for name in reach.groups:
        if name not in known:
            says = unknown(name, known) if known else NO_GROUPS
            problems.add(f"{place}.groups", f"{shown(name)} is {says}")


def check_groups(value: Any, problems: Problems) -> tuple[Group, ...]:
    """The `[[groups]]` of a file, in its order."""
    groups: dict[str, Group] = {}
    for place, item in problems.items(value, "groups"):
        if not isinstance(item, dict):
            problems.add(place, f"must be a table, not {kind_of(item)}")
            continue
        entry = problems.table(item, place, ("name", *MEMBERS))
        name = problems.checked(_name, entry.pop("name", None), f"{place}.name", "")
        members = _checked(MEMBERS, entry, place, problems)
        if not any(entry.values()):
            cure = 'name its workers, networks or mac_addresses, e.g. workers = ["hall-a-*"]'
            problems.add(place, f"holds nobody; {cure}")
        if name in groups:
            problems.add(f"{place}.name", f"there is a group {shown(name)} already")
        if name:
            groups.setdefault(name, Group(name, **members))
    return tuple(groups.values())


def _name(value: Any, place: str) -> str:
    if value is None:
        raise wrong(place, 'missing; e.g. name = "hall-a"')
    if not isinstance(value, str) or not _GROUP.fullmatch(value):
        raise wrong(place, f"must be 1 to 64 letters, digits, _, . and -, not {shown(value)}")
    return value
