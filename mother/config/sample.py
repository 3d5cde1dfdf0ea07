"""A configuration file with every option explained, for `--print-config-toml` and `-json`."""

from __future__ import annotations

import argparse
import json
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

from mother.config.kinds import plain
from mother.config.model import Config
from mother.config.options import MOTHER, OPTIONS, Option
from mother.config.schedule_sample import SCHEDULE

WIDTH = 88

_HEAD = """\
Configuration of {program}.
A line that begins with '# ' explains, one that begins with '#' alone can be switched on.
Flags and environment variables speak before this file; [[miners]] and [[configs]] blocks
speak before all of them for the miners they name. SIGHUP makes {program} read the file again."""

LOGINS = """\
# Logins of the miners, tried in order. A miner that one fits is not tried with its maker's
# own. Each may say for which miners it is, as blocks of [[miners]] do; what is not known of a
# miner before its login, such as its model, fits none.
"""
SAMPLE_LOGIN = """\
#[[credentials]]
#username = "admin"
#password = "put the password here"
#families = ["dragonmint", "antminer"]
#networks = ["10.1.0.0/24"]
"""
POOLS = """\
# Pools for all DragonMint miners, the preferred one first, at most 3. The worker's name is
# appended to the username.
"""
SAMPLE_POOL = """\
#[[pools]]
#url = "stratum+tcp://pool.example:3333"
#username = "put your own account here"
#password = "x"
"""
BLOCKS = """\
# Settings for some DragonMint miners. Of several blocks counts the first that names both
# model and MAC address, else the model, else the MAC address, else one that restricts
# nothing. What a block does not say holds as in general, except that reboot and upgrade are
# off.
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

GROUPS = """\
# Names for miners, to be used by apply_to and by logins: by patterns of their worker names, by
# networks, by MAC addresses. Whoever fits one of them is in the group.
#[[groups]]
#name = "hall-a"
#workers = ["hall-a-*"]
#networks = ["10.1.0.0/24"]
#mac_addresses = []
"""
MINERS = """\
# Settings for miners of every family; without such a block only DragonMint is written to. All
# conditions of apply_to must hold, and of one of them any word will do. Each key comes from
# the narrowest block that says it: MAC address before group, network, site, model, firmware,
# family or maker, all; of two alike from the first.
#[[miners]]
#profile = "balanced"
#level = 2
#power_target = 3000
#frequency = 500
#voltage = 1.2
#health_reboot = false
#health_check_interval = 300
#health_hashrate_duration = 3600
#health_hashrate_minimum = 1000
#auto_upgrade = false
#firmware_file = "/srv/firmware/t1_20180515_060842.swu"
#firmware_sha256 = "0000000000000000000000000000000000000000000000000000000000000000"

#[miners.apply_to]
#families = ["dragonmint", "antminer"]
#makers = []
#models = ["T1", "S19*"]
#firmware = []
#mac_addresses = []
#groups = ["hall-a"]
#networks = []
#sites = ["hall-1"]

#[[miners.pools]]
#url = "stratum+tcp://pool.example:3333"
#username = "put your own account here"
#password = "x"
#algorithm = "sha256d"
"""

Setting = Callable[[Option], str]
"""The line (or lines) that an option has in a file below its explanation."""


def print_toml(program: str = MOTHER, config: Config | None = None) -> str:
    """The whole file as text, with the defaults of `program`, or with the values of `config`.

    It loads as it is and then changes nothing. Passwords are never printed: pools, logins
    and blocks are there as examples.
    """
    head = comment(_HEAD.format(program=program))
    lines = explained(program, lambda option: _setting(option, program, config))
    tables = (
        f"{LOGINS}{SAMPLE_LOGIN}\n{POOLS}{SAMPLE_POOL}\n{BLOCKS}\n{GROUPS}\n{MINERS}\n{SCHEDULE}"
    )
    return "\n".join([head, *lines, "", tables])


def comment(text: str) -> str:
    """Lines as a comment."""
    return "\n".join(f"# {line}" for line in text.splitlines())


def explained(program: str, setting: Setting) -> Iterator[str]:
    """Every option that is no table, by group: what it does, its names, and its setting."""
    group = ""
    for option in OPTIONS:
        if option.key in {"credentials", "pools"}:
            continue
        if option.group != group:
            group = option.group
            yield f"\n\n# --- {group} ---"
        yield ""
        says = f"{option.help} Default: {option.default_text(program)}."
        yield from (f"# {line}" for line in textwrap.wrap(says, WIDTH, break_on_hyphens=False))
        yield f"# {_names(option)}"
        yield setting(option)


def _names(option: Option) -> str:
    restart = "; a change needs a restart" if option.needs_restart else ""
    return f"({option.flag}, {option.env}{restart})"


def _setting(option: Option, program: str, config: Config | None) -> str:
    value = option.default_for(program)
    if config is not None and option.at and not option.secret:
        value = value_at(config, option.at)
    if value in (None, ()):
        return f"#{option.key} = {option.example}"
    return f"{option.key} = {toml_value(value)}"


def value_at(config: Config, path: str) -> Any:
    """What stands in the configuration there: `statsd.host`."""
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
    return toml_text(value)


def toml_text(text: str) -> str:
    """A text in quotes, with an escape for whatever would not show, or show as something else.

    A lone half of a surrogate pair, which is no text, comes out as what no TOML reader takes.
    """
    return f'"{"".join(map(_letter, text))}"'


def _letter(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if letter.isprintable():
        return letter
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"


def print_json(program: str = MOTHER) -> str:
    """What `print_toml` switches on, as JSON; loads to the defaults again."""
    return json.dumps(tomllib.loads(print_toml(program)), indent=2) + "\n"


def asked_for(options: argparse.Namespace, program: str) -> str:
    """The file that the options ask to print; empty where they do not."""
    if options.print_config_json:
        return print_json(program)
    return print_toml(program) if options.print_config_toml else ""
