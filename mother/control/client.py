"""The commands' side of the control socket; blocks, for use outside the daemon only."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from msgspec import DecodeError
from msgspec.json import decode

PATIENCE = 10.0


class NoDaemon(Exception):
    """Nobody answers on the control socket; the text says what to look for."""


class Denied(Exception):
    """The daemon said no; the text is its sentence."""


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(path: Path, call: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
    """One call (`status`, `clear`), a POST where there is a form; the answer as plain values.

    Raises NoDaemon and Denied.
    """
    connection = _Connection(path)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    try:
        if form is None:
            connection.request("GET", f"/v1/{call}")
        else:
            connection.request("POST", f"/v1/{call}", urlencode(form), kind)
        reply = connection.getresponse()
        answer = decode(reply.read())
    except FileNotFoundError:
        raise NoDaemon(
            f"no daemon listens on {path}: is it running, with this state_file?"
        ) from None
    except PermissionError:
        raise NoDaemon(f"{path} belongs to another user: run this as the daemon's user") from None
    except (OSError, http.client.HTTPException, DecodeError) as error:
        raise NoDaemon(f"no daemon answers on {path} ({error})") from None
    finally:
        connection.close()
    if not isinstance(answer, dict) or reply.status != 200:
        raise Denied(answer.get("error", "refused") if isinstance(answer, dict) else "refused")
    return answer
