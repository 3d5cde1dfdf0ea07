"""The pages of a simulated Antminer: the login, what is read and what is written."""

from __future__ import annotations

from typing import Any

import pytest

from mother.sim.faults import Fault
from tests.sim.antminer.wire import REALM, Wire, all_models, recording

BOUNDARY = "0123456789"


def upload(image: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="firmware"; filename="a.bmu"'
    return head.encode() + b"\r\n\r\n" + image + f"\r\n--{BOUNDARY}--\r\n".encode()


# The login


def test_a_stranger_is_challenged_with_the_makers_realm() -> None:
    words = Wire().challenged()
    assert words.startswith(f'Digest realm="{REALM}", nonce="')
    assert 'qop="auth"' in words
    assert "stale" not in words


@pytest.mark.parametrize("model", all_models())
def test_the_right_login_gets_in(model: str) -> None:
    assert Wire(model).page("get_system_info")["minertype"].startswith("Antminer ")


@pytest.mark.parametrize("login", [("root", "wrong"), ("admin", "root")])
def test_a_wrong_login_does_not(login: tuple[str, str]) -> None:
    wire = Wire()
    wire.login = login
    wire.challenged()
    assert wire.request("/cgi-bin/get_system_info.cgi").code == 401


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("uri", "/cgi-bin/get_miner_conf.cgi"),
        ("response", "0" * 32),
        ("realm", "another"),
        ("qop", "auth-int"),
        ("cnonce", ""),
        ("nc", "00000002"),
        ("algorithm", "SHA-256"),
    ],
)
def test_a_login_with_anything_bent_is_refused(field: str, value: str) -> None:
    wire = Wire()
    wire.challenged()
    path = "/cgi-bin/get_system_info.cgi"
    headers = {"Authorization": wire.credentials("GET", path, **{field: value})}
    assert wire.bare(path, headers=headers).code == 401
    headers = {"Authorization": wire.credentials("GET", path)}
    assert wire.bare(path, headers=headers).code == 200


def test_a_login_for_another_method_is_refused() -> None:
    wire = Wire()
    wire.challenged()
    path = "/cgi-bin/reboot.cgi"
    headers = {"Authorization": wire.credentials("GET", path)}
    assert wire.bare(path, b"x", "POST", headers).code == 401


def test_an_old_challenge_is_stale() -> None:
    wire = Wire()
    wire.challenged()
    wire.wait(601)
    response = wire.request("/")
    assert response.code == 401
    assert "stale=true" in response.headers.getRawHeaders("WWW-Authenticate")[0]
    wire.challenged()
    assert wire.request("/").code == 200


def test_a_challenge_of_ones_own_making_is_stale() -> None:
    wire = Wire()
    wire.challenged()
    wire._nonce = wire._nonce[:-1] + ("0" if wire._nonce[-1] != "0" else "1")
    assert wire.request("/").code == 401


def test_basic_login_is_refused() -> None:
    assert Wire().bare("/", headers={"Authorization": "Basic cm9vdDpyb290"}).code == 401


def test_a_changed_password_counts_at_once() -> None:
    wire = Wire()
    sent = {"curPwd": "root", "newPwd": "new", "confirmPwd": "new"}
    assert wire.page("passwd", sent)["stats"] == "success"
    assert wire.request("/").code == 401
    wire.login = ("root", "new")
    assert wire.request("/").code == 200


@pytest.mark.parametrize(
    "sent",
    [
        {"curPwd": "wrong", "newPwd": "new", "confirmPwd": "new"},
        {"curPwd": "root", "newPwd": "new", "confirmPwd": "other"},
        {"curPwd": "root", "newPwd": "", "confirmPwd": ""},
        [],
    ],
)
def test_a_password_is_not_changed_just_so(sent: Any) -> None:
    wire = Wire()
    assert wire.page("passwd", sent)["stats"] == "error"
    assert wire.request("/").code == 200


def test_a_locked_device_lets_nobody_in() -> None:
    wire = Wire()
    wire.ant.fault = Fault.WRONG_PASSWORD
    wire.challenged()
    assert wire.request("/").code == 401
    wire.ant.fault = Fault.NONE
    assert wire.request("/").code == 200


# Reads


def test_the_system_info_has_every_recorded_key() -> None:
    told = Wire("S21").page("get_system_info")
    recorded = recording("system_info")
    assert told.keys() == recorded.keys()
    for key in ("minertype", "system_filesystem_version", "system_kernel_version"):
        assert told[key] == recorded[key]


@pytest.mark.parametrize("name", ["get_network_info", "miner_type", "stats", "summary", "pools"])
def test_a_page_of_the_newer_era_is_there(name: str) -> None:
    assert Wire().page(name)


