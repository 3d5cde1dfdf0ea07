"""Secrets by reference: `credential:NAME` and `env:NAME` say where a value stands.

`credential:NAME` is a file of `$CREDENTIALS_DIRECTORY`, as systemd's LoadCredential= makes them;
`env:NAME` is an environment variable.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mother.config.problems import Problems, wrong

DIRECTORY = "CREDENTIALS_DIRECTORY"
LONGEST = 65_536
"""Bytes; a credential that is longer is something else."""

LOGINS = frozenset({"credentials", "pools"})
"""The keys below which usernames and passwords stand."""

ADDRESSES = frozenset({"notify_url", "heartbeat_url"})
"""The keys whose values may be references themselves."""

_HIDDEN_KEYS = ("username", "password")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NAME = re.compile(r"(?!\.\.?$)[A-Za-z0-9_.@-]{1,255}")


class Secret(str):
    """A text that was looked up: its repr, and so every complaint about it, is masked."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


UNREAD = Secret("***")
"""Stands for a secret that is missing, or that a command has no use for."""


class References:
    """Puts in what references stand for.

    With `read` False nothing is looked up, for commands that need no secrets: logins become
    `UNREAD`, and addresses are left out.
    """

    def __init__(self, environ: Mapping[str, str], read: bool = True) -> None:
        self._environ = environ
        self._read = read

    def put_in(self, key: str, value: Any, place: str, problems: Problems) -> Any:
        """The value of an option with its references resolved.

        What is missing is a problem, and None where nothing can stand for it.
        """
        if key in LOGINS:
            return self._logins(value, place, problems)
        return self._addresses(value, place, problems) if key in ADDRESSES else value

    def put_in_blocks(self, blocks: Any, place: str, problems: Problems) -> Any:
        """The same for the pools of `[[configs]]` and `[[miners]]`."""
        if not isinstance(blocks, list):
            return blocks
        return [
            {**block, "pools": self._logins(block["pools"], f"{place}[{number}].pools", problems)}
            if isinstance(block, dict) and "pools" in block
            else block
            for number, block in enumerate(blocks)
        ]

    def secret(self, value: Any, place: str, problems: Problems) -> Any:
        """A text, or a table of them by name, with its references resolved.

        `UNREAD` stands for what is missing, or not looked up.
        """
        if isinstance(value, dict):
            return {
                key: self._login(item, f"{place}.{key}", problems) for key, item in value.items()
            }
        return self._login(value, place, problems)

    def _logins(self, value: Any, place: str, problems: Problems) -> Any:
        if isinstance(value, list):
            return [
                self._logins(item, f"{place}[{number}]", problems)
                for number, item in enumerate(value)
            ]
        if not isinstance(value, dict):
            return value
        return {
            key: self._login(item, f"{place}.{key}", problems)
            if key in _HIDDEN_KEYS
            else self._logins(item, f"{place}.{key}", problems)
            for key, item in value.items()
        }

    def _login(self, value: Any, place: str, problems: Problems) -> Any:
        if not self._read:
            return UNREAD if is_reference(value) else value
        return problems.checked(self._looked_up, value, place, UNREAD)

    def _addresses(self, value: Any, place: str, problems: Problems) -> Any:
        if isinstance(value, list):
            found = [
                self._address(item, f"{place}[{number}]", problems)
                for number, item in enumerate(value)
            ]
            return [item for item in found if item is not None]
        return self._address(value, place, problems)

    def _address(self, value: Any, place: str, problems: Problems) -> Any:
        if not self._read and is_reference(value):
            return None
        return problems.checked(self._looked_up, value, place, None)

    def _looked_up(self, value: Any, place: str) -> Any:
        if not is_reference(value):
            return value
        kind, _, name = value.partition(":")
        return _KINDS[kind](name, place, self._environ)


def is_reference(value: object) -> bool:
    """Whether the value says where the real one stands."""
    return isinstance(value, str) and value.partition(":")[0] in _KINDS and ":" in value


def _credential(name: str, place: str, environ: Mapping[str, str]) -> Secret:
    if not _NAME.fullmatch(name):
        raise wrong(
            place,
            "credential: takes the name of a credential: letters, digits and . _ - @, no slashes",
        )
    directory = environ.get(DIRECTORY, "")
    says = f"there is no credential {name}: "
    if not directory:
        raise wrong(
            place,
            f"{says}CREDENTIALS_DIRECTORY is not set. systemd sets it for the service where the "
            f"unit has LoadCredential={name}:PATH; by hand, set it to a directory that holds "
            f"the file {name}",
        )
    try:
        content = _content(Path(directory) / name)
    except FileNotFoundError:
        there = _names_in(directory)
        known = f"there are {', '.join(there)}" if there else "there are none"
        cure = f"add LoadCredential={name}:PATH to the unit and restart it"
        raise wrong(place, f"{says}{known}; {cure}") from None
    except OSError as error:
        raise wrong(place, f"the credential {name} cannot be read: {error.strerror}") from None
    if len(content) > LONGEST:
        raise wrong(place, f"the credential {name} is longer than {LONGEST} bytes; is it another?")
    try:
        text = content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise wrong(place, f"the credential {name} is not UTF-8; save it as UTF-8") from None
    if not text.strip():
        raise wrong(place, f"the credential {name} is empty; put the value into its file")
    return _one_line(text, f"the credential {name}", place)


def _content(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(LONGEST + 1)


def _names_in(directory: str) -> list[str]:
    """What can be named there."""
    try:
        return sorted(name for name in os.listdir(directory) if _NAME.fullmatch(name))
    except OSError:
        return []


def _variable(name: str, place: str, environ: Mapping[str, str]) -> Secret:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise wrong(place, "env: takes the name of an environment variable: letters, digits and _")
    text = environ.get(name, "")
    if not text.strip():
        raise wrong(
            place,
            f"the environment variable {name} is not set or empty; set it for the daemon, e.g. "
            "by EnvironmentFile= in the unit",
        )
    return _one_line(text.rstrip("\r\n"), f"the environment variable {name}", place)


def _one_line(text: str, what: str, place: str) -> Secret:
    """The value; one of several lines would go to a miner or a service as it is."""
    if _CONTROL.search(text):
        says = "holds more than one line, or a letter that cannot be seen; keep the value alone"
        raise wrong(place, f"{what} {says}")
    return Secret(text)


_KINDS: dict[str, Callable[[str, str, Mapping[str, str]], Secret]] = {
    "credential": _credential,
    "env": _variable,
}
