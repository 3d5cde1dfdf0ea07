"""What goes into `PATCH /api/system`, which keeps what is not named: pure.

ValueError, in a sentence without secrets, for what no device could take; Declined for what this
one does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from mother.core.errors import Declined
from mother.core.model import ConfiguredPool
from mother.core.units import finite
from mother.drivers.axeos import models, parse

MOST_POOLS = 2
LONGEST = 255
"""Bytes that the firmware's own fields hold."""

FREQUENCY = (50.0, 1200.0)
VOLTAGE = (0.8, 1.6)
"""MHz and V: no chip of the family runs outside."""

SECURE, PLAIN = "stratum+ssl", "stratum+tcp"

_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})")

Form = dict[str, Any]


def check_pools(wanted: Sequence[ConfiguredPool]) -> None:
    """Raises ValueError for pools that no device could take."""
    if not 1 <= len(wanted) <= MOST_POOLS:
        raise ValueError(f"it takes one pool and one fallback, not {len(wanted)}")
    for place, pool in enumerate(wanted, 1):
        endpoint(pool.url, place)
        for name, value in (("user", pool.user), ("password", pool.password or "x")):
            if not value.strip() or len(value.encode("utf-8", "replace")) > LONGEST:
                raise ValueError(f"the {name} of pool {place} is empty or too long")


def pools(wanted: Sequence[ConfiguredPool], info: Mapping[str, Any]) -> Form:
    """What must change of `info`, so that it has these pools: the second is the fallback.

    Without a second one the fallback's host is emptied. A password is sent where one is named:
    the device never tells the one it has.
    """
    form: Form = {}
    for index, prefix in enumerate(parse.PREFIXES):
        if index < len(wanted):
            form |= _pool(wanted[index], index + 1, prefix, info)
        elif parse.text(info, parse.slot(prefix, "URL")):
            form[parse.slot(prefix, "URL")] = ""
    return form


def _pool(pool: ConfiguredPool, place: int, prefix: str, info: Mapping[str, Any]) -> Form:
    host, port, secure = endpoint(pool.url, place)
    form: Form = {}
    if parse.pool_url(info, prefix) != pool.url:
        form = {parse.slot(prefix, "URL"): host, parse.slot(prefix, "Port"): port}
    if secure or form:
        form |= _security(secure, place, parse.slot(prefix, "TLS"), info)
    if parse.text(info, parse.slot(prefix, "User")) != pool.user:
        form[parse.slot(prefix, "User")] = pool.user
    if pool.password is not None:
        form[parse.slot(prefix, "Password")] = pool.password
    return form


def _security(secure: bool, place: int, field: str, info: Mapping[str, Any]) -> Form:
    """TLS on or off, where it is not so already; firmware that has no such field knows no TLS."""
    told = parse.number(info, field)
    if told is None:
        if secure:
            raise Declined(f"pool {place} wants TLS, which its firmware does not know")
        return {}
    return {} if (told > 0) is secure else {field: int(secure)}


def endpoint(url: str, place: int) -> tuple[str, int, bool]:
    """`stratum+tcp://host:3333` as host, port, and whether it is to use TLS. Raises ValueError."""
    wrong = f"pool {place} is no {PLAIN}://host:port or {SECURE}://host:port"
    try:
        parts = urlsplit(url)
        host, port = parts.netloc.rpartition(":")[0], parts.port
    except ValueError:
        raise ValueError(wrong) from None
    known = parts.scheme in (SECURE, PLAIN) and _HOST.fullmatch(host)
    if not (known and port) or url != f"{parts.scheme}://{host}:{port}":
        raise ValueError(wrong)
    return host, port, parts.scheme == SECURE


def check_clock(args: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """`frequency` in MHz and `voltage` in V, of which either may miss. Raises ValueError."""
    frequency = _within(args, "frequency", "MHz", FREQUENCY)
    voltage = _within(args, "voltage", "V", VOLTAGE)
    if frequency is None and voltage is None:
        raise ValueError("the order gives neither a frequency nor a voltage")
    return frequency, voltage


def clock(args: Mapping[str, Any], info: Mapping[str, Any], asic: Mapping[str, Any]) -> Form:
    """The same as the device wants them: MHz and mV.

    Bounded by what the device's own menu offers, or that of its chip where it does not tell.
    """
    frequency, voltage = check_clock(args)
    chip = models.chip_of(parse.text(info, "ASICModel"))
    form: Form = {}
    if frequency is not None:
        menu = parse.span(asic, "frequencyOptions") or chip.frequency
        bounded = _bounded(frequency, menu, "MHz")
        form["frequency"] = int(bounded) if bounded.is_integer() else bounded
    if voltage is not None:
        menu = parse.span(asic, "voltageOptions", 1000.0) or chip.voltage
        form["coreVoltage"] = round(_bounded(voltage, menu, "V") * 1000)
    return form


def _within(
    args: Mapping[str, Any], name: str, unit: str, bounds: tuple[float, float]
) -> float | None:
    value = args.get(name)
    if value is None:
        return None
    known, (low, high) = finite(value), bounds
    if known is None or not low <= known <= high:
        raise ValueError(f"the {name} must be within {low:g} and {high:g} {unit}")
    return known


def _bounded(value: float, menu: tuple[float, float], unit: str) -> float:
    low, high = menu
    if not low - 1e-9 <= value <= high + 1e-9:
        raise Declined(
            f"{value:g} {unit} is not within {low:g} and {high:g} {unit}, which is what its own "
            "menu offers"
        )
    return value
