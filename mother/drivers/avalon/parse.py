"""From an Avalon's answers to values: pure, field by field, leniently.

Seen on recordings of an A1246 (`stats`) and of a sleeping Avalon Q (`stats`, `litestats`). `PS`
is: error, control board's voltage, boards' voltage (both in 1/100 V), boards' current (A) and
power (W), voltage set, power drawn from the wall (W). Of the A1246 242 A at 13.16 V are the
3,189 W told, and its supply takes 3,504 W for them; the sleeping Q tells 146 W in the last place
with no current at all, so there it is not believed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from mother.core.model import Description, Settings
from mother.core.reading import Board, Fan, Pool, Reading
from mother.core.units import finite
from mother.drivers.avalon.blocks import Block, counted, number, numbers, working
from mother.drivers.avalon.faults import faults
from mother.drivers.avalon.models import model_name, model_of
from mother.drivers.cgminer import picks
from mother.drivers.cgminer.pools import configured

FAMILY = "avalon"
BOARDS_LIMIT = 64
FANS_LIMIT = 8

_ALGORITHM = "sha256"
_GIGA, _MEGA = 1e9, 1e6
_WORK = re.compile(r"Work:\s*(?:In\s+)?(\w+)", re.IGNORECASE)
_COUNT = re.compile(r"Hash Board:\s*(\d{1,3})", re.IGNORECASE)
_WINDOWS = (("5s", "MHS 5s"), ("1m", "MHS 1m"), ("5m", "MHS 5m"), ("15m", "MHS 15m"))
_STARTING = Reading(at=0.0, hashrate=0.0, restarting=True)
_NATIVE = (
    ("dh_percent", "DH"),
    ("dh_percent_now", "DHspd"),
    ("work_utility", "WU"),
    ("ping_ms", "PING"),
    ("target_temperature", "TarT"),
)
AT_REST = frozenset({"dh_percent_now", "work_utility", "ps.board_watts", "ps.board_amps"})


def description(answer: Mapping[str, Any]) -> Description:
    """Who it is, from `version`; Garbled without a MAC address, which Nano 3 and Mini 3 hide."""
    told = picks.first(answer.get("VERSION"))
    product = picks.text(told.get("PROD"))
    firmware = (picks.text(told.get(key)) for key in ("LVERSION", "CGVERSION", "VERSION"))
    return Description(
        family=FAMILY,
        mac=picks.mac(told.get("MAC")),
        model=model_name(product, picks.text(told.get("MODEL"))),
        firmware=next((text for text in firmware if text), ""),
        hardware=picks.text(told.get("HWTYPE")),
        overview={key: picks.text(value) for key, value in list(told.items())[:BOARDS_LIMIT]},
        maker="Canaan",
        firmware_name="stock",
        algorithm=_ALGORITHM,
        serial=_serial(told.get("DNA")),
    )


def is_avalon(answer: Mapping[str, object]) -> bool:
    """Whether this answer to `version` is an Avalon's."""
    told = picks.first(answer.get("VERSION"))
    return "AVALON" in picks.text(told.get("PROD")).upper()


def asleep(found: Sequence[Block]) -> bool | None:
    """Whether it idles because it was told to; None where it does not say what it does."""
    return _asleep(found[0]) if found and _work(found[0]) else None


def settings(pools: Mapping[str, Any], found: Sequence[Block], model: str) -> Settings:
    """What is configured; the passwords too, which an Avalon tells."""
    return Settings(
        pools=configured(pools) if isinstance(pools.get("POOLS"), list) else None,
        profile=profile(found[0], model) or None if found else None,
        asleep=asleep(found),
    )


def profile(told: Block, model: str) -> str:
    """The name of its mode; empty where the model's modes are not known."""
    modes = model_of(model).modes
    index = None if modes is None else picks.whole(told.get(modes.key))
    if modes is None or index is None or not 0 <= index < len(modes.names):
        return ""
    return modes.names[index]


def chips(modules: Sequence[Block]) -> dict[int, tuple[int, int]]:
    """Of each board that lists its chips: how many have a voltage, of how many."""
    found: dict[int, tuple[int, int]] = {}
    first = 0
    for told in modules:
        count = _boards(told)
        for index in range(count):
            answering, listed = working(told, f"PVT_V{index}")
            if listed:
                found[first + index] = (answering, listed)
        first += count
    return found


