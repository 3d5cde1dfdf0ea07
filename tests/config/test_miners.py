"""`[[miners]]`: who is reached by what, and what mother-of-dragons had reaches DragonMint only."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mother.config.model import Config, DeviceSettings
from mother.config.subject import FAMILIES, Subject, plain_algorithm
from mother.core.ports import Knocks, Ports, knocks
from mother.drivers.registry import FAMILIES as DRIVERS
from tests.config.given import load

MAC = "02:00:00:00:00:01"
ANT = Subject(
    family="antminer",
    maker="Bitmain",
    model="Antminer S19 Pro",
    firmware="Fri Nov 17 2023",
    mac=MAC,
    host="10.1.0.7",
    worker="hall-a-7",
    algorithm="SHA256",
    firmware_name="stock",
)
DRAGON = Subject(family="dragonmint", model="T1", mac=MAC, host="10.1.0.8", algorithm="sha256")
POOL = {"url": "stratum+tcp://p.example:3333", "username": "me", "password": "x"}
GENERAL = (
    "--dragon-health-reboot",
    "--dragon-auto-upgrade",
    "--dragon-health-check-interval=77",
    "--dragon-health-hashrate-duration=78",
    "--dragon-autotune-mode=factory",
    "--dragon-autotune-level=3",
)
OLD: dict[str, Any] = {
    "pools": [POOL],
    "configs": [{"health_hashrate_minimum": 900, "health_reboot": True}],
}


def block(where: dict[str, Any] | None = None, **said: Any) -> dict[str, Any]:
    return said if where is None else {**said, "apply_to": where}


def watts(config: Config, subject: Subject = ANT) -> float | None:
    return config.for_miner(subject).power_target


def names(settings: DeviceSettings) -> list[str]:
    return [wish.username for wish in settings.pools]


# what is below the blocks


def test_what_mother_of_dragons_had_reaches_a_dragonmint_as_before() -> None:
    config = load(*GENERAL, file=OLD)
    settings = config.for_miner(DRAGON)
    old = config.for_device("T1", MAC)
    assert replace(settings, profile=None, level=None) == old
    assert (settings.profile, settings.level) == ("factory", "3")
    assert names(settings) == ["me"]


@pytest.mark.parametrize("family", [*FAMILIES[1:], ""])
def test_every_other_family_is_left_alone_until_a_block_speaks_of_it(family: str) -> None:
    config = load(*GENERAL, file=OLD, program="mother-of-dragons")
    assert config.for_miner(replace(ANT, family=family)) == DeviceSettings(
        health_reboot=False,
        health_check_interval=77,
        health_hashrate_duration=78,
        health_hashrate_minimum=0,
        auto_upgrade=False,
        autotune_mode=None,
        autotune_level=None,
        pools=(),
    )


def test_a_block_lies_on_top_for_dragonmint_too_and_leaves_what_it_does_not_say() -> None:
    config = load(*GENERAL, file={**OLD, "miners": [block(profile="efficient")]})
    settings = config.for_miner(DRAGON)
    assert (settings.profile, settings.level) == ("efficient", None)
    assert (settings.autotune_mode, settings.autotune_level) == ("efficient", None)
    assert (settings.health_hashrate_minimum, settings.health_reboot) == (900, True)
    assert names(settings) == ["me"]


def test_all_that_a_block_may_say_arrives() -> None:
    said: dict[str, Any] = {
        "profile": "low",
        "level": 2,
        "power_target": 3000,
        "frequency": 500.5,
        "voltage": 1.2,
        "health_reboot": True,
        "health_check_interval": 30,
        "health_hashrate_duration": 60,
        "health_hashrate_minimum": 10,
        "auto_upgrade": True,
        "firmware_sha256": "AB" * 32,
    }
    settings = load(file={"miners": [block(**said)]}).for_miner(ANT)
    expected = {**said, "level": "2", "firmware_sha256": "ab" * 32}
    assert {key: getattr(settings, key) for key in said} == expected
    assert settings.autotune_mode == "low"


# conditions

FIT: list[dict[str, Any]] = [
    {},
    {"families": []},
    {"families": ["Antminer", "avalon"]},
    {"makers": ["BITMAIN"]},
    {"models": ["*s19*"]},
    {"firmware": ["stock"]},
    {"firmware": ["* 2023"]},
    {"firmware": ["Stock Fri*"]},
    {"mac_addresses": ["02-00-00-00-00-01"]},
    {"groups": ["a"]},
    {"networks": ["10.1.0.5-10.1.0.9"]},
    {"families": ["antminer"], "models": ["T1", "*S19 Pro"], "networks": ["10.0.0.0/8"]},
]
UNFIT: list[dict[str, Any]] = [
    {"families": ["avalon"]},
    {"makers": ["Bit"]},
    {"models": ["S19*"]},
    {"firmware": ["2023"]},
    {"mac_addresses": ["02:00:00:00:00:02"]},
    {"groups": ["b"]},
    {"networks": ["10.1.0.8"]},
    {"families": ["antminer"], "models": ["T1"]},
]
GROUPS = [
    {"name": "a", "workers": ["HALL-a-*"]},
    {"name": "b", "networks": ["10.2.0.0/24"], "mac_addresses": ["02:00:00:00:00:02"]},
]


@pytest.mark.parametrize(("where", "fits"), [*((w, 1) for w in FIT), *((w, 0) for w in UNFIT)])
def test_all_named_conditions_must_hold_and_of_one_any_word_will_do(
    where: dict[str, Any], fits: int
) -> None:
    config = load(file={"groups": GROUPS, "miners": [block(where, power_target=5)]})
    assert watts(config) == (5 if fits else None)


@pytest.mark.parametrize("key", ["models", "firmware"])
def test_what_is_not_known_of_a_miner_fulfils_no_condition(key: str) -> None:
    config = load(file={"miners": [block({key: ["*"]}, power_target=5)]})
    assert watts(config) == 5
    assert watts(config, Subject(family="antminer")) is None


def test_a_miner_is_in_a_group_by_worker_network_or_mac_address() -> None:
    config = load(file={"groups": GROUPS, "miners": []})
    assert config.groups_of(ANT) == ("a",)
    assert config.groups_of(replace(ANT, worker="", host="10.2.0.9")) == ("b",)
    assert config.groups_of(replace(ANT, mac="02:00:00:00:00:02")) == ("a", "b")
    assert config.groups_of(replace(ANT, worker="hall-b-1", host="no.address")) == ()


def test_a_narrower_condition_speaks_before_a_wider_one_whatever_their_order() -> None:
    wheres = [
        {},
        {"families": ["antminer"]},
        {"firmware": ["stock"]},
        {"models": ["*S19*"]},
        {"networks": ["10.1.0.0/24"]},
        {"groups": ["a"]},
        {"mac_addresses": [MAC]},
    ]
    for order in (wheres, wheres[::-1]):
        for count in range(1, len(wheres) + 1):
            kept = [where for where in order if where in wheres[:count]]
            blocks = [block(where, power_target=1 + wheres.index(where)) for where in kept]
            assert watts(load(file={"groups": GROUPS, "miners": blocks})) == count


def test_of_equals_the_first_counts_and_the_other_fills_in_what_that_does_not_say() -> None:
    blocks = [
        block({"makers": ["bitmain"]}, power_target=1),
        block({"families": ["antminer"]}, power_target=2, frequency=3),
    ]
    settings = load(file={"miners": blocks}).for_miner(ANT)
    assert (settings.power_target, settings.frequency) == (1, 3)


def test_a_level_goes_with_its_profile_and_a_digest_with_its_file() -> None:
    blocks = [
        block(profile="high", level=4, firmware_sha256="0" * 64),
        block({"families": ["antminer"]}, profile="low"),
    ]
    settings = load(file={"miners": blocks}).for_miner(ANT)
    assert (settings.profile, settings.level) == ("low", None)
    assert settings.firmware_sha256 == "0" * 64


# pools and their algorithm


def test_a_miner_gets_the_pools_of_its_own_algorithm_only() -> None:
    pools = [
        POOL,
        {**POOL, "username": "lite", "algorithm": "Scrypt"},
        {**POOL, "username": "spare", "algorithm": "SHA-256"},
    ]
    config = load(file={"miners": [block(pools=pools)]})
    assert names(config.for_miner(ANT)) == ["me", "spare"]
    assert names(config.for_miner(replace(ANT, algorithm="scrypt"))) == ["lite"]
    assert names(config.for_miner(replace(ANT, algorithm="kheavyhash"))) == []
    assert names(config.for_miner(replace(ANT, algorithm=""))) == []


def test_pools_of_old_reach_a_dragonmint_whatever_it_hashes() -> None:
    config = load(file=OLD)
    for algorithm in ("", "x11", "sha256"):
        assert names(config.for_miner(replace(DRAGON, algorithm=algorithm))) == ["me"]


def test_a_block_with_an_empty_list_leaves_the_pools_alone() -> None:
    blocks = [block(pools=[POOL]), block({"mac_addresses": [MAC]}, pools=[])]
    config = load(file={**OLD, "miners": blocks})
    assert names(config.for_miner(ANT)) == []
    assert names(config.for_miner(DRAGON)) == []
    assert names(config.for_miner(replace(ANT, mac=""))) == ["me"]


@pytest.mark.parametrize("text", ["sha256", "SHA-256", "sha256d", "SHA256d", "Sha_256D"])
def test_an_algorithm_has_one_spelling(text: str) -> None:
    assert plain_algorithm(text) == "sha256d"


# families and ports


def test_each_family_of_the_program_can_be_named_and_knocked_at() -> None:
    assert set(DRIVERS) <= set(FAMILIES)
    for family in FAMILIES:
        assert knocks(Ports(), [family]) != Knocks(())


def test_families_may_be_repeated_parted_by_commas_and_in_any_case() -> None:
    assert load("--family=Antminer,axeos", "--family=avalon").families == (
        "antminer",
        "axeos",
        "avalon",
    )
    assert load(file='family = "avalon"').families == ("avalon",)
    assert load("--family=antminer", program="mother-of-dragons").families == ("antminer",)


def test_the_offset_shifts_every_port_but_the_one_that_is_named() -> None:
    shifted = load("--port-offset=8000")
    assert shifted.ports == Ports(8080, 12028, 12433, 8080)
    assert shifted.dragon_port == 8080
    named = load("--port-offset=8000", "--dragon-port=81")
    assert named.ports == Ports(8080, 12028, 12433, 81)
    assert max(load("--port-offset=60000").ports.all) < 65_536
    assert load().ports == Ports()
