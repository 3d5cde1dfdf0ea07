"""The simulated models and the shapes that their firmware speaks."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from msgspec import Struct

_GRAMMAR = re.compile(r"^[a-z0-9+]+(?:_[a-z0-9]+)?_(\d{8})_(\d{6})$")
_ORDINALS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}

OBJECT_AUTOTUNE_FROM = datetime(2018, 8, 3, tzinfo=UTC)
ASICMINER_FROM = datetime(2018, 7, 4, tzinfo=UTC)
GUEST_PASSWORD_FIXED_FROM = datetime(2018, 8, 6, tzinfo=UTC)


class Firmware(Struct, frozen=True):
    """A build by its version text (`t1_20180515_060842`); the date decides what it speaks."""

    version: str

    @property
    def built(self) -> datetime:
        """When it was built."""
        match = _GRAMMAR.match(self.version)
        if match is None:
            raise ValueError(f"{self.version!r} is no firmware version")
        return datetime.strptime("".join(match.groups()), "%Y%m%d%H%M%S").replace(tzinfo=UTC)

    @property
    def build_date(self) -> str:
        """As the device prints it: `15th of May 2018 06:08 AM`."""
        built = self.built
        return f"{built.day}{_ORDINALS.get(built.day, 'th')} of {built:%B %Y %I:%M %p}"

    @property
    def modern(self) -> bool:
        """The shape of August 2018: autotune mode as an object, units beside hashrates."""
        return self.built >= OBJECT_AUTOTUNE_FROM

    @property
    def title(self) -> str:
        """The title of the start page, and who signs the tokens."""
        return "AsicMiner" if self.built >= ASICMINER_FROM else "DragonMint"

    @property
    def guest_password_fixed(self) -> bool:
        """Whether the guest's password can no longer be changed."""
        return self.built >= GUEST_PASSWORD_FIXED_FROM

    @property
    def default_passwords(self) -> dict[str, str]:
        """What a device of this build has after a factory reset, by user."""
        if self.modern:
            return {"admin": "admin", "guest": "guest"}
        return {"admin": "dragonadmin", "guest": "dragonguest"}


def is_version(text: str) -> bool:
    """Whether a text is a firmware version; also tells a date that does not exist."""
    try:
        return bool(Firmware(text).built)
    except ValueError:
        return False


class Builds(Struct, frozen=True):
    """What is the matter with builds, by version, and where the newest one is to be had.

    A device that is flashed with a `bricking` one never comes back; with a `failing` one it
    comes back, but its mining program never gets ready. `url` empty: the usual place.
    """

    bricking: frozenset[str] = frozenset()
    failing: frozenset[str] = frozenset()
    url: str = ""


class Model(Struct, frozen=True):
    """A product. `board_rate` is what one board does, in the unit of the `MHS` fields.

    One such unit is `base` hashes (or solutions) a second; `unit` names what is counted.
    """

    name: str
    firmware: str
    board_rate: float
    base: float = 1e6
    unit: str = "H/s"
    device_name: str = "DT1"
    boards: int = 3
    hardware: str = "g19"


MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        # Recorded: healthy boards did 4.9 to 5.3 TH/s.
        Model("T1", "t1_20180515_060842", 5.0e6),
        # Hand-made from here on, in the shape of August 2018: nobody recorded these models,
        # so board counts, rates and names are only plausible.
        Model("T2", "t2_20180808_093012", 5.7e6, device_name="T2"),
        Model("B29+", "b29+_20180808_093012", 16800.0, 1.0, "Sol/s", device_name="B29"),
        Model("A8+", "a8+_20180808_093012", 82.0, 1e3, "H/s", device_name="A8"),
    )
}
