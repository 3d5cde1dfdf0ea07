"""Whatsminers of MicroBT with their own firmware (btminer).

Newer ones speak the third API on port 4433, all others the second on port 4028. Reads are open;
orders are taken only where the owner has switched that on and changed the factory's password.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from mother.core.errors import DeviceError
from mother.core.model import Address, CommandKind, Credential
from mother.drivers import nameplates
from mother.drivers.base import Capability, Confirm, Device, Evidence, Nameplate, Nature, Traces
from mother.drivers.cgminer.picks import obj
from mother.drivers.whatsminer import firmware, forms, marks, metrics
from mother.drivers.whatsminer.second import SecondApi
from mother.drivers.whatsminer.second_session import Session as SecondSession
from mother.drivers.whatsminer.third import ThirdApi
from mother.drivers.whatsminer.third_session import Session as ThirdSession
from mother.net.wire import Wire

SECOND = Credential("admin", "admin")
THIRD = Credential("super", "super")
"""The factory's logins of either API."""

_OPEN = "the API switch must be on, and the password must not be the factory's"

_HOW: dict[CommandKind, tuple[Confirm, float, float, str]] = {
    CommandKind.PAUSE: (Confirm.ASLEEP, 120.0, 5.0, _OPEN),
    CommandKind.RESUME: (Confirm.AWAKE, 300.0, 5.0, _OPEN),
    CommandKind.SET_POWER: (
        Confirm.SETTINGS,
        300.0,
        10.0,
        f"{_OPEN}; at most the model's own limit; mining starts anew",
    ),
    CommandKind.SET_PROFILE: (Confirm.SETTINGS, 300.0, 10.0, f"{_OPEN}; mining starts anew"),
    CommandKind.SET_POOLS: (Confirm.SETTINGS, 120.0, 5.0, f"{_OPEN}; 3 pools"),
    CommandKind.REBOOT: (Confirm.RESTART, 600.0, 10.0, _OPEN),
    CommandKind.RESTART_MINING: (Confirm.RESTART, 600.0, 10.0, _OPEN),
    CommandKind.LOCATE: (Confirm.TAKEN, 0.0, 2.0, _OPEN),
    CommandKind.SET_PASSWORD: (
        Confirm.TAKEN,
        0.0,
        2.0,
        f"{_OPEN}; admin's alone, 1 to 8 letters, digits and underscores; not by the third API",
    ),
    CommandKind.SET_NETWORK: (Confirm.TAKEN, 0.0, 2.0, f"{_OPEN}; not by the third API"),
    CommandKind.FACTORY_RESET: (Confirm.RESTART, 600.0, 10.0, _OPEN),
}
"""How each order shows that it has worked, within and every how many seconds, and its limits."""


_LAG = {CommandKind.PAUSE: 0.5, CommandKind.RESUME: 0.5}
"""For so many seconds nothing can show of these."""


class Whatsminer:
    """The family; one object for all its devices."""

    name = "whatsminer"
    title = "Whatsminer (btminer)"
    maker = "MicroBT"
    needs_login = False
    capabilities: Mapping[CommandKind, Capability] = {
        kind: Capability(
            confirm,
            within,
            every,
            Evidence.DOCUMENT,
            limits,
            lag=_LAG.get(kind, 0.0),
            kept=kind in _LAG,
        )
        for kind, (confirm, within, every, limits) in _HOW.items()
    }
    default_credentials: tuple[Credential, ...] = (SECOND, THIRD)
    profiles: tuple[str, ...] = forms.PROFILES
    most_pools = forms.MOST_POOLS
    nature = Nature(interval=10.0, grace=1800.0)

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def claims(self, traces: Traces) -> Address | None:
        """By its name or its own shape in what it said to `version`, by its page or its port."""
        return marks.claims(traces)

    async def recognise(self, address: Address, deadline: float) -> bool:
        """Whether it answers `get.device.info` or `get_version` as none but a Whatsminer does."""
        wire = replace(self._wire, timeout=lambda: deadline / 2)  # old firmware is asked twice
        try:
            if self._by_third(address):
                info = await ThirdSession(wire, address, THIRD, slow=deadline).info()
                return bool(obj(info.get("miner")) or obj(info.get("system")))
            answer = await SecondSession(wire, address, "").ask("get_version")
        except DeviceError:
            return False
        return "api_ver" in obj(answer.get("Msg")) or "whatsminer" in str(answer.get("Msg")).lower()

    def device(self, address: Address, credential: Credential) -> Device:
        """A miner at this address, by the API that listens at its port."""
        if self._by_third(address):
            return ThirdApi(self._wire, address, login(credential, THIRD, SECOND))
        return SecondApi(self._wire, address, login(credential, SECOND, THIRD))

    def nameplate(self, model: str) -> Nameplate | None:
        """What the maker says of a model."""
        return nameplates.of(self.maker, model)

    def at_rest(self, native: Mapping[str, float]) -> Mapping[str, float]:
        """The mean frequency and power, as 0."""
        return metrics.at_rest(native)

    def firmware_in(self, file_name: str) -> str:
        """Empty: no upgrade is sent to them."""
        return ""

    def is_newer(self, version: str, than: str) -> bool | None:
        """By the day it was built; None where either is no version."""
        return firmware.is_newer(version, than)

    def firmware_fits(self, version: str, model: str) -> bool | None:
        """None: a version does not tell its models."""
        return None

    def safe_model(self, model: str) -> str:
        """The model as one segment of a metric name."""
        return metrics.safe_model(model)

    def _by_third(self, address: Address) -> bool:
        return address.port == self._wire.ports().whatsminer


def login(given: Credential, usual: Credential, other: Credential) -> Credential:
    """The login at one API: its own factory's where none is given, or the other API's factory's.

    A password of the operator's counts for the API's own account, if the name is the other's.
    """
    if given == other or not given.password:
        return usual
    if given.username in ("", other.username):
        return Credential(usual.username, given.password)
    return given
