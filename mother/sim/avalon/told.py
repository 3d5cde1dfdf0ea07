"""What an Avalon tells of itself in its blocks of fields."""

from __future__ import annotations

from typing import Any

from mother.sim.avalon.fields import Block, trembling, zeros
from mother.sim.avalon.models import Model
from mother.sim.avalon.recorded import A_STATS, LITESTATS, STATS
from mother.sim.avalon.state import AWAKE, IDLE, Avalon
from mother.sim.hashing import WORK, Board

GH = 1e9
CHIP_ABOVE_BOARD_C = 9
TARGET_C = 65
_EFFICIENCY = 0.91
"""Of the power supply: what leaves it of what enters, as recorded (3189 W of 3504)."""

_A: dict[str, Any] = A_STATS["STATS"][0]
_Q: dict[str, Any] = STATS["STATS"][0]
_Q_LITE: dict[str, Any] = LITESTATS["STATS"][0]
_A_POOL: dict[str, Any] = A_STATS["STATS"][1]
_A_SPARE: dict[str, Any] = A_STATS["STATS"][2]
_Q_POOL: dict[str, Any] = STATS["STATS"][1]

_A_BLOCK = Block(_A["MM ID0"])
_Q_BLOCK = Block(_Q["MM ID0:Summary"])
_Q_BOARD = Block(_Q["HBinfo"])


def stats(avalon: Avalon) -> list[dict[str, Any]]:
    """All entries of STATS: the device, then one for each pool."""
    first = _q(avalon) if avalon.model == "Q" else _a(avalon, chips=True)
    return [first, *(_pool(avalon, index) for index in range(len(avalon.pools)))]


def litestats(avalon: Avalon) -> list[dict[str, Any]]:
    """The one entry of STATS, without the fields of single chips."""
    if avalon.model == "Q":
        return [{**_Q_LITE, "MM ID0:Summary": _Q_BLOCK.write(_q_fields(avalon))}]
    return [_a(avalon, chips=False)]


def _q(avalon: Avalon) -> dict[str, Any]:
    return {
        **_Q,
        "Elapsed": avalon.elapsed,
        "HBinfo": _Q_BOARD.write(_chips(avalon, _Q_BOARD)),
        "MM ID0:Summary": _Q_BLOCK.write(_q_fields(avalon)),
    }


def _a(avalon: Avalon, *, chips: bool) -> dict[str, Any]:
    new = _a_fields(avalon)
    if chips:
        new.update(_chips(avalon, _A_BLOCK))
    return {**_A, "Elapsed": avalon.elapsed, "MM ID0": _A_BLOCK.write(new, chips=chips)}


def _common(avalon: Avalon) -> dict[str, object]:
    """Fields that both have, under the same names."""
    now = avalon.now()
    working = avalon.boards.hashing
    average = avalon.boards.average(now) / GH
    hottest = _chip_degrees(avalon)
    boards = sum(not board.missing for board in avalon.boards)
    blank = " " if avalon.model != "Q" else ""
    return {
        "DNA": avalon.dna,
        "SYSTEMSTATU": f"Work: In {'Work' if working else 'Idle'}, Hash Board: {boards}{blank}",
        "Elapsed": avalon.elapsed,
        "LW": int(avalon.elapsed * 995),
        "HW": int(avalon.elapsed * 0.11),
        "TMax": max(hottest, default=0),
        "TAvg": round(sum(hottest) / len(hottest) * 0.87) if hottest else 0,
        **{f"Fan{number}": avalon.fan(number) for number in range(1, avalon.kind.fans + 1)},
        "FanR": f"{avalon.duty}%",
        "PS": _supply(avalon),
        "GHSspd": f"{avalon.boards.window(60.0, now) / GH if working else 0.0:.2f}",
        "GHSmm": f"{avalon.mode.rate / GH:.2f}",
        "GHSavg": f"{average:.2f}",
        "WU": f"{average * GH * 60 / WORK:.2f}",
        "Freq": f"{avalon.mode.frequency:.2f}",
        "MGHS": " ".join(f"{board.rate.average(now) / GH:.2f}" for board in avalon.boards),
        "SoftOFF": IDLE if avalon.off else AWAKE,
        "WORKMODE": avalon.workmode,
        "MPO": round(avalon.mode.power) if avalon.model == "Q" else 3200,
    }


