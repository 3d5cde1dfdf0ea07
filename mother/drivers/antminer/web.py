"""The pages `/cgi-bin/*.cgi` of an Antminer, behind its HTTP digest login.

Reads are GETs that answer JSON. Writes are POSTs of JSON (`reboot` a GET), which answer
`{"stats": "success", "code": "M000", "msg": "OK!"}` or an error in the same fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from mother.core.errors import Declined, DeviceError, Garbled, Refused, Unsupported
from mother.core.model import Address, Credential
from mother.drivers.cgminer.wire import repaired
from mother.net.digest import Digest
from mother.net.http import Answer, CutOff, FilePart
from mother.net.wire import Wire

_JSON = b"application/json"
_SAMPLE = 200


class Web:
    """One miner's pages. `idle` are the seconds that an upload may stand still.

    Raises Unreachable (CutOff once the request was sent), Refused for the login, Unsupported
    for a page that this firmware has not, Garbled, Declined with the miner's own words.
    """

    def __init__(self, wire: Wire, host: str, credential: Credential, idle: float) -> None:
        address = Address(host, wire.ports().web)
        self._digest = Digest(wire.http, address, credential)
        self._timeout = wire.timeout
        self._idle = idle

    @property
    def credential(self) -> Credential:
        """The login in use."""
        return self._digest.credential

    @credential.setter
    def credential(self, new: Credential) -> None:
        self._digest.credential = new

    def forget(self) -> None:
        """Log in anew at the next call."""
        self._digest.forget()

    async def ask(self, page: str, *, secret: bool = False) -> dict[str, Any]:
        """One read; `secret` keeps its answer out of all errors."""
        answer = await self._digest.exchange(
            b"GET", _path(page), deadline=self._timeout(), repeat=True
        )
        _pass(answer, page, secret=secret)
        return repaired(answer.body, secret=secret)

    async def write(self, page: str, form: Mapping[str, Any] | None = None) -> bool:
        """Send one write, never twice; whether its answer came.

        An answer that is lost after the request was sent counts as taken: whether it was shows
        in what is read next. What is in `form` is kept out of all errors.
        """
        try:
            answer = await self._digest.exchange(
                b"GET" if form is None else b"POST",
                _path(page),
                body=None if form is None else msgspec.json.encode(form),
                content_type=None if form is None else _JSON,
                deadline=self._timeout(),
                fresh=True,
            )
        except CutOff:
            return False
        _pass(answer, page, secret=True)
        accept(answer.body, _passwords(form or {}))
        return True

    async def upload(self, page: str, part: FilePart) -> None:
        """Send one file; cut off after the whole of it, it counts as taken."""
        try:
            answer = await self._digest.upload(_path(page), part, idle=self._idle)
        except CutOff:
            return
        _pass(answer, page, secret=False)
        accept(answer.body)


def accept(body: bytes, secrets: Iterable[str] = ()) -> None:
    """Declined where a write's answer says no; one that says neither counts as taken.

    `secrets` are kept out of its words.
    """
    try:
        answer = repaired(body, secret=True)
    except DeviceError:
        return
    said, code = answer.get("stats"), answer.get("code")
    if isinstance(said, str):
        good = said.lower() == "success"
    else:
        good = not isinstance(code, str) or code.endswith("00")
    if not good:
        raise Declined(_reason(answer, code, secrets))


def _passwords(form: Mapping[str, Any]) -> list[str]:
    """Those of a login, or of pools."""
    pools = form.get("pools")
    told = [value for name, value in form.items() if name.endswith("Pwd")]
    told += [slot.get("pass") for slot in pools if isinstance(slot, dict)] if pools else []
    return [value for value in told if isinstance(value, str)]


def _reason(answer: Mapping[str, Any], code: object, secrets: Iterable[str]) -> str:
    message = answer.get("msg")
    words = message if isinstance(message, str) else ""
    for secret in secrets:
        if len(secret) > 3:
            words = words.replace(secret, "***")
    words = words[:_SAMPLE].strip()
    known = code[:16] if isinstance(code, str) else ""
    return f"{words} ({known})" if words and known else words or known or "it gave no reason"


def _path(page: str) -> str:
    return f"/cgi-bin/{page}.cgi"


def _pass(answer: Answer, page: str, *, secret: bool) -> None:
    if answer.status == 200:
        return
    if answer.status == 403:
        raise Refused(f"{page}: this login may not do that")
    if answer.status == 404:
        raise Unsupported(f"this firmware has no page {page}")
    sample = "" if secret else answer.body[:_SAMPLE].decode("utf-8", "replace")
    raise Garbled(f"{page}: HTTP {answer.status}", sample)
