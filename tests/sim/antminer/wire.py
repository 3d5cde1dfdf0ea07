"""One simulated Antminer under a clock of its own, asked in memory on 80 and on 4028."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, cast

import treq
from treq.testing import StubTreq
from twisted.internet.testing import MemoryReactorClock
from twisted.web.iweb import IResponse

from mother.sim.antminer.models import MODELS
from mother.sim.antminer.state import Antminer
from mother.sim.antminer.web import server
from tests.sim.wire import result

NOW = 1_755_615_295.0
MAC = "02:55:97:22:30:72"
RECORDINGS = Path(__file__).parents[2] / "recordings" / "antminer" / "v2020"
REALM = "antMiner Configuration"


def recording(name: str) -> dict[str, Any]:
    """A recorded answer."""
    answer: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text("utf-8"))
    return answer


class Connection:
    """A TCP connection in memory."""

    def __init__(self) -> None:
        self.came = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.came += data

    def loseConnection(self) -> None:  # noqa: N802  # Twisted's name
        self.closed = True


class Wire:
    """The device and its clients; `changes` counts how often it said that it had changed."""

    def __init__(self, model: str = "S19Pro", **settings: Any) -> None:
        self.clock = MemoryReactorClock()
        self.clock.advance(NOW)
        self.ant = Antminer(
            "127.77.0.1", MAC, self.clock.seconds, model=model, server=server, **settings
        )
        self.changes = 0
        self.ant.changed = self._changed
        self.login = ("root", "root")
        self._nonce = ""
        self._treq: Any = _stub(self.services[80].resource)

    @property
    def services(self) -> dict[int, Any]:
        """What listens now."""
        return dict(self.ant.services(cast(Any, self.clock)))

    def wait(self, seconds: float) -> None:
        """Let time go by."""
        self.clock.advance(seconds)

    def raw(self, request: bytes) -> bytes:
        """What 4028 answers; empty when it is shut."""
        lines = self.services.get(4028)
        if lines is None:
            return b""
        talk, connection = lines.buildProtocol(None), Connection()
        talk.makeConnection(connection)
        talk.dataReceived(request)
        assert connection.closed
        return connection.came

    def rpc(self, command: str, **more: Any) -> Any:
        """The same, decoded."""
        return json.loads(self.raw(json.dumps({"command": command, **more}).encode())[:-1])

    def request(
        self, path: str, body: bytes = b"", method: str = "", kind: str = "application/json"
    ) -> IResponse:
        """An answer of the page, with a digest login as RFC 7616 has it."""
        method = method or ("POST" if body else "GET")
        headers = {"Content-Type": kind} if body else {}
        if self._nonce:
            headers["Authorization"] = self.credentials(method, path)
        return self.bare(path, body, method, headers)

    def bare(
        self, path: str, body: bytes = b"", method: str = "GET", headers: Any = None
    ) -> IResponse:
        """An answer to exactly these headers."""
        url = f"http://127.77.0.1{path}"
        coming = self._treq.request(method, url, data=body or None, headers=headers or {})
        self._treq.flush()
        response: IResponse = result(coming)
        return response

    def credentials(self, method: str, path: str, **changed: str) -> str:
        """What a client computes by the book; `changed` fields are sent as they are."""
        user, password = self.login
        fields = {
            "username": user,
            "realm": REALM,
            "nonce": self._nonce,
            "uri": path,
            "qop": "auth",
            "nc": "00000001",
            "cnonce": "0a4f113b",
        }
        secret = _md5(f"{user}:{REALM}:{password}")
        middle = ":".join(fields[name] for name in ("nonce", "nc", "cnonce", "qop"))
        fields["response"] = _md5(f"{secret}:{middle}:{_md5(f'{method}:{path}')}")
        fields.update(changed)
        return "Digest " + ", ".join(f'{name}="{value}"' for name, value in fields.items())

    def challenged(self) -> str:
        """Ask without login, keep the nonce; the whole challenge."""
        response = self.bare("/")
        assert response.code == 401
        [words] = response.headers.getRawHeaders("WWW-Authenticate")
        found = re.search(r'nonce="([^"]+)"', words)
        assert found is not None
        self._nonce = found[1]
        return str(words)

    def content(self, path: str, body: Any = None, **more: Any) -> bytes:
        """The body of a page, logged in."""
        self.challenged()
        sent = body if isinstance(body, bytes) else b"" if body is None else _json(body)
        response = self.request(path, sent, **more)
        assert response.code == 200, response.code
        came: bytes = result(treq.content(response))
        return came

    def page(self, name: str, body: Any = None, **more: Any) -> Any:
        """A page of `/cgi-bin/`, decoded; the device has had its half second after it."""
        came = self.content(f"/cgi-bin/{name}.cgi", body, **more)
        self.wait(1.0)
        return json.loads(came)

    def _changed(self) -> None:
        self.changes += 1


def all_models() -> list[str]:
    """The names of all models."""
    return list(MODELS)


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


_stub: Any = StubTreq
