"""When lines leave, where to, and what becomes of those that cannot."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHostnameResolver, IReactorPluggableNameResolver
from twisted.logger import LogEvent, formatEvent
from zope.interface.verify import verifyObject

from mother.config.model import Statsd
from mother.core.model import EventKind
from mother.sinks.statsd import HOLD

from .conftest import Receiver
from .farm import WORKER, event, sample, totals
from .minded import Setup
from .names import Names
from .test_statsd import LINES

NATIVE_STEM = f"dragons.worker.T1.{WORKER}."


@pytest.fixture
def farm(receiver: Receiver) -> Setup:
    return Setup(Statsd("127.0.0.1", receiver.port, "dragons", 60, True))


def test_without_a_host_nothing_is_gathered_or_asked() -> None:
    farm = Setup(Statsd(None, 8125, "dragons", 60, True))
    farm.sink.sample(sample())
    farm.sink.event(event(EventKind.ADDED))
    farm.sink.totals(totals())
    farm.sink.numbers({"loop.scan.runs": 1})
    farm.second(400)
    assert farm.names.asked == []
    assert farm.sink.dropped == 0


def test_a_reload_moves_the_metrics_to_another_port_and_prefix(
    farm: Setup, receiver: Receiver
) -> None:
    other = Receiver()
    farm.sink.sample(sample({"x": 1}))
    farm.change(port=other.port, prefix="elsewhere.farm")
    farm.sink.sample(sample({"x": 2}))
    farm.second()
    assert receiver.values()[NATIVE_STEM + "x"] == "1|g"
    assert other.values()[f"elsewhere.farm.worker.T1.{WORKER}.x"] == "2|g"
    farm.change(host=None)
    farm.sink.sample(sample({"x": 3}))
    farm.second()
    assert other.lines() == []
    other.close()


def test_a_reload_to_another_name_asks_for_it_at_once_and_the_old_answer_is_void(
    receiver: Receiver,
) -> None:
    farm = Setup(Statsd("old.farm", receiver.port, "dragons", 60, True))
    farm.change(host="new.farm")
    farm.sink.event(event(EventKind.REMOVED))
    farm.names.answer("127.0.0.99")
    farm.second()
    assert farm.names.asked == ["old.farm", "new.farm"]
    farm.names.answer("127.0.0.1")
    farm.second()
    assert receiver.lines() == ["dragons.manager.dragons.removed:1|c"]


def test_lines_wait_until_the_hosts_name_is_found(receiver: Receiver) -> None:
    farm = Setup(Statsd("metrics.farm", receiver.port, "dragons", 60, True))
    farm.sink.event(event(EventKind.REMOVED))
    farm.second(3)
    assert receiver.lines() == []
    farm.names.answer("127.0.0.1")
    farm.second()
    assert receiver.lines() == ["dragons.manager.dragons.removed:1|c"]


def test_a_name_that_is_not_found_is_asked_again_later_and_later(receiver: Receiver) -> None:
    farm = Setup(Statsd("metrics.farm", receiver.port, "dragons", 60, True))
    for seconds in (1, 2, 4, 8):
        asked = len(farm.names.asked)
        farm.names.answer()
        farm.clock.advance(seconds - 0.1)
        assert len(farm.names.asked) == asked
        farm.clock.advance(0.2)
        assert len(farm.names.asked) == asked + 1
    farm.names.answer("127.0.0.1")
    farm.sink.event(event(EventKind.REMOVED))
    farm.second()
    assert receiver.lines() == ["dragons.manager.dragons.removed:1|c"]


def test_a_name_whose_question_hangs_is_asked_again(receiver: Receiver) -> None:
    farm = Setup(Statsd("metrics.farm", receiver.port, "dragons", 60, True))
    farm.second(20)
    assert len(farm.names.asked) == 2
    farm.names.answer("127.0.0.1")
    farm.sink.event(event(EventKind.REMOVED))
    farm.second()
    assert receiver.lines() != []


def test_a_host_that_moved_is_followed_and_a_failed_question_changes_nothing(
    receiver: Receiver,
) -> None:
    farm = Setup(Statsd("metrics.farm", receiver.port, "dragons", 60, True))
    farm.names.answer("127.0.0.99")
    farm.clock.advance(301)
    farm.names.answer()
    farm.sink.event(event(EventKind.REMOVED))
    farm.second()
    assert receiver.lines() == []
    farm.names.answer("::1", "127.0.0.1")
    farm.sink.event(event(EventKind.REMOVED))
    farm.second()
    assert receiver.lines() == ["dragons.manager.dragons.removed:1|c"]


def test_what_waits_is_bounded_and_what_is_lost_is_counted(receiver: Receiver) -> None:
    farm = Setup(Statsd("metrics.farm", receiver.port, "dragons", 60, True))
    for _ in range(3 * HOLD // LINES):
        farm.sink.sample(sample())
    lost = farm.sink.dropped
    assert 2 * HOLD <= lost < 3 * HOLD
    farm.names.answer("127.0.0.1")
    farm.sink.numbers({})
    farm.second()
    assert receiver.values()["dragons.sink.statsd.dropped"] == f"{lost}|g"


def test_an_address_the_system_refuses_costs_lines_and_nothing_else(receiver: Receiver) -> None:
    farm = Setup(Statsd("255.255.255.255", receiver.port, "dragons", 60, True))
    farm.sink.event(event(EventKind.REMOVED))
    farm.second()
    assert farm.sink.dropped == 1
    farm.change(host="127.0.0.1")
    farm.sink.event(event(EventKind.REMOVED))
    farm.second()
    assert receiver.lines() == ["dragons.manager.dragons.removed:1|c"]


def test_a_statsd_that_is_down_is_noticed_and_loses_nothing_once_it_is_back(
    farm: Setup, receiver: Receiver, logged: list[LogEvent]
) -> None:
    receiver.close()
    for _ in range(3):
        farm.sink.event(event(EventKind.REMOVED))
        farm.second()
    assert farm.sink.dropped == 2  # of the last it is not known yet
    back = Receiver(receiver.port)
    farm.sink.event(event(EventKind.ADDED))
    farm.second()
    assert farm.sink.dropped == 3
    assert "dragons.manager.dragons.added:1|c" in back.lines()
    back.close()
    told = [formatEvent(one) for one in logged]
    assert "Metrics are being lost (Connection refused); they are counted." in told


def test_what_is_gathered_is_sent_at_the_stop(farm: Setup, receiver: Receiver) -> None:
    farm.sink.event(event(EventKind.REMOVED))
    ended = Deferred.fromCoroutine(farm.sink.stop())
    assert ended.called
    assert receiver.lines() == ["dragons.manager.dragons.removed:1|c"]
    assert farm.clock.getDelayedCalls() == []


def test_the_double_of_the_resolver_has_what_twisted_asks_of_one() -> None:
    names = Names()
    assert verifyObject(IReactorPluggableNameResolver, names)
    assert verifyObject(IHostnameResolver, names)


def test_the_beginning_and_the_end_of_a_loss_are_logged_once(
    farm: Setup, logged: list[LogEvent]
) -> None:
    port = farm.settings.port
    farm.change(host="255.255.255.255")
    for _ in range(3):
        farm.sink.event(event(EventKind.REMOVED))
        farm.second()
    farm.change(host="127.0.0.1")
    farm.second(200)
    told = [formatEvent(one) for one in logged]
    assert [line for line in told if "lost" in line] == [
        "Metrics are being lost (Permission denied); they are counted.",
        "Metrics go out again; 3 lines were lost.",
    ]
    assert f"Metrics go to statsd at 127.0.0.1:{port}." in told


def test_a_name_that_is_not_found_is_logged_once_and_so_is_its_finding(
    receiver: Receiver, logged: list[LogEvent]
) -> None:
    farm = Setup(Statsd("metrics.farm", receiver.port, "dragons", 60, True))
    for seconds in (1, 2, 4):
        farm.names.answer()
        farm.clock.advance(seconds)
    farm.names.answer("127.0.0.1")
    told = [formatEvent(one) for one in logged]
    assert [line for line in told if "host" in line] == [
        "Cannot find the address of statsd host metrics.farm (no such name); trying again.",
        "Found statsd host metrics.farm: 127.0.0.1.",
    ]
