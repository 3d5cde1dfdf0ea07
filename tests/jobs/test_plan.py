"""What differs between wish and farm, and the words for it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mother.config.model import PoolWish, Waves
from mother.core.bus import Bus
from mother.core.model import EventKind, Severity
from mother.fleet.desired import Aspect
from mother.fleet.roster import Entry
from mother.fleet.scope import ALL, Scope
from mother.fleet.undertaken import Flight
from mother.jobs.plan import NEWS, News
from tests.fleet.world import CONFIG, SETTINGS, World

POOLS = (PoolWish("stratum+tcp://one.example:3333", "ann", "geheim"),)
WISH = replace(SETTINGS, health_reboot=False, pools=POOLS, autotune_mode="efficient")


def farm(miners: int = 1, waves: Waves = Waves(), **what: Any) -> World:  # noqa: B008  # frozen
    """All are adopted and were asked; no loop runs."""
    config = replace(CONFIG, settings=replace(WISH, **what), waves=waves)
    world = World(config=config, miners=miners)
    world.adopted()
    world.do_survey()
    return world


def all_of(world: World) -> list[Entry]:
    return [world.daemon.entry(dragon) for dragon in world.dragons]


def aspect(world: World, entry: Entry, place: int = 0) -> Aspect:
    return world.daemon.survey.aspects(entry)[place]


def status(world: World, entry: Entry, place: int = 0) -> tuple[str, str]:
    return world.daemon.planner.status(entry, aspect(world, entry, place))


def proved(world: World) -> None:
    for place in (0, 1):
        world.daemon.flights.prove(aspect(world, all_of(world)[0], place))


def test_a_plan_is_of_the_miners_of_its_scope_by_name() -> None:
    world = farm(5)
    plan = world.daemon.planner.plan(Scope(ALL))
    workers = list(dict.fromkeys(item.worker for item in plan.items))
    assert workers == sorted(entry.worker for entry in all_of(world))
    one = world.daemon.planner.plan(Scope("127.78.0.3"))
    assert {item.address for item in one.items} == {"127.78.0.3"}
    assert (one.miners, one.restarts) == (1, 1)


def test_a_plan_asks_no_device() -> None:
    world = farm()
    asked = world.dragon.requests.total()
    world.daemon.planner.plan(Scope(ALL))
    assert world.dragon.requests.total() == asked


def test_who_sleeps_is_left_alone_until_it_is_awake() -> None:
    world = farm()
    (entry,) = all_of(world)
    assert world.daemon.poll(entry)
    assert entry.reading is not None
    assert world.daemon.configure.may_visit(entry)
    entry.reading = replace(entry.reading, asleep=True)
    assert not world.daemon.configure.may_visit(entry)
    assert status(world, entry) == ("held", "it sleeps, and gets that once it is awake")
    assert world.daemon.planner.progress(()).settled


def test_a_change_that_is_under_way_says_so_and_the_other_one_does_not() -> None:
    world = farm()
    (entry,) = all_of(world)
    pools = aspect(world, entry)
    world.daemon.setups.keep(entry.id, flight=Flight(world.daemon.now(), (pools.key,)))
    assert status(world, entry) == ("under way", "")
    assert status(world, entry, 1)[0] != "under way"


def test_what_keeps_a_miner_is_named_before_what_keeps_everybody() -> None:
    world = farm(2)
    one, two = all_of(world)
    key = aspect(world, one).key
    world.daemon.flights.launch(two, (aspect(world, two),), "")
    assert status(world, one) == ("waiting", "one miner tries it first")
    later = world.daemon.now() + 600
    world.daemon.setups.keep(one.id, failures=1, retry_at=later, why="it was busy")
    assert status(world, one)[0] == "backing off"
    one.claimants[two.address] = 0
    assert status(world, one)[0] == "disputed"
    one.failed(world.daemon.now(), "away")
    assert status(world, one) == ("waiting", "it does not answer now")
    world.daemon.flights.crash(two.id, (key,), "it does not hash")
    assert status(world, one)[0] == "stopped"
    world.daemon.setups.keep(one.id, left_alone=(key,))
    assert status(world, one) == ("undone", f"`mother apply {one.worker}` sets it again")
    world.daemon.desk.hold("all", None, "fans", "ann")
    assert status(world, one) == ("held", "held until released by ann: fans")


def test_whoever_finds_no_room_in_the_wave_waits_for_the_one_before() -> None:
    world = farm(3, Waves(percent=0.0, least=1))
    one, two, _ = all_of(world)
    proved(world)
    assert status(world, two) == ("ready", "")
    world.daemon.flights.launch(one, (aspect(world, one),), "")
    assert status(world, two) == ("waiting", "for the wave before it")


def test_whoever_finds_no_place_to_restart_waits() -> None:
    world = farm(3, Waves(restarts_at_once=1))
    one, two, _ = all_of(world)
    proved(world)
    reboot = world.daemon.order(one)
    world.daemon.setups.writing(one, reboot, None)
    assert status(world, two) == ("waiting", "for the wave before it")


def test_a_miner_that_restarts_by_an_order_of_ours_waits_for_that() -> None:
    world = farm(2)
    one, _ = all_of(world)
    proved(world)
    world.daemon.setups.writing(one, world.daemon.order(one), None)
    world.ether.run(120.0)
    assert status(world, one) == ("waiting", "it restarts, ordered 2 min ago")


def test_in_a_dry_run_everything_is_ready_that_is_not_held_or_hindered() -> None:
    world = farm(2)
    one, two = all_of(world)
    world.daemon.flights.launch(one, (aspect(world, one),), "")
    world.daemon.change(dry_run=True)
    assert status(world, two) == ("ready", "")
    world.daemon.desk.hold("all", None, "fans", "ann")
    assert status(world, two)[0] == "held"


@pytest.mark.parametrize(
    ("setup", "word"),
    [
        ({}, "pools[0], pools[1], profile not as wished: ready"),
        ({"undoing": "ann"}, "our last write is being undone"),
        ({"flight": Flight(0.0, ("x",))}, "was configured, must hash again"),
    ],
)
def test_a_miner_has_one_line_about_its_configuration(setup: dict[str, Any], word: str) -> None:
    world = farm()
    (entry,) = all_of(world)
    world.daemon.setups.keep(entry.id, **setup)
    assert world.daemon.planner.word(entry) == word


def test_a_miner_without_wishes_has_no_line() -> None:
    world = farm(pools=(), autotune_mode=None)
    assert world.daemon.planner.word(all_of(world)[0]) == ""


def test_who_is_undone_as_a_person_wants_it_counts_as_reached() -> None:
    world = farm()
    (entry,) = all_of(world)
    keys = tuple(one.key for one in world.daemon.survey.aspects(entry))
    world.daemon.setups.keep(entry.id, left_alone=keys)
    assert world.daemon.planner.progress(()).reached == 1
    world.daemon.setups.keep(entry.id, left_alone=keys[:1])
    assert world.daemon.planner.progress(()).to_do == 1


def test_a_farm_is_not_settled_while_something_is_to_be_undone() -> None:
    world = farm(pools=(), autotune_mode=None)
    (entry,) = all_of(world)
    assert world.daemon.planner.progress(()).settled
    world.daemon.setups.keep(entry.id, undoing="ann")
    progress = world.daemon.planner.progress(())
    assert (progress.undoing, progress.settled) == (1, False)


def hear(news: News, kind: EventKind, text: str, **content: Any) -> None:
    bus = Bus("home", lambda: 0.0, lambda: "1")
    bus.add(news)
    bus.tell(kind, Severity.INFO, text, content=content)


@pytest.mark.parametrize("kind", EventKind)
def test_news_are_of_configuring_alone(kind: EventKind) -> None:
    news = News()
    hear(news, kind, "it happened")
    assert news.last() == (("it happened",) if kind in NEWS else ())


def test_what_is_told_again_and_again_is_news_once() -> None:
    news = News()
    hear(news, EventKind.WISH_FAILED, "first", first=True)
    hear(news, EventKind.WISH_FAILED, "again", first=False)
    hear(news, EventKind.WISH_FAILED, "plain")
    assert news.last() == ("first", "plain")


def test_only_the_last_news_are_kept() -> None:
    news = News(most=3)
    for number in range(5):
        hear(news, EventKind.UNDONE, str(number))
    assert news.last() == ("2", "3", "4")


def test_who_was_met_only_once_before_a_kill_is_reported_as_missing() -> None:
    world = farm(2)
    gone = all_of(world)[1]
    world.daemon.memory.save()
    world.dragons[1].vanish()
    world.daemon = world.another(world.daemon.config)
    world.daemon.scan_once()
    missing = world.daemon.desk.plan()["unread"][-1]
    assert missing["worker"] == gone.worker
    assert missing["why"] == "it is not here; last seen 0 s ago"
