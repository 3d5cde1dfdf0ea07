from __future__ import annotations

from pathlib import Path

import pytest

from mother.config.flags import build_parser
from mother.config.load import (
    ConfigError,
    Source,
    changes_needing_restart,
    keep_until_restart,
)
from mother.config.networks import LARGEST, addresses
from tests.config.given import load, problems, source

POOL = '{"url": "stratum+tcp://p.example:1", "username": "u", "password": "x"}'


def test_the_file_is_read_again_at_each_load(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text("scan_interval = 1")
    one = source("-c", str(path), "--site", "north")
    assert one.load().scan_interval == 1
    path.write_text("scan_interval = 2")
    again = one.load()
    assert (again.scan_interval, again.site) == (2, "north")
    path.write_text("scan_interval = 0")
    with pytest.raises(ConfigError):
        one.load()


def test_a_default_file_that_vanished_is_missed_on_reload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "config.toml"
    path.write_text("scan_interval = 1")
    one = source(program="mother-of-dragons")
    one.load()
    path.unlink()
    with pytest.raises(ConfigError) as caught:
        one.load()
    assert caught.value.lines == ["config.toml: cannot be read: No such file or directory"]


def test_the_file_may_be_named_by_a_variable(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text("scan_interval = 1")
    assert source(env={"MOTHER_CONFIG": str(path)}).load().scan_interval == 1


def test_the_parser_takes_the_real_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTHER_SITE", "south")
    monkeypatch.setenv("MOTHER_CREDENTIALS", '[{"username": "me", "password": "hush"}]')
    config = Source(build_parser("run", "mother", "").parse_args([]), "mother").load()
    assert config.site == "south"
    assert [(login.username, login.password) for login in config.credentials] == [("me", "hush")]


def test_logins_of_a_variable_speak_before_those_of_the_file() -> None:
    env = {"MOTHER_CREDENTIALS": '[{"username": "a", "password": "b"}]'}
    file = '[[credentials]]\nusername = "c"\npassword = "d"'
    assert [login.username for login in load(env=env, file=file).credentials] == ["a"]
    assert [login.username for login in load(file=file).credentials] == ["c"]


RESTART = {
    "--site=north": "site",
    "--state-file=s.json": "state_file",
    "--worker-template={mac}": "worker_template",
}


@pytest.mark.parametrize("flag", RESTART)
def test_what_needs_a_restart_is_named(flag: str) -> None:
    assert changes_needing_restart(load(), load(flag)) == (RESTART[flag],)


def test_most_changes_need_no_restart() -> None:
    new = load(
        "--network=10.1.0.0/22",
        "--scan-interval=1",
        "--dragon-port=8080",
        "--statsd-host=x",
        "--dragon-health-reboot",
        "--dry-run",
        file="[[configs]]\nhealth_reboot = true\n[[credentials]]\nusername='a'\npassword='b'",
    )
    assert changes_needing_restart(load(), new) == ()


def test_until_the_restart_the_old_value_stays_in_force() -> None:
    old, new = load(), load("--site=north", "--inventory-file=/a/i.json", "--scan-interval=9")
    kept = keep_until_restart(old, new)
    assert (kept.site, kept.inventory_file, kept.state_file) == (
        old.site,
        old.inventory_file,
        old.state_file,
    )
    assert kept.scan_interval == 9
    assert changes_needing_restart(old, kept) == ()


def test_what_sets_miners_up_needs_no_note() -> None:
    flags = ("--dragon-auto-upgrade", f"--pools=[{POOL}]", "--dragon-autotune-mode=balanced")
    assert load(*flags).notes == ()
    assert load(*flags, program="mother-of-dragons").notes == ()


def test_a_block_that_turns_reboots_off_by_silence_is_said() -> None:
    assert load("--dragon-health-reboot", file="[[configs]]\n").notes == (
        "configs[0] does not say health_reboot: it is off for its miners, "
        "although dragon_health_reboot is on",
    )
    assert load("--dragon-health-reboot", file="[[configs]]\nhealth_reboot=false").notes == ()


def test_a_block_that_never_applies_is_said() -> None:
    assert load(file="[[configs]]\n[[configs]]\n").notes == (
        "configs[1] never applies: configs[0] is for all miners already",
    )


@pytest.mark.parametrize(
    ("mode", "noted"), [(0o600, False), (0o640, False), (0o644, True), (0o660, True)]
)
def test_a_file_with_passwords_that_others_may_read_is_said(
    tmp_path: Path, mode: int, noted: bool
) -> None:
    path = tmp_path / "m.toml"
    path.write_text("[[main.credentials]]\nusername = 'a'\npassword = 'hush'\n")
    path.chmod(mode)
    says = f"{path} holds passwords and has mode {mode:04o}: chmod 640 {path}"
    assert source("-c", str(path)).load().notes == ((says,) if noted else ())


def test_a_file_without_passwords_may_be_read_by_all(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text("site = 'north'\n")
    path.chmod(0o644)
    assert source("-c", str(path)).load().notes == ()


def test_a_misspelt_variable_is_said_but_not_one_of_another_program() -> None:
    env = {"MOTHER_NETWROK": "x", "MOTHER_SERVICE_HOST": "x", "MOTHER_CONFIG": "", "HOME": "/"}
    assert load(env=env).notes == (
        "the environment variable MOTHER_NETWROK is unknown; did you mean MOTHER_NETWORK?",
    )


@pytest.mark.parametrize(
    "network",
    ["127.77.0.0/16", "10.0.0.0/15", "172.31.0.1", "192.168.1.1-192.168.1.9", "100.64.0.0/24"],
)
def test_private_and_loopback_networks_need_no_special_word(network: str) -> None:
    assert load("--network", network).networks == (network,)


def test_public_and_large_networks_are_scanned_once_that_is_said() -> None:
    assert load("--network=8.8.8.8", "--allow-public-network").networks == ("8.8.8.8",)
    assert load("--network=10.0.0.0/8", "--allow-large-network").networks == ("10.0.0.0/8",)


def test_the_limit_counts_each_address_once_and_not_what_is_excluded() -> None:
    assert addresses(["10.0.0.0/15"]).size == LARGEST
    assert load("--network=10.0.0.0/15,10.1.0.0/16").networks
    assert load("--network=10.0.0.0/14", "--exclude=10.2.0.0/15").networks
    assert len(problems("--network=10.0.0.0/15,10.9.0.1")) == 1


def test_a_range_that_leaves_the_private_addresses_is_public() -> None:
    assert len(problems("--network=172.31.255.250-172.32.0.1")) == 1
    assert load("--network=172.31.255.250-172.32.0.1", "--exclude=172.32.0.0/24").networks


def test_an_empty_statsd_host_turns_metrics_off() -> None:
    assert load("--statsd-host=", file='statsd_host = "x"').statsd.host is None
