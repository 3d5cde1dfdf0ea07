"""One daemon minds miners of every family: found, read, told apart, and asked no more than due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mother.control.client import Denied, ask
from mother.core.clock import sleep
from mother.core.model import EventKind
from mother.sim.axeos.state import Axe
from mother.sim.device import SimDevice
from mother.sim.dragonmint.state import Dragon
from mother.sim.families import FAMILIES
from mother.sim.faults import Fault
from mother.sim.whatsminer.state import Whatsminer
from tests.mixed import PORT_MOST, Minded, scene, sleeps
from tests.net.turning import in_reactor, reactor
from tests.terminal.processes import MOTHER, Running, Statsd, free_port, until

SHOWN: dict[str, tuple[str, float]] = {
    "S9": ("S9", 13.5e12),
    "T17": ("T17", 40e12),
    "S19Pro": ("S19 Pro", 110e12),
    "S19jPro": ("S19j Pro", 100e12),
    "S21": ("S21", 200e12),
    "M30S+_VE40": ("M30S+_VE40", 100e12),
    "M30S++_VE40": ("M30S++_VE40", 106e12),
    "M50_VH60": ("M50_VH60", 126e12),
    "M50S_VJ20": ("M50S_VJ20", 130e12),
    "M60S_VK40": ("M60S_VK40", 181e12),
    "M63S_VK30": ("M63S_VK30", 390e12),
    "A1246": ("Avalon 1246", 83.9e12),
    "Q": ("Avalon Q", 55e12),
    "bitaxe-max": ("Bitaxe Max", 286e9),
    "bitaxe-ultra": ("Bitaxe Ultra", 434e9),
    "bitaxe-supra": ("Bitaxe Supra", 625e9),
    "bitaxe-gamma": ("Bitaxe Gamma", 1071e9),
    "bitaxe-gt": ("Bitaxe GT", 2142e9),
    "bitaxe-supra-hex": ("Bitaxe Supra Hex", 3751e9),
    "T1": ("T1", 16e12),
}
"""What a person is shown of each model that can be simulated, and its nominal H/s."""

TREMBLES = {"axeos": 0.13}
"""How far a healthy one may be from its nominal rate: a Bitaxe tells five seconds of one chip."""

MIX = {
    "antminer": ("S19Pro", "S21"),
    "whatsminer": ("M50_VH60", "M60S_VK40"),
    "avalon": ("A1246", "Q"),
    "axeos": ("bitaxe-gamma", "bitaxe-supra"),
    "dragonmint": ("T1",),
}

OF_ITS_OWN: dict[str, tuple[tuple[int, str], ...]] = {
    "antminer": ((80, "/cgi-bin/"), (4028, '"version"'), (4028, '"stats"'), (4028, '"pools"')),
    "whatsminer": ((4028, '{"cmd":'), (4433, '{"cmd":')),
    "avalon": tuple((4028, f'"{one}"') for one in ("version", "check", "pools", "litestats",
                                                   "stats", "summary")),
    "axeos": ((80, "/api/system/"),),
    "dragonmint": ((80, "GET /"), (80, "POST /api/")),
}  # fmt: skip
"""What each is asked by its own family's driver: trade port, and words of the question."""


def every_model() -> dict[str, tuple[str, ...]]:
    models = {name: tuple(import_module(one.package).MODELS) for name, one in FAMILIES.items()}
    return {**models, "dragonmint": ("T1",)}


