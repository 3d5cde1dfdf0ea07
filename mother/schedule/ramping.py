"""Who may begin to change now: batches, gaps, jitter, and how much of the farm wakes in a minute.

No I/O: it is told who begins and who has ended, and what time it is (steady seconds). A batch is
`batch` miners; the next one begins `gap` seconds after it began, or, where no gap is said, once
all of it have ended. Each group, rack or PDU has batches of its own, down and up apart. All that
bounds a miner must let it pass; nothing is used up where one does not. Emergencies skip it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from math import inf

from msgspec import Struct

from mother.config.schedule import Ramp, Schedule
from mother.schedule.units import Keys

MINUTE = 60.0

RAISED = 20
"""So many that are awake may be told to draw more in a minute in the smallest of farms."""

NOWHERE = Keys()


class Start(Struct, frozen=True):
    """One miner that would begin now: `up` where it will draw more, `wakes` where it slept,
    `restarts` where its mining program starts anew by it.
    """

    id: str
    up: bool
    wakes: bool = False
    restarts: bool = False
    at_once: bool = False
    keys: Keys = NOWHERE


class _Batch:
    """The batch under way of one ramp."""

    def __init__(self) -> None:
        self.began = -inf
        self.used = 0
        self.flying: set[str] = set()

    def opens(self, ramp: Ramp, now: float) -> float:
        """When it has room; now or earlier: it has."""
        if not ramp.batch or self.used < ramp.batch:
            return -inf
        if ramp.gap > 0:
            return self.began + ramp.gap
        return inf if self.flying else now

    def take(self, ident: str, ramp: Ramp, now: float) -> None:
        """One more begins."""
        if not ramp.batch:
            return
        is_over = 0 < ramp.gap <= now - self.began
        if not self.used or self.used >= ramp.batch or is_over:
            self.began, self.used = now, 0
        self.used += 1
        self.flying.add(ident)

    def ended(self, ident: str) -> None:
        """It has changed, or failed to."""
        self.flying.discard(ident)


class Ramps:
    """Lets miners begin. `random` gives numbers from 0 to 1.

    `room` says how many more may restart, those not counted that began and were not written to;
    None: any number.
    """

    def __init__(
        self,
        random: Callable[[], float],
        woken: Iterable[float] = (),
        room: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._random = random
        self._wakes = deque(woken)
        self._raises: deque[float] = deque()
        self._room = room
        self._restarting: set[str] = set()
        self._batches: dict[tuple[object, ...], _Batch] = {}
        self._of: dict[str, list[_Batch]] = {}
        self.opens = inf

    def begin(self, start: Start, schedule: Schedule, farm: int, now: float) -> float | None:
        """Seconds after which it begins; None: not yet.

        `opens` is then when the first of those that were told so may, as far as time alone
        decides; `again` resets it. `farm` is how many miners there are.
        """
        if start.restarts and self.crowded():
            return None
        if start.at_once:
            return self._begun(start, 0.0)
        bound = [(self._batch(key), ramp) for key, ramp in _bounds(start, schedule)]
        opens = max((batch.opens(ramp, now) for batch, ramp in bound), default=-inf)
        if start.up:
            opens = max(opens, self._next_up(start, schedule.resume_percent, farm, now))
        if opens > now:
            self.opens = min(self.opens, opens)
            return None
        for batch, ramp in bound:
            batch.take(start.id, ramp, now)
        self._of[start.id] = [batch for batch, ramp in bound if ramp.batch]
        if start.up:
            (self._wakes if start.wakes else self._raises).append(now)
        jitter = max((ramp.jitter for _, ramp in bound), default=0.0)
        return self._begun(start, self._random() * jitter)

    def _begun(self, start: Start, delay: float) -> float:
        if start.restarts:
            self._restarting.add(start.id)
        return delay

    def crowded(self) -> bool:
        """Whether as many restart already as a person allows."""
        room = self._room()
        return room is not None and room <= len(self._restarting)

    def written(self, ident: str) -> None:
        """From now on it counts among those that restart."""
        self._restarting.discard(ident)

    def again(self) -> None:
        """All that wait are about to be asked for anew."""
        self.opens = inf

    def ended(self, ident: str) -> None:
        """This one has changed, or failed to; unknown ones are fine."""
        self._restarting.discard(ident)
        for batch in self._of.pop(ident, ()):
            batch.ended(ident)

    def _batch(self, key: tuple[object, ...]) -> _Batch:
        return self._batches.setdefault(key, _Batch())

    def _next_up(self, start: Start, percent: float, farm: int, now: float) -> float:
        """When one more may wake, or be raised."""
        lately = self._wakes if start.wakes else self._raises
        while lately and lately[0] <= now - MINUTE:
            lately.popleft()
        if not percent:
            return -inf
        most = max(1 if start.wakes else RAISED, int(farm * percent / 100))
        return -inf if len(lately) < most else lately[-most] + MINUTE


def _bounds(start: Start, schedule: Schedule) -> Iterable[tuple[tuple[object, ...], Ramp]]:
    """Each ramp that bounds it, with what tells its batches from others."""
    yield ("", start.up), schedule.up if start.up else schedule.down
    for row, ramp in enumerate(schedule.ramps):
        for key in start.keys.of(ramp.by):
            if not ramp.name or start.keys.named(ramp.by, ramp.name):
                yield (row, ramp.name or key, start.up), ramp.up if start.up else ramp.down
