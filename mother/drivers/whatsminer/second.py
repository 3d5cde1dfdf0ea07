"""A Whatsminer by its second API (port 4028): what is asked when, and its orders."""

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
from mother.core.reading import Board, Reading
from mother.drivers.cgminer import picks
from mother.drivers.cgminer import pools as listed
from mother.drivers.cgminer.picks import obj, text
from mother.drivers.whatsminer import forms, second_parse, words
from mother.drivers.whatsminer.device import Known, Rhythm, trimmed, unwell
from mother.drivers.whatsminer.second_parse import Seldom
from mother.drivers.whatsminer.second_session import Session
from mother.net.wire import Wire

Object = Mapping[str, Any]


class SecondApi:
    """One miner; see `Session` for what its calls raise."""

    def __init__(self, wire: Wire, address: Address, credential: Credential) -> None:
        self.address = address
        self.credential = credential
        self.session = Session(wire, address, credential.password)
        self._known = Known()
        self._rhythm = Rhythm()
        self._seldom = Seldom()
        self._boards = "devs"

    def expect(self, mac: str) -> None:
        """Another MAC than this one raises Stranger at the next description or reading."""
        self._known.mac = mac

    def forget(self) -> None:
        """Drop the ticket, and what is asked seldom."""
        self.session.forget()
        self._rhythm.anew()

    def renamed(self, credential: Credential) -> None:
        """From now on it has this login."""
        self.credential = credential
        self.session.renamed(credential.password)

    async def describe(self) -> Description:
        """Three short questions, and `summary` where those do not tell the MAC or the firmware."""
        miner = await self._perhaps("get_miner_info")
        version = await self._perhaps("get_version")
        details = await self._perhaps("devdetails")
        summary: Object = {}
        if not text(obj(miner.get("Msg")).get("mac")) or not obj(version.get("Msg")).get("fw_ver"):
            summary = await self._perhaps("summary")
        found = second_parse.description(miner, version, details, summary)
        self._known.meet(found.mac)
        if found.model:
            self._seldom = replace(self._seldom, model=found.model)
        else:  # it does not tell while it sleeps
            found = replace(found, model=self._seldom.model)
        return replace(found, closed=words.CLOSED_SECOND) if self.session.closed else found

    async def read(self, now: float) -> Reading:
        """`summary` and the boards; what else there is at every tenth, or while it is unwell."""
        due = self._rhythm.due
        try:
            row = second_parse.summary_row(await self.session.ask("summary"))
        except Declined:
            return await self._silent(due, now)
        due = due or self._rhythm.silent
        self._meet(row)
        if due:
            await self._look_around()
        boards = await self._read_boards()
        reading = second_parse.reading(row, boards, self._seldom, now)
        if due or unwell(reading) or second_parse.counted(row):
            await self._look_closer(row)
            reading = second_parse.reading(row, boards, self._seldom, now)
        if reading.expected_hashrate is not None:
            self._seldom = replace(self._seldom, expected=reading.expected_hashrate)
        self._rhythm.passed(due)
        return reading

    async def settings(self) -> Settings:
        """Pools, power mode and limit, whether it was told to stop.

        The mining program of older firmware tells nothing while it is off.
        """
        try:
            pools = listed.configured(await self.session.ask("pools"))
        except Declined:
            pools = None
        status = obj((await self._perhaps("status")).get("Msg"))
        try:
            row = second_parse.summary_row(await self.session.ask("summary"))
        except (Declined, Garbled):
            row = {}
        return second_parse.settings(row, status, pools)

    async def network(self) -> NetworkSettings:
        """By `get_miner_info`."""
        return second_parse.network(await self.session.ask("get_miner_info"))

    async def offered(self) -> FirmwareOffer:
        """Unsupported: a Whatsminer asks nobody for firmware."""
        raise Unsupported("a Whatsminer does not look for firmware by itself")

    async def perform(self, command: Command) -> None:
        """One order; see `ORDERS`."""
        order = ORDERS.get(command.kind)
        if order is None:
            raise Unsupported(f"{command.kind.value} is not known to a Whatsminer's second API")
        try:
            await order(self, command.args)
        finally:
            self._rhythm.anew()

    async def hostname(self) -> str:
        """Its name in the network, which `net_config` sets along."""
        return text(obj((await self._perhaps("get_miner_info")).get("Msg")).get("hostname"))

    def _meet(self, row: Object) -> None:
        """Who answers, where the summary tells it."""
        try:
            mac = picks.mac(row.get("MAC"))
        except Garbled:
            return
        self._known.meet(mac)

    async def _perhaps(self, command: str) -> Object:
        """The answer, or nothing where the device does not know that, or does not want to."""
        try:
            return await self.session.ask(command)
        except (Declined, Garbled):
            return {}

    async def _look_around(self) -> None:
        """Its pools and its power supply."""
        pools = await self._perhaps("pools")
        psu = await self._perhaps("get_psu")
        if pools:
            self._seldom = replace(self._seldom, pools=listed.pools(pools))
        if psu:
            self._seldom = replace(self._seldom, psu=trimmed(psu.get("Msg")))
        if not self._seldom.model:
            details = await self._perhaps("devdetails")
            row = picks.first(details.get("DEVDETAILS"))
            self._seldom = replace(self._seldom, model=second_parse.model_name(row.get("Model")))

    async def _look_closer(self, row: Object) -> None:
        """What it was told, and its errors, which older firmware tells in `summary`."""
        status = await self._perhaps("status")
        told = second_parse.codes(await self._perhaps("get_error_code"))
        codes = {fault.code for fault in told}
        told += tuple(one for one in second_parse.counted(row) if one.code not in codes)
        self._seldom = replace(self._seldom, status=trimmed(status.get("Msg")), faults=told)

    async def _silent(self, due: bool, now: float) -> Reading:
        """The mining program does not answer: it was told to sleep, or it starts."""
        if due:
            await self._look_around()
        await self._look_closer({})
        self._rhythm.passed(due, silent=True)
        return second_parse.silent(self._seldom, now)

    async def _read_boards(self) -> tuple[Board, ...]:
        """By `devs`, or by `edevs` where that is all it knows."""
        answer = await self._perhaps(self._boards)
        if not answer and self._boards == "devs":
            answer = await self._perhaps("edevs")
            self._boards = "edevs" if answer else "devs"
        return second_parse.boards(answer)


