"""Answers of Antminers: recorded ones, and those that had to be made by hand.

Hand-made, for want of a recording: the newer `stats` and the summary page (keys as pyasic and
asic-rs read them, values of the recorded S19 Pro), the configuration and network pages (keys of
pyasic), the S9 (general knowledge), and where power is told (`chain_power` is asic-rs', `watt`
is a guess).
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).parent.parent.parent / "recordings" / "antminer" / "v2020"
NAMES = ("devs", "pools", "stats", "summary", "system_info", "version")
MAC = "02:55:97:22:30:72"


def body(name: str) -> bytes:
    """A recording as it came."""
    return (RECORDINGS / f"{name}.json").read_bytes()


def recorded(name: str) -> dict[str, Any]:
    """The same as an object of one's own."""
    answer: dict[str, Any] = json.loads(body(name))
    return answer


def figures() -> tuple[dict[str, Any], dict[str, Any]]:
    """The recorded stats, and in them the block with the figures."""
    answer = recorded("stats")
    return answer, answer["STATS"][1]


def system_info(**more: str) -> dict[str, Any]:
    """As recorded, with a MAC that is one: the recording's has a letter in it."""
    return {**recorded("system_info"), "macaddr": MAC.upper(), **more}


def old_info() -> dict[str, Any]:
    """The page of an S9."""
    return {
        "minertype": "Antminer S9",
        "macaddr": MAC,
        "hostname": "antMiner",
        "loadaverage": "1.00, 0.98, 0.95",
        "system_filesystem_version": "Fri Nov 17 17:37:49 CST 2017",
    }


def conf(**more: object) -> dict[str, Any]:
    """`get_miner_conf`."""
    return {
        "pools": [
            {"url": f"stratum+tcp://p{n}.example:3333", "user": f"farm.{n}", "pass": f"secret{n}"}
            for n in range(3)
        ],
        "api-listen": True,
        "bitmain-fan-ctrl": False,
        "bitmain-fan-pwm": "100",
        "bitmain-freq": "525",
        "bitmain-work-mode": "0",
        "bitmain-freq-level": "",
        **more,
    }


def old_conf() -> dict[str, Any]:
    """The same of an S9, which has no mode."""
    told = conf()
    del told["bitmain-work-mode"], told["bitmain-freq-level"]
    return told


def network(**more: str) -> dict[str, Any]:
    """`get_network_info`."""
    return {
        "nettype": "DHCP",
        "macaddr": MAC,
        "ipaddress": "10.1.0.25",
        "netmask": "255.255.255.0",
        "conf_nettype": "DHCP",
        "conf_hostname": "Antminer",
        "conf_ipaddress": "",
        "conf_netmask": "",
        "conf_gateway": "",
        "conf_dnsservers": "",
        **more,
    }


def chain(index: int, **more: object) -> dict[str, Any]:
    """One board of the newer stats."""
    return {
        "index": index,
        "freq_avg": 525,
        "rate_ideal": 36666.0,
        "rate_real": 37603.3,
        "asic_num": 114,
        "asic": " ooo" * 38,
        "temp_pic": [40, 42, 51, 52],
        "temp_pcb": [50, 52, 61, 62],
        "temp_chip": [65, 67, 76, 77],
        "hw": 183,
        "sn": f"SMTTYRHBDJAAA000{index}",
        **more,
    }


def newer(**more: object) -> dict[str, Any]:
    """The newer stats."""
    fields: dict[str, Any] = {
        "elapsed": 50474,
        "rate_5s": 110566.89,
        "rate_30m": 111878.26,
        "rate_avg": 111834.63,
        "rate_ideal": 110000.0,
        "rate_unit": "GH/s",
        "fan_num": 4,
        "fan": [6000, 5880, 5040, 5040],
        "hwp_total": 0.25,
        "miner-mode": 0,
        "chain": [chain(index) for index in range(3)],
        **more,
    }
    return {
        "STATUS": {"STATUS": "S", "when": 1755615295, "Msg": "stats", "api_version": "1.0.0"},
        "INFO": {"miner_version": "49.0.1.3", "type": "Antminer S19 Pro"},
        "STATS": [fields],
    }


def states(**bad: str) -> dict[str, Any]:
    """The summary page; `bad` are the words for what is wrong."""
    told = [
        {"type": kind, "status": "e" if kind in bad else "s", "code": 0, "msg": bad.get(kind, "")}
        for kind in ("rate", "network", "fans", "temp")
    ]
    return {"STATUS": {"STATUS": "S"}, "SUMMARY": [{"elapsed": 50474, "status": told}]}


def s9() -> dict[str, Any]:
    """The stats of an S9: boards in slots 6 to 8, fans 3 and 6, rates as texts."""
    fields: dict[str, Any] = {
        "STATS": 0,
        "ID": "BC50",
        "Elapsed": 3600,
        "GHS 5s": "13487.49",
        "GHS av": 13500.5,
        "fan_num": 2,
        "total_rateideal": 13500.0,
    }
    fields |= {f"fan{n}": {3: 5160, 6: 5880}.get(n, 0) for n in range(1, 9)}
    for n in range(1, 17):
        here = n in (6, 7, 8)
        fields |= {
            f"temp{n}": 62 if here else 0,
            f"temp2_{n}": 77 if here else 0,
            f"freq_avg{n}": 650.0 if here else 0.0,
            f"chain_acn{n}": 63 if here else 0,
            f"chain_acs{n}": " oooooooo" * 7 + " oooooxo" if here else "",
            f"chain_hw{n}": 3 if here else 0,
            f"chain_rate{n}": "4500.12" if here else "",
        }
    head = {"BMMiner": "2.0.0", "Miner": "16.8.1.3", "Type": "Antminer S9"}
    return {"STATUS": [{"STATUS": "S", "Msg": "CGMiner stats"}], "STATS": [head, fields], "id": 1}


def asleep() -> dict[str, Any]:
    """The recorded stats of a miner that hashes nothing any more; hand-made."""
    answer, fields = figures()
    answer = copy.deepcopy(answer)
    fields = answer["STATS"][1]
    fields |= {"GHS 5s": 0.0, "rate_30m": 0.0}
    fields |= {f"chain_rate{n}": "0.00" for n in (1, 2, 3)}
    return answer
