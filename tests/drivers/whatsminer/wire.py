"""Whatsminers on loopback that answer what they are told to, with cryptography of their own."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msgspec import Struct
from twisted.internet.defer import Deferred

from mother.core.clock import sleep
from mother.core.model import Address, Credential
from mother.core.ports import Ports
from mother.drivers.whatsminer.driver import Whatsminer
from mother.drivers.whatsminer.second import SecondApi
from mother.drivers.whatsminer.third import ThirdApi
from mother.net.http import Http
from mother.net.wire import Wire
from tests.drivers.whatsminer import recorded
from tests.net.talkers import Talker, house
from tests.net.turning import reactor

CUT = object()
"""Take the request and hang up."""

HANG = object()
"""Take the request and say nothing."""

YES = {"STATUS": "S", "When": 1, "Code": 131, "Msg": "API command OK", "Description": ""}

WORDS = {
    "admin": ("RxmaDUO33TS7O26yeMHZ81", "w.BNbkCV6n1aNWgiBWLzT/"),
    "secret": ("xExtdyPhXYbouyQHGhZxY.", "hUPd7N4GyaYyoHmoJ3lTv1"),
    "Nu_3": ("ViiZHYsvnzsRr2WOsO6vW1", "HVKPzaPGr9E9WF1ARCD800"),
}
"""For each password what `openssl passwd -1` makes of it with the document's salts and time."""


def no(code: int, message: str) -> dict[str, Any]:
    """A no of the second API."""
    return {"STATUS": "E", "When": 1, "Code": code, "Msg": message, "Description": ""}


class Clock:
    """The wall clock of the driver."""

    def __init__(self) -> None:
        self.now = 1_773_871_985.0

    def __call__(self) -> float:
        return self.now


class Order(Struct, frozen=True):
    """A write as it was understood."""

    name: str
    form: dict[str, Any]


class SecondMiner:
    """Port 4028. `answers` by command: one, or several for one call after the other."""

    def __init__(self, answers: Mapping[str, object], password: str) -> None:
        self.password = password
        self.asked: list[str] = []
        self.keys: list[str] = []
        self.orders: list[Order] = []
        told: dict[str, object] = {name: recorded.second(name) for name in recorded.SECOND}
        told |= {"devdetails": recorded.DEVDETAILS, "get_token": recorded.TOKEN, **answers}
        self._answers = {
            name: list(one) if isinstance(one, list) else [one] for name, one in told.items()
        }

    def __call__(self, talker: Talker) -> None:
        request = json.loads(talker.heard)
        if request.get("enc") == 1:
            answer = self._ordered(request["data"])
        else:
            key = "cmd" if "cmd" in request else "command"
            self.keys.append(key)
            self.asked.append(request[key])
            answer = self._next(request[key], no(14, "invalid cmd"))
        _say(talker, answer, json.dumps(answer).encode() if isinstance(answer, dict) else b"")

    def _ordered(self, data: str) -> object:
        word, sign = WORDS[self.password]
        key = hashlib.sha256(word.encode()).digest()
        text = _aes(key, "decryptor", base64.b64decode(data)).rstrip(b"\0")
        try:
            form = json.loads(text)
        except ValueError:
            self.asked.append("?")
            return no(23, "enc json load err")
        name = form.pop("cmd")
        self.asked.append(name)
        assert form.pop("token") == sign
        self.orders.append(Order(name, form))
        answer = self._next(name, YES)
        if not isinstance(answer, dict) or "STATUS" not in answer or answer["STATUS"] == "E":
            return answer
        plain = json.dumps(answer).encode()
        return {"enc": self.hidden(plain)}

    def hidden(self, plain: bytes) -> str:
        """A text as only who knows the password can read it."""
        key = hashlib.sha256(WORDS[self.password][0].encode()).digest()
        padded = plain + b"\0" * (-len(plain) % 16)
        return base64.b64encode(_aes(key, "encryptor", padded)).decode()

    def _next(self, name: str, otherwise: object) -> object:
        waiting = self._answers.get(name, [otherwise])
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


