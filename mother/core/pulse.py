"""A job's pulse beats whenever the job gets on: a slow one is not a stuck one."""

from __future__ import annotations


class Pulse:
    """Counts the steps of a job; each piece of work that ends, well or badly, is one."""

    def __init__(self) -> None:
        self.beats = 0

    def beat(self) -> None:
        """One step further."""
        self.beats += 1
