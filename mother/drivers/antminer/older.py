"""The older shape of `stats`, which numbers its fields: `chain_acn1`, `temp_chip1`, `fan1`.

Recorded of the S19's generation; of S9 to T17 no recording exists, their fields are those that
open drivers read.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from mother.core.reading import Board, Fan
from mother.drivers.antminer.fields import (
    SLEEP,
    count,
    factor_of,
    hottest,
    number,
    text,
    times,
    watts,
)
from mother.drivers.antminer.models import Model, chips_expected, model_of
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

SLOTS = 16
FANS = 8
_FREQUENCY = "total_freqavg"


class Slot(NamedTuple):
    """The names of one board's fields; those of S9 to T17 beside where they differ."""

    place: int
    chips: str
    marks: str
    rate: str
    ideal: str
    errors: str
    frequency: str
    frequency_old: str
    pcb: str
    pcb_old: str
    chip: str
    chip_old: str
    pic: str
    native: str


_SLOTS = tuple(
    Slot(
        n - 1,
        f"chain_acn{n}",
        f"chain_acs{n}",
        f"chain_rate{n}",
        f"chain_rateideal{n}",
        f"chain_hw{n}",
        f"freq{n}",
        f"freq_avg{n}",
        f"temp_pcb{n}",
        f"temp{n}",
        f"temp_chip{n}",
        f"temp2_{n}",
        f"temp_pic{n}",
        f"dev.{n - 1}.temp_pic",
    )
    for n in range(1, SLOTS + 1)
)
_FAN_NAMES = tuple(f"fan{n}" for n in range(1, FANS + 1))


def older(fields: dict[str, Any], model: str, beside: Beside, now: float) -> Stats:
    """One answer; `fields` is its block of figures."""
    get = fields.get
    known = model_of(model)
    factor = factor_of(get("rate_unit"))
    native: dict[str, float] = {}
    windows = windows_of(factor, get("GHS 5s"), get("rate_30m", get("GHS 30m")), get("GHS av"))
    average = number(get(_FREQUENCY))
    if average is not None:
        native[_FREQUENCY] = average
    uptime = number(get("Elapsed"))
    boards = _older_boards(fields, known, factor, native, idle(beside, uptime, windows))
    return Stats(
        reading(
            beside,
            model,
            known,
            now,
            boards=boards,
            windows=windows,
            expected=times(number(get("total_rateideal")), factor),
            uptime=uptime,
            power=watts(get("chain_power", get("power"))),
            fans=_older_fans(fields),
            fan_percent=number(get("fan_pwm")),
            native=native,
            asleep=beside.mode == SLEEP and not hashes(windows),
        ),
        unit=text(get("miner_id")),
    )


def _older_boards(
    fields: dict[str, Any],
    known: Model,
    factor: float | None,
    native: dict[str, float],
    idle: bool,
) -> tuple[Board, ...]:
    """Those slots that hold a board, and those that should."""
    get = fields.get
    found: list[tuple[Slot, int, str, float | None]] = []
    empty: list[Slot] = []
    most = last = 0
    for slot in _SLOTS:
        said = get(slot.chips)
        if said is None:
            continue
        chips = count(said)
        marks = text(get(slot.marks))
        rate = number(get(slot.rate))
        if chips or marks.strip() or rate:
            found.append((slot, chips, marks, rate))
            most = max(most, chips)
            last = slot.place + 1
        else:
            empty.append(slot)
    expected = chips_expected(known, most)
    boards = [
        _older_board(fields, slot, chips, marks, rate, expected, factor, native, idle)
        for slot, chips, marks, rate in found
    ]
    slots = known.boards or 0
    if not known.old and last <= slots:
        boards += [
            Board(slot.place, alive=False, chips=0, chips_expected=expected)
            for slot in empty
            if slot.place < slots
        ]
        boards.sort(key=_index)
    return tuple(boards)


def _older_board(
    fields: dict[str, Any],
    slot: Slot,
    chips: int,
    marks: str,
    rate: float | None,
    expected: int | None,
    factor: float | None,
    native: dict[str, float],
    idle: bool,
) -> Board:
    get = fields.get
    hashrate = times(rate, factor)
    pic = hottest(get(slot.pic))
    if pic is not None:
        native[slot.native] = pic
    frequency = get(slot.frequency)
    good = working(chips, marks)
    return Board(
        index=slot.place,
        alive=alive(good, hashrate, idle),
        temperature=hottest(get(slot.pcb)) or hottest(get(slot.pcb_old)),
        temperature_chip=hottest(get(slot.chip)) or hottest(get(slot.chip_old)),
        hashrate=hashrate,
        expected_hashrate=times(number(get(slot.ideal)), factor),
        hardware_errors=number(get(slot.errors)),
        frequency=number(get(slot.frequency_old) if frequency is None else frequency),
        chips=good,
        chips_expected=expected,
    )


def _older_fans(fields: dict[str, Any]) -> tuple[Fan, ...]:
    """All as far as `fan_num` counts; where they stand elsewhere (S9), those that turn."""
    get = fields.get
    told = [number(get(name)) for name in _FAN_NAMES]
    fans = count(get("fan_num"))
    if any(told[fans:]):
        return tuple(Fan(index, rpm) for index, rpm in enumerate(told) if rpm)
    return tuple(Fan(index, rpm) for index, rpm in enumerate(told[:fans]))


def _index(board: Board) -> int:
    return board.index
