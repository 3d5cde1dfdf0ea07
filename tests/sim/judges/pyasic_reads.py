"""What pyasic makes of devices. Runs under an interpreter that has it; imports nothing of ours.

`python pyasic_reads.py HOST ...` prints one JSON object by host: model, make, hashrate (H/s),
mac, pools and error. An error is told in it, not by the exit code.
"""

from __future__ import annotations

import asyncio
import json
import sys
import warnings
from collections.abc import Sequence
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
    """Everything asked for, as far as it came; what it warned of is in `said`."""
    pyasic: Any = import_module("pyasic")  # only there in the judge's own environment

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        miner = await pyasic.get_miner(host)
    if miner is None:
        return {"error": "not taken for a miner"}
    known = {
        "kind": type(miner).__name__,
        "make": None if miner.make is None else str(miner.make),
        "said": [str(one.message) for one in said],
    }
    try:
        data: Any = await miner.get_data()
    except pyasic.APIError as error:
        return {**known, **await piecemeal(miner), "error": str(error)}
    return {
        **known,
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


async def piecemeal(miner: Any) -> dict[str, Any]:
    """What single questions bring where the one for everything fails."""
    config: Any = await miner.get_config()
    return {
        "mac": await miner.get_mac(),
        "pools": [
            {"url": each.url, "user": each.user}
            for group in config.pools.groups
            for each in group.pools
        ],
    }


async def told(host: str) -> dict[str, Any]:
    """The same; an error is told as one."""
    try:
        return await read(host)
    except Exception as error:  # theirs may raise anything
        return {"error": f"{type(error).__name__}: {error}"}


async def judged(hosts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """All of them, one after the other: its warnings are the process's."""
    return {host: await told(host) for host in hosts}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(judged(sys.argv[1:]))))
