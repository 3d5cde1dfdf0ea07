"""Pools and logins as the operator writes them."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from mother.config.model import PoolWish
from mother.config.problems import Problems, a_table, kind_of, shown, wrong
from mother.config.reaching import OF_LOGINS, check_macs, reach_of
from mother.config.subject import Login, plain_algorithm
from mother.core.model import Credential

MOST_POOLS = 3
SCHEMES = ("stratum+tcp", "stratum+ssl", "stratum+tls", "stratum2+tcp")
STRANGERS = ("brndnmtthws", "3GWdXx9dfLPvSe7d8UnxjnDnSAJodTTbrt")
"""The sample accounts of mother-of-dragons: whoever keeps them mines for somebody else."""

USUAL_ALGORITHM = "sha256d"
"""What a pool takes that stands in `[[miners]]` and does not say."""
LONGEST = 40
"""Letters of an algorithm."""

KEYS = ("url", "username", "password", "id")

NO_POOLS: tuple[PoolWish, ...] = ()


class Pools(Struct, frozen=True):
    """The pools of all miners, and those of single ones by MAC address in their stead."""

    general: tuple[PoolWish, ...] = ()
    by_mac: dict[str, tuple[PoolWish, ...]] = {}


def check_pools(value: Any, place: str) -> Pools:
    """A list of pools; or a list of `{mac_addresses, pools}`, no MAC address meaning all."""
    problems = Problems()
    items = problems.items(value, place)
    groups = [(where, item) for where, item in items if _is_group(item)]
    loose = [item for _, item in items if not _is_group(item)]
    if groups and loose:
        problems.add(place, "mixes pools with lists of pools by mac_addresses; use one of both")
    if groups:
        pools = _by_mac(groups, problems)
    else:
        pools = Pools(problems.checked(check_wishes, loose, place, NO_POOLS))
    problems.end()
    return pools


def _is_group(item: object) -> bool:
    return isinstance(item, dict) and ("pools" in item or "mac_addresses" in item)


def _by_mac(groups: list[tuple[str, Any]], problems: Problems) -> Pools:
    general: tuple[PoolWish, ...] | None = None
    by_mac: dict[str, tuple[PoolWish, ...]] = {}
    for place, item in groups:
        group = problems.table(item, place, ("mac_addresses", "pools"))
        where = f"{place}.mac_addresses"
        macs = problems.checked(check_macs, group.get("mac_addresses", []), where, None)
        wishes: tuple[PoolWish, ...]
        wishes = problems.checked(check_wishes, group.get("pools", []), f"{place}.pools", ())
        if macs == () and general is not None:
            problems.add(where, "a second list for all miners; name the miners of one of them")
        elif macs == ():
            general = wishes
        for mac in macs or ():
            if mac in by_mac:
                problems.add(where, f"{mac} has a list of pools already")
            by_mac[mac] = wishes
    return Pools(general or (), by_mac)


def check_wishes(value: Any, place: str) -> tuple[PoolWish, ...]:
    """At most three pools, first the preferred one."""
    problems = Problems()
    wishes = _wishes(value, place, KEYS, problems)
    if len(wishes) > MOST_POOLS:
        problems.add(place, f"holds {len(wishes)} pools; a miner takes at most {MOST_POOLS}")
    problems.end()
    return tuple(wish for wish in wishes if wish is not None)


def check_wishes_by_algorithm(value: Any, place: str) -> tuple[PoolWish, ...]:
    """The same, of which each may name its algorithm: at most three of each."""
    problems = Problems()
    wishes = _wishes(value, place, (*KEYS, "algorithm"), problems)
    found = tuple(wish for wish in wishes if wish is not None)
    for name, many in Counter(wish.algorithm for wish in found).items():
        if many > MOST_POOLS:
            says = f"holds {many} pools for {name}; a miner takes at most {MOST_POOLS}"
            problems.add(place, says)
    problems.end()
    return found


def _wishes(
    value: Any, place: str, keys: tuple[str, ...], problems: Problems
) -> list[PoolWish | None]:
    """None stands for one with a problem, which is kept."""

    def check(item: Any, where: str) -> PoolWish | None:
        return _wish(item, where, keys)

    items = problems.items(value, place)
    return [problems.checked(check, item, where, None) for where, item in items]


def _wish(value: Any, place: str, keys: tuple[str, ...]) -> PoolWish:
    problems = Problems()
    entry = problems.table(a_table(value, place), place, keys)
    algorithm = ""
    if "algorithm" in keys:
        said = entry.get("algorithm", USUAL_ALGORITHM)
        algorithm = problems.checked(_algorithm, said, f"{place}.algorithm", "")
    wish = PoolWish(
        url=problems.checked(_url, entry.get("url"), f"{place}.url", ""),
        username=problems.checked(_account, entry.get("username"), f"{place}.username", ""),
        password=problems.checked(_pool_password, entry.get("password"), f"{place}.password", ""),
        algorithm=algorithm,
    )
    problems.end()
    return wish


def _algorithm(value: Any, place: str) -> str:
    word = plain_algorithm(value) if isinstance(value, str) else ""
    if not word or len(word) > LONGEST:
        raise wrong(place, f"must be an algorithm such as sha256d or scrypt, not {shown(value)}")
    return word


def _text(value: Any, place: str, cure: str) -> str:
    """A text that is not blank; the value is never shown."""
    if value is None or (isinstance(value, str) and not value.strip()):
        raise wrong(place, f"missing; {cure}")
    if not isinstance(value, str):
        raise wrong(place, f"must be a text in quotes, not {kind_of(value)}")
    return value


def _url(value: Any, place: str) -> str:
    url = _text(value, place, "e.g. stratum+tcp://host:3333")
    if "@" in url:
        raise wrong(place, "holds an account; put it into username and password")
    if not _is_stratum(url):
        raise wrong(place, f"{shown(url)} is not a stratum URL, e.g. stratum+tcp://host:3333")
    return url


def _is_stratum(text: str) -> bool:
    if re.search(r"[\x00-\x20\x7f]", text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in SCHEMES and bool(parts.hostname) and bool(parts.port)
    except ValueError:
        return False


def _account(value: Any, place: str) -> str:
    username = _text(value, place, "it is your account at the pool")
    account = username.partition(".")[0].strip().casefold()
    if account in [name.casefold() for name in STRANGERS]:
        raise wrong(
            place,
            f"{shown(username)} is the sample account of mother-of-dragons, not yours; "
            "put your own account at the pool here",
        )
    return username


def _pool_password(value: Any, place: str) -> str:
    return str(_text(value, place, "a miner drops a pool without one; most pools take x"))


def check_credentials(value: Any, place: str) -> tuple[Login, ...]:
    """Logins in the order they are tried, each with the miners that it is for."""
    problems = Problems()
    items = problems.items(value, place)
    if value == []:
        problems.add(place, "empty; leave it out to try the makers' own logins")
    logins = [problems.checked(_credential, item, where, None) for where, item in items]
    problems.end()
    return tuple(login for login in logins if login is not None)


def _credential(value: Any, place: str) -> Login:
    problems = Problems()
    entry = problems.table(a_table(value, place), place, ("username", "password", *OF_LOGINS))
    login = Credential(
        problems.checked(_user, entry.pop("username", None), f"{place}.username", ""),
        problems.checked(_password, entry.pop("password", None), f"{place}.password", ""),
    )
    reach = reach_of(entry, place, problems)
    problems.end()
    return Login(login, reach)


def _user(value: Any, place: str) -> str:
    return _text(value, place, "e.g. admin")


def _password(value: Any, place: str) -> str:
    return str(_text(value, place, "the password of the miners' web page"))
