"""What the calls about curtailment take, and who answers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from msgspec import Meta

from mother.control.bodies import Body, Seconds, Word

Name = Annotated[str, Meta(max_length=200)]
Share = Annotated[float, Meta(gt=0, lt=1)]
Watts = Annotated[float, Meta(gt=0, le=1e12)]
Number = Annotated[float, Meta(ge=-1e15, le=1e15)]


class Curtailing(Protocol):
    """What may be asked of the daemon about orders, signals and the schedule.

    Refusals are those of `mother.control.calls.Desk`. A row of an order has all fields of
    `mother.fleet.undertaken.Curtailment`, and `name` of its scope, `miners` in it now, `running`,
    and a sentence as `text`.
    """

    def curtail(self, terms: Mapping[str, Any], by: str, preview: bool) -> Mapping[str, Any]:
        """Lower what a scope draws: text, order (a row), new, dry_run, and `preview` with the
        fields of `mother.schedule.orders.Preview`.

        `terms` has the fields of `Curtail` but `by` and `preview`. The same key and the same terms
        give the order of before. A preview changes nothing; its order is None, or that one.
        """

    def resume(self, order: str, by: str) -> Mapping[str, Any]:
        """End an order by id, key or reference, or `all`: text, orders (rows of those that were
        ended), sleeping. One that has ended already is none, and no error.
        """

    def orders(self) -> Mapping[str, Any]:
        """`orders`: rows of those in force and of those that ended lately; `sleeping`: how many
        miners sleep by our order.
        """

    def progress(self, order: str) -> Mapping[str, Any]:
        """How far it is: order (a row), and the fields of `mother.schedule.orders.Progress`."""

    def schedule(self) -> Mapping[str, Any]:
        """What holds now: limits, signals, plans, sleepers by reason, shortfalls."""

    def reports(self) -> Mapping[str, Any]:
        """`reports`: of each curtailment one, with the fields of `mother.schedule.reports.Report`,
        the newest first; of each a few miners are named.
        """

    def report(self, number: int) -> Mapping[str, Any]:
        """One of them whole, as `report`."""

    def signal(self, name: str, value: float, at: float | None, by: str) -> Mapping[str, Any]:
        """The value of a pushed signal, now or as of `at` (Unix seconds): text."""


class Curtail(Body, frozen=True):
    """Of `curtail`: one of `to` (W), `share` and `all`; no `seconds`: until it is resumed."""

    by: Word
    scope: Word = "all"
    to: Watts | None = None
    share: Share | None = None
    all: bool = False
    seconds: Seconds | None = None
    why: Annotated[str, Meta(max_length=500)] = ""
    key: Name = ""
    ref: Name = ""
    emergency: bool = False
    preview: bool = False

    def __post_init__(self) -> None:
        if (self.to is not None) + (self.share is not None) + self.all != 1:
            raise ValueError("must name one of to (W), share (0.2 is 20 %) and all (true)")


class Resume(Body, frozen=True):
    """Of `resume`; `order` is an id, a key, a reference, or `all`."""

    order: Word
    by: Word


class Watched(Body, frozen=True):
    """Of `curtailment`; `order` as in `Resume`."""

    order: Word


class Reported(Body, frozen=True):
    """Of `report`."""

    report: Annotated[int, Meta(ge=1, le=10**9)]


class Push(Body, frozen=True):
    """Of `signal`; no `at`: now."""

    name: Word
    value: Number
    by: Word
    at: Annotated[float, Meta(ge=0)] | None = None


TERMS = ("scope", "to", "share", "all", "seconds", "why", "key", "ref", "emergency")
"""The fields of `Curtail` that say what is ordered."""


def terms_of(asked: Curtail) -> Mapping[str, Any]:
    """They, by name."""
    return {name: getattr(asked, name) for name in TERMS}
