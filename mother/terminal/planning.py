"""`mother plan`: what is not as wished, as a table that fits a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from netaddr import IPAddress
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mother.config.networks import span
from mother.control.client import Denied, NoDaemon
from mother.core.model import Address
from mother.jobs.plan import Item, Plan, Unread
from mother.terminal.arguments import BadInput, is_network, is_one, scope_in
from mother.terminal.errand import Errand, as_json, many
from mother.terminal.logs import one_line
from mother.terminal.process import OK
from mother.terminal.table import console_on, say

SOMETHING_TO_DO = 3
"""The exit code of a plan that is not empty."""

MOST_ROWS = 20
"""With more changes than these, the same ones are counted instead of listed."""

LONGEST_WHOM = 24
"""Names longer than this are folded."""

WORKER = "{worker}"

_STYLES = {
    "ready": "",
    "under way": "blue",
    "waiting": "bright_black",
    "held": "magenta",
    "undone": "bright_black",
    "backing off": "dark_orange",
    "stopped": "red",
    "disputed": "red",
}


class Miner(Struct, frozen=True):
    """What a miner may be called; of one in a scope the address is a text."""

    worker: str
    mac: str
    address: Address | str


class Known(Struct, frozen=True):
    """Of the daemon's `status`, who is known; of `covered`, who is meant."""

    miners: list[Miner]


def plan(errand: Errand) -> int:
    """Print it; 0 where nothing is to do, 3 where something is."""
    scope = scope_in(errand.options.scope)
    try:
        found = asked_plan(errand, scope)
    except NoDaemon:
        if _needs_the_daemon(scope):
            raise BadInput(f"{scope}: only a running daemon knows racks and groups") from None
        print(f"No daemon answers on {errand.socket}: scanning once instead.", file=sys.stderr)
        answer, code = errand.plan_now(errand.options, errand.program)
        if answer is None:
            return code
        found = narrowed(msgspec.convert(answer, Plan), scope)
    if errand.options.json:
        sys.stdout.write(as_json(found))
    else:
        show(found, console_on(sys.stdout), every=errand.options.all)
    return SOMETHING_TO_DO if found.items else OK


def asked_plan(errand: Errand, scope: str) -> Plan:
    """What the daemon plans for the scope; raises Denied for a miner that it does not know."""
    whole = msgspec.convert(errand.ask("plan"), Plan)
    if _needs_the_daemon(scope):
        covered = errand.ask("covered", {"scope": scope})
        return limited(whole, {one.mac: one for one in msgspec.convert(covered, Known).miners})
    found = narrowed(whole, scope)
    if not found.items and not found.unread and is_one(scope):
        known = msgspec.convert(errand.ask("status"), Known).miners
        if not any(_meant(scope, one.worker, one.mac, str(one.address)) for one in known):
            raise Denied(f"no miner {scope} is known here: `mother status` lists them", 404)
    return found


def narrowed(whole: Plan, scope: str) -> Plan:
    """The part of a plan that concerns the scope; of the unread no model is known."""
    if scope == "all":
        return whole
    items = tuple(one for one in whole.items if _within(scope, one))
    unread = whole.unread
    if not scope.startswith("model:"):
        unread = tuple(one for one in unread if _meant(scope, one.worker, "", one.address))
    return _with(whole, items, unread)


def limited(whole: Plan, miners: Mapping[str, Miner]) -> Plan:
    """The part of a plan that concerns these miners, named by MAC address."""
    names = {one.worker for one in miners.values()}
    items = tuple(one for one in whole.items if one.mac in miners)
    return _with(whole, items, tuple(one for one in whole.unread if one.worker in names))


def _with(whole: Plan, items: tuple[Item, ...], unread: tuple[Unread, ...]) -> Plan:
    return replace(
        whole,
        items=items,
        unread=unread,
        miners=len({one.device for one in items}),
        restarts=len({one.device for one in items if one.restarts}),
    )


def _needs_the_daemon(scope: str) -> bool:
    return scope.startswith(("rack:", "group:"))


def _within(scope: str, item: Item) -> bool:
    if scope.startswith("model:"):
        return item.model.upper() == scope.partition(":")[2].upper()
    return _meant(scope, item.worker, item.mac, item.address)


