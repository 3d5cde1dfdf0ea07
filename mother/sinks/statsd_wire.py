"""Lines into full datagrams, through the `statsd` package, on a socket that never blocks."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from math import isfinite

import msgspec
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
    """The package's pipeline with a shorter way in for many gauges, and a shorter way out.

    One by one, through the package's own four calls a gauge, they cost five times as much.
    """

    def gauges(
        self, stem: str, names: tuple[str, ...], values: Sequence[float], tags: str = ""
    ) -> int:
        """Set each gauge, `stem` before its name; how many were finite numbers, and so sent.

        A whole number is written without an exponent. statsd takes a leading minus for a
        difference, so a negative value is set from 0, both lines staying in one datagram.
        With `tags` each line is followed by them, and an index in its name becomes one more
        tag: `board.0.alive` is `board.alive` with `board:0`.
        """
        if not names:
            return 0
        numbers = _all_plain(values)
        if numbers is None:
            return self._one_by_one(stem, names, values, tags)
        text = (_form(names, bool(tags)) % tuple(numbers)).replace(_STEM, stem)
        self._stats.append(text.replace(_TAGS, tags) if tags else text)
        return len(names)

    def _one_by_one(
        self, stem: str, names: Iterable[str], values: Iterable[float], tags: str
    ) -> int:
        before = len(self._stats)
        for name, value in zip(names, values, strict=True):
            number = _written(value)
            if number is None:
                continue
            lead, _, end = _line(name, bool(tags)).rpartition("%s")
            lead, end = lead.replace(_STEM, stem), end.replace(_TAGS, tags)
            zero = f"{lead}0{end}{_TOGETHER}" if number.startswith("-") else ""
            self._stats.append(f"{zero}{lead}{number}{end}")
        return len(self._stats) - before

    def _send(self) -> None:
        """What is gathered, in as few datagrams as hold it."""
        data = "\n".join(self._stats)
        self._stats.clear()
        start = 0
        while len(data) - start > DATAGRAM:
            cut = data.rfind("\n", start, start + DATAGRAM + 1)
            if cut < 0:
                cut = data.find("\n", start)  # a line that is too long goes alone
            if cut < 0:
                break
            self._client._after(data[start:cut].replace(_TOGETHER, "\n"))
            start = cut + 1
        self._client._after(data[start:].replace(_TOGETHER, "\n"))


_STEM, _TAGS, _TOGETHER = "\0", "\1", "\2"
"""Stand for a line's stem and tags, and for the end of a line that the next one must follow."""

_encode = msgspec.json.Encoder().encode
_PLAIN = b"0123456789.,"

_INDEXED = re.compile(r"(board|pool)\.(\d+)\.(.+)")


def _line(name: str, tagged: bool) -> str:
    indexed = _INDEXED.fullmatch(name) if tagged else None
    index = ""
    if indexed is not None:
        name, index = f"{indexed[1]}.{indexed[3]}", f",{indexed[1]}:{indexed[2]}"
    end = f"|#{_TAGS}{index}" if tagged else ""
    return f"{_STEM}{name}:%s|g{end}"


@lru_cache(maxsize=256)
def _form(names: tuple[str, ...], tagged: bool) -> str:
    """The lines of these gauges, to be filled in: miners of one kind share one form."""
    return "\n".join(_line(name.replace("%", "%%"), tagged) for name in names)


def _all_plain(values: Sequence[float]) -> list[str] | None:
    """All numbers in one go, which is far cheaper; None where one of them is anything special.

    Neither negative nor not finite, none with an exponent, and only numbers.
    """
    try:
        encoded = _encode(values)[1:-1]
    except (OverflowError, TypeError, ValueError):
        return None
    if encoded.translate(None, _PLAIN):
        return None
    return (encoded + b",").replace(b".0,", b",")[:-1].decode("ascii").split(",")


def _written(value: object) -> str | None:
    """The number without a fraction that is 0; None for what is no finite number."""
    if type(value) is int:
        return str(value)
    if type(value) is not float or not isfinite(value):
        return None
    return str(int(value)) if value.is_integer() else repr(value)


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
