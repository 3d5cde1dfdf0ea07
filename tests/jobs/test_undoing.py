"""What would be put back, and by which order."""

from __future__ import annotations

import pytest

from mother.core.model import CommandKind, ConfiguredPool, NetworkSettings, Settings
from mother.fleet.undertaken import Before, DeviceSetup
from mother.jobs.undoing import COMMAND_LIFE, changes_back, order_back
from tests.fleet.world import World

NOW = 1_700_000_000.0
BY_ANN = DeviceSetup(undoing="ann")
A = ConfiguredPool("stratum+tcp://a:3333", "ann", "geheim")
B = ConfiguredPool("stratum+tcp://b:3333", "ann", "geheim")
POOLS = Before(NOW, CommandKind.SET_POOLS, "x", pools=(A, B))
PROFILE = Before(NOW, CommandKind.SET_PROFILE, "x", profile="balanced", level="2")
STATIC = NetworkSettings(False, "10.0.0.2", "255.0.0.0", "10.0.0.1", ("10.0.0.1", "10.0.0.3"))
NETWORK = Before(NOW, CommandKind.SET_NETWORK, "x", network=STATIC)


def rows(before: Before, found: Settings | None) -> list[str]:
    return [str(change) for change in changes_back(before, found)]


def test_pools_are_shown_slot_by_slot() -> None:
    assert rows(POOLS, Settings((B,))) == [
        "pools[0]: stratum+tcp://b:3333 as ann -> stratum+tcp://a:3333 as ann",
        "pools[1]: (none) -> stratum+tcp://b:3333 as ann",
    ]


def test_what_is_so_already_is_not_shown() -> None:
    assert rows(POOLS, Settings((A, B))) == []
    assert rows(PROFILE, Settings(None, "balanced", "2")) == []


def test_a_profile_is_shown_with_its_level() -> None:
    assert rows(PROFILE, Settings(None, "balanced", "3")) == [
        "profile: balanced level 3 -> balanced level 2"
    ]


def test_a_network_is_shown_by_where_it_leads() -> None:
    assert rows(NETWORK, None) == ["network: as it is -> static 10.0.0.2"]
    leased = Before(NOW, CommandKind.SET_NETWORK, "x", network=NetworkSettings(True, "10.0.0.9"))
    assert rows(leased, Settings()) == ["network: as it is -> dhcp"]


@pytest.mark.parametrize("found", [None, Settings()])
def test_what_is_there_now_may_not_be_known(found: Settings | None) -> None:
    assert rows(POOLS, found) == [
        "pools[0]: unknown -> stratum+tcp://a:3333 as ann",
        "pools[1]: unknown -> stratum+tcp://b:3333 as ann",
    ]
    assert rows(PROFILE, found) == ["profile: unknown -> balanced level 2"]


def test_what_cannot_be_put_back_changes_nothing() -> None:
    (entry,) = World().adopted()
    before = Before(NOW, CommandKind.UPGRADE, "x")
    assert rows(before, Settings((A,), "balanced", "2")) == []
    assert order_back(before, entry, BY_ANN, NOW) is None


@pytest.mark.parametrize(
    ("before", "args"),
    [
        (POOLS, {"pools": (A, B)}),
        (Before(NOW, CommandKind.SET_POOLS, "x", pools=()), {"pools": ()}),
        (PROFILE, {"profile": "balanced", "level": "2"}),
        (NETWORK, {"network": STATIC}),
    ],
)
def test_the_order_is_a_persons_and_sets_just_what_was_there(
    before: Before, args: dict[str, object]
) -> None:
    (entry,) = World().adopted()
    order = order_back(before, entry, BY_ANN, NOW)
    assert order is not None
    assert (order.kind, order.args, order.device) == (before.kind, args, entry.id)
    assert (order.actor, order.by_hand, order.despite_hold) == ("ann", True, False)
    held = order_back(before, entry, DeviceSetup(undoing="ann", undoing_held=True), NOW)
    assert held is not None
    assert held.despite_hold
    assert order.expires == NOW + COMMAND_LIFE
    again = order_back(before, entry, BY_ANN, NOW)
    assert again is not None
    assert again.key != order.key


def test_nobody_sees_a_password() -> None:
    (entry,) = World().adopted()
    other = ConfiguredPool(A.url, A.user, "anders")
    shown = rows(POOLS, Settings((other, B)))
    assert shown == [
        "pools[0]: stratum+tcp://a:3333 as ann -> stratum+tcp://a:3333 as ann (another password)"
    ]
    assert "geheim" not in repr(order_back(POOLS, entry, BY_ANN, NOW))
