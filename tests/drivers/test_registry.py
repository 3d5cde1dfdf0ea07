"""The families that this program knows, and what each of them says of itself."""

from __future__ import annotations

import re

import pytest

from mother.config.subject import FAMILIES as CONFIGURABLE
from mother.core.model import Address, CommandKind
from mother.core.ports import Ports, knocks
from mother.drivers.base import NO_LOGIN, Confirm, Family
from mother.drivers.registry import FAMILIES, families
from mother.fleet.deeds import DEEDS
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.wire import Wire
from tests.net.turning import reactor

PORTS = Ports(8080, 12028, 12433, 8080)
WIRE = Wire(Http(reactor), Lines(reactor), lambda: 5.0, lambda: PORTS, lambda: 0.0)
KNOWN = {family.name: family for family in families(WIRE)}


@pytest.fixture(params=sorted(FAMILIES))
def family(request: pytest.FixtureRequest) -> Family:
    return KNOWN[request.param]


def test_the_families_come_in_their_order_under_their_own_names() -> None:
    order = ["dragonmint", "antminer", "whatsminer", "avalon", "axeos"]
    assert list(FAMILIES) == [one.name for one in families(WIRE)] == order
    assert set(order) <= set(CONFIGURABLE)


def test_every_family_is_knocked_at_where_it_answers(family: Family) -> None:
    doors = knocks(PORTS, (family.name,))
    assert doors.first


def test_a_family_names_itself_and_its_maker(family: Family) -> None:
    assert family.title
    assert family.maker
    assert re.fullmatch(r"[a-z]+", family.name)


def test_what_is_confirmed_by_looking_is_looked_at_for_a_while(family: Family) -> None:
    seen = {Confirm.ASLEEP, Confirm.AWAKE}
    for kind, capability in family.capabilities.items():
        assert kind in DEEDS
        assert capability.every > 0
        if capability.confirm in seen:
            assert 0 < capability.every < capability.within


def test_what_is_set_is_read_back(family: Family) -> None:
    kinds = {CommandKind.SET_POOLS, CommandKind.SET_POWER, CommandKind.SET_PROFILE}
    for kind in (kinds | {CommandKind.SET_FREQUENCY}) & set(family.capabilities):
        assert family.capabilities[kind].confirm is Confirm.SETTINGS
    for kind, confirm in (
        (CommandKind.PAUSE, Confirm.ASLEEP),
        (CommandKind.RESUME, Confirm.AWAKE),
        (CommandKind.REBOOT, Confirm.RESTART),
    ):
        if kind in family.capabilities:
            assert family.capabilities[kind].confirm is confirm


def test_who_can_be_paused_can_be_resumed(family: Family) -> None:
    able = set(family.capabilities)
    assert (CommandKind.PAUSE in able) == (CommandKind.RESUME in able)


def test_a_family_is_ill_below_and_well_above_with_room_between(family: Family) -> None:
    nature = family.nature
    assert 0 < nature.low < nature.clear < 1
    assert nature.interval <= nature.window / 15
    assert nature.hot < nature.hot_chip or family.name == "axeos"


def test_a_family_that_asks_for_a_login_knows_its_makers(family: Family) -> None:
    assert not family.needs_login or family.default_credentials
    assert NO_LOGIN not in family.default_credentials


def test_a_device_is_made_without_a_word_to_it(family: Family) -> None:
    device = family.device(Address("127.0.0.1", 9), NO_LOGIN)
    assert device.address == Address("127.0.0.1", 9)
    device.expect("aa:bb:cc:00:00:01")
    device.forget()


@pytest.mark.parametrize("model", ["", "S19j Pro+", "M30S+_VE40", "Ä.b/c d", "." * 200])
def test_a_model_becomes_one_segment_of_a_metrics_name(family: Family, model: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+", family.safe_model(model))


def test_a_family_knows_the_nameplates_of_its_maker() -> None:
    models = {"antminer": "S21", "whatsminer": "M60S_VK40", "avalon": "Avalon 1246"}
    for name, model in (models | {"axeos": "Bitaxe Gamma"}).items():
        plate = KNOWN[name].nameplate(model)
        assert plate is not None
        assert plate.hashrate
        assert plate.power
        assert KNOWN[name].nameplate("no such model") is None
    assert KNOWN["antminer"].nameplate("M60S_VK40") is None


def test_no_family_offers_firmware_by_a_name_that_tells_nothing(family: Family) -> None:
    assert family.firmware_in("notes.txt") == ""
    assert family.is_newer("", "") is not True
