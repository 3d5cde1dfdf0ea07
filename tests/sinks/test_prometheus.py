"""What a scrape says of a farm."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client.openmetrics.exposition import generate_latest as generate_open
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open

from mother.core.model import EventKind, Severity, State
from mother.core.reading import Board, Pool
from mother.sinks.prometheus import MOST_BOARDS, MOST_POOLS
from mother.sinks.prometheus_labels import LONGEST, MODELS
from mother.sinks.prometheus_names import names

from .exposing import BOARDS, DEVICE, gone, labels_of, series, sink, text_of, told, values, whole
from .farm import WORKER, event, talkative, totals

MINER = {"worker": WORKER, "model": "T1", "site": "home"}


def test_a_miner_is_told_in_base_units_with_its_three_labels() -> None:
    one = sink()
    one.sample(told())
    found = series(one)
    labels = frozenset(MINER.items())
    assert found["mother_miner_hashrate_hashes_per_second", labels] == 16.2e12
    assert found["mother_miner_fan_ratio", labels] == 0.72
    assert found["mother_miner_reachable", labels] == 1
    assert found["mother_miner_accepted_shares_total", labels] == 300
    assert found["mother_miner_power_watts", labels | {("source", "nameplate")}] == 1480
    assert found["mother_miner_state", labels | {("state", "hashing")}] == 1
    assert values(one, "mother_miner_state") == [1]


def test_boards_and_pools_are_told_each_with_its_number() -> None:
    one = sink()
    one.sample(told())
    assert values(one, "mother_board_temperature_celsius", board="2", **MINER) == [72]
    assert values(one, "mother_board_hardware_errors_total") == [2, 2, 2]
    url = "stratum+tcp://pool.example:3333"
    assert values(one, "mother_pool_active", pool="0", url=url, **MINER) == [1]
    assert values(one, "mother_pool_active", pool="1") == [0]


def test_every_family_is_told_by_a_farm_that_says_everything() -> None:
    one = sink()
    one.sample(replace(talkative(), latency=0.2))
    one.totals(replace(totals(), temperature_max=80.0, efficiency=92.0))
    one.event(event(EventKind.SCANNED, seconds=1.5))
    found = {name for name, _ in series(one)}
    assert [n.name for n in names() if not any(f.startswith(n.name) for f in found)] == []
    assert {"process_cpu_seconds_total", "python_info"} <= found


def test_a_gone_miner_is_told_as_its_tables_say_and_no_more() -> None:
    one = sink()
    one.sample(told())
    one.sample(gone())
    assert values(one, "mother_miner_reachable") == [0]
    assert values(one, "mother_miner_hashrate_hashes_per_second") == [0]
    assert values(one, "mother_miner_power_watts", source="nameplate") == [0]
    assert values(one, "mother_miner_uptime_seconds") == []
    assert values(one, "mother_miner_accepted_shares_total") == []
    assert values(one, "mother_board_alive") == [0, 0, 0]
    assert values(one, "mother_board_temperature_celsius") == []
    assert values(one, "mother_pool_active", url="stratum+tcp://pool.example:3333") == [0]
    assert values(one, "mother_miner_state", state="gone") == [1]


def test_the_boards_of_a_sleeping_miner_hash_nothing() -> None:
    one = sink()
    one.sample(told(state=State.ASLEEP))
    assert values(one, "mother_board_hashrate_hashes_per_second") == [0, 0, 0]
    assert values(one, "mother_board_temperature_celsius", board="2") == [72]
    assert values(one, "mother_board_accepted_shares_total", board="2") == [100]


def test_a_board_that_was_swapped_vanishes_and_the_new_one_bears_its_name_alone() -> None:
    one = sink()
    one.sample(gone())
    one.event(replace(event(EventKind.REBOOTED), device=DEVICE))
    one.sample(told("mac:b0:b0:45:00:00:01", "dragon-45000001"))
    one.event(event(EventKind.REPLACED, replaced=DEVICE))
    one.sample(told("mac:b0:b0:45:00:00:01", WORKER))
    assert labels_of(one, "mother_miner_reachable", "worker") == [WORKER]
    assert values(one, "mother_miner_reachable") == [1]
    assert values(one, "mother_actions_total", action="rebooted") == [0]


def test_a_miner_that_was_removed_vanishes_with_all_its_series() -> None:
    one = sink()
    one.sample(told())
    one.event(replace(event(EventKind.REBOOTED), device=DEVICE))
    one.sample(gone())
    one.event(replace(event(EventKind.REMOVED), device=DEVICE))
    assert WORKER not in text_of(one)
    one.sample(told())
    assert values(one, "mother_actions_total", action="rebooted") == [0]


def test_a_board_that_is_no_longer_listed_vanishes() -> None:
    one = sink()
    one.sample(told())
    one.sample(told(reading=whole(boards=BOARDS[:2])))
    assert labels_of(one, "mother_board_alive", "board") == ["0", "1"]


def test_two_miners_of_one_name_are_told_apart_by_their_identity() -> None:
    one = sink()
    one.sample(told("mac:2"))
    one.sample(told("mac:1", reading=whole(hashrate=1e12)))
    name = "mother_miner_hashrate_hashes_per_second"
    assert values(one, name, worker=WORKER) == [1e12]
    assert values(one, name, worker=f"{WORKER} mac:2") == [16.2e12]


def test_a_miner_whose_name_has_changed_is_told_once() -> None:
    one = sink()
    one.sample(told())
    one.sample(told(worker="rack-3"))
    assert labels_of(one, "mother_miner_reachable", "worker") == ["rack-3"]


def test_events_and_actions_are_counted_from_nought() -> None:
    one = sink()
    one.sample(told())
    assert values(one, "mother_actions_total") == [0, 0, 0, 0]
    rebooted = replace(event(EventKind.REBOOTED), device=DEVICE, severity=Severity.WARNING)
    one.event(rebooted)
    one.event(rebooted)
    assert values(one, "mother_actions_total", action="rebooted", **MINER) == [2]
    assert values(one, "mother_events_total", kind="device.rebooted", severity="warning") == [2]
    assert values(one, "mother_events_total", kind="device.rebooted", severity="info") == [0]


def test_actions_of_a_miner_that_never_came_to_be_are_forgotten() -> None:
    one = sink()
    one.event(replace(event(EventKind.REBOOTED), device=DEVICE))
    one.totals(totals())
    one.sample(told())
    assert values(one, "mother_actions_total", action="rebooted") == [0]


def test_the_farm_is_told_in_all_six_states_and_its_shares_are_no_counter() -> None:
    one = sink()
    one.totals(totals())
    states = {s: values(one, "mother_fleet_miners_by_state", state=s, site="home") for s in State}
    assert states == {s: [{"hashing": 4.0, "gone": 1.0}.get(s, 0.0)] for s in State}
    assert values(one, "mother_fleet_accepted_shares") == [1200]
    assert "# TYPE mother_fleet_accepted_shares gauge" in text_of(one)
    assert values(one, "mother_fleet_temperature_max_celsius") == []


def test_answers_are_counted_by_how_long_they_took() -> None:
    one = sink()
    for latency in (0.01, 0.02, 40.0, None):
        one.sample(told(latency=latency))
    bucket = "mother_device_answer_seconds_bucket"
    assert values(one, bucket, le="0.01", model="T1") == [1]
    assert values(one, bucket, le="0.025") == [2]
    assert values(one, bucket, le="30.0") == [2]
    assert values(one, bucket, le="+Inf") == [3]
    assert values(one, "mother_device_answer_seconds_sum") == [40.03]


def test_the_daemon_tells_its_own_figures() -> None:
    one = sink()
    assert values(one, "mother_loop_stuck_seconds", loop="scan") == [0]
    assert values(one, "mother_polls_total") == [7]
    assert values(one, "mother_polls_failed_total") == [2]
    assert values(one, "mother_queue_length", queue="statsd") == [4]
    assert values(one, "mother_queue_dropped_total", queue="statsd") == [3]
    assert values(one, "mother_breaker_open") == [1]


def test_what_is_no_number_or_a_counter_below_nought_is_left_out() -> None:
    one = sink()
    boards = (replace(BOARDS[0], temperature=math.nan, accepted=-1.0, hashrate=math.inf),)
    one.sample(told(reading=whole(boards=boards)))
    assert values(one, "mother_board_temperature_celsius") == []
    assert values(one, "mother_board_accepted_shares_total") == []
    assert values(one, "mother_board_hashrate_hashes_per_second") == []
    assert values(one, "mother_board_alive") == [1]


def test_a_miner_that_lists_boards_and_pools_without_end_or_twice_is_told_in_part() -> None:
    one = sink()
    boards = tuple(Board(number // 2, alive=True) for number in range(500))
    pools = tuple(Pool(0, f"tcp://{number}:1", alive=True) for number in range(5))
    one.sample(told(reading=whole(boards=boards, pools=pools)))
    assert len(values(one, "mother_board_alive")) == MOST_BOARDS
    assert labels_of(one, "mother_pool_alive", "url") == ["tcp://0:1"]
    pools = tuple(Pool(number, alive=True) for number in range(500))
    one.sample(told(reading=whole(pools=pools)))
    assert len(values(one, "mother_pool_alive")) == MOST_POOLS


def test_models_beyond_the_fiftieth_share_one_label() -> None:
    one = sink()
    for number in range(MODELS + 9):
        one.sample(told(f"mac:{number:03}", f"w{number}", model=f"M{number}", latency=0.1))
    models = labels_of(one, "mother_miner_reachable", "model")
    assert len(set(models)) == MODELS + 1
    assert models.count("other") == 9
    assert values(one, "mother_device_answer_seconds_count", model="other") == [9]


HOSTILE = st.text(st.characters(), max_size=2 * LONGEST)


@given(st.lists(st.tuples(HOSTILE, HOSTILE, HOSTILE, HOSTILE), max_size=4))
def test_texts_of_hostile_devices_never_make_the_exposition_invalid(rows: Any) -> None:
    one = sink()
    for number, (worker, model, url, source) in enumerate(rows):
        pools = (Pool(0, url, alive=True), Pool(0, url), Pool(1, worker, alive=False))
        reading = whole(pools=pools, power_source=source)
        one.sample(told(f"mac:{number}", worker, model=model, reading=reading, latency=0.1))
    found = series(one)
    assert len([name for name, _ in found if name == "mother_miner_reachable"]) == len(rows)
    for _, labels in found:
        for label, value in labels:
            assert value.isprintable(), label
    strict = generate_open(one.registry).decode()  # type: ignore[no-untyped-call]  # has no types
    assert len(list(parse_open(strict))) > 40  # type: ignore[no-untyped-call]  # has no types
