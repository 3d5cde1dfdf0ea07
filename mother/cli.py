"""The command line: argv to configuration to reactor; the only module that names the reactor."""

from __future__ import annotations

import argparse
import gc
import math
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from twisted.internet import reactor as global_reactor
from twisted.internet.epollreactor import EPollReactor
from twisted.logger import Logger

from mother import __version__
from mother.app import Daemon, announce
from mother.config.flags import build_parser
from mother.config.load import ConfigError, Source
from mother.config.model import Config
from mother.core.clock import Now, hasten, steady
from mother.core.loop import Loop
from mother.finder import Finder, plan_once
from mother.fleet.files import Files
from mother.fleet.memory import FileMemory, MemoryRefused
from mother.sim.farm import CannotServe, Farm
from mother.sim.options import add_arguments as add_sim_arguments
from mother.sim.options import plan_from
from mother.sim.plan import FarmPlan
from mother.terminal import asking, commands, logs, manual
from mother.terminal.demo import Screen, Story, free_port, minding, wishing
from mother.terminal.parsing import loaded, parsed, parser_for
from mother.terminal.process import (
    BAD_INPUT,
    INTERRUPTED,
    OK,
    Served,
    forgiving_streams,
    on_hangup,
    once,
    serve,
)
from mother.terminal.scanning import as_json, scan, show, watched

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
    logs.begin(logs.TextLog(sys.stderr))
    daemon = _daemon(config, now)
    if daemon is None:
        return BAD_INPUT
    announce(config)
    gc.set_threshold(
        20_000, 20, 20
    )  # answers make much garbage and hardly a cycle: 10 % of the CPU
    on_hangup(reactor, lambda: _reload(daemon, source))
    served = serve(reactor, daemon.start, daemon.stop)
    log.info("mother has stopped.")
    return _explained(served)


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
        return _explained(served)
    if options.json:
        sys.stdout.write(as_json(served.result))
    else:
        show(served.result, sys.stdout)
    return served.code


def check_config(words: Sequence[str], program: str) -> int:
    """`mother check-config`."""
    parser = parser_for("check-config", program, manual.CHECK)
    source = Source(parsed(parser, words, program), program)
    config = loaded(source)
    if config is None:
        return BAD_INPUT
    for note in config.notes:
        print(f"note: {note}")
    networks = ", ".join(config.networks) or "no network yet: --network is needed to run"
    print(f"{source.path or 'The configuration'} is fine ({networks}).")
    return OK


def at_the_desk(name: str) -> Command:
    """A command that talks to the running daemon: those of `terminal.commands`."""
    return lambda words, program: commands.perform(name, words, program, plan_now)


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
    return served.result, served.code if served.result is not None else _explained(served)


def simulate(words: Sequence[str], program: str) -> int:
    """`mother simulate`."""
    parser = argparse.ArgumentParser(
        f"{program} simulate", description=manual.SIMULATE, epilog=manual.EXIT_CODES
    )
    add_sim_arguments(parser)
    _add_speed(parser, 1.0)
    options = parser.parse_args(list(words))
    plan = _plan(options)
    if plan is None:
        return BAD_INPUT
    farm = Farm(plan, reactor, _time(options.speed))

    async def start() -> None:
        await farm.start()
        for line in farm.lines():
            print(line)
        print("ready", flush=True)

    logs.begin(logs.TextLog(sys.stderr))
    return _explained(serve(reactor, start, farm.stop))


def demo(words: Sequence[str], program: str) -> int:
    """`mother demo`."""
    options = _demo_parser(program).parse_args(list(words))
    options.port = free_port() if options.port is None else options.port
    plan = _plan(options)
    if plan is None:
        return BAD_INPUT
    now = _time(options.speed)
    farm = Farm(plan, reactor, now)
    console = Console()
    plain = options.plain or not console.is_terminal or console.is_dumb_terminal
    held = logs.Held()
    with ExitStack() as cleanup:
        folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="mother-demo-"))
        config = loaded(Source(_demo_options(farm, options, folder), PROGRAM, environ={}))
        if config is None:
            return BAD_INPUT
        logs.begin(
            logs.TextLog(sys.stdout, now, lambda: reactor.callFromThread(_hang_up))
            if plain
            else held
        )
        daemon = _daemon(config, now, patience=options.speed)
        if daemon is None:
            return BAD_INPUT
        screen = None
        if plain:
            announce(config)
        else:
            screen = cleanup.enter_context(Screen(daemon, options.speed, console))
        served = _mind(farm, daemon, screen, options)
    for line in held.lines:
        print(line, file=sys.stderr)
    return _explained(served)


