"""What the makers say of their models: hashrate and power, of the factory's usual mode.

Public figures of spec sheets, at the plug, for devices that tell neither themselves. A model
that was sold in several bins has the figures of the lowest, one with several modes those of the
lowest mode: a device does more rather than less, and is not called slow for it. What is not sure
is absent. No device tells its bin, so that the power of better ones is understated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from mother.drivers.base import Nameplate

Row = tuple[float | None, float | None]
"""Hashrate, in the table's own unit, and W."""

_ANTMINER: Mapping[str, Row] = {  # TH/s, sha256
    "S9": (11.5, 1127),
    "S9I": (13, 1280),
    "S9J": (14.5, 1350),
    "S9K": (13.5, 1310),
    "S9SE": (16, 1280),
    "S9HYD": (18, 1728),
    "T9": (11.5, 1450),
    "T9+": (10.5, 1432),
    "S11": (19.5, 1530),
    "S15": (27, 1539),
    "T15": (23, 1541),
    "S17": (53, 2385),
    "S17PRO": (50, 1975),
    "S17+": (67, 2680),
    "S17E": (60, 2700),
    "T17": (38, 2090),
    "T17+": (55, 2750),
    "T17E": (50, 2750),
    "S19": (82, 2829),
    "S19PRO": (96, 2832),
    "S19A": (92, 3174),
    "S19APRO": (100, 2950),
    "S19J": (82, 2829),
    "S19JPRO": (92, 2714),
    "S19JPRO+": (117, 3218),
    "S19JXP": (151, 3247),
    "S19KPRO": (115, 2645),
    "S19XP": (134, 2881),
    "S19HYD": (145, 5003),
    "S19PROHYD": (170, 5015),
    "S19PRO+HYD": (191, 5252),
    "S19XPHYD": (246, 5117),
    "T19": (84, 3150),
    "S21": (188, 3290),
    "S21+": (216, 3564),
    "S21PRO": (220, 3300),
    "S21XP": (251, 3389),
    "S21HYD": (302, 4832),
    "S21+HYD": (319, 4785),
    "S21XPHYD": (446, 5352),
    "S21EHYD": (288, 4896),
    "S21EXPHYD": (430, 5590),
    "S21IMM": (301, 5569),
    "S21XPIMM": (300, 4050),
    "T21": (180, 3420),
}
_ANTMINER_SCRYPT: Mapping[str, Row] = {  # GH/s, scrypt
    "L3+": (0.504, 800),
    "L3++": (0.58, 942),
    "L7": (8.55, 3078),
    "L9": (15, 3150),
}
_ANTMINER_X11: Mapping[str, Row] = {  # GH/s, x11
    "D7": (1157, 3148),
    "D9": (1770, 2839),
}

_WHATSMINER: Mapping[str, Row] = {  # TH/s, sha256; M.3 are cooled by water, M.6 by immersion
    "M20S": (65, 3120),
    "M21S": (50, 3000),
    "M30S": (84, 3192),
    "M30S+": (96, 3264),
    "M30S++": (100, 3100),
    "M31S": (70, 3220),
    "M31S+": (76, 3192),
    "M33S+": (202, 6868),
    "M50": (114, 3306),
    "M50S": (126, 3276),
    "M50S+": (136, 3264),
    "M50S++": (150, 3300),
    "M53": (226, 6554),
    "M53S": (250, 6500),
    "M53S++": (320, 7040),
    "M56": (194, 5626),
    "M56S": (212, 5512),
    "M56S++": (254, 5588),
    "M60": (156, 3104),
    "M60S": (170, 3145),
    "M60S+": (190, 3230),
    "M63": (334, 6646),
    "M63S": (360, 6660),
    "M63S+": (424, 7208),
    "M63S++": (464, 7200),
    "M66": (240, 4776),
    "M66S": (298, 5513),
    "M66S+": (318, 5406),
    "M66S++": (356, 5518),
}

