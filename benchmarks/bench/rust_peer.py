"""pyasic-rs 0.8.6 at the work that is measured: `rust_peer.py scan|polls NETWORK STATSD_PORT`.

`scan` prints `{"found": N}`. `polls` finds the miners, then reads all of them a few times, 100 at
once, without what takes a page to read, and sends each reading as statsd lines; it prints one
`{"polls", "seconds", "cpu", "lines"}` a round.
"""

import asyncio
import json
import os
import resource
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

from pyasic_rs import MinerFactory  # type: ignore[import-not-found]  # in the peer's environment
from pyasic_rs.asic_rs import DataField  # type: ignore[import-not-found]  # as above

ROUNDS = 5
AT_ONCE = 100
DATAGRAM = 1432
READ = {
    "DeviceInfo",
    "ExpectedHashrate",
    "Fans",
    "Hashboards",
    "Hashrate",
    "Ip",
    "Pools",
    "SchemaVersion",
    "Timestamp",
    "Uptime",
}
"""The fields that port 4028 alone can answer."""

LEFT_OUT = [
    getattr(DataField, name)
    for name in dir(DataField)
    if name[0].isupper() and name not in READ
]  # fmt: skip


def cpu() -> float:
    """Seconds of CPU that this process has had."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def gauges(reading: Any) -> Iterator[tuple[str, Any]]:
    """Name and value of all that is sent of one reading."""
    if reading.hashrate:
        yield "hashrate", reading.hashrate.value
    if reading.expected_hashrate:
        yield "expected_hashrate", reading.expected_hashrate.value
    yield "uptime", reading.uptime
    for board in reading.hashboards:
        stem = f"board.{board.position}"
        yield f"{stem}.hashrate", board.hashrate and board.hashrate.value
        yield f"{stem}.temperature", board.board_temperature
        yield f"{stem}.chips", board.working_chips
        yield f"{stem}.frequency", board.frequency
        yield f"{stem}.voltage", board.voltage
    for fan in reading.fans:
        yield f"fan.{fan.position}", fan.rpm
    for group in reading.pools:
        for place, pool in enumerate(group.pools):
            yield f"pool.{place}.accepted", pool.accepted_shares
            yield f"pool.{place}.rejected", pool.rejected_shares
            yield f"pool.{place}.alive", int(bool(pool.alive))


def send(to: socket.socket, reading: Any) -> int:
    """All gauges of one reading, in full datagrams; how many."""
    stem = f"dragons.worker.{str(reading.ip).replace('.', '-')}"
    lines = [f"{stem}.{name}:{value}|g" for name, value in gauges(reading) if value is not None]
    packet = ""
    for line in lines:
        if len(packet) + len(line) >= DATAGRAM:
            to.send(packet.encode())
            packet = ""
        packet += f"\n{line}" if packet else line
    if packet:
        to.send(packet.encode())
    return len(lines)


async def poll(miner: Any, to: socket.socket, places: asyncio.Semaphore) -> int:
    """Read one miner, once there is a place; how many lines were sent."""
    async with places:
        return send(to, await miner.get_data(exclude=LEFT_OUT))


async def polls(miners: list[Any], port: int) -> None:
    """Some rounds of reading and sending."""
    to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    to.connect(("127.0.0.1", port))
    for _ in range(ROUNDS):
        places, began, used = asyncio.Semaphore(AT_ONCE), time.monotonic(), cpu()
        lines = await asyncio.gather(*[poll(miner, to, places) for miner in miners])
        told = {"polls": len(lines), "lines": sum(lines), "cpu": cpu() - used}
        print(json.dumps({**told, "seconds": time.monotonic() - began}), flush=True)


async def main() -> None:
    what, network, port = sys.argv[1:4]
    factory = MinerFactory.from_subnet(network)
    if what == "polls":
        factory = factory.with_concurrent_limit(AT_ONCE)
    miners = await factory.scan()
    if what == "scan":
        print(json.dumps({"found": len(miners)}))
    else:
        await polls(miners, int(port))
    sys.stdout.flush()
    os._exit(0)  # its threads may abort at the usual end


asyncio.run(main())
