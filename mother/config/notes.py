"""What the operator should know about a configuration that is not wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mother.config.blocks import NOT_INHERITED
from mother.config.file import FileContent, holds_password
from mother.config.listen import is_open
from mother.config.model import Block, Config, DeviceSettings
from mother.config.options import OPTIONS

_TOO_OPEN = 0o037  # anything beyond rw-r-----
_OTHER_VARIABLES = ("MOTHER_CONFIG",)


def idle_firmware(config: Config) -> Iterator[str]:
    """Firmware files that no miner gets, since upgrades are off wherever they hold."""
    places = [("firmware_file", config.settings)]
    places += [(f"configs[{n}].firmware_file", b.settings) for n, b in enumerate(config.blocks)]
    used = {one.firmware_file for _, one in places if one.auto_upgrade}
    told: set[str] = set()
    for place, settings in places:
        file = settings.firmware_file
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
