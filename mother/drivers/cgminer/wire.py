r"""What port 4028 says, made into an object: cgminer's heirs print JSON by hand, and break it.

Repaired:

| on the wire | where | becomes |
|---|---|---|
| NUL at the end or within | most | nothing |
| `,}` `,]` | Whatsminer | `}` `]` |
| `}{` and any missing comma (`"x""temp0":`) | Antminer, Whatsminer | a comma between |
| `[,{` `{,` `,,` | Antminer | one comma or none |
| a newline or tab within a text | Whatsminer | a part of the text |
| inf, nan, -nan, 007 | Avalon | null, and numbers as numbers |
| `,"id":1}` with no beginning | Avalon | an object |
| `["132":"..."]`, a list with names | Whatsminer 2.0.4 | an object |
| `\w` and other escapes that are none | pool users of Windows | a backslash |
| more after the object | some | nothing |

A name told twice has its last value. What ends too early is garbled, unless what
was whole in it is asked for.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

from mother.core.errors import Garbled

REPAIR_LIMIT = 1 << 18
"""Bytes of a broken answer that are worth the work; no miner says so much."""

DEPTH_LIMIT = 40

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:"]|[^\s{}\[\],:"]+', re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|[\s\S])")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?")
_SECRET = re.compile(
    r'(?i)("?(?:pool)?(?:pass|passwd|password|pwd|token|salt)\d?"?\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|[^,}\s]+)'
)
_WORDS = frozenset({"true", "false", "null"})
_CLOSES = {"{": "}", "[": "]"}
_decode = msgspec.json.Decoder().decode


def repaired(body: bytes, *, secret: bool = False, cut: bool = False) -> dict[str, Any]:
    """The answer as an object; Garbled when it is none.

    `secret` keeps the whole answer out of the error, else only what is named a password is.
    With `cut` an answer that ends too early gives what was whole in it.
    """
    try:
        answer = _decode(body.strip(b"\0 \r\n\t"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        answer = _mended(body, cut) if len(body) <= REPAIR_LIMIT else None
    if not isinstance(answer, dict):
        raise Garbled("the answer is no JSON object", "" if secret else sample(body))
    return answer


def sample(body: bytes) -> str:
    """The beginning of an answer for people, with what is named a password blotted out."""
    return _SECRET.sub(r"\1***", body[:2000].decode("utf-8", "replace").replace("\0", ""))


def _mended(body: bytes, cut: bool) -> object:
    text = body.decode("utf-8", "replace").replace("\0", "").lstrip("\ufeff \r\n\t")
    if text.startswith(","):
        text = "{" + text[1:]
    elif not text.startswith("{"):
        return None
    mender = _Mender()
    whole = mender.take(text)
    if not (whole or cut):
        return None
    try:
        return json.loads(mender.text(), strict=False)
    except (ValueError, RecursionError):
        return None


class _Mender:
    """Writes one object anew, token by token, with the commas where they belong.

    `_out` holds what is written; `_open` the places of the brackets that are open. Each member
    is written with the comma before it, so that one that is not finished can be taken back.
    """

    def __init__(self) -> None:
        self._out: list[str] = []
        self._open: list[int] = []
        self._before: list[int] = []  # where the member begins that is written now
        self._named = False  # a name and its colon are written, the value is not

    def take(self, text: str) -> bool:
        """Whether the object ended; stops there, or at what cannot be mended."""
        for found in _TOKEN.finditer(text):
            piece = found.group()
            if piece in "{[":
                if len(self._open) == DEPTH_LIMIT:
                    return False
                self._begin(piece)
            elif piece in "}]":
                if self._close():
                    return True
            elif piece == ":":
                if not self._colon():
                    return False
            elif piece == '"' or found.end() == len(text):
                return False  # a text without an end; a number that may have gone on
            elif piece != ",":
                self._value(_literal(piece))
        return False

    def text(self) -> str:
        """What was written, with all brackets closed; a member without a value taken back."""
        while self._open:
            self._close()
        return "".join(self._out)

    def _begin(self, bracket: str) -> None:
        self._separate()
        self._open.append(len(self._out))
        self._out.append(bracket)

    def _close(self) -> bool:
        place = self._open[-1]
        if self._out[place] == "{" and (self._named or self._alone()):
            del self._out[self._before.pop() :]
        self._named = False
        while self._before and self._before[-1] > place:
            self._before.pop()
        self._open.pop()
        self._out.append(_CLOSES[self._out[place]])
        return not self._open

    def _alone(self) -> bool:
        """Whether the last member of the object is a name without a value."""
        if not self._before or self._before[-1] <= self._open[-1]:
            return False
        return ":" not in self._out[self._before[-1] :]

    def _colon(self) -> bool:
        if not self._open or self._named or not self._out[-1].startswith('"'):
            return False
        place = self._open[-1]
        if self._out[place] == "[":  # a list with names is an object
            self._out[place] = "{"
        self._out.append(":")
        self._named = True
        return True

    def _value(self, literal: str) -> None:
        self._separate()
        self._out.append(literal)

    def _separate(self) -> None:
        """Write the comma that is due, and remember where this member begins."""
        if self._named:
            self._named = False
            return
        if self._open:
            if self._out[self._open[-1]] == "{" and self._alone():
                del self._out[self._before.pop() :]
            self._before.append(len(self._out))
            if self._out[-1] not in "{[":
                self._out.append(",")


def _literal(piece: str) -> str:
    if piece.startswith('"'):
        return _ESCAPE.sub(_escape, piece)
    if piece in _WORDS or _NUMBER.fullmatch(piece):
        return piece
    try:
        value = float(piece)
    except ValueError:
        return "null"
    return repr(value) if math.isfinite(value) else "null"


def _escape(found: re.Match[str]) -> str:
    what = found.group(1)
    if len(what) == 5:
        return "?" if what[1] in "dD" and what[2] in "89abcdefABCDEF" else found.group()
    return found.group() if what in '"\\/bfnrt' else "\\\\" + what
