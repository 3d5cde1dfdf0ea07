"""`mother simulate` and `mother demo`: simulated miners, alone or minded by the daemon."""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from twisted.internet.epollreactor import EPollReactor

from mother.announcing import announce
from mother.app import Daemon
from mother.config.flags import build_parser
from mother.config.load import Source
from mother.config.options import MOTHER
from mother.core.clock import Now, hasten, steady
from mother.core.loop import Loop
from mother.core.ports import MOST_OFFSET
from mother.net.limits import raise_file_limit
from mother.sim.device import SimDevice
from mother.sim.families import FAMILIES
from mother.sim.farm import Farm
from mother.sim.faults import Fault
from mother.sim.minercontrol.serving import OPTION as MINERCONTROL
from mother.sim.minercontrol.serving import ServedGateway
from mother.sim.minercontrol.serving import plan_from as gateway_plan
from mother.sim.mix import daemon_words, open_files
from mother.sim.options import add_arguments as add_sim_arguments
from mother.sim.options import plan_from
from mother.sim.plan import WEB, FarmPlan
from mother.terminal import logs, manual
from mother.terminal.demo import EVERY_FAMILY, Screen, Story, free_port, minding, wishing
from mother.terminal.parsing import loaded
from mother.terminal.process import BAD_INPUT, Served, explained, on_hangup, serve
from mother.terminal.starting import daemon_of

MIX = "dragonmint=8,antminer=6,whatsminer=5,avalon=3,axeos=2"
"""The farm of the demo: 24 miners."""

FRESH, FRESH_DRAGONS = 8.0, 2
"""How many nobody has set up yet: percent of a farm of one family; or miners of a mixed one.

Not the first one, to which the story comes first.
"""


def simulate(words: Sequence[str], program: str, reactor: EPollReactor) -> int:
    """`mother simulate`."""
    parser = argparse.ArgumentParser(
        f"{program} simulate", description=manual.SIMULATE, epilog=manual.EXIT_CODES
    )
    add_sim_arguments(parser, mixed=True)
    parser.add_argument("--minercontrol", **MINERCONTROL)
    _add_speed(parser, 1.0)
    options = parser.parse_args(list(words))
    if options.minercontrol is not None:
        return _gateway(options, reactor)
    plan = _plan(options)
    if plan is None or not _enough_files(plan):
        return BAD_INPUT
    farm = Farm(plan, reactor, _time(reactor, options.speed))

    async def start() -> None:
        await farm.start()
        for line in farm.lines():
            print(line)
        if plan.mix:
            print(f"{program} run {daemon_words(plan)}")
        print("ready", flush=True)

    logs.begin(logs.TextLog(sys.stderr))
    return explained(serve(reactor, start, farm.stop))


def _gateway(options: argparse.Namespace, reactor: EPollReactor) -> int:
    """`mother simulate --minercontrol`."""
    try:
        _check_time(options)
        plan = gateway_plan(options)
    except ValueError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    served = ServedGateway(plan, reactor, _time(reactor, options.speed))

    async def start() -> None:
        await served.start()
        for line in served.lines():
            print(line)
        print("ready", flush=True)

    logs.begin(logs.TextLog(sys.stderr))
    return explained(serve(reactor, start, served.stop))


def demo(words: Sequence[str], program: str, reactor: EPollReactor) -> int:
    """`mother demo`."""
    options = _demo_parser(program).parse_args(list(words))
    _mixed(options)
    options.port = _port() if options.port is None else options.port
    plan = _plan(options)
    if plan is None:
        return BAD_INPUT
    now = _time(reactor, options.speed)
    farm = Farm(plan, reactor, now)
    for dragon in farm.dragons[1 : 1 + options.fresh_dragons]:
        dragon.factory_fresh()
    console = Console()
    plain = options.plain or not console.is_terminal or console.is_dumb_terminal
    held = logs.Held()
    with ExitStack() as cleanup:
        folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="mother-demo-"))
        config = loaded(Source(_demo_options(farm, options, folder), MOTHER, environ={}))
        if config is None:
            return BAD_INPUT
        logs.begin(
            logs.TextLog(sys.stdout, now, lambda: reactor.callFromThread(_hang_up))
            if plain
            else held
        )
        daemon = daemon_of(config, reactor, now, patience=options.speed)
        if daemon is None:
            return BAD_INPUT
        screen = None
        if plain:
            announce(config)
        else:
            screen = cleanup.enter_context(Screen(daemon, options.speed, console))
        served = _mind(farm, daemon, screen, options, reactor)
    for line in held.lines:
        print(line, file=sys.stderr)
    return explained(served)


