"""What a miner shall be set to, against what was found."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mother.config.model import DeviceSettings, PoolWish
from mother.core.model import Change, CommandKind, ConfiguredPool, Settings
from mother.drivers.dragonmint.driver import DragonMint
from mother.fleet.desired import (
    Aspect,
    FirmwareSource,
    Found,
    aspects,
    firmware_aspect,
    profile_change,
    reached,
    wants_settings,
)
from mother.fleet.pools import pool_changes, wished_pools
from tests.fleet.toy import Toy
from tests.fleet.world import SETTINGS

FAMILY = DragonMint(cast(Any, None), lambda: 1.0)
SECRET = "geheim"
A = PoolWish("stratum+tcp://a:3333", "ann", SECRET)
B = PoolWish("stratum+tcp://b:3333", "ann", SECRET)
C = PoolWish("stratum+tcp://c:3333", "bob", SECRET)
WORKER = "dragon-1"


SETTINGS_SET = (
    CommandKind.SET_POOLS,
    CommandKind.SET_PROFILE,
    CommandKind.SET_POWER,
    CommandKind.SET_FREQUENCY,
)


def has(*wishes: PoolWish, worker: str = WORKER, **what: Any) -> Settings:
    """What is found on a miner that has these."""
    return Settings(wished_pools(wishes, worker), **{"profile": "balanced", "level": "2", **what})


def wish(*pools: PoolWish, **what: Any) -> DeviceSettings:
    return replace(SETTINGS, pools=pools, **what)


def seen(settings: DeviceSettings, found: Settings, model: str = "T1") -> tuple[Aspect, ...]:
    return aspects(settings, Found(WORKER, model, found), FAMILY)


def only(settings: DeviceSettings, found: Settings, model: str = "T1") -> Aspect:
    (one,) = seen(settings, found, model)
    return one


def rows(aspect: Aspect) -> list[str]:
    assert aspect.step is not None
    return [str(change) for change in aspect.step.changes]


def test_where_nothing_is_wished_nothing_is_compared() -> None:
    assert seen(wish(), has(A)) == ()
    assert not wants_settings(wish())


def test_pools_that_are_as_wished_need_no_step() -> None:
    assert only(wish(A, B), has(A, B)).step is None


def test_each_user_is_the_name_with_the_worker_behind_it() -> None:
    assert wished_pools((A, C), "w") == (
        ConfiguredPool(A.url, "ann.w", SECRET),
        ConfiguredPool(C.url, "bob.w", SECRET),
    )


@pytest.mark.parametrize(
    ("found", "changes"),
    [
        ((), ["pools[0]: (none) -> {a}", "pools[1]: (none) -> {b}"]),
        ((A,), ["pools[1]: (none) -> {b}"]),
        ((B, A), ["pools[0]: {b} -> {a}", "pools[1]: {a} -> {b}"]),
        ((A, B, C), ["pools[2]: {c} -> (none)"]),
    ],
    ids=["none", "shorter", "other order", "longer"],
)
def test_pools_differ_slot_by_slot(found: tuple[PoolWish, ...], changes: list[str]) -> None:
    aspect = only(wish(A, B), has(*found))
    shown = {
        "a": "stratum+tcp://a:3333 as ann.dragon-1",
        "b": "stratum+tcp://b:3333 as ann.dragon-1",
        "c": "stratum+tcp://c:3333 as bob.dragon-1",
    }
    assert rows(aspect) == [change.format(**shown) for change in changes]
    assert aspect.step is not None
    assert aspect.step.kind is CommandKind.SET_POOLS
    assert aspect.step.args == {"pools": wished_pools((A, B), WORKER)}


def test_another_worker_behind_the_user_is_a_difference() -> None:
    assert rows(only(wish(A), has(A, worker="dragon-2"))) == [
        "pools[0]: stratum+tcp://a:3333 as ann.dragon-2 -> stratum+tcp://a:3333 as ann.dragon-1"
    ]


def test_another_password_alone_is_a_difference_and_neither_is_shown() -> None:
    other = PoolWish(A.url, A.username, "anders")
    (row,) = rows(only(wish(A), has(other)))
    assert row.endswith("as ann.dragon-1 (another password)")
    assert "anders" not in row
    assert SECRET not in row


def test_what_a_miner_does_not_tell_is_left_out() -> None:
    found = Settings(None, None, None)
    assert seen(wish(A, autotune_mode="balanced"), found) == ()


def test_a_profile_that_is_as_wished_needs_no_step() -> None:
    assert only(wish(autotune_mode="balanced", autotune_level=2), has()).step is None


def test_a_level_that_nobody_wishes_may_be_any() -> None:
    assert only(wish(autotune_mode="balanced"), has(level="3")).step is None


def test_a_level_that_the_firmware_does_not_know_is_not_asked_of_it() -> None:
    assert only(wish(autotune_mode="balanced", autotune_level=3), has(level=None)).step is None


def test_another_mode_or_level_is_a_difference() -> None:
    mode = only(wish(autotune_mode="efficient", autotune_level=3), has())
    level = only(wish(autotune_mode="balanced", autotune_level=3), has())
    assert rows(mode) == ["profile: balanced level 2 -> efficient level 3"]
    assert rows(level) == ["profile: balanced level 2 -> balanced level 3"]
    assert mode.step is not None
    assert mode.step.args == {"profile": "efficient", "level": "3"}
    assert mode.step.kind is CommandKind.SET_PROFILE


def test_a_profile_without_levels_is_shown_without() -> None:
    assert str(profile_change(has(), "factory", None)) == "profile: balanced -> factory"


def test_a_profile_that_the_family_does_not_know_is_no_wish() -> None:
    assert seen(wish(autotune_mode="turbo"), has()) == ()
    assert wants_settings(wish(autotune_mode="turbo"))


def test_pools_are_written_before_the_profile() -> None:
    both = seen(wish(A, autotune_mode="efficient"), has())
    kinds = [one.step.kind for one in both if one.step is not None]
    assert kinds == [CommandKind.SET_POOLS, CommandKind.SET_PROFILE]


def test_models_of_two_families_that_have_one_name_share_no_key() -> None:
    toy, other = Toy(), Toy("plaything")
    settings = wish(A, power_target=3000.0, frequency=500.0)
    found = Found(WORKER, "T1", has(power_target=1.0, frequency=1.0))
    both = [
        {key for one in aspects(settings, found, kin) for key in one.keys} for kin in (toy, other)
    ]
    assert len(both[0]) == 4
    assert both[0].isdisjoint(both[1])
    assert only(wish(A), has()).key.startswith("pools:T1:")  # as those that are remembered


def test_miners_that_shall_get_the_same_share_a_key_whatever_they_have_and_are_called() -> None:
    one = aspects(wish(A), Found("w1", "T1", has(B)), FAMILY)
    two = aspects(wish(A), Found("w2", "T1", has(A, worker="w2")), FAMILY)
    assert one[0].key == two[0].key
    assert one[0].what == "pools stratum+tcp://a:3333 on T1"


@pytest.mark.parametrize(
    "other",
    [
        wish(B),
        wish(A, B),
        wish(PoolWish(A.url, "eve", A.password)),
        wish(PoolWish(A.url, A.username, "other")),
    ],
)
def test_whatever_differs_in_the_wish_has_a_key_of_its_own(other: DeviceSettings) -> None:
    assert only(wish(A), has()).key != only(other, has()).key


def test_another_model_has_a_key_of_its_own() -> None:
    assert only(wish(A), has()).key != only(wish(A), has(), model="T2").key
    tuned = wish(autotune_mode="efficient")
    assert only(tuned, has()).key != only(tuned, has(), model="T2").key


def test_another_level_has_a_key_of_its_own() -> None:
    keys = {
        only(wish(autotune_mode="efficient", autotune_level=level), has()).key
        for level in (None, 1, 2)
    }
    assert len(keys) == 3


NEW, OLD = "t1_20190101_000000", "t1_20180515_060842"


def upgrade(version: str, installed: str = OLD, model: str = "T1") -> Aspect | None:
    return firmware_aspect(FirmwareSource(version), installed, model, FAMILY)


def test_newer_firmware_is_a_step() -> None:
    aspect = upgrade(NEW)
    assert aspect is not None
    assert aspect.key.startswith(f"firmware:T1:{NEW}")
    assert aspect.what == f"firmware {NEW} on T1"
    assert rows(aspect) == [f"firmware: {OLD} -> {NEW}"]
    assert aspect.step is not None
    assert aspect.step.kind is CommandKind.UPGRADE
    assert aspect.step.source == FirmwareSource(NEW)


@pytest.mark.parametrize("installed", [NEW, "t1_20200101_000000"])
def test_firmware_never_goes_back(installed: str) -> None:
    aspect = upgrade(NEW, installed)
    assert aspect is not None
    assert aspect.step is None


@pytest.mark.parametrize(
    ("version", "installed", "model"),
    [
        ("t2_20190101_000000", OLD, "T1"),
        (NEW, OLD, "T2"),
        (NEW, "", "T1"),
        ("", OLD, "T1"),
        (NEW, "whatever", "T1"),
        ("whatever", OLD, "T1"),
        ("t1_20191301_000000", OLD, "T1"),
    ],
)
def test_firmware_of_another_model_or_of_unknown_age_is_never_wished(
    version: str, installed: str, model: str
) -> None:
    assert upgrade(version, installed, model) is None


def test_no_source_is_no_wish() -> None:
    assert firmware_aspect(None, OLD, "T1", FAMILY) is None


@pytest.mark.parametrize(
    ("found", "is_it"),
    [
        (has(A, B), True),
        (has(B, A), False),
        (has(A), False),
        (Settings(None), False),
    ],
)
def test_pools_are_reached_when_the_whole_list_is_found(found: Settings, is_it: bool) -> None:
    args = {"pools": wished_pools((A, B), WORKER)}
    assert reached(CommandKind.SET_POOLS, args, found) is is_it


def test_a_profile_is_reached_when_mode_and_level_are_found() -> None:
    def got(profile: str, level: str | None, found: Settings) -> bool:
        return reached(CommandKind.SET_PROFILE, {"profile": profile, "level": level}, found)

    assert got("balanced", "2", has())
    assert got("balanced", None, has())
    assert got("balanced", "3", has(level=None))
    assert not got("balanced", "3", has())
    assert not got("factory", None, has())


@pytest.mark.parametrize("kind", [one for one in CommandKind if one not in SETTINGS_SET])
def test_nothing_else_is_ever_there_already(kind: CommandKind) -> None:
    assert not reached(kind, {}, has(A))


words = st.sampled_from(["a", "b", "c"])
pools = st.lists(
    st.builds(ConfiguredPool, words, words, st.sampled_from([SECRET, SECRET + "2"])), max_size=3
).map(tuple)


@given(found=pools, wished=pools)
def test_changes_are_told_exactly_where_lists_differ_and_without_passwords(
    found: tuple[ConfiguredPool, ...], wished: tuple[ConfiguredPool, ...]
) -> None:
    changes = pool_changes(found, wished)
    assert bool(changes) is (found != wished)
    assert SECRET not in repr(changes)
    assert all(isinstance(one, Change) and one.old != one.new for one in changes)
    slots = [f"pools[{slot}]" for slot in range(3)]
    assert [one.setting for one in changes] == [
        slot
        for slot, old, new in zip(slots, _padded(found), _padded(wished), strict=True)
        if old != new
    ]


def _padded(given: tuple[ConfiguredPool, ...]) -> list[ConfiguredPool | None]:
    return [*given, None, None, None][:3]


wishes: st.SearchStrategy[tuple[PoolWish, ...]] = st.lists(
    st.sampled_from([A, B, C]), max_size=3
).map(tuple)


@given(wished=wishes, found=wishes, mode=st.sampled_from(["balanced", "efficient", None]))
def test_once_every_step_is_made_nothing_differs(
    wished: tuple[PoolWish, ...], found: tuple[PoolWish, ...], mode: str | None
) -> None:
    settings, after = wish(*wished, autotune_mode=mode), has(*found)
    for one in seen(settings, after):
        if one.step is None:
            continue
        assert one.step.changes
        assert not reached(one.step.kind, one.step.args, after)
        if one.step.kind is CommandKind.SET_POOLS:
            after = replace(after, pools=one.step.args["pools"])
        else:
            after = replace(after, profile=one.step.args["profile"])
        assert reached(one.step.kind, one.step.args, after)
    assert all(one.step is None for one in seen(settings, after))


@given(wished=wishes, found=wishes)
def test_no_password_is_in_any_key_or_name(
    wished: tuple[PoolWish, ...], found: tuple[PoolWish, ...]
) -> None:
    assert SECRET not in repr(seen(wish(*wished), has(*found)))
