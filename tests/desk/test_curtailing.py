"""Orders to the schedule: shown before they are given, given once, told, and ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from mother.core.model import EventKind
from mother.desk.curtailing import AHEAD, Curtailing, _drop
from mother.schedule.orders import Book, Preview, Progress, Touched, cap_of
from mother.schedule.values import Order
from tests.desk.asking import as_json, entries, plain
from tests.fleet.world import World

TERMS: dict[str, Any] = {
    "scope": "all",
    "to": None,
    "share": None,
    "all": False,
    "seconds": None,
    "why": "",
    "key": "",
    "ref": "",
    "emergency": False,
}


class Unknown(KeyError):
    """As the sources say it."""

    def __str__(self) -> str:
        return str(self.args[0])


class Scheduler:
    """Decides nothing: everybody of a scope draws 1 kW and would sleep."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.previews: list[Order] = []
        self.hurried = 0
        self.pushed: list[tuple[str, float, float]] = []
        self.watts = 1000.0

    def _in(self, scope: str) -> int:
        return len(self.world.daemon.roster) if scope == "all" else 1

    def draws(self, scope: str) -> float:
        return self.watts * self._in(scope)

    def preview(self, order: Order) -> Preview:
        self.previews.append(order)
        many = self._in(order.scope)
        touched = tuple(
            Touched(one.id, one.worker, 1000.0, 10.0) for one in self.world.daemon.roster
        )
        return Preview(many, self.draws(order.scope), 10.0 * many, touched[:many])

    def progress(self, order: str) -> Progress:
        return Progress(2, {"confirmed": 1, "sent": 1}, 2000.0, 1010.0)

    def hurry(self) -> None:
        self.hurried += 1

    def sleeping(self) -> int:
        return 2

    def push(self, name: str, value: float, at: float) -> None:
        if name != "price":
            raise Unknown(f"no signal is called {name}")
        self.pushed.append((name, value, at))

    def status(self) -> Mapping[str, Any]:
        return {"limits": []}

    def reports(self) -> Mapping[str, Any]:
        return {"reports": []}

    def report(self, number: int) -> Mapping[str, Any]:
        raise LookupError(f"there is no report {number}")


class Asked:
    """A desk over a farm of two."""

    def __init__(self, **config: Any) -> None:
        self.world = plain(miners=2)
        daemon = self.daemon = self.world.daemon
        self.scheduler = Scheduler(self.world)
        daemon.change(**config)
        self.book = Book(daemon.memory)
        self.desk = Curtailing(
            self.book,
            self.scheduler,
            daemon.roster,
            daemon.setups,
            daemon.bus,
            daemon.current,
            daemon.now,
        )
        daemon.desk.curtailing = self.desk

    def curtail(self, preview: bool = False, **terms: Any) -> Any:
        return as_json(self.desk.curtail({**TERMS, **terms}, "ann", preview))


def thin(text: str) -> str:
    return text.replace("\u2009", " ")


def test_a_preview_shows_whom_it_touches_and_gives_no_order() -> None:
    asked = Asked()
    said = asked.curtail(preview=True, to=500.0)
    assert thin(said["text"]) == (
        "all would be curtailed to 500 W until it is resumed: 2 miners of 2, 2.00 kW -> 20.0 W."
    )
    assert (said["order"], said["new"], said["dry_run"]) == (None, False, False)
    assert [one["then"] for one in said["preview"]["touched"]] == [10.0, 10.0]
    assert asked.book.orders == ()
    assert asked.scheduler.hurried == 0
    assert asked.daemon.ear.of(EventKind.CURTAILED) == []


def test_an_order_is_kept_told_and_decided_at_once() -> None:
    asked = Asked()
    said = asked.curtail(all=True, seconds=7200.0, why=" grid\n event ", ref="4711")
    (order,) = asked.book.orders
    assert said["new"] is True
    assert said["order"]["id"] == order.id
    assert (order.why, order.ref, order.all_, order.base) == ("grid event", "4711", True, 2000.0)
    assert order.until == order.at + 7200.0
    assert asked.scheduler.hurried == 1
    (event,) = asked.daemon.ear.of(EventKind.CURTAILED)
    assert event.content["order"] == order.id
    assert event.content["ref"] == "4711"
    assert event.text.startswith("ann curtails all to sleep until ")
    assert thin(event.text).endswith(
        f"({order.id}): 2 miners, 2.00 kW -> 20.0 W. Reason: grid event."
    )
    (row,) = as_json(asked.daemon.desk.status())["curtailments"]
    assert (row["id"], row["miners"], row["running"]) == (order.id, 2, True)


def test_a_share_is_of_what_is_drawn_when_it_is_given() -> None:
    asked = Asked()
    asked.curtail(share=0.25)
    (order,) = asked.book.orders
    assert cap_of(order) == 1500.0
    assert asked.scheduler.previews[-1].base == 2000.0
    asked.scheduler.watts = 100.0
    assert cap_of(asked.book.orders[0]) == 1500.0


def test_a_share_of_an_unknown_number_is_refused() -> None:
    asked = Asked()
    asked.scheduler.watts = 0.0
    with pytest.raises(PermissionError, match="what all draws is not known now: say --to"):
        asked.curtail(share=0.25)
    assert asked.curtail(to=500.0)["new"]


