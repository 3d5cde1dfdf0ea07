"""Who a setting or a login is for: miners by family, maker, model, firmware and other marks."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from fnmatch import translate
from functools import cached_property
from ipaddress import AddressValueError, IPv4Address

from msgspec import Struct

from mother.config.networks import addresses
from mother.core.model import Credential

DRAGONMINT = "dragonmint"
"""The family that mother-of-dragons was for, and its options still are."""

FAMILIES = (DRAGONMINT, "antminer", "whatsminer", "avalon", "axeos")
"""Those that are looked for."""

MINERCONTROL = "minercontrol"
"""The family of miners behind gateways: they may be named, and are not looked for."""


class Subject(Struct, frozen=True):
    """A miner, as the configuration knows it; what is empty is not known.

    `mac` is lower case with colons, `host` an IPv4 address. `firmware` is a version, and
    `firmware_name` whose it is (`stock`). `algorithm` is what it hashes, in any spelling. `site` is
    where it was placed, else the daemon's own.
    """

    family: str = ""
    maker: str = ""
    model: str = ""
    firmware: str = ""
    mac: str = ""
    host: str = ""
    worker: str = ""
    algorithm: str = ""
    firmware_name: str = ""
    site: str = ""


class _Networks(Struct, frozen=True, dict=True):
    """Whether a host lies in networks, written like --network."""

    texts: tuple[str, ...]

    @cached_property
    def _ranges(self) -> list[tuple[int, int]]:
        return [(one.first, one.last) for one in addresses(self.texts).iter_ipranges()]

    def hold(self, host: str) -> bool:
        """False for what is no IPv4 address."""
        try:
            number = int(IPv4Address(host))
        except AddressValueError:
            return False
        place = bisect_right(self._ranges, number, key=lambda span: span[0])
        return place > 0 and number <= self._ranges[place - 1][1]


class _Patterns(Struct, frozen=True, dict=True):
    """Whether a text fits a pattern such as `S19*`. The empty text fits none."""

    texts: tuple[str, ...]

    @cached_property
    def _any(self) -> re.Pattern[str]:
        return re.compile("|".join(translate(text.casefold()) for text in self.texts))

    def fit(self, text: str) -> bool:
        """Case does not count."""
        if not self.texts or not text:
            return False
        return self._any.match(text.casefold()) is not None


class Group(Struct, frozen=True, dict=True):
    """Miners under a name: those whose worker fits a pattern, and those in networks or named.

    `workers` are patterns, `networks` written like --network.
    """

    name: str
    workers: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    mac_addresses: tuple[str, ...] = ()

    def holds(self, subject: Subject) -> bool:
        """Whether it is one of them, by any of the three."""
        return (
            subject.mac.lower() in self._macs
            or self._workers.fit(subject.worker)
            or self._networks.hold(subject.host)
        )

    @cached_property
    def _macs(self) -> frozenset[str]:
        return frozenset(self.mac_addresses)

    @cached_property
    def _workers(self) -> _Patterns:
        return _Patterns(self.workers)

    @cached_property
    def _networks(self) -> _Networks:
        return _Networks(self.networks)


class Reach(Struct, frozen=True, dict=True):
    """Conditions: all that are named must hold, and of one of them any word will do.

    `families` and `makers` are case-folded, `models`, `firmware` and `sites` patterns. What is not
    known of a miner fulfils no condition.
    """

    families: tuple[str, ...] = ()
    makers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    firmware: tuple[str, ...] = ()
    mac_addresses: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()

    @cached_property
    def narrowness(self) -> int:
        """MAC address, group, network, site, model, firmware, family: the earlier the narrower.

        Of two with the same narrowest condition, the one is narrower whose next one is.
        """
        ladder = (
            self.mac_addresses,
            self.groups,
            self.networks,
            self.sites,
            self.models,
            self.firmware,
            self.families or self.makers,
        )
        return sum(1 << place for place, words in enumerate(reversed(ladder)) if words)

    def fits(self, subject: Subject, groups: Iterable[str]) -> bool:
        """Whether they hold for a miner that is in these groups."""
        return (
            (not self.mac_addresses or subject.mac.lower() in self._macs)
            and (not self.families or subject.family.casefold() in self.families)
            and (not self.makers or subject.maker.casefold() in self.makers)
            and (not self.groups or not set(self.groups).isdisjoint(groups))
            and (not self.models or self._models.fit(subject.model))
            and (not self.firmware or self._runs(subject))
            and (not self.networks or self._networks.hold(subject.host))
            and (not self.sites or self._sites.fit(subject.site))
        )

    def _runs(self, subject: Subject) -> bool:
        """By the name of its firmware, its version, or both with a blank between."""
        name, version = subject.firmware_name, subject.firmware
        return any(map(self._firmware.fit, (name, version, f"{name} {version}".strip())))

    @cached_property
    def _macs(self) -> frozenset[str]:
        return frozenset(self.mac_addresses)

    @cached_property
    def _models(self) -> _Patterns:
        return _Patterns(self.models)

    @cached_property
    def _firmware(self) -> _Patterns:
        return _Patterns(self.firmware)

    @cached_property
    def _networks(self) -> _Networks:
        return _Networks(self.networks)

    @cached_property
    def _sites(self) -> _Patterns:
        return _Patterns(self.sites)


ANY = Reach()
"""For all miners."""


class Login(Struct, frozen=True):
    """A login, and for whom it is."""

    credential: Credential
    reach: Reach = ANY


def plain_algorithm(text: str) -> str:
    """An algorithm in one spelling: `SHA-256`, `sha256` and `sha256d` are all `sha256d`."""
    word = re.sub(r"[^a-z0-9]", "", text.lower())
    return "sha256d" if word == "sha256" else word
