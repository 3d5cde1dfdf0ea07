"""From the answers of a Whatsminer's third API (port 4433) to values: pure and lenient.

Hashrates are TH/s, temperatures C, powers W. `msg` holds what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from mother.core.errors import Garbled
from mother.core.model import ConfiguredPool, Description, NetworkSettings, Settings
from mother.core.reading import Board, DeviceFault, Fan, Pool, Reading
from mother.drivers.cgminer import picks
from mother.drivers.cgminer.picks import boolean, number, obj, text
from mother.drivers.whatsminer import faults, metrics, words
from mother.drivers.whatsminer.device import trimmed
from mother.drivers.whatsminer.forms import PROFILES
from mother.drivers.whatsminer.models import expectation, liquid
from mother.drivers.whatsminer.second_parse import model_name

TERA = 1e12

Object = Mapping[str, Any]

WINDOWS = (
    ("1m", "hash-1min"),
    ("5m", "hash-5min"),
    ("15m", "hash-15min"),
    ("av", "hash-average"),
)
_USUAL = ("hash-1min", "hash-realtime", "hash-5min", "hash-15min", "hash-average")
"""Where to look for the hashrate, the best first."""

_MODES = {"0": "low", "1": "normal", "2": "high"}
"""The `mode` of the power supply in `get.device.info` (reference A)."""

_PARTS = ("miner", "system", "network", "power")

_LOGIN = re.compile(r"//[^/@\s]*@")
_COOLANT = re.compile(r"(?:liquid|water|coolant).*temp", re.IGNORECASE)


class Seldom(Struct, frozen=True):
    """What is not asked at each read: `get.device.info`, `get.miner.setting`, the pools."""

    info: Object = {}
    setting: Object = {}
    pools: tuple[Pool, ...] = ()
    expected: float | None = None


def section(answer: Object, name: str) -> object:
    """One part of `msg`."""
    return obj(answer.get("msg")).get(name)


def description(info: Object) -> Description:
    """Who it is, by the `msg` of `get.device.info`; Garbled without a MAC address."""
    miner, system, net = (obj(info.get(part)) for part in ("miner", "system", "network"))
    power = obj(info.get("power"))
    return Description(
        family="whatsminer",
        mac=picks.mac(net.get("mac")),
        model=model(info),
        firmware=text(system.get("fwversion")),
        hardware=text(system.get("control-board-version")) or text(system.get("platform")),
        overview={
            "api": text(system.get("api")),
            "platform": text(system.get("platform")),
            "hash-board": text(miner.get("hash-board")),
            "power": {name: text(power.get(name)) for name in ("model", "sn", "swversion")},
        },
        maker="MicroBT",
        firmware_name="stock",
        algorithm="sha256",
        serial=text(miner.get("miner-sn")),
        hostname=text(net.get("hostname")),
        closed=words.CLOSED_THIRD if shut(info) else "",
    )


def mac(info: Object) -> str:
    """Its address; empty where it tells none."""
    try:
        return picks.mac(obj(info.get("network")).get("mac"))
    except Garbled:
        return ""


def kept(info: Object) -> dict[str, object]:
    """What is remembered of `get.device.info` between reads."""
    parts: dict[str, object] = {name: trimmed(info.get(name)) for name in _PARTS}
    return parts | {"error-code": [trimmed(row) for row in picks.rows(info.get("error-code"))]}


def shut(info: Object) -> bool:
    """Whether the API switch is off."""
    return boolean(obj(info.get("system")).get("apiswitch")) is False


def model(info: Object) -> str:
    """`M60S_VK40` as the device writes it."""
    return model_name(obj(info.get("miner")).get("type"))


def asleep(info: Object) -> bool | None:
    """Whether its mining was stopped."""
    working = boolean(obj(info.get("miner")).get("working"))
    return None if working is None else not working


def profile(info: Object, setting: Object) -> str:
    """The power mode; empty where it tells none."""
    told = text(setting.get("power-mode")).lower()
    if told in PROFILES:
        return told
    return _MODES.get(text(obj(info.get("power")).get("mode")), "")


def codes(info: Object) -> tuple[DeviceFault, ...]:
    """`{"264": "2026-05-23 09:19:10", "reason": "..."}` each."""
    found: dict[str, DeviceFault] = {}
    for row in picks.rows(info.get("error-code")):
        for code, date in list(row.items())[: picks.ROWS_LIMIT]:
            faults.note(found, text(code), text(date, 32), text(row.get("reason"), 120))
    return tuple(found.values())


def pools(answer: Object) -> tuple[Pool, ...]:
    """Those that have a URL; `active` is the one it mines for."""
    rows = [row for row in picks.rows(section(answer, "pools")) if text(row.get("url"))]
    return tuple(
        Pool(
            index=place,
            url=_LOGIN.sub("//", text(row.get("url"))),
            user=text(row.get("account")),
            alive=_alive(row),
            active=boolean(row.get("stratum-active")),
        )
        for place, row in enumerate(rows)
    )


def configured(answer: Object) -> tuple[ConfiguredPool, ...]:
    """The pools by priority, without their passwords; Garbled where it tells none."""
    told = section(answer, "pools")
    if not isinstance(told, list):
        raise Garbled("the answer holds no pools")
    rows = [row for row in picks.rows(told) if text(row.get("url"))]
    return tuple(
        ConfiguredPool(_LOGIN.sub("//", text(row.get("url"))), text(row.get("account")), None)
        for row in sorted(rows, key=_priority)
    )


def _priority(row: Object) -> float:
    told = number(row.get("pool-priority"))
    return picks.ROWS_LIMIT if told is None else told


def _alive(row: Object) -> bool | None:
    told = text(row.get("status"))
    return told.lower() == "alive" if told else None


def hashrate(row: Object) -> float | None:
    """In H/s, of a board or the whole device."""
    for name in _USUAL:
        told = number(row.get(name))
        if told is not None and told >= 0:
            return told * TERA
    return None


def expected(row: Object) -> float | None:
    """In H/s; it is negative where no board tells its own."""
    factory = _positive(row.get("factory-hash"))
    return None if factory is None else factory * TERA


def boards(answer: Object, summary: Object, info: Object) -> tuple[Board, ...]:
    """The rows of `edevs`, with the temperatures of `summary` and the serial numbers of `info`."""
    miner = obj(info.get("miner"))
    warmth = summary.get("board-temperature")
    found: dict[int, Board] = {}
    for place, row in enumerate(picks.rows(section(answer, "edevs"))):
        told = picks.whole(row.get("id"))
        index = told if told is not None and 0 <= told < picks.ROWS_LIMIT else place
        if index in found:
            continue
        status = text(row.get("status"))
        known = isinstance(warmth, list) and index < len(warmth)
        quarter = number(row.get("hash-15min"))
        found[index] = Board(
            index=index,
            alive=status.lower() == "alive" if status else None,
            status=status,
            temperature=number(warmth[index]) if known else None,  # type: ignore[index]  # a list
            hashrate=hashrate(row),
            hashrate_15m=None if quarter is None else quarter * TERA,
            temperature_chip=number(row.get("chip-temp-max")),
            chips=picks.whole(row.get("effective-chips")),
            frequency=_positive(row.get("freq")),
            serial=text(miner.get(f"pcbsn{index}")),
            expected_hashrate=expected(row),
        )
    return tuple(found.values())


def reading(row: Object, found: tuple[Board, ...], seldom: Seldom, now: float) -> Reading:
    """One reading from the `summary`, the boards, and what is asked seldom."""
    info = seldom.info
    sleeps = asleep(info) is True
    tunes = not sleeps and boolean(row.get("up-freq-finish")) is False
    rate = 0.0 if sleeps else hashrate(row)
    power, should = _power(row), expected(row) or seldom.expected
    mode, limit = profile(info, seldom.setting), _positive(row.get("power-limit"))
    source = expectation(model(info), mode, limit, aimed=False)
    told = codes(info)
    return Reading(
        at=now,
        model=model(info),
        algorithm="sha256",
        boards=found,
        pools=seldom.pools,
        hashrate=rate,
        expected_hashrate=should,
        expected_boards=_expected_boards(info),
        uptime=number(row.get("elapsed")),
        power=power,
        power_source="" if power is None else "measured",
        tuning=tunes,
        asleep=sleeps,
        native=_native(row, info),
        windows={
            name: value * TERA
            for name, field in WINDOWS
            if (value := number(row.get(field))) is not None
        },
        expected_source="" if should is None else source,
        power_target=limit,
        fans=_fans(row, model(info)),
        coolant=_coolant(row),
        ambient=number(row.get("environment-temperature")),
        faults=told,
        halted=bool(told) and rate == 0 and not sleeps and not tunes,
        profile=mode,
    )


def silent(seldom: Seldom, now: float) -> Reading:
    """A reading where the mining program does not answer: it sleeps, or it is starting."""
    sleeps = asleep(seldom.info) is True
    return Reading(
        at=now,
        model=model(seldom.info),
        algorithm="sha256",
        pools=seldom.pools,
        hashrate=0.0,
        expected_hashrate=seldom.expected,
        expected_source="" if seldom.expected is None else "model",
        expected_boards=_expected_boards(seldom.info),
        asleep=sleeps,
        restarting=not sleeps,
        faults=codes(seldom.info),
        profile=profile(seldom.info, seldom.setting),
        power_target=_positive(seldom.setting.get("power-limit")),
    )


def settings(
    row: Object, info: Object, setting: Object, pools: tuple[ConfiguredPool, ...] | None
) -> Settings:
    """What it was told; the limit by `get.miner.setting`, or else the one in force."""
    limit = _positive(setting.get("power-limit")) or _positive(row.get("power-limit"))
    return Settings(
        pools=pools,
        profile=profile(info, setting) or None,
        power_target=limit,
        asleep=asleep(info),
    )


def network(info: Object) -> NetworkSettings:
    """By `get.device.info`; Garbled where it does not tell."""
    told = obj(info.get("network"))
    how = text(told.get("proto")).lower()
    if not how:
        raise Garbled("the answer does not tell the network")
    servers = text(told.get("dns"))
    return NetworkSettings(
        dhcp=how == "dhcp",
        address=text(told.get("ip")),
        netmask=text(told.get("netmask")),
        gateway=text(told.get("gateway")),
        dns=tuple(re.split(r"[,\s]+", servers))[:4] if servers else (),
    )


def _expected_boards(info: Object) -> int | None:
    told = picks.whole(obj(info.get("miner")).get("board-num"))
    return told if told is not None and 0 < told <= picks.ROWS_LIMIT else None


def _power(row: Object) -> float | None:
    """-1 is not known."""
    told = number(row.get("power-realtime"))
    return told if told is not None and told >= 0 else None


def _fans(row: Object, name: str) -> tuple[Fan, ...]:
    """Intake, exhaust; none where a liquid cools it and they say 0."""
    told = (number(row.get("fan-speed-in")), number(row.get("fan-speed-out")))
    return tuple(
        Fan(place, rpm)
        for place, rpm in enumerate(told)
        if rpm is not None and (rpm > 0 or not liquid(name))
    )


def _coolant(row: Object) -> float | None:
    return next((number(row[name]) for name in row if _COOLANT.search(str(name))), None)


def _native(row: Object, info: Object) -> dict[str, float]:
    return metrics.gathered((
        (metrics.FREQUENCY, number(row.get("freq-avg"))),
        (metrics.CHIP_TEMP, number(row.get("chip-temp-avg"))),
        (metrics.POWER_5M, number(row.get("power-5min"))),
        (metrics.PSU_FAN, number(obj(info.get("power")).get("fanspeed"))),
    ))  # fmt: skip


def _positive(value: object) -> float | None:
    told = number(value)
    return told if told is not None and told > 0 else None
