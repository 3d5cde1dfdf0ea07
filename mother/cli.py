"""The command line: argv to configuration to reactor; the only module that names the reactor."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import cast

from rich.console import Console
from twisted.internet import reactor as global_reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.logger import Logger
from twisted.python.failure import Failure

from mother import __version__
from mother.app import Daemon, Finder
from mother.config.flags import build_parser
from mother.config.load import ConfigError, Source, print_toml
from mother.config.model import Config
from mother.core.clock import Now, hasten, steady
from mother.core.loop import Loop
from mother.fleet.files import Files
from mother.fleet.memory import FileMemory, MemoryRefused
from mother.sim.farm import CannotServe, Farm
from mother.sim.options import add_arguments as add_sim_arguments
from mother.sim.options import plan_from
from mother.sim.plan import FarmPlan
from mother.terminal import logs
from mother.terminal.demo import Screen
from mother.terminal.scanning import scan

PROGRAM = "mother"
PREDECESSOR = "mother-of-dragons"

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
EXIT_CODES = (
    "Exit codes: 0 done, 1 failed, 2 bad options or configuration (nothing was changed), "
    "130 interrupted."
)

log = Logger()
reactor = cast(EPollReactor, global_reactor)


def main(argv: Sequence[str] | None = None, program: str = PROGRAM) -> int:
    """Run one command; the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] == "--version":
        print(f"mother {__version__}")
        return OK
    command = "run"
    if words and not words[0].startswith("-"):
        command = words.pop(0)
    if command not in COMMANDS:
        known = ", ".join(COMMANDS)
        print(f"{program}: there is no command '{command}'; there are {known}", file=sys.stderr)
        return BAD_INPUT
    try:
        return COMMANDS[command](words, program)
    except BrokenPipeError:
        sys.stderr.close()
        return OK


def main_as_mother_of_dragons() -> int:
    """The same program under its predecessor's name, with that one's defaults."""
    return main(program=PREDECESSOR)


# commands


def run(words: Sequence[str], program: str) -> int:
    """`mother run`, and `mother` with options only."""
    parser = build_parser("run", program, RUN_HELP, EXIT_CODES)
    options = parser.parse_args(list(words))
    if options.print_config_toml:
        print(print_toml(program), end="")
        return OK
    source = Source(options, program, require_network=True)
    config = _load(source)
    if config is None:
        return BAD_INPUT
    now = steady(reactor)
    logs.begin(sys.stderr)
    daemon = _daemon(config, now)
    if daemon is None:
        return BAD_INPUT
    _announce(config)
    _reload_on_sighup(daemon, source)
    return _serve(daemon.start, daemon.stop)


def scan_once(words: Sequence[str], program: str) -> int:
    """`mother scan`."""
    parser = build_parser("scan", program, SCAN_HELP, EXIT_CODES)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args(list(words))
    config = _load(Source(options, program, require_network=True))
    if config is None:
        return BAD_INPUT
    now = steady(reactor)
    memory = FileMemory(Path(config.state_file), Files(reactor), reactor, now)
    finder = Finder(config, reactor, now, memory)
    return _once(lambda: scan(finder, reactor, options.json, sys.stdout.write))


def check_config(words: Sequence[str], program: str) -> int:
    """`mother check-config`."""
    parser = build_parser("check-config", program, CHECK_HELP, EXIT_CODES)
    source = Source(parser.parse_args(list(words)), program)
    config = _load(source)
    if config is None:
        return BAD_INPUT
    for note in config.notes:
        print(f"note: {note}")
    networks = ", ".join(config.networks) or "no network yet: --network is needed to run"
    print(f"{source.path or 'The configuration'} is fine ({networks}).")
    return OK


def simulate(words: Sequence[str], program: str) -> int:
    """`mother simulate`."""
    parser = argparse.ArgumentParser(f"{program} simulate", description=SIMULATE_HELP)
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

    logs.begin(sys.stderr)
    return _serve(start, farm.stop)


