"""DragonMint T1 and its Innosilicon sisters: HTTP on port 80, JSON, a login that lasts 6 h.

All calls are POSTs that answer with status 200 and a `success` field, whatever happened. A
token that is stale for any reason (age, a reboot) is answered `{"success":false,
"token":"expired"}`, even when it comes along with a login.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from twisted.web.http_headers import Headers

from mother.core.errors import Declined, DeviceError, Garbled, Refused, Stranger, Unsupported
from mother.core.model import (
    Address,
    Command,
    CommandKind,
    ConfiguredPool,
    Credential,
    Description,
    Reading,
    Settings,
)
from mother.drivers.dragonmint import configured, metrics, parse
from mother.net.http import Answer, CutOff, Http

MARKS = (b"<title>DragonMint</title>", b"<title>AsicMiner</title>")
"""What the index page of either maker's firmware holds."""

PAGE_LIMIT = 64 * 1024

WRITES: dict[CommandKind, str] = {
    CommandKind.REBOOT: "/api/reboot",
    CommandKind.RESTART_MINING: "/api/restartCgMiner",
}

_FORM = b"application/x-www-form-urlencoded"
_TOKEN = re.compile(r"[\w.~+/=-]+", re.ASCII)


class DragonMint:
    """The family. `timeout` is asked for the seconds of each exchange."""

    name = "dragonmint"
    capabilities = frozenset(WRITES)
    default_credentials: tuple[Credential, ...] = (
        Credential("admin", "dragonadmin"),
        Credential("admin", "admin"),
        Credential("admin", "innoadmin"),
    )

    def __init__(self, http: Http, timeout: Callable[[], float]) -> None:
        self._http = http
        self._timeout = timeout

    async def recognise(self, address: Address, deadline: float) -> bool:
        """Whether the index page carries the maker's title."""
        try:
            answer = await self._http.exchange(
                address, b"GET", "/", deadline=deadline, limit=PAGE_LIMIT
            )
        except DeviceError:
            return False
        return answer.status == 200 and any(mark in answer.body for mark in MARKS)

    def device(self, address: Address, credential: Credential) -> DragonMintDevice:
        """A miner at this address."""
        return DragonMintDevice(self._http, self._timeout, address, credential)

    def at_rest(self, native: Mapping[str, float]) -> Mapping[str, float]:
        """Hashrates and Alive, as 0."""
        return metrics.at_rest(native)

    def safe_model(self, model: str) -> str:
        """The type as one segment of a metric name."""
        return metrics.safe_model(model)


