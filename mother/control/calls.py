"""The calls of the control socket: what each takes, and what it asks of the desk."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Protocol, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from mother.core.model import CommandKind

GET, POST = b"GET", b"POST"


class Desk(Protocol):
    """What may be asked of the daemon.

    Refusals are sentences: LookupError for a miner that is not known, ValueError for what
    cannot be meant, PermissionError for what is not allowed now. `scope` is a miner, `all`,
    `model:T1`, a network or a range; `by` the user who asks; a plan's items are those of
    `plan`. Answers are plain values.
    """

    def status(self) -> Mapping[str, Any]:
        """The farm now: totals, miners, sightings, holds, loops."""

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
        self, miner: str, kind: str, args: Mapping[str, Any], by: str, despite_hold: bool
    ) -> Mapping[str, Any]:
        """Carry out one order by hand: result (done, dry-run, denied, failed), text, worker.

        `kind` is a key of `ARGS`, and `args` are as the Struct there says.
        """

    def accept(self, miner: str, boards: int | None, by: str) -> str:
        """So many boards are what it should have from now on; None: what its model has."""

    def replace(self, old: str, new: str, by: str) -> str:
        """Wishes and history of one miner move to another; what was done, as a sentence."""


Word = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=2000)]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]
Seconds = Annotated[float, Meta(gt=0, le=10 * 366 * 86_400)]


class _Body(Struct, frozen=True, forbid_unknown_fields=True):
    """What a call takes: the fields, and no other."""


class Clear(_Body, frozen=True):
    """Of `clear`."""

    miner: Word


class Apply(_Body, frozen=True):
    """Of `apply` and `release`."""

    scope: Word
    by: Word


class Undo(_Body, frozen=True):
    """Of `undo`."""

    target: Word
    by: Word
    preview: bool
    despite_hold: bool = False


class Hold(_Body, frozen=True):
    """Of `hold`; no `seconds`: until it is released."""

    scope: Word
    why: Reason
    by: Word
    seconds: Seconds | None = None


class Order(_Body, frozen=True):
    """Of `order`; `args` are checked by `ARGS`."""

    miner: Word
    kind: Word
    by: Word
    args: dict[str, Any] = {}
    despite_hold: bool = False


class Accept(_Body, frozen=True):
    """Of `accept`; `boards` must be there, null means the model's."""

    miner: Word
    by: Word
    boards: Annotated[int, Meta(ge=1, le=1000)] | None


class Replace(_Body, frozen=True):
    """Of `replace`."""

    old: Word
    new: Word
    by: Word


class NoArgs(_Body, frozen=True):
    """An order that needs no more than its name."""


class Locate(_Body, frozen=True):
    """The lamp on or off."""

    on: bool


class Network(_Body, frozen=True):
    """With `dhcp`, nothing else; without, all of it."""

    dhcp: bool
    address: Text = ""
    netmask: Text = ""
    gateway: Text = ""
    dns: Annotated[list[Text], Meta(max_length=2)] = []


class Password(_Body, frozen=True):
    """A new login."""

    username: Word
    password: Annotated[str, Meta(min_length=1, max_length=200)]

    def __repr__(self) -> str:
        return f"Password(username={self.username!r}, password='***')"


class Upgrade(_Body, frozen=True):
    """A file on the daemon's machine with its digest, or a URL that the miner fetches."""

    path: Annotated[str, Meta(min_length=1, max_length=4000)] | UnsetType = UNSET
    sha256: Annotated[str, Meta(pattern="^[0-9a-fA-F]{64}$")] | UnsetType = UNSET
    url: Annotated[str, Meta(min_length=1, max_length=2000)] | UnsetType = UNSET

    def __post_init__(self) -> None:
        given = tuple(one is not UNSET for one in (self.path, self.sha256, self.url))
        if given not in {(True, True, False), (False, False, True)}:
            raise ValueError("must be path and sha256, or url")


ARGS: Mapping[str, type[Struct]] = {
    CommandKind.REBOOT.value: NoArgs,
    CommandKind.RESTART_MINING.value: NoArgs,
    CommandKind.FACTORY_RESET.value: NoArgs,
    CommandKind.POWER_OFF.value: NoArgs,
    CommandKind.LOCATE.value: Locate,
    CommandKind.SET_NETWORK.value: Network,
    CommandKind.SET_PASSWORD.value: Password,
    CommandKind.UPGRADE.value: Upgrade,
}
"""What can be ordered by hand, and what each order takes."""


class Call(Struct, frozen=True):
    """One call: its method, its body (None: it takes none), and how the desk answers it."""

    method: bytes
    body: type[Struct] | None
    answer: Callable[[Desk, Any], Mapping[str, Any] | Awaitable[Mapping[str, Any]]]


async def _order(desk: Desk, order: Order) -> Mapping[str, Any]:
    shape = ARGS.get(order.kind)
    if shape is None:
        raise ValueError(f"kind: {order.kind} is no order by hand; there are {', '.join(ARGS)}")
    args = msgspec.to_builtins(checked(order.args, shape, "args"))
    return await desk.order(order.miner, order.kind, args, order.by, order.despite_hold)


async def _lasting(desk: Desk, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer once the disk has what it tells of, or with the reason why it has not."""
    trouble = await desk.kept()
    if not trouble:
        return answer
    return {**answer, "text": f"{answer['text']} It lasts only until mother ends: {trouble}."}


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
    "accept": Call(
        POST,
        Accept,
        lambda desk, a: _lasting(desk, {"text": desk.accept(a.miner, a.boards, a.by)}),
    ),
    "replace": Call(
        POST, Replace, lambda desk, a: _lasting(desk, {"text": desk.replace(a.old, a.new, a.by)})
    ),
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