def demo(words: Sequence[str], program: str) -> int:
    """`mother demo`."""
    options = _demo_parser(program).parse_args(list(words))
    plan = _plan(options)
    if plan is None:
        return BAD_INPUT
    now = _time(options.speed)
    farm = Farm(plan, reactor, now)
    console = Console()
    plain = options.plain or not console.is_terminal
    with ExitStack() as cleanup:
        folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="mother-demo-"))
        config = _load(Source(_demo_options(farm, options, folder), PROGRAM, environ={}))
        if config is None:
            return BAD_INPUT
        if plain:
            logs.begin(sys.stdout)
        daemon = _daemon(config, now)
        if daemon is None:
            return BAD_INPUT
        services: list[Callable[[], Awaitable[None]]] = [daemon.stop, farm.stop]
        if not plain:
            screen = cleanup.enter_context(Screen(daemon, options.speed, console))
            painting = Loop(screen, lambda: options.speed / 2, reactor)
            services.insert(0, painting.stop)

        async def start() -> None:
            await farm.start()
            await daemon.start()
            if not plain:
                painting.start()
            if options.for_seconds is not None:
                reactor.callLater(options.for_seconds * options.speed, reactor.stop)

        return _serve(start, *services)


# the parts of commands


def _load(source: Source) -> Config | None:
    """The configuration, or None after its problems were printed."""
    try:
        return source.load()
    except ConfigError as error:
        for line in error.lines:
            print(line, file=sys.stderr)
        return None


def _plan(options: argparse.Namespace) -> FarmPlan | None:
    try:
        if not 0 < options.speed <= 1000:
            raise ValueError(f"--speed {options.speed:g}: a number above 0, up to 1000")
        return plan_from(options)
    except ValueError as error:
        print(error, file=sys.stderr)
        return None


def _time(speed: float) -> Now:
    return steady(reactor) if speed == 1 else hasten(reactor, speed)


def _daemon(config: Config, now: Now) -> Daemon | None:
    """The daemon with its memory loaded, or None after it was said why not."""
    files = Files(reactor)
    memory = FileMemory(Path(config.state_file), files, reactor, now)
    try:
        memory.load()
    except MemoryRefused as error:
        print(error, file=sys.stderr)
        return None
    return Daemon(config, reactor, now, memory, files)


def _announce(config: Config) -> None:
    log.info("mother {version} minds {networks}", version=__version__, networks=_list(config))
    if config.dry_run:
        log.info("dry run: everything is read, nothing is written to a device")
    for note in config.notes:
        log.warn("{note}", note=note)


def _list(config: Config) -> str:
    return ", ".join(config.networks)


def _reload_on_sighup(daemon: Daemon, source: Source) -> None:
    def reload() -> None:
        try:
            config = source.load()
        except ConfigError as error:
            for line in error.lines:
                log.error("{line}", line=line)
            log.error("The new configuration is not used; the old one stays in force.")
        else:
            daemon.reload(config)

    def on_signal(*_: object) -> None:
        reactor.callFromThread(reload)

    signal.signal(signal.SIGHUP, on_signal)


def _serve(start: Callable[[], Awaitable[None]], *stops: Callable[[], Awaitable[None]]) -> int:
    """Run the reactor until a signal; the exit code."""
    codes: list[int] = []

    async def begin() -> None:
        await start()

    async def end() -> None:
        for stop in stops:
            await stop()

    def failed(failure: Failure) -> None:
        codes.append(FAILED)
        if failure.check(CannotServe):
            print(failure.getErrorMessage(), file=sys.stderr)
        else:
            log.failure("mother could not start", failure=failure)
        reactor.stop()

    def launch() -> None:
        Deferred.fromCoroutine(begin()).addErrback(failed)

    reactor.addSystemEventTrigger("before", "shutdown", lambda: Deferred.fromCoroutine(end()))
    reactor.callWhenRunning(launch)
    reactor.run()
    return codes[0] if codes else OK