def _plan(options: argparse.Namespace) -> FarmPlan | None:
    try:
        _check_time(options)
        return plan_from(options)
    except ValueError as error:
        print(error, file=sys.stderr)
        return None


def _check_time(options: argparse.Namespace) -> None:
    if not 0 < options.speed <= 1000:
        raise ValueError(f"--speed {options.speed:g}: a number above 0, up to 1000")
    seconds = getattr(options, "for_seconds", None)
    if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(f"--for {seconds:g}: a number of seconds above 0")


def _enough_files(plan: FarmPlan) -> bool:
    """Whether so many listeners can be had; where not, that has been said."""
    needed, limit = open_files(plan, FAMILIES), raise_file_limit()
    if needed > limit:
        print(
            f"{'--mix' if plan.mix else '--miners'}: {plan.total:,} miners need {needed:,} open "
            f"files, and this process may have {limit:,}: simulate fewer, or raise the limit "
            f"(ulimit -n {needed}; LimitNOFILE= of a systemd unit)",
            file=sys.stderr,
        )
    return needed <= limit


def _time(reactor: EPollReactor, speed: float) -> Now:
    return steady(reactor) if speed == 1 else hasten(reactor, speed)


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
    parser.add_argument(
        "--miners", type=int, metavar="N", help="so many DragonMints (default: 24 of all families)"
    )
    parser.add_argument("--port", type=int, help="TCP port of all of them (default: a free one)")
    parser.set_defaults(factory_fresh=None)
    _add_speed(parser, 60.0)
    return parser


def _demo_options(farm: Farm, options: argparse.Namespace, folder: str) -> argparse.Namespace:
    hosts = [device.host for device in farm.devices]
    mixed = bool(options.mix)
    port = f"--port-offset={options.port - WEB}" if mixed else f"--dragon-port={options.port}"
    words = minding(hosts, port, options.speed, folder, scattered=options.scatter)
    words += wishing([dragon.pools for dragon in farm.dragons])
    if mixed:
        path = Path(folder, "mother.toml")
        path.write_text(EVERY_FAMILY)
        words.append(f"--config={path}")
    return build_parser("run", MOTHER, "").parse_args(words, env_vars={})


def _mixed(options: argparse.Namespace) -> None:
    """Without a number of miners the farm has all families, of which DragonMints are fresh."""
    options.mix = "" if options.miners is not None else MIX
    if options.factory_fresh is None:
        options.factory_fresh = FRESH if not options.mix else 0.0
        options.fresh_dragons = FRESH_DRAGONS if options.mix else 0
    else:
        options.fresh_dragons = 0


def _mind(
    farm: Farm,
    daemon: Daemon,
    screen: Screen | None,
    options: argparse.Namespace,
    reactor: EPollReactor,
) -> Served[None]:
    """Serve the farm and mind it until a signal, or for so many seconds."""
    painting = None if screen is None else Loop(screen, lambda: options.speed / 2, reactor)

    async def start() -> None:
        await farm.start()
        await daemon.start()
        if painting is not None:
            painting.start()
        if not options.fault and not options.faulty:
            Story(farm.devices, reactor, _able).begin()
        if options.for_seconds is not None:
            reactor.callLater(options.for_seconds * options.speed, _hang_up)

    async def stop() -> None:
        if painting is not None:
            await painting.stop()
        await daemon.stop()
        await farm.stop()

    on_hangup(reactor, _hang_up)
    return serve(reactor, start, stop)


def _port() -> int:
    """A free port that leaves room above it for the other services."""
    return next(port for port in iter(free_port, 0) if port <= WEB + MOST_OFFSET)


def _able(device: SimDevice, fault: str) -> bool:
    return FAMILIES[device.family].knows(Fault(fault))


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
