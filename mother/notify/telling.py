"""Which events wake somebody, and in which words: a table."""

from __future__ import annotations

import enum
from collections.abc import Callable

from msgspec import Struct

from mother.core.model import Event, EventKind, Severity
from mother.notify.message import Words, capital
from mother.notify.watch import nearly_all


class Turn(enum.Enum):
    """What an event does to its cause."""

    RAISES = "raises"
    GROWS = "grows"
    CLEARS = "clears"
    HAPPENS = "happens"


class Telling(Struct, frozen=True):
    """How one kind of event is told: which cause it is of, what it does to it, the words."""

    key: Callable[[Event], str]
    turn: Callable[[Event], Turn]
    words: Callable[[Event], Words]


ROLLOUT = "rollout:"
BREAKER = "breaker"
GONE = "gone"
HASHRATE = "hashrate"
CRASH = "crash"
MACHINE = "machine"
SIGNAL = "signal:"
CLOCK = "clock"
CURTAILED = "curtailed"
ENDED = "curtailment ended"
ASLEEP = "asleep"


def rollout_key(what: str) -> str:
    """The cause of a rollout that is stopped, by what it changes."""
    return ROLLOUT + what.lower()


def _opened(event: Event) -> Words:
    why = event.text.partition(": ")[0]
    return Words(
        f"No miner is rebooted any more: {why[:1].lower()}{why[1:]}",
        "mother waits until the cause is gone and heals as usual then. Look at power, network, "
        "pool and cooling; `mother status` lists who is ill.",
    )


def _trying(event: Event) -> Words:
    return Words(
        capital(event.text.rstrip(".")),
        "If all of them get well, mother heals as usual again; if one does not, it waits for an "
        "hour.",
    )


def _closed(event: Event) -> Words:
    why = event.text.partition(": ")[0]
    return Words("Miners are rebooted as usual again", f"{capital(why)}.")


def _stopped(event: Event) -> Words:
    title, _, rest = event.text.partition("; ")
    return Words(title, f"{rest.rstrip('.')}.")


def _goes_on(event: Event) -> Words:
    return Words(event.text.rstrip("."), "")


def _gone(event: Event) -> Words:
    title, _, names = event.text.partition(": ")
    hint = (
        "That is nearly the whole farm: look at its power and network, and at the network of the "
        "machine that mother runs on."
        if nearly_all(event)
        else "Look for what they share: a switch, a rack, a fuse."
    )
    return Words(title, f"{names}. {hint} mother looks for them at each scan.")


def _back(event: Event) -> Words:
    title, _, rest = event.text.partition("; ")
    return Words(title, f"{capital(rest)}." if rest else "")


def _low(event: Event) -> Words:
    gone = event.content.get("gone", 0)
    away = f"{gone} of its miners do not answer. " if gone else ""
    return Words(
        event.text,
        f"{away}What a reboot may cure is rebooted where you allow it; `mother status` lists who "
        "is ill and why.",
    )


def _plain(event: Event) -> Words:
    title, _, rest = event.text.partition(". ")
    return Words(title.rstrip("."), rest)


def _sentence(mark: str, more: str = "") -> Callable[[Event], Words]:
    """What stands before the mark is the title."""

    def told(event: Event) -> Words:
        title, _, rest = event.text.rstrip(".").partition(mark)
        body = f"{capital(rest)}." if rest else ""
        return Words(capital(title), f"{body} {more}".strip())

    return told


def _always(turn: Turn) -> Callable[[Event], Turn]:
    return lambda _: turn


def _is(key: str) -> Callable[[Event], str]:
    return lambda _: key


def _rollout(event: Event) -> str:
    return rollout_key(event.text.partition(": ")[0])


def _signal(event: Event) -> str:
    return f"{SIGNAL}{event.content.get('signal', '')}"


def _astray(event: Event) -> Turn:
    return Turn.CLEARS if event.severity is Severity.INFO else Turn.RAISES


def _many(event: Event) -> Turn:
    return Turn.GROWS if event.content.get("grown") else Turn.RAISES


_RAISES, _CLEARS = _always(Turn.RAISES), _always(Turn.CLEARS)
_HAPPENS = _always(Turn.HAPPENS)

TELLINGS: dict[EventKind, Telling] = {
    EventKind.BREAKER_OPENED: Telling(_is(BREAKER), _RAISES, _opened),
    EventKind.BREAKER_TRYING: Telling(_is(BREAKER), _RAISES, _trying),
    EventKind.BREAKER_CLOSED: Telling(_is(BREAKER), _CLEARS, _closed),
    EventKind.ROLLOUT_STOPPED: Telling(_rollout, _RAISES, _stopped),
    EventKind.ROLLOUT_RESUMED: Telling(_rollout, _CLEARS, _goes_on),
    EventKind.MANY_GONE: Telling(_is(GONE), _many, _gone),
    EventKind.MANY_BACK: Telling(_is(GONE), _CLEARS, _back),
    EventKind.HASHRATE_LOW: Telling(_is(HASHRATE), _RAISES, _low),
    EventKind.HASHRATE_BACK: Telling(_is(HASHRATE), _CLEARS, _plain),
    EventKind.CRASHED: Telling(_is(CRASH), _HAPPENS, _plain),
    EventKind.MACHINE_RESTARTED: Telling(_is(MACHINE), _HAPPENS, _plain),
    EventKind.SIGNAL_SILENT: Telling(_signal, _RAISES, _sentence(": ")),
    EventKind.SIGNAL_BACK: Telling(_signal, _CLEARS, _plain),
    EventKind.CLOCK_ASTRAY: Telling(_is(CLOCK), _astray, _sentence("; ")),
    EventKind.CURTAILED: Telling(_is(CURTAILED), _HAPPENS, _sentence(": ")),
    EventKind.CURTAILMENT_ENDED: Telling(_is(ENDED), _HAPPENS, _sentence(": ")),
    EventKind.FOUND_ASLEEP: Telling(
        _is(ASLEEP),
        _HAPPENS,
        _sentence(": ", "`mother resume` wakes it; `mother status` lists who sleeps."),
    ),
}
"""Everything else can wait for the morning: one miner that is ill, hot, gone, left for a human or
in conflict with another is on the page and in the log."""
