"""Pools that are wished against pools that were found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mother.config.model import PoolWish
from mother.core.model import ConfiguredPool
from mother.fleet.pools import (
    all_same,
    canonical,
    digest_of,
    hides,
    password_changes,
    pool_changes,
    same,
    wished_pools,
)

POOL = ConfiguredPool("stratum+tcp://one.example:3333", "ann.w", "geheim")
HIDDEN = replace(POOL, password=None)
OTHER = ConfiguredPool("stratum+tcp://two.example:3333", "ann.w", "x")


@pytest.mark.parametrize(
    "url",
    [
        "one.example:3333",
        "stratum+tcp://one.example:3333/",
        "STRATUM+TCP://One.Example:3333",
        " stratum+tcp://one.example:3333 ",
    ],
)
def test_many_spellings_are_one_pool(url: str) -> None:
    assert canonical(url) == POOL.url
    assert same(replace(POOL, url=url), POOL)


@pytest.mark.parametrize(
    "url",
    [
        "stratum+ssl://one.example:3333",
        "one.example:3334",
        "one.example",
        "one.example:3333/Path",
        "",
    ],
)
def test_another_scheme_port_or_path_is_another_pool(url: str) -> None:
    assert canonical(url) != POOL.url
    assert not same(replace(POOL, url=url), POOL)


def test_what_is_no_url_stays_what_it_is() -> None:
    assert canonical("") == ""
    assert canonical("a b") == "stratum+tcp://a b"
    assert canonical("stratum+tcp://[::1") == "stratum+tcp://[::1"
    assert canonical("stratum+tcp://x:99999") == "stratum+tcp://x:99999"


@given(st.text(max_size=40))
def test_one_spelling_is_its_own(url: str) -> None:
    assert canonical(canonical(url)) == canonical(url)


def test_a_hidden_password_is_no_difference_and_a_told_one_is() -> None:
    assert same(HIDDEN, POOL)
    assert same(POOL, HIDDEN)
    assert not same(replace(POOL, password="anders"), POOL)
    assert not same(replace(POOL, password=""), POOL)


def test_a_user_is_compared_to_the_letter() -> None:
    assert not same(replace(POOL, user="ann.W"), POOL)


def test_lists_are_the_same_in_their_order_and_length_only() -> None:
    assert all_same((HIDDEN, OTHER), (POOL, OTHER))
    assert not all_same((OTHER, POOL), (POOL, OTHER))
    assert not all_same((POOL,), (POOL, OTHER))
    assert not all_same(None, ())
    assert all_same((), ())
    assert same(None, None)
    assert not same(None, POOL)


def test_one_hidden_password_hides_the_list() -> None:
    assert hides((POOL, HIDDEN))
    assert not hides((POOL, replace(POOL, password="")))
    assert not hides(())


def test_a_digest_tells_lists_and_devices_apart_and_no_password() -> None:
    ours = digest_of((POOL, OTHER), "aa:bb")
    assert ours == digest_of((POOL, OTHER), "aa:bb")
    assert ours != digest_of((OTHER, POOL), "aa:bb")
    assert ours != digest_of((POOL, OTHER), "aa:bc")
    assert ours != digest_of((replace(POOL, password="gehei"), OTHER), "aa:bb")
    assert "geheim" not in ours


def test_a_worker_name_that_is_on_the_miner_is_kept_where_it_shall_be() -> None:
    wishes = (PoolWish("a.example:1", "ann", "x"), PoolWish("b.example:1", "bob", "x"))
    found = (replace(POOL, user="old.rack-7"),)
    users = [pool.user for pool in wished_pools(wishes, "w1", found, keep=True)]
    assert users == ["ann.rack-7", "bob.rack-7"]
    assert [p.user for p in wished_pools(wishes, "w1", found)] == ["ann.w1", "bob.w1"]
    nameless = (replace(POOL, user="old"),)
    assert [p.user for p in wished_pools(wishes, "w1", nameless, keep=True)] == ["ann.w1", "bob.w1"]
    dotted = (replace(POOL, user="old.a.b"), replace(POOL, user="old.c"))
    users = [pool.user for pool in wished_pools(wishes, "w1", dotted, keep=True)]
    assert users == ["ann.a.b", "bob.c"]


def test_an_account_with_dots_is_told_from_the_workers_name() -> None:
    wishes = (PoolWish("a.example:1", "ann.sub", "x"), PoolWish("b.example:1", "ann", "x"))
    once = wished_pools(wishes, "w1", (), keep=True)
    assert [pool.user for pool in once] == ["ann.sub.w1", "ann.w1"]
    assert wished_pools(wishes, "w2", once, keep=True) == once
    bare = (replace(POOL, user="ann.sub"), replace(POOL, user="ann"))
    assert wished_pools(wishes, "w1", bare, keep=True) == once


def test_changes_are_told_slot_by_slot_and_no_password() -> None:
    wished = (replace(POOL, password="anders"), OTHER)
    changes = pool_changes((POOL,), wished)
    shown = "stratum+tcp://one.example:3333 as ann.w"
    assert [str(change) for change in changes] == [
        f"pools[0]: {shown} -> {shown} (another password)",
        "pools[1]: (none) -> stratum+tcp://two.example:3333 as ann.w",
    ]
    assert pool_changes((HIDDEN,), (POOL,)) == ()
    assert str(pool_changes((POOL, OTHER), (POOL,))[0]).endswith("as ann.w -> (none)")
    assert "anders" not in repr(changes) + repr(password_changes(wished))
    assert [one.setting for one in password_changes(wished)] == ["pools[0]", "pools[1]"]
