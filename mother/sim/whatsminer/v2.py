"""The API of a Whatsminer on 4028: open reads, hidden and signed writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from mother.sim.whatsminer.access import TooMany
from mother.sim.whatsminer.pools import MOST, Pool
from mother.sim.whatsminer.reads import MINING, SYSTEM, Reply
from mother.sim.whatsminer.replies import HANDMADE
from mother.sim.whatsminer.secrecy import Unreadable, hide, read
from mother.sim.whatsminer.state import Whatsminer, Write

INVALID_COMMAND = (14, "invalid cmd")
INVALID_JSON = (23, "json load err")
HIDDEN_NONSENSE = (23, "enc json load err")
DENIED = (45, "permission denied")
DONE = (131, "API command OK")
FAILED = (132, "API command ERROR")
BAD_TOKEN = (135, "token check err")
TOO_MANY = (136, "over max connect")

END = b"\0"


class Done(Struct, frozen=True):
    """What a request leads to: the answer, and what the device does once that has gone out."""

    answer: bytes | None
    then: Callable[[], object] | None = None


class Failed(Exception):
    """The write cannot be done as it was asked for."""


class Refusal(Exception):
    """The device says no: a code and its words."""

    def __init__(self, why: tuple[int, str]) -> None:
        super().__init__(*why)
        self.why = why


Form = Mapping[str, Any]
Act = Callable[[], object]


def answered(miner: Whatsminer, request: bytes, client: str) -> Done:
    """The answer to what a client, known by its address, sent on one connection."""
    miner.catch_up()
    try:
        asked = _json(request.rstrip(b"\0 \r\n"))
        if asked.get("enc"):
            return _hidden(miner, asked.get("data"), client)
        return Done(_plain(miner, asked.get("cmd", asked.get("command")), client))
    except Refusal as no:
        return Done(_spelled(_reply(miner, *no.why)))


def _json(request: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(request)
    except ValueError:
        raise Refusal(INVALID_JSON) from None
    if not isinstance(asked, dict):
        raise Refusal(INVALID_JSON)
    return asked


def _plain(miner: Whatsminer, name: object, client: str) -> bytes:
    if not isinstance(name, str):
        raise Refusal(INVALID_COMMAND)
    names = name.split("+")
    if len(names) > 1 and all(each in MINING for each in names):
        return _joined(miner, names)
    known = name in _OPEN or name in WRITES
    miner.requests[name if known else "other"] += 1
    if name == "get_token":
        return _token(miner, client)
    if name in WRITES:
        raise Refusal(DENIED)
    if name not in _OPEN:
        raise Refusal(INVALID_COMMAND)
    return _told(miner, name)


def _told(miner: Whatsminer, name: str) -> bytes:
    if name in MINING:
        _must_mine(miner)
        return _spelled(MINING[name](miner)) + END
    spelled = _spelled(SYSTEM[name](miner))
    if name == "get_error_code" and miner.firmware.old:
        return spelled.replace(b"},{", b",").replace(b"[{", b"[").replace(b"}]", b"]")
    return spelled


def _joined(miner: Whatsminer, names: list[str]) -> bytes:
    miner.requests.update(names)
    _must_mine(miner)
    parts: Reply = {name: [MINING[name](miner)] for name in names}
    return _spelled({**parts, "id": 1}) + END


def _must_mine(miner: Whatsminer) -> None:
    """Of older firmware the mining program is not there to answer while it is off."""
    if miner.firmware.old and miner.off:
        raise Refusal(FAILED)


def _token(miner: Whatsminer, client: str) -> bytes:
    try:
        message = miner.access.token(client)
    except TooMany:
        raise Refusal(TOO_MANY) from None
    return _spelled({**HANDMADE["get_token"], "Msg": message, "When": int(miner.now())})


def _hidden(miner: Whatsminer, data: object, client: str) -> Done:
    """A write: may it be at all, can it be read, is it signed, and then what it asks for."""
    if not miner.access.may_write:
        miner.requests["denied"] += 1
        raise Refusal(DENIED)
    key = miner.access.key
    form = _revealed(data, key)
    if not miner.access.knows(client, form.pop("token", None)):
        raise Refusal(BAD_TOKEN)
    outcome, act = _written(miner, form.pop("cmd", form.pop("command", None)), form)
    return Done(_spelled({"enc": hide(_reply(miner, *outcome), key)}), act)


def _revealed(data: object, key: bytes) -> dict[str, Any]:
    try:
        form = read(data, key)
    except Unreadable:
        raise Refusal(HIDDEN_NONSENSE) from None
    if not isinstance(form, dict):
        raise Refusal(HIDDEN_NONSENSE)
    return form


def _written(miner: Whatsminer, name: object, form: Form) -> tuple[tuple[int, str], Act | None]:
    """What is said of it, and what is done only once that is out."""
    if not isinstance(name, str) or name not in WRITES:
        miner.requests["other"] += 1
        return INVALID_COMMAND, None
    miner.requests[name] += 1
    try:
        act = WRITES[name](miner, form)
    except (Failed, KeyError, TypeError, ValueError):
        return FAILED, None
    miner.writes.append(Write(miner.now(), name, form))
    if name in _LATER:
        return DONE, act
    act()
    return DONE, None


def _reply(miner: Whatsminer, code: int, message: str) -> Reply:
    return {
        "STATUS": "S" if code == DONE[0] else "E",
        "When": int(miner.now()),
        "Code": code,
        "Msg": message,
        "Description": "",
    }


def _spelled(reply: Reply) -> bytes:
    return json.dumps(reply, separators=(",", ":")).encode()


# Writes: what is to be done, or Failed


def _power_off(miner: Whatsminer, form: Form) -> Act:
    return miner.power_off


def _power_on(miner: Whatsminer, form: Form) -> Act:
    return miner.power_on


def _limit(miner: Whatsminer, form: Form) -> Act:
    watts = int(form["power_limit"])
    if not 0 < watts <= miner.about.limit:
        raise Failed
    return lambda: miner.set_limit(watts)


def _percent(miner: Whatsminer, form: Form) -> Act:
    percent = int(form["percent"])
    if not 0 <= percent <= 100 or miner.off:
        raise Failed
    return lambda: miner.set_percent(percent)


def _mode(mode: str) -> Callable[[Whatsminer, Form], Act]:
    return lambda miner, form: lambda: miner.set_mode(mode)


def _pools(miner: Whatsminer, form: Form) -> Act:
    """`pool1` to `pool3`, `worker1`.., `passwd1`..; a pool without URL is none."""
    pools = tuple(
        Pool(url, str(form.get(f"worker{n}") or ""), str(form.get(f"passwd{n}") or ""))
        for n in range(1, MOST + 1)
        if (url := str(form.get(f"pool{n}") or ""))
    )
    if not pools:
        raise Failed
    return lambda: miner.set_pools(pools)


def _led(miner: Whatsminer, form: Form) -> Act:
    led = "auto" if form.get("param") == "auto" else "manual"
    if led == "manual" and form.get("color") not in ("red", "green"):
        raise Failed
    return lambda: setattr(miner, "led", led)


def _password(miner: Whatsminer, form: Form) -> Act:
    new = form["new"]
    if form["old"] != miner.access.password or not isinstance(new, str):
        raise Failed
    if not 0 < len(new.encode()) <= 8:
        raise Failed
    return lambda: miner.access.change_password(new)


def _hostname(miner: Whatsminer, form: Form) -> Act:
    name = str(form["hostname"])
    return lambda: setattr(miner, "hostname", name)


def _reset(miner: Whatsminer, form: Form) -> Act:
    def reset() -> None:
        miner.factory_fresh()
        miner.access.change_password("admin")
        miner.reboot()

    return reset


WRITES: dict[str, Callable[[Whatsminer, Form], Act]] = {
    "adjust_power_limit": _limit,
    "factory_reset": _reset,
    "power_off": _power_off,
    "power_on": _power_on,
    "reboot": lambda miner, form: miner.reboot,
    "restart_btminer": lambda miner, form: miner.restart_mining,
    "set_high_power": _mode("high"),
    "set_hostname": _hostname,
    "set_led": _led,
    "set_low_power": _mode("low"),
    "set_normal_power": _mode("normal"),
    "set_power_pct": _percent,
    "set_power_pct_v2": _percent,
    "update_pools": _pools,
    "update_pwd": _password,
}

_OPEN = frozenset({*MINING, *SYSTEM, "get_token"})

_LATER = frozenset({"reboot", "factory_reset"})
"""What would cut off its own answer."""