def strange(family: str, said: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Questions that are none of its family's."""
    own = OF_ITS_OWN[family]
    return [(port, q) for port, q in said if not any(port == p and w in q for p, w in own)]


@in_reactor
async def test_every_model_of_every_family_is_found_for_what_it_is(tmp_path: Path) -> None:
    models = every_model()
    async with scene(tmp_path, "127.86.60.0/27", models) as one, one.minded() as mind:
        rows = await mind.met(sum(map(len, models.values())))
        assert {name for each in models.values() for name in each} == SHOWN.keys()
        assert rows.keys() == {device.mac for device in one.farm.devices}
        for device in one.farm.devices:
            row, (shown, rate) = rows[device.mac], SHOWN[device.model]
            assert (row["family"], row["model"]) == (device.family, shown)
            assert row["address"]["host"] == device.host
            assert row["hashrate"] == pytest.approx(rate, rel=TREMBLES.get(device.family, 0.1))
            assert row["expected_hashrate"] == pytest.approx(rate, rel=0.01)
            assert row["state"] == "hashing"
        assert not mind.daemon.roster.sightings


@in_reactor
async def test_the_figures_of_each_reach_statsd(tmp_path: Path) -> None:
    with Statsd() as statsd:
        async with scene(tmp_path, "127.86.61.0/28", MIX) as one, one.minded(*statsd.options) as m:
            rows = await m.met(9)
            for row in rows.values():
                family, name = row["family"], row["worker"]
                await m.until(partial(values, statsd, name, "hashrate"))
                assert values(statsd, name, "hashrate")[0] == pytest.approx(
                    row["expected_hashrate"], rel=TREMBLES.get(family, 0.15)
                )
                assert set(values(statsd, name, "reachable")) == {1.0}
                assert values(statsd, name, "boards_alive")[0] == row["boards_alive"] > 0
                assert values(statsd, name, "uptime")[0] > 60


def values(statsd: Statsd, worker: str, what: str) -> list[float]:
    """What was sent of that figure."""
    stem = f"dragons.miner.{worker}.{what}:"
    lines = [line for line in statsd.lines if line.startswith(stem) and line.endswith("|g")]
    return [float(line.removeprefix(stem).removesuffix("|g")) for line in lines]


@in_reactor
async def test_a_closed_whatsminer_is_only_read_and_says_what_opens_it(tmp_path: Path) -> None:
    async with scene(tmp_path, "127.86.62.0/28", {"whatsminer": ("M60S_VK40",)}) as one:
        miner = shut(one.farm.devices[0])
        async with one.minded() as mind:
            row = (await mind.met(1))[miner.mac]
            assert row["hashrate"] > 1e14
            assert opens(row["findings"])
            [item] = (await mind.ask("covered", scope=row["worker"], kind="pause"))["miners"]
            assert opens([item["cannot"]])
            said = await mind.order(row["worker"], "pause")
            assert (said["result"], opens([said["text"]])) == ("denied", True)
            assert (miner.off, list(miner.writes)) == (False, [])
            miner.access.open = True
            await mind.scanned()
            assert not opens((await mind.rows())[miner.mac]["findings"])
            said = await mind.order(row["worker"], "pause")
            assert (said["result"], miner.off) == ("done", True)


@in_reactor
async def test_an_older_one_shows_that_it_is_closed_at_the_first_order(tmp_path: Path) -> None:
    """Nothing that it can be asked tells so before."""
    async with scene(tmp_path, "127.86.62.16/28", {"whatsminer": ("M50_VH60",)}) as one:
        miner = shut(one.farm.devices[0])
        async with one.minded() as mind:
            row = (await mind.met(1))[miner.mac]
            said = await mind.order(row["worker"], "pause")
            assert (said["result"], opens([said["text"]])) == ("failed", True)
            assert (miner.off, list(miner.writes)) == (False, [])
            await mind.scanned()
            row = (await mind.rows())[miner.mac]
            assert (row["state"], opens(row["findings"])) == ("hashing", True)


def shut(device: SimDevice) -> Whatsminer:
    """Its owner has not opened it to writes."""
    assert isinstance(device, Whatsminer)
    device.access.open = False
    return device


def opens(sentences: list[str]) -> bool:
    """Whether the step is told that opens it."""
    return any("enable the API switch" in one for one in sentences)


@in_reactor
async def test_a_wrong_login_is_a_sighting_that_is_left_in_peace(tmp_path: Path) -> None:
    models = {"antminer": ("S19Pro",), "dragonmint": ("T1",)}
    async with scene(tmp_path, "127.86.63.0/28", models, speed=40.0) as one:
        for device in one.farm.devices:
            device.fault = Fault.WRONG_PASSWORD
        async with one.minded() as mind:
            await mind.until(lambda: len(mind.daemon.roster.sightings) == 2)
            await mind.until(lambda: all(s.reason for s in mind.daemon.roster.sightings.values()))
            seen = (await mind.ask("status"))["unidentified"]
            assert [each["family"] for each in seen] == [d.family for d in one.farm.devices]
            assert all("refuses all" in each["reason"] for each in seen)
            asked = {mac: Counter(said) for mac, said in one.said.items()}
            await mind.scanned()
            await mind.scanned()
            assert one.said == asked
            assert not mind.read()
            for device in one.farm.devices:
                device.fault = Fault.NONE
            await mind.met(2, 40.0)  # after the first back-off, five minutes of the farm's
            assert not mind.daemon.roster.sightings


@in_reactor
async def test_addresses_dealt_anew_within_and_across_families_mislead_nobody(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path, "127.86.64.0/28", MIX) as one, one.minded() as mind:
        before = await mind.met(9)
        homes = {device.mac: device.host for device in one.farm.devices}
        one.farm.deal_addresses_anew()  # of two each, one comes where another family was
        assert all(homes[device.mac] != device.host for device in one.farm.devices)
        told = {
            device.mac: await order_or_not(mind, before[device.mac]["worker"], "pause")
            for device in one.farm.devices
        }
        await mind.until(lambda: all(at_home(mind, device) for device in one.farm.devices), 60.0)
        after = await mind.rows()
        assert {mac: row["worker"] for mac, row in after.items()} == {
            mac: row["worker"] for mac, row in before.items()
        }
        done = {mac for mac, result in told.items() if result == "done"}
        assert {d.mac for d in one.farm.devices if sleeps(d)} == done
        assert all(not d.writes for d in one.farm.devices if isinstance(d, Dragon))
        moved = [event for event in one.events if event.kind is EventKind.MOVED]
        assert {event.worker for event in moved} == {row["worker"] for row in before.values()}
        assert not [event for event in one.events if event.kind is EventKind.CONFLICT]


async def order_or_not(mind: Minded, worker: str, kind: str) -> str:
    """How an order ends."""
    try:
        result: str = (await mind.order(worker, kind))["result"]
    except Denied:
        return "denied"
    return result


def at_home(mind: Minded, device: SimDevice) -> bool:
    """Whether it is believed to be where it is, and answers."""
    entry = next((one for one in mind.daemon.roster if one.mac == device.mac), None)
    return entry is not None and entry.address.host == device.host and not entry.failures


@in_reactor
async def test_after_a_restart_nobody_is_asked_by_another_family(tmp_path: Path) -> None:
    async with scene(tmp_path, "127.86.65.0/28", MIX) as one:
        async with one.minded() as mind:
            await mind.met(9)
        first = {device.mac: Counter(one.said[device.mac]) for device in one.farm.devices}
        for said in one.said.values():
            said.clear()
        async with one.minded() as mind:
            await mind.met(9)
            await mind.scanned()
            await mind.scanned()
        for device in one.farm.devices:
            assert strange(device.family, one.said[device.mac]) == []
        asked_around = [d for d in one.farm.devices if strange(d.family, first[d.mac])]
        assert {d.family for d in asked_around} == {"antminer", "whatsminer", "axeos"}


@in_reactor
async def test_an_axeos_is_read_every_half_minute_at_most(tmp_path: Path) -> None:
    models = {"axeos": ("bitaxe-gamma", "bitaxe-supra"), "antminer": ("S21",)}
    async with scene(tmp_path, "127.86.66.0/28", models) as one, one.minded() as mind:
        rows = await mind.met(3)
        await sleep(reactor, 9.0)  # 135 s of theirs
        for device in one.farm.devices:
            worker, reads = rows[device.mac]["worker"], one.reads[device.mac]
            gaps = [later - sooner for sooner, later in pairwise(reads)]
            assert len(gaps) >= 3, worker
            if isinstance(device, Axe):
                assert device.abused == 0
                assert min(gaps) > 26.0
            else:
                assert min(gaps) < 15.0


def test_a_mixed_farm_is_minded_by_the_printed_command(tmp_path: Path) -> None:
    """Two programs that share nothing but the loopback: `mother simulate` and `mother run`."""
    port = 10_000 + free_port() % PORT_MOST
    mix = ",".join(f"{name}=2" for name in FAMILIES)
    words = (f"--mix={mix}", "--network=127.86.67.0/28", f"--port={port}")
    with (
        Running(*MOTHER, "simulate", *words, cwd=tmp_path, name="farm") as farm,
        Statsd() as statsd,
    ):
        farm.said("^ready$")
        lines = [line.split() for line in farm.out.splitlines()]
        served = {line[2]: line for line in lines if len(line) > 3 and line[1] in FAMILIES}
        [printed] = [line for line in farm.out.splitlines() if " run " in line]
        options = [*printed.partition(" run ")[2].split(), *statsd.options, "--statsd-interval=1"]
        with Running(*MOTHER, "run", *options, cwd=tmp_path, name="daemon") as daemon:
            daemon.said("found at", times=10)
            rows = until(lambda: all_read(tmp_path, 10), 15.0, lambda: daemon.log)
            assert {row["mac"] for row in rows} == served.keys()
            for row in rows:
                where, family, _, fault = served[row["mac"]][:4]
                assert (row["family"], fault) == (family, "none")
                assert where.startswith(row["address"]["host"] + ":")
                statsd.got(rf"^dragons\.miner\.{row['worker']}\.hashrate:[\d.e+]+\|g")
            assert daemon.end() == 0
        assert "Traceback" not in daemon.log + farm.log


def all_read(folder: Path, count: int) -> list[dict[str, Any]]:
    """The miners of the status, once so many hash."""
    rows: list[dict[str, Any]] = ask(folder / "mother.sock", "status")["miners"]
    return rows if len([row for row in rows if row["hashrate"]]) == count else []
