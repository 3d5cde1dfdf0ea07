"""What the name of a firmware tells."""

from __future__ import annotations

from typing import Any, cast

import pytest

from mother.drivers.dragonmint.driver import DragonMint

FAMILY = DragonMint(cast(Any, None), lambda: 1.0)
OLD, NEW = "t1_20180515_060842", "t1_20190101_000000"


@pytest.mark.parametrize("version", [OLD, NEW, "b29+_20180808_093012", "a10_g1_20190808_093012"])
def test_the_name_of_a_firmware_file_is_its_version(version: str) -> None:
    assert FAMILY.firmware_in(f"{version}.swu") == version


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".swu",
        OLD,
        f"{OLD}.swu.part",
        f"{OLD}.bin",
        f"{OLD}.swu.swu",
        f"files/{OLD}.swu",
        "t1.swu",
        "t1_20190230_000000.swu",
        "t1_20190101_250000.swu",
        "t1_2019010_000000.swu",
        "t1_a_b_20190101_000000.swu",
        't1"_20190101_000000.swu',
        f"{NEW}.swu\n",
    ],
)
def test_any_other_file_name_tells_no_version(name: str) -> None:
    assert FAMILY.firmware_in(name) == ""


@pytest.mark.parametrize(
    ("version", "than", "newer"),
    [
        (NEW, OLD, True),
        (OLD, NEW, False),
        (OLD, OLD, False),
        ("t1_20180515_060843", OLD, True),
        ("T1_20190101_000000", OLD, True),
        ("t1_g19_20190101_000000", OLD, True),
        ("t1_g19_20190101_000000", "t1_g20_20190102_000000", False),
        ("t2_20190101_000000", OLD, None),
        ("nonsense", OLD, None),
        (NEW, "", None),
        (NEW, "t1_20190230_000000", None),
    ],
)
def test_the_newer_firmware_is_the_one_built_later(
    version: str, than: str, newer: bool | None
) -> None:
    assert FAMILY.is_newer(version, than) is newer


@pytest.mark.parametrize(
    ("version", "model", "fits"),
    [
        (OLD, "T1", True),
        (OLD, "t1", True),
        (OLD, "T2", False),
        ("b29+_20180808_093012", "B29+", True),
        ("b29_20180808_093012", "B29+", False),
        ("a10_g1_20190808_093012", "A10", True),
        ("t2_g1_20190808_093012", "T1", False),
        ("inno_t1_20190808_093012", "T1", None),
        ("nonsense", "T1", None),
        (OLD, "", None),
    ],
)
def test_a_firmware_fits_the_model_it_is_named_after(
    version: str, model: str, fits: bool | None
) -> None:
    assert FAMILY.firmware_fits(version, model) is fits
