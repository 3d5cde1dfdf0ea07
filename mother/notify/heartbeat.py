"""Tells somebody outside that we are well, so that they can tell when we are not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from twisted.logger import Logger

from mother.config.model import Alarm
from mother.net.ping import PingFailed, host_of

IDLE = 60.0


class Heartbeat:
    """A job: one round asks the address once, unless a loop is stuck.

    It beats from the start on: nothing is stuck then, and whoever waits for it shall know soon
    that the way is open. A beat that fails is logged once, and so is the next that arrives.
    """

    name = "heartbeat"
    log = Logger()

    def __init__(
        self,
        alarm: Callable[[], Alarm],
        complaints: Callable[[], Sequence[str]],
        get: Callable[[str], Awaitable[None]],
    ) -> None:
        self._alarm = alarm
        self._complaints = complaints
        self._get = get
        self._withheld = False
        self._failing = ""
        self.beats = self.failures = 0

    def interval(self) -> float:
        """Seconds from one beat to the next."""
        alarm = self._alarm()
        return alarm.heartbeat_interval if alarm.heartbeat_url is not None else IDLE

    async def run(self) -> None:
        """One beat."""
        url = self._alarm().heartbeat_url
        if url is None or not self._is_well():
            return
        try:
            await self._get(url)
        except PingFailed as error:
            self.failures += 1
            if self._failing != url:
                self.log.warn("The heartbeat does not arrive: {error}.", error=str(error))
            self._failing = url
            return
        self.beats += 1
        if self._failing:
            self._failing = ""
            self.log.info("The heartbeat arrives again at {host}.", host=host_of(url))

    def _is_well(self) -> bool:
        complaints = self._complaints()
        if complaints and not self._withheld:
            self.log.error("The heartbeat stays away: {why}", why=complaints[0])
        elif self._withheld and not complaints:
            self.log.info("All loops get on: the heart beats again.")
        self._withheld = bool(complaints)
        return not complaints
