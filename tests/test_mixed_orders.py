"""Orders to miners of every family, by the daemon's socket: obeyed, seen to work, and undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from msgspec import Struct

from mother.core.clock import sleep
from mother.core.model import CommandKind, EventKind
from mother.sim.avalon.state import Avalon
from mother.sim.axeos.state import Axe
from mother.sim.device import SimDevice
from mother.sim.whatsminer.state import Whatsminer
from tests.mixed import Minded, scene, sleeps
from tests.net.turning import in_reactor, reactor

K = CommandKind

MODELS = [
    ("antminer", "S19Pro"),
    ("antminer", "S21"),
    ("whatsminer", "M30S++_VE40"),
    ("whatsminer", "M50_VH60"),
    ("whatsminer", "M60S_VK40"),
    ("avalon", "A1246"),
    ("avalon", "Q"),
    ("axeos", "bitaxe-gamma"),
    ("dragonmint", "T1"),
]
EACH = pytest.mark.parametrize(("family", "model"), MODELS)

PROFILES = {
    "S19Pro": "low-power",
    "S21": "low-power",
    "M30S++_VE40": "low",
    "M50_VH60": "low",
    "M60S_VK40": "low",
    "Q": "standard",
    "T1": "efficient",
}
UNLIT = {"Q"}
"""Of these models the maker's own firmware knows no light, though others of the family do."""

PATIENCE_S = 12.0
"""Seconds of the farm's between two orders, as a person needs them."""

FAST = 25.0
"""How many times faster it all goes where starts are waited for."""


class Bench(Struct):
    """One device, minded."""

    device: SimDevice
    mind: Minded
    worker: str

    @property
    def entry(self) -> Any:
        return self.mind.entry(self.device.mac)

    async def pause(self) -> None:
        """A Bitaxe's small server is not hurried."""
        if isinstance(self.device, Axe):
            await sleep(reactor, PATIENCE_S / self.mind.scene.fast.speed)

    def can(self, kind: CommandKind) -> bool:
        """Whether the family's table has it."""
        return kind in self.entry.family.capabilities

    async def told(self, kind: CommandKind, **args: Any) -> Mapping[str, Any]:
        await self.pause()
        return await self.mind.order(self.worker, kind.value, **args)

    async def done(self, kind: CommandKind, **args: Any) -> None:
        """It is ordered, and is seen to have worked."""
        said = await self.told(kind, **args)
        assert said["result"] == "done", said["text"]

    async def back(self) -> None:
        """Wait until it answers again, should it be away for the last order."""
        await sleep(reactor, 0.3)  # it leaves only after its yes
        await self.mind.until(lambda: self.device.present and self.answers(), 30.0)

    def answers(self) -> bool:
        return not self.entry.failures and not self.entry.doubtful

    async def undone(self, found: Callable[[], object], before: object) -> None:
        """The last write is taken back, and what the device has is what it had."""
        await self.back()
        await self.pause()
        await self.mind.ask("undo", target=self.worker, by="test", preview=False)
        await self.mind.until(lambda: self.said("is as before our last write"), 30.0)
        await self.mind.until(lambda: found() == before, 30.0)
        self.mind.scene.events.clear()

    def said(self, words: str) -> bool:
        """Whether an event tells that."""
        return any(words in event.text for event in self.mind.scene.events)


async def bench(mind: Minded) -> Bench:
    """The only device of its farm."""
    [device] = mind.scene.farm.devices
    rows = await mind.met(1)
    await mind.until(lambda: mind.daemon.loops["scan"].counts.runs)
    return Bench(device, mind, rows[device.mac]["worker"])


def pools_of(device: SimDevice) -> list[tuple[str, str]]:
    """Host and user of every pool that it has, as the device itself knows them."""
    if isinstance(device, Axe):
        return [(host, user) for host, _, user in device.pools if host]
    pools = cast(Any, device).pools
    return [(urlsplit(one.url).hostname or "", one.user) for one in pools if one.url]


@EACH
@in_reactor
async def test_it_pauses_and_goes_on(tmp_path: Path, family: str, model: str) -> None:
    async with scene(tmp_path, "127.86.70.0/30", {family: (model,)}) as one, one.minded() as mind:
        it = await bench(mind)
        if not it.can(K.PAUSE):
            assert family == "dragonmint"
            assert (await it.told(K.PAUSE))["result"] == "denied"
            return
        await it.done(K.PAUSE)
        assert sleeps(it.device)
        assert (await mind.rows())[it.device.mac]["state"] == "asleep"
        await it.done(K.RESUME)
        assert not sleeps(it.device)
        assert (await mind.rows())[it.device.mac]["state"] in {"tuning", "hashing"}