def test_the_same_key_is_the_same_order_and_nothing_is_told_twice() -> None:
    asked = Asked()
    first = asked.curtail(to=500.0, key="dr-7")
    again = asked.curtail(to=500.0, key="dr-7")
    assert again["order"]["id"] == first["order"]["id"]
    assert again["new"] is False
    assert "was given at" in again["text"]
    assert asked.curtail(preview=True, to=500.0, key="dr-7")["order"]["id"] == first["order"]["id"]
    assert len(asked.daemon.ear.of(EventKind.CURTAILED)) == 1
    assert asked.scheduler.hurried == 1
    with pytest.raises(ValueError, match="key dr-7 was used before"):
        asked.curtail(preview=True, to=501.0, key="dr-7")


def test_a_key_is_still_known_when_nobody_is_there_any_more() -> None:
    asked = Asked()
    first = asked.curtail(to=500.0, key="dr-7")
    for entry in tuple(asked.daemon.roster):
        asked.daemon.roster.remove(entry, asked.daemon.now())
    assert asked.curtail(to=500.0, key="dr-7")["order"]["id"] == first["order"]["id"]


def test_in_a_dry_run_nothing_is_ordered_and_nothing_ended() -> None:
    asked = Asked()
    given = asked.curtail(to=500.0)["order"]["id"]
    asked.daemon.change(dry_run=True)
    said = asked.curtail(all=True)
    assert said["text"].startswith("Dry run: all would be curtailed to sleep")
    assert (said["order"], said["dry_run"]) == (None, True)
    assert asked.desk.resume("all", "ann")["text"] == f"Dry run: {given} would be ended."
    assert [one.id for one in asked.book.running(asked.daemon.now())] == [given]
    assert asked.scheduler.hurried == 1


def test_a_scope_without_anybody_is_refused() -> None:
    asked = Asked()
    for scope in ("rack:B9", "nobody"):
        with pytest.raises(LookupError, match="no miner"):
            asked.curtail(scope=scope, all=True)


def test_a_single_miner_is_kept_by_its_mac_and_shown_by_its_name() -> None:
    asked = Asked()
    (first, _) = entries(asked.world)
    said = asked.curtail(scope=first.address.host, all=True)
    assert asked.book.orders[0].scope == first.mac
    assert said["order"]["name"] == first.worker
    assert said["order"]["miners"] == 1


def test_resume_ends_one_by_id_key_or_reference_and_says_so_again() -> None:
    asked = Asked()
    first = asked.curtail(to=500.0, key="dr-7", ref="4711")["order"]["id"]
    second = asked.curtail(all=True)["order"]["id"]
    said = as_json(asked.desk.resume("4711", "bob"))
    assert [one["id"] for one in said["orders"]] == [first]
    assert said["orders"][0]["running"] is False
    assert said["text"].startswith(f"{first} is ended: of 2 miners asleep those wake")
    assert [one.id for one in asked.book.running(asked.daemon.now())] == [second]
    (event,) = asked.daemon.ear.of(EventKind.CURTAILMENT_ENDED)
    assert event.content["actor"] == "bob"
    again = asked.desk.resume("dr-7", "bob")
    assert again["orders"] == []
    assert again["text"].startswith(f"{first} has ended already, at ")
    assert len(asked.daemon.ear.of(EventKind.CURTAILMENT_ENDED)) == 1
    assert asked.scheduler.hurried == 3
    with pytest.raises(LookupError, match="no curtailment x is known"):
        asked.desk.resume("x", "bob")


def test_resume_all_ends_every_one_and_is_content_with_none() -> None:
    asked = Asked()
    asked.curtail(to=500.0)
    asked.curtail(all=True)
    assert len(asked.desk.resume("all", "ann")["orders"]) == 2
    assert asked.book.running(asked.daemon.now()) == ()
    assert asked.desk.resume("all", "ann")["text"] == "Nothing is curtailed by an order."


def test_orders_and_their_progress_are_read() -> None:
    asked = Asked()
    order = asked.curtail(to=500.0, key="dr-7")["order"]["id"]
    assert [one["id"] for one in as_json(asked.desk.orders())["orders"]] == [order]
    progress = as_json(asked.desk.progress("dr-7"))
    assert (progress["order"]["id"], progress["total"]) == (order, 2)
    assert progress["stages"] == {"confirmed": 1, "sent": 1}
    assert as_json(asked.desk.schedule()) == {"limits": []}


def test_a_pushed_signal_counts_at_once_and_never_comes_from_the_future() -> None:
    asked = Asked()
    now = asked.daemon.now()
    assert asked.desk.signal("price", 112.5, None, "ann")["text"] == "price is 112.5, told by ann."
    asked.desk.signal("price", 100.0, now - 60, "ann")
    assert asked.scheduler.pushed == [("price", 112.5, now), ("price", 100.0, now - 60)]
    assert asked.scheduler.hurried == 2
    with pytest.raises(LookupError, match="no signal is called wind") as refused:
        asked.desk.signal("wind", 1.0, None, "ann")
    assert type(refused.value) is LookupError
    with pytest.raises(ValueError, match="is in the future"):
        asked.desk.signal("price", 1.0, now + AHEAD + 1, "ann")


def test_an_order_outlives_the_daemon() -> None:
    asked = Asked()
    order = asked.curtail(to=500.0)["order"]["id"]
    asked.world.restart()
    assert [one.id for one in Book(asked.world.daemon.memory).orders] == [order]
    assert replace(Book(asked.world.daemon.memory).orders[0], id="").to == 500.0


def test_watts_that_are_not_known_are_not_told_as_none() -> None:
    asked = Asked()
    asked.scheduler.watts = 0.0
    text = asked.curtail(all=True)["text"]
    assert text.endswith("what they draw is not known.")
    assert "0 W" not in thin(text)


def test_nothing_is_told_to_draw_more_than_before() -> None:
    assert _drop(Preview(1, 100.0, 300.0, (Touched("a", "w"),))) == "what they draw is not known"
