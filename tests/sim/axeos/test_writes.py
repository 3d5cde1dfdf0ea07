"""What can be changed on a simulated AxeOS device, and when it takes effect."""

from __future__ import annotations

import pytest

from .wire import Wire


def test_pools_are_kept_at_once_and_mined_for_after_a_restart() -> None:
    wire = Wire()
    wire.patch(stratumURL="new.example.pool", stratumPort=3334, stratumUser="me.axe")
    info = wire.info()
    assert (info["stratumURL"], info["stratumPort"]) == ("new.example.pool", 3334)
    assert wire.axe.pools[0] == ("btc.example.pool", 3333, "asic-rs.test")
    wire.restart()
    assert wire.axe.pools[0] == ("new.example.pool", 3334, "me.axe")


def test_a_password_is_kept_and_never_told() -> None:
    wire = Wire("bitaxe-gamma")
    wire.patch(stratumPassword="geheim", wifiPass="noch geheimer")
    assert wire.axe.settings["stratumPassword"] == "geheim"
    assert b"geheim" not in wire.body("GET", "/api/system/info")
    assert "geheim" not in repr(wire.axe.writes)


def test_frequency_and_voltage_change_rate_and_power_at_once() -> None:
    wire = Wire("bitaxe-gamma")
    wire.wait(600)
    before = wire.info()
    wire.patch(frequency=400, coreVoltage=1000)
    wire.wait(60)
    after = wire.info()
    assert after["expectedHashrate"] == pytest.approx(816)
    assert after["hashRate_1m"] == pytest.approx(before["hashRate_1m"] * 400 / 525, rel=0.15)
    assert after["power"] < before["power"] * 0.7


def test_too_little_voltage_costs_hashes() -> None:
    wire = Wire("bitaxe-gamma")
    wire.patch(frequency=625, coreVoltage=1100)
    wire.wait(3600)
    assert 0 < wire.info()["hashRate_10m"] < 0.9 * wire.axe.expected


def test_strange_settings_are_passed_over() -> None:
    wire = Wire()
    before = dict(wire.axe.settings)
    wire.patch(nothing=1, ASICModel="BM9999", frequency="fast", stratumPort=99999)
    assert wire.axe.settings == before


def test_newer_firmware_refuses_wrong_types_whole() -> None:
    wire = Wire("bitaxe-gamma")
    before = dict(wire.axe.settings)
    assert wire.code("PATCH", "/api/system", b'{"frequency": "fast", "hostname": "x"}') == 400
    assert wire.code("PATCH", "/api/system", b"[1, 2]") == 400
    assert wire.code("PATCH", "/api/system", b'{"hostname') == 400
    assert wire.axe.settings == before
    assert not wire.axe.writes


def test_a_body_beyond_its_memory_is_refused() -> None:
    assert Wire().code("PATCH", "/api/system", b'{"hostname": "' + b"x" * 20000 + b'"}') == 500


def test_a_restart_takes_it_away_for_seconds_and_begins_anew() -> None:
    wire = Wire()
    changes: list[bool] = []
    wire.axe.changed = lambda: changes.append(wire.axe.present)
    wire.body("POST", "/api/system/restart")
    assert wire.axe.present
    wire.wait(2.0)
    assert changes == [False]
    assert 0 < wire.axe.absent_until - wire.clock.seconds() < 20
    wire.wait(20.0)
    assert wire.axe.present
    info = wire.info()
    assert info["uptimeSeconds"] < 30
    assert info["sharesAccepted"] < 10


def test_it_pauses_and_resumes_where_the_firmware_can() -> None:
    wire = Wire("bitaxe-gamma")
    wire.body("POST", "/api/system/pause")
    info = wire.info()
    assert info["miningPaused"] is True
    assert (info["hashRate"], info["hashRate_1h"]) == (0, 0)
    assert info["power"] < 4
    wire.body("POST", "/api/system/resume")
    wire.wait(120)
    info = wire.info()
    assert info["miningPaused"] is False
    assert info["hashRate"] > 900


def test_a_restart_forgets_the_pause() -> None:
    wire = Wire("bitaxe-gamma")
    wire.body("POST", "/api/system/pause")
    wire.restart()
    assert wire.info()["miningPaused"] is False


def test_it_says_hi_for_half_a_minute() -> None:
    wire = Wire("bitaxe-gamma")
    wire.body("POST", "/api/system/identify")
    assert wire.axe.identifying_until - wire.clock.seconds() == pytest.approx(30)


def test_the_fan_follows_a_hand_or_the_heat() -> None:
    wire = Wire()
    automatic = wire.info()["fanspeed"]
    wire.patch(autofanspeed=0, fanspeed=80)
    info = wire.info()
    assert automatic < 60
    assert info["fanspeed"] == 80
    assert info["fanrpm"] > 6000


def test_writes_are_noted_in_order() -> None:
    wire = Wire("bitaxe-gamma")
    wire.patch(hostname="one")
    wire.body("POST", "/api/system/pause")
    wire.body("POST", "/api/system/restart")
    assert [write.path for write in wire.axe.writes] == [
        "PATCH /api/system",
        "POST /api/system/pause",
        "POST /api/system/restart",
    ]
