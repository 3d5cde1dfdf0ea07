"""What `mother init` finds: the miners with all that is set on them, and the proof of a file."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from mother.config.drafting import Draft, Miner, drafted
from mother.config.flags import build_parser
from mother.config.load import Source
from mother.config.model import Config
from mother.config.options import MOTHER
from mother.config.writing import Given, written
from mother.core.crowd import each
from mother.core.errors import DeviceError
from mother.finder import Finder
from mother.fleet.identity import worker_name
from mother.fleet.roster import Entry
from mother.fleet.scope import ALL, Scope
from mother.terminal.initial_file import NAME
from mother.terminal.scanning import READS, Found, look_once


def harmless(config: Config) -> Config:
    """The same with no wish, and nothing that would ever be written."""
    nothing = replace(
        config.settings,
        health_reboot=False,
        auto_upgrade=False,
        autotune_mode=None,
        autotune_level=None,
        pools=(),
    )
    return replace(config, settings=nothing, blocks=(), pools_by_mac={}, rules=(), dry_run=True)


async def look(finder: Finder) -> Found:
    """One scan, one reading, and the settings of every miner, of which each is asked twice."""
    found = await look_once(finder)
    settings = dict(found.settings)

    async def again(entry: Entry) -> None:
        try:
            settings[entry.mac] = await entry.device.settings()
        except DeviceError:
            return

    await each([one for one in finder.roster if one.mac not in settings], again, READS)
    for entry in finder.roster:
        entry.settings = settings.get(entry.mac)
    found.settings = settings
    return found


def miners_of(finder: Finder) -> list[Miner]:
    """What was found, by worker."""
    template = finder.config.worker_template
    names = Counter(
        worker_name(template, one.mac, one.model, one.family.name) for one in finder.roster
    )
    return [
        Miner(
            entry.wish_mac,
            entry.model,
            entry.worker if names[entry.worker] == 1 else "",
            entry.settings,
            entry.family.name,
        )
        for entry in sorted(finder.roster, key=lambda one: one.worker)
    ]


def proved(
    finder: Finder, given: Given, drafts: Callable[..., Draft] = drafted
) -> tuple[Draft, str]:
    """The wishes equal to what was found, and the file that holds them.

    The file is read as the daemon reads it and its plan made: what that would write is left
    out, until it would write nothing.
    """
    miners = miners_of(finder)
    spared: set[str] = set()
    tuned = True
    while True:
        draft = drafts(miners, spared, tuned=tuned)
        text = written(draft, given)
        differing = would_write(finder, read_back(text))
        if not differing:
            return draft, text
        pools = {mac for mac, setting in differing if setting.startswith("pools")}
        tunes = {mac for mac, setting in differing if not setting.startswith("pools")}
        if pools <= spared and not (tunes and tuned):
            raise AssertionError(f"a file that wishes nothing would write to {len(differing)}")
        spared |= pools
        tuned = tuned and not tunes


def read_back(text: str) -> Config:
    """The configuration that this file makes, read as the daemon reads it.

    Secrets that stand elsewhere are not looked up. Raises ConfigError where it is none.
    """
    with tempfile.TemporaryDirectory(prefix="mother-init-") as folder:
        path = Path(folder) / NAME
        path.touch(0o600)
        path.write_text(text, encoding="utf-8")
        options = build_parser("run", MOTHER, "").parse_args(["-c", str(path)], env_vars={})
        return Source(options, MOTHER, environ={}, require_network=True, secrets=False).load()


def would_write(finder: Finder, config: Config) -> set[tuple[str, str]]:
    """MAC address and setting of all that a daemon with this configuration would change."""
    known = {entry.id: entry.wish_mac for entry in finder.roster}
    before, finder.config = finder.config, config
    try:
        items = finder.planner.plan(Scope(ALL)).items
        return {(known[one.device], one.setting) for one in items}
    finally:
        finder.config = before
