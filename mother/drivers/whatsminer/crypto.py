"""How orders to a Whatsminer are signed and hidden: AES-256-ECB, zeros as padding, base64.

The second API (vendor's document): the key is the SHA-256 of an md5-crypt of the password, the
sign an md5-crypt of that and of the device's time. The third: one SHA-256 for both, anew for
each order. No repr shows any of it.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msgspec import Struct

from mother.drivers.whatsminer.md5crypt import digest

BLOCK = 16
SIGN_LENGTH = 8


class Ticket(Struct, frozen=True):
    """What signs an order (`sign`, the trade calls it token), and the `key` that hides it."""

    sign: str
    key: bytes

    def __repr__(self) -> str:
        return "Ticket(***)"


def second(password: str, time: str, salt: str, newsalt: str) -> Ticket:
    """A ticket from what `get_token` answers; of `time` the last four characters count."""
    word = digest(password, salt)
    return Ticket(digest(word + time[-4:], newsalt), hashlib.sha256(word.encode()).digest())


def third(command: str, password: str, salt: str, at: int) -> Ticket:
    """A ticket for one order at one second of the device's clock."""
    key = hashlib.sha256(f"{command}{password}{salt}{at}".encode()).digest()
    return Ticket(base64.b64encode(key).decode()[:SIGN_LENGTH], key)


def hidden(ticket: Ticket, text: bytes) -> str:
    """The text as only the device can read it; it holds no NUL."""
    padded = text + b"\0" * (-len(text) % BLOCK)
    writer = Cipher(algorithms.AES(ticket.key), modes.ECB()).encryptor()  # noqa: S305  # its own
    return base64.b64encode(writer.update(padded) + writer.finalize()).decode()


def shown(ticket: Ticket, text: str) -> bytes:
    """What the device hid; ValueError where that is nothing of the kind."""
    data = base64.b64decode("".join(text.split()), validate=True)
    if len(data) % BLOCK:
        raise ValueError("no whole number of blocks")
    reader = Cipher(algorithms.AES(ticket.key), modes.ECB()).decryptor()  # noqa: S305  # its own
    return (reader.update(data) + reader.finalize()).rstrip(b"\0")
