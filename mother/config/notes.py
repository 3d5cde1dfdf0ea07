"""What the operator should know about a configuration that is not wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mother.config import schedule_notes
from mother.config.blocks import NOT_INHERITED
from mother.config.file import FileContent, holds_password
from mother.config.listen import is_open
from mother.config.model import Block, Config, DeviceSettings
from mother.config.networks import addresses
from mother.config.options import OPTIONS
from mother.config.subject import Reach

_TOO_OPEN = 0o037  # anything beyond rw-r-----
_OTHER_VARIABLES = ("MOTHER_CONFIG",)


def idle_firmware(config: Config) -> Iterator[str]:
    """Firmware files that no miner gets, since upgrades are off wherever they hold."""
    if any(rule.said.get("auto_upgrade") for rule in config.rules):
        return  # which files those get is not known before the miners are
    own = [("firmware_file", config.settings)]
    own += [(f"configs[{n}].firmware_file", b.settings) for n, b in enumerate(config.blocks)]
    used = {one.firmware_file for _, one in own if one.auto_upgrade}
    places = [(place, one.firmware_file) for place, one in own]
    places += [
        (f"miners[{n}].firmware_file", rule.said.get("firmware_file"))
        for n, rule in enumerate(config.rules)
        if not any(one.auto_upgrade for _, one in own)
    ]
    told: set[str] = set()
    for place, file in places:
        if file is not None and file not in used | told:
            told.add(file)
            yield f"{place}: no miner gets {file}, since upgrades are off (dragon_auto_upgrade)"


def silent(blocks: Any, general: DeviceSettings) -> Iterator[str]:
    """Blocks that turn off, by saying nothing, what is on elsewhere."""
    for number, block in enumerate(blocks):
        for key in NOT_INHERITED:
            if getattr(general, key) and block.get(key) is None:
                yield (
                    f"configs[{number}] does not say {key}: it is off for its miners, "
                    f"although dragon_{key} is on"
                )


def shadowed(blocks: Iterable[Block]) -> Iterator[str]:
    """Blocks without restrictions after the first such: they never apply."""
    open_to_all = [n for n, b in enumerate(blocks) if not b.models and not b.mac_addresses]
    for number in open_to_all[1:]:
        first = f"configs[{open_to_all[0]}]"
        yield f"configs[{number}] never applies: {first} is for all miners already"


def of_rules(config: Config) -> Iterator[str]:
    """Blocks, groups and logins that are for no miner, or say nothing that counts."""
    yield from _said_before(config)
    reaches = [(f"miners[{n}].apply_to", rule.reach) for n, rule in enumerate(config.rules)]
    logins = [(f"credentials[{n}]", limit) for n, limit in enumerate(config.login_limits)]
    planned = schedule_notes.reaches(config.schedule)
    for place, reach in (*reaches, *logins, *planned):
        yield from _not_looked_for(place, reach, config)
    named = {name for _, reach in (*reaches, *logins, *planned) for name in reach.groups}
    named |= {ramp.name for ramp in config.schedule.ramps if ramp.by == "group"}
    for number, group in enumerate(config.groups):
        if group.name not in named:
            yield f"groups[{number}]: nothing in the file is for the group {group.name}"
        if not (group.workers or group.mac_addresses):
            yield from _not_scanned(f"groups[{number}].networks", group.networks, config)


def _said_before(config: Config) -> Iterator[str]:
    """Blocks of which every word is said for the same miners by blocks before them."""
    before: dict[Reach, set[str]] = {}
    for number, rule in enumerate(config.rules):
        known = before.setdefault(rule.reach, set())
        if not rule.said:
            yield f"miners[{number}] says nothing"
        elif known >= set(rule.said):
            yield f"miners[{number}] never counts: blocks before it say all of it"
        known |= set(rule.said)


def _not_looked_for(place: str, reach: Reach, config: Config) -> Iterator[str]:
    wanted = set(config.families)
    if wanted and reach.families and wanted.isdisjoint(reach.families):
        names = ", ".join(reach.families)
        yield f"{place}: for no miner, since {names} is not looked for (family)"
    yield from _not_scanned(f"{place}.networks", reach.networks, config)


def _not_scanned(place: str, networks: tuple[str, ...], config: Config) -> Iterator[str]:
    """Networks of which no address is scanned."""
    if networks and config.networks:
        scanned = addresses(config.networks) - addresses(config.exclude)
        if scanned.isdisjoint(addresses(networks)):
            yield f"{place}: none of these addresses is scanned (network)"


def readable(file: FileContent) -> Iterator[str]:
    """A file with passwords that others may read."""
    if file.mode & _TOO_OPEN and holds_password(file.tree):
        yield f"{file.path} holds passwords and has mode {file.mode:04o}: chmod 640 {file.path}"


def listening(config: Config) -> Iterator[str]:
    """Metrics that are served to every network the machine is in."""
    endpoint = config.metrics_listen
    if endpoint is not None and is_open(endpoint):
        yield (
            f"metrics_listen: {endpoint} listens on every address of this machine, and whoever "
            f"reaches it can read it; {endpoint}:interface=127.0.0.1 is for this machine only"
        )


def misspelt(environ: Mapping[str, str]) -> Iterator[str]:
    """Variables that look like ours and are not."""
    known = [*(option.env for option in OPTIONS), *_OTHER_VARIABLES]
    for name in sorted(environ):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
        if name.startswith("MOTHER_") and name not in known and near:
            yield f"the environment variable {name} is unknown; did you mean {near[0]}?"
