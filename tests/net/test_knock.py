"""The scanner that only knocks: against open, closed and deaf addresses of loopback."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorFDSet
from twisted.internet.task import Clock
from zope.interface import implementer

from mother.core.clock import sleep
from mother.core.ports import Ports
from mother.net import sweep as sweeping
from mother.net.knock import Knocker, sweep_with
from mother.net.sweep import Knocks
from tests.net.files import open_files
from tests.net.hosts import OK, always, deaf, host
from tests.net.turning import in_reactor, reactor, until


def sweep(hosts: Iterator[str], ports: tuple[int, ...], **options: Any) -> Deferred[Knocks]:
    return Knocker(reactor).sweep(
        hosts, ports, **{"width": 100, "rate": 0.0, "deadline": 5.0, **options}
    )


def others(count: int) -> list[str]:
    """Addresses of loopback where nobody listens: they refuse."""
    return [f"127.0.1.{number}" for number in range(1, count + 1)]


@in_reactor
async def test_who_accepts_is_found_and_who_refuses_is_counted() -> None:
    found: list[str] = []
    async with host(always(OK)) as (_, _http, address):
        hosts = [*others(30), "127.0.0.1", *others(20)]
        met = await sweep(iter(hosts), (address.port,), found=found.append)
    assert met == Knocks(tried=51, open=1, refused=50)
    assert found == ["127.0.0.1"]


@in_reactor
async def test_silence_ends_at_the_deadline() -> None:
    async with deaf() as address:
        met = await sweep(iter([address.host]), (address.port,), deadline=0.1)
    assert met == Knocks(tried=1, silent=1)


@in_reactor
async def test_one_knock_tells_whether_somebody_is_there() -> None:
    knocker = Knocker(reactor)
    async with host(always(OK)) as (_, _http, address):
        assert await knocker.knock(address.host, address.port, 5.0)
        assert not await knocker.knock("127.0.1.1", address.port, 5.0)


@in_reactor
async def test_what_the_network_cannot_reach_is_unreachable() -> None:
    met = await sweep(iter(["255.255.255.255"]), (9,))
    assert met == Knocks(tried=1, unreachable=1)


@in_reactor
async def test_no_hosts_are_no_knocks() -> None:
    assert await sweep(iter(()), (9,)) == Knocks()


@in_reactor
async def test_found_is_told_while_others_are_still_awaited() -> None:
    async with deaf() as mute, host(always(OK)) as (_, _http, address):
        heard: Deferred[str] = Deferred()
        running = sweep(
            iter([mute.host]), (mute.port,), deadline=60.0
        )  # never answered while this test runs
        both = sweep(iter(["127.0.0.1"]), (address.port,), found=heard.callback)
        assert await heard == "127.0.0.1"
        await both
        assert not running.called
        running.cancel()
        with pytest.raises(CancelledError):
            await running


@in_reactor
async def test_no_more_wait_at_once_than_the_width_and_hosts_are_taken_lazily() -> None:
    taken = 0

    def hosts(address: str) -> Iterator[str]:
        nonlocal taken
        for _ in range(6):
            taken += 1
            yield address

    async with deaf() as address:
        before = open_files()
        running = sweep(hosts(address.host), (address.port,), width=2, deadline=0.15)
        await sleep(reactor, 0.05)
        sockets = {one for one in open_files() - before if one.startswith("socket:")}
        assert (taken, len(sockets)) == (2, 2)
        assert (await running).silent == 6


@in_reactor
async def test_cancelling_closes_every_socket() -> None:
    async with deaf() as address:
        before = open_files()
        running = sweep(iter([address.host] * 50), (address.port,))
        await sleep(reactor, 0.05)
        assert open_files() - before
        running.cancel()
        with pytest.raises(CancelledError):
            await running
        assert not open_files() - before


@in_reactor
async def test_a_listener_that_fails_ends_the_sweep_with_its_error() -> None:
    def found(host: str) -> None:
        raise LookupError(host)

    async with host(always(OK)) as (_, _http, address):
        before = open_files()
        with pytest.raises(LookupError):
            await sweep(iter(["127.0.0.1"] * 20), (address.port,), found=found)
        await until(lambda: not open_files() - before)


@in_reactor
async def test_hosts_that_fail_end_the_sweep_with_their_error() -> None:
    def hosts() -> Iterator[str]:
        yield "127.0.1.1"
        raise LookupError

    with pytest.raises(LookupError):
        await sweep(hosts(), (9,))


@in_reactor
async def test_a_listener_may_cancel_the_sweep() -> None:
    async with host(always(OK)) as (_, _http, address):
        running: Deferred[Knocks]
        running = sweep(
            iter(["127.0.0.1"] * 20), (address.port,), found=lambda host: running.cancel()
        )
        with pytest.raises(CancelledError):
            await running


@contextmanager
def few_files(spare: int) -> Iterator[None]:
    """Let this process open only so many files more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(one.name) for one in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1 + spare, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@in_reactor
async def test_a_lack_of_files_delays_a_knock_and_is_never_taken_as_absence() -> None:
    async with host(always(OK)) as (_, _http, address), deaf() as mute:
        with few_files(8):
            held = sweep(iter([mute.host] * 40), (mute.port,), deadline=0.2)
            met = await sweep(iter([*others(5), "127.0.0.1"]), (address.port,))
            assert met == Knocks(tried=6, open=1, refused=5)
            assert await held == Knocks(tried=40, silent=40)