def reading(
    found: Sequence[Block],
    summary: Mapping[str, Any],
    model: str,
    now: float,
    *,
    pools: tuple[Pool, ...] = (),
    known_chips: Mapping[int, tuple[int, int]] | None = None,
) -> Reading:
    """One reading of the blocks of `stats`; `summary` may be empty.

    Without a block it says that mining is not ready.
    """
    known = known_chips or {}
    told = _told(found, summary, model, known) if found else _STARTING
    return replace(
        told,
        at=now,
        model=model,
        algorithm=_ALGORITHM,
        pools=pools,
        expected_boards=model_of(model).boards,
    )


def _told(
    found: Sequence[Block],
    summary: Mapping[str, Any],
    model: str,
    known_chips: Mapping[int, tuple[int, int]],
) -> Reading:
    main, total = found[0], picks.first(summary.get("SUMMARY"))
    sleeping, work = _asleep(main), _work(main)
    wrong = tuple(fault for told, first in _numbered(found) for fault in faults(told, first))
    windows = _windows(total, found)
    expected, power = _sum(found, "GHSmm"), _power(main, sleeping)
    return Reading(
        at=0.0,
        boards=_all_boards(found, model, chips(found) or known_chips),
        fan_percent=number(main, "FanR"),
        hashrate=_hashrate(found, windows),
        expected_hashrate=expected,
        expected_source="" if expected is None else "device",
        uptime=number(main, "Elapsed"),
        power=power,
        power_source="" if power is None else "reported",
        power_target=_positive(number(main, "MPO")),
        restarting=work == "init",
        asleep=sleeping,
        halted=work == "idle" and not sleeping and bool(wrong),
        native=_native(main),
        windows=windows,
        fans=_fans(main),
        ambient=_air(_first(main, "ITemp", "Temp")),
        accepted=picks.number(total.get("Accepted")),
        rejected=picks.number(total.get("Rejected")),
        faults=wrong,
        profile=profile(main, model),
    )


# what it is at


def _work(told: Block) -> str:
    """`work`, `idle`, `init`; empty where it does not say."""
    found = _WORK.search(told.get("SYSTEMSTATU", ""))
    return found.group(1).lower() if found else ""


def _asleep(told: Block) -> bool:
    """An idle one was told to sleep, unless it says that nobody did."""
    return _work(told) == "idle" and number(told, "SoftOFF") != 0


# boards


def _numbered(found: Sequence[Block]) -> list[tuple[Block, int]]:
    """Each module with the number of its first board."""
    result: list[tuple[Block, int]] = []
    first = 0
    for told in found:
        result.append((told, first))
        first += _boards(told)
    return result


def _boards(told: Block) -> int:
    """How many hashboards this module speaks of."""
    count = _COUNT.search(told.get("SYSTEMSTATU", ""))
    lists = (len(numbers(told, key)) for key in ("MGHS", "MH", "MTmax"))
    return min(max(int(count.group(1)) if count else 0, *lists), BOARDS_LIMIT)


def _all_boards(
    found: Sequence[Block], model: str, known_chips: Mapping[int, tuple[int, int]]
) -> tuple[Board, ...]:
    alone = len(found) == 1 and _boards(found[0]) == 1
    boards = [
        _board(told, place, first + place, alone, model, known_chips.get(first + place))
        for told, first in _numbered(found)
        for place in range(_boards(told))
    ]
    return tuple(boards[:BOARDS_LIMIT])


