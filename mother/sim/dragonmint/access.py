"""Who may do what on one device: passwords, tokens, HTTP Basic."""

from __future__ import annotations

import base64
import hashlib

from mother.sim.dragonmint import tokens
from mother.sim.dragonmint.models import Firmware


class TokenExpired(Exception):
    """The Bearer token is not valid, whatever the reason."""


class Access:
    """The users of one device and the key that signs their tokens until the next boot."""

    __slots__ = ("_key", "_tag", "firmware", "passwords")

    def __init__(self, firmware: Firmware, tag: str) -> None:
        self.firmware = firmware
        self.passwords = firmware.default_passwords
        self._tag = tag
        self._key = b""
        self.booted(0)

    def booted(self, boots: int) -> None:
        """A new key: every token of before is worth nothing."""
        self._key = hashlib.sha256(f"{self._tag}|{boots}".encode()).digest()

    def reset(self) -> None:
        """Back to the passwords that the firmware comes with."""
        self.passwords = self.firmware.default_passwords

    def lock(self) -> None:
        """Somebody chose passwords that nobody knows."""
        digest = hashlib.sha256(f"{self._tag}|locked".encode()).hexdigest()
        self.passwords = {"admin": digest[:20], "guest": digest[20:40]}

    def refusal(self, user: str, password: str) -> str:
        """Why a login fails, in the device's words; empty when it succeeds."""
        if not user or not password:
            return "missing username/password fields"
        if user not in self.passwords:
            return "user not found"
        return "" if self.passwords[user] == password else "invalid password"

    def token(self, user: str, now: float) -> str:
        """A new token; older ones stay good."""
        return tokens.issue(user, self.firmware.title, self._key, now)

    def user(self, authorization: str, now: float) -> str | None:
        """The user behind an Authorization header, None for nobody; raises TokenExpired."""
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "bearer":
            holder = tokens.holder(value.strip(), self._key, now)
            if holder is None:
                raise TokenExpired
            return holder
        return self._basic(value.strip()) if scheme.lower() == "basic" else None

    def change(self, user: str, current: str, new: str) -> str:
        """Set a password; `current` is always the admin's. The refusal, or an empty text.

        The order of the tests and the refusal for the guest of newer builds are inferred.
        """
        if current != self.passwords["admin"]:
            return "wrong current password"
        if user not in self.passwords or (user == "guest" and self.firmware.guest_password_fixed):
            return "invalid user"
        if not new:
            return "invalid new password"
        self.passwords = {**self.passwords, user: new}
        return ""

    def _basic(self, value: str) -> str | None:
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return None
        stored = self.passwords.get(user)
        # A hole of the firmware: as long as a password is the default, any will do.
        untouched = stored == self.firmware.default_passwords.get(user)
        return user if stored is not None and (untouched or stored == password) else None
