"""A configuration file that wishes what a farm has, with every option explained."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from msgspec import Struct

from mother.config.drafting import Draft, Left, Part, Pools, Tune
from mother.config.model import Config
from mother.config.networks import LARGEST, PRIVATE, addresses
from mother.config.options import BY_KEY, MOTHER, OPTIONS, Option
from mother.config.sample import (
    BLOCKS,
    GROUPS,
    LOGINS,
    MINERS,
    POOLS,
    SAMPLE_LOGIN,
    SAMPLE_POOL,
    WIDTH,
    comment,
    explained,
    toml_text,
    toml_value,
    value_at,
)
from mother.config.schedule_sample import SCHEDULE
from mother.config.subject import ANY, Group, Reach
from mother.core.model import Credential

_HEAD = """\
Configuration of mother, written by `mother init` of what the miners had: a first start with
it writes nothing to any of them. What most of them had stands as the general setting, which
a miner that is added later gets too; [[configs]] blocks hold what some had in its stead.
A line that begins with '# ' explains, one that begins with '#' alone can be switched on.
Flags and environment variables speak before this file; [[miners]] and [[configs]] blocks
speak before all of them for the miners they name. SIGHUP makes mother read the file again."""

_OFF = "Off until you say true: nothing is done to a miner that you did not ask for."

LEFT_OUT = frozenset(
    {
        "dragon_autotune_mode",
        "dragon_autotune_level",
        "dragon_health_reboot",
        "dragon_auto_upgrade",
        "pools",
        "firmware_file",
        "firmware_sha256",
    }
)
"""What the file says by what was found, and not by what anybody said before."""


class Given(Struct, frozen=True):
    """What beside the wishes goes into the file: the options by these `keys`, as in `config`.

    `secrets` are the values of secret options as they were written down, and `logins` the
    credentials: a reference stays one. Without `logins` those of `config` are taken. For whom
    each of them is, and the groups that are named there, `config` says.
    """

    config: Config
    keys: frozenset[str]
    secrets: Mapping[str, Any] = {}
    logins: tuple[Credential, ...] = ()


def written(draft: Draft, given: Given) -> str:
    """The text of the file. Holds passwords: of pools, and logins where `given` has them."""
    said = _said(draft, given)
    lines = explained(MOTHER, lambda option: _setting(option, said))
    return "\n".join(
        [
            comment(_HEAD),
            *lines,
            "",
            LOGINS + _logins(given),
            POOLS + _pools(draft),
            _blocks(draft),
            GROUPS,
            *_groups(given),
            MINERS,
            SCHEDULE,
        ]
    )


# options

Said = Mapping[str, Callable[[Option], str]]


def _said(draft: Draft, given: Given) -> Said:
    """How each option that is switched on is written."""
    values: dict[str, Any] = dict(given.secrets)
    for option in OPTIONS:
        if option.key in given.keys - LEFT_OUT and option.at and not option.secret:
            values[option.key] = value_at(given.config, option.at)
    values["network"] = given.config.networks
    wanted = addresses(given.config.networks) - addresses(given.config.exclude)
    values["allow_large_network"] = wanted.size > LARGEST or None
    values["allow_public_network"] = bool(wanted - PRIVATE) or None
    tune = draft.tune or Tune("")
    values |= {"dragon_autotune_mode": tune.mode or None, "dragon_autotune_level": tune.level}
    found: dict[str, Callable[[Option], str]] = {
        key: lambda option, value=value: f"{option.key} = {toml_value(value)}"  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        for key, value in values.items()
        if value not in (None, ())
    }
    off: Callable[[Option], str] = lambda option: f"{_wrapped(_OFF)}\n{option.key} = false"  # noqa: E731  # a row of the table
    found |= {"dragon_health_reboot": off, "dragon_auto_upgrade": off}
    if draft.untuned:
        why = f"Left alone on all miners: {draft.untuned}."
        found["dragon_autotune_mode"] = lambda option: f"{_wrapped(why)}\n{_default(option)}"
    return found


def _setting(option: Option, said: Said) -> str:
    return said.get(option.key, _default)(option)


def _default(option: Option) -> str:
    """The option as it holds unless it is switched on."""
    value = option.default
    if value in (None, ()):
        return f"#{option.key} = {option.example}"
    return f"#{option.key} = {toml_value(value)}"


# tables


def _logins(given: Given) -> str:
    if "credentials" not in given.keys:
        return f"{SAMPLE_LOGIN}\n"
    logins = given.logins or given.config.credentials
    pairs = zip_longest(logins, given.config.login_limits[: len(logins)])
    return "".join(_login(login, limit or ANY) for login, limit in pairs)


def _login(login: Credential, limit: Reach) -> str:
    name, password = toml_text(login.username), toml_text(login.password)
    lines = ["[[credentials]]", f"username = {name}", f"password = {password}", *_words(limit)]
    return "\n".join(lines) + "\n\n"


def _groups(given: Given) -> Iterator[str]:
    """Those that the logins name."""
    named = {name for limit in given.config.login_limits for name in limit.groups}
    if "credentials" not in given.keys:
        return
    for group in given.config.groups:
        if group.name in named:
            yield "\n".join(["[[groups]]", f"name = {toml_text(group.name)}", *_words(group), ""])


def _words(of: Reach | Group) -> Iterator[str]:
    """Its lists that are not empty."""
    for key in of.__struct_fields__:
        words = getattr(of, key)
        if isinstance(words, tuple) and words:
            yield from _list(key, words)


def _pools(draft: Draft) -> str:
    lines = [line for left in draft.left for line in _apology(left)]
    own = _pool_tables("pools", draft.pools) or f"{SAMPLE_POOL}\n"
    return "".join(f"{line}\n" for line in lines) + own


def _apology(left: Left) -> Iterator[str]:
    many = len(left.macs)
    whose = ", ".join(left.macs[:3]) + (f" and {many - 3:,} more" if many > 3 else "")
    yield _wrapped(f"The pools of {_miners(many)} are left alone, since {left.why} ({whose}).")


def _pool_tables(name: str, pools: Pools) -> str:
    return "".join(
        f"[[{name}]]\nurl = {toml_text(pool.url)}\nusername = {toml_text(pool.username)}\n"
        f"password = {toml_text(pool.password)}\n\n"
        for pool in pools
    )


def _blocks(draft: Draft) -> str:
    return "\n".join([BLOCKS, *map(_block, draft.parts)])


def _block(part: Part) -> str:
    lines = [_wrapped(_summary(part)), "[[configs]]"]
    if part.tune is not None:
        lines.append(f"autotune_mode = {toml_text(part.tune.mode)}")
        if part.tune.level is not None:
            lines.append(f"autotune_level = {part.tune.level}")
    if part.pools == ():
        lines.append("pools = []")
    lines += ["", "[configs.apply_to]"]
    lines += _list("models", part.models) if part.models else ()
    lines += _list("mac_addresses", part.macs) if part.macs else ()
    tables = _pool_tables("configs.pools", part.pools or ())
    return "\n".join([*lines, *(["", tables.rstrip("\n")] if tables else []), ""])


def _summary(part: Part) -> str:
    what = []
    if part.pools is not None:
        what.append("other pools" if part.pools else "pools left alone")
    if part.tune is not None:
        what.append("another autotune")
    return (
        f"{_miners(part.miners)}: {', '.join(what) or 'as in general, unlike others of the model'}."
    )


def _list(name: str, values: tuple[str, ...]) -> Iterator[str]:
    """On one line while there is room."""
    texts = [toml_text(value) for value in values]
    if len(texts) <= 3:
        yield f"{name} = [{', '.join(texts)}]"
        return
    yield f"{name} = ["
    for place in range(0, len(texts), 4):
        yield f"  {', '.join(texts[place : place + 4])},"
    yield "]"


def _miners(count: int) -> str:
    return "1 miner" if count == 1 else f"{count:,} miners"


def _wrapped(text: str) -> str:
    """A comment; what no comment may hold shows as a question mark."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in text)
    return comment(textwrap.fill(plain, WIDTH, break_on_hyphens=False))


assert set(BY_KEY) >= LEFT_OUT  # noqa: S101  # a misspelt key would leave nothing out
