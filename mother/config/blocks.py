"""`[[configs]]`: settings for the miners that a block names by model or MAC address."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from mother.config.firmware import NO_DIGEST
from mother.config.kinds import Kind
from mother.config.model import Block, DeviceSettings
from mother.config.options import BY_KEY
from mother.config.pools import check_wishes
from mother.config.problems import Problems, kind_of, wrong
from mother.config.reaching import check_macs

KEYS: dict[str, Kind] = {
    "health_reboot": BY_KEY["dragon_health_reboot"].kind,
    "health_check_interval": BY_KEY["dragon_health_check_interval"].kind,
    "health_hashrate_duration": BY_KEY["dragon_health_hashrate_duration"].kind,
    "health_hashrate_minimum": BY_KEY["dragon_health_hashrate_min"].kind,
    "auto_upgrade": BY_KEY["dragon_auto_upgrade"].kind,
    "autotune_mode": BY_KEY["dragon_autotune_mode"].kind,
    "autotune_level": BY_KEY["dragon_autotune_level"].kind,
    "pools": Kind("", check_wishes),
    "firmware_file": BY_KEY["firmware_file"].kind,
    "firmware_sha256": BY_KEY["firmware_sha256"].kind,
}
"""What a block may say, by the names of DeviceSettings, which are also those of the file."""

NOT_INHERITED = ("health_reboot", "auto_upgrade")
"""What touches a miner hard is off in a block that does not say it, whatever holds elsewhere."""

FIRMWARE = ("firmware_file", "firmware_sha256")
"""A file and its digest belong together: they are inherited both or not at all."""

NO_MODE = "a level means nothing without a mode; name {mode} too"
"""What is said of an autotune level without its mode."""


def check_blocks(value: Any, general: DeviceSettings, problems: Problems) -> tuple[Block, ...]:
    """The blocks of a file, in its order; what one does not say comes from `general`."""
    start = replace(general, **dict.fromkeys(NOT_INHERITED, False))
    items = problems.items(value, "configs")
    return tuple(_block(item, place, start, problems) for place, item in items)


def _block(value: Any, place: str, start: DeviceSettings, problems: Problems) -> Block:
    entry = problems.table(_without_strays(value, place, problems), place, (*KEYS, "apply_to"))
    said = {key: item for key, item in entry.items() if key in KEYS}
    if any(key in said for key in FIRMWARE):
        start = replace(start, **dict.fromkeys(FIRMWARE))
    checked = {
        key: problems.checked(KEYS[key].check, item, f"{place}.{key}", getattr(start, key))
        for key, item in said.items()
    }
    _check_pairs(checked, start, place, problems)
    where = f"{place}.apply_to"
    limits = problems.table(entry.get("apply_to", {}), where, ("models", "mac_addresses"))
    return Block(
        problems.checked(_models, limits.get("models", []), f"{where}.models", ()),
        problems.checked(check_macs, limits.get("mac_addresses", []), f"{where}.mac_addresses", ()),
        replace(start, **checked),
        own_pools="pools" in checked,
    )


def _check_pairs(
    checked: dict[str, Any], start: DeviceSettings, place: str, problems: Problems
) -> None:
    """A file has its digest beside it, and a level its mode."""
    if checked.get("firmware_file") and "firmware_sha256" not in checked:
        problems.add(f"{place}.firmware_file", NO_DIGEST)
    mode = start.autotune_mode is not None or "autotune_mode" in checked
    if checked.get("autotune_level") is not None and not mode:
        problems.add(f"{place}.autotune_level", NO_MODE.format(mode="autotune_mode"))


def _without_strays(value: Any, place: str, problems: Problems) -> Any:
    """The block without restrictions that stand outside `apply_to`; those are problems."""
    if not isinstance(value, dict):
        return value
    strays = [key for key in ("models", "mac_addresses") if key in value]
    for key in strays:
        problems.add(f"{place}.{key}", "belongs below [configs.apply_to]")
    return {key: item for key, item in value.items() if key not in strays}


def _models(value: Any, place: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise wrong(place, f"must be a list, not {kind_of(value)}")
    if not all(isinstance(model, str) and model.strip() for model in value):
        raise wrong(place, 'must be a list of models, e.g. ["T1", "B29+"]')
    return tuple(model.strip().upper() for model in value)
