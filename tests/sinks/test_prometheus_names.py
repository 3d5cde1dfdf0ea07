"""Names in Prometheus: the contract with dashboards, for every row of the tables."""

from __future__ import annotations

import re

import pytest

from mother.core.metrics import BOARD_METRICS, FARM_METRICS, METRICS, POOL_METRICS, Metric
from mother.core.model import EventKind
from mother.sinks.prometheus_names import (
    ACTIONS,
    BOARD_NAMES,
    FARM_NAMES,
    FARM_ROWS,
    MINER,
    MINER_NAMES,
    POOL_NAMES,
    STATE_ROWS,
    named,
    names,
)

PROMISED = {
    "mother_miner_hashrate_hashes_per_second",
    "mother_miner_expected_hashrate_hashes_per_second",
    "mother_miner_boards_alive",
    "mother_miner_boards_expected",
    "mother_miner_temperature_max_celsius",
    "mother_miner_temperature_chip_max_celsius",
    "mother_miner_coolant_celsius",
    "mother_miner_fan_ratio",
    "mother_miner_fan_rpm_min",
    "mother_miner_power_watts",
    "mother_miner_power_target_watts",
    "mother_miner_efficiency_joules_per_terahash",
    "mother_miner_pool_alive",
    "mother_miner_accepted_shares_total",
    "mother_miner_rejected_shares_total",
    "mother_miner_uptime_seconds",
    "mother_miner_last_seen_timestamp_seconds",
    "mother_miner_reachable",
    "mother_miner_state",
    "mother_board_alive",
    "mother_board_hashrate_hashes_per_second",
    "mother_board_temperature_celsius",
    "mother_board_temperature_chip_celsius",
    "mother_board_chips",
    "mother_board_chips_expected",
    "mother_board_frequency_megahertz",
    "mother_board_accepted_shares_total",
    "mother_board_rejected_shares_total",
    "mother_board_hardware_errors_total",
    "mother_pool_alive",
    "mother_pool_active",
    "mother_pool_accepted_shares_total",
    "mother_pool_rejected_shares_total",
    "mother_fleet_miners",
    "mother_fleet_given_up",
    "mother_fleet_hashrate_hashes_per_second",
    "mother_fleet_expected_hashrate_hashes_per_second",
    "mother_fleet_boards_alive",
    "mother_fleet_boards_expected",
    "mother_fleet_temperature_max_celsius",
    "mother_fleet_power_watts",
    "mother_fleet_efficiency_joules_per_terahash",
    "mother_fleet_accepted_shares",
    "mother_fleet_rejected_shares",
    "mother_fleet_miners_by_state",
    "mother_events_total",
    "mother_actions_total",
    "mother_loop_runs_total",
    "mother_loop_failures_total",
    "mother_loop_overruns_total",
    "mother_loop_duration_seconds",
    "mother_loop_late_seconds",
    "mother_loop_stuck_seconds",
    "mother_polls_total",
    "mother_polls_failed_total",
    "mother_polls_skipped_total",
    "mother_queue_length",
    "mother_queue_dropped_total",
    "mother_device_answer_seconds",
    "mother_breaker_open",
    "mother_scan_duration_seconds",
    "mother_build_info",
}


def test_the_names_are_those_that_dashboards_are_made_for() -> None:
    told = [name.name for name in names()]
    assert set(told) == PROMISED
    assert len(told) == len(PROMISED)


def test_every_row_of_the_tables_has_its_name() -> None:
    assert len(MINER_NAMES) == len(METRICS)
    assert len(BOARD_NAMES) == len(BOARD_METRICS)
    assert len(POOL_NAMES) == len(POOL_METRICS)
    assert (
        len(FARM_NAMES) + len(STATE_ROWS) == len(FARM_ROWS) + len(STATE_ROWS) == len(FARM_METRICS)
    )


def test_a_counter_ends_in_total_and_nothing_else_does() -> None:
    assert all(name.name.endswith("_total") == name.counter for name in names())


def test_every_name_is_one_of_prometheus_and_has_a_help_that_is_a_sentence() -> None:
    for name in names():
        assert re.fullmatch(r"mother(_[a-z]+)+", name.name)
        assert re.fullmatch(r"[A-Z0-9].*\.", name.help)


@pytest.mark.parametrize(
    ("name", "unit", "full"),
    [
        ("fan_percent", "%", "mother_miner_fan_ratio"),
        ("hardware_errors", "errors", "mother_miner_hardware_errors_total"),
        ("voltage", "V", None),
    ],
)
def test_a_unit_gives_the_ending_and_an_unknown_one_is_refused(
    name: str, unit: str, full: str | None
) -> None:
    row = Metric(name, unit, lambda sample, reading: None)
    if full is None:
        with pytest.raises(KeyError):
            named("miner", row, MINER)
    else:
        assert named("miner", row, MINER).name == full


def test_what_is_counted_for_a_miner_are_four_actions() -> None:
    assert set(ACTIONS.values()) == {"rebooted", "pools_changed", "profile_changed", "upgraded"}
    assert set(ACTIONS) <= set(EventKind)
