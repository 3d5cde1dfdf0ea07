"""From a DragonMint's answers to values: pure, field by field, leniently.

The fields are those of cgminer's `devs` and `pools` with additions of the miner's backend.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from mother.core.errors import Garbled
from mother.core.model import Description
from mother.core.reading import Board, Pool, Reading
from mother.core.units import finite
from mother.drivers.dragonmint import metrics
from mother.drivers.dragonmint.models import Model, model_of

INDEX_LIMIT = 64
"""Boards and pools beyond are no miner's; they would only fill the metrics."""

_PREFIXES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15}
_UNIT = re.compile(r"\s*([kmgtp]?)(?:h|hash|sol)(?:/s|ps)\s*", re.IGNORECASE)
_MAC = re.compile(r"[0-9a-f]{12}")
_UPTIME = re.compile(r"up\s+(?:(\d+)\s+days?\b,?\s*)?(?:(\d+):(\d\d)\b|(\d+)\s*min\b)?")
_SECRET = re.compile(r"eyJ[\w-]+(?:\.[\w-]*)*|(?i:(?<=\"pass\":)|(?<=\"password\":))\s*\"[^\"]*\"?")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_decode = msgspec.json.Decoder().decode


def decode(body: bytes, *, secret: bool = False) -> dict[str, Any]:
    """The answer as an object; Garbled when it is none.

    `secret` keeps the whole answer out of the error's sample, else only tokens and passwords.
    NaN, Infinity and raw control characters, which cgminer's printing lets through, are taken.
    """
    try:
        answer = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        answer = _decode_leniently(body)
    if not isinstance(answer, dict):
        raise Garbled("the answer is no JSON object", "" if secret else sample(body))
    return answer


def _decode_leniently(body: bytes) -> object:
    text = _SURROGATE.sub("?", body.decode("utf-8", "replace").replace("\0", ""))
    try:
        return json.loads(text, strict=False, parse_constant=_nothing, parse_int=_integer)
    except (ValueError, RecursionError):
        return None


def _nothing(_: str) -> None:
    """NaN and Infinity."""


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) < 300 else None


def sample(body: bytes) -> str:
    """The beginning of an answer for the log, tokens and passwords blotted out."""
    return _SECRET.sub("***", body[:2000].decode("utf-8", "replace"))


def description(answer: Mapping[str, Any]) -> Description:
    """Who the miner is, from `/api/overview`; Garbled without a MAC address."""
    version, hardware = _object(answer.get("version")), _object(answer.get("hardware"))
    return Description(
        family="dragonmint",
        mac=mac(version.get("ethaddr")),
        model=model_name(answer.get("type")),
        algorithm=model_of(model_name(answer.get("type"))).algorithm,
        maker="Innosilicon",
        firmware_name="stock",
        firmware=_text(version.get("platform_v")),
        hardware=_text(version.get("hwver")),
        uptime=uptime(_text(hardware.get("status"))),
        overview=answer,
    )


def model_name(value: object) -> str:
    """The type string in upper case; empty where there is none."""
    return _text(value).strip().upper()[:32]


def mac(value: object) -> str:
    """Lower case with colons; Garbled for what is no address of one device."""
    digits = re.sub(r"[:.\-\s]", "", _text(value)).lower()
    if not _MAC.fullmatch(digits) or digits == "0" * 12 or int(digits[:2], 16) & 1:
        raise Garbled("the answer holds no valid MAC address")
    return ":".join(re.findall("..", digits))


def uptime(text: str) -> float | None:
    """Seconds from what `uptime` prints: `up 3 days,  1:02`, `up 5 min`, `up 1 day, 3 min`."""
    found = _UPTIME.search(text)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes, alone = (float(group or 0) for group in found.groups())
    return finite(days * 86400 + hours * 3600 + (minutes + alone) * 60)


def reading(answer: Mapping[str, Any], model: str, now: float) -> Reading:
    """One `/api/summary`; `model` is the type that the overview gave.

    Without DEVS, or with `success` false, cgminer is not ready: a reading that says so.
    Garbled for an object that has neither.
    """
    devices = answer.get("DEVS")
    if devices is None and not isinstance(answer.get("success"), bool):
        raise Garbled("the answer is no summary")
    if answer.get("success") is False or not isinstance(devices, list):
        return _restarting(model, now)
    known = model_of(model)
    native: dict[str, float] = {}
    fan = _number(_object(answer.get("HARDWARE")).get("Fan duty"))
    if fan is not None:
        native[metrics.FAN_DUTY] = fan
    boards = tuple(
        _board(place, fields, known, native)
        for place, fields in enumerate(devices[:INDEX_LIMIT])
        if isinstance(fields, dict)
    )
    return Reading(
        at=now,
        model=model,
        algorithm=known.algorithm,
        boards=boards,
        pools=_pools(answer.get("POOLS"), native),
        fan_percent=fan,
        hashrate=_hashrate(boards, answer),
        expected_hashrate=known.hashrate,
        expected_boards=known.boards,
        uptime=max((b.elapsed for b in boards if b.elapsed is not None), default=None),
        power=_power(boards, known),
        power_source="" if known.power is None else "nameplate",
        tuning=answer.get("tuning") is True,
        native=native,
    )


