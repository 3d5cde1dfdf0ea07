"""One simulated Whatsminer under a clock of its own, asked in memory on 4028 and 4433."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock

from mother.sim.whatsminer.md5crypt import md5_crypt
from mother.sim.whatsminer.models import MODELS
from mother.sim.whatsminer.state import Whatsminer

NOW = 1_780_000_000.0
MAC = "ce:02:01:00:8c:36"
V2, V3 = "M50_VH60", "M60S_VK40"
OLD = "M30S++_VE40"
CLIENT = "127.0.0.1"
_RECORDINGS = Path(__file__).parents[2] / "recordings" / "whatsminer"


def recording(name: str) -> Any:
    """A recorded answer, such as `v2/summary`."""
    return json.loads((_RECORDINGS / f"{name}.json").read_text("utf-8"))


class Connection:
    """A TCP connection in memory."""

    def __init__(self) -> None:
        self.came = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.came += data

    def loseConnection(self) -> None:  # noqa: N802  # Twisted's name
        self.closed = True

    abortConnection = loseConnection  # noqa: N815  # Twisted's name


class Wire:
    """The device and its clients; answers come at once if no `delays` are given."""

    def __init__(self, model: str = V2, **settings: Any) -> None:
        self.clock = MemoryReactorClock()
        self.clock.advance(NOW)
        settings.setdefault("delays", {})
        self.miner = Whatsminer("127.77.0.1", MAC, self.clock.seconds, model=model, **settings)
        self.services: dict[int, Any] = dict(self.miner.services(cast(Any, self.clock)))
        self.password = "admin"

    def wait(self, seconds: float) -> None:
        """Let time go by."""
        self.clock.advance(seconds)

    def open(self, port: int, client: str = CLIENT) -> tuple[Any, Connection]:
        """A connection: the device's end and ours."""
        talk, connection = (
            self.services[port].buildProtocol(IPv4Address("TCP", client, 5000)),
            Connection(),
        )
        talk.makeConnection(connection)
        return talk, connection

    # 4028

    def raw(self, request: bytes, client: str = CLIENT) -> bytes:
        """What 4028 answers to one request."""
        talk, connection = self.open(4028, client)
        talk.dataReceived(request)
        assert connection.closed
        return connection.came

    def ask(self, command: str, client: str = CLIENT, **more: Any) -> Any:
        """The same, decoded."""
        request = json.dumps({"cmd": command, **more}).encode()
        return json.loads(self.raw(request, client).rstrip(b"\0"))

    def summary(self) -> dict[str, Any]:
        """The only part of `summary`."""
        [summary] = self.ask("summary")["SUMMARY"]
        return dict(summary)

    def token(self, client: str = CLIENT) -> tuple[str, bytes]:
        """Signature and key, by the maker's recipe."""
        given = self.ask("get_token", client)["Msg"]
        secret = md5_crypt(self.password, given["salt"])
        sign = md5_crypt(secret + given["time"][-4:], given["newsalt"])
        return sign, hashlib.sha256(secret.encode()).digest()

    def write(
        self,
        command: str,
        token: tuple[str, bytes] | None = None,
        client: str = CLIENT,
        **form: Any,
    ) -> Any:
        """The answer to a hidden write, revealed where it is hidden."""
        sign, key = self.token(client) if token is None else token
        sealed = seal({"cmd": command, "token": sign, **form}, key)
        answer = json.loads(self.raw(json.dumps({"enc": 1, "data": sealed}).encode(), client))
        return unseal(answer["enc"], key) if "enc" in answer else answer

    def code(self, command: str, **more: Any) -> int:
        """Only how it went."""
        return int(self.write(command, **more)["Code"])

    # 4433

    def frame(self, asked: Any) -> Any:
        """One framed request and its answer, decoded."""
        talk, connection = self.open(4433)
        body = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
        talk.dataReceived(len(body).to_bytes(4, "little") + body)
        assert int.from_bytes(connection.came[:4], "little") == len(connection.came) - 4
        return json.loads(connection.came[4:])

    def get(self, command: str, param: object = None) -> Any:
        """The `msg` of a read."""
        answer = self.frame({"cmd": command, "param": param})
        assert (answer["code"], answer["desc"]) == (0, command), answer
        return answer["msg"]

    def signed(self, command: str, param: object, **changed: Any) -> dict[str, Any]:
        """A v3 write by the maker's recipe; `changed` fields are sent as they are."""
        salt, ts = self.get("get.device.info", "salt")["salt"], int(self.clock.seconds())
        digest = hashlib.sha256(f"{command}super{salt}{ts}".encode()).digest()
        if command == "set.miner.pools":
            param = seal(param, digest)
        token = base64.b64encode(digest).decode()[:8]
        form = {"cmd": command, "param": param, "ts": ts, "account": "super", "token": token}
        return {**form, **changed}

    def set(self, command: str, param: object = None, **changed: Any) -> int:
        """The `code` of a write."""
        return int(self.frame(self.signed(command, param, **changed))["code"])


def seal(value: object, key: bytes) -> str:
    """JSON, filled up with NUL, encrypted, in base64."""
    plain = json.dumps(value).encode()
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return base64.b64encode(encryptor.update(plain + b"\0" * (-len(plain) % 16))).decode()


def unseal(sealed: str, key: bytes) -> Any:
    """The other way."""
    decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()
    return json.loads(decryptor.update(base64.b64decode(sealed)).rstrip(b"\0"))


def lacking(told: object, recorded: object, place: str = "") -> list[str]:
    """Which keys of a recording are not told, and which have another type."""
    if isinstance(recorded, dict):
        assert isinstance(told, dict), place
        missing = [f"{place}.{key}" for key in recorded if key not in told]
        here = [key for key in recorded if key in told]
        return missing + [
            each for key in here for each in lacking(told[key], recorded[key], f"{place}.{key}")
        ]
    if isinstance(recorded, list) and recorded:
        assert isinstance(told, list), place
        assert told, place
        return [each for part in told for each in lacking(part, recorded[0], f"{place}[]")]
    same = isinstance(told, (int, float)) if _number(recorded) else type(told) is type(recorded)
    return [] if same else [f"{place}: {told!r}"]


def all_models() -> list[str]:
    """The names of all models."""
    return list(MODELS)


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
