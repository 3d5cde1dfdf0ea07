"""Families whose yes is all there is: told once, and said to be unconfirmed."""

from __future__ import annotations

from math import inf

from msgspec.structs import replace

from mother.core.model import CommandKind
from mother.drivers.base import Confirm
from mother.schedule.judging import UNSEEN
from mother.schedule.values import Stage
from tests.fleet.toy import CAPABILITIES
from tests.schedule.nursery import SLEEP, WAKE, Nursery

PAUSE, RESUME = CommandKind.PAUSE, CommandKind.RESUME


def blind() -> Nursery:
    """One whose readings say that it is awake, whatever it was told."""
    nursery = Nursery()
    taken = {kind: replace(CAPABILITIES[kind], confirm=Confirm.TAKEN) for kind in (PAUSE, RESUME)}
    nursery.family.capabilities = {**CAPABILITIES, **taken}
    nursery.box.stubborn = True
    return nursery


def test_what_nothing_shows_is_sent_once_and_stays_unconfirmed() -> None:
    nursery = blind()
    nursery.rounds(SLEEP, 3600.0)
    assert nursery.sent == [[PAUSE]]
    standing = nursery.standing
    assert (standing.stage, standing.why, standing.again) == (Stage.UNCONFIRMED, UNSEEN, inf)
    assert nursery.acting.sleeping() == 1


def test_it_is_woken_though_its_readings_say_that_it_is_awake() -> None:
    nursery = blind()
    nursery.rounds(SLEEP, 60.0)
    nursery.box.asleep = True
    nursery.rounds(WAKE, 3600.0)
    assert nursery.sent == [[PAUSE, RESUME]]
    assert nursery.acting.sleeping() == 0
    assert nursery.standing.stage is Stage.UNCONFIRMED


def test_who_was_never_told_to_sleep_is_not_told_to_wake() -> None:
    nursery = blind()
    nursery.rounds(WAKE, 3600.0)
    assert nursery.sent == [[]]
    assert nursery.standing.stage is Stage.CONFIRMED
