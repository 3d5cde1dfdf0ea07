"""Everything that tells a person, put together: what the daemon starts and stops as one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from twisted.internet.interfaces import IReactorTime

from mother.config.model import Config
from mother.core.bus import Bus, Sink
from mother.core.loop import Loop
from mother.core.model import EventKind, Severity
from mother.fleet.files import Writer
from mother.fleet.memory import Memory
from mother.net.ping import Ping
from mother.notify.alarm import OUTBOX, Alarm
from mother.notify.courier import Courier, Defer, Send, Told
from mother.notify.heartbeat import Heartbeat
from mother.notify.lastrun import RunKeeper
from mother.notify.post import send as post
from mother.notify.watch import Watch


class Notices:
    """A service. `sinks` belong on the bus, `run` right above the memory in the stack.

    `held` tells of a device whether a person has it in hand, `away` which devices restart by
    orders of ours, `complaints` which loops are stuck.
    """

    name = "notices"

    def __init__(
        self,
        reactor: IReactorTime,
        bus: Bus,
        memory: Memory,
        files: Writer,
        config: Callable[[], Config],
        now: Callable[[], float],
        held: Callable[[str], bool | None],
        away: Callable[[], Collection[str]],
        complaints: Callable[[], Sequence[str]],
        send: Send = post,
        defer: Defer | None = None,
    ) -> None:
        self._bus = bus
        self.run = RunKeeper(bus, memory, reactor, now)
        self.watch = Watch(bus, memory, config, now, held, away)
        path = Path(config().state_file).with_name(OUTBOX)
        self.alarm = Alarm(path, files, memory, now, config().site)
        self.courier = Courier(
            reactor,
            lambda: self.alarm.outbox,
            lambda: config().alarm.urls,
            now,
            send,
            self.alarm.save,
            self._told,
            defer,
        )
        self.alarm.channels = self.courier.keys
        self.alarm.signals = lambda: [one.name for one in config().schedule.signals]
        self.alarm.judged = lambda: self.watch.judged
        self.alarm.hurry = self.courier.hurry
        ping = Ping(reactor)
        self.heartbeat = Heartbeat(lambda: config().alarm, complaints, ping.get)
        self._beats = Loop(self.heartbeat, self.heartbeat.interval, reactor)

    @property
    def sinks(self) -> tuple[Sink, ...]:
        """The watch speaks first."""
        return self.watch, self.alarm

    def start(self) -> None:
        """Go on where the last run was, say how it ended, and beat."""
        self.watch.judged = self.alarm.load()
        self.watch.start()
        self.run.tell()
        self.courier.start()
        self._beats.start()

    async def stop(self) -> None:
        """Keep what was not told."""
        await self._beats.stop()
        await self.courier.stop()
        self.alarm.save()

    def hurry(self) -> None:
        """The configuration is another one."""
        self.courier.hurry()
        self._beats.hurry()

    def numbers(self) -> Mapping[str, float]:
        """The daemon's own gauges about alarms."""
        return {
            "queue.notify": float(len(self.alarm.outbox)),
            "notify.dropped": float(self.alarm.outbox.dropped),
        }

    def _told(self, told: Told) -> None:
        if told.why:
            self._bus.tell(
                EventKind.ALARM_FAILED,
                Severity.WARNING,
                f"{told.channel} could not be told {told.title!r}: {told.why}; it is tried again "
                "for a day",
                content={"channel": told.channel, "first": told.first},
            )
        else:
            text = f"{told.channel} was told: {told.title}"
            self._bus.tell(
                EventKind.ALARM_SENT, Severity.INFO, text, content={"channel": told.channel}
            )
