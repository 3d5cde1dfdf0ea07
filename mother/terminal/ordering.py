"""Orders by hand: one deed, one question, one sentence of what came of it; or a table of many."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.text import Text

from mother.control.client import Denied, NoDaemon
from mother.core.model import CommandKind
from mother.core.units import duration
from mother.terminal import herd
from mother.terminal.arguments import (
    LONGEST_NAME,
    BadInput,
    boards_in,
    is_one,
    miner_in,
    number_in,
    pools_in,
    scope_in,
    seconds_in,
    static_in,
    upgrade_in,
)
from mother.terminal.errand import Errand, agreed, many, who
from mother.terminal.logs import one_line
from mother.terminal.process import FAILED, OK
from mother.terminal.table import console_on, say

PATIENCE = 600.0
"""Seconds that an order may take: an upgrade is a download, an upload and a check; a miner that
is to resume is asked for minutes whether it does."""

Arguments = Callable[[argparse.Namespace], dict[str, Any]]


class Result(Struct, frozen=True):
    """What came of an order: done, dry-run, denied or failed, and a sentence."""

    result: str
    text: str


class Order(Struct, frozen=True):
    """An order by hand: its kind, the arguments it makes of the options, and its question.

    `question` has room for the miner and the arguments; empty where it needs none. `secret`
    is asked for after the question, and becomes the argument of that name. `many`: it may go
    to a scope of several miners.
    """

    kind: CommandKind
    question: str = ""
    arguments: Arguments = lambda _: {}
    secret: str = ""
    many: bool = False


def _power(options: argparse.Namespace) -> dict[str, Any]:
    return {"watts": number_in(options.watts, "WATTS", "W", 100_000)}


def _profile(options: argparse.Namespace) -> dict[str, Any]:
    profile = options.profile.strip()
    if not profile or not profile.isprintable() or len(profile) > LONGEST_NAME:
        raise BadInput("PROFILE: name one of the family's profiles, such as efficient")
    return {"profile": profile, "level": options.level}


def _clock(options: argparse.Namespace) -> dict[str, Any]:
    given = {
        "frequency": (options.frequency, "--frequency", "MHz", 10_000),
        "voltage": (options.voltage, "--voltage", "V", 100),
    }
    found = {
        name: number_in(text, flag, unit, most)
        for name, (text, flag, unit, most) in given.items()
        if text is not None
    }
    if not found:
        raise BadInput("name --frequency in MHz, --voltage in V, or both")
    return found


def _pools(options: argparse.Namespace) -> dict[str, Any]:
    password = new_password("Pool password") if options.ask_password else "x"
    return {"pools": pools_in(options.pool, options.user, password)}


def _network(options: argparse.Namespace) -> dict[str, Any]:
    given = (options.address, options.netmask, options.gateway, options.dns)
    if options.how == "dhcp":
        if any(one is not None for one in given):
            raise BadInput("dhcp takes no addresses: they come from your DHCP server")
        return {"dhcp": True}
    if options.how != "static":
        raise BadInput(f"{options.how}: write dhcp, or static with its addresses")
    return static_in(*given)


def _login(options: argparse.Namespace) -> dict[str, Any]:
    if not options.user.strip() or len(options.user) > 200:
        raise BadInput("--user: name the login, as in --user admin")
    return {"username": options.user.strip()}


ORDERS: dict[str, Order] = {
    "reboot": Order(
        CommandKind.REBOOT, "Reboot {miner}? Mining stops for some minutes.", many=True
    ),
    "restart-mining": Order(
        CommandKind.RESTART_MINING,
        "Restart the mining program of {miner}? Mining stops for a minute or more.",
        many=True,
    ),
    "pause": Order(
        CommandKind.PAUSE, "Pause {miner}? Mining stops until you resume it.", many=True
    ),
    "resume": Order(CommandKind.RESUME, "Resume {miner}?", many=True),
    "locate": Order(
        CommandKind.LOCATE, arguments=lambda options: {"on": not options.off}, many=True
    ),
    "set-power": Order(
        CommandKind.SET_POWER, "Set the power target of {miner} to {watts} W?", _power, many=True
    ),
    "set-profile": Order(
        CommandKind.SET_PROFILE, "Set the profile of {miner} to {profile}?", _profile, many=True
    ),
    "set-frequency": Order(
        CommandKind.SET_FREQUENCY,
        "Set {clock} on {miner}? A wrong one can stop it, or harm its chips.",
        _clock,
        many=True,
    ),
    "set-pools": Order(
        CommandKind.SET_POOLS, "Set the pools of {miner} to {pools}?", _pools, many=True
    ),
    "set-network": Order(
        CommandKind.SET_NETWORK,
        "Set the network of {miner} to {how}? If that is wrong, nobody reaches it any more.",
        _network,
    ),
    "set-password": Order(
        CommandKind.SET_PASSWORD,
        "Change the password of {username} on {miner}? Mother keeps the new one and goes on "
        "with it; note it for yourself.",
        _login,
        secret="password",  # noqa: S106  # the argument's name
        many=True,
    ),
    "upgrade": Order(
        CommandKind.UPGRADE,
        "Install {image} on {miner}? It restarts, and a firmware that does not fit can break it.",
        lambda options: dict(upgrade_in(options.file, options.sha256, options.url)),
    ),
    "factory-reset": Order(
        CommandKind.FACTORY_RESET,
        "Reset {miner} to its factory settings? It loses its pools, its passwords and its network "
        "settings, and cannot be undone.",
    ),
    "power-off": Order(
        CommandKind.POWER_OFF,
        "Switch {miner} off? Only somebody who stands beside it can switch it on again.",
    ),
}


def order(errand: Errand) -> int:
    """Carry out the order that the command's name says; 0 when it is done."""
    options, what = errand.options, ORDERS[errand.options.command]
    scope = scope_in(options.miner) if what.many else ""
    if scope and not is_one(scope):
        return _order_many(errand, what, scope)
    miner = miner_in(options.miner)
    shown_for = _time_of(options)
    args = what.arguments(options)
    if what.question and not agreed(_question(what, miner, args), options.yes):
        return FAILED
    if what.secret:
        args[what.secret] = new_password()
    answer = _given(errand, what, miner, args)
    good = answer.result in herd.GOOD
    say(console_on(sys.stdout if good else sys.stderr), answer.text)
    if shown_for and answer.result == "done":
        answer = _switched_off(errand, what, miner, shown_for)
        good = answer.result in herd.GOOD
    return OK if good else FAILED


