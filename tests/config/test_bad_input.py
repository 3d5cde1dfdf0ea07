from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mother.config.load import ConfigError
from mother.config.model import Config
from tests.config.given import load, problems, source

NO_NETWORK = (
    "is no IPv4 network, range or address, e.g. 10.1.0.0/22, 10.1.0.10-10.1.0.60 or 10.1.0.7"
)
NO_MAC = "is no MAC address, e.g. a0:b0:45:00:e3:ab"
FLAGS = [
    ("--scan-interval=soon", "must be a number of seconds, e.g. 300, not 'soon'"),
    ("--scan-interval=0", "0 is out of range: 1 to 604800 seconds"),
    ("--scan-interval=nan", "must be a number of seconds, e.g. 300, not nan"),
    ("--scan-interval=-inf", "must be a number of seconds, e.g. 300, not -inf"),
    ("--scan-rate=-1", "-1 is out of range: 0 to 1000000 probes per second"),
    ("--connect-timeout=10", "must be shorter than scan_timeout, of which it is a part"),
    ("--dragon-port=65536", "65536 is out of range: 1 to 65535"),
    ("--dragon-port=80.5", "must be a port number, e.g. 8080, not 80.5"),
    ("--statsd-port=http", "must be a port number, e.g. 8080, not 'http'"),
    (
        "--statsd-host=localhost:8125",
        "'localhost:8125' holds a port; the port goes into statsd_port",
    ),
    ("--statsd-host=udp://x", "must be a host name or an IP address, not 'udp://x'"),
    ("--statsd-prefix=a b", "must be letters, digits, _ and -, parted by dots, not 'a b'"),
    ("--site=my farm", "must be 1 to 32 letters, digits, _ and -, not 'my farm'"),
    ("--inventory-file=", "must be a path, not ''"),
    ("--state-file=dragon-inventory.json", None),
    (
        "--dragon-autotune-mode=fast",
        "must be one of efficient, balanced, factory, performance, not 'fast'",
    ),
    (
        "--dragon-autotune-level=2",
        "a level means nothing without a mode; name dragon_autotune_mode too",
    ),
    ("--dragon-autotune-level=101", "101 is out of range: 0 to 100"),
    ("--wave-percent=101", "101 is out of range: 0 to 100 percent"),
    ("--wave-least=0", "0 is out of range: 1 to 100000"),
    ("--restarts-at-once=0", "0 is out of range: 1 to 100000"),
    ("--upgrades-at-once=2.5", "must be a number of miners, e.g. 5, not 2.5"),
    ("--canary-time=0", "0 is out of range: 1 to 604800 seconds"),
    ("--worker-template=rig", "'rig' names every miner alike; add {mac8}"),
    (
        "--worker-template={ip}-{mac}",
        "'{ip}-{mac}' has an unknown placeholder; known: {mac8}, {mac6}, {mac}, {model}, {family}",
    ),
    (
        "--worker-template={mac!r}",
        "'{mac!r}' has an unknown placeholder; known: {mac8}, {mac6}, {mac}, {model}, {family}",
    ),
    ("--worker-template={mac", "'{mac' has a brace without its partner"),
    (
        "--worker-template=a.{mac}",
        "'a.{mac}' may hold at most 40 letters, digits, _ and - beside its placeholders",
    ),
    ("--network=10.1.0.0/33", f"'10.1.0.0/33' {NO_NETWORK}"),
    ("--network=10.1.0", f"'10.1.0' {NO_NETWORK}"),
    ("--network=10.1.0.9-10.1.0.1", f"'10.1.0.9-10.1.0.1' {NO_NETWORK}"),
    ("--network=fe80::/64", f"'fe80::/64' {NO_NETWORK}"),
    ("--network=miners.local", f"'miners.local' {NO_NETWORK}"),
    ("--network=,", "empty; say what to scan, e.g. 10.1.0.0/22"),
    ("--exclude=10.1.0.x", f"'10.1.0.x' {NO_NETWORK}"),
    (
        "--network=8.8.8.8",
        "'8.8.8.8' holds public addresses; if they are yours to scan, add --allow-public-network",
    ),
    (
        "--network=10.0.0.0/14",
        "262,144 addresses are more than 131,072; if that is meant, add --allow-large-network",
    ),
    ("--scan-interval=--", "must be a number of seconds, e.g. 300, not '--'"),
    ("--network=--", f"'--' {NO_NETWORK}"),
    ("--pools=[", "is no JSON: Expecting value at character 2"),
    ("--pools={}", "must be a list, not a table"),
]


@pytest.mark.parametrize(("flag", "says"), FLAGS)
def test_a_bad_flag_costs_one_line_that_names_it_and_the_cure(flag: str, says: str | None) -> None:
    name = flag.partition("=")[0]
    expected = f"{name}: {says}"
    if says is None:
        expected = "state_file: is the inventory_file too; give it a name of its own"
    assert problems(flag) == [expected]


