"""The options as flags and environment variables; the help they print is the manual."""

from __future__ import annotations

import argparse
import os
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import configargparse

from mother.config.options import OPTIONS, PREDECESSOR, Option
from mother.config.problems import unknown

FILE = "Configuration file"
BAD_OPTIONS = 2
"""The exit code."""

_BELOW = re.compile(r"-[.]?[0-9]")

PRECEDENCE = (
    "The [[miners]] and [[configs]] blocks of the file speak first for the miners they name; then "
    "count, in this order, flag, environment variable, file, default."
)


class Parser(configargparse.ArgumentParser):  # type: ignore[misc]  # configargparse has no types
    """Reads flags and environment. Values stay texts: the whole is checked with the file.

    The namespace tells in `from_environment` which names came from a variable. An empty
    variable counts as not set.
    """

    def parse_args(
        self,
        args: Sequence[str] | None = None,
        namespace: argparse.Namespace | None = None,
        *,
        env_vars: Mapping[str, str] | None = None,
    ) -> argparse.Namespace:
        """The namespace; prints and exits on --help and on flags that do not exist."""
        given = os.environ if env_vars is None else env_vars
        variables = {name: text for name, text in given.items() if text != ""}
        found: argparse.Namespace
        words = None if args is None else self._paired(args)
        found, rest = self.parse_known_args(words, namespace, env_vars=variables)
        if rest:
            self._refuse(rest)
        settings: dict[str, Any] = self.get_source_to_settings_dict().get(
            "environment_variables", {}
        )
        found.from_environment = frozenset(action.dest for action, _ in settings.values())
        return found

    def error(self, message: str) -> NoReturn:
        """One line with the place and the cure; exits."""
        line = _plain(" ".join(message.split()))
        print(f"{self.prog}: {line} (see --help)", file=sys.stderr)
        raise SystemExit(BAD_OPTIONS)

    def _paired(self, args: Sequence[str]) -> list[str]:
        """The words; a number below nothing is no flag, but the value of the one before it."""
        takes = {
            flag
            for action in self._actions
            for flag in action.option_strings
            if action.nargs is None and flag.startswith("--")
        }
        words: list[str] = []
        for word in args:
            if words and words[-1] in takes and _BELOW.match(word):
                words[-1] += f"={word}"
            else:
                words.append(word)
        return words

    def _refuse(self, rest: list[str]) -> NoReturn:
        """Name the flags that do not exist, without their values, which may hold secrets."""
        known = [flag for action in self._actions for flag in action.option_strings]
        flags = [word.partition("=")[0] for word in rest if word.startswith("-")]
        if not flags:
            self.error("there is a word too many; options begin with --")
        long = [flag for flag in known if flag.startswith("--")]
        self.error("; ".join(f"{flag}: {_near(flag, long)}" for flag in flags))


def _plain(message: str) -> str:
    """What argparse says, in our words; a value that a switch was given may be a secret."""
    line = message.removeprefix("argument ")
    required = "the following arguments are required: "
    if line.startswith(required):
        return f"{line.removeprefix(required)}: missing"
    place, colon, what = line.partition(": ")
    if what == "expected one argument":
        return f"{place}: its value is missing"
    if colon and what.startswith("ignored explicit argument"):
        return f"{place}: it takes no value"
    return line


def _near(flag: str, known: list[str]) -> str:
    found = unknown(flag, known)
    return found if "did you mean" in found else "unknown"


class _Help(argparse.HelpFormatter):
    """Keeps names such as mother-of-dragons whole."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)


def build_parser(command: str, prog: str, description: str, epilog: str = "") -> Parser:
    """The parser of one command: `mother scan --network ...`, and `mother --network ...` for run.

    `prog` is the name the program was called by: its defaults are shown.
    """
    name = f"{prog} {command}".strip()
    parser = Parser(
        prog=name,
        usage=f"{name} [options]",
        description=description,
        epilog=f"{PRECEDENCE} {epilog}".strip(),
        add_config_file_help=False,
        add_env_var_help=False,
        allow_abbrev=False,
        formatter_class=_Help,
    )
    add_arguments(parser, prog)
    return parser


def add_arguments(parser: Any, program: str = "mother") -> None:
    """Add all options, in groups, to a configargparse parser."""
    groups: dict[str, Any] = {}
    _add_file_arguments(parser.add_argument_group(FILE), program)
    for option in OPTIONS:
        if option.group not in groups:
            groups[option.group] = parser.add_argument_group(option.group)
        if option.has_flag:
            _add(groups[option.group], option, program)
    for name, group in groups.items():
        flagless = [o for o in OPTIONS if o.group == name and not o.has_flag]
        group.description = " ".join(_flagless(option, program) for option in flagless) or None


def _add_file_arguments(group: Any, program: str) -> None:
    default = "config.toml, if there is one" if program == PREDECESSOR else "none"
    group.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        env_var="MOTHER_CONFIG",
        help="File with options, read again on SIGHUP: our TOML, or the TOML or JSON file of "
        f"mother-of-dragons 0.2.9 as it is. (default: {default}; env: MOTHER_CONFIG)",
    )
    group.add_argument(
        "--print-config-toml",
        action="store_true",
        help="Print a file with every option explained, and exit.",
    )
    group.add_argument(
        "--print-config-json",
        action="store_true",
        help="Print the same as JSON, which has no room for explanations, and exit.",
    )


def _add(group: Any, option: Option, program: str) -> None:
    text = f"{option.help} (default: {option.default_text(program)}; env: {option.env})"
    how: dict[str, Any] = {"metavar": option.kind.metavar}
    if option.kind.switch:
        how = {"action": argparse.BooleanOptionalAction}
    elif option.kind.many:
        how["action"] = "append"
    group.add_argument(
        option.flag,
        dest=option.key,
        default=None,
        env_var=option.env,
        help=text.replace("%", "%%"),
        **how,
    )


def _flagless(option: Option, program: str) -> str:
    default = option.default_text(program)
    return f"{option.env}: {option.help} (default: {default})"
