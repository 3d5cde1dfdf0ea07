"""How a simulated AxeOS device lives: faults, lost pools, and how much asking it bears."""

from __future__ import annotations

import http.client
import time
from typing import Any

from twisted.internet import reactor as installed
from twisted.internet.threads import deferToThread

from mother.sim.axeos.patience import BURST, DEAF_S, EVERY_S
from mother.sim.axeos.state import Axe
from mother.sim.faults import Fault
from tests.sim.serving import on_the_reactor
from tests.sim.wire import NoAnswerYet, result

from .wire import Wire

INFO = "/api/system/info"

reactor: Any = installed


def answered(coming: Any) -> bool:
    """Whether an answer has come."""
    try:
        result(coming)
    except NoAnswerYet:
        return False
    return True


def test_a_dead_board_finds_nothing_and_a_cure_brings_it_back() -> None:
    wire = Wire()
    wire.axe.fault = Fault.DEAD_BOARD
    wire.wait(120)
    assert wire.info()["hashRate"] < 1
    wire.axe.fault = Fault.NONE
    wire.wait(120)
    assert wire.info()["hashRate"] > 500


def test_a_missing_board_has_no_chips() -> None:
    wire = Wire()
    wire.axe.fault = Fault.MISSING_BOARD
    assert wire.info()["asicCount"] == 0


def test_a_slow_board_is_slow() -> None:
    wire = Wire()
    wire.axe.fault = Fault.SLOW_BOARD
    wire.wait(120)
    assert 100 < wire.info()["hashRate"] < 300


def test_a_device_that_overheats_protects_itself_and_says_so() -> None:
    wire = Wire()
    wire.axe.fault = Fault.HOT_BOARD
    info = wire.info()
    assert info["overheat_mode"] == 1
    assert info["temp"] > 70
    assert (info["frequency"], info["fanspeed"]) == (50, 100)
    wire.restart()
    assert wire.info()["overheat_mode"] == 1
    assert wire.info()["hashRate"] == 0
    wire.axe.fault = Fault.NONE
    wire.wait(120)
    info = wire.info()
    assert (info["overheat_mode"], info["frequency"]) == (0, 490)
    assert info["hashRate"] > 500


def test_a_restart_may_cure_a_board() -> None:
    wire = Wire(cure=1.0)
    wire.axe.fault = Fault.DEAD_BOARD
    wire.restart()
    assert wire.axe.fault is Fault.NONE
    assert wire.info()["hashRate"] > 500


def test_without_the_pool_it_takes_the_fallback_and_without_both_it_stops() -> None:
    wire = Wire()
    wire.axe.lose_pools(0)
    wire.wait(120)
    info = wire.info()
    assert info["isUsingFallbackStratum"] == 1
    assert info["hashRate"] > 500
    wire.axe.pools_dead = True
    wire.wait(120)
    assert wire.info()["hashRate"] < 1
    wire.axe.pools_dead = False
    wire.wait(120)
    info = wire.info()
    assert info["isUsingFallbackStratum"] == 0
    assert info["hashRate"] > 500


def test_nobody_set_it_up_so_it_has_nothing_to_do() -> None:
    wire = Wire(fresh=True)
    info = wire.info()
    assert (info["stratumURL"], info["hashRate"]) == ("", 0)


def test_asking_gently_is_no_abuse() -> None:
    wire = Wire()
    for _ in range(200):
        wire.info()
    assert wire.axe.abused == 0


def test_an_identification_may_ask_a_few_times_in_a_row() -> None:
    wire = Wire()
    for _ in range(BURST):
        assert answered(wire.start("GET", INFO))
    assert wire.axe.abused == 0
    wire.start("GET", INFO)
    assert wire.axe.abused == 1


def test_hammering_kills_its_server_for_a_while_and_it_mines_on() -> None:
    wire = Wire()
    for _ in range(BURST + 4):
        assert answered(wire.start("GET", INFO))
    held = wire.start("GET", INFO)
    assert not answered(held)
    assert wire.axe.patience.deaths == 1
    wire.wait(DEAF_S - 1)
    assert not answered(wire.start("GET", INFO))
    wire.wait(EVERY_S + 1)
    assert answered(wire.start("GET", INFO))
    assert not answered(held)
    assert wire.info()["sharesAccepted"] > 0


def test_polling_every_second_is_abuse() -> None:
    wire = Wire()
    for _ in range(30):
        wire.wait(1.0)
        wire.start("GET", INFO)
    assert wire.axe.abused > 5


def test_a_request_beside_another_connection_is_abuse() -> None:
    wire = Wire()
    wire.connections = 2
    wire.info()
    assert wire.axe.abused == 1


def test_a_restart_brings_the_server_back_and_keeps_the_count() -> None:
    wire = Wire()
    for _ in range(BURST + 6):
        wire.start("GET", INFO)
    assert wire.axe.patience.deaf
    abused = wire.axe.abused
    wire.axe.reboot()
    assert not wire.axe.patience.deaf
    assert wire.axe.abused == abused


def asked_twice_and_beside(axe: Axe, port: int) -> tuple[int, int]:
    """How often it felt abused after two requests on one connection, and after a second one."""
    first = http.client.HTTPConnection(axe.host, port, timeout=5)
    second = http.client.HTTPConnection(axe.host, port, timeout=5)
    counts = []
    for connection in (first, first, second):
        connection.request("GET", INFO)
        assert connection.getresponse().read()
        counts.append(axe.abused)
    first.close()
    second.close()
    return counts[1], counts[2]


@on_the_reactor
async def test_over_real_sockets_a_second_connection_is_seen() -> None:
    axe = Axe("127.78.31.1", "24:58:7c:00:00:01", time.time)
    serving = reactor.listenTCP(0, axe.services(reactor)[80], interface=axe.host)
    try:
        port = serving.getHost().port
        assert await deferToThread(asked_twice_and_beside, axe, port) == (0, 1)
    finally:
        await serving.stopListening()
