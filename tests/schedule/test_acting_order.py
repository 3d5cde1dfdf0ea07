"""Who begins first, and how many at once: the ramp, the width, efficiency and emergencies."""

from __future__ import annotations

from msgspec.structs import replace

from mother.config.schedule import Ramp
from mother.core.errors import Unreachable
from mother.core.model import CommandKind
from mother.schedule.values import Ruling, Unit
from tests.fleet.toy import CAPABILITIES
from tests.schedule.nursery import PLAIN, SLEEP, WAKE, Nursery

PAUSE, RESUME = CommandKind.PAUSE, CommandKind.RESUME


def test_batches_begin_their_gap_apart_between_two_rounds() -> None:
    nursery = Nursery(6, replace(PLAIN, down=Ramp(batch=2, gap=4.0)))
    nursery.pursue(SLEEP)
    seen = []
    for _ in range(3):
        nursery.run(0.5)
        seen.append(sum(box.asleep or bool(box.sent) for box in nursery.boxes))
        nursery.run(3.6)
    assert seen == [2, 4, 6]


def test_an_emergency_waits_neither_for_the_ramp_nor_for_the_next_try() -> None:
    nursery = Nursery(6, replace(PLAIN, down=Ramp(batch=1, gap=600.0)))
    nursery.box.deaf_to_orders = Unreachable("no")
    nursery.pursue(SLEEP)
    nursery.run(10.0)
    assert nursery.standing.tries == 1
    nursery.box.deaf_to_orders = None
    nursery.pursue(replace(SLEEP, at_once=True))
    nursery.run(1.0)
    assert nursery.sent == [[PAUSE]] * 6


def test_a_share_of_the_farm_wakes_in_a_minute_even_over_a_restart() -> None:
    nursery = Nursery(40)
    nursery.pursue(SLEEP)
    nursery.run(10.0)
    nursery.schedule = replace(PLAIN, resume_percent=5.0)
    nursery.pursue(WAKE)
    nursery.run(50.0)
    assert nursery.acting.sleeping() == 38
    nursery.kill()
    nursery.start()
    nursery.pursue(WAKE)
    nursery.run(5.0)
    assert nursery.acting.sleeping() == 38
    nursery.run(10.0)
    assert nursery.acting.sleeping() == 36


def test_no_more_orders_are_on_their_way_than_may_be() -> None:
    nursery = Nursery(20)
    nursery.kill()
    nursery.width = 5
    nursery.start()
    nursery.hand.slow = True
    nursery.pursue(SLEEP)
    assert nursery.acting.flying == 5
    for box in nursery.boxes:
        box.slow = 30.0
    for _ in range(50):
        nursery.hand.work()
        nursery.run(0.1)
    assert nursery.sent == [[PAUSE]] * 20  # who only waits for a device to obey is not counted
    assert nursery.acting.flying == 20


def test_the_least_efficient_go_off_first_and_the_most_efficient_on_first() -> None:
    nursery = Nursery(3, replace(PLAIN, down=Ramp(batch=1, gap=10.0), up=Ramp(batch=1, gap=10.0)))
    ids = [entry.id for entry in nursery.entries]
    units = [
        Unit(one, efficiency=joules) for one, joules in zip(ids, (20.0, 40.0, 30.0), strict=True)
    ]
    for verdict, first, second in ((SLEEP, 1, 2), (WAKE, 0, 2)):
        nursery.acting.pursue(Ruling(dict.fromkeys(ids, verdict)), nursery.daemon.now(), units)
        kind = PAUSE if verdict is SLEEP else RESUME
        nursery.run(2.0)
        assert [n for n, box in enumerate(nursery.boxes) if kind in box.sent] == [first]
        nursery.run(10.0)
        assert {first, second} == {n for n, box in enumerate(nursery.boxes) if kind in box.sent}
        nursery.run(60.0)
        nursery.poll()


def test_slow_families_begin_first_where_nothing_limits_the_ramp() -> None:
    nursery = Nursery(2)
    slow = type(nursery.family)("sloth")
    pause = replace(CAPABILITIES[PAUSE], within=300.0)
    slow.capabilities = {**CAPABILITIES, PAUSE: pause}
    nursery.entries[1].family = slow
    nursery.kill()
    nursery.width = 1
    nursery.start()
    nursery.entries[1].family = slow
    nursery.hand.slow = True
    nursery.pursue(SLEEP)
    assert nursery.acting.flying == 1
    nursery.hand.write()
    assert nursery.path.read_text().count("toy-1") == 1