def _given(errand: Errand, what: Order, miner: str, args: dict[str, Any]) -> Result:
    body = {"miner": miner, "kind": what.kind.value, "args": args, "by": who()}
    body["despite_hold"] = errand.options.despite_hold
    try:
        with _spinning(f"{errand.options.command} {miner}"):
            return msgspec.convert(errand.ask("order", body, PATIENCE), Result)
    except KeyboardInterrupt:
        print("\nThe daemon may carry it out all the same: its log says so.", file=sys.stderr)
        raise


def _time_of(options: argparse.Namespace) -> float:
    """For how long a lamp shall shine; 0: until it is told otherwise."""
    text = getattr(options, "for_time", None)
    if text is None:
        return 0.0
    if options.off:
        raise BadInput("--for goes with the lamp on, and --off switches it off now")
    return seconds_in(text)


def _switched_off(errand: Errand, what: Order, miner: str, seconds: float) -> Result:
    """Wait, or until Ctrl-C, then switch the lamp off again."""
    say(console_on(sys.stdout), f"For {duration(seconds)}; Ctrl-C ends it sooner.")
    with suppress(KeyboardInterrupt):
        errand.pause(seconds)
    answer = _given(errand, what, miner, {"on": False})
    good = answer.result in herd.GOOD
    text = "It shows its light no more." if good else answer.text
    say(console_on(sys.stdout if good else sys.stderr), text)
    return answer


