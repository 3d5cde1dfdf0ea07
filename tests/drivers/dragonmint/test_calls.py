"""The reading calls beside summary and overview, on recorded and hand-made answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mother.core.errors import Declined, Garbled, Unsupported
from mother.core.model import ConfiguredPool, FirmwareOffer, NetworkSettings, Settings
from mother.drivers.dragonmint.configured import Autotune, AutotuneStatus
from mother.drivers.dragonmint.driver import DragonMintDevice
from tests.drivers.dragonmint.cassettes import EXCHANGES, recorded
from tests.drivers.dragonmint.wire import miner
from tests.net.turning import in_reactor


def test_the_recordings_hold_what_these_tests_count_on() -> None:
    assert {one.path for one in EXCHANGES} >= set(CALLS)


Call = Callable[[DragonMintDevice], Awaitable[Any]]


async def _pool_users(device: DragonMintDevice) -> list[str]:
    return [pool.user for pool in await device.pools()]


CALLS: dict[str, tuple[Call, Any]] = {
    "/api/pools": (
        _pool_users,
        ["farmer.dragon-0ade5", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT.dragon-0ade5"],
    ),
    "/api/getAutoTune": (DragonMintDevice.autotune, Autotune("balanced")),
    "/api/getAutoTuneStatus": (
        DragonMintDevice.autotune_status,
        AutotuneStatus(running=False, tuning=False, mode="efficient"),
    ),
    "/api/network": (
        DragonMintDevice.network,
        NetworkSettings(True, "10.1.0.25", "255.255.252.0", "10.1.0.1", ("10.1.0.1",)),
    ),
    "/api/type": (DragonMintDevice.type, "T1"),
    "/api/getLatestFirmwareVersion": (
        DragonMintDevice.offered,
        FirmwareOffer(
            "t1_20180515_060842",
            "https://download.halongmining.com/files/t1/t1_20180515_060842.swu",
            "t1_20180515_060842",
            updated=True,
        ),
    ),
    "/api/getDebugStats": (
        DragonMintDevice.debug_stats,
        recorded("/api/getDebugStats")[0].answer,
    ),
}


@pytest.mark.parametrize("path", CALLS)
@in_reactor
async def test_every_recorded_call_is_understood(path: str) -> None:
    call, expected = CALLS[path]
    said = next(one.answer for one in reversed(recorded(path)) if one.answer["success"])
    async with miner({path: said}) as (_, device):
        assert await call(device) == expected


@in_reactor
async def test_autotune_is_understood_in_its_newer_shape() -> None:
    """Hand-made: the object shape was never recorded."""
    said = {"success": True, "autoTuneMode": {"mode": "balanced", "level": "2"}}
    async with miner({"/api/getAutoTune": said}) as (_, device):
        tune = await device.autotune()
    assert (tune.mode, tune.level) == ("balanced", "2")


@in_reactor
async def test_the_settings_are_pools_and_profile() -> None:
    answers: dict[str, object] = {
        "/api/pools": {"success": True, "pools": [{"url": "u", "user": "n", "pass": "p"}]},
        "/api/getAutoTune": {"success": True, "autoTuneMode": "factory"},
    }
    async with miner(answers) as (_, device):
        found = await device.settings()
    assert found == Settings((ConfiguredPool("u", "n", "p"),), "factory")


@in_reactor
async def test_a_miner_that_was_never_given_pools_has_none() -> None:
    answers: dict[str, object] = {
        "/api/pools": {"success": False, "message": "missing configuration"},
        "/api/getAutoTune": {"success": True, "autoTuneMode": "factory"},
    }
    async with miner(answers) as (_, device):
        assert (await device.settings()).pools == ()
        with pytest.raises(Declined):
            await device.pools()


@in_reactor
async def test_a_maker_that_does_not_answer_is_the_miners_own_no() -> None:
    said = {"success": False, "message": "can't fetch firmware versions"}
    async with miner({"/api/getLatestFirmwareVersion": said}) as (_, device):
        with pytest.raises(Declined, match="can't fetch firmware versions"):
            await device.offered()


@in_reactor
async def test_an_offer_without_a_version_is_none() -> None:
    async with miner({"/api/getLatestFirmwareVersion": {"success": True}}) as (_, device):
        with pytest.raises(Garbled):
            await device.offered()


@in_reactor
async def test_the_error_code_is_asked_by_the_old_name_where_the_new_one_is_unknown() -> None:
    said = {"success": True, "code": "28", "errmsg": "fan"}
    async with miner({"/api/getErrorMessage": said}) as (wire, device):
        found = await device.error_detail()
    assert (found.code, found.message) == (28, "fan")
    assert wire.paths[2:] == ["/api/getErrorDetail", "/api/getErrorMessage"]


@in_reactor
async def test_firmware_without_an_error_call_cannot_tell_its_error() -> None:
    async with miner({}) as (_, device):
        with pytest.raises(Unsupported):
            await device.error_detail()
