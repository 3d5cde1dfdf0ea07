"""What the S9 and T17 era answers on 4028: sixteen chains, rates as text, a comma missing.

Hand-made: no recording shows these devices.
"""

from __future__ import annotations

from typing import Any

from mother.sim.antminer.state import CHIP_ABOVE_BOARD_C, Antminer
from mother.sim.antminer.stats import GH, chips, hardware, rounded

_CHAINS = range(1, 17)
_FANS = range(1, 9)


def stats(ant: Antminer) -> list[dict[str, Any]]:
    """The two entries of STATS."""
    firmware, now = ant.firmware, ant.now()
    head = {
        "BMMiner": firmware.bmminer,
        "Miner": firmware.miner,
        "CompileTime": firmware.compiled,
        "Type": ant.kind.type,
    }
    body: dict[str, Any] = {
        "STATS": 0,
        "ID": "BC50",
        "Elapsed": ant.elapsed,
        "Calls": 0,
        "Wait": 0.0,
        "Max": 0.0,
        "Min": 99999999.0,
        "GHS 5s": f"{ant.boards.window(5.0, now) / GH:.2f}",
        "GHS av": rounded(ant.boards.average(now)),
        "miner_count": len(ant.boards),
        "frequency": str(ant.kind.frequency),
        "fan_num": len(ant.kind.fans),
    }
    body.update({f"fan{n}": ant.fan(n) if n in ant.kind.fans else 0 for n in _FANS})
    body["temp_num"] = len(ant.boards)
    chains = [_chain(ant, number) for number in _CHAINS]
    for name in chains[0]:
        body.update({f"{name}{n}": chain[name] for n, chain in zip(_CHAINS, chains, strict=True)})
    return [head, {**body, **_totals(ant, chains)}]


def _totals(ant: Antminer, chains: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "total_rateideal": ant.kind.rate / GH,
        "total_freqavg": ant.kind.frequency,
        "total_acn": sum(chain["chain_acn"] for chain in chains),
        "total_rate": rounded(ant.boards.window(5.0, ant.now())),
        "temp_max": max(chain["temp"] for chain in chains),
        "Device Hardware%": 0.0,
        "no_matching_work": sum(hardware(ant, board) for board in ant.boards),
        "miner_version": ant.firmware.miner,
        "miner_id": ant.serial.lower()[-16:],
    }


def _chain(ant: Antminer, number: int) -> dict[str, Any]:
    index = number - ant.kind.first
    board = ant.boards[index] if 0 <= index < len(ant.boards) else None
    if board is None or board.missing:
        return {
            "temp": 0,
            "temp2_": 0,
            "freq_avg": 0.0,
            "chain_acn": 0,
            "chain_acs": "",
            "chain_hw": 0,
            "chain_rate": "",
        }
    degrees = board.temperature(ant.now())
    return {
        "temp": degrees,
        "temp2_": degrees + CHIP_ABOVE_BOARD_C,
        "freq_avg": float(ant.kind.frequency),
        "chain_acn": ant.kind.chips,
        "chain_acs": chips(ant, board),
        "chain_hw": hardware(ant, board),
        "chain_rate": f"{board.rate.window(5.0, ant.now()) / GH:.2f}",
    }
