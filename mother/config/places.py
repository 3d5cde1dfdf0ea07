"""Where files lie that no option names: in the directories of the service, where there are any."""

from __future__ import annotations

import os
from collections.abc import Mapping

STATE_FILE = "mother-state.json"
SOCKET = "mother.sock"
SERVICE_SOCKET = "/run/mother/mother.sock"
"""Where the daemon listens that runs as the service `mother`."""

_IN_DIRECTORIES = {
    "inventory_file": ("STATE_DIRECTORY", "dragon-inventory.json"),
    "state_file": ("STATE_DIRECTORY", STATE_FILE),
    "firmwares_path": ("CACHE_DIRECTORY", "firmwares/"),
    "control_socket": ("RUNTIME_DIRECTORY", SOCKET),
}

SERVICE_FILE = "/etc/mother/mother.toml"
"""The configuration of that service."""

NAMES_THE_SOCKET = ("config", "inventory_file", "state_file", "control_socket")
"""Who names one of these says which daemon is meant."""


def defaults(environ: Mapping[str, str]) -> dict[str, str]:
    """The places, by option, that follow from the variables systemd sets for a service.

    A variable may hold several directories, parted by colons: the first counts.
    """
    found = {}
    for key, (variable, name) in _IN_DIRECTORIES.items():
        directory = environ.get(variable, "").partition(":")[0]
        if os.path.isabs(directory):
            found[key] = os.path.join(directory, name)
    return found


def socket_for(
    own: str,
    named: Mapping[str, str | None],
    service: str = SERVICE_SOCKET,
    here: str = SOCKET,
) -> str:
    """The socket a command talks to: `own` is what its configuration says.

    Where nothing of `NAMES_THE_SOCKET` is `named`, but for the service's own file that does not
    tell either, it is the one in this directory if it is there, else that of the service if it
    is there.
    """
    meant = [text for key in NAMES_THE_SOCKET if (text := named.get(key)) is not None]
    if meant not in ([], [SERVICE_FILE]) or own != here or _is_there(here):
        return own
    return service if _is_there(service) else own


def _is_there(path: str) -> bool:
    """Whether something is there, seen or not: a directory of another user's hides its files."""
    try:
        os.lstat(path)
    except PermissionError:
        return True
    except OSError:
        return False
    return True
