"""A started sink whose settings can be exchanged, as a reload does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from twisted.internet.task import Clock

from mother.config.model import Statsd
from mother.sinks.statsd import StatsdSink

from .names import Names


@dataclass
class Setup:
    settings: Statsd
    clock: Clock = field(default_factory=Clock)
    names: Names = field(default_factory=Names)
    site: str = ""

    def __post_init__(self) -> None:
        self.sink = StatsdSink(lambda: self.settings, self.clock, self.names, self.site)
        self.sink.start()
        self.clock.advance(0)

    def change(self, **what: Any) -> None:
        self.settings = msgspec.structs.replace(self.settings, **what)

    def second(self, count: int = 1) -> None:
        self.clock.pump([1.0] * count)
