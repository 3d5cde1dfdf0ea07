"""How a simulated Whatsminer is written to on 4028, and when it refuses."""

from __future__ import annotations

import json

import pytest

from mother.sim.faults import Fault
from mother.sim.whatsminer.md5crypt import md5_crypt

from .wire import V2, V3, Wire, seal


@pytest.mark.parametrize(
    ("password", "salt", "hashed"),
    [
        ("admin", "BQ5hoXV9", "RxmaDUO33TS7O26yeMHZ81"),
        ("super", "a", "NwpXVLDDyn2guiLs3a4mj."),
        ("pässwörd", "./.", "IO.O3YbA1HYfA6dZC9hwT."),
        ("0123456789" * 4, "abcdefgh", "mb85BtKCVqurTl.1fx9Y0/"),
    ],
)
def test_md5_crypt_makes_what_openssl_makes(password: str, salt: str, hashed: str) -> None:
    assert md5_crypt(password, salt) == hashed


def test_of_a_salt_only_eight_letters_count() -> None:
    assert md5_crypt("admin", "BQ5hoXV9rest") == md5_crypt("admin", "BQ5hoXV9")


def test_a_token_has_time_salt_and_newsalt() -> None:
    wire = Wire()
    answer = wire.ask("get_token")
    assert answer["Code"] == 134
    assert set(answer["Msg"]) == {"time", "salt", "newsalt"}
    assert answer["Msg"]["time"] == str(int(wire.clock.seconds()))[-4:]
    assert wire.ask("get_token")["Msg"]["newsalt"] != answer["Msg"]["newsalt"]


def test_the_pools_are_replaced_and_the_mining_program_restarts() -> None:
    wire = Wire()
    form = {"pool1": "stratum+tcp://a.example:1", "worker1": "w", "passwd1": "geheim"}
    assert wire.code("update_pools", **form, pool2="", worker2="", passwd2="") == 131
    [pool] = wire.ask("pools")["POOLS"]
    assert (pool["URL"], pool["User"], pool["POOL"]) == ("stratum+tcp://a.example:1", "w", 1)
    assert wire.miner.pools[0].password == "geheim"
    assert wire.summary()["Elapsed"] == 0
    assert "geheim" not in repr(wire.miner.pools) + repr(wire.miner.writes)


def test_no_pool_at_all_is_refused() -> None:
    wire = Wire()
    assert wire.code("update_pools", pool1="", worker1="", passwd1="") == 132
    assert len(wire.miner.pools) == 3


def test_a_power_limit_restarts_mining_and_rate_and_power_follow() -> None:
    wire = Wire()
    before = wire.summary()
    assert wire.code("adjust_power_limit", power_limit="2000") == 131
    assert wire.summary()["Elapsed"] == 0
    wire.wait(1200)
    after = wire.summary()
    assert after["Power Limit"] == 2000
    assert after["Power"] == pytest.approx(before["Power"] * 2000 / 3300, rel=0.05)
    assert 0.6 < after["MHS 5m"] / before["MHS 5m"] < 0.75
    assert wire.ask("status")["Msg"]["power_limit_set"] == "2000"


@pytest.mark.parametrize("watts", ["0", "-5", "9999", "much", None])
def test_an_impossible_power_limit_is_refused(watts: str | None) -> None:
    wire = Wire()
    assert wire.code("adjust_power_limit", power_limit=watts) == 132
    assert wire.summary()["Power Limit"] == 3300


@pytest.mark.parametrize(("mode", "more"), [("low", -1), ("high", 1)])
def test_modes_change_rate_and_power(mode: str, more: int) -> None:
    wire = Wire()
    before = wire.summary()
    assert wire.code(f"set_{mode}_power") == 131
    wire.wait(1200)
    after = wire.summary()
    assert after["Power Mode"] == mode.capitalize()
    assert (after["Power"] - before["Power"]) * more > 200
    assert (after["MHS 5m"] - before["MHS 5m"]) * more > 5_000_000
    assert wire.code("set_normal_power") == 131
    assert wire.ask("status")["Msg"]["power_mode"] == "normal"


def test_a_percentage_holds_until_mining_restarts() -> None:
    wire = Wire()
    elapsed = wire.summary()["Elapsed"]
    assert wire.code("set_power_pct", percent="50") == 131
    assert wire.code("set_power_pct", percent="150") == 132
    wire.wait(900)
    assert wire.summary()["Elapsed"] == elapsed + 900
    assert wire.summary()["Power"] == pytest.approx(1600, rel=0.05)
    assert wire.code("restart_btminer") == 131
    wire.wait(900)
    assert wire.summary()["Power"] == pytest.approx(3200, rel=0.05)


def test_a_reboot_answers_first_and_then_takes_it_away() -> None:
    wire = Wire()
    changes: list[bool] = []
    wire.miner.changed = lambda: changes.append(wire.miner.present)
    assert wire.code("reboot") == 131
    assert wire.miner.present
    wire.wait(1.0)
    assert changes == [False]
    assert 50 < wire.miner.absent_until - wire.clock.seconds() < 100
    wire.wait(100)
    assert wire.miner.present
    assert wire.summary()["Uptime"] < 60


