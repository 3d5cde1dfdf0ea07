"""What is still to be told, and to whom: bounded, in order, merged after a silence."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct
from msgspec.structs import replace

from mother.core.units import duration, moment
from mother.notify.message import Message, Tone

MOST = 200
MERGED = 4
"""So many that wait for one channel go out as one message."""

LINES = 20
KEPT_FOR = 86400.0
LATE = 300.0


class Waiting(Struct, frozen=True):
    """A message, the channels that have not got it yet, and those that have."""

    message: Message
    owed: tuple[str, ...]
    got: tuple[str, ...] = ()


class Parcel(Struct, frozen=True):
    """What goes to one channel at once; `ids` are the messages in it."""

    ids: tuple[str, ...]
    tone: Tone
    title: str
    body: str


class Outbox:
    """The queue. Channels are named by their keys, never by their addresses.

    `dropped` counts messages that somebody never got: too old, or too many.
    """

    def __init__(self, waiting: Iterable[Waiting] = (), dropped: int = 0) -> None:
        self._waiting = list(waiting)
        self.dropped = dropped

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        """All of it, the oldest first."""
        return tuple(self._waiting)

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: Message, channels: Collection[str]) -> None:
        """Have it told to all of these."""
        if not channels:
            return
        self._waiting.append(Waiting(message, tuple(channels)))
        while len(self._waiting) > MOST:
            self._shorten()

    def expire(self, now: float) -> None:
        """Give up what nobody would want to hear any more."""
        kept = [one for one in self._waiting if now - one.message.at < KEPT_FOR]
        self.dropped += len(self._waiting) - len(kept)
        self._waiting = kept

    def keep_only(self, channels: Collection[str]) -> None:
        """Other channels are no more.

        What only they were owed goes to those here that have not got it: an address that is
        mended is another channel.
        """
        kept = []
        for one in self._waiting:
            owed = tuple(c for c in one.owed if c in channels)
            owed = owed or tuple(c for c in channels if c not in one.got)
            if owed:
                kept.append(replace(one, owed=owed))
        self._waiting = kept

    def parcel(self, channel: str, now: float) -> Parcel | None:
        """What this channel is to be told next, None where it knows all."""
        owed = [one.message for one in self._waiting if channel in one.owed]
        if not owed:
            return None
        return _one(owed[0], now) if len(owed) < MERGED else _many(owed, now)

    def delivered(self, channel: str, ids: Collection[str]) -> None:
        """The channel has these now."""
        self._waiting = [
            replace(one, owed=tuple(c for c in one.owed if c != channel), got=(*one.got, channel))
            if one.message.id in ids
            else one
            for one in self._waiting
        ]
        self._waiting = [one for one in self._waiting if one.owed]

    def _shorten(self) -> None:
        """Lose what is missed least: the oldest trouble that is over, else the oldest message."""
        recovered = {one.message.key for one in self._waiting if one.message.tone is Tone.RECOVERY}
        first = next((one for one in self._waiting if one.message.key in recovered), None)
        if first is None:
            lost = self._waiting[:1]
        else:
            key, lost = first.message.key, []
            for one in self._waiting:
                if one.message.key == key:
                    lost.append(one)
                    if one.message.tone is Tone.RECOVERY:
                        break
        self._waiting = [one for one in self._waiting if one not in lost]
        self.dropped += len(lost)


def _one(message: Message, now: float) -> Parcel:
    body = message.body
    age = now - message.at
    if age >= LATE:
        late = f"This was at {moment(message.at, now)}, {duration(age)} ago: it could not be told."
        body = f"{body}\n{late}" if body else late
    return Parcel((message.id,), message.tone, message.title, body)


def _many(messages: list[Message], now: float) -> Parcel:
    """One message for all, a line each; the newest ones where there are too many."""
    shown = messages[-LINES:]
    lines = [f"{moment(one.at, now)} {one.title}" for one in shown]
    if len(shown) < len(messages):
        lines.insert(0, f"({len(messages) - len(shown)} earlier ones are left out)")
    open_now = {one.key: one.tone is Tone.PROBLEM for one in messages}
    tone = Tone.PROBLEM if any(open_now.values()) else Tone.RECOVERY
    since = duration(now - messages[0].at)
    return Parcel(
        tuple(one.id for one in messages),
        tone,
        f"{len(messages)} messages of the last {since}, the newest last",
        "\n".join(lines),
    )