@pytest.mark.parametrize("name", ["set_miner_conf", "passwd", "upgrade", "stats"])
def test_the_old_era_has_fewer_pages(name: str) -> None:
    wire = Wire("S9")
    wire.challenged()
    assert wire.request(f"/cgi-bin/{name}.cgi").code == 404


def test_what_does_not_exist_is_not_found() -> None:
    wire = Wire()
    wire.challenged()
    assert wire.request("/cgi-bin/nonsense.cgi").code == 404


# Writes


def test_the_lamp_blinks_until_it_is_told_not_to() -> None:
    wire = Wire()
    assert wire.page("blink", {"blink": "true"}) == {"code": "B000"}
    assert wire.page("get_blink_status") == {"blink": True}
    assert wire.page("blink", {"blink": "false"}) == {"code": "B100"}
    assert wire.page("get_blink_status") == {"blink": False}


def test_pools_are_written_with_the_whole_configuration() -> None:
    wire = Wire()
    conf = wire.page("get_miner_conf")
    conf["pools"][0] = {"url": "stratum+tcp://a.example:3333", "user": "me", "pass": "x"}
    assert wire.page("set_miner_conf", conf)["stats"] == "success"
    assert wire.page("get_miner_conf") == conf
    wire.wait(60)
    assert wire.rpc("pools")["POOLS"][0]["URL"] == "stratum+tcp://a.example:3333"


@pytest.mark.parametrize("key", ["pools", "bitmain-fan-pwm", "bitmain-freq-level"])
def test_a_key_that_is_not_sent_is_lost(key: str) -> None:
    wire = Wire()
    conf = wire.page("get_miner_conf")
    del conf[key]
    wire.page("set_miner_conf", conf)
    assert key not in wire.page("get_miner_conf")


def test_the_keys_of_the_api_survive() -> None:
    wire = Wire()
    before = wire.page("get_miner_conf")
    wire.page("set_miner_conf", {"pools": before["pools"]})
    after = wire.page("get_miner_conf")
    assert {key for key in after if key != "pools"} == {k for k in before if k.startswith("api-")}


@pytest.mark.parametrize("body", [b"nonsense", b"[]", b'{"pools":1}', b'{"pools":[1]}'])
def test_what_is_no_configuration_is_refused(body: bytes) -> None:
    wire = Wire()
    before = wire.page("get_miner_conf")
    assert wire.page("set_miner_conf", body)["stats"] == "error"
    assert wire.page("get_miner_conf") == before


def test_a_static_address_is_taken_and_given_back() -> None:
    wire = Wire()
    sent = {
        "ipAddress": "127.77.0.9",
        "ipDns": "",
        "ipGateway": "127.77.0.254",
        "ipHost": "ant9",
        "ipPro": 2,
        "ipSub": "255.255.0.0",
    }
    assert wire.page("set_network_conf", sent)["stats"] == "success"
    assert wire.ant.host == "127.77.0.9"
    told = wire.page("get_network_info")
    assert (told["conf_nettype"], told["conf_ipaddress"]) == ("Static", "127.77.0.9")
    assert wire.page("get_system_info")["hostname"] == "ant9"
    wire.page("set_network_conf", {**sent, "ipPro": 1})
    assert wire.ant.host == "127.77.0.1"


def test_an_address_that_is_none_is_refused() -> None:
    wire = Wire()
    sent = {"ipAddress": "nonsense", "ipPro": 2, "ipSub": "255.0.0.0", "ipGateway": "127.0.0.1"}
    assert wire.page("set_network_conf", sent)["stats"] == "error"
    assert wire.ant.host == "127.77.0.1"


def test_a_plausible_image_is_flashed() -> None:
    wire = Wire()
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    answer = wire.page("upgrade", upload(b"\xab\xab\xab\xab" + b"x" * 2000), kind=kind)
    assert answer["stats"] == "success"
    assert not wire.ant.present


@pytest.mark.parametrize("image", [b"", b"\x1f\x8b", b"MZ" + b"x" * 2000])
def test_another_file_is_not(image: bytes) -> None:
    wire = Wire()
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    assert wire.page("upgrade", upload(image), kind=kind)["stats"] == "error"
    assert wire.ant.present


def test_a_reset_forgets_the_pools_and_not_the_login() -> None:
    wire = Wire()
    wire.ant.login = wire.login = ("root", "new")
    wire.page("reset_conf")
    assert all(not pool["url"] for pool in wire.page("get_miner_conf")["pools"])


def test_a_device_that_fails_says_so() -> None:
    wire = Wire()
    wire.challenged()
    wire.ant.fault = Fault.HTTP_500
    assert wire.request("/cgi-bin/stats.cgi").code == 500
