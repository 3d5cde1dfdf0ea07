"""From the answers of a Whatsminer's second API (port 4028) to values: pure and lenient.

MHS are MH/s, `Factory GHS` GH/s, temperatures C, powers W. Numbers may come as texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from mother.core.errors import Garbled
from mother.core.model import ConfiguredPool, Description, NetworkSettings, Settings
from mother.core.reading import Board, DeviceFault, Fan, Pool, Reading
from mother.drivers.cgminer import picks
from mother.drivers.cgminer.picks import boolean, number, obj, text
from mother.drivers.whatsminer import faults, metrics
from mother.drivers.whatsminer.forms import PROFILES
from mother.drivers.whatsminer.models import expectation, liquid

MEGA = 1e6
GIGA = 1e9

Object = Mapping[str, Any]

WINDOWS = (
    ("5s", "MHS 5s"),
    ("1m", "MHS 1m"),
    ("5m", "MHS 5m"),
    ("15m", "MHS 15m"),
    ("av", "MHS av"),
)
_USUAL = ("MHS 1m", "HS RT", "MHS 5s", "MHS 5m", "MHS 15m", "MHS av")
"""Where to look for the hashrate, the best first; `HS RT` is in MH/s too."""

_COOLANT = re.compile(r"(?:liquid|water|coolant).*temp", re.IGNORECASE)


class Seldom(Struct, frozen=True):
    """What is not asked at each read: its pools, its power supply, what it was told, its errors."""

    model: str = ""
    pools: tuple[Pool, ...] = ()
    psu: Object = {}
    status: Object = {}
    faults: tuple[DeviceFault, ...] = ()
    expected: float | None = None


def description(miner: Object, version: Object, details: Object, summary: Object) -> Description:
    """Who it is, by `get_miner_info`, `get_version`, `devdetails`, `summary`; {} where not told.

    Garbled without a MAC address.
    """
    who, made = obj(miner.get("Msg")), obj(version.get("Msg"))
    row = picks.first(summary.get("SUMMARY"))
    told = picks.first(details.get("DEVDETAILS"))
    firmware = text(made.get("fw_ver")) or text(row.get("Firmware Version")).strip("'")
    overview = {
        "version": {name: text(made.get(name)) for name in ("api_ver", "fw_ver", "platform")},
        "miner": {name: text(who.get(name)) for name in ("hostname", "ledstat", "powersn")},
    }
    return Description(
        family="whatsminer",
        mac=picks.mac(text(who.get("mac")) or row.get("MAC")),
        model=model_name(told.get("Model")),
        firmware=firmware,
        hardware=text(made.get("platform")) or text(row.get("CB Platform")),
        uptime=number(row.get("Uptime")),
        overview=overview,
        maker="MicroBT",
        firmware_name="stock",
        algorithm="sha256",
        serial=text(who.get("minersn")) or text(who.get("miner-sn")),
        hostname=text(who.get("hostname")),
    )


def model_name(value: object) -> str:
    """`M30S+_VE40` as the device writes it; empty where it tells none."""
    return text(value, 32).upper()


def summary_row(summary: Object) -> dict[str, Any]:
    """The one row of `summary`; Garbled where there is none."""
    row = picks.first(summary.get("SUMMARY"))
    if not row:
        raise Garbled("the answer is no summary")
    return row


def asleep(status: Object) -> bool | None:
    """Whether it was told to stop: `mineroff`, or `btmineroff` of older firmware."""
    for name in ("mineroff", "btmineroff"):
        told = boolean(status.get(name))
        if told is not None:
            return told
    return None


def profile(row: Object, status: Object) -> str:
    """The power mode in lower case, what was set before what is; empty where it tells none."""
    told = (text(status.get("power_mode")), text(row.get("Power Mode")))
    known = [mode.lower() for mode in told if mode.lower() in PROFILES]
    return known[0] if known else ""


def hashrate(row: Object) -> float | None:
    """In H/s, of a board or the whole device."""
    for name in _USUAL:
        told = number(row.get(name))
        if told is not None and told >= 0:
            return told * MEGA
    return None


def aim(row: Object) -> float | None:
    """What it aims at outside its normal mode, in H/s; few firmwares tell it."""
    if text(row.get("Power Mode")).lower() not in ("low", "high"):
        return None
    target = _positive(row.get("Target MHS"))
    return None if target is None else target * MEGA


def expected(row: Object) -> float | None:
    """What it shall do in its normal mode, in H/s."""
    factory = _positive(row.get("Factory GHS"))
    return None if factory is None else factory * GIGA


def codes(answer: Object) -> tuple[DeviceFault, ...]:
    """The errors of `get_error_code`: `{"218": "2024-06-15 10:30:00"}` each, or `"218"` alone.

    The date is by the device's own clock, whose time zone it does not tell.
    """
    told = obj(answer.get("Msg")).get("error_code")
    found: dict[str, DeviceFault] = {}
    parts = told[: picks.ROWS_LIMIT] if isinstance(told, list) else [told]
    for part in parts:
        pairs = list(part.items())[: picks.ROWS_LIMIT] if isinstance(part, dict) else [(part, "")]
        for code, date in pairs:
            faults.note(found, text(code), text(date, 32))
    return tuple(found.values())


def counted(row: Object) -> tuple[DeviceFault, ...]:
    """The errors that older firmware tells in `summary`."""
    count = picks.whole(row.get("Error Code Count")) or 0
    found: dict[str, DeviceFault] = {}
    for place in range(min(max(count, 0), picks.ROWS_LIMIT)):
        faults.note(found, text(row.get(f"Error Code {place}")))
    return tuple(found.values())


def boards(answer: Object) -> tuple[Board, ...]:
    """The rows of `devs` or `edevs`, one for each slot."""
    found: dict[int, Board] = {}
    for place, row in enumerate(picks.rows(answer.get("DEVS"))):
        board = _board(place, row)
        found.setdefault(board.index, board)
    return tuple(found.values())


def _board(place: int, row: Object) -> Board:
    index = next((i for i in map(picks.whole, _slots(row)) if i is not None and 0 <= i < 64), place)
    status = text(row.get("Status"))
    factory = _positive(row.get("Factory GHS"))
    quarter = number(row.get("MHS 15m"))
    return Board(
        index=index,
        alive=status.lower() == "alive" if status else None,
        status=status,
        temperature=number(row.get("Temperature")),
        hashrate=hashrate(row),
        hashrate_15m=None if quarter is None else quarter * MEGA,
        accepted=number(row.get("Accepted")),
        rejected=number(row.get("Rejected")),
        hardware_errors=number(row.get("Hardware Errors")),
        elapsed=number(row.get("Device Elapsed")),
        temperature_chip=number(row.get("Chip Temp Max")),
        chips=picks.whole(row.get("Effective Chips")),
        frequency=_positive(row.get("Chip Frequency")) or _positive(row.get("Frequency")),
        serial=text(row.get("PCB SN")),
        expected_hashrate=None if factory is None else factory * GIGA,
    )


def _slots(row: Object) -> Sequence[object]:
    return row.get("Slot"), row.get("ASC"), row.get("ID")


def reading(row: Object, found: tuple[Board, ...], seldom: Seldom, now: float) -> Reading:
    """One reading from the row of `summary`, the boards, and what is asked seldom."""
    sleeps = asleep(seldom.status) is True
    tunes = not sleeps and _tuning(row)
    rate = 0.0 if sleeps else hashrate(row)
    aimed, limit = aim(row), _positive(row.get("Power Limit"))
    power, should = _power(row), aimed or expected(row) or seldom.expected
    mode = profile(row, seldom.status)
    source = expectation(seldom.model, mode, limit, aimed is not None)
    counted_below = any(board.accepted is not None for board in found)
    return Reading(
        at=now,
        model=seldom.model,
        algorithm="sha256",
        boards=found,
        pools=seldom.pools,
        hashrate=rate,
        expected_hashrate=should,
        uptime=number(row.get("Elapsed")),
        power=power,
        power_source="" if power is None else "measured",
        tuning=tunes,
        asleep=sleeps,
        native=_native(row, seldom.psu),
        windows={
            name: told * MEGA
            for name, field in WINDOWS
            if (told := number(row.get(field))) is not None
        },
        expected_source="" if should is None else source,
        power_target=limit,
        fans=_fans(row, seldom.model),
        coolant=_coolant(row),
        ambient=number(row.get("Env Temp")),
        accepted=None if counted_below else number(row.get("Accepted")),
        rejected=None if counted_below else number(row.get("Rejected")),
        faults=seldom.faults,
        halted=bool(seldom.faults) and rate == 0 and not sleeps and not tunes,
        profile=mode,
    )


def silent(seldom: Seldom, now: float) -> Reading:
    """A reading where the mining program does not answer: it sleeps, or it is starting."""
    sleeps = asleep(seldom.status) is True
    return Reading(
        at=now,
        model=seldom.model,
        algorithm="sha256",
        pools=seldom.pools,
        hashrate=0.0,
        expected_hashrate=seldom.expected,
        expected_source="" if seldom.expected is None else "model",
        asleep=sleeps,
        restarting=not sleeps,
        faults=seldom.faults,
        profile=profile({}, seldom.status),
        power_target=_positive(seldom.status.get("power_limit_set")),
    )


def settings(row: Object, status: Object, pools: tuple[ConfiguredPool, ...] | None) -> Settings:
    """What it was told; `power_limit_set` is empty where nobody set one."""
    return Settings(
        pools=pools,
        profile=profile(row, status) or None,
        power_target=_positive(status.get("power_limit_set")) or _positive(row.get("Power Limit")),
        asleep=asleep(status),
    )


def network(miner: Object) -> NetworkSettings:
    """By `get_miner_info`; Garbled where it does not tell."""
    told = obj(miner.get("Msg"))
    how = text(told.get("proto")).lower()
    if not how:
        raise Garbled("the answer does not tell the network")
    return NetworkSettings(
        dhcp=how == "dhcp",
        address=text(told.get("ip")),
        netmask=text(told.get("netmask")),
        gateway=text(told.get("gateway")),
        dns=tuple(re.split(r"[,\s]+", text(told.get("dns"))))[:4] if text(told.get("dns")) else (),
    )


def _tuning(row: Object) -> bool:
    """Whether it is on its way up: `Upfreq Complete` says so, or else `Hash Stable`."""
    for name in ("Upfreq Complete", "Hash Stable"):
        told = boolean(row.get(name))
        if told is not None:
            return not told
    return False


def _power(row: Object) -> float | None:
    """-1 is not known."""
    told = number(row.get("Power"))
    return told if told is not None and told >= 0 else None


def _fans(row: Object, model: str) -> tuple[Fan, ...]:
    """Intake, exhaust; none where a liquid cools it and they say 0."""
    wet = boolean(row.get("Liquid Cooling")) is True or liquid(model)
    told = (number(row.get("Fan Speed In")), number(row.get("Fan Speed Out")))
    return tuple(
        Fan(place, rpm)
        for place, rpm in enumerate(told)
        if rpm is not None and (rpm > 0 or not wet)
    )


def _coolant(row: Object) -> float | None:
    return next((number(row[name]) for name in row if _COOLANT.search(str(name))), None)


def _native(row: Object, psu: Object) -> dict[str, float]:
    return metrics.gathered((
        (metrics.FREQUENCY, number(row.get("freq_avg"))),
        (metrics.TARGET, number(row.get("Target Freq"))),
        (metrics.CHIP_TEMP, number(row.get("Chip Temp Avg"))),
        (metrics.DEVIATION, number(row.get("Hash Deviation%"))),
        (metrics.PSU_FAN, number(row.get("Power Fanspeed")) or number(psu.get("fan_speed"))),
        (metrics.PSU_TEMP, number(psu.get("temp0"))),
    ))  # fmt: skip


def _positive(value: object) -> float | None:
    told = number(value)
    return told if told is not None and told > 0 else None
