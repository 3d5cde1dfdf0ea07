"""Whether an answer of port 4028 says yes: its STATUS block, in the shapes it has in the wild."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from mother.core.errors import Declined, Garbled, Refused
from mother.drivers.cgminer import picks

ACCESS_DENIED = 45
UNKNOWN_COMMAND = 14
"""Codes of cgminer's API."""

_BAD = frozenset({"E", "F"})
_PARTING = frozenset({"RESTART", "BYE"})


class Status(Struct, frozen=True):
    """`letter`: S success, I information, W warning, E error, F fatal; `code` is cgminer's."""

    letter: str
    code: int | None = None
    message: str = ""

    @property
    def good(self) -> bool:
        """Whether it says yes."""
        return self.letter not in _BAD

    @property
    def unknown_command(self) -> bool:
        """Whether it says no because it does not know such a command."""
        return not self.good and (
            self.code == UNKNOWN_COMMAND or "invalid command" in self.message.lower()
        )

    @property
    def denied(self) -> bool:
        """Whether it says no because who asks may not."""
        return not self.good and (
            self.code == ACCESS_DENIED or "access denied" in self.message.lower()
        )


def status_of(answer: Mapping[str, Any]) -> Status | None:
    """The STATUS of an answer: a list of one block (cgminer), one block, or a letter beside `Msg`
    (Whatsminer); `RESTART` and `BYE` count as success. None where there is none.
    """
    told = answer.get("STATUS")
    if isinstance(told, str):
        if told.upper() in _PARTING:
            return Status("S", message=told.upper())
        block: Mapping[str, Any] = answer
    else:
        block = picks.first(told)
    letter = picks.text(block.get("STATUS")).upper()
    if len(letter) != 1:
        return None
    return Status(letter, picks.whole(block.get("Code")), picks.text(block.get("Msg")))


def accept(answer: dict[str, Any], secrets: Iterable[str] = ()) -> dict[str, Any]:
    """The answer, if it says yes; Refused where access is denied, Declined with the device's own
    words for any other no, Garbled where it says neither. `secrets` are kept out of the words.
    """
    status = status_of(answer)
    if status is None:
        raise Garbled("the answer does not tell success")
    if status.good:
        return answer
    message = status.message
    for secret in secrets:
        if len(secret) > 3:
            message = message.replace(secret, "***")
    if status.denied:
        raise Refused(message or "access denied")
    raise Declined(message or "the device gave no reason")
