"""`mother apply` and `mother undo`: show, ask once, let the daemon do it, follow it."""

from __future__ import annotations

import sys
from collections import Counter

import msgspec
from msgspec import Struct

from mother.control.client import NoDaemon
from mother.jobs.plan import Item, Plan, Progress
from mother.terminal.arguments import miner_in, scope_in
from mother.terminal.errand import Errand, agreed, many, who
from mother.terminal.following import by_wishes, follow, left_working, progress, worse
from mother.terminal.planning import asked_plan, show
from mother.terminal.process import FAILED, INTERRUPTED, OK
from mother.terminal.table import console_on, say


class Answer(Struct, frozen=True):
    """What `apply` and `undo` answer: a sentence, how many miners, what of an undo is put back."""

    text: str
    miners: int
    items: tuple[Item, ...] = ()


def apply(errand: Errand) -> int:
    """Do what is planned, now; 0 when all of it is reached."""
    scope = scope_in(errand.options.scope)
    try:
        found = asked_plan(errand, scope)
        show(found, console_on(sys.stdout), every=errand.options.all)
        if not found.items:
            return OK
        if not agreed(f"{_apply_question(found)} now?", errand.options.yes):
            return FAILED
        before = progress(errand)
        text = errand.told("apply", {"scope": scope, "by": who()})
    except NoDaemon as error:
        print(f"{error} Start one with: {errand.program} run", file=sys.stderr)
        return FAILED
    say(console_on(sys.stdout), text)
    if found.dry_run:
        return OK
    after = _followed(errand, before)
    return INTERRUPTED if after is None else _summed(errand, scope, found, worse(before, after))


def _apply_question(found: Plan) -> str:
    what = f"Apply {many(len(found.items), 'change')} to {many(found.miners, 'miner')}"
    return f"{what}, {'nobody' if not found.restarts else f'{found.restarts:,}'} restarting,"


def _followed(errand: Errand, before: Progress, undone: int = 0) -> Progress | None:
    """How it stands when all has settled; None where the person did not wait for that."""

    def undoing(now: Progress) -> tuple[int, int]:
        return undone - min(now.undoing, undone), undone

    try:
        if undone:
            return follow(errand, before, undoing, "Put back")
        return follow(errand, before, by_wishes, "As wished")
    except KeyboardInterrupt:
        print(file=sys.stderr)
        print(left_working(errand), file=sys.stderr)
        return None


def _summed(errand: Errand, scope: str, planned: Plan, wrong: list[str]) -> int:
    """Say what came of it; `wrong` are sentences of what went wrong meanwhile."""
    left = asked_plan(errand, scope)
    console = console_on(sys.stdout)
    for sentence in wrong:
        say(console, sentence)
    workers = {one.worker for one in planned.items}
    for one in (silent := [one for one in left.unread if one.worker in workers]):
        say(console, f"{one.worker} at {one.address} cannot be read any more: {one.why}")
    if not left.items:
        done = planned.miners - len(silent)
        say(console, f"Done: {many(done, 'miner')} as wished.")
        return FAILED if silent else OK
    statuses = Counter(one.status for one in left.items)
    counts = ", ".join(f"{count:,} {status}" for status, count in statuses.most_common())
    say(
        console,
        f"Not all of it is reached: {many(len(left.items), 'change')} left on "
        f"{many(left.miners, 'miner')} ({counts}); `{errand.program} plan` says why.",
    )
    return FAILED


def undo(errand: Errand) -> int:
    """Put back what was there before; 0 when that is done."""
    target = "last" if errand.options.target == "last" else miner_in(errand.options.target)
    body = {"target": target, "by": who(), "despite_hold": errand.options.despite_hold}
    preview = msgspec.convert(errand.ask("undo", {**body, "preview": True}), Answer)
    console = console_on(sys.stdout)
    if preview.items:
        restarts = len({one.device for one in preview.items if one.restarts})
        found = Plan(0.0, False, preview.miners, restarts, preview.items)
        show(found, console, errand.options.all, heading="Now -> put back")
    else:
        say(console, preview.text)
        return OK
    if not preview.miners:
        print("All of it is held: release it, or add --despite-hold.", file=sys.stderr)
        return FAILED
    if not agreed(f"Put this back on {many(preview.miners, 'miner')}?", errand.options.yes):
        return FAILED
    before = progress(errand)
    answer = msgspec.convert(errand.ask("undo", {**body, "preview": False}), Answer)
    say(console, answer.text)
    after = _followed(errand, before, max(1, answer.miners))
    if after is None:
        return INTERRUPTED
    wrong = worse(before, after)
    for sentence in wrong:
        say(console, sentence)
    if wrong:
        say(console, f"Not all of it is put back; `{errand.program} status` says why.")
        return FAILED
    say(console, f"Done: {many(answer.miners, 'miner')} as before.")
    return OK
