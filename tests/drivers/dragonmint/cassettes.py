"""The recorded exchanges with real miners, as data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

FOLDER = Path(__file__).parents[2] / "recordings" / "dragonmint"


class Recorded(Struct, frozen=True):
    """One exchange; `body` is the answer's text."""

    cassette: str
    host: str
    method: str
    path: str
    form: str | None
    authorization: str | None
    status: int
    body: str

    @property
    def answer(self) -> dict[str, Any]:
        """The answer's JSON."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


def _exchanges() -> Iterator[Recorded]:
    for file in sorted(FOLDER.glob("*.yaml")):
        for one in yaml.safe_load(file.read_text())["interactions"]:
            request, response = one["request"], one["response"]
            _, _, host, *path = request["uri"].split("/")
            yield Recorded(
                cassette=file.stem,
                host=host,
                method=request["method"],
                path="/" + "/".join(path),
                form=request["body"],
                authorization=request["headers"].get("Authorization", [None])[0],
                status=response["status"]["code"],
                body=response["body"]["string"],
            )


EXCHANGES = tuple(_exchanges())


def recorded(path: str) -> tuple[Recorded, ...]:
    """All exchanges of one path."""
    return tuple(one for one in EXCHANGES if one.path == path)


def summary(cassette: str) -> dict[str, Any]:
    """The first summary of one cassette, a copy of its own."""
    return next(one.answer for one in recorded("/api/summary") if one.cassette == cassette)


def overview(cassette: str = "overview") -> dict[str, Any]:
    """The first overview of one cassette, a copy of its own."""
    return next(one.answer for one in recorded("/api/overview") if one.cassette == cassette)
