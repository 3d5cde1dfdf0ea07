"""Who is at an address: which family's device, and by which login it tells who it is."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from mother.config.model import Config
from mother.config.subject import Subject
from mother.core.errors import Refused
from mother.core.model import Address, Credential, Description
from mother.drivers.base import NO_LOGIN, Device, Family, Traces
from mother.fleet.memory import Memory

TRIES = 3
"""So many logins are offered in one go: wrong ones lock accounts and fill logs."""

SHOWN = 200
"""Characters of an answer that are shown to people."""

Met = tuple[Device, Description]


_OWN = re.compile(
    r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b"  # a MAC address
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b"  # an IPv4 address
    r"|\b(?=\w*\d)(?=\w*[A-Za-z])\w{14,}\b"  # serial numbers, wallets, tokens
    r"|(?<=://)[^\s\"',]+"  # where it mines
)


class Claim(Struct, frozen=True):
    """A device of this family answers there."""

    family: Family
    address: Address


class Foreigner(Struct, frozen=True):
    """A miner that no driver of ours speaks to: what it is, and what it said."""

    name: str
    said: str


class Mute(Struct, frozen=True):
    """Nobody there says anything that we know, whether connections are taken or not."""


class Meeting:
    """Recognises and logs in. `trace` looks at a host from outside, `foreign` names strangers."""

    def __init__(
        self,
        families: Sequence[Family],
        config: Callable[[], Config],
        memory: Memory,
        trace: Callable[[str, float], Awaitable[Traces]],
        foreign: Callable[[Traces], str],
    ) -> None:
        self._families = families
        self._config = config
        self._memory = memory
        self._trace = trace
        self._foreign = foreign
        self._homes: dict[str, str] = {}

    def recall(self) -> None:
        """Where an earlier run has met whom."""
        for ident, known in self._memory.devices.items():
            if known.address is not None:
                self.lives(ident, known.address.host)

    def lives(self, ident: str, host: str) -> None:
        """From now on this device is believed to be there."""
        self._homes[host] = ident

    def families(self) -> list[Family]:
        """Those that are looked for."""
        wanted = self._config().families
        return [one for one in self._families if not wanted or one.name in wanted]

    async def who(self, host: str) -> Claim | Foreigner | Mute | None:
        """Whose device answers at an address that is nobody's; None where it is no miner.

        One that an earlier run has met there is asked by its own family's call alone.
        """
        deadline = self._config().scan_timeout / 2
        known = self._memory.device(self._homes.get(host, ""))
        for family in self.families():
            address = known.address
            if known.family != family.name or address is None or address.host != host:
                continue
            if await family.recognise(address, deadline):
                return Claim(family, address)
        return await self.seen(host)

    async def seen(self, host: str) -> Claim | Foreigner | Mute | None:
        """The same, whatever was there before; None for a family's that is not looked for."""
        traces = await self._trace(host, self._config().scan_timeout)
        wanted = self.families()
        for family in self._families:
            address = family.claims(traces)
            if address is not None:
                return Claim(family, address) if family in wanted else None
        name = self._foreign(traces)
        if name:
            return Foreigner(name, _shown(traces))
        return None if traces.open else Mute()

    async def log_in(self, claim: Claim, skip: int = 0, ident: str = "") -> Met:
        """The device, by the first login that it takes, and what it says of itself.

        `skip` are those that were offered in vain before. Raises Refused, with how many are
        known and how many are left, or another DeviceError.
        """
        logins = self.logins(claim, ident)
        family, address = claim.family, claim.address
        if not family.needs_login:
            device = family.device(address, (*logins, NO_LOGIN)[0])
            return device, await device.describe()
        offered = logins[skip : skip + TRIES]
        for credential in offered:
            device = family.device(address, credential)
            try:
                return device, await device.describe()
            except Refused:
                continue
        raise NotTaken(len(logins), max(0, len(logins) - skip - len(offered)))

    def logins(self, claim: Claim, ident: str = "") -> tuple[Credential, ...]:
        """What is offered, in this order: what we set ourselves, the configured, or the maker's."""
        host, family = claim.address.host, claim.family
        ident = ident or self._homes.get(host, "")
        known = self._memory.device(ident)
        if known.family and known.family != family.name:
            known = replace(known, mac="", model="", worker="")
        subject = Subject(
            family=family.name,
            maker=family.maker,
            host=host,
            mac=known.mac,
            model=known.model,
            worker=known.worker,
        )
        own = known.setup.logins
        usual = self._config().logins(subject) or family.default_credentials
        strays = self._set_elsewhere(family, ident) if family.needs_login and not own else ()
        return tuple(dict.fromkeys((*own, *usual, *strays)))

    def _set_elsewhere(self, family: Family, ident: str) -> tuple[Credential, ...]:
        """Logins that we set on devices of the family: one of them may have moved to here."""
        found = (
            login
            for one, known in self._memory.devices.items()
            if known.setup.logins and known.family == family.name and one != ident
            for login in known.setup.logins[:1]
        )
        return tuple(dict.fromkeys(found))


class NotTaken(Refused):
    """None of the logins was taken that were offered: of `known` ones `left` were not."""

    def __init__(self, known: int, left: int) -> None:
        self.known = known
        self.left = left
        tried = (
            f"refuses {known - left} of {known} logins" if left else f"refuses all {known} logins"
        )
        super().__init__(f"{tried} we know" if known else "asks for a login, and we know none")


def _shown(traces: Traces) -> str:
    """What it said, for people: printable, short, and without what names this one device."""
    said = traces.said or traces.page
    text = said[: 8 * SHOWN].decode("utf-8", "replace")
    plain = "".join(char if char.isprintable() else " " for char in text)
    return _OWN.sub("***", plain)[:SHOWN].strip()
