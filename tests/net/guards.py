"""A page behind a digest login, hand-made, that counts what is asked and can be unkind."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from mother.core.model import Credential

LOGIN = Credential("root", 'r"o\\ot')
REALM = "antMiner Configuration"


class Guarded(Resource):
    """Lets in who answers the newest nonce with the next count; says 401 to everybody else.

    `uses`: how often a nonce is good. `shut`: nobody is let in. `cut`: who is let in hears
    nothing more.
    """

    isLeaf = True  # noqa: N815  # Twisted's name

    def __init__(
        self, serve: Callable[[Any, bytes], Any] = lambda request, body: b"come in"
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's
        self.serve = serve
        self.password = LOGIN.password
        self.uses = 1000
        self.shut = self.cut = False
        self.header = f'Digest realm="{REALM}", nonce="{{0}}", qop="auth"'
        self.nonces = 0
        self.counts: list[int] = []
        self.seen: list[bool] = []
        self.bodies: list[bytes] = []

    def render(self, request: Any) -> Any:
        request.content.seek(0)
        body = request.content.read()
        told = request.getHeader("authorization") or ""
        fields = {
            name: quoted or plain
            for name, quoted, plain in re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^,]+))', told)
        }
        good = not self.shut and self._good(fields, request)
        self.seen.append(good)
        if not good:
            self.nonces += 1
            self.counts = []
            request.setResponseCode(401)
            request.setHeader("www-authenticate", self.header.format(f"n{self.nonces}"))
            return b"who are you?"
        self.bodies.append(body)
        if self.cut:
            request.channel.transport.abortConnection()
            return NOT_DONE_YET
        return self.serve(request, body)

    def _good(self, fields: dict[str, str], request: Any) -> bool:
        def md5(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        if fields.get("nonce") != f"n{self.nonces}" or len(self.counts) >= self.uses:
            return False
        self.counts.append(int(fields["nc"], 16))
        first = md5(f"{LOGIN.username}:{REALM}:{self.password}")
        second = md5(f"{request.method.decode()}:{request.uri.decode()}")
        middle = f"{fields['nonce']}:{fields['nc']}:{fields['cnonce']}:auth"
        return (
            fields["uri"] == request.uri.decode()
            and fields["username"] == "root"
            and fields["response"] == md5(f"{first}:{middle}:{second}")
            and self.counts == list(range(1, len(self.counts) + 1))
        )
