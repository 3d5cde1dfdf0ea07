"""Who sleeps by our order, in a file that is only added to: nobody is ever forgotten asleep.

One line of JSON for each thing that happened to one device:

    {"asleep": {...}}   it is about to be put to sleep (a `Sleeper`)
    {"telling": {...}}  that order is about to be sent (a `Mark`)
    {"waking": {...}}   the order to wake is about to be sent (a `Mark`)
    {"woken": {...}}    it is a sleeper of ours no more (a `Woken`)
    {"changed": {...}}  its profile or power target is about to be changed (a `Changed`)
    {"kept": {...}}     what was changed is put back, or a person's (a `Mark`)

The last line about a device counts. Lines are on the disk before what they tell of is sent; many
that come together share one write. At the start the file is written anew with what still counts,
so that it does not grow for ever. A line that a crash tore is no loss: what it told of was never
sent.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from mother.fleet.files import append_lines, write_atomic
from mother.fleet.memory import MemoryRefused
from mother.schedule.values import Sleeper

DAY = 86400.0
"""For so many seconds a start counts."""


class Woken(Struct, frozen=True, omit_defaults=True):
    """From `at` on it is no sleeper of ours. `start`: because we woke it.

    `by_hand`: a person woke it, while these `reasons` (see `Verdict.asked_by`) wanted it asleep;
    none where they are not known. While they do, it is left to that person.
    """

    device: str
    at: float
    start: bool = False
    by_hand: bool = False
    reasons: tuple[str, ...] = ()


class Changed(Struct, frozen=True, omit_defaults=True):
    """Before we changed it, it had this; None where it did not tell, or we did not change it.

    `power`: its power target was changed, `watts` is what it was.
    """

    device: str
    at: float
    profile: str | None = None
    level: str | None = None
    power: bool = False
    watts: float | None = None


class Mark(Struct, frozen=True):
    """Nothing more than whom and when."""

    device: str
    at: float


class Line(Struct, frozen=True, omit_defaults=True):
    """One line: one of these is there."""

    asleep: Sleeper | None = None
    woken: Woken | None = None
    changed: Changed | None = None
    kept: Mark | None = None
    waking: Mark | None = None
    telling: Mark | None = None

    @property
    def told(self) -> bool:
        """Whether there is one that we know."""
        known = (self.asleep, self.woken, self.changed, self.kept, self.waking, self.telling)
        return any(one is not None for one in known)


class Known:
    """What the lines so far come to."""

    def __init__(self) -> None:
        self.sleepers: dict[str, Sleeper] = {}
        self.changes: dict[str, Changed] = {}
        self.woken: dict[str, Woken] = {}
        self.waking: dict[str, Mark] = {}
        self.telling: dict[str, Mark] = {}
        self.starts: dict[str, tuple[float, ...]] = {}

    def take(self, line: Line) -> None:
        """One more."""
        if line.asleep is not None:
            self.sleepers[line.asleep.device] = line.asleep
            self.woken.pop(line.asleep.device, None)
            self.waking.pop(line.asleep.device, None)
            self.telling.pop(line.asleep.device, None)
        if line.waking is not None:
            self.waking[line.waking.device] = line.waking
        if line.telling is not None:
            self.telling[line.telling.device] = line.telling
        if line.woken is not None:
            self._take_woken(line.woken)
        if line.changed is not None:
            self.changes[line.changed.device] = line.changed
        if line.kept is not None:
            self.changes.pop(line.kept.device, None)

    def _take_woken(self, woken: Woken) -> None:
        self.sleepers.pop(woken.device, None)
        self.waking.pop(woken.device, None)
        self.telling.pop(woken.device, None)
        self.woken[woken.device] = woken
        earlier = self.starts.get(woken.device, ())
        if woken.start and woken.at not in earlier:  # what was told is taken when written, again
            self.starts[woken.device] = (*recent(earlier, woken.at), woken.at)

    def lines(self, now: float) -> Iterable[Line]:
        """The fewest that come to the same at `now`."""
        for device, starts in self.starts.items():
            for at in recent(starts, now):
                yield Line(woken=Woken(device, at, start=True))
        for woken in self.woken.values():
            if not woken.start and (woken.by_hand or woken.at > now - DAY):
                yield Line(woken=woken)
        for sleeper in self.sleepers.values():
            device = sleeper.device
            yield Line(
                asleep=sleeper, waking=self.waking.get(device), telling=self.telling.get(device)
            )
        for changed in self.changes.values():
            yield Line(changed=changed)


class Thread(Protocol):
    """Where blocking work is done, one after the other (see `mother.fleet.files`)."""

    def do(self, job: Callable[[], None]) -> Deferred[None]:
        """Have it done; fails with what it raised."""


class NotJournalled(Exception):
    """It is not on the disk, so that it must not be sent; the text says why."""


_Waiting = tuple[Line, Deferred[None] | None]


class Journal:
    """The file, and what it says. Nothing is written before `load`.

    While the disk takes nothing, `trouble` says why, and every `note` fails; what is only told
    (`tell`) is kept for the next write that succeeds.
    """

    log = Logger()

    def __init__(self, path: Path, thread: Thread, now: Callable[[], float]) -> None:
        self._path = path
        self._thread = thread
        self._now = now
        self._known = Known()
        self._waiting: list[_Waiting] = []
        self._writing = False
        self.trouble = ""

    def load(self) -> None:
        """Read the file and write it anew; blocks, so it is called before the reactor is busy.

        A broken line costs that line: it is told, and the file kept aside as it was. Raises
        MemoryRefused for a file that cannot be read.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            with contextlib.suppress(OSError):  # the first write tells
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return
        except OSError as error:
            raise MemoryRefused(f"{self._path} cannot be read: {error.strerror}") from error
        self._known, broken = read(content)
        if broken:
            self._keep_aside(content, broken)
        try:
            write_atomic(self._path, encoded(self._known.lines(self._now())))
        except OSError as error:
            self._broke(str(error.strerror))

    def peek(self) -> None:
        """Know what the file says, and never write it; a missing one says nothing.

        Raises MemoryRefused for a file that cannot be read.
        """
        try:
            self._known, _ = read(self._path.read_bytes())
        except FileNotFoundError:
            return
        except OSError as error:
            raise MemoryRefused(f"{self._path} cannot be read: {error.strerror}") from error

    @property
    def sleepers(self) -> Mapping[str, Sleeper]:
        """Who sleeps by our order, or was about to, by DeviceId; to be looked at only."""
        return self._known.sleepers

    @property
    def changes(self) -> Mapping[str, Changed]:
        """What those had whose profile or power target we changed; to be looked at only."""
        return self._known.changes

    def waking(self, device: str) -> float | None:
        """When it was last told to wake, if it is a sleeper still."""
        mark = self._known.waking.get(device)
        return mark.at if mark is not None and device in self._known.sleepers else None

    def telling(self, device: str) -> float | None:
        """When it was last told to sleep; None where that order was never sent."""
        mark = self._known.telling.get(device)
        return None if mark is None else mark.at

    def starts(self, device: str, now: float) -> tuple[float, ...]:
        """When we woke it in the last 24 hours, the oldest first."""
        return recent(self._known.starts.get(device, ()), now)

    def woken_since(self, since: float) -> list[float]:
        """When we woke anybody since then, the oldest first."""
        starts = self._known.starts.values()
        return sorted(at for every in starts for at in every if at > since)

    def since(self, device: str) -> float | None:
        """When it last changed between asleep and awake by us; None where that is not known."""
        sleeper, woken = self._known.sleepers.get(device), self._known.woken.get(device)
        if sleeper is not None:
            return sleeper.at
        return None if woken is None else woken.at

    def yielded(self, device: str) -> Woken | None:
        """The word of a person who woke it by hand while we wanted it asleep, if one did."""
        woken = self._known.woken.get(device)
        return woken if woken is not None and woken.by_hand else None

    async def note(self, line: Line) -> None:
        """Return when the line is on the disk. Raises NotJournalled where it cannot be."""
        done: Deferred[None] = Deferred()
        self._waiting.append((line, done))
        self._next()
        await done

    def tell(self, line: Line) -> None:
        """Know it from now on, and keep it as soon as the disk takes it."""
        self._known.take(line)
        self._waiting.append((line, None))
        self._next()

    async def flush(self) -> None:
        """Return when all that was told so far is on the disk, or could not be put there."""
        with contextlib.suppress(NotJournalled):
            await self.note(Line())

    def _next(self) -> None:
        if self._writing or not self._waiting:
            return
        self._writing = True
        batch, self._waiting = self._waiting, []
        content = encoded(line for line, _ in batch if line.told)
        job = partial(append_lines, self._path, content) if content else _nothing
        written = self._thread.do(job)
        written.addCallbacks(self._wrote, self._lost, callbackArgs=(batch,), errbackArgs=(batch,))
        written.addErrback(self._unforeseen)

    def _wrote(self, _: None, batch: list[_Waiting]) -> None:
        self._writing = False
        if self.trouble and any(line.told for line, _ in batch):
            self.trouble = ""
            self.log.info("{path} can be written again.", path=str(self._path))
        newer = [line for line, done in self._waiting if done is None]
        for line in (*(line for line, _ in batch), *newer):
            self._known.take(line)
        self._next()
        for done in [one for line, one in batch if one is not None and not one.called]:
            done.callback(None)

    def _lost(self, failure: Failure, batch: list[_Waiting]) -> None:
        """Notes fail; what was only told waits for the next one."""
        self._writing = False
        owed = [one for one in batch if one[1] is None]
        self._broke(failure.getErrorMessage())
        if self._waiting:
            self._waiting = owed + self._waiting
            self._next()
        else:
            self._waiting = owed
        why = f"{self._path} cannot be written: {self.trouble}"
        for done in [one for line, one in batch if one is not None and not one.called]:
            done.errback(NotJournalled(why))

    def _broke(self, why: str) -> None:
        first, self.trouble = not self.trouble, why
        if first:
            self.log.error(
                "{path} cannot be written: {why}. Nobody is put to sleep until it can.",
                path=str(self._path),
                why=why,
            )

    def _unforeseen(self, failure: Failure) -> None:
        self.log.failure("the journal of sleepers failed", failure=failure)

    def _keep_aside(self, content: bytes, broken: list[int]) -> None:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._now()))
        aside = self._path.with_name(f"{self._path.name}.bad-{stamp}")
        kept = f"The file as it was is kept as {aside.name}."
        try:
            write_atomic(aside, content)
        except OSError as error:
            kept = f"It could not be kept aside: {error.strerror}."
        self.log.error(
            "{path} holds {count} broken lines, the first is line {first}: whom they name may "
            "sleep by an order of ours that is forgotten. {kept}",
            path=str(self._path),
            count=len(broken),
            first=broken[0],
            kept=kept,
        )


def recent(starts: tuple[float, ...], now: float) -> tuple[float, ...]:
    """Those of the last 24 hours; one that lies ahead (the clock was set back) counts as well."""
    return tuple(at for at in starts if at > now - DAY)


def encoded(lines: Iterable[Line]) -> bytes:
    """Lines as they are written."""
    encode = msgspec.json.Encoder().encode
    return b"".join(encode(line) + b"\n" for line in lines)


def read(content: bytes) -> tuple[Known, list[int]]:
    """What a file says, and the numbers of its broken lines; a torn last one is none of them."""
    known, broken = Known(), []
    decode = msgspec.json.Decoder(Line).decode
    rows = content.split(b"\n")
    for number, row in enumerate(rows, start=1):
        if not row.strip(b"\0 \r"):
            continue
        try:
            line = decode(row)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            line = Line()
        if line.told:
            known.take(line)
        elif number < len(rows):
            broken.append(number)
    return known, broken


def _nothing() -> None:
    """Nothing is to be written."""


def beside(state_file: str) -> Path:
    """Where the journal is kept."""
    return Path(os.path.abspath(state_file)).with_name("sleepers.jsonl")