FILES: list[tuple[str, list[str]]] = [
    ("scan_intervall = 3", ["scan_intervall: unknown; did you mean scan_interval?"]),
    (
        'scan_interval = "300"',
        ["scan_interval: must be a number of seconds, e.g. 300, not '300'"],
    ),
    ("scan_interval = true", ["scan_interval: must be a number of seconds, e.g. 300, not true"]),
    ("scan_interval = inf", ["scan_interval: must be a number of seconds, e.g. 300, not inf"]),
    ("statsd_interval = []", ["statsd_interval: must be a number of seconds, e.g. 60, not a list"]),
    ('dry_run = "yes"', ["dry_run: must be true or false, not 'yes'"]),
    ("network = 10", ['network: must be a list such as ["10.1.0.0/22"], not a number']),
    (
        "network = [1]",
        ['network: must be a list such as ["10.1.0.0/22"], not a list of something else'],
    ),
    ("network = []", ["network: empty; say what to scan, e.g. 10.1.0.0/22"]),
    (
        'network = ["10.1.0.1"]\nexclude = ["10.1.0.0/24"]',
        ["network: exclude leaves no address to scan"],
    ),
    ("credentials = []", ["credentials: empty; leave it out to try the makers' own logins"]),
    (
        '[[credentials]]\nuser = "hush"',
        [
            "credentials[0].user: unknown; did you mean username?",
            "credentials[0].username: missing; e.g. admin",
            "credentials[0].password: missing; the password of the miners' web page",
        ],
    ),
    (
        '[[credentials]]\nusername = "admin"\npassword = 12',
        ["credentials[0].password: must be a text in quotes, not a number"],
    ),
    ("main = 3", ["main: must be a table, not a number"]),
    (
        "[main]\nscan = 3",
        [
            "main.scan: unknown; known here: api_timeout, credentials, firmwares_path, "
            "inventory_file, local_network, statsd"
        ],
    ),
    (
        "[main]\ndry_run = true",
        ["main.dry_run: is no key of [main]; put it at the top of the file"],
    ),
    ("[main.statsd]\nhots = 'x'", ["main.statsd.hots: unknown; did you mean host?"]),
    (
        "[main.local_network]\nnetwork = 'here'",
        [f"main.local_network.network: 'here' {NO_NETWORK}"],
    ),
    (
        "statsd_port = 1\n[main.statsd]\nport = 2",
        ["main.statsd.port: named already as statsd_port; keep one of both"],
    ),
    ("configs = 3", ["configs: must be a list, not a number"]),
    ("configs = [3]", ["configs[0]: must be a table, not a number"]),
    (
        "[[configs]]\nhealth_rebot = true",
        ["configs[0].health_rebot: unknown; did you mean health_reboot?"],
    ),
    ("[[configs]]\nhealth_reboot = 1", ["configs[0].health_reboot: must be true or false, not 1"]),
    (
        "[[configs]]\nhealth_check_interval = 0",
        ["configs[0].health_check_interval: 0 is out of range: 1 to 86400 seconds"],
    ),
    (
        "[[configs]]\nhealth_hashrate_minimum = nan",
        [
            "configs[0].health_hashrate_minimum: "
            "must be a number of GH/s per board, e.g. 1000, not nan"
        ],
    ),
    (
        "[[configs]]\nautotune_mode = 'fast'\nautotune_level = 2.5",
        [
            "configs[0].autotune_mode: "
            "must be one of efficient, balanced, factory, performance, not 'fast'",
            "configs[0].autotune_level: must be a level, e.g. 2, not 2.5",
        ],
    ),
    (
        "[[configs]]\nautotune_level = 2",
        ["configs[0].autotune_level: a level means nothing without a mode; name autotune_mode too"],
    ),
    (
        "dragon_autotune_mode = 'fast'\ndragon_autotune_level = 2",
        [
            "dragon_autotune_mode: "
            "must be one of efficient, balanced, factory, performance, not 'fast'"
        ],
    ),
    ("[[configs]]\nmodels = ['T1']", ["configs[0].models: belongs below [configs.apply_to]"]),
    (
        "[configs]\nhealth_reboot = true",
        ["configs: must be a list, not a table"],
    ),
    (
        "[[configs]]\n[configs.apply_to]\nmac = []\nmodels = 'T1'\nmac_addresses = ['a0:b0', 5]",
        [
            "configs[0].apply_to.mac: unknown; known here: mac_addresses, models",
            "configs[0].apply_to.models: must be a list, not a text",
            f"configs[0].apply_to.mac_addresses[0]: 'a0:b0' {NO_MAC}",
            f"configs[0].apply_to.mac_addresses[1]: 5 {NO_MAC}",
        ],
    ),
    (
        "[[configs]]\n[configs.apply_to]\nmodels = ['']",
        ['configs[0].apply_to.models: must be a list of models, e.g. ["T1", "B29+"]'],
    ),
]


