"""Pools as they are wished against pools as they were found: pure.

Only what can be read is compared. Most devices hide passwords: of those that we wrote, a digest
is kept. A URL has many spellings of the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from mother.config.model import PoolWish
from mother.core.model import Change, ConfiguredPool

NONE = "(none)"
PLAIN = "stratum+tcp"


def canonical(url: str) -> str:
    """One spelling of each URL: scheme and host in lower case, stratum+tcp where none is named,
    no slash at the end. What is no URL stays as it is.
    """
    text = url.strip()
    if text and "://" not in text:
        text = f"{PLAIN}://{text}"
    if any(char.isspace() for char in text):
        return text
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return text
    if not host:
        return text
    place = host if port is None else f"{host}:{port}"
    return f"{parts.scheme.lower()}://{place}{parts.path.rstrip('/')}"


def same(found: ConfiguredPool | None, wished: ConfiguredPool | None) -> bool:
    """Whether they do not differ in anything that was told."""
    if found is None or wished is None:
        return found is wished
    if (canonical(found.url), found.user) != (canonical(wished.url), wished.user):
        return False
    return None in (found.password, wished.password) or found.password == wished.password


def all_same(found: Sequence[ConfiguredPool] | None, wished: Sequence[ConfiguredPool]) -> bool:
    """Whether whole lists are the same, in their order."""
    if found is None or len(found) != len(wished):
        return False
    return all(map(same, found, wished))


def hides(found: Iterable[ConfiguredPool]) -> bool:
    """Whether a password is not told."""
    return any(pool.password is None for pool in found)


def digest_of(pools: Iterable[ConfiguredPool], salt: str) -> str:
    """What is remembered of the passwords that were written; `salt` is the device's own name."""
    text = "\0".join((salt, *(pool.password or "" for pool in pools)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def wished_pools(
    wishes: Sequence[PoolWish],
    worker: str,
    found: Sequence[ConfiguredPool] = (),
    *,
    keep: bool = False,
) -> tuple[ConfiguredPool, ...]:
    """The pools as the miner shall have them: each user is `{username}.{worker}`.

    With `keep` a worker name that is found on the miner stays: what follows the wished account of
    the user in the same slot, or else in the first that has one; of another account's user, what
    follows the first dot.
    """
    names = [_worker_in(pool.user, wishes) for pool in found]
    usual = next(filter(None, names), "") if keep else ""
    pools = []
    for slot, wish in enumerate(wishes):
        own = names[slot] if keep and slot < len(names) else ""
        pools.append(
            ConfiguredPool(wish.url, f"{wish.username}.{own or usual or worker}", wish.password)
        )
    return tuple(pools)


def _worker_in(user: str, wishes: Sequence[PoolWish]) -> str:
    """The worker's part of a user; an account may hold dots itself, the longest one counts."""
    for account in sorted({wish.username for wish in wishes}, key=len, reverse=True):
        if user == account:
            return ""
        if user.startswith(f"{account}."):
            return user[len(account) + 1 :]
    return user.partition(".")[2]


def pool_changes(
    found: Sequence[ConfiguredPool], wished: Sequence[ConfiguredPool]
) -> tuple[Change, ...]:
    """Slot by slot, passwords never shown."""
    changes = []
    for slot in range(max(len(found), len(wished))):
        old = found[slot] if slot < len(found) else None
        new = wished[slot] if slot < len(wished) else None
        if not same(old, new):
            shown = _shown(new)
            if old is not None and new is not None and (old.url, old.user) == (new.url, new.user):
                shown += " (another password)"
            changes.append(Change(f"pools[{slot}]", _shown(old), shown))
    return tuple(changes)


def password_changes(wished: Sequence[ConfiguredPool]) -> tuple[Change, ...]:
    """What there is to say where nothing but a hidden password differs."""
    return tuple(
        Change(f"pools[{slot}]", _shown(pool), f"{_shown(pool)} (another password)")
        for slot, pool in enumerate(wished)
    )


def _shown(pool: ConfiguredPool | None) -> str:
    return NONE if pool is None else f"{pool.url} as {pool.user}"
