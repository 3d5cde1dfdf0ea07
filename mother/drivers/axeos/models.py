"""What is known of the chips and boards that run AxeOS, by the names their firmware gives them.

From the makers' public designs; no recording shows more than one of them.
"""

from __future__ import annotations

from msgspec import Struct


class Chip(Struct, frozen=True):
    """One chip type. `frequency` in MHz and `voltage` in V: from the lowest to the highest that
    the firmware's own menu offers.
    """

    maker_name: str
    frequency: tuple[float, float]
    voltage: tuple[float, float]


CHIPS: dict[str, Chip] = {
    "BM1397": Chip("Max", (400.0, 575.0), (1.1, 1.5)),
    "BM1366": Chip("Ultra", (400.0, 575.0), (1.1, 1.3)),
    "BM1368": Chip("Supra", (400.0, 575.0), (1.1, 1.3)),
    "BM1370": Chip("Gamma", (400.0, 625.0), (1.0, 1.25)),
}

UNKNOWN = Chip("", (400.0, 575.0), (1.0, 1.25))
"""For a chip that is not known: what no known one minds."""

BOARDS: dict[str, tuple[str, int]] = {
    "2.2": ("Max", 1),
    "102": ("Max", 1),
    "0.11": ("Ultra", 1),
    **dict.fromkeys(("201", "202", "203", "204", "205", "207"), ("Ultra", 1)),
    "302": ("Hex", 6),
    "303": ("Hex", 6),
    **dict.fromkeys(("400", "401", "402", "403"), ("Supra", 1)),
    **dict.fromkeys(("600", "601", "602"), ("Gamma", 1)),
    "650": ("Gamma Duo", 2),
    "701": ("Supra Hex", 6),
    "702": ("Supra Hex", 6),
    "800": ("Gamma Turbo", 2),
    "801": ("Gamma Turbo", 2),
}
"""By `boardVersion`: the name, and how many chips it carries."""

_WORDS = {"GammaTurbo": "Gamma Turbo", "GammaDuo": "Gamma Duo", "SupraHex": "Supra Hex"}
_NERDS = ("Nerd", "NERD", "nerd")
LONGEST = 32


def chip_of(name: str) -> Chip:
    """The row of an `ASICModel`."""
    return CHIPS.get(name.upper(), UNKNOWN)


def model_name(device: str, board: str, chip: str) -> str:
    """`Bitaxe Gamma`: by what the device calls itself, else by its board, else by its chip."""
    if device.startswith(_NERDS):
        return device[:LONGEST]
    name = _WORDS.get(device, device) or BOARDS.get(board, ("", 0))[0] or chip_of(chip).maker_name
    return f"Bitaxe {name}".strip()[:LONGEST]


def maker_of(model: str) -> str:
    """Who designed it."""
    return "NerdAxe" if model.startswith(_NERDS) else "Bitaxe"


def chips_expected(board: str) -> int | None:
    """How many chips that board carries; None where it is not known."""
    return BOARDS[board][1] if board in BOARDS else None
