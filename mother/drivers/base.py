"""What every device family offers to the layers above."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from mother.core.model import (
    Address,
    Command,
    CommandKind,
    Credential,
    Description,
    FirmwareOffer,
    NetworkSettings,
    Reading,
    Settings,
)


class Device(Protocol):
    """One device at one address, with its login. Callers see to it that one call is in flight.

    Every method raises only `mother.core.errors.DeviceError` (and passes cancellation on).
    """

    address: Address

    async def describe(self) -> Description:
        """Who answers at this address now."""

    async def read(self, now: float) -> Reading:
        """One reading with time stamp `now` (Unix seconds)."""

    async def settings(self) -> Settings:
        """What is configured on it now."""

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
        """

    def expect(self, mac: str) -> None:
        """From now on a login that finds another MAC raises Stranger instead of reading it."""

    def forget(self) -> None:
        """Drop login and session (the device was rebooted); the next call logs in anew."""


class Family(Protocol):
    """One device family; one instance per process."""

    name: str
    capabilities: frozenset[CommandKind]
    default_credentials: tuple[Credential, ...]
    profiles: tuple[str, ...]
    most_pools: int

    async def recognise(self, address: Address, deadline: float) -> bool:
        """Whether this family's mark is at the address. No credentials are offered.

        False for anything else, garbage and silence included; takes at most `deadline` seconds.
        """

    def device(self, address: Address, credential: Credential) -> Device:
        """A device of this family; connects to nothing yet."""

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
