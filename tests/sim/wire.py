"""One simulated miner in memory, asked over treq's stub as a client would ask it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import treq
import yaml
from treq.testing import StubTreq
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.web.iweb import IResponse

from mother.sim.dragonmint.models import MODELS
from mother.sim.dragonmint.state import Dragon
from mother.sim.dragonmint.web import device_resource

NOW = 1_543_173_871.0
MAC = "a0:b0:45:14:2b:18"
RECORDINGS = Path(__file__).parents[1] / "recordings" / "dragonmint"


class NoAnswerYet(Exception):
    """The Deferred has not fired."""


class Wire:
    """A device under a clock of its own, and a client that may be logged in."""

    def __init__(self, model: str = "T1", **settings: Any) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        settings.setdefault("cure", 0.5)
        self.dragon = Dragon(
            "127.77.0.1", 8080, MAC, self.clock.seconds, model=MODELS[model], **settings
        )
        self.treq: Any = _stub(device_resource(self.dragon, self.clock))
        self.authorization = ""

    def start(
        self,
        path: str,
        form: Mapping[str, Any] | None = None,
        method: str = "POST",
        **more: Any,
    ) -> Deferred[IResponse]:
        """The answer to come."""
        headers = {"Authorization": self.authorization} if self.authorization else {}
        coming: Deferred[IResponse] = self.treq.request(
            method, f"http://127.77.0.1:8080{path}", data=form, headers=headers, **more
        )
        return coming

    def response(self, path: str, *args: Any, **more: Any) -> IResponse:
        """The answer, which must have come at once."""
        came: IResponse = result(self.start(path, *args, **more))
        return came

    def raw(self, path: str, *args: Any, **more: Any) -> bytes:
        """The body of the answer."""
        body: bytes = result(treq.content(self.response(path, *args, **more)))
        return body

    def ask(self, action: str, form: Mapping[str, Any] | None = None) -> Any:
        """An API answer, decoded; what the device delays is waited for."""
        coming = self.start(f"/api/{action}", form)
        self.clock.advance(5.0)
        self.treq.flush()
        return json.loads(result(treq.content(result(coming))))

    def log_in(self, username: str = "admin", password: str = "dragonadmin") -> Wire:
        """From now on every question carries a new token."""
        self.authorization = ""
        answer = json.loads(self.raw("/api/auth", {"username": username, "password": password}))
        self.authorization = f"Bearer {answer['jwt']}"
        return self


_stub: Any = StubTreq


def result(deferred: Deferred[Any]) -> Any:
    """What a Deferred that has fired holds; raises what it failed with."""
    held: list[Any] = []

    def keep(value: Any) -> Any:
        held.append(value)
        return None if isinstance(value, Failure) else value

    deferred.addBoth(keep)
    if not held:
        raise NoAnswerYet
    if isinstance(held[0], Failure):
        held[0].raiseException()
    return held[0]


def exchanges(file: str) -> list[tuple[str, dict[str, Any]]]:
    """The recorded API answers of one cassette: action and content."""
    cassette = yaml.safe_load((RECORDINGS / file).read_text())
    return [
        (each["request"]["uri"].rpartition("/")[2], json.loads(each["response"]["body"]["string"]))
        for each in cassette["interactions"]
        if "/api/" in each["request"]["uri"]
    ]


def recorded_response(file: str, index: int = 0) -> dict[str, Any]:
    """One recorded response whole: body, headers, status."""
    cassette = yaml.safe_load((RECORDINGS / file).read_text())
    response: dict[str, Any] = cassette["interactions"][index]["response"]
    return response


def shape(value: object) -> object:
    """Keys and types of an answer; a number is a number, as whole ones lose their fraction."""
    if isinstance(value, dict):
        return [(key, shape(each)) for key, each in value.items()]
    if isinstance(value, list):
        shapes = [shape(each) for each in value]
        return [shapes[0]] if shapes and all(each == shapes[0] for each in shapes) else shapes
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number"
    return type(value).__name__
