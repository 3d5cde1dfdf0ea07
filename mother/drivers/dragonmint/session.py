"""The login at one DragonMint, and its calls: a token that lasts 6 h, renewed when needed.

All calls are POSTs that answer with status 200 and a `success` field, whatever happened. A
token that is stale for any reason (age, a reboot) is answered `{"success":false,
"token":"expired"}`, even when it comes along with a login. Only `/upgrade/*` is guarded by the
web server itself, with status 401, and answers no JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn
from urllib.parse import urlencode

from twisted.internet.defer import Deferred
from twisted.web.http_headers import Headers

from mother.core.errors import Declined, DeviceError, Garbled, Refused, Stranger
from mother.core.model import Address, Credential, Description
from mother.drivers.dragonmint import parse
from mother.net.http import Answer, CutOff, FilePart, Http

Object = dict[str, Any]
Form = Mapping[str, str]

_FORM = b"application/x-www-form-urlencoded"
_TOKEN = re.compile(r"[\w.~+/=-]+", re.ASCII)


class Session:
    """Logs in by itself, once per call at most; reads are repeated once, writes never.

    `timeout` is asked for the seconds of each exchange; `idle` are those that an upload may
    stand still. Raises Unreachable (CutOff once the request was sent), Refused for a login or
    a right that is missing, Garbled, Declined with the miner's own words, Stranger where
    `expected` is another MAC than the one that is found.
    """

    def __init__(
        self,
        http: Http,
        timeout: Callable[[], float],
        idle: float,
        address: Address,
        credential: Credential,
    ) -> None:
        self.address = address
        self.credential = credential
        self.expected: str | None = None
        self.model = ""
        self._http = http
        self._timeout = timeout
        self._idle = idle
        self._bearer: Headers | None = None

    def forget(self) -> None:
        """Drop the token; the next call logs in anew."""
        self._bearer = None

    async def describe(self) -> Description:
        """The overview; an unknown login is checked on the way."""
        if self._bearer is None:
            return await self.login()
        return self._meet(await self.call("/api/overview"))

    async def call(self, path: str, *, secret: bool = False) -> Object:
        """One read that says success; `secret` keeps its answer out of all errors."""
        return accept(await self.ask(path, secret=secret))

    async def write(self, path: str, form: Form | None = None) -> bool:
        """Send one write, never twice; whether its answer came.

        An answer that is lost after the request was sent counts as taken: whether it was shows
        in what is read next.
        """
        try:
            accept(await self.ask(path, form, write=True, secret=form is not None), form)
        except _Lost:
            return False
        return True

    async def ask(
        self, path: str, form: Form | None = None, *, write: bool = False, secret: bool = False
    ) -> Object:
        """The answer, with a valid token; what it says of success is the caller's to judge."""
        if self._bearer is None:
            await self.login()
        answer = await self._post(path, self._bearer, form=form, write=write, secret=secret)
        if not _expired(answer):
            return answer
        await self.login()
        answer = await self._post(path, self._bearer, form=form, write=write, secret=secret)
        if _expired(answer):
            self._refuse()
        return answer

    async def upload(self, path: str, part: FilePart) -> None:
        """Send one file with a token that was good a moment ago; any answer will do.

        Cut off after the whole file it counts as taken. OSError or ValueError of the file.
        """
        await self.describe()
        try:
            answer = await self._http.upload(
                self.address, path, part, headers=self._bearer, idle=self._idle
            )
        except CutOff:
            return
        self._passed(answer, path)

    async def submit(self, path: str, form: Form) -> None:
        """Send one form to a page that answers no JSON, otherwise like `upload`."""
        await self.describe()
        try:
            answer = await self._exchange(path, self._bearer, form, write=True)
        except CutOff:
            return
        self._passed(answer, path)

    async def login(self) -> Description:
        """Get a token and see whose it is; both together or neither."""
        self.forget()
        form = {"username": self.credential.username, "password": self.credential.password}
        answer = await self._post("/api/auth", None, form=form, secret=True)
        token = answer.get("jwt")
        if answer.get("success") is False or token is None:
            raise Refused(_message(answer, form) or "the login was refused")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise Garbled("the login gave no usable token")
        bearer = Headers({b"authorization": [b"Bearer " + token.encode("ascii")]})
        overview = await self._post("/api/overview", bearer)
        if _expired(overview):
            self._refuse()
        description = self._meet(accept(overview))
        self._bearer = bearer
        return description

    def _meet(self, overview: Object) -> Description:
        description = parse.description(overview)
        if self.expected is not None and description.mac != self.expected:
            self.forget()
            raise Stranger(self.expected, description.mac)
        self.model = description.model
        return description

    def _refuse(self) -> NoReturn:
        self.forget()
        raise Refused("the miner calls a new token expired")

    def _passed(self, answer: Answer, path: str) -> None:
        if answer.status != 200:
            self.forget()
            raise _by_status(answer, path, secret=False)

    async def _post(
        self,
        path: str,
        headers: Headers | None,
        *,
        form: Form | None = None,
        write: bool = False,
        secret: bool = False,
    ) -> Object:
        try:
            answer = await self._exchange(path, headers, form, write=write)
        except CutOff as error:
            if write:
                raise _Lost(str(error)) from None
            raise
        if answer.status != 200:
            raise _by_status(answer, path, secret=secret)
        return parse.decode(answer.body, secret=secret)

    def _exchange(
        self, path: str, headers: Headers | None, form: Form | None, *, write: bool
    ) -> Deferred[Answer]:
        return self._http.exchange(
            self.address,
            b"POST",
            path,
            headers=headers,
            body=None if form is None else urlencode(form).encode("ascii"),
            content_type=None if form is None else _FORM,
            deadline=self._timeout(),
            repeat=not write,
            fresh=write,
        )


class _Lost(CutOff):
    """The answer to a write did not come; never leaves this file."""


def accept(answer: Object, form: Form | None = None) -> Object:
    """The answer if it says success; Refused or Declined as its message tells, else Garbled.

    The passwords in `form` are kept out of all errors.
    """
    if answer.get("success") is True:
        return answer
    if "success" not in answer:
        raise Garbled("the answer does not tell success")
    message = _message(answer, form)
    if message == "invalid request":
        raise Refused("invalid request: this login may not do that, or the call is unknown")
    raise Declined(message or "the miner gave no reason")


def _expired(answer: Object) -> bool:
    return answer.get("success") is False and answer.get("token") == "expired"


def _message(answer: Object, form: Form | None) -> str:
    message = answer.get("message")
    if not isinstance(message, str):
        return ""
    for field, value in (form or {}).items():
        if "password" in field.lower() and len(value) > 3:
            message = message.replace(value, "***")
    return message[:200].strip()


def _by_status(answer: Answer, path: str, *, secret: bool) -> DeviceError:
    if answer.status in (401, 403):
        return Refused(f"{path}: HTTP {answer.status}")
    return Garbled(f"{path}: HTTP {answer.status}", "" if secret else parse.sample(answer.body))
