"""The tables of docs/metrics.md, made from the tables that the metrics are sent by.

`python -m tests.sinks.metrics_page docs/metrics.md` brings the page up to date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from mother.core.metrics import BOARD_METRICS, FARM_METRICS, METRICS, POOL_METRICS
from mother.drivers.dragonmint import metrics as dragonmint
from mother.sinks import prometheus_names
from mother.sinks.statsd_names import COUNTERS, SCAN_METRICS, SUM_METRICS

_PART = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

Row = tuple[str, str, str]

UNIFORM = {
    "hashrate": "of all boards together; 0 while asleep or gone",
    "expected_hashrate": "what it shall make in its present mode: by its own word, by what it "
    "made when well, or by its model",
    "boards_alive": "boards that say they are alive; 0 when gone",
    "boards_expected": "boards the model has",
    "temperature_max": "of the hottest board",
    "temperature_chip_max": "of the hottest chip",
    "coolant": "of the liquid that cools it",
    "fan_percent": "fan duty",
    "fan_rpm_min": "of the slowest fan; 0 is one that stands still",
    "power": "what it draws, as the device says or else by the maker's nameplate; 0 when gone",
    "power_target": "the limit or target that is set on it",
    "efficiency": "power by hashrate, while it hashes and both are known",
    "pool_alive": "1 while at least one pool is alive; 0 when gone",
    "accepted": "accepted shares since the mining program started",
    "rejected": "rejected shares since the mining program started",
    "uptime": "of the mining program",
    "last_seen": "when the miner last answered",
    "reachable": "1 while it answers; 0 when gone",
}
OF_BOARD = {
    "alive": "whether the board says it is alive; 0 when gone",
    "hashrate": "of this board; 0 while asleep or gone",
    "temperature": "of this board",
    "temperature_chip": "of its hottest chip",
    "chips": "chips that work",
    "chips_expected": "chips the board has when all work",
    "frequency": "what its chips are clocked at",
    "accepted": "accepted shares since the mining program started",
    "rejected": "rejected shares since the mining program started",
    "hardware_errors": "wrong results of its chips since then",
}
OF_POOL = {
    "alive": "whether the miner calls the pool alive; 0 when gone",
    "active": "1 for the pool that it mines for now; 0 when gone",
    "accepted": "shares that the pool accepted since the mining program started",
    "rejected": "shares that it rejected since then",
}
FARM = {
    "miners": "miners that are known",
    "state.hashing": "miners at work",
    "state.tuning": "miners that are starting or ramping up",
    "state.asleep": "miners that are off on purpose",
    "state.ill": "miners that hash badly, have a dead board or are too hot",
    "state.gone": "miners that are not reachable",
    "state.unknown": "miners that were never read",
    "given_up": "miners that were known and are not polled any more",
    "hashrate": "of the whole farm",
    "expected_hashrate": "of the whole farm, were all well",
    "boards_alive": "boards alive on the whole farm",
    "boards_expected": "boards the farm should have",
    "temperature_max": "of the farm's hottest board",
    "power": "of all miners that hash and whose power is known",
    "efficiency": "power by hashrate, of those miners",
    "accepted": "accepted shares, summed over miners",
    "rejected": "rejected shares, summed over miners",
}
_MHS = "MH/s (Sol/s, kH/s on types that count so)"
DEVICE = {
    "Alive": ("0 or 1", "whether the board says it is alive"),
    "Temperature": ("C", "the board's temperature"),
    "MHS-av": (_MHS, "hashrate since the mining program started"),
    "MHS-5s": (_MHS, "hashrate of the last 5 seconds"),
    "MHS-1m": (_MHS, "hashrate of the last minute"),
    "MHS-5m": (_MHS, "hashrate of the last 5 minutes"),
    "MHS-15m": (_MHS, "hashrate of the last 15 minutes"),
    "Accepted": ("shares", "accepted shares"),
    "Rejected": ("shares", "rejected shares"),
    "Hardware-Errors": ("errors", "wrong results of the chips"),
    "Utility": ("shares/min", "accepted shares per minute"),
    "Last-Share-Pool": ("index", "pool the last share went to"),
    "Last-Share-Time": ("Unix s", "when the last share went out; 0 for never"),
    "Total-MH": ("MH", "hashes done"),
    "Diff1-Work": ("difficulty 1", "work done"),
    "Difficulty-Accepted": ("difficulty 1", "work accepted"),
    "Difficulty-Rejected": ("difficulty 1", "work rejected"),
    "Last-Share-Difficulty": ("difficulty 1", "difficulty of the last share"),
    "Last-Valid-Work": ("Unix s", "when a chip last gave a right result"),
    "Device-Hardware": ("%", "share of hardware errors"),
    "Device-Rejected": ("%", "share of rejected work"),
    "Device-Elapsed": ("s", "time since the mining program started"),
    "Hash-Rate": ("as the firmware shows it", "a hashrate, on newer firmware scaled"),
    "Hash-Rate-H": ("H/s", "hashrate, on newer firmware only"),
}
POOL = {
    "Getworks": ("requests", "work fetched"),
    "Accepted": ("shares", "accepted shares"),
    "Rejected": ("shares", "rejected shares"),
    "Works": ("units", "units of work made from what was fetched"),
    "Discarded": ("units", "units of work thrown away unused"),
    "Stale": ("shares", "shares that came too late"),
    "Get-Failures": ("failures", "work that could not be fetched"),
    "Remote-Failures": ("failures", "shares that could not be handed in"),
    "Last-Share-Time": ("Unix s", "when the last share went out; 0 for never"),
    "Diff1-Shares": ("difficulty 1", "work handed in"),
    "Difficulty-Accepted": ("difficulty 1", "work accepted"),
    "Difficulty-Rejected": ("difficulty 1", "work rejected"),
    "Difficulty-Stale": ("difficulty 1", "work that came too late"),
    "Last-Share-Difficulty": ("difficulty 1", "difficulty of the last share"),
    "Work-Difficulty": ("difficulty 1", "difficulty the work is done at"),
    "Stratum-Difficulty": ("difficulty 1", "difficulty the pool asks for"),
    "Best-Share": ("difficulty 1", "best share so far"),
    "Pool-Rejected": ("%", "share of rejected work"),
    "Pool-Stale": ("%", "share of work that came too late"),
    "Bad-Work": ("units", "work from the pool that was of no use"),
    "Current-Block-Height": ("blocks", "height of the block being mined"),
    "Current-Block-Version": ("number", "version field of that block"),
}


def manager() -> Iterable[Row]:
    for scan in SCAN_METRICS:
        yield (scan.name, f"{scan.unit} (timer)" if scan.timer else scan.unit, scan.meaning)
    yield from (
        (row.name, row.unit, "miners that are known")
        for row in SUM_METRICS
        if row.name.startswith("manager.")
    )
    yield from ((row.name, "counter", row.meaning) for row in COUNTERS if not row.per_worker)


def worker() -> Iterable[Row]:
    yield from ((row.name, "counter", row.meaning) for row in COUNTERS if row.per_worker)


def miner() -> Iterable[Row]:
    return ((row.name, row.unit, UNIFORM[row.name]) for row in METRICS)


def board() -> Iterable[Row]:
    return ((row.name, row.unit, OF_BOARD[row.name]) for row in BOARD_METRICS)


def pool() -> Iterable[Row]:
    return ((row.name, row.unit, OF_POOL[row.name]) for row in POOL_METRICS)


def fleet() -> Iterable[Row]:
    return ((row.name, row.unit, FARM[row.name]) for row in FARM_METRICS)


def native() -> Iterable[Row]:
    yield (dragonmint.FAN_DUTY, "%", "fan duty")
    boards = [dragonmint.alive_name(0), *(name for _, name in dragonmint.device_names(0))]
    yield from _indexed(boards, "dev.", "ID", DEVICE)
    pools = [name for _, name in dragonmint.pool_names(0)]
    yield from _indexed(pools, "pool.", "POOL", POOL)


def _indexed(
    names: Iterable[str], first: str, index: str, told: Mapping[str, tuple[str, str]]
) -> Iterable[Row]:
    for name in names:
        last = name.removeprefix(f"{first}0.")
        yield (f"{first}{{{index}}}.{last}", *told[last])


def prometheus() -> Iterable[Row]:
    for one in prometheus_names.names():
        yield (one.name, ", ".join(one.labels) or "none", one.help)


TABLES: Mapping[str, Callable[[], Iterable[Row]]] = {
    "manager": manager,
    "worker": worker,
    "miner": miner,
    "board": board,
    "pool": pool,
    "fleet": fleet,
    "dragonmint": native,
    "prometheus": prometheus,
}


HEAD = "| name | unit | meaning |"
HEADS = {"prometheus": "| name | labels | meaning |"}


def up_to_date(page: str) -> str:
    """The page with each part between `<!-- table: NAME -->` and `<!-- end -->` made anew."""

    def made(found: re.Match[str]) -> str:
        rows = [f"| `{name}` | {unit} | {meaning} |" for name, unit, meaning in TABLES[found[2]]()]
        return (
            "\n".join([found[1], HEADS.get(found[2], HEAD), "|---|---|---|", *rows, "", ""])
            + (found[3])
        )

    return _PART.sub(made, page)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(up_to_date(path.read_text()))
