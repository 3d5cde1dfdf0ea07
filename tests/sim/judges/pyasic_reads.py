"""What pyasic makes of a device. Runs under an interpreter that has it; imports nothing of ours.

`python pyasic_reads.py HOST` prints one JSON object: model, make, hashrate (H/s), mac, pools
and error. An error is told in it, not by the exit code.
"""

from __future__ import annotations

import asyncio
import json
import sys
from importlib import import_module
from typing import Any


def hashes(rate: Any) -> float | None:
    """A rate of theirs in H/s."""
    if rate is None:
        return None
    return float(rate.rate) * float(rate.unit.value)


def pool(found: Any) -> dict[str, Any]:
    """One pool: what both of us can tell."""
    return {
        "url": None if found.url is None else str(found.url),
        "user": found.user,
        "alive": found.alive,
        "active": found.active,
    }


async def read(host: str) -> dict[str, Any]:
    """Everything asked for, as far as it came."""
    pyasic: Any = import_module("pyasic")  # only there in the judge's own environment

    miner = await pyasic.get_miner(host)
    if miner is None:
        return {"error": "not taken for a miner"}
    data: Any = await miner.get_data()
    return {
        "kind": type(miner).__name__,
        "make": None if data.make is None else str(data.make),
        "model": data.model,
        "mac": data.mac,
        "firmware": data.fw_ver,
        "hashrate": hashes(data.hashrate),
        "expected": hashes(data.expected_hashrate),
        "power": data.wattage,
        "power_limit": data.wattage_limit,
        "boards": [hashes(board.hashrate) for board in data.hashboards],
        "chips": data.total_chips,
        "fans": [fan.speed for fan in data.fans],
        "mining": data.is_mining,
        "uptime": data.uptime,
        "errors": [getattr(each, "error_code", str(each)) for each in data.errors],
        "pools": [pool(each) for each in data.pools],
        "error": None,
    }


def main() -> None:
    """Ask the host that is the only argument."""
    try:
        found = asyncio.run(read(sys.argv[1]))
    except Exception as error:  # theirs may raise anything
        found = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
