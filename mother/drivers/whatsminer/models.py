"""What a Whatsminer's name tells: `M63S+_VK30` is cooled by a liquid."""

from __future__ import annotations

import re

from mother.drivers import nameplates

MAKER = "MicroBT"
UNLIMITED = 0.9
"""A power limit from this share of the model's own power on hardly limits it."""

_NAME = re.compile(r"M(\d)(\d)")


def liquid(model: str) -> bool:
    """Whether it has no fans of its own: hydro and immersion models (by the maker's naming)."""
    found = _NAME.match(model.upper())
    if found is None:
        return False
    generation, kind = int(found.group(1)), int(found.group(2))
    return (generation >= 3 and kind >= 3) or (generation >= 5 and kind == 2)


def expectation(model: str, profile: str, target: float | None, aimed: bool) -> str:
    """Whose word the hashrate is that it names as its own: the `device`'s in its normal mode, or
    where it is `aimed` at; else the `model`'s alone, since the factory's does not follow a limit.
    """
    plate = nameplates.of(MAKER, model)
    full = None if plate is None else plate.power
    limited = target is not None and full is not None and target < UNLIMITED * full
    return "device" if aimed or (profile in ("", "normal") and not limited) else "model"
