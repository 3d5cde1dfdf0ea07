"""Words of the command line as values; what cannot be meant is one line with the cure."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from netaddr import IPAddress, IPNetwork

from mother.config.networks import span

LONGEST = 10 * 365 * 86_400
MOST_BOARDS = 64
LONGEST_NAME = 200

_DURATION = re.compile(r"(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")
_UNITS = (86_400, 3600, 60, 1)
_MAC = re.compile(r"[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9.]*[.][0-9.]*")
_ENDPOINT = re.compile(r"([0-9.]*[.][0-9.]*):([0-9]+)")
_RANGE = re.compile(r"[0-9. -]+-[0-9. -]+")

SCOPES = (
    "a miner, all, model:T1, rack:A3, group:NAME, a network such as 10.1.2.0/24, or a range "
    "10.1.2.10-10.1.2.60"
)
KINDS = {"model": "T1", "rack": "A3", "group": "hall-1"}
"""What may stand before a colon in a scope, each with an example of what follows."""


class BadInput(Exception):
    """What was asked cannot be meant; the text is one printable line with the cure."""

    def __init__(self, line: str) -> None:
        super().__init__("".join(char if char.isprintable() else "?" for char in line))


def seconds_in(text: str) -> float:
    """`30s`, `15m`, `4h`, `2d`, `1h30m` as seconds, more than 0. Raises BadInput."""
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None or not text.strip():
        raise BadInput(f"--for {text}: write 30s, 15m, 4h, 2d or 1h30m")
    parts = zip(found.groups(), _UNITS, strict=True)
    digits = max((len(count) for count in found.groups() if count), default=0)
    seconds = sum(int(count) * size for count, size in parts if count) if digits < 12 else LONGEST
    if not 0 < seconds < LONGEST:
        raise BadInput(f"--for {text}: more than nothing, and less than ten years")
    return float(seconds)


def scope_in(text: str) -> str:
    """The scope, cleaned: a miner, `all`, one of `KINDS`, a network or a range. Raises BadInput."""
    scope = text.strip()
    if not scope.isprintable() or len(scope) > LONGEST_NAME:
        raise BadInput(f"{scope[:40]}: a scope is {SCOPES}")
    if scope.lower() == "all":
        return "all"
    kind, colon, name = scope.partition(":")
    kind = kind.strip().lower()
    if colon and kind in KINDS:
        if not name.strip():
            raise BadInput(f"{text}: name the {kind}, as in {kind}:{KINDS[kind]}")
        return f"{kind}:{name.strip()}"
    if is_network(scope):
        return _network(scope)
    return miner_in(text, f"a scope is {SCOPES}")


def of_kind(scope: str) -> bool:
    """Whether a scope is one of `KINDS`."""
    kind, colon, _ = scope.partition(":")
    return bool(colon) and kind.strip().lower() in KINDS


def is_one(scope: str) -> bool:
    """Whether a scope names a single miner."""
    return scope != "all" and not of_kind(scope) and not is_network(scope)


def is_network(scope: str) -> bool:
    """Whether a scope means addresses: it has a slash, or is a range of numbers with dots."""
    return "/" in scope or (_RANGE.fullmatch(scope) is not None and "." in scope)


def _network(scope: str) -> str:
    try:
        span(scope)
    except ValueError:
        raise BadInput(
            f"{scope} is no network or range; write 10.1.2.0/24 or 10.1.2.10-10.1.2.60"
        ) from None
    return scope


def miner_in(text: str, cure: str = "name one miner: its worker name, MAC or IP address") -> str:
    """One miner: worker name, MAC (lower case with colons then), IP or IP:port."""
    miner = text.strip()
    several = of_kind(miner) or is_network(miner) or miner.lower() == "all"
    if not miner or not miner.isprintable() or len(miner) > LONGEST_NAME or several:
        raise BadInput(f"{miner[:40] or 'nothing'}: {cure}")
    if _MAC.fullmatch(miner):
        return miner.lower().replace("-", ":")
    host, port = miner, "80"
    if endpoint := _ENDPOINT.fullmatch(miner):
        host, port = endpoint[1], endpoint[2]
    if _DIGITS.fullmatch(host) and not (_is_ipv4(host) and len(port) < 6 and 0 < int(port) < 65536):
        raise BadInput(f"{miner} is no IP address; {cure}")
    return miner


def _is_ipv4(text: str) -> bool:
    try:
        return bool(_DIGITS.fullmatch(text)) and len(span(text)) == 1
    except ValueError:
        return False


def ipv4_in(text: str | None, option: str) -> str:
    """One IPv4 address. Raises BadInput that names the option."""
    if text is None:
        raise BadInput(f"{option} is missing: a static address needs it")
    if not _is_ipv4(text):
        raise BadInput(f"{option} {text}: no IPv4 address; write it as 10.1.2.3")
    return text


def static_in(
    address: str | None, netmask: str | None, gateway: str | None, dns: list[str] | None
) -> dict[str, object]:
    """The arguments of a static network. Raises BadInput where a miner could not be reached."""
    host = ipv4_in(address, "--address")
    mask = ipv4_in(netmask, "--netmask")
    router = ipv4_in(gateway, "--gateway")
    if not IPAddress(mask).is_netmask() or not 1 <= IPAddress(mask).netmask_bits() <= 31:
        raise BadInput(f"--netmask {mask}: no netmask; write it as 255.255.255.0")
    network = IPNetwork(f"{host}/{mask}")
    if network.size > 2 and IPAddress(host) in (network.network, network.broadcast):
        raise BadInput(f"--address {host}: that is no host's address in {network.cidr}")
    if IPAddress(router) not in network or router == host:
        raise BadInput(f"--gateway {router}: must be another host in {network.cidr}")
    servers = [ipv4_in(one, "--dns") for one in dns or []]
    if len(servers) != 2:
        raise BadInput("--dns: give it twice; twice the same server is fine")
    return {"dhcp": False, "address": host, "netmask": mask, "gateway": router, "dns": servers}


def number_in(text: str, name: str, unit: str, most: float) -> float:
    """A number above 0 and not above `most`, with or without its unit. Raises BadInput."""
    plain = text.strip()
    if plain.lower().endswith(unit.lower()):
        plain = plain[: -len(unit)].strip()
    if not re.fullmatch(r"[0-9]{1,9}(?:[.][0-9]{1,6})?", plain) or not 0 < float(plain) <= most:
        raise BadInput(f"{name} {text}: write a number of {unit}, more than 0 and at most {most:g}")
    return float(plain)


def pools_in(
    urls: list[str] | None, users: list[str] | None, password: str
) -> list[dict[str, str]]:
    """Pools in their order; one user is that of all. Raises BadInput."""
    if not urls:
        raise BadInput("--pool is missing: name a pool, as in --pool stratum+tcp://a.example:3333")
    if not users or len(users) not in (1, len(urls)):
        raise BadInput("--user: name the account once for all pools, or once for each --pool")
    everyone = users if len(users) == len(urls) else users * len(urls)
    for url in urls:
        if not re.fullmatch(r"[a-z0-9+]+://[!-~]+:[0-9]{1,5}(/[!-~]*)?", url.lower()):
            raise BadInput(f"--pool {url}: write it as stratum+tcp://pool.example:3333")
        if "@" in url:
            raise BadInput("--pool: the account belongs into --user, and no password on this line")
    for user in everyone:
        if not user.strip() or not user.isprintable() or len(user) > LONGEST_NAME:
            raise BadInput("--user: name the account at the pool, as in --user ann")
    pairs = zip(urls, everyone, strict=True)
    return [{"url": url, "username": user.strip(), "password": password} for url, user in pairs]


def boards_in(text: str) -> int | None:
    """`boards=2` as 2, `boards=default` as None. Raises BadInput."""
    name, _, value = text.partition("=")
    if name.strip().lower() == "boards":
        value = value.strip().lower()
        if value == "default":
            return None
        if re.fullmatch(r"[0-9]{1,2}", value) and 1 <= int(value) <= MOST_BOARDS:
            return int(value)
    raise BadInput(f"{text}: write boards=2, or boards=default for what the model should have")


def upgrade_in(file: str | None, sha256: str | None, url: str | None) -> dict[str, str]:
    """The arguments of an upgrade: a file that matches its digest, or an https URL."""
    if url is not None:
        if file is not None or sha256 is not None:
            raise BadInput("--url stands alone: the miner fetches it and nobody checks a digest")
        if not re.fullmatch(r"https://[!-~]+", url):
            raise BadInput("--url: must begin with https://; for anything else, fetch it yourself "
                           "and give --file and --sha256")  # fmt: skip
        return {"url": url}
    if file is None or sha256 is None:
        raise BadInput("give --file and --sha256, or --url")
    digest = sha256.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise BadInput(f"--sha256 {sha256}: 64 digits of 0-9 and a-f, as sha256sum prints them")
    try:
        with Path(file).open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"--file {file}: {error.strerror or error}") from None
    if found != digest:
        raise BadInput(f"--file {file} has the SHA-256 {found}, which is not the one given")
    return {"path": str(Path(file).absolute()), "sha256": digest}
