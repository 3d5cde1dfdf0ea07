from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mother.config.model import Block, Config, DeviceSettings, PoolWish
from tests.config.given import load

A, B = "a0:b0:45:00:00:0a", "a0:b0:45:00:00:0b"
BOTH = f"""
[[configs]]
health_check_interval = 1
[[configs]]
health_check_interval = 2
[configs.apply_to]
mac_addresses = ["{A}", "A0-B0-45-00-00-0B"]
[[configs]]
health_check_interval = 3
[configs.apply_to]
models = ["T1", "b29+"]
[[configs]]
health_check_interval = 4
[configs.apply_to]
models = ["T1"]
mac_addresses = ["A0B04500000B"]
"""


def interval(config: Config, model: str, mac: str) -> float:
    return config.for_device(model, mac).health_check_interval


def test_model_and_mac_speak_before_model_before_mac_before_a_block_for_all() -> None:
    config = load(file=BOTH)
    assert interval(config, "T1", B) == 4
    assert interval(config, "T1", A) == 3
    assert interval(config, "B29+", B) == 3
    assert interval(config, "T2", A) == 2
    assert interval(config, "T2", B) == 2
    assert interval(config, "T2", "a0:b0:45:00:00:0c") == 1


def test_model_and_mac_are_compared_without_case() -> None:
    config = load(file=BOTH)
    assert interval(config, "t1", B.upper()) == 4
    assert interval(config, "B29+", "") == 3


def test_of_two_blocks_that_fit_alike_the_first_counts() -> None:
    block = '[[configs]]\nhealth_check_interval = {}\n[configs.apply_to]\nmodels = ["T1"]\n'
    config = load(file=block.format(5) + block.format(6))
    assert interval(config, "T1", A) == 5


def test_a_restricted_block_says_nothing_about_other_miners() -> None:
    config = load(file='[[configs]]\nhealth_reboot = true\n[configs.apply_to]\nmodels = ["T1"]')
    assert config.for_device("T2", A) == config.settings
    assert config.for_device("T1", A).health_reboot is True


def test_a_block_speaks_before_flags_and_variables() -> None:
    config = load(
        "--dragon-health-check-interval=10",
        env={"MOTHER_DRAGON_HEALTH_HASHRATE_MIN": "20"},
        file="[[configs]]\nhealth_check_interval = 30\nhealth_hashrate_minimum = 40",
    )
    settings = config.for_device("T1", A)
    assert (settings.health_check_interval, settings.health_hashrate_minimum) == (30, 40)
    assert config.settings.health_check_interval == 10


def test_what_a_block_does_not_say_holds_as_in_general() -> None:
    config = load(
        "--dragon-health-check-interval=10",
        "--dragon-health-hashrate-min=20",
        "--dragon-health-hashrate-duration=30",
        "--dragon-autotune-mode=factory",
        file="[[configs]]\nautotune_level = 1",
    )
    settings = config.for_device("T1", A)
    assert settings.health_check_interval == 10
    assert settings.health_hashrate_minimum == 20
    assert settings.health_hashrate_duration == 30
    assert (settings.autotune_mode, settings.autotune_level) == ("factory", 1)


def test_a_level_of_the_general_settings_holds_in_a_block_with_another_mode() -> None:
    flags = ("--dragon-autotune-mode=performance", "--dragon-autotune-level=3")
    config = load(*flags, file="[[configs]]\nautotune_mode = 'efficient'")
    settings = config.for_device("T1", A)
    assert (settings.autotune_mode, settings.autotune_level) == ("efficient", 3)


def test_reboot_and_upgrade_are_off_in_a_block_that_does_not_say_them() -> None:
    flags = ("--dragon-health-reboot", "--dragon-auto-upgrade")
    config = load(*flags, file="[[configs]]\nhealth_check_interval = 9")
    settings = config.for_device("T1", A)
    assert (settings.health_reboot, settings.auto_upgrade) == (False, False)
    assert (config.settings.health_reboot, config.settings.auto_upgrade) == (True, True)
    said = load(*flags, file="[[configs]]\nhealth_reboot = true\nauto_upgrade = true")
    settings = said.for_device("T1", A)
    assert (settings.health_reboot, settings.auto_upgrade) == (True, True)


def pool(name: str) -> dict[str, str]:
    return {"url": "stratum+tcp://p.example:3333", "username": name, "password": "x"}


