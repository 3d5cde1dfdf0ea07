"""How a change spreads: never faster than allowed, and to nobody once it is stopped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from mother.config.model import Waves
from mother.fleet.undertaken import Rollout, Trust
from mother.jobs import waves
from mother.jobs.waves import Limits

NOW = 1_700_000_000.0
TEN = Limits(wave=10, at_once=20)
FIRMWARE = Limits(wave=5, at_once=5, in_a_row=2)
PROVED = Rollout("pools", Trust.PROVED)


def sent(rollout: Rollout, limits: Limits, *devices: str) -> Rollout:
    for device in devices:
        rollout = waves.launched(rollout, device, limits, NOW)
    return rollout


def came_back(rollout: Rollout, *devices: str) -> Rollout:
    for device in devices:
        rollout = waves.landed(rollout, device, NOW)
    return rollout


def failed(rollout: Rollout, limits: Limits, *devices: str) -> Rollout:
    for device in devices:
        rollout = waves.crashed(rollout, device, limits, "it does not hash", NOW)
    return rollout


def names(count: int) -> list[str]:
    return [f"m{number}" for number in range(count)]


@pytest.mark.parametrize(
    ("miners", "wave"),
    [(0, 5), (1, 5), (100, 5), (119, 5), (120, 6), (399, 19), (500, 20), (5000, 240)],
)
def test_a_wave_is_five_miners_or_five_percent_of_the_farm(miners: int, wave: int) -> None:
    assert waves.limits_for(Waves(), miners, firmware=False) == Limits(wave, 20)


def test_a_wave_is_never_empty_whatever_is_configured() -> None:
    assert waves.limits_for(Waves(percent=0.0, least=0), 1000, firmware=False).wave == 1


@pytest.mark.parametrize("miners", [1, 10_000])
def test_firmware_goes_to_so_many_at_a_time_however_large_the_farm(miners: int) -> None:
    limits = waves.limits_for(Waves(upgrades_at_once=3), miners, firmware=True)
    assert limits == Limits(wave=3, at_once=3, in_a_row=2)


def test_a_new_change_has_room_for_one() -> None:
    rollout = Rollout("pools")
    assert waves.room(rollout, TEN) == 1
    assert waves.room(sent(rollout, TEN, "canary"), TEN) == 0


def test_what_the_canary_brings_back_is_proved_and_a_whole_wave_has_room() -> None:
    rollout = came_back(sent(Rollout("pools"), TEN, "canary"), "canary")
    assert rollout.trust is Trust.PROVED
    assert rollout.done == 1
    assert waves.room(rollout, TEN) == 10


def test_a_canary_that_fails_stops_it_and_says_why() -> None:
    rollout = failed(sent(Rollout("pools"), TEN, "canary"), TEN, "canary")
    assert rollout.trust is Trust.STOPPED
    assert rollout.why == "the first miner to get it failed: it does not hash"
    assert waves.room(rollout, TEN) == 0


def test_no_room_is_left_in_a_wave_that_is_complete_until_all_of_it_is_judged() -> None:
    rollout = sent(PROVED, TEN, *names(10))
    assert waves.room(rollout, TEN) == 0
    rollout = came_back(rollout, *names(9))
    assert waves.room(rollout, TEN) == 0
    assert waves.room(came_back(rollout, "m9"), TEN) == 10


def test_waves_are_counted_from_one() -> None:
    rollout = came_back(sent(PROVED, TEN, *names(10)), *names(10))
    assert rollout.waves == 1
    rollout = sent(rollout, TEN, "later")
    assert (rollout.waves, rollout.launched, rollout.landed, rollout.failed) == (2, 1, 0, 0)
    assert rollout.done == 10


def test_no_more_are_in_flight_than_may_be_however_large_the_wave() -> None:
    limits = Limits(wave=100, at_once=20)
    rollout = sent(PROVED, limits, *names(20))
    assert waves.room(rollout, limits) == 0
    assert waves.room(came_back(rollout, "m0", "m1"), limits) == 2


def test_one_of_a_small_wave_may_not_fail() -> None:
    rollout = sent(PROVED, Limits(5, 20), *names(5))
    rollout = failed(came_back(rollout, *names(4)), Limits(5, 20), "m4")
    assert rollout.trust is Trust.STOPPED
    assert rollout.why == "1 of 5 miners of wave 1 failed: it does not hash"


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_one_of_ten_may_fail_whether_it_is_known_first_or_last(first: bool) -> None:
    rollout = sent(PROVED, TEN, *names(10))
    rollout = rollout if first else came_back(rollout, *names(9))
    rollout = failed(rollout, TEN, "m9")
    assert rollout.trust is Trust.PROVED
    assert waves.room(came_back(rollout, *names(9)), TEN) == 10


def test_two_of_ten_may_not_fail() -> None:
    rollout = failed(sent(PROVED, TEN, *names(10)), TEN, "m0", "m1")
    assert rollout.trust is Trust.STOPPED


def test_two_firmware_failures_in_a_row_stop_it() -> None:
    rollout = failed(sent(PROVED, FIRMWARE, *names(5)), FIRMWARE, "m0")
    assert rollout.trust is Trust.PROVED
    rollout = failed(rollout, FIRMWARE, "m1")
    assert rollout.trust is Trust.STOPPED
    assert rollout.why == "2 miners in a row failed, the last: it does not hash"


def test_firmware_failures_that_are_not_in_a_row_do_not_stop_it() -> None:
    rollout = failed(sent(PROVED, FIRMWARE, *names(5)), FIRMWARE, "m0")
    rollout = failed(came_back(rollout, "m1"), FIRMWARE, "m2")
    assert rollout.trust is Trust.PROVED


def test_failures_in_a_row_are_counted_over_the_end_of_a_wave() -> None:
    limits = Limits(1, 1, in_a_row=2)
    rollout = failed(sent(PROVED, limits, "m0"), limits, "m0")
    assert failed(sent(rollout, limits, "m1"), limits, "m1").trust is Trust.STOPPED


def test_who_was_not_written_to_after_all_leaves_its_place_to_another() -> None:
    rollout = waves.recalled(sent(PROVED, TEN, *names(10)), "m3")
    assert "m3" not in rollout.flying
    assert waves.room(rollout, TEN) == 1
    assert waves.recalled(rollout, "m3") == rollout


def test_what_becomes_of_a_miner_that_is_not_in_flight_says_nothing() -> None:
    rollout = sent(PROVED, TEN, "m0")
    assert came_back(rollout, "other") == rollout
    assert failed(rollout, TEN, "other") == rollout


def test_a_miner_that_has_it_already_proves_a_new_change_but_not_a_stopped_one() -> None:
    assert waves.proved(Rollout("pools"), NOW).trust is Trust.PROVED
    stopped = waves.stopped(PROVED, "bad", NOW)
    assert waves.proved(stopped, NOW) == stopped
    assert waves.proved(PROVED, NOW) == PROVED


def test_a_miner_that_was_in_flight_when_it_was_stopped_does_not_start_it_again() -> None:
    rollout = waves.stopped(sent(PROVED, TEN, "m0"), "bad", NOW)
    rollout = came_back(rollout, "m0")
    assert rollout.trust is Trust.STOPPED
    assert rollout.done == 1


def test_what_a_person_resumes_begins_with_one_miner_and_without_the_old_failures() -> None:
    rollout = failed(sent(PROVED, TEN, "m0", "m1"), TEN, "m0", "m1")
    rollout = waves.resumed(rollout, NOW + 5)
    assert (rollout.trust, rollout.failed, rollout.in_a_row, rollout.why) == (
        Trust.UNPROVED,
        0,
        0,
        "",
    )
    assert rollout.since == NOW + 5
    assert waves.room(rollout, TEN) == 1


def test_what_was_not_stopped_is_not_resumed() -> None:
    assert waves.resumed(PROVED, NOW) == PROVED


def test_a_resumed_change_waits_for_those_that_are_still_in_flight() -> None:
    rollout = sent(PROVED, TEN, *names(10))
    rollout = waves.resumed(waves.stopped(rollout, "bad", NOW), NOW)
    assert waves.room(rollout, TEN) == 0
    rollout = came_back(rollout, "m0")
    assert waves.room(rollout, TEN) == 0
    assert waves.room(came_back(rollout, *names(10)[1:]), TEN) == 10


def test_no_wave_begins_while_any_of_a_stopped_one_is_in_flight() -> None:
    rollout = sent(PROVED, TEN, "m0", "m1", "m2")
    rollout = waves.resumed(waves.stopped(rollout, "bad", NOW), NOW)
    rollout = waves.recalled(waves.proved(rollout, NOW), "m0")
    assert waves.room(rollout, TEN) == 0
    assert waves.room(came_back(rollout, "m1", "m2"), TEN) == 10


class Spreading(RuleBasedStateMachine):
    """A change that goes out to a farm, against a log that knows nothing of the rules' counts.

    `wave` holds who got the change in the wave under way, `unjudged` who is not judged yet.
    """

    @initialize(
        wave=st.integers(1, 12),
        at_once=st.integers(1, 25),
        in_a_row=st.none() | st.integers(1, 3),
    )
    def begin(self, wave: int, at_once: int, in_a_row: int | None) -> None:
        self.limits = Limits(wave, at_once, in_a_row)
        self.rollout = Rollout("pools")
        self.count = 0
        self.wave: list[str] = []
        self.unjudged: list[str] = []
        self.proved = self.stopped = False
        self.failures = self.in_a_row = 0

    def room(self) -> int:
        return waves.room(self.rollout, self.limits)

    @precondition(lambda self: self.room() > 0)
    @rule(most=st.integers(1, 30))
    def write(self, most: int) -> None:
        """So many get it, as far as there is room, one after another as the loop does it."""
        for _ in range(min(most, self.room())):
            if not self.room():
                return
            self._write()

    def _write(self) -> None:
        assert not self.stopped, "written although it was stopped"
        if not self.proved:
            assert not self.unjudged, "a second canary before the first landed"
        elif not self.wave or len(self.wave) >= self.limits.wave:
            assert not self.unjudged, "a wave before the last one was judged"
            self.wave, self.failures = [], 0
        self.count += 1
        device = f"m{self.count}"
        self.rollout = waves.launched(self.rollout, device, self.limits, NOW + self.count)
        self.wave.append(device)
        self.unjudged.append(device)

    def _take(self, place: float) -> str:
        return self.unjudged.pop(int(place * len(self.unjudged)))

    @precondition(lambda self: self.unjudged)
    @rule(place=st.floats(0, 1, exclude_max=True))
    def land(self, place: float) -> None:
        self.rollout = waves.landed(self.rollout, self._take(place), NOW)
        self.in_a_row = 0
        if not self.stopped and not self.proved:
            self.proved, self.wave, self.failures = True, [], 0

    @precondition(lambda self: self.unjudged)
    @rule(place=st.floats(0, 1, exclude_max=True))
    def crash(self, place: float) -> None:
        device = self._take(place)
        self.rollout = waves.crashed(self.rollout, device, self.limits, "it failed", NOW)
        self.failures += 1
        self.in_a_row += 1
        if not self.proved and not self.stopped:
            assert self.rollout.trust is Trust.STOPPED, "the canary failed"
        if self.limits.in_a_row is not None and self.in_a_row >= self.limits.in_a_row:
            assert self.rollout.trust is Trust.STOPPED, "too many failed in a row"
        if self.limits.in_a_row is None and self.failures * 10 > max(1, len(self.wave)):
            assert self.rollout.trust is Trust.STOPPED, "too many of a wave failed"
        self.stopped = self.rollout.trust is Trust.STOPPED

    @precondition(lambda self: self.unjudged)
    @rule(place=st.floats(0, 1, exclude_max=True))
    def recall(self, place: float) -> None:
        device = self._take(place)
        self.rollout = waves.recalled(self.rollout, device)
        self.wave = [one for one in self.wave if one != device]

    @rule()
    def see_one_that_has_it(self) -> None:
        self.rollout = waves.proved(self.rollout, NOW)
        if not self.proved and not self.stopped:
            self.proved, self.wave, self.failures = True, [], 0

    @precondition(lambda self: self.stopped)
    @rule()
    def resume(self) -> None:
        self.rollout = waves.resumed(self.rollout, NOW)
        self.stopped = self.proved = False
        self.wave, self.failures, self.in_a_row = [], 0, 0

    @invariant()
    def no_more_fly_than_may(self) -> None:
        if self.count:
            assert sorted(self.rollout.flying) == sorted(self.unjudged)
            assert len(self.rollout.flying) <= self.limits.at_once
            assert len(self.wave) <= self.limits.wave

    @invariant()
    def what_is_stopped_has_no_room(self) -> None:
        if self.count and self.stopped:
            assert self.rollout.why
            assert not self.room()

    @invariant()
    def nobody_waits_for_ever(self) -> None:
        """Where nobody flies and nothing is stopped, somebody may get it."""
        if self.count and not self.unjudged and not self.stopped:
            assert self.room() > 0


TestSpreading = Spreading.TestCase
TestSpreading.settings = effort(max_examples=60, stateful_step_count=40, deadline=None)


@given(
    launched=st.integers(-2, 30),
    flying=st.integers(0, 30),
    wave=st.integers(1, 20),
    at_once=st.integers(0, 20),
    trust=st.sampled_from(Trust),
)
def test_room_is_never_less_than_none(
    launched: int, flying: int, wave: int, at_once: int, trust: Trust
) -> None:
    rollout = replace(PROVED, trust=trust, launched=launched, flying=tuple(names(flying)))
    assert waves.room(rollout, Limits(wave, at_once)) >= 0
