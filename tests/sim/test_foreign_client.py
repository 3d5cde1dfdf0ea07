"""A client that others wrote, dragon-rest, works against a served device call by call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from dragon_rest.dragons import DragonAPI
from twisted.internet.threads import deferToThread

from mother.sim.dragonmint.state import Dragon
from tests.sim.serving import on_the_reactor, served
from tests.sim.wire import recorded_response

POOL = "stratum+tcp://pool.example:3333"


async def against_a_device(job: Callable[[str, Dragon], None], **plan: Any) -> None:
    """Run blocking `job(host, device)` in a thread against one served device."""
    async with served(network="127.78.0.0/16", **plan) as farm:
        [device] = farm.dragons
        await deferToThread(job, f"{device.host}:{device.port}", device)


@on_the_reactor
async def test_it_takes_the_device_for_a_dragon() -> None:
    def job(host: str, device: Dragon) -> None:
        assert DragonAPI.is_dragon(host)
        device.fault = "garbage"
        assert not DragonAPI.is_dragon(host)

    await against_a_device(job)


@on_the_reactor
async def test_it_logs_in_and_is_refused_with_a_wrong_password() -> None:
    def job(host: str, device: Dragon) -> None:
        assert DragonAPI(host).jwt
        with pytest.raises(ValueError, match="Not authorized"):
            DragonAPI(host, password="wrong")

    await against_a_device(job)


@on_the_reactor
async def test_its_readings_succeed() -> None:
    def job(host: str, device: Dragon) -> None:
        api = DragonAPI(host)
        assert [board["Status"] for board in api.summary()["DEVS"]] == ["Alive"] * 3
        assert api.overview()["version"]["ethaddr"] == device.mac
        assert len(api.pools()["pools"]) == 2
        assert api.network()["ipaddress"] == device.host
        assert api.type() == {"success": True, "type": "T1"}
        assert api.getAutoTune()["autoTuneMode"] == "balanced"
        assert api.getAutoTuneStatus()["isRunning"] is True
        assert api.getDebugStats()["boards"] == []
        assert api.getLatestFirmwareVersion()["isUpdated"] is True

    await against_a_device(job)


@on_the_reactor
async def test_its_settings_are_taken() -> None:
    def job(host: str, device: Dragon) -> None:
        api = DragonAPI(host)
        assert api.updatePools(POOL, "user", "x") == {"success": True}
        assert api.pools()["pools"] == [{"url": POOL, "user": "user", "pass": "x"}]
        assert api.summary() == {"success": False}
        assert api.setAutoTune("efficient") == {"success": True}
        assert api.getAutoTune()["autoTuneMode"] == "efficient"
        assert api.updatePassword("admin", "dragonadmin", "other") == {"success": True}
        assert DragonAPI(host, password="other").jwt
        assert api.updateNetwork() == {"success": True}
        assert api.restartCgMiner() == {"success": True}
        paths = [write.path.removeprefix("/api/") for write in device.writes]
        assert paths == [
            "updatePools",
            "setAutoTune",
            "updatePassword",
            "updateNetwork",
            "restartCgMiner",
        ]

    await against_a_device(job)


@on_the_reactor
async def test_its_way_to_set_a_static_address_fails_as_on_the_device() -> None:
    def job(host: str, device: Dragon) -> None:
        answer = DragonAPI(host).updateNetwork(
            "static", "127.78.0.9", "255.255.0.0", "127.78.0.1", ["127.78.0.1", "127.78.0.2"]
        )
        assert answer == {"success": False, "message": "invalid dns 1 "}

    await against_a_device(job)


@on_the_reactor
async def test_it_renews_an_expired_token() -> None:
    def job(host: str, device: Dragon) -> None:
        api = DragonAPI(host)
        old = api.jwt
        device.access.booted(99)
        assert api.type()["success"] is True
        assert api.jwt != old

    await against_a_device(job)


@pytest.mark.parametrize("call", ["reboot", "poweroff", "factoryReset"])
@on_the_reactor
async def test_after_its_power_calls_the_address_refuses(call: str) -> None:
    def job(host: str, device: Dragon) -> None:
        api = DragonAPI(host)
        assert getattr(api, call)() == {"success": True}
        for _ in range(100):
            try:
                requests.get(f"http://{host}/", timeout=5)
            except requests.ConnectionError:
                break
        with pytest.raises(requests.ConnectionError, match="refused"):
            requests.get(f"http://{host}/", timeout=5)

    await against_a_device(job, speed=10)


@on_the_reactor
async def test_its_upgrades_are_taken(tmp_path: Path) -> None:
    image = tmp_path / "t1_20180715_010203.swu"
    image.write_bytes(bytes(range(256)) * 1000)

    def job(host: str, device: Dragon) -> None:
        api = DragonAPI(host)
        assert api.upgradeUpload(str(image)).status_code == 200
        url = "http://127.0.0.1/t1_20180716_010203.swu"
        assert api.upgradeDownload(url).status_code == 200
        files = [write.form["file"] for write in device.writes]
        assert files == ["t1_20180715_010203.swu", "t1_20180716_010203.swu"]

    await against_a_device(job)


@on_the_reactor
async def test_its_log_stream_breaks_on_text_by_its_own_fault() -> None:
    def job(host: str, device: Dragon) -> None:
        api = DragonAPI(host)
        with pytest.raises(requests.JSONDecodeError):
            api.streamLogs()
        response = requests.get(
            f"http://{host}/stream/logs",
            headers={"Authorization": f"Bearer {api.jwt}"},
            stream=True,
            timeout=5,
        )
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert sum("cgminer" in line for line in response.iter_lines(decode_unicode=True)) == 4

    await against_a_device(job)


@on_the_reactor
async def test_the_headers_that_a_socket_sees_are_the_recorded_ones() -> None:
    def job(host: str, device: Dragon) -> None:
        for path, file in (("/", "is_dragon.yaml"), ("/api/type", "type.yaml")):
            recorded = recorded_response(file)["headers"]
            headers = requests.get(f"http://{host}{path}", timeout=5).headers
            for name in set(recorded) - {"Date"}:
                assert [headers[name]] == recorded[name], name

    await against_a_device(job)
