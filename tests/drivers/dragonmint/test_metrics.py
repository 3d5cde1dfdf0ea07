"""The family's own gauges keep the names that dashboards already ask for."""

from __future__ import annotations

import pytest

from mother.core.model import Address, Credential
from mother.core.ports import Ports
from mother.drivers.dragonmint import metrics, parse
from mother.drivers.dragonmint.driver import DragonMint
from mother.drivers.registry import FAMILIES, families
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.wire import Wire
from tests.drivers.dragonmint.cassettes import summary
from tests.net.turning import reactor

DEVICE = (
    "Alive",
    "Temperature",
    "MHS-av",
    "MHS-5s",
    "MHS-1m",
    "MHS-5m",
    "MHS-15m",
    "Accepted",
    "Rejected",
    "Hardware-Errors",
    "Utility",
    "Last-Share-Pool",
    "Last-Share-Time",
    "Total-MH",
    "Diff1-Work",
    "Difficulty-Accepted",
    "Difficulty-Rejected",
    "Last-Share-Difficulty",
    "Last-Valid-Work",
    "Device-Hardware",
    "Device-Rejected",
    "Device-Elapsed",
    "Hash-Rate",
)
POOL = (
    "Getworks",
    "Accepted",
    "Rejected",
    "Works",
    "Discarded",
    "Stale",
    "Get-Failures",
    "Remote-Failures",
    "Last-Share-Time",
    "Diff1-Shares",
    "Difficulty-Accepted",
    "Difficulty-Rejected",
    "Difficulty-Stale",
    "Last-Share-Difficulty",
    "Work-Difficulty",
    "Stratum-Difficulty",
    "Best-Share",
    "Pool-Rejected",
    "Pool-Stale",
    "Bad-Work",
    "Current-Block-Height",
    "Current-Block-Version",
)


def test_the_names_are_those_of_mother_of_dragons() -> None:
    native = parse.reading(summary("summary"), "T1", 0.0).native
    expected = {"hardware.fan_duty"}
    expected |= {f"dev.{board}.{name}" for board in (0, 1, 2) for name in DEVICE}
    expected |= {f"pool.{pool}.{name}" for pool in (0, 1) for name in POOL}
    assert set(native) == expected


def test_the_values_are_the_wires_own() -> None:
    native = parse.reading(summary("summary"), "T1", 0.0).native
    assert native["dev.0.MHS-15m"] == 4932258.41
    assert native["dev.2.Device-Rejected"] == 0.5903
    assert native["pool.0.Best-Share"] == 114372540
    assert native["hardware.fan_duty"] == 59


def test_a_metric_is_never_a_truth_value_nor_endless() -> None:
    fields = {"Accepted": True, "Works": float("nan"), "Stale": float("inf"), "Discarded": 10**400}
    native: dict[str, float] = {}
    metrics.gather({**fields, "Getworks": 3}, metrics.pool_names(0), native)
    assert native == {"pool.0.Getworks": 3}


def test_at_rest_the_hashrates_and_alive_are_zero_and_nothing_else_is_named() -> None:
    native = {
        "dev.0.Alive": 1.0,
        "dev.0.MHS-15m": 5e6,
        "dev.0.Hash-Rate": 5e6,
        "dev.0.Hash-Rate-H": 5e12,
        "dev.0.Temperature": 70.0,
        "dev.0.Total-MH": 1.0,
        "pool.0.Accepted": 9.0,
    }
    rest = metrics.at_rest(native)
    assert set(rest.values()) == {0.0}
    assert set(rest) == {"dev.0.Alive", "dev.0.MHS-15m", "dev.0.Hash-Rate", "dev.0.Hash-Rate-H"}


@pytest.mark.parametrize(
    ("model", "segment"),
    [
        ("T1", "T1"),
        ("B29+", "B29-plus"),
        ("", "unknown"),
        ("..:|", "unknown"),
        ("a.b c:d|e@f", "a-b-c-d-e-f"),
    ],
)
def test_a_model_is_one_safe_segment_of_a_name(model: str, segment: str) -> None:
    assert metrics.safe_model(model) == segment


def test_every_family_is_registered_by_its_own_name() -> None:
    wire = Wire(Http(reactor), Lines(reactor), lambda: 1.0, Ports, lambda: 0.0)
    made = families(wire)
    assert [family.name for family in made] == list(FAMILIES)
    for family in made:
        device = family.device(Address("127.0.0.1", 80), Credential("a", "b"))
        assert device.address.port == 80


def test_the_family_tells_rest_and_segment_like_its_tables() -> None:
    family = DragonMint(Http(reactor), lambda: 1.0)
    assert family.at_rest({"dev.0.Alive": 1.0, "x": 1.0}) == {"dev.0.Alive": 0.0}
    assert family.safe_model("B29+") == "B29-plus"
