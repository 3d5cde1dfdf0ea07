"""The configuration of one Antminer: one JSON object that every write replaces whole."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from mother.sim.antminer.models import Firmware
from mother.sim.antminer.recorded import MINER_CONF, OLD_MINER_CONF

Conf = dict[str, Any]

NORMAL = 0
SLEEP = 1
LOW_POWER = 3
MODES = frozenset({NORMAL, SLEEP, LOW_POWER})
FACTOR = {NORMAL: 1.0, SLEEP: 0.0, LOW_POWER: 0.8}
"""What a mode does to the rate; that of low power is hand-made."""

WORK_MODE = "bitmain-work-mode"
MINER_MODE = "miner-mode"
LEVEL = "bitmain-freq-level"
SHORT_LEVEL = "freq-level"
MOST_POOLS = 3


def fresh(old: bool, worker: str) -> Conf:
    """As set up; the three pools belong to `worker`, or to nobody where that is empty."""
    conf = copy.deepcopy(OLD_MINER_CONF if old else MINER_CONF)
    for index, pool in enumerate(conf["pools"]):
        if worker:
            pool["user"] = f"acct.{worker}"
            pool["url"] = f"stratum+tcp://ss{index or ''}.antpool.com:3333"
        else:
            pool.update(url="", user="", **{"pass": ""})
    return conf


def mode_of(conf: Conf) -> int:
    """The mode that a configuration asks for; what is no mode is normal."""
    text = str(conf.get(WORK_MODE, ""))
    return int(text) if text.isdecimal() and int(text) in MODES else NORMAL


def level_of(conf: Conf) -> float:
    """The share of the nominal frequency, 1.0 for none told."""
    text = str(conf.get(LEVEL, ""))
    return min(1.1, max(0.3, int(text) / 100)) if text.isdecimal() else 1.0


def accepted(sent: object) -> Conf | None:
    """What was sent, if it is a configuration: an object whose pools are objects, three at most."""
    if not isinstance(sent, dict):
        return None
    pools = sent.get("pools", [])
    if not isinstance(pools, list) or len(pools) > MOST_POOLS:
        return None
    if not all(isinstance(pool, dict) for pool in pools):
        return None
    return dict(sent)


def written(was: Mapping[str, Any], sent: Conf, firmware: Firmware) -> Conf:
    """The configuration after a write.

    What was not sent is lost, but for the `api-` keys. The short names of the web page's own
    writes end up under the long ones. The newest firmware obeys a mode only where the text under
    `bitmain-work-mode` and the number under `miner-mode` agree; else it stays as it was.
    """
    conf = {key: value for key, value in was.items() if key.startswith("api-")}
    conf.update(sent)
    if SHORT_LEVEL in conf:
        conf[LEVEL] = str(conf.pop(SHORT_LEVEL))
    short = conf.pop(MINER_MODE, None)
    if firmware.both_modes:
        long = sent.get(WORK_MODE)
        agreed = type(short) is int and isinstance(long, str) and long == str(short)
        if not agreed or short not in MODES:
            conf[WORK_MODE] = was.get(WORK_MODE, str(NORMAL))
    elif short is not None:
        conf[WORK_MODE] = str(short)
    return conf


class Pool:
    """One configured pool, as far as the rest of the device needs it."""

    __slots__ = ("url", "user")

    def __init__(self, sent: Mapping[str, Any]) -> None:
        self.url = str(sent.get("url", ""))
        self.user = str(sent.get("user", ""))

    @property
    def host(self) -> str:
        """The host in the URL, without the port; empty where there is none."""
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:
            return ""

    @property
    def alive(self) -> bool:
        """Simulated pools live, but for `dead...` and `....invalid` hosts."""
        host = self.host
        return bool(host) and not (host.startswith("dead") or host.endswith(".invalid"))