Args = Mapping[str, Any]
Order = Callable[[SecondApi, Args], Awaitable[None]]


async def _plain(command: str, device: SecondApi, _: Args) -> None:
    await device.session.order(command)


async def _last(command: str, device: SecondApi, _: Args) -> None:
    """Its next boot knows no token of this one."""
    await device.session.order(command)
    device.forget()


async def _pause(device: SecondApi, _: Args) -> None:
    """The boards lose their power, the control board stays; it answers before it does so."""
    await device.session.order("power_off", {"respbefore": "true"})


async def _power(device: SecondApi, args: Args) -> None:
    limit = str(forms.watts(args.get("watts")))
    await device.session.order("adjust_power_limit", {"power_limit": limit})


async def _profile(device: SecondApi, args: Args) -> None:
    await device.session.order(f"set_{forms.profile(args)}_power")


async def _pools(device: SecondApi, args: Args) -> None:
    """All three slots: one that is absent is emptied."""
    wanted = forms.pools(forms.argument(args, "pools", tuple))
    form: dict[str, str] = {}
    for slot in range(1, forms.MOST_POOLS + 1):
        url, user, word = wanted[slot - 1] if slot <= len(wanted) else ("", "", "")
        form |= {f"pool{slot}": url, f"worker{slot}": user, f"passwd{slot}": word}
    await device.session.order("update_pools", form)


async def _network(device: SecondApi, args: Args) -> None:
    """The address may change before the answer is out."""
    wanted = forms.argument(args, "network", NetworkSettings)
    forms.network(wanted, "")
    await device.session.order("net_config", forms.network(wanted, await device.hostname()))
    device.forget()


async def _password(device: SecondApi, args: Args) -> None:
    new = forms.password(forms.argument(args, "credential", Credential))
    old = device.session.password
    await device.session.order("update_pwd", {"old": old, "new": new})
    device.renamed(Credential("admin", new))


async def _locate(device: SecondApi, args: Args) -> None:
    on = forms.argument(args, "on", bool)
    await device.session.order("set_led", forms.LIGHT if on else {"param": "auto"})


ORDERS: dict[CommandKind, Order] = {
    CommandKind.PAUSE: _pause,
    CommandKind.RESUME: partial(_plain, "power_on"),
    CommandKind.RESTART_MINING: partial(_plain, "restart_btminer"),
    CommandKind.REBOOT: partial(_last, "reboot"),
    CommandKind.SET_POOLS: _pools,
    CommandKind.SET_PROFILE: _profile,
    CommandKind.SET_POWER: _power,
    CommandKind.LOCATE: _locate,
    CommandKind.SET_PASSWORD: _password,
    CommandKind.SET_NETWORK: _network,
    CommandKind.FACTORY_RESET: partial(_last, "factory_reset"),
}
"""What the second API can be told."""
