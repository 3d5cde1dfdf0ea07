"""Known miners in the words that the configuration asks by."""

from __future__ import annotations

from mother.config.model import Config
from mother.config.subject import DRAGONMINT, Subject
from mother.fleet.remembered import DeviceMemory, Place
from mother.fleet.roster import Entry


def subject_of(entry: Entry) -> Subject:
    """A miner of the roster. One that replaced another is known by that one's MAC address."""
    who = entry.description
    hashes = who.algorithm or ("" if entry.reading is None else entry.reading.algorithm)
    return Subject(
        family=entry.family.name,
        maker=who.maker or entry.family.maker,
        model=who.model,
        firmware=who.firmware,
        mac=entry.wish_mac,
        host=entry.address.host,
        worker=entry.worker,
        algorithm=hashes,
        firmware_name=who.firmware_name,
        site=site_of(entry.id, entry.place),
    )


def site_of(device: str, place: Place) -> str:
    """Where it was placed by hand, else the site of the daemon, which its DeviceId begins with."""
    return place.site or device.partition("/")[0]


def keeps_worker(config: Config, entry: Entry) -> bool:
    """Whether a worker name that is found in its pools is its own, and stays."""
    return config.worker_template is None and entry.family.name != DRAGONMINT


def remembered_subject(known: DeviceMemory, mac: str, site: str) -> Subject:
    """A miner that is not here; `mac` is that by which the configuration knows it, `site` ours.

    What was remembered before there were families is a DragonMint.
    """
    return Subject(
        family=known.family or DRAGONMINT,
        maker=known.maker,
        model=known.model,
        firmware=known.firmware,
        mac=mac,
        host="" if known.address is None else known.address.host,
        worker=known.worker,
        algorithm=known.algorithm,
        site=known.place.site or site,
    )