def test_the_led_blinks_until_it_is_automatic_again() -> None:
    wire = Wire()
    assert wire.code("set_led", color="red", period=60, duration=20, start=0) == 131
    assert wire.ask("get_miner_info")["Msg"]["ledstat"] != "auto"
    assert wire.code("set_led", param="auto") == 131
    assert wire.ask("get_miner_info")["Msg"]["ledstat"] == "auto"
    assert wire.code("set_led", color="blue") == 132


def test_a_new_password_voids_all_tokens() -> None:
    wire = Wire()
    token = wire.token()
    assert wire.code("update_pwd", old="wrong", new="other") == 132
    assert wire.code("update_pwd", old="admin", new="far too long") == 132
    assert wire.code("update_pwd", old="admin", new="other") == 131
    assert wire.write("restart_btminer", token)["Code"] == 23
    wire.password = "other"
    assert wire.code("restart_btminer") == 131


def test_a_wrong_password_is_not_understood() -> None:
    wire = Wire()
    wire.password = "guess"
    assert wire.code("power_off") == 23
    assert not wire.miner.off


def test_a_lost_password_is_a_fault_that_heals() -> None:
    wire = Wire()
    wire.miner.fault = Fault.WRONG_PASSWORD
    assert wire.code("power_off") == 23
    wire.miner.fault = Fault.NONE
    assert wire.code("power_off") == 131


def test_with_the_switch_closed_every_write_is_denied() -> None:
    wire = Wire()
    wire.miner.access.open = False
    answer = wire.write("power_off")
    assert (answer["STATUS"], answer["Code"], answer["Msg"]) == ("E", 45, "permission denied")
    assert wire.ask("summary")["SUMMARY"]


def test_a_device_nobody_set_up_is_closed_and_has_no_pools() -> None:
    wire = Wire(fresh=True)
    assert wire.code("power_off") == 45
    assert wire.ask("pools")["POOLS"] == []
    assert {"2000"} == {
        key for code in wire.ask("get_error_code")["Msg"]["error_code"] for key in code
    }
    assert wire.summary()["MHS 15m"] == 0


def test_newer_firmware_takes_no_write_with_the_default_password() -> None:
    wire = Wire(V3)
    assert wire.code("power_off") == 45
    wire.miner.access.change_password("changed")
    wire.password = "changed"
    assert wire.code("power_off") == 131


def test_a_write_in_plain_text_is_denied() -> None:
    wire = Wire()
    assert wire.ask("power_off", token=wire.token()[0])["Code"] == 45
    assert not wire.miner.off


def test_a_write_needs_a_signature_of_this_client() -> None:
    wire = Wire()
    mine = wire.token()
    assert wire.write("power_off", mine, client="127.0.0.9")["Code"] == 135
    assert wire.write("power_off", ("invented", mine[1]))["Code"] == 135
    assert wire.write("power_off", mine)["Code"] == 131


def test_a_token_serves_many_writes_for_half_an_hour() -> None:
    wire = Wire()
    token = wire.token()
    assert [wire.write("restart_btminer", token)["Code"] for _ in range(40)] == [131] * 40
    wire.wait(1799)
    assert wire.write("restart_btminer", token)["Code"] == 131
    wire.wait(2)
    assert wire.write("restart_btminer", token)["Code"] == 135


def test_a_client_gets_32_tokens_and_then_none_until_they_expire() -> None:
    wire = Wire()
    codes = [wire.ask("get_token")["Code"] for _ in range(33)]
    assert codes == [134] * 32 + [136]
    assert wire.ask("get_token", client="127.0.0.2")["Code"] == 134
    wire.wait(1801)
    assert wire.ask("get_token")["Code"] == 134


def test_sixteen_clients_have_tokens_and_no_seventeenth() -> None:
    wire = Wire()
    codes = [wire.ask("get_token", f"127.0.1.{n}")["Code"] for n in range(17)]
    assert codes == [134] * 16 + [136]
    assert wire.ask("get_token", "127.0.1.3")["Code"] == 134


def test_hidden_nonsense_does_no_harm() -> None:
    wire = Wire()
    _, key = wire.token()
    for data in ("", "!", 7, "AAAA", seal([1], key), seal("x", key)):
        request = json.dumps({"enc": 1, "data": data}).encode()
        assert json.loads(wire.raw(request))["Code"] == 23, data
    assert wire.code("make_coffee") == 14


def test_writes_are_noted_in_order() -> None:
    wire = Wire(V2)
    for command in ("power_off", "power_on", "restart_btminer"):
        wire.write(command)
    assert [write.command for write in wire.miner.writes] == [
        "power_off",
        "power_on",
        "restart_btminer",
    ]


def test_a_factory_reset_closes_it() -> None:
    wire = Wire()
    wire.write("set_low_power")
    assert wire.code("factory_reset") == 131
    wire.wait(200)
    assert wire.summary()["Power Mode"] == "Normal"
    assert wire.code("power_off") == 45
