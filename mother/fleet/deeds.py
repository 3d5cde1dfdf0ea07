"""What each kind of command means to a person, and what it does to a device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from mother.core.model import CommandKind, EventKind, Severity


class Deed(Struct, frozen=True):
    """One kind of command.

    `wish` and `done` are how a person reads it, `event` what its success is. `restarts`: the
    device hashes nothing for a while; `reboots`: its login is void, and it is away. `by_hand`:
    never done by mother itself. `ended` is `done` where the order switches something off.
    """

    wish: str
    done: str
    event: EventKind
    severity: Severity = Severity.INFO
    restarts: bool = False
    reboots: bool = False
    by_hand: bool = False
    ended: str = ""

    def was(self, args: Mapping[str, Any]) -> str:
        """What was done, by the args of the order."""
        return self.ended if self.ended and args.get("on") is False else self.done


_WARN = Severity.WARNING

DEEDS: dict[CommandKind, Deed] = {
    CommandKind.REBOOT: Deed(
        "reboot", "was rebooted", EventKind.REBOOTED, _WARN, restarts=True, reboots=True
    ),
    CommandKind.RESTART_MINING: Deed(
        "restart the mining program of",
        "had its mining program restarted",
        EventKind.RESTARTED,
        _WARN,
        restarts=True,
    ),
    CommandKind.SET_POOLS: Deed(
        "set the pools of", "got its pools", EventKind.POOLS_CHANGED, restarts=True
    ),
    CommandKind.SET_PROFILE: Deed(
        "set the profile of", "got its profile", EventKind.PROFILE_CHANGED, restarts=True
    ),
    CommandKind.UPGRADE: Deed(
        "upgrade the firmware of",
        "was sent firmware",
        EventKind.UPGRADING,
        _WARN,
        restarts=True,
        reboots=True,
    ),
    CommandKind.SET_NETWORK: Deed(
        "set the network of", "got its network", EventKind.ORDERED, _WARN, by_hand=True
    ),
    CommandKind.SET_PASSWORD: Deed(
        "change the login of", "got another login", EventKind.LOGIN_CHANGED, _WARN, by_hand=True
    ),
    CommandKind.FACTORY_RESET: Deed(
        "reset to the factory's settings",
        "was reset to the factory's settings",
        EventKind.ORDERED,
        _WARN,
        restarts=True,
        reboots=True,
        by_hand=True,
    ),
    CommandKind.POWER_OFF: Deed(
        "power off", "was powered off", EventKind.ORDERED, _WARN, reboots=True, by_hand=True
    ),
    CommandKind.PAUSE: Deed("pause", "was paused", EventKind.PAUSED),
    CommandKind.RESUME: Deed("resume", "was resumed", EventKind.RESUMED),
    CommandKind.SET_POWER: Deed(
        "set the power target of", "got its power target", EventKind.POWER_CHANGED, restarts=True
    ),
    CommandKind.SET_FREQUENCY: Deed(
        "set the frequency of", "got its frequency", EventKind.CLOCK_CHANGED
    ),
    CommandKind.LOCATE: Deed(
        "switch the light of",
        "shows its light",
        EventKind.ORDERED,
        ended="shows its light no more",
    ),
}
