"""What an AxeOS device tells of itself: the recorded answers with its own state in them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from mother.sim.axeos.replies import ASIC, INFO
from mother.sim.axeos.settings import SECRETS
from mother.sim.axeos.state import SHARE_DIFFICULTY, Axe
from mother.sim.faults import between, dice


def info(axe: Axe) -> dict[str, Any]:
    """`/api/system/info`, with the very keys of the firmware's recorded answer."""
    answer = copy.deepcopy(INFO[axe.firmware.info])
    shown = {k: v for k, v in axe.settings.items() if k in answer and k not in SECRETS}
    answer.update(shown)
    for name, tell in _TOLD.items():
        if name in answer:
            answer[name] = tell(axe)
    if isinstance(INFO[axe.firmware.info]["bestDiff"], str):
        answer["bestDiff"] = _short(best(axe, "ever"))
        answer["bestSessionDiff"] = _short(best(axe, "session"))
    return answer


def asic(axe: Axe) -> dict[str, Any]:
    """`/api/system/asic`."""
    about = axe.about
    return {
        **ASIC,
        "ASICModel": about.asic,
        "deviceModel": about.device,
        "asicCount": about.chips,
        "defaultFrequency": about.frequency,
        "frequencyOptions": list(about.steps),
        "defaultVoltage": about.voltage,
        "voltageOptions": list(about.volts),
    }


def encoded(answer: object) -> bytes:
    """As the device prints it: tabs before the names."""
    return json.dumps(answer, indent="\t", ensure_ascii=False).encode()


def best(axe: Axe, span: str) -> int:
    """The best share's difficulty: grows with the shares of the session."""
    luck = between(0.2, 5.0, axe.mac, "best", axe.boots)
    session = int(axe.shares * SHARE_DIFFICULTY * luck)
    if span == "session":
        return session
    return max(session, int(between(4e5, 4e9, axe.mac, "ever")))


def _short(number: int) -> str:
    """As the recording: `483k`, `0`."""
    if number < 1000:
        return str(number)
    for factor, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            value = number / factor
            digits = 0 if value >= 100 else 1 if value >= 10 else 2
            return f"{value:.{digits}f}{letter}"
    return str(number)


def _fan(axe: Axe) -> int:
    """Percent: as set by hand, or what holds the temperature."""
    if axe.overheated:
        return 100
    if axe.settings.get("autofanspeed"):
        return max(25, min(100, round(35 + (axe.temperature - 58) * 3)))
    return int(axe.settings.get("fanspeed", 100))


def _rpm(axe: Axe) -> int:
    wiggle = between(-40, 40, axe.mac, "fan", int(axe.now() // 5))
    return max(0, round(_fan(axe) * 70 + 1060 + wiggle))


def _rejected(axe: Axe) -> int:
    return axe.shares // 400


def _reasons(axe: Axe) -> list[dict[str, Any]]:
    rejected = _rejected(axe)
    return [{"message": "Job not found", "count": rejected}] if rejected else []


def _monitor(axe: Axe) -> dict[str, Any]:
    each = axe.hashrate / axe.about.chips
    errors = int(axe.shares * 0.3)
    chip = {"total": each, "domains": [each / 4] * 4, "errorCount": errors}
    return {"asics": [dict(chip) for _ in range(axe.chips)]}


def _wifi(axe: Axe) -> int:
    return round(between(-72, -40, axe.mac, "wifi"))


_TOLD: dict[str, Callable[[Axe], Any]] = {
    "ASICModel": lambda axe: axe.about.asic,
    "asicCount": lambda axe: axe.chips,
    "axeOSVersion": lambda axe: axe.firmware.version,
    "bestDiff": lambda axe: best(axe, "ever"),
    "bestSessionDiff": lambda axe: best(axe, "session"),
    "boardVersion": lambda axe: axe.about.board,
    "coreVoltageActual": lambda axe: round(axe.millivolts + 6),
    "current": lambda axe: round(axe.watts / axe.about.supply * 1e6, 2),
    "errorPercentage": lambda axe: round(between(0.05, 0.5, axe.mac, axe.now() // 60), 3),
    "expectedHashrate": lambda axe: axe.expected,
    "fan2rpm": lambda axe: _rpm(axe) - 60 if axe.about.fans > 1 else 0,
    "fanrpm": _rpm,
    "fanspeed": _fan,
    "freeHeap": lambda axe: 8_300_000 + int(dice(axe.mac, axe.now() // 5) * 200_000),
    "hashRate": lambda axe: axe.hashrate,
    "hashRate_10m": lambda axe: axe.window(600.0),
    "hashRate_1h": lambda axe: axe.window(3600.0),
    "hashRate_1m": lambda axe: axe.window(60.0),
    "hashrateMonitor": _monitor,
    "ipv4": lambda axe: axe.host,
    "isUsingFallbackStratum": lambda axe: int(axe.active_pool == 1),
    "macAddr": lambda axe: axe.mac.upper(),
    "miningPaused": lambda axe: axe.paused,
    "nominalVoltage": lambda axe: round(axe.about.supply / 1000),
    "poolDifficulty": lambda axe: SHARE_DIFFICULTY if axe.working else 0,
    "power": lambda axe: axe.watts,
    "responseTime": lambda axe: round(between(20, 60, axe.mac, int(axe.now() // 30)), 1),
    "sharesAccepted": lambda axe: axe.shares - _rejected(axe),
    "sharesRejected": _rejected,
    "sharesRejectedReasons": _reasons,
    "smallCoreCount": lambda axe: axe.about.cores,
    "stratumDiff": lambda axe: SHARE_DIFFICULTY if axe.working else 0,
    "temp": lambda axe: axe.temperature,
    "temp2": lambda axe: axe.temperature - 2 if axe.about.chips > 1 else -1,
    "uptimeSeconds": lambda axe: int(axe.uptime),
    "version": lambda axe: axe.firmware.version,
    "voltage": lambda axe: axe.about.supply,
    "vrTemp": lambda axe: round(axe.temperature + 9),
    "wifiRSSI": _wifi,
}
