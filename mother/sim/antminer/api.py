"""The API of bmminer on 4028: it tells, and takes no orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mother.sim.antminer import old, stats
from mother.sim.antminer.recorded import DEVS, NEW_POOLS, NEW_SUMMARY, POOLS, SUMMARY, VERSION
from mother.sim.antminer.state import Antminer
from mother.sim.cgminer import PRIVILEGED, Api, Asked, Command, Reply
from mother.sim.hashing import WORK

DIFFICULTY = 524288.0
_REJECTED = 0.0027
_DISCARDED_PER_S = 89.7

_POOL: dict[str, Any] = POOLS["POOLS"][0]
_SPARE_POOL: dict[str, Any] = POOLS["POOLS"][1]
_SUMMARY: dict[str, Any] = SUMMARY["SUMMARY"][0]
_DEV: dict[str, Any] = DEVS["DEVS"][0]
_NEW_POOL: dict[str, Any] = NEW_POOLS["POOLS"][0]
_NEW_SUMMARY: dict[str, Any] = NEW_SUMMARY["SUMMARY"][0]


class Bmminer:
    """The mining program of one device."""

    def __init__(self, ant: Antminer) -> None:
        self._ant = ant
        commands: Mapping[str, Command] = {
            "version": self.version,
            "stats": self.stats,
            "summary": self.summary,
            "pools": self.pools,
            "devs": self.devs,
        }
        self.api = Api(
            commands,
            ant.now,
            description=ant.firmware.description,
            joined=ant.firmware.joined,
            closed=PRIVILEGED,
        )

    def answer(self, request: bytes) -> bytes | None:
        """What 4028 answers; nothing while the mining program is away."""
        self._ant.catch_up()
        if not self._ant.bmminer_up:
            return None
        answer = self.api.answer(request)
        if answer is not None and self._ant.firmware.old:
            answer = answer.replace(b'"},{"STATS":0', b'"}{"STATS":0')
        return answer

    def version(self, asked: Asked) -> Reply:
        """Recorded; the old era names its program differently."""
        ant = self._ant
        words = {
            **VERSION["VERSION"][0],
            "BMMiner": ant.firmware.bmminer,
            "CompileTime": ant.firmware.compiled,
            "Miner": ant.firmware.miner,
            "Type": ant.kind.type,
        }
        return self._section(22, "CGMiner versions", "VERSION", [words])

    def stats(self, asked: Asked) -> Reply:
        """The recorded shape, or the newer one where it is asked for and known."""
        if self._wants_new(asked):
            return stats.new(self._ant)
        told = old.stats if self._ant.firmware.old else stats.recorded
        return self._section(70, "CGMiner stats", "STATS", told(self._ant))

    def summary(self, asked: Asked) -> Reply:
        """As recorded."""
        if self._wants_new(asked):
            return self.new_summary()
        ant, now = self._ant, self._ant.now()
        work = ant.boards.work(now)
        accepted, rejected = self._shares(work)
        minutes = max(1.0, ant.elapsed / 60)
        five = stats.rounded(ant.boards.window(5.0, now))
        told = {
            **_SUMMARY,
            "Elapsed": ant.elapsed,
            "Accepted": accepted,
            "Rejected": rejected,
            "Difficulty Accepted": accepted * DIFFICULTY,
            "Difficulty Rejected": rejected * DIFFICULTY,
            "Discarded": int(ant.elapsed * _DISCARDED_PER_S),
            "GHS 5s": f"{five:.2f}" if ant.firmware.old else five,
            "GHS 30m": stats.rounded(ant.boards.window(1800.0, now)),
            "GHS av": stats.rounded(ant.boards.average(now)),
            "Getwork": ant.elapsed // 13,
            "Hardware Errors": sum(stats.hardware(ant, board) for board in ant.boards),
            "Last getwork": int(now),
            "Local Work": int(ant.elapsed * _DISCARDED_PER_S),
            "Total MH": round(ant.boards.total(now) / 1e6),
            "Utility": round(accepted / minutes, 2),
            "Work Utility": round(work / minutes, 2),
        }
        return self._section(11, "Summary", "SUMMARY", [told])

    def pools(self, asked: Asked) -> Reply:
        """One entry for each configured pool; the first that lives has all the shares."""
        if self._wants_new(asked):
            return self.new_pools()
        entries = [self._pool(*each) for each in self._ranked()]
        return self._section(7, f"{len(entries)} Pool(s)", "POOLS", entries)

    def devs(self, asked: Asked) -> Reply:
        """One entry that tells next to nothing, as recorded."""
        now = self._ant.now()
        accepted, rejected = self._shares(self._ant.boards.work(now))
        told = {
            **_DEV,
            "Accepted": accepted,
            "Rejected": rejected,
            "Device Elapsed": self._ant.elapsed,
            "Difficulty Accepted": int(accepted * DIFFICULTY),
            "Difficulty Rejected": int(rejected * DIFFICULTY),
            "Last Share Difficulty": int(DIFFICULTY),
            "Last Share Time": int(now),
            "Last Valid Work": int(now),
        }
        return self._section(9, "1 ASC(s)", "DEVS", [told])

    def new_summary(self) -> Reply:
        """The newer shape, which the page has too."""
        ant = self._ant
        told = {
            **_NEW_SUMMARY,
            **stats.new_rates(ant),
            "hw_all": sum(stats.hardware(ant, board) for board in ant.boards),
            "bestshare": int(ant.boards.work(ant.now()) * 11),
            "status": self._health(),
        }
        return {**stats.envelope(ant, "summary"), "SUMMARY": [told]}

    def new_pools(self) -> Reply:
        """The newer shape, which the page has too."""
        told = []
        for index, alive, active in self._ranked():
            pool = self._ant.pools[index]
            work = self._ant.boards.work(self._ant.now()) if active else 0.0
            accepted, rejected = self._shares(work)
            entry = {
                **_NEW_POOL,
                "index": index,
                "url": pool.url,
                "user": pool.user,
                "status": "Alive" if alive else "Dead",
                "priority": index,
                "accepted": accepted,
                "rejected": rejected,
                "diffa": int(accepted * DIFFICULTY),
                "diffr": int(rejected * DIFFICULTY),
            }
            told.append(entry)
        return {**stats.envelope(self._ant, "pools"), "POOLS": told}

    def _health(self) -> list[dict[str, Any]]:
        """The four lamps of the page; `s` is well, the words of the others are hand-made."""
        ant = self._ant
        bad = {
            "rate": any(board.dead or board.slow or board.missing for board in ant.boards),
            "network": not any(pool.alive for pool in ant.pools),
            "fans": bool(ant.stopped_fans),
            "temp": any(board.hot for board in ant.boards),
        }
        return [
            {"type": name, "status": "e", "code": 1, "msg": f"{name} error"}
            if bad[name]
            else {"type": name, "status": "s", "code": 0, "msg": ""}
            for name in bad
        ]

    def _wants_new(self, asked: Asked) -> bool:
        return asked.whole.get("new_api") is True and self._ant.firmware.new_stats

    def _shares(self, work: float) -> tuple[int, int]:
        accepted = int(work / DIFFICULTY)
        return accepted, int(accepted * _REJECTED)

    def _ranked(self) -> list[tuple[int, bool, bool]]:
        """Index, alive, and whether it is the one in use, of each pool with an address."""
        ranked = []
        taken = False
        for index, pool in enumerate(self._ant.pools):
            if pool.url:
                ranked.append((index, pool.alive, pool.alive and not taken))
                taken = taken or pool.alive
        return ranked

    def _pool(self, index: int, alive: bool, active: bool) -> dict[str, Any]:
        pool = self._ant.pools[index]
        told = {
            **(_POOL if active else _SPARE_POOL),
            "POOL": index,
            "Priority": index,
            "Status": "Alive" if alive else "Dead",
            "URL": pool.url,
            "User": pool.user,
            "Stratum Active": active,
        }
        if active:
            work = self._ant.boards.work(self._ant.now())
            accepted, rejected = self._shares(work)
            told |= {
                "Accepted": accepted,
                "Rejected": rejected,
                "Difficulty Accepted": accepted * DIFFICULTY,
                "Difficulty Rejected": rejected * DIFFICULTY,
                "Discarded": int(self._ant.elapsed * _DISCARDED_PER_S),
                "Getworks": self._ant.elapsed // 13,
                "Best Share": round(work * 11),
                "Last Share Time": self._last_share(),
                "Stratum URL": pool.host,
            }
        return told

    def _last_share(self) -> str:
        """How long ago, as `h:mm:ss`."""
        rate = sum(board.rate.true for board in self._ant.boards)
        every = DIFFICULTY * WORK / rate if rate else 3600.0
        seconds = int(self._ant.now() % every)
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"

    def _section(self, code: int, message: str, name: str, entries: list[Any]) -> Reply:
        return {name: entries, "STATUS": self.api.status("S", code, message)}
