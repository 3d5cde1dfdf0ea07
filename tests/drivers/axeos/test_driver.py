"""The driver against recorded and hand-made answers over loopback: recognition and reading."""

from __future__ import annotations

import gzip

import pytest

from mother.core.errors import DeviceError, Garbled, Refused, Stranger, Unreachable, Unsupported
from mother.core.model import Address
from mother.drivers.axeos.driver import WRITES, AxeOS
from mother.drivers.base import NO_LOGIN, Traces
from tests.drivers.axeos.wire import CUT, HANG, Page, device, listening, new, old, recording
from tests.net.turning import in_reactor

INFO = "GET /api/system/info"
ASIC = "GET /api/system/asic"
MAC = "aa:bb:cc:dd:ee:ff"
PAGE = b"<!doctype html><html><head><title>AxeOS</title>"


def traces(page: bytes, status: int = 200) -> Traces:
    return Traces("10.1.2.3", frozenset({80}), page_port=80, status=status, page=page)


@pytest.mark.parametrize(
    "page",
    [PAGE, gzip.compress(PAGE), gzip.compress(PAGE * 99)[:200]],
    ids=["plain", "packed", "cut"],
)
@in_reactor
async def test_its_page_is_claimed_packed_or_not(page: bytes) -> None:
    async with listening({}) as (_, family, _):
        assert family.claims(traces(page)) == Address("10.1.2.3", 80)


@pytest.mark.parametrize(
    ("page", "status"),
    [(PAGE, 401), (b"<title>Router</title>", 200), (b"\x1f\x8bno gzip", 200), (b"", 0)],
)
@in_reactor
async def test_no_other_page_is_claimed(page: bytes, status: int) -> None:
    async with listening({}) as (_, family, _):
        assert family.claims(traces(page, status)) is None


@in_reactor
async def test_it_is_recognised_by_what_it_tells_of_itself_with_one_question() -> None:
    async with listening({INFO: old()}) as (bitaxe, family, address):
        assert await family.recognise(address, 5.0)
        assert bitaxe.calls == [INFO]


@pytest.mark.parametrize(
    "given",
    [Page(404), Page(200, b"<html>"), {"hello": 1}, {"ASICModel": "BM1370"}, CUT, HANG],
    ids=["missing", "page", "other", "half", "cut", "hangs"],
)
@in_reactor
async def test_whatever_else_answers_is_not_recognised(given: object) -> None:
    async with listening({INFO: given}) as (_, family, address):
        assert not await family.recognise(address, 0.2)


@in_reactor
async def test_a_reading_is_one_question_and_keeps_no_connection() -> None:
    async with device({}) as (bitaxe, one):
        for now in (1.0, 2.0, 3.0):
            assert (await one.read(now)).hashrate == 1e12
            assert (await one.read(now)).at == now
        await one.settings()
        await one.describe()
        assert set(bitaxe.calls) == {INFO}
        assert bitaxe.most_open == 1
    assert bitaxe.asked[0].headers["connection"] == "close"
    assert not {"origin", "authorization", "cookie"} & set(bitaxe.asked[0].headers)


@in_reactor
async def test_newer_firmware_is_asked_for_its_chips_at_first_and_at_every_tenth_reading() -> None:
    answers = {INFO: new(), ASIC: recording("handmade/asic_2_14")}
    async with device(answers) as (bitaxe, one):
        for _ in range(11):
            assert (await one.read(1.0)).boards[0].chips == 1
        assert bitaxe.calls.count(ASIC) == 2
        one.forget()
        await one.read(1.0)
    assert bitaxe.calls.count(ASIC) == 3
    assert bitaxe.most_open == 1


@pytest.mark.parametrize("given", [Page(404), Page(500), Page(200, b"<html>"), HANG])
@in_reactor
async def test_chips_that_are_not_told_cost_no_reading(given: object) -> None:
    async with device({INFO: new(), ASIC: given}, patience=0.3) as (_, one):
        found = await one.read(1.0)
        assert (found.boards[0].chips, found.model) == (None, "Bitaxe Gamma")
        assert (await one.describe()).model == "Bitaxe Gamma"


