"""One simulated AxeOS device under a clock of its own, asked in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import treq
from treq.testing import StubTreq
from twisted.internet.testing import MemoryReactorClock
from twisted.web.iweb import IResponse

from mother.sim.axeos.models import MODELS
from mother.sim.axeos.state import Axe
from mother.sim.axeos.web import device_resource
from tests.sim.wire import result

NOW = 1_780_000_000.0
MAC = "24:58:7c:14:2b:18"
RECORDED = json.loads(
    (Path(__file__).parents[2] / "recordings/axeos/v2_0_0/system_info.json").read_text("utf-8")
)
PAUSE_S = 10.0


class Wire:
    """The device and a client that waits PAUSE_S before each question, as it should."""

    def __init__(self, model: str = "bitaxe-supra", **settings: Any) -> None:
        self.clock = MemoryReactorClock()
        self.clock.advance(NOW)
        self.axe = Axe("127.77.0.1", MAC, self.clock.seconds, model=model, **settings)
        self._web = device_resource(self.axe, self.clock)
        self._treq: Any = _stub(self._web)
        self.connections = 1
        self._web.connections = lambda: self.connections

    def start(self, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
        """The answer to come, asked for at once."""
        url = f"http://127.77.0.1{path}"
        coming = self._treq.request(method, url, data=body or None, headers=headers)
        self._treq.flush()
        return coming

    def response(self, method: str, path: str, body: bytes = b"", **headers: str) -> IResponse:
        """The answer, asked for after a pause."""
        self.wait(PAUSE_S)
        came: IResponse = result(self.start(method, path, body, **headers))
        return came

    def body(self, method: str, path: str, body: bytes = b"") -> bytes:
        """What a good answer holds."""
        response = self.response(method, path, body)
        assert response.code == 200, response.code
        came: bytes = result(treq.content(response))
        return came

    def code(self, method: str, path: str, body: bytes = b"", **headers: str) -> int:
        """How the answer's status is."""
        return int(self.response(method, path, body, **headers).code)

    def info(self) -> dict[str, Any]:
        """`/api/system/info`."""
        answer: dict[str, Any] = json.loads(self.body("GET", "/api/system/info"))
        return answer

    def patch(self, **change: Any) -> None:
        """A change of settings that is taken."""
        assert self.body("PATCH", "/api/system", json.dumps(change).encode()) == b""

    def restart(self) -> None:
        """Restart, and wait until it mines."""
        self.body("POST", "/api/system/restart")
        self.wait(60.0)

    def wait(self, seconds: float) -> None:
        """Let time go by, in steps, so that nothing is late."""
        self.clock.pump([1.0] * int(seconds) + [seconds % 1.0])


def all_models() -> list[str]:
    """The names of all models."""
    return list(MODELS)


_stub: Any = StubTreq
