from __future__ import annotations

import tempfile

import pytest

from mother.config.flags import build_parser
from mother.config.load import print_toml
from mother.config.miners import KEYS as MINERS
from mother.config.model import Config, Waves
from mother.config.options import BY_KEY, OPTIONS
from tests.config.given import load, problems, source


def test_without_anything_said_the_defaults_hold() -> None:
    config = load()
    assert config.networks == ()
    assert (config.scan_interval, config.scan_timeout, config.connect_timeout) == (300, 10, 2.5)
    assert (config.scan_rate, config.dragon_timeout, config.dragon_port) == (1000, 10, 80)
    assert (config.statsd.host, config.statsd.port, config.statsd.prefix) == (None, 8125, "dragons")
    assert (config.statsd.interval, config.statsd.type_segment) == (60, True)
    assert (config.firmwares_path, config.inventory_file) == ("firmwares/", "dragon-inventory.json")
    assert (config.state_file, config.site) == ("mother-state.json", "site")
    assert config.worker_template is None
    assert (config.families, config.port_offset, config.ports.all) == ((), 0, (80, 4028, 4433))
    assert (config.groups, config.rules, config.login_limits) == ((), (), ())
    assert config.dry_run is False
    settings = config.settings
    assert (settings.health_reboot, settings.auto_upgrade) == (False, False)
    assert (settings.health_hashrate_minimum, settings.health_hashrate_duration) == (1000, 3600)
    assert settings.health_check_interval == 300
    assert (settings.autotune_mode, settings.autotune_level) == (None, None)
    assert (settings.firmware_file, settings.firmware_sha256) == (None, None)
    assert (settings.pools, config.blocks) == ((), ())
    assert config.waves == Waves(5, 5, 20, 5, 120)
    assert config.notes == ()


def test_no_login_is_configured_by_default_since_each_family_knows_its_makers_own() -> None:
    assert load().credentials == ()
    assert BY_KEY["credentials"].default_text("mother") == "the makers' own logins"


def test_called_as_mother_of_dragons_its_defaults_hold() -> None:
    config = load(program="mother-of-dragons")
    assert config.networks == ("10.1.0.0/22",)
    assert config.families == ("dragonmint",)
    assert (config.settings.autotune_mode, config.settings.autotune_level) == ("balanced", None)
    assert (config.settings.pools, config.settings.auto_upgrade) == ((), False)
    assert load("--dragon-autotune-level=1", program="mother-of-dragons").settings.autotune_level
    assert config.notes == ()


