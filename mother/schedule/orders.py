"""The book of curtailments: given once by key, ended by a person or by time; and their limits."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from mother.core.units import THIN_SPACE, moment, si
from mother.fleet.memory import Memory
from mother.fleet.scope import ALL
from mother.schedule.values import Ids, Limit, Order

PREFIX = "curtail-"
"""How the id of every curtailment begins, so that none is taken for a miner."""

MOST = 100
"""So many may be in force at once."""

KEPT, KEPT_FOR = 200, 7 * 86_400.0
"""So many that have ended are kept, for so many seconds: who asks again with an old key is told."""


class Touched(Struct, frozen=True):
    """A miner that an order changes: it sleeps then, or gets a power target (W) where one is said.

    `draws` is what it draws now, `then` what it draws afterwards, in W.
    """

    device: str
    worker: str
    draws: float = 0.0
    then: float = 0.0
    power_target: float | None = None


class Preview(Struct, frozen=True):
    """What an order comes to on the `miners` of its scope: they draw `before` W now and `after` W
    then. `asleep` of them sleep already. `skipped` counts by reason who is left as it is; `over` is
    what remains above the order's cap.
    """

    miners: int
    before: float
    after: float
    touched: tuple[Touched, ...] = ()
    asleep: int = 0
    skipped: Mapping[str, int] = {}
    over: float = 0.0


class Unconfirmed(Struct, frozen=True):
    """A miner that did not do it yet, as far as can be seen, or that is left out."""

    worker: str
    why: str = ""


class Progress(Struct, frozen=True):
    """How far an order is: `total` miners that it changes, counted by `Stage` in `stages`.

    They drew `before` W and draw `now` W. Of those of stage `unconfirmed` `taken` said yes, and no
    more can ever be known of them; of the pending `stuck` were tried in vain or do not answer.
    `unconfirmed` are the other unconfirmed, the drifted, the stuck and the skipped. `left_out`
    counts by reason those of its scope that it does not change. `reached` is after how many
    seconds 95 % were confirmed, None: not yet.
    """

    total: int
    stages: Mapping[str, int] = {}
    before: float = 0.0
    now: float = 0.0
    unconfirmed: tuple[Unconfirmed, ...] = ()
    reached: float | None = None
    taken: int = 0
    stuck: int = 0
    left_out: Mapping[str, int] = {}


class Scheduling(Protocol):
    """The job that decides, as those see it who give it orders."""

    def draws(self, scope: str) -> float:
        """What the miners of a scope draw now together, in W, by the best source for each."""

    def preview(self, order: Order) -> Preview:
        """What would happen if this were in force too; nothing changes. Its id is empty."""

    def progress(self, order: str) -> Progress:
        """How far the order of this id is; nothing in it where that is not known (any more)."""

    def hurry(self) -> None:
        """Decide anew at once."""

    def sleeping(self) -> int:
        """How many miners sleep by our order, whatever the reason."""

    def push(self, name: str, value: float, at: float) -> None:
        """A signal was told from outside. LookupError for one that is not configured as pushed,
        ValueError for what cannot be its value.
        """

    def reports(self) -> Mapping[str, Any]:
        """What became of each curtailment (see `mother.schedule.reports.Reports.listed`)."""

    def report(self, number: int) -> Mapping[str, Any]:
        """One of them (see `mother.schedule.reports.Reports.told`). Raises LookupError."""

    def status(self) -> Mapping[str, Any]:
        """Plain values: limits in force, signals with value and age, plans now and next, sleepers
        by reason, shortfalls.
        """


class Book:
    """Orders, kept in the memory: two books over one memory are the same book."""

    def __init__(self, memory: Memory, make_id: Callable[[], str] | None = None) -> None:
        self._memory = memory
        self._make_id = make_id or (lambda: PREFIX + uuid.uuid4().hex[:6])

    @property
    def orders(self) -> tuple[Order, ...]:
        """All that are known, in the order in which they were given."""
        return self._memory.undertaken.curtailments

    def running(self, now: float) -> tuple[Order, ...]:
        """Those in force."""
        return tuple(one for one in self.orders if is_running(one, now))

    def find(self, word: str) -> Order:
        """The order of this id; or the newest with this key or reference. Raises LookupError."""
        wanted = word.strip()
        known = self.orders[::-1]
        for name in ("id", "key", "ref"):
            found = next((one for one in known if wanted and getattr(one, name) == wanted), None)
            if found is not None:
                return found
        raise LookupError(f"no curtailment {word} is known: `mother status` lists those in force")

    def known(self, draft: Order) -> Order | None:
        """The order that was given with the same key before, if any.

        Raises ValueError where that one was for something else.
        """
        if not draft.key:
            return None
        found = next((one for one in self.orders if one.key == draft.key), None)
        if found is not None and _terms(found) != _terms(draft):
            raise ValueError(
                f"key {draft.key} was used before, for {found.id} ({aim(found)}, {found.scope}): "
                "take another key for another curtailment"
            )
        return found

    def give(self, draft: Order) -> tuple[Order, bool]:
        """Put it into force; the order with its id, and whether it is new.

        Raises ValueError as `known` does, PermissionError where too many are in force.
        """
        before = self.known(draft)
        if before is not None:
            return before, False
        if len(self.running(draft.at)) >= MOST:
            raise PermissionError(
                f"{MOST} curtailments are in force: end some with `mother resume`"
            )
        taken = {one.id for one in self.orders}
        ident = next(name for name in iter(self._make_id, "") if name not in taken)
        order = replace(draft, id=ident)
        self._keep((*self.orders, order), draft.at)
        return order, True

    def end(self, ident: str, now: float) -> Order:
        """It is no more in force; one that had ended stays as it was. Raises LookupError."""
        order = self.find(ident)
        if not is_running(order, now):
            return order
        after = replace(order, ended=now)
        self._keep(tuple(after if one is order else one for one in self.orders), now)
        return after

    def expire(self, now: float) -> tuple[Order, ...]:
        """Those whose time was over and that were not marked so yet; they are now."""
        over = {
            one.id: replace(one, ended=one.until)
            for one in self.orders
            if one.ended is None and not is_running(one, now)
        }
        if over:
            self._keep(tuple(over.get(one.id, one) for one in self.orders), now)
        return tuple(over.values())

    def limits(self, now: float, members: Callable[[str], Ids]) -> tuple[Limit, ...]:
        """What they come to; `members` says who is in a scope, and is not asked for all."""
        return tuple(limit_of(one, now, members) for one in self.running(now))

    def _keep(self, orders: tuple[Order, ...], now: float) -> None:
        ended = [one for one in orders if one.ended is not None]
        fresh = [one for one in ended if (one.ended or 0.0) > now - KEPT_FOR][-KEPT:]
        kept = {one.id for one in fresh}
        left = tuple(one for one in orders if one.ended is None or one.id in kept)
        self._memory.remember_undertaken(replace(self._memory.undertaken, curtailments=left))


def is_running(order: Order, now: float) -> bool:
    """Whether it is in force."""
    return order.ended is None and (order.until is None or now < order.until)


def cap_of(order: Order) -> float | None:
    """What its scope may draw, in W; None: all of it sleeps."""
    if order.all_:
        return None
    return order.base * (1 - order.by) if order.by is not None else order.to


def limit_of(order: Order, now: float, members: Callable[[str], Ids]) -> Limit:
    """The order as the arbiter takes it."""
    return Limit(
        key=order.id,
        reason=reason(order, now),
        ids=None if order.scope == ALL else members(order.scope),
        cap=cap_of(order),
        since=order.at,
        until=order.until,
        emergency=order.emergency,
        planned=True,
    )


def reason(order: Order, now: float) -> str:
    """`curtailed by ann until 16:30: grid event 7`."""
    end = "" if order.until is None else f" until {moment(order.until, now)}"
    kind = "curtailed in an emergency" if order.emergency else "curtailed"
    return f"{kind} by {order.actor}{end}" + (f": {order.why}" if order.why else "")


def aim(order: Order) -> str:
    """`to 500 kW`, `by 20 % to 400 kW`, `to sleep`."""
    if order.all_:
        return "to sleep"
    if order.by is None:
        return f"to {si(order.to, 'W')}"
    share = f"by {order.by * 100:.3g}{THIN_SPACE}%"
    return f"{share} to {si(cap_of(order), 'W')}" if order.base else share


def _terms(order: Order) -> tuple[object, ...]:
    """What makes two orders the same: all but who gave it, when, and what was drawn then."""
    seconds = None if order.until is None else round(order.until - order.at)
    said = (order.scope, order.to, order.by, order.all_, order.emergency, order.why, order.ref)
    return (*said, seconds)
