"""`[[miners]]`: settings for miners of every family, by whom a block is for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mother.config.blocks import NO_MODE
from mother.config.cascade import Rule
from mother.config.firmware import NO_DIGEST
from mother.config.kinds import Kind, number
from mother.config.options import BY_KEY, MODE
from mother.config.pools import check_wishes_by_algorithm
from mother.config.problems import Problems, shown, wrong
from mother.config.reaching import CONDITIONS, check_groups_named, reach_of
from mother.config.subject import DRAGONMINT
from mother.core.units import finite

LONGEST = 64


def _profile(value: Any, place: str) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise wrong(place, f"must be the name of a profile in quotes, not {shown(value)}")
    if len(value) > LONGEST:
        raise wrong(place, f"is longer than {LONGEST} letters")
    return value.strip()


def _level(value: Any, place: str) -> str:
    """A whole number, or a text for families that name their levels."""
    found = finite(value) if not isinstance(value, str) else None
    if found is not None and found.is_integer() and 0 <= found <= 100_000:
        return str(int(found))
    if isinstance(value, str):
        return _profile(value, place)
    raise wrong(place, f"must be a level, e.g. 2, not {shown(value)}")


KEYS: Mapping[str, tuple[Kind, str]] = {
    "pools": (
        Kind("", check_wishes_by_algorithm),
        "Pools, the preferred one first, at most 3 of one `algorithm` (sha256d unless a pool "
        "says another); a miner gets those of its own algorithm. `[]` leaves them alone.",
    ),
    "profile": (
        Kind("", _profile),
        "The profile that they shall have, in the words of the family; for DragonMint what "
        "`autotune_mode` is.",
    ),
    "level": (Kind("", _level), "Level of that profile, where a family has levels."),
    "power_target": (
        number("W", 1, 100_000, 3000),
        "Power in W that they shall take, where a family can be told.",
    ),
    "frequency": (number("MHz", 1, 10_000, 500), "Frequency of the chips in MHz."),
    "voltage": (number("V", 0.1, 100, 1.2), "Voltage in V, as the family counts it."),
    "health_reboot": (BY_KEY["dragon_health_reboot"].kind, "Reboot them when they are ill."),
    "health_check_interval": (
        BY_KEY["dragon_health_check_interval"].kind,
        "Seconds between two health checks.",
    ),
    "health_hashrate_duration": (
        BY_KEY["dragon_health_hashrate_duration"].kind,
        "Seconds that a board must hash too little before its miner is ill.",
    ),
    "health_hashrate_minimum": (
        BY_KEY["dragon_health_hashrate_min"].kind,
        "GH/s below which a board is ill; 0 is no such rule.",
    ),
    "auto_upgrade": (BY_KEY["dragon_auto_upgrade"].kind, "Bring them to newer firmware."),
    "firmware_file": (BY_KEY["firmware_file"].kind, "Firmware of your own for that."),
    "firmware_sha256": (BY_KEY["firmware_sha256"].kind, "SHA-256 of that file."),
}
"""What a block may say, by the names of DeviceSettings; and what that is, for people."""

TOGETHER = (("profile", "level"), ("firmware_file", "firmware_sha256"))
"""A block that says one of two has said both: a level is nothing without its profile."""


def check_rules(value: Any, groups: Collection[str], problems: Problems) -> tuple[Rule, ...]:
    """The blocks of a file, in its order. `groups` are the names that there are."""
    items = problems.items(value, "miners")
    return tuple(_rule(item, place, groups, problems) for place, item in items)


def _rule(value: Any, place: str, groups: Collection[str], problems: Problems) -> Rule:
    entry = problems.table(_without_strays(value, place, problems), place, (*KEYS, "apply_to"))
    where = f"{place}.apply_to"
    limits = problems.table(entry.pop("apply_to", {}), where, CONDITIONS)
    reach = reach_of(limits, where, problems)
    check_groups_named(reach, groups, where, problems)
    said: dict[str, Any] = {}
    for key, item in entry.items():
        said[key] = problems.checked(KEYS[key][0].check, item, f"{place}.{key}", None)
    _check_pairs(said, place, problems)
    if reach.families == (DRAGONMINT,) and said.get("profile"):
        problems.checked(MODE.check, said["profile"], f"{place}.profile", None)
    for pair in TOGETHER:
        if any(key in said for key in pair):
            said = {**dict.fromkeys(pair), **said}
    return Rule(reach, said)


def _check_pairs(said: Mapping[str, Any], place: str, problems: Problems) -> None:
    """A file has its digest beside it, and a level its profile."""
    if said.get("firmware_file") and "firmware_sha256" not in said:
        problems.add(f"{place}.firmware_file", NO_DIGEST)
    if said.get("level") is not None and "profile" not in said:
        problems.add(f"{place}.level", NO_MODE.format(mode="profile"))


def _without_strays(value: Any, place: str, problems: Problems) -> Any:
    """The block without conditions that stand outside `apply_to`; those are problems."""
    if not isinstance(value, dict):
        return value
    strays = [key for key in CONDITIONS if key in value]
    for key in strays:
        problems.add(f"{place}.{key}", "belongs below [miners.apply_to]")
    return {key: item for key, item in value.items() if key not in strays}
