"""What is known of each model by its name. A fact that is not sure is absent.

Boards and chips are those that public libraries expect; modes are what the maker's pages call
the numbers of `workmode` and `worklevel`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct


class Modes(Struct, frozen=True):
    """How a model is told what to do: the option, the word that tells it, the names by number."""

    option: str
    key: str
    names: tuple[str, ...]


class Model(Struct, frozen=True):
    """`chips` are those of one board."""

    boards: int | None = None
    chips: int | None = None
    modes: Modes | None = None


Q_MODES = Modes("workmode", "WORKMODE", ("eco", "standard", "super"))
NANO_MODES = Modes("worklevel", "WORKLEVEL", ("low", "medium", "high"))

PROFILES = (*Q_MODES.names, *NANO_MODES.names)

_UNKNOWN = Model()

MODELS: Mapping[str, Model] = {
    "Q": Model(1, 160, Q_MODES),
    "NANO3": Model(1, 10),
    "NANO3S": Model(1, 12, NANO_MODES),
    "MINI3": Model(1, 66),
    "1026": Model(3, 80),
    "1047": Model(3, 80),
    "1066": Model(3, 114),
    "1126PRO": Model(3, 120),
    "1166PRO": Model(3, 120),
    "1246": Model(3, 120),
    "15-194": Model(3, 160),
}
"""By the name without its maker and blanks."""

_VAGUE = frozenset({"NANO", "0O", "15", ""})
"""Product names that tell the model only together with what the device calls `MODEL`."""

_MAKER = re.compile(r"(?:AVALON\s*MINER|AVALON)\s*", re.IGNORECASE)


def model_name(product: str, subtype: str) -> str:
    """What a person calls it: `Avalon Q`, `Avalon 1246`.

    From `PROD` and `MODEL` of `version`, less the rate that it was sold for (`1246-83`); empty
    where neither tells.
    """
    rest = _MAKER.sub("", product, count=1).strip().partition("-")[0]
    if rest.upper().replace(" ", "") in _VAGUE:
        rest = _MAKER.sub("", subtype, count=1).strip() or rest
    return f"Avalon {rest}"[:32].strip() if rest else ""


def model_of(name: str) -> Model:
    """What is known of it; nothing for a name that is not in the table."""
    return MODELS.get(_MAKER.sub("", name, count=1).upper().replace(" ", ""), _UNKNOWN)
