"""The newer shape of `stats`, with a list of chains; `/cgi-bin/stats.cgi` answers with it too.

No recording of it exists: its fields are those that open drivers (pyasic, asic-rs) read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mother.core.reading import Board, Fan
from mother.core.units import finite
from mother.drivers.antminer.fields import (
    MOST,
    SLEEP,
    count,
    factor_of,
    hottest,
    mode_of,
    model_name,
    number,
    profile_of,
    text,
    times,
    watts,
)
from mother.drivers.antminer.models import chips_expected, model_of
from mother.drivers.antminer.shape import (
    Beside,
    Stats,
    alive,
    hashes,
    idle,
    reading,
    windows_of,
    working,
)

_ERROR_RATE = "hwp_total"
_CHAIN_POWER = "chain_power"
_POWERS = ("power", "watt", _CHAIN_POWER)
_NATIVE = tuple(f"dev.{index}.temp_pic" for index in range(MOST))


def newer(fields: dict[str, Any], answer: Mapping[str, Any], beside: Beside, now: float) -> Stats:
    """One answer; `fields` is its first block, which has the list `chain`."""
    get = fields.get
    about = answer.get("INFO")
    named = text(about.get("type")) if isinstance(about, dict) else ""
    model = beside.model or model_name(named)
    known = model_of(model)
    factor = factor_of(get("rate_unit"))
    chains = [chain for chain in get("chain", ())[:MOST] if isinstance(chain, dict)]
    expected = chips_expected(known, max([count(c.get("asic_num")) for c in chains], default=0))
    errors = number(get(_ERROR_RATE))
    native = {} if errors is None else {_ERROR_RATE: errors}
    windows = windows_of(factor, get("rate_5s"), get("rate_30m"), get("rate_avg"))
    rests = idle(beside, number(get("elapsed")), windows)
    boards = tuple(
        [
            _newer_board(place, chain, expected, factor, native, rests)
            for place, chain in enumerate(chains)
        ]
    )
    told = mode_of(get("miner-mode"))
    mode = beside.mode if told is None else told
    said = reading(
        beside,
        model,
        known,
        now,
        boards=boards,
        windows=windows,
        expected=times(number(get("rate_ideal")), factor),
        uptime=number(get("elapsed")),
        power=_newer_power(fields, chains),
        fans=_newer_fans(get("fan")),
        fan_percent=number(get("fan_pwm")),
        native=native,
        asleep=mode == SLEEP and not hashes(windows),
        profile=profile_of(mode),
    )
    return Stats(said, told, text(get("miner_id")), newer=True)


def _newer_board(
    place: int,
    chain: dict[str, Any],
    expected: int | None,
    factor: float | None,
    native: dict[str, float],
    rests: bool,
) -> Board:
    get = chain.get
    said = get("index")
    index = said if type(said) is int and 0 <= said < MOST else place
    chips = count(get("asic_num"))
    hashrate = times(number(get("rate_real")), factor)
    good = working(chips, text(get("asic")))
    pic = hottest(get("temp_pic"))
    if pic is not None:
        native[_NATIVE[index]] = pic
    return Board(
        index=index,
        alive=alive(good, hashrate, rests),
        temperature=hottest(get("temp_pcb")),
        temperature_chip=hottest(get("temp_chip")),
        hashrate=hashrate,
        expected_hashrate=times(number(get("rate_ideal")), factor),
        hardware_errors=number(get("hw")),
        frequency=number(get("freq_avg")),
        chips=good,
        chips_expected=expected,
        serial=text(get("sn"))[:64],
    )


def _newer_power(fields: dict[str, Any], chains: list[dict[str, Any]]) -> float | None:
    for name in _POWERS:
        if name in fields and (whole := watts(fields[name])) is not None:
            return whole
    parts = [watts(chain[_CHAIN_POWER]) for chain in chains if _CHAIN_POWER in chain]
    known = [part for part in parts if part is not None]
    return finite(sum(known)) if known and len(known) == len(chains) else None


def _newer_fans(told: object) -> tuple[Fan, ...]:
    if not isinstance(told, list):
        return ()
    return tuple([Fan(index, number(rpm)) for index, rpm in enumerate(told[:MOST])])
