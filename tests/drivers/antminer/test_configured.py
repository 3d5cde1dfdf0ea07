"""What is configured on an Antminer, from its pages and back."""

from __future__ import annotations

import pytest

from mother.core.errors import Garbled, Unsupported
from mother.core.model import ConfiguredPool, NetworkSettings
from mother.drivers.antminer import configured, firmware
from tests.drivers.antminer.answers import (
    MAC,
    conf,
    network,
    old_conf,
    old_info,
    recorded,
    states,
    system_info,
)


def test_the_recorded_mac_is_no_mac_and_so_nobody_is_known_by_it() -> None:
    with pytest.raises(Garbled, match="MAC"):
        configured.description(recorded("system_info"), {})


def test_a_miner_is_described_by_its_page_and_what_it_says() -> None:
    found = configured.description(system_info(), recorded("version"))
    assert found.family == "antminer"
    assert found.mac == MAC
    assert (found.maker, found.model, found.firmware_name) == ("Bitmain", "S21", "stock")
    assert found.firmware == "FR-1.12(251009-S21)"
    assert found.hardware == "49.0.1.3"
    assert found.serial == "THQING0BDJAB024NF"
    assert found.hostname == "Antminer"
    assert found.closed == ""


def test_what_the_page_does_not_tell_is_taken_from_what_it_says() -> None:
    found = configured.description({"macaddr": MAC}, recorded("version"))
    assert found.model == "S19 Pro"
    assert found.firmware == "Tue Dec  6 16:12:30 CST 2022"


def test_the_generation_is_known_by_the_page() -> None:
    assert configured.is_old(old_info())
    assert not configured.is_old(system_info())


def test_settings_are_pools_profile_and_sleep() -> None:
    found = configured.settings(conf())
    assert found.pools is not None
    assert len(found.pools) == 3
    assert found.pools[0] == ConfiguredPool("stratum+tcp://p0.example:3333", "farm.0", "secret0")
    assert (found.profile, found.asleep) == ("normal", False)
    assert "secret0" not in repr(found)
    asleep = configured.settings(conf(**{"bitmain-work-mode": "1"}))
    assert (asleep.profile, asleep.asleep) == (None, True)
    low = configured.settings(conf(**{"bitmain-work-mode": 3}))
    assert (low.profile, low.asleep) == ("low-power", False)


def test_the_old_generation_has_pools_and_no_mode() -> None:
    found = configured.settings(old_conf())
    assert found.pools
    assert (found.profile, found.asleep) == (None, None)
    with pytest.raises(Unsupported):
        configured.with_mode(old_conf(), 1)
    with pytest.raises(Unsupported):
        configured.with_pools(old_conf(), ())


def test_what_is_kept_of_a_chatty_page_is_bounded() -> None:
    told: dict[str, object] = {f"f{n}": {} for n in range(500)} | {"hostname": "h" * 5000}
    found = configured.description({"macaddr": "02:55:97:22:30:72", **told}, {})
    assert len(found.overview) <= 64
    assert len(found.hostname) <= 200
    assert found.overview["f0"] == ""


def test_a_slot_that_is_empty_is_no_pool() -> None:
    told = conf()
    told["pools"][1] = {"url": "", "user": "", "pass": ""}
    found = configured.settings(told).pools
    assert found is not None
    assert [pool.user for pool in found] == ["farm.0", "farm.2"]


def test_a_mode_is_written_by_both_names_as_it_was_found() -> None:
    whole = configured.with_mode(conf(), 1)
    assert (whole["bitmain-work-mode"], whole["miner-mode"]) == ("1", 1)
    whole = configured.with_mode(conf(**{"bitmain-work-mode": 0, "miner-mode": "0"}), 3)
    assert (whole["bitmain-work-mode"], whole["miner-mode"]) == (3, "3")


def test_a_mode_changes_nothing_else() -> None:
    told = conf(**{"bitmain-freq-level": "90"})
    whole = configured.with_mode(told, 1)
    assert whole.pop("miner-mode") == 1
    assert whole.pop("freq-level") == "90"
    assert whole == {**told, "bitmain-work-mode": "1"}


def test_pools_leave_mode_and_level_as_they_were() -> None:
    whole = configured.with_pools(conf(**{"bitmain-work-mode": "3"}), ())
    assert (whole["bitmain-work-mode"], whole["miner-mode"]) == ("3", 3)
    assert whole["freq-level"] == "100"


def test_each_pool_has_its_slot_and_a_slot_keeps_what_else_it_holds() -> None:
    told = conf()
    told["pools"][0]["weight"] = 7
    wanted = (
        ConfiguredPool("stratum+tcp://new.example:1", "a.b", "x"),
        ConfiguredPool("stratum+tcp://p2.example:3333", "farm.2", None),
    )
    written = configured.with_pools(told, wanted)["pools"]
    assert written == [
        {"url": "stratum+tcp://new.example:1", "user": "a.b", "pass": "x", "weight": 7},
        {"url": "stratum+tcp://p2.example:3333", "user": "farm.2", "pass": "secret2"},
        {"url": "", "user": "", "pass": ""},
    ]


def test_the_network_of_a_lease_is_what_it_was_given() -> None:
    assert configured.network(network()) == NetworkSettings(
        dhcp=True, address="10.1.0.25", netmask="255.255.255.0"
    )


def test_the_network_of_a_static_miner_is_what_is_written_there() -> None:
    told = network(
        conf_nettype="Static",
        conf_ipaddress="10.1.0.9",
        conf_netmask="255.255.252.0",
        conf_gateway="10.1.0.1",
        conf_dnsservers="10.1.0.1 9.9.9.9",
    )
    found = configured.network(told)
    assert found.dns == ("10.1.0.1", "9.9.9.9")
    assert (found.dhcp, found.address, found.gateway) == (False, "10.1.0.9", "10.1.0.1")
    with pytest.raises(Garbled):
        configured.network({})


def test_what_the_summary_page_finds_wrong_is_a_fault() -> None:
    assert configured.faults(states()) == ()
    found = configured.faults(states(fans="Fan lost", temp="Over max temp"))
    assert [(fault.code, fault.text) for fault in found] == [
        ("fans", "Fan lost"),
        ("temp", "Over max temp"),
    ]


NEW = "FR-1.12(251009-S21)"


def test_firmware_is_known_by_its_name_only_where_that_tells_a_release() -> None:
    assert firmware.version_in(f"{NEW}.bmu") == NEW
    for name in (NEW, "Antminer-S19-user-OM-202212061612.bmu", ".bmu", "FR-x(1-S21).bmu", ""):
        assert firmware.version_in(name) == ""


def test_a_release_is_newer_by_day_and_number_of_the_same_model() -> None:
    assert firmware.is_newer("FR-1.13(251101-S21)", NEW) is True
    assert firmware.is_newer(NEW, "FR-1.13(251101-S21)") is False
    assert firmware.is_newer(NEW, NEW) is False
    assert firmware.is_newer("FR-1.11(251101-S21)", NEW) is None
    assert firmware.is_newer("FR-1.13(251101-S19)", NEW) is None
    assert firmware.is_newer(NEW, "Tue Dec  6 16:12:30 CST 2022") is None


def test_a_release_fits_the_model_that_it_names() -> None:
    assert firmware.fits(NEW, "S21") is True
    assert firmware.fits("FR-1.12(251009-S19jPro)", "S19j Pro") is True
    assert firmware.fits(NEW, "S21+") is False
    assert firmware.fits(NEW, "") is None
    assert firmware.fits("Tue Dec  6 16:12:30 CST 2022", "S19 Pro") is None
