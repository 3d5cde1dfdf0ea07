"""From AxeOS's answers to values: pure, field by field, leniently.

Nearly all stands in one answer, `/api/system/info`. What was recorded is of version 2.4; the
fields of later versions (`hashRate_1m`, `expectedHashrate`, `temp2`, `fan2rpm`, `power_fault`,
`miningPaused`, `otp`) come from documents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from mother.core.errors import Garbled
from mother.core.model import ConfiguredPool, Description, Settings
from mother.core.reading import Board, DeviceFault, Fan, Pool, Reading
from mother.core.units import finite
from mother.drivers.axeos import models
from mother.drivers.cgminer import picks

Object = Mapping[str, Any]

GIGA = 1e9
LONGEST = 256

MARKS = ("ASICModel", "hashRate", "macAddr", "uptimeSeconds")
"""Fields that every AxeOS tells; who has none of them is something else."""

WINDOWS = {"hashRate_1m": "1m", "hashRate_10m": "10m", "hashRate_1h": "1h"}

OVERVIEW = (
    "ASICModel", "deviceModel", "boardVersion", "version", "axeOSVersion", "idfVersion",
    "runningPartition", "hostname", "macAddr", "asicCount", "smallCoreCount", "frequency",
    "coreVoltage", "autofanspeed", "overheat_mode", "bestDiff",
)  # fmt: skip
"""What the inventory keeps of the answer; all of it is harmless."""

NATIVE = {
    "vrTemp": ("regulator.temperature", 1.0),
    "voltage": ("input.voltage", 1e-3),
    "current": ("input.current", 1e-3),
    "freeHeap": ("memory.free", 1.0),
    "wifiRSSI": ("wifi.rssi", 1.0),
    "errorPercentage": ("chips.error-percent", 1.0),
}
"""The family's own gauges and what makes C, V, A, bytes, dBm and percent of their fields."""

OTP = (
    "It asks for a one-time code with every change, which no program has: switch that off on its "
    "page, under Settings, Security, to let mother write to it."
)

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_decode = msgspec.json.Decoder().decode


def decode(body: bytes) -> dict[str, Any]:
    """The answer as an object; Garbled, without a sample, when it is none."""
    try:
        answer = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        answer = _leniently(body)
    if not isinstance(answer, dict):
        raise Garbled("the answer is no JSON object")
    return answer


def _leniently(body: bytes) -> object:
    text = _SURROGATE.sub("?", body.decode("utf-8", "replace").replace("\0", ""))
    try:
        return json.loads(text, strict=False, parse_constant=_nothing, parse_int=_integer)
    except (ValueError, RecursionError):
        return None


def _nothing(_: str) -> None:
    """NaN and Infinity."""


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) < 300 else None


def is_info(answer: Object) -> bool:
    """Whether this is what AxeOS tells of itself."""
    return "ASICModel" in answer and any(mark in answer for mark in MARKS[1:])


def information(body: bytes) -> dict[str, Any]:
    """`/api/system/info`; Garbled for anything else."""
    answer = decode(body)
    if not is_info(answer):
        raise Garbled("the answer is none of AxeOS")
    return answer


def mac(answer: Object) -> str:
    """Lower case with colons; Garbled for what is no address of one device."""
    return picks.mac(text(answer, "macAddr"))


def model(info: Object, asic: Object) -> str:
    """`Bitaxe Supra`; `asic` is the answer of `/api/system/asic`, empty where there is none."""
    device = text(info, "deviceModel") or text(asic, "deviceModel")
    chip = text(info, "ASICModel") or text(asic, "ASICModel")
    return models.model_name(device, text(info, "boardVersion"), chip)


