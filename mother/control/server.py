"""The daemon's side of the control socket: HTTP with JSON answers, for its own user only."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Mapping
from inspect import isawaitable
from pathlib import Path
from typing import Any, cast

from msgspec import DecodeError, Struct
from msgspec.json import decode, encode
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.interfaces import IListeningPort, IReactorUNIX
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from mother.control.calls import CALLS, Call, Desk, checked

__all__ = ["Control", "Desk"]

BACKLOG = 256
"""Connections that may wait: a command to many miners opens 100 at a time."""

MOST_PATH = 100
"""A Unix socket's path may have no more than 107 bytes."""


class TooLarge(Exception):
    """A body that nobody means."""


class Control:
    """A service that listens on a Unix socket with mode 0600.

    A socket that cannot be made costs the commands, not the daemon.
    """

    name = "control"
    log = Logger()

    def __init__(self, path: Path, desk: Desk, reactor: IReactorUNIX) -> None:
        self._path = path
        self._reactor = reactor
        self._site = Site(_root(desk), parsePOSTFormSubmission=False)
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
                str(self._path), cast(Any, self._site), mode=0o600, backlog=BACKLOG
            )
        except Exception as error:
            self._unusable(str(error))

    async def stop(self) -> None:
        """Stop listening and remove the socket."""
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(FileNotFoundError):  # somebody has removed the socket
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
    for name, call in CALLS.items():
        version.putChild(name.encode(), _Answer(call, desk))
    return root


class _Folder(Resource):
    """Says of what it does not have, in JSON, that there is no such call."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's is untyped

    def getChild(self, path: bytes, request: Request) -> Resource:  # noqa: N802
        del path, request
        return _Unknown()


class _Unknown(Resource):
    isLeaf = True  # noqa: N815

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's is untyped

    def render(self, request: Request) -> bytes:
        return _written(request, _refused(404, "this daemon has no such call"))


class _Answer(Resource):
    """One call; an error is an answer too: `{"error": sentence}`."""

    isLeaf = True  # noqa: N815
    log = Logger()

    def __init__(self, call: Call, desk: Desk) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's is untyped
        self._call = call
        self._desk = desk

    def render(self, request: Request) -> int:
        """Answer when the desk has; who hangs up before is not answered, nothing else."""
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)

        async def serve() -> None:
            answer = await self._answer(request)
            if not gone:
                request.write(_written(request, answer))
                request.finish()

        served = Deferred.fromCoroutine(serve())
        served.addErrback(lambda f: self.log.failure("an answer could not be given", failure=f))
        return NOT_DONE_YET

    async def _answer(self, request: Request) -> tuple[int, bytes]:
        if request.method != self._call.method:
            return _refused(405, "that call takes another method")
        try:
            answer = self._call.answer(self._desk, _body(request, self._call))
            return 200, encode(await answer if isawaitable(answer) else answer)
        except CancelledError:  # nobody cancels an answer: what it waited for was given up
            return _refused(503, "the daemon gave that up; it may be about to stop")
        except Exception as error:
            code = _code(error)
            if code is None or not error.args or not isinstance(error.args[0], str):
                self.log.failure("a command failed")
                return _refused(500, "the daemon could not do that; its log says why")
            return _refused(code, error.args[0])


_CODES: Mapping[type[Exception], int] = {
    ValueError: 400,
    PermissionError: 403,
    TooLarge: 413,
}
"""The refusals."""


def _code(error: Exception) -> int | None:
    """None: it is a fault of ours, as a KeyError is; other kinds of LookupError are refusals."""
    if isinstance(error, LookupError) and not isinstance(error, KeyError | IndexError):
        return 404
    return _CODES.get(type(error))


def _body(request: Request, call: Call) -> Struct | None:
    shape, limit = call.body, call.limit
    if shape is None:
        return None
    text = b"" if request.content is None else request.content.read(limit + 1)
    if len(text) > limit:
        raise TooLarge(f"the body is longer than {limit} bytes")
    try:
        fields = decode(text)
    except DecodeError:
        raise ValueError("the body must be a JSON object") from None
    return checked(fields, shape)


def _refused(code: int, sentence: str) -> tuple[int, bytes]:
    return code, encode({"error": sentence})


def _written(request: Request, answer: tuple[int, bytes]) -> bytes:
    code, text = answer
    request.setResponseCode(code)
    request.setHeader(b"content-type", b"application/json")
    request.setHeader(b"content-length", str(len(text)).encode())
    return text
