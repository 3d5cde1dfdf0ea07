"""HTTP digest login (RFC 7616: MD5 and `auth`, with a count of each nonce's uses; RFC 2069 too).

The nonce of a device is kept, so that a login costs one more request at the first call only.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable

from msgspec import Struct
from twisted.web.http_headers import Headers

from mother.core.errors import Refused
from mother.core.model import Address, Credential
from mother.net.exchange import Answer
from mother.net.http import FilePart, Http

_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z][\w-]*)(?=\s+[\w-]+\s*=|\s*$|\s*,)")
_PARAMETER = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_ESCAPED = re.compile(r"\\(.)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"?')


class Challenge(Struct, frozen=True):
    """What a server asks for. `counted`: with the count of uses (`qop=auth`)."""

    realm: str
    nonce: str
    opaque: str | None = None
    counted: bool = True


class Digest:
    """The login at one device; every call is an exchange of `Http`, or two when it logs in.

    A nonce is asked for at the first call and once more in the same call when it is not taken
    any more. A second 401 is Refused; so is a login of another kind than this. The request that
    a 401 answers was not carried out, so that a write is carried out once at most.
    """

    def __init__(
        self,
        http: Http,
        address: Address,
        credential: Credential,
        token: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self.address = address
        self._http = http
        self._credential = credential
        self._token = token
        self._challenge: Challenge | None = None
        self._uses = 0

    @property
    def credential(self) -> Credential:
        """The login in use."""
        return self._credential

    @credential.setter
    def credential(self, new: Credential) -> None:
        self._credential = new
        self.forget()

    def forget(self) -> None:
        """Drop the nonce; the next call asks for one."""
        self._challenge = None

    async def exchange(
        self,
        method: bytes,
        path: str,
        *,
        body: bytes | None = None,
        content_type: bytes | None = None,
        deadline: float,
        limit: int = 1 << 20,
        repeat: bool = False,
        fresh: bool = False,
    ) -> Answer:
        """One request of somebody logged in; see `Http.exchange`.

        `deadline` is for each exchange: a call that logs in may take twice as long.
        """

        async def send(repeat: bool, fresh: bool) -> Answer:
            return await self._http.exchange(
                self.address,
                method,
                path,
                headers=self._headers(method, path),
                body=body,
                content_type=content_type,
                deadline=deadline,
                limit=limit,
                repeat=repeat,
                fresh=fresh,
            )

        answer = await send(repeat, fresh)
        if answer.status != 401:
            return answer
        self._learn(answer)
        # A repeat would use the nonce with the same count again, which may be refused.
        answer = await send(repeat=False, fresh=True)
        if answer.status == 401:
            self._refuse()
        return answer

    async def upload(self, path: str, part: FilePart, *, idle: float) -> Answer:
        """POST one file, never a second time; see `Http.upload`.

        Ask for something small before, so that the nonce is young: a 401 here is Refused.
        """
        headers = self._headers(b"POST", path)
        answer = await self._http.upload(self.address, path, part, headers=headers, idle=idle)
        if answer.status == 401:
            self._refuse()
        return answer

    def _headers(self, method: bytes, path: str) -> Headers | None:
        if self._challenge is None:
            return None
        self._uses += 1
        line = authorization(
            self._challenge,
            self._credential,
            method.decode("ascii"),
            path,
            self._uses,
            self._token(),
        )
        return Headers({b"authorization": [line.encode("utf-8")]})

    def _learn(self, answer: Answer) -> None:
        asked = answer.headers.getRawHeaders(b"www-authenticate") or []
        found = challenge(tuple(line.decode("utf-8", "replace") for line in asked))
        if found is None:
            self.forget()
            raise Refused(f"{self.address}: it asks for another kind of login than HTTP digest")
        self._challenge = found
        self._uses = 0

    def _refuse(self) -> None:
        self.forget()
        raise Refused(f"{self.address}: the login was refused")


def challenge(lines: tuple[str, ...]) -> Challenge | None:
    """The first digest challenge with MD5 in these WWW-Authenticate headers; None without one."""
    for line in lines:
        for scheme, rest in _parts(line[:4096]):
            if scheme.lower() != "digest":
                continue
            told = {
                name.lower(): _ESCAPED.sub(r"\1", quoted) or plain
                for name, quoted, plain in _PARAMETER.findall(rest)
            }
            found = _digest(told)
            if found is not None:
                return found
    return None


def _digest(told: dict[str, str]) -> Challenge | None:
    offered = {each.strip().lower() for each in told.get("qop", "").split(",")} - {""}
    if told.get("algorithm", "MD5").upper() != "MD5" or not told.get("nonce"):
        return None
    if offered and "auth" not in offered:
        return None
    return Challenge(told.get("realm", ""), told["nonce"], told.get("opaque"), bool(offered))


def _parts(line: str) -> list[tuple[str, str]]:
    """Each scheme of a header with its parameters; what is quoted is no scheme."""
    blank = _QUOTED.sub(lambda found: "_" * len(found[0]), line)
    starts = [(found.start(1), found.end(1)) for found in _SCHEME.finditer(blank)]
    ends = [*(start for start, _ in starts[1:]), len(line)]
    return [
        (line[start:stop], line[stop:end]) for (start, stop), end in zip(starts, ends, strict=False)
    ]


def authorization(
    asked: Challenge, credential: Credential, method: str, path: str, uses: int, cnonce: str
) -> str:
    """The Authorization header's text for one request."""
    user, realm = credential.username, asked.realm
    secret = _md5(f"{user}:{realm}:{credential.password}")
    request = _md5(f"{method}:{path}")
    fields = [
        f'username="{_escaped(user)}"',
        f'realm="{_escaped(realm)}"',
        f'nonce="{_escaped(asked.nonce)}"',
        f'uri="{path}"',
        "algorithm=MD5",
    ]
    if asked.counted:
        proof = _md5(f"{secret}:{asked.nonce}:{uses:08x}:{cnonce}:auth:{request}")
        fields += ["qop=auth", f"nc={uses:08x}", f'cnonce="{cnonce}"']
    else:
        proof = _md5(f"{secret}:{asked.nonce}:{request}")
    fields.append(f'response="{proof}"')
    if asked.opaque is not None:
        fields.append(f'opaque="{_escaped(asked.opaque)}"')
    return "Digest " + ", ".join(fields)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()
