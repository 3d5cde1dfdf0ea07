"""The breaker: when many fall ill at once, reboots are not the cure and nobody is rebooted.

It opens on a wave of illness or when polls fail. Once the cause has been gone for CALM it
lets three reboots through and waits for what they bring: if all of them are cured it closes,
if one is not it opens again for at least AGAIN. With nobody to try it closes after QUIET.
All is pure; the state is kept, so a restart of the daemon changes nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping

from msgspec import Struct
from msgspec.structs import replace

from mother.core.model import EventKind, Severity
from mother.fleet.remembered import BreakerState, Phase, Trial

WINDOW = 600.0
WAVE_PERCENT = 10
WAVE_LEAST = 3
"""A wave: more than WAVE_PERCENT of the farm, and WAVE_LEAST, fell ill within WINDOW seconds."""

POLLS_PERCENT = 80
POLLS_LEAST = 10
"""Polls fail: fewer than POLLS_PERCENT succeed, of at least POLLS_LEAST devices."""

CALM = 600.0
QUIET = 1800.0
AGAIN = 3600.0
TRIALS = 3
VERDICT = 1200.0
LAST_VERDICT = 2400.0
"""A trial that is not well after VERDICT seconds has failed; where it cannot be judged by
then (a hashrate is not judged soon after a start), after LAST_VERDICT."""


class Farm(Struct, frozen=True):
    """What the breaker looks at. Times in Unix seconds.

    `ill` maps every ill device to its `ill_since`; `unsure` are those of them that cannot be
    judged now; `well` those judged well; `candidates` the ill ones that may yet be rebooted
    (reachable, not hot, not left for a human, reboots wanted). `answered` counts the devices
    that answered within the last hour, `polls` their latest polls, `polls_ok` those of them
    that succeeded.
    """

    miners: int
    ill: Mapping[str, float]
    well: Collection[str]
    candidates: Collection[str]
    unsure: Collection[str] = ()
    answered: int = 0
    polls: int = 0
    polls_ok: int = 0


class Change(Struct, frozen=True):
    """Something to tell: one per opening, one when it tries, one when it closes."""

    kind: EventKind
    severity: Severity
    text: str


Outcome = tuple[BreakerState, tuple[Change, ...]]


def evaluate(state: BreakerState, farm: Farm, now: float) -> Outcome:
    """The breaker after a look at the farm; to be asked each round, before any reboot."""
    state = _with_onsets(_settled(state, now), farm, now)
    why = _wave(state, farm, now) or _deaf(farm)
    state = replace(state, evaluated=now, tripped=now if why else state.tripped)
    return PHASES[state.phase](state, farm, now, why)


def allows(state: BreakerState) -> bool:
    """Whether a reboot is allowed now; while trying, only until enough were tried."""
    if state.phase is Phase.TRYING:
        return len(state.trials) < TRIALS
    return state.phase is Phase.CLOSED


def tried(state: BreakerState, device: str, now: float) -> BreakerState:
    """To be called with every reboot: while trying, it is a trial."""
    if state.phase is not Phase.TRYING:
        return state
    return replace(state, trials=(*state.trials, Trial(device, now)))


def _closed(state: BreakerState, farm: Farm, now: float, why: str) -> Outcome:
    del farm
    return _open(state, why, now, None) if why else (state, ())


def _opened(state: BreakerState, farm: Farm, now: float, why: str) -> Outcome:
    del why
    calm = state.tripped is None or now - state.tripped >= CALM
    if not calm or (state.not_before is not None and now < state.not_before):
        return state, ()
    if not farm.ill:
        return _close(state, "Nobody is ill any more: reboots as usual.", now)
    state = replace(state, phase=Phase.TRYING, since=now, trials=(), not_before=None)
    text = f"The cause seems gone: {TRIALS} reboots are tried before the others."
    return state, (Change(EventKind.BREAKER_TRYING, Severity.WARNING, text),)


def _trying(state: BreakerState, farm: Farm, now: float, why: str) -> Outcome:
    if why:
        return _open(state, why, now, None)
    state = replace(state, trials=tuple(_judged(t, farm) for t in state.trials))
    pending = [trial for trial in state.trials if not trial.cured]
    failed = [trial.device for trial in pending if _has_failed(trial, farm, now)]
    if failed:
        why = f"{len(failed)} of {len(state.trials)} miners tried did not get well"
        return _open(state, why, now, now + AGAIN)
    end = "" if pending else _good_end(state, farm, now)
    return _close(state, end, now) if end else (state, ())


def _good_end(state: BreakerState, farm: Farm, now: float) -> str:
    """Why all is well, now that nothing is pending; empty where there is more to try."""
    if not farm.ill:
        return "Nobody is ill any more: reboots as usual."
    if state.trials and (len(state.trials) >= TRIALS or not farm.candidates):
        return f"{_all(len(state.trials))} well again: reboots as usual."
    if not farm.candidates and _quiet(state, farm, now):
        return "Nobody fell ill lately and nobody is left to try: reboots as usual."
    return ""


PHASES = {Phase.CLOSED: _closed, Phase.OPEN: _opened, Phase.TRYING: _trying}


def _open(state: BreakerState, why: str, now: float, not_before: float | None) -> Outcome:
    state = replace(state, phase=Phase.OPEN, why=why, since=now, trials=(), not_before=not_before)
    text = f"{why}: nobody is rebooted until the cause is gone."
    return state, (Change(EventKind.BREAKER_OPENED, Severity.CRITICAL, text),)


def _close(state: BreakerState, text: str, now: float) -> Outcome:
    state = replace(state, phase=Phase.CLOSED, why="", since=now, trials=(), not_before=None)
    return state, (Change(EventKind.BREAKER_CLOSED, Severity.INFO, text),)


def _wave(state: BreakerState, farm: Farm, now: float) -> str:
    """Whether so many fell ill within some WINDOW that ends now, or since the last look."""
    onsets = sorted(state.onsets.values())
    fresh = now if state.evaluated is None else state.evaluated
    most = max(
        (_within(onsets, end) for end in (*onsets, now) if end > fresh or end == now),
        default=0,
    )
    if most < WAVE_LEAST or most * 100 <= farm.miners * WAVE_PERCENT:
        return ""
    return f"{most} of {farm.miners} miners fell ill within {WINDOW / 60:.0f} min"


def _within(onsets: list[float], end: float) -> int:
    return bisect_right(onsets, end) - bisect_right(onsets, end - WINDOW)


def _deaf(farm: Farm) -> str:
    if farm.answered < POLLS_LEAST or farm.polls_ok * 100 >= farm.polls * POLLS_PERCENT:
        return ""
    return f"Only {farm.polls_ok} of {farm.polls} polls succeed"


def _all(count: int) -> str:
    return "The one miner tried is" if count == 1 else f"All {count} miners tried are"


def _judged(trial: Trial, farm: Farm) -> Trial:
    cured = trial.device in farm.well and trial.device not in farm.ill
    return replace(trial, cured=trial.cured or cured)


def _has_failed(trial: Trial, farm: Farm, now: float) -> bool:
    return now - trial.at >= (LAST_VERDICT if trial.device in farm.unsure else VERDICT)


def _quiet(state: BreakerState, farm: Farm, now: float) -> bool:
    last = max([state.since or now, *(at for at in farm.ill.values() if at <= now)])
    return now - last >= QUIET


def _with_onsets(state: BreakerState, farm: Farm, now: float) -> BreakerState:
    """Onsets of the last window before the last look are kept: some got well meanwhile."""
    oldest = min(now, now if state.evaluated is None else state.evaluated) - WINDOW
    onsets = {**state.onsets, **farm.ill}
    return replace(state, onsets={d: at for d, at in onsets.items() if oldest < at <= now})


def _settled(state: BreakerState, now: float) -> BreakerState:
    """The clock may have been set back: nothing waits for a time that is far off."""
    return replace(
        state,
        since=_by(state.since, now),
        evaluated=_by(state.evaluated, now),
        tripped=_by(state.tripped, now),
        not_before=_by(state.not_before, now + AGAIN),
        trials=tuple(replace(trial, at=min(trial.at, now)) for trial in state.trials),
    )


def _by(time: float | None, now: float) -> float | None:
    return None if time is None else min(time, now)
