"""`mother scan`: look once, show what was found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, TextIO, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import asdict
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from twisted.internet.interfaces import IReactorTime

from mother.core.bus import Sample
from mother.core.crowd import Gang
from mother.core.errors import DeviceError
from mother.core.loop import Loop
from mother.core.model import Event, EventKind, Settings, Totals
from mother.finder import Finder
from mother.fleet.remembered import Watch
from mother.fleet.roster import Entry
from mother.fleet.sightings import mute_hosts
from mother.fleet.subjects import subject_of
from mother.fleet.views import Row
from mother.jobs.rules import judge, sentences
from mother.terminal.table import (
    console_on,
    farm_table,
    headline,
    reasons,
    say,
    states,
    told,
    worst_first,
)

READS = 100


class Found(Struct):
    """What a scan brought: the miners' rows, what is configured on each, and odd hosts.

    `sightings` are address, family and reason; `mute` the hosts that take a connection and say
    nothing that we know.
    """

    rows: list[Row]
    settings: Mapping[str, Settings]
    sightings: list[tuple[str, str, str]]
    totals: Totals
    addresses: int
    port: int
    mute: list[str] = []


async def look_once(finder: Finder) -> Found:
    """One scan, one reading and the settings of every miner found."""
    readers = _Readers(finder)
    finder.bus.add(readers)
    try:
        await finder.scan.run()
        await readers.ended()
    finally:
        readers.cancel()
    seen = sorted(finder.roster.sightings.values(), key=lambda one: one.address)
    return Found(
        finder.view.rows(),
        readers.settings,
        [(str(one.address), one.family, one.reason) for one in seen],
        finder.view.totals(finder.now()),
        finder.scan.progress.total,
        finder.config.dragon_port,
        [one.host for one in finder.roster.mute],
    )


class _Readers:
    """A sink that reads every miner once, as soon as it is found: while others are looked for."""

    name = "readers"

    def __init__(self, finder: Finder) -> None:
        self.settings: dict[str, Settings] = {}
        self._finder = finder
        self._errors: list[Exception] = []
        self._gang = Gang(READS, self._errors.append)

    def event(self, event: Event) -> None:
        """One was found."""
        entry = self._finder.roster.get(event.device)
        if event.kind is EventKind.ADDED and entry is not None:
            self._gang.submit(partial(self._read, entry))

    def sample(self, sample: Sample) -> None:
        """Readings are shown at the end."""

    def totals(self, totals: Totals) -> None:
        """So are sums."""

    def numbers(self, numbers: Mapping[str, float]) -> None:
        """Nobody asks for counts."""

    async def ended(self) -> None:
        """Wait for all; raises what one of them did not foresee."""
        await self._gang.drained()
        if self._errors:
            raise self._errors[0]

    def cancel(self) -> None:
        """Read no more."""
        self._gang.cancel()

    async def _read(self, entry: Entry) -> None:
        if not await self._finder.poller.poll(entry, "stats"):
            entry.because = (f"Could not be read: {entry.fault}.",)
            return
        judge_once(entry, self._finder)
        with suppress(DeviceError):
            self.settings[entry.mac] = await entry.device.settings()


def judge_once(entry: Entry, finder: Finder) -> None:
    """What one reading can tell of a miner's health (what needs time shows in the daemon)."""
    settings = finder.config.for_miner(subject_of(entry))
    now = finder.now()
    verdict = judge(Watch(), entry.reading, settings, now)
    entry.ailments = tuple(one.ailment.value for one in verdict.findings)
    entry.because = (sentences(verdict.findings, now),) if verdict.findings else ()


class Bar:
    """A job that keeps a progress bar on a terminal; silent where there is none."""

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
            disable=not console.is_terminal or console.is_dumb_terminal,
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


T = TypeVar("T")


async def watched(finder: Finder, clock: IReactorTime, look: Callable[[Finder], Awaitable[T]]) -> T:
    """Look, with a progress bar of the scan on standard error."""
    with Bar(finder, Console(stderr=True)) as bar:
        loop = Loop(bar, lambda: 0.2, clock)
        loop.start()
        try:
            return await look(finder)
        finally:
            await loop.stop()


async def scan(finder: Finder, clock: IReactorTime) -> Found:
    """One scan with its bar."""
    return await watched(finder, clock, look_once)


def as_json(found: Found) -> str:
    """The result as JSON: SI units, no passwords."""
    plain = {
        "miners": [as_data(row, found.settings.get(row.mac)) for row in found.rows],
        "unidentified": [
            {"address": address, "family": family, "reason": reason}
            for address, family, reason in found.sightings
        ],
        "mute": found.mute,
    }
    return msgspec.json.format(msgspec.json.encode(plain), indent=2).decode() + "\n"


def as_data(row: Row, settings: Settings | None = None) -> dict[str, Any]:
    """One miner as plain values; H/s, C, W, J/TH and seconds; null is what is not known."""
    pools = settings.pools if settings is not None else None
    return {
        "worker": row.worker,
        "ip_address": row.address.host,
        "port": row.address.port,
        "mac_address": row.mac,
        "model": row.model,
        "firmware": row.firmware,
        "state": row.state.value,
        "because": list(row.because),
        "hashrate": row.hashrate,
        "expected_hashrate": row.expected_hashrate,
        "boards_alive": row.boards_alive,
        "boards_expected": row.boards_expected,
        "temperature_max": row.temperature_max,
        "uptime": row.uptime,
        "family": row.family,
        "power": row.power,
        "power_target": row.power_target,
        "efficiency": row.efficiency,
        "findings": list(row.findings),
        "limits": list(row.limits),
        "serial": row.serial,
        "place": asdict(row.place),
        "autotune_mode": settings.profile if settings is not None else None,
        "pools": None if pools is None else [{"url": p.url, "user": p.user} for p in pools],
    }


def show(found: Found, stream: TextIO) -> None:
    """The result as a table."""
    console = console_on(stream)
    if found.rows:
        show_farm(console, found.rows, found.totals)
    else:
        say(
            console,
            f"No miner answered at {found.addresses} addresses on port {found.port}. Is this the "
            "network they are in, and may this host reach them?",
        )
    for address, family, reason in found.sightings:
        say(console, sighted(address, family, reason))
    if found.mute:
        say(console, f"{mute_hosts(found.mute)}.")


def show_farm(
    console: Console,
    rows: list[Row],
    totals: Totals,
    held: frozenset[str] = frozenset(),
    most: int | None = None,
) -> None:
    """The table, what is wrong, and the sums; `held` are MAC addresses. At most `most` of each."""
    console.print(farm_table(worst_first(rows), most, held))
    for line in reasons(worst_first(rows))[:most]:
        say(console, line)
    for line in told(rows)[:most]:
        say(console, line)
    say(console, headline(totals))
    say(console, states(totals))


def sighted(address: str, family: str, reason: str, said: str = "") -> str:
    """What is to be said of a host that could not be identified, and what to do about it."""
    if family:
        return f"{address} looks like a {family} but {reason}."
    host = address.partition(":")[0]
    answered = f" It answered: {said}." if said else ""
    report = f"`mother record {host}` makes a report of it."
    return f"{address} is not minded: {reason}.{answered} {report}"
