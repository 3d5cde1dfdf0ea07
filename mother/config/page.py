"""The tables of docs/configuration.md, made from the options.

`python -m mother.config.page docs/configuration.md` brings the page up to date.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from mother.config.blocks import FIRMWARE, KEYS, NOT_INHERITED
from mother.config.gateways import KEYS as GATEWAYS
from mother.config.miners import KEYS as MINERS
from mother.config.options import MOTHER, OPTIONS, PREDECESSOR, Option
from mother.config.schedule_keys import BLOCKS as SCHEDULED
from mother.config.schedule_keys import REACHING, SCHEDULE, Key

_PART = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def up_to_date(page: str) -> str:
    """The page with each part between `<!-- table: NAME -->` and `<!-- end -->` made anew."""

    def made(found: re.Match[str]) -> str:
        return f"{found[1]}\n{TABLES[found[2]]()}\n{found[3]}"

    return _PART.sub(made, page)


def options_table() -> str:
    """Every option with flag, variable, key, default and meaning, by group."""
    return "\n".join(_option_lines())


def _option_lines() -> Iterator[str]:
    group = ""
    for option in OPTIONS:
        if option.group != group:
            group = option.group
            yield f"### {group}\n"
            yield "| option | default | meaning |"
            yield "|---|---|---|"
        last = option is OPTIONS[-1] or OPTIONS[OPTIONS.index(option) + 1].group != group
        yield _row(option) + ("\n" if last else "")


def _row(option: Option) -> str:
    names = [f"`{option.flag}`"] if option.has_flag else []
    names += [f"`{option.env}`", f"`{option.key}`"]
    if option.kind.switch:
        names.insert(1, f"`--no-{option.flag[2:]}`")
    meaning = option.help.replace("|", "\\|")
    if option.needs_restart:
        meaning += " **A change needs a restart.**"
    return f"| {'<br>'.join(names)} | {_default(option)} | {meaning} |"


def _default(option: Option) -> str:
    default = option.default_text(MOTHER)
    other = option.default_text(PREDECESSOR)
    return default if default == other else f"{default}<br>as {PREDECESSOR}: {other}"


def blocks_table() -> str:
    """The keys of a `[[configs]]` block with what holds when it does not say them."""
    lines = ["| key | unless said |", "|---|---|"]
    general = {option.at.removeprefix("settings."): option.key for option in OPTIONS}
    for key in KEYS:
        told = f"as `{general.get(key, key)}`"
        if key in FIRMWARE:
            told += ", unless the block says the other one of the two"
        lines.append(f"| `{key}` | {'off' if key in NOT_INHERITED else told} |")
    return "\n".join(lines) + "\n"


def miners_table() -> str:
    """The keys of a `[[miners]]` block."""
    lines = ["| key | meaning |", "|---|---|"]
    lines += [f"| `{key}` | {told} |" for key, (_, told) in MINERS.items()]
    return "\n".join(lines) + "\n"


def _keys(title: str, keys: Iterable[Key], reaching: bool) -> Iterator[str]:
    yield f"#### `{title}`\n"
    yield "| key | unless said | meaning |"
    yield "|---|---|---|"
    for key in keys:
        usual = "**must be there**" if key.needed else _code(key.usual)
        yield f"| `{key.name}` | {usual} | {key.help} |"
    if reaching:
        yield "| `apply_to` | all miners | For whom it is, as in `[[miners]]`. |"
    yield ""


def _code(usual: str) -> str:
    """Values as code, words as they are."""
    try:
        tomllib.loads(f"x = {usual}")
    except tomllib.TOMLDecodeError:
        return usual
    return f"`{usual}`"


def schedule_table() -> str:
    """The keys of `[schedule]` and of all its blocks."""
    lines = [*_keys("[schedule]", SCHEDULE, reaching=False)]
    for name, keys in SCHEDULED.items():
        lines += _keys(f"[[schedule.{name}]]", keys, name in REACHING)
    return "\n".join(lines)


def gateways_table() -> str:
    """The keys of a `[[minercontrol]]` block."""
    return "\n".join(_keys("[[minercontrol]]", GATEWAYS, reaching=False))


def restart_list() -> str:
    """The options whose change needs a restart."""
    return ", ".join(f"`{option.key}`" for option in OPTIONS if option.needs_restart) + ".\n"


TABLES = {
    "options": options_table,
    "blocks": blocks_table,
    "miners": miners_table,
    "schedule": schedule_table,
    "gateways": gateways_table,
    "restart": restart_list,
}


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(up_to_date(target.read_text(encoding="utf-8")), encoding="utf-8")
