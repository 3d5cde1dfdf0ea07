"""Where alarms and heartbeats go, as the operator writes it; no value is ever shown."""

from __future__ import annotations

import difflib
import logging
from importlib.util import find_spec
from typing import Any

from mother.config.problems import Problems, wrong
from mother.config.web import check_web_address

EXAMPLE = "e.g. tgram://TOKEN/CHAT or ntfy://TOPIC"

MISSING = "needs the package apprise: pip install apprise"


def lines(text: str, place: str) -> object:
    """Addresses parted by blanks or line feeds: a comma may belong to one."""
    return text.split()


def check_notify_urls(value: Any, place: str) -> tuple[str, ...]:
    """Addresses that apprise knows; each counts once."""
    problems = Problems()
    given = [value] if isinstance(value, str) else value
    items = problems.items(given, place)
    if items and find_spec("apprise") is None:
        raise wrong(place, MISSING)
    urls = [problems.checked(_url, item, where, "") for where, item in items]
    problems.end()
    return tuple(dict.fromkeys(urls))


def _url(value: Any, place: str) -> str:
    if not isinstance(value, str) or "://" not in value:
        raise wrong(place, f"is no address of apprise, {EXAMPLE}")
    scheme = value.partition("://")[0].lower()
    known = known_schemes()
    if scheme not in known:
        # What stands there may be a misplaced secret: only what is meant is shown.
        near = difflib.get_close_matches(scheme, sorted(known), n=1)
        meant = f"did you mean {near[0]}://?" if near else EXAMPLE
        raise wrong(place, f"apprise knows no such service; {meant}")
    if not is_complete(value):
        raise wrong(
            place,
            f"apprise does not take this {scheme}:// address: a part is missing or wrong; see the "
            f"page of {scheme}:// in its documentation",
        )
    return value


def known_schemes() -> frozenset[str]:
    """All services that this apprise knows: `tgram`, `mailto`, ..."""
    from apprise.asset import N_MGR  # noqa: PLC0415  # heavy, and an extra

    names = N_MGR.schemas()  # type: ignore[no-untyped-call]  # apprise's is untyped
    return frozenset(str(one).lower() for one in names)


def is_complete(url: str) -> bool:
    """Whether apprise makes something of the address; nothing is sent."""
    from apprise import Apprise  # noqa: PLC0415  # heavy, and an extra

    muzzle()
    try:
        return Apprise.instantiate(url) is not None
    except Exception:  # what its plugins raise may hold the address
        return False


def muzzle() -> None:
    """Keep what apprise and what it uses would log, addresses and tokens in it, off stderr.

    Where the standard logging has no handler it writes warnings there. We log with Twisted's.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())
    ours = logging.getLogger("apprise")
    ours.propagate = False
    ours.setLevel(logging.WARNING)
    if not ours.handlers:
        ours.addHandler(logging.NullHandler())


def check_heartbeat(value: Any, place: str) -> str:
    """An http or https address, in ASCII, without a login."""
    return check_web_address(value, place, "https://hc.example/ping/UUID")