def _board(
    told: Block,
    place: int,
    index: int,
    alone: bool,
    model: str,
    chips_told: tuple[int, int] | None,
) -> Board:
    """Of several boards only the mean since the start is told (MGHS), of one alone the speed."""
    working = _work(told) == "work"
    speed = number(told, "GHSspd") if alone else _at(told, "MGHS", place)
    hottest, mean = _at(told, "MTmax", place), _at(told, "MTavg", place)
    if alone:
        hottest = number(told, "TMax") if hottest is None else hottest
        mean = number(told, "TAvg") if mean is None else mean
    outlet = number(told, "HBOTemp")
    answering, listed = chips_told or (None, None)
    return Board(
        index=index,
        alive=_alive(working, answering, None if hottest is None else hottest > 0),
        status=told.get("SYSTEMSTATU", "").partition(",")[0].removeprefix("Work:").strip()[:40],
        temperature=_positive(outlet if alone and outlet is not None else mean),
        temperature_chip=_positive(hottest),
        hashrate=_times(speed, _GIGA) if working or alone else 0.0,
        hardware_errors=_at(told, "MH", place),
        elapsed=number(told, "Elapsed"),
        chips=answering,
        chips_expected=model_of(model).chips or listed,
        frequency=_positive(number(told, "Freq")),
        voltage=_volts(_at(told, "PS", 2)),
    )


def _alive(working: bool, answering: int | None, warm: bool | None) -> bool | None:
    """Whether chips of it answer and, while it works, are warm, as far as either is told."""
    signs = [] if answering is None else [answering > 0]
    if working and warm is not None:
        signs.append(warm)
    return all(signs) if signs else None


# the device


def _hashrate(found: Sequence[Block], windows: Mapping[str, float]) -> float | None:
    speed = _sum(found, "GHSspd")
    if speed is not None:
        return speed
    return next((windows[name] for name in ("1m", "5m", "15m", "av") if name in windows), None)


def _windows(total: Mapping[str, Any], found: Sequence[Block]) -> dict[str, float]:
    windows: dict[str, float] = {}
    for name, key in _WINDOWS:
        rate = _times(picks.number(total.get(key)), _MEGA)
        if rate is not None:
            windows[name] = rate
    mean = _times(picks.number(total.get("MHS av")), _MEGA)
    mean = _sum(found, "GHSavg") if mean is None else mean
    if mean is not None:
        windows["av"] = mean
    return windows


def _sum(found: Sequence[Block], key: str) -> float | None:
    """GH/s of all modules, as H/s."""
    known = [value for told in found if (value := number(told, key)) is not None]
    return _times(sum(known), _GIGA) if known else None


def _power(told: Block, sleeping: bool) -> float | None:
    """W drawn from the wall, else by the boards; 0 while it sleeps and the boards get nothing."""
    boards = _at(told, "PS", 4)
    if sleeping and not boards and not _at(told, "PS", 3) and "PS" in told:
        return 0.0
    wall = _positive(number(told, "WALLPOWER")) or _positive(_at(told, "PS", 6))
    return boards if wall is None else wall


def _fans(told: Block) -> tuple[Fan, ...]:
    percent = number(told, "FanR")
    return tuple(
        Fan(index=index - 1, rpm=rpm, percent=percent)
        for index, rpm in counted(told, "Fan", FANS_LIMIT)
    )


def _native(told: Block) -> dict[str, float]:
    native = {name: value for name, key in _NATIVE if (value := number(told, key)) is not None}
    for name, place in (("ps.board_amps", 3), ("ps.board_watts", 4)):
        value = _at(told, "PS", place)
        if value is not None:
            native[name] = value
    lost = numbers(told, "NETFAIL")
    total = finite(sum(value or 0.0 for value in lost))
    if lost and total is not None:
        native["net_failures"] = total
    return native


# small things


def _at(told: Block, key: str, place: int) -> float | None:
    values = numbers(told, key)
    return values[place] if place < len(values) else None


def _first(told: Block, *keys: str) -> float | None:
    return next((value for key in keys if (value := number(told, key)) is not None), None)


def _positive(value: float | None) -> float | None:
    """None for 0 and below: chips that tell it have no sensor, or no power."""
    return value if value is not None and value > 0 else None


def _air(value: float | None) -> float | None:
    """Only what can be air: a missing sensor tells -273."""
    return value if value is not None and -60 < value < 150 else None


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None or value < 0 or value > 1e12 else value * factor


def _volts(hundredths: float | None) -> float | None:
    """Only what can be a board's voltage: a Nano counts in other units."""
    return hundredths / 100 if hundredths is not None and 500 <= hundredths <= 6000 else None


def _serial(value: object) -> str:
    told = picks.text(value, 64)
    return told if re.fullmatch(r"[0-9A-Za-z]{6,64}", told) else ""
