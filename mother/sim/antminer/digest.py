"""The digest login of the page, as RFC 7616 has it: MD5, quality of protection `auth`.

A challenge is good for ten minutes, as in the web server that these devices run; it says itself
when it was made, so that nothing has to be kept.
"""

from __future__ import annotations

import hashlib
import re

REALM = "antMiner Configuration"
GOOD_FOR_S = 600.0

_FIELD = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


def challenge(tag: str, now: float, *, stale: bool) -> str:
    """The value of WWW-Authenticate; `tag` is secret to the device."""
    words = f'Digest realm="{REALM}", nonce="{_nonce(tag, int(now))}", qop="auth"'
    return f"{words}, stale=true" if stale else words


def verdict(
    authorization: str,
    method: str,
    uri: str,
    login: tuple[str, str],
    tag: str,
    now: float,
) -> str:
    """What a request is worth: `ok`, `stale` for a right login to an old challenge, or `no`."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "digest":
        return "no"
    given = {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(rest)}
    if given.get("realm") != REALM or given.get("username") != login[0]:
        return "no"
    if given.get("uri") != uri or given.get("qop") != "auth":
        return "no"
    if given.get("algorithm", "MD5").upper() != "MD5" or not given.get("cnonce"):
        return "no"
    if given.get("response", "").lower() != _response(given, method, login):
        return "no"
    return _age(given.get("nonce", ""), tag, now)


def _response(given: dict[str, str], method: str, login: tuple[str, str]) -> str:
    secret = _md5(f"{login[0]}:{REALM}:{login[1]}")
    asked = _md5(f"{method}:{given['uri']}")
    parts = (given.get("nonce", ""), given.get("nc", ""), given["cnonce"], given["qop"])
    return _md5(":".join((secret, *parts, asked)))


def _age(nonce: str, tag: str, now: float) -> str:
    made = nonce[:8]
    try:
        at = int(made, 16)
    except ValueError:
        return "stale"
    if nonce != _nonce(tag, at) or not 0 <= int(now) - at <= GOOD_FOR_S:
        return "stale"
    return "ok"


def _nonce(tag: str, at: int) -> str:
    return f"{at:08x}" + _md5(f"{tag}:{at}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
