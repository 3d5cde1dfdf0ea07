"""The third API of one Whatsminer: frames of JSON on port 4433.

Reads are open. Each order is signed with the password, a salt that the device tells, and the
second by the device's own clock; what it holds of secrets is hidden with the same.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mother.core.errors import Declined, Garbled
from mother.core.model import Address, Credential
from mother.drivers.cgminer import picks
from mother.drivers.cgminer.picks import obj, text
from mother.drivers.cgminer.wire import repaired
from mother.drivers.whatsminer import crypto, status, words
from mother.drivers.whatsminer.third_parse import shut
from mother.net.exchange import CutOff
from mother.net.wire import Wire

Object = dict[str, Any]

LIMIT = 1 << 20

SLOW_S = 10.0
"""Seconds for each call at least: shorter ones fail on many real devices (reference, traps)."""

_CLOCK_FROM = 1e9
"""A clock that is set is past this (2001)."""


class Session:
    """Asks and orders, as one of the API's accounts. No call is given less than `slow` seconds.

    Raises Unreachable (CutOff once the request was sent), Garbled, Declined (with the step that
    opens it where the API switch is off), Refused where the password is not the right one.
    """

    def __init__(
        self, wire: Wire, address: Address, credential: Credential, slow: float = SLOW_S
    ) -> None:
        self.address = address
        self.credential = credential
        self._wire = wire
        self._slow = slow

    async def ask(self, command: str, parameter: str | None = None) -> Object:
        """The answer to one read that says yes."""
        request: Object = {"cmd": command}
        if parameter is not None:
            request["param"] = parameter
        answer = await self._say(request)
        failure = status.third(answer)
        if failure is not None:
            raise Declined(failure.text or f"it said no with code {failure.code}")
        return answer

    async def info(self) -> Object:
        """The `msg` of `get.device.info`, without the salt."""
        answer = await self.ask("get.device.info")
        return {name: part for name, part in obj(answer.get("msg")).items() if name != "salt"}

    async def order(self, command: str, parameter: object = None, *, secret: bool = False) -> None:
        """Send one write, once; `secret` hides its parameter.

        An answer that is lost after it was sent counts as taken.
        """
        salt, at = await self._seed()
        ticket = crypto.third(command, self.credential.password, salt, at)
        request: Object = {
            "cmd": command,
            "ts": at,
            "token": ticket.sign,
            "account": self.credential.username,
        }
        if secret:
            request["param"] = crypto.hidden(ticket, msgspec.json.encode(parameter))
        elif parameter is not None:
            request["param"] = parameter
        try:
            answer = await self._say(request, secret=True)
        except CutOff:
            return
        failure = status.third(answer, [self.credential.password])
        if failure is None:
            return
        if shut(await self.info()):
            raise status.Closed(words.CLOSED_THIRD)
        raise status.doubted(failure)

    async def _seed(self) -> tuple[str, int]:
        """The salt, and the device's own time in Unix seconds; ours where it has none."""
        answer = await self._say({"cmd": "get.device.info", "param": "salt"}, secret=True)
        failure = status.third(answer)
        if failure is not None:
            raise status.doubted(failure)
        told = answer.get("msg")
        salt = text(told) if isinstance(told, str) else text(obj(told).get("salt"))
        if not salt:
            raise Garbled("the answer holds no salt")
        when = picks.number(answer.get("when"))
        return salt, int(when if when is not None and when > _CLOCK_FROM else self._wire.now())

    async def _say(self, request: Object, *, secret: bool = False) -> Object:
        body = await self._wire.lines.framed(
            self.address,
            msgspec.json.encode(request),
            deadline=max(self._wire.timeout(), self._slow),
            limit=LIMIT,
        )
        return repaired(body, secret=secret or request["cmd"] == "get.device.info")
