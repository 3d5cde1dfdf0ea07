"""What a Whatsminer tells of itself on 4028: the recorded answers with its own state in them."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

from mother.sim.hashing import Board
from mother.sim.whatsminer.replies import HANDMADE, V2
from mother.sim.whatsminer.state import Whatsminer

Reply = dict[str, Any]

_MHS = 1e6


def _status(miner: Whatsminer, reply: Reply, message: str | None = None) -> Reply:
    """A fresh copy of a recorded answer, with the time of the device in it."""
    fresh = copy.deepcopy(reply)
    if isinstance(fresh["STATUS"], list):
        fresh["STATUS"][0]["When"] = int(miner.now())
        if message is not None:
            fresh["STATUS"][0]["Msg"] = message
    else:
        fresh["When"] = int(miner.now())
    return fresh


def summary(miner: Whatsminer) -> Reply:
    """`summary`: rates in MH/s, power in W."""
    reply = _status(miner, V2["summary"])
    reply["SUMMARY"] = [
        {**HANDMADE["summary_more"], **reply["SUMMARY"][0]}
        | _identity(miner)
        | _work(miner)
        | _climate(miner)
    ]
    return reply


def _identity(miner: Whatsminer) -> dict[str, Any]:
    firmware = miner.firmware
    return {
        "CB Platform": firmware.platform,
        "CB Version": firmware.control_board[-3:],
        "Factory GHS": round(miner.about.rate),
        "Firmware Version": f"'{firmware.version}'",
        "MAC": miner.mac.upper(),
        "Power Limit": miner.limit,
        "Power Mode": miner.mode.capitalize(),
        "Target Freq": miner.about.frequency,
    }


def _work(miner: Whatsminer) -> dict[str, Any]:
    now, boards = miner.now(), miner.boards
    minute = boards.window(60.0, now)
    return {
        "Accepted": miner.shares - miner.shares // 500,
        "Best Share": int(miner.shares * miner.difficulty * 3),
        "Elapsed": int(miner.elapsed),
        "HS RT": round(minute / _MHS, 2),
        "Hash Stable": miner.ramped,
        "MHS 15m": round(boards.window(900.0, now) / _MHS, 2),
        "MHS 1m": round(minute / _MHS, 2),
        "MHS 5m": round(boards.window(300.0, now) / _MHS, 2),
        "MHS 5s": round(boards.window(5.0, now) / _MHS, 2),
        "MHS av": round(boards.average(now) / _MHS, 2),
        "Pool Rejected%": 0.2 if miner.shares > 500 else 0.0,
        "Power": round(miner.watts),
        "Power Rate": round(miner.watts / minute * 1e12, 2) if minute else 0.0,
        "Rejected": miner.shares // 500,
        "Uptime": int(miner.uptime),
    }


def _climate(miner: Whatsminer) -> dict[str, Any]:
    hottest = max(miner.chip_temperature(board) for board in miner.boards)
    fan_in, fan_out = miner.fans
    return {
        "Chip Temp Avg": round(hottest - 8.5, 2),
        "Chip Temp Max": round(hottest, 1),
        "Chip Temp Min": round(hottest - 19, 1),
        "Env Temp": miner.room(),
        "Fan Speed In": fan_in,
        "Fan Speed Out": fan_out,
        "Temperature": float(max(board.temperature(miner.now()) for board in miner.boards)),
    }


def pools(miner: Whatsminer) -> Reply:
    """`pools`."""
    reply = _status(miner, V2["pools"], f"{len(miner.pools)} Pool(s)")
    like, active = reply["POOLS"][0], miner.active_pool
    found = miner.shares
    reply["POOLS"] = [
        like
        | {
            "Accepted": found - found // 500 if index == active else 0,
            "POOL": index + 1,
            "Priority": index,
            "Rejected": found // 500 if index == active else 0,
            "Status": "Alive" if miner.reaches(pool) else "Dead",
            "Stratum Active": index == active and not miner.off,
            "URL": pool.url,
            "User": pool.user,
        }
        for index, pool in enumerate(miner.pools)
    ]
    return reply


def devs(miner: Whatsminer) -> Reply:
    """`devs`: a board that is not found is not listed."""
    return _devs(miner, [board for board in miner.boards if not board.missing])


def edevs(miner: Whatsminer) -> Reply:
    """`edevs`: nor one that is dead (P: "ignoring blacklisted and zombie devices")."""
    return _devs(miner, [board for board in miner.boards if not (board.missing or board.dead)])


def _devs(miner: Whatsminer, boards: list[Board]) -> Reply:
    reply = _status(miner, V2["devs"], f"{len(boards)} ASC(s)")
    like = {**HANDMADE["devs_more"], **reply["DEVS"][0]}
    reply["DEVS"] = [like | _board(miner, board) for board in boards]
    return reply


def _board(miner: Whatsminer, board: Board) -> dict[str, Any]:
    now, rate = miner.now(), board.rate
    hottest = miner.chip_temperature(board)
    fan_in, fan_out = miner.fans
    frequency = miner.about.frequency if rate.true else 0
    return {
        "ASC": board.index,
        "Accepted": int(rate.total(now) / (1 << 32) / miner.difficulty),
        "Chip Frequency": frequency,
        "Chip Temp Avg": round(hottest - 8.5, 2),
        "Chip Temp Max": round(hottest, 1),
        "Chip Temp Min": round(hottest - 18, 1),
        "Device Elapsed": int(miner.elapsed),
        "Effective Chips": 0 if board.dead else miner.about.chips,
        "Factory GHS": round(miner.about.rate / miner.about.boards),
        "Fan Speed In": fan_in,
        "Fan Speed Out": fan_out,
        "Frequency": float(frequency),
        "ID": board.index,
        "MHS 15m": round(rate.window(900.0, now) / _MHS, 2),
        "MHS 1m": round(rate.window(60.0, now) / _MHS, 2),
        "MHS 5m": round(rate.window(300.0, now) / _MHS, 2),
        "MHS 5s": round(rate.window(5.0, now) / _MHS, 2),
        "MHS av": round(rate.average(now) / _MHS, 2),
        "PCB SN": serial(miner, board.index),
        "Slot": board.index,
        "Status": "Dead" if board.dead else "Alive",
        "Temperature": float(board.temperature(now)),
    }


def serial(miner: Whatsminer, index: int) -> str:
    """A board's serial number, in the grammar of the recorded ones."""
    return f"BHM5CSD13{int(miner.mac.replace(':', ''), 16) % 10**6:06d}K3000{index + 1}"


