"""The heartbeat: it beats while all is well, and its address is nobody's business."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from mother.config.model import Alarm
from mother.core.loop import Loop
from mother.net.ping import Ping, PingFailed
from mother.notify.heartbeat import Heartbeat
from tests.fleet.world import logged
from tests.net.turning import in_reactor, reactor, until
from tests.notify.receiving import Receiver
from tests.terminal.processes import free_port

SECRET = "uuid-s3cr3t"
URL = f"https://hc.example/ping/{SECRET}"


class Heart:
    """A heartbeat in simulated time; `fails` says how a beat fails, `hangs`: it never ends."""

    def __init__(self, alarm: Alarm) -> None:
        self.clock = Clock()
        self.alarm = alarm
        self.beats: list[float] = []
        self.complaints: tuple[str, ...] = ()
        self.fails = ""
        self.hangs = False
        self.job = Heartbeat(lambda: self.alarm, lambda: self.complaints, self._get)
        self.loop = Loop(self.job, self.job.interval, self.clock)
        self.loop.start()
        self.clock.advance(0)

    async def _get(self, url: str) -> None:
        assert url == self.alarm.heartbeat_url
        self.beats.append(self.clock.seconds())
        if self.hangs:
            await Deferred()
        if self.fails:
            raise PingFailed(self.fails)

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)


def test_it_beats_at_the_start_and_every_interval() -> None:
    heart = Heart(Alarm(heartbeat_url=URL, heartbeat_interval=30))
    heart.run(91)
    assert heart.beats == [0, 30, 60, 90]


def test_it_stays_away_while_a_loop_is_stuck_and_comes_again() -> None:
    heart = Heart(Alarm(heartbeat_url=URL, heartbeat_interval=10))
    with logged() as events:
        heart.complaints = ("The scan loop has not moved for 9 min.",)
        heart.run(60)
        heart.complaints = ()
        heart.run(10)
    assert heart.beats == [0, 70]
    assert [event["log_level"].name for event in events] == ["error", "info"]


def test_without_an_address_nobody_is_asked_and_a_reload_changes_that() -> None:
    heart = Heart(Alarm())
    heart.run(120)
    assert heart.beats == []
    heart.alarm = Alarm(heartbeat_url=URL)
    heart.loop.hurry()
    heart.run(1)
    assert len(heart.beats) == 1


def test_beats_never_overlap() -> None:
    heart = Heart(Alarm(heartbeat_url=URL, heartbeat_interval=5))
    heart.hangs = True
    heart.run(100)
    assert heart.beats == [0, 5]


def test_a_beat_that_fails_is_logged_once_and_so_is_its_end() -> None:
    heart = Heart(Alarm(heartbeat_url=URL, heartbeat_interval=10))
    with logged() as events:
        heart.fails = "hc.example does not answer in time"
        heart.run(60)
        heart.fails = ""
        heart.run(30)
    lines = [event["log_format"].format(**event) for event in events]
    assert lines == [
        "The heartbeat does not arrive: hc.example does not answer in time.",
        "The heartbeat arrives again at hc.example.",
    ]
    assert (heart.job.failures, heart.job.beats) == (6, 4)


async def refusal(url: str, **how: Any) -> str:
    with pytest.raises(PingFailed) as caught:
        await Ping(reactor, **how).get(url)
    assert SECRET not in repr(caught.value) + str(caught.value.__cause__)
    return str(caught.value)


@in_reactor
async def test_a_good_answer_is_a_beat_and_another_is_none() -> None:
    with Receiver() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/{SECRET}"
        await Ping(reactor).get(url)
        assert receiver.asked == [f"/{SECRET}"]
        receiver.status = 404
        assert await refusal(url) == "127.0.0.1 answers with status 404"


@in_reactor
async def test_a_redirect_is_not_followed() -> None:
    with Receiver() as receiver:
        receiver.status, receiver.location = 302, f"http://127.0.0.1:{receiver.port}/elsewhere"
        url = f"http://127.0.0.1:{receiver.port}/{SECRET}"
        assert await refusal(url) == "127.0.0.1 answers with status 302"
        assert receiver.asked == [f"/{SECRET}"]


@in_reactor
async def test_one_that_hangs_is_left_within_the_deadline() -> None:
    with Receiver() as receiver:
        receiver.status = 0
        url = f"http://127.0.0.1:{receiver.port}/{SECRET}"
        assert await refusal(url, whole=0.2) == "127.0.0.1 does not answer in time"


@in_reactor
async def test_nobody_there_is_said_with_the_host_alone() -> None:
    url = f"http://127.0.0.1:{free_port()}/{SECRET}"
    assert await refusal(url) == "127.0.0.1 refuses the connection"


@in_reactor
async def test_what_is_no_tls_is_no_beat() -> None:
    with Receiver() as receiver:
        text = await refusal(f"https://127.0.0.1:{receiver.port}/{SECRET}", whole=3.0)
        assert text.startswith("127.0.0.1 ")
        assert receiver.asked == []


@in_reactor
async def test_one_that_is_cancelled_has_not_failed() -> None:
    with Receiver() as receiver:
        receiver.status = 0
        asked = Deferred.fromCoroutine(Ping(reactor).get(f"http://127.0.0.1:{receiver.port}/x"))
        await until(lambda: receiver.asked)
        asked.cancel()
        with pytest.raises(CancelledError):
            await asked
