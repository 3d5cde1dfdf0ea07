"""One device is asked, a question at a time, with a pause between, and nothing twice."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct
from twisted.internet.interfaces import IReactorTime
from twisted.web.http_headers import Headers

from mother.core.clock import sleep
from mother.core.errors import DeviceError, Garbled, Refused, Unreachable
from mother.core.model import Address, Credential
from mother.net.digest import Digest
from mother.net.exchange import Answer, CutOff
from mother.net.wire import Wire
from mother.terminal import questions
from mother.terminal.leaves import Pairs, loaded
from mother.terminal.questions import THIRD, Question

PAUSE = 0.5
"""Seconds between two questions: small devices fall over when they are asked much."""

PATIENT = 10.0
"""Whatsminer's third port is slow."""

LIMIT = 4 << 20

SILENCES = 2
"""So many questions in a row may stay unanswered; then a port is left alone."""

_REALM = re.compile(r'realm="?([^",]{0,64})', re.IGNORECASE)


class Heard(Struct, frozen=True):
    """One answer; `how` is what came with it (the status of HTTP), without secrets."""

    question: Question
    body: bytes
    how: str = ""


class Silence(Struct, frozen=True):
    """A question that brought nothing, and why."""

    question: Question
    why: str


class Interview:
    """Asks the device at `host`. `logins` are tried where something is told only then."""

    def __init__(
        self, wire: Wire, clock: IReactorTime, host: str, logins: Sequence[Credential], pause: float
    ) -> None:
        self.heard: list[Heard] = []
        self.silent: list[Silence] = []
        self.sent: list[str] = []  # secrets of ours, which may come back in an answer
        self._wire = wire
        self._clock = clock
        self._host = host
        self._logins = logins
        self._pause = pause
        self._asked = False

    async def run(self) -> None:
        """Ask all there is to ask. Raises nothing but CancelledError."""
        page = await self._web()
        await self._cgminer(page)
        await self._third()

    # the page

    async def _web(self) -> bytes:
        """Ask at the web ports; the first page found."""
        ports = self._wire.ports()
        for port in dict.fromkeys((ports.web, ports.dragon)):
            address = Address(self._host, port)
            answer = await self._fetch(address, questions.ROOT)
            if answer is None:
                continue
            page = unpacked(answer.body)
            wanted = questions.of_page(page, _realm(answer))
            await self._pages(address, [one for one in wanted if not one.login])
            closed = [one for one in wanted if one.login]
            if closed:
                await self._behind_login(address, closed)
            return page
        return b""

    async def _pages(self, address: Address, wanted: Sequence[Question]) -> None:
        failed = 0
        for question in wanted:
            answered = await self._fetch(address, question) is not None
            failed = 0 if answered else failed + 1
            if failed == SILENCES:
                return

    async def _behind_login(self, address: Address, wanted: Sequence[Question]) -> None:
        if not self._logins:
            why = "needs a login; --login tries those of the configuration"
            self.silent += [Silence(question, why) for question in wanted]
            return
        for login in self._logins:
            self.sent.append(login.password)
            try:
                await self._logged_in(address, login, wanted)
            except DeviceError:
                continue
            return
        why = "no login of the configuration was taken"
        self.silent += [Silence(question, why) for question in wanted]

    async def _logged_in(
        self, address: Address, login: Credential, wanted: Sequence[Question]
    ) -> None:
        """Raises DeviceError where the login is not taken."""
        if wanted[0].body is not None:
            bearer = await self._bearer(address, login)
            for question in wanted:
                await self._fetch(address, question, bearer)
            return
        digest = Digest(self._wire.http, address, login)
        await self._turn()
        first = await digest.exchange(b"GET", wanted[0].path, deadline=self._wire.timeout())
        self._keep(wanted[0], first)
        for question in wanted[1:]:
            await self._turn()
            try:
                answer = await digest.exchange(
                    b"GET", question.path, deadline=self._wire.timeout(), limit=LIMIT
                )
            except DeviceError as error:
                self._missed(question, error)
            else:
                self._keep(question, answer)

    async def _bearer(self, address: Address, login: Credential) -> Headers:
        await self._turn()
        form = urlencode({"username": login.username, "password": login.password})
        answer = await self._wire.http.exchange(
            address,
            b"POST",
            questions.LOGIN.path,
            body=form.encode("ascii"),
            content_type=b"application/x-www-form-urlencoded",
            deadline=self._wire.timeout(),
            fresh=True,
        )
        found: Any = loaded(answer.body.decode("utf-8", "replace"))
        token = dict(found).get("jwt") if isinstance(found, Pairs) else None
        if not isinstance(token, str) or not re.fullmatch(r"[!-~]{8,4096}", token):
            raise Refused("the login was refused")
        self.sent.append(token)
        return Headers({b"authorization": [b"Bearer " + token.encode("ascii")]})

    async def _fetch(
        self, address: Address, question: Question, headers: Headers | None = None
    ) -> Answer | None:
        """Ask once by HTTP; the answer is kept where it is one. None where nothing came."""
        await self._turn()
        try:
            answer = await self._wire.http.exchange(
                address,
                b"GET" if question.body is None else b"POST",
                question.path,
                headers=headers,
                body=question.body,
                deadline=self._wire.timeout(),
                limit=LIMIT,
                fresh=True,
            )
        except DeviceError as error:
            self._missed(question, error)
            return None
        self._keep(question, answer)
        return answer

    def _keep(self, question: Question, answer: Answer) -> None:
        if answer.status in (404, 405, 501) and question is not questions.ROOT:
            self.silent.append(Silence(question, f"HTTP {answer.status}"))
            return
        self.heard.append(Heard(question, unpacked(answer.body), _how(answer)))

    # the other ports

    async def _cgminer(self, page: bytes) -> None:
        """JSON never goes to a port that talks HTTP: its page, or its first word, tells."""
        address = Address(self._host, self._wire.ports().cgminer)
        if questions.SPEAKS_HTTP in page:
            await self._pages(address, questions.HTTP_THERE)
            return
        first = await self._line(address, questions.VERSION)
        if first is None or first.startswith(b"HTTP/"):
            return
        failed = 0
        for question in questions.LINES:
            failed = failed + 1 if await self._line(address, question) is None else 0
            if failed == SILENCES:
                return

    async def _third(self) -> None:
        address = Address(self._host, self._wire.ports().whatsminer)
        for question in questions.FRAMES:
            if await self._line(address, question) is None:
                return

    async def _line(self, address: Address, question: Question) -> bytes | None:
        await self._turn()
        third = question.port == THIRD
        ask = self._wire.lines.framed if third else self._wire.lines.ask
        deadline = max(PATIENT, self._wire.timeout()) if third else self._wire.timeout()
        try:
            body = await ask(address, question.body or b"", deadline=deadline, limit=LIMIT)
        except DeviceError as error:
            self._missed(question, error)
            return None
        self.heard.append(Heard(question, body))
        return body

    # what all share

    async def _turn(self) -> None:
        if self._asked:
            await sleep(self._clock, self._pause)
        self._asked = True

    def _missed(self, question: Question, error: DeviceError) -> None:
        self.silent.append(Silence(question, _why(error)))


def _why(error: DeviceError) -> str:
    """In words that hold nothing of the device."""
    if isinstance(error, CutOff):
        return "was taken and not answered"
    if isinstance(error, Unreachable):
        return "nobody answers there"
    return "the answer is none that can be read" if isinstance(error, Garbled) else "was refused"


def _how(answer: Answer) -> str:
    """Status, kind, and what tells a firmware by its headers; nonces are left out."""
    told = [f"HTTP {answer.status}"]
    for name in (b"server", b"content-type", b"location"):
        value = (answer.headers.getRawHeaders(name) or [b""])[0]
        if value:
            told.append(f"{name.decode()}: {value[:200].decode('latin-1')}")
    realm = _realm(answer)
    return ", ".join([*told, f'realm "{realm}"'] if realm else told)


def _realm(answer: Answer) -> str:
    asked = (answer.headers.getRawHeaders(b"www-authenticate") or [b""])[0]
    found = _REALM.search(asked[:512].decode("latin-1"))
    return "" if found is None else found[1]


def unpacked(body: bytes) -> bytes:
    """A body as it reads: some servers pack their pages whether one wants it or not."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return zlib.decompressobj(wbits=31).decompress(body, LIMIT)
    except zlib.error:
        return body