@EACH
@in_reactor
async def test_its_profile_is_set_and_put_back(tmp_path: Path, family: str, model: str) -> None:
    async with scene(tmp_path, "127.86.71.0/30", {family: (model,)}) as one, one.minded() as mind:
        it = await bench(mind)
        wanted = PROFILES.get(model)
        if wanted is None:
            said = await it.told(K.SET_PROFILE, profile="standard")
            assert said["result"] == "denied"
            return
        before = it.entry.reading.profile
        await it.done(K.SET_PROFILE, profile=wanted)
        assert it.entry.settings.profile == wanted != before
        await it.undone(lambda: it.entry.settings.profile != wanted, True)


@EACH
@in_reactor
async def test_its_pools_are_set_and_put_back(tmp_path: Path, family: str, model: str) -> None:
    where, models = "127.86.72.0/30", {family: (model,)}
    async with scene(tmp_path, where, models, speed=FAST) as one, one.minded() as mind:
        it = await bench(mind)
        before = pools_of(it.device)
        count = len(before) if family == "avalon" else 1  # which forgets none that it has
        wanted = [(f"p{number}.example", "acct") for number in range(count)]
        await it.done(
            K.SET_POOLS,
            pools=[{"url": f"stratum+tcp://{host}:3333", "username": u} for host, u in wanted],
        )
        names = [user.partition(".")[2] for _, user in before]
        kept = next(filter(None, names), it.worker) if family != "dragonmint" else it.worker
        await mind.until(
            lambda: pools_of(it.device) == [(host, f"{u}.{kept}") for host, u in wanted]
        )
        await it.undone(lambda: pools_of(it.device), before)


@in_reactor
async def test_a_power_limit_is_set_and_put_back(tmp_path: Path) -> None:
    models = {"whatsminer": ("M60S_VK40",)}
    async with scene(tmp_path, "127.86.73.0/30", models) as one, one.minded() as mind:
        it = await bench(mind)
        miner = cast(Whatsminer, it.device)
        await it.done(K.SET_POWER, watts=3000.0)
        assert miner.limit == 3000
        await it.undone(lambda: miner.limit, 3600)
        said = await it.told(K.SET_POWER, watts=50_000.0)
        assert said["result"] in {"denied", "failed"}
        assert miner.limit == 3600


@in_reactor
async def test_clock_and_voltage_are_set_and_put_back(tmp_path: Path) -> None:
    models = {"axeos": ("bitaxe-gamma",)}
    async with scene(tmp_path, "127.86.74.0/30", models) as one, one.minded() as mind:
        it = await bench(mind)
        axe = cast(Axe, it.device)
        before = (axe.frequency, axe.millivolts)
        await it.done(K.SET_FREQUENCY, frequency=490.0, voltage=1.1)
        assert (axe.frequency, axe.millivolts) == (490.0, 1100.0)
        await it.undone(lambda: (axe.frequency, axe.millivolts), before)
        assert axe.abused == 0


@in_reactor
async def test_who_has_a_light_shows_where_it_stands(tmp_path: Path) -> None:
    mix: dict[str, tuple[str, ...]] = {}
    for family, model in MODELS:
        mix[family] = (*mix.get(family, ()), model)
    async with scene(tmp_path, "127.86.75.0/28", mix) as one, one.minded() as mind:
        rows = await mind.met(len(MODELS))
        for device in one.farm.devices:
            entry = mind.entry(device.mac)
            said = await mind.order(rows[device.mac]["worker"], "locate", on=True)
            if K.LOCATE not in entry.family.capabilities:
                assert (said["result"], device.mac in said["text"]) == ("denied", True)
            else:
                assert (said["result"] == "done") is (device.model not in UNLIT), said["text"]
                assert lit(device) is (device.model not in UNLIT)


def lit(device: SimDevice) -> bool:
    """Whether its light blinks, as the device itself knows it."""
    if isinstance(device, Axe):
        return device.now() < device.identifying_until
    if isinstance(device, Whatsminer):
        return device.led == "manual"
    if isinstance(device, Avalon):
        return device.led
    return bool(cast(Any, device).blinking)


@in_reactor
async def test_who_is_rebooted_is_back_by_itself_with_a_new_uptime(tmp_path: Path) -> None:
    mix: dict[str, tuple[str, ...]] = {}
    for family, model in MODELS:
        mix[family] = (*mix.get(family, ()), model)
    async with scene(tmp_path, "127.86.76.0/28", mix, speed=FAST) as one, one.minded() as mind:
        rows = await mind.met(len(MODELS))
        await mind.until(lambda: mind.daemon.loops["scan"].counts.runs)
        for device in one.farm.devices:
            said = await mind.order(rows[device.mac]["worker"], "reboot")
            assert said["result"] == "done", said["text"]

        def back(device: SimDevice) -> bool:
            entry = mind.entry(device.mac)
            fresh = entry.reading is not None and (entry.reading.uptime or 1e9) < 600
            return device.present and fresh and not entry.failures

        await mind.until(lambda: all(back(device) for device in one.farm.devices), 40.0)
        confirmed = {one.worker for one in one.events if one.kind is EventKind.REBOOT_CONFIRMED}
        assert confirmed == {row["worker"] for row in rows.values()}