def description(info: Object, asic: Object) -> Description:
    """Who it is; Garbled without a MAC address."""
    name = model(info, asic)
    return Description(
        family="axeos",
        mac=mac(info),
        model=name,
        firmware=text(info, "version"),
        hardware=text(info, "boardVersion"),
        uptime=number(info, "uptimeSeconds"),
        overview={key: told for key in OVERVIEW if (told := text(info, key))},
        maker=models.maker_of(name),
        firmware_name="stock",
        algorithm="sha256",
        hostname=text(info, "hostname"),
        closed=OTP if boolean(info, "otp") else "",
    )


def reading(info: Object, asic: Object, now: float) -> Reading:
    """What it says at `now`."""
    hashrate = _rate(info, "hashRate")
    asleep = boolean(info, "miningPaused") is True
    faults = _faults(info)
    expected = _expected(info, asic)
    accepted, rejected = number(info, "sharesAccepted"), number(info, "sharesRejected")
    halted = bool(faults) and not hashrate
    return Reading(
        at=now,
        model=model(info, asic),
        algorithm="sha256",
        boards=(_board(info, asic, hashrate, expected, halted),),
        pools=_pools(info),
        fan_percent=number(info, "fanspeed"),
        hashrate=hashrate,
        expected_hashrate=expected,
        expected_source="" if expected is None else "device",
        expected_boards=1,
        uptime=number(info, "uptimeSeconds"),
        power=_positive(info, "power"),
        power_source="" if _positive(info, "power") is None else "measured",
        asleep=asleep,
        native=_native(info),
        windows=_windows(info),
        fans=_fans(info),
        accepted=accepted,
        rejected=rejected,
        faults=faults,
        halted=halted and not asleep,
    )


def settings(info: Object) -> Settings:
    """The pools, without passwords, which it never tells; clock, voltage, and whether it sleeps.

    A fallback without a host is none.
    """
    millivolts = number(info, "coreVoltage")
    return Settings(
        pools=tuple(
            ConfiguredPool(pool_url(info, prefix), text(info, slot(prefix, "User")), None)
            for prefix in PREFIXES
            if text(info, slot(prefix, "URL"))
        ),
        frequency=number(info, "frequency"),
        voltage=None if millivolts is None else millivolts / 1000.0,
        asleep=boolean(info, "miningPaused"),
    )


PREFIXES = ("stratum", "fallbackStratum")


def slot(prefix: str, field: str) -> str:
    """`stratum`, `URL` -> the field's name."""
    return prefix + field


def pool_url(info: Object, prefix: str) -> str:
    """`stratum+tcp://host:port`, `stratum+ssl://` where it is told to use TLS; empty: no host."""
    host, port = text(info, slot(prefix, "URL")), number(info, slot(prefix, "Port"))
    if not host:
        return ""
    if port is not None and not 0 < port < 65536:
        port = None
    scheme, _, bare = host.rpartition("://")
    secure = (number(info, slot(prefix, "TLS")) or 0.0) > 0 or boolean(info, slot(prefix, "TLS"))
    scheme = scheme or ("stratum+ssl" if secure else "stratum+tcp")
    return f"{scheme}://{bare}" if port is None else f"{scheme}://{bare}:{port:.0f}"


def span(asic: Object, field: str, per: float = 1.0) -> tuple[float, float] | None:
    """From the least to the most of a list of options, each divided by `per`; None without."""
    options = asic.get(field)
    if not isinstance(options, list):
        return None
    known = [value / per for one in options[:64] if (value := finite(one)) is not None]
    return (min(known), max(known)) if known else None


# fields


def text(answer: Object, name: str) -> str:
    """The text of that name, on one line, or a whole number as one; empty where there is none."""
    value = answer.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15:
        return str(value)
    if not isinstance(value, str):
        return ""
    return "".join(char if char.isprintable() else "?" for char in value[:LONGEST]).strip()


def number(answer: Object, name: str) -> float | None:
    """The finite number of that name, also where it is written as a text or a bool."""
    value = answer.get(name)
    if isinstance(value, str):
        try:
            value = float(value[:40])
        except ValueError:
            return None
    return finite(value)


