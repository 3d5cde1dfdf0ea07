"""What a simulated gateway knows: who is logged in, and what each miner was told.

Two mock servers of the public exercise are played. `message` is the one that comes with it: tokens
last a minute, a login while one lasts does not extend it, an order for what is so already is a 400.
`error` is one of another solution: tokens do not end, and whatever is wrong is a 400 with `error`.
That a miner starts active and in the normal profile is a guess.
"""

from __future__ import annotations

import enum
from collections import Counter, deque
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from msgspec import Struct

TOKEN_LIFE_S = 60.0
CALLS = ("login", "logout", "curtail", "profileset")


class Variant(enum.StrEnum):
    """Which of the two servers is played."""

    MESSAGE = "message"
    ERROR = "error"


class Trouble(enum.StrEnum):
    """What can be wrong with the gateway."""

    SLOW = "slow"  # each answer takes `slow` seconds
    EXPIRING = "expiring"  # a token lasts two seconds
    UNAUTHORIZED = "unauthorized"  # no token is taken


class MissingKey(KeyError):
    """The server falls over where a key is not there: 500."""


class Kind(Struct, frozen=True):
    """An order: its field, the values it takes, and how the exercise's server speaks of it."""

    field: str
    values: tuple[str, ...]
    what: str
    invalid: str


ORDERS = {
    "curtail": Kind(
        "mode",
        ("active", "sleep"),
        "curtail state",
        "Invalid curtail mode. Use active or sleep.",
    ),
    "profileset": Kind(
        "profile",
        ("underclock", "overclock", "normal"),
        "profile",
        "Invalid profile. Use underclock, overclock or normal.",
    ),
}


class Miner:
    """What one miner was told last."""

    __slots__ = ("mode", "profile")

    def __init__(self) -> None:
        self.mode, self.profile = "active", "normal"


class Write(Struct, frozen=True):
    """An order that changed something: Unix seconds, whose, which call, what it asked for."""

    at: float
    miner: str
    call: str
    value: str


class Gateway:
    """The state of one server. `now` gives its Unix time.

    `calls` counts what came in, the newest of them at `called`; `writes` keeps the orders that
    changed something. `life`, seconds that a token lasts, may be set at any time, as may `slow`,
    seconds that an answer takes, and `refusing`: no token is taken.
    """

    def __init__(self, now: Callable[[], float], variant: Variant = Variant.MESSAGE) -> None:
        self.now = now
        self.variant = variant
        self.life = TOKEN_LIFE_S
        self.slow = 0.0
        self.refusing = False
        self.calls: Counter[str] = Counter()
        self.called = 0.0
        self.writes: deque[Write] = deque(maxlen=100_000)
        self.miners: dict[str, Miner] = {}
        self._ends: dict[str, float] = {}

    def suffer(self, trouble: Trouble, slow: float = 3.0) -> None:
        """Have this from now on."""
        if trouble is Trouble.SLOW:
            self.slow = slow
        elif trouble is Trouble.EXPIRING:
            self.life = 2.0
        else:
            self.refusing = True

    def restart(self) -> None:
        """All that it knew is lost: it keeps nothing on a disk."""
        self.miners.clear()
        self._ends.clear()

    def forget_tokens(self) -> None:
        """Nobody is logged in any more; what the miners were told stays."""
        self._ends.clear()

    def answer(self, call: str, form: dict[str, Any]) -> tuple[int, dict[str, str]]:
        """Status and body. Raises MissingKey."""
        self.calls[call] += 1
        self.called = self.now()
        if self.variant is Variant.ERROR:
            return self._second(call, form)
        return self._first(call, form)

    # the server of the exercise

    def _first(self, call: str, form: dict[str, Any]) -> tuple[int, dict[str, str]]:
        if call == "login":
            return self._log_in(_key(form, "miner_ip"))
        if call == "logout":
            there = self._ends.pop(f"{_key(form, 'miner_ip')}_token", None) is not None
            return _said("Miner logged out." if there else "Miner not logged in.")
        order = ORDERS[call]
        token, wanted = _key(form, "token"), _key(form, order.field)
        if not self._is_valid(token):
            return _said("Unauthorized. Please login with a valid token.", 401)
        if wanted not in order.values:
            return _said(order.invalid, 400)
        if not self._set(token.removesuffix("_token"), call, wanted):
            return _said(f"Miner is already in {wanted} {order.field}.", 400)
        return _said(f"Miner {order.what} updated to {wanted}.")

    def _log_in(self, miner: str) -> tuple[int, dict[str, str]]:
        token = f"{miner}_token"
        if self._ends.get(token, 0.0) > self.now():
            return 200, {"message": "Miner already logged in.", "token": token}
        ends = self._ends[token] = self.now() + self.life
        return 200, {"message": "Miner logged in.", "token": token, "ttl": _date(ends)}

    def _is_valid(self, token: str) -> bool:
        return not self.refusing and self._ends.get(token, 0.0) > self.now()

    # the other one

    def _second(self, call: str, form: dict[str, Any]) -> tuple[int, dict[str, str]]:
        if call in ("login", "logout"):
            mine = f"token_{_key(form, 'miner_ip')}"
            if call == "logout":
                self._ends.pop(mine, None)
                return _said("Logged out")
            self._ends[mine] = float("inf")
            return 200, {"token": mine}
        order = ORDERS[call]
        token, wanted = form.get("token"), form.get(order.field)
        if not isinstance(token, str) or not self._is_valid(token) or wanted not in order.values:
            return 400, {"error": f"Invalid token or {order.field}"}
        self._set(token.removeprefix("token_"), call, str(wanted))
        return _said(f"Set to {wanted}")

    # both

    def _set(self, name: str, call: str, wanted: str) -> bool:
        """Whether that changed anything."""
        miner = self.miners.setdefault(name, Miner())
        field = ORDERS[call].field
        if getattr(miner, field) == wanted:
            return False
        setattr(miner, field, wanted)
        self.writes.append(Write(self.now(), name, call, wanted))
        return True


def _key(form: dict[str, Any], name: str) -> str:
    if name not in form:
        raise MissingKey(name)
    return str(form[name])


def _said(text: str, status: int = 200) -> tuple[int, dict[str, str]]:
    return status, {"message": text}


def _date(at: float) -> str:
    return formatdate(at, usegmt=True)
