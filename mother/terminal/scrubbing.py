"""Takes out of a miner's answers what is nobody's business, and leaves their shape: pure.

What stands under a telling name (`pool1user`, `SSID[..]`, `password=`) is replaced where it
stands; what looks like an address, a MAC, a wallet or a login token is replaced anywhere. The same
value gets the same replacement in all answers, also where it stands under a harmless name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial

from mother.terminal.leaves import Literal, Pairs, Plain, dumped, loaded
from mother.terminal.private import (
    BARE_MAC,
    BELOW,
    HARMLESS,
    IPV4,
    LOCAL_URL,
    LOOKS,
    MAC_LOOKS,
    MADE,
    NUMERIC,
    POOL_URL,
    SHORTEST,
    SHORTEST_NUMBER,
    Kind,
    anywhere,
    is_somebodys,
    kind_of,
    like,
    same,
)

_QUOTED = re.compile(
    r'(?P<name>"[^"\\]{1,60}")(?P<colon>\s*:\s*")(?P<value>(?:[^"\\]|\\.)*)(?P<end>"|\\?\Z)',
    re.DOTALL,
)
_ESCAPED = re.compile(
    r'(?P<name>(?P<depth>\\+)"[^"\\]{1,60}(?P=depth)")(?P<colon>\s*:\s*(?P=depth)")'
    r'(?P<value>.*?)(?P<end>(?<!\\)(?P=depth)"|\Z)',
    re.DOTALL,
)
"""JSON in a string of JSON: as many backslashes at the end of a text as at its beginning."""

_NUMBERED = re.compile(r'(?P<name>"[^"\\]{1,60}\\*")(?P<colon>\s*:\s*)(?P<value>-?\d[\d.eE+-]*)')
_LISTED = re.compile(
    r'(?P<name>"[^"\\]{1,60}")(?P<colon>\s*:\s*\[)'
    r'(?P<value>(?>(?:[^"{}\]]|"(?:[^"\\]|\\.)*(?:"|\\?\Z))*))(?P<end>\]|\Z)',
    re.DOTALL,
)
_LISTED_ESCAPED = re.compile(
    r'(?P<name>(?P<depth>\\+)"[^"\\]{1,60}(?P=depth)")(?P<colon>\s*:\s*\[)'
    r'(?P<value>(?>(?:[^"\\{}\]]|(?P=depth)".*?(?:(?<!\\)(?P=depth)"|\Z))*))(?P<end>\]|\Z)',
    re.DOTALL,
)
_IN_QUOTES = re.compile(r'"(?P<value>(?:[^"\\]|\\.)*)(?P<end>"|\\?\Z)', re.DOTALL)
_IN_ESCAPED = re.compile(r'(?P<depth>\\+)"(?P<value>.*?)(?P<end>(?<!\\)(?P=depth)"|\Z)', re.DOTALL)
_BLOCK = re.compile(r"\b([A-Za-z][\w ]{0,40})\[([^\]\[]*)\]")
_PAIR = re.compile(r"\b([A-Za-z][\w -]{0,40}?)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'&,;|<>\[\](){}]+)")


class Scrubber:
    """One for all answers of a device: `learn` from each of them, `begin`, then `scrub` each."""

    def __init__(self) -> None:
        self.places: dict[Kind, int] = {}
        self._counts: dict[Kind, int] = {}
        self._known: dict[tuple[Kind, str], str] = {}
        self._anywhere: dict[str, tuple[Kind, str]] = {}
        self._made: set[str] = set()
        self._used: set[tuple[Kind, str]] = set()
        self._pattern: re.Pattern[str] | None = None

    @property
    def different(self) -> Mapping[Kind, int]:
        """How many different values of each kind were met."""
        return {kind: sum(1 for one, _ in self._used if one is kind) for kind in self.places}

    def mark(self, secret: str) -> None:
        """Replace this, too: a login of ours that may come back."""
        if secret.strip():
            self._replaced(Kind.PASSWORD, secret)

    def learn(self, body: bytes) -> None:
        """See what is secret in this answer."""
        self.scrub(body)

    def begin(self) -> None:
        """All has been learned: count from here what is replaced."""
        self.places = {}
        self._used = set()
        words = sorted(self._anywhere, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(anywhere, words))) if words else None

    def scrub(self, body: bytes) -> bytes:
        """The answer without it. What is JSON stays that, indented; what is not keeps its bytes."""
        text = body.decode("utf-8", "surrogateescape")
        whole = text.rstrip("\0\r\n\t ")
        found = loaded(whole)
        if isinstance(found, (Pairs, list)):
            clean = dumped(self._walk(found, None, ""))
            return (clean + text[len(whole) :]).encode("utf-8", "surrogateescape")
        return self.text(text).encode("utf-8", "surrogateescape")

    def text(self, text: str) -> str:
        """A text that is no whole JSON: by what stands beside telling names, and by its looks."""
        text = _QUOTED.sub(self._quoted, _ESCAPED.sub(self._quoted, text))
        text = _LISTED.sub(partial(self._listed, _IN_QUOTES), text)
        text = _LISTED_ESCAPED.sub(partial(self._listed, _IN_ESCAPED), text)
        text = _NUMBERED.sub(self._numbered, text)
        return self._loose(self._named(text))

    # JSON

    def _walk(self, value: Plain, kind: Kind | None, name: str) -> Plain:
        if isinstance(value, Pairs):
            below = kind if kind in BELOW else None
            return Pairs(
                (self._loose(key), self._walk(item, kind_of(key) or below, key))
                for key, item in value
            )
        if isinstance(value, list):
            return [self._walk(item, kind, name) for item in value]
        if not isinstance(value, Literal):
            return self._string(value, kind, name)
        named = kind_of(name)
        if named in NUMERIC and named is not None and value.is_number:
            return Literal(self._number(named, value))
        return value

    def _number(self, kind: Kind, value: str) -> str:
        self._learn(kind, str(value), "0")
        self._count(kind, "0")
        return "0"

    def _string(self, value: str, kind: Kind | None, name: str) -> str:
        """A string under a name: its whole, or what is in it where the name is harmless."""
        if kind is not None and value.strip():
            return self._whole(kind, value)
        inner = loaded(value) if value[:1] in ("{", "[") else None
        if isinstance(inner, (Pairs, list)):
            return dumped(self._walk(inner, None, ""), None)
        if re.search(r"version|firmware|ver$", name.lower()):
            return self._learned(value)
        return self._loose(self._named(value))

    # places that are named

    def _quoted(self, found: re.Match[str]) -> str:
        """A value in quotes behind its name; one that is cut short has no end."""
        kind = kind_of(found["name"])
        if kind is None or not found["value"].strip():
            return found[0]
        clean = self._written(kind, found["value"])
        return f"{found['name']}{found['colon']}{clean}{found['end'] or ''}"

    def _written(self, kind: Kind, value: str) -> str:
        """A value with the escapes of JSON in it."""
        meant = loaded(f'"{value}"')
        clean = self._whole(kind, meant if isinstance(meant, str) else value)
        self._learn(kind, value, clean)
        return clean

    def _numbered(self, found: re.Match[str]) -> str:
        kind = kind_of(found["name"])
        if kind not in NUMERIC or kind is None:
            return found[0]
        return f"{found['name']}{found['colon']}{self._number(kind, found['value'])}"

    def _listed(self, quotes: re.Pattern[str], found: re.Match[str]) -> str:
        kind = kind_of(found["name"])
        if kind is None:
            return found[0]
        inner = quotes.sub(partial(self._item, kind), found["value"])
        return f"{found['name']}{found['colon']}{inner}{found['end']}"

    def _item(self, kind: Kind, found: re.Match[str]) -> str:
        value = found["value"]
        if not value.strip():
            return found[0]
        before = found[0][: found.start("value") - found.start()]
        return f"{before}{self._written(kind, value)}{found['end']}"

    def _named(self, text: str) -> str:
        """`SSID[home]`, `user=me`: values in the middle of a text."""
        text = _BLOCK.sub(lambda found: self._beside(found, "[", "]"), text)
        return _PAIR.sub(lambda found: self._beside(found, "=", ""), text)

    def _beside(self, found: re.Match[str], opening: str, closing: str) -> str:
        kind = kind_of(found[1])
        value = found[2].strip("\"'")
        if kind is None or not value.strip() or value.startswith("<"):
            return found[0]
        clean = self._whole(kind, value)
        middle = found[0][len(found[1]) : -len(found[2] + closing)] or opening
        return f"{found[1]}{middle}{found[2].replace(value, clean)}{closing}"

    # looks

    def _loose(self, text: str) -> str:
        """What is secret by its looks, or because it was met under a telling name."""
        text = POOL_URL.sub(lambda found: self._url(found[0]), text)
        text = LOCAL_URL.sub(lambda found: self._part(found, "host", Kind.NAME), text)
        for kind, pattern in LOOKS:
            text = pattern.sub(partial(self._looks, kind), text)
        return self._learned(text)

    def _part(self, found: re.Match[str], group: str, kind: Kind) -> str:
        return found[0].replace(found[group], self._replaced(kind, found[group]))

    def _looks(self, kind: Kind, found: re.Match[str]) -> str:
        return self._seen(kind, found[0])

    def _seen(self, kind: Kind, value: str) -> str:
        if kind is Kind.IP and not is_somebodys(value):
            return value
        return self._replaced(kind, value)

    def _learned(self, text: str) -> str:
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._again(found[0]), text)

    def _again(self, value: str) -> str:
        kind, replacement = self._anywhere[value]
        self._count(kind, replacement)
        return replacement

    # replacements

    def _whole(self, kind: Kind, value: str) -> str:
        """The replacement of a value that stands under a name of this kind."""
        if kind is Kind.ACCOUNT:
            return self._account(value)
        if kind is Kind.POOL:
            return self._url(value)
        if kind is Kind.MAC and not (MAC_LOOKS.fullmatch(value) or BARE_MAC.fullmatch(value)):
            return self._loose(value)
        if kind is Kind.NAME and IPV4.fullmatch(value):
            kind = Kind.IP
        return self._replaced(kind, value)

    def _account(self, value: str) -> str:
        """`wallet.worker` keeps its dot."""
        account, dot, worker = value.partition(".")
        if not (account.strip() and dot and worker.strip()):
            return self._replaced(Kind.ACCOUNT, value)
        first = self._replaced(Kind.ACCOUNT, account)
        second = self._replaced(Kind.WORKER, worker)
        self._learn(Kind.ACCOUNT, value, f"{first}.{second}")
        return f"{first}.{second}"

    def _url(self, value: str) -> str:
        """A pool's URL, or its bare host: scheme, port and shape stay."""
        scheme, between, rest = value.rpartition("://")
        if scheme.lower() in ("http", "https"):
            return self._loose_url(value)
        login, at, rest = rest.rpartition("@")
        host, slash, path = rest.partition("/")
        name, colon, port = host.partition(":")
        if IPV4.fullmatch(name):
            name = self._seen(Kind.IP, name)
        elif name.strip():
            name = self._replaced(Kind.POOL, name)
        if login:
            self._learn(Kind.ACCOUNT, login, "account")
            login = self._replaced(Kind.ACCOUNT, login)
        path = self._replaced(Kind.POOL, path) if path else ""
        return f"{scheme}{between}{login}{at}{name}{colon}{port}{slash}{path}"

    def _loose_url(self, value: str) -> str:
        host = re.sub(r"^https?://", "", value, flags=re.IGNORECASE)
        return value if not host else f"http://{self._replaced(Kind.POOL, host)}"

    def _replaced(self, kind: Kind, value: str) -> str:
        if same(kind, value) in self._made:
            return value
        key = (kind, same(kind, value))
        if key not in self._known:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._known[key] = MADE[kind](self._counts[kind])
            self._made.add(same(kind, self._known[key]))
        replacement = self._known[key]
        self._count(kind, replacement)
        if kind is Kind.MAC:
            self._learn_mac(value, replacement)
            return like(value, replacement)
        self._learn(kind, value, replacement)
        return replacement

    def _learn_mac(self, value: str, replacement: str) -> None:
        digits = re.sub(r"[:-]", "", value)
        for written in {value, digits, digits.lower(), digits.upper()}:
            self._learn(Kind.MAC, written, like(written, replacement))

    def _learn(self, kind: Kind, value: str, replacement: str) -> None:
        """From now on this value is replaced anywhere, if it is not too common for that."""
        shortest = SHORTEST_NUMBER if re.fullmatch(r"[\d.]+", value) else SHORTEST
        if len(value.strip()) < shortest or value.lower() in HARMLESS or value in self._anywhere:
            return
        if value in self._made:
            return
        for written in (value, json.dumps(value)[1:-1]):
            self._anywhere[written] = (kind, replacement)

    def _count(self, kind: Kind, replacement: str) -> None:
        self.places[kind] = self.places.get(kind, 0) + 1
        self._used.add((kind, replacement))
