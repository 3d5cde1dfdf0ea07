"""What the makers say of their models, and how their names may be spelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.drivers import nameplates
from mother.drivers.base import Nameplate
from mother.drivers.nameplates import of

TABLES = [
    (maker, name, table, unit)
    for maker, tables in nameplates._TABLES.items()
    for name, table, unit in tables
]
LEAST = 8.0
MOST = 200.0
"""J/TH of any machine that hashes sha256 since 2016."""


@pytest.mark.parametrize(
    ("maker", "spellings"),
    [
        ("Bitmain", ["Antminer S19 Pro", "S19 Pro", "S19Pro", "ANTMINER S19PRO", "S19 Pro (110T)"]),
        ("Bitmain", ["S19 Pro 110T", "Antminer S19 Pro 110 TH/s", " S19   pro "]),
        ("Bitmain", ["S19 XP Hyd", "S19 XP Hyd.", "S19 XP Hydro", "S19XPHyd"]),
        ("MicroBT", ["M30S+_VE40", "M30S+", "M30S+ VE40", "WhatsMiner M30S+_V100", "M30S+VE40"]),
        ("MicroBT", ["M60S_VK40", "M60S", "m60s_vk30"]),
        ("Canaan", ["Avalon 1246", "AvalonMiner 1246-83", "A1246", "1246", "Avalon A1246"]),
        ("Canaan", ["Avalon 1166 Pro", "A1166Pro", "AvalonMiner 1166Pro-68"]),
        ("Canaan", ["Avalon Nano 3s", "Nano3S", "Avalon Nano3s"]),
        ("Canaan", ["Avalon 15-194", "15-194"]),
        ("Bitaxe", ["Bitaxe Gamma", "Gamma"]),
        ("Bitaxe", ["Bitaxe Gamma Turbo", "Bitaxe GT"]),
        ("NerdAxe", ["NerdQAxe++", "NERDQAXE++"]),
    ],
)
def test_a_model_is_known_however_it_is_spelled(maker: str, spellings: list[str]) -> None:
    found = {of(maker, spelling) for spelling in spellings}
    assert len(found) == 1
    assert found != {None}


def test_models_whose_names_begin_alike_are_not_mixed_up() -> None:
    for maker, names in {
        "Bitmain": ["S19", "S19 Pro", "S19j Pro", "S19j Pro+", "S19 Pro Hyd", "S19 Pro+ Hyd"],
        "MicroBT": ["M30S", "M30S+", "M30S++", "M50", "M50S"],
        "Canaan": ["1166 Pro", "1246", "1466", "1466I", "Nano 3", "Nano 3S"],
        "Bitaxe": ["Bitaxe Gamma", "Bitaxe GT", "NerdQAxe+", "NerdQAxe++"],
    }.items():
        found = [of(maker, name) for name in names]
        assert None not in found
        assert len(set(found)) == len(names) or maker == "Bitmain"
    assert of("Bitmain", "S19 Pro") != of("Bitmain", "S19j Pro+")


@pytest.mark.parametrize(
    ("maker", "model"),
    [
        ("Bitmain", ""),
        ("Bitmain", "S19 Pro Max"),
        ("Bitmain", "S1"),
        ("Bitmain", "M30S"),
        ("MicroBT", "M30S+++"),
        ("MicroBT", "M30SX"),
        ("MicroBT", "S19"),
        ("Canaan", "Avalon"),
        ("Canaan", "Avalon 15-999"),
        ("Bitaxe", "Bitaxe"),
        ("Nobody", "S19"),
        ("", ""),
    ],
)
def test_what_is_not_known_has_no_nameplate(maker: str, model: str) -> None:
    assert of(maker, model) is None


def test_the_power_is_in_watts_and_the_hashrate_in_hashes_of_the_models_own_kind() -> None:
    s21, l7, gamma = (of("Bitmain", "S21"), of("Bitmain", "L7"), of("Bitaxe", "Bitaxe Gamma"))
    assert s21 is not None
    assert s21.hashrate == pytest.approx(188e12)
    assert s21.power == 3290
    assert l7 is not None
    assert l7.hashrate == pytest.approx(8.55e9)
    assert gamma is not None
    assert gamma.hashrate == pytest.approx(1.071e12)


def test_a_level_that_the_maker_does_not_tell_is_not_expected_of_it() -> None:
    assert of("Canaan", "Avalon Mini 3") == Nameplate(None, 800)


def sha256() -> list[tuple[str, float, float]]:
    other = (nameplates._ANTMINER_SCRYPT, nameplates._ANTMINER_X11)
    rows = [(n, r, unit) for _, _, t, unit in TABLES if t not in other for n, r in t.items()]
    return [(name, row[0] * unit, row[1]) for name, row, unit in rows if row[0] and row[1]]


@pytest.mark.parametrize(("name", "rate", "power"), sha256())
def test_a_row_is_as_efficient_as_such_machines_are(name: str, rate: float, power: float) -> None:
    assert LEAST < power / (rate / 1e12) < MOST


@pytest.mark.parametrize(("maker", "spelling", "table"), [one[:3] for one in TABLES])
def test_every_row_is_found_by_its_own_name(
    maker: str, spelling: str, table: dict[str, nameplates.Row]
) -> None:
    for name, row in table.items():
        plate = of(maker, name)
        assert plate is not None
        assert plate.power == row[1]


@given(st.sampled_from(["Bitmain", "MicroBT", "Canaan", "Bitaxe", "x"]), st.text(max_size=200))
def test_any_name_is_taken(maker: str, model: str) -> None:
    of(maker, model)
