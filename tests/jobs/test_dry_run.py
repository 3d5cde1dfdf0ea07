"""A dry run says exactly what the plan lists, once, and writes nothing."""

from __future__ import annotations

from msgspec.structs import replace

from mother.config.model import PoolWish
from mother.core.model import EventKind
from tests.fleet.world import CONFIG, HOUR, SETTINGS, World

POOLS = (
    PoolWish("stratum+tcp://one.example:3333", "ann", "geheim"),
    PoolWish("stratum+tcp://two.example:3333", "ann", "geheim"),
)
WISH = replace(
    SETTINGS,
    health_reboot=False,
    pools=POOLS,
    autotune_mode="efficient",
    auto_upgrade=True,
    firmware_file="/srv/t1_20190101_000000.swu",
    firmware_sha256="0" * 64,
)
CONFIGURED = replace(CONFIG, settings=WISH)


def farm(dry: bool) -> World:
    """A farm with all sorts of differences, some of them none."""
    world = World(config=replace(CONFIGURED, dry_run=dry), miners=12, models={"T1": 2, "T2": 1})
    first, second, third = world.dragons[:3]
    first.pools = None
    second.pools = (second.pools or ())[:1]
    third.autotune.set("efficient", "2")
    return world


def planned(world: World) -> set[tuple[str, str, str, str]]:
    items = world.daemon.desk.plan()["items"]
    return {(one["worker"], one["setting"], one["old"], one["new"]) for one in items}


def told(world: World) -> list[tuple[str, str, str, str]]:
    return [
        (event.worker, *change)
        for event in world.daemon.ear.of(EventKind.WOULD_WRITE)
        for change in event.content["changes"]
    ]


def test_a_dry_run_tells_exactly_what_the_plan_lists_and_writes_nothing() -> None:
    dry, real = farm(dry=True), farm(dry=False)
    for world in (dry, real):
        world.adopted()
        world.do_survey()
    wanted = planned(real)
    assert len({worker for worker, *_ in wanted}) == 12
    assert {setting for _, setting, _, _ in wanted} == {
        "pools[0]",
        "pools[1]",
        "profile",
        "firmware",
    }
    assert planned(dry) == wanted
    dry.daemon.start()
    dry.ether.run(HOUR)
    assert set(told(dry)) == wanted
    assert not dry.writes()


def test_a_dry_run_says_the_same_once_and_again_when_it_has_changed() -> None:
    world = farm(dry=True)
    world.daemon.start()
    world.ether.run(2 * HOUR)
    before = told(world)
    assert len(before) == len(set(before))
    other = replace(WISH, pools=POOLS[:1])
    world.daemon.change(settings=other)
    world.ether.run(HOUR)
    after = told(world)[len(before) :]
    assert {row[1] for row in after} >= {"pools[0]", "pools[1]"}


def test_the_lines_of_a_dry_run_hold_the_change_and_no_password() -> None:
    world = farm(dry=True)
    world.daemon.start()
    world.ether.run(HOUR)
    text = "\n".join(world.daemon.ear.texts(EventKind.WOULD_WRITE))
    worker = world.daemon.entry(world.dragons[0]).worker
    assert (
        f"dry run: would set the pools of {worker} at 127.78.0.1: pools[0]: (none) -> "
        f"stratum+tcp://one.example:3333 as ann.{worker}; pools[1]: (none) -> "
        f"stratum+tcp://two.example:3333 as ann.{worker}"
    ) in text
    assert "geheim" not in text
    assert "geheim" not in repr(world.daemon.ear.events)


def test_a_dry_run_remembers_nothing_as_done() -> None:
    world = farm(dry=True)
    world.daemon.start()
    world.ether.run(HOUR)
    assert all(one.setup.flight is None for one in world.daemon.memory.devices.values())
    assert not any(rollout.flying for rollout in world.daemon.setups.undertaken.rollouts.values())
    world.daemon.change(dry_run=False)
    world.ether.run(12 * HOUR)
    assert not planned(world)
