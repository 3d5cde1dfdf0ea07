"""How messages are brought: again until they arrive, each channel by itself, off the reactor."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from mother.notify.courier import DEADLINE, RETRY, Courier, Told, channel_keys, labels_of
from mother.notify.message import Message, Tone
from mother.notify.outbox import Outbox
from tests.net.turning import in_reactor, reactor, until

A, B = "json://a.example/t0ken-a", "tgram://123:t0ken-b/99"
START = 1_700_000_000.0


class Post:
    """Channels that answer as they are told to; a job ends at once, or by `finish`."""

    def __init__(self, *urls: str) -> None:
        self.urls = urls or (A,)
        self.clock = Clock()
        self.box = Outbox()
        self.failing: set[str] = set()
        self.hanging: set[str] = set()
        self.got: list[tuple[str, str]] = []
        self.tries: list[tuple[float, str]] = []
        self.told: list[Told] = []
        self.saved = 0
        self.open: list[tuple[Callable[[], str], Deferred[str]]] = []
        self.courier = Courier(
            self.clock,
            lambda: self.box,
            lambda: self.urls,
            lambda: START + self.clock.seconds(),
            self.send,
            self.save,
            self.told.append,
            self.defer,
        )
        self.courier.start()

    def save(self) -> None:
        self.saved += 1

    def send(self, url: str, title: str, body: str, tone: Tone) -> str:
        self.tries.append((self.clock.seconds(), url))
        if url in self.failing:
            return "the service answers with status 429"
        self.got.append((url, title))
        return ""

    def defer(self, job: Callable[[], str]) -> Deferred[str]:
        done: Deferred[str] = Deferred()
        if any(url in repr(job) for url in self.hanging):
            self.open.append((job, done))
        else:
            done.callback(job())
        return done

    def finish(self) -> None:
        job, done = self.open.pop(0)
        done.callback(job())

    def put(self, *titles: str, key: str = "") -> None:
        at = START + self.clock.seconds()
        for title in titles:
            message = Message(f"{title}{at}", at, key or title, Tone.PROBLEM, title, "body")
            self.box.put(message, self.courier.keys())
        self.courier.hurry()
        self.clock.advance(0)

    def run(self, seconds: float, step: float = 1.0) -> None:
        for _ in range(int(seconds / step)):
            self.clock.advance(step)


def test_what_one_channel_got_is_not_sent_to_it_again_because_another_failed() -> None:
    post = Post(A, B)
    post.failing.add(B)
    post.put("one", "two")
    post.run(60)
    assert post.got == [(A, "one"), (A, "two")]
    post.failing.clear()
    post.run(200)
    assert post.got[2:] == [(B, "one"), (B, "two")]
    assert len(post.box) == 0


def test_a_channel_that_fails_is_tried_later_and_later_and_told_of_once() -> None:
    post = Post()
    post.failing.add(A)
    post.put("one")
    post.run(6 * 3600, 5.0)
    waits = [
        after - before for (before, _), (after, _) in zip(post.tries, post.tries[1:], strict=False)
    ]
    assert waits[:4] == [15.0, 30.0, 60.0, 120.0]
    assert max(waits) <= RETRY.most + 5
    assert [one.first for one in post.told][:3] == [True, False, False]
    post.failing.clear()
    post.run(RETRY.most + 5, 5.0)
    assert len(post.got) == 1
    assert post.told[-1].why == ""


def test_many_that_waited_arrive_as_one() -> None:
    post = Post()
    post.failing.add(A)
    for minute in range(6):
        post.put(f"alarm {minute}")
        post.run(60, 5.0)
    post.failing.clear()
    post.run(900, 5.0)
    assert [title for _, title in post.got] == [
        "6 messages of the last 7 min 45 s, the newest last"
    ]


def test_a_message_that_nobody_could_be_told_for_a_day_is_given_up() -> None:
    post = Post()
    post.failing.add(A)
    post.put("one")
    post.run(25 * 3600, 60.0)
    assert (len(post.box), post.box.dropped) == (0, 1)


def test_a_channel_that_hangs_holds_up_no_other_for_longer_than_the_deadline() -> None:
    post = Post(A, B)
    post.hanging.add(A)
    post.put("one")
    assert post.got == []
    post.run(DEADLINE + 1)
    assert post.got == [(B, "one")]
    assert post.told[0].why == "it takes too long"
    post.put("two")
    post.run(3600, 10.0)
    assert post.got == [(B, "one"), (B, "two")]
    assert len(post.open) == 1  # no second thread for a channel that holds one already


def test_a_delivery_that_arrives_after_all_is_not_made_again() -> None:
    post = Post()
    post.hanging.add(A)
    post.put("one")
    post.run(DEADLINE + 1)
    post.hanging.clear()
    post.finish()
    post.run(3600, 10.0)
    assert post.got == [(A, "one")]
    assert len(post.box) == 0


def test_what_a_channel_that_is_taken_out_was_owed_is_told_to_the_one_in_its_place() -> None:
    post = Post(A)
    post.failing.add(A)
    post.put("one")
    post.urls = (B,)
    post.put("two")
    post.run(10)
    assert post.got == [(B, "one"), (B, "two")]
    assert len(post.box) == 0


def test_while_stopping_nothing_else_is_begun() -> None:
    post = Post()
    post.hanging.add(A)
    post.put("one", "two")
    stopping = Deferred.fromCoroutine(post.courier.stop())
    post.finish()
    post.run(2, 0.1)
    assert stopping.called
    assert post.got == [(A, "one")]
    assert post.open == []
    assert len(post.box) == 1


def test_stopping_waits_a_moment_for_what_is_under_way_and_keeps_it() -> None:
    post = Post()
    post.hanging.add(A)
    post.put("one")
    stopping = Deferred.fromCoroutine(post.courier.stop())
    post.run(0.7, 0.1)
    assert not stopping.called
    post.run(0.5, 0.1)
    assert stopping.called
    assert len(post.box) == 1


def test_what_arrives_while_stopping_is_not_kept() -> None:
    post = Post()
    post.hanging.add(A)
    post.put("one")
    stopping = Deferred.fromCoroutine(post.courier.stop())
    post.finish()
    assert stopping.called
    assert len(post.box) == 0


def test_a_key_tells_channels_apart_and_next_to_nothing_else() -> None:
    keys = channel_keys((A, B, A))
    assert sorted(keys.values()) == sorted({A, B})
    assert all(len(key) == 4 for key in keys)
    many = channel_keys(tuple(f"json://host/{n}" for n in range(3000)))
    assert len(many) == 3000


def test_a_label_shows_the_service_alone() -> None:
    assert labels_of((A, B)) == {A: "json://***", B: "tgram://***"}
    assert labels_of((A, A + "x")) == {A: "json://*** (no. 1)", A + "x": "json://*** (no. 2)"}
    assert labels_of(("json://[broken/s3cret",)) == {"json://[broken/s3cret": "***"}


def post_nothing() -> None:
    """Nothing is kept."""


@in_reactor
async def test_deliveries_are_made_in_one_thread_of_our_own() -> None:
    names: list[str] = []
    box, told = Outbox(), list[Told]()

    def send(url: str, title: str, body: str, tone: Tone) -> str:
        names.append(threading.current_thread().name)
        return ""

    courier = Courier(
        reactor, lambda: box, lambda: (A, B), time.time, send, post_nothing, told.append
    )
    courier.start()
    box.put(Message("1", time.time(), "k", Tone.NOTE, "t", "b"), courier.keys())
    courier.hurry()
    await until(lambda: len(told) == 2)
    await courier.stop()
    assert len(set(names)) == 1
    assert "notify" in names[0]
    assert not [one for one in threading.enumerate() if "notify" in one.name]


@in_reactor
async def test_a_thread_that_hangs_keeps_nobody_from_stopping() -> None:
    released = threading.Event()
    box = Outbox()

    def send(url: str, title: str, body: str, tone: Tone) -> str:
        released.wait(20)
        return ""

    courier: Any = Courier(
        reactor, lambda: box, lambda: (A,), time.time, send, post_nothing, lambda _: None
    )
    courier.start()
    box.put(Message("1", time.time(), "k", Tone.NOTE, "t", "b"), courier.keys())
    courier.hurry()
    await until(lambda: courier._flying is not None)
    began = time.monotonic()
    await courier.stop()
    assert time.monotonic() - began < 1.0
    assert len(box) == 1
    released.set()
