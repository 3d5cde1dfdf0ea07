"""One command that talks to the running daemon: what it has to go by, and who asks."""

from __future__ import annotations

import argparse
import os
import pwd
import sys
import time
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from mother.config.model import Config
from mother.control.client import PATIENCE, Denied, ask
from mother.terminal.arguments import BadInput
from mother.terminal.logs import one_line

PlanNow = Callable[[argparse.Namespace, str], tuple[Mapping[str, Any] | None, int]]
"""Scan once and plan, without a daemon: the plan, or None, and the exit code if it is None."""

NOT_KNOWN = 404
"""The daemon's refusal where nothing goes by the name it was given."""


class Said(Struct, frozen=True):
    """An answer that is a sentence."""

    text: str


class Errand(Struct, frozen=True):
    """`options` as parsed, the configuration they make, and the name that was called.

    `pause` waits between two looks at the progress.
    """

    options: argparse.Namespace
    config: Config
    program: str
    plan_now: PlanNow
    pause: Callable[[float], None] = time.sleep

    @property
    def socket(self) -> Path:
        """Where the daemon listens."""
        return Path(self.config.control_socket)

    def ask(
        self, call: str, body: Mapping[str, Any] | None = None, patience: float = PATIENCE
    ) -> dict[str, Any]:
        """Ask the daemon. Raises NoDaemon and Denied."""
        return ask(self.socket, call, body, patience)

    def told(self, call: str, body: Mapping[str, Any]) -> str:
        """The same where the answer is a sentence."""
        return msgspec.convert(self.ask(call, body), Said).text


def naming(work: Callable[[Errand], int]) -> Callable[[Errand], int]:
    """A command for which a name that the daemon does not know is bad input."""

    @wraps(work)
    def run(errand: Errand) -> int:
        try:
            return work(errand)
        except Denied as error:
            if error.status != NOT_KNOWN:
                raise
            raise BadInput(one_line(str(error))) from None

    return run


def who() -> str:
    """The user who asks, by the name the system knows; never fails."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


def agreed(question: str, yes: bool) -> bool:
    """Whether the person wants it, asked once; the default is no.

    Raises BadInput where there is nobody to ask and `yes` was not given.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise BadInput("there is no terminal to ask on: add --yes to do it without a question")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        print(file=sys.stderr)
    if answer.strip().lower() in {"y", "yes"}:
        return True
    print("Nothing was done.", file=sys.stderr)
    return False


def as_json(value: object) -> str:
    """For machines: indented, with a line feed at the end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def many(count: int, noun: str) -> str:
    """`1 miner`, `2 miners`, `1,200 changes`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
