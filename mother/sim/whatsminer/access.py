"""Who may write to a Whatsminer: its API switch, its passwords and the tokens it gave out."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from mother.sim.faults import dice
from mother.sim.whatsminer.md5crypt import md5_crypt
from mother.sim.whatsminer.secrecy import key_of, v3_source, v3_token

MOST_CLIENTS = 16
MOST_TOKENS = 32
TOKEN_LIFE_S = 1800.0
CLOCK_S = 120.0
"""How far the time of a v3 write may be from the device's (hand-made number)."""

DEFAULT_V2 = "admin"
DEFAULT_V3 = "super"
V3_ACCOUNT = "super"

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Token(Struct, frozen=True):
    """What one `get_token` gave: the signature that a write must carry, and when it came."""

    sign: str
    born: float


class TooMany(Exception):
    """No token more for this client now."""


class Access:
    """Passwords, switch and tokens of one device. `mac` makes its salts."""

    def __init__(self, mac: str, now: Callable[[], float], *, strict: bool) -> None:
        self._mac = mac
        self._now = now
        self._strict = strict
        self._given = 0
        self._tokens: dict[str, list[Token]] = {}
        self.open = True
        self.salt = _letters(8, mac, "salt")
        self.clock_skew = 0.0
        self.change_password(DEFAULT_V2)
        self.v3_password = DEFAULT_V3

    def lock(self) -> None:
        """Passwords that nobody here knows."""
        self._known = (self.password, self.v3_password)
        self.change_password(_letters(8, self._mac, "locked"))
        self.v3_password = _letters(8, self._mac, "locked too")

    def unlock(self) -> None:
        """The passwords from before `lock`."""
        password, self.v3_password = self._known
        self.change_password(password)

    def __repr__(self) -> str:
        return f"Access(open={self.open})"

    def change_password(self, password: str) -> None:
        """Of v2; every token is void."""
        self.password = password
        self._secret = ""
        self._tokens.clear()

    @property
    def secret(self) -> str:
        """The hash of the v2 password; made when it is needed first, as it takes its time."""
        if not self._secret:
            self._secret = md5_crypt(self.password, self.salt)
        return self._secret

    @property
    def key(self) -> bytes:
        """What v2 writes are hidden with."""
        return key_of(self.secret)

    @property
    def may_write(self) -> bool:
        """Whether v2 takes writes at all: the switch, and no default password where it matters."""
        return self.open and not (self._strict and self.password == DEFAULT_V2)

    def token(self, client: str) -> dict[str, str]:
        """A new token's time, salt and newsalt for a client, by its address; raises TooMany."""
        live = self._live()
        if len(live.get(client, ())) >= MOST_TOKENS:
            raise TooMany
        if client not in live and len(live) >= MOST_CLIENTS:
            raise TooMany
        self._given += 1
        newsalt = _letters(8, self._mac, "newsalt", self._given)
        time = str(int(self._now()))[-4:]
        sign = md5_crypt(self.secret + time, newsalt)
        live.setdefault(client, []).append(Token(sign, self._now()))
        return {"newsalt": newsalt, "salt": self.salt, "time": time}

    def knows(self, client: str, sign: object) -> bool:
        """Whether this client was given the token that signs so, and it still counts."""
        return any(token.sign == sign for token in self._live().get(client, ()))

    def v3_source(self, command: str, account: object, ts: object, token: object) -> str | None:
        """What a v3 write is signed by, if it is; None where it is not, or was not written now."""
        if account != V3_ACCOUNT or type(ts) is not int:
            return None
        if abs(ts - self._now() - self.clock_skew) > CLOCK_S:
            return None
        source = v3_source(command, self.v3_password, self.salt, ts)
        return source if token == v3_token(source) else None

    def restarted(self) -> None:
        """All tokens are void."""
        self._tokens.clear()

    def _live(self) -> dict[str, list[Token]]:
        since = self._now() - TOKEN_LIFE_S
        live = {
            client: [token for token in tokens if token.born > since]
            for client, tokens in self._tokens.items()
        }
        self._tokens = {client: tokens for client, tokens in live.items() if tokens}
        return self._tokens


def _letters(count: int, *what: object) -> str:
    return "".join(_LETTERS[int(dice(*what, place) * len(_LETTERS))] for place in range(count))
