"""The daemon's side of the control socket: HTTP with JSON answers, for its own user only."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from msgspec.json import encode
from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IListeningPort, IReactorUNIX
from twisted.logger import Logger
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import Site

BODY_LIMIT = 64 * 1024
MOST_PATH = 100
"""A Unix socket's path may have no more than 107 bytes."""


class Desk(Protocol):
    """What may be asked of the daemon."""

    def status(self) -> Mapping[str, Any]:
        """The farm now: totals, miners, sightings, loops, as plain values."""

    def clear(self, miner: str) -> str:
        """Let mother heal a miner again that was left for a human; what was done, as a sentence.

        `miner` is a worker name, MAC or IP address. Raises LookupError with a sentence.
        """


class Control:
    """A service that listens on a Unix socket with mode 0600.

    A socket that cannot be made costs the commands, not the daemon.
    """

    name = "control"
    log = Logger()

    def __init__(self, path: Path, desk: Desk, reactor: IReactorUNIX) -> None:
        self._path = path
        self._reactor = reactor
        self._site = Site(_root(desk))
        self._site.noisy = False
        self._port: IListeningPort | None = None

    def start(self) -> None:
        """Listen; a socket left over by a killed daemon is replaced, a living one is not."""
        if len(os.fsencode(self._path)) > MOST_PATH:
            self._unusable(f"the path is longer than {MOST_PATH} bytes")
            return
        try:
            _remove_stale(self._path)
            self._port = self._reactor.listenUNIX(
                str(self._path), cast(Any, self._site), mode=0o600
            )
        except Exception as error:
            self._unusable(str(error))

    async def stop(self) -> None:
        """Stop listening and remove the socket."""
        port, self._port = self._port, None
        if port is not None:
            await maybeDeferred(port.stopListening)

    def _unusable(self, why: str) -> None:
        self.log.warn(
            "The control socket {path} cannot be used ({why}): commands such as `mother status` "
            "will not reach this daemon.",
            path=str(self._path),
            why=why,
        )


def _remove_stale(path: Path) -> None:
    """Remove a socket that nobody listens on; raises OSError for anything else in the way."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise OSError("something else is there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError("another daemon listens on it")


def _root(desk: Desk) -> Resource:
    root, version = _Folder(), _Folder()
    root.putChild(b"v1", version)
    version.putChild(b"status", _Answer({b"GET": lambda _: dict(desk.status())}))
    version.putChild(b"clear", _Answer({b"POST": lambda form: {"text": desk.clear(_miner(form))}}))
    return root


class _Folder(Resource):
    """Says of what it does not have, in JSON, that there is no such call."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's is untyped

    def getChild(self, path: bytes, request: Request) -> Resource:  # noqa: N802
        del path, request
        return _Answer({})


Form = Mapping[bytes, list[bytes]]


def _miner(form: Form) -> str:
    named = form.get(b"miner", [b""])[0].decode("utf-8", "replace").strip()
    if not named:
        raise LookupError("name a miner: its worker name, MAC or IP address")
    return named


class _Answer(Resource):
    """One call; an error is an answer too: `{"error": sentence}`."""

    isLeaf = True  # noqa: N815
    log = Logger()

    def __init__(self, calls: Mapping[bytes, Callable[[Form], Mapping[str, Any]]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's is untyped
        self._calls = calls

    def render(self, request: Request) -> bytes:
        request.setHeader(b"content-type", b"application/json")
        call = self._calls.get(request.method)
        if not self._calls:
            return self._refuse(request, 404, "this daemon has no such call")
        if call is None:
            return self._refuse(request, 405, "that call takes another method")
        try:
            return encode(call(request.args))
        except LookupError as error:
            return self._refuse(request, 404, str(error.args[0]))
        except Exception:
            self.log.failure("a command failed")
            return self._refuse(request, 500, "the daemon could not do that; its log says why")

    @staticmethod
    def _refuse(request: Request, code: int, text: str) -> bytes:
        request.setResponseCode(code)
        return encode({"error": text})
