"""The page for users of mother-of-dragons tells every option that its versions had."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mother.config.blocks import KEYS
from mother.config.file import MAIN
from mother.config.flags import build_parser
from mother.config.options import OPTIONS, PREDECESSOR

PAGE = Path(__file__).parents[2] / "docs" / "from-mother-of-dragons.md"

FLAGS = {
    "--network",
    "--scan-interval",
    "--scan-timeout",
    "--dragon-timeout",
    "--dragon-health-hashrate-min",
    "--dragon-health-hashrate-duration",
    "--dragon-health-reboot",
    "--dragon-health-check-interval",
    "--dragon-autotune-mode",
    "--dragon-auto-upgrade",
    "--pools",
    "--statsd-host",
    "--statsd-port",
    "--statsd-prefix",
    "--statsd-interval",
    "--firmwares-path",
    "--inventory-file",
    "--config",
    "--print-config-toml",
    "--print-config-json",
}
"""All flags of 0.2.0, those its README leaves out included, and the three of 0.2.9."""

MAIN_KEYS = {
    "inventory_file",
    "firmwares_path",
    "api_timeout",
    "local_network.network",
    "local_network.scan_interval",
    "local_network.scan_timeout",
    "statsd.host",
    "statsd.port",
    "statsd.prefix",
    "statsd.interval",
    "credentials",
}
BLOCK_KEYS = {
    "health_reboot",
    "health_check_interval",
    "health_hashrate_duration",
    "health_hashrate_minimum",
    "auto_upgrade",
    "autotune_mode",
    "autotune_level",
    "pools",
}
LIMITS = {"apply_to.models", "apply_to.mac_addresses"}
"""All keys of the file of 0.2.9."""


def rows() -> list[tuple[str, str, str]]:
    part = PAGE.read_text().partition("<!-- options -->")[2].partition("<!-- end -->")[0]
    lines = [line.strip("| ").split(" | ") for line in part.splitlines() if "`" in line]
    return [(flag.strip("`"), key.strip("`"), told) for flag, key, told in lines]


def test_the_page_tells_every_flag_once() -> None:
    told = [flag for flag, _, _ in rows() if flag != "-"]
    assert sorted(told) == sorted(FLAGS)


def test_the_page_tells_every_key_of_the_file_once() -> None:
    told = [key for _, key, _ in rows() if key != "-"]
    keys = {f"main.{key}" for key in MAIN_KEYS} | {f"configs.{key}" for key in BLOCK_KEYS | LIMITS}
    assert sorted(told) == sorted(keys)


def test_each_row_says_what_becomes_of_the_option() -> None:
    assert [row for row in rows() if len(row[2].split()) < 2] == []


def test_all_of_its_flags_and_keys_are_taken() -> None:
    assert build_parser("run", PREDECESSOR, "").format_help()
    known = {
        flag
        for action in build_parser("run", PREDECESSOR, "")._actions
        for flag in action.option_strings
    }
    assert known >= FLAGS | {"-c"}
    assert set(MAIN) == MAIN_KEYS
    assert set(KEYS) >= BLOCK_KEYS


def test_the_flag_and_the_key_of_a_row_are_the_same_option() -> None:
    keys = {option.flag: option for option in OPTIONS}
    for flag, key, _ in rows():
        option = keys.get(flag)
        if option is None or key == "-":
            continue
        place, _, name = key.partition(".")
        if place == "main":
            assert option.main == name
        else:
            assert option.key == name or option.at == f"settings.{name}"


@pytest.mark.parametrize("name", ["configuration.md", "metrics.md"])
def test_the_pages_it_points_to_are_there(name: str) -> None:
    assert f"]({name})" in PAGE.read_text()
    assert PAGE.with_name(name).exists()


def test_every_option_it_speaks_of_exists() -> None:
    spoken = set(re.findall(r"`(--[a-z0-9-]+)", PAGE.read_text()))
    flags = {option.flag for option in OPTIONS} | {f"--no-{one.flag[2:]}" for one in OPTIONS}
    assert spoken <= flags | FLAGS
    variables = set(re.findall(r"MOTHER_[A-Z_]+", PAGE.read_text())) - {"MOTHER_"}
    assert variables <= {option.env for option in OPTIONS}