@in_reactor
async def test_who_it_is_what_it_does_and_what_is_set_are_one_question() -> None:
    async with device({INFO: [old(), old()]}) as (shelf, one):
        await one.describe()
        await one.read(1.0)
        await one.settings()
        assert len(shelf.asked) == 1
        one.forget()
        await one.settings()
        assert len(shelf.asked) == 2


@in_reactor
async def test_another_device_at_the_address_is_a_stranger() -> None:
    async with device({INFO: [old(), new()]}) as (_, one):
        one.expect(MAC)
        await one.read(1.0)
        one.forget()
        for call in (one.settings(), one.describe(), one.read(1.0)):
            with pytest.raises(Stranger) as caught:
                await call
    assert caught.value.found == "a0:b7:65:12:34:56"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (Page(401), Refused),
        (Page(403), Refused),
        (Page(404), Unsupported),
        (Page(500), Garbled),
        (Page(200, b'{"ASICModel"'), Garbled),
        (Page(200, b"[]"), Garbled),
        ({"POOLS": []}, Garbled),
        (Page(200, b'{"a":"' + b"x" * (1 << 19) + b'"}'), Garbled),
        (CUT, Unreachable),
        (HANG, Unreachable),
    ],
)
@in_reactor
async def test_each_way_to_fail_is_one_kind_of_error_and_is_not_asked_again(
    given: object, error: type[DeviceError]
) -> None:
    async with device({INFO: given}, patience=0.3) as (bitaxe, one):
        with pytest.raises(error):
            await one.read(1.0)
    assert bitaxe.calls == [INFO]


@in_reactor
async def test_an_absent_one_is_unreachable() -> None:
    async with listening({}) as (_, family, address):
        pass
    with pytest.raises(Unreachable):
        await family.device(address, NO_LOGIN).read(1.0)


@in_reactor
async def test_no_error_keeps_a_sample_of_wifi_names_and_accounts() -> None:
    body = b'{"ssid":"Farm Wi-Fi","stratumUser":"account","stratumPassword":"hunter2"'
    async with device({INFO: Page(200, body)}) as (_, one):
        with pytest.raises(Garbled) as caught:
            await one.read(1.0)
    assert caught.value.sample == ""
    assert "hunter2" not in repr(caught.value)


@in_reactor
async def test_what_it_does_not_tell_is_unsupported() -> None:
    async with device({}) as (bitaxe, one):
        with pytest.raises(Unsupported):
            await one.network()
        with pytest.raises(Unsupported):
            await one.offered()
    assert bitaxe.calls == []


@pytest.mark.parametrize(
    ("version", "than", "newer"),
    [
        ("v2.14.0", "v2.9.1", True),
        ("v2.4.5", "v2.14.0", False),
        ("v2.4.5", "v2.4.5", False),
        ("v2.4.5-3-gb5d1e36-dirty", "v2.4.5", None),
        ("main", "v2.4.5", None),
    ],
)
@in_reactor
async def test_versions_are_compared_by_their_numbers(
    version: str, than: str, newer: bool | None
) -> None:
    async with listening({}) as (_, family, _):
        assert family.is_newer(version, than) is newer


def test_its_capabilities_are_what_it_carries_out() -> None:
    assert set(AxeOS.capabilities) == set(WRITES)
    assert AxeOS.nature.interval == 30.0


@in_reactor
async def test_a_model_is_one_segment_of_a_metrics_name() -> None:
    async with listening({}) as (_, family, _):
        assert family.safe_model("Bitaxe Gamma Turbo") == "Bitaxe-Gamma-Turbo"
        assert family.safe_model("NerdQAxe++") == "NerdQAxe-plus-plus"
        assert family.safe_model("") == "unknown"
        assert (family.firmware_in("esp-miner.bin"), family.firmware_fits("a", "b")) == ("", None)
        assert family.at_rest({"input.current": 1.0}) == {}