def _restarting(model: str, now: float) -> Reading:
    known = model_of(model)
    return Reading(
        at=now,
        model=model,
        algorithm=known.algorithm,
        hashrate=0.0,
        expected_hashrate=known.hashrate,
        expected_boards=known.boards,
        restarting=True,
    )


def _power(boards: tuple[Board, ...], known: Model) -> float | None:
    """The nameplate's share of the boards that are alive: a board draws what it hashes with."""
    if known.power is None or not known.boards:
        return None
    return known.power * min(sum(1 for board in boards if board.alive) / known.boards, 1.0)


def _hashrate(boards: tuple[Board, ...], answer: Mapping[str, Any]) -> float | None:
    """The sum of the boards; the miner's own total (2018-08 Innosilicon) where they say nothing."""
    known = [board.hashrate for board in boards if board.hashrate is not None]
    if known:
        return sum(known)
    total = _scaled(_object(answer.get("TotalHash")))
    return 0.0 if total is None and not boards else total


def _board(place: int, fields: dict[str, Any], model: Model, native: dict[str, float]) -> Board:
    index = _index(fields.get("ID"), place)
    get = fields.get
    metrics.gather(fields, metrics.device_names(index), native)
    status = _text(get("Status"))
    alive = status == "Alive" if status else None
    if alive is not None:
        native[metrics.alive_name(index)] = 1.0 if alive else 0.0
    elapsed = _number(get("Device Elapsed"))
    return Board(
        index=index,
        alive=alive,
        status=status,
        temperature=_number(get("Temperature")),
        hashrate=_board_hashrate(fields, elapsed, model.base),
        hashrate_15m=_times(_number(get("MHS 15m")), model.base),
        accepted=_number(get("Accepted")),
        rejected=_number(get("Rejected")),
        hardware_errors=_number(get("Hardware Errors")),
        elapsed=elapsed,
    )


def _board_hashrate(
    fields: dict[str, Any], elapsed: float | None, base: float | None
) -> float | None:
    """H/s over the shortest window that means something, as the miner's own page chooses it.

    Failing that the average, then the raw hashes, then `Hash Rate`, which is scaled when it
    comes with a `Unit` (2018-08 Innosilicon) and a copy of an MHS window when it does not.
    """
    if base is not None:
        window = "MHS 5m"
        if elapsed is not None and elapsed < 900:
            window = "MHS 5s" if elapsed < 300 else "MHS 1m"
        for field in (window, "MHS av"):
            value = _number(fields.get(field))
            if value is not None:
                return value * base
    raw = _number(fields.get("Hash Rate H"))
    if raw is not None:
        return raw
    if "Unit" in fields:
        return _scaled(fields)
    return _times(_number(fields.get("Hash Rate")), base)


def _scaled(fields: Mapping[str, Any]) -> float | None:
    """`{"Hash Rate": 4.93, "Unit": "TH/s"}` in H/s; Sol/s count as H/s."""
    unit = _UNIT.fullmatch(_text(fields.get("Unit")))
    if unit is None:
        return None
    return _times(_number(fields.get("Hash Rate")), _PREFIXES[unit[1].lower()])


def _pools(value: object, native: dict[str, float]) -> tuple[Pool, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(
        _pool(place, fields, native)
        for place, fields in enumerate(value[:INDEX_LIMIT])
        if isinstance(fields, dict)
    )


def _pool(place: int, fields: dict[str, Any], native: dict[str, float]) -> Pool:
    index = _index(fields.get("POOL"), place)
    get = fields.get
    metrics.gather(fields, metrics.pool_names(index), native)
    status = _text(get("Status"))
    return Pool(
        index=index,
        url=_text(get("URL")),
        user=_text(get("User")),
        alive=status == "Alive" if status else None,
        active=_bool(get("Stratum Active")),
        accepted=_number(get("Accepted")),
        rejected=_number(get("Rejected")),
    )


def _index(value: object, place: int) -> int:
    return value if type(value) is int and 0 <= value < INDEX_LIMIT else place


_number = finite


def _times(value: float | None, factor: float | None) -> float | None:
    return None if value is None or factor is None else finite(value * factor)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _bool(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
