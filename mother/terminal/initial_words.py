"""What `mother init` says: who was found, what runs on them, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mother.config.drafting import Draft, Miner, account_in
from mother.core.model import ConfiguredPool
from mother.fleet.sightings import mute_hosts
from mother.terminal.errand import many
from mother.terminal.logs import one_line
from mother.terminal.scanning import Found, show_farm, sighted
from mother.terminal.table import say

MOST_ROWS = 20
REFUSES = "refuses all"

CURE = (
    "Where logins are refused, write yours as [[credentials]] into {path}, or set them like this, "
    "and run init again with --force"
)
LOGINS = 'export MOTHER_CREDENTIALS=\'[{"username": "admin", "password": "..."}]\''
TRY = (
    "No miner answered at {addresses:,} addresses on port {port}, and no file was written. Try "
    "another --network, another --dragon-port, or whether the miners have power and this host "
    "may reach them."
)


class Group(Struct):
    """Miners on which the same runs: `pools` are lines, `passwords` the lists that occur."""

    models: set[str]
    autotune: str
    pools: tuple[str, ...]
    passwords: set[tuple[str, ...]]
    miners: int = 0


def groups(miners: Iterable[Miner]) -> list[Group]:
    """What runs on them, the most frequent first; passwords are not told."""
    found: dict[tuple[str, tuple[str, ...]], Group] = {}
    for miner in miners:
        pools, autotune = _pools(miner), _autotune(miner)
        group = found.setdefault((autotune, pools), Group(set(), autotune, pools, set()))
        group.models.add(miner.model or "?")
        group.miners += 1
        if miner.settings is not None and miner.settings.pools:
            group.passwords.add(tuple(pool.password or "" for pool in miner.settings.pools))
    return sorted(found.values(), key=lambda one: (-one.miners, one.pools, one.autotune))


def _pools(miner: Miner) -> tuple[str, ...]:
    if miner.settings is None:
        return ("could not be asked",)
    if miner.settings.pools is None:
        return ("does not tell",)
    return tuple(_pool(pool, miner.worker) for pool in miner.settings.pools) or ("no pools",)


def _pool(pool: ConfiguredPool, worker: str) -> str:
    account = account_in(pool, worker) if worker else ""
    if account:
        return f"{pool.url}\n  account {account}"
    return f"{pool.url}\n  account {pool.user.partition('.')[0]}, workers named otherwise"


def _autotune(miner: Miner) -> str:
    if miner.settings is None or miner.settings.profile is None:
        return "–"
    level = miner.settings.level
    return miner.settings.profile + ("" if level is None else f" level {level}")


def group_table(found: Sequence[Group]) -> Table:
    """A row for each group; fits 80 columns."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    table.add_column("Miners", justify="right", min_width=6, no_wrap=True)
    table.add_column("Type", max_width=12, overflow="fold")
    table.add_column("Autotune", max_width=19, overflow="fold")
    table.add_column("Pools", overflow="fold")
    for group in found[:MOST_ROWS]:
        lines = [*group.pools, *(["passwords differ"] if len(group.passwords) > 1 else [])]
        pools = Text("\n").join(Text(_shown(line)) for text in lines for line in text.split("\n"))
        types = Text(one_line(", ".join(sorted(group.models))))
        table.add_row(Text(f"{group.miners:,}"), types, Text(one_line(group.autotune)), pools)
    if len(found) > MOST_ROWS:
        rest = found[MOST_ROWS:]
        more = Text(f"and {many(len(rest), 'group')} more", style="bright_black")
        table.add_row(Text(f"{sum(one.miners for one in rest):,}"), more)
    return table


def _shown(line: str) -> str:
    """One line that keeps its indent."""
    return f"  {one_line(line)}" if line.startswith("  ") else one_line(line)


def tell_found(console: Console, found: Found, miners: Sequence[Miner]) -> None:
    """The farm, and what runs on it."""
    if found.rows:
        show_farm(console, found.rows, found.totals, most=MOST_ROWS)
        say(console, "")
        console.print(group_table(groups(miners)))


def tell_refused(console: Console, found: Found, path: str) -> None:
    """Who could not be identified, and the cure where it is the login."""
    for address, family, reason in found.sightings[:MOST_ROWS]:
        say(console, sighted(address, family, reason))
    if len(found.sightings) > MOST_ROWS:
        say(console, f"and {len(found.sightings) - MOST_ROWS:,} more such hosts.")
    if found.mute:
        say(console, f"{mute_hosts(found.mute)}.")
    if any(reason.startswith(REFUSES) for _, _, reason in found.sightings):
        show_commands(console, [(CURE.format(path=path), LOGINS)])


def tell_left(console: Console, draft: Draft) -> None:
    """What the file leaves alone, in words."""
    for left in draft.left:
        say(console, f"The pools of {many(len(left.macs), 'miner')} are left alone: {left.why}.")
    if draft.untuned:
        say(console, f"Autotune is left alone on all miners: {draft.untuned}.")


def proof(count: int) -> str:
    """The sentence that the plan has earned."""
    these = "this 1 miner" if count == 1 else f"these {count:,} miners"
    return f"A first start would write nothing to {these}."


def newcomers(draft: Draft) -> str:
    """What becomes of a miner that is not named in the file."""
    general = [
        word for word, there in (("pools", draft.pools), ("autotune mode", draft.tune)) if there
    ]
    if not general:
        return "A miner that appears later is left as it is."
    return f"A miner that appears later gets the general {' and '.join(general)} of the file."


def next_steps(path: Path, service: bool, socket: str) -> list[tuple[str, str]]:
    """What to do now, and the commands for it.

    `service`: systemd runs the daemon with this file; `socket` is where one answers already.
    """
    file = shlex.quote(str(path))
    start = f"mother run -c {file}"
    sudo = "sudo " if service else ""  # the file is the service's, and so is its daemon
    found = [("Look what it would do, without doing it", f"{sudo}mother plan -c {file}")]
    if socket:
        how = "sudo systemctl restart mother" if service else start
        found.append((f"A daemon answers on {socket} already; restart it with this file", how))
    else:
        found.append(("Start it", "sudo systemctl start mother" if service else start))
    if service:
        found.append(("Watch it", "sudo journalctl -u mother -f"))
    return found


def show_commands(console: Console, commands: Iterable[tuple[str, str]]) -> None:
    """Commands to copy, each with what it does above it."""
    for does, command in commands:
        say(console, f"{does}:")
        console.print(Text(f"  {one_line(command)}", style="bold"), soft_wrap=True)
