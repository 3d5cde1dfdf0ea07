"""The command line: argv to configuration to reactor; the only module that names the reactor."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from twisted.internet import reactor as global_reactor
from twisted.internet.epollreactor import EPollReactor
from twisted.logger import Logger

from mother import __version__
from mother.announcing import announce
from mother.app import Daemon
from mother.config.load import ConfigError, Source
from mother.config.model import Config
from mother.core.clock import Now, steady
from mother.finder import Finder, plan_once
from mother.fleet.files import Files
from mother.fleet.memory import FileMemory, MemoryRefused
from mother.host.manager import Manager
from mother.simulating import demo, simulate
from mother.terminal import commands, initial, logs, manual, recording, waking
from mother.terminal.formats import log_for
from mother.terminal.minding import Minding, stacks_on_abort
from mother.terminal.notifying import notify
from mother.terminal.parsing import loaded, network_named, parsed, parser_for
from mother.terminal.process import (
    BAD_INPUT,
    INTERRUPTED,
    OK,
    explained,
    forgiving_streams,
    on_hangup,
    once,
    serve,
)
from mother.terminal.scanning import as_json, scan, show, watched
from mother.terminal.starting import daemon_of

PROGRAM = "mother"
PREDECESSOR = "mother-of-dragons"

Command = Callable[[Sequence[str], str], int]
"""Runs with its words and the name of the program; the exit code."""

log = Logger()
reactor = cast(EPollReactor, global_reactor)


def main(argv: Sequence[str] | None = None, program: str = PROGRAM) -> int:
    """Run one command; the exit code."""
    forgiving_streams()
    try:
        try:
            return _command(list(sys.argv[1:] if argv is None else argv), program)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        return OK
    except KeyboardInterrupt:
        return INTERRUPTED


def main_as_mother_of_dragons() -> int:
    """The same program under its predecessor's name, with that one's defaults."""
    return main(program=PREDECESSOR)


def _command(words: list[str], program: str) -> int:
    if words == ["--version"]:
        print(f"mother {__version__}")
        return OK
    if words in (["help"], ["--help"], ["-h"]):
        print(
            manual.overview(program) + parser_for("run", program, manual.RUN).format_help(), end=""
        )
        return OK
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    command = words.pop(0) if words and not words[0].startswith("-") else "run"
    if command not in COMMANDS:
        print(manual.no_such_command(program, command, manual.COMMANDS), file=sys.stderr)
        return BAD_INPUT
    return COMMANDS[command](words, program)


# commands


def run(words: Sequence[str], program: str) -> int:
    """`mother run`, and `mother` with options only."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to read again
    options = parsed(parser_for("run", program, manual.RUN), words, program)
    source = Source(options, program, require_network=True)
    config = loaded(source)
    if config is None:
        return BAD_INPUT
    now = steady(reactor)
    logs.begin(log_for(config.log_format, sys.stderr, os.environ))
    stacks_on_abort()
    daemon = daemon_of(config, reactor, now)
    if daemon is None:
        return BAD_INPUT
    announce(config)
    gc.set_threshold(
        20_000, 20, 20
    )  # answers make much garbage and hardly a cycle: 10 % of the CPU
    minding = Minding(daemon, Manager(os.environ), reactor)
    on_hangup(reactor, lambda: minding.reload(lambda: _reload(daemon, source)))
    served = serve(reactor, minding.start, minding.stop)
    log.info("mother has stopped.")
    return explained(served)


def scan_once(words: Sequence[str], program: str) -> int:
    """`mother scan`."""
    parser = parser_for("scan", program, manual.SCAN)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parsed(parser, words, program)
    config = loaded(Source(options, program, require_network=True))
    if config is None:
        return BAD_INPUT
    finder, _ = _finder(config, steady(reactor))
    served = once(reactor, lambda: scan(finder, reactor), finder.close)
    if served.result is None:
        return explained(served)
    if options.json:
        sys.stdout.write(as_json(served.result))
    else:
        show(served.result, sys.stdout)
    return served.code


def check_config(words: Sequence[str], program: str) -> int:
    """`mother check-config`."""
    parser = parser_for("check-config", program, manual.CHECK)
    parser.add_argument("--network-named", action="store_true", help=manual.NETWORK_NAMED)
    options = parsed(parser, words, program)
    if options.network_named:
        return network_named(options, program)
    source = Source(options, program)
    config = loaded(source)
    if config is None:
        return BAD_INPUT
    for note in config.notes:
        print(f"note: {note}")
    behind = sum(len(one.miners) for one in config.gateways)
    where = [*config.networks, *([f"{behind} miners behind gateways"] if behind else [])]
    networks = ", ".join(where) or "no network yet: --network is needed to run"
    print(f"{source.path or 'The configuration'} is fine ({networks}).")
    return OK


def at_the_desk(name: str) -> Command:
    """A command that talks to the running daemon: those of `terminal.commands`."""
    return lambda words, program: commands.perform(name, words, program, plan_now)


def resume(words: Sequence[str], program: str) -> int:
    """`mother resume`: of the daemon, or without one."""
    if "--offline" in words and not {"--help", "-h"} & set(words):
        return waking.offline(words, program, reactor)
    return commands.perform("resume", words, program, plan_now)


def plan_now(options: argparse.Namespace, program: str) -> tuple[Mapping[str, Any] | None, int]:
    """One scan and the plan it makes, or None after it was said why not; and the exit code."""
    config = loaded(Source(options, program, require_network=True))
    if config is None:
        return None, BAD_INPUT
    finder, memory = _finder(config, steady(reactor))
    try:
        memory.peek()
    except MemoryRefused as error:
        print(error, file=sys.stderr)
        return None, BAD_INPUT
    served = once(reactor, lambda: watched(finder, reactor, plan_once), finder.close)
    return served.result, served.code if served.result is not None else explained(served)


# the parts of commands


def _finder(config: Config, now: Now) -> tuple[Finder, FileMemory]:
    """What looks once, and its memory, which keeps nothing."""
    memory = FileMemory(Path(config.state_file), Files(reactor), reactor, now)
    return Finder(config, reactor, now, memory), memory


def _reload(daemon: Daemon, source: Source) -> bool:
    """Whether there is a new configuration to go by; what is wrong with it is said."""
    try:
        config = source.load()
    except ConfigError as error:
        for line in error.lines:
            log.error("{line}", line=line)
        log.error("The new configuration is not used; the old one stays in force.")
        return False
    daemon.reload(config)
    return True


def simulated(run: Callable[[Sequence[str], str, EPollReactor], int]) -> Command:
    """A command that runs the reactor itself, with the reactor."""
    return lambda words, program: run(words, program, reactor)


COMMANDS: dict[str, Command] = {
    "run": run,
    "scan": scan_once,
    "init": simulated(initial.init),
    "check-config": check_config,
    "notify": notify,
    "record": simulated(recording.record),
    "simulate": simulated(simulate),
    "demo": simulated(demo),
    **{name: at_the_desk(name) for name in commands.DESK},
    "resume": resume,
}
