"""Asking one device on port 4028: a connection for each command, or one for several."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from mother.core.errors import Declined, DeviceError, Garbled, Refused, Unreachable
from mother.core.model import Address
from mother.drivers.cgminer import picks
from mother.drivers.cgminer.status import accept, status_of
from mother.drivers.cgminer.wire import repaired
from mother.net.exchange import CutOff
from mother.net.jsonline import Lines

LIMIT = 1 << 19
"""Bytes of an answer; the largest of a real device are some ten thousand."""

KEYS_LIMIT = 1000

DOUBTS = 3

WRITES = frozenset({"ascset", "setpool", "addpool", "removepool", "switchpool", "restart", "quit"})
"""What is never sent a second time."""

_encode = msgspec.json.Encoder().encode

_DOWN = b"Socket connect failed"
"""What a device's proxy says while its mining program does not run; no JSON."""

_SECRET = frozenset({"pools", "setpool", "addpool", "config"})
"""Commands whose answers may hold passwords: no sample is kept of them."""


class Joining:
    """Which models take several commands joined by `+`; one object for a whole family.

    `key` is the model with its firmware. What was learned is not asked again.
    """

    def __init__(self) -> None:
        self._learned: dict[str, bool] = {}
        self._doubts: dict[str, int] = {}

    def takes(self, key: str) -> bool | None:
        """None: not known yet."""
        return self._learned.get(key)

    def learn(self, key: str, takes: bool) -> None:
        """An answer has shown it. What was shown to be taken is not unlearned."""
        if len(self._learned) < KEYS_LIMIT:
            self._learned.setdefault(key, takes)

    def doubt(self, key: str) -> None:
        """Joined commands had no answer, but single ones did: three times, and it is learned."""
        if len(self._doubts) < KEYS_LIMIT:
            self._doubts[key] = self._doubts.get(key, 0) + 1
        if self._doubts.get(key, 0) >= DOUBTS:
            self.learn(key, takes=False)


class Api:
    """One device. `timeout` is asked for the seconds of each call.

    `key` may be set once the model is known; without one every device learns for itself. `again`
    is how many seconds later a read is made once more where the device hung up on us.
    """

    def __init__(
        self,
        lines: Lines,
        timeout: Callable[[], float],
        address: Address,
        joining: Joining | None = None,
        key: str = "",
        again: float = 0.0,
    ) -> None:
        self._again = again
        self.address = address
        self.key = key
        self._lines = lines
        self._timeout = timeout
        self._joining = Joining() if joining is None else joining
        self._alone = Joining()

    async def ask(
        self,
        command: str,
        parameter: str | None = None,
        *,
        secrets: Iterable[str] = (),
        **more: object,
    ) -> dict[str, Any]:
        """The answer to one command that says yes; `more` goes into the request as it is.

        Raises Unreachable (CutOff once the request was sent), Garbled, Refused where access is
        denied, Declined with the device's words, less `secrets`.
        """
        return accept(await self.raw(command, parameter, **more), secrets)

    async def raw(
        self, command: str, parameter: str | None = None, **more: object
    ) -> dict[str, Any]:
        """The answer whatever it says; Unreachable or Garbled where there is none."""
        request: dict[str, object] = {"command": command, **more}
        if parameter is not None:
            request["parameter"] = parameter
        body = await self._lines.ask(
            self.address,
            _written(request),
            deadline=self._timeout(),
            limit=LIMIT,
            again=0.0 if command in WRITES else self._again,
        )
        if body.startswith(_DOWN):
            raise Unreachable(f"{self.address}: its mining program does not answer")
        return repaired(body, secret=not _SECRET.isdisjoint(command.split("+")))

    async def ask_many(self, commands: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The answers of those commands that say yes; the rest are missing.

        In one connection where the model takes that, else one after the other. Raises what the
        first raised where none says yes, and Unreachable at once.
        """
        memory = self._joining if self.key else self._alone
        if len(commands) < 2 or memory.takes(self.key) is False:
            return await self._in_turn(commands)
        try:
            parts = _parts(await self.raw("+".join(commands)), commands)
        except (Garbled, CutOff):
            answers = await self._in_turn(commands)
            memory.doubt(self.key)
            return answers
        if parts is None:
            memory.learn(self.key, takes=False)
            return await self._in_turn(commands)
        memory.learn(self.key, takes=True)
        return _accepted(commands, parts)

    async def _in_turn(self, commands: Iterable[str]) -> dict[str, dict[str, Any]]:
        answers: dict[str, dict[str, Any]] = {}
        error: DeviceError | None = None
        for command in commands:
            try:
                answers[command] = await self.ask(command)
            except (Declined, Refused, Garbled) as found:
                error = error or found
        if error is not None and not answers:
            raise error
        return answers


def _written(request: Mapping[str, object]) -> bytes:
    """As JSON in ASCII."""
    written = _encode(request)
    return (
        written if written.isascii() else json.dumps(request, separators=(",", ":")).encode("ascii")
    )


def _parts(answer: dict[str, Any], commands: Sequence[str]) -> dict[str, dict[str, Any]] | None:
    """Each command's own answer; None where this is no answer to joined commands."""
    found = {command: picks.first(answer.get(command)) for command in commands}
    told = {command: part for command, part in found.items() if status_of(part) is not None}
    return told if len(told) == len(commands) else None


def _accepted(
    commands: Sequence[str], parts: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    answers: dict[str, dict[str, Any]] = {}
    error: DeviceError | None = None
    for command in commands:
        try:
            answers[command] = accept(parts[command])
        except (Declined, Refused) as found:
            error = error or found
    if error is not None and not answers:
        raise error
    return answers
