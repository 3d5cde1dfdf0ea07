"""What an AxeOS device remembers, and which changes of it that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mother.sim.axeos.models import Model

Setting = str | int | float

TEXTS = frozenset(
    {
        "stratumURL",
        "stratumUser",
        "stratumPassword",
        "fallbackStratumURL",
        "fallbackStratumUser",
        "fallbackStratumPassword",
        "ssid",
        "wifiPass",
        "hostname",
        "display",
    }
)
NUMBERS = frozenset(
    {
        "stratumPort",
        "fallbackStratumPort",
        "stratumSuggestedDifficulty",
        "stratumExtranonceSubscribe",
        "fallbackStratumSuggestedDifficulty",
        "fallbackStratumExtranonceSubscribe",
        "coreVoltage",
        "frequency",
        "overheat_mode",
        "overclockEnabled",
        "flipscreen",
        "invertscreen",
        "invertfanpolarity",
        "rotation",
        "displayTimeout",
        "autofanspeed",
        "fanspeed",
        "manualFanSpeed",
        "minFanSpeed",
        "temptarget",
        "statsFrequency",
    }
)

POOLS = (
    ("stratumURL", "stratumPort", "stratumUser", "stratumPassword"),
    ("fallbackStratumURL", "fallbackStratumPort", "fallbackStratumUser", "fallbackStratumPassword"),
)
"""The names of both pools' settings: host, port, user, password."""

SECRETS = frozenset({"stratumPassword", "fallbackStratumPassword", "wifiPass"})


class WrongInput(ValueError):
    """A change that the device refuses whole."""


def defaults(model: Model, recorded: Mapping[str, Any]) -> dict[str, Setting]:
    """What a device was set up with: as in the recording, with the model's own speeds."""
    kept = {name: recorded[name] for name in TEXTS | NUMBERS if name in recorded}
    kept |= {"frequency": model.frequency, "coreVoltage": model.voltage}
    return {**kept, "stratumPassword": "x", "fallbackStratumPassword": "x", "wifiPass": "x"}


def untouched(model: Model, recorded: Mapping[str, Any]) -> dict[str, Setting]:
    """What a device has that nobody set up: no pools."""
    fresh = defaults(model, recorded)
    for host, _, user, password in POOLS:
        fresh |= {host: "", user: "", password: ""}
    return fresh


def taken(change: object, *, strict: bool) -> dict[str, Setting]:
    """Of a change, what the device keeps; it passes over what it does not know.

    A wrong type is passed over too, or with `strict` refuses the whole by WrongInput.
    """
    if not isinstance(change, dict):
        raise WrongInput("Invalid JSON")
    kept: dict[str, Setting] = {}
    for name, value in change.items():
        if name not in TEXTS | NUMBERS:
            continue
        if _fits(name, value):
            kept[name] = value
        elif strict:
            raise WrongInput("Wrong API input")
    return kept


def _fits(name: str, value: object) -> bool:
    if name in TEXTS:
        return isinstance(value, str)
    if name in ("stratumPort", "fallbackStratumPort"):
        return type(value) is int and 0 < value < 65536
    if name in ("frequency", "coreVoltage"):
        return type(value) in (int, float) and isinstance(value, (int, float)) and value > 0
    return type(value) in (int, bool)