def devdetails(miner: Whatsminer) -> Reply:
    """`devdetails`: the model, and the driver that libraries know it by."""
    reply = _status(miner, HANDMADE["devdetails"])
    like = reply["DEVDETAILS"][0]
    reply["DEVDETAILS"] = [
        like | {"DEVDETAILS": board.index, "ID": board.index, "Model": miner.about.type}
        for board in miner.boards
    ]
    return reply


def get_version(miner: Whatsminer) -> Reply:
    """`get_version`."""
    firmware = miner.firmware
    reply = _status(miner, V2["get_version"])
    reply["Msg"] |= {
        "api_ver": firmware.v2,
        "fw_ver": firmware.version,
        "platform": firmware.platform,
    }
    return reply


def get_psu(miner: Whatsminer) -> Reply:
    """`get_psu`."""
    reply = _status(miner, V2["get_psu"])
    reply["Msg"] |= {"model": miner.about.supply, "name": miner.about.supply}
    return reply


def get_miner_info(miner: Whatsminer) -> Reply:
    """`get_miner_info`."""
    reply = _status(miner, V2["get_miner_info"])
    reply["Msg"] = HANDMADE["get_miner_info_more"] | reply["Msg"]
    reply["Msg"] |= {
        "hostname": miner.hostname,
        "ip": miner.host,
        "ledstat": miner.led,
        "mac": miner.mac.upper(),
        "minersn": miner_serial(miner),
    }
    return reply


def miner_serial(miner: Whatsminer) -> str:
    """The serial number of the whole, in the grammar of the recorded one."""
    return f"BTM3CS40HD{miner.mac.replace(':', '').upper():0>22}"


def get_error_code(miner: Whatsminer) -> Reply:
    """`get_error_code`: each with the local time when it came up."""
    reply = _status(miner, V2["get_error_code"])
    reply["Msg"]["error_code"] = [{str(code): stamp(at)} for code, at in miner.errors]
    return reply


def stamp(at: float) -> str:
    """As the device writes a time; its clock is set to UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))


def status(miner: Whatsminer) -> Reply:
    """`status`: whether it was told to be off."""
    if miner.firmware.old:
        reply = _status(miner, HANDMADE["status_old"])
        reply["Msg"] |= {
            "Firmware Version": miner.firmware.version,
            "btmineroff": _said(miner.off),
            "power_limit_set": str(miner.limit),
            "power_mode": miner.mode,
        }
        return reply
    reply = _status(miner, V2["status"])
    reply["Msg"] |= {
        "FirmwareVersion": miner.firmware.version,
        "hash_percent": str(miner.target_percent),
        "mineroff": _said(miner.off),
        "mineroff_reason": "api" if miner.off else "",
        "mineroff_time": "" if miner.off_since is None else stamp(miner.off_since),
        "power_limit_set": str(miner.limit),
        "power_mode": miner.mode,
    }
    return reply


def _said(yes: bool) -> str:
    return "true" if yes else "false"


MINING: dict[str, Callable[[Whatsminer], Reply]] = {
    "summary": summary,
    "pools": pools,
    "devs": devs,
    "edevs": edevs,
    "devdetails": devdetails,
}
"""What the mining program answers: several at once joined by `+`, and with a NUL at the end."""

SYSTEM: dict[str, Callable[[Whatsminer], Reply]] = {
    "get_version": get_version,
    "get_psu": get_psu,
    "get_miner_info": get_miner_info,
    "get_error_code": get_error_code,
    "status": status,
}
"""What the controller answers, also while the mining program is off."""
