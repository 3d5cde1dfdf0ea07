"""`mother scan`: look once, show what was found."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from twisted.internet.interfaces import IReactorTime

from mother.app import Finder
from mother.core.clock import sleep
from mother.core.crowd import each
from mother.core.errors import DeviceError
from mother.core.loop import Loop
from mother.core.model import Settings
from mother.fleet.remembered import Watch
from mother.fleet.roster import Entry
from mother.fleet.views import Row
from mother.jobs.rules import judge, sentences
from mother.terminal.table import farm_table, headline, reasons, worst_first

READS = 100


class Found(Struct):
    """What a scan brought: the miners' rows, what is configured on each, and odd hosts."""

    rows: list[Row]
    settings: Mapping[str, Settings]
    sightings: list[tuple[str, str, str]]


async def look_once(finder: Finder) -> Found:
    """One scan, one reading and the settings of every miner found."""
    await finder.scan.run()
    settings: dict[str, Settings] = {}

    async def read(entry: Entry) -> None:
        if not await finder.poller.poll(entry, "stats"):
            entry.because = (f"Could not be read: {entry.fault}.",)
            return
        judge_once(entry, finder)
        try:
            settings[entry.mac] = await entry.device.settings()
        except DeviceError:
            return

    await each(list(finder.roster), read, READS)
    sightings = [
        (str(seen.address), seen.family, seen.reason) for seen in finder.roster.sightings.values()
    ]
    return Found(finder.view.rows(), settings, sorted(sightings))


def judge_once(entry: Entry, finder: Finder) -> None:
    """What one reading can tell of a miner's health (what needs time shows in the daemon)."""
    settings = finder.config.for_device(entry.model, entry.mac)
    now = finder.now()
    verdict = judge(Watch(), entry.reading, settings, now)
    entry.ailments = tuple(one.ailment.value for one in verdict.findings)
    entry.because = (sentences(verdict.findings, now),) if verdict.findings else ()


class Bar:
    """A job that keeps a progress bar on standard error; silent when that is no terminal."""

    name = "progress"

    def __init__(self, finder: Finder, console: Console) -> None:
        self._finder = finder
        self._progress = Progress(
            TextColumn("[progress.description]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[met]} miners"),
            console=console,
            transient=True,
            auto_refresh=False,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("Scanning", total=None, met=0)

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    async def run(self) -> None:
        """Show how far the scan is now."""
        scan = self._finder.scan.progress
        self._progress.update(
            self._task, total=scan.total or None, completed=scan.tried, met=scan.met
        )
        self._progress.refresh()


async def scan(
    finder: Finder, clock: IReactorTime, as_json: bool, write: Callable[[str], object]
) -> None:
    """Do it, with a progress bar; the result goes to `write`, as a table or as JSON."""
    errors = Console(stderr=True)
    with Bar(finder, errors) as bar:
        loop = Loop(bar, lambda: 0.2, clock)
        loop.start()
        try:
            found = await look_once(finder)
        finally:
            await loop.stop()
            await finder.http.close()
    await sleep(clock, 0)
    if as_json:
        write(msgspec.json.format(msgspec.json.encode(as_data(found)), indent=2).decode() + "\n")
    else:
        show(finder, found)


def as_data(found: Found) -> dict[str, Any]:
    """The result as plain values: SI units, no passwords."""
    return {
        "miners": [_miner(row, found.settings.get(row.mac)) for row in found.rows],
        "unidentified": [
            {"address": address, "family": family, "reason": reason}
            for address, family, reason in found.sightings
        ],
    }


def _miner(row: Row, settings: Settings | None) -> dict[str, Any]:
    pools = settings.pools if settings is not None else None
    return {
        "worker": row.worker,
        "ip_address": row.address.host,
        "port": row.address.port,
        "mac_address": row.mac,
        "model": row.model,
        "firmware": row.firmware,
        "state": row.state.value,
        "hashrate": row.hashrate,
        "expected_hashrate": row.expected_hashrate,
        "boards_alive": row.boards_alive,
        "boards_expected": row.boards_expected,
        "temperature_max": row.temperature_max,
        "uptime": row.uptime,
        "autotune_mode": settings.profile if settings is not None else None,
        "pools": None if pools is None else [{"url": p.url, "user": p.user} for p in pools],
    }


def show(finder: Finder, found: Found) -> None:
    """The result as a table on standard output."""
    console = Console(file=sys.stdout)
    if found.rows:
        console.print(farm_table(worst_first(found.rows)))
        for line in reasons(found.rows):
            console.print(line)
        console.print(headline(finder.view.totals(finder.now())))
    else:
        total = finder.scan.progress.total
        console.print(
            f"No miner answered at {total} addresses on port {finder.config.dragon_port}. Is this "
            "the network they are in, and may this host reach them?"
        )
    for address, family, reason in found.sightings:
        console.print(f"{address} looks like a {family or 'miner'} but {reason}.")
