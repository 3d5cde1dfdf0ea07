"""The driver against recorded and hand-made answers over loopback."""

from __future__ import annotations

from typing import cast

import pytest
from msgspec.structs import replace

from mother.core.errors import (
    Declined,
    DeviceError,
    Garbled,
    Refused,
    Stranger,
    Unreachable,
    Unsupported,
)
from mother.core.model import Command, CommandKind
from tests.drivers.dragonmint.cassettes import Recorded, overview, recorded, summary
from tests.drivers.dragonmint.wire import (
    CREDENTIAL,
    CUT,
    EXPIRED,
    HANG,
    LOGIN,
    TOKEN,
    Page,
    listening,
    miner,
)
from tests.net.turning import in_reactor

MAC = "a0:b0:45:0d:c8:50"
READY: dict[str, object] = {"/api/summary": summary("summary")}
DONE = {"success": True}
REBOOT = Command(
    id="1",
    key="1",
    actor="test",
    reason="",
    at=0.0,
    expires=1.0,
    device="mac:" + MAC,
    kind=CommandKind.REBOOT,
)
RESTART = replace(REBOOT, kind=CommandKind.RESTART_MINING)


# recognition


@pytest.mark.parametrize("page", recorded("/"), ids=lambda page: f"{page.cassette}-{page.host}")
@in_reactor
async def test_only_a_page_with_the_makers_title_is_a_miner(page: Recorded) -> None:
    async with listening({"/": Page(page.status, page.body.encode())}) as (wire, family, address):
        network_gear = page.host in ("10.1.0.1", "10.1.0.2")
        assert await family.recognise(address, 5.0) is not network_gear
        assert wire.paths == ["/"]


@in_reactor
async def test_innosilicons_title_is_recognised_too() -> None:
    page = Page(200, b"<html><head><title>AsicMiner</title></head></html>")
    async with listening({"/": page}) as (_, family, address):
        assert await family.recognise(address, 5.0)


TITLE = b"<title>DragonMint</title>"


@pytest.mark.parametrize(
    "given",
    [Page(401, TITLE), Page(200, TITLE + b" " * 70_000), Page(200, b"\xff\0"), CUT, HANG],
    ids=["other-status", "too-long", "garbage", "cut", "hangs"],
)
@in_reactor
async def test_whatever_else_answers_is_no_miner(given: object) -> None:
    async with listening({"/": given}) as (_, family, address):
        assert not await family.recognise(address, 0.2)


@in_reactor
async def test_nobody_there_is_no_miner() -> None:
    async with listening({}) as (_, family, address):
        pass
    assert not await family.recognise(address, 5.0)


# login


@in_reactor
async def test_the_login_sends_the_form_and_no_token_and_the_rest_sends_the_token() -> None:
    async with miner(READY) as (wire, device):
        await device.read(1.0)
        device.forget()
        await device.read(2.0)
    assert wire.paths == ["/api/auth", "/api/overview", "/api/summary"] * 2
    for login in (wire.asked[0], wire.asked[3]):
        assert login.authorization is None
        assert login.form == {"username": "admin", "password": CREDENTIAL.password}
    for call in wire.asked[1:3] + wire.asked[4:]:
        assert call.authorization == f"Bearer {TOKEN}"


@in_reactor
async def test_an_expired_token_is_renewed_once_and_the_call_repeated() -> None:
    """The exchange of 2 December 2018, as recorded."""
    first, then = recorded("/api/getLatestFirmwareVersion")[-2:]
    answers = {"/api/getLatestFirmwareVersion": [first.answer, then.answer]}
    async with miner(answers) as (wire, device):
        assert (await device.offered()).current == "t1_20180515_060842"
    assert first.answer == EXPIRED
    assert wire.paths[2:] == [first.path, "/api/auth", "/api/overview", first.path]
    assert wire.asked[3].authorization is None


