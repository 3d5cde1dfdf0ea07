"""Whose firmware runs, by what anybody is told; and that nobody else is taken for an Antminer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mother.core.model import Address
from mother.core.ports import Ports
from mother.drivers.antminer.driver import Antminer
from mother.drivers.antminer.marks import says_antminer
from mother.drivers.base import Traces
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.wire import Wire
from tests.drivers.antminer.answers import body, recorded
from tests.drivers.antminer.wire import listening
from tests.net.turning import in_reactor, reactor

PORTS = Ports(8080, 12028)
REALM = "antMiner Configuration"


def traces(version: dict[str, Any] | None = None, **more: Any) -> Traces:
    said = json.dumps(version).encode() if version else b""
    return Traces(
        "10.1.0.9",
        frozenset({8080, 12028}),
        PORTS,
        **{"page_port": 8080, "version": version or {}, "said": said, **more},
    )


def version(**fields: str) -> dict[str, Any]:
    """The recorded answer with other words in it."""
    answer = recorded("version")
    answer["VERSION"][0] |= fields
    return answer


def claims(found: Traces) -> Address | None:
    wire = Wire(Http(reactor), Lines(reactor), lambda: 5.0, lambda: PORTS, lambda: 0.0)
    return Antminer(wire).claims(found)


def test_the_recorded_version_is_an_antminers_at_the_apis_port() -> None:
    assert claims(traces(recorded("version"))) == Address("10.1.0.9", 12028)
    assert claims(traces(recorded("version"), status=401, realm=REALM)) is not None


def test_a_page_with_the_realm_is_enough_where_the_api_says_nothing() -> None:
    assert claims(traces(status=401, realm=REALM)) == Address("10.1.0.9", 12028)
    assert claims(traces(status=401, realm="blackMiner Configuration")) is None
    assert claims(traces(status=200, realm="")) is None
    assert claims(traces(status=401, realm=REALM, said=b"something else")) is None


OTHERS = {
    "Braiins OS": version(BOSer="boser-buildroot 0.1.0", Type="Antminer S19 Pro"),
    "older Braiins OS": version(BOSminer="bosminer-plus-tuner 0.2.0"),
    "LuxOS": version(LUXminer="2025.1.1", Type="Antminer S21"),
    "VNish in the type": version(Type="Antminer S19 Pro (vnish 1.2.6)"),
    "VNish as a field": version(Vnish="1.2"),
    "Hiveon": version(Type="Antminer S19j Pro Hiveon"),
    "Marathon": version(KAONSU="1.0"),
    "MSK": version(Miner="RWGLR 2.1"),
    "another MSK": version(MSKMINER="2.1"),
    "no type": {"VERSION": [{"API": "3.1", "BMMiner": "1.0.0"}]},
    "another maker": version(Type="Whatsminer M30S"),
    "an error": {"STATUS": [{"STATUS": "E", "Msg": "Access denied"}]},
    "nothing": {},
}


@pytest.mark.parametrize("who", OTHERS)
def test_another_firmware_on_the_same_machine_is_not_ours(who: str) -> None:
    assert not says_antminer(OTHERS[who])
    if OTHERS[who]:
        assert claims(traces(OTHERS[who], status=401, realm=REALM)) is None


@pytest.mark.parametrize("text", [b"AnthillOS", b"Luxor Firmware", b"Braiins OS"])
def test_a_page_that_names_another_firmware_is_not_ours(text: bytes) -> None:
    assert claims(traces(recorded("version"), status=200, page=b"<title>%b" % text)) is None


RECORDINGS = Path(__file__).parent.parent.parent / "recordings"


@pytest.mark.parametrize(
    "path",
    [path for path in RECORDINGS.rglob("version.json") if path.parts[-3] != "antminer"],
    ids=lambda path: "/".join(path.parts[-3:-1]),
)
def test_no_recording_of_another_family_is_taken_for_an_antminer(path: Path) -> None:
    answer = json.loads(path.read_bytes())
    assert not says_antminer(answer if isinstance(answer, dict) else {})


@in_reactor
async def test_a_miner_is_recognised_without_a_login() -> None:
    async with listening() as (fake, family, address):
        assert await family.recognise(address, 5.0)
    assert fake.commands == ["version"]
    assert fake.guard.seen == []


@in_reactor
async def test_a_miner_whose_api_is_shut_is_recognised_by_its_page() -> None:
    async with listening() as (fake, family, address):
        await fake.shut_api()
        assert await family.recognise(address, 5.0)
        assert fake.sent == []
        fake.guard.header = 'Basic realm="router"'
        assert not await family.recognise(address, 5.0)
        await fake.shut_site()
        assert not await family.recognise(address, 5.0)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request", body("stats")])
@in_reactor
async def test_anything_else_is_not_recognised(said: bytes) -> None:
    async with listening({"version": said}) as (fake, family, address):
        fake.guard.header = 'Basic realm="router"'
        assert not await family.recognise(address, 5.0)


@in_reactor
async def test_another_firmware_is_not_recognised_whatever_its_page_asks() -> None:
    async with listening({"version": OTHERS["LuxOS"]}) as (_, family, address):
        assert not await family.recognise(address, 5.0)


def test_names_of_models_are_safe_in_a_metric() -> None:
    wire = Wire(Http(reactor), Lines(reactor), lambda: 5.0, lambda: PORTS, lambda: 0.0)
    family = Antminer(wire)
    assert family.safe_model("S19j Pro+") == "S19j-Pro-plus"
    assert family.safe_model("S21 Hyd.") == "S21-Hyd"
    assert family.safe_model("..") == "unknown"
    assert family.at_rest({"total_freqavg": 525.0, "dev.0.temp_pic": 60.0}) == {
        "total_freqavg": 0.0
    }
    assert family.needs_login