def _once(job: Callable[[], Awaitable[None]]) -> int:
    """Run the reactor for one job; the exit code."""
    codes: list[int] = []
    running: list[Deferred[None]] = []

    async def body() -> None:
        await job()

    def ended(result: object) -> None:
        if not isinstance(result, Failure):
            codes.append(OK)
        elif result.check(CancelledError):
            codes.append(INTERRUPTED)
        else:
            codes.append(FAILED)
            print(f"the scan failed: {result.getErrorMessage()}", file=sys.stderr)
        if reactor.running:
            reactor.callLater(0, _stop)

    def launch() -> None:
        running.append(Deferred.fromCoroutine(body()))
        running[0].addBoth(ended)

    def interrupt() -> None:
        for work in running:
            work.cancel()

    reactor.addSystemEventTrigger("before", "shutdown", interrupt)
    reactor.callWhenRunning(launch)
    reactor.run()
    return codes[0] if codes else INTERRUPTED


def _stop() -> None:
    if reactor.running:
        reactor.stop()


def _add_speed(parser: argparse.ArgumentParser, default: float) -> None:
    parser.add_argument(
        "--speed",
        type=float,
        default=default,
        metavar="N",
        help="let time run N times faster (default %(default)g)",
    )


def _demo_parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(f"{program} demo", description=DEMO_HELP)
    parser.add_argument(
        "--for",
        dest="for_seconds",
        type=float,
        metavar="SECONDS",
        help="end after so many seconds (default: at Ctrl-C)",
    )
    parser.add_argument("--plain", action="store_true", help="print the log instead of a table")
    add_sim_arguments(parser)
    _add_speed(parser, 20.0)
    parser.set_defaults(miners=24, faulty=15.0)
    return parser


def _demo_options(farm: Farm, options: argparse.Namespace, folder: str) -> argparse.Namespace:
    """The daemon's own options for minding the simulated farm."""
    hosts = sorted({device.host for device in farm.devices}, key=_by_number)
    seconds = options.speed
    words = [
        f"--network={hosts[0]}-{hosts[-1]}",
        f"--dragon-port={options.port}",
        "--allow-large-network",
        "--scan-interval=300",
        f"--scan-timeout={10 * seconds}",
        f"--dragon-timeout={5 * seconds}",
        f"--connect-timeout={2.5 * seconds}",
        "--scan-rate=0",
        "--dragon-health-reboot",
        "--dragon-health-check-interval=60",
        f"--inventory-file={folder}/inventory.json",
    ]
    parser = build_parser("run", PROGRAM, "")
    return parser.parse_args(words, env_vars={})


def _by_number(host: str) -> tuple[int, ...]:
    return tuple(int(part) for part in host.split("."))


RUN_HELP = (
    "Find the miners on your networks, measure them into statsd, and heal them. "
    "Commands: run (also when only options are given), scan (one look, as a table), "
    "check-config, simulate (a farm on loopback addresses), demo (a simulated farm and the "
    "daemon minding it); each has its own --help."
)
SCAN_HELP = "Scan the networks once and show every miner found. Nothing is written to a device."
CHECK_HELP = "Check flags, environment and configuration file, say every problem, change nothing."
SIMULATE_HELP = (
    "Serve simulated DragonMint miners on loopback addresses, one address each; no root needed. "
    "Prints a line per miner and then 'ready'; ends on SIGTERM or Ctrl-C. Mind it with: "
    "mother run --network 127.77.0.0/24 --dragon-port 8080"
)
DEMO_HELP = (
    "A simulated farm with some faults and the daemon that minds it, with a live table. "
    "Nothing to configure, no root; Ctrl-C ends it."
)

COMMANDS: dict[str, Callable[[Sequence[str], str], int]] = {
    "run": run,
    "scan": scan_once,
    "check-config": check_config,
    "simulate": simulate,
    "demo": demo,
}
