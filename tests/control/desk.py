"""A desk of a few miners: it notes what it was asked and answers as it was told to."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

KNOWN = "dragon-1"


def item(number: int = 1, **more: Any) -> dict[str, Any]:
    """One thing that is not as wished, on miner `number`."""
    return {
        "device": f"site/mac:a0:b0:45:00:00:{number:02x}",
        "worker": f"dragon-{number}",
        "address": f"10.1.2.{number}",
        "mac": f"a0:b0:45:00:00:{number:02x}",
        "model": "T1",
        "setting": "profile",
        "old": "efficient level 3",
        "new": "balanced",
        "restarts": True,
        "status": "ready",
        "why": "",
        **more,
    }


def plan(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    devices = {one["device"] for one in items}
    return {
        "at": 1_700_000_000.0,
        "dry_run": False,
        "miners": len(devices),
        "restarts": len({one["device"] for one in items if one["restarts"]}),
        "items": list(items),
        "unread": [],
        **more,
    }


def progress(**more: Any) -> dict[str, Any]:
    counts = ("miners", "wished", "reached", "to_do", "under_way", "waiting", "held", "failed")
    still = {"stopped": [], "settled": True, "news": []}
    return {"at": 0.0, **dict.fromkeys(counts, 0), "undoing": 0, **still, **more}


def miner(number: int = 1, **more: Any) -> dict[str, Any]:
    """A row of the status."""
    return {
        "worker": f"dragon-{number}",
        "address": {"host": f"10.1.2.{number}", "port": 80},
        "mac": f"a0:b0:45:00:00:{number:02x}",
        "model": "T1",
        "firmware": "t1_20180515_060842",
        "state": "hashing",
        "hashrate": 1.6e13,
        "expected_hashrate": 1.6e13,
        "boards_alive": 3,
        "boards_expected": 3,
        "temperature_max": 71.0,
        "uptime": 90_000.0,
        "last_seen": 1_700_000_000.0,
        "because": [],
        "held": "",
        "wish": "",
        **more,
    }


def curtailed(number: int = 1, **more: Any) -> dict[str, Any]:
    """A row of an order, as far as commands show it."""
    ident = f"curtail-{number:06x}"
    return {
        "id": ident,
        "text": f"all (7 miners): to 500 kW, order {number}",
        "running": True,
    } | more


class Curtailing:
    """Answers as it was told to; `steps` are given one after the other, the last for ever."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.rows: list[dict[str, Any]] = []
        self.preview: dict[str, Any] = {"miners": 7, "before": 9e5, "after": 5e5}
        self.dry_run = False
        self.steps: list[dict[str, Any]] = [{"total": 0}]
        self.sleeping = 0
        self.told: list[dict[str, Any]] = []
        self.standing: dict[str, Any] = {"limits": []}

    def curtail(self, terms: Mapping[str, Any], by: str, preview: bool) -> Mapping[str, Any]:
        self._desk.note("curtail", dict(terms), by, preview)
        order = None if preview or self.dry_run else curtailed()
        text = "It would be." if order is None else "It is curtailed."
        return {
            "text": text, "order": order, "new": order is not None, "dry_run": self.dry_run,
            "preview": self.preview,
        }  # fmt: skip

    def resume(self, order: str, by: str) -> Mapping[str, Any]:
        self._desk.note("resume", order, by)
        return {"text": f"{order} is ended.", "orders": self.rows, "sleeping": self.sleeping}

    def orders(self) -> Mapping[str, Any]:
        return {"orders": self.rows, "sleeping": self.sleeping}

    def progress(self, order: str) -> Mapping[str, Any]:
        self._desk.note("curtailment", order)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        return {"order": curtailed(), **step}

    def schedule(self) -> Mapping[str, Any]:
        return self.standing

    def reports(self) -> Mapping[str, Any]:
        return {"reports": self.told}

    def report(self, number: int) -> Mapping[str, Any]:
        self._desk.note("report", number)
        return {"report": self.told[number]}

    def signal(self, name: str, value: float, at: float | None, by: str) -> Mapping[str, Any]:
        self._desk.note("signal", name, value, at, by)
        return {"text": f"{name} is {value:g}."}


