"""The schedule over a served farm of many families: curtailed, woken, and never forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from mother.core.model import EventKind
from mother.core.reading import Mode
from tests.mixed import Minded, scene, sleeps
from tests.net.turning import in_reactor

MODELS = {
    "antminer": ("S19Pro", "S21"),
    "whatsminer": ("M30S++_VE40", "M50_VH60"),
    "avalon": ("A1246",),
    "dragonmint": ("T1",),
}
MINERS = 6
SLEEPERS = 5
"""All but the DragonMint, which cannot."""

FAST = 25.0


async def hastened(mind: Minded, count: int = MINERS) -> None:
    """Let the farm wake at once, and decide often; returns when the schedule has seen so many."""
    config = mind.daemon.config
    schedule = replace(config.schedule, interval=2.0, resume_percent=0.0, min_off=0.0, min_on=0.0)
    mind.daemon.config = replace(config, schedule=schedule)
    await mind.until(lambda: len(mind.daemon.schedule.job.decide().rated) == count)


def asleep(mind: Minded) -> list[str]:
    """As the devices know it."""
    return [one.mac for one in mind.scene.farm.devices if sleeps(one)]


async def curtail(mind: Minded, **terms: Any) -> dict[str, Any]:
    return await mind.ask("curtail", by="ann", **terms)


async def confirmed(mind: Minded, order: str, count: int) -> None:
    """Wait until so many have done it, by what devices say."""

    def so() -> bool:
        done = mind.daemon.schedule.telling.progress(order).stages.get("confirmed", 0)
        return done == count and len(asleep(mind)) == count

    await mind.until(so, 60.0)


@in_reactor
async def test_all_that_can_sleep_do_and_wake_when_it_is_over(tmp_path: Path) -> None:
    async with scene(tmp_path, "127.86.90.0/28", MODELS, speed=FAST) as one, one.minded() as mind:
        await mind.met(MINERS, 40.0)
        await hastened(mind)
        answer = await curtail(mind, all=True, why="grid event", key="e1")
        order = answer["order"]["id"]
        assert answer["preview"]["miners"] == MINERS
        assert len(answer["preview"]["touched"]) == SLEEPERS
        await confirmed(mind, order, SLEEPERS)
        rows = await mind.rows()
        said = [row["limits"] for row in rows.values() if row["state"] == "asleep"]
        assert len(said) == SLEEPERS
        assert all("curtailed by ann: grid event" in limits[0] for limits in said)
        assert not [row for row in rows.values() if row["state"] == "ill"]
        again = await curtail(mind, all=True, why="grid event", key="e1")
        assert not again["new"]

        ended = await mind.ask("resume", order=order, by="ann")
        assert [row["id"] for row in ended["orders"]] == [order]
        await mind.until(lambda: not asleep(mind), 60.0)
        await mind.until(lambda: not mind.daemon.schedule.journal.sleepers, 60.0)
    pauses = [one for one in mind.scene.events if one.kind is EventKind.PAUSED]
    assert len(pauses) == SLEEPERS


@in_reactor
async def test_who_was_put_to_sleep_is_known_after_a_crash_and_woken(tmp_path: Path) -> None:
    async with scene(tmp_path, "127.86.91.0/28", MODELS, speed=FAST) as one:
        async with one.minded() as mind:
            await mind.met(MINERS, 40.0)
            await hastened(mind)
            answer = await curtail(mind, all=True)
            await confirmed(mind, answer["order"]["id"], SLEEPERS)
        state = json.loads((tmp_path / "mother-state.json").read_text())
        assert state["undertaken"]["curtailments"]
        async with one.minded() as mind:
            await mind.met(MINERS, 40.0)
            await hastened(mind)
            assert mind.daemon.schedule.telling.sleeping() == SLEEPERS
            assert len(asleep(mind)) == SLEEPERS
            await mind.ask("resume", order="all", by="ann")
            await mind.until(lambda: not asleep(mind), 60.0)


@in_reactor
async def test_a_miner_that_somebody_else_put_to_sleep_is_left_asleep(tmp_path: Path) -> None:
    models = {"whatsminer": ("M30S++_VE40",), "antminer": ("S19Pro",)}
    async with scene(tmp_path, "127.86.92.0/29", models, speed=FAST) as one, one.minded() as mind:
        rows = await mind.met(2, 40.0)
        mac = next(one.mac for one in mind.scene.farm.devices if one.mac in rows)
        await mind.order(rows[mac]["worker"], "pause")
        await hastened(mind, 2)
        answer = await curtail(mind, all=True)
        await mind.until(lambda: len(asleep(mind)) == 2, 60.0)
        await mind.ask("resume", order=answer["order"]["id"], by="ann")
        await mind.until(lambda: len(asleep(mind)) == 1, 60.0)
        assert asleep(mind) == [mac]


@in_reactor
async def test_a_cap_puts_to_sleep_only_as_many_as_it_must(tmp_path: Path) -> None:
    models = {"antminer": ("S19Pro", "S21", "S19Pro", "S21")}
    async with scene(tmp_path, "127.86.93.0/28", models, speed=FAST) as one, one.minded() as mind:
        await mind.met(4, 40.0)
        await hastened(mind, 4)
        telling = mind.daemon.schedule.telling
        await mind.until(lambda: telling.draws("all") > 10e3)
        before = telling.draws("all")
        answer = await curtail(mind, share=0.3)
        assert 0 < len(answer["preview"]["touched"]) < 4
        await mind.until(lambda: telling.draws("all") <= 0.71 * before, 60.0)
        left = [one for one in mind.daemon.roster if one.wanted is not Mode.SLEEP]
        assert {entry.model for entry in left} >= {"S21"}, "the efficient ones go on"
