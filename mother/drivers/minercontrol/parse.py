"""What a gateway of the Miner Control API answers, as values: no I/O.

Two servers of it are known, both mocks. One says all in `message`, with status 200, 400 and 401,
and gives tokens with the date at which they end. The other says what is wrong in `error`, always
with 400, and no date. Both are taken.
"""

from __future__ import annotations

import json
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from msgspec import Struct

from mother.core.errors import Declined, DeviceError, Garbled, Refused, Unsupported

LONGEST = 200
"""Characters of its own words that are kept."""

LONGEST_TOKEN = 4096

ALREADY = "already in"
"""`Miner is already in sleep mode.`: it is as it shall be."""


class Login(Struct, frozen=True):
    """A login that was taken: `life` is how long the token lasts, in seconds; None: not told."""

    token: str
    life: float | None

    def __repr__(self) -> str:
        return f"Login(token='***', life={self.life!r})"


def login(status: int, date: str, body: bytes, now: float) -> Login:
    """The answer to a login. `date` is its header: a life is told by the gateway's own clock.

    Raises Refused, Declined, Unsupported or Garbled.
    """
    answer = decode(body)
    token = answer.get("token")
    if 200 <= status < 300 and isinstance(token, str) and 0 < len(token) <= LONGEST_TOKEN:
        ends, said = instant(answer.get("ttl")), instant(date)
        return Login(token, None if ends is None else ends - (now if said is None else said))
    if status in (401, 403):
        raise Refused(f"its gateway refuses the login: {words(answer) or f'HTTP {status}'}")
    if 200 <= status < 300:
        told = words(answer)
        raise Declined(f"no token: {told}") if told else Garbled("the login gives no token")
    raise _complaint(status, words(answer), "login")


def is_taken(status: int, body: bytes, token: str, what: str) -> bool:
    """Whether an order was taken; False where the token was not. `what` names the order.

    Raises Declined with the gateway's words, Unsupported or Garbled. The words never hold `token`.
    """
    answer = decode(body)
    if 200 <= status < 300:
        if "error" in answer and "message" not in answer:
            raise Declined(words(answer, token) or "it said no")
        return True
    told = words(answer).casefold()
    if ALREADY in told:
        return True
    if status in (401, 403) or (status == 400 and "token" in told):
        return False
    raise _complaint(status, words(answer, token), what)


def _complaint(status: int, told: str, what: str) -> DeviceError:
    if status in (404, 405, 501):
        return Unsupported(f"its gateway does not know {what} (HTTP {status})")
    if 400 <= status < 500:
        return Declined(told or f"HTTP {status}")
    return Garbled(f"{what}: HTTP {status}")


def decode(body: bytes) -> dict[str, Any]:
    """The JSON object in an answer; empty for anything else, such as an error page."""
    try:
        answer = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def words(answer: dict[str, Any], secret: str = "") -> str:
    """What it says, in either form: one printable line, without `secret`."""
    told = next(
        (one for key in ("message", "error") if isinstance(one := answer.get(key), str)), ""
    )
    told = told.replace(secret, "***") if secret else told
    return "".join(char if char.isprintable() else " " for char in told)[:LONGEST].strip()


def instant(told: object) -> float | None:
    """An HTTP date in Unix seconds; None for what is none."""
    if not isinstance(told, str):
        return None
    try:
        found = parsedate_to_datetime(told[:64])
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    try:
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None
