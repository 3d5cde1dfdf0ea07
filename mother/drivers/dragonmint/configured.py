"""From a DragonMint's answers about its settings to values: pure and lenient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from mother.core.errors import Garbled
from mother.core.model import ConfiguredPool, FirmwareOffer, NetworkSettings
from mother.core.units import finite


class Autotune(Struct, frozen=True):
    """The configured mode; `level` only where the firmware has levels."""

    mode: str
    level: str | None = None


class AutotuneStatus(Struct, frozen=True):
    """Whether cgminer answers, whether it is tuning, and the mode it says."""

    running: bool | None
    tuning: bool | None
    mode: str
    level: str | None = None


class ErrorDetail(Struct, frozen=True):
    """The miner's own error code; 0 is none, None is not said."""

    code: int | None
    message: str


def autotune(answer: Mapping[str, Any]) -> Autotune:
    """`/api/getAutoTune` in both shapes: a mode alone, or an object of mode and level."""
    said = answer.get("autoTuneMode")
    if isinstance(said, dict):
        mode, level = _text(said.get("mode")), _level(said.get("level"))
    else:
        mode, level = _text(said), None
    if not mode:
        raise Garbled("the answer names no autotune mode")
    return Autotune(mode, level)


def autotune_status(answer: Mapping[str, Any]) -> AutotuneStatus:
    """`/api/getAutoTuneStatus`; newer firmware adds the level."""
    return AutotuneStatus(
        running=_bool(answer.get("isRunning")),
        tuning=_bool(answer.get("isTuning")),
        mode=_text(answer.get("mode")),
        level=_level(answer.get("level")),
    )


def pools(answer: Mapping[str, Any]) -> tuple[ConfiguredPool, ...]:
    """`/api/pools`, in order of priority."""
    pools = answer.get("pools")
    if not isinstance(pools, list):
        raise Garbled("the answer holds no pools")
    return tuple(
        ConfiguredPool(_text(pool.get("url")), _text(pool.get("user")), _text(pool.get("pass")))
        for pool in pools
        if isinstance(pool, dict)
    )


def network(answer: Mapping[str, Any]) -> NetworkSettings:
    """`/api/network`; texts as the miner gives them."""
    servers = (_text(answer.get("dns1")), _text(answer.get("dns2")))
    return NetworkSettings(
        dhcp=answer.get("dhcp") == "dhcp",
        address=_text(answer.get("ipaddress")),
        netmask=_text(answer.get("netmask")),
        gateway=_text(answer.get("gateway")),
        dns=tuple(server for server in servers if server),
    )


def firmware(answer: Mapping[str, Any]) -> FirmwareOffer:
    """`/api/getLatestFirmwareVersion`."""
    version = _text(answer.get("version"))
    if not version:
        raise Garbled("the answer names no firmware version")
    return FirmwareOffer(
        version=version,
        url=_text(answer.get("url")),
        current=_text(answer.get("currentVersion")),
        updated=_bool(answer.get("isUpdated")),
    )


def error_detail(answer: Mapping[str, Any]) -> ErrorDetail:
    """`/api/getErrorDetail` (code) and its name of 2018, `/api/getErrorMessage` (code, errmsg)."""
    code = answer.get("code")
    if isinstance(code, str) and code.strip().isdecimal() and len(code) < 10:
        code = int(code)
    number = finite(code)
    return ErrorDetail(None if number is None else int(number), _text(answer.get("errmsg")))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _bool(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _level(value: object) -> str | None:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
