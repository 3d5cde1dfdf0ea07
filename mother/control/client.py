"""The commands' side of the control socket; blocks, for use outside the daemon only."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import DecodeError
from msgspec.json import decode, encode

from mother.core.units import duration

PATIENCE = 10.0


class NoDaemon(Exception):
    """Nobody answers on the control socket; the text says what to look for."""


class Denied(Exception):
    """The daemon said no; the text is its sentence, `status` its kind as in HTTP."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, patience: float) -> None:
        super().__init__("localhost", timeout=patience)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(
    path: Path, call: str, body: Mapping[str, Any] | None = None, patience: float = PATIENCE
) -> dict[str, Any]:
    """One call (`status`, `hold`), a POST where there is a body; the answer as plain values.

    `patience` is how many seconds the daemon may be silent. Raises NoDaemon and Denied.
    """
    connection = _Connection(path, patience)
    try:
        if body is None:
            connection.request("GET", f"/v1/{call}")
        else:
            kind = {"content-type": "application/json"}
            connection.request("POST", f"/v1/{call}", encode(body), kind)
        reply = connection.getresponse()
        answer = decode(reply.read())
    except FileNotFoundError:
        raise NoDaemon(
            f"no daemon listens on {path}: does it run (systemctl status mother), and with this "
            "state_file?"
        ) from None
    except PermissionError:
        raise NoDaemon(f"{path} belongs to another user: try sudo") from None
    except TimeoutError:
        raise NoDaemon(f"the daemon on {path} has not answered for {duration(patience)}") from None
    except (OSError, http.client.HTTPException, DecodeError) as error:
        raise NoDaemon(f"no daemon answers on {path} ({error})") from None
    finally:
        connection.close()
    if not isinstance(answer, dict) or reply.status != 200:
        said = answer.get("error", "refused") if isinstance(answer, dict) else "refused"
        raise Denied(str(said), reply.status)
    return answer