def _order_many(errand: Errand, what: Order, scope: str) -> int:
    """The same for all in a scope who would take it."""
    options = errand.options
    if _time_of(options):
        raise BadInput("--for is for one miner: switch several off again with --off")
    at_once, args = herd.at_once_in(options.at_once), what.arguments(options)
    chosen, left = herd.parted(herd.covered(errand, scope, what.kind.value), options.despite_hold)
    for why, count in left.most_common(5):
        print(f"{many(count, 'miner')} left out: {one_line(why)}", file=sys.stderr)
    if not chosen:
        print(f"Nobody in {scope} takes that order now: nothing was done.", file=sys.stderr)
        return FAILED
    question = _question(what, many(len(chosen), "miner"), args)
    if question and not herd.is_meant(len(chosen), question, options.yes):
        return FAILED
    if what.secret:
        args[what.secret] = new_password()

    def give(target: herd.Target) -> herd.Result:
        return _given_to(errand, what, target, args)

    with herd.Shown(len(chosen), options.command) as shown:
        try:
            outcome = herd.drive(chosen, give, at_once, errand.pause, shown.tell)
        except KeyboardInterrupt:
            print("\nNo more are told; those that were carry it out.", file=sys.stderr)
            raise
    return herd.summed(chosen, outcome, left, options.all)


def _given_to(
    errand: Errand, what: Order, target: herd.Target, args: dict[str, Any]
) -> herd.Result:
    """One of many; what goes wrong is its result."""
    body: dict[str, Any] = {"miner": target.mac, "kind": what.kind.value, "args": args}
    body |= {"by": who(), "despite_hold": errand.options.despite_hold, "in_turn": True}
    try:
        return msgspec.convert(errand.ask("order", body, PATIENCE), herd.Result)
    except Denied as error:
        return herd.Result("denied", str(error))
    except NoDaemon as error:
        return herd.Result("failed", str(error), last=True)
    except msgspec.ValidationError:
        return herd.Result("failed", "the daemon is of another version", last=True)


def _question(what: Order, miner: str, args: dict[str, Any]) -> str:
    words = {name: f"{value:g}" for name, value in args.items() if isinstance(value, float)}
    clock = (("frequency", "MHz"), ("voltage", "V"))
    said = {
        "how": _network_in_words(args),
        "image": args.get("path") or args.get("url"),
        "username": args.get("username"),
        "watts": words.get("watts"),
        "profile": " level ".join(filter(None, (args.get("profile"), args.get("level")))),
        "clock": " and ".join(f"{words[name]} {unit}" for name, unit in clock if name in words),
        "pools": ", ".join(f"{one['url']} as {one['username']}" for one in args.get("pools", ())),
    }
    return what.question.format(miner=miner, **said)


def _network_in_words(args: dict[str, Any]) -> str:
    if args.get("dhcp"):
        return "DHCP"
    return (
        f"{args.get('address')} / {args.get('netmask')}, gateway {args.get('gateway')}, "
        f"DNS {' and '.join(args.get('dns', ()))}"
    )


def new_password(what: str = "New password") -> str:
    """Asked twice without an echo, or a line of standard input where there is no terminal."""
    if sys.stdin.isatty():
        password = getpass.getpass(f"{what}: ")
        if getpass.getpass("The same again: ") != password:
            raise BadInput("the two passwords differ: nothing was changed")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise BadInput("there is no new password: type it, or write it to standard input")
    if len(password) > 200 or not password.isprintable():
        raise BadInput("the new password must be 1 to 200 printable letters")
    return password


def _spinning(text: str) -> AbstractContextManager[object]:
    """Something that moves on a terminal while the daemon works; nothing elsewhere."""
    console = Console(stderr=True)
    moving = console.is_terminal and not console.is_dumb_terminal
    return console.status(Text(text), spinner="line") if moving else nullcontext()


def accept(errand: Errand) -> int:
    """A board was taken out on purpose, or is there again."""
    boards = boards_in(errand.options.boards)
    body = {"miner": miner_in(errand.options.miner), "boards": boards, "by": who()}
    say(console_on(sys.stdout), errand.told("accept", body))
    return OK


def replace(errand: Errand) -> int:
    """Wishes and history move to a swapped control board."""
    old, new = miner_in(errand.options.old), miner_in(errand.options.new)
    if old.lower() == new.lower():
        raise BadInput(f"{old} and {new} are the same: name the old miner and the new one")
    say(console_on(sys.stdout), errand.told("replace", {"old": old, "new": new, "by": who()}))
    return OK
