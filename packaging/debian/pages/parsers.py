"""The parser of every command, as `mother COMMAND --help` makes it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import NoReturn

from mother.cli import COMMANDS

PROGRAM = "mother"


class _Made(Exception):
    def __init__(self, parser: argparse.ArgumentParser) -> None:
        super().__init__()
        self.parser = parser


def parser_of(command: str) -> argparse.ArgumentParser:
    """The parser of one command, complete: caught where it would print its help."""

    def caught(parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        raise _Made(parser)

    prints = argparse.ArgumentParser.print_help
    argparse.ArgumentParser.print_help = caught  # type: ignore[assignment,method-assign]  # put back
    try:
        COMMANDS[command](["--help"], PROGRAM)
    except _Made as made:
        return made.parser
    finally:
        argparse.ArgumentParser.print_help = prints  # type: ignore[method-assign]  # as it was
    raise AssertionError(f"{command} has no --help")


def parsers() -> dict[str, argparse.ArgumentParser]:
    """All of them by command, in the order of the table."""
    return {command: parser_of(command) for command in COMMANDS}


def shown(actions: Iterable[argparse.Action]) -> list[argparse.Action]:
    """The actions that a page explains, --help left out."""
    return [a for a in actions if a.help != argparse.SUPPRESS and a.dest != "help"]


def names(action: argparse.Action) -> list[str]:
    """The flags of an option, or none for a word."""
    return list(action.option_strings)


def value(action: argparse.Action) -> str:
    """What stands for the value of an option or a word; empty for a switch."""
    if action.nargs == 0 or isinstance(action, argparse.BooleanOptionalAction):
        return ""
    if action.metavar is not None:
        return action.metavar if isinstance(action.metavar, str) else " ".join(action.metavar)
    return action.dest.upper() if action.option_strings else action.dest
