"""Login tokens: JWT, HS256, six hours; the key lasts as long as the device stays up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

LIFETIME_S = 21600


def issue(user: str, issuer: str, key: bytes, now: float) -> str:
    """A token as the recordings show them: header typ, alg; payload iss, iat, exp, user."""
    began = int(now)
    payload = {"iss": issuer, "iat": began, "exp": began + LIFETIME_S, "user": user}
    signed = f"{_part({'typ': 'JWT', 'alg': 'HS256'})}.{_part(payload)}"
    return f"{signed}.{_signature(signed, key)}"


def holder(token: str, key: bytes, now: float) -> str | None:
    """Who a token belongs to; None when it is expired, forged or not one at all."""
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_signature(signed, key).encode(), signature.encode()):
        return None
    try:
        payload = json.loads(_unpadded(signed.partition(".")[2]))
    except ValueError:
        return None
    return str(payload["user"]) if now < payload["exp"] else None


def _part(content: dict[str, object]) -> str:
    return _encoded(json.dumps(content, separators=(",", ":")).encode())


def _signature(signed: str, key: bytes) -> str:
    return _encoded(hmac.new(key, signed.encode("utf-8", "replace"), hashlib.sha256).digest())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
