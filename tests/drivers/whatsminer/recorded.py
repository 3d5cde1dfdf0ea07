"""The recorded answers of real devices, and those made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from mother.core.model import Command, CommandKind, ConfiguredPool

FOLDER = Path(__file__).parents[2] / "recordings" / "whatsminer"

SECOND = sorted(path.stem for path in (FOLDER / "v2").glob("*.json"))
THIRD = sorted(path.stem for path in (FOLDER / "v3").glob("*.json"))

DEVDETAILS: dict[str, Any] = {
    "STATUS": [{"STATUS": "S", "When": 1, "Code": 69, "Msg": "Device Details"}],
    "DEVDETAILS": [
        {"DEVDETAILS": 0, "Name": "SM", "ID": 0, "Driver": "bitmicro", "Model": "M30S+_VE40"}
    ],
    "id": 1,
}
"""Made by hand: the fields that pyasic's `get_miner_model_whatsminer` reads (reference P)."""

TOKEN: dict[str, Any] = {
    "STATUS": "S",
    "When": 1,
    "Code": 134,
    "Msg": {"time": "5626", "salt": "BQ5hoXV9", "newsalt": "jbzkfQls"},
    "Description": "",
}
"""Made by hand: the example of the vendor's document (reference D)."""

SETTING: dict[str, Any] = {
    "code": 0,
    "when": 1773869570,
    "msg": {"power-mode": "low", "power-limit": 3600},
    "desc": "get.miner.setting",
}
"""Made by hand: the fields that pyasic's `from_btminer_v3` reads (reference P)."""


def second(name: str) -> dict[str, Any]:
    """An answer of the second API."""
    answer: dict[str, Any] = json.loads((FOLDER / "v2" / f"{name}.json").read_text())
    return answer


def third(name: str) -> dict[str, Any]:
    """An answer of the third."""
    answer: dict[str, Any] = json.loads((FOLDER / "v3" / f"{name}.json").read_text())
    return answer


def row(**fields: object) -> dict[str, Any]:
    """The recorded row of `summary`, with other fields."""
    found: dict[str, Any] = second("summary")["SUMMARY"][0]
    return {**found, **fields}


def info(**parts: Any) -> dict[str, Any]:
    """The recorded `get.device.info`, with other fields in its parts."""
    found: dict[str, Any] = third("get_device_info")["msg"]
    return {**found, **{name: {**found.get(name, {}), **part} for name, part in parts.items()}}


COMMAND = Command(
    id="1",
    key="1",
    actor="test",
    reason="",
    at=0.0,
    expires=1.0,
    device="mac:d4:01:02:03:04:05",
    kind=CommandKind.REBOOT,
)


def order(kind: CommandKind, **args: object) -> Command:
    """One command as the layers above give it."""
    return replace(COMMAND, kind=kind, args=args)


def pools(count: int, password: str | None = "hunter2") -> tuple[ConfiguredPool, ...]:
    """So many pools, each its own."""
    return tuple(
        ConfiguredPool(
            f"stratum+tcp://pool{n}.example:3333",
            f"farm.{n}",
            None if password is None else f"{password}{n}",
        )
        for n in range(count)
    )