def boolean(answer: Object, name: str) -> bool | None:
    """`true`, `1` and `1.0` alike; None where it is neither."""
    value = answer.get(name)
    return bool(value) if isinstance(value, (bool, int, float)) and value in (0, 1) else None


def _positive(answer: Object, name: str) -> float | None:
    value = number(answer, name)
    return value if value is not None and value >= 0 else None


def _rate(info: Object, name: str) -> float | None:
    """A hashrate, which it tells in GH/s, in H/s."""
    value = _positive(info, name)
    return None if value is None else finite(value * GIGA)


def _chips(info: Object, asic: Object) -> int | None:
    for answer in (info, asic):
        count = number(answer, "asicCount")
        if count is not None and 0 <= count <= 1024:
            return int(count)
    return None


def _expected(info: Object, asic: Object) -> float | None:
    """What it expects itself; before it told that, its own page multiplied cores by their clock."""
    told = _rate(info, "expectedHashrate")
    if told is not None:
        return told
    cores, clock = number(info, "smallCoreCount"), number(info, "frequency")
    chips = _chips(info, asic)
    if cores is None or clock is None or chips is None:
        return None
    return finite(cores * clock * chips * 1e6) or None


def _board(
    info: Object, asic: Object, hashrate: float | None, expected: float | None, halted: bool
) -> Board:
    chips = [value for name in ("temp", "temp2") if (value := _positive(info, name))]
    clock, millivolts = number(info, "frequency"), number(info, "coreVoltageActual")
    regulator = number(info, "vrTemp")
    return Board(
        index=0,
        alive=None if halted else True,  # what stopped the device has a name of its own
        temperature=regulator if regulator is not None and regulator > 0 else None,
        temperature_chip=max(chips, default=None),
        hashrate=hashrate,
        accepted=number(info, "sharesAccepted"),
        rejected=number(info, "sharesRejected"),
        elapsed=number(info, "uptimeSeconds"),
        chips=_chips(info, asic),
        chips_expected=models.chips_expected(text(info, "boardVersion")),
        frequency=clock,
        voltage=None if millivolts is None else millivolts / 1000.0,
        expected_hashrate=expected,
    )


def _pools(info: Object) -> tuple[Pool, ...]:
    fallback = boolean(info, "isUsingFallbackStratum")
    return tuple(
        Pool(
            index,
            pool_url(info, prefix),
            text(info, slot(prefix, "User")),
            active=None if fallback is None else fallback is bool(index),
        )
        for index, prefix in enumerate(PREFIXES)
        if text(info, slot(prefix, "URL"))
    )


def _fans(info: Object) -> tuple[Fan, ...]:
    percent = number(info, "fanspeed")
    first, second = _positive(info, "fanrpm"), _positive(info, "fan2rpm")
    fans = [] if first is None else [Fan(0, first, percent)]
    return tuple(fans if not second else [*fans, Fan(1, second, percent)])


def overheated(info: Object) -> bool:
    """Whether it was too hot, and waits with a low clock for somebody to end that."""
    return (number(info, "overheat_mode") or 0.0) > 0 or boolean(info, "overheat_mode") is True


def _faults(info: Object) -> tuple[DeviceFault, ...]:
    faults = []
    if overheated(info):
        faults.append(DeviceFault("overheat_mode", "It was too hot and has throttled itself."))
    told = info.get("power_fault")
    if told and isinstance(told, (str, bool, int)):
        said = f" ({text(info, 'power_fault')[:80]})" if isinstance(told, str) else ""
        faults.append(DeviceFault("power_fault", f"Its power supply failed{said}."))
    return tuple(faults)


def _native(info: Object) -> dict[str, float]:
    return {
        name: value * factor
        for field, (name, factor) in NATIVE.items()
        if (value := number(info, field)) is not None
    }


def _windows(info: Object) -> dict[str, float]:
    return {
        name: rate for field, name in WINDOWS.items() if (rate := _rate(info, field)) is not None
    }
