"""What a device shall hash: its own word, what it did when healthy, its model's; and its power."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mother.core.reading import Reading
from mother.drivers.base import Nameplate
from mother.fleet.expected import BETTER, KEYS_KEPT, completed, learned, part, profile_key
from tests.fleet.toy import Playroom
from tests.fleet.world import MINUTE

TH = 1e12
PLATE = Nameplate(100 * TH, 3000.0)


def reading(**told: Any) -> Reading:
    return Reading(1_700_000_000.0, "X", **{"hashrate": 90 * TH, **told})


def expected(one: Reading, healthy: dict[str, float] | None = None, plate: Any = PLATE) -> Any:
    whole = completed(one, "1.0", healthy or {}, plate)
    return whole.expected_hashrate, whole.expected_source


KEY = profile_key(reading(), "1.0")


def test_the_devices_own_word_comes_first() -> None:
    own = reading(expected_hashrate=70 * TH, expected_source="device")
    assert expected(own, {KEY: 95 * TH}) == (70 * TH, "device")


def test_what_it_did_when_healthy_comes_before_its_model() -> None:
    assert expected(reading(), {KEY: 95 * TH}) == (95 * TH, "learned")
    table = reading(expected_hashrate=80 * TH)
    assert expected(table, {KEY: 95 * TH}) == (95 * TH, "learned")
    assert expected(table) == (80 * TH, "model")


def test_its_model_tells_where_nothing_else_does() -> None:
    assert expected(reading()) == (100 * TH, "model")
    assert expected(reading(), plate=None) == (None, "")
    assert expected(reading(), plate=Nameplate(None, 3000.0)) == (None, "")


def test_a_device_that_says_nothing_of_itself_is_not_taken_at_its_word() -> None:
    assert expected(reading(expected_source="device")) == (100 * TH, "model")


@pytest.mark.parametrize(
    "other", [{"profile": "high"}, {"power_target": 3500.0}, {"expected_boards": 2}]
)
def test_what_it_did_in_another_profile_or_with_other_boards_does_not_count(
    other: dict[str, Any],
) -> None:
    assert expected(reading(**other), {KEY: 95 * TH}) == (100 * TH, "model")
    assert profile_key(reading(), "2.0") != KEY


def test_a_power_target_takes_its_share_of_what_the_model_does() -> None:
    assert expected(reading(power_target=2400.0)) == (80 * TH, "model")
    assert expected(reading(power_target=9000.0)) == (100 * TH, "model")
    table = reading(power_target=1500.0, expected_hashrate=80 * TH)
    assert expected(table) == (40 * TH, "model")


@pytest.mark.parametrize("profile", ["low", "low-power", "eco", "efficient"])
def test_of_a_profile_that_saves_power_nothing_is_expected_until_it_is_learned(
    profile: str,
) -> None:
    saving = reading(profile=profile)
    assert expected(saving) == (None, "")
    assert expected(saving, {profile_key(saving, "1.0"): 60 * TH}) == (60 * TH, "learned")
    assert expected(reading(profile=profile, power_target=2400.0)) == (80 * TH, "model")


def test_the_makers_power_is_told_while_it_hashes_and_says_none_itself() -> None:
    def power(one: Reading) -> tuple[float | None, str]:
        whole = completed(one, "1.0", {}, PLATE)
        return whole.power, whole.power_source

    assert power(reading()) == (3000.0, "nameplate")
    assert power(reading(power=2800.0, power_source="measured")) == (2800.0, "measured")
    assert power(reading(power=0.0, power_source="reported")) == (0.0, "reported")
    assert power(reading(asleep=True)) == (None, "")
    assert power(reading(hashrate=0.0)) == (None, "")
    assert power(reading(hashrate=None)) == (None, "")


def test_the_makers_word_is_for_all_boards() -> None:
    two = part(PLATE, 2, 3)
    assert two is not None
    assert two.hashrate == pytest.approx(66.67 * TH, rel=1e-3)
    assert two.power == pytest.approx(2000.0)
    for boards, usual in ((None, 3), (3, 3), (2, None), (2, 0)):
        assert part(PLATE, boards, usual) is PLATE
    assert part(None, 2, 3) is None
    one = part(Nameplate(None, 300.0), 1, 3)
    assert one is not None
    assert one.hashrate is None
    assert one.power == pytest.approx(100.0)


def test_what_a_healthy_one_does_is_learned_and_only_more_of_it_again() -> None:
    known = learned(reading(), "1.0", {}, 90 * TH)
    assert known == {KEY: 90 * TH}
    assert learned(reading(), "1.0", known, 90 * TH) is None
    assert learned(reading(), "1.0", known, 80 * TH) is None
    assert learned(reading(), "1.0", known, BETTER * 90 * TH) is None
    assert learned(reading(), "1.0", known, 92 * TH) == {KEY: 92 * TH}


def test_nothing_is_learned_of_who_says_it_himself_or_of_no_mean() -> None:
    own = reading(expected_hashrate=70 * TH, expected_source="device")
    assert learned(own, "1.0", {}, 90 * TH) is None
    assert learned(reading(), "1.0", {}, None) is None
    assert learned(reading(), "1.0", {}, 0.0) is None


def test_only_the_last_profiles_are_remembered() -> None:
    known: dict[str, float] = {}
    for number in range(KEYS_KEPT + 3):
        known = learned(reading(profile=str(number)), "1.0", known, 1.0 + number) or known
    assert len(known) == KEYS_KEPT
    assert profile_key(reading(profile=str(KEYS_KEPT + 2)), "1.0") in known
    assert profile_key(reading(profile="0"), "1.0") not in known


# in the daemon


def run(room: Playroom, minutes: int) -> None:
    for _ in range(minutes):
        room.world.ether.run(MINUTE)
        room.daemon.poll(room.entry)
        if room.world.ether.seconds() % 300 < MINUTE:
            room.daemon.check()


def test_a_device_that_is_well_teaches_what_is_expected_of_it() -> None:
    room = Playroom()
    run(room, 25)
    assert room.entry.reading is not None
    assert room.entry.reading.expected_source == "learned"
    assert room.entry.reading.expected_hashrate == pytest.approx(90 * TH)
    (known,) = room.daemon.memory.device(room.entry.id).healthy.values()
    assert known == pytest.approx(90 * TH)


def test_what_a_device_does_in_its_first_minutes_teaches_nothing() -> None:
    room = Playroom()
    read, began = room.entry.device.read, room.world.ether.seconds()

    async def ramping(now: float) -> Reading:
        found = await read(now)
        return replace(found, hashrate=40 * TH, uptime=now - began)

    room.entry.device.read = ramping  # type: ignore[method-assign]  # it has just started
    run(room, 14)
    assert room.daemon.memory.device(room.entry.id).healthy == {}
    run(room, 45)
    assert room.daemon.memory.device(room.entry.id).healthy == {}
    assert room.entry.ailments == ("slow",)
