"""Lines into full datagrams, through the `statsd` package, on a socket that never blocks."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from math import isfinite

from statsd.client.base import StatsClientBase
from statsd.client.udp import Pipeline

DATAGRAM = 1432
"""Bytes: what fits one Ethernet frame, IPv4 or IPv6 and UDP headers and a tunnel included."""


class PacketClient(StatsClientBase):  # type: ignore[misc]  # the package carries no types
    """The package's client, handing finished datagrams to `send` instead of a socket of its own.

    The package's UDP client resolves its host when it is made, blocking, and raises where
    that fails.
    """

    def __init__(self, send: Callable[[str], None]) -> None:
        self._prefix = None
        self._maxudpsize = DATAGRAM
        self._out = send

    def _send(self, data: str) -> None:
        self._out(data)

    def close(self) -> None:
        """Nothing is held."""

    def pipeline(self) -> Lines:
        """Lines gather here until its `send()`."""
        return Lines(self)


class Lines(Pipeline):  # type: ignore[misc]  # as above
    """The package's pipeline, which packs datagrams, with a shorter way in for many gauges.

    One by one, through the package's own four calls a gauge, they cost three times as much.
    """

    def gauges(self, stem: str, values: Mapping[str, float]) -> int:
        """Set each gauge, `stem` before its name; how many were finite numbers, and so sent.

        A whole number is written without an exponent. statsd takes a leading minus for a
        difference, so a negative value is set from 0, both lines staying in one datagram.
        """
        add = self._stats.append
        before = len(self._stats)
        for name, value in values.items():
            kind = type(value)
            if kind is float:
                if value.is_integer():
                    value = int(value)  # noqa: PLW2901  # a new name would cost the hot loop time
                elif not isfinite(value):
                    continue
            elif kind is not int:
                continue
            if value < 0:
                add(f"{stem}{name}:0|g\n{stem}{name}:{value}|g")
            else:
                add(f"{stem}{name}:{value}|g")
        return len(self._stats) - before


class Socket:
    """A UDP socket to one address (host as a number, port), or to none yet.

    `lines` counts what was sent, `refused` what was not or came to nobody, `why` is the last
    reason for that.
    """

    def __init__(self) -> None:
        self.address: tuple[str, int] | None = None
        self.lines = 0
        self.refused = 0
        self.why = ""
        self._last = 0
        self._socket: socket.socket | None = None

    def point(self, address: tuple[str, int] | None) -> None:
        """Send to this address from now on; None: nowhere."""
        self._close()
        self.address = address

    def send(self, data: str) -> None:
        """One datagram; never waits, never raises."""
        count = data.count("\n") + 1
        if self.address is None:
            self.refused += count
            return
        try:
            self._send(self._socket or self._open(self.address), data.encode("ascii", "replace"))
        except BlockingIOError as error:
            self._refuse(count, error)
        except OSError as error:
            self._refuse(count, error)
            self._close()  # the next one opens anew: routes and addresses of ours change
        else:
            self.lines += count
            self._last = count

    def _send(self, to: socket.socket, packet: bytes) -> None:
        try:
            to.send(packet)
        except ConnectionRefusedError as error:  # this tells of the datagram before
            self.lines -= self._last
            self._refuse(self._last, error)
            to.send(packet)

    def _open(self, address: tuple[str, int]) -> socket.socket:
        """A connected socket: a third cheaper per datagram, and it hears when nobody listens."""
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._socket = opened = socket.socket(family, socket.SOCK_DGRAM)
        # A neighbour that does not answer ARP fills the send buffer; a send would wait for it.
        opened.setblocking(False)
        opened.connect(address)
        return opened

    def _refuse(self, count: int, error: OSError) -> None:
        self.refused += count
        self.why = error.strerror or str(error)

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._last = 0
