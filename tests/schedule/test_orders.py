"""The book of curtailments: once by key, ended by a person or by time, kept over a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from twisted.internet.task import Clock

from mother.fleet.memory import FileMemory
from mother.schedule import orders
from mother.schedule.orders import Book, aim, cap_of, is_running, limit_of
from mother.schedule.values import Ids, Order
from tests.fleet.parts import Disk

NOW = 1_700_000_000.0


def memory(folder: Path) -> FileMemory:
    found = FileMemory(folder / "state.json", Disk(), cast(Any, Clock()), lambda: NOW)
    found.load()
    return found


@pytest.fixture
def kept(tmp_path: Path) -> FileMemory:
    return memory(tmp_path)


@pytest.fixture
def book(kept: FileMemory) -> Book:
    numbers: Iterator[int] = iter(range(1, 1000))
    return Book(kept, lambda: f"curtail-{next(numbers):06x}")


def draft(**what: Any) -> Order:
    plain: dict[str, Any] = {"id": "", "scope": "all", "actor": "ann", "at": NOW, "to": 5e5}
    return Order(**{**plain, **what})


def nobody(_: str) -> Ids:
    raise AssertionError("who is in all is not asked")


def test_an_order_is_in_force_from_when_it_is_given_until_it_is_ended(book: Book) -> None:
    order, new = book.give(draft())
    assert (order.id, new) == ("curtail-000001", True)
    assert book.running(NOW) == (order,)
    ended = book.end(order.id, NOW + 60)
    assert ended.ended == NOW + 60
    assert book.running(NOW + 60) == ()
    assert book.orders == (ended,)
    assert book.end(order.id, NOW + 90) == ended


def test_the_same_key_gives_the_same_order_back_also_when_it_has_ended(book: Book) -> None:
    first, _ = book.give(draft(key="dr-7", until=NOW + 3600))
    again = draft(key="dr-7", at=NOW + 5, until=NOW + 3605, actor="bob", base=1e6)
    assert book.give(again) == (first, False)
    ended = book.end(first.id, NOW + 10)
    assert book.give(again) == (ended, False)
    assert book.running(NOW + 11) == ()


@pytest.mark.parametrize(
    "other",
    [
        {"to": 4e5},
        {"to": None, "by": 0.2},
        {"to": None, "all_": True},
        {"scope": "rack:a3"},
        {"until": NOW + 60},
        {"emergency": True},
        {"why": "another"},
        {"ref": "4712"},
    ],
)
def test_a_used_key_for_something_else_is_refused(book: Book, other: dict[str, Any]) -> None:
    book.give(draft(key="dr-7"))
    with pytest.raises(ValueError, match="key dr-7 was used before, for curtail-000001"):
        book.give(draft(key="dr-7", **other))
    assert len(book.orders) == 1


def test_without_a_key_every_order_is_another_one(book: Book) -> None:
    assert book.give(draft())[0].id != book.give(draft())[0].id
    assert len(book.running(NOW)) == 2


def test_an_order_ends_by_itself_once_and_is_told_once(book: Book) -> None:
    order, _ = book.give(draft(until=NOW + 60))
    assert book.expire(NOW + 59) == ()
    assert book.running(NOW + 60) == ()
    (over,) = book.expire(NOW + 61)
    assert (over.id, over.ended) == (order.id, NOW + 60)
    assert book.expire(NOW + 62) == ()


def test_orders_outlive_the_process(tmp_path: Path) -> None:
    before = memory(tmp_path)
    order, _ = Book(before).give(draft(key="dr-7", ref="4711", emergency=True))
    before.save()
    after = Book(memory(tmp_path))
    assert after.running(NOW) == (order,)
    assert after.give(draft(key="dr-7", ref="4711", emergency=True)) == (order, False)


def test_one_broken_order_in_the_file_costs_that_order(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(
        '{"version": 4, "undertaken": {"holds": [], "curtailments": [{"id": 7}, '
        '{"id": "curtail-1", "scope": "all", "actor": "ann", "at": 1.0, "all_": true}]}}'
    )
    assert [one.id for one in Book(memory(tmp_path)).orders] == ["curtail-1"]


def test_an_order_is_found_by_id_key_or_reference(book: Book) -> None:
    order, _ = book.give(draft(key="dr-7", ref="4711"))
    later, _ = book.give(draft(key="dr-8", ref="4711"))
    assert book.find(order.id) == book.find("dr-7") == order
    assert book.find("4711") == later
    for word in ("", "curtail-ffffff"):
        with pytest.raises(LookupError, match="is known: `mother status` lists those in force"):
            book.find(word)


def test_what_ended_long_ago_is_forgotten_and_what_holds_is_not(book: Book) -> None:
    old, _ = book.give(draft())
    held, _ = book.give(draft())
    book.end(old.id, NOW)
    book.give(draft(at=NOW + orders.KEPT_FOR + 1))
    assert [one.id for one in book.orders] == [held.id, "curtail-000003"]


def test_the_book_stays_small(book: Book) -> None:
    for number in range(orders.KEPT + 20):
        order, _ = book.give(draft(at=NOW + number))
        book.end(order.id, NOW + number)
    assert len(book.orders) == orders.KEPT
    for _ in range(orders.MOST):
        book.give(draft())
    with pytest.raises(PermissionError, match="100 curtailments are in force"):
        book.give(draft())


def test_two_books_over_one_memory_are_the_same(kept: FileMemory, book: Book) -> None:
    order, _ = book.give(draft())
    Book(kept).end(order.id, NOW)
    assert book.running(NOW) == ()


def test_other_undertakings_are_left_as_they_are(kept: FileMemory, book: Book) -> None:
    kept.remember_undertaken(replace(kept.undertaken, successors={"a": "b"}))
    book.give(draft())
    assert kept.undertaken.successors == {"a": "b"}


@pytest.mark.parametrize(
    ("what", "cap", "words"),
    [
        ({"to": 5e5}, 5e5, "to 500 kW"),
        ({"to": None, "by": 0.2, "base": 1e6}, 8e5, "by 20 % to 800 kW"),
        ({"to": None, "by": 0.2}, 0.0, "by 20 %"),
        ({"to": None, "all_": True}, None, "to sleep"),
    ],
)
def test_what_may_be_drawn_follows_from_the_order(
    what: dict[str, Any], cap: float | None, words: str
) -> None:
    order = draft(**what)
    assert cap_of(order) == cap
    assert aim(order).replace("\u2009", " ") == words


def test_a_limit_is_planned_says_why_and_holds_for_its_scope() -> None:
    order = draft(id="curtail-1", scope="rack:a3", why="grid event 7", until=NOW + 60)
    limit = limit_of(order, NOW, lambda scope: frozenset({scope, "x"}))
    assert (limit.key, limit.cap, limit.since, limit.until) == ("curtail-1", 5e5, NOW, NOW + 60)
    assert limit.ids == frozenset({"rack:a3", "x"})
    assert limit.planned
    assert not limit.emergency
    assert limit.reason.startswith("curtailed by ann until ")
    assert limit.reason.endswith(": grid event 7")
    haste = limit_of(draft(emergency=True), NOW, nobody)
    assert haste.emergency
    assert haste.ids is None
    assert haste.reason == "curtailed in an emergency by ann"


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["give", "end", "expire"]),
            st.integers(0, 5),
            st.floats(0, 500),
            st.sampled_from([None, 1.0, 50.0, 400.0]),
        ),
        max_size=30,
    )
)
def test_whatever_is_done_an_order_runs_from_its_beginning_to_its_first_end(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, float, float | None]]
) -> None:
    book = Book(memory(tmp_path_factory.mktemp("book")))
    now, ends = NOW, dict[str, float]()
    for what, which, wait, length in steps:
        now += wait
        if what == "give":
            until = None if length is None else now + length
            order, _ = book.give(draft(at=now, until=until))
            ends[order.id] = float("inf") if until is None else until
        elif what == "end" and book.orders:
            ident = book.orders[which % len(book.orders)].id
            book.end(ident, now)
            ends[ident] = min(ends[ident], now)
        else:
            book.expire(now)
        assert {one.id for one in book.running(now)} == {i for i, end in ends.items() if now < end}
        assert all(is_running(one, now) == (now < ends[one.id]) for one in book.orders)
