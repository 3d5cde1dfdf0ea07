"""`mother simulate --minercontrol`: what is asked for, and the gateway that serves it."""

from __future__ import annotations

import argparse
import ipaddress
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort

from mother.sim.device import FarmReactor
from mother.sim.farm import CannotServe
from mother.sim.minercontrol.state import Gateway, Trouble, Variant
from mother.sim.minercontrol.web import Doors, web_server
from mother.sim.plan import usable

HOST, PORT, MINERS = "127.0.0.1", 5000, 10
MOST_MINERS = 65_536

OPTION: dict[str, Any] = {
    "nargs": "?",
    "const": Variant.MESSAGE.value,
    "choices": [one.value for one in Variant],
    "metavar": "WORDS",
    "help": "serve no miners but a gateway of the Miner Control API with --miners behind it, on "
    f"{HOST} and --port (default {PORT}). WORDS is message (the default: tokens last a minute, "
    "401) or error (the other mock server: no end, no 401). --fault is then one of "
    f"{', '.join(Trouble)}",
}


class GatewayPlan(Struct, frozen=True):
    """What to simulate: `miners` are addresses, `port` 0 lets the system choose one."""

    miners: tuple[str, ...] = ()
    port: int = PORT
    variant: Variant = Variant.MESSAGE
    troubles: tuple[Trouble, ...] = ()


def plan_from(options: argparse.Namespace) -> GatewayPlan:
    """The plan; raises ValueError with one line that names the option and the cure."""
    if options.mix:
        raise ValueError(f"--mix {options.mix}: leave it out, or --minercontrol")
    count = MINERS if options.miners is None else options.miners
    try:
        hosts = usable(options.network)
    except ValueError:
        raise ValueError(f"--network {options.network}: no network, e.g. 127.77.0.0/16") from None
    if not 1 <= count <= min(len(hosts), MOST_MINERS):
        raise ValueError(
            f"--miners {count}: {options.network} has room for 1 to "
            f"{min(len(hosts), MOST_MINERS):,}: choose another number, or a larger --network"
        )
    port = PORT if options.port is None else options.port
    if not 1 <= port <= 65535:
        raise ValueError(f"--port {port}: choose a port from 1 to 65535, such as {PORT}")
    return GatewayPlan(
        miners=tuple(str(ipaddress.IPv4Address(number)) for number in hosts[:count]),
        port=port,
        variant=Variant(options.minercontrol),
        troubles=tuple(_trouble(kind) for kind in options.fault),
    )


def _trouble(kind: str) -> Trouble:
    try:
        return Trouble(kind)
    except ValueError:
        raise ValueError(
            f"--fault {kind}: a gateway can have one of {', '.join(Trouble)}"
        ) from None


class ServedGateway:
    """A gateway that listens from `start` to `stop`."""

    def __init__(self, plan: GatewayPlan, reactor: FarmReactor, now: Callable[[], float]) -> None:
        self.gateway = Gateway(now, plan.variant)
        for trouble in plan.troubles:
            self.gateway.suffer(trouble)
        self.doors: Doors = web_server(self.gateway, reactor)
        self.port = plan.port
        self._plan = plan
        self._reactor = reactor
        self._open: IListeningPort | None = None

    @property
    def url(self) -> str:
        """Where it is to be asked."""
        return f"http://{HOST}:{self.port}/api"

    async def start(self) -> None:
        """Listen; raises CannotServe."""
        try:
            self._open = self._reactor.listenTCP(self.port, self.doors, interface=HOST)
        except CannotListenError as error:
            says = f"{HOST}:{self.port} cannot be had: choose another --port"
            raise CannotServe(says) from error
        where: Any = self._open.getHost()
        self.port = where.port

    async def stop(self) -> None:
        """Close it, with every connection."""
        if self._open is not None:
            for connection in list(self.doors.protocols):
                connection.transport.abortConnection()
            closing, self._open = self._open.stopListening(), None
            if closing is not None:
                await closing

    def lines(self) -> list[str]:
        """What to put into a configuration file to mind them."""
        miners = self._plan.miners
        span = miners[0] if len(miners) == 1 else f"{miners[0]}-{miners[-1]}"
        return ["[[minercontrol]]", f'url = "{self.url}"', f'miners = ["{span}"]']
