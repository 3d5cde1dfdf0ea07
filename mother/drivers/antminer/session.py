"""One Antminer's two doors: port 4028, open to all, and the pages behind its login."""

from __future__ import annotations

from typing import Any

from mother.core.errors import DeviceError, Stranger, Unsupported
from mother.core.model import Address, Credential, Description
from mother.drivers.antminer import configured
from mother.drivers.antminer.models import model_of
from mother.drivers.antminer.web import Web
from mother.drivers.cgminer.api import Api, Joining
from mother.net.wire import Wire


class Session:
    """Knows whether the miner that answers is the one that is expected.

    `met`: it was, since the last `forget`. `old`: it is of the generation (S9 to T17) to which
    nothing is written. `changed`: something was written since the last `read`.
    """

    def __init__(
        self, wire: Wire, address: Address, credential: Credential, idle: float, joining: Joining
    ) -> None:
        self.address = address
        self.expected: str | None = None
        self.met = False
        self.old = False
        self.model = ""
        self.hostname = ""
        self.changed = False
        self.before_sleep: int | None = None
        self.api = Api(wire.lines, wire.timeout, address, joining)
        self.web = Web(wire, address.host, credential, idle)

    def forget(self) -> None:
        """Log in and look who it is at the next call."""
        self.met = False
        self.changed = True
        self.web.forget()

    async def meet(self, version: dict[str, Any] | None = None) -> Description:
        """Who answers now; Stranger where another MAC is expected."""
        told = await self.web.ask("get_system_info")
        found = configured.description(told, version or {})
        if self.expected is not None and found.mac != self.expected:
            self.forget()
            raise Stranger(self.expected, found.mac)
        self.met = True
        self.old = configured.is_old(told) or model_of(found.model).old
        self.model = found.model
        self.hostname = found.hostname
        return found

    async def version(self) -> dict[str, Any]:
        """What it says to `version`; empty where it says nothing, as when it sleeps."""
        try:
            return await self.api.ask("version")
        except DeviceError:
            return {}

    async def conf(self) -> dict[str, Any]:
        """Its configuration, with passwords of pools."""
        return await self.web.ask("get_miner_conf", secret=True)

    async def meet_newer(self) -> None:
        """Meet it; Unsupported where it is of the old generation."""
        await self.meet()
        if self.old:
            raise Unsupported(f"an {self.model or 'Antminer'} of this generation is only read")
