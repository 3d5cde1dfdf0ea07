"""How cgminer and its heirs speak on 4028: commands in, status and sections out.

The codes and the wording of the refusals are cgminer's own (its published API text); every
family brings its commands and its description.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

Reply = dict[str, Any]

INVALID_COMMAND = (14, "Invalid command")
INVALID_JSON = (23, "Invalid JSON")
MISSING_COMMAND = (24, "Missing JSON 'command'")
ACCESS_DENIED = 45

PRIVILEGED = frozenset(
    {
        "addpool",
        "ascdisable",
        "ascenable",
        "ascset",
        "debug",
        "disablepool",
        "enablepool",
        "failover-only",
        "poolpriority",
        "poolquota",
        "quit",
        "removepool",
        "restart",
        "save",
        "setconfig",
        "switchpool",
        "zero",
    }
)
"""What only a client with write access may ask."""

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Asked(msgspec.Struct, frozen=True):
    """One command: its parameter as text, the whole object, and whether it came as JSON."""

    command: str
    parameter: str = ""
    whole: Mapping[str, Any] = {}
    json: bool = True


Command = Callable[[Asked], Reply | None]
"""Gives the answer without `id`, or None to close without one."""


class Api:
    """The API of one device.

    `joined`: takes several commands with `+` between them. `closed`: commands that exist, but
    are refused to everybody. `now` gives the Unix time of the device.
    """

    def __init__(
        self,
        commands: Mapping[str, Command],
        now: Callable[[], float],
        *,
        description: str,
        joined: bool,
        closed: frozenset[str] = frozenset(),
    ) -> None:
        self.commands = commands
        self.closed = closed
        self._now = now
        self._description = description
        self._joined = joined

    def answer(self, request: bytes) -> bytes | None:
        """The answer to what came on one connection, a NUL at its end; None for none."""
        asked = self._asked(request)
        if isinstance(asked, tuple):
            return _spelled(self.no(*asked), request.lstrip()[:1] == b"{")
        reply = self._many(asked) if "+" in asked.command and self._joined else self._one(asked)
        return None if reply is None else _spelled(reply, asked.json)

    def status(self, kind: str, code: int, message: str) -> list[dict[str, Any]]:
        """The STATUS section, its keys in the order of the recordings."""
        return [
            {
                "Code": code,
                "Description": self._description,
                "Msg": message,
                "STATUS": kind,
                "When": int(self._now()),
            }
        ]

    def no(self, code: int, message: str) -> Reply:
        """A refusal."""
        return {"STATUS": self.status("E", code, message)}

    def knows(self, command: str) -> bool:
        """Whether there is such a command."""
        return command in self.commands or command in self.closed

    def _asked(self, request: bytes) -> Asked | tuple[int, str]:
        text = request.strip(b" \t\r\n\0")
        if text[:1] != b"{":
            command, _, parameter = text.decode("utf-8", "replace").partition("|")
            return Asked(command.strip(), parameter, json=False)
        try:
            whole = _decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return INVALID_JSON
        command = whole.get("command", whole.get("cmd"))
        if not isinstance(command, str):
            return MISSING_COMMAND
        parameter = whole.get("parameter", "")
        return Asked(command, "" if parameter is None else str(parameter), whole)

    def _one(self, asked: Asked) -> Reply | None:
        if asked.command in self.closed:
            return self.no(ACCESS_DENIED, f"Access denied to '{asked.command}' command")
        command = self.commands.get(asked.command)
        return self.no(*INVALID_COMMAND) if command is None else command(asked)

    def _many(self, asked: Asked) -> Reply:
        """Each answer in a list under its command; only what reads may be joined."""
        answers: Reply = {}
        for name in asked.command.split("+"):
            one = msgspec.structs.replace(asked, command=name)
            reply = self.no(*INVALID_COMMAND) if name in PRIVILEGED else self._one(one)
            if reply is not None:
                answers[name] = [{**reply, "id": 1}]
        return {**answers, "id": 1}


def _spelled(reply: Reply, json: bool) -> bytes:
    if not json:
        return _text(reply)
    if isinstance(reply.get("STATUS"), list):
        reply["id"] = 1
    return bytes(_encode(reply)) + b"\0"


def _text(reply: Reply) -> bytes:
    """The old form: `STATUS=S,When=1,...|SUMMARY,Elapsed=1,...|`."""
    parts: list[str] = []
    for name, section in sorted(reply.items(), key=lambda item: item[0] != "STATUS"):
        for item in section if isinstance(section, list) else []:
            first = next((key for key in _NUMBERED if key in item), "")
            if name == "STATUS":
                first = "STATUS"
            head = [f"{first}={item[first]}"] if first else [name]
            rest = [f"{key}={_word(value)}" for key, value in item.items() if key != first]
            parts.append(",".join(head + rest))
    return ("|".join(parts) + "|").encode() + b"\0"


_NUMBERED = ("POOL", "ASC", "PGA", "DEVDETAILS", "STATS")


def _word(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
