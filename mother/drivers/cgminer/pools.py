"""What cgminer's `pools` tells: pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mother.core.model import ConfiguredPool
from mother.core.reading import Pool
from mother.drivers.cgminer import picks

_LOGIN = re.compile(r"//[^/@\s]*@")
_LAST = 1e9


def pools(answer: Mapping[str, Any]) -> tuple[Pool, ...]:
    """Each pool with what it counted. The active one is, of those with a live stratum
    connection, that of the first priority.
    """
    found = [row for row in picks.rows(answer.get("POOLS")) if _url(row)]
    live = [row for row in found if picks.boolean(row.get("Stratum Active"))]
    told = any(picks.boolean(row.get("Stratum Active")) is not None for row in found)
    chosen = min(live, key=_priority, default=None)
    return tuple(
        Pool(
            index=_index(place, row),
            url=_url(row),
            user=picks.text(row.get("User")),
            alive=_alive(row),
            active=(row is chosen) if told else None,
            accepted=picks.number(row.get("Accepted")),
            rejected=picks.number(row.get("Rejected")),
            stale=picks.number(row.get("Stale")),
        )
        for place, row in enumerate(found)
    )


def configured(answer: Mapping[str, Any]) -> tuple[ConfiguredPool, ...]:
    """The pools by priority; the password where the device tells it, as only some do."""
    found = [row for row in picks.rows(answer.get("POOLS")) if _url(row)]
    return tuple(
        ConfiguredPool(_url(row), picks.text(row.get("User")), _password(row))
        for row in sorted(found, key=_priority)
    )


def _url(row: Mapping[str, Any]) -> str:
    """A login in the URL is left out."""
    url = picks.text(row.get("URL")) or picks.text(row.get("Stratum URL"))
    return _LOGIN.sub("//", url)


def _password(row: Mapping[str, Any]) -> str | None:
    told = row.get("Password")
    return told if isinstance(told, str) else None


def _index(place: int, row: Mapping[str, Any]) -> int:
    told = picks.whole(row.get("POOL"))
    return told if told is not None and 0 <= told < picks.ROWS_LIMIT else place


def _priority(row: Mapping[str, Any]) -> float:
    told = picks.number(row.get("Priority"))
    return _LAST if told is None else told


def _alive(row: Mapping[str, Any]) -> bool | None:
    told = picks.text(row.get("Status"))
    return told.lower() == "alive" if told else None
