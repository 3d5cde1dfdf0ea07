"""A simulated farm, the daemon that minds it, and all that it tells, in simulated time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec.structs import replace
from twisted.internet.defer import Deferred, maybeDeferred

from mother.config.model import Alarm, Config
from mother.notify.message import Tone
from mother.notify.notices import Notices
from mother.sim.faults import Fault
from tests.fleet.parts import Disk
from tests.fleet.world import CONFIG, World

URL = "json://user:s3cr3t-t0ken@127.0.0.1/hook-t0ken"


class Heard(NamedTuple):
    """One message that arrived."""

    at: float
    tone: Tone
    title: str
    body: str


class Minded(World):
    """`heard` is what the channel got; `deaf` lets every delivery fail."""

    def __init__(self, miners: int = 20, config: Config = CONFIG, **alarm: Any) -> None:
        self.heard: list[Heard] = []
        self.deaf = False
        self.notices: Notices
        super().__init__(config=config, miners=miners)
        settings = {"urls": (URL,), **alarm}
        self.settled = replace(
            config, state_file=str(self.folder / "state.json"), alarm=Alarm(**settings)
        )
        self.daemon.config = self.settled
        self._equip()

    def _equip(self) -> None:
        daemon: Any = self.daemon
        self.notices = Notices(
            daemon.ether,
            daemon.bus,
            daemon.memory,
            Disk(),
            daemon.current,
            daemon.now,
            lambda ident: (
                None
                if (entry := daemon.roster.get(ident)) is None
                else bool(daemon.setups.held(entry))
            ),
            lambda: daemon.setups.restarting() | daemon.setups.in_flight(),
            lambda: (),
            self._send,
            self._at_once,
        )
        for sink in self.notices.sinks:
            daemon.bus.add(sink)

    def _send(self, url: str, title: str, body: str, tone: Tone) -> str:
        assert url == URL
        if self.deaf:
            return "nobody listens"
        self.heard.append(Heard(self.daemon.now(), tone, title, body))
        return ""

    @staticmethod
    def _at_once(job: Callable[[], str]) -> Deferred[str]:
        return maybeDeferred(job)

    def begin(self, seconds: float = 0.0) -> Minded:
        """Start all, and let so much time pass."""
        self.notices.run.start()
        self.notices.start()
        self.daemon.start()
        self.ether.run(seconds)
        return self

    def again(self, crash: bool = False, seconds: float = 0.0) -> Minded:
        """The daemon ends, or dies, and another one starts over what it left."""
        if crash:
            self.daemon.memory.save()
            self.daemon.begin(self.notices._beats.stop())
            self.daemon.begin(self.notices.courier._loop.stop())
            self.daemon.begin(self.notices.run._stamps.stop())
            self.daemon.halt()
        else:
            self.daemon.do(self.notices.stop())
            self.daemon.do(self.notices.run.stop())
            self.daemon.stop()
        self.ether.run(seconds)
        self.daemon = self.another(self.settled)
        self._equip()
        return self.begin()

    def lose(self, first: int, last: int) -> None:
        """The cable of these miners, by their place, is pulled."""
        for dragon in self.dragons[first:last]:
            dragon.vanish()

    def find(self, first: int, last: int) -> None:
        """It is plugged in again."""
        for dragon in self.dragons[first:last]:
            dragon.come_back()

    def hurt(self, first: int, last: int, fault: Fault) -> None:
        """These have a fault now."""
        for dragon in self.dragons[first:last]:
            dragon.fault = fault

    @property
    def titles(self) -> list[str]:
        return [one.title.removeprefix("home: ") for one in self.heard]
