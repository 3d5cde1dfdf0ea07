"""What is known of each model by its name: boards, chips, algorithm. A fact not sure is absent.

Counts are those that open drivers know (pyasic); a name may stand for more than one kind of
board, so that several counts are right.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct


class Model(Struct, frozen=True):
    """One model. `chips` are the counts that a board of it may have, the smallest first.

    `old`: its generation (S9 to T17) takes no settings that we know how to send.
    """

    algorithm: str = ""
    boards: int | None = None
    chips: tuple[int, ...] = ()
    old: bool = False


UNKNOWN = Model()

_SHA256 = {
    "S19": (3, 76, 88),
    "S19 PRO": (3, 114),
    "S19I": (3, 80),
    "S19+": (3, 80),
    "S19 PRO+": (3, 120),
    "S19 XP": (3, 110),
    "S19A": (3, 72),
    "S19A PRO": (3, 100),
    "S19J": (3, 88, 114),
    "S19J PRO": (3, 126),
    "S19J+": (3, 108),
    "S19J PRO+": (3, 120),
    "S19J XP": (3, 110),
    "S19K PRO": (3, 77),
    "S19L": (3, 76),
    "S19 XP+": (3, 108),
    "S19 HYD": (4, 104),
    "S19 PRO HYD": (4, 180),
    "S19 PRO+ HYD": (4, 180),
    "S19 XP HYD": (3, 204),
    "T19": (3, 76),
    "S21": (3, 108),
    "S21+": (3, 55),
    "S21 PRO": (3, 65),
    "S21 XP": (3, 91),
    "S21 HYD": (3, 216),
    "S21+ HYD": (3, 95),
    "T21": (3, 108),
}
_SHA256_OLD = {
    "S9": (3, 63),
    "S9I": (3, 63),
    "S9J": (3, 63),
    "T9": (3, 54),
    "S17": (3, 48),
    "S17+": (3, 65),
    "S17 PRO": (3, 48),
    "S17E": (3, 135),
    "T17": (3, 30),
    "T17+": (3, 44),
    "T17E": (3, 78),
}
_SCRYPT = {"L7": (3, 120), "L9": (3, 110)}
_X11 = {"D7": (3, 70), "D9": (3, 126)}

MODELS: dict[str, Model] = {
    **{name: Model("sha256", row[0], row[1:]) for name, row in _SHA256.items()},
    **{name: Model("sha256", row[0], row[1:], old=True) for name, row in _SHA256_OLD.items()},
    **{name: Model("scrypt", row[0], row[1:]) for name, row in _SCRYPT.items()},
    **{name: Model("x11", row[0], row[1:]) for name, row in _X11.items()},
    "L3+": Model("scrypt", 4, (72,), old=True),
    "D3": Model("x11", 3, (60,), old=True),
}
"""By the name without `Antminer`, in upper case."""

_BITCOIN = re.compile(r"[ST]\d")
_GENERATION = re.compile(r"[A-Z]+(\d+)")
_HYDRO = re.compile(r"\bHYD(?:RO|\.)?$")


@lru_cache(maxsize=256)
def _known(name: str) -> Model:
    plain = re.sub(r"\s+", " ", name.upper()).replace("PRO +", "PRO+")
    plain = _HYDRO.sub("HYD", plain).strip()
    row = MODELS.get(plain)
    if row is not None:
        return row
    if not _BITCOIN.match(plain):
        return UNKNOWN
    number = _GENERATION.match(plain)
    return Model("sha256", old=number is not None and int(number[1]) < 19)


def model_of(name: str) -> Model:
    """The row of a model, by its name without `Antminer`; one of few facts where it has none."""
    return _known(name[:32])


def chips_expected(model: Model, found: int) -> int | None:
    """How many chips a board of this model has, when the fullest of its boards shows `found`."""
    if not found and not model.chips:
        return None
    return next((count for count in model.chips if count >= found), found)
