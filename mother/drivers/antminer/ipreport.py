"""The IP-report button of an Antminer: one datagram to UDP port 14235.

UNDOCUMENTED: the maker publishes no format, and no recording exists yet. By what is generally
known, the text is `10.1.0.7,AA:BB:CC:DD:EE:FF`; some firmware puts more round the address.
"""

from __future__ import annotations

import re

from mother.drivers.ipreport import HOST, MAC, Report, reported

PORT = 14235
MAKER = "Bitmain"

_SHAPE = re.compile(
    rf"(?<![0-9.]){HOST}(?:/[0-9]{{1,2}})?[\]\"']*\s*,\s*[\[\"']*{MAC}(?![0-9A-Fa-f])"
)


def parse(data: bytes, host: str) -> Report | None:
    """Whose button it was; None for any other datagram. `host` is who sent it. Pure."""
    return reported(data, _SHAPE, host, MAKER)