def test_called_as_mother_of_dragons_config_toml_is_read_when_there_is_one(
    tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    with open("config.toml", "w", encoding="utf-8") as stream:
        stream.write("scan_interval = 7\n")
    assert source(program="mother-of-dragons").load().scan_interval == 7
    assert source(program="mother").load().scan_interval == 300


VALUES = {
    "network": ("10.9.0.0/24", ("10.9.0.0/24",)),
    "exclude": ("10.9.0.1,10.9.0.2", ("10.9.0.1", "10.9.0.2")),
    "scan_interval": ("11", 11),
    "scan_timeout": ("12", 12),
    "connect_timeout": ("1.5", 1.5),
    "scan_rate": ("0", 0),
    "dragon_timeout": ("13", 13),
    "dragon_port": ("8080", 8080),
    "port_offset": ("8000", 8000),
    "family": ("antminer", ("antminer",)),
    "dragon_health_hashrate_min": ("4000", 4000),
    "dragon_health_hashrate_duration": ("14", 14),
    "dragon_health_check_interval": ("15", 15),
    "dragon_autotune_mode": ("factory", "factory"),
    "dragon_autotune_level": ("3", 3),
    "firmware_sha256": ("AB" * 32, "ab" * 32),
    "firmwares_path": ("fw", "fw"),
    "wave_percent": ("7.5", 7.5),
    "wave_least": ("8", 8),
    "restarts_at_once": ("9", 9),
    "upgrades_at_once": ("2", 2),
    "canary_time": ("17", 17),
    "statsd_host": ("stats.example", "stats.example"),
    "statsd_port": ("9125", 9125),
    "statsd_prefix": ("farm.a", "farm.a"),
    "statsd_interval": ("16", 16),
    "metrics_listen": ("tcp:9151:interface=127.0.0.1", "tcp:9151:interface=127.0.0.1"),
    "notify_url": ("ntfy://a,b ntfy://c", ("ntfy://a,b", "ntfy://c")),
    "notify_drop": ("30", 30),
    "notify_gone": ("6", 6),
    "heartbeat_url": ("https://hc.example/a", "https://hc.example/a"),
    "heartbeat_interval": ("18", 18),
    "log_format": ("json", "json"),
    "inventory_file": ("inv.json", "inv.json"),
    "state_file": ("state.json", "state.json"),
    "control_socket": ("m.sock", "m.sock"),
    "worker_template": ("{model}-{mac6}", "{model}-{mac6}"),
    "site": ("north", "north"),
}
SWITCHES = {
    "statsd_tags",
    "dragon_health_reboot",
    "dragon_auto_upgrade",
    "statsd_type_segment",
    "dry_run",
}


def at(config: Config, key: str) -> object:
    value: object = config
    for name in BY_KEY[key].at.split("."):
        value = getattr(value, name)
    return value


@pytest.mark.parametrize("key", VALUES)
def test_each_option_is_a_flag_a_variable_and_a_key_of_the_file(key: str) -> None:
    text, expected = VALUES[key]
    option = BY_KEY[key]
    literal = text if isinstance(expected, (int, float)) else f'"{text}"'
    if key == "exclude":
        literal = '["10.9.0.1", "10.9.0.2"]'
    if key == "notify_url":
        literal = '["ntfy://a,b", "ntfy://c"]'
    mode = () if key == "dragon_autotune_mode" else ("--dragon-autotune-mode=efficient",)
    assert at(load(option.flag, text, *mode), key) == expected
    assert at(load(*mode, env={option.env: text}), key) == expected
    assert at(load(*mode, file=f"{key} = {literal}"), key) == expected
    assert at(load(), key) != expected


@pytest.mark.parametrize("key", sorted(SWITCHES))
def test_each_switch_is_turned_either_way_from_everywhere(key: str) -> None:
    option = BY_KEY[key]
    for on in (True, False):
        flag = option.flag if on else f"--no-{option.flag[2:]}"
        word = str(on).lower()
        assert at(load(flag), key) is on
        assert at(load(env={option.env: word}), key) is on
        assert at(load(file=f"{key} = {word}"), key) is on


def test_the_tables_above_leave_no_option_out() -> None:
    elsewhere = {"allow_large_network", "allow_public_network", "pools", "credentials"}
    elsewhere |= {"firmware_file"}
    assert set(VALUES) | SWITCHES | elsewhere == set(BY_KEY)


def test_a_flag_speaks_before_a_variable_that_before_the_file_that_before_the_default() -> None:
    env, file = {"MOTHER_SCAN_INTERVAL": "20"}, "scan_interval = 30"
    assert load("--scan-interval", "10", env=env, file=file).scan_interval == 10
    assert load(env=env, file=file).scan_interval == 20
    assert load(file=file).scan_interval == 30
    assert load().scan_interval == 300


def test_a_switch_turned_off_by_flag_stays_off_whatever_variable_and_file_say() -> None:
    env, file = {"MOTHER_DRY_RUN": "true"}, "dry_run = true"
    assert load("--no-dry-run", env=env, file=file).dry_run is False
    assert load(env={"MOTHER_DRY_RUN": "false"}, file=file).dry_run is False


def test_an_empty_variable_counts_as_not_set() -> None:
    env = {"MOTHER_SCAN_INTERVAL": "", "MOTHER_DRY_RUN": "", "MOTHER_CREDENTIALS": ""}
    assert load(env=env, file="scan_interval = 30").scan_interval == 30


def test_addresses_for_alarms_may_be_repeated_and_hold_commas() -> None:
    told = load("--notify-url", "ntfy://a,b", "--notify-url", "ntfy://c")
    assert told.alarm.urls == ("ntfy://a,b", "ntfy://c")


def test_networks_may_be_repeated_and_parted_by_commas() -> None:
    config = load("--network", "10.1.0.0/22", "--network", "10.2.0.5, 10.3.0.1-10.3.0.9")
    assert config.networks == ("10.1.0.0/22", "10.2.0.5", "10.3.0.1-10.3.0.9")
    assert load(env={"MOTHER_NETWORK": "10.2.0.5,10.2.0.6"}).networks == ("10.2.0.5", "10.2.0.6")
    assert load(file='network = "10.2.0.5"').networks == ("10.2.0.5",)


def test_the_state_file_stands_beside_the_inventory_unless_named() -> None:
    assert (
        load("--inventory-file", "/var/lib/m/i.json").state_file == "/var/lib/m/mother-state.json"
    )
    assert load("--inventory-file", "/a/i.json", "--state-file", "s").state_file == "s"


def test_the_connect_deadline_yields_to_a_short_scan_deadline_unless_it_was_named() -> None:
    assert load("--scan-timeout", "2").connect_timeout == 1
    assert load("--scan-timeout", "60").connect_timeout == 2.5
    assert load("--scan-timeout", "2", "--connect-timeout", "1.9").connect_timeout == 1.9


@pytest.mark.parametrize("program", ["mother", "mother-of-dragons"])
def test_help_tells_every_option_with_variable_and_default(program: str) -> None:
    shown = " ".join(build_parser("run", program, "Minds.").format_help().split())
    for option in OPTIONS:
        assert option.env in shown
        assert f"default: {option.default_text(program)}" in shown
        assert not option.has_flag or f" {option.flag} " in shown.replace(", --no-", " --no-")
    assert "300 seconds" in shown
    assert "1000 GH/s per board" in shown


def test_no_flag_takes_a_login() -> None:
    assert "--credentials" not in build_parser("run", "mother", "").format_help()


def test_an_unknown_flag_is_named_with_the_nearest_and_without_its_value(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stopped:
        load('--pols=[{"password": "hush"}]')
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "--pols: unknown; did you mean --pools?" in said
    assert "hush" not in said


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--scan-timeout",), "mother scan: --scan-timeout: its value is missing (see --help)\n"),
        (
            ("--dry-run=s3cret",),
            "mother scan: --dry-run/--no-dry-run: it takes no value (see --help)\n",
        ),
        (("--sacn-timeout=3",), "mother scan: --sacn-timeout: "),
        (("--wholly-other",), "mother scan: --wholly-other: unknown (see --help)\n"),
        ((), "mother scan: WHO, WHAT: missing (see --help)\n"),
    ],
)
def test_what_cannot_be_parsed_is_one_line_with_its_place_and_the_way_to_the_help(
    words: tuple[str, ...], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = build_parser("scan", "mother", "")
    if not words:
        parser.add_argument("who", metavar="WHO")
        parser.add_argument("what", metavar="WHAT")
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(list(words), env_vars={})
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert said.err.startswith(line)
    assert said.err.count("\n") == said.err.count("see --help") == 1


def test_a_value_below_nothing_is_a_value_and_no_flag() -> None:
    parser = build_parser("scan", "mother", "")
    options = parser.parse_args(["--scan-timeout", "-5s", "--dry-run"], env_vars={})
    assert (options.scan_timeout, options.dry_run) == ("-5s", True)


def test_a_word_that_belongs_to_no_flag_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        load("--dry-run", "hush")
    said = capsys.readouterr().err
    assert "a word too many" in said
    assert "hush" not in said


@pytest.mark.parametrize("program", ["mother", "mother-of-dragons"])
def test_the_printed_file_loads_and_changes_nothing(program: str) -> None:
    assert load(file=print_toml(program), program=program) == load(program=program)


def test_each_line_of_the_printed_file_that_can_be_switched_on_is_known() -> None:
    lines = print_toml().splitlines()
    on = [line[1:] if line[:1] == "#" and line[1:2] != " " else line for line in lines]
    with tempfile.NamedTemporaryFile(suffix="_20180515_060842.swu") as firmware:
        text = "\n".join(on).replace("/srv/firmware/t1_20180515_060842.swu", firmware.name)
        text = text.replace("credential:telegram", "ntfy://farm")
        text = text.replace("credential:heartbeat", "https://hc.example/a")
        config = load(file=text)
    assert config.networks == ("10.1.0.0/22",)
    assert config.statsd.host == "localhost"
    assert len(config.blocks) == 1
    (rule,) = config.rules
    assert set(rule.said) == set(MINERS)
    assert (rule.reach.groups, config.groups[0].name) == (("hall-a",), "hall-a")
    assert config.login_limits[0].families == ("dragonmint", "antminer")
    assert len(config.settings.pools) == 1
    assert config.settings.firmware_file == config.blocks[0].settings.firmware_file
    assert {key for key in BY_KEY if f"\n{key} = " in text} | {
        "pools",
        "credentials",
    } == set(BY_KEY)


def test_the_printed_file_never_holds_an_address_that_is_secret() -> None:
    told = load("--notify-url", "ntfy://hush", "--heartbeat-url", "https://hc.example/hush")
    assert told.alarm.urls == ("ntfy://hush",)
    assert "hush" not in print_toml("mother", told)
    assert "hush" not in repr(told)


def test_the_printed_file_can_hold_the_values_in_force_without_any_password() -> None:
    pools = '[{"url": "stratum+tcp://p.example:1", "username": "u", "password": "hush"}]'
    config = load("--network", "10.1.0.0/24", "--scan-interval", "7", "--pools", pools)
    text = print_toml("mother", config)
    again = load(file=text)
    assert (again.networks, again.scan_interval) == (("10.1.0.0/24",), 7)
    assert "hush" not in text


def test_a_network_is_asked_for_only_where_one_is_needed() -> None:
    assert load().networks == ()
    assert problems(require_network=True) == [
        "network: none given; say what to scan, e.g. mother --network 10.1.0.0/22, "
        'MOTHER_NETWORK=10.1.0.0/22, or network = ["10.1.0.0/22"] in the file'
    ]
    assert load(require_network=True, program="mother-of-dragons").networks == ("10.1.0.0/22",)


def test_a_file_that_cannot_be_read_is_not_said_to_name_no_network() -> None:
    (line,) = problems(file='network = ["10.1.0.0/22"', require_network=True)
    assert "is not valid TOML" in line


def test_that_many_restart_at_once_binds_the_schedule_only_where_a_person_said_it() -> None:
    assert not load().waves.restarts_said
    assert load("--restarts-at-once", "20").waves == Waves(5, 5, 20, 5, 120, restarts_said=True)
