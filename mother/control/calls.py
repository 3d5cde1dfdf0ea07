"""The calls of the control socket: what each takes, and what it asks of the desk."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Protocol, TypeVar

import msgspec
from msgspec import Meta, Struct

from mother.control.bodies import ARGS, Body, Reason, Seconds, Word
from mother.control.curtailing import Curtail, Curtailing, Push, Reported, Resume, Watched, terms_of

GET, POST = b"GET", b"POST"

SHORT_LIVED = "It lasts only until mother ends"
"""So begins what is said of an order that the disk does not take."""


class Desk(Protocol):
    """What may be asked of the daemon.

    Refusals are sentences: LookupError for a miner that is not known, ValueError for what
    cannot be meant, PermissionError for what is not allowed now. `scope` is a miner, `all`,
    `model:T1`, `rack:A3`, `group:NAME`, a network or a range; `by` the user who asks; a plan's
    items are those of `plan`. Answers are plain values.
    """

    @property
    def curtailing(self) -> Curtailing | None:
        """Who answers for orders, signals and the schedule; None where no schedule runs."""

    def status(self) -> Mapping[str, Any]:
        """The farm now: totals, miners, sightings, holds, curtailments in force, loops."""

    def clear(self, miner: str) -> str:
        """Let mother heal a miner again that was left for a human; what was done, as a sentence.

        `miner` is a worker name, MAC or IP address.
        """

    async def kept(self) -> str:
        """Wait until what was ordered is on the disk; why it is not, or empty."""

    def plan(self) -> Mapping[str, Any]:
        """The difference between wish and farm: at, dry_run, miners, restarts, items, unread."""

    def apply(self, scope: str, by: str) -> Mapping[str, Any]:
        """Begin with what is planned now, without waiting for a timer: text and miners."""

    def progress(self) -> Mapping[str, Any]:
        """How far the wishes are: counts of miners, `settled`, the last sentences as `news`."""

    def undo(self, target: str, by: str, preview: bool, despite_hold: bool) -> Mapping[str, Any]:
        """Put back what was there before the last write to a miner, or of the `last` batch.

        text, miners and items; a preview changes nothing.
        """

    def hold(self, scope: str, seconds: float | None, why: str, by: str) -> Mapping[str, Any]:
        """No automatic write to these, for so long or until they are released: text, miners."""

    def release(self, scope: str, by: str) -> Mapping[str, Any]:
        """End holds, with `all` every one: text and miners."""

    async def order(
        self,
        miner: str,
        kind: str,
        args: Mapping[str, Any],
        by: str,
        despite_hold: bool,
        in_turn: bool = False,
    ) -> Mapping[str, Any]:
        """Carry out one order by hand: result (done, dry-run, denied, failed), text, worker.

        `kind` is a key of `ARGS`, and `args` are as the Struct there says. `in_turn`: the result
        is `later`, and nothing was done, while as many restart as may at once.
        """

    def covered(self, scope: str, kind: str) -> Mapping[str, Any]:
        """Who is in a scope: miners, each with worker, mac, address, model, state, held, cannot.

        `cannot` says why it would not take an order of that kind now; empty where it may.
        """

    def places(self) -> Mapping[str, Any]:
        """Where everybody that is remembered stands: places, rows of `fleet.places.Placed`."""

    async def place(
        self, rows: Sequence[Mapping[str, Any]], by: str, backup: bool
    ) -> Mapping[str, Any]:
        """Each of these (mac, place) stands there from now on: text, miners, backup.

        With `backup` the former places are in the file of that path; without, `unplace` takes
        back one after the other.
        """

    def unplace(self, by: str) -> str:
        """The last single placement is taken back; what was done, as a sentence."""

    def retire(self, miner: str, by: str) -> str:
        """One that is gone is forgotten for good; what was done, as a sentence."""

    def accept(self, miner: str, boards: int | None, by: str) -> str:
        """So many boards are what it should have from now on; None: what its model has."""

    def replace(self, old: str, new: str, by: str) -> str:
        """Wishes and history of one miner move to another; what was done, as a sentence."""


class Clear(Body, frozen=True):
    """Of `clear`."""

    miner: Word


class Apply(Body, frozen=True):
    """Of `apply` and `release`."""

    scope: Word
    by: Word


class Undo(Body, frozen=True):
    """Of `undo`."""

    target: Word
    by: Word
    preview: bool
    despite_hold: bool = False


class Hold(Body, frozen=True):
    """Of `hold`; no `seconds`: until it is released."""

    scope: Word
    why: Reason
    by: Word
    seconds: Seconds | None = None


class Order(Body, frozen=True):
    """Of `order`; `args` are checked by `ARGS`."""

    miner: Word
    kind: Word
    by: Word
    args: dict[str, Any] = msgspec.field(default_factory=dict)
    despite_hold: bool = False
    in_turn: bool = False


class Covered(Body, frozen=True):
    """Of `covered`; `kind` is a key of `ARGS`, or empty."""

    scope: Word
    kind: Annotated[str, Meta(max_length=200)] = ""


Mac = Annotated[str, Meta(pattern="^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")]
Label = Annotated[str, Meta(max_length=100)]


class Where(Body, frozen=True):
    """Where a device stands; empty: not known."""

    site: Label = ""
    rack: Label = ""
    row: Label = ""
    slot: Label = ""
    pdu: Label = ""
    outlet: Label = ""
    owner: Label = ""
    notes: Annotated[str, Meta(max_length=500)] = ""
    serial: Label = ""


class Spot(Body, frozen=True):
    """One device and its place."""

    mac: Mac
    place: Where


class Placement(Body, frozen=True):
    """Of `place`."""

    rows: Annotated[list[Spot], Meta(min_length=1, max_length=20_000)]
    by: Word
    backup: bool = False


class By(Body, frozen=True):
    """Of `unplace`."""

    by: Word


class Retire(Body, frozen=True):
    """Of `retire`."""

    miner: Word
    by: Word


class Accept(Body, frozen=True):
    """Of `accept`; `boards` must be there, null means the model's."""

    miner: Word
    by: Word
    boards: Annotated[int, Meta(ge=1, le=1000)] | None