class Desk:
    """Plans and progress are given one after the other, the last for ever."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.plans: list[dict[str, Any]] = [plan()]
        self.steps: list[dict[str, Any]] = [progress()]
        self.miners = [miner()]
        self.holds: list[dict[str, Any]] = []
        self.refusal: Exception | None = None
        self.trouble = ""
        self.result = {"result": "done", "text": "It is done.", "worker": KNOWN}
        self.preview: list[dict[str, Any]] = []
        self.results: dict[str, list[dict[str, Any]]] = {}
        self.in_turn: list[bool] = []
        self.stands: list[dict[str, Any]] = []
        self.cannot: dict[str, str] = {}
        self.covers: list[str] | None = None
        self.curtailments = Curtailing(self)
        self.scheduled = True

    @property
    def curtailing(self) -> Curtailing | None:
        return self.curtailments if self.scheduled else None

    def note(self, *what: Any) -> None:
        self.asked.append(what)
        if self.refusal is not None:
            raise self.refusal

    def status(self) -> Mapping[str, Any]:
        totals = {
            "at": time.time(), "miners": len(self.miners), "states": {"hashing": len(self.miners)},
            "hashrate": 1.6e13, "expected_hashrate": 1.6e13, "boards_alive": 3,
            "boards_expected": 3, "temperature_max": 71.0, "accepted": 0.0, "rejected": 0.0,
        }  # fmt: skip
        return {
            "version": "1",
            "networks": ["10.1.2.0/24"],
            "totals": totals,
            "miners": self.miners,
            "unidentified": [],
            "holds": self.holds,
            "curtailments": self.curtailments.rows,
            "trouble": self.trouble,
        }

    def clear(self, miner: str) -> str:
        self.note("clear", miner)
        if miner != KNOWN:
            raise LookupError(f"no miner is called {miner}")
        return f"{miner} is healed again"

    async def kept(self) -> str:
        return self.trouble

    def plan(self) -> Mapping[str, Any]:
        return self.plans.pop(0) if len(self.plans) > 1 else self.plans[0]

    def apply(self, scope: str, by: str) -> Mapping[str, Any]:
        self.note("apply", scope, by)
        return {"text": "Begun.", "miners": 1}

    def progress(self) -> Mapping[str, Any]:
        return self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]

    def undo(self, target: str, by: str, preview: bool, despite_hold: bool) -> Mapping[str, Any]:
        self.note("undo", target, by, preview, despite_hold)
        if not self.preview:
            return {"text": "Nothing to undo.", "miners": 0, "items": []}
        text = "This was written 4 min ago." if preview else "Undoing."
        ready = sum(1 for one in self.preview if one["status"] == "ready")
        return {"text": text, "miners": ready, "items": self.preview}

    def hold(self, scope: str, seconds: float | None, why: str, by: str) -> Mapping[str, Any]:
        self.note("hold", scope, seconds, why, by)
        return {"text": f"{scope} is held.", "miners": 1}

    def release(self, scope: str, by: str) -> Mapping[str, Any]:
        self.note("release", scope, by)
        return {"text": f"{scope} is released.", "miners": 1}

    async def order(
        self,
        miner: str,
        kind: str,
        args: Mapping[str, Any],
        by: str,
        despite_hold: bool,
        in_turn: bool = False,
    ) -> Mapping[str, Any]:
        self.note("order", miner, kind, dict(args), by, despite_hold)
        self.in_turn.append(in_turn)
        later = self.results.get(miner)
        return later.pop(0) if later else self.result

    def covered(self, scope: str, kind: str) -> Mapping[str, Any]:
        self.note("covered", scope, kind)
        rows = [
            {
                "worker": one["worker"], "mac": one["mac"], "address": one["address"]["host"],
                "model": one["model"], "state": one["state"], "held": one["held"],
                "cannot": self.cannot.get(one["worker"], ""),
            }
            for one in self.miners
            if self.covers is None or one["worker"] in self.covers
        ]  # fmt: skip
        return {"miners": rows}

    def places(self) -> Mapping[str, Any]:
        return {"places": self.stands}

    async def place(
        self, rows: Sequence[Mapping[str, Any]], by: str, backup: bool
    ) -> Mapping[str, Any]:
        self.note("place", [dict(one) for one in rows], by, backup)
        file = "/srv/places-1.csv" if backup else ""
        return {"text": "Placed.", "miners": len(rows), "backup": file}

    def unplace(self, by: str) -> str:
        self.note("unplace", by)
        return "It is nowhere again."

    def retire(self, miner: str, by: str) -> str:
        self.note("retire", miner, by)
        return f"{miner} is retired."

    def accept(self, miner: str, boards: int | None, by: str) -> str:
        self.note("accept", miner, boards, by)
        return f"{miner} has {boards} boards."

    def replace(self, old: str, new: str, by: str) -> str:
        self.note("replace", old, new, by)
        return f"{new} is {old} now."
