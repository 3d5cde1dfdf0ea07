"""How far an order is, as those are told who watch it."""

from __future__ import annotations

from msgspec.structs import replace

from mother.core.errors import Unsupported
from mother.core.model import CommandKind
from mother.core.reading import Mode, Reading
from mother.drivers.base import Confirm
from mother.schedule.judging import BY_HAND, UNSEEN
from mother.schedule.orders import Unconfirmed
from mother.schedule.progress import towards
from mother.schedule.values import Order, Stage, Standing, Verdict
from tests.fleet.toy import CAPABILITIES
from tests.schedule.test_job import Site, order

PAUSE, RESUME = CommandKind.PAUSE, CommandKind.RESUME


def given(site: Site, **terms: object) -> Order:
    known, _ = site.built.book.give(replace(order(**terms), at=site.nursery.daemon.now()))
    return known


def test_what_was_done_for_an_earlier_verdict_is_no_part_of_an_order() -> None:
    site = Site()
    site.rounds(2)
    assert {one.stage.value for one in site.built.acting.standings.values()} == {"confirmed"}
    site.nursery.ether.run(10.0)
    mine = given(site, all_=True)
    assert site.built.telling.progress(mine.id).stages == {"pending": 2}
    site.rounds(2)
    assert site.built.telling.progress(mine.id).stages == {"confirmed": 2}


def test_a_lower_cap_than_before_is_not_done_because_the_higher_one_was() -> None:
    low = Verdict(Mode.ACTIVE, power_target=700.0)
    high = Standing(Stage.CONFIRMED, Mode.ACTIVE, power_target=900.0, since=100.0)
    assert towards(low, high, began=200.0).stage is Stage.PENDING
    assert towards(low, high, began=50.0) is high, "a cap that is filled anew in each round"


def test_the_time_to_95_percent_is_that_of_the_miners_and_not_of_the_watts() -> None:
    site = Site()
    site.nursery.box.deaf_to_orders = Unsupported("this generation is only read")
    mine = given(site, all_=True)
    site.rounds(3)
    (report,) = site.built.reports.all()
    assert report.reached is None, "one of two cannot sleep"
    assert site.built.telling.progress(mine.id).reached == report.confirmed_after is not None


def test_those_whose_yes_is_all_there_is_are_counted_apart_and_not_named() -> None:
    site = Site()
    taken = {kind: replace(CAPABILITIES[kind], confirm=Confirm.TAKEN) for kind in (PAUSE, RESUME)}
    site.nursery.family.capabilities = {**CAPABILITIES, **taken}
    mine = given(site, all_=True)
    site.rounds(3)
    told = site.built.telling.progress(mine.id)
    assert (told.stages, told.taken, told.unconfirmed) == ({"unconfirmed": 2}, 2, ())
    assert {one.why for one in site.built.acting.standings.values()} == {UNSEEN}


def test_who_is_left_out_is_named_with_the_reason() -> None:
    site = Site(count=1)
    mine = given(site, all_=True)
    site.rounds(2)
    site.nursery.by_hand(RESUME)
    site.rounds(3)
    told = site.built.telling.progress(mine.id)
    assert told.stages == {"skipped": 1}
    assert told.unconfirmed == (Unconfirmed(site.nursery.entry.worker, BY_HAND),)


def test_who_refuses_is_counted_with_the_reason_and_not_forgotten() -> None:
    site = Site()
    site.nursery.box.deaf_to_orders = Unsupported("this generation is only read")
    mine = given(site, all_=True)
    site.rounds(3)
    told = site.built.telling.progress(mine.id)
    assert (told.total, told.left_out) == (1, {"its firmware cannot sleep": 1})


def test_what_keeps_the_pending_from_their_turn_is_told() -> None:
    site = Site()
    site.rounds()
    site.paper.full = OSError(28, "No space left on device")
    mine = given(site, all_=True)
    site.rounds()
    told = site.built.telling.progress(mine.id)
    assert (told.stages, told.stuck, len(told.unconfirmed)) == ({"pending": 2}, 2, 2)
    assert "No space left on device" in told.unconfirmed[0].why


def test_who_draws_nobody_knows_what_is_no_more_power_asleep() -> None:
    site = Site()
    site.nursery.family.nameplate = lambda model: None  # type: ignore[method-assign]  # of no maker
    for box in site.nursery.boxes:
        box.settings = replace(box.settings, power_target=None)
    for entry in site.nursery.entries:
        entry.answered(site.nursery.daemon.now(), Reading(at=site.nursery.daemon.now()))
    shown = site.built.telling.preview(order(all_=True))
    assert len(shown.touched) == 2
    assert (shown.before, shown.after) == (0.0, 0.0)
    assert [one.then for one in shown.touched] == [0.0, 0.0]
