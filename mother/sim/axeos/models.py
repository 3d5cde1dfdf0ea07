"""The simulated AxeOS devices, and what each version of their firmware speaks."""

from __future__ import annotations

from msgspec import Struct


class Firmware(Struct, frozen=True):
    """One version. `info` is the file of its `/api/system/info` among the replies.

    `asic`: it serves `/api/system/asic`. `pauses`: it can pause. `strict`: it refuses settings
    of a wrong type, which older versions pass over.
    """

    version: str
    info: str
    asic: bool = True
    pauses: bool = False
    strict: bool = True


RECORDED = Firmware("v2.4.5-3-gb5d1e36-dirty", "system_info.json", asic=False, strict=False)
OLDER = Firmware("v2.9.0", "handmade/system_info_2_9.json", strict=False)
NEWER = Firmware("v2.14.0", "handmade/system_info_2_14.json", pauses=True)


class Model(Struct, frozen=True):
    """A product: `chips` of kind `asic`, with `cores` small cores each.

    `frequency` (MHz) and `voltage` (mV) are its defaults, `watts` what it draws at them;
    `steps` and `volts` what its page offers. `supply` is the input voltage in mV.
    """

    device: str
    asic: str
    board: str
    cores: int
    frequency: int
    voltage: int
    watts: float
    firmware: Firmware
    chips: int = 1
    supply: int = 5175
    fans: int = 1
    steps: tuple[int, ...] = ()
    volts: tuple[int, ...] = ()

    def rate(self, frequency: float) -> float:
        """What it should do at a frequency, in GH/s."""
        return frequency * self.cores * self.chips / 1000


_GAMMA_STEPS = (400, 490, 525, 550, 600, 625)
_GAMMA_VOLTS = (1000, 1060, 1100, 1150, 1200, 1250)
_SUPRA_STEPS = (400, 425, 450, 475, 485, 490, 500, 525, 550, 575)
_SUPRA_VOLTS = (1100, 1150, 1166, 1200, 1250, 1300)

MODELS: dict[str, Model] = {
    # Recorded: chip, cores, frequency, voltage, board and version of this one.
    "bitaxe-supra": Model(
        "Supra", "BM1368", "401", 1276, 490, 1166, 13.0, RECORDED,
        steps=_SUPRA_STEPS, volts=_SUPRA_VOLTS,
    ),
    # Hand-made from here on: the makers' published figures, as far as known.
    "bitaxe-max": Model(
        "Max", "BM1397", "102", 672, 425, 1400, 13.5, OLDER,
        steps=(400, 425, 450, 475, 485, 500, 525, 550, 575),
        volts=(1100, 1150, 1200, 1250, 1300, 1350, 1400, 1450, 1500),
    ),
    "bitaxe-ultra": Model(
        "Ultra", "BM1366", "204", 894, 485, 1200, 11.5, OLDER,
        steps=(400, 425, 450, 475, 485, 500, 525, 550, 575),
        volts=(1100, 1150, 1200, 1250, 1300),
    ),
    "bitaxe-gamma": Model(
        "Gamma", "BM1370", "601", 2040, 525, 1150, 17.3, NEWER,
        steps=_GAMMA_STEPS, volts=_GAMMA_VOLTS,
    ),
    "bitaxe-gt": Model(
        "GT", "BM1370", "801", 2040, 525, 1150, 36.0, NEWER, chips=2, supply=12000, fans=2,
        steps=_GAMMA_STEPS, volts=_GAMMA_VOLTS,
    ),
    "bitaxe-supra-hex": Model(
        "SupraHex", "BM1368", "701", 1276, 490, 1166, 76.0, NEWER, chips=6, supply=12000, fans=2,
        steps=_SUPRA_STEPS, volts=_SUPRA_VOLTS,
    ),
}  # fmt: skip

SHARES = {
    "bitaxe-gamma": 5.0,
    "bitaxe-supra": 2.0,
    "bitaxe-ultra": 1.5,
    "bitaxe-max": 0.5,
    "bitaxe-gt": 0.7,
    "bitaxe-supra-hex": 0.3,
}
