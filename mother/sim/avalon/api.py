"""The API of an Avalon on 4028: it tells, and takes orders from anybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mother.sim.avalon import recorded, told
from mother.sim.avalon.orders import Orders
from mother.sim.avalon.state import Avalon
from mother.sim.cgminer import Api, Asked, Command, Reply

DIFFICULTY = 524288.0
_REJECTED = 0.0022

_SUMMARY: dict[str, Any] = recorded.SUMMARY["SUMMARY"][0]
_DEV: dict[str, Any] = recorded.DEVS["DEVS"][0]
_POOL: dict[str, Any] = recorded.POOLS["POOLS"][0]


class Cgminer:
    """The mining program of one device; `soon` does something once the answer has left."""

    def __init__(self, avalon: Avalon, soon: Callable[[Callable[[], None]], object]) -> None:
        self._avalon = avalon
        self._orders = Orders(avalon, soon)
        commands: Mapping[str, Command] = {
            "version": self.version,
            "summary": self.summary,
            "stats": self.stats,
            "estats": self.stats,
            "litestats": self.litestats,
            "devs": self.devs,
            "pools": self.pools,
            "devdetails": self.devdetails,
            "config": self.config,
            "coin": self.coin,
            "check": self.check,
            "ascset": self.ascset,
            "setpool": self.setpool,
            "restart": self.restart,
        }
        self.api = Api(commands, lambda: avalon.clock, description="cgminer 4.11.1", joined=True)

    def answer(self, request: bytes) -> bytes | None:
        """What 4028 answers; nothing while cgminer is away."""
        self._avalon.catch_up()
        return self.api.answer(request) if self._avalon.up else None

    def version(self, asked: Asked) -> Reply:
        """As recorded, with an identity of its own."""
        avalon = self._avalon
        mac = avalon.mac.replace(":", "") if avalon.kind.plain_mac else avalon.mac.upper()
        dna = avalon.dna if avalon.kind.plain_mac else avalon.dna * 2
        words = {**avalon.kind.version, "DNA": dna, "MAC": mac}
        return self._section(22, "CGMiner versions", "VERSION", [words])

    def stats(self, asked: Asked) -> Reply:
        """The device with every chip, and its pools."""
        return self._section(70, "CGMiner stats", "STATS", told.stats(self._avalon))

    def litestats(self, asked: Asked) -> Reply:
        """The device without its chips."""
        return self._section(70, "CGMiner stats", "STATS", told.litestats(self._avalon))

    def summary(self, asked: Asked) -> Reply:
        """As recorded."""
        avalon = self._avalon
        accepted, rejected = self._shares()
        minutes = max(1.0, avalon.elapsed / 60)
        words = {
            **_SUMMARY,
            **self._rates(),
            **self._share_words(accepted, rejected),
            "Elapsed": avalon.elapsed,
            "Getworks": avalon.elapsed // 56,
            "Local Work": avalon.elapsed * 5,
            "Total MH": float(round(avalon.boards.total(avalon.now()) / 1e6)),
            "Utility": round(accepted / minutes, 2),
            "Work Utility": round(avalon.boards.work(avalon.now()) / minutes, 2),
        }
        return self._section(11, "Summary", "SUMMARY", [words])

    def devs(self, asked: Asked) -> Reply:
        """One device, whatever its boards."""
        avalon = self._avalon
        accepted, rejected = self._shares()
        words = {
            **_DEV,
            **self._rates(),
            **self._share_words(accepted, rejected),
            "Device Elapsed": avalon.elapsed,
            "Diff1 Work": int(avalon.boards.work(avalon.now())),
            "Last Share Time": max(0, avalon.elapsed - 20),
            "Last Valid Work": int(avalon.clock),
            "Total MH": float(round(avalon.boards.total(avalon.now()) / 1e6)),
            "Utility": round(accepted / max(1.0, avalon.elapsed / 60), 2),
        }
        return self._section(9, "1 ASC(s)", "DEVS", [{k: words[k] for k in _DEV}])

    def pools(self, asked: Asked) -> Reply:
        """The configured pools; the first that lives has all the shares."""
        entries: list[dict[str, Any]] = []
        taken = False
        for index, pool in enumerate(self._avalon.pools):
            active = pool.alive and not taken
            taken = taken or active
            accepted, rejected = self._shares() if active else (0, 0)
            shares = self._share_words(accepted, rejected)
            words = {
                **_POOL,
                **{name: value for name, value in shares.items() if name in _POOL},
                "POOL": index,
                "Priority": index,
                "Password": pool.password,
                "Status": "Alive" if pool.alive else "Dead",
                "Stratum Active": active,
                "Stratum URL": pool.url if active else "",
                "URL": pool.url,
                "User": pool.user,
                "Diff1 Shares": int(accepted * DIFFICULTY),
                "Getworks": self._avalon.elapsed // 56 if active else 0,
                "Works": self._avalon.elapsed * 2 if active else 0,
            }
            entries.append(words)
        return self._section(7, f"{len(entries)} Pool(s)", "POOLS", entries)

    def devdetails(self, asked: Asked) -> Reply:
        """As recorded: next to nothing."""
        return self._section(69, "Device Details", "DEVDETAILS", recorded.DEVDETAILS["DEVDETAILS"])

    def config(self, asked: Asked) -> Reply:
        """As recorded."""
        words = {**recorded.CONFIG["CONFIG"][0], "Pool Count": len(self._avalon.pools)}
        return self._section(33, "CGMiner config", "CONFIG", [words])

    def coin(self, asked: Asked) -> Reply:
        """As recorded."""
        return self._section(78, "CGMiner coin", "COIN", recorded.COIN["COIN"])

    def check(self, asked: Asked) -> Reply:
        """Whether a command exists, and may be asked."""
        known = "Y" if self.api.knows(asked.parameter) else "N"
        return self._section(72, "Check command", "CHECK", [{"Access": known, "Exists": known}])

    def ascset(self, asked: Asked) -> Reply | None:
        """`0,option,value`."""
        verdict = self._orders.ascset(asked.parameter)
        return None if verdict is None else {"STATUS": self.api.status(*verdict)}

    def setpool(self, asked: Asked) -> Reply:
        """`user,password,place,url,worker,its password`."""
        return {"STATUS": self.api.status(*self._orders.setpool(asked.parameter))}

    def restart(self, asked: Asked) -> Reply:
        """The answer is one word; cgminer starts anew."""
        self._orders.restart()
        return {"STATUS": "RESTART"}

    def _rates(self) -> dict[str, float]:
        """MH/s by window."""
        avalon, now = self._avalon, self._avalon.now()
        windows = {"5s": 5.0, "1m": 60.0, "5m": 300.0, "15m": 900.0}
        told_ = {
            f"MHS {k}": round(avalon.boards.window(v, now) / 1e6, 2) for k, v in windows.items()
        }
        return {**told_, "MHS av": round(avalon.boards.average(now) / 1e6, 2)}

    def _shares(self) -> tuple[int, int]:
        accepted = int(self._avalon.boards.work(self._avalon.now()) / DIFFICULTY)
        return accepted, int(accepted * _REJECTED)

    def _share_words(self, accepted: int, rejected: int) -> dict[str, Any]:
        return {
            "Accepted": accepted,
            "Rejected": rejected,
            "Difficulty Accepted": accepted * DIFFICULTY,
            "Difficulty Rejected": rejected * DIFFICULTY,
        }

    def _section(self, code: int, message: str, name: str, entries: list[Any]) -> Reply:
        return {name: entries, "STATUS": self.api.status("S", code, message)}