def names(settings: DeviceSettings) -> list[str]:
    return [wish.username for wish in settings.pools]


BY_MAC = [{"mac_addresses": [A], "pools": [pool("a")]}, {"mac_addresses": [], "pools": [pool("g")]}]


def test_pools_by_mac_hold_for_those_miners_and_the_list_without_macs_for_the_rest() -> None:
    config = load("--dragon-health-reboot", file={"pools": BY_MAC})
    assert names(config.for_device("T1", A)) == ["a"]
    assert names(config.for_device("T1", B)) == ["g"]
    assert config.for_device("T1", A).health_reboot is True


def test_pools_by_mac_also_hold_within_a_block_that_is_silent_about_pools() -> None:
    blocks = [{"health_check_interval": 7}]
    config = load(file={"pools": BY_MAC, "configs": blocks})
    assert names(config.for_device("T1", A)) == ["a"]
    assert names(config.for_device("T1", B)) == ["g"]
    assert interval(config, "T1", A) == 7


def test_a_block_with_pools_speaks_before_pools_by_mac() -> None:
    config = load(file={"pools": BY_MAC, "configs": [{"pools": [pool("block")]}]})
    assert names(config.for_device("T1", A)) == ["block"]
    none = load(file={"pools": BY_MAC, "configs": [{"pools": []}]})
    assert names(none.for_device("T1", A)) == []


def test_pools_keep_their_order_and_their_number_may_be_told() -> None:
    config = load(file={"pools": [{**pool("1"), "id": 1}, pool("2"), pool("3")]})
    assert names(config.settings) == ["1", "2", "3"]


def test_every_stratum_scheme_and_a_path_behind_it_is_a_pool() -> None:
    for url in (
        "stratum+tcp://p.example:3333",
        "stratum+ssl://p.example:443",
        "stratum+tls://[::1]:443",
        "stratum2+tcp://p.example:1/key",
        "stratum+tcp://p.example:3334#xnsub",
    ):
        config = load(file={"pools": [{**pool("u"), "url": url}]})
        assert config.settings.pools[0].url == url


def test_no_password_shows_in_a_repr_of_the_configuration() -> None:
    secret = {**pool("u"), "password": "hush"}
    tree = {
        "pools": [{"mac_addresses": [A], "pools": [secret]}, {"pools": [secret]}],
        "configs": [{"pools": [secret]}],
        "credentials": [{"username": "admin", "password": "hush"}],
    }
    config = load(file=tree)
    assert config.settings.pools[0].password == "hush"
    assert "hush" not in repr(config)


def test_the_same_miner_gets_the_same_value_each_time() -> None:
    config = load(file={"pools": BY_MAC})
    assert config.for_device("T1", A) is config.for_device("T1", A)


BARE = load()
MODELS, MACS = ("T1", "T2"), (A, B)


def plain_search(config: Config, model: str, mac: str) -> DeviceSettings:
    """The order of the rule, tried one after the other."""
    fits: list[Callable[[Block], bool]] = [
        lambda b: model in b.models and mac in b.mac_addresses,
        lambda b: model in b.models and not b.mac_addresses,
        lambda b: mac in b.mac_addresses and not b.models,
        lambda b: not b.models and not b.mac_addresses,
    ]
    for fit in fits:
        for block in config.blocks:
            if fit(block):
                return block.settings
    return config.settings


some_models = st.lists(st.sampled_from(MODELS), max_size=2, unique=True)
some_macs = st.lists(st.sampled_from(MACS), max_size=2, unique=True)


@given(st.lists(st.tuples(some_models, some_macs), max_size=6))
def test_the_quick_look_up_finds_what_the_rule_says(
    limits: list[tuple[list[str], list[str]]],
) -> None:
    settings = DeviceSettings(False, 1, 1, 1, False, None, None, (PoolWish("u", "n", "p"),))
    blocks = tuple(
        Block(tuple(models), tuple(macs), DeviceSettings(False, n, 1, 1, False, None, None, ()))
        for n, (models, macs) in enumerate(limits)
    )
    config = replace(BARE, settings=settings, blocks=blocks)
    for model in (*MODELS, "S9"):
        for mac in (*MACS, "00:00:00:00:00:01"):
            assert config.for_device(model, mac) == plain_search(config, model, mac)