class ThirdMiner:
    """Port 4433. `answers` by command, or command and parameter with a blank between."""

    def __init__(self, answers: Mapping[str, object], password: str) -> None:
        self.password = password
        self.asked: list[str] = []
        self.orders: list[Order] = []
        self.when = 1_773_869_570
        told: dict[str, object] = {
            f"get.miner.status {part}": recorded.third(f"get_miner_status_{part}")
            for part in ("summary", "edevs", "pools")
        }
        told |= {
            "get.device.info": recorded.third("get_device_info"),
            "get.miner.setting": recorded.SETTING,
            **answers,
        }
        self._answers = {
            name: list(one) if isinstance(one, list) else [one] for name, one in told.items()
        }

    def __call__(self, talker: Talker) -> None:
        if len(talker.heard) < 4 + int.from_bytes(talker.heard[:4], "little"):
            return
        request = json.loads(talker.heard[4:])
        answer = self._answer(request)
        body = json.dumps(answer).encode() if isinstance(answer, dict) else b""
        _say(talker, answer, len(body).to_bytes(4, "little") + body)

    def _answer(self, request: dict[str, Any]) -> object:
        name, parameter = request["cmd"], request.get("param")
        if not name.startswith("set."):
            asked = f"{name} {parameter}" if isinstance(parameter, str) else name
            self.asked.append(asked)
            if asked == "get.device.info salt" and asked not in self._answers:
                told = recorded.third("get_device_info")
                return {**told, "when": self.when, "msg": {"salt": told["msg"]["salt"]}}
            return self._next(asked, {"code": -2, "msg": "invalid command"})
        self.asked.append(name)
        source = f"{name}{self.password}uhCiDyVj{request['ts']}".encode()
        key = hashlib.sha256(source).digest()
        signed = request["token"] == base64.b64encode(key).decode()[:8]
        if not signed or request["account"] != "super" or request["ts"] != self.when:
            return {"code": -4, "msg": "permission denied", "desc": name}
        if name == "set.miner.pools":
            plain = _aes(key, "decryptor", base64.b64decode(str(parameter))).rstrip(b"\0")
            parameter = json.loads(plain)
        self.orders.append(Order(name, {"param": parameter}))
        return self._next(name, {"code": 0, "msg": "ok", "desc": name})

    def _next(self, name: str, otherwise: object) -> object:
        waiting = self._answers.get(name, [otherwise])
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


def _say(talker: Talker, answer: object, body: bytes) -> None:
    if answer is HANG:
        return
    if answer is not CUT:
        talker.say(body)
    talker.leave()


def _aes(key: bytes, way: str, text: bytes) -> bytes:
    worker = getattr(Cipher(algorithms.AES(key), modes.ECB()), way)()
    done: bytes = worker.update(text) + worker.finalize()
    return done


class Bench(Struct):
    """The family, the driver's clock, how many seconds it waits, and where the miner is."""

    family: Whatsminer
    clock: Clock
    address: Address


@asynccontextmanager
async def bench(miner: Any, *, third: bool, patience: float = 5.0) -> AsyncIterator[Bench]:
    """A family that finds this miner at the port of one API."""
    async with house(miner) as (_, lines, address):
        ports = Ports(whatsminer=address.port) if third else Ports(cgminer=address.port)
        http, clock = Http(reactor), Clock()
        wire = Wire(http, lines, lambda: patience, lambda: ports, clock)
        try:
            yield Bench(Whatsminer(wire), clock, address)
        finally:
            await http.close()


class Second(Struct):
    """A miner, its driver, and the driver's clock."""

    miner: SecondMiner
    device: SecondApi
    clock: Clock


class Third(Struct):
    """The same by the third API."""

    miner: ThirdMiner
    device: ThirdApi
    clock: Clock


@asynccontextmanager
async def second(
    password: str = "admin", known: str = "admin", /, **answers: object
) -> AsyncIterator[Second]:
    """A miner with this password, and a driver that knows that one."""
    miner = SecondMiner(answers, password)
    async with bench(miner, third=False) as found:
        device = found.family.device(found.address, Credential("admin", known))
        assert isinstance(device, SecondApi)
        yield Second(miner, device, found.clock)


@asynccontextmanager
async def third(
    answers: Mapping[str, object] | None = None, password: str = "super", known: str = "super"
) -> AsyncIterator[Third]:
    """The same by the third API."""
    miner = ThirdMiner(answers or {}, password)
    async with bench(miner, third=True) as found:
        device = found.family.device(found.address, Credential("super", known))
        assert isinstance(device, ThirdApi)
        yield Third(miner, device, found.clock)


class Started:
    """Something under way; `result` is None until it ended."""

    def __init__(self, work: Coroutine[Deferred[Any], Any, Any]) -> None:
        self.result: object = None
        self._deferred = Deferred.fromCoroutine(work)
        self._deferred.addBoth(self._ended)

    def _ended(self, result: object) -> None:
        self.result = result

    def stop(self) -> None:
        """Cancel it."""
        self._deferred.cancel()


def started(work: Coroutine[Deferred[Any], Any, Any]) -> Started:
    """Begin it, without waiting."""
    return Started(work)


async def pause(seconds: float) -> None:
    """Let the reactor turn for so long."""
    await sleep(reactor, seconds)