class Replace(Body, frozen=True):
    """Of `replace`."""

    old: Word
    new: Word
    by: Word


BODY_LIMIT = 64 * 1024
LONG_BODY_LIMIT = 8 * 1024 * 1024
"""Of a call that may concern the whole farm."""


class Call(Struct, frozen=True):
    """One call: its method, its body (None: it takes none), and how the desk answers it.

    The body may be `limit` bytes long.
    """

    method: bytes
    body: type[Struct] | None
    answer: Callable[[Desk, Any], Mapping[str, Any] | Awaitable[Mapping[str, Any]]]
    limit: int = BODY_LIMIT


async def _order(desk: Desk, order: Order) -> Mapping[str, Any]:
    shape = ARGS.get(order.kind)
    if shape is None:
        raise ValueError(f"kind: {order.kind} is no order by hand; there are {', '.join(ARGS)}")
    args = msgspec.to_builtins(checked(order.args, shape, "args"))
    return await desk.order(
        order.miner, order.kind, args, order.by, order.despite_hold, order.in_turn
    )


def _covered(desk: Desk, asked: Covered) -> Mapping[str, Any]:
    if asked.kind and asked.kind not in ARGS:
        raise ValueError(f"kind: {asked.kind} is no order by hand; there are {', '.join(ARGS)}")
    return desk.covered(asked.scope, asked.kind)


async def _place(desk: Desk, asked: Placement) -> Mapping[str, Any]:
    rows = msgspec.to_builtins(asked.rows)
    return await _lasting(desk, await desk.place(rows, asked.by, asked.backup))


