"""What is private in a miner's answers, by the names and by the looks of it; and its stand-ins."""

from __future__ import annotations

import enum
import ipaddress
import re
from collections.abc import Callable


class Kind(enum.StrEnum):
    """What is replaced, in words for people."""

    ACCOUNT = "pool account"
    WORKER = "worker name"
    PASSWORD = "password"  # noqa: S105  # what it is, not one
    TOKEN = "token or salt"  # noqa: S105  # what it is, not one
    WALLET = "wallet address"
    POOL = "pool host"
    IP = "IP address"
    MAC = "MAC address"
    SERIAL = "serial number"
    NAME = "host name"
    SSID = "Wi-Fi name"
    MAIL = "mail address"


_NAMES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.PASSWORD, re.compile(r"(?<!by)pass(words?|wds?|phrases?)?$|passw|pwd|psk$|secret|otp$")),
    (Kind.TOKEN, re.compile(r"token|jwt$|salt|apikey|session(id)?$|^sign$|cookie")),
    (Kind.WALLET, re.compile(r"wallet|payout")),
    (Kind.ACCOUNT, re.compile(r"users?$|users?names?$|workers?$|workers?names?$|account|^login$")),
    (Kind.MAIL, re.compile(r"e?mail$")),
    (Kind.SSID, re.compile(r"ssid$|wifiname$|^essid")),
    (Kind.MAC, re.compile(r"mac$|mac(hw)?addr(ess)?$|ethaddr$|hwaddr(ess)?$")),
    (
        Kind.SERIAL,
        re.compile(
            r"sn$|serial(no|num|number)?$|dna$|uuid$|fingerprint$|"
            r"(hw|cpu|device|machine)id$"
        ),
    ),
    (Kind.NAME, re.compile(r"host(name)?$|alias$|label$|location$|(device|miner|nick|rig)name$")),
    (Kind.POOL, re.compile(r"url$|pools?host$|^pool$")),
)
"""By the end of a field's name, in lower case, letters and digits only, without a last number."""

HARMLESS = frozenset(
    {
        "account", "admin", "antminer", "auto", "avalon", "avalonminer", "bitaxe", "cgminer",
        "default", "dhcp", "disable", "disabled", "enable", "enabled", "false", "guest", "miner",
        "none", "null", "pass", "password", "pool", "pools", "root", "static", "true", "user",
        "users", "whatsminer", "worker", "workers",
    }
)  # fmt: skip
"""What is replaced under a telling name, and must not be elsewhere."""

SHORTEST = 4
SHORTEST_NUMBER = 8
"""A text, or a number, that is shorter is not looked for elsewhere."""

_LONG = 8
"""So long a secret is replaced in the middle of a word too."""

BELOW = frozenset({Kind.PASSWORD, Kind.TOKEN, Kind.ACCOUNT, Kind.WALLET})
"""What an object holds that stands under such a name is of that kind, unless it says otherwise."""

NUMERIC = frozenset({Kind.PASSWORD, Kind.TOKEN, Kind.WALLET, Kind.SERIAL})
"""What may be written as a number."""

MAC_LOOKS = re.compile(
    r"(?<![0-9A-Fa-f:-])(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}"
    r"(?![0-9A-Fa-f]|[:-][0-9A-Fa-f]{2}(?![0-9A-Fa-f]))"
)
BARE_MAC = re.compile(r"[0-9A-Fa-f]{12}")
IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d]|\.\d)")
_IPV6 = re.compile(r"(?<![0-9A-Za-z:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![0-9A-Za-z:])")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_JWT = re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}")
_WALLETS = re.compile(
    r"\b(?:0x[0-9a-fA-F]{40}|(?:bc|tb|ltc|dgb|kaspa|bitcoincash|ckb|zs|addr)(?:1|:)[0-9a-z]{20,110}"
    r"|[13][1-9A-HJ-NP-Za-km-z]{25,34}|[LMDXAtrV93][1-9A-HJ-NP-Za-km-z]{32,34}"
    r"|[48][1-9A-HJ-NP-Za-km-z]{94,105})(?![0-9A-Za-z])"
)
POOL_URL = re.compile(
    r"\b(?P<scheme>[a-z0-9]{0,8}stratum2?(?:\+[a-z0-9]{1,8}){0,4}|(?:tcp|ssl|tls|socks5?))"
    r"://(?P<rest>[^\s\"'<>,\\]+)",
    re.IGNORECASE,
)
LOCAL_URL = re.compile(
    r"\bhttps?://(?P<host>[\w.-]{1,250}\.(?:lan|local|home|internal|intranet|corp))\b"
)

_DOCUMENTATION = ("192.0.2.", "198.51.100.", "203.0.113.")


def kind_of(name: str) -> Kind | None:
    """What stands under such a name; None for what is harmless."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower()).rstrip("0123456789")
    return next((kind for kind, names in _NAMES if names.search(plain)), None)


LOOKS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.TOKEN, _JWT),
    (Kind.MAIL, _MAIL),
    (Kind.WALLET, _WALLETS),
    (Kind.MAC, MAC_LOOKS),
    (Kind.IP, IPV4),
    (Kind.IP, _IPV6),
)


def _address(count: int) -> str:
    place, host = divmod(min(count, 3 * 254) - 1, 254)
    return f"{_DOCUMENTATION[place]}{host + 1}"


MADE: dict[Kind, Callable[[int], str]] = {
    Kind.ACCOUNT: "account-{}".format,
    Kind.WORKER: "worker-{}".format,
    Kind.PASSWORD: "password-{}".format,
    Kind.TOKEN: "token-{}".format,
    Kind.WALLET: "wallet-{}".format,
    Kind.POOL: "pool-{}.example".format,
    Kind.IP: _address,
    Kind.MAC: lambda count: f"02:00:00:00:{count >> 8 & 255:02x}:{count & 255:02x}",
    Kind.SERIAL: "SERIAL-{}".format,
    Kind.NAME: "host-{}".format,
    Kind.SSID: "wifi-{}".format,
    Kind.MAIL: "somebody-{}@example.com".format,
}
"""What the n-th value of a kind becomes; nothing of the value is in it."""


def same(kind: Kind, value: str) -> str:
    """Values of a kind that mean the same have the same key."""
    return re.sub(r"[:-]", "", value).lower() if kind is Kind.MAC else value


def like(value: str, replacement: str) -> str:
    """A MAC as this one is written: separators and case."""
    separator = value[2] if value[2] in ":-" else ""
    made = replacement.replace(":", separator)
    return made.upper() if value != value.lower() else made


def is_somebodys(address: str) -> bool:
    """Whether it may tell of somebody's network: no netmask, nothing and nobody."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    documented = str(found).startswith((*_DOCUMENTATION, "2001:db8:"))
    return not (
        found.is_unspecified or found.is_loopback or documented or str(found).startswith("255.")
    )


def anywhere(secret: str) -> str:
    """What finds it; a short one as a word of its own only."""
    found = re.escape(secret)
    return found if len(secret) >= _LONG else f"(?<![0-9A-Za-z]){found}(?![0-9A-Za-z])"
