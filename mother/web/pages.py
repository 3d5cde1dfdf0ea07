"""The pages of the listener: metrics, health, readiness, and where they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface import implementer

from mother.sinks.prometheus_text import Exposition, Text, wanted

PLAIN = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
METHODS = (b"GET", b"HEAD")


class Answer(Struct, frozen=True):
    """What a page says; the body in pieces."""

    code: int
    kind: str
    pieces: Sequence[bytes]
    gzip: bool = False


Page = Callable[[Request], Answer | Deferred[Answer]]


def said(code: int, text: str, kind: str = PLAIN) -> Answer:
    """A short answer."""
    return Answer(code, kind, (text.encode(),))


def pages(
    exposition: Exposition, complaints: Callable[[], Sequence[str]], waits_for: Callable[[], str]
) -> Mapping[bytes, Page]:
    """The pages by their paths.

    `complaints` is empty while the process gets on; `waits_for` when it has begun its work.
    """

    def metrics(request: Request) -> Deferred[Answer]:
        what = wanted(_header(request, "accept"), _header(request, "accept-encoding"))
        return exposition.text(what).addCallback(_exposed)

    def healthz(request: Request) -> Answer:
        found = complaints()
        return said(503, "\n".join(found) + "\n") if found else said(200, "ok\n")

    def readyz(request: Request) -> Answer:
        missing = waits_for()
        return said(503, f"waits for {missing}\n") if missing else said(200, "ready\n")

    return {b"/": _contents, b"/metrics": metrics, b"/healthz": healthz, b"/readyz": readyz}


def _header(request: Request, name: str) -> str:
    return ",".join(request.requestHeaders.getRawHeaders(name) or ())


def _exposed(text: Text) -> Answer:
    return Answer(200, text.content_type, text.pieces, text.gzip)


def _contents(request: Request) -> Answer:
    return said(200, CONTENTS, HTML)


CONTENTS = """\
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>mother</title></head>
<body>
<h1>mother</h1>
<ul>
<li><a href="/metrics">/metrics</a>: the farm and the daemon, for Prometheus</li>
<li><a href="/healthz">/healthz</a>: whether the daemon gets on</li>
<li><a href="/readyz">/readyz</a>: whether it has begun its work</li>
</ul>
</body>
</html>
"""


class Root(Resource):
    """Answers GET and HEAD for each page; `begun` is told of a request and gives what ends it."""

    isLeaf = True  # noqa: N815
    log = Logger()

    def __init__(
        self, pages: Mapping[bytes, Page], begun: Callable[[Request], Callable[[], None]]
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's is untyped
        self._pages = pages
        self._begun = begun

    def render(self, request: Request) -> int:
        """Answer when the page has; who hangs up before is not answered, nothing else."""
        ended = self._begun(request)
        gone: list[object] = []

        def finished(end: object) -> None:
            gone.append(end)
            ended()

        def send(answer: Answer) -> None:
            if not gone:
                _send(request, answer)

        request.notifyFinish().addBoth(finished)
        made = Deferred.fromCoroutine(self._answer(request))
        sent = made.addErrback(self._unanswered).addCallback(send)
        sent.addErrback(lambda f: self.log.failure("an answer could not be given", failure=f))
        return NOT_DONE_YET

    async def _answer(self, request: Request) -> Answer:
        page = self._pages.get(request.path)
        if page is None:
            return said(404, "There is no such page; see /\n")
        if request.method not in METHODS:
            request.setHeader(b"allow", b", ".join(METHODS))
            return said(405, "Only GET and HEAD are answered here.\n")
        answer = page(request)
        return await answer if isinstance(answer, Deferred) else answer

    def _unanswered(self, failure: Failure) -> Answer:
        if failure.check(CancelledError):
            return said(503, "The daemon is about to stop.\n")
        self.log.failure("a page could not be made", failure=failure)
        return said(500, "The daemon could not make this page; its log says why.\n")


def _send(request: Request, answer: Answer) -> None:
    request.setResponseCode(answer.code)
    request.setHeader(b"content-type", answer.kind.encode())
    request.setHeader(b"content-length", b"%d" % sum(map(len, answer.pieces)))
    request.setHeader(b"cache-control", b"no-store")
    request.setHeader(b"x-content-type-options", b"nosniff")
    if answer.gzip:
        request.setHeader(b"content-encoding", b"gzip")
    if request.method == b"HEAD":
        request.finish()
    else:
        Delivery(request, answer.pieces).begin()


@implementer(IPushProducer)
class Delivery:
    """Hands over the pieces as fast as the client takes them: it holds them once for all."""

    def __init__(self, request: Request, pieces: Sequence[bytes]) -> None:
        self._request = request
        self._left = iter(pieces)
        self._flowing = False
        self._over = False

    def begin(self) -> None:
        """Send the first pieces."""
        self._request.registerProducer(self, True)
        self.resumeProducing()

    def resumeProducing(self) -> None:  # noqa: N802
        """The client takes more."""
        if self._flowing or self._over:
            return
        self._flowing = True
        while self._flowing:
            piece = next(self._left, None)
            if piece is None:
                self.stopProducing()
                self._request.unregisterProducer()
                self._request.finish()
            else:
                self._request.write(piece)

    def pauseProducing(self) -> None:  # noqa: N802
        """The client takes no more for now."""
        self._flowing = False

    def stopProducing(self) -> None:  # noqa: N802
        """The client is gone, or has all."""
        self._flowing = False
        self._over = True
