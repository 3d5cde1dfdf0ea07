"""What a device shall hash: as it says itself, else as it did when healthy, else its model."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from mother.core.reading import Reading
from mother.drivers.base import Nameplate

DEVICE, LEARNED, MODEL, NAMEPLATE = "device", "learned", "model", "nameplate"

REDUCED = frozenset({"low", "low-power", "eco", "efficient", "quiet"})
"""Profiles that cost hashrate, by the names that the families give them."""

BETTER = 1.01
"""What it did is remembered anew once it did so much more."""

KEYS_KEPT = 8


def profile_key(reading: Reading, firmware: str) -> str:
    """What decides how much a device hashes: firmware, profile, power target, how many boards."""
    target = "" if reading.power_target is None else f"{reading.power_target:.0f}"
    boards = "" if reading.expected_boards is None else reading.expected_boards
    return f"{firmware}|{reading.profile}|{target}|{boards}"


def part(plate: Nameplate | None, boards: int | None, usual: int | None) -> Nameplate | None:
    """What the maker's word comes to for one that shall have so many boards, not the usual."""
    if plate is None or boards is None or not usual or boards == usual:
        return plate
    share = boards / usual
    rate, power = plate.hashrate, plate.power
    return Nameplate(rate and rate * share, power and power * share)


def completed(
    reading: Reading, firmware: str, healthy: Mapping[str, float], plate: Nameplate | None
) -> Reading:
    """The reading with what is expected of it, and with its maker's word for its power."""
    if reading.expected_hashrate is None or reading.expected_source != DEVICE:
        learned = healthy.get(profile_key(reading, firmware))
        if learned is not None:
            reading = replace(reading, expected_hashrate=learned, expected_source=LEARNED)
        else:
            reading = _by_model(reading, plate)
    hashes = bool(reading.hashrate) and not reading.asleep
    if reading.power is None and plate is not None and plate.power and hashes:
        reading = replace(reading, power=plate.power, power_source=NAMEPLATE)
    return reading


def _by_model(reading: Reading, plate: Nameplate | None) -> Reading:
    """What its model does, less where it is limited; nothing where that cannot be told.

    A limit costs less hashrate than power, so that this is rather too little than too much.
    """
    full, power = reading.expected_hashrate, None
    if plate is not None:
        full, power = full if full is not None else plate.hashrate, plate.power
    target = reading.power_target
    if full is not None and power and target is not None:
        full *= min(1.0, target / power)
    elif reading.profile in REDUCED:
        full = None
    source = "" if full is None else MODEL
    return replace(reading, expected_hashrate=full, expected_source=source)


def learned(
    reading: Reading, firmware: str, healthy: Mapping[str, float], mean: float | None
) -> dict[str, float] | None:
    """What is remembered from now on, of one that is well; None where nothing changes."""
    if not mean or reading.expected_source == DEVICE:
        return None
    key = profile_key(reading, firmware)
    if mean <= BETTER * healthy.get(key, 0.0):
        return None
    kept = {name: value for name, value in healthy.items() if name != key}
    return {**dict(list(kept.items())[1 - KEYS_KEPT :]), key: mean}
