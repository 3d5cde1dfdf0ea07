"""The driver's writes against the simulated miner, quirks included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mother.core.errors import Declined, Refused, Unreachable
from mother.core.model import (
    Command,
    CommandKind,
    Credential,
    NetworkSettings,
    Settings,
)
from mother.sim.dragonmint.access import Access
from mother.sim.dragonmint.settings import Autotune
from tests.drivers.dragonmint.orders import VERSION, image, order, pools
from tests.drivers.dragonmint.shed import Shed

OLD_SHAPE, NEW_SHAPE = "T1", "B29+"
KIND = CommandKind


def profile(mode: str, level: str | None = None) -> Command:
    return order(KIND.SET_PROFILE, profile=mode, level=level)


def profiles_sent(shed: Shed) -> list[dict[str, Any]]:
    return [dict(write.form) for write in shed.written if write.path == "/api/setAutoTune"]


def settings(shed: Shed) -> Settings:
    found: Settings = shed.do(shed.device.settings())
    return found


# pools


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_the_pools_that_were_set_are_the_pools_that_are_read(count: int) -> None:
    shed = Shed()
    shed.do(shed.device.perform(order(KIND.SET_POOLS, pools=pools(count))))
    assert settings(shed).pools == pools(count)
    assert len(shed.written) == 1


def test_a_miner_fresh_from_the_factory_gets_its_pools() -> None:
    shed = Shed()
    shed.dragon.pools = None
    assert settings(shed).pools == ()
    shed.do(shed.device.perform(order(KIND.SET_POOLS, pools=pools(1))))
    assert settings(shed).pools == pools(1)


# profiles


@pytest.mark.parametrize("model", [OLD_SHAPE, NEW_SHAPE])
@pytest.mark.parametrize("mode", ["efficient", "factory", "performance"])
def test_a_profile_is_set_by_one_call(model: str, mode: str) -> None:
    shed = Shed(model)
    shed.do(shed.device.perform(profile(mode, "3")))
    assert settings(shed).profile == mode
    assert profiles_sent(shed) == [{"autotune": mode, "level": "3"}]
    assert settings(shed).level == (None if model == OLD_SHAPE else "3")


def test_balanced_after_another_profile_sticks_at_once() -> None:
    shed = Shed(NEW_SHAPE)
    shed.do(shed.device.perform(profile("efficient")))
    shed.do(shed.device.perform(profile("balanced")))
    assert settings(shed).profile == "balanced"
    assert profiles_sent(shed)[1:] == [{"autotune": "balanced"}]


def test_balanced_sticks_where_the_firmware_saves_nothing() -> None:
    shed = Shed(NEW_SHAPE)
    assert settings(shed).profile == "factory"
    shed.do(shed.device.perform(profile("balanced")))
    assert settings(shed).profile == "balanced"
    assert [sent["autotune"] for sent in profiles_sent(shed)] == ["balanced", "factory", "balanced"]


def test_the_level_of_balanced_sticks_where_the_firmware_saves_nothing() -> None:
    shed = Shed(NEW_SHAPE)
    for level in ("2", "3"):
        shed.do(shed.device.perform(profile("balanced", level)))
        found = settings(shed)
        assert (found.profile, found.level) == ("balanced", level)
    assert [sent["autotune"] for sent in profiles_sent(shed)] == [
        "balanced",
        "factory",
        "balanced",
    ] * 2


@pytest.mark.parametrize("level", [None, "2", "3"])
def test_a_miner_that_is_balanced_and_tells_no_level_is_not_worked_around(
    level: str | None,
) -> None:
    shed = Shed(OLD_SHAPE)
    assert settings(shed).profile == "balanced"
    shed.do(shed.device.perform(profile("balanced", level)))
    assert len(profiles_sent(shed)) == 1


@pytest.mark.parametrize("level", [None, "2"])
def test_a_miner_that_is_balanced_at_its_level_is_not_worked_around(level: str | None) -> None:
    shed = Shed(NEW_SHAPE)
    shed.dragon.autotune.profile = ("balanced", "2")
    shed.do(shed.device.perform(profile("balanced", level)))
    assert len(profiles_sent(shed)) == 1


def test_a_miner_that_never_keeps_balanced_is_told_so_and_not_asked_again() -> None:
    shed = Shed(NEW_SHAPE)
    shed.dragon.autotune = _Stubborn()
    with pytest.raises(Declined, match="did not keep it"):
        shed.do(shed.device.perform(profile("balanced")))
    assert len(profiles_sent(shed)) == 3
    assert shed.dragon.requests["/api/getAutoTune"] == 2


class _Stubborn(Autotune):
    """Hand-made: firmware that never saves."""

    def set(self, mode: str, level: str) -> bool:
        return False


# network

STATIC = NetworkSettings(
    dhcp=False,
    address="127.78.0.9",
    netmask="255.255.255.192",
    gateway="127.78.0.1",
    dns=("127.78.0.1", "127.78.0.2"),
)


def test_a_static_network_moves_the_miner_with_both_of_its_name_servers() -> None:
    shed = Shed()
    shed.do(shed.device.perform(order(KIND.SET_NETWORK, network=STATIC)))
    assert shed.dragon.host == STATIC.address
    moved = shed.at("dragonadmin")
    assert shed.do(moved.network()) == STATIC
    assert shed.dragon.requests["/api/updateNetwork"] == 1


def test_a_miner_comes_back_to_dhcp() -> None:
    shed = Shed()
    began = shed.do(shed.device.network())
    shed.do(shed.device.perform(order(KIND.SET_NETWORK, network=STATIC)))
    moved = shed.at("dragonadmin")
    shed.do(moved.perform(order(KIND.SET_NETWORK, network=NetworkSettings(dhcp=True))))
    assert shed.do(shed.device.network()) == began
    assert began.dhcp


# the login


@pytest.mark.parametrize(
    ("user", "old", "ours"), [("admin", "dragonadmin", "new one"), ("guest", "x", "dragonadmin")]
)
def test_a_new_password_works_at_once(user: str, old: str, ours: str) -> None:
    shed = Shed()
    new = Credential(user, "new one")
    shed.do(shed.device.perform(order(KIND.SET_PASSWORD, credential=new)))
    assert shed.do(shed.at("new one", user).describe()).mac == shed.dragon.mac
    with pytest.raises(Refused):
        shed.do(shed.at(old, user).describe())
    shed.device.forget()
    shed.do(shed.device.describe())
    assert shed.device.credential.password == ours


def test_the_guest_of_newer_firmware_keeps_his_password() -> None:
    shed = Shed(NEW_SHAPE)
    new = Credential("guest", "new one")
    with pytest.raises(Declined, match=r"^invalid user$"):
        shed.do(shed.device.perform(order(KIND.SET_PASSWORD, credential=new)))


def test_a_password_that_somebody_else_has_changed_meanwhile_is_not_changed() -> None:
    shed = Shed()
    shed.do(shed.device.describe())
    access: Access = shed.dragon.access
    access.passwords = {**access.passwords, "admin": "another"}
    new = Credential("admin", "new one")
    with pytest.raises(Declined, match=r"^wrong current password$"):
        shed.do(shed.device.perform(order(KIND.SET_PASSWORD, credential=new)))
    assert shed.device.credential.password == "dragonadmin"


def test_a_guest_may_change_nothing() -> None:
    shed = Shed()
    guest = shed.at("dragonguest", "guest")
    for command in (order(KIND.SET_POOLS, pools=pools(1)), order(KIND.FACTORY_RESET)):
        with pytest.raises(Refused):
            shed.do(guest.perform(command))
    assert not shed.written


# power


@pytest.mark.parametrize("timeout", [10.0, 2.0], ids=["answered", "too-late"])
def test_a_miner_is_powered_off_whether_it_answers_in_time_or_not(timeout: float) -> None:
    shed = Shed(timeout=timeout)
    shed.do(shed.device.perform(order(KIND.POWER_OFF)))
    shed.ether.run(10.0)
    assert not shed.dragon.powered
    assert len(shed.written) == 1
    with pytest.raises(Unreachable):
        shed.do(shed.device.describe())


def test_a_factory_reset_takes_everything_back() -> None:
    shed = Shed()
    new = Credential("admin", "new one")
    shed.do(shed.device.perform(order(KIND.SET_PASSWORD, credential=new)))
    shed.do(shed.device.perform(order(KIND.FACTORY_RESET)))
    shed.ether.run(120.0)
    with pytest.raises(Refused):
        shed.do(shed.device.describe())
    assert shed.do(shed.at("dragonadmin").settings()).pools == ()


# firmware


def test_what_the_makers_index_offers_is_told() -> None:
    shed = Shed(newest_firmware=VERSION)
    offer = shed.do(shed.device.offered())
    assert (offer.version, offer.current, offer.updated) == (VERSION, "t1_20180515_060842", False)
    assert shed.family.is_newer(offer.version, offer.current)


@pytest.mark.parametrize("way", ["upload", "download"])
def test_an_upgraded_miner_reboots_with_the_new_firmware(way: str, tmp_path: Path) -> None:
    shed = Shed()
    shed.do(shed.device.read(0.0))
    args: dict[str, dict[str, object]] = {
        "upload": {"firmware": image(tmp_path)},
        "download": {"url": f"http://127.78.0.1/files/t1/{VERSION}.swu"},
    }
    shed.do(shed.device.perform(order(KIND.UPGRADE, **args[way])))
    assert shed.do(shed.device.describe()).firmware == "t1_20180515_060842"
    shed.ether.run(180.0)
    assert shed.do(shed.device.describe()).firmware == VERSION
    assert [write.path for write in shed.written] == [f"/upgrade/{way}"]


def test_an_upload_after_the_token_ran_out_needs_no_second_one(tmp_path: Path) -> None:
    shed = Shed()
    shed.do(shed.device.describe())
    shed.ether.run(7 * 3600.0)
    firmware = image(tmp_path)
    shed.do(shed.device.perform(order(KIND.UPGRADE, firmware=firmware)))
    assert shed.dragon.requests["/upgrade/upload"] == 1
    [upload] = shed.written
    assert (upload.form["file"], upload.form["sha256"]) == (f"{VERSION}.swu", firmware.sha256)


def test_a_spoiled_file_changes_no_firmware(tmp_path: Path) -> None:
    shed = Shed()
    other = replace(image(tmp_path), sha256="f" * 64)
    with pytest.raises(ValueError, match="changed on disk"):
        shed.do(shed.device.perform(order(KIND.UPGRADE, firmware=other)))
    shed.ether.run(180.0)
    assert shed.do(shed.device.describe()).firmware == "t1_20180515_060842"
    assert not shed.written


def test_a_guest_may_upload_nothing(tmp_path: Path) -> None:
    shed = Shed()
    guest = shed.at("dragonguest", "guest")
    with pytest.raises(Refused, match="401"):
        shed.do(guest.perform(order(KIND.UPGRADE, firmware=image(tmp_path))))
    assert not shed.written