@pytest.mark.parametrize(("text", "expected"), FILES)
def test_a_bad_file_costs_one_line_for_each_problem(text: str, expected: list[str]) -> None:
    assert problems(file=text) == expected


def test_a_bad_variable_is_named_as_the_variable() -> None:
    env = {"MOTHER_SCAN_INTERVAL": "soon", "MOTHER_CREDENTIALS": "hush", "MOTHER_NETWORK": "x"}
    assert problems(env=env) == [
        f"MOTHER_NETWORK: 'x' {NO_NETWORK}",
        "MOTHER_SCAN_INTERVAL: must be a number of seconds, e.g. 300, not 'soon'",
        "MOTHER_CREDENTIALS: is no JSON: Expecting value at character 1",
    ]


def test_all_problems_of_flags_variables_and_file_come_at_once() -> None:
    file = "sites = 1\n[[configs]]\nautotune_level = -1\n"
    said = problems("--dragon-port=0", env={"MOTHER_SITE": "a b"}, file=file)
    assert said == [
        "sites: unknown; did you mean site?",
        "--dragon-port: 0 is out of range: 1 to 65535",
        "MOTHER_SITE: must be 1 to 32 letters, digits, _ and -, not 'a b'",
        "configs[0].autotune_level: -1 is out of range: 0 to 100",
    ]


def test_no_line_shows_a_password() -> None:
    pool = {"url": "x", "username": "", "password": "hush", "extra": "hush"}
    tree = {
        "pools": [pool, "hush"],
        "credentials": [{"username": 1, "password": "hush", "hash": "hush"}, "hush"],
        "configs": [{"pools": [pool], "password": "hush"}],
        "main": {"credentials": "hush", "statsd": "hush"},
    }
    said = problems(file=tree)
    said += problems(env={"MOTHER_POOLS": '["hush', "MOTHER_CREDENTIALS": '["hush"]'})
    assert len(said) > 12
    assert "hush" not in "\n".join(said)


BROKEN = [
    ("m.yaml", b"a: 1", "the name must end in .toml or .json, which tells how to read it"),
    ("m.toml", b"a = ", "is not valid TOML: Invalid value (at end of document)"),
    ("m.json", b"{", None),
    ("m.json", b"[1]", "must hold a table of options, not a list"),
    ("m.toml", b"site = '\xff'", "is not UTF-8; save it as UTF-8"),
    ("m.json", b"[" * 100_000, "is nested too deeply"),
    ("m.toml", None, "cannot be read: No such file or directory"),
]


@pytest.mark.parametrize(("name", "content", "says"), BROKEN)
def test_a_file_that_cannot_be_read_costs_one_line(
    tmp_path: Path, name: str, content: bytes | None, says: str | None
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        source("--config", str(path)).load()
    (line,) = caught.value.lines
    assert line.startswith(f"{path}: is not valid JSON:" if says is None else f"{path}: {says}")


def test_a_file_that_cannot_be_read_does_not_hide_bad_flags(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        source("--config", str(tmp_path / "m.toml"), "--site", "").load()
    assert len(caught.value.lines) == 2


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_bytes(b"\xef\xbb\xbfsite = 'north'\n")
    assert source("--config", str(path)).load().site == "north"


def test_null_in_json_says_nothing() -> None:
    config = load(file={"site": None, "configs": [{"autotune_mode": None, "apply_to": None}]})
    assert config.site == "site"
    assert config.blocks[0].settings.autotune_mode is None


leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
words = st.sampled_from(
    [
        "network",
        "main",
        "configs",
        "pools",
        "credentials",
        "statsd",
        "apply_to",
        "url",
        "host",
        "models",
        "mac_addresses",
        "health_reboot",
        "local_network",
        "groups",
        "miners",
        "workers",
        "networks",
        "name",
        "algorithm",
        "level",
        "scan_interval",
        "username",
    ]
) | st.text(max_size=5)
trees = st.recursive(
    leaf,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


def outcome(*flags: str, **how: Any) -> Config | list[str]:
    try:
        return load(*flags, **how)
    except ConfigError as error:
        return error.lines


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(words, trees, max_size=4))
def test_whatever_a_file_holds_it_loads_or_is_refused_in_lines(tree: dict[str, Any]) -> None:
    found = outcome(file=tree)
    if isinstance(found, Config):
        assert math.isfinite(found.scan_interval)
    else:
        assert found
        assert all(": " in line for line in found)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="0123456789.-/, x", max_size=20))
def test_whatever_a_network_text_holds_it_is_taken_or_refused(text: str) -> None:
    found = outcome(f"--network={text}", "--allow-public-network", "--allow-large-network")
    if isinstance(found, Config):
        assert found.networks
    else:
        assert all(line.startswith("--network: ") for line in found)
