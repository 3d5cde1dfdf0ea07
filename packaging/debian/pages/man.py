"""The man page mother(1), made from the parsers and the table of options."""

from __future__ import annotations

import argparse
import os
import re
import textwrap
import time
from collections.abc import Iterator

import parsers

from mother import __version__
from mother.config.flags import PRECEDENCE
from mother.config.options import OPTIONS
from mother.terminal import manual

FILES = {
    "/etc/mother/mother.toml": "the configuration of the service; mother init writes it",
    "/var/lib/mother/": "state of the service: the miners that were found, health timers, counts "
    "of reboots, holds, curtailments and, in reports, what became of them",
    "/var/lib/mother/sleepers.jsonl": "who was put to sleep by mother; mother resume --offline "
    "wakes them from it",
    "/var/cache/mother/": "firmware that was downloaded",
    "/run/mother/mother.sock": "control socket of the service; commands that talk to the daemon "
    "use it where they find no ./mother.sock and no option names another",
    "/lib/systemd/system/mother.service": "the service; systemctl edit mother changes it",
}
DAEMON = (
    "Commands that talk to the running daemon find it by its control socket: the service's by "
    "themselves, another in the directory it was started in, or with the same --config, "
    "--state-file or --control-socket."
)
SIGNALS = {
    "SIGHUP": "Read the configuration again. Where it is wrong, the old one stays in force and the "
    "log says why. systemctl reload mother sends it.",
    "SIGTERM, SIGINT": "End within 5 seconds. The miners go on as they are: who sleeps goes on "
    "sleeping.",
}
VARIABLES = {
    "MOTHER_CONFIG": "The configuration file; --config speaks before it.",
    "MOTHER_...": "Every option has a variable, named beside it above. An empty one counts as not "
    "set.",
    "STATE_DIRECTORY, CACHE_DIRECTORY, RUNTIME_DIRECTORY": "Set by systemd. Where no option names "
    "the inventory and state file, the directory for firmware and the control socket, they lie "
    "there.",
    "NO_COLOR": "No colours on a terminal.",
}
EXAMPLES = {
    "A simulated farm with faults, minded live:": "mother demo",
    "Look once what is there:": "mother scan --network 10.1.0.0/22",
    "Set up the service and begin:": "sudo mother init\nsudo systemctl start mother",
    "What would be changed, and why:": "mother plan",
    "What the time plans want in the next 48 hours:": "mother schedule -c mother.toml",
    "Draw no more than 500 kW for two hours:": 'mother curtail --to 500kW --for 2h --why "grid"',
}


def page(day: str) -> str:
    """The whole page in the language of man."""
    return "\n".join(_page(day)) + "\n"


def _page(day: str) -> Iterator[str]:
    every = parsers.parsers()
    common = {action.dest for action in every["run"]._actions}
    yield f'.TH MOTHER 1 "{day}" "mother {__version__}" "mother"'
    yield from _section(
        "NAME", ["mother, mother\\-of\\-dragons \\- minds farms of cryptocurrency miners"]
    )
    yield from _section("SYNOPSIS", ["\\fBmother\\fR [\\fIcommand\\fR] [\\fIoptions\\fR]"])
    yield from _section("DESCRIPTION", _said(manual.RUN))
    yield from _said(
        "Called as mother-of-dragons it has the defaults of that program, whose configuration file "
        "it reads."
    )
    yield ".SH COMMANDS"
    yield from _said(DAEMON)
    for title, part in manual.SECTIONS.items():
        yield f".SS {_text(title)}"
        for name in part:
            yield from _command(name, part[name], every.get(name), common)
    yield ".SH OPTIONS"
    yield from _said(f"All commands that need a configuration take these. {PRECEDENCE}")
    yield from _options(every["run"])
    yield from _table("SIGNALS", SIGNALS)
    yield from _section(
        "EXIT STATUS", _said(f"{manual.EXIT_CODES} Commands that have more name them above.")
    )
    yield from _table("ENVIRONMENT", VARIABLES)
    yield from _table("FILES", FILES)
    yield ".SH EXAMPLES"
    for says, words in EXAMPLES.items():
        yield from [".PP", _text(says), *_verbatim(words.splitlines())]
    yield from _section(
        "SEE ALSO", ["\\fBsystemctl\\fR(1), \\fBjournalctl\\fR(1), /usr/share/doc/mother/"]
    )


def _section(title: str, lines: list[str] | Iterator[str]) -> Iterator[str]:
    yield f".SH {title}"
    yield from lines


def _table(title: str, rows: dict[str, str]) -> Iterator[str]:
    yield f".SH {title}"
    for name, says in rows.items():
        yield from [".TP", f"\\fB{_text(name)}\\fR", _text(says)]


def _command(
    name: str, says: str, parser: argparse.ArgumentParser | None, common: set[str]
) -> Iterator[str]:
    """A command with what it does, the words and options that only it has, and its exit codes."""
    if parser is None:
        yield from [".TP", f"\\fBmother {_text(name)}\\fR", _text(says)]
        return
    own = [
        action
        for action in parsers.shown(parser._actions)
        if action.dest not in common or name in {"simulate", "demo"}
    ]
    words = (parser.usage or f"{parser.prog} [options]").removeprefix("mother ")
    yield from [".TP", f"\\fBmother {_text(words)}\\fR"]
    yield from _said(parser.description or says)
    for action in own:
        yield from _option(action, parser, deeper=True)
    codes = re.search(r"Exit codes:.*", parser.epilog or "", re.DOTALL)
    if codes and codes[0] != manual.EXIT_CODES:
        yield from [".IP", *_said(codes[0])]


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for group in parser._action_groups:
        actions = parsers.shown(group._group_actions)
        if not actions or group.title in {"options", "positional arguments"}:
            continue
        yield f".SS {_text(group.title or '')}"
        if group.description:
            yield from _said(group.description)
        for action in actions:
            yield from _option(action, parser)
    restart = ", ".join(option.flag for option in OPTIONS if option.needs_restart)
    yield from [".PP", *_said(f"A change of these needs a restart: {restart}.")]


def _option(
    action: argparse.Action, parser: argparse.ArgumentParser, deeper: bool = False
) -> Iterator[str]:
    value = parsers.value(action)
    shown = f" \\fI{_text(value)}\\fR" if value else ""
    flags = [f"\\fB{_text(name)}\\fR{shown}" for name in parsers.names(action)]
    name = ", ".join(flags) or f"\\fI{_text(value)}\\fR"
    says = parser._get_formatter()._expand_help(action) if action.help else ""
    if deeper:
        yield ".RS"
    yield from [".TP", name, _text(says) or "\\&"]
    if deeper:
        yield ".RE"


def _said(text: str) -> Iterator[str]:
    """Paragraphs and indented examples."""
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("  "):
            block.append(line)
            continue
        if block:
            yield from _verbatim(textwrap.dedent("\n".join(block)).splitlines())
            block = []
        yield _text(line) if line else ".sp"


def _verbatim(lines: list[str]) -> Iterator[str]:
    yield from [".EX", *(f"  {_text(line)}" for line in lines), ".EE"]


def _text(text: str) -> str:
    """Plain text as man wants it."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + escaped if escaped[:1] in {".", "'"} else escaped


if __name__ == "__main__":
    made = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
    print(page(time.strftime("%Y-%m-%d", time.gmtime(made))), end="")
