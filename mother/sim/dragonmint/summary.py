"""The summary: boards, pools and fan, in the recorded shape with numbers that live."""

from __future__ import annotations

from typing import Any

from mother.sim.dragonmint.boards import WINDOWS_S, Board
from mother.sim.dragonmint.php import number
from mother.sim.dragonmint.replies import HANDMADE, RECORDED
from mother.sim.dragonmint.settings import PoolSetting
from mother.sim.dragonmint.state import Dragon
from mother.sim.faults import between

SHARE_DIFFICULTY = 16982
DIFF1_PER_S = 1164.0
"""Difficulty-1 shares a second of one healthy board: 5e12 / 2**32."""

RECORDED_BLOCK = (1529186665, 527797)
_WINDOW_NAMES = ("MHS 5s", "MHS 1m", "MHS 5m", "MHS 15m")
_DEVICE = RECORDED["summary"]["DEVS"][0]
_ACTIVE_POOL, _SPARE_POOL = RECORDED["summary"]["POOLS"]
_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))


def summary(dragon: Dragon) -> dict[str, Any]:
    """The whole answer; `{"success": false}` while the mining program is not ready."""
    if not dragon.ready:
        return dict(HANDMADE["not-ready"])
    boards = [board for board in dragon.boards if not board.missing]
    rows = [_device(dragon, board) for board in boards]
    answer = {
        **RECORDED["summary"],
        "DEVS": rows,
        "POOLS": _pools(dragon, rows),
        "HARDWARE": {"Fan duty": _fan_percent(dragon, rows)},
        "tuning": dragon.tuning,
    }
    if dragon.firmware.modern:
        answer["TotalHash"] = _scaled(dragon, sum(row["Hash Rate H"] for row in rows))
    return answer


def _device(dragon: Dragon, board: Board) -> dict[str, Any]:
    now, elapsed = dragon.now(), dragon.elapsed
    windows = [number(board.window(index, now)) for index in range(len(WINDOWS_S))]
    row = {
        **_DEVICE,
        "ASC": board.index,
        "ID": board.index,
        "Name": dragon.make.device_name,
        "Status": "Dead" if board.dead else "Alive",
        "Temperature": board.temperature(now, dragon.mining_from),
        "MHS av": number(board.total(now) / max(1.0, elapsed)),
        **dict(zip(_WINDOW_NAMES, windows, strict=True)),
        **_shares(dragon, board),
        "Total MH": int(board.total(now)),
        "Last Valid Work": int(now if board.hashing else board.last_work),
        "Device Elapsed": int(elapsed),
        "Hash Rate": windows[_copied_window(elapsed)],
    }
    if dragon.firmware.modern:
        row |= _scaled(dragon, row["Hash Rate"] * dragon.make.base)
    return row


def _copied_window(elapsed: float) -> int:
    """Which window `Hash Rate` copies: 5s, 1m, 5m or 15m, the longer it mines."""
    return sum(elapsed >= bound for bound in (300, 900, 3600))


def _scaled(dragon: Dragon, rate_h: float) -> dict[str, Any]:
    """A rate in hashes a second, as builds of August 2018 show it (hand-made)."""
    factor, prefix = next((p for p in _PREFIXES if rate_h >= p[0]), _PREFIXES[-1])
    return {
        "Hash Rate": number(rate_h / factor),
        "Unit": prefix + dragon.make.unit,
        "Hash Rate H": number(rate_h),
    }


def _shares(dragon: Dragon, board: Board) -> dict[str, Any]:
    now = dragon.now()
    work = board.total(now) / dragon.make.board_rate * DIFF1_PER_S
    accepted_work = work * 0.972
    accepted = int(accepted_work / SHARE_DIFFICULTY)
    rejected = int(work * 0.005 / SHARE_DIFFICULTY)
    wrong = between(0.0003, 0.0014, board.tag, "errors")
    since_share = (accepted_work % SHARE_DIFFICULTY) / DIFF1_PER_S
    errors = int(work * wrong)
    return {
        "Accepted": accepted,
        "Rejected": rejected,
        "Hardware Errors": errors,
        "Utility": number(accepted * 60 / max(1.0, dragon.elapsed)),
        "Last Share Pool": _active(dragon) if accepted else -1,
        "Last Share Time": int((now if board.hashing else board.last_work) - since_share)
        if accepted
        else 0,
        "Diff1 Work": int(work),
        "Difficulty Accepted": accepted * SHARE_DIFFICULTY,
        "Difficulty Rejected": rejected * SHARE_DIFFICULTY,
        "Last Share Difficulty": SHARE_DIFFICULTY if accepted else 0,
        "Device Hardware%": number(100 * errors / max(1.0, work + errors), 4),
        "Device Rejected%": number(100 * rejected * SHARE_DIFFICULTY / max(1.0, work), 4),
    }


def _active(dragon: Dragon) -> int:
    alive = [i for i, pool in enumerate(dragon.pools or ()) if dragon.pool_alive(pool)]
    return alive[0] if alive else -1


def _pools(dragon: Dragon, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    active = _active(dragon)
    return [
        {
            **(_mined(dragon, pool, rows) if index == active else _SPARE_POOL),
            "POOL": index,
            "URL": pool.url,
            "Status": "Alive" if dragon.pool_alive(pool) else "Dead",
            "Priority": index,
            "User": pool.user,
        }
        for index, pool in enumerate(dragon.pools or ())
    ]


def _mined(dragon: Dragon, pool: PoolSetting, rows: list[dict[str, Any]]) -> dict[str, Any]:
    elapsed = dragon.elapsed
    total = {key: sum(row[key] for row in rows) for key in _SUMS}
    shares = total["Difficulty Accepted"] + total["Difficulty Rejected"]
    at, height = RECORDED_BLOCK
    return {
        **_ACTIVE_POOL,
        **{key: total[key] for key in _SUMS if key != "Diff1 Work"},
        "Diff1 Shares": total["Diff1 Work"],
        "Getworks": int(1 + elapsed / 27),
        "Works": int(elapsed * 22),
        "Discarded": int(elapsed * 0.57),
        "Last Share Time": max((row["Last Share Time"] for row in rows), default=0),
        "Last Share Difficulty": SHARE_DIFFICULTY if total["Accepted"] else 0,
        "Stratum URL": pool.host,
        "Best Share": int(total["Diff1 Work"] * between(1.0, 8.0, dragon.mac, "best")),
        "Pool Rejected%": number(100 * total["Difficulty Rejected"] / max(1, shares), 4),
        "Bad Work": int(elapsed / 10),
        "Current Block Height": height + int((dragon.now() - at) / 600),
    }


_SUMS = ("Accepted", "Rejected", "Difficulty Accepted", "Difficulty Rejected", "Diff1 Work")


def _fan_percent(dragon: Dragon, rows: list[dict[str, Any]]) -> int:
    """Full for two minutes after a start, then by the hottest board (59 % at 72 C recorded)."""
    if dragon.elapsed < 120:
        return 100
    hottest = max((row["Temperature"] for row in rows), default=0)
    return min(100, max(30, 59 + 2 * (hottest - 72)))
