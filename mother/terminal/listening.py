"""Hear the IP-report buttons of miners: two UDP ports, and what is typed meanwhile."""

from __future__ import annotations

import selectors
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TextIO

from msgspec import Struct

from mother.drivers.antminer import ipreport as antminer
from mother.drivers.ipreport import LONGEST, Report
from mother.drivers.whatsminer import ipreport as whatsminer
from mother.terminal.arguments import BadInput

Parse = Callable[[bytes, str], Report | None]

BUTTONS: Mapping[int, Parse] = {antminer.PORT: antminer.parse, whatsminer.PORT: whatsminer.parse}
"""What is said on which port."""


class Typed(Struct, frozen=True):
    """A line of the keyboard."""

    text: str


class Ears:
    """Listens on `address`, all of this machine's where it is empty. Raises BadInput.

    A context manager: the ports are free again afterwards.
    """

    def __init__(self, address: str = "", keyboard: TextIO | None = None) -> None:
        self._address = address
        self._keyboard = sys.stdin if keyboard is None else keyboard
        self._selector = selectors.DefaultSelector()
        self._stack = ExitStack()

    def __enter__(self) -> Ears:
        self._stack.callback(self._selector.close)
        try:
            for port, parse in BUTTONS.items():
                self._open(port, parse)
        except BaseException:
            self._stack.close()
            raise
        if self._keyboard.isatty():
            self._selector.register(self._keyboard, selectors.EVENT_READ)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _open(self, port: int, parse: Parse) -> None:
        ear = self._stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        ear.setblocking(False)
        try:
            ear.bind((self._address, port))
        except OSError as error:
            where = f"{self._address or 'all addresses'}, UDP port {port}"
            raise BadInput(
                f"cannot listen on {where}: {error.strerror or error}; does another IP reporter "
                "run here, or is the address of --listen not this machine's?"
            ) from None
        self._selector.register(ear, selectors.EVENT_READ, (ear, parse))

    def hear(self, seconds: float | None = None) -> Report | Typed | None:
        """The next button or line; None when so many seconds have passed, or the keyboard ended."""
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            left = None if end is None else max(0.0, end - time.monotonic())
            events = self._selector.select(left)
            if not events:
                return None
            for key, _ in events:
                if key.data is None:
                    return self._line()
                if (report := _report(*key.data)) is not None:
                    return report

    def _line(self) -> Typed | None:
        text = self._keyboard.readline()
        if text:
            return Typed(text.strip())
        self._selector.unregister(self._keyboard)
        return None


def _report(ear: socket.socket, parse: Parse) -> Report | None:
    try:
        data, (host, _) = ear.recvfrom(LONGEST + 1)
    except OSError:
        return None
    return parse(data, host)
