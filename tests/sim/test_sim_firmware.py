"""What becomes of a device that is flashed: well, badly, or not at all."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import pytest
import treq
from twisted.internet import reactor
from twisted.internet.task import deferLater

from mother.sim.dragonmint.models import Builds
from mother.sim.dragonmint.multipart import Upload
from mother.sim.dragonmint.multipart import upload as received
from mother.sim.dragonmint.state import Dragon
from tests.sim.serving import on_the_reactor, served
from tests.sim.wire import Wire, result

VERSION = "t1_20180715_010203"
NAME = f"{VERSION}.swu"
OLD = "t1_20180515_060842"
CONTENT = bytes(range(256)) * 20 + b"\r\n--limi\r\n"
KIND = "multipart/form-data; boundary=limit"


def multipart(
    content: bytes = CONTENT, name: str = NAME, field: str = "upfile", end: bytes = b"--\r\n"
) -> bytes:
    """A body with one file, as clients send it."""
    disposition = f'Content-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
    head = b"--limit\r\n" + disposition.encode() + b"Content-Type: application/octet-stream\r\n\r\n"
    return head + content + b"\r\n--limit" + end


def send(wire: Wire, body: bytes, kind: str = KIND) -> Any:
    coming = wire.treq.post(
        "http://127.77.0.1:8080/upgrade/upload",
        data=body,
        headers={"Authorization": wire.authorization, "Content-Type": kind},
    )
    return result(coming)


async def post(device: Dragon, body: bytes, kind: str = KIND) -> Any:
    """Upload to a served device."""
    token = device.access.token("admin", device.now())
    url = f"http://{device.host}:{device.port}/upgrade/upload"
    headers: Any = {"Authorization": f"Bearer {token}", "Content-Type": kind}
    return await treq.post(url, data=body, headers=headers, persistent=False)


def flash(wire: Wire, version: str = VERSION) -> None:
    assert send(wire, multipart(name=f"{version}.swu")).code == 200
    wire.clock.advance(21)
    assert not wire.dragon.present


def form(name: str, content: bytes) -> dict[str, str]:
    return {
        "file": name,
        "size": str(len(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def test_an_uploaded_build_runs_after_the_reboot_that_follows() -> None:
    wire = Wire().log_in()
    flash(wire)
    assert wire.dragon.writes[-1].form == form(NAME, CONTENT)
    wire.clock.advance(100)
    version = wire.log_in().ask("overview")["version"]
    assert version["platform_v"] == VERSION
    assert version["build_date"] == "15th of July 2018 01:02 AM"


@pytest.mark.parametrize("name", [f"{VERSION}.zip", "readme.swu"])
def test_a_file_that_is_no_firmware_changes_nothing(name: str) -> None:
    wire = Wire().log_in()
    assert send(wire, multipart(name=name)).code == 200
    wire.clock.advance(200)
    assert wire.dragon.boots == 0


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (multipart(field="file"), KIND),
        (multipart()[: -len("\r\n--limit--\r\n")], KIND),
        (multipart()[:-600], KIND),
        (multipart()[:60], KIND),
        (multipart(), "multipart/form-data"),
        (multipart(), "multipart/form-data; boundary=other"),
        (multipart(), "application/octet-stream"),
        (b"--limit--\r\n", KIND),
        (b"", KIND),
    ],
)
@on_the_reactor
async def test_an_upload_without_its_file_or_cut_short_is_answered_and_flashes_nothing(
    body: bytes, kind: str
) -> None:
    async with served(speed=1000, network="127.79.21.1/32") as farm:
        [device] = farm.dragons
        answer = await post(device, body, kind)
        assert (answer.code, await treq.content(answer)) == (200, b"")
        assert device.writes[-1].form == {"file": "", "size": "0", "sha256": ""}
        await deferLater(reactor, 0.05)
        assert device.boots == 0


@on_the_reactor
async def test_a_whole_upload_to_a_served_device_flashes_it() -> None:
    async with served(speed=1000, network="127.79.22.1/32") as farm:
        [device] = farm.dragons
        await post(device, multipart())
        await deferLater(reactor, 0.05)
        assert device.boots == 1


def test_an_empty_file_is_noted_and_flashes_nothing() -> None:
    wire = Wire().log_in()
    assert send(wire, multipart(b"")).code == 200
    assert wire.dragon.writes[-1].form == form(NAME, b"")
    wire.clock.advance(200)
    assert wire.dragon.boots == 0


def test_an_upload_without_a_login_is_refused_unread() -> None:
    wire = Wire()
    assert send(wire, multipart()).code == 401
    assert not wire.dragon.writes


def test_a_file_is_found_among_other_fields_and_without_its_folders() -> None:
    field = b'--limit\r\nContent-Disposition: form-data; name="upfile"\r\n\r\nno file\r\n'
    body = b"preamble\r\n" + field + multipart(b"x", name="C:\\\\tmp\\a/b.swu")
    found = received('multipart/form-data; charset=x; boundary="limit"', body, "upfile")
    assert found == Upload("b.swu", 1, hashlib.sha256(b"x").hexdigest())
    assert received(KIND, b"x" + body[12:], "upfile") is not None
    assert received(KIND, b"x" + multipart(), "upfile") is None


def test_a_build_that_bricks_never_comes_back_until_somebody_rescues_it() -> None:
    wire = Wire(builds=Builds(bricking=frozenset({VERSION}))).log_in()
    flash(wire)
    wire.clock.advance(30 * 86400)
    assert not wire.dragon.present
    wire.dragon.vanish(60)
    wire.clock.advance(120)
    assert not wire.dragon.present
    wire.dragon.come_back()
    assert wire.dragon.present
    assert wire.dragon.uptime == 0
    assert wire.log_in().ask("overview")["version"]["platform_v"] == OLD
    wire.dragon.reboot()
    wire.clock.advance(100)
    assert wire.dragon.present


def test_a_build_that_fails_comes_back_and_never_mines_until_another_is_flashed() -> None:
    wire = Wire(builds=Builds(failing=frozenset({VERSION}))).log_in()
    flash(wire)
    wire.clock.advance(86400)
    wire.log_in()
    assert wire.ask("overview")["version"]["platform_v"] == VERSION
    assert wire.ask("summary") == {"success": False}
    assert wire.ask("getAutoTuneStatus")["isRunning"] is False
    wire.ask("restartCgMiner")
    wire.clock.advance(600)
    assert wire.ask("summary") == {"success": False}
    assert not any(board.hashing for board in wire.dragon.boards)
    flash(wire, OLD)
    wire.clock.advance(600)
    assert wire.log_in().ask("summary")["success"] is True
    assert all(board.hashing for board in wire.dragon.boards)


def test_other_builds_do_no_harm() -> None:
    builds = Builds(frozenset({"t1_20190101_000000"}), frozenset({"t1_20190101_000000"}))
    wire = Wire(builds=builds).log_in()
    flash(wire)
    wire.clock.advance(200)
    assert wire.log_in().ask("summary")["success"] is True


def test_the_newest_build_is_where_the_simulation_says() -> None:
    url = "http://127.0.0.1:8000/files/newest.swu"
    wire = Wire(newest=VERSION, builds=Builds(url=url)).log_in()
    answer = wire.ask("getLatestFirmwareVersion")
    assert (answer["version"], answer["url"], answer["isUpdated"]) == (VERSION, url, False)


@on_the_reactor
async def test_a_large_file_arrives_whole() -> None:
    content = os.urandom(24 << 20)
    async with served(network="127.79.20.1/32") as farm:
        [device] = farm.dragons
        assert (await post(device, multipart(content))).code == 200
        assert device.writes[-1].form == form(NAME, content)
