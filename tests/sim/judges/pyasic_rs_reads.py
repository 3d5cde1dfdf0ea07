"""What asic-rs makes of devices. Runs under an interpreter that has pyasic_rs; nothing of ours.

`python pyasic_rs_reads.py HOST ...` prints one JSON object by host: model, make, hashrate (H/s),
mac, pools and error. An error is told in it, not by the exit code.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

FACTORS = {"H": 1.0, "KH": 1e3, "MH": 1e6, "GH": 1e9, "TH": 1e12, "PH": 1e15, "EH": 1e18}


def hashes(rate: Any) -> float | None:
    """A rate of theirs in H/s."""
    if rate is None:
        return None
    unit = str(rate.unit).rpartition(".")[2].upper()
    factor = next(FACTORS[name] for name in sorted(FACTORS, reverse=True) if unit.startswith(name))
    return float(rate.value) * factor


def pools(groups: Any) -> list[dict[str, Any]]:
    """All pools of all groups: what both of us can tell."""
    return [
        {
            "url": None if each.url is None else str(each.url),
            "user": each.user,
            "alive": each.alive,
            "active": each.active,
        }
        for group in groups
        for each in group.pools
    ]


async def read(host: str) -> dict[str, Any]:
    """Everything asked for, as far as it came."""
    pyasic_rs: Any = import_module("pyasic_rs")  # only there in the judge's own environment

    miner = await pyasic_rs.MinerFactory().get_miner(host)
    if miner is None:
        return {"error": "not taken for a miner"}
    data: Any = await miner.get_data()
    return {
        "kind": repr(miner),
        "make": miner.make,
        "model": miner.model,
        "mac": None if data.mac is None else str(data.mac),
        "firmware": data.firmware_version,
        "hashrate": hashes(data.hashrate),
        "expected": hashes(data.expected_hashrate),
        "power": data.wattage,
        "boards": [hashes(board.hashrate) for board in data.hashboards],
        "chips": data.total_chips,
        "fans": [fan.rpm for fan in data.fans],
        "mining": data.is_mining,
        "uptime": str(data.uptime),
        "errors": [[each.code, each.message] for each in data.messages],
        "pools": pools(data.pools),
        "error": None,
    }


async def told(host: str) -> dict[str, Any]:
    """The same; an error is told as one."""
    try:
        return await read(host)
    except Exception as error:  # theirs may raise anything
        return {"error": f"{type(error).__name__}: {error}"}


async def judged(hosts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """All of them, one after the other."""
    return {host: await told(host) for host in hosts}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(judged(sys.argv[1:]))), flush=True)
    os._exit(0)  # the threads of 0.8.6 abort some of the processes that end in the usual way
