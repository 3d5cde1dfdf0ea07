"""The commands that talk to the running daemon, in one table, and what is common to them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

from msgspec import Struct, ValidationError
from msgspec.structs import replace

from mother.config import places
from mother.config.flags import Parser
from mother.config.load import Source
from mother.control.client import Denied, NoDaemon
from mother.terminal import (
    applying,
    asking,
    curtailing,
    holding,
    ordering,
    placing,
    planning,
    reporting,
    scheduling,
    walking,
)
from mother.terminal.arguments import BadInput
from mother.terminal.errand import Errand, PlanNow
from mother.terminal.logs import one_line
from mother.terminal.pages import PAGES
from mother.terminal.parsing import desk_parser, loaded, parsed
from mother.terminal.process import BAD_INPUT, FAILED

ONE_MINER = "worker name, MAC or IP address"
MINERS = "miner, all, model:T1, rack:A3, group:NAME, network or range"

Argument = Callable[[Parser], object]


def _text(name: str, says: str, metavar: str | None = None) -> Argument:
    """A word that must be there, or (with dashes) an option with a value."""
    shown = metavar or name.upper()
    return lambda parser: parser.add_argument(name, metavar=shown, help=says)


def _switch(name: str, says: str) -> Argument:
    return lambda parser: parser.add_argument(name, action="store_true", help=says)


def _scope(parser: Parser) -> None:
    parser.add_argument("scope", nargs="?", default="all", metavar="SCOPE", help=MINERS)


def _some(parser: Parser) -> None:
    parser.add_argument("scope", nargs="?", metavar="SCOPE", help=f"{MINERS} (default: all)")


def _walked(parser: Parser) -> None:
    says = "who may stand there: all, model:T1, group:NAME, network or range"
    parser.add_argument("miner", nargs="?", metavar="SCOPE", help=says)


def _file(parser: Parser) -> None:
    parser.add_argument("file", nargs="?", metavar="FILE", help="the CSV file")


def _lamp_time(parser: Parser) -> None:
    says = "switch it off again after so long: 60s, 5m"
    parser.add_argument("--for", dest="for_time", metavar="TIME", help=says)


def _each(flag: str, metavar: str, says: str) -> Argument:
    """An option that may be given several times."""
    return lambda parser: parser.add_argument(flag, action="append", metavar=metavar, help=says)


def _length(parser: Parser) -> None:
    says = "how long: 30s, 15m, 4h, 2d, 1h30m (default: until released)"
    parser.add_argument("--for", dest="for_time", metavar="TIME", help=says)


def _order_length(parser: Parser) -> None:
    says = "30s, 15m, 4h, 2d, 1h30m (default: until resumed)"
    parser.add_argument("--for", dest="for_time", metavar="TIME", help=says)


def _resumed(parser: Parser) -> None:
    says = "a curtailment or miners (default: what is in force)"
    parser.add_argument("miner", nargs="?", metavar="ORDER|SCOPE", help=says)


def _report(parser: Parser) -> None:
    parser.add_argument("report", nargs="?", metavar="NUMBER", help="of one report (default: all)")


def _dns(parser: Parser) -> None:
    parser.add_argument("--dns", action="append", metavar="A", help="DNS server; give it twice")


def _user(parser: Parser) -> None:
    parser.add_argument("--user", default="admin", metavar="NAME", help="login (default: admin)")


MINER = _text("miner", ONE_MINER)
JSON = _switch("--json", "print it as JSON")
ALL = _switch("--all", "list every change, however many")
YES = _switch("--yes", "do it without a question")
DESPITE = _switch("--despite-hold", "even if it is held")
DANGEROUS = (MINER, YES, DESPITE)
TARGETS = _text("miner", MINERS, "SCOPE")
AT_ONCE = _text("--at-once", "so many miners of several at once (default: 10)", "N")
EVERY = _switch("--all", "list every miner in the table, however many")
ORDERED = (TARGETS, YES, DESPITE, AT_ONCE, EVERY)
RESUMED = (
    _resumed,
    YES,
    DESPITE,
    AT_ONCE,
    _switch("--all", "every curtailment; with miners: list each"),
    _switch("--offline", "without a daemon: wake whom the journal of sleepers names"),
    _switch("--force", "with --offline: even while a daemon runs"),
)
CURTAILED = (
    _text("--to", "so much may be drawn together: 500kW, 1.2MW", "WATTS"),
    _text("--by", "so much less than now: 20%%", "SHARE"),
    _switch("--all", "all of them sleep"),
    _order_length,
    _text("--scope", f"{MINERS} (default: all)", "SCOPE"),
    _text("--group", "the same as --scope group:NAME", "NAME"),
    _text("--why", "the reason, for those who find it", "TEXT"),
    _text("--key", "makes it the same order when asked again", "KEY"),
    _text("--ref", "your own reference", "REF"),
    _switch("--emergency", "minimum times and the ramp do not count"),
    YES,
    JSON,
)


class Command(Struct, frozen=True):
    """One command: its arguments and what it does; its page stands in `pages`."""

    run: Callable[[Errand], int]
    arguments: tuple[Argument, ...] = ()


DESK: dict[str, Command] = {
    "status": Command(asking.status, (_some, JSON)),
    "plan": Command(planning.plan, (_scope, ALL, JSON)),
    "apply": Command(applying.apply, (_scope, YES, ALL)),
    "undo": Command(applying.undo, (_text("target", ONE_MINER, "MINER|last"), YES, DESPITE, ALL)),
    "schedule": Command(
        scheduling.schedule,
        (_text("--hours", "how far to look ahead: 24, 48h (default: 48)", "HOURS"), JSON),
    ),
    "hold": Command(
        holding.hold, (_text("scope", MINERS), _length, _text("--why", "the reason", "TEXT"))
    ),
    "release": Command(holding.release, (_text("scope", MINERS),)),
    "holds": Command(holding.holds, (JSON,)),
    "reports": Command(
        reporting.reports,
        (_report, _switch("--csv", "print it as CSV, a row for each"), JSON),
    ),
    "curtail": Command(curtailing.curtail, CURTAILED),
    "signal": Command(
        curtailing.signal,
        (_text("name", "of a signal in your configuration"), _text("value", "a number")),
    ),
    "clear": Command(asking.clear, (MINER,)),
    "accept": Command(ordering.accept, (MINER, _text("boards", "how many it has", "boards=N"))),
    "replace": Command(ordering.replace, (_text("old", ONE_MINER), _text("new", ONE_MINER))),
    "retire": Command(asking.retire, (MINER, YES)),
    "places": Command(
        placing.places,
        (
            _text("what", "what to do", "export|import"),
            _file,
            _switch("--replace", "import: an empty cell empties the field"),
            _switch("--yes", "import without a question, export over a file that is there"),
            ALL,
        ),
    ),
    "place": Command(
        walking.place,
        (
            _walked,
            _text("--rack", "the rack that is walked along", "A3"),
            _text("--row", "the row of the rack", "R"),
            _text("--first-slot", "the slot of the first button (default: 1)", "N"),
            _text("--listen", "address of this machine to listen on (default: all)", "ADDRESS"),
            _switch("--undo", "take back the last one that was placed, and end"),
        ),
    ),
    "reboot": Command(ordering.order, ORDERED),
    "restart-mining": Command(ordering.order, ORDERED),
    "pause": Command(ordering.order, ORDERED),
    "resume": Command(curtailing.resume, RESUMED),
    "locate": Command(ordering.order, (*ORDERED, _switch("--off", "stop showing"), _lamp_time)),
    "set-power": Command(ordering.order, (*ORDERED, _text("watts", "such as 3000", "WATTS"))),
    "set-profile": Command(
        ordering.order,
        (
            *ORDERED,
            _text("profile", "such as efficient; the family's own word", "PROFILE"),
            _text("--level", "its level, where the profile has some", "L"),
        ),
    ),
    "set-frequency": Command(
        ordering.order,
        (
            *ORDERED,
            _text("--frequency", "of the chips, in MHz", "MHZ"),
            _text("--voltage", "of the chips, in V", "V"),
        ),
    ),
    "set-pools": Command(
        ordering.order,
        (
            *ORDERED,
            _each("--pool", "URL", "a pool; give it once for each, in their order"),
            _each("--user", "NAME", "the account: once for all pools, or once for each"),
            _switch("--ask-password", "ask for the pools' password (default: x)"),
        ),
    ),
    "set-network": Command(
        ordering.order,
        (
            *DANGEROUS,
            _text("how", "where its address comes from", "dhcp|static"),
            _text("--address", "its IP address", "A"),
            _text("--netmask", "such as 255.255.255.0", "M"),
            _text("--gateway", "the router", "G"),
            _dns,
        ),
    ),
    "set-password": Command(ordering.order, (*ORDERED, _user)),
    "upgrade": Command(
        ordering.order,
        (
            *DANGEROUS,
            _text("--file", "the firmware on this machine", "F"),
            _text("--sha256", "its digest, 64 hex digits", "H"),
            _text("--url", "an https URL that the miner fetches", "U"),
        ),
    ),
    "factory-reset": Command(ordering.order, DANGEROUS),
    "power-off": Command(ordering.order, DANGEROUS),
}


def perform(
    name: str,
    words: Sequence[str],
    program: str,
    plan_now: PlanNow,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Run one of them; the exit code, after whatever went wrong was said in a line."""
    command = DESK[name]
    parser = desk_parser(name, program, PAGES[name])
    for add in command.arguments:
        add(parser)
    options = parsed(parser, words, program)
    options.command = name
    config = loaded(Source(options, program, secrets=False))
    if config is None:
        return BAD_INPUT
    socket = places.socket_for(config.control_socket, vars(options))
    config = replace(config, control_socket=socket)
    try:
        return command.run(Errand(options, config, program, plan_now, pause))
    except BadInput as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except Denied as error:
        print(one_line(str(error)), file=sys.stderr)
        return BAD_INPUT if error.status == 400 else FAILED
    except NoDaemon as error:
        print(error, file=sys.stderr)
        return FAILED
    except ValidationError as error:
        print(f"the daemon is of another version ({error}): start it anew", file=sys.stderr)
        return FAILED