@in_reactor
async def test_a_new_token_that_is_expired_is_a_refusal_and_no_endless_loop() -> None:
    async with miner({"/api/summary": EXPIRED}) as (wire, device):
        with pytest.raises(Refused):
            await device.read(1.0)
    assert wire.paths.count("/api/auth") == 2
    assert wire.paths.count("/api/summary") == 2


@pytest.mark.parametrize(
    "message", ["invalid password", "user not found", "missing username/password fields"]
)
@in_reactor
async def test_a_failed_login_is_refused_with_the_miners_reason(message: str) -> None:
    async with miner({"/api/auth": {"success": False, "message": message}}) as (wire, device):
        with pytest.raises(Refused, match=message):
            await device.describe()
    assert wire.paths == ["/api/auth"]


@pytest.mark.parametrize("token", ["a\r\nb", "", 7, "ü"])
@in_reactor
async def test_a_token_that_fits_no_header_is_garbled(token: object) -> None:
    async with miner({"/api/auth": {"success": True, "jwt": token}}) as (_, device):
        with pytest.raises(Garbled):
            await device.describe()


@in_reactor
async def test_another_miner_at_the_address_is_met_as_a_stranger_and_not_read() -> None:
    async with miner(READY) as (wire, device):
        device.expect("a0:b0:45:00:00:01")
        for _ in range(2):
            with pytest.raises(Stranger) as caught:
                await device.read(1.0)
    assert caught.value.found == MAC
    assert "/api/summary" not in wire.paths


@in_reactor
async def test_a_miner_that_took_the_address_since_the_login_is_never_written_to() -> None:
    moved = overview("check_health")
    answers = {
        **READY,
        "/api/overview": [overview(), moved],
        "/api/reboot": [EXPIRED, DONE],
    }
    async with miner(answers) as (wire, device):
        device.expect(MAC)
        await device.read(1.0)
        with pytest.raises(Stranger):
            await device.perform(REBOOT)
    assert wire.paths.count("/api/reboot") == 1


@pytest.mark.parametrize("address", [None, "", "zz:zz:zz:zz:zz:zz", "00:00:00:00:00:00"])
@in_reactor
async def test_an_overview_without_a_valid_mac_is_garbled(address: str | None) -> None:
    said = overview()
    said["version"]["ethaddr"] = address
    async with miner({"/api/overview": said}) as (_, device):
        with pytest.raises(Garbled):
            await device.describe()


@in_reactor
async def test_describing_a_miner_costs_no_second_overview_after_the_login() -> None:
    async with miner({}) as (wire, device):
        description = await device.describe()
        assert wire.paths == ["/api/auth", "/api/overview"]
        assert await device.describe() == description
    assert wire.paths == ["/api/auth", "/api/overview", "/api/overview"]
    assert (description.mac, description.model) == (MAC, "T1")


# answers


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"success": False, "message": "invalid request"}, Refused),
        ({"success": False, "message": "not today"}, Declined),
        (Page(401, b""), Refused),
        (Page(403, b""), Refused),
        (Page(404, b"<html>"), Garbled),
        (Page(500, b"Fatal error"), Garbled),
        (Page(302, b""), Garbled),
        (Page(200, b'{"success":true,"DEVS":[{"ASC"'), Garbled),
        (Page(200, b"\xff\xfe\0garbage"), Garbled),
        (Page(200, b"[1,2]"), Garbled),
        (Page(200, b"{}"), Garbled),
        (Page(200, b"[" * 5000), Garbled),
        (Page(200, b'{"a":"' + b"x" * (1 << 20) + b'"}'), Garbled),
        (CUT, Unreachable),
        (HANG, Unreachable),
    ],
)
@in_reactor
async def test_each_way_to_fail_is_one_kind_of_error(
    given: object, error: type[DeviceError]
) -> None:
    async with miner({"/api/summary": given}, patience=0.3) as (_, device):
        with pytest.raises(error):
            await device.read(1.0)


