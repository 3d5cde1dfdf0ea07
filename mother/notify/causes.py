"""When a cause is told: once, when it is over, sometimes again, and not at each turn of a flap.

All is pure. A cause is raised and cleared as often as it likes; what a person hears of it is at
most a message per turn, none but one an hour once it turned FLAPS times within an hour, and a
reminder while it lasts.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from mother.core.units import duration, moment
from mother.notify.message import Tone, Words

HOUR = 3600.0
REMIND = 4 * HOUR
REMIND_SLOWLY = 24 * HOUR
"""A rollout that is stopped waits for a person and harms nobody meanwhile."""

FLAPS = 4
FORGET_AFTER = 24 * HOUR


class Cause(Struct, frozen=True, omit_defaults=True):
    """One cause. Times in Unix seconds.

    `since` is when the present state began, `told` when something was last said of it, `turns`
    when it turned within the last hour. `unsaid` counts what happened since and was not said.
    `words` are the latest.
    """

    open: bool = False
    since: float | None = None
    told: float | None = None
    turns: tuple[float, ...] = ()
    flapping: bool = False
    unsaid: int = 0
    words: Words = Words("", "")


class Say(Struct, frozen=True):
    """Something to tell now."""

    tone: Tone
    words: Words


Outcome = tuple[Cause, Say | None]


def raised(cause: Cause, words: Words, now: float) -> Outcome:
    """It holds; where it held already, it changed so that it is worth a word."""
    since = cause.since if cause.open else now
    cause = replace(cause, open=True, since=since, words=words)
    return _turned(cause, Say(Tone.PROBLEM, words), now)


def grew(cause: Cause, words: Words, now: float) -> Outcome:
    """It got worse: told at once unless it flaps, and no turn of a flap."""
    cause = replace(cause, words=words)
    if not cause.open or cause.flapping:
        return replace(cause, open=True, since=cause.since if cause.open else now), None
    return replace(cause, told=now), Say(Tone.PROBLEM, words)


def cleared(cause: Cause, words: Words, now: float) -> Outcome:
    """It holds no more; nothing is said where it did not."""
    if not cause.open:
        return cause, None
    lasted = duration(now - (cause.since or now))
    words = Words(words.title, f"{words.body} It lasted {lasted}.".strip())
    cause = replace(cause, open=False, since=now, words=words)
    return _turned(cause, Say(Tone.RECOVERY, words), now)


def happened(cause: Cause, words: Words, now: float) -> Outcome:
    """Something that is over as it is told; told again an hour later at the earliest."""
    cause = replace(cause, words=words, since=now)
    if cause.told is not None and 0.0 <= now - cause.told < HOUR:
        return replace(cause, unsaid=cause.unsaid + 1), None
    if cause.unsaid:
        words = Words(_more(words.title, cause.unsaid + 1, cause.told, now), words.body)
    return replace(cause, told=now, unsaid=0), Say(Tone.NOTE, words)


def reviewed(cause: Cause, now: float, remind: float = REMIND) -> Outcome:
    """What the passing of time brings: a reminder, an hour's sum, the end of a flap."""
    cause = _settled(cause, now)
    since_told = now - (cause.told if cause.told is not None else now)
    if cause.flapping:
        return _flapping_on(cause, now, since_told)
    if cause.unsaid and since_told >= HOUR:
        title = _more(cause.words.title, cause.unsaid, cause.told, now)
        say = Say(Tone.NOTE, Words(title, cause.words.body))
        return replace(cause, told=now, unsaid=0), say
    if cause.open and since_told >= remind:
        lasted = duration(now - (cause.since or now))
        say = Say(
            Tone.PROBLEM, Words(f"Still, after {lasted}: {cause.words.title}", cause.words.body)
        )
        return replace(cause, told=now), say
    return cause, None


def is_over(cause: Cause, now: float) -> bool:
    """Whether nothing would be lost if it were forgotten."""
    last = max(cause.told or 0.0, cause.since or 0.0)
    return not (cause.open or cause.flapping or cause.unsaid) and now - last >= FORGET_AFTER


def _turned(cause: Cause, say: Say, now: float) -> Outcome:
    cause = _settled(cause, now)
    cause = replace(cause, turns=(*cause.turns, now)[-99:])
    if cause.flapping:
        return replace(cause, unsaid=cause.unsaid + 1), None
    if len(cause.turns) < FLAPS:
        return replace(cause, told=now), say
    within = duration(now - cause.turns[0])
    words = Words(
        f"It comes and goes: {len(cause.turns)} changes within {within}. Now: {say.words.title}",
        f"{say.words.body} From now on this is told once an hour at most, until it has been "
        "steady for an hour.",
    )
    return replace(cause, flapping=True, told=now, unsaid=0), Say(say.tone, words)


def _flapping_on(cause: Cause, now: float, since_told: float) -> Outcome:
    if not cause.turns:
        steady = duration(now - (cause.since or now))
        title = f"Steady again for {steady}: {cause.words.title}"
        tone = Tone.PROBLEM if cause.open else Tone.RECOVERY
        return (
            replace(cause, flapping=False, told=now, unsaid=0),
            Say(tone, Words(title, cause.words.body)),
        )
    if not cause.unsaid or since_told < HOUR:
        return cause, None
    title = (
        f"It still comes and goes: {cause.unsaid} changes within {duration(since_told)}. "
        f"Now: {cause.words.title}"
    )
    tone = Tone.PROBLEM if cause.open else Tone.RECOVERY
    return replace(cause, told=now, unsaid=0), Say(tone, Words(title, cause.words.body))


def _settled(cause: Cause, now: float) -> Cause:
    """Turns of the last hour; a clock that was set back makes nothing wait for ever."""
    return replace(
        cause,
        since=None if cause.since is None else min(cause.since, now),
        told=None if cause.told is None else min(cause.told, now),
        turns=tuple(at for at in cause.turns if now - HOUR < at <= now),
    )


def _more(title: str, times: int, since: float | None, now: float) -> str:
    return f"{title} ({times} more time{'s' * (times > 1)} since {moment(since or now, now)})"
