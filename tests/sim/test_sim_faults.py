"""Each fault as a client meets it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from twisted.web.client import ResponseFailed

from mother.sim.dragonmint.models import MODELS
from mother.sim.faults import FAULTS, Fault, dice
from tests.sim.wire import NoAnswerYet, Wire, result


def ill(fault: str) -> Wire:
    wire = Wire().log_in()
    wire.dragon.has_always_had(fault)
    return wire


def boards(wire: Wire) -> list[dict[str, Any]]:
    devices: list[dict[str, Any]] = wire.ask("summary")["DEVS"]
    return devices


def test_a_dead_board_is_dead_and_the_others_are_not() -> None:
    statuses = sorted(board["Status"] for board in boards(ill("dead-board")))
    assert statuses == ["Alive", "Alive", "Dead"]


def test_a_hot_board_is_above_100_degrees_and_hashes() -> None:
    hot = [board for board in boards(ill("hot-board")) if board["Temperature"] > 100]
    assert len(hot) == 1
    assert hot[0]["MHS 15m"] > 4e6


def test_a_slow_board_does_less_than_a_terahash() -> None:
    slow = [board for board in boards(ill("slow-board")) if board["MHS 15m"] < 1e6]
    assert len(slow) == 1
    assert slow[0]["MHS 15m"] > 1e5
    assert slow[0]["Status"] == "Alive"


def test_a_missing_board_is_not_reported_at_all() -> None:
    assert len(boards(ill("missing-board"))) == 2


def test_a_hanging_device_takes_the_question_and_never_answers() -> None:
    wire = ill("hang")
    coming = [wire.start("/api/summary"), wire.start("/", method="GET")]
    wire.clock.advance(86400)
    wire.treq.flush()
    for each in coming:
        with pytest.raises(NoAnswerYet):
            result(each)
    assert wire.dragon.requests["/api/summary"] == 1


def test_garbage_is_not_http() -> None:
    with pytest.raises(ResponseFailed):
        ill("garbage").response("/", method="GET")


def test_truncated_answers_are_cut_json_behind_an_intact_start_page() -> None:
    wire = ill("truncated")
    body = wire.raw("/api/summary")
    assert body.startswith(b'{"success":true')
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
    assert b"<title>DragonMint</title>" in wire.raw("/", method="GET")


def test_http_500_comes_for_questions_behind_an_intact_start_page() -> None:
    wire = ill("http-500")
    assert wire.response("/api/summary").code == 500
    assert wire.response("/", method="GET").code == 200


def test_a_wrong_password_refuses_every_default_login() -> None:
    wire = ill("wrong-password")
    wire.authorization = ""
    for model in MODELS:
        for user, password in Wire(model).dragon.firmware.default_passwords.items():
            answer = wire.ask("auth", {"username": user, "password": password})
            assert answer == {"success": False, "message": "invalid password"}


def test_a_vanished_device_drops_who_asks_and_comes_back_as_it_was() -> None:
    wire = ill("vanished")
    with pytest.raises(ResponseFailed):
        result(wire.start("/", method="GET"))
    assert wire.dragon.fault == "vanished"
    wire.clock.advance(1800)
    assert wire.dragon.fault == "none"
    assert wire.ask("type")["success"] is True
    assert wire.dragon.uptime > 86400


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_can_be_set_and_taken_away(fault: Fault) -> None:
    wire = Wire()
    wire.dragon.fault = fault
    assert wire.dragon.fault is fault
    wire.dragon.fault = "none"
    wire.clock.advance(3600)
    healthy = boards(wire.log_in())
    assert [board["Status"] for board in healthy] == ["Alive"] * 3
    assert all(board["MHS 1m"] > 4e6 and board["Temperature"] < 80 for board in healthy)


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="tired"):
        Wire().dragon.fault = "tired"


def test_the_dice_fall_evenly_and_always_the_same_way() -> None:
    thrown = [dice("a", index) for index in range(1000)]
    assert thrown == [dice("a", index) for index in range(1000)]
    assert 0.45 < sum(thrown) / 1000 < 0.55
