"""The talk with a gateway: a bounded number of connections, and a token for each miner behind it.

Every call may be repeated: what is said a second time changes nothing, and is told to be so
already. A lost answer is therefore asked for once more, on a connection of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from msgspec import Struct
from twisted.internet.defer import Deferred, DeferredSemaphore

from mother.core.errors import DeviceError, Garbled, Refused, Unreachable
from mother.core.model import Address
from mother.core.reading import Mode
from mother.drivers.minercontrol import parse
from mother.net.http import Answer, CutOff, Http

LIMIT = 64 * 1024
"""Bytes of an answer; those known have about a hundred."""

FRESH = 60.0
"""A gateway that answered within so many seconds is there, whatever it was asked."""

AGAIN = 10.0
"""One that did not answer is not asked within so many seconds whether it is there now."""

MARGIN = 5.0
"""A token is renewed so many seconds before it ends."""

UNTOLD = 60.0
"""So long a token is used whose end is not told: it was given out before, or has none."""

_PORT, _BASE = 80, "/api"
_JSON = b"application/json"


class Place(Struct, frozen=True):
    """Where a gateway is: `base` is the path that all its calls begin with, `/api`."""

    address: Address
    base: str

    def __str__(self) -> str:
        return f"{self.address.host}:{self.address.port}"


def place_of(url: str) -> Place:
    """What a URL such as `http://10.0.0.9:5000/api` names. Raises ValueError with a sentence."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", 0
        parts = urlsplit("")
    if parts.scheme != "http" or not host or port == 0 or not url.isascii():
        raise ValueError("this is no address of a gateway, such as http://10.0.0.9:5000/api")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            "a gateway's address is host, port and path only: http://10.0.0.9:5000/api"
        )
    return Place(Address(host.lower(), port or _PORT), parts.path.rstrip("/") or _BASE)


class Gateway:
    """One gateway; at most `connections` calls are under way at once."""

    def __init__(
        self,
        http: Http,
        timeout: Callable[[], float],
        now: Callable[[], float],
        place: Place,
        connections: int,
    ) -> None:
        self.place = place
        self._http = http
        self._timeout = timeout
        self.now = now
        self._width = connections
        self._doors = DeferredSemaphore(connections)
        self._waiting: list[Deferred[None]] | None = None
        self._heard = self._failed = float("-inf")
        self._why = ""

    def widen(self, connections: int) -> None:
        """From now on so many at once."""
        if connections != self._width:
            self._width = connections
            self._doors = DeferredSemaphore(connections)

    async def reach(self, miner: str) -> None:
        """Return if it answers, or did lately; asked once for all that want to know.

        Raises Unreachable or Garbled. What it answers to this miner's login does not matter.
        """
        while not self._is_fresh():
            if 0.0 <= self.now() - self._failed < AGAIN:
                raise Unreachable(self._why)
            if self._waiting is None:
                await self._ask(miner)
            else:
                turn: Deferred[None] = Deferred()
                self._waiting.append(turn)
                await turn

    async def _ask(self, miner: str) -> None:
        """See whether it is there, and wake all who wait for that.

        They are woken by a loop: those of a lock would wake one another, thousands deep.
        """
        waiting: list[Deferred[None]] = []
        self._waiting = waiting
        try:
            await self.call("login", {"miner_ip": miner})
        except DeviceError as error:
            self._failed, self._why = self.now(), str(error)
            raise
        finally:
            self._waiting = None
            for turn in waiting:
                if not turn.called:
                    turn.callback(None)

    def _is_fresh(self) -> bool:
        return 0.0 <= self.now() - self._heard < FRESH

    async def call(self, name: str, form: Mapping[str, str]) -> Answer:
        """One call and its answer, whatever that is; asked twice where the first was lost.

        Raises Unreachable where it was not sent, CutOff where no answer came, Garbled for what is
        no HTTP.
        """
        doors = self._doors
        await doors.acquire()
        try:
            try:
                answer = await self._exchange(name, form)
            except CutOff:
                answer = await self._exchange(name, form, fresh=True)
        finally:
            doors.release()
        self._heard = self.now()
        return answer

    async def _exchange(self, name: str, form: Mapping[str, str], *, fresh: bool = False) -> Answer:
        return await self._http.exchange(
            self.place.address,
            b"POST",
            f"{self.place.base}/{name}",
            body=json.dumps(form, separators=(",", ":")).encode("ascii"),
            content_type=_JSON,
            deadline=self._timeout(),
            limit=LIMIT,
            fresh=fresh,
            many=True,
        )


class Member:
    """One miner behind a gateway: its token, and what it has said yes to last.

    `mode` and `profile` are None and empty while nothing is known: nobody can ask for them.
    """

    def __init__(self, gateway: Gateway, miner: str) -> None:
        self.gateway = gateway
        self.miner = miner
        self.mode: Mode | None = None
        self.profile = ""
        self._token = ""
        self._ends = 0.0

    @property
    def identity(self) -> str:
        """`via:GATEWAY:MEMBER`: there is no MAC address to know it by."""
        return f"via:{self.gateway.place}:{self.miner}"

    def forget(self) -> None:
        """The next order logs in anew."""
        self._token = ""

    async def curtail(self, mode: Mode) -> None:
        """Make it sleep, or go on. Raises DeviceError; `mode` is None where it may be either."""
        self.mode, before = None, self.mode
        try:
            await self._order("curtail", {"mode": mode.value})
        except Garbled:
            raise
        except DeviceError:
            self.mode = before
            raise
        self.mode = mode

    async def profileset(self, profile: str) -> None:
        """Set its profile, likewise."""
        self.profile, before = "", self.profile
        try:
            await self._order("profileset", {"profile": profile})
        except Garbled:
            raise
        except DeviceError:
            self.profile = before
            raise
        self.profile = profile

    async def _order(self, name: str, form: Mapping[str, str]) -> None:
        """Sent with a token that holds; with another one, once, where it is refused."""
        for _ in range(2):
            await self._log_in()
            token = self._token
            try:
                answer = await self.gateway.call(name, {"token": token, **form})
            except CutOff:
                raise Garbled("no answer came: whether it was done is not known") from None
            if parse.is_taken(answer.status, answer.body, token, name):
                return
            self._token = ""
        raise Refused("its gateway refuses the tokens that it gives")

    async def _log_in(self) -> None:
        now = self.gateway.now()
        if self._token and 0.0 <= self._ends - MARGIN - now < 86400.0:
            return
        answer = await self.gateway.call("login", {"miner_ip": self.miner})
        date = (answer.headers.getRawHeaders(b"date") or [b""])[0].decode("latin-1")
        now = self.gateway.now()
        found = parse.login(answer.status, date, answer.body, now)
        if found.life is None and found.token == self._token and self._ends > now:
            return  # logged in already: that ends when it was told to end
        life = UNTOLD if found.life is None else found.life
        self._token, self._ends = found.token, now + life
