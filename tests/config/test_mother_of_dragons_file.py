from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from mother.config.model import Config
from tests.config.given import load, problems

WHOLE = """
[main]
inventory_file = 'inv.json'
firmwares_path = 'fw/'
api_timeout = 300
  [main.local_network]
    network = "10.1.0.0/22"
    scan_interval = 301
    scan_timeout = 11
  [main.statsd]
    host = "localhost"
    port = 8126
    prefix = "farm"
    interval = 61
  [[main.credentials]]
    username = "admin"
    password = "dragonadmin"
  [[main.credentials]]
    username = "admin"
    password = "admin"

[[configs]]
  health_reboot = true
  health_check_interval = 302
  health_hashrate_duration = 3601
  health_hashrate_minimum = 1001
  auto_upgrade = true
  autotune_mode = "balanced"
  autotune_level = 2
  [configs.apply_to]
    models = []
    mac_addresses = []
  [[configs.pools]]
    url = "stratum+tcp://pool.example:3333"
    username = "ACCOUNT"
    password = "x"
"""


def check(config: Config) -> None:
    assert config.networks == ("10.1.0.0/22",)
    assert (config.scan_interval, config.scan_timeout, config.dragon_timeout) == (301, 11, 300)
    statsd = config.statsd
    assert (statsd.host, statsd.port, statsd.prefix, statsd.interval) == (
        "localhost",
        8126,
        "farm",
        61,
    )
    assert [login.password for login in config.credentials] == ["dragonadmin", "admin"]
    assert (config.inventory_file, config.firmwares_path) == ("inv.json", "fw/")
    settings = config.for_device("T1", "a0:b0:45:00:00:01")
    assert (settings.health_reboot, settings.auto_upgrade) == (True, True)
    assert (settings.health_check_interval, settings.health_hashrate_duration) == (302, 3601)
    assert settings.health_hashrate_minimum == 1001
    assert (settings.autotune_mode, settings.autotune_level) == ("balanced", 2)
    assert [(p.url, p.username, p.password) for p in settings.pools] == [
        ("stratum+tcp://pool.example:3333", "operator", "x")
    ]


@pytest.mark.parametrize("program", ["mother", "mother-of-dragons"])
def test_its_file_is_read_as_it_is_with_the_operators_own_account(program: str) -> None:
    check(load(file=WHOLE.replace("ACCOUNT", "operator"), program=program, require_network=True))


def test_its_file_is_read_as_json_too() -> None:
    tree: dict[str, Any] = tomllib.loads(WHOLE.replace("ACCOUNT", "operator"))
    check(load(file=json.loads(json.dumps(tree))))


def test_its_file_with_its_sample_account_is_refused_with_the_place() -> None:
    assert problems(file=WHOLE.replace("ACCOUNT", "brndnmtthws")) == [
        "configs[0].pools[0].username: 'brndnmtthws' is the sample account of mother-of-dragons, "
        "not yours; put your own account at the pool here"
    ]


def test_what_its_file_leaves_out_falls_back_to_the_default() -> None:
    config = load(file="[main]\napi_timeout = 20\n[main.statsd]\nport = 1\n[[configs]]\n")
    bare = load()
    assert (config.dragon_timeout, config.statsd.port, config.statsd.host) == (20, 1, None)
    assert config.scan_interval == bare.scan_interval
    assert config.credentials == bare.credentials
    assert config.for_device("T1", "") == bare.settings


def test_reboot_and_upgrade_are_off_when_its_file_does_not_say_them() -> None:
    text = WHOLE.replace("ACCOUNT", "operator")
    text = text.replace("health_reboot = true", "").replace("auto_upgrade = true", "")
    settings = load(file=text, program="mother-of-dragons").for_device("T1", "")
    assert (settings.health_reboot, settings.auto_upgrade) == (False, False)


def test_flags_speak_before_its_main() -> None:
    config = load("--scan-interval=5", file=WHOLE.replace("ACCOUNT", "operator"))
    assert config.scan_interval == 5


def test_our_own_keys_may_stand_beside_its_main() -> None:
    config = load(file='site = "north"\nexclude = ["10.1.0.1"]\n' + WHOLE.replace("ACCOUNT", "op"))
    assert (config.site, config.exclude) == ("north", ("10.1.0.1",))


def test_the_flags_of_its_old_version_work_pools_by_mac_included() -> None:
    pools = json.dumps(
        [
            {
                "mac_addresses": ["A0:B0:45:00:E3:AB"],
                "pools": [{"id": 1, "url": "stratum+tcp://a:1", "username": "me", "password": "x"}],
            }
        ]
    )
    config = load(
        *("--network=10.1.0.0/22", "--scan-interval=300", "--scan-timeout=10"),
        *("--dragon-timeout=10", "--dragon-health-hashrate-min=1000"),
        *("--dragon-health-hashrate-duration=3600", "--dragon-health-reboot"),
        *("--dragon-health-check-interval=300", "--dragon-autotune-mode=balanced"),
        *("--dragon-auto-upgrade", "--pools", pools, "--statsd-host=localhost"),
        *("--statsd-port=8125", "--statsd-prefix=dragons", "--statsd-interval=60"),
        *("--firmwares-path=firmwares/", "--inventory-file=dragon-inventory.json"),
        program="mother-of-dragons",
    )
    assert config.for_device("T1", "a0:b0:45:00:e3:ab").pools[0].url == "stratum+tcp://a:1"
    assert config.for_device("T1", "a0:b0:45:00:e3:ac").pools == ()
    assert config.settings.health_reboot is True
