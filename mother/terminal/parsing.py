"""From words to checked options: what the commands share."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence

from mother.config.flags import Parser, build_parser
from mother.config.load import ConfigError, Source
from mother.config.model import Config
from mother.config.places import SERVICE_SOCKET
from mother.config.sample import asked_for
from mother.terminal import manual
from mother.terminal.pages import Page
from mother.terminal.process import NOTHING_NAMED, OK

FINDS_THE_DAEMON = frozenset({"config", "control_socket", "state_file"})
"""The options that tell where the daemon listens; all others are taken, and not explained."""


class _Paged(argparse.HelpFormatter):
    """Keeps paragraphs and examples as they are written, and names whole."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        del indent
        wrapped = (
            part if part.startswith("  ") else textwrap.fill(part, width, break_on_hyphens=False)
            for part in text.splitlines()
        )
        return "\n".join(wrapped)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)


def parser_for(command: str, program: str, description: str, words: str = "") -> Parser:
    """The parser of a command that takes all options, each explained."""
    parser = build_parser(command, program, description, manual.EXIT_CODES)
    if words:
        parser.usage = f"{program} {command} {words} [options]"
    return parser


def desk_parser(command: str, program: str, page: Page) -> Parser:
    """The parser of a command at the desk: its page explains what it needs."""
    parser = parser_for(command, program, "", page.words)
    parser.formatter_class = _Paged
    examples = "\n".join(f"  {program} {words}" for words in page.examples)
    parser.description = f"{page.does}\n\nExamples:\n{examples}"
    parser.epilog = page.codes
    if not page.alone:
        parser.epilog = (
            "The daemon is found by its control socket: call this in the daemon's directory, or "
            "with the daemon's options, all of which are taken (see "
            f"{program} run --help). Without either it is that of the service, {SERVICE_SOCKET}, "
            f"for which you may need sudo. {page.codes}"
        )
    _hide(parser)
    if "--dry-run" in page.does:
        _tell_dry_run(parser)
    return parser


def _tell_dry_run(parser: Parser) -> None:
    """List it among the command's own options, in few words."""
    for group in parser._action_groups:
        for action in [one for one in group._group_actions if one.dest == "dry_run"]:
            action.help = "only show what would be done"
            group._group_actions.remove(action)
            parser._optionals._group_actions.append(action)


def _hide(parser: Parser) -> None:
    """Leave the options of the daemon out of the page."""
    for action in parser._actions:
        if action.dest not in {*FINDS_THE_DAEMON, "help"}:
            action.help = argparse.SUPPRESS
    for group in parser._action_groups:
        group.description = None


def parsed(parser: Parser, words: Sequence[str], program: str) -> argparse.Namespace:
    """The options; prints a file and exits where that was asked for."""
    options = parser.parse_args(list(words))
    if page := asked_for(options, program):
        print(page, end="")
        raise SystemExit(OK)
    return options


def network_named(options: argparse.Namespace, program: str) -> int:
    """Whether there is something to scan (or something wrong, of which `run` speaks)."""
    source = Source(options, program, secrets=False)
    try:
        config = source.load()
    except ConfigError:
        return OK
    if config.networks or config.gateways:
        return OK
    print(
        f"{source.path or program}: no network is named yet, so there is nothing to mind. "
        'Run `sudo mother init`, or name yours there, e.g. network = ["10.1.0.0/22"]; then: '
        "sudo systemctl start mother"
    )
    return NOTHING_NAMED


def loaded(source: Source) -> Config | None:
    """The configuration, or None after its problems were printed."""
    try:
        return source.load()
    except ConfigError as error:
        for line in error.lines:
            print(line, file=sys.stderr)
        return None
