"""`mother status` and `mother clear`: talk to the daemon that runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from mother.control.client import Denied, NoDaemon, ask
from mother.core.model import Totals
from mother.fleet.views import Row
from mother.terminal.process import FAILED, OK
from mother.terminal.scanning import as_data, show_farm
from mother.terminal.table import console_on, say


def status(socket: Path, as_json: bool) -> int:
    """Print the farm as the running daemon sees it; the exit code."""
    answer = _asked(socket, "status")
    if answer is None:
        return FAILED
    rows = msgspec.convert(answer["miners"], list[Row])
    if as_json:
        plain = {**answer, "miners": [as_data(row) for row in rows]}
        print(msgspec.json.format(msgspec.json.encode(plain), indent=2).decode())
        return OK
    console = console_on(sys.stdout)
    if rows:
        show_farm(console, rows, msgspec.convert(answer["totals"], Totals))
    else:
        say(console, f"No miner is known yet in {', '.join(answer['networks'])}.")
    for one in answer["unidentified"]:
        say(
            console,
            f"{one['address']} looks like a {one['family'] or 'miner'} but {one['reason']}.",
        )
    return OK


def clear(socket: Path, miner: str) -> int:
    """Let the daemon heal a miner again that was left for a human; the exit code."""
    answer = _asked(socket, "clear", {"miner": miner})
    if answer is None:
        return FAILED
    print(answer["text"])
    return OK


def is_served(socket: Path) -> bool:
    """Whether a daemon answers there, after it was said on standard error."""
    try:
        ask(socket, "status")
    except NoDaemon:
        return False
    except Denied:
        pass  # it answers
    print(
        f"another mother runs here and answers on {socket}: stop it first, or give this one a "
        "--state-file in another directory",
        file=sys.stderr,
    )
    return True


def _asked(socket: Path, call: str, form: dict[str, str] | None = None) -> dict[str, Any] | None:
    try:
        return ask(socket, call, form)
    except (NoDaemon, Denied) as error:
        print(error, file=sys.stderr)
        return None
