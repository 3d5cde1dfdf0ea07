"""What of a Whatsminer listens: 4028, and 4433 where its firmware has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocolFactory, IReactorTime

from mother.sim.device import FarmReactor
from mother.sim.lines import Answer, Frames, Lines
from mother.sim.whatsminer import v2, v3
from mother.sim.whatsminer.state import Whatsminer

IDLE_S = 10.0
"""After so long without data either closes a connection (D)."""

AFTER_S = 0.1
"""How long after its answer a write takes effect, so that the answer gets out."""


def listeners(miner: Whatsminer, reactor: FarmReactor) -> Mapping[int, IProtocolFactory]:
    """The factories by the trade's port."""
    found: dict[int, Any] = {4028: _V2(miner, reactor)}
    if miner.firmware.v3:
        found[4433] = _V3(miner, reactor)
    return cast(Mapping[int, IProtocolFactory], found)


class _V2(Lines):
    def __init__(self, miner: Whatsminer, reactor: FarmReactor) -> None:
        clock = cast(IReactorTime, reactor)
        super().__init__(_unused, clock, delay=miner.delays.get(4028, 0.0), idle=IDLE_S)
        self._miner = miner

    def handle(self, request: bytes, peer: str) -> Answer | Deferred[Answer]:
        return _did(self, v2.answered(self._miner, request, peer))


class _V3(Frames):
    def __init__(self, miner: Whatsminer, reactor: FarmReactor) -> None:
        clock = cast(IReactorTime, reactor)
        super().__init__(_unused, clock, delay=miner.delays.get(4433, 0.0), idle=IDLE_S)
        self._miner = miner

    def handle(self, request: bytes, peer: str) -> Answer | Deferred[Answer]:
        return _did(self, v3.answered(self._miner, request))


def _did(lines: Lines, done: v2.Done) -> Answer:
    """The answer; what it announces happens a little after it."""
    if done.then is not None:
        lines.clock.callLater(lines.delay + AFTER_S, done.then)
    return done.answer


def _unused(request: bytes) -> Answer:
    """`handle` answers."""
    return None
