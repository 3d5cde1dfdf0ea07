"""A configuration file with every option explained, for `--print-config-toml` and `-json`."""

from __future__ import annotations

import argparse
import json
import textwrap
import tomllib
from collections.abc import Iterator
from typing import Any

from mother.config.kinds import plain
from mother.config.model import Config
from mother.config.options import MOTHER, OPTIONS, Option

_WIDTH = 88

_HEAD = """\
Configuration of {program}.
A line that begins with '# ' explains, one that begins with '#' alone can be switched on.
Flags and environment variables speak before this file; a [[configs]] block speaks
before all of them for the miners it names. SIGHUP makes {program} read the file again."""

_TABLES = """\
# Logins of the miners, tried in order. Once one is given, the makers' own are not tried.
#[[credentials]]
#username = "admin"
#password = "put the password here"

# Pools for all miners, the preferred one first, at most 3. The worker's name is appended
# to the username.
#[[pools]]
#url = "stratum+tcp://pool.example:3333"
#username = "put your own account here"
#password = "x"

# Settings for some miners. Of several blocks counts the first that names both model and
# MAC address, else the model, else the MAC address, else one that restricts nothing.
# What a block does not say holds as in general, except that reboot and upgrade are off.
#[[configs]]
#health_reboot = false
#health_check_interval = 300
#health_hashrate_duration = 3600
#health_hashrate_minimum = 1000
#auto_upgrade = false
#autotune_mode = "balanced"
#autotune_level = 2
#firmware_file = "/srv/firmware/t1_20180515_060842.swu"
#firmware_sha256 = "0000000000000000000000000000000000000000000000000000000000000000"

#[configs.apply_to]
#models = ["T1"]
#mac_addresses = []

#[[configs.pools]]
#url = "stratum+tcp://pool.example:3333"
#username = "put your own account here"
#password = "x"
"""


def print_toml(program: str = MOTHER, config: Config | None = None) -> str:
    """The whole file as text, with the defaults of `program`, or with the values of `config`.

    It loads as it is and then changes nothing. Passwords are never printed: pools, logins
    and blocks are there as examples.
    """
    head = "\n".join(f"# {line}" for line in _HEAD.format(program=program).splitlines())
    return "\n".join([head, *_lines(program, config), "", _TABLES])


def _lines(program: str, config: Config | None) -> Iterator[str]:
    group = ""
    for option in OPTIONS:
        if option.key in {"credentials", "pools"}:
            continue
        if option.group != group:
            group = option.group
            yield f"\n\n# --- {group} ---"
        yield ""
        says = f"{option.help} Default: {option.default_text(program)}."
        yield from (f"# {line}" for line in textwrap.wrap(says, _WIDTH, break_on_hyphens=False))
        yield f"# {_names(option)}"
        yield _setting(option, program, config)


def _names(option: Option) -> str:
    restart = "; a change needs a restart" if option.needs_restart else ""
    return f"({option.flag}, {option.env}{restart})"


def _setting(option: Option, program: str, config: Config | None) -> str:
    value = option.default_for(program)
    if config is not None and option.at and not option.secret:
        value = _at(config, option.at)
    if value in (None, ()):
        return f"#{option.key} = {option.example}"
    return f"{option.key} = {toml_value(value)}"


def _at(config: Config, path: str) -> Any:
    value: Any = config
    for name in path.split("."):
        value = getattr(value, name)
    return value


def toml_value(value: Any) -> str:
    """A value as TOML writes it: texts quoted, numbers plain, lists in brackets."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return plain(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)


def print_json(program: str = MOTHER) -> str:
    """What `print_toml` switches on, as JSON; loads to the defaults again."""
    return json.dumps(tomllib.loads(print_toml(program)), indent=2) + "\n"


def asked_for(options: argparse.Namespace, program: str) -> str:
    """The file that the options ask to print; empty where they do not."""
    if options.print_config_json:
        return print_json(program)
    return print_toml(program) if options.print_config_toml else ""
