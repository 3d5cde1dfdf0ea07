"""What addresses show to anybody, from recordings where there are any; the pages are hand-made.

The words on the pages are those of the reference page (P).
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from mother.core.ports import Ports
from mother.drivers.base import Traces

RECORDINGS = Path(__file__).parents[1] / "recordings"
HOST = "10.1.0.9"
PORTS = Ports(8080, 12028, 12433, 8080)
PAGE, API, THIRD = PORTS.web, PORTS.cgminer, PORTS.whatsminer


def recorded(name: str) -> dict[str, Any]:
    """An answer as it was recorded."""
    answer: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text())
    return answer


def titled(title: str) -> dict[str, Any]:
    """A page that bears this name."""
    page = f"<!doctype html><html><head><title>{title}</title></head></html>".encode()
    return {"status": 200, "page": page, "page_port": PAGE}


def locked(realm: str) -> dict[str, Any]:
    """A page that asks for a login."""
    return {"status": 401, "realm": realm, "page": b"401", "page_port": PAGE}


LUCI = {
    "status": 307,
    "location": f"https://{HOST}/cgi-bin/luci",
    "page_port": PAGE,
}


def show(*more_open: int, version: Any = None, **told: Any) -> Traces:
    """Traces of one that said this; what it told of implies its ports."""
    opened = {*more_open, *((PAGE,) if told else ()), *((API,) if version else ())}
    if told.get("page_port") is None:
        told.pop("page_port", None)
    said = json.dumps(version).encode() if version else b""
    return Traces(HOST, frozenset(opened), PORTS, version=version or {}, said=said, **told)


def field(**fields: str) -> dict[str, Any]:
    """An answer to `version` with these fields."""
    status = [{"STATUS": "S", "Code": 22, "Msg": "CGMiner versions", "Description": "cgminer 1.0"}]
    return {"STATUS": status, "VERSION": [{"API": "3.1", **fields}], "id": 1}


AXE = {**titled("AxeOS"), "page": gzip.compress(b"<html><title>AxeOS</title></html>")}

OURS: dict[str, tuple[str, Traces]] = {
    "DragonMint": ("dragonmint", show(**titled("DragonMint"))),
    "Innosilicon": ("dragonmint", show(**titled("AsicMiner"))),
    "DragonMint with cgminer's port": (
        "dragonmint",
        show(version=field(CGMiner="4.10.0"), **titled("DragonMint")),
    ),
    "Antminer, recorded": (
        "antminer",
        show(version=recorded("antminer/v2020/version"), **locked("antMiner Configuration")),
    ),
    "Antminer, asleep": ("antminer", show(**locked("antMiner Configuration"))),
    "Antminer S9": ("antminer", show(version=field(BMMiner="2.0.0", Type="Antminer S9"))),
    "Whatsminer, recorded": (
        "whatsminer",
        show(THIRD, version=recorded("whatsminer/v2/get_version"), **LUCI),
    ),
    "Whatsminer that keeps its version": ("whatsminer", show(API, **LUCI)),
    "Whatsminer by its third port": ("whatsminer", show(THIRD)),
    "Avalon, recorded": ("avalon", show(version=recorded("avalon/version"), **titled("Avalon"))),
    "AxeOS": ("axeos", show(**AXE)),
    "AxeOS, not packed": ("axeos", show(**titled("AxeOS"))),
}
"""Whose it is, and what it shows."""

LUXOS, AURADINE = recorded("luxos/v1/version"), recorded("auradine/v1/version")
BRAIINS = {name: recorded(f"braiins/{name}/version") for name in ("v21_09", "v24_09")}

OTHERS: dict[str, tuple[str, Traces]] = {
    **{
        f"Braiins {name}, {what}": ("Braiins OS", show(version=version, **page))
        for name, version in BRAIINS.items()
        for what, page in {
            "recorded": {},
            "with its page": titled("Braiins OS"),
            "by way of LuCI": LUCI,
            "with Bitmain's realm": locked("antMiner Configuration"),
        }.items()
    },
    "Braiins v25, without its API": ("Braiins OS", show(**titled("Braiins OS"))),
    "LuxOS, recorded": ("LuxOS", show(version=LUXOS)),
    "LuxOS with its page": ("LuxOS", show(version=LUXOS, **titled("Luxor Firmware"))),
    "LuxOS by its page": ("LuxOS", show(**titled("Luxor Firmware"))),
    "VNish by its page": (
        "VNish",
        show(version=field(BMMiner="1.0.0", Type="Antminer S19"), **titled("AnthillOS")),
    ),
    "VNish by its type": ("VNish", show(version=field(Type="Antminer S19 Pro (vnish 1.2.6)"))),
    "Auradine, recorded": ("Auradine", show(version=AURADINE)),
    "Auradine with its page": ("Auradine", show(version=AURADINE, **titled("Miner UI"))),
    "ePIC": ("ePIC PowerPlay", show(API, **titled("Miner Web Dashboard"))),
    "Marathon": (
        "Marathon firmware",
        show(version=field(KAONSU="1.0", Type="Antminer S19"), **locked("antMiner Configuration")),
    ),
    "Hiveon": ("Hiveon firmware", show(version=field(Type="Antminer S19j Pro Hiveon"))),
    "MSK": ("MSK firmware", show(version=field(RWGLR="1.0", Type="Antminer S19"))),
    "Goldshell": ("Goldshell", show(version=field(INTCHAINS_QOMO="1.0"))),
    "Goldshell by its page": ("Goldshell", show(**titled("cloud-box"))),
    "Hammer": ("Hammer or Volcminer", show(**locked("blackMiner Configuration"))),
    "Elphapex": ("Elphapex", show(**locked("Daoge Configuration"))),
    "Innosilicon's API": ("Innosilicon with cgminer's API", show(version=field(INNOMINER="1"))),
    "Antminer with another program": (
        "Antminer with another firmware than Bitmain's",
        show(version=field(Custom="1", Model="Antminer S19")),
    ),
    "cgminer on a PC": ("a miner", show(version=field(CGMiner="4.12.1"))),
}
"""Its name, and what it shows: no driver of ours speaks to it."""

NOBODY: dict[str, Traces] = {
    "nothing": show(),
    "a router with LuCI": show(**LUCI),
    "a switch": show(status=200, page=b"<html>Meraki</html>", page_port=PAGE),
    "a printer behind a login": show(**locked("printer")),
    "a silent cgminer port": show(API),
    "another program at 4433": show(THIRD, status=404, page=b"not found", page_port=PAGE),
    "the first page of AxeOS's colour on an error": show(**{**AXE, "status": 500}),
}
"""No miner, or none that says so."""
