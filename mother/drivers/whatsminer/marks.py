"""By what an address shows that it is a Whatsminer: pure (reference P; recordings)."""

from __future__ import annotations

from mother.core.model import Address
from mother.drivers.base import Traces
from mother.drivers.marks import words

NAMES = (b"BTMINER", b"BITMICRO", b"WHATSMINER")


def claims(traces: Traces) -> Address | None:
    """At its third port where that answers, else at cgminer's."""
    ports = traces.ports
    if not (_named(traces) or _flat(traces) or _sent_away(traces) or _third_alone(traces)):
        return None
    for port in (ports.whatsminer, ports.cgminer):
        if port in traces.open:
            return Address(traces.host, port)
    return None


def _named(traces: Traces) -> bool:
    said = traces.said.upper() + words(traces).encode()
    return any(name in said for name in NAMES)


def _flat(traces: Traces) -> bool:
    """Its own shape: a letter as STATUS, and Code, Msg and When beside it."""
    version = traces.version
    letter = version.get("STATUS")
    return isinstance(letter, str) and {"Code", "Msg", "When"} <= set(version)


def _sent_away(traces: Traces) -> bool:
    """Its page sends everybody to LuCI by https, and it named itself no other miner."""
    return (
        traces.status == 307
        and not traces.version
        and (b"/cgi-bin/luci" in traces.page or "/cgi-bin/luci" in traces.location)
    )


def _third_alone(traces: Traces) -> bool:
    """Port 4433 answers, and nothing else says what it is."""
    return traces.ports.whatsminer in traces.open and not (traces.version or traces.status)
