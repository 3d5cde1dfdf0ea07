"""Brings messages to their channels: one thread of our own, each channel again until it works."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from functools import partial

from msgspec import Struct
from twisted.internet.defer import CancelledError, Deferred, TimeoutError  # noqa: A004
from twisted.internet.interfaces import IReactorFromThreads, IReactorTime
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from mother.core.backoff import Backoff
from mother.core.loop import Loop
from mother.notify.message import Tone
from mother.notify.outbox import Outbox, Parcel
from mother.notify.post import masked

RETRY = Backoff(first=15.0, most=900.0)
LOOK = 5.0
DEADLINE = 60.0
"""Seconds that one delivery may take; a thread that takes longer is left to itself."""

LAST_WAIT = 0.8

Defer = Callable[[Callable[[], str]], "Deferred[str]"]
"""Runs a job that blocks, somewhere else."""

Send = Callable[[str, str, str, Tone], str]
"""Address, title, body and tone to why it failed; empty when delivered. Blocks, raises nothing."""


def channel_keys(urls: tuple[str, ...]) -> dict[str, str]:
    """A key for each address, by which it is known on disk.

    Four hex digits of a digest tell two channels apart, and next to nothing about a secret.
    """
    keys: dict[str, str] = {}
    for url in dict.fromkeys(urls):
        key = hashlib.sha256(url.encode()).hexdigest()[:4]
        while key in keys:
            key += "-"
        keys[key] = url
    return keys


class Channel:
    """One address: its label for people, how it fares. `stuck`: a delivery hangs in a thread."""

    def __init__(self, key: str, url: str, label: str) -> None:
        self.key = key
        self.label = label
        self.failures = 0
        self.next_try = 0.0
        self.stuck = False
        self._url = url

    def job(self, send: Send, parcel: Parcel) -> Callable[[], str]:
        """What the thread shall do."""
        return partial(send, self._url, parcel.title, parcel.body, parcel.tone)


class Told(Struct, frozen=True):
    """How a try went: empty `why` when it went well; `first` of a row of failures."""

    channel: str
    title: str
    why: str
    first: bool


class Courier:
    """A service. `changed` is called whenever the outbox has changed, `told` after each try."""

    name = "notify"
    log = Logger()

    def __init__(
        self,
        reactor: IReactorTime,
        outbox: Callable[[], Outbox],
        urls: Callable[[], tuple[str, ...]],
        now: Callable[[], float],
        send: Send,
        changed: Callable[[], None],
        told: Callable[[Told], None],
        defer: Defer | None = None,
    ) -> None:
        """The reactor must provide IReactorFromThreads too, unless `defer` runs the jobs."""
        self._outbox = outbox
        self._reactor = reactor
        self._urls = urls
        self._now = now
        self._send = send
        self._changed = changed
        self._told = told
        self._defer = self._in_thread if defer is None else defer
        self._pool: ThreadPool | None = None
        self._channels: dict[str, Channel] = {}
        self._adopted: tuple[str, ...] | None = None
        self._flying: Deferred[str] | None = None
        self._landed: Deferred[None] | None = None
        self._stopping = False
        self._loop = Loop(self, lambda: LOOK, reactor)

    def start(self) -> None:
        """Begin to deliver."""
        self._stopping = False
        self._loop.start()

    async def stop(self) -> None:
        """Wait a moment for what is in the thread; what does not arrive stays in the outbox.

        Nothing else is begun: it could arrive unseen, and would be told again.
        """
        self._stopping = True
        if self._flying is not None and not self._flying.called:
            self._landed = Deferred()
            self._landed.addTimeout(LAST_WAIT, self._reactor)
            try:
                await self._landed
            except (TimeoutError, CancelledError):
                self.log.info("A message is still under way; it is told after the next start.")
        hangs = self._flying is not None and not self._flying.called
        await self._loop.stop()
        if self._pool is not None and not hangs:
            self._pool.stop()
        self._pool = None

    def hurry(self) -> None:
        """There is something to tell."""
        self._loop.hurry()

    def keys(self) -> tuple[str, ...]:
        """The channels there are now."""
        self._adopt()
        return tuple(self._channels)

    async def run(self) -> None:
        """Bring each channel that is due what it is owed, one parcel each."""
        self._adopt()
        before = self._outbox().waiting
        self._outbox().expire(self._now())
        if before != self._outbox().waiting:
            self._changed()
        for channel in tuple(self._channels.values()):
            while self._is_due(channel) and await self._deliver(channel):
                pass

    def _is_due(self, channel: Channel) -> bool:
        known = self._channels.get(channel.key) is channel
        if self._stopping:
            return False
        return known and not channel.stuck and self._reactor.seconds() >= channel.next_try

    async def _deliver(self, channel: Channel) -> bool:
        """Tell one parcel; whether it arrived."""
        parcel = self._outbox().parcel(channel.key, self._now())
        if parcel is None:
            return False
        job = self._flying = self._defer(channel.job(self._send, parcel))
        answer: Deferred[str] = Deferred()
        job.addBoth(self._ended, channel, parcel, answer)
        answer.addTimeout(DEADLINE, self._reactor)
        try:
            return not await answer
        except TimeoutError:
            channel.stuck = True
            self._pool = None  # its thread ends with the delivery, or with the process
            self._failed(channel, parcel, "it takes too long")
            return False
        finally:
            if self._flying is job:
                self._flying = None

    def _ended(
        self, result: str | Failure, channel: Channel, parcel: Parcel, answer: Deferred[str]
    ) -> None:
        why = "it ended in an unforeseen way" if isinstance(result, Failure) else result
        channel.stuck = False
        if why:
            self._failed(channel, parcel, why)
        else:
            self._arrived(channel, parcel)
        if not answer.called:
            answer.callback(why)
        if self._landed is not None and not self._landed.called:
            self._landed.callback(None)

    def _arrived(self, channel: Channel, parcel: Parcel) -> None:
        if channel.failures:
            self.log.info("{label} works again.", label=channel.label)
        channel.failures, channel.next_try = 0, 0.0
        self._outbox().delivered(channel.key, parcel.ids)
        self._changed()
        self._told(Told(channel.label, parcel.title, "", False))

    def _failed(self, channel: Channel, parcel: Parcel, why: str) -> None:
        channel.failures += 1
        channel.next_try = self._reactor.seconds() + RETRY.wait(channel.failures)
        self._told(Told(channel.label, parcel.title, why, channel.failures == 1))

    def _adopt(self) -> None:
        """The addresses may have changed by a reload; those that stay keep their back-off."""
        urls = self._urls()
        if urls == self._adopted:
            return
        self._adopted = urls
        keys, labels = channel_keys(urls), labels_of(urls)
        self._channels = {
            key: self._channels.get(key) or Channel(key, url, labels[url])
            for key, url in keys.items()
        }
        self._outbox().keep_only(self._channels)

    def _in_thread(self, job: Callable[[], str]) -> Deferred[str]:
        if self._pool is None:
            self._pool = ThreadPool(1, 1, name="notify")
            # A service that hangs must not keep the process from ending.
            thread = partial(threading.Thread, daemon=True)
            self._pool.threadFactory = thread  # type: ignore[assignment]  # any maker of threads does
            self._pool.start()
        return deferToThreadPool(IReactorFromThreads(self._reactor), self._pool, job)


def labels_of(urls: tuple[str, ...]) -> dict[str, str]:
    """What each address is called: `tgram://***`, and its number where there are several."""
    masks = {url: masked(url) for url in urls}
    alike = list(masks.values())
    return {
        url: mask if alike.count(mask) == 1 else f"{mask} (no. {place})"
        for place, (url, mask) in enumerate(masks.items(), 1)
    }
