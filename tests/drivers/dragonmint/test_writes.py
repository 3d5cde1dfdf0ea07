"""What is sent to change a miner, byte by byte, and what no miner could take."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from mother.core.errors import (
    Declined,
    DeviceError,
    Garbled,
    Refused,
    Unreachable,
    Unsupported,
)
from mother.core.model import (
    Command,
    CommandKind,
    ConfiguredPool,
    Credential,
    FirmwareImage,
    NetworkSettings,
)
from tests.drivers.dragonmint.cassettes import recorded
from tests.drivers.dragonmint.orders import VERSION, image, order, pools
from tests.drivers.dragonmint.wire import CREDENTIAL, CUT, EXPIRED, HANG, LOGIN, Page, miner
from tests.net.turning import in_reactor

DONE = {"success": True}
STATIC = NetworkSettings(
    dhcp=False,
    address="10.1.0.25",
    netmask="255.255.252.0",
    gateway="10.1.0.1",
    dns=("10.1.0.1", "9.9.9.9"),
)
RECORDED_POOLS = tuple(
    ConfiguredPool(pool["url"], pool["user"], pool["pass"])
    for pool in recorded("/api/pools")[-1].answer["pools"]
)
URL = "https://example.com/t1_20190101_000000.swu"
KIND = CommandKind

BODIES: dict[str, tuple[Command, str, str]] = {
    "one pool": (
        order(KIND.SET_POOLS, pools=pools(1)),
        "/api/updatePools",
        "Pool1=stratum%2Btcp%3A%2F%2Fpool0.example%3A3333&UserName1=farm.0&Password1=hunter20",
    ),
    "no pool": (order(KIND.SET_POOLS, pools=()), "/api/updatePools", ""),
    "profile": (
        order(KIND.SET_PROFILE, profile="efficient", level=None),
        "/api/setAutoTune",
        "autotune=efficient",
    ),
    "profile and level": (
        order(KIND.SET_PROFILE, profile="performance", level="3"),
        "/api/setAutoTune",
        "autotune=performance&level=3",
    ),
    "dhcp": (
        order(KIND.SET_NETWORK, network=replace(STATIC, dhcp=True)),
        "/api/updateNetwork",
        "dhcp=dhcp",
    ),
    "static": (
        order(KIND.SET_NETWORK, network=STATIC),
        "/api/updateNetwork",
        "dhcp=static&ipaddress=10.1.0.25&netmask=255.255.252.0&gateway=10.1.0.1"
        "&dns%5B0%5D=10.1.0.1&dns%5B1%5D=9.9.9.9",
    ),
    "password": (
        order(KIND.SET_PASSWORD, credential=Credential("guest", "a&b=c ü")),
        "/api/updatePassword",
        "user=guest&currentPassword=dragon%26admin&newPassword=a%26b%3Dc+%C3%BC",
    ),
    "download": (
        order(KIND.UPGRADE, url=URL),
        "/upgrade/download",
        "url=https%3A%2F%2Fexample.com%2Ft1_20190101_000000.swu",
    ),
    "reboot": (order(KIND.REBOOT), "/api/reboot", ""),
    "restart": (order(KIND.RESTART_MINING), "/api/restartCgMiner", ""),
    "factory reset": (order(KIND.FACTORY_RESET), "/api/factoryReset", ""),
    "power off": (order(KIND.POWER_OFF), "/api/poweroff", ""),
}


@pytest.mark.parametrize("what", BODIES)
@in_reactor
async def test_a_write_is_one_form_sent_once(what: str) -> None:
    command, path, body = BODIES[what]
    async with miner({path: DONE}) as (wire, device):
        await device.perform(command)
    assert wire.paths == ["/api/auth", "/api/overview", path]
    asked = wire.asked[-1]
    assert asked.body.decode() == body
    if body:
        assert asked.content_type == "application/x-www-form-urlencoded"


@in_reactor
async def test_the_recorded_pools_are_sent_as_they_were_recorded() -> None:
    before = recorded("/api/updatePools")[0]
    async with miner({"/api/updatePools": before.answer}) as (wire, device):
        await device.perform(order(KIND.SET_POOLS, pools=RECORDED_POOLS))
    assert wire.asked[-1].body.decode() == before.form


@in_reactor
async def test_every_pool_has_its_slot() -> None:
    async with miner({"/api/updatePools": DONE}) as (wire, device):
        await device.perform(order(KIND.SET_POOLS, pools=pools(3)))
    assert list(wire.asked[-1].form) == [
        name + slot for slot in "123" for name in ("Pool", "UserName", "Password")
    ]
    assert wire.asked[-1].form["UserName3"] == "farm.2"


def spoiled(**what: str) -> ConfiguredPool:
    return replace(pools(1)[0], **what)


def firmware(**what: object) -> FirmwareImage:
    return replace(FirmwareImage(VERSION, "/nowhere/at/all", "0" * 64, 5), **what)


def static(**what: object) -> NetworkSettings:
    return replace(STATIC, **what)


IMPOSSIBLE: dict[str, Command] = {
    "four pools": order(KIND.SET_POOLS, pools=pools(4)),
    "no url": order(KIND.SET_POOLS, pools=(spoiled(url=""),)),
    "no user": order(KIND.SET_POOLS, pools=(*pools(1), spoiled(user=" "))),
    "no pool password": order(KIND.SET_POOLS, pools=(spoiled(password=""),)),
    "no pools": order(KIND.SET_POOLS),
    "unknown profile": order(KIND.SET_PROFILE, profile="off", level=None),
    "no profile": order(KIND.SET_PROFILE),
    "one DNS server": order(KIND.SET_NETWORK, network=static(dns=("10.1.0.1",))),
    "three DNS servers": order(KIND.SET_NETWORK, network=static(dns=("10.1.0.1",) * 3)),
    "an empty DNS server": order(KIND.SET_NETWORK, network=static(dns=("10.1.0.1", ""))),
    "no IPv4 address": order(KIND.SET_NETWORK, network=static(address="fe80::1")),
    "no address": order(KIND.SET_NETWORK, network=static(address="")),
    "no gateway": order(KIND.SET_NETWORK, network=static(gateway="10.1.0")),
    "gateway elsewhere": order(KIND.SET_NETWORK, network=static(gateway="10.1.4.1")),
    "no netmask": order(KIND.SET_NETWORK, network=static(netmask="255.255.252")),
    "netmask with a hole": order(KIND.SET_NETWORK, network=static(netmask="255.0.255.0")),
    "netmask of nothing": order(KIND.SET_NETWORK, network=static(netmask="0.0.0.0")),
    "network as text": order(KIND.SET_NETWORK, network="dhcp"),
    "empty password": order(KIND.SET_PASSWORD, credential=Credential("admin", "")),
    "no user for it": order(KIND.SET_PASSWORD, credential=Credential("", "hunter2")),
    "no firmware": order(KIND.UPGRADE),
    "firmware twice": order(KIND.UPGRADE, url=URL, firmware=firmware()),
    "no such file": order(KIND.UPGRADE, firmware=firmware()),
    "a folder": order(KIND.UPGRADE, firmware=firmware(path="/")),
    "another size": order(KIND.UPGRADE, firmware=firmware(path=__file__)),
    "empty file": order(KIND.UPGRADE, firmware=firmware(path="/dev/null", size=0)),
    "no version": order(KIND.UPGRADE, firmware=firmware(path=__file__, version='x"')),
    "no scheme": order(KIND.UPGRADE, url="example.com/x.swu"),
    "another scheme": order(KIND.UPGRADE, url="file:///etc/passwd"),
    "a blank": order(KIND.UPGRADE, url="http://example.com/ x.swu"),
    "half an address": order(KIND.UPGRADE, url="http://[::1/x.swu"),
}


@pytest.mark.parametrize("what", IMPOSSIBLE)
@in_reactor
async def test_what_no_miner_could_take_is_refused_before_a_word_is_said(what: str) -> None:
    async with miner({}) as (wire, device):
        with pytest.raises(ValueError, match=r"^\w+ \w+ .*\w") as caught:
            await device.perform(IMPOSSIBLE[what])
    assert not wire.asked
    assert "hunter2" not in repr(caught.value)


@in_reactor
async def test_a_miner_has_no_light_to_find_it_by() -> None:
    async with miner({}) as (wire, device):
        with pytest.raises(Unsupported):
            await device.perform(order(KIND.LOCATE, on=True))
    assert not wire.asked


@pytest.mark.parametrize("lost", [CUT, HANG], ids=["cut", "hang"])
@pytest.mark.parametrize(
    "what", ["one pool", "profile", "static", "factory reset", "power off", "download"]
)
@in_reactor
async def test_a_write_whose_answer_is_lost_was_taken_and_is_not_repeated(
    what: str, lost: object
) -> None:
    command, path, _ = BODIES[what]
    async with miner({path: lost}, patience=0.2) as (wire, device):
        await device.perform(command)
    assert wire.paths.count(path) == 1


FORGETFUL = ["reboot", "factory reset", "power off", "static", "download"]


@pytest.mark.parametrize("what", BODIES)
@in_reactor
async def test_the_login_is_forgotten_by_those_writes_that_may_void_it(what: str) -> None:
    command, path, _ = BODIES[what]
    async with miner({path: DONE, "/api/summary": {"success": False}}) as (wire, device):
        await device.perform(command)
        await device.read(1.0)
    assert wire.paths.count("/api/auth") == (2 if what in (*FORGETFUL, "dhcp") else 1)


# secrets

SECRETS = [what for what in BODIES if what in ("one pool", "password")]


@pytest.mark.parametrize(
    "said",
    [
        Page(200, b"Warning: hunter20 dragon&admin a&b=c"),
        Page(500, b"hunter20 dragon&admin a&b=c"),
        {"success": False, "message": "hunter20 and dragon&admin and a&b=c ü are bad"},
        {"password": "hunter20 dragon&admin a&b=c"},
    ],
    ids=["no-json", "status", "declined", "no-success"],
)
@pytest.mark.parametrize("what", SECRETS)
@in_reactor
async def test_no_error_of_a_write_holds_a_password(what: str, said: object) -> None:
    command, path, _ = BODIES[what]
    own = "hunter2" if what == "one pool" else "a&b"
    async with miner({path: said}) as (_, device):
        with pytest.raises(DeviceError) as caught:
            await device.perform(command)
    shown = str(caught.value) + repr(caught.value) + getattr(caught.value, "sample", "")
    assert own not in shown
    assert what == "one pool" or "dragon&admin" not in shown


# the login

LOGIN_CHANGE = order(KIND.SET_PASSWORD, credential=Credential("admin", "new one"))


@in_reactor
async def test_a_miner_whose_own_password_was_changed_is_asked_with_the_new_one() -> None:
    async with miner({"/api/updatePassword": DONE}) as (wire, device):
        await device.perform(LOGIN_CHANGE)
        assert device.credential == Credential("admin", "new one")
        device.forget()
        await device.describe()
    assert wire.asked[-2].form == {"username": "admin", "password": "new one"}


@in_reactor
async def test_the_guests_password_changes_no_login_of_ours() -> None:
    async with miner({"/api/updatePassword": DONE}) as (_, device):
        await device.perform(BODIES["password"][0])
        assert device.credential == CREDENTIAL


@in_reactor
async def test_a_password_that_is_not_taken_leaves_the_login_and_says_why() -> None:
    said = {"success": False, "message": "wrong current password"}
    async with miner({"/api/updatePassword": said}) as (_, device):
        with pytest.raises(Declined, match=r"^wrong current password$"):
            await device.perform(LOGIN_CHANGE)
        assert device.credential == CREDENTIAL


@in_reactor
async def test_a_password_whose_answer_is_lost_is_tried() -> None:
    async with miner({"/api/updatePassword": CUT}) as (wire, device):
        await device.perform(LOGIN_CHANGE)
        assert device.credential.password == "new one"
    assert wire.asked[-2].form["password"] == "new one"


@in_reactor
async def test_a_password_whose_answer_is_lost_and_that_does_not_work_was_not_taken() -> None:
    refused = {"success": False, "message": "invalid password"}
    answers = {"/api/updatePassword": CUT, "/api/auth": [LOGIN["/api/auth"], refused]}
    async with miner(answers) as (_, device):
        with pytest.raises(Unreachable):
            await device.perform(LOGIN_CHANGE)
        assert device.credential == CREDENTIAL


# firmware


@in_reactor
async def test_an_upload_is_a_form_of_one_file_named_after_its_version(tmp_path: Path) -> None:
    firmware = image(tmp_path)
    content = (tmp_path / "cached").read_bytes()  # nobody waits for it
    async with miner({"/upgrade/upload": Page(200, b"")}) as (wire, device):
        await device.perform(order(KIND.UPGRADE, firmware=firmware))
    asked = wire.asked[-1]
    kind, _, boundary = (asked.content_type or "").partition("; boundary=")
    assert kind == "multipart/form-data"
    head, _, rest = asked.body.partition(b"\r\n\r\n")
    assert head.decode() == (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="upfile"; filename="{VERSION}.swu"\r\n'
        "Content-Type: application/octet-stream"
    )
    assert rest == content + f"\r\n--{boundary}--\r\n".encode()


@in_reactor
async def test_a_token_is_tried_before_a_whole_file_is_sent_with_it(tmp_path: Path) -> None:
    answers = {
        "/api/overview": [LOGIN["/api/overview"], EXPIRED, LOGIN["/api/overview"]],
        "/upgrade/upload": Page(200, b""),
    }
    async with miner(answers) as (wire, device):
        await device.describe()
        await device.perform(order(KIND.UPGRADE, firmware=image(tmp_path)))
    assert wire.paths.count("/api/auth") == 2
    assert wire.paths.count("/upgrade/upload") == 1


UPGRADE_ANSWERS: list[tuple[Page, type[DeviceError]]] = [
    (Page(401, b""), Refused),
    (Page(403, b""), Refused),
    (Page(500, b"oops"), Garbled),
    (Page(404, b"oops"), Garbled),
]


@pytest.mark.parametrize(("said", "error"), UPGRADE_ANSWERS)
@pytest.mark.parametrize("path", ["/upgrade/upload", "/upgrade/download"])
@in_reactor
async def test_an_upgrade_that_the_web_server_turns_away_was_not_taken(
    tmp_path: Path, path: str, said: Page, error: type[DeviceError]
) -> None:
    with_file = order(KIND.UPGRADE, firmware=image(tmp_path))
    command = with_file if path.endswith("upload") else BODIES["download"][0]
    async with miner({path: said}) as (wire, device):
        with pytest.raises(error):
            await device.perform(command)
    assert wire.paths.count(path) == 1


@pytest.mark.parametrize("lost", [CUT, HANG], ids=["cut", "hang"])
@in_reactor
async def test_an_upload_cut_off_after_the_whole_file_was_taken(
    tmp_path: Path, lost: object
) -> None:
    answers = {"/upgrade/upload": lost, "/api/summary": {"success": False}}
    async with miner(answers, idle=0.3) as (wire, device):
        await device.perform(order(KIND.UPGRADE, firmware=image(tmp_path)))
        await device.read(1.0)
    assert wire.paths.count("/upgrade/upload") == 1
    assert wire.paths.count("/api/auth") == 2, "its next boot knows no token of before"


@in_reactor
async def test_a_file_that_is_not_the_one_that_was_checked_never_arrives(tmp_path: Path) -> None:
    other = replace(image(tmp_path), sha256="0" * 64)
    async with miner({"/upgrade/upload": Page(200, b"")}) as (wire, device):
        with pytest.raises(ValueError, match="changed on disk"):
            await device.perform(order(KIND.UPGRADE, firmware=other))
    assert "/upgrade/upload" not in wire.paths