async def _lasting(desk: Desk, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer once the disk has what it tells of, or with the reason why it has not."""
    trouble = await desk.kept()
    if not trouble:
        return answer
    return {**answer, "text": f"{answer['text']} {SHORT_LIVED}: {trouble}."}


def _schedule(desk: Desk) -> Curtailing:
    if desk.curtailing is None:
        raise PermissionError("no schedule runs in this daemon")
    return desk.curtailing


async def _curtail(desk: Desk, asked: Curtail) -> Mapping[str, Any]:
    answer = _schedule(desk).curtail(terms_of(asked), asked.by, asked.preview)
    return await _lasting(desk, answer) if answer["new"] else answer


async def _resume(desk: Desk, asked: Resume) -> Mapping[str, Any]:
    return await _lasting(desk, _schedule(desk).resume(asked.order, asked.by))


CALLS: Mapping[str, Call] = {
    "status": Call(GET, None, lambda desk, _: desk.status()),
    "plan": Call(GET, None, lambda desk, _: desk.plan()),
    "progress": Call(GET, None, lambda desk, _: desk.progress()),
    "clear": Call(POST, Clear, lambda desk, a: _lasting(desk, {"text": desk.clear(a.miner)})),
    "apply": Call(POST, Apply, lambda desk, a: desk.apply(a.scope, a.by)),
    "undo": Call(POST, Undo, lambda desk, a: desk.undo(a.target, a.by, a.preview, a.despite_hold)),
    "hold": Call(
        POST, Hold, lambda desk, a: _lasting(desk, desk.hold(a.scope, a.seconds, a.why, a.by))
    ),
    "release": Call(POST, Apply, lambda desk, a: _lasting(desk, desk.release(a.scope, a.by))),
    "order": Call(POST, Order, _order),
    "covered": Call(POST, Covered, _covered),
    "places": Call(GET, None, lambda desk, _: desk.places()),
    "place": Call(POST, Placement, _place, LONG_BODY_LIMIT),
    "unplace": Call(POST, By, lambda desk, a: _lasting(desk, {"text": desk.unplace(a.by)})),
    "retire": Call(
        POST, Retire, lambda desk, a: _lasting(desk, {"text": desk.retire(a.miner, a.by)})
    ),
    "accept": Call(
        POST,
        Accept,
        lambda desk, a: _lasting(desk, {"text": desk.accept(a.miner, a.boards, a.by)}),
    ),
    "replace": Call(
        POST, Replace, lambda desk, a: _lasting(desk, {"text": desk.replace(a.old, a.new, a.by)})
    ),
    "curtail": Call(POST, Curtail, _curtail),
    "resume": Call(POST, Resume, _resume),
    "curtailments": Call(GET, None, lambda desk, _: _schedule(desk).orders()),
    "curtailment": Call(POST, Watched, lambda desk, a: _schedule(desk).progress(a.order)),
    "schedule": Call(GET, None, lambda desk, _: _schedule(desk).schedule()),
    "reports": Call(GET, None, lambda desk, _: _schedule(desk).reports()),
    "report": Call(POST, Reported, lambda desk, a: _schedule(desk).report(a.report)),
    "signal": Call(POST, Push, lambda desk, a: _schedule(desk).signal(a.name, a.value, a.at, a.by)),
}

T = TypeVar("T", bound=Struct)
_PLACE = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<place>.*)`)?", re.DOTALL)
_FIELD = re.compile(r"Object (?P<what>missing required|contains unknown) field `(?P<field>.*)`")


def checked(value: object, shape: type[T], place: str = "") -> T:
    """The plain value as that Struct. Raises ValueError with one line that names the field."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise ValueError(_problem(str(error), place)) from None


def _problem(said: str, place: str) -> str:
    """The words of msgspec with the field in front; they never hold a value."""
    found = _PLACE.fullmatch(said)
    what, where = (found["what"], found["place"] or "") if found else (said, "")
    if field := _FIELD.fullmatch(what):
        where = ".".join(filter(None, (where, field["field"])))
        what = "missing" if field["what"].startswith("missing") else "unknown"
    path = ".".join(filter(None, (place, where)))
    what = what[:1].lower() + what[1:]
    return f"{path}: {what}" if path else what
