"""What is known of each type the family reports, by its type string.

Type strings and base multipliers are those of the miners' own web backend; a fact that is not
sure is None.
"""

from __future__ import annotations

from msgspec import Struct


class Model(Struct, frozen=True):
    """One type. `base` turns the fields named MHS into H/s; None: they cannot be trusted.

    `hashrate` is what the maker promises for the whole miner, in H/s, and `power` what it draws
    then, in W: the miner itself tells none.
    """

    algorithm: str = ""
    base: float | None = 1e6
    boards: int | None = None
    hashrate: float | None = None
    power: float | None = None


UNKNOWN = Model()

MODELS: dict[str, Model] = {
    "T1": Model("sha256", 1e6, boards=3, hashrate=16e12, power=1480.0),
    "T2": Model("sha256", 1e6, boards=3),
    "A4+": Model("scrypt", 1e6),
    "A5": Model("x11", 1e6),
    "A5+": Model("x11", 1e6),
    "A6": Model("scrypt", 1e6),
    "A8": Model("cryptonight", 1e3),
    "A8+": Model("cryptonight", 1e3),
    "B29": Model("equihash", 1.0),
    "B29+": Model("equihash", 1.0),
    "D9": Model("blake256r14", 1e6),
    "S11": Model("blake2b", 1e6),
    "Z1": Model(base=None),
}


def model_of(name: str) -> Model:
    """The row of a type; one without facts where the type is not known."""
    return MODELS.get(name.upper(), UNKNOWN)
