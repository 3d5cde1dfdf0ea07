"""What error codes mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.core.reading import DeviceFault
from mother.drivers.whatsminer import faults
from mother.drivers.whatsminer.firmware import is_newer
from mother.drivers.whatsminer.metrics import at_rest, safe_model
from mother.drivers.whatsminer.models import liquid


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("110", "the intake fan turns at a wrong speed"),
        ("206", "the mains voltage at the power supply is too low"),
        ("281", "the power supply's maker reports bit 0 of its state 1"),
        ("289", "the power supply's maker reports bit 0 of its state 2"),
        ("296", "the power supply's maker reports bit 7 of its state 2"),
        ("329", "the control board's temperature sensor does not answer"),
        ("321", "slot 1: the temperature cannot be read"),
        ("530", "slot 0: no board is found"),
        ("2010", "all pools are disabled"),
        ("2021", "pool 1 cannot be reached"),
        ("5071", "slot 1: the coolant flows wrong"),
        ("520017", "slot 0, chip 17: wrong nonces"),
        ("562255", "slot 2, chip 255: no nonces"),
        ("5513", "slot 1, chip 3: was reset"),
        ("8511", "the power is off standard (level 1)"),
        ("100100", "the security check removed the mining program; update the firmware"),
    ],
)
def test_a_code_is_told_in_words(code: str, meaning: str) -> None:
    assert faults.meaning(code) == meaning


@pytest.mark.parametrize("code", ["", "7", "99", "999", "8519", "123456", "x", "²10", "-1"])
def test_what_the_list_does_not_hold_is_said_to_be_so(code: str) -> None:
    assert faults.meaning(code) == faults.UNKNOWN


@given(code=st.text(max_size=8) | st.integers(0, 10**7).map(str))
def test_any_text_has_a_meaning_without_a_gap(code: str) -> None:
    meaning = faults.meaning(code)
    assert meaning
    assert "{" not in meaning


def test_each_error_is_noted_once_and_only_codes_are() -> None:
    found: dict[str, DeviceFault] = {}
    for code in ("530", "530", "reason", "1", "1234567"):
        faults.note(found, code)
    assert list(found) == ["530"]


@pytest.mark.parametrize(
    ("version", "than", "newer"),
    [
        ("20251209.16.Rel2", "20240624.18.REL", True),
        ("20240624.18.REL", "20240624.18.REL", False),
        ("20240624.18.REL", "20240624.19.REL", False),
        ("20251209.16.Rel2", "20251209.16.Rel", True),
        ("1.0", "20240624.18.REL", None),
    ],
)
def test_firmware_is_newer_by_its_day_and_number(
    version: str, than: str, newer: bool | None
) -> None:
    assert is_newer(version, than) is newer


@pytest.mark.parametrize(
    ("model", "wet"),
    [
        ("M30S++_VH50", False),
        ("M21S_V20", False),
        ("M32_V10", False),
        ("M50S_VK30", False),
        ("M61_VK10", False),
        ("M29_V10", False),
        ("M33S+_VG30", True),
        ("M36S_VE10", True),
        ("M52S_VK30", True),
        ("M53S+_VJ30", True),
        ("M66S_VK40", True),
        ("", False),
        ("S19", False),
    ],
)
def test_hydro_and_immersion_models_are_known_by_their_number(model: str, wet: bool) -> None:
    assert liquid(model) is wet


def test_names_are_safe_and_what_rests_is_nothing() -> None:
    assert safe_model("M30S++_VH50") == "M30S-plus-plus_VH50"
    assert safe_model("") == "unknown"
    assert at_rest({"frequency.avg": 600.0, "psu.fan_rpm": 6000.0}) == {"frequency.avg": 0.0}
