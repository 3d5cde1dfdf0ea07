"""What a simulated AxeOS device tells of itself."""

from __future__ import annotations

import json

import pytest

from mother.sim.axeos import FAULTS, MODELS, SHARES, device
from mother.sim.faults import Fault
from mother.sim.plan import Berth, FarmPlan

from .wire import MAC, RECORDED, Wire, all_models

NEWER = ("hashRate_1m", "hashRate_10m", "hashRate_1h", "expectedHashrate", "miningPaused")


def test_every_key_of_the_recording_is_served_with_its_type() -> None:
    info = Wire().info()
    assert list(info) == list(RECORDED)
    for key, value in RECORDED.items():
        number = isinstance(value, (int, float))
        assert isinstance(info[key], (int, float) if number else str), key


def test_the_recorded_settings_are_those_of_the_recorded_model() -> None:
    info = Wire().info()
    for key in ("ASICModel", "asicCount", "boardVersion", "coreVoltage", "frequency", "version"):
        assert info[key] == RECORDED[key], key


@pytest.mark.parametrize("model", all_models())
def test_every_model_hashes_about_what_its_chips_should(model: str) -> None:
    wire = Wire(model)
    rates = [wire.info()["hashRate"] for _ in range(40)]
    expected = wire.axe.expected
    assert sum(rates) / 40 == pytest.approx(expected, rel=0.04)
    assert expected == MODELS[model].frequency * MODELS[model].cores * MODELS[model].chips / 1000


def test_the_recorded_model_should_do_625_gigahashes() -> None:
    assert Wire().axe.expected == pytest.approx(625.24)


def test_newer_firmware_has_windows_and_counts_chips_elsewhere() -> None:
    wire = Wire("bitaxe-supra-hex")
    info = wire.info()
    assert set(NEWER) <= set(info)
    assert "asicCount" not in info
    assert json.loads(wire.body("GET", "/api/system/asic"))["asicCount"] == 6
    assert len(info["hashrateMonitor"]["asics"]) == 6


def test_firmware_between_has_neither_windows_nor_count() -> None:
    info = Wire("bitaxe-ultra").info()
    assert not {"hashRate_1m", "miningPaused", "asicCount"} & set(info)
    assert info["expectedHashrate"] == pytest.approx(433.59)


def test_the_recorded_firmware_has_no_asic_page_and_cannot_pause() -> None:
    wire = Wire()
    assert wire.code("GET", "/api/system/asic") == 404
    assert wire.code("POST", "/api/system/pause") == 404


def test_shares_grow_with_the_time() -> None:
    wire = Wire(uptime=0.0)
    wire.wait(3600)
    first = wire.info()["sharesAccepted"]
    wire.wait(3600)
    second = wire.info()["sharesAccepted"]
    assert 0 < first < second
    assert second * 1000 * 2**32 == pytest.approx(7200 * 625e9, rel=0.1)


def test_rejected_shares_have_reasons() -> None:
    info = Wire("bitaxe-gamma", uptime=400_000.0).info()
    assert info["sharesRejected"] == sum(each["count"] for each in info["sharesRejectedReasons"])
    assert 0 < info["sharesRejected"] < info["sharesAccepted"] / 100


def test_best_shares_are_told_short_by_older_firmware_and_whole_by_newer() -> None:
    assert isinstance(Wire().info()["bestDiff"], str)
    assert isinstance(Wire("bitaxe-gamma").info()["bestDiff"], int)


def test_what_is_not_there_is_told_in_plain_text() -> None:
    wire = Wire()
    response = wire.response("GET", "/api/system/nothing")
    assert response.code == 404
    assert wire.code("GET", "/api/system/restart") == 405
    assert not response.headers.getRawHeaders("content-type")[0].startswith("application/json")


def test_the_page_says_axeos() -> None:
    assert b"<title>AxeOS</title>" in Wire().body("GET", "/")


@pytest.mark.parametrize(
    ("origin", "code"),
    [
        ("http://192.168.1.20", 200),
        ("http://127.77.0.1:8080", 200),
        ("http://8.8.8.8", 401),
        ("https://evil.example", 401),
    ],
)
def test_only_pages_of_private_addresses_may_make_a_browser_ask(origin: str, code: int) -> None:
    assert Wire().code("GET", "/api/system/info", Origin=origin) == code


def test_a_berth_makes_the_device_that_it_says() -> None:
    berth = Berth(
        host="127.77.0.9",
        mac=MAC,
        model="bitaxe-gamma",
        uptime=500.0,
        fault=Fault.NONE,
        after=0.0,
        factory_fresh=True,
    )
    axe = device(berth, FarmPlan(), lambda: 1000.0)
    assert (axe.family, axe.model, axe.host, axe.mac) == (
        "axeos",
        "bitaxe-gamma",
        "127.77.0.9",
        MAC,
    )
    assert axe.uptime == 500.0
    assert axe.pools[0][0] == ""
    assert set(SHARES) == set(MODELS)
    assert Fault.WRONG_PASSWORD not in FAULTS
