"""How a Whatsminer's writes are hidden and signed: AES-256 in ECB mode, and hashes."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16


class Unreadable(ValueError):
    """It was not hidden with this key, or is no JSON."""


def key_of(text: str) -> bytes:
    """The AES key that a text makes."""
    return hashlib.sha256(text.encode()).digest()


def hide(value: object, key: bytes) -> str:
    """A value as JSON, filled up with NUL, encrypted, in base64."""
    plain = json.dumps(value, separators=(",", ":")).encode()
    plain += b"\0" * (-len(plain) % BLOCK)
    encryptor = _cipher(key).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def read(hidden: object, key: bytes) -> Any:
    """The other way; takes NUL or PKCS#7 as filling. Raises Unreadable."""
    try:
        cipher = base64.b64decode(hidden if isinstance(hidden, str) else b"")
        decryptor = _cipher(key).decryptor()
        plain = decryptor.update(cipher) + decryptor.finalize()
        return json.loads(plain.rstrip(b"\0" + bytes(range(1, BLOCK + 1))))
    except ValueError as error:
        raise Unreadable from error


def v3_source(command: str, password: str, salt: str, ts: object) -> str:
    """What token and AES key of a v3 write are made of."""
    return f"{command}{password}{salt}{ts}"


def v3_token(source: str) -> str:
    """The first 8 letters of the base64 of the hash."""
    return base64.b64encode(key_of(source)).decode()[:8]


def _cipher(key: bytes) -> Cipher[modes.ECB]:
    return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  # the maker's choice
