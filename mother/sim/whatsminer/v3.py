"""The API of a newer Whatsminer on 4433: framed JSON, open reads, signed writes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

from mother.sim.hashing import Board
from mother.sim.whatsminer.pools import MOST, Pool
from mother.sim.whatsminer.reads import miner_serial, serial, stamp
from mother.sim.whatsminer.replies import HANDMADE, V3
from mother.sim.whatsminer.secrecy import Unreadable, key_of, read
from mother.sim.whatsminer.state import Whatsminer, Write
from mother.sim.whatsminer.v2 import Done, Failed

Reply = dict[str, Any]
Act = Callable[[], object]

FAILED = (-1, "fail")
INVALID_COMMAND = (-2, "invalid command")
INVALID_JSON = (-3, "invalid json")
DENIED = (-4, "permission denied")

_TERA = 1e12


def answered(miner: Whatsminer, request: bytes) -> Done:
    """The answer to one frame."""
    miner.catch_up()
    try:
        asked = json.loads(request)
    except ValueError:
        return _no(miner, "", INVALID_JSON)
    command = asked.get("cmd") if isinstance(asked, dict) else None
    if not isinstance(command, str):
        return _no(miner, "", INVALID_COMMAND)
    known = command in _READS or command in WRITES
    miner.requests[command if known else "other"] += 1
    if command in _READS:
        message = _READS[command](miner, asked.get("param"))
        if message is None:
            return _no(miner, command, FAILED)
        return Done(_spelled(_reply(miner, command, 0, message)))
    if command in WRITES:
        return _written(miner, command, asked)
    return _no(miner, command, INVALID_COMMAND)


def _reply(miner: Whatsminer, command: str, code: int, message: object) -> Reply:
    return {"code": code, "desc": command, "msg": message, "when": int(miner.now())}


def _no(miner: Whatsminer, command: str, why: tuple[int, str]) -> Done:
    return Done(_spelled(_reply(miner, command, *why)))


def _spelled(reply: Reply) -> bytes:
    return json.dumps(reply, separators=(",", ":")).encode()


# Reads


def _device(miner: Whatsminer, param: object) -> Reply | None:
    """All sections, or the one that is asked for: `salt`, `miner`, `error-code`..."""
    errors = [{str(code): stamp(at), "reason": ""} for code, at in miner.errors]
    recorded = V3["get_device_info_with_errors" if errors else "get_device_info"]
    message: Reply = copy.deepcopy(recorded["msg"])
    if errors:
        message["error-code"] = errors
    message["salt"] = miner.access.salt
    message["miner"] = _hardware(miner, message["miner"])
    message["network"] |= {
        "hostname": miner.hostname,
        "ip": miner.host,
        "mac": miner.mac.upper(),
    }
    message["power"] |= {"model": miner.about.supply, "type": miner.about.supply}
    message["system"] |= {
        "api": miner.firmware.v3,
        "apiswitch": "1" if miner.access.open else "0",
        "control-board-version": miner.firmware.control_board,
        "fwversion": miner.firmware.version,
        "ledstatus": miner.led,
        "platform": miner.firmware.platform,
    }
    if param in (None, ""):
        return message
    if param == "error-code":
        return {"error-code": errors}
    return {param: message[param]} if isinstance(param, str) and param in message else None


def _hardware(miner: Whatsminer, recorded: Mapping[str, Any]) -> Reply:
    indices = range(miner.about.boards)
    kept = {
        name: value
        for name, value in recorded.items()
        if not name.startswith(("chipdata", "pcbsn"))
    }
    return kept | {
        "board-num": str(len(indices)),
        **{f"chipdata{i}": recorded["chipdata0"] for i in indices},
        "fast-boot": "enable" if miner.fast_boot else "disable",
        "hash-board": miner.about.board,
        "hash-percent": str(miner.target_percent),
        "miner-sn": miner_serial(miner),
        **{f"pcbsn{i}": serial(miner, i) for i in indices},
        "type": miner.about.type,
        "working": "false" if miner.off else "true",
    }


def _status(miner: Whatsminer, param: object) -> Reply | None:
    """`summary`, `edevs` and `pools`, several with `+` between them."""
    names = param.split("+") if isinstance(param, str) else []
    if not names or any(name not in _SECTIONS for name in names):
        return None
    return {name: _SECTIONS[name](miner) for name in names}


def _summary(miner: Whatsminer) -> Reply:
    now, boards = miner.now(), miner.boards
    window = {s: boards.window(s, now) / _TERA for s in (60.0, 300.0, 900.0)}
    hottest = max(miner.chip_temperature(board) for board in boards)
    fan_in, fan_out = miner.fans
    summary: Reply = copy.deepcopy(V3["get_miner_status_summary"]["msg"]["summary"])
    return summary | {
        "board-temperature": [float(board.temperature(now)) for board in boards],
        "bootup-time": int(max(0.0, min(miner.full_from, now) - miner.mining_from)),
        "chip-temp-avg": round(hottest - 6.5, 1),
        "chip-temp-max": round(hottest, 1),
        "chip-temp-min": round(hottest - 14, 1),
        "elapsed": int(miner.elapsed),
        "environment-temperature": miner.room(),
        "factory-hash": round(miner.about.rate / 1000, 3),
        "fan-speed-in": fan_in,
        "fan-speed-out": fan_out,
        "freq-avg": miner.about.frequency if boards.hashing else 0,
        "hash-15min": round(window[900.0], 3),
        "hash-1min": round(window[60.0], 3),
        "hash-average": round(boards.average(now) / _TERA, 3),
        "hash-realtime": round(window[60.0], 3),
        "power-5min": round(miner.watts, 1),
        "power-limit": miner.limit,
        "power-rate": round(miner.watts / window[60.0], 2) if boards.hashing else 0.0,
        "power-realtime": round(miner.watts, 1),
        "up-freq-finish": int(miner.ramped),
    }


def _edevs(miner: Whatsminer) -> list[Reply]:
    like = V3["get_miner_status_edevs"]["msg"]["edevs"][0]
    return [like | _board(miner, board) for board in miner.boards if not board.missing]


def _board(miner: Whatsminer, board: Board) -> Reply:
    now, hottest = miner.now(), miner.chip_temperature(board)
    return {
        "chip-temp-avg": round(hottest - 6, 1),
        "chip-temp-max": round(hottest, 1),
        "chip-temp-min": round(hottest - 12, 1),
        "effective-chips": 0 if board.dead else miner.about.chips,
        "factory-hash": round(miner.about.rate / miner.about.boards / 1000, 3),
        "freq": float(miner.about.frequency if board.rate.true else 0),
        "hash-average": round(board.rate.average(now) / _TERA, 3),
        "hash-realtime": round(board.rate.window(60.0, now) / _TERA, 3),
        "id": board.index,
        "status": "dead" if board.dead else "alive",
    }


def _pools(miner: Whatsminer) -> list[Reply]:
    """As recorded, and with the `id` that pyasic sorts them by (P)."""
    active = miner.active_pool
    return [
        {
            "account": pool.user,
            "id": index + 1,
            "pool-priority": index,
            "status": "alive" if miner.reaches(pool) else "dead",
            "stratum-active": index == active and not miner.off,
            "url": pool.url,
        }
        for index, pool in enumerate(miner.pools)
    ]


def _setting(miner: Whatsminer, param: object) -> Reply | None:
    message: Reply = dict(HANDMADE["get_miner_setting"]["msg"])
    return message | {
        "fast-boot": "enable" if miner.fast_boot else "disable",
        "power-limit": miner.limit,
        "power-mode": miner.mode,
        "power-percent": miner.percent,
        "target-freq": miner.target_percent,
        "upfreq-speed": miner.upfreq_speed,
    }


_SECTIONS: dict[str, Callable[[Whatsminer], object]] = {
    "summary": _summary,
    "edevs": _edevs,
    "pools": _pools,
}

_READS: dict[str, Callable[[Whatsminer, object], Reply | None]] = {
    "get.device.info": _device,
    "get.miner.status": _status,
    "get.miner.setting": _setting,
}


# Writes: what is to be done, or Failed


def _written(miner: Whatsminer, command: str, asked: Mapping[str, Any]) -> Done:
    source = miner.access.v3_source(
        command, asked.get("account"), asked.get("ts"), asked.get("token")
    )
    if source is None or not miner.access.open:
        return _no(miner, command, DENIED)
    param = asked.get("param")
    try:
        if command in _HIDDEN:
            param = read(param, key_of(source))
        act = WRITES[command](miner, param)
    except (Failed, Unreadable, KeyError, TypeError, ValueError):
        return _no(miner, command, FAILED)
    miner.writes.append(Write(miner.now(), command, {"param": param}))
    done = _spelled(_reply(miner, command, 0, "ok"))
    if command in _LATER:
        return Done(done, act)
    act()
    return Done(done)


def _service(miner: Whatsminer, param: object) -> Act:
    acts: dict[object, Act] = {
        "start": miner.power_on,
        "enable": miner.power_on,
        "stop": miner.power_off,
        "disable": miner.power_off,
        "restart": miner.restart_mining,
    }
    return acts[param]


def _limit(miner: Whatsminer, param: object) -> Act:
    """Watts as any kind of number: libraries send whole ones (P) and fractions (A)."""
    watts = int(float(str(param)))
    if not 0 < watts <= miner.about.limit:
        raise Failed
    return lambda: miner.set_limit(watts)


def _mode(miner: Whatsminer, param: object) -> Act:
    if param not in ("low", "normal", "high"):
        raise Failed
    mode = str(param)
    return lambda: miner.set_mode(mode)


def _set_pools(miner: Whatsminer, param: object) -> Act:
    """A list of `pool`, `worker`, `passwd` (P, A)."""
    if not isinstance(param, list):
        raise Failed
    pools = tuple(
        Pool(str(each["pool"]), str(each["worker"]), str(each.get("passwd") or ""))
        for each in param
        if each["pool"]
    )
    if not 0 < len(pools) <= MOST:
        raise Failed
    return lambda: miner.set_pools(pools)


def _led(miner: Whatsminer, param: object) -> Act:
    if param != "auto" and not isinstance(param, list):
        raise Failed
    return lambda: setattr(miner, "led", "auto" if param == "auto" else "manual")


WRITES: dict[str, Callable[[Whatsminer, object], Act]] = {
    "set.miner.mode": _mode,
    "set.miner.pools": _set_pools,
    "set.miner.power_limit": _limit,
    "set.miner.power_mode": _mode,
    "set.miner.service": _service,
    "set.system.led": _led,
    "set.system.reboot": lambda miner, param: miner.reboot,
}

_HIDDEN = frozenset({"set.miner.pools"})
"""Those whose parameter is encrypted."""

_LATER = frozenset({"set.system.reboot"})
"""What would cut off its own answer."""