@in_reactor
async def test_a_summary_that_cgminer_is_not_ready_for_is_a_restarting_miner() -> None:
    async with miner({"/api/summary": {"success": False}}) as (_, device):
        reading = await device.read(7.0)
    assert (reading.restarting, reading.hashrate, reading.model) == (True, 0.0, "T1")


@in_reactor
async def test_a_read_whose_connection_dies_is_repeated_once() -> None:
    async with miner({"/api/summary": [CUT, summary("summary")]}) as (wire, device):
        assert (await device.read(1.0)).boards_alive == 3
    assert wire.paths.count("/api/summary") == 2


@in_reactor
async def test_an_absent_miner_is_unreachable() -> None:
    async with listening(LOGIN) as (_, family, address):
        pass
    with pytest.raises(Unreachable):
        await family.device(address, CREDENTIAL).read(1.0)


SECRET_PATHS = {"/api/auth": TOKEN, "/api/pools": "hunter2", "/api/summary": TOKEN}


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("path", SECRET_PATHS)
@in_reactor
async def test_no_error_holds_a_token_or_a_password(path: str, status: int) -> None:
    secret = SECRET_PATHS[path]
    broken = Page(
        status, f'{{"success":true,"jwt":"{secret}","pools":[{{"pass":"{secret}"'.encode()
    )
    async with miner({path: broken}) as (_, device):
        with pytest.raises(Garbled) as caught:
            await (device.pools() if path == "/api/pools" else device.read(1.0))
    error = caught.value
    assert secret not in error.sample + str(error) + repr(error)


# writes


@pytest.mark.parametrize(
    ("command", "path"), [(REBOOT, "/api/reboot"), (RESTART, "/api/restartCgMiner")]
)
@in_reactor
async def test_a_write_is_sent_once_with_the_token(command: Command, path: str) -> None:
    async with miner({path: DONE}) as (wire, device):
        await device.perform(command)
    assert [one.path for one in wire.asked if one.authorization] == ["/api/overview", path]


@pytest.mark.parametrize("lost", [CUT, HANG], ids=["cut", "hang"])
@in_reactor
async def test_a_reboot_whose_answer_is_lost_was_taken_and_is_not_repeated(lost: object) -> None:
    async with miner({**READY, "/api/reboot": lost}, patience=0.3) as (wire, device):
        await device.perform(REBOOT)
        assert wire.paths.count("/api/reboot") == 1
        await device.read(1.0)
    assert wire.paths.count("/api/auth") == 2, "the old token is not used after a reboot"


@in_reactor
async def test_a_login_that_is_lost_before_a_write_is_no_write() -> None:
    async with miner({"/api/auth": CUT, "/api/reboot": DONE}) as (wire, device):
        with pytest.raises(Unreachable):
            await device.perform(REBOOT)
    assert "/api/reboot" not in wire.paths


@in_reactor
async def test_a_write_to_an_absent_miner_is_not_taken() -> None:
    async with miner({"/api/reboot": DONE}) as (wire, device):
        await device.describe()
    with pytest.raises(Unreachable):
        await device.perform(REBOOT)
    assert "/api/reboot" not in wire.paths


@in_reactor
async def test_a_write_after_the_token_expired_is_sent_again_with_a_new_one() -> None:
    async with miner({"/api/restartCgMiner": [EXPIRED, DONE]}) as (wire, device):
        await device.perform(RESTART)
    assert wire.paths.count("/api/restartCgMiner") == 2
    assert wire.paths.count("/api/auth") == 2


@in_reactor
async def test_a_write_that_the_miner_declines_says_why() -> None:
    answers = {"/api/reboot": {"success": False, "message": "busy"}}
    async with miner(answers) as (_, device):
        with pytest.raises(Declined, match="busy"):
            await device.perform(REBOOT)


@in_reactor
async def test_a_command_of_another_trade_is_unsupported() -> None:
    async with miner({}) as (wire, device):
        with pytest.raises(Unsupported):
            await device.perform(replace(REBOOT, kind=cast(CommandKind, OtherKind())))
    assert not wire.asked


class OtherKind:
    value = "make_coffee"
