"""Whether a signal beyond a threshold binds: windows, hysteresis, the hard strike. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from mother.config.schedule import Rule, Schedule, Signal
from mother.config.subject import ANY, Reach
from mother.schedule.reading_signals import Said
from mother.schedule.values import Ids, Limit

COVERED = 0.5
"""The share of a window of which the signal must be known for the window to count."""


class Hearing(Protocol):
    """What the signals say, as `Sources` tells it."""

    def said(self, name: str) -> Said | None:
        """What it says now; None where it is silent, or said nothing yet."""

    def fallback(self, name: str, now: float) -> str | None:
        """`run` or `curtail` where it is silent; None while it speaks."""


class Threshold(Struct, frozen=True, omit_defaults=True):
    """How far a rule is; it outlives the process. Times are Unix seconds.

    `window` is when the running window began, `total` the integral of what was known in it, over
    `known` seconds; `value` was said at `at`, and holds until something else is. `beyond` and
    `clear` count the windows in a row that were so. It binds from `since` on; None: it does not.
    `silence`: it binds because the signal is silent.
    """

    window: float = 0.0
    total: float = 0.0
    known: float = 0.0
    value: float | None = None
    at: float = 0.0
    beyond: int = 0
    clear: int = 0
    since: float | None = None
    silence: bool = False


def limits(
    rules: Iterable[Rule],
    sources: Hearing,
    states: Mapping[str, Threshold],
    now: float,
    members: Callable[[Reach], Ids],
    every: float = 0.0,
) -> tuple[tuple[Limit, ...], dict[str, Threshold]]:
    """What binds now, in the order of the rules, and the states by name of the rule for the next
    time. Asked again and again, at least once in each window or in `every` seconds.

    `reason` is like `price 112 > 80 EUR/MWh`; since when is in `since`.
    """
    bound, then = [], {}
    for rule in rules:
        said, fallback = sources.said(rule.signal), sources.fallback(rule.signal, now)
        state = states.get(rule.name, Threshold())
        if fallback is None:
            state = fed(rule, state, None if said is None else said.value, now, every)
        else:
            state = fallen_silent(state, fallback, now)
        then[rule.name] = state
        if state.since is not None:
            ids = None if rule.reach == ANY else members(rule.reach)
            reason = _reason(rule, state, said)
            bound.append(Limit(f"rule {rule.name}", reason, ids, rule.cap, state.since))
    return tuple(bound), then


def in_silence(schedule: Schedule, signal: Signal) -> str:
    """What comes of a signal's silence, as a part of a sentence."""
    name, curtails = signal.name, signal.silence.then == "curtail"
    rules = any(one.signal == name for one in schedule.rules)
    budgets = any(one.signal == name for one in schedule.budgets)
    metered = any(one.signal == name for one in schedule.meters)
    parts = ["it does not count as a meter"] if metered else []
    if curtails and rules:
        parts.append("its rules curtail")
    if curtails and budgets:
        parts.append("its budgets let nothing run")
    if not curtails and (rules or budgets or not metered):
        parts.append("the miners run as if it held nothing")
    return " and ".join(parts) or "nothing changes, as nothing goes by it"


def fed(
    rule: Rule, state: Threshold, value: float | None, now: float, every: float = 0.0
) -> Threshold:
    """The state after the signal said this; None: nothing is known of it.

    What was said last holds until now. Time of which nothing is known, because nobody asked for
    longer than a window and than `every` seconds, breaks what is counted in a row; what binds goes
    on to bind.
    """
    length = max(1.0, rule.window)
    state = _in_time(state, now, length, max(length, every))
    end = state.window + length
    while now >= end:
        state = _closed(rule, _grown(state, end), end)
        end = state.window + length
    state = replace(_grown(state, now), value=value, at=now)
    if value is not None and rule.hard is not None and _over(rule, value, rule.hard):
        since = now if state.since is None else state.since
        state = replace(state, since=since, clear=0, silence=False)
    return state


def fallen_silent(state: Threshold, fallback: str, now: float) -> Threshold:
    """The state while the signal is silent: `curtail` as if the hard threshold were crossed,
    `run` as if nothing held.
    """
    if fallback != "curtail":
        return Threshold(at=now)
    since = now if state.since is None else min(state.since, now)
    return Threshold(at=now, since=since, silence=True)


def _in_time(state: Threshold, now: float, length: float, pause: float) -> Threshold:
    """The state, in a window that is near now: after a pause or a jump of the clock it is new."""
    if state.at <= now < state.at + 2 * pause and state.at < state.window + length:
        return state
    since = None if state.since is None else min(state.since, now)
    return Threshold(now - now % length, at=now, since=since, silence=state.silence)


def _grown(state: Threshold, until: float) -> Threshold:
    """What was said last held until then."""
    if state.value is None:
        return replace(state, at=until)
    more = until - state.at
    return replace(
        state, total=state.total + state.value * more, known=state.known + more, at=until
    )


def _closed(rule: Rule, state: Threshold, end: float) -> Threshold:
    """The window is over: it counts by its mean."""
    beyond = clear = 0
    if state.known >= COVERED * (end - state.window):
        mean = state.total / state.known
        beyond = state.beyond + 1 if _over(rule, mean, rule.threshold) else 0
        clear = state.clear + 1 if _under(rule, mean, rule.release) else 0
    since, silence = state.since, state.silence
    if since is None and beyond >= max(1, rule.windows):
        since, clear = end, 0
    elif since is not None and clear >= max(1, rule.release_windows):
        since, silence, beyond = None, False, 0
    return Threshold(end, 0.0, 0.0, state.value, end, beyond, clear, since, silence)


def _over(rule: Rule, value: float, edge: float) -> bool:
    """Beyond the edge, on the side that binds."""
    return value > edge if rule.above else value < edge


def _under(rule: Rule, value: float, edge: float) -> bool:
    """Beyond the edge, on the side that lets go."""
    return value < edge if rule.above else value > edge


def _reason(rule: Rule, state: Threshold, said: Said | None) -> str:
    """A part of a sentence: the signal, what it says, and what that is beyond of."""
    name = rule.signal
    if said is None:
        return f"{name} is silent" if state.silence else f"{name} not known yet"
    unit = f" {said.unit}" if said.unit else ""
    sign, back = (">", "<") if rule.above else ("<", ">")
    for edge in (rule.hard, rule.threshold):
        if edge is not None and _over(rule, said.value, edge):
            return f"{name} {said.value:g} {sign} {edge:g}{unit}"
    if _under(rule, said.value, rule.release):
        return f"{name} {said.value:g}{unit}, not yet for long enough {back} {rule.release:g}"
    return f"{name} {said.value:g}{unit}, not yet {back} {rule.release:g}"
