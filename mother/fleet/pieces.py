"""From the state file's pieces to values: a broken piece costs only itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct

from mother.fleet.undertaken import Curtailment, HoldOrder, Rollout, Undertakings

T = TypeVar("T")


class KeptUndertakings(Struct):
    """What was undertaken, piece by piece: a broken one must not cost a hold or a stop."""

    rollouts: msgspec.Raw = msgspec.Raw(b"{}")
    holds: msgspec.Raw = msgspec.Raw(b"[]")
    successors: msgspec.Raw = msgspec.Raw(b"{}")
    curtailments: msgspec.Raw = msgspec.Raw(b"[]")


Pieces = dict[str, msgspec.Raw]


def undertaken_in(raw: msgspec.Raw, bad: list[str]) -> Undertakings:
    """What was undertaken; the names of broken pieces go to `bad`."""
    kept = decoded({"what was undertaken": raw}, KeptUndertakings, bad)
    parts = kept.get("what was undertaken", KeptUndertakings())
    rollouts = decoded({"rollouts": parts.rollouts}, Pieces, bad).get("rollouts", {})
    successors = decoded({"successors": parts.successors}, Pieces, bad).get("successors", {})
    return Undertakings(
        decoded(rollouts, Rollout, bad),
        _each("hold", parts.holds, HoldOrder, bad),
        decoded(successors, str, bad),
        _each("curtailment", parts.curtailments, Curtailment, bad),
    )


def _each(what: str, raw: msgspec.Raw, shape: type[T], bad: list[str]) -> tuple[T, ...]:
    """The members of a list that are good."""
    found = decoded({f"{what}s": raw}, list[msgspec.Raw], bad).get(f"{what}s", [])
    named = {f"{what} {place}": one for place, one in enumerate(found)}
    return tuple(decoded(named, shape, bad).values())


def decoded(raw: Mapping[str, msgspec.Raw], shape: type[T], bad: list[str]) -> dict[str, T]:
    """Those that are good; the keys of the others go to `bad`."""
    decoder = msgspec.json.Decoder(shape)
    good: dict[str, T] = {}
    for key, one in raw.items():
        try:
            good[key] = decoder.decode(one)
        except (msgspec.DecodeError, UnicodeDecodeError):
            bad.append(key)
    return good
