"""Who is at an address, and by which login it says so."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest
from msgspec.structs import replace
from twisted.internet.defer import Deferred

from mother.core.errors import Unreachable
from mother.core.model import Address, Credential
from mother.drivers.base import NO_LOGIN, Traces
from mother.fleet.meeting import TRIES, Claim, Foreigner, Meeting, Mute, NotTaken, _shown
from mother.fleet.remembered import DeviceMemory
from mother.fleet.undertaken import DeviceSetup
from tests.fleet.toy import LOGIN, MAC, Box, Toy
from tests.fleet.world import CONFIG, World

HOST = "127.78.0.50"
PLACE = Address(HOST, 4028)
IDENT = f"home/mac:{MAC}"


class Street:
    """Two families, one host, and what it shows: `page` to everybody."""

    def __init__(self, **config: Any) -> None:
        self.memory = World().daemon.memory
        self.config = replace(CONFIG, families=(), credentials=(), **config)
        self.one, self.two = Toy("one"), Toy("two", needs_login=False)
        self.box = Box(lambda: 0.0)
        self.one.boxes[HOST] = self.two.boxes[HOST] = self.box
        self.page = b"a page of one"
        self.said = b""
        self.open: frozenset[int] = frozenset()
        self.traced: list[float] = []
        self.meeting = Meeting(
            (self.one, self.two), lambda: self.config, self.memory, self._trace, self._foreign
        )

    async def _trace(self, host: str, deadline: float) -> Traces:
        self.traced.append(deadline)
        return Traces(host, self.open, page=self.page, said=self.said)

    def _foreign(self, traces: Traces) -> str:
        return "LuxOS" if b"lux" in traces.page else ""

    def remember(self, ident: str = IDENT, **what: Any) -> None:
        known = DeviceMemory(mac=MAC, family="one", address=PLACE, worker="w")
        self.memory.remember(ident, replace(known, **what))

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        outcome: list[Any] = []
        Deferred.fromCoroutine(work).addBoth(outcome.append)
        result = outcome[0]
        if hasattr(result, "raiseException"):
            result.raiseException()
        return result

    def who(self) -> Any:
        return self.do(self.meeting.who(HOST))

    def log_in(self, **what: Any) -> Any:
        return self.do(self.meeting.log_in(Claim(self.one, PLACE), **what))


def test_the_first_family_that_claims_what_is_shown_has_it() -> None:
    street = Street()
    assert street.who() == Claim(street.one, PLACE)
    street.page = b"a page of two"
    assert street.who() == Claim(street.two, PLACE)
    street.page = b"one and two"
    assert street.who() == Claim(street.one, PLACE)


def test_a_host_that_shows_nothing_is_no_miner_and_a_foreign_one_is_named() -> None:
    street = Street()
    street.page, street.open = b"", frozenset({80})
    assert street.who() is None
    street.page = b"lux"
    assert street.who() == Foreigner("LuxOS", "lux")


def test_a_host_that_says_nothing_at_all_is_mute() -> None:
    street = Street()
    street.page = b""
    assert street.who() == Mute()


def test_what_a_stranger_said_is_shown_short_and_printable() -> None:
    street = Street()
    street.page, street.said = b"lux", b"\x00 {\r\n\x1b[31m\xff" + b"x" * 5000
    shown = street.who().said
    assert shown.isprintable()
    assert len(shown) <= 200
    assert shown.startswith("{")


def test_a_family_that_is_not_looked_for_is_neither_met_nor_foreign() -> None:
    street = Street()
    street.config = replace(street.config, families=("two",))
    street.page = b"one lux"
    assert [family.name for family in street.meeting.families()] == ["two"]
    assert street.who() is None
    street.config = replace(street.config, families=("one", "two"))
    assert street.who() == Claim(street.one, PLACE)


def test_who_was_met_there_before_is_asked_by_its_own_familys_call_alone() -> None:
    street = Street()
    street.remember()
    street.meeting.recall()
    assert street.who() == Claim(street.one, PLACE)
    assert street.one.recognised == [(PLACE, street.config.scan_timeout / 2)]
    assert street.two.recognised == []
    assert street.traced == []


@pytest.mark.parametrize(
    "known",
    [{"family": "gone"}, {"address": Address("127.78.0.51", 4028)}, {"address": None}],
)
def test_what_is_remembered_wrongly_costs_no_question(known: dict[str, Any]) -> None:
    street = Street()
    street.remember(**known)
    street.meeting.lives(IDENT, HOST)
    assert street.who() == Claim(street.one, PLACE)
    assert street.one.recognised == []
    assert len(street.traced) == 1


def test_who_moved_out_leaves_the_address_to_whoever_shows_himself() -> None:
    street = Street()
    street.remember()
    street.meeting.recall()
    street.box.deaf = Unreachable("gone")
    street.page = b"two"
    assert street.who() == Claim(street.two, PLACE)


# logins


def guesses(count: int) -> tuple[Credential, ...]:
    return tuple(Credential("root", f"guess{number}") for number in range(count))


def test_a_family_that_needs_no_login_is_offered_none_that_could_be_refused() -> None:
    street = Street()
    street.two.default_credentials = ()
    claim = Claim(street.two, PLACE)
    street.box.password = ""
    device, who = street.do(street.meeting.log_in(claim))
    assert (device.credential, who.mac) == (NO_LOGIN, MAC)
    assert street.two.offered == [NO_LOGIN]


def test_the_makers_logins_are_offered_where_none_is_configured() -> None:
    street = Street()
    device, _ = street.log_in()
    assert device.credential == LOGIN
    street.config = replace(street.config, credentials=guesses(1))
    with pytest.raises(NotTaken):
        street.log_in()


def test_no_more_than_a_few_logins_are_offered_in_one_go() -> None:
    street = Street()
    street.config = replace(street.config, credentials=(*guesses(4), LOGIN))
    with pytest.raises(NotTaken) as refused:
        street.log_in()
    assert len(street.one.offered) == TRIES
    assert (refused.value.known, refused.value.left) == (5, 2)
    assert str(refused.value) == "refuses 3 of 5 logins we know"
    device, _ = street.log_in(skip=3)
    assert device.credential == LOGIN
    assert street.one.offered[TRIES:] == [*guesses(4)[3:], LOGIN]


def test_who_refuses_them_all_says_how_many_there_are() -> None:
    street = Street()
    street.config = replace(street.config, credentials=guesses(2))
    with pytest.raises(NotTaken, match=r"^refuses all 2 logins we know$"):
        street.log_in()
    street.one.default_credentials = ()
    street.config = replace(street.config, credentials=())
    with pytest.raises(NotTaken, match=r"^asks for a login, and we know none$"):
        street.log_in()


def test_another_trouble_than_a_refusal_ends_the_offers() -> None:
    street = Street()
    street.box.deaf = Unreachable("gone")
    street.config = replace(street.config, credentials=guesses(3))
    with pytest.raises(Unreachable):
        street.log_in()
    assert len(street.one.offered) == 1


def test_the_login_that_we_set_is_offered_first_and_once() -> None:
    street = Street()
    own = Credential("root", "ours")
    street.remember(setup=DeviceSetup(logins=(own, LOGIN)))
    street.meeting.recall()
    assert street.meeting.logins(Claim(street.one, PLACE)) == (own, LOGIN)


def test_a_login_that_we_set_on_another_of_the_family_may_have_moved_here() -> None:
    street = Street()
    own = Credential("root", "ours")
    street.remember("home/mac:x", setup=DeviceSetup(logins=(own, LOGIN)))
    assert street.meeting.logins(Claim(street.one, PLACE)) == (LOGIN, own)
    assert street.meeting.logins(Claim(street.two, PLACE)) == (LOGIN,)


def test_no_error_holds_a_password() -> None:
    street = Street()
    street.config = replace(street.config, credentials=guesses(2))
    with pytest.raises(NotTaken) as refused:
        street.log_in()
    assert "guess" not in repr(refused.value)


def test_what_a_stranger_said_is_told_without_what_names_it() -> None:
    said = (
        b'{"VERSION":[{"Type":"Odd 1","MAC":"AA:BB:CC:DD:EE:FF","SN":"SMTTYRHBDJAAA0001",'
        b'"IP":"10.1.2.3","URL":"stratum+tcp://pool.example:3333"}]}\x00'
    )
    shown = _shown(Traces("10.0.0.1", frozenset({4028}), said=said))
    assert "Odd 1" in shown
    for secret in ("AA:BB", "SMTTYRHB", "10.1.2.3", "pool.example", "\0"):
        assert secret not in shown
