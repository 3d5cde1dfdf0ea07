"""The IP-report button of a Whatsminer: one datagram to UDP port 8888.

UNDOCUMENTED: the maker publishes no format, and no recording exists yet. By what is generally
known, the text is `IP:10.1.0.7MAC:AA:BB:CC:DD:EE:FF`, with or without something between and
behind.
"""

from __future__ import annotations

import re

from mother.drivers.ipreport import HOST, MAC, Report, reported

PORT = 8888
MAKER = "MicroBT"

_SHAPE = re.compile(rf"\bIP\s*[:=]\s*{HOST}[\s,;]*MAC\s*[:=]\s*{MAC}(?![0-9A-Fa-f])", re.IGNORECASE)


def parse(data: bytes, host: str) -> Report | None:
    """Whose button it was; None for any other datagram. `host` is who sent it. Pure."""
    return reported(data, _SHAPE, host, MAKER)
