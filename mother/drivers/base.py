"""What every device family offers to the layers above."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from mother.core.model import (
    Address,
    Command,
    CommandKind,
    Credential,
    Description,
    FirmwareOffer,
    NetworkSettings,
    Settings,
)
from mother.core.ports import Ports
from mother.core.reading import Reading

NO_LOGIN = Credential("", "")
"""For families that ask for none."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


def segment(model: str) -> str:
    """A model as one segment of a metric name: `B29+` is `B29-plus`, nothing is `unknown`."""
    return _UNSAFE.sub("-", model.replace("+", "-plus")).strip("-") or "unknown"


class Confirm(enum.StrEnum):
    """How it shows that a command has worked."""

    SETTINGS = "settings"  # what is configured is read back, and must be what was sent
    ASLEEP = "asleep"  # a reading says that it sleeps
    AWAKE = "awake"  # a reading says that it does not sleep any more
    RESTART = "restart"  # its uptime begins anew: watched by the health loop
    LOGIN = "login"  # the new login is taken
    FIRMWARE = "firmware"  # it comes back with the version: watched by the configure loop
    TAKEN = "taken"  # its yes is all there is


class Evidence(enum.StrEnum):
    """What our word for a capability rests on."""

    RECORDING = "recording"  # tests run on answers of real devices
    DOCUMENT = "document"  # tests run on a simulator made from documents; no recording exists
    UNTESTED = "untested"  # neither a recording nor a document stands behind our tests


class Capability(Struct, frozen=True):
    """One command that a family takes: how it is confirmed, `within` how many seconds at most.

    `every` is the pause between two looks at the device. `limits` says in words what bounds it.
    `by_login`: who gives it must know the device's login, if it has one. `lag`: for so many seconds
    after it was taken nothing can show yet. `kept`: the device's settings tell from the first that
    it was given, also while it has not obeyed yet.
    """

    confirm: Confirm
    within: float = 0.0
    every: float = 2.0
    evidence: Evidence = Evidence.DOCUMENT
    limits: str = ""
    by_login: bool = True
    lag: float = 0.0
    kept: bool = False


class Nature(Struct, frozen=True):
    """How devices of a family want to be treated. Seconds; ratios of hashrate to expected.

    `interval`: never polled more often. `grace`: after a start it is not judged for so long.
    Ill is who hashes below `low` of the expected in a mean over `window`, for half an hour;
    well who is above `clear`. `hot` in C is too hot for a board, `hot_chip` for a chip.
    """

    interval: float = 0.0
    grace: float = 900.0
    low: float = 0.80
    clear: float = 0.88
    window: float = 900.0
    hot: float = 100.0
    hot_chip: float = 110.0


class Nameplate(Struct, frozen=True):
    """What the maker says of a model: `hashrate` in H/s, `power` in W; None where unknown."""

    hashrate: float | None = None
    power: float | None = None


class Traces(Struct, frozen=True):
    """What an address showed when it was met, before anybody logged in.

    `open` are the ports that answer. `status`, `realm` (of WWW-Authenticate), `location` and
    `server` are of its answer to `GET /` at `page_port`, `page` is the beginning of the body;
    status 0: it has no page. `version` is what it said to cgminer's `version`, repaired, empty
    where it did not; `said` is the same as it came, at most 4 KiB, for people.
    """

    host: str
    open: frozenset[int]
    ports: Ports = Ports()
    page_port: int = 0
    status: int = 0
    realm: str = ""
    location: str = ""
    server: str = ""
    page: bytes = b""
    version: Mapping[str, object] = {}
    said: bytes = b""


class Device(Protocol):
    """One device at one address, with its login. Callers see to it that one call is in flight.

    Every method raises only `mother.core.errors.DeviceError` (and passes cancellation on).
    """

    address: Address

    @property
    def credential(self) -> Credential:
        """The login in use; another one after it changed its own password."""

    async def describe(self) -> Description:
        """Who answers at this address now. Refused where the login is not taken, if one is asked
        for.
        """

    async def read(self, now: float) -> Reading:
        """One reading with time stamp `now` (Unix seconds).

        Asks what is cheap each time, and what changes seldom (pools, configuration) at the first
        read, after a write, and at every tenth.
        """

    async def settings(self) -> Settings:
        """What is configured on it now, asked anew."""

    async def network(self) -> NetworkSettings:
        """Its network settings now. Raises Unsupported where the family cannot tell."""

    async def offered(self) -> FirmwareOffer:
        """The firmware that the device's own check names; may take long.

        Raises Unsupported where the family has no such check, Declined where it got no answer.
        """

    async def perform(self, command: Command) -> None:
        """Carry out one command; returns when the device has taken it.

        An answer that is lost after the order was sent counts as taken: Unreachable means that
        it was not sent.

        `args` are those that `CommandKind` names. Raises Unsupported for a kind that is not in
        the family's capabilities, ValueError for args that no device of the family could take.
        What the device holds beside is sent back as it was; Stranger where another MAC answers.
        """

    def expect(self, mac: str) -> None:
        """From now on a login that finds another MAC raises Stranger instead of reading it."""

    def forget(self) -> None:
        """Drop login and session (the device was rebooted); the next call logs in anew."""


class Family(Protocol):
    """One device family; one instance per process.

    `name` is for configuration and memory (`antminer`), `title` for people. `maker` is who
    builds them. `needs_login`: a device tells who it is to a login only.
    """

    name: str
    title: str
    maker: str
    needs_login: bool
    capabilities: Mapping[CommandKind, Capability]
    default_credentials: tuple[Credential, ...]
    profiles: tuple[str, ...]
    most_pools: int
    nature: Nature

    def claims(self, traces: Traces) -> Address | None:
        """Where to talk to it, if these are the traces of a device of this family. Pure."""

    async def recognise(self, address: Address, deadline: float) -> bool:
        """Whether this family's mark is at the address. No credentials are offered.

        For a device that was away: asks by the family's own cheapest call alone. False for
        anything else, garbage and silence included; takes at most `deadline` seconds.
        """

    def device(self, address: Address, credential: Credential) -> Device:
        """A device of this family; connects to nothing yet."""

    def nameplate(self, model: str) -> Nameplate | None:
        """What the maker says of a model; None where it is not known."""

    def at_rest(self, native: Mapping[str, float]) -> Mapping[str, float]:
        """Those native metrics that are 0 once the device is gone or asleep, each as 0."""

    def firmware_in(self, file_name: str) -> str:
        """The version that a firmware file's name tells; empty where it tells none."""

    def is_newer(self, version: str, than: str) -> bool | None:
        """Whether a firmware version is newer than another; None where that cannot be told."""

    def firmware_fits(self, version: str, model: str) -> bool | None:
        """Whether that firmware is for that model; None where its name does not tell."""

    def safe_model(self, model: str) -> str:
        """The model as one segment of a metric name (`B29+` -> `B29-plus`-like, never empty)."""