def _q_fields(avalon: Avalon) -> dict[str, object]:
    new = _common(avalon)
    warm = avalon.boards.hashing
    mode = avalon.mode
    new |= {
        "ITemp": avalon.room,
        "HBITemp": avalon.room + (6 if warm else 1),
        "HBOTemp": avalon.room + (24 if warm else 1),
        "SoftOffTime": avalon.off_at,
        "SoftOnTime": avalon.on_at,
        "ATA0": f"{mode.power:.0f}-{TARGET_C}-2264-{round(mode.frequency) - 25}-20",
        "WORKLEVEL": avalon.worklevel,
    }
    if warm:
        new["DHspd"] = "2.449%"
    return new


def _a_fields(avalon: Avalon) -> dict[str, object]:
    new = _common(avalon)
    degrees = [_board_degrees(board, avalon.now()) for board in avalon.boards]
    alive = [not (board.dead or board.missing) for board in avalon.boards]
    chips = avalon.kind.chips
    new |= {
        "Temp": avalon.room,
        "MTmax": " ".join(str(each) for each in degrees),
        "MTavg": " ".join(str(max(0, each - 10)) for each in degrees),
        "MW": " ".join(
            str(int(board.rate.total(avalon.now()) / WORK / 64)) for board in avalon.boards
        ),
        "MH": " ".join(str(int(avalon.elapsed * 0.04)) for _ in avalon.boards),
        "HASHS": " ".join("0" if each else str(chips) for each in alive),
        "POOLS": 0 if any(pool.alive for pool in avalon.pools) else 1,
        "Led": int(avalon.led),
    }
    return new


def _supply(avalon: Avalon) -> str:
    """Error, control voltage, chips' voltage, current, power out, voltage set, power in."""
    kind = avalon.kind
    came = avalon.power
    if not avalon.boards.hashing:
        return f"0 1221 4 0 0 {kind.voltage * 100:.0f} {came}"
    leaves = round(came * _EFFICIENCY)
    volts = kind.voltage - 0.04
    current = leaves / volts
    amperes = f"{current:.0f}"
    return f"0 1214 {volts * 100:.0f} {amperes} {leaves} {kind.voltage * 100:.0f} {came}"


def _board_degrees(board: Board, now: float) -> int:
    """The hottest chip of a board; 0 where nothing is measured."""
    if board.missing or board.dead or not board.rate.true:
        return 0
    return board.temperature(now) + CHIP_ABOVE_BOARD_C


def _chip_degrees(avalon: Avalon) -> list[int]:
    found = [_board_degrees(board, avalon.now()) for board in avalon.boards]
    return [each for each in found if each]


def _chips(avalon: Avalon, block: Block) -> dict[str, object]:
    """The fields of single chips: as recorded, a little warmer or cooler; zeros of a dead board."""
    new: dict[str, object] = {}
    for board in avalon.boards:
        gone = board.dead or board.missing
        for name in ("PVT_T", "PVT_V", "MW"):
            field = f"{name}{board.index}"
            if gone:
                new[field] = zeros(avalon.kind.chips)
            elif name == "PVT_T":
                slot = int(avalon.now() // 60)
                new[field] = trembling(block.was[field], 3, board.tag, slot)
    return new


def _pool(avalon: Avalon, index: int) -> dict[str, Any]:
    kind: Model = avalon.kind
    used = index == 0
    was = (_Q_POOL if used else _A_SPARE) if kind.pools == 1 else (_A_POOL if used else _A_SPARE)
    return {**was, "Elapsed": avalon.elapsed, "ID": f"POOL{index}", "STATS": index + 1}
