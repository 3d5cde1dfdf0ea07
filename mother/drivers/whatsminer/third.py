"""A Whatsminer by its third API (port 4433): what is asked when, and its orders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from mother.core.errors import Declined, Garbled, Unsupported
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
from mother.core.reading import Reading
from mother.drivers.whatsminer import forms, status, third_parse
from mother.drivers.whatsminer.device import Known, Rhythm, trimmed, unwell
from mother.drivers.whatsminer.third_parse import Seldom
from mother.drivers.whatsminer.third_session import Session
from mother.net.wire import Wire

Object = Mapping[str, Any]

STATUS = "get.miner.status"


class ThirdApi:
    """One miner; see `Session` for what its calls raise."""

    def __init__(self, wire: Wire, address: Address, credential: Credential) -> None:
        self.address = address
        self.credential = credential
        self.session = Session(wire, address, credential)
        self.mode_command = "set.miner.power_mode"
        self._known = Known()
        self._rhythm = Rhythm()
        self._seldom = Seldom()

    def expect(self, mac: str) -> None:
        """Another MAC than this one raises Stranger where the device tells its own."""
        self._known.mac = mac

    def forget(self) -> None:
        """Ask for everything at the next read; there is no session to drop."""
        self._rhythm.anew()

    async def describe(self) -> Description:
        """One question."""
        info = await self._info()
        return third_parse.description(info)

    async def read(self, now: float) -> Reading:
        """Summary and boards; what else there is at every tenth, or while it is unwell."""
        due = self._rhythm.due
        try:
            row = await self._summary()
        except Declined:
            return await self._silent(due, now)
        due = due or self._rhythm.silent
        edevs = await self._perhaps("edevs")
        if due:
            await self._look_around()
        reading = self._reading(row, edevs, now)
        if not due and unwell(reading):
            await self._info()
            reading = self._reading(row, edevs, now)
        if reading.expected_hashrate is not None:
            self._seldom = replace(self._seldom, expected=reading.expected_hashrate)
        self._rhythm.passed(due)
        return reading

    async def settings(self) -> Settings:
        """Pools, power mode and limit, whether it was told to stop."""
        try:
            pools = third_parse.configured(await self.session.ask(STATUS, "pools"))
        except Declined:
            pools = None
        info, setting = await self._info(), await self._setting()
        try:
            row = await self._summary()
        except (Declined, Garbled):
            row = {}
        return third_parse.settings(row, info, setting, pools)

    async def network(self) -> NetworkSettings:
        """By `get.device.info`."""
        return third_parse.network(await self.session.info())

    async def offered(self) -> FirmwareOffer:
        """Unsupported: a Whatsminer asks nobody for firmware."""
        raise Unsupported("a Whatsminer does not look for firmware by itself")

    async def perform(self, command: Command) -> None:
        """One order; see `ORDERS`."""
        order = ORDERS.get(command.kind)
        if order is None:
            raise Unsupported(
                f"{command.kind.value} is not published for a Whatsminer's third API: "
                "use WhatsMinerTool"
            )
        try:
            await order(self, command.args)
        finally:
            self._rhythm.anew()

    def _reading(self, row: Object, edevs: Object, now: float) -> Reading:
        boards = third_parse.boards(edevs, row, self._seldom.info)
        return third_parse.reading(row, boards, self._seldom, now)

    async def _summary(self) -> Object:
        row = third_parse.section(await self.session.ask(STATUS, "summary"), "summary")
        if not isinstance(row, dict) or not row:
            raise Garbled("the answer is no summary")
        return row

    async def _info(self) -> Object:
        """Who it is and what it does; Stranger where it is another one."""
        info = await self.session.info()
        mac = third_parse.mac(info)
        if mac:
            self._known.meet(mac)
        self._seldom = replace(self._seldom, info=third_parse.kept(info))
        return info

    async def _setting(self) -> Object:
        try:
            setting = trimmed((await self.session.ask("get.miner.setting")).get("msg"))
        except (Declined, Garbled):
            return {}
        self._seldom = replace(self._seldom, setting=setting)
        return setting

    async def _perhaps(self, part: str) -> Object:
        try:
            return await self.session.ask(STATUS, part)
        except (Declined, Garbled):
            return {}

    async def _look_around(self) -> None:
        await self._info()
        await self._setting()
        pools = await self._perhaps("pools")
        if pools:
            self._seldom = replace(self._seldom, pools=third_parse.pools(pools))

    async def _silent(self, due: bool, now: float) -> Reading:
        """The mining program does not answer: it was told to sleep, or it starts."""
        if due:
            await self._look_around()
        else:
            await self._info()
        self._rhythm.passed(due, silent=True)
        return third_parse.silent(self._seldom, now)


Args = Mapping[str, Any]
Order = Callable[[ThirdApi, Args], Awaitable[None]]


async def _plain(command: str, parameter: str | None, device: ThirdApi, _: Args) -> None:
    await device.session.order(command, parameter)


async def _power(device: ThirdApi, args: Args) -> None:
    await device.session.order("set.miner.power_limit", forms.watts(args.get("watts")))


async def _profile(device: ThirdApi, args: Args) -> None:
    """Two libraries name it differently (P `power_mode`, A `mode`); a no to one costs nothing."""
    wanted = forms.profile(args)
    try:
        await device.session.order(device.mode_command, wanted)
    except status.Closed:
        raise
    except Declined:
        other = {"set.miner.power_mode": "set.miner.mode"}.get(device.mode_command)
        if other is None:
            raise
        await device.session.order(other, wanted)
        device.mode_command = other


async def _pools(device: ThirdApi, args: Args) -> None:
    """The whole list; it is hidden, since it holds passwords."""
    wanted = forms.pools(forms.argument(args, "pools", tuple))
    rows = [{"pool": url, "worker": user, "passwd": word} for url, user, word in wanted]
    await device.session.order("set.miner.pools", rows, secret=True)


async def _locate(device: ThirdApi, args: Args) -> None:
    on = forms.argument(args, "on", bool)
    await device.session.order("set.system.led", [forms.LIGHT] if on else "auto")


ORDERS: dict[CommandKind, Order] = {
    CommandKind.PAUSE: partial(_plain, "set.miner.service", "stop"),
    CommandKind.RESUME: partial(_plain, "set.miner.service", "start"),
    CommandKind.RESTART_MINING: partial(_plain, "set.miner.service", "restart"),
    CommandKind.REBOOT: partial(_plain, "set.system.reboot", None),
    CommandKind.SET_POOLS: _pools,
    CommandKind.SET_PROFILE: _profile,
    CommandKind.SET_POWER: _power,
    CommandKind.LOCATE: _locate,
    CommandKind.FACTORY_RESET: partial(_plain, "set.system.factory_reset", None),
}
"""What the third API can be told (names: reference P, A)."""
