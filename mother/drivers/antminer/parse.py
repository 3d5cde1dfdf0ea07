"""From an Antminer's `stats` to a reading: pure, field by field, leniently."""

from __future__ import annotations

from typing import Any

from mother.core.errors import Garbled
from mother.drivers.antminer.fields import model_name, text
from mother.drivers.antminer.newer import newer
from mother.drivers.antminer.older import older
from mother.drivers.antminer.shape import Beside, Stats, starting
from mother.drivers.cgminer.status import accept


def stats(answer: dict[str, Any], beside: Beside, now: float) -> Stats:
    """One answer to `stats`, in either shape.

    Refused and Declined in the device's words, Garbled for what is no such answer. A miner that
    gives no figures yet is starting.
    """
    told = answer.get("STATS")
    if not isinstance(told, list):
        accept(answer)
        raise Garbled("the answer holds no stats")
    first = told[0] if told else None
    if isinstance(first, dict) and isinstance(first.get("chain"), list):
        return newer(first, answer, beside, now)
    named = text(first.get("Type")) if isinstance(first, dict) else ""
    model = beside.model or model_name(named)
    for fields in told[1:4]:
        if isinstance(fields, dict) and "Elapsed" in fields:
            return older(fields, model, beside, now)
    return Stats(starting(beside, model, now))