# the parts of commands


def _finder(config: Config, now: Now) -> tuple[Finder, FileMemory]:
    """What looks once, and its memory, which keeps nothing."""
    memory = FileMemory(Path(config.state_file), Files(reactor), reactor, now)
    return Finder(config, reactor, now, memory), memory


def _plan(options: argparse.Namespace) -> FarmPlan | None:
    try:
        if not 0 < options.speed <= 1000:
            raise ValueError(f"--speed {options.speed:g}: a number above 0, up to 1000")
        seconds = getattr(options, "for_seconds", None)
        if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
            raise ValueError(f"--for {seconds:g}: a number of seconds above 0")
        return plan_from(options)
    except ValueError as error:
        print(error, file=sys.stderr)
        return None


def _time(speed: float) -> Now:
    return steady(reactor) if speed == 1 else hasten(reactor, speed)


def _daemon(config: Config, now: Now, patience: float = 1.0) -> Daemon | None:
    """The daemon with its memory loaded, or None after it was said why not."""
    if asking.is_served(Path(config.control_socket)):
        return None
    files = Files(reactor)
    memory = FileMemory(Path(config.state_file), files, reactor, now)
    try:
        memory.load()
    except MemoryRefused as error:
        print(error, file=sys.stderr)
        return None
    return Daemon(config, reactor, now, memory, files, patience)


def _reload(daemon: Daemon, source: Source) -> None:
    try:
        config = source.load()
    except ConfigError as error:
        for line in error.lines:
            log.error("{line}", line=line)
        log.error("The new configuration is not used; the old one stays in force.")
    else:
        daemon.reload(config)


def _explained(served: Served[Any]) -> int:
    """The exit code, after it was said what went wrong."""
    error = served.error
    if isinstance(error, BrokenPipeError):
        raise error
    if isinstance(error, (CannotServe, OSError)):
        print(error, file=sys.stderr)
    elif error is not None:
        print(f"mother failed: {error!r}", file=sys.stderr)
    return served.code


# the demo


def _demo_parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        f"{program} demo",
        description=manual.DEMO,
        epilog=manual.EXIT_CODES,
        conflict_handler="resolve",
    )
    parser.add_argument(
        "--for",
        dest="for_seconds",
        type=float,
        metavar="SECONDS",
        help="end after so many seconds (default: at Ctrl-C)",
    )
    parser.add_argument("--plain", action="store_true", help="print the log instead of a table")
    add_sim_arguments(parser)
    parser.add_argument("--miners", type=int, default=24, metavar="N", help="how many (default 24)")
    parser.add_argument("--port", type=int, help="TCP port of all of them (default: a free one)")
    parser.set_defaults(factory_fresh=8.0)
    _add_speed(parser, 60.0)
    return parser


def _demo_options(farm: Farm, options: argparse.Namespace, folder: str) -> argparse.Namespace:
    hosts = [device.host for device in farm.devices]
    words = minding(hosts, options.port, options.speed, folder, scattered=options.scatter)
    words += wishing([device.pools for device in farm.devices])
    return build_parser("run", PROGRAM, "").parse_args(words, env_vars={})


def _mind(
    farm: Farm, daemon: Daemon, screen: Screen | None, options: argparse.Namespace
) -> Served[None]:
    """Serve the farm and mind it until a signal, or for so many seconds."""
    painting = None if screen is None else Loop(screen, lambda: options.speed / 2, reactor)

    async def start() -> None:
        await farm.start()
        await daemon.start()
        if painting is not None:
            painting.start()
        if not options.fault and not options.faulty:
            Story(farm.devices, reactor).begin()
        if options.for_seconds is not None:
            reactor.callLater(options.for_seconds * options.speed, _hang_up)

    async def stop() -> None:
        if painting is not None:
            await painting.stop()
        await daemon.stop()
        await farm.stop()

    on_hangup(reactor, _hang_up)
    return serve(reactor, start, stop)


def _hang_up() -> None:
    """End like at a signal."""
    os.kill(os.getpid(), signal.SIGTERM)


def _add_speed(parser: argparse.ArgumentParser, default: float) -> None:
    parser.add_argument(
        "--speed",
        type=float,
        default=default,
        metavar="N",
        help="let time run N times faster (default %(default)g)",
    )


COMMANDS: dict[str, Command] = {
    "run": run,
    "scan": scan_once,
    "check-config": check_config,
    "simulate": simulate,
    "demo": demo,
    **{name: at_the_desk(name) for name in commands.DESK},
}
