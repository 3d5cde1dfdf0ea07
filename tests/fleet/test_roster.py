"""Who is known, where, and in what state."""

from __future__ import annotations

from typing import Any

import pytest

from mother.core.model import Address, Credential, Description, State
from mother.core.reading import Board, Reading
from mother.drivers.dragonmint.driver import DragonMint
from mother.fleet.roster import REFUSED, TUNING_UPTIME, Entry, Roster, Sighting
from mother.net.http import Http
from tests.fleet.ether import Ether

NOW = 1_700_000_000.0
HOME, AWAY = Address("10.0.0.1", 80), Address("10.0.0.2", 80)
ether: Any = Ether()
FAMILY = DragonMint(Http(ether), lambda: 5.0)


def entry(mac: str = "a0", worker: str = "dragon-a0", at: Address = HOME) -> Entry:
    device = FAMILY.device(at, Credential("admin", "admin"))
    return Entry(f"home/mac:{mac}", worker, FAMILY, device, Description("dragonmint", mac, "T1"))


def reading(**what: Any) -> Reading:
    return Reading(**{"at": NOW, "uptime": 4000.0, "boards": (Board(0, alive=True),), **what})


def failing(times: int) -> Entry:
    one = entry()
    one.answered(NOW, reading())
    for _ in range(times):
        one.failed(NOW + 60, "silence")
    return one


def test_one_failed_poll_may_be_a_lost_packet_and_two_are_not() -> None:
    assert not failing(1).gone
    assert failing(2).gone


def test_it_is_lost_only_by_several_scans_and_several_polls() -> None:
    for scans, polls, lost in ((3, 2, False), (2, 3, False), (3, 3, True)):
        one = failing(polls)
        one.missed_scans = scans
        assert one.lost is lost


def test_an_answer_makes_up_for_all() -> None:
    one = failing(5)
    one.missed_scans = 5
    one.answered(NOW + 90)
    assert (one.failures, one.missed_scans, one.failing_since) == (0, 0, None)
    assert (one.fault, one.doubtful, one.last_seen) == ("", False, NOW + 90)
    assert one.reading is not None  # the last one, until there is a newer


def test_silence_counts_from_the_first_failure_and_not_from_the_future() -> None:
    one = failing(1)
    one.failed(NOW + 120, "silence")
    assert one.failing_since == NOW + 60
    one.failed(NOW - 3600, "silence")  # the clock was set back
    assert one.failing_since == NOW - 3600


@pytest.mark.parametrize(
    ("what", "state"),
    [
        ({}, State.HASHING),
        ({"asleep": True}, State.ASLEEP),
        ({"tuning": True}, State.TUNING),
        ({"restarting": True, "uptime": None}, State.TUNING),
        ({"uptime": TUNING_UPTIME - 1}, State.TUNING),
        ({"uptime": TUNING_UPTIME}, State.HASHING),
        ({"uptime": None}, State.HASHING),
    ],
)
def test_the_state_is_what_the_reading_says(what: dict[str, Any], state: State) -> None:
    one = entry()
    one.answered(NOW, reading(**what))
    assert one.state() is state


def test_ill_outdoes_tuning_asleep_outdoes_ill_and_gone_outdoes_all() -> None:
    one = entry()
    assert one.state() is State.UNKNOWN
    one.ailments = ("dead",)
    one.answered(NOW, reading(tuning=True))
    assert one.state() is State.ILL
    one.answered(NOW, reading(asleep=True))
    assert one.state() is State.ASLEEP
    one.failed(NOW, "silence")
    one.failed(NOW, "silence")
    assert one.state() is State.GONE


def test_the_start_of_the_system_follows_from_its_uptime() -> None:
    one = entry()
    one.described(Description("dragonmint", "a0", "T1", uptime=3600.0), NOW)
    assert one.system_start == NOW - 3600
    one.described(Description("dragonmint", "a0", "T1"), NOW)
    assert one.system_start is None


def test_no_back_off_lasts_longer_than_the_longest_whatever_the_clock_does() -> None:
    one, sighting = entry(), Sighting(HOME, "dragonmint", "", 1, NOW + 300)
    one.quiet_until = NOW + 300
    for it in (one, sighting):
        assert it.quiet(NOW)
        assert it.quiet(NOW - 1e8)
        assert it.quiet(NOW - 1e8 + REFUSED.most - 1)
        assert not it.quiet(NOW - 1e8 + REFUSED.most)


def test_the_roster_knows_by_id_and_by_address() -> None:
    roster, one = Roster(), entry()
    roster.add(one)
    assert roster.get(one.id) is roster.at(HOME) is one
    assert list(roster) == [one]
    assert len(roster) == 1


def test_who_comes_to_an_address_takes_it_over() -> None:
    roster, one, other = Roster(), entry(), entry("b0", "dragon-b0")
    roster.add(one)
    roster.add(other)
    assert roster.at(HOME) is other
    assert not roster.housed(one)
    roster.vacate(one)  # it has nothing to give up
    assert roster.at(HOME) is other
    roster.move(one, FAMILY.device(AWAY, Credential("", "")))
    assert (roster.at(HOME), roster.at(AWAY)) == (other, one)


def test_who_moves_leaves_its_old_address_free() -> None:
    roster, one = Roster(), entry()
    roster.add(one)
    roster.sightings[AWAY] = Sighting(AWAY, "dragonmint", "", 1, NOW)
    roster.move(one, FAMILY.device(AWAY, Credential("", "")))
    assert roster.at(HOME) is None
    assert roster.housed(one)
    assert not roster.sightings


def test_who_is_given_up_is_counted_until_it_is_back_or_forgotten() -> None:
    roster, one = Roster(), entry()
    roster.add(one)
    roster.remove(one, NOW)
    assert (len(roster), roster.at(HOME), roster.given_up) == (0, None, {one.id: NOW})
    assert one.dismissed
    roster.add(entry())
    assert roster.given_up == {}
    roster.remove(one, NOW)
    roster.forget(one.id)
    assert roster.given_up == {}


def test_a_name_stays_its_bearers_until_that_one_is_forgotten() -> None:
    roster, one = Roster(), entry()
    roster.add(one)
    assert roster.free_worker("dragon-a0", "long", "home/mac:b0") == "long"
    roster.remove(one, NOW)
    assert roster.free_worker("dragon-a0", "long", "home/mac:b0") == "long"
    assert roster.free_worker("dragon-a0", "long", one.id) == "dragon-a0"
    roster.forget(one.id)
    assert roster.free_worker("dragon-a0", "long", "home/mac:b0") == "dragon-a0"


def test_a_name_may_be_kept_for_one_that_is_not_known_yet() -> None:
    roster = Roster()
    roster.reserve("dragon-a0", "home/mac:a0")
    roster.reserve("dragon-a0", "home/mac:b0")
    assert roster.free_worker("dragon-a0", "long", "home/mac:b0") == "long"
    assert roster.free_worker("dragon-a0", "long", "home/mac:a0") == "dragon-a0"
