"""A client that asks a simulated service over a real socket, in a thread of its own."""

from __future__ import annotations

import socket
import time

from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def answer(host: str, port: int, question: bytes = GET, patience: float = 5.0) -> bytes:
    """All that comes back until the service closes, resets or is silent; empty when it refuses."""
    came, ends = b"", time.monotonic() + patience
    try:
        with socket.create_connection((host, port), timeout=patience) as connection:
            connection.sendall(question)
            while left := max(0.0, ends - time.monotonic()):
                connection.settimeout(left)
                part = connection.recv(1 << 20)
                if not part:
                    break
                came += part
    except ConnectionRefusedError:
        return b""
    except (TimeoutError, ConnectionResetError):
        return came
    return came


async def asked(host: str, port: int, question: bytes = GET, patience: float = 5.0) -> bytes:
    """The same without holding up the reactor."""
    return await deferToThread(answer, host, port, question, patience)


async def shortly(seconds: float = 0.0) -> None:
    """Let the reactor close and open what it has to."""
    for _ in range(5):
        await deferLater(reactor, seconds / 5)
