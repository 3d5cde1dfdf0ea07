"""Curtailment by a person's or a program's word (see `mother.control.curtailing.Curtailing`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from mother.config.model import Config
from mother.core.bus import Bus
from mother.core.model import EventKind, Severity
from mother.core.units import moment, si
from mother.desk.holding import name_of
from mother.fleet.roster import Entry, Roster
from mother.fleet.scope import ALL, Scope, settled_scope
from mother.fleet.setups import Setups
from mother.schedule.orders import Book, Preview, Scheduling, aim, is_running, reason
from mother.schedule.values import Order


class Curtailing:
    """Gives orders to the job that decides, through the book; never to a miner."""

    def __init__(
        self,
        book: Book,
        scheduling: Scheduling,
        roster: Roster,
        setups: Setups,
        bus: Bus,
        config: Callable[[], Config],
        now: Callable[[], float],
    ) -> None:
        self._book = book
        self._scheduling = scheduling
        self._roster = roster
        self._setups = setups
        self._bus = bus
        self._config = config
        self._now = now

    def curtail(self, terms: Mapping[str, Any], by: str, preview: bool) -> Mapping[str, Any]:
        """Lower what a scope draws; in a dry run only tell what would be."""
        draft, dry = self._draft(terms, by), self._config().dry_run
        order, new = self._book.known(draft), False
        if order is None:
            if not self._covered(draft.scope):
                raise LookupError(f"no miner is known in {draft.scope}")
            draft = self._measured(draft)
        shown = self._scheduling.preview(draft if order is None else replace(order, id=""))
        if order is None and not preview and not dry:
            order, new = self._book.give(draft)
            self._tell(order, shown)
            self._scheduling.hurry()
        would = (preview or dry) and order is None
        return {
            "text": self._text(draft if order is None else order, shown, new, would, dry),
            "order": None if order is None else self._row(order),
            "new": new,
            "dry_run": dry,
            "preview": to_builtins(shown),
        }

    def resume(self, order: str, by: str) -> Mapping[str, Any]:
        """End one order, or all that are in force."""
        now, dry = self._now(), self._config().dry_run
        every = order.strip().lower() == ALL
        found = self._book.running(now) if every else (self._book.find(order),)
        meant = [one for one in found if is_running(one, now)]
        if not meant:
            text = "Nothing is curtailed by an order."
            if not every:
                (one,) = found
                end = one.until if one.ended is None else one.ended
                text = f"{one.id} has ended already, at {moment(end or now, now)}."
            return {"text": text, "orders": [], "sleeping": self._scheduling.sleeping()}
        rows = [self._row(one) for one in meant]
        if not dry:
            rows = [self._row(self._ended(one, by)) for one in meant]
            self._scheduling.hurry()
        names = ", ".join(one.id for one in meant)
        many = "is" if len(meant) == 1 else "are"
        text = (
            f"Dry run: {names} would be ended." if dry else f"{names} {many} ended{self._wakes()}"
        )
        return {"text": text, "orders": rows, "sleeping": self._scheduling.sleeping()}

    def orders(self) -> Mapping[str, Any]:
        """All in the book, the newest last."""
        rows = [self._row(one) for one in self._book.orders]
        return {"orders": rows, "sleeping": self._scheduling.sleeping()}

    def running(self) -> list[dict[str, Any]]:
        """Rows of those in force."""
        return [self._row(one) for one in self._book.running(self._now())]

    def progress(self, order: str) -> Mapping[str, Any]:
        """How far one order is."""
        found = self._book.find(order)
        progress = to_builtins(self._scheduling.progress(found.id))
        return {"order": self._row(found), **progress}

    def schedule(self) -> Mapping[str, Any]:
        """What holds now."""
        return self._scheduling.status()

    def reports(self) -> Mapping[str, Any]:
        """What became of each curtailment."""
        return self._scheduling.reports()

    def report(self, number: int) -> Mapping[str, Any]:
        """One of them."""
        return self._scheduling.report(number)

    def signal(self, name: str, value: float, at: float | None, by: str) -> Mapping[str, Any]:
        """A signal was told; `by` is for the log of who sends nonsense, which the caller gets."""
        now = self._now()
        said = now if at is None else at
        if said > now + AHEAD:
            raise ValueError(f"at: {moment(said, now)} is in the future; say when it was measured")
        try:
            self._scheduling.push(name, value, said)
        except LookupError as error:  # a KeyError is a fault of ours to the control socket
            raise LookupError(str(error)) from None
        self._scheduling.hurry()
        when = "" if at is None else f" as of {moment(said, now)}"
        return {"text": f"{name} is {value:g}{when}, told by {by}."}

    # the parts of an order

    def _draft(self, terms: Mapping[str, Any], by: str) -> Order:
        now, seconds = self._now(), terms["seconds"]
        return Order(
            id="",
            scope=settled_scope(terms["scope"], self._roster).text,
            actor=by,
            at=now,
            why=" ".join(terms["why"].split()),
            to=terms["to"],
            by=terms["share"],
            all_=terms["all"],
            until=None if seconds is None else now + seconds,
            key=terms["key"].strip(),
            ref=terms["ref"].strip(),
            emergency=terms["emergency"],
        )

    def _measured(self, draft: Order) -> Order:
        """A share is of what is drawn now, and stays so. Raises PermissionError if not known."""
        base = self._scheduling.draws(draft.scope)
        if draft.by is not None and base <= 0:
            raise PermissionError(
                f"what {draft.scope} draws is not known now: say --to with an amount, or --all"
            )
        return replace(draft, base=base)

    def _ended(self, order: Order, by: str) -> Order:
        after = self._book.end(order.id, self._now())
        self._bus.tell(
            EventKind.CURTAILMENT_ENDED,
            Severity.INFO,
            f"{by} ends {order.id}: {self._name(order.scope)} was {reason(order, self._now())}",
            content={"actor": by, "order": order.id, "ref": order.ref, "scope": order.scope},
        )
        return after

    def _tell(self, order: Order, shown: Preview) -> None:
        haste = " in an emergency" if order.emergency else ""
        why = f" Reason: {order.why}." if order.why else ""
        self._bus.tell(
            EventKind.CURTAILED,
            Severity.WARNING,
            f"{order.actor} curtails {self._name(order.scope)} {aim(order)}{haste} "
            f"{_end(order, self._now())} ({order.id}): {_miners(len(shown.touched))}, "
            f"{_drop(shown)}.{why}",
            content={
                "actor": order.actor,
                "order": order.id,
                "ref": order.ref,
                "scope": order.scope,
                "until": order.until,
                "emergency": order.emergency,
                "before": shown.before,
                "after": shown.after,
            },
        )

    # words

    def _text(self, order: Order, shown: Preview, new: bool, would: bool, dry: bool) -> str:
        now = self._now()
        name = self._name(order.scope)
        if not new and not would:
            ended = "" if is_running(order, now) else ", and has ended"
            return f"{order.id} was given at {moment(order.at, now)} with this key{ended}."
        does = "would be" if would else "is"
        head = (
            f"{'Dry run: ' if dry else ''}{name} {does} curtailed {aim(order)} {_end(order, now)}"
        )
        ident = f" ({order.id})" if order.id else ""
        return f"{head}{ident}: {_miners(len(shown.touched))} of {shown.miners:,}, {_drop(shown)}."

    def _wakes(self) -> str:
        percent = self._config().schedule.resume_percent
        sleeping = self._scheduling.sleeping()
        if not sleeping:
            return "."
        pace = f", at most {percent:g} % of the farm in a minute" if percent else ""
        return f": of {_miners(sleeping)} asleep those wake that nothing else keeps asleep{pace}."

    def _row(self, order: Order) -> dict[str, Any]:
        now, covered = self._now(), self._covered(order.scope)
        name = name_of(order.scope, covered)
        row = {field: getattr(order, field) for field in order.__struct_fields__}
        return {
            **row,
            "name": name,
            "miners": len(covered),
            "running": is_running(order, now),
            "text": f"{name} ({_miners(len(covered))}): {aim(order)}, {reason(order, now)}",
        }

    def _name(self, scope: str) -> str:
        return name_of(scope, self._covered(scope))

    def _covered(self, scope: str) -> list[Entry]:
        meant = Scope(scope)
        return [one for one in self._roster if meant.covers(one, self._setups.groups_of)]


AHEAD = 60.0
"""So many seconds may the clock of who tells a signal be ahead of ours."""


def _end(order: Order, now: float) -> str:
    return "until it is resumed" if order.until is None else f"until {moment(order.until, now)}"


def _drop(shown: Preview) -> str:
    if shown.after > shown.before or (shown.touched and not shown.before):
        return "what they draw is not known"
    return f"{si(shown.before, 'W')} -> {si(shown.after, 'W')}"


def _miners(count: int) -> str:
    return "1 miner" if count == 1 else f"{count:,} miners"
