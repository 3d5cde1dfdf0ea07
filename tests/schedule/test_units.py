"""What each device draws, could draw and draws asleep, by whose word; and whom a Reach means."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mother.config.subject import ANY, Group, Reach
from mother.core.model import Settings
from mother.core.reading import Word
from mother.fleet.remembered import Place
from mother.fleet.roster import Entry
from mother.schedule.units import (
    History,
    Keys,
    Membership,
    Power,
    Rated,
    Units,
    keys_of,
)
from tests.fleet.world import CONFIG
from tests.schedule.herds import ANTMINER, DRAGON, asleep, hashing, miner, roster_of

GROUPS = replace(CONFIG, groups=(Group("hall", networks=("127.78.0.0/29",)),))
HALL = Reach(groups=("hall",))


def one(entry: Entry, units: Units | None = None, **more: Power) -> Rated:
    """This one alone; `meter` is its own."""
    metered = {entry.id: more["meter"]} if more else {}
    return (units or Units()).of([entry], metered)[entry.id]


def told(power: Power) -> tuple[float, str]:
    return power.watts, power.source


# whose word counts


def test_a_meter_goes_before_the_miner_and_the_miner_before_its_nameplate() -> None:
    entry = hashing(miner(1))
    assert told(one(entry).draws) == (3300.0, "measured")
    assert told(one(entry, meter=Power(3500.0, "pdu", 0.01)).draws) == (3500.0, "pdu")
    hashing(entry, power_source="reported")
    assert told(one(entry).draws) == (3300.0, "reported")
    hashing(entry, power=3192.0, power_source="nameplate")
    assert told(one(entry).draws) == (3192.0, "nameplate")


def test_who_does_not_tell_what_it_draws_has_what_its_maker_says() -> None:
    entry = hashing(miner(1), power=None, power_source="")
    assert told(one(entry).draws) == (3192.0, "nameplate")


def test_what_nobody_knows_is_no_watt_and_said_to_be_unknown() -> None:
    found = one(hashing(miner(1, model="M99X"), power=None, power_source=""))
    assert (found.unit.draws, found.unit.full) == (0.0, 0.0)
    assert not found.draws.known
    assert found.unit.rest > 0


def test_the_worse_the_source_the_larger_the_error() -> None:
    errors = [
        one(hashing(miner(1), power_source=source)).draws.error
        for source in ("measured", "reported", "nameplate")
    ]
    assert errors == sorted(set(errors))


# asleep and awake


def test_what_it_drew_awake_is_remembered_while_it_sleeps() -> None:
    units, entry = Units(), hashing(miner(1), power=3400.0)
    one(entry, units)
    found = one(asleep(entry), units)
    assert told(found.full) == (3400.0, "remembered")
    assert found.unit.asleep is True
    assert found.unit.draws == found.unit.rest == 30.0


def test_a_sleeper_that_was_never_seen_awake_has_what_the_journal_says() -> None:
    entry = asleep(miner(1))
    assert told(one(entry).full) == (3192.0, "nameplate")
    units = Units(lambda _: History(ours=True, drew=3550.0))
    assert told(one(entry, units).full) == (3550.0, "remembered")
    assert one(entry, units).unit.ours


def test_what_a_sleeper_says_to_draw_counts_unless_it_speaks_of_its_boards() -> None:
    assert told(one(asleep(miner(1), power=22.0, power_source="measured")).rest) == (
        22.0, "measured",
    )  # fmt: skip
    assert told(one(asleep(miner(1), power=0.0, power_source="reported")).rest) == (30.0, "guess")


def test_what_it_still_shows_just_after_it_slept_is_not_what_it_draws_asleep() -> None:
    units, entry = Units(), hashing(miner(1), power=3400.0)
    one(entry, units)
    found = one(asleep(entry, power=2900.0, power_source="measured"), units)
    assert (found.unit.draws, found.unit.rest) == (2900.0, 30.0)
    later = one(asleep(entry, power=25.0, power_source="measured"), units)
    assert (later.unit.draws, later.unit.rest) == (25.0, 25.0)


def test_what_it_drew_asleep_is_remembered_while_it_is_awake() -> None:
    units, entry = Units(), asleep(miner(1), power=22.0, power_source="measured")
    one(entry, units)
    assert told(one(hashing(entry), units).rest) == (22.0, "remembered")


def test_who_has_just_started_is_not_taken_for_one_that_draws_little() -> None:
    units, entry = Units(), hashing(miner(1), power=3400.0)
    one(entry, units)
    found = one(hashing(entry, power=900.0, uptime=60.0), units)
    assert (found.unit.draws, found.unit.full) == (900.0, 3400.0)


def test_whom_we_limit_is_remembered_as_it_was_before() -> None:
    limited = History()
    units, entry = Units(lambda _: limited), hashing(miner(1), power_target=3300.0)
    one(entry, units)
    limited = History(limited=True, usual=3300.0)
    found = one(hashing(entry, power=2000.0, power_target=2000.0, hashrate=8e13), units)
    assert (found.unit.draws, found.unit.full, found.unit.target) == (2000.0, 3300.0, 2000.0)
    assert found.unit.efficiency == pytest.approx(33.0)


def test_whom_we_limit_since_before_the_start_has_its_usual_target() -> None:
    units = Units(lambda _: History(limited=True, usual=3000.0))
    entry = hashing(miner(1), power=2000.0, power_target=2000.0)
    assert told(one(entry, units).full) == (3000.0, "nameplate")


def test_another_profile_is_learned_at_once_and_noise_slowly() -> None:
    units, entry = Units(), hashing(miner(1), profile="normal")
    one(entry, units)
    assert one(hashing(entry, hashrate=1.5e14, profile="normal"), units).unit.efficiency == (
        pytest.approx(33.0 - 0.1 * 11.0)
    )
    low = one(hashing(entry, power=2000.0, hashrate=1e14, profile="low"), units)
    assert low.unit.full == 2000.0
    assert low.unit.efficiency == pytest.approx(20.0)


def test_who_does_not_answer_counts_as_it_was_when_it_last_did() -> None:
    entry = hashing(miner(1), power=3400.0)
    entry.failed(1.0, "no answer")
    entry.failed(2.0, "no answer")
    found = one(entry).unit
    assert (found.away, found.draws, found.asleep) == (True, 3400.0, False)


def test_whether_it_sleeps_is_not_known_where_nobody_can_ask() -> None:
    assert one(miner(1)).unit.asleep is None
    entry = miner(1)
    entry.settings = Settings(asleep=True)
    assert one(entry).unit.asleep is True
    behind = one(asleep(miner(2), word=Word.NONE))
    assert (behind.unit.asleep, behind.seen) == (None, False)
    yes = one(asleep(miner(2), word=Word.TAKEN))
    assert (yes.unit.asleep, yes.seen) == (True, False)


# what it can do


def test_power_targets_go_down_to_a_share_of_the_nameplate() -> None:
    found = one(hashing(miner(1), power_target=3300.0)).unit
    assert found.least == pytest.approx(0.6 * 3192.0)
    assert found.target == 3300.0
    assert one(hashing(miner(2, ANTMINER, "S19"))).unit.least is None


def test_a_family_that_cannot_pause_cannot_sleep() -> None:
    assert not one(hashing(miner(1, DRAGON, "T1"))).unit.sleeps
    assert one(hashing(miner(2, ANTMINER, "S19"))).unit.sleeps


def test_a_device_whose_firmware_refused_cannot_sleep() -> None:
    unit = one(hashing(miner(2, ANTMINER, "S9")), Units(lambda _: History(refuses=True))).unit
    assert (unit.sleeps, unit.refuses) == (False, True)
    unit = one(hashing(miner(1, DRAGON, "T1")), Units(lambda _: History(refuses=True))).unit
    assert (unit.sleeps, unit.refuses) == (False, False)


def test_efficiency_is_its_own_and_the_makers_where_it_never_hashed() -> None:
    assert one(hashing(miner(1))).unit.efficiency == pytest.approx(33.0)
    assert one(asleep(miner(1))).unit.efficiency == pytest.approx(3192.0 / 84.0)
    assert one(asleep(miner(1, model="M99X"))).unit.efficiency is None


def test_held_and_closed_miners_say_why() -> None:
    entry = hashing(miner(1))
    assert one(entry, Units(held=lambda _: "held by ann")).unit.held == "held by ann"
    entry.description = replace(entry.description, closed="the API switch is off")
    assert one(entry).unit.held == "the API switch is off"


# where it stands


def test_racks_and_pdus_are_told_apart_by_their_site() -> None:
    keys = keys_of(miner(1, place=Place(site="north", rack="A3", pdu="p1")), ("hall",))
    assert keys == Keys("north", "north/A3", "north/p1", ("hall",))
    assert (keys.of("rack"), keys.of("group"), Keys().of("pdu")) == (("north/A3",), ("hall",), ())
    assert keys.named("rack", "A3")
    assert keys.named("rack", "north/A3")
    assert not keys.named("rack", "A4")
    assert keys_of(miner(1, place=Place(rack="A3"))).rack == "A3"


# who is meant


def test_members_are_those_that_a_reach_fits() -> None:
    roster = roster_of(miner(1), miner(2, ANTMINER, "S19"), miner(9))
    members = Membership(roster).now(GROUPS)
    assert members(ANY) == {"m1", "m2", "m9"}
    assert members(Reach(families=("antminer",))) == {"m2"}
    assert members(HALL) == {"m1", "m2"}
    assert members(Reach(families=("antminer",), groups=("hall",))) == {"m2"}


def test_a_site_is_where_a_miner_was_placed_and_else_the_daemons_own() -> None:
    here, there = miner(1), miner(2, place=Place(site="Hall 2"))
    here.id = "north/mac:02:00:00:00:00:01"
    membership = Membership(roster_of(here, there))
    assert membership.now(CONFIG)(Reach(sites=("north",))) == {here.id}
    assert membership.now(CONFIG)(Reach(sites=("hall*",))) == {there.id}
    here.place = Place(site="hall 3")
    assert membership.now(CONFIG)(Reach(sites=("hall*",))) == {here.id, there.id}


def test_members_are_worked_out_anew_only_when_something_has_changed() -> None:
    roster = roster_of(miner(1))
    membership = Membership(roster)
    first = membership.now(GROUPS)
    assert membership.now(GROUPS) is first
    roster.add(miner(2))
    second = membership.now(GROUPS)
    assert second(HALL) == {"m1", "m2"}
    entry = roster.get("m2")
    assert entry is not None
    entry.description = replace(entry.description, model="M50")
    assert membership.now(GROUPS)(Reach(models=("M50",))) == {"m2"}
    assert membership.now(CONFIG)(HALL) == frozenset()


def test_who_is_no_more_is_forgotten() -> None:
    units, entry = Units(), hashing(miner(1), power=3400.0)
    one(entry, units)
    units.of([])
    assert told(one(asleep(entry), units).full) == (3192.0, "nameplate")
