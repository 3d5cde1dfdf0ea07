"""Whether a Whatsminer did what it was asked, by both of its APIs: pure.

The second API answers in cgminer's shape, or in a flat one of its own; both have a Code. The
third has `code`, 0 for yes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from mother.core.errors import Declined, DeviceError, Refused
from mother.drivers.cgminer import picks
from mother.drivers.cgminer.status import Status, status_of
from mother.drivers.whatsminer import words

MEANINGS: dict[int, str] = {
    14: "it does not know this command, or not these values",
    23: "it could not read the message",
    24: "it found no command in the message",
    45: "permission denied",
    131: "done",
    132: "it could not do it",
    134: "a token",
    135: "it does not know the token",
    136: "it gives no more tokens",
    137: "it could not decode the message",
}
"""Codes of the second API (the vendor's document; 24 is cgminer's own)."""

NO_COMMAND = 24
DENIED = 45
STALE = 135
CROWDED = 136
UNREADABLE = frozenset({23, STALE, 137})
"""What an order that was hidden with another password ends in."""

_SHUT = re.compile(r"can.?t access write|permission denied|access denied", re.IGNORECASE)
_FULL = re.compile(r"over max", re.IGNORECASE)
_LOGIN = re.compile(r"token|passw|account|permission|denied|auth", re.IGNORECASE)


class Closed(Declined):
    """The API takes no orders from anybody until its owner opens it."""


class Crowded(Declined):
    """The device gives no more tokens for now."""


class Failure(Struct, frozen=True):
    """A no: its `code`, -1 where it gave none, and its own `text`."""

    code: int
    text: str = ""

    @property
    def reason(self) -> str:
        """Why not: what the code means, and the device's own words."""
        known = MEANINGS.get(self.code, "")
        said = self.text if self.text.lower() != known else ""
        return ": ".join(part for part in (known, said) if part) or "it said no without a reason"


def second(answer: Mapping[str, Any], secrets: Iterable[str] = ()) -> Failure | None:
    """What went wrong, by an answer of the second API; None where nothing did.

    `secrets` are kept out of its words. An answer without a STATUS is a no.
    """
    status = status_of(answer)
    if status is None:
        return Failure(-1, "the answer does not tell success")
    if status.good and not crowded(status):
        return None
    return Failure(-1 if status.code is None else status.code, blotted(status.message, secrets))


def crowded(status: Status) -> bool:
    """Whether there are no more tokens: older firmware says so with a yes."""
    return status.code == CROWDED or bool(_FULL.search(status.message))


def refusal(failure: Failure) -> DeviceError:
    """What to raise for a no of the second API."""
    if failure.code == DENIED or _SHUT.search(failure.text):
        return Closed(words.CLOSED_SECOND)
    if failure.code == CROWDED or _FULL.search(failure.text):
        return Crowded(words.TOO_MANY_TOKENS)
    return Declined(failure.reason)


def third(answer: Mapping[str, Any], secrets: Iterable[str] = ()) -> Failure | None:
    """The same of the third API."""
    code = picks.whole(answer.get("code"))
    if code == 0:
        return None
    text = picks.text(answer.get("msg")) or picks.text(answer.get("desc"))
    return Failure(-1 if code is None else code, blotted(text, secrets))


def doubted(failure: Failure) -> DeviceError:
    """What to raise for a no of the third API whose switch is on."""
    if _LOGIN.search(failure.text):
        return Refused(words.WRONG_THIRD)
    return Declined(failure.text or f"it said no with code {failure.code}")


def blotted(text: str, secrets: Iterable[str]) -> str:
    """The text without passwords that the device may have repeated."""
    for secret in secrets:
        if len(secret) > 3:
            text = text.replace(secret, "***")
    return text
