"""Orders by hand: one miner, one deed, one question, one sentence of what came of it."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.text import Text

from mother.core.model import CommandKind
from mother.terminal.arguments import BadInput, boards_in, miner_in, static_in, upgrade_in
from mother.terminal.errand import Errand, agreed, who
from mother.terminal.process import FAILED, OK
from mother.terminal.table import console_on, say

PATIENCE = 300.0
"""Seconds that an order may take: an upgrade is a download, an upload and a check."""

GOOD = frozenset({"done", "dry-run"})

Arguments = Callable[[argparse.Namespace], dict[str, Any]]


class Result(Struct, frozen=True):
    """What came of an order: done, dry-run, denied or failed, and a sentence."""

    result: str
    text: str


class Order(Struct, frozen=True):
    """An order by hand: its kind, the arguments it makes of the options, and its question.

    `question` has room for the miner and the arguments; empty where it needs none. `secret`
    is asked for after the question, and becomes the argument of that name.
    """

    kind: CommandKind
    question: str = ""
    arguments: Arguments = lambda _: {}
    secret: str = ""


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
    "reboot": Order(CommandKind.REBOOT, "Reboot {miner}? It stops hashing for some minutes."),
    "locate": Order(CommandKind.LOCATE, arguments=lambda options: {"on": not options.off}),
    "set-network": Order(
        CommandKind.SET_NETWORK,
        "Set the network of {miner} to {how}? If that is wrong, nobody reaches it any more.",
        _network,
    ),
    "set-password": Order(
        CommandKind.SET_PASSWORD,
        "Change the password of {username} on {miner}? It must be among your credentials "
        "already, or mother could not log in any more.",
        _login,
        secret="password",  # noqa: S106  # the argument's name
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
    miner = miner_in(options.miner)
    args = what.arguments(options)
    if what.question and not agreed(_question(what, miner, args), options.yes):
        return FAILED
    if what.secret:
        args[what.secret] = new_password()
    body = {"miner": miner, "kind": what.kind.value, "args": args, "by": who()}
    body["despite_hold"] = options.despite_hold
    try:
        with _spinning(f"{options.command} {miner}"):
            answer = msgspec.convert(errand.ask("order", body, PATIENCE), Result)
    except KeyboardInterrupt:
        print("\nThe daemon may carry it out all the same: its log says so.", file=sys.stderr)
        raise
    good = answer.result in GOOD
    say(console_on(sys.stdout if good else sys.stderr), answer.text)
    return OK if good else FAILED


def _question(what: Order, miner: str, args: dict[str, Any]) -> str:
    how = "DHCP"
    if not args.get("dhcp"):
        how = (
            f"{args.get('address')} / {args.get('netmask')}, gateway {args.get('gateway')}, "
            f"DNS {' and '.join(args.get('dns', ()))}"
        )
    image = args.get("path") or args.get("url")
    return what.question.format(miner=miner, how=how, image=image, username=args.get("username"))


def new_password() -> str:
    """Asked twice without an echo, or a line of standard input where there is no terminal."""
    if sys.stdin.isatty():
        password = getpass.getpass("New password: ")
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
