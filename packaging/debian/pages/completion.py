"""The completion of bash for mother and mother-of-dragons: commands, options, words and files."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping

import parsers

from mother.config.options import BY_KEY
from mother.config.problems import ConfigError
from mother.terminal.manual import COMMANDS

_WORDS = re.compile(r"must be one of (.*), not")
_FILES = frozenset({"FILE", "PATH", "F"})

_FUNCTION = """\
# bash completion for mother; made from its own parsers.

_mother() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command=run begins=1
    if [[ $current == = ]]; then current=; fi
    if [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD - 2]}; fi
    if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} != -* ]]; then
        command=${COMP_WORDS[1]}
        begins=2
    fi
    COMPREPLY=()
    if ((COMP_CWORD == 1)) && [[ $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '@commands@' -- "$current")
        return
    fi

    # The value of an option.
    case $previous in
@values@
    esac

    # An option, or a word of the command.
    local words=
    case $command in
@options@
    esac
    if [[ $current != -* ]]; then
        words=
        if ((COMP_CWORD == begins)); then
            case $command in
@positions@
            esac
        fi
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _mother mother mother-of-dragons
"""


def script() -> str:
    """The whole script."""
    every = parsers.parsers()
    filled = {
        "commands": " ".join(dict.fromkeys([*COMMANDS, *every])),
        "values": "\n".join(_values(every)),
        "options": "\n".join(
            f"        {name}) words='{' '.join(_flags(parser))}' ;;"
            for name, parser in every.items()
        ),
        "positions": "\n".join(_positions(every)),
    }
    return re.sub(r"@(\w+)@", lambda found: filled[found[1]], _FUNCTION)


def _flags(parser: argparse.ArgumentParser) -> list[str]:
    shown = [*parsers.shown(parser._actions)]
    return [flag for action in shown for flag in parsers.names(action)] + ["--help"]


def _values(every: Mapping[str, argparse.ArgumentParser]) -> list[str]:
    """What follows an option that takes a value: words, files, or nothing that can be known."""
    kinds: dict[str, list[str]] = {"files": []}
    nothing: list[str] = []
    for parser in every.values():
        for action in parser._actions:
            value = parsers.value(action)
            if not value or not action.option_strings:
                continue
            words = " ".join(map(str, action.choices or _choices(action.dest)))
            into = nothing if not words else kinds.setdefault(words, [])
            into = kinds["files"] if value in _FILES else into
            into += [flag for flag in action.option_strings if flag not in into]
    lines = []
    for words, flags in kinds.items():
        offer = "-f" if words == "files" else f"-W '{words}'"
        reply = f'mapfile -t COMPREPLY < <(compgen {offer} -- "$current")'
        extra = "compopt -o filenames 2>/dev/null; " if words == "files" else ""
        lines.append(f"        {' | '.join(flags)}) {extra}{reply}; return ;;")
    known = {flag for flags in kinds.values() for flag in flags}
    rest = [flag for flag in nothing if flag not in known]
    return [*lines, f"        {' | '.join(rest)}) return ;;"]


def _choices(key: str) -> list[str]:
    """The words that an option takes, if it is one of a few."""
    if key not in BY_KEY:
        return []
    try:
        BY_KEY[key].kind.check("", key)
    except ConfigError as refused:
        found = _WORDS.search(refused.lines[0])
        return found[1].split(", ") if found else []
    return []


_OFFERED = {
    "SCOPE": "all model: rack: group:",
    "MINER|last": "last",
    "export|import": "export import",
}
"""What may stand where the help says this."""


def _positions(every: Mapping[str, argparse.ArgumentParser]) -> list[str]:
    """The first word of a command, where it is one of a few."""
    lines = [f"                help) words='{' '.join(every)}' ;;"]
    for name, parser in every.items():
        for action in parser._actions:
            if not action.option_strings:
                offered = _OFFERED.get(parsers.value(action))
                if offered:
                    lines.append(f"                {name}) words='{offered}' ;;")
                break
    return lines


if __name__ == "__main__":
    print(script(), end="")
