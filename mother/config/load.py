"""From flags, environment and file to one checked Config; again and again, never exiting."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mother.config import notes, places, schedule_notes
from mother.config.blocks import NO_MODE, check_blocks
from mother.config.file import FileContent, Named, named_in, read_file
from mother.config.firmware import NO_DIGEST
from mother.config.gateways import check_gateways
from mother.config.miners import check_rules
from mother.config.model import Alarm, Config, DeviceSettings, Statsd, Waves
from mother.config.networks import check_limits
from mother.config.options import BY_KEY, OPTIONS, PREDECESSOR, Option
from mother.config.pools import Pools
from mother.config.problems import ConfigError, Problems
from mother.config.reaching import check_groups, check_groups_named
from mother.config.references import References
from mother.config.sample import print_toml
from mother.config.schedule_checks import check_schedule
from mother.config.subject import ANY, Login
from mother.config.zones import machine_zone
from mother.core.ports import WEB

__all__ = ["ConfigError", "Source", "changes_needing_restart", "keep_until_restart", "print_toml"]

DEFAULT_FILE = "config.toml"


class Tables(Struct, frozen=True):
    """What a file holds beside options, as it is; in blocks of miners references are resolved."""

    configs: Any
    groups: Any
    miners: Any
    minercontrol: Any
    schedule: Any


class Source:
    """Where the configuration comes from; `load` reads it anew each time.

    `namespace` is what a parser of `mother.config.flags` returned, `program` the name that
    was called. With `require_network` it is a problem when there is nothing to scan. Without
    `secrets` references to secrets are left unread, for commands that need none.
    """

    def __init__(
        self,
        namespace: argparse.Namespace,
        program: str,
        *,
        environ: Mapping[str, str] | None = None,
        require_network: bool = False,
        secrets: bool = True,
    ) -> None:
        self._program = program
        given = os.environ if environ is None else environ
        self._environ = {name: text for name, text in given.items() if name.startswith("MOTHER_")}
        self._require_network = require_network
        self._references = References(given, secrets)
        self._places = places.defaults(given)
        self._zone = machine_zone(given)
        self._given = _given(namespace, self._environ)
        self.path = _path(namespace, program)

    def load(self) -> Config:
        """The configuration as it stands now. Raises ConfigError with all problems."""
        problems = Problems()
        file = self._file(problems)
        tree = {} if file is None else file.tree
        named = {**named_in(tree, problems), **self._given}
        values = {
            option.key: self._value(option, named.get(option.key), problems) for option in OPTIONS
        }
        _fit_timeouts(values, named, problems)
        if "dragon_port" not in named:
            values["dragon_port"] = WEB + values["port_offset"]
        _check_pairs(values, named, problems)
        self._check_network(values, named, file, problems)
        tables = Tables(
            self._references.put_in_blocks(tree.get("configs", []), "configs", problems),
            tree.get("groups", []),
            self._references.put_in_blocks(tree.get("miners", []), "miners", problems),
            tree.get("minercontrol", []),
            tree.get("schedule", {}),
        )
        config = self._scheduled(_build(values, tables, problems), tables, problems)
        _check_login_groups(config, named, problems)
        problems.end()
        return replace(config, notes=self._notes(config, file, tree))

    def _scheduled(self, config: Config, tables: Tables, problems: Problems) -> Config:
        """The configuration with the schedule, and the gateways of the Miner Control API."""
        groups = [group.name for group in config.groups]
        gateways = check_gateways(tables.minercontrol, self._references, problems)
        schedule = check_schedule(tables.schedule, self._zone, groups, self._references, problems)
        return replace(config, schedule=schedule, gateways=gateways)

    def _file(self, problems: Problems) -> FileContent | None:
        if self.path is None:
            return None
        try:
            return read_file(self.path)
        except ConfigError as error:
            problems.lines += error.lines
            return None

    def _value(self, option: Option, named: Named | None, problems: Problems) -> Any:
        default = self._places.get(option.key, option.default_for(self._program))
        if named is None:
            return default
        place, value = named

        def check(value: Any, place: str) -> Any:
            if option.key in self._given:
                value = _from_text(option, value, place)
            value = self._references.put_in(option.key, value, place, problems)
            return default if value is None else option.kind.check(value, place)

        return problems.checked(check, value, place, default)

    def _check_network(
        self,
        values: dict[str, Any],
        named: Mapping[str, Named],
        file: FileContent | None,
        problems: Problems,
    ) -> None:
        unread = self.path is not None and file is None  # of which another line speaks
        gateways = file is not None and file.tree.get("minercontrol")  # whose miners need no scan
        told = values["network"] or unread or gateways or "network" in named
        if self._require_network and not told:
            problems.add(
                "network",
                f"none given; say what to scan, e.g. {self._program} --network 10.1.0.0/22, "
                'MOTHER_NETWORK=10.1.0.0/22, or network = ["10.1.0.0/22"] in the file',
            )
        check_limits(
            values["network"],
            values["exclude"],
            named.get("network", ("network", None))[0],
            problems,
            large=values["allow_large_network"],
            public=values["allow_public_network"],
        )

    def _notes(
        self, config: Config, file: FileContent | None, tree: dict[str, Any]
    ) -> tuple[str, ...]:
        raw = tree.get("configs", [])
        return (
            *notes.idle_firmware(config),
            *notes.silent(raw, config.settings),
            *notes.shadowed(config.blocks),
            *notes.of_rules(config),
            *schedule_notes.of_schedule(config, tree.get("schedule", {})),
            *notes.listening(config),
            *(notes.readable(file) if file is not None else ()),
            *notes.misspelt(self._environ),
        )


def changes_needing_restart(old: Config, new: Config) -> tuple[str, ...]:
    """The options, by key, that changed and only count after a restart."""
    return tuple(
        option.key
        for option in OPTIONS
        if option.needs_restart and getattr(old, option.at) != getattr(new, option.at)
    )


def keep_until_restart(old: Config, new: Config) -> Config:
    """The new configuration, with what needs a restart as it is in force now."""
    keep = {key: getattr(old, BY_KEY[key].at) for key in changes_needing_restart(old, new)}
    return replace(new, **keep)


def _given(namespace: argparse.Namespace, environ: Mapping[str, str]) -> dict[str, Named]:
    """What flags and environment name, as texts (or a bool), with the name that was used."""
    from_environment: frozenset[str] = getattr(namespace, "from_environment", frozenset())
    found: dict[str, Named] = {}
    for option in OPTIONS:
        value = getattr(namespace, option.key, None)
        if not option.has_flag:
            value = environ.get(option.env) or None
        if value is not None:
            by_variable = option.key in from_environment or not option.has_flag
            found[option.key] = (option.env if by_variable else option.flag, value)
    return found


def _path(namespace: argparse.Namespace, program: str) -> str | None:
    """The file to read; settled once, so that a file that vanished is missed on reload."""
    path: str | None = getattr(namespace, "config", None)
    if path is None and program == PREDECESSOR and os.path.exists(DEFAULT_FILE):
        return DEFAULT_FILE
    return path


def _from_text(option: Option, value: Any, place: str) -> Any:
    if isinstance(value, list):  # argparse turns the value `--` into an empty list
        parts = [part if isinstance(part, str) else "--" for part in value]
        value = option.kind.joint.join(parts) or "--"
    return option.kind.from_text(value, place) if isinstance(value, str) else value


def _fit_timeouts(values: dict[str, Any], named: Mapping[str, Named], problems: Problems) -> None:
    """The connect deadline lies inside the scan deadline, and yields unless it was named."""
    whole = values["scan_timeout"]
    if "connect_timeout" not in named:
        values["connect_timeout"] = min(values["connect_timeout"], whole / 2)
    elif values["connect_timeout"] >= whole:
        place = named["connect_timeout"][0]
        problems.add(place, "must be shorter than scan_timeout, of which it is a part")


def _check_pairs(values: Mapping[str, Any], named: Mapping[str, Named], problems: Problems) -> None:
    """A firmware file has its digest beside it, and an autotune level its mode."""
    if values["firmware_file"] is not None and "firmware_sha256" not in named:
        problems.add(named["firmware_file"][0], NO_DIGEST)
    mode = values["dragon_autotune_mode"] is not None or "dragon_autotune_mode" in named
    if values["dragon_autotune_level"] is not None and not mode:
        place = named["dragon_autotune_level"][0]
        problems.add(place, NO_MODE.format(mode="dragon_autotune_mode"))


def _check_login_groups(config: Config, named: Mapping[str, Named], problems: Problems) -> None:
    """The groups that logins are for are groups of the file."""
    groups = [group.name for group in config.groups]
    place = named.get("credentials", ("credentials", None))[0]
    for number, limit in enumerate(config.login_limits):
        check_groups_named(limit, groups, f"{place}[{number}]", problems)


def _build(values: dict[str, Any], tables: Tables, problems: Problems) -> Config:
    pools: Pools = values["pools"]
    _place_files(values, problems)
    logins: tuple[Login, ...] = values["credentials"]
    values["credentials"] = tuple(login.credential for login in logins)
    limits = tuple(login.reach for login in logins)
    parts: dict[str, dict[str, Any]] = {
        "": {},
        "statsd": {},
        "settings": {},
        "waves": {},
        "alarm": {},
    }
    for option in OPTIONS:
        part, _, name = option.at.rpartition(".")
        if name:
            parts[part][name] = values[option.key]
    settings = DeviceSettings(**parts["settings"], pools=pools.general)
    waves = {name: value for name, value in parts["waves"].items() if value is not None}
    groups = check_groups(tables.groups, problems)
    return Config(
        **parts[""],
        statsd=Statsd(**parts["statsd"]),
        waves=Waves(**waves, restarts_said="restarts_at_once" in waves),
        alarm=Alarm(**parts["alarm"]),
        settings=settings,
        blocks=check_blocks(tables.configs, settings, problems),
        pools_by_mac=pools.by_mac,
        groups=groups,
        rules=check_rules(tables.miners, [group.name for group in groups], problems),
        login_limits=() if all(limit == ANY for limit in limits) else limits,
    )


def _place_files(values: dict[str, Any], problems: Problems) -> None:
    """The state file lies beside the inventory unless named, and the socket beside that."""
    folder = os.path.dirname(values["inventory_file"])
    values["state_file"] = values["state_file"] or os.path.join(folder, places.STATE_FILE)
    beside = os.path.dirname(values["state_file"])
    values["control_socket"] = values["control_socket"] or os.path.join(beside, places.SOCKET)
    if os.path.abspath(values["state_file"]) == os.path.abspath(values["inventory_file"]):
        problems.add("state_file", "is the inventory_file too; give it a name of its own")
