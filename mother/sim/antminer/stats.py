"""What bmminer tells of boards, chips and fans: the recorded shape, the newer one, the old one."""

from __future__ import annotations

from typing import Any

from mother.sim.antminer.conf import LEVEL, mode_of
from mother.sim.antminer.recorded import NEW_STATS, STATS
from mother.sim.antminer.state import CHIP_ABOVE_BOARD_C, Antminer
from mother.sim.hashing import Board

GH = 1e9
MOST_CHAINS = 4
_SPREAD = (0, -28, -9, -8)
_HARDWARE_PER_S = 0.0036

_RECORDED_VERSION: dict[str, Any] = STATS["STATS"][0]
_RECORDED: dict[str, Any] = STATS["STATS"][1]
_NEW: dict[str, Any] = NEW_STATS["STATS"][0]
_NEW_CHAIN: dict[str, Any] = _NEW["chain"][0]


def rounded(rate: float) -> float:
    """H/s as GH/s with two places."""
    return round(rate / GH, 2)


def chips(ant: Antminer, board: Board) -> str:
    """The chips in groups of three: `o` works, `x` does not."""
    letter = "x" if board.dead else "o"
    full, rest = divmod(0 if board.missing else ant.kind.chips, 3)
    return (" " + letter * 3) * full + (" " + letter * rest if rest else "")


def temperatures(board: Board, now: float, above: int) -> list[int]:
    """Four sensors, the hottest first; zeros for a board that is not there."""
    if board.missing or board.dead:
        return [0, 0, 0, 0]
    hottest = board.temperature(now) + above
    return [max(15, hottest + less) for less in _SPREAD]


def hardware(ant: Antminer, board: Board) -> int:
    """Hardware errors of a board."""
    return int(ant.elapsed * _HARDWARE_PER_S) if board.rate.true else 0


def recorded(ant: Antminer) -> list[dict[str, Any]]:
    """The two entries of STATS as recorded."""
    firmware, now = ant.firmware, ant.now()
    head = {
        **_RECORDED_VERSION,
        "BMMiner": firmware.bmminer,
        "CompileTime": firmware.compiled,
        "Miner": firmware.miner,
        "Type": ant.kind.type,
    }
    average = rounded(ant.boards.average(now))
    body = {
        **_RECORDED,
        "Elapsed": ant.elapsed,
        "GHS 5s": rounded(ant.boards.window(5.0, now)),
        "GHS av": average,
        "rate_30m": rounded(ant.boards.window(1800.0, now)),
        "total rate": average,
        "total_rateideal": ant.kind.rate / GH,
        "total_acn": sum(_acn(ant, board) for board in ant.boards),
        "total_freqavg": ant.kind.frequency,
        "frequency": ant.kind.frequency,
        "miner_count": sum(not board.missing for board in ant.boards),
        "miner_id": ant.serial.lower()[-16:],
        "miner_version": firmware.miner,
        "no_matching_work": sum(hardware(ant, board) for board in ant.boards),
        **{f"fan{number}": ant.fan(number) for number in ant.kind.fans},
    }
    for board in ant.boards:
        body.update(_chain(ant, board, board.index + 1))
    return [head, body]


def _acn(ant: Antminer, board: Board) -> int:
    return 0 if board.missing else ant.kind.chips


def _chain(ant: Antminer, board: Board, number: int) -> dict[str, Any]:
    now = ant.now()
    pcb = temperatures(board, now, 0)
    chip = temperatures(board, now, CHIP_ABOVE_BOARD_C)
    rate = "" if board.missing else f"{board.rate.window(5.0, now) / GH:.2f}"
    return {
        f"chain_acn{number}": _acn(ant, board),
        f"chain_acs{number}": chips(ant, board),
        f"chain_hw{number}": hardware(ant, board),
        f"chain_rate{number}": rate,
        f"freq{number}": 0 if board.missing else ant.kind.frequency,
        f"temp{number}": pcb[0],
        f"temp2_{number}": chip[0],
        f"temp_chip{number}": "-".join(map(str, chip)),
        f"temp_pcb{number}": "-".join(map(str, pcb)),
        f"temp_pic{number}": "-".join(str(max(0, each - 10)) for each in pcb),
    }


def envelope(ant: Antminer, message: str) -> dict[str, Any]:
    """STATUS and INFO of the newer answers."""
    firmware = ant.firmware
    return {
        "STATUS": {
            "STATUS": "S",
            "when": int(ant.now()),
            "Msg": message,
            "api_version": "1.0.0",
        },
        "INFO": {
            "miner_version": firmware.miner,
            "CompileTime": firmware.compiled,
            "type": ant.kind.type,
        },
    }


def new(ant: Antminer) -> dict[str, Any]:
    """The newer answer whole, with the power where the firmware tells it."""
    now = ant.now()
    level = str(ant.conf.get(LEVEL, ""))
    stats = {
        **_NEW,
        **new_rates(ant),
        "chain_num": sum(not board.missing for board in ant.boards),
        "fan_num": len(ant.kind.fans),
        "fan": [ant.fan(number) for number in ant.kind.fans],
        "miner-mode": mode_of(ant.conf),
        "freq-level": int(level) if level.isdecimal() else 100,
        "chain": [_new_chain(ant, board, now) for board in ant.boards if not board.missing],
    }
    if ant.firmware.new_stats:
        stats["watt"] = round(ant.power)
    return {**envelope(ant, "stats"), "STATS": [stats]}


def new_rates(ant: Antminer) -> dict[str, Any]:
    """The rates that open each newer answer."""
    now = ant.now()
    return {
        "elapsed": ant.elapsed,
        "rate_5s": rounded(ant.boards.window(5.0, now)),
        "rate_30m": rounded(ant.boards.window(1800.0, now)),
        "rate_avg": rounded(ant.boards.average(now)),
        "rate_ideal": ant.kind.rate / GH,
        "rate_unit": "GH/s",
    }


def _new_chain(ant: Antminer, board: Board, now: float) -> dict[str, Any]:
    return {
        **_NEW_CHAIN,
        "index": board.index,
        "freq_avg": ant.kind.frequency,
        "rate_ideal": round(ant.kind.rate / GH / len(ant.boards), 2),
        "rate_real": rounded(board.rate.window(5.0, now)),
        "asic_num": ant.kind.chips,
        "asic": chips(ant, board),
        "temp_pic": [max(0, each - 10) for each in temperatures(board, now, 0)],
        "temp_pcb": temperatures(board, now, 0),
        "temp_chip": temperatures(board, now, CHIP_ABOVE_BOARD_C),
        "hw": hardware(ant, board),
        "sn": f"{ant.serial}{board.index}",
    }
