"""The second API of one Whatsminer: JSON on port 4028, one connection for each call.

Reads are open. Orders are hidden with a key made of admin's password, and carry a token that
`get_token` is the seed of: it lasts 30 minutes, and each address that asks gets 32 at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from mother.core.errors import Declined, Garbled, Refused
from mother.core.model import Address
from mother.drivers.cgminer.picks import obj, text
from mother.drivers.cgminer.wire import repaired
from mother.drivers.whatsminer import crypto, status, words
from mother.net.exchange import CutOff
from mother.net.wire import Wire

Object = dict[str, Any]

LIMIT = 1 << 19
"""Bytes of an answer; a real one has a few thousand, or hundreds of errors."""

ORDER_S = 10.0
"""Seconds for an order at least: the device itself closes a connection after so long."""

TICKET_S = 1500.0
"""How long a ticket is used: less than the 30 minutes it lasts."""

CROWDED_S = 300.0
"""How long nobody asks for a token after there were none."""

CLOSED_S = 300.0
"""How long a refused order counts as a closed API: its owner may have opened it since."""

_DOWN = b"Socket connect failed"
_SALT = 64


class Silent(Declined):
    """The mining program does not answer, the control board does."""


class Session:
    """Asks and orders. `password` is admin's.

    Raises Unreachable (CutOff once the request was sent), Garbled, Declined, Refused where the
    password is not the right one.
    """

    def __init__(self, wire: Wire, address: Address, password: str) -> None:
        self.address = address
        self.password = password
        self._wire = wire
        self._key = "cmd"
        self._ticket: crypto.Ticket | None = None
        self._ticket_at = 0.0
        self._crowded_at: float | None = None
        self._closed_at: float | None = None

    @property
    def closed(self) -> bool:
        """Whether an order was refused lately because the API takes none."""
        return self._closed_at is not None and 0 <= self._wire.now() - self._closed_at < CLOSED_S

    def forget(self) -> None:
        """Drop the ticket: a device that was rebooted does not know it."""
        self._ticket = None

    def renamed(self, password: str) -> None:
        """From now on this is admin's password."""
        self.password = password
        self._ticket = self._closed_at = None

    async def ask(self, command: str) -> Object:
        """The answer to one read that says yes."""
        answer = await self._say({self._key: command})
        failure = status.second(answer)
        if failure is not None and failure.code == status.NO_COMMAND and self._key == "cmd":
            self._key = "command"  # cgminer's own word, which old firmware knows alone
            answer = await self._say({self._key: command})
            failure = status.second(answer)
        if failure is not None:
            raise Declined(failure.reason)
        return answer

    async def order(self, command: str, form: Mapping[str, object] | None = None) -> None:
        """Send one write. It is sent again, once, only where its token was not known any more.

        An answer that is lost after it was sent counts as taken.
        """
        had = self._fresh() is not None
        failure = await self._order(command, form or {})
        if failure is not None and failure.code == status.STALE and had:
            self._ticket = None
            failure = await self._order(command, form or {})
        if failure is None:
            self._closed_at = None
            return
        if failure.code in status.UNREADABLE:
            self._ticket = None
            raise Refused(words.WRONG_SECOND)
        error = status.refusal(failure)
        if isinstance(error, status.Closed):
            self._closed_at = self._wire.now()
        raise error

    async def _order(self, command: str, form: Mapping[str, object]) -> status.Failure | None:
        ticket = self._fresh() or await self._renewed()
        plain = msgspec.json.encode({"cmd": command, **form, "token": ticket.sign})
        sealed = msgspec.json.encode({"enc": 1, "data": crypto.hidden(ticket, plain)})
        try:
            body = await self._exchange(sealed, max(self._wire.timeout(), ORDER_S))
        except CutOff:
            return None
        secrets = [value for value in form.values() if isinstance(value, str)]
        return status.second(_revealed(body, ticket), [*secrets, self.password])

    def _fresh(self) -> crypto.Ticket | None:
        age = self._wire.now() - self._ticket_at
        return self._ticket if 0 <= age < TICKET_S else None

    async def _renewed(self) -> crypto.Ticket:
        now = self._wire.now()
        if self._crowded_at is not None and 0 <= now - self._crowded_at < CROWDED_S:
            raise status.Crowded(words.TOO_MANY_TOKENS)
        answer = await self._say({self._key: "get_token"}, secret=True)
        failure = status.second(answer)
        if failure is not None:
            error = status.refusal(failure)
            if isinstance(error, status.Crowded):
                self._crowded_at = now
            if isinstance(error, status.Closed):
                self._closed_at = now
            raise error
        seed = obj(answer.get("Msg"))
        time, salt, newsalt = (text(seed.get(name), _SALT) for name in ("time", "salt", "newsalt"))
        if not (time and salt and newsalt):
            raise Garbled("the answer holds no token")
        self._ticket = crypto.second(self.password, time, salt, newsalt)
        self._ticket_at, self._crowded_at = now, None
        return self._ticket

    async def _say(self, request: Object, *, secret: bool = False) -> Object:
        body = await self._exchange(msgspec.json.encode(request), self._wire.timeout())
        if body.startswith(_DOWN):
            raise Silent("its mining program does not answer")
        return repaired(body, secret=secret, cut=True)

    async def _exchange(self, request: bytes, deadline: float) -> bytes:
        return await self._wire.lines.ask(self.address, request, deadline=deadline, limit=LIMIT)


def _revealed(body: bytes, ticket: crypto.Ticket) -> Object:
    """The answer to an order, which is hidden as the order was, or plain where it is a no."""
    answer = repaired(body, secret=True)
    hidden = answer.get("enc")
    if not isinstance(hidden, str):
        return answer
    try:
        return repaired(crypto.shown(ticket, hidden), secret=True)
    except ValueError:
        raise Garbled("the answer to an order cannot be read") from None
