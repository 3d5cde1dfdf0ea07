"""What a device does with what it is told, quirks included."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from mother.sim.dragonmint import php
from tests.sim.wire import NOW, RECORDINGS, NoAnswerYet, Wire, recorded_response, result

SUCCESS = {"success": True}
STATIC = {
    "dhcp": "static",
    "ipaddress": "127.77.0.9",
    "netmask": "255.255.0.0",
    "gateway": "127.77.0.1",
    "dns[0]": "127.77.0.1",
    "dns[1]": "127.77.0.2",
}


def pool(slot: int, url: str = "stratum+tcp://pool.example:3333", password: str = "x") -> Any:
    return {f"Pool{slot}": url, f"UserName{slot}": f"user{slot}", f"Password{slot}": password}


def test_the_recorded_update_of_pools_gives_the_recorded_list() -> None:
    wire = Wire().log_in()
    cassette = yaml.safe_load((RECORDINGS / "updatePools.yaml").read_text())
    body = cassette["interactions"][0]["request"]["body"]
    fields = php.form(body.encode())
    assert wire.ask("updatePools", fields) == SUCCESS
    recorded = json.loads(recorded_response("pools.yaml")["body"]["string"])
    assert wire.ask("pools") == recorded


def test_new_pools_replace_the_whole_list_and_restart_the_mining_program() -> None:
    wire = Wire().log_in()
    assert wire.ask("updatePools", pool(1)) == SUCCESS
    assert wire.ask("pools")["pools"] == [
        {"url": "stratum+tcp://pool.example:3333", "user": "user1", "pass": "x"}
    ]
    assert wire.ask("summary") == {"success": False}
    wire.clock.advance(75)
    summary = wire.ask("summary")
    assert [each["URL"] for each in summary["POOLS"]] == ["stratum+tcp://pool.example:3333"]
    assert summary["DEVS"][0]["Device Elapsed"] < 60


def test_a_slot_with_an_empty_part_is_dropped_without_a_word() -> None:
    wire = Wire().log_in()
    form = {**pool(1, password=""), **pool(2), **pool(3, url="")}
    assert wire.ask("updatePools", form) == SUCCESS
    assert [each["user"] for each in wire.ask("pools")["pools"]] == ["user2"]


def test_an_empty_list_is_a_success_and_nothing_mines_any_more() -> None:
    wire = Wire().log_in()
    assert wire.ask("updatePools", {"Pool1": "x"}) == SUCCESS
    assert wire.ask("pools") == {"success": True, "pools": []}
    wire.clock.advance(3600)
    assert wire.ask("summary") == {"success": False}


def test_without_a_pools_key_the_configuration_is_missing() -> None:
    wire = Wire().log_in()
    wire.dragon.pools = None
    assert wire.ask("pools") == {"success": False, "message": "missing configuration"}


def test_the_recorded_change_to_dhcp_is_taken() -> None:
    wire = Wire().log_in()
    assert wire.ask("updateNetwork", {"dhcp": "dhcp", "dns": "null"}) == SUCCESS
    assert wire.dragon.host == "127.77.0.1"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dhcp": "maybe"}, "invalid dhcp setting"),
        ({"ipaddress": "1.2.3"}, "invalid ip address"),
        ({"netmask": ""}, "invalid netmask "),
        ({"gateway": "x"}, "invalid gateway "),
        ({"dns[0]": ""}, "invalid dns 1 "),
        ({"dns[1]": ""}, "invalid dns 2 "),
    ],
)
def test_refused_network_settings_say_why_with_a_trailing_blank(
    change: dict[str, str], message: str
) -> None:
    wire = Wire().log_in()
    answer = wire.ask("updateNetwork", STATIC | change)
    assert answer == {"success": False, "message": message}
    assert wire.dragon.host == "127.77.0.1"


@pytest.mark.parametrize("names", [("dns[0]", "dns[1]"), ("dns[]", "dns[]")])
def test_name_servers_come_as_a_php_array(names: tuple[str, str]) -> None:
    wire = Wire().log_in()
    fields: Any = [(k, v) for k, v in STATIC.items() if not k.startswith("dns")]
    fields += zip(names, ("127.77.0.1", "127.77.0.2"), strict=True)
    assert wire.ask("updateNetwork", fields) == SUCCESS
    settings = wire.ask("network")
    assert (settings["dhcp"], settings["ipaddress"]) == ("static", "127.77.0.9")
    assert (settings["dns1"], settings["dns2"]) == ("127.77.0.1", "127.77.0.2")


def test_a_json_text_of_name_servers_is_taken_apart_by_character_and_fails() -> None:
    wire = Wire().log_in()
    form = {k: v for k, v in STATIC.items() if not k.startswith("dns")}
    form["dns"] = '["127.77.0.1", "127.77.0.2"]'
    assert wire.ask("updateNetwork", form)["message"] == "invalid dns 1 "


def test_an_index_into_a_text_is_a_character_and_into_an_array_an_element() -> None:
    assert php.element({"dns": "abc"}, "dns", 1) == "b"
    assert php.element({"dns": "abc"}, "dns", 3) == ""
    assert php.element(php.form(b"dns[]=a&dns[]=b&dns[7]=c"), "dns", 7) == "c"


def test_back_to_dhcp_gives_the_leased_address_back() -> None:
    wire = Wire().log_in()
    wire.ask("updateNetwork", STATIC)
    assert wire.dragon.host == "127.77.0.9"
    wire.ask("updateNetwork", {"dhcp": "dhcp"})
    assert wire.ask("network")["ipaddress"] == "127.77.0.1"
    assert wire.ask("network")["dhcp"] == "dhcp"


def test_balanced_saves_nothing_where_there_is_no_mode_to_remove() -> None:
    wire = Wire("T2").log_in("admin", "admin")
    before = wire.ask("summary")["DEVS"][0]["Device Elapsed"]
    assert wire.ask("setAutoTune", {"autotune": "balanced", "level": "3"}) == SUCCESS
    assert wire.ask("getAutoTune")["autoTuneMode"] == {"mode": "factory", "level": "2"}
    assert wire.ask("summary")["DEVS"][0]["Device Elapsed"] > before


def test_balanced_is_saved_after_another_mode() -> None:
    wire = Wire("T2").log_in("admin", "admin")
    wire.ask("setAutoTune", {"autotune": "efficient"})
    assert wire.ask("getAutoTune")["autoTuneMode"] == {"mode": "efficient", "level": "2"}
    wire.ask("setAutoTune", {"autotune": "balanced", "level": "3"})
    assert wire.ask("getAutoTune")["autoTuneMode"] == {"mode": "balanced", "level": "3"}
    assert wire.ask("summary") == {"success": False}
    wire.ask("setAutoTune", {"autotune": "balanced", "level": "4"})
    assert wire.ask("getAutoTune")["autoTuneMode"]["level"] == "3"


def test_the_other_modes_restart_mining_even_when_unchanged() -> None:
    wire = Wire().log_in()
    for _ in range(2):
        wire.clock.advance(200)
        assert wire.ask("summary")["success"] is True
        assert wire.ask("setAutoTune", {"autotune": "efficient"}) == SUCCESS
        assert wire.ask("summary") == {"success": False}
    assert wire.ask("getAutoTune")["autoTuneMode"] == "efficient"


def test_the_autotune_status_right_after_a_change_is_the_recorded_one() -> None:
    wire = Wire().log_in()
    wire.ask("setAutoTune", {"autotune": "efficient"})
    recorded = json.loads(recorded_response("getAutoTuneStatus.yaml")["body"]["string"])
    assert wire.ask("getAutoTuneStatus") == recorded


def test_an_unknown_mode_is_a_success_and_nothing_happens_and_none_is_refused() -> None:
    wire = Wire().log_in()
    assert wire.ask("setAutoTune", {"autotune": "turbo"}) == SUCCESS
    assert wire.ask("getAutoTune")["autoTuneMode"] == "balanced"
    assert wire.ask("summary")["success"] is True
    assert wire.ask("setAutoTune") == {"success": False, "message": "missing autotune value"}


def test_a_reboot_answers_after_four_seconds_and_then_the_device_is_away() -> None:
    wire = Wire().log_in()
    coming = wire.start("/api/reboot")
    wire.clock.advance(3.9)
    wire.treq.flush()
    with pytest.raises(NoAnswerYet):
        result(coming)
    assert wire.dragon.present
    wire.clock.advance(0.1)
    wire.treq.flush()
    assert result(coming).code == 200
    assert not wire.dragon.present
    wire.clock.advance(59)
    assert not wire.dragon.present
    wire.clock.advance(32)
    assert wire.dragon.present
    assert wire.dragon.uptime < 31
    assert [write.path for write in wire.dragon.writes] == ["/api/reboot"]


def test_a_reboot_happens_even_when_nobody_waits_for_the_answer() -> None:
    wire = Wire().log_in()
    wire.start("/api/reboot").addErrback(lambda failure: None).cancel()
    wire.treq.flush()
    wire.clock.advance(4)
    assert not wire.dragon.present


def test_a_power_off_is_for_good_until_somebody_comes() -> None:
    wire = Wire().log_in()
    wire.ask("poweroff")
    wire.clock.advance(86400)
    assert not wire.dragon.present
    wire.dragon.come_back()
    assert wire.dragon.present
    assert wire.dragon.uptime == 0


def test_a_restart_of_mining_leaves_the_system_up() -> None:
    wire = Wire().log_in()
    assert wire.ask("restartCgMiner") == SUCCESS
    assert wire.ask("summary") == {"success": False}
    assert wire.dragon.uptime > 86000
    wire.clock.advance(75)
    assert wire.ask("summary")["success"] is True


def test_a_factory_reset_forgets_pools_passwords_and_mode_and_reboots() -> None:
    wire = Wire().log_in()
    form = {"user": "admin", "currentPassword": "dragonadmin", "newPassword": "other"}
    wire.ask("updatePassword", form)
    wire.ask("setAutoTune", {"autotune": "performance"})
    wire.ask("factoryReset")
    assert not wire.dragon.present
    wire.clock.advance(100)
    wire.log_in()
    assert wire.ask("pools")["message"] == "missing configuration"
    assert wire.ask("getAutoTune")["autoTuneMode"] == "balanced"


def test_the_recorded_build_is_up_to_date() -> None:
    recorded = json.loads(recorded_response("getLatestFirmwareVersion.yaml")["body"]["string"])
    assert Wire().log_in().ask("getLatestFirmwareVersion") == recorded


def test_a_newer_build_is_offered_from_the_device_itself() -> None:
    wire = Wire(newest="t1_20180715_010203").log_in()
    answer = wire.ask("getLatestFirmwareVersion")
    assert answer["isUpdated"] is False
    assert answer["currentVersion"] == "t1_20180515_060842"
    assert answer["versionDate"] == "15th of July 2018 01:02 AM"
    assert answer["url"] == "http://127.77.0.1:8080/files/t1/t1_20180715_010203.swu"
    assert wire.response("/files/t1/t1_20180715_010203.swu", method="GET").code == 200


def test_without_an_index_there_is_no_version() -> None:
    wire = Wire().log_in()
    wire.dragon.newest = ""
    answer = wire.ask("getLatestFirmwareVersion")
    assert answer == {"success": False, "message": "can't fetch firmware versions"}


def test_a_build_named_by_url_is_installed_too() -> None:
    wire = Wire().log_in()
    url = "http://127.77.0.1:8080/files/t1/t1_20190101_000000.swu"
    assert wire.raw("/upgrade/download", {"url": url}) == b""
    wire.clock.advance(120)
    assert wire.dragon.firmware.version == "t1_20190101_000000"
    assert wire.dragon.firmware.modern


def test_writes_are_kept_with_time_and_fields_and_questions_are_counted() -> None:
    wire = Wire().log_in()
    wire.ask("setAutoTune", {"autotune": "efficient", "level": "2"})
    [write] = wire.dragon.writes
    assert (write.at, write.path) == (NOW, "/api/setAutoTune")
    assert write.form == {"autotune": "efficient", "level": "2"}
    wire.raw("/elsewhere", method="GET")
    assert wire.dragon.requests["/api/setAutoTune"] == 1
    assert wire.dragon.requests["other"] == 1
