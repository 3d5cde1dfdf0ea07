"""The md5-crypt of Unix password files (`$1$salt$...`), which Python no longer has."""

from __future__ import annotations

import hashlib

_DIGITS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ORDER = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))
_ROUNDS = 1000


def _md5(*parts: bytes) -> bytes:
    return hashlib.md5(b"".join(parts), usedforsecurity=False).digest()


def md5_crypt(password: str, salt: str) -> str:
    """The part after the last `$`: 22 letters. Of the salt the first 8 letters count."""
    word, grain = password.encode(), salt[:8].encode()
    inner = _md5(word, grain, word)
    first = [word, b"$1$", grain, (inner * (len(word) // 16 + 1))[: len(word)]]
    bits = len(word)
    while bits:
        first.append(b"\0" if bits & 1 else word[:1])
        bits >>= 1
    digest = _md5(*first)
    for turn in range(_ROUNDS):
        ends = (digest, word) if turn % 2 == 0 else (word, digest)
        middle = (grain if turn % 3 else b"") + (word if turn % 7 else b"")
        digest = _md5(ends[0], middle, ends[1])
    return _spelled(digest)


def _spelled(digest: bytes) -> str:
    text = "".join(
        _letters(digest[high] << 16 | digest[middle] << 8 | digest[low], 4)
        for high, middle, low in _ORDER
    )
    return text + _letters(digest[11], 2)


def _letters(number: int, count: int) -> str:
    return "".join(_DIGITS[number >> 6 * place & 63] for place in range(count))
