"""Orders by hand to single miners: typed, checked and sent through the door."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from msgspec.structs import replace

from mother.config.model import Config
from mother.core.model import Change, Command, CommandKind, Credential, NetworkSettings
from mother.fleet.commands import Commands, Outcome
from mother.fleet.deeds import DEEDS
from mother.fleet.desired import Aspect, FirmwareSource, Step, firmware_key
from mother.fleet.firmware import FirmwareRefused
from mother.fleet.roster import Entry
from mother.fleet.setups import Setups
from mother.jobs.configure import Shelf
from mother.jobs.flights import Flights

ORDER_LIFE = 600.0


class Orders:
    """Gives orders; firmware sent by hand is watched like a canary."""

    def __init__(
        self,
        setups: Setups,
        flights: Flights,
        commands: Commands,
        shelf: Shelf,
        config: Callable[[], Config],
        now: Callable[[], float],
        hurry: Callable[[], None],
    ) -> None:
        self._setups = setups
        self._flights = flights
        self._commands = commands
        self._shelf = shelf
        self._config = config
        self._now = now
        self._hurry = hurry

    async def give(
        self, entry: Entry, what: CommandKind, args: Mapping[str, Any], by: str, despite_hold: bool
    ) -> Mapping[str, Any]:
        """Carry it out: result, text and worker. Raises ValueError or PermissionError."""
        now = self._now()
        ident = uuid.uuid4().hex
        command = Command(
            id=ident,
            key=ident,
            actor=by,
            reason=f"Ordered by {by}.",
            at=now,
            expires=now + ORDER_LIFE,
            device=entry.id,
            kind=what,
            by_hand=True,
            despite_hold=despite_hold,
        )
        if what is CommandKind.UPGRADE:
            outcome = await self._upgrade(entry, command, args)
        else:
            typed, changes = self._typed(what, args)
            command = replace(command, args=typed, changes=changes)
            outcome = await self._commands.submit(command)
        done = f"{entry.worker} at {entry.address} {DEEDS[what].done}."
        text = outcome.text or done
        return {"result": outcome.result, "text": text, "worker": entry.worker}

    def _typed(
        self, kind: CommandKind, args: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], tuple[Change, ...]]:
        """The args of an order as the drivers take them. Raises ValueError, PermissionError."""
        if kind is CommandKind.SET_NETWORK:
            network = NetworkSettings(**{**args, "dns": tuple(args.get("dns", ()))})
            new = "dhcp" if network.dhcp else f"static {network.address}"
            return {"network": network}, (Change("network", "as it is", new),)
        if kind is CommandKind.SET_PASSWORD:
            credential = Credential(args["username"], args["password"])
            return {"credential": credential}, (Change("login", "as it is", credential.username),)
        return dict(args), ()

    async def _upgrade(self, entry: Entry, command: Command, args: Mapping[str, Any]) -> Outcome:
        """By hand too: never older than what runs, never for another model, and verified."""
        family = entry.family
        name = os.path.basename(args.get("path") or args.get("url", "").partition("?")[0])
        version, installed = family.firmware_in(name), entry.description.firmware
        _check_version(entry, name, version)
        if "url" in args and not args["url"].lower().startswith("https://"):
            raise ValueError("url: only https://, so that nobody can put another file in its place")
        firmware: Mapping[str, Any] = {"url": args.get("url")}
        if "path" in args:
            try:
                digest = args["sha256"].lower()
                firmware = {"firmware": await self._shelf.own(args["path"], digest, version)}
            except FirmwareRefused as error:
                raise ValueError(str(error)) from None
        change = Change("firmware", installed, version)
        source = FirmwareSource(
            version, args.get("path", ""), args.get("url", ""), args.get("sha256", "").lower()
        )
        step = Step(CommandKind.UPGRADE, (change,), source=source)
        key = firmware_key(source, entry.model)
        aspect = Aspect(key, f"firmware {version} on {entry.model}", step, provable=False)
        flight = self._setups.of(entry.id).flight
        if flight is not None:
            raise PermissionError(f"{entry.worker} was written to just now: wait until it hashes")
        order = replace(command, args=firmware, changes=(change,), wish=key)
        if not self._config().dry_run:
            self._flights.launch(entry, (aspect,), version)
        outcome = await self._commands.submit(order)
        flight = self._setups.of(entry.id).flight
        if not outcome.sent:
            self._flights.recall(entry.id, (key,))
        elif flight is not None:
            self._setups.keep(entry.id, flight=replace(flight, at=self._now(), whole=True))
        self._hurry()
        return outcome


def _check_version(entry: Entry, name: str, version: str) -> None:
    family, installed = entry.family, entry.description.firmware
    if not version or not family.firmware_fits(version, entry.model):
        raise ValueError(f"{name} is no firmware for a {entry.model}, as its name tells")
    newer = family.is_newer(version, installed)
    if newer is None:
        _refuse(f"whether {version} is newer than {installed} cannot be told from the names")
    if not newer:
        _refuse(f"{entry.worker} runs {installed}, and {version} is no newer: never a downgrade")


def _refuse(why: str) -> NoReturn:
    raise PermissionError(why)
