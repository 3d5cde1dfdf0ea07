"""What `--help` says: the commands, the exit codes, the way in."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable

EXIT_CODES = (
    "Exit codes: 0 done, 1 failed, 2 bad options or configuration (nothing was changed), "
    "130 interrupted."
)

COMMANDS = {
    "run": "find, measure and heal the miners on your networks (also without the word run)",
    "scan": "look once and print a table of what was found; --json for machines",
    "check-config": "say everything that is wrong with options, environment and file",
    "status": "the farm as the running daemon sees it; --json for machines",
    "clear": "let the running daemon heal a miner again that was left for a human",
    "simulate": "serve simulated miners on loopback addresses",
    "demo": "a simulated farm with faults and the daemon that minds it, live",
    "help": "this page, or the page of one command: help scan",
}

RUN = (
    "Find the miners on your networks, measure them into statsd, and heal them. Writes nothing "
    "to any miner unless --dragon-health-reboot is given. SIGHUP reads the file again, SIGTERM "
    "and Ctrl-C end it within 5 seconds."
)
SCAN = "Scan the networks once and show every miner found. Nothing is written to a miner."
CHECK = "Check flags, environment and configuration file, say every problem, change nothing."
STATUS = (
    "Show the farm as the daemon sees it that runs on this machine with the same control "
    "socket: call it in the same directory, or with the same options."
)
CLEAR = (
    "After two reboots that did not cure it, a miner is left for a human. Once it is looked "
    "after, this lets the running daemon reboot it again; pauses and limits stay."
)
SIMULATE = (
    "Serve simulated DragonMint miners on loopback addresses, one address each; no root needed. "
    "Prints a line per miner (address:port, family, MAC, fault) and then 'ready'; ends on "
    "SIGTERM or Ctrl-C. Mind it with: mother run --network 127.77.0.0/24 --dragon-port 8080"
)
DEMO = (
    "A simulated farm and the daemon that minds it, with a live table. Nothing to configure, no "
    "root; Ctrl-C ends it. Unless you name faults, one sets in after the other: a dead board "
    "that a reboot cures, a hot one, a miner that vanishes, one that hangs."
)


def overview(program: str) -> str:
    """The first page: what there is, and how to begin."""
    width = max(map(len, COMMANDS)) + 2
    lines = []
    for name, says in COMMANDS.items():
        hang = " " * (width + 2)
        lines += textwrap.wrap(f"  {name:<{width}}{says}", 78, subsequent_indent=hang)
    return "\n".join(
        [
            f"usage: {program} [command] [options]",
            "",
            "mother finds the miners on your networks, measures them and heals them.",
            "",
            "Commands:",
            *lines,
            "",
            "To begin with:",
            f"  {program} demo",
            f"  {program} scan --network 10.1.0.0/22",
            f"  {program} run --network 10.1.0.0/22 --statsd-host localhost",
            "",
            f"`{program} COMMAND --help` explains a command.",
            "The options of run follow, each with its default and its environment variable.",
            "",
            "",
        ]
    )


def no_such_command(program: str, word: str, known: Iterable[str]) -> str:
    """One line, with the nearest command there is."""
    words = list(known)
    near = difflib.get_close_matches(word, words, n=1)
    meant = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(words)}"
    return f"{program}: there is no command '{word}'; {meant}"
