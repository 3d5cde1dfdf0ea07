"""Which miners a person means: one by any name, a model, a rack, a group, a network, or all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

import netaddr
from msgspec import Struct

from mother.fleet.roster import Entry, Roster

ALL = "all"
_MAC = re.compile("[0-9a-f]{2}(:[0-9a-f]{2}){5}")
MODEL = "model:"
RACK = "rack:"
GROUP = "group:"
_KINDS = (MODEL, RACK, GROUP)

Groups = Callable[[Entry], Iterable[str]]
"""The groups of the configuration that hold a miner."""


def _no_groups(_: Entry) -> Iterable[str]:
    return ()


class Scope(Struct, frozen=True):
    """What was named, in the way it is compared. `text` is lower case."""

    text: str

    def covers(self, entry: Entry, groups: Groups = _no_groups) -> bool:
        """Whether this miner is meant. A rack is `A3`, or `site/A3` where several have one."""
        if self.text in (ALL, entry.mac):
            return True
        if is_mac(self.text):
            return False
        if self.text.startswith(_KINDS):
            return self._is_of_kind(entry, groups)
        if is_network(self.text):
            first, last = _network(self.text)
            return first <= _number(entry.address.host) <= last
        return self.text in names_of(entry)

    def _is_of_kind(self, entry: Entry, groups: Groups) -> bool:
        kind, _, wanted = self.text.partition(":")
        if f"{kind}:" == MODEL:
            return entry.model.lower() == wanted
        if f"{kind}:" == GROUP:
            return any(name.lower() == wanted for name in groups(entry))
        rack = entry.place.rack.lower()
        return bool(rack) and wanted in (rack, f"{entry.place.site.lower()}/{rack}")


def is_mac(text: str) -> bool:
    """Whether this is a MAC address in our spelling."""
    return _MAC.fullmatch(text) is not None


def names_of(entry: Entry) -> set[str]:
    """Whatever a person may call a miner."""
    dense = entry.mac.replace(":", "")
    return {
        entry.worker.lower(),
        entry.id.lower(),
        entry.mac,
        entry.mac.replace(":", "-"),
        dense,
        entry.address.host,
        str(entry.address),
        f"{entry.address.host}:{entry.address.port}",
    }


def scope_of(text: str) -> Scope:
    """The scope that a person wrote. Raises ValueError with a sentence."""
    wanted = text.strip().lower()
    if not wanted:
        raise ValueError(
            "name a miner, model:T1, rack:A3, group:NAME, a network such as 10.1.2.0/24, or all"
        )
    if ("/" in wanted or "-" in wanted) and _looks_numeric(wanted):
        try:
            _network(wanted)
        except (netaddr.AddrFormatError, ValueError):
            raise ValueError(f"{text} is no network, e.g. 10.1.2.0/24") from None
    return Scope(wanted)


def miner_of(text: str, roster: Roster) -> Entry:
    """The one miner that is meant. Raises LookupError with a sentence."""
    wanted = text.strip().lower()
    found = next((entry for entry in roster if wanted in names_of(entry)), None)
    if found is None:
        raise LookupError(f"no miner {text} is known here: `mother status` lists them")
    return found


def settled_scope(text: str, roster: Roster) -> Scope:
    """A scope for keeping: a miner is kept by its MAC address, which stays when it moves.

    Raises ValueError, and LookupError where a miner is named that is not known.
    """
    scope = scope_of(text)
    if is_wide(scope.text):
        return scope
    return Scope(miner_of(scope.text, roster).mac)


def is_wide(text: str) -> bool:
    """Whether a scope may name more than one miner."""
    word = text.strip().lower()
    return word == ALL or word.startswith(_KINDS) or is_network(word)


@lru_cache(maxsize=256)
def is_network(text: str) -> bool:
    """Whether this names a network or a range."""
    return ("/" in text or "-" in text) and _looks_numeric(text)


def _looks_numeric(text: str) -> bool:
    return text.count(".") >= 3 and all(char in "0123456789./-" for char in text)


@lru_cache(maxsize=256)
def _network(text: str) -> tuple[int, int]:
    """First and last address, as numbers. Raises ValueError or AddrFormatError."""
    first, dash, last = text.partition("-")
    span = netaddr.IPRange(first, last) if dash else netaddr.IPNetwork(text)
    return span.first, span.last


@lru_cache(maxsize=1 << 17)
def _number(host: str) -> int:
    return int(netaddr.IPAddress(host))