class DragonMintDevice:
    """One miner. Logs in by itself, once per call at most; reads are repeated once, writes never.

    Raises Unreachable (CutOff once the request was sent), Refused for a login or a right that
    is missing, Garbled, Declined with the miner's own words, Stranger after `expect`.
    """

    def __init__(
        self, http: Http, timeout: Callable[[], float], address: Address, credential: Credential
    ) -> None:
        self.address = address
        self.model = ""
        self._http = http
        self._timeout = timeout
        self._credential = credential
        self._expected: str | None = None
        self._bearer: Headers | None = None

    def expect(self, mac: str) -> None:
        """Another MAC than this one raises Stranger at the next login or description."""
        self._expected = mac

    def forget(self) -> None:
        """Drop the token; the next call logs in anew."""
        self._bearer = None

    async def describe(self) -> Description:
        """The overview; an unknown login is checked on the way."""
        if self._bearer is None:
            return await self._login()
        return self._meet(await self._call("/api/overview"))

    async def read(self, now: float) -> Reading:
        """One summary."""
        answer = await self._ask("/api/summary")
        if answer.get("success") is False and "message" in answer:
            _accept(answer)
        return parse.reading(answer, self.model, now)

    async def perform(self, command: Command) -> None:
        """Send one write, never twice.

        A miner that is rebooted answers after 4 s or not at all: an answer that is lost after
        the request was sent counts as taken, and whether it was shows in what is read next.
        """
        path = WRITES.get(command.kind)
        if path is None:
            raise Unsupported(f"{command.kind.value} is not known to a DragonMint")
        await self._call(path, write=True)
        if command.kind is CommandKind.REBOOT:
            self.forget()

    async def settings(self) -> Settings:
        """Pools and autotune; a miner that was never given pools has none."""
        try:
            pools = await self.pools()
        except Declined as error:
            if str(error) != "missing configuration":
                raise
            pools = ()
        tune = await self.autotune()
        return Settings(pools=pools, profile=tune.mode, level=tune.level)

    async def pools(self) -> tuple[ConfiguredPool, ...]:
        """The configured pools, in order of priority; Declined where none were ever set."""
        return configured.pools(await self._call("/api/pools", secret=True))

    async def autotune(self) -> configured.Autotune:
        """The configured autotune mode."""
        return configured.autotune(await self._call("/api/getAutoTune"))

    async def autotune_status(self) -> configured.AutotuneStatus:
        """What autotune does now."""
        return configured.autotune_status(await self._call("/api/getAutoTuneStatus"))

    async def network(self) -> configured.Network:
        """The network configured."""
        return configured.network(await self._call("/api/network"))

    async def type(self) -> str:
        """The type string, `T1`."""
        return parse.model_name((await self._call("/api/type")).get("type"))

    async def firmware_check(self) -> configured.Firmware:
        """What the miner's maker offers; slow, and Declined where the maker does not answer."""
        return configured.firmware(await self._call("/api/getLatestFirmwareVersion"))

    async def error_detail(self) -> configured.ErrorDetail:
        """The miner's own error code, by the call of newer firmware or that of 2018.

        Unsupported where neither is known.
        """
        for path in ("/api/getErrorDetail", "/api/getErrorMessage"):
            try:
                return configured.error_detail(await self._call(path))
            except (Refused, Garbled):  # an unknown call is "invalid request", or a page of nginx
                continue
        raise Unsupported("this firmware does not tell its error code")

    async def debug_stats(self) -> Mapping[str, Any]:
        """The debug counters of cgminer per board and chip, as the miner gives them."""
        return await self._call("/api/getDebugStats")

    async def _call(self, path: str, *, write: bool = False, secret: bool = False) -> _Object:
        return _accept(await self._ask(path, write=write, secret=secret))

    async def _ask(self, path: str, *, write: bool = False, secret: bool = False) -> _Object:
        """The answer, with a valid token; what it says of success is the caller's to judge."""
        if self._bearer is None:
            await self._login()
        answer = await self._post(path, self._bearer, write=write, secret=secret)
        if not _expired(answer):
            return answer
        await self._login()
        answer = await self._post(path, self._bearer, write=write, secret=secret)
        if _expired(answer):
            self.forget()
            raise Refused("the miner calls a new token expired")
        return answer

    async def _login(self) -> Description:
        """Get a token and see whose it is; both together or neither."""
        self.forget()
        form = {"username": self._credential.username, "password": self._credential.password}
        answer = await self._post("/api/auth", None, form=form, secret=True)
        token = answer.get("jwt")
        if answer.get("success") is False or token is None:
            raise Refused(_message(answer) or "the login was refused")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise Garbled("the login gave no usable token")
        bearer = Headers({b"authorization": [b"Bearer " + token.encode("ascii")]})
        overview = await self._post("/api/overview", bearer)
        if _expired(overview):
            raise Refused("the miner calls a new token expired")
        description = self._meet(_accept(overview))
        self._bearer = bearer
        return description

    def _meet(self, overview: _Object) -> Description:
        description = parse.description(overview)
        if self._expected is not None and description.mac != self._expected:
            self.forget()
            raise Stranger(self._expected, description.mac)
        self.model = description.model
        return description

    async def _post(
        self,
        path: str,
        headers: Headers | None,
        *,
        form: Mapping[str, str] | None = None,
        write: bool = False,
        secret: bool = False,
    ) -> _Object:
        try:
            answer = await self._http.exchange(
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
        except CutOff:
            if write:
                return dict(_TAKEN)
            raise
        if answer.status != 200:
            raise _by_status(answer, path, secret)
        return parse.decode(answer.body, secret=secret)


_Object = dict[str, Any]
_TAKEN: Mapping[str, Any] = {"success": True}


def _expired(answer: _Object) -> bool:
    return answer.get("success") is False and answer.get("token") == "expired"


def _accept(answer: _Object) -> _Object:
    """The answer if it says success; Refused or Declined as its message tells, else Garbled."""
    if answer.get("success") is True:
        return answer
    if "success" not in answer:
        raise Garbled("the answer does not tell success")
    message = _message(answer)
    if message == "invalid request":
        raise Refused("invalid request: this login may not do that, or the call is unknown")
    raise Declined(message or "the miner gave no reason")


def _message(answer: _Object) -> str:
    message = answer.get("message")
    return message[:200] if isinstance(message, str) else ""


def _by_status(answer: Answer, path: str, secret: bool) -> DeviceError:
    if answer.status in (401, 403):
        return Refused(f"{path}: HTTP {answer.status}")
    return Garbled(f"{path}: HTTP {answer.status}", "" if secret else parse.sample(answer.body))
