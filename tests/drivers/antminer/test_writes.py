"""What is sent to change an Antminer, what no miner could take, and what its answers mean."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mother.core.errors import Declined, Garbled, Refused, Unreachable, Unsupported
from mother.core.model import (
    Command,
    CommandKind,
    ConfiguredPool,
    Credential,
    FirmwareImage,
    NetworkSettings,
)
from mother.drivers.antminer.driver import Antminer
from mother.drivers.antminer.writes import WRITES
from mother.drivers.base import Confirm, Evidence
from tests.drivers.antminer.answers import conf, old_conf, old_info
from tests.drivers.antminer.test_driver import order
from tests.drivers.antminer.wire import CUT, DONE, Page, Sent, miner
from tests.net.guards import LOGIN
from tests.net.turning import in_reactor

KIND = CommandKind
NO = {"stats": "error", "code": "M001", "msg": "Illegal request!"}
STATIC = NetworkSettings(
    dhcp=False,
    address="10.1.0.25",
    netmask="255.255.252.0",
    gateway="10.1.0.1",
    dns=("10.1.0.1", "9.9.9.9"),
)
POOLS = (
    ConfiguredPool("stratum+tcp://a.example:1", "farm.x", "hunter2"),
    ConfiguredPool("stratum+tcp://b.example:2", "farm.x", ""),
)
VERSION = "FR-1.13(251101-S21)"
ASLEEP = conf(**{"bitmain-work-mode": "1"})


async def sent(command: Command, page: str, pages: Mapping[str, object] | None = None) -> Sent:
    """What went to the page when this was ordered; once, and after a look at who it is."""
    async with miner(pages={page: DONE, **(pages or {})}) as (fake, device):
        await device.perform(command)
    assert fake.asked.count(page) == 1
    assert fake.asked[0] == "get_system_info"
    return fake.last(page)


def test_every_capability_has_a_write_and_says_how_it_shows() -> None:
    assert set(WRITES) == set(Antminer.capabilities)
    assert Antminer.capabilities[KIND.PAUSE].confirm is Confirm.ASLEEP
    assert Antminer.capabilities[KIND.PAUSE].within == 180
    assert Antminer.capabilities[KIND.RESUME].confirm is Confirm.AWAKE
    assert Antminer.capabilities[KIND.SET_POOLS].confirm is Confirm.SETTINGS
    assert Antminer.capabilities[KIND.UPGRADE].evidence is Evidence.UNTESTED


MODES: dict[str, tuple[Command, dict[str, Any], int]] = {
    "pause": (order(KIND.PAUSE), conf(), 1),
    "pause again": (order(KIND.PAUSE), ASLEEP, 1),
    "resume": (order(KIND.RESUME), ASLEEP, 0),
    "low power": (order(KIND.SET_PROFILE, profile="low-power"), conf(), 3),
    "normal": (order(KIND.SET_PROFILE, profile="normal", level=None), conf(), 0),
}


@pytest.mark.parametrize("what", MODES)
@in_reactor
async def test_a_mode_is_written_with_the_whole_configuration(what: str) -> None:
    command, before, mode = MODES[what]
    asked = await sent(command, "set_miner_conf", {"get_miner_conf": before})
    assert asked.method == "POST"
    assert asked.form == {
        **before,
        "bitmain-work-mode": str(mode),
        "miner-mode": mode,
        "freq-level": "100",
    }


@in_reactor
async def test_a_miner_wakes_in_the_mode_in_which_it_fell_asleep() -> None:
    low = conf(**{"bitmain-work-mode": "3"})
    async with miner(pages={"set_miner_conf": DONE, "get_miner_conf": low}) as (fake, device):
        await device.perform(order(KIND.PAUSE))
        fake.pages["get_miner_conf"] = ASLEEP
        await device.perform(order(KIND.PAUSE))
        await device.perform(order(KIND.RESUME))
    assert fake.last("set_miner_conf").form["bitmain-work-mode"] == "3"


@pytest.mark.parametrize(("told", "mode"), [("low-power", 3), ("normal", 0), ("", 0)])
@in_reactor
async def test_a_miner_that_somebody_else_knew_awake_wakes_in_the_mode_that_he_tells(
    told: str, mode: int
) -> None:
    asked = await sent(
        order(KIND.RESUME, profile=told), "set_miner_conf", {"get_miner_conf": ASLEEP}
    )
    assert asked.form["bitmain-work-mode"] == str(mode)


@in_reactor
async def test_a_miner_that_is_awake_is_not_woken() -> None:
    async with miner() as (fake, device):
        await device.perform(order(KIND.RESUME))
    assert "set_miner_conf" not in fake.asked


@in_reactor
async def test_a_profile_does_not_wake_a_sleeping_miner() -> None:
    async with miner(pages={"get_miner_conf": ASLEEP}) as (fake, device):
        with pytest.raises(Declined, match="sleeps"):
            await device.perform(order(KIND.SET_PROFILE, profile="normal"))
    assert "set_miner_conf" not in fake.asked


@in_reactor
async def test_pools_are_written_with_the_whole_configuration() -> None:
    asked = await sent(order(KIND.SET_POOLS, pools=POOLS), "set_miner_conf")
    assert asked.form == {
        **conf(),
        "miner-mode": 0,
        "freq-level": "100",
        "pools": [
            {"url": "stratum+tcp://a.example:1", "user": "farm.x", "pass": "hunter2"},
            {"url": "stratum+tcp://b.example:2", "user": "farm.x", "pass": ""},
            {"url": "", "user": "", "pass": ""},
        ],
    }


@in_reactor
async def test_what_was_written_is_asked_anew_at_the_next_read() -> None:
    async with miner(pages={"set_miner_conf": DONE}) as (fake, device):
        await device.read(0.0)
        await device.perform(order(KIND.SET_POOLS, pools=POOLS))
        await device.read(1.0)
    assert fake.commands == ["stats", "pools"] * 2


@in_reactor
async def test_a_reboot_is_asked_for_once_and_may_say_nothing() -> None:
    assert (await sent(order(KIND.REBOOT), "reboot")).method == "GET"
    for page in (CUT, Page(200, b"")):
        await sent(order(KIND.REBOOT), "reboot", {"reboot": page})


@in_reactor
async def test_an_answer_that_is_lost_counts_as_taken_and_nothing_is_sent_twice() -> None:
    command = order(KIND.SET_POOLS, pools=POOLS)
    await sent(command, "set_miner_conf", {"set_miner_conf": CUT})


@in_reactor
async def test_a_no_is_told_in_the_miners_words_and_without_passwords() -> None:
    async with miner(pages={"set_miner_conf": NO}) as (_, device):
        with pytest.raises(Declined, match=r"Illegal request! \(M001\)"):
            await device.perform(order(KIND.SET_POOLS, pools=POOLS))
    async with miner(pages={"set_miner_conf": Page(500, b"hunter2")}) as (_, device):
        with pytest.raises(Garbled) as caught:
            await device.perform(order(KIND.SET_POOLS, pools=POOLS))
    assert "hunter2" not in str(caught.value) + caught.value.sample
    new = Credential(LOGIN.username, "hunter2")
    said = {**NO, "msg": "not with hunter2"}
    async with miner(pages={"set_miner_conf": said, "passwd": said}) as (_, device):
        for kind, args in (
            (KIND.SET_POOLS, {"pools": POOLS}),
            (KIND.SET_PASSWORD, {"credential": new}),
        ):
            with pytest.raises(Declined, match=r"not with \*\*\*"):
                await device.perform(order(kind, **args))


@pytest.mark.parametrize(("on", "code"), [(True, "B000"), (False, "B100")])
@in_reactor
async def test_the_light_is_switched_and_read_back(on: bool, code: str) -> None:
    pages = {"blink": {"code": code}, "get_blink_status": {"blink": on}}
    asked = await sent(order(KIND.LOCATE, on=on), "blink", pages)
    assert asked.form == {"blink": "true" if on else "false"}
    with pytest.raises(Declined, match="light"):
        await sent(
            order(KIND.LOCATE, on=on), "blink", {**pages, "get_blink_status": {"blink": not on}}
        )


@in_reactor
async def test_the_network_is_set_and_the_name_is_kept() -> None:
    asked = await sent(order(KIND.SET_NETWORK, network=STATIC), "set_network_conf")
    assert asked.form == {
        "ipHost": "Antminer",
        "ipPro": 2,
        "ipAddress": "10.1.0.25",
        "ipSub": "255.255.252.0",
        "ipGateway": "10.1.0.1",
        "ipDns": "10.1.0.1 9.9.9.9",
    }
    command = order(KIND.SET_NETWORK, network=replace(STATIC, dhcp=True))
    asked = await sent(command, "set_network_conf")
    assert asked.form["ipPro"] == 1
    assert asked.form["ipAddress"] == ""


@in_reactor
async def test_a_new_password_is_used_from_then_on() -> None:
    new = Credential("root", "new & better")
    async with miner(pages={"passwd": DONE}) as (fake, device):
        await device.perform(order(KIND.SET_PASSWORD, credential=new))
        assert device.credential == new
        fake.guard.password = new.password
        await device.describe()
    assert fake.last("passwd").form == {
        "curPwd": LOGIN.password,
        "newPwd": "new & better",
        "confirmPwd": "new & better",
    }


@in_reactor
async def test_a_password_whose_answer_was_lost_is_tried() -> None:
    new = Credential("root", "new")
    command = order(KIND.SET_PASSWORD, credential=new)
    async with miner(pages={"passwd": CUT}) as (fake, device):
        with pytest.raises(Unreachable, match="the login is the old one"):
            await device.perform(command)
        assert device.credential == LOGIN
        assert fake.asked.count("passwd") == 1


@in_reactor
async def test_a_password_whose_answer_was_lost_and_that_cannot_be_tried_counts_as_taken() -> None:
    class Gone(dict[str, object]):
        def get(self, name: str, default: object = None) -> object:
            if "passwd" not in fake.asked:
                return super().get(name, default)
            fake.guard.password = new.password
            return CUT

    new = Credential("root", "new")
    async with miner(pages={"passwd": CUT}) as (fake, device):
        fake.pages = Gone(fake.pages)
        await device.perform(order(KIND.SET_PASSWORD, credential=new))
        assert device.credential == new
    assert fake.asked.count("passwd") == 1


@in_reactor
async def test_a_password_that_is_declined_leaves_the_old_one() -> None:
    async with miner(pages={"passwd": NO}) as (_, device):
        with pytest.raises(Declined):
            await device.perform(order(KIND.SET_PASSWORD, credential=Credential("root", "new")))
        assert device.credential == LOGIN
        await device.describe()


def image(folder: Path, version: str = VERSION) -> FirmwareImage:
    content = b"\xab\xab\xab\xab" + bytes(5000)
    path = folder / "cached"
    path.write_bytes(content)
    return FirmwareImage(version, str(path), hashlib.sha256(content).hexdigest(), len(content))


@in_reactor
async def test_firmware_is_uploaded_whole_under_its_name(tmp_path: Path) -> None:
    asked = await sent(order(KIND.UPGRADE, firmware=image(tmp_path)), "upgrade")
    assert b'name="firmware"; filename="FR-1.13(251101-S21).bmu"' in asked.body
    assert b"\xab\xab\xab\xab" + bytes(5000) in asked.body


@in_reactor
async def test_firmware_that_is_not_taken_is_declined(tmp_path: Path) -> None:
    with pytest.raises(Declined, match="Illegal"):
        await sent(order(KIND.UPGRADE, firmware=image(tmp_path)), "upgrade", {"upgrade": NO})


def pool(**what: str) -> ConfiguredPool:
    return replace(POOLS[0], **what)


def firmware(**what: object) -> FirmwareImage:
    return replace(FirmwareImage(VERSION, "/nowhere/at/all", "0" * 64, 5), **what)


def static(**what: object) -> NetworkSettings:
    return replace(STATIC, **what)


IMPOSSIBLE: dict[str, Command] = {
    "no pools told": order(KIND.SET_POOLS),
    "four pools": order(KIND.SET_POOLS, pools=POOLS * 2),
    "no address": order(KIND.SET_POOLS, pools=(pool(url=" "),)),
    "no user": order(KIND.SET_POOLS, pools=(pool(user=""),)),
    "unknown profile": order(KIND.SET_PROFILE, profile="turbo"),
    "no profile": order(KIND.SET_PROFILE),
    "a level": order(KIND.SET_PROFILE, profile="normal", level="2"),
    "light of what": order(KIND.LOCATE, on="yes"),
    "no network": order(KIND.SET_NETWORK),
    "bad address": order(KIND.SET_NETWORK, network=static(address="10.1.0")),
    "bad mask": order(KIND.SET_NETWORK, network=static(netmask="255.0.255.0")),
    "gateway elsewhere": order(KIND.SET_NETWORK, network=static(gateway="10.9.0.1")),
    "no name server": order(KIND.SET_NETWORK, network=static(dns=())),
    "bad name server": order(KIND.SET_NETWORK, network=static(dns=("x",))),
    "no login": order(KIND.SET_PASSWORD),
    "another user": order(KIND.SET_PASSWORD, credential=Credential("admin", "x")),
    "no password": order(KIND.SET_PASSWORD, credential=Credential("root", "")),
    "an url": order(KIND.UPGRADE, url="https://example.com/a.bmu"),
    "no firmware": order(KIND.UPGRADE),
    "no version": order(KIND.UPGRADE, firmware=firmware(version="t1_20190101_000000")),
    "no file": order(KIND.UPGRADE, firmware=firmware()),
}


@pytest.mark.parametrize("what", IMPOSSIBLE)
@in_reactor
async def test_what_no_miner_could_take_is_not_sent(what: str) -> None:
    async with miner() as (fake, device):
        with pytest.raises(ValueError, match=r"\w") as caught:
            await device.perform(IMPOSSIBLE[what])
    assert fake.sent == []
    assert "hunter2" not in str(caught.value)


@in_reactor
async def test_a_file_that_is_not_as_long_as_it_was_is_not_sent(tmp_path: Path) -> None:
    given = replace(image(tmp_path), size=7)
    async with miner() as (fake, device):
        with pytest.raises(ValueError, match="bytes"):
            await device.perform(order(KIND.UPGRADE, firmware=given))
    assert fake.sent == []


@pytest.mark.parametrize("kind", sorted(set(KIND) - set(WRITES)))
@in_reactor
async def test_what_an_antminer_has_not_is_unsupported(kind: CommandKind) -> None:
    async with miner() as (fake, device):
        with pytest.raises(Unsupported):
            await device.perform(order(kind))
    assert fake.sent == []


NEWER: dict[str, Command] = {
    "pause": order(KIND.PAUSE),
    "resume": order(KIND.RESUME),
    "profile": order(KIND.SET_PROFILE, profile="normal"),
    "pools": order(KIND.SET_POOLS, pools=POOLS),
    "light": order(KIND.LOCATE, on=True),
    "network": order(KIND.SET_NETWORK, network=STATIC),
    "password": order(KIND.SET_PASSWORD, credential=Credential("root", "x")),
}


@pytest.mark.parametrize("what", NEWER)
@in_reactor
async def test_the_old_generation_is_not_written_to(what: str) -> None:
    async with miner(pages={"get_system_info": old_info()}) as (fake, device):
        with pytest.raises(Unsupported, match="S9 of this generation"):
            await device.perform(NEWER[what])
    assert fake.asked == ["get_system_info"]


@in_reactor
async def test_the_old_generation_is_rebooted() -> None:
    await sent(order(KIND.REBOOT), "reboot", {"get_system_info": old_info()})


@in_reactor
async def test_a_configuration_without_a_mode_is_not_written() -> None:
    async with miner(pages={"get_miner_conf": old_conf()}) as (fake, device):
        with pytest.raises(Unsupported, match="work mode"):
            await device.perform(order(KIND.PAUSE))
    assert "set_miner_conf" not in fake.asked


@in_reactor
async def test_a_write_by_a_wrong_login_is_refused() -> None:
    async with miner(credential=Credential("root", "wrong")) as (fake, device):
        with pytest.raises(Refused):
            await device.perform(order(KIND.PAUSE))
    assert fake.sent == []