_AVALON: Mapping[str, Row] = {  # TH/s, sha256
    "1026": (30, 2070),
    "1047": (37, 2380),
    "1066": (50, 3250),
    "1066PRO": (55, 3300),
    "1126PRO": (60, 3420),
    "1146PRO": (63, 3276),
    "1166PRO": (68, 3196),
    "1246": (81, 3078),
    "1266": (100, 3500),
    "1346": (104, 3120),
    "1366": (122, 3050),
    "1446": (135, 3310),
    "1466": (150, 3230),
    "1466I": (170, 3315),
    "1566": (185, 3420),
    "1566I": (249, 4500),
    "15-194": (194, 3647),
    "Q": (55, 800),  # eco; 80 and 90 TH/s in its other modes
    "MINI3": (None, 800),  # the maker says 37.5 TH/s for its highest level alone
    "NANO3": (2, 65),  # low; 3 and 4 TH/s
    "NANO3S": (3, 70),  # low; 4.5 and 6 TH/s
}

_AXEOS: Mapping[str, Row] = {  # GH/s, sha256, at the clock of the factory
    "MAX": (285, 13.5),
    "ULTRA": (433, 11.5),
    "SUPRA": (625, 13),
    "GAMMA": (1071, 17.3),
    "GAMMATURBO": (2142, 36),
    "GT": (2142, 36),
    "HEX": (2601, 70),
    "ULTRAHEX": (2601, 70),
    "SUPRAHEX": (3751, 76),
    "NERDAXE": (433, 11.5),
    "NERDAXEULTRA": (433, 11.5),
    "NERDAXEGAMMA": (1071, 17.3),
    "NERDQAXE+": (2501, 55),
    "NERDQAXE++": (4080, 72),
}

_TERA, _GIGA = 1e12, 1e9
_AXE = (("axeos", _AXEOS, _GIGA),)

_TABLES: Mapping[str, tuple[tuple[str, Mapping[str, Row], float], ...]] = {
    "bitmain": (
        ("antminer", _ANTMINER, _TERA),
        ("antminer", _ANTMINER_SCRYPT, _GIGA),
        ("antminer", _ANTMINER_X11, _GIGA),
    ),
    "microbt": (("whatsminer", _WHATSMINER, _TERA),),
    "canaan": (("avalon", _AVALON, _TERA),),
    "bitaxe": _AXE,
    "nerdaxe": _AXE,
}
"""By maker: how its models are spelled, the table, and H/s in one of its unit."""

LONGEST = 64


def _antminer(name: str) -> str:
    plain = re.sub(r"\(.*\)|\b\d+(?:\.\d+)?\s*T(?:H/?S?)?\b", "", name.removeprefix("ANTMINER"))
    return re.sub(r"HYD(?:RO)?\.?$", "HYD", _joined(plain))


def _whatsminer(name: str) -> str:
    """The kind of board that follows (`_VE40`) tells a bin, but not which."""
    found = re.match(r"(M\d\dS?\+*)(?![A-UW-Z0-9+])", _joined(name.removeprefix("WHATSMINER")))
    return "" if found is None else found[1]


def _avalon(name: str) -> str:
    plain = _joined(re.sub(r"^AVALON\s*(?:MINER)?", "", name))
    plain = re.sub(r"^A(?=\d)", "", plain)
    return plain if plain in _AVALON else plain.partition("-")[0]


def _axe(name: str) -> str:
    return _joined(name.removeprefix("BITAXE"))


def _joined(name: str) -> str:
    return re.sub(r"[\s_]+", "", name)


_SPELLED: Mapping[str, Callable[[str], str]] = {
    "antminer": _antminer,
    "whatsminer": _whatsminer,
    "avalon": _avalon,
    "axeos": _axe,
}


@lru_cache(maxsize=1024)
def of(maker: str, model: str) -> Nameplate | None:
    """What the maker says of a model, however it is spelled; None where it is not known.

    `Antminer S19 Pro` and `S19Pro` are one, so are `M30S+_VE40` and `M30S+`; a name that goes on
    after a known one is another model.
    """
    name = " ".join(model[:LONGEST].upper().split())
    for spelling, table, unit in _TABLES.get(maker.lower(), ()):
        row = table.get(_SPELLED[spelling](name))
        if row is not None:
            rate, power = row
            return Nameplate(None if rate is None else rate * unit, power)
    return None
