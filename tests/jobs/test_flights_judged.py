"""Miners that were written to: when they are known to hash again, and what that proves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mother.core.reading import Pool, Reading
from mother.fleet.undertaken import Flight
from mother.jobs.flights import (
    PATIENCE,
    PATIENCE_FIRMWARE,
    Sight,
    Verdict,
    judge,
)

AT = 1_700_000_000.0
KEY = "pools:T1:1"
FLIGHT = Flight(AT, (KEY,))
CANARY = replace(FLIGHT, canary=True)
NEW, OLD = "t1_20190101_000000", "t1_20180515_060842"
UPGRADE = Flight(AT, (f"firmware:T1:{NEW}",), version=NEW)


def sight(after: float, firmware: str = OLD, **what: Any) -> Sight:
    """So many seconds after the write it works, and started half a minute before."""
    reading = Reading(AT + after, hashrate=16e12, expected_hashrate=16e12, uptime=30.0)
    return Sight(replace(reading, **what), firmware)


def verdict(flight: Flight, seen: Sight, after: float | None = None, **what: Any) -> Verdict:
    at = seen.reading.at if seen.reading is not None and after is None else AT + (after or 0.0)
    return judge(flight, seen, 120.0, at, what.get("waited", at - AT))


def test_a_miner_that_restarted_and_hashes_has_landed() -> None:
    assert verdict(FLIGHT, sight(90)).hashes is True


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (Sight(None, OLD), "it does not answer"),
        (sight(90, restarting=True), "its mining program is not ready"),
        (sight(90, uptime=9e5), "it has not restarted"),
        (sight(90, pools=(Pool(0, alive=False),)), "none of its pools works"),
        (sight(90, hashrate=0.0), "it does not hash"),
        (sight(90, hashrate=1e12), "it does not hash"),
    ],
    ids=["away", "starting", "as before", "dead pools", "idle", "slow"],
)
def test_whoever_is_not_back_is_waited_for_and_then_has_failed(seen: Sight, why: str) -> None:
    waiting = verdict(FLIGHT, seen, PATIENCE - 1)
    assert (waiting.hashes, waiting.why) == (None, why)
    late = Sight(None if seen.reading is None else replace(seen.reading, at=AT + 100), OLD)
    failed = verdict(FLIGHT, late, PATIENCE)
    assert failed.hashes is False
    assert failed.why == f"10 min after the write {why}"


def test_a_canary_must_go_on_hashing_for_a_while() -> None:
    first = verdict(CANARY, sight(90))
    assert (first.hashes, first.why) == (None, "it must hash on for a while")
    assert first.flight.since == AT + 90
    assert verdict(first.flight, sight(209)).hashes is None
    assert verdict(first.flight, sight(210)).hashes is True


def test_a_canary_that_stops_hashing_begins_anew() -> None:
    flight = verdict(CANARY, sight(90)).flight
    flight = verdict(flight, sight(150, hashrate=0.0)).flight
    assert flight.since is None
    flight = verdict(flight, sight(200)).flight
    assert verdict(flight, sight(310)).hashes is None
    assert verdict(flight, sight(320)).hashes is True


def test_a_canary_has_its_own_while_on_top_of_everybodys_patience() -> None:
    idle = sight(90, hashrate=0.0)
    assert verdict(CANARY, idle, PATIENCE + 119).hashes is None
    assert verdict(CANARY, idle, PATIENCE + 120).hashes is False


def test_firmware_has_landed_when_the_miner_hashes_with_that_version() -> None:
    assert verdict(UPGRADE, sight(300, NEW)).hashes is True
    other = verdict(UPGRADE, sight(300, OLD))
    assert (other.hashes, other.why) == (None, f"it runs {OLD}, not {NEW}")
    assert verdict(UPGRADE, sight(300, "")).why == f"it runs an unknown version, not {NEW}"


def test_firmware_takes_longer() -> None:
    assert verdict(UPGRADE, Sight(None, ""), PATIENCE_FIRMWARE - 1).hashes is None
    assert verdict(UPGRADE, Sight(None, ""), PATIENCE_FIRMWARE).hashes is False


def test_a_miner_that_nobody_watched_has_not_failed_yet() -> None:
    gone = Sight(None, OLD)
    assert verdict(FLIGHT, gone, 9e5, waited=PATIENCE - 1).hashes is None
    assert verdict(FLIGHT, gone, 9e5, waited=PATIENCE).hashes is False


def test_after_the_clock_was_set_back_a_flight_began_now() -> None:
    early = judge(FLIGHT, Sight(None, OLD), 120.0, AT - 1e6, 10.0)
    assert (early.hashes, early.flight.at) == (None, AT - 1e6)
    ahead = judge(FLIGHT, sight(90), 120.0, AT - 1e6, 10.0)
    assert (ahead.hashes, ahead.why) == (None, "it was not read since")


@given(
    after=st.floats(0, 5000),
    hashrate=st.sampled_from([0.0, 16e12]),
    uptime=st.floats(0, 1e6),
    canary=st.booleans(),
    version=st.sampled_from(["", NEW]),
    firmware=st.sampled_from([OLD, NEW]),
    answers=st.booleans(),
)
def test_nobody_is_judged_twice_as_good_and_bad_and_everybody_in_the_end(
    after: float,
    hashrate: float,
    uptime: float,
    canary: bool,
    version: str,
    firmware: str,
    answers: bool,
) -> None:
    flight = replace(FLIGHT, canary=canary, version=version)
    seen = sight(after, firmware, hashrate=hashrate, uptime=uptime)
    seen = seen if answers else Sight(None, firmware)
    said = verdict(flight, seen, after)
    if said.hashes is True:
        assert answers
        assert hashrate
        assert not canary
        assert firmware == version or not version
    if said.hashes is None:
        assert after < (PATIENCE_FIRMWARE if version else PATIENCE) + (120.0 if canary else 0.0)
    assert bool(said.why) is (said.hashes is not True)
