"""1,000 miners that answer after 50 ms, polled every 10 s: no overrun, and little memory.

`python -m benchmarks.sweep` prints the table.
"""

from __future__ import annotations

import re
import socket
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.apart import apart
from benchmarks.farm import MINERS, Farm, absent, farm
from benchmarks.process import Running
from benchmarks.programs import mother_run
from benchmarks.results import Row, show

LATENCY = 50.0
INTERVAL = 10
SWEEPS = 6
MEMORY = 120
_OWN = re.compile(rb"^dragons\.((?:loop|sink|polls|fleet)\.[^:]+):([^|]+)\|g", re.MULTILINE)


class Gauges:
    """A statsd of sorts that keeps the daemon's own gauges."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.values: dict[str, float] = {}

    def of(self, name: str) -> float:
        """The last value of a gauge; 0 before the first."""
        return self.values.get(name, 0.0)

    def listen(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                datagram = self._socket.recv(65536)
            except TimeoutError:
                return
            for name, value in _OWN.findall(datagram):
                self.values[name.decode()] = float(value)


def measure(folder: Path, sweeps: int = SWEEPS) -> list[Row]:
    gauges = Gauges()
    words = mother_run("127.1.0.0/22", INTERVAL, gauges.port)
    with (
        farm(folder, latency=LATENCY) as ground,
        absent("silent"),
        Running(words, folder) as daemon,
    ):
        ground.until(lambda seen: seen["/api/summary"] >= 2 * MINERS, 90, daemon.check)
        return _watch(ground, gauges, daemon, sweeps)


def _watch(ground: Farm, gauges: Gauges, daemon: Running, sweeps: int) -> list[Row]:
    ground.counters()
    cpu = daemon.cpu
    gauges.listen(sweeps * INTERVAL)
    polls = ground.counters()["/api/summary"]
    share = (daemon.cpu - cpu) / (sweeps * INTERVAL) * 100
    overruns = gauges.values["loop.metrics.overruns"]
    return [
        Row(
            f"1,000 miners, {LATENCY:.0f} ms latency, polled every {INTERVAL} s: overruns",
            f"{overruns:.0f} in {gauges.values['loop.metrics.runs']:.0f} sweeps",
            "0",
            overruns == 0,
        ),
        Row(
            "— polls a sweep",
            f"{polls / sweeps:,.0f}",
            f"{MINERS:,}",
            polls >= 0.99 * sweeps * MINERS,
        ),
        Row("— CPU", f"{share:.1f} % of a core"),
        Row(
            "— memory at the most",
            f"{daemon.memory:.0f} MB",
            f"< {MEMORY} MB",
            daemon.memory < MEMORY,
        ),
    ]


if __name__ == "__main__":
    apart("benchmarks.sweep")
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(show(measure(Path(scratch))))
