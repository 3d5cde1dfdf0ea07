"""The configuration file: our flat TOML, or the nested file of mother-of-dragons 0.2.9."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from mother.config.options import BY_KEY, OPTIONS
from mother.config.problems import Problems, a_table, kind_of, unknown, wrong
from mother.config.references import is_reference

TABLES = ("configs", "groups", "miners", "minercontrol", "schedule")
"""What a file holds beside options."""

Named = tuple[str, Any]
"""Where a value was named, and the value: `("statsd_port", 8125)`."""

_TELLING = re.compile("auth|token|key|cookie|secret|password", re.IGNORECASE)

MAIN = {option.main: option.key for option in OPTIONS if option.main}
"""`local_network.network` and the like, to our keys."""


class FileContent(Struct, frozen=True):
    """What a file holds: values by option, and the `TABLES` as they are; `mode` its rights."""

    path: str
    mode: int
    tree: dict[str, Any]


def read_file(path: str) -> FileContent:
    """Read and decode by suffix, `.toml` or `.json`. Raises ConfigError."""
    suffix = Path(path).suffix.lower()
    if suffix not in {".toml", ".json"}:
        raise wrong(path, "the name must end in .toml or .json, which tells how to read it")
    try:
        with open(path, encoding="utf-8-sig") as stream:
            mode = os.fstat(stream.fileno()).st_mode & 0o777
            text = stream.read()
    except OSError as error:
        raise wrong(path, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise wrong(path, "is not UTF-8; save it as UTF-8") from None
    return FileContent(path, mode, _decode(text, suffix, path))


def _decode(text: str, suffix: str, path: str) -> dict[str, Any]:
    name = "TOML" if suffix == ".toml" else "JSON"
    try:
        tree = tomllib.loads(text) if suffix == ".toml" else json.loads(text)
    except ValueError as error:
        raise wrong(path, f"is not valid {name}: {error}") from None
    except RecursionError:
        raise wrong(path, "is nested too deeply") from None
    if not isinstance(tree, dict):
        raise wrong(path, f"must hold a table of options, not {kind_of(tree)}")
    return {key: _said(item) for key, item in tree.items() if item is not None}


def _said(value: Any) -> Any:
    """The value without keys that are null in JSON, which say nothing."""
    if isinstance(value, dict):
        return {key: _said(item) for key, item in value.items() if item is not None}
    return [_said(item) for item in value] if isinstance(value, list) else value


def named_in(tree: dict[str, Any], problems: Problems) -> dict[str, Named]:
    """Every option that a file names. Unknown keys, and one named twice, are problems."""
    found: dict[str, Named] = {}
    for key, place, value in (*_flat(tree, problems), *_main(tree.get("main", {}), problems)):
        if key in found:
            problems.add(place, f"named already as {found[key][0]}; keep one of both")
        found.setdefault(key, (place, value))
    return found


def _flat(tree: dict[str, Any], problems: Problems) -> Iterator[tuple[str, str, Any]]:
    known = (*BY_KEY, *TABLES, "main")
    for key, value in problems.table(tree, "", known).items():
        if key in BY_KEY:
            yield key, key, value


def _main(value: Any, problems: Problems) -> Iterator[tuple[str, str, Any]]:
    """What `[main]` and its tables name, under our keys."""
    tables = {name.partition(".")[0] for name in MAIN if "." in name}
    top = {name for name in MAIN if "." not in name} | tables
    for key, item in _known(value, "main", top, problems):
        if key not in tables:
            yield MAIN[key], f"main.{key}", item
            continue
        inner = {name.partition(".")[2] for name in MAIN if name.startswith(f"{key}.")}
        for sub, leaf in _known(item, f"main.{key}", inner, problems):
            yield MAIN[f"{key}.{sub}"], f"main.{key}.{sub}", leaf


def _known(
    value: Any, place: str, words: set[str], problems: Problems
) -> Iterator[tuple[str, Any]]:
    table: dict[str, Any] = problems.checked(a_table, value, place, {})
    for key, item in table.items():
        if key in words:
            yield key, item
        elif key in BY_KEY:
            problems.add(f"{place}.{key}", "is no key of [main]; put it at the top of the file")
        else:
            problems.add(f"{place}.{key}", unknown(key, words))


def holds_password(value: Any) -> bool:
    """Whether a password is anywhere in there, or a header that is as good as one."""
    if isinstance(value, dict):
        own = "password" in value or any(_TELLING.search(key) for key in _written(value))
        return own or any(holds_password(item) for item in value.values())
    return isinstance(value, list) and any(holds_password(item) for item in value)


def _written(table: dict[str, Any]) -> Iterator[str]:
    """The headers whose values stand in the file itself."""
    headers = table.get("headers")
    for key, item in headers.items() if isinstance(headers, dict) else ():
        if not is_reference(item):
            yield key
