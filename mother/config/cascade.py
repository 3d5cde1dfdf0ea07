"""`[[miners]]`: blocks that fit a miner, laid one over the other, the narrowest on top."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from mother.config.subject import Group, Reach, Subject


class Rule(Struct, frozen=True):
    """One `[[miners]]` block: what it says, by the names of DeviceSettings, and for whom.

    A profile comes with its level, and a firmware file with its digest, None where not said.
    """

    reach: Reach
    said: Mapping[str, Any]


class Cascade:
    """Finds what blocks say of a miner. Blocks that name MAC addresses are looked up by them."""

    def __init__(self, groups: Iterable[Group], rules: Iterable[Rule]) -> None:
        self._groups = tuple(groups)
        self._by_mac: dict[str, list[Rule]] = {}
        self._rest: list[Rule] = []
        for rule in sorted(rules, key=lambda rule: -rule.reach.narrowness):  # stable
            if not rule.reach.mac_addresses:
                self._rest.append(rule)
            for mac in dict.fromkeys(rule.reach.mac_addresses):
                self._by_mac.setdefault(mac, []).append(rule)

    def groups_of(self, subject: Subject) -> tuple[str, ...]:
        """The names of the groups that hold this miner, in the order of the file."""
        return tuple(group.name for group in self._groups if group.holds(subject))

    def fitting(self, subject: Subject) -> tuple[Rule, ...]:
        """The blocks for this miner, the narrowest first; of equals the first in the file."""
        groups = self.groups_of(subject)
        near = self._by_mac.get(subject.mac.lower(), ())
        return tuple(
            rule
            for rules in (near, self._rest)
            for rule in rules
            if rule.reach.fits(subject, groups)
        )


def laid(rules: Iterable[Rule]) -> dict[str, Any]:
    """Each key as the narrowest block says it that says it; `rules` narrowest first."""
    said: dict[str, Any] = {}
    for rule in rules:
        for key, value in rule.said.items():
            said.setdefault(key, value)
    return said