def _meant(scope: str, worker: str, mac: str, address: str) -> bool:
    if is_network(scope):
        return IPAddress(address.partition(":")[0]) in span(scope)
    return scope.lower() in _names(worker, mac, address)


def _names(worker: str, mac: str, address: str) -> set[str]:
    host, _, port = address.partition(":")
    return {worker.lower(), mac, mac.replace(":", ""), host, f"{host}:{port or 80}"} - {""}


def show(found: Plan, console: Console, every: bool, heading: str = "Now -> wished") -> None:
    """The table, one line of sums, and who could not be compared."""
    if found.items:
        rows = listed(found.items) if every or len(found.items) <= MOST_ROWS else counted(found)
        console.print(_table(rows, heading, console.width))
    say(console, sums(found))
    if len(found.unread) > MOST_ROWS and not every:
        say(console, f"{many(len(found.unread), 'miner')} could not be read and are not compared; "
                     "--all lists them.")  # fmt: skip
    else:
        for one in found.unread:
            say(console, f"{one.worker} at {one.address} is not compared: {one.why}")
    if found.dry_run:
        say(console, "Dry run: nothing of this is written.")


def sums(found: Plan) -> str:
    """The plan in a line: `12 changes on 5 miners; 3 of them restart`."""
    if not found.items:
        of = "Every miner that could be read" if found.unread else "Every miner"
        return f"Nothing to do: {of.lower()} is as wished."
    changes = f"{many(len(found.items), 'change')} on {many(found.miners, 'miner')}"
    if found.miners == 1:
        return f"{changes}; it {'restarts' if found.restarts else 'does not restart'}."
    which = "none of them restarts" if not found.restarts else f"{found.restarts:,} of them restart"
    return f"{changes}; {which}."


class Line(Struct, frozen=True):
    """One line of the table: whom it concerns, what changes, and what keeps it."""

    who: str
    setting: str
    old: str
    new: str
    status: str
    why: str


def listed(items: Iterable[Item]) -> list[Line]:
    """A line per change, by miner."""
    ordered = sorted(items, key=lambda one: (one.worker, one.setting))
    return [Line(one.worker, one.setting, one.old, one.new, one.status, one.why) for one in ordered]


def counted(found: Plan) -> list[Line]:
    """A line per kind of change, the most frequent first; worker names count as the same."""
    groups: dict[tuple[str, ...], list[Item]] = {}
    for one in found.items:
        texts = (_general(one.old, one.worker), _general(one.new, one.worker))
        groups.setdefault((one.setting, *texts, one.status), []).append(one)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return [
        Line(_whom(items), setting, old, new, status, _common(items))
        for (setting, old, new, status), items in ordered
    ]


def _general(text: str, worker: str) -> str:
    return text.replace(worker, WORKER) if worker else text


def _whom(items: Sequence[Item]) -> str:
    return items[0].worker if len(items) == 1 else many(len(items), "miner")


def _common(items: Sequence[Item]) -> str:
    reasons = {one.why for one in items}
    return reasons.pop() if len(reasons) == 1 else ""


def _table(lines: Sequence[Line], heading: str, width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    whom = max(5, min(LONGEST_WHOM, max(len(line.who) for line in lines)))
    setting = max(7, min(10, max(len(line.setting) for line in lines)))
    table.add_column("Miner", width=whom, overflow="fold")
    table.add_column("Setting", width=setting, overflow="fold")
    room = width - whom - setting - 2
    table.add_column(heading, overflow="fold", max_width=room)
    for line in lines:
        table.add_row(_plain(line.who), _plain(line.setting), _change(line, room))
    return table


def _change(line: Line, room: int) -> Text:
    old, new = one_line(line.old), one_line(line.new)
    apart = len(old) + len(new) + 4 > room
    text = Text(f"{old}{chr(10) if apart else ' '}-> {new}")
    if line.status != "ready":
        reason = f"({one_line(_reason(line))})"
        apart = apart or len(text) + len(reason) + 1 > room
        text.append(f"{chr(10) if apart else ' '}{reason}", style=_STYLES.get(line.status, ""))
    return text


def _reason(line: Line) -> str:
    if line.why.startswith(line.status):
        return line.why
    return f"{line.status}: {line.why}" if line.why else line.status


def _plain(text: str) -> Text:
    return Text(one_line(text))
