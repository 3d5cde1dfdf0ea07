"""The endpoint that metrics are served at, as the operator writes it."""

from __future__ import annotations

import re
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any, cast

from twisted.internet.endpoints import serverFromString

from mother.config.problems import shown, wrong

EXAMPLE = "tcp:9151:interface=127.0.0.1"
CURE = f"e.g. {EXAMPLE}"
KINDS = ("tcp", "tcp6", "ssl", "unix", "systemd")

_BY_PORT = {"tcp", "tcp6", "ssl"}
_DOMAINS = {"INET", "INET6", "UNIX"}
_EVERYWHERE = {None, "0.0.0.0", "::"}  # noqa: S104  # noticed, not listened on
_PARTED = re.compile(r"(?<!\\):")
_BARE = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.]+\]|[0-9.]*|\*|localhost):)?(?P<port>[0-9]+)")


def check_endpoint(value: Any, place: str) -> str:
    """A description of a Twisted server endpoint, which Twisted itself has understood."""
    if not isinstance(value, str) or not value.strip():
        raise wrong(place, f"must be a Twisted endpoint in quotes, {CURE}, not {shown(value)}")
    bare = _BARE.fullmatch(value.strip())
    if bare is not None:
        raise wrong(place, f"{shown(value)} does not say its kind; write {_written(bare)}")
    kind, words, named = parts(value)
    if kind not in KINDS:
        raise wrong(place, f"{shown(value)} is of no kind of {', '.join(KINDS)}; {CURE}")
    if kind in _BY_PORT:
        _check_port(value, named.get("port", words[0] if words else ""), place)
        _check_interface(named.get("interface"), place)
    _check_parsed(value, kind, place)
    if find_spec("prometheus_client") is None:
        raise wrong(place, "needs the package prometheus-client: pip install prometheus-client")
    return value


def parts(text: str) -> tuple[str, list[str], dict[str, str]]:
    """The kind, the plain words and the named ones of a description."""
    kind, *rest = (part.replace("\\:", ":") for part in _PARTED.split(text))
    named = dict(part.split("=", 1) for part in rest if "=" in part)
    return kind, [part for part in rest if "=" not in part], named


def is_open(endpoint: str) -> bool:
    """Whether it listens on every address of the machine."""
    kind, _, named = parts(endpoint)
    return kind in _BY_PORT and named.get("interface") in _EVERYWHERE


def _written(bare: re.Match[str]) -> str:
    """The right writing of `9151` or `127.0.0.1:9151`."""
    host, port = bare["host"], bare["port"]
    if host is None:
        return f"tcp:{port}:interface=127.0.0.1, or tcp:{port} for every address"
    if host in ("", "*", "0.0.0.0"):  # noqa: S104  # what was written
        return f"tcp:{port}"
    if host.startswith("["):
        quoted = host.strip("[]").replace(":", "\\:")
        return f"tcp6:{port}:interface={quoted} (in a file in single quotes)"
    return f"tcp:{port}:interface={'127.0.0.1' if host == 'localhost' else host}"


def _check_port(value: str, port: str, place: str) -> None:
    if not port.isascii() or not port.isdigit():
        raise wrong(place, f"{shown(value)} has no port number; {CURE}")
    if not 1 <= int(port[:9]) <= 65_535:
        raise wrong(place, f"port {shown(int(port[:9]))} is out of range: 1 to 65535")


def _check_interface(interface: str | None, place: str) -> None:
    if interface is None:
        return
    try:
        ip_address(interface)
    except ValueError:
        cure = "name an address of this machine, e.g. interface=127.0.0.1"
        raise wrong(place, f"interface {shown(interface)} is no IP address; {cure}") from None


def _check_parsed(value: str, kind: str, place: str) -> None:
    """Twisted's own parser has the last word; what systemd passes is only there at the start."""
    _, words, named = parts(value)
    if kind == "systemd":
        _check_systemd(value, words, named, place)
        return
    if kind == "unix" and not named.get("address", words[0] if words else ""):
        raise wrong(place, f"{shown(value)} has no path; e.g. unix:/run/mother/metrics.sock")
    try:
        serverFromString(cast(Any, None), value)
    except ImportError:
        raise wrong(place, "ssl needs a package: pip install 'twisted[tls]'") from None
    except Exception as error:
        says = " ".join(str(error).split()) or type(error).__name__
        raise wrong(place, f"{shown(value)} is not understood ({shown(says)}); {CURE}") from None


def _check_systemd(value: str, words: list[str], named: dict[str, str], place: str) -> None:
    """One socket of a known domain, by its number or its name."""
    domain = named.get("domain", words[0] if words else "")
    which = {key: text for key, text in named.items() if key != "domain"}
    good = len(which) == 1 and (which.get("name") or which.get("index", "").isdecimal())
    if domain not in _DOMAINS or not good or len(words) > 1:
        cure = "e.g. systemd:domain=INET:index=0"
        raise wrong(place, f"{shown(value)} must name its domain and its index or name; {cure}")
