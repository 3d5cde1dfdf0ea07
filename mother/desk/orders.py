"""Orders by hand to single miners: typed, checked and sent through the door."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from msgspec.structs import replace

from mother.config.model import Config, PoolWish
from mother.config.subject import plain_algorithm
from mother.core.model import (
    Change,
    Command,
    CommandKind,
    ConfiguredPool,
    Credential,
    NetworkSettings,
    State,
)
from mother.fleet.commands import Commands, Outcome
from mother.fleet.deeds import DEEDS
from mother.fleet.desired import Aspect, FirmwareSource, Step, firmware_key
from mother.fleet.firmware import FirmwareRefused
from mother.fleet.pools import pool_changes, wished_pools
from mother.fleet.roster import Entry
from mother.fleet.setups import Setups
from mother.fleet.subjects import keeps_worker, subject_of
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
        self._in_turn = 0

    def covered(self, entries: Sequence[Entry], kind: str) -> list[dict[str, Any]]:
        """The miners of a scope, each with why it would not take such an order now."""
        mixed = _mixed(entries) if kind == CommandKind.SET_POOLS.value and len(entries) > 1 else ""
        return [self._covered(entry, kind, mixed) for entry in entries]

    def _covered(self, entry: Entry, kind: str, mixed: str) -> dict[str, Any]:
        return {
            "worker": entry.worker,
            "mac": entry.mac,
            "address": str(entry.address),
            "model": entry.model,
            "state": entry.state().value,
            "held": self._setups.held(entry),
            "cannot": (self._cannot(entry, CommandKind(kind)) or mixed) if kind else "",
        }

    def _cannot(self, entry: Entry, kind: CommandKind) -> str:
        if kind not in entry.family.capabilities:
            return f"no {entry.family.name} can do that"
        if entry.description.closed:
            return entry.description.closed
        return f"it is gone: {entry.fault}" if entry.state() is State.GONE else ""

    async def give_in_turn(
        self, entry: Entry, what: CommandKind, args: Mapping[str, Any], by: str, despite_hold: bool
    ) -> Mapping[str, Any]:
        """The same for one of many: `later`, where as many restart already as may at once."""
        if not DEEDS[what].restarts:
            return await self.give(entry, what, args, by, despite_hold)
        if self._setups.places() <= self._in_turn and not self._config().dry_run:
            text = "as many restart as may at once"
            return {"result": "later", "text": text, "worker": entry.worker}
        self._in_turn += 1
        try:
            return await self.give(entry, what, args, by, despite_hold)
        finally:
            self._in_turn -= 1

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
            typed, changes = self._typed(entry, what, args)
            command = replace(command, args=typed, changes=changes)
            outcome = await self._commands.submit(command)
        done = f"{entry.worker} at {entry.address} {DEEDS[what].was(args)}."
        text = outcome.text or done
        if what is CommandKind.LOCATE and what not in entry.family.capabilities:
            text = _no_lamp(entry)
        return {"result": outcome.result, "text": text, "worker": entry.worker}

    def _typed(
        self, entry: Entry, kind: CommandKind, args: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], tuple[Change, ...]]:
        """The args of an order as the drivers take them. Raises ValueError, PermissionError."""
        if kind is CommandKind.SET_NETWORK:
            network = NetworkSettings(**{**args, "dns": tuple(args.get("dns", ()))})
            new = "dhcp" if network.dhcp else f"static {network.address}"
            return {"network": network}, (Change("network", "as it is", new),)
        if kind is CommandKind.SET_PASSWORD:
            credential = Credential(args["username"], args["password"])
            return {"credential": credential}, (Change("login", "as it is", credential.username),)
        if kind is CommandKind.SET_POOLS:
            found = _pools_on(entry)
            wishes, keep = _pool_wishes(args, entry), keeps_worker(self._config(), entry)
            wished = wished_pools(wishes, entry.worker, found, keep=keep)
            return {"pools": wished}, pool_changes(found, wished)
        words = {name: _in_words(name, value) for name, value in args.items() if value is not None}
        wanted = {name: value for name, value in args.items() if value is not None}
        if kind is CommandKind.SET_PROFILE:
            wanted = {"profile": args["profile"], "level": args.get("level")}
            _check_profile(entry, args["profile"])
        old = "as it is"
        named = kind is not CommandKind.LOCATE
        changes = tuple(Change(name, old, text) for name, text in words.items() if named)
        return wanted, changes

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


_UNITS = {"watts": "W", "frequency": "MHz", "voltage": "V"}


def _in_words(name: str, value: Any) -> str:
    return f"{value:g} {_UNITS[name]}" if name in _UNITS else str(value)


def _no_lamp(entry: Entry) -> str:
    """Where else a person may look, if the miner cannot show itself."""
    return (
        f"{entry.worker} at {entry.address} cannot show where it stands: mother knows of no lamp "
        f"that a {entry.family.name} could be told to blink. Look for its MAC address {entry.mac}"
    )


def _check_profile(entry: Entry, profile: str) -> None:
    known = entry.family.profiles
    if known and profile not in known:
        raise ValueError(f"{profile}: a {entry.family.name} has the profiles {', '.join(known)}")


def _mixed(entries: Iterable[Entry]) -> str:
    """Why the same pools are not for all of them: no pool takes the work of several algorithms."""
    hashed = {plain_algorithm(subject_of(entry).algorithm) for entry in entries}
    if len(hashed) < 2:
        return ""
    named = " and ".join(sorted(one or "an unknown algorithm" for one in hashed))
    return f"these hash {named}: name only those that hash the same"


def _pools_on(entry: Entry) -> tuple[ConfiguredPool, ...]:
    """What is known of the pools that it has."""
    if entry.settings is not None and entry.settings.pools is not None:
        return entry.settings.pools
    told = () if entry.reading is None else entry.reading.pools
    return tuple(ConfiguredPool(one.url, one.user, None) for one in told if not one.fee)


def _pool_wishes(args: Mapping[str, Any], entry: Entry) -> tuple[PoolWish, ...]:
    wishes = tuple(PoolWish(one["url"], one["username"], one["password"]) for one in args["pools"])
    if len(wishes) > entry.family.most_pools:
        raise ValueError(
            f"pools: a {entry.family.name} takes {entry.family.most_pools} at most, and "
            f"{len(wishes)} are named"
        )
    return wishes


def _refuse(why: str) -> NoReturn:
    raise PermissionError(why)
