"""Logins, tokens and rights, with the order in which a device tests them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.sim.wire import NOW, Wire, exchanges

EXPIRED = {"success": False, "token": "expired"}
INVALID = {"success": False, "message": "invalid request"}


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def part(token: str, index: int) -> Any:
    text = token.split(".")[index]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_a_token_has_the_recorded_header_and_payload_and_lasts_six_hours() -> None:
    [(_, recorded)] = exchanges("auth.yaml")
    token = Wire().log_in().authorization.removeprefix("Bearer ")
    assert part(token, 0) == part(recorded["jwt"], 0)
    assert list(part(token, 1)) == list(part(recorded["jwt"], 1))
    assert part(token, 1) == {
        "iss": "DragonMint",
        "iat": int(NOW),
        "exp": int(NOW) + 21600,
        "user": "admin",
    }


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({}, "missing username/password fields"),
        ({"username": "admin"}, "missing username/password fields"),
        ({"username": "root", "password": "x"}, "user not found"),
        ({"username": "admin", "password": "x"}, "invalid password"),
    ],
)
def test_a_failed_login_says_why_with_status_200(form: dict[str, str], message: str) -> None:
    wire = Wire()
    assert wire.response("/api/auth", form).code == 200
    assert wire.ask("auth", form) == {"success": False, "message": message}


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.é.é", "e30.e30."])
def test_a_bad_token_is_called_expired_even_on_a_login(token: str) -> None:
    wire = Wire()
    wire.authorization = f"Bearer {token}"
    assert wire.ask("summary") == EXPIRED
    assert wire.ask("auth", {"username": "admin", "password": "dragonadmin"}) == EXPIRED


def test_a_forged_payload_is_not_believed() -> None:
    wire = Wire().log_in("guest", "dragonguest")
    header, payload, signature = wire.authorization.removeprefix("Bearer ").split(".")
    forged = base64.urlsafe_b64decode(payload + "==").replace(b"guest", b"admin")
    payload = base64.urlsafe_b64encode(forged).rstrip(b"=").decode()
    wire.authorization = f"Bearer {header}.{payload}.{signature}"
    assert wire.ask("getAutoTune") == EXPIRED


def test_a_reboot_makes_every_token_worthless_and_a_new_login_works() -> None:
    wire = Wire().log_in()
    assert wire.ask("type")["success"]
    wire.dragon.reboot()
    wire.clock.advance(100)
    assert wire.ask("type") == EXPIRED
    assert wire.log_in().ask("type")["success"]


def test_two_devices_do_not_accept_one_anothers_tokens() -> None:
    one, other = Wire(), Wire()
    other.dragon.access = type(other.dragon.access)(other.dragon.firmware, "a0:b0:45:00:00:01")
    other.authorization = one.log_in().authorization
    assert other.ask("type") == EXPIRED


def test_without_a_login_nothing_is_told() -> None:
    assert Wire().ask("summary") == INVALID


def test_an_unknown_action_is_an_invalid_request() -> None:
    assert Wire().log_in().ask("noSuchAction") == INVALID


@pytest.mark.parametrize("action", ["summary", "overview", "pools", "network", "type", "ping"])
def test_a_guest_may_read(action: str) -> None:
    assert Wire().log_in("guest", "dragonguest").ask(action)["success"] is True


@pytest.mark.parametrize(
    "action", ["reboot", "updatePools", "getAutoTune", "getAutoTuneStatus", "factoryReset"]
)
def test_a_guest_may_not_do_what_is_the_admins(action: str) -> None:
    wire = Wire().log_in("guest", "dragonguest")
    assert wire.ask(action) == INVALID
    assert not wire.dragon.writes


def test_newer_builds_show_a_guest_the_autotune_status() -> None:
    assert Wire("T2").log_in("guest", "guest").ask("getAutoTuneStatus")["success"] is True


def test_http_basic_is_accepted_and_any_password_while_it_is_the_default() -> None:
    wire = Wire()
    wire.authorization = basic("admin", "dragonadmin")
    assert wire.ask("type")["success"] is True
    wire.authorization = basic("admin", "anything")
    assert wire.ask("type")["success"] is True
    wire.authorization = basic("nobody", "anything")
    assert wire.ask("type") == INVALID
    wire.dragon.access.passwords = {"admin": "chosen", "guest": "chosen"}
    wire.authorization = basic("admin", "anything")
    assert wire.ask("type") == INVALID
    wire.authorization = basic("admin", "chosen")
    assert wire.ask("type")["success"] is True


@pytest.mark.parametrize("value", ["", "é", "YWRtaW4", "/w=="])
def test_a_broken_basic_header_is_nobody(value: str) -> None:
    wire = Wire()
    wire.authorization = f"Basic {value}"
    assert wire.ask("reboot") == INVALID


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (("admin", "wrong", "new"), "wrong current password"),
        (("root", "dragonadmin", "new"), "invalid user"),
        (("admin", "dragonadmin", ""), "invalid new password"),
    ],
)
def test_a_refused_password_change_says_why(form: tuple[str, ...], message: str) -> None:
    fields = dict(zip(("user", "currentPassword", "newPassword"), form, strict=True))
    wire = Wire().log_in()
    assert wire.ask("updatePassword", fields) == {"success": False, "message": message}
    assert Wire.log_in(wire).ask("type")["success"] is True


def test_a_changed_password_leaves_tokens_good_and_the_old_password_refused() -> None:
    wire = Wire().log_in()
    form = {"user": "admin", "currentPassword": "dragonadmin", "newPassword": "other"}
    assert wire.ask("updatePassword", form) == {"success": True}
    assert wire.ask("type")["success"] is True
    wire.authorization = ""
    old = {"username": "admin", "password": "dragonadmin"}
    assert wire.ask("auth", old)["message"] == "invalid password"
    assert wire.log_in("admin", "other").ask("type")["success"] is True


def test_the_guests_password_is_changed_with_the_admins_and_not_on_newer_builds() -> None:
    wire = Wire().log_in()
    form = {"user": "guest", "currentPassword": "dragonadmin", "newPassword": "other"}
    assert wire.ask("updatePassword", form) == {"success": True}
    assert wire.log_in("guest", "other").ask("type")["success"] is True
    newer = Wire("T2").log_in("admin", "admin")
    assert newer.ask("updatePassword", form | {"currentPassword": "admin"})["success"] is False


def test_uploads_and_logs_are_refused_by_the_web_server_itself() -> None:
    for wire in (Wire(), Wire().log_in("guest", "dragonguest")):
        for path in ("/upgrade/upload", "/upgrade/download", "/stream/logs"):
            assert wire.response(path).code == 401
        assert not wire.dragon.writes
    stale = Wire().log_in()
    stale.clock.advance(21600)
    assert stale.response("/stream/logs", method="GET").code == 401


def test_secrets_are_in_no_repr() -> None:
    wire = Wire().log_in()
    form = {"user": "admin", "currentPassword": "dragonadmin", "newPassword": "se4cret"}
    wire.ask("updatePassword", form)
    assert "se4cret" not in repr(list(wire.dragon.writes))
    wire.dragon.pools = ()
    pool = {"Pool1": "stratum+tcp://a:1", "UserName1": "u", "Password1": "se4cret"}
    wire.ask("updatePools", pool)
    assert wire.dragon.pools
    assert "se4cret" not in repr(wire.dragon.pools)
