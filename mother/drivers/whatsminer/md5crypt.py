"""The md5-crypt of FreeBSD, `$1$salt$digest`: what a Whatsminer makes its tokens with."""

from __future__ import annotations

import hashlib

_MAGIC = b"$1$"
_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

SALT_LENGTH = 8


def digest(password: str, salt: str) -> str:
    """The last part of `$1$salt$digest`, 22 characters; of the salt the first 8 count."""
    word, pinch = password.encode(), salt.encode()[:SALT_LENGTH]
    mixed = _md5(word + pinch + word)
    start = word + _MAGIC + pinch + (mixed * (len(word) // 16 + 1))[: len(word)]
    left = len(word)
    while left:
        start += b"\0" if left & 1 else word[:1]
        left >>= 1
    result = _md5(start)
    for turn in range(1000):
        odd = turn & 1
        step = word if odd else result
        step += pinch if turn % 3 else b""
        step += word if turn % 7 else b""
        result = _md5(step + (result if odd else word))
    return _spelled(result)


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _spelled(result: bytes) -> str:
    """Six bits a character; the groups of three bytes are those of the algorithm's author."""
    text = ""
    for first in range(5):
        third = 5 if first == 4 else first + 12
        text += _characters(result[first] << 16 | result[first + 6] << 8 | result[third], 4)
    return text + _characters(result[11], 2)


def _characters(number: int, count: int) -> str:
    return "".join(_ALPHABET[number >> 6 * place & 63] for place in range(count))
