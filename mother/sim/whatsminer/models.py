"""The simulated Whatsminers, and what their firmware speaks."""

from __future__ import annotations

from msgspec import Struct


class Firmware(Struct, frozen=True):
    """One build. `v3` is the version of its API on 4433, empty where it has none.

    `old`: it tells `btmineroff`, and its mining program answers nothing while it is off; its
    list of error codes is no JSON. `strict`: it takes no write with the default password.
    """

    version: str
    v2: str
    v3: str = ""
    old: bool = False
    strict: bool = False
    platform: str = "H616"
    control_board: str = "CB6V10"


OLD = Firmware("20220826.14.REL", "2.0.4", old=True, platform="H3", control_board="CB4V10")
RECORDED_V2 = Firmware("20230803.11.REL", "2.0.5")
RECORDED_V3 = Firmware("20251209.16.Rel2", "2.0.5", "3.0.2", strict=True)


class Model(Struct, frozen=True):
    """A product: `rate` in GH/s and `watts` at the normal mode, `chips` on each board.

    `limit` is the highest power limit, as which it starts; `fans` 0 is one cooled by a liquid.
    """

    type: str
    rate: float
    watts: float
    limit: int
    chips: int
    firmware: Firmware
    boards: int = 3
    fans: int = 2
    frequency: int = 600
    board: str = "K40"
    supply: str = "P222B"


MODELS: dict[str, Model] = {
    # Recorded but for the type, which no recording of v2 tells.
    "M50_VH60": Model("M50_VH60", 126000, 3200, 3300, 135, RECORDED_V2),
    # Recorded but for the chips of the v2 answers.
    "M60S_VK40": Model(
        "M60S_VK40", 181051, 3156, 3600, 75, RECORDED_V3, frequency=625, supply="P221B"
    ),
    # Hand-made from here on: published figures; boards, chips and fans as pyasic has them.
    "M30S++_VE40": Model("M30S++_VE40", 106000, 3290, 3400, 225, OLD, frequency=640, supply="P21E"),
    "M30S+_VE40": Model("M30S+_VE40", 100000, 3300, 3400, 156, OLD, frequency=620, supply="P21D"),
    "M50S_VJ20": Model("M50S_VJ20", 130000, 3250, 3400, 117, RECORDED_V2, frequency=610),
    "M63S_VK30": Model(
        "M63S_VK30", 390000, 7215, 7500, 370, RECORDED_V3, boards=4, fans=0, supply="P762D"
    ),
}

SHARES = {
    "M30S+_VE40": 1.0,
    "M30S++_VE40": 2.0,
    "M50_VH60": 2.0,
    "M50S_VJ20": 1.5,
    "M60S_VK40": 3.0,
    "M63S_VK30": 0.5,
}
