"""`mother record`: what is asked of whom, what is not, and what is written."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol
from twisted.web.resource import Resource
from twisted.web.server import Site

from mother.core.model import Credential
from mother.core.ports import Ports
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.wire import Wire
from mother.terminal.interview import Heard, Interview
from mother.terminal.naming import folder_name
from mother.terminal.questions import ROOT, VERSION, Question
from mother.terminal.recording import keep
from tests.net.turning import in_reactor, listen, reactor
from tests.terminal.processes import farm, free_port, mother

HOST = "127.0.0.1"
PAGES: dict[str, tuple[int, bytes]] = {
    "GET /": (200, b"<title>AxeOS</title>"),
    "GET /api/system/info": (200, b'{"ASICModel":"BM1370","stratumUser":"farm77.rig"}'),
}
ANSWERS = {
    "version": b'{"STATUS":[{"Msg":"x"}],"VERSION":[{"PROD":"AvalonMiner 1246"}]}\0',
    "pools": b'{"POOLS":[{"User":"farm77.rig","Pass":"hunter2"}]}\0',
    "get_version": b'{"STATUS":"E","Msg":"invalid cmd"}',
}


class Pages(Resource):
    """Answers `METHOD /path`; anything else is 404."""

    isLeaf = True  # noqa: N815  # Twisted's name

    def __init__(self, pages: Mapping[str, tuple[int, bytes]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's
        self.asked: list[str] = []
        self._pages = pages

    def render(self, request: Any) -> bytes:
        what = f"{request.method.decode()} {request.path.decode()}"
        self.asked.append(what)
        status, body = self._pages.get(what, (404, b""))
        request.setResponseCode(status)
        if status == 401:
            challenge = 'Digest realm="antMiner Configuration", nonce="n0nce", qop="auth"'
            request.setHeader("www-authenticate", challenge)
        return body


class Asked(Factory):
    """A cgminer port: answers what it knows, closes on anything else."""

    def __init__(self, answers: Mapping[str, bytes]) -> None:
        self.asked: list[str] = []
        self.heard: list[bytes] = []
        self.open = 0
        self.most_open = 0
        self.answers = answers

    def buildProtocol(self, addr: Any) -> Protocol:  # noqa: N802
        del addr
        return Conversation(self)


class Conversation(Protocol):
    def __init__(self, port: Asked) -> None:
        self._port = port

    def connectionMade(self) -> None:  # noqa: N802
        self._port.open += 1
        self._port.most_open = max(self._port.most_open, self._port.open)

    def connectionLost(self, reason: Any = None) -> None:  # noqa: N802
        del reason
        self._port.open -= 1

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        assert self.transport is not None
        self._port.heard.append(data)
        if not data.startswith(b"{"):
            self.transport.loseConnection()
            return
        request = json.loads(data)
        name = request.get("command") or request["cmd"]
        self._port.asked.append(name)
        self.transport.write(self._port.answers.get(name, b""))
        self.transport.loseConnection()


@asynccontextmanager
async def talk(
    pages: Mapping[str, tuple[int, bytes]],
    answers: Mapping[str, bytes],
    *logins: Credential,
) -> AsyncIterator[tuple[Interview, Pages, Asked]]:
    """A device with a page and a cgminer port, and somebody who will ask it."""
    site, port = Pages(pages), Asked(answers)
    web, lines = listen(Site(site)), listen(port)
    third = free_port()
    ports = Ports(web.getHost().port, lines.getHost().port, third, web.getHost().port)
    http = Http(reactor)
    wire = Wire(http, Lines(reactor), lambda: 5.0, lambda: ports, lambda: 0.0)
    try:
        yield Interview(wire, reactor, HOST, logins, 0.01), site, port
    finally:
        await http.close()
        await web.stopListening()
        await lines.stopListening()


def names(interview: Interview) -> list[str]:
    return [one.question.name for one in interview.heard]


# what is asked


@in_reactor
async def test_a_page_decides_what_is_asked_of_it() -> None:
    async with talk(PAGES, {}) as (interview, site, _):
        await interview.run()
    assert site.asked == [
        "GET /", "GET /api/system/info", "GET /api/system/asic", "GET /api/system/statistics",
    ]  # fmt: skip
    assert names(interview) == ["web-root", "web-api_system_info"]
    assert {one.question.name: one.why for one in interview.silent} == {
        "web-api_system_asic": "HTTP 404",
        "web-api_system_statistics": "HTTP 404",
        "cgminer-version": "was taken and not answered",
        "v3-get.device.info": "nobody answers there",
    }


@in_reactor
async def test_the_cgminer_port_is_asked_one_thing_at_a_time_and_each_once() -> None:
    answers = {name: ANSWERS.get(name, b'{"STATUS":[]}') for name in (
        "version", "devdetails", "summary", "stats", "pools", "devs", "estats", "litestats",
        "edevs", "get_version", "get_miner_info", "status", "get_error_code", "get_psu",
    )}  # fmt: skip
    async with talk({}, answers) as (interview, _, port):
        await interview.run()
    assert port.asked == list(answers)
    assert port.most_open == 1
    assert len(names(interview)) == 14 + 1


@in_reactor
async def test_a_port_that_falls_silent_is_left_alone() -> None:
    async with talk({}, {"version": b"{}"}) as (interview, _, port):
        await interview.run()
    assert port.asked == ["version", "devdetails", "summary"]
    assert "cgminer-version" in names(interview)


@in_reactor
async def test_no_json_goes_to_a_port_whose_page_says_that_it_speaks_http() -> None:
    pages = {"GET /": (200, b"<title>Miner Web Dashboard</title>")}
    async with talk(pages, {}) as (interview, _, port):
        await interview.run()
    assert port.heard
    assert all(one.startswith(b"GET /") for one in port.heard)


@in_reactor
async def test_a_port_whose_first_word_is_http_hears_no_second() -> None:
    async with talk({}, {"version": b"HTTP/1.1 400 Bad Request\r\n\r\n"}) as (interview, _, port):
        await interview.run()
    assert port.asked == ["version"]


@in_reactor
async def test_nothing_is_written_to_any_device() -> None:
    async with talk(PAGES, {"version": b"{}", "pools": b"{}"}) as (interview, site, _):
        await interview.run()
    assert all(one.startswith("GET ") for one in site.asked)


# logins


@in_reactor
async def test_without_login_nobody_logs_in_and_the_record_says_so() -> None:
    async with talk({"GET /": (401, b"")}, {}) as (interview, site, _):
        await interview.run()
    assert site.asked == ["GET /"]
    whys = {one.why for one in interview.silent if one.question.login}
    assert whys == {"needs a login; --login tries those of the configuration"}
    assert interview.heard[0].how.endswith('realm "antMiner Configuration"')
    assert "n0nce" not in interview.heard[0].how


@in_reactor
async def test_dragonmints_token_opens_its_calls_and_is_never_kept() -> None:
    pages = {
        "GET /": (200, b"<title>DragonMint</title>"),
        "POST /api/auth": (200, b'{"success":true,"jwt":"t0kent0ken"}'),
        "POST /api/summary": (200, b'{"success":true,"echo":"Bearer t0kent0ken"}'),
    }
    async with talk(pages, {}, Credential("admin", "hunter22")) as (interview, site, _):
        await interview.run()
    assert "POST /api/summary" in site.asked
    assert names(interview) == ["web-root", "web-api_summary"]
    assert interview.sent == ["hunter22", "t0kent0ken"]


@in_reactor
async def test_a_login_that_is_not_taken_is_tried_once() -> None:
    pages = {
        "GET /": (200, b"<title>DragonMint</title>"),
        "POST /api/auth": (200, b'{"success":false,"message":"invalid password"}'),
    }
    logins = (Credential("admin", "one"), Credential("admin", "two"))
    async with talk(pages, {}, *logins) as (interview, site, _):
        await interview.run()
    assert site.asked.count("POST /api/auth") == 2
    assert {one.why for one in interview.silent if one.question.login} == {
        "no login of the configuration was taken"
    }


# what is written


def told(*answers: tuple[Question, bytes], sent: tuple[str, ...] = ()) -> Interview:
    """An interview that is over."""
    http = Http(reactor)
    wire = Wire(http, Lines(reactor), lambda: 1.0, Ports, lambda: 0.0)
    interview = Interview(wire, reactor, "10.20.30.40", (), 0.0)
    interview.heard = [Heard(question, body, "HTTP 200") for question, body in answers]
    interview.sent = list(sent)
    return interview


POOLS = Question("cgminer-pools", "cgminer", body=b"{}")
SECRET = b'{"User":"farm77.rig","Pass":"hunter22","at":"10.20.30.40","note":"hunter22 farm77"}'


def test_files_are_for_this_user_only_and_hold_no_secret(tmp_path: Path) -> None:
    interview = told((VERSION, ANSWERS["version"]), (POOLS, SECRET), sent=("l0gin-of-mine",))
    kept = keep(interview, "10.20.30.40", tmp_path, "2026-11-21")
    assert kept.folder.name == "recording-avalon-AvalonMiner-1246-2026-11-21"
    assert os.stat(kept.folder).st_mode & 0o777 == 0o700
    files = {path.name: path.read_text() for path in kept.folder.iterdir()}
    assert set(files) == {"cgminer-version.json", "cgminer-pools.json", "README.txt"}
    assert {path.stat().st_mode & 0o777 for path in kept.folder.iterdir()} == {0o600}
    everything = "".join(files.values())
    for secret in ("farm77", "hunter22", "10.20.30.40", "l0gin-of-mine"):
        assert secret not in everything
    assert files["cgminer-version.json"].endswith("\0")
    assert json.loads(files["cgminer-pools.json"])["note"] == "password-2 account-1"
    assert kept.places == {
        "pool account": 2,
        "worker name": 1,
        "password": 2,
        "IP address": 1,
    }
    assert kept.different["password"] == 1
    assert "password: 1 different, in 2 places" in files["README.txt"]


def test_a_folder_that_is_there_is_never_written_into(tmp_path: Path) -> None:
    interview = told((ROOT, b"hello"))
    folders = [keep(interview, "10.0.0.1", tmp_path, "2026-11-21").folder.name for _ in range(3)]
    first = "recording-unknown-unknown-2026-11-21"
    assert folders == [first, f"{first}-2", f"{first}-3"]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"Description":"whatsminer v1.4","Model":"M60S_VK40"}', "whatsminer-M60S_VK40"),
        (b'{"ASICModel":"BM1368","deviceModel":"Gamma"}', "axeos-Gamma"),
        (b'{"VERSION":[{"PROD":"AvalonMiner 1246"}]}', "avalon-AvalonMiner-1246"),
        (b'{"VERSION":[{"Type":"Antminer S19 Pro"}]}', "antminer-Antminer-S19-Pro"),
        (b'{"VERSION":[{"BOSminer":"0.9","type":"../../x"}]}', "braiins-x"),
        (b"not even JSON", "unknown-unknown"),
    ],
)  # fmt: skip
def test_a_recording_is_named_by_maker_and_model(body: bytes, name: str) -> None:
    assert folder_name([Heard(VERSION, body)], "2026-11-21") == f"recording-{name}-2026-11-21"


# the command


def test_a_simulated_miner_is_recorded_with_and_without_login(tmp_path: Path) -> None:
    with farm(tmp_path, "127.81.90.0/28", "--miners=1") as one:
        host, port = "127.81.90.1", f"--dragon-port={one.port}"
        offset = f"--port-offset={free_port() // 2}"
        shy = mother("record", host, port, offset, cwd=tmp_path)
        bold = mother("record", host, port, offset, "--login", cwd=tmp_path)
        assert one.writes == []
    assert (shy.returncode, bold.returncode) == (0, 0), shy.stderr + bold.stderr
    (first,) = tmp_path.glob("recording-dragonmint-unknown-*")
    (second,) = tmp_path.glob("recording-dragonmint-T1-*")
    assert [path.name for path in sorted(first.iterdir())] == ["README.txt", "web-root.html"]
    assert "needs a login" in (first / "README.txt").read_text()
    summary = json.loads((second / "web-api_summary.json").read_text())
    assert len(summary["DEVS"]) == 3
    assert summary["POOLS"][0]["User"].startswith("account-")
    assert "Look through the files before you give them away." in bold.stdout


def test_where_nothing_answers_nothing_is_written(tmp_path: Path) -> None:
    done = mother("record", "127.81.91.1", f"--port-offset={free_port() // 2}", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "127.81.91.1: nothing answered on the ports" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["miner7", "10.1.2.0/24", "10.1.2", "::1"])
def test_a_host_is_one_ipv4_address(host: str, tmp_path: Path) -> None:
    done = mother("record", host, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"mother record: HOST {host}: no IPv4 address; write it as 10.1.2.3\n"


def test_the_help_teaches_what_it_does_and_what_it_leaves(tmp_path: Path) -> None:
    done = mother("record", "--help", cwd=tmp_path)
    text = " ".join(done.stdout.split())
    for words in ("without changing anything", "unless --login is given", "Look through the files",
                  "mother record 10.1.2.3", "Exit code 1"):  # fmt: skip
        assert words in text
