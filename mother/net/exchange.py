"""One HTTP exchange under way, from the connection to the last byte of the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import ConnectionClosed
from twisted.internet.interfaces import (
    IDelayedCall,
    IProtocol,
    IProtocolFactory,
    IReactorTCP,
    IReactorTime,
    IStreamClientEndpoint,
    ITransport,
)
from twisted.python.failure import Failure
from twisted.web.client import (
    RequestTransmissionFailed,
    ResponseDone,
    ResponseFailed,
    ResponseNeverReceived,
)
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IResponse
from zope.interface import implementer

from mother.core.errors import DeviceError, Garbled, Unreachable
from mother.core.model import Address

HEAD_LIMIT = 1 << 16
"""Bytes an answer may take on the wire beside its body: status line, headers, chunk sizes."""


class CutOff(Unreachable):
    """The request was sent whole, but no whole answer came: the device may have acted on it."""


class Answer(Struct, frozen=True):
    """What came back. `body` is whole and as sent."""

    status: int
    headers: Headers
    body: bytes


@implementer(IStreamClientEndpoint)
@implementer(IProtocol)
class Exchange:
    """One exchange under way: its endpoint, its meter, its body and its deadline in one."""

    __slots__ = (
        "_address", "_body", "_clock", "_connect", "_connection", "_limit", "_parse", "_received",
        "_repeat", "_request", "_response", "_result", "_send", "_size", "_tcp", "_timer",
    )  # fmt: skip

    _connection: Any
    _result: Deferred[Answer] | None
    _send: Callable[[], Deferred[IResponse]]
    _request: Deferred[IResponse]
    _response: IResponse
    _timer: IDelayedCall

    def __init__(
        self,
        tcp: IReactorTCP,
        clock: IReactorTime,
        connect: Callable[[], float],
        address: Address,
        limit: int,
        repeat: bool,
    ) -> None:
        self._tcp = tcp
        self._clock = clock
        self._connect = connect
        self._address = address
        self._limit = limit
        self._repeat = repeat
        self._body: list[bytes] = []
        self._size = 0
        self._received = 0
        self._connection = None

    def begin(self, send: Callable[[], Deferred[IResponse]], deadline: float) -> Deferred[Answer]:
        """Send; the Deferred ends by the answer, an error or the deadline."""
        self._send = send
        result: Deferred[Answer] = Deferred(self._cancelled)
        self._result = result
        self._timer = self._clock.callLater(deadline, self._late, deadline)
        self._go()
        return result

    def _go(self) -> None:
        self._request = self._send()
        self._request.addCallbacks(self._answered, self._failed)

    # the endpoint

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:  # noqa: N803
        """Open a new connection."""
        protocolFactory.noisy = False  # type: ignore[attr-defined]  # no log line per connection
        endpoint = TCP4ClientEndpoint(
            self._tcp, self._address.host, self._address.port, timeout=self._connect()
        )
        return endpoint.connect(protocolFactory)

    def connected(self, connection: Any) -> Any:
        """From now on every byte of this connection is counted before it is parsed."""
        self._connection = connection
        self._received = 0
        self._parse = connection.dataReceived
        connection.dataReceived = self._metered
        return connection

    def _metered(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > self._limit + HEAD_LIMIT:
            self._too_large()
        else:
            self._parse(data)

    # the answer's body

    def _answered(self, response: IResponse) -> None:
        self._response = response
        response.deliverBody(self)

    def makeConnection(self, transport: ITransport) -> None:  # noqa: N802
        """The body follows."""

    def connectionMade(self) -> None:  # noqa: N802
        """Never called: the answer is no connection."""

    def logPrefix(self) -> str:  # noqa: N802
        """For Twisted's log."""
        return "http"

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """A part of the body."""
        self._size += len(data)
        if self._size > self._limit:
            self._too_large()
        else:
            self._body.append(data)

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        """The body ended."""
        if self._result is None:
            return
        if reason.check(ResponseDone, PotentialDataLoss) is None:
            self._end(_error(reason.value, self._address))
            return
        response = self._response
        self._end(Answer(response.code, response.headers, b"".join(self._body)))

    # the ends

    def _failed(self, failure: Failure) -> None:
        if self._result is None:
            return
        if self._repeat and failure.check(RequestTransmissionFailed, ResponseNeverReceived):
            self._repeat = False
            self._release()
            self._go()
            return
        self._end(_error(failure.value, self._address))

    def _too_large(self) -> None:
        self._break(Garbled(f"{self._address}: the answer is larger than {self._limit} bytes"))

    def _late(self, deadline: float) -> None:
        kind = Unreachable if self._connection is None else CutOff
        self._break(kind(f"{self._address}: no whole answer within {deadline:g} s"))

    def _cancelled(self, _: Deferred[Answer]) -> None:
        self._result = None
        self._timer.cancel()
        self._drop()

    def _break(self, error: DeviceError) -> None:
        result, self._result = self._result, None
        if result is not None:
            if self._timer.active():
                self._timer.cancel()
            self._drop()
            result.errback(error)

    def _drop(self) -> None:
        connection = self._connection
        if connection is None:
            self._request.cancel()
        else:
            self._release()
            connection.transport.abortConnection()

    def _release(self) -> None:
        if self._connection is not None:
            del self._connection.dataReceived
            self._connection = None

    def _end(self, end: Answer | Exception) -> None:
        result, self._result = self._result, None
        self._timer.cancel()
        self._release()
        if result is None:
            return
        if isinstance(end, Answer):
            result.callback(end)
        else:
            result.errback(end)


def _error(error: BaseException | None, address: Address) -> DeviceError:
    if isinstance(error, ResponseFailed):
        cause = error.reasons[0].value
        if isinstance(cause, ConnectionClosed):
            return CutOff(f"{address}: cut off before the whole answer came")
        said = getattr(cause, "data", b"")
        sample = said.decode("latin-1") if isinstance(said, bytes) else ""
        return Garbled(f"{address}: this is no HTTP ({type(cause).__name__})", sample)
    if isinstance(error, RequestTransmissionFailed):
        return Unreachable(f"{address}: cut off while sending")
    return Unreachable(f"{address}: {error}")
