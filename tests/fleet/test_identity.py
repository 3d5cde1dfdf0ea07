"""Names and identities."""

from __future__ import annotations

import pytest

from mother.core.errors import Stranger, Unreachable
from mother.fleet.identity import confirmed, device_id, recognised, worker_name
from tests.fleet.world import CONFIG, World

MAC = "a0:b0:45:00:e3:ab"


def test_a_device_is_its_site_and_its_mac() -> None:
    assert device_id("home", MAC) == "home/mac:a0:b0:45:00:e3:ab"


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("dragon-{mac8}", "dragon-4500e3ab"),
        ("{model}_{mac6}", "T1_00e3ab"),
        ("{mac}", "a0b04500e3ab"),
        ("rig 1.{mac6}", "rig-1-00e3ab"),
        ("...", "a0b04500e3ab"),
    ],
)
def test_a_worker_name_is_one_safe_segment(template: str, name: str) -> None:
    assert worker_name(template, MAC, "T1") == name


def test_who_never_failed_is_not_asked_for_its_page() -> None:
    world = World()
    (entry,) = world.adopted()
    asked = world.dragon.requests["/"]
    world.daemon.do(recognised(entry))
    assert world.dragon.requests["/"] == asked


def test_who_was_away_must_show_its_page_first() -> None:
    world = World()
    (entry,) = world.adopted()
    entry.doubtful = True
    world.daemon.do(recognised(entry))
    assert not entry.doubtful
    world.dragon.vanish()
    entry.doubtful = True
    with pytest.raises(Unreachable, match="no dragonmint answers there"):
        world.daemon.do(recognised(entry))
    assert entry.doubtful


def test_another_mac_at_the_address_is_a_stranger() -> None:
    world = World()
    (entry,) = world.adopted()
    assert world.daemon.do(confirmed(entry)).mac == world.dragon.mac
    world.dragon.mac = MAC
    with pytest.raises(Stranger) as caught:
        world.daemon.do(confirmed(entry))
    assert caught.value.found == MAC


def test_a_session_that_expects_nobody_is_checked_all_the_same() -> None:
    world = World(miners=2)
    entry, other = world.adopted()
    entry.device = world.daemon.family.device(other.address, CONFIG.credentials[1])
    with pytest.raises(Stranger):
        world.daemon.do(confirmed(entry))
