"""All that a driver is handed to reach devices."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from mother.core.ports import Ports
from mother.net.http import Http
from mother.net.jsonline import Lines


class Wire(Struct, frozen=True):
    """`timeout` is asked for the seconds of each exchange, `ports` for where devices listen.

    `now` is the wall clock in Unix seconds, for what devices date.
    """

    http: Http
    lines: Lines
    timeout: Callable[[], float]
    ports: Callable[[], Ports]
    now: Callable[[], float]
