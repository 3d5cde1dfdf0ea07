"""When a miner is ill: pure rules over readings, with timers that survive a restart.

Each rule looks at a reading and says of a condition that it holds, that it does not, or that
this cannot be judged now. A timer runs only while a condition holds in reading after reading:
what cannot be judged stops it, and so does a gap between readings longer than
GAP_CHECKS check intervals. A device that was ill stays ill until it is seen to be well, but
only a condition whose timer is full now is `ripe`, that is, good enough to reboot for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from mother.config.model import DeviceSettings
from mother.core.reading import Board, Reading
from mother.core.units import duration, finite, si
from mother.drivers.base import Nature
from mother.fleet.remembered import Ailment, Condition, Watch
from mother.jobs.output import SLOW_FOR, TUNES_FOR, Output, Sign, halted, slow, too_hot, tunes

WARM_UP = 900.0
"""So long after a start, in seconds, the 15 min hashrate says nothing."""

LASTING = {
    Ailment.DEAD: 0.0,
    Ailment.HALTED: 0.0,
    Ailment.SLOW: SLOW_FOR,
    Ailment.TUNES: TUNES_FOR,
}
"""How long some must last to be an illness; the others as long as the settings say. Seconds."""

NO_OUTPUT = Output()

TOO_HOT_TO_BE_TRUE = 200.0
TOO_COLD_TO_BE_TRUE = -50.0
"""Board temperatures, in C."""

GAP_CHECKS = 3.0

Wanting = tuple[Ailment, int | None]
"""What a condition is about: the ailment and the board, None for the whole device."""


class Patience(Struct, frozen=True):
    """A device is not reachable once `failures` polls in a row failed, over `seconds`."""

    seconds: float = 180.0
    failures: int = 3


PATIENCE = Patience()


class Verdict(Struct, frozen=True):
    """The watch after a judgement, and what changed by it.

    `findings` are the conditions that make the device ill, `hot` the boards above HOT by
    index. `new` are findings that were none before.
    """

    watch: Watch
    new: tuple[Condition, ...] = ()
    fell_ill: bool = False
    got_well: bool = False
    grew_hot: bool = False
    cooled: bool = False

    @property
    def findings(self) -> tuple[Condition, ...]:
        """Why it is ill."""
        return tuple(one for one in self.watch.conditions if one.ill)

    @property
    def hot(self) -> tuple[int, ...]:
        """Which boards are hot."""
        return self.watch.hot


def judge(
    watch: Watch,
    reading: Reading | None,
    settings: DeviceSettings,
    now: float,
    *,
    failing_since: float | None = None,
    failures: int = 0,
    patience: Patience = PATIENCE,
    output: Output = NO_OUTPUT,
) -> Verdict:
    """Judge one device by its newest reading, or by None when its last poll failed.

    `failing_since` is the time of the first of `failures` failed polls in a row. A reading
    that was judged before changes nothing: only new ones let a timer run. `output` is what it
    hashed in the mean. A device whose
    mining program restarts is not judged, its timers are kept.
    """
    before = _settled(watch, now)
    if reading is None:
        after = _unread(before, now, failing_since, failures, patience)
    elif reading.restarting:
        after = _not_ready(before, settings, min(reading.at, now))
    elif before.judged is not None and min(reading.at, now) <= before.judged:
        after = before
    else:
        after = _read(before, reading, settings, min(reading.at, now), output)
    return _verdict(watch, after)


def gap(settings: DeviceSettings) -> float:
    """Seconds between two readings after which they no longer make one span of time."""
    return GAP_CHECKS * settings.health_check_interval


def unsure(watch: Watch) -> bool:
    """Whether an ill device is called ill only because it could not be seen to be well."""
    return watch.ill and not any(c.ill and c.counted is not None for c in watch.conditions)


def sentences(findings: Iterable[Condition], now: float) -> str:
    """What is wrong and for how long, such as `Board 2 dead for 14 min. 2 of 3 boards for 1 h`."""
    return " ".join(f"{_phrase(one)}{_held(one, now)}." for one in findings)


def _read(
    watch: Watch, reading: Reading, settings: DeviceSettings, at: float, output: Output
) -> Watch:
    broken = watch.judged is None or at - watch.judged > gap(settings)
    signs = {**_signs(watch, reading, settings, output)}
    for old in watch.conditions:
        signs.setdefault((old.ailment, old.board), _unseen(watch, reading))
    olds = {(old.ailment, old.board): old for old in watch.conditions}
    conditions = (
        _next(key, olds.get(key), sign, at, broken, settings) for key, sign in signs.items()
    )
    after = _concluded(watch, tuple(c for c in conditions if c is not None), at)
    well = at if broken or after.well_since is None else after.well_since
    return replace(
        after,
        judged=at,
        well_since=None if after.ill else well,
        hot=_hot(reading.boards, output.nature),
        boards=max(watch.boards, len(reading.boards)),
        stalled=None,
    )


def _not_ready(watch: Watch, settings: DeviceSettings, at: float) -> Watch:
    """It answers, but its mining program does not: ill once that has lasted too long."""
    key: Wanting = (Ailment.STALLED, None)
    old = next((c for c in watch.conditions if c.ailment is Ailment.STALLED), None)
    broken = watch.stalled is None or at - watch.stalled > gap(settings)
    stalled = _next(key, old, Sign(True), at, broken, settings)
    others = tuple(c for c in _waiting(watch.conditions) if c.ailment is not Ailment.STALLED)
    conditions = others if stalled is None else (stalled, *others)
    return replace(_concluded(watch, conditions, at), stalled=at)


def _next(
    key: Wanting,
    old: Condition | None,
    sign: Sign,
    at: float,
    broken: bool,
    settings: DeviceSettings,
) -> Condition | None:
    if sign.holds is False:
        return None
    if sign.holds is None:
        return _stopped(old) if old is not None and old.ill else None
    kept = old if old is not None and (old.ill or not broken) else None
    counted = old.counted if old is not None and not broken else None
    began = at if counted is None else counted
    needed = LASTING.get(key[0], settings.health_hashrate_duration)
    ripe = at - began >= needed
    return Condition(
        ailment=key[0],
        board=key[1],
        since=at if kept is None else kept.since,
        counted=began,
        ripe=ripe,
        ill=ripe or (kept is not None and kept.ill),
        found=sign.found,
        wanted=sign.wanted,
    )


def _stopped(old: Condition) -> Condition:
    return replace(old, counted=None, ripe=False)


def _waiting(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """It answers, but cannot be judged: timers are kept, nothing is good enough to act on."""
    return tuple(
        replace(one, ripe=False) for one in conditions if one.ailment is not Ailment.UNREACHABLE
    )


def _unread(
    watch: Watch, now: float, failing_since: float | None, failures: int, patience: Patience
) -> Watch:
    old = next((c for c in watch.conditions if c.ailment is Ailment.UNREACHABLE), None)
    conditions = tuple(
        _stopped(one) if one.ailment is Ailment.STALLED else one
        for one in _waiting(watch.conditions)
        if one.ill or one.ailment is not Ailment.STALLED
    )
    watch = replace(watch, stalled=None)
    since = now if failing_since is None else min(failing_since, now)
    ripe = failures >= patience.failures and now - since >= patience.seconds
    if ripe or old is not None:
        first = since if old is None else min(old.since, since)
        gone = Condition(Ailment.UNREACHABLE, since=first, counted=since, ripe=ripe, ill=True)
        conditions = (gone, *conditions)
    return _concluded(watch, conditions, now)


def _concluded(watch: Watch, conditions: tuple[Condition, ...], at: float) -> Watch:
    """The watch with these conditions; `ill_since` stays while the same illness goes on.

    A device that was merely not reachable and comes back with something else has fallen ill
    anew: a power cut that kills boards is a wave of its own when the power returns.
    """
    ill = {one.ailment for one in conditions if one.ill}
    was = {one.ailment for one in watch.conditions if one.ill}
    anew = was == {Ailment.UNREACHABLE} and Ailment.UNREACHABLE not in ill
    since = watch.ill_since if watch.ill_since is not None and not anew else at
    return replace(
        watch,
        conditions=conditions,
        ill_since=since if ill else None,
        well_since=None if ill else watch.well_since,
    )


def _settled(watch: Watch, now: float) -> Watch:
    """The clock may have been set back: no timer starts in the future.

    `ill_since` is left alone, so that old illnesses do not all look new.
    """
    return replace(
        watch,
        conditions=tuple(
            replace(c, since=min(c.since, now), counted=_by(c.counted, now))
            for c in watch.conditions
        ),
        judged=None if watch.judged is not None and watch.judged > now else watch.judged,
        stalled=None if watch.stalled is not None and watch.stalled > now else watch.stalled,
        well_since=_by(watch.well_since, now),
    )


def _by(time: float | None, now: float) -> float | None:
    return None if time is None else min(time, now)


def _verdict(old: Watch, new: Watch) -> Verdict:
    was = {(c.ailment, c.board) for c in old.conditions if c.ill}
    return Verdict(
        watch=new,
        new=tuple(c for c in new.conditions if c.ill and (c.ailment, c.board) not in was),
        fell_ill=new.ill and not old.ill,
        got_well=old.ill and not new.ill,
        grew_hot=bool(new.hot) and not old.hot,
        cooled=bool(old.hot) and not new.hot,
    )


# What a reading says


def _signs(
    watch: Watch, reading: Reading, settings: DeviceSettings, output: Output
) -> Mapping[Wanting, Sign]:
    signs: dict[Wanting, Sign] = {(Ailment.MISSING, None): _missing(watch, reading)}
    signs[Ailment.UNREACHABLE, None] = Sign(False)
    signs[Ailment.STALLED, None] = Sign(False)
    signs[Ailment.SLOW, None] = slow(watch, reading, output)
    signs[Ailment.TUNES, None] = tunes(reading)
    signs[Ailment.HALTED, None] = halted(reading)
    for board in reading.boards:
        for ailment, look in BOARD_RULES.items():
            signs[ailment, board.index] = look(board, reading, settings, output.nature)
    return signs


def _dead(board: Board, reading: Reading, settings: DeviceSettings, nature: Nature) -> Sign:
    """What the device calls dead; other words than alive (`Sick`) are not yet death.

    Where it has no word for that, a board that does not work is dead unless all may stand still.
    """
    del settings
    status = board.status.strip().lower()
    if status == "dead":
        return Sign(None if reading.asleep else True)
    if not status and board.alive is False:
        return Sign(None if _may_stand(board, reading, nature) else True)
    return Sign(None if board.alive is None and not board.status else False)


def _may_stand(board: Board, reading: Reading, nature: Nature) -> bool:
    """Whether something else explains that a board does nothing."""
    still = reading.asleep or reading.tuning or reading.halted or reading.pool_alive is False
    still = still or reading.idles
    return still or any(up < nature.grace for up in _uptimes(board, reading))


def _below(board: Board, reading: Reading, settings: DeviceSettings, nature: Nature) -> Sign:
    minimum = settings.health_hashrate_minimum * 1e9
    found = finite(board.hashrate_15m)
    if not _is_sha256(reading.algorithm) or _dead(board, reading, settings, nature).holds:
        return Sign(False)
    if found is None or reading.tuning or reading.asleep or reading.pool_alive is False:
        return Sign(None)
    if any(up < max(WARM_UP, nature.grace) for up in _uptimes(board, reading)):
        return Sign(None)
    return Sign(found < minimum, found, minimum)


def _absurd(board: Board, reading: Reading, settings: DeviceSettings, nature: Nature) -> Sign:
    del settings, nature
    found = finite(board.temperature)
    if found is None or reading.asleep:
        return Sign(None)
    return Sign(found > TOO_HOT_TO_BE_TRUE or found < TOO_COLD_TO_BE_TRUE, found)


BOARD_RULES: Mapping[Ailment, Callable[[Board, Reading, DeviceSettings, Nature], Sign]] = {
    Ailment.DEAD: _dead,
    Ailment.BELOW: _below,
    Ailment.ABSURD: _absurd,
}


def _missing(watch: Watch, reading: Reading) -> Sign:
    wanted = _wanted_boards(watch, reading)
    if len(reading.boards) >= wanted:
        return Sign(False)
    return Sign(None if reading.asleep else True, float(len(reading.boards)), float(wanted))


def _unseen(watch: Watch, reading: Reading) -> Sign:
    """Of a board that is no longer listed nothing is known, unless none is missing."""
    return Sign(None if len(reading.boards) < _wanted_boards(watch, reading) else False)


def _wanted_boards(watch: Watch, reading: Reading) -> int:
    return watch.boards if reading.expected_boards is None else reading.expected_boards


def _uptimes(board: Board, reading: Reading) -> list[float]:
    known = (finite(board.elapsed), finite(reading.uptime))
    return [up for up in known if up is not None]


def _is_sha256(algorithm: str) -> bool:
    return algorithm.lower().replace("-", "").replace("_", "") in {"sha256", "sha256d"}


def _hot(boards: Iterable[Board], nature: Nature) -> tuple[int, ...]:
    return tuple(one.index for one in boards if too_hot(one, nature, TOO_HOT_TO_BE_TRUE))


# What a person reads

PHRASES: Mapping[Ailment, Callable[[Condition], str]] = {
    Ailment.DEAD: lambda c: f"Board {c.board} dead",
    Ailment.BELOW: lambda c: (
        f"Board {c.board} at {si(c.found, 'H/s')}, below {si(c.wanted, 'H/s')},"
    ),
    Ailment.MISSING: lambda c: f"{c.found or 0:.0f} of {c.wanted or 0:.0f} boards",
    Ailment.ABSURD: lambda c: f"Board {c.board} claims {c.found or 0:.0f} °C",
    Ailment.UNREACHABLE: lambda c: "Not reachable",
    Ailment.STALLED: lambda c: "Mining program not ready",
    Ailment.SLOW: lambda c: (
        f"Hashes {si(c.found, 'H/s')} of {si(c.wanted, 'H/s')} expected,"
        f" {100 * (c.found or 0) / (c.wanted or 1):.0f} %,"
    ),
    Ailment.TUNES: lambda c: "Has been tuning",
    Ailment.HALTED: lambda c: "Stopped for an error of its own",
}


def _phrase(condition: Condition) -> str:
    return PHRASES[condition.ailment](condition)


def _held(condition: Condition, now: float) -> str:
    seconds = now - condition.since
    return f" for {duration(seconds)}" if seconds >= 1 else ""