# pace, on a clock of its own


@implementer(IReactorFDSet)
class Still(Clock):
    """A clock whose sockets never report anything."""

    def addReader(self, reader: object) -> None:  # noqa: N802
        """Watch nothing."""

    removeReader = addWriter = removeWriter = addReader  # noqa: N815

    def removeAll(self) -> list[Any]:  # noqa: N802
        return []

    getReaders = getWriters = removeAll  # noqa: N815


class Counted:
    """Endless addresses that refuse, and how many were taken."""

    def __init__(self) -> None:
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.taken += 1
        return "127.0.1.1"


def paced(rate: float) -> tuple[Still, Counted, Deferred[Knocks]]:
    clock, hosts = Still(), Counted()
    running = Knocker(clock).sweep(iter(hosts), (9,), width=10_000, rate=rate, deadline=1e6)
    running.addErrback(lambda failure: failure.trap(CancelledError))
    return clock, hosts, running


def test_the_rate_is_kept_evenly() -> None:
    clock, hosts, running = paced(100.0)
    for tenth in range(1, 31):
        for _ in range(10):
            clock.advance(0.01)
        assert hosts.taken == pytest.approx(tenth * 10, abs=3)
    running.cancel()


def test_after_a_pause_there_is_no_burst() -> None:
    clock, hosts, running = paced(100.0)
    clock.advance(0)
    clock.advance(60.0)
    assert hosts.taken <= 1 + 10
    running.cancel()


def test_a_rate_below_one_a_tick_is_kept_too() -> None:
    clock, hosts, running = paced(2.0)
    for _ in range(1000):
        clock.advance(0.01)
    assert hosts.taken == pytest.approx(20, abs=2)
    running.cancel()


def test_what_cannot_be_watched_by_is_refused() -> None:
    with pytest.raises(TypeError):
        Knocker(Clock())


# by the configuration


class Wanted(Struct, frozen=True):
    ports: Ports
    families: tuple[str, ...] = ("dragonmint",)
    networks: tuple[str, ...] = ("127.0.0.0/24",)
    scan_rate: float = 0.0
    scan_timeout: float = 0.1
    connect_timeout: float = 60.0


@in_reactor
async def test_a_sweep_takes_port_rate_and_the_shorter_deadline_from_the_configuration(
    tmp_path: Path,
) -> None:
    found: list[str] = []
    go = sweep_with(Knocker(reactor), tmp_path / "no-routes")
    async with host(always(OK)) as (_, _http, address), deaf() as mute:
        (met,) = await go(
            iter(["127.0.0.1", "127.0.1.1"]), Wanted(Ports(dragon=address.port)), found.append
        )
        assert (met.open, met.refused, found) == (1, 1, ["127.0.0.1"])
        (met,) = await go(iter([mute.host]), Wanted(Ports(dragon=mute.port)), found.append)
        assert met.silent == 1


@in_reactor
async def test_a_host_that_is_open_at_two_ports_is_found_once(tmp_path: Path) -> None:
    found: list[str] = []
    go = sweep_with(Knocker(reactor), tmp_path / "no-routes")
    async with host(always(OK)) as (_, _, one), host(always(OK)) as (_, _, two):
        ports = Ports(web=one.port, dragon=two.port)
        (met,) = await go(iter([one.host]), Wanted(ports, ("dragonmint", "axeos")), found.append)
    assert (met.open, found) == (2, [one.host])


@in_reactor
async def test_only_who_refuses_elsewhere_is_asked_at_the_rare_port(tmp_path: Path) -> None:
    found: list[str] = []
    go = sweep_with(Knocker(reactor), tmp_path / "no-routes")
    async with host(always(OK)) as (_, _, rare), deaf() as mute:
        ports = Ports(web=9, cgminer=10, whatsminer=rare.port)
        wanted = Wanted(ports, ("avalon", "whatsminer"))
        first, then = await go(iter([rare.host, "127.0.1.1"]), wanted, found.append)
        assert (first.refused, then.open, then.refused, found) == (2, 1, 1, [rare.host])
        silent = Ports(web=9, cgminer=mute.port, whatsminer=rare.port)
        met = await go(iter([mute.host]), Wanted(silent, ("whatsminer",)), found.append)
    assert [one.silent for one in met] == [1]


@in_reactor
async def test_who_was_silent_at_one_door_has_little_time_at_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweeping, "BRIEF", 0.2)
    async with deaf() as first, deaf() as second:
        began = reactor.seconds()
        met = await sweep(iter([first.host]), (first.port, second.port), deadline=1.0)
        took = reactor.seconds() - began
    assert met == Knocks(tried=2, silent=2)
    assert 1.2 <= took < 1.9


@in_reactor
async def test_who_answered_at_one_door_has_the_whole_time_at_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweeping, "BRIEF", 0.1)
    async with deaf() as mute:
        began = reactor.seconds()
        met = await sweep(iter([mute.host]), (9, mute.port), deadline=0.6)
        took = reactor.seconds() - began
    assert met == Knocks(tried=2, refused=1, silent=1)
    assert took >= 0.6
