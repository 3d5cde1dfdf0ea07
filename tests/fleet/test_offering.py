"""Orders to devices that show themselves to everybody and ask for a login only then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from mother.core.errors import Declined, Refused
from mother.core.model import Address, Command, CommandKind, Credential, Description
from mother.drivers.base import Capability, Confirm
from mother.fleet.commands import Outcome
from tests.fleet.toy import CAPABILITIES, LOGIN, MAC, Box, Playroom, Toy, ToyDevice

PAUSE, RESUME, PASSWORD = CommandKind.PAUSE, CommandKind.RESUME, CommandKind.SET_PASSWORD
LOGINS = tuple(Credential("root", f"word{number}") for number in range(5))
STEP = "writes are closed: switch them on in the maker's tool"
NEW = Credential("root", "neu")


class OpenDevice(ToyDevice):
    """Its reads are open, and an order by a wrong login is not carried out."""

    async def describe(self) -> Description:
        self._box.look()
        return Description("toy", self._box.mac, "Toy 1", "1.0", closed=self._box.closed)

    async def perform(self, command: Command) -> None:
        if self.credential.password != self._box.password:
            tried(self._box).append(self.credential.password)
            raise Refused("wrong password")
        await super().perform(command)


TRIED: dict[int, list[str]] = {}


def tried(box: Box) -> list[str]:
    """The wrong passwords that it was told."""
    return TRIED.setdefault(id(box), [])


class OpenToy(Toy):
    capabilities: Mapping[CommandKind, Capability] = {
        **CAPABILITIES,
        PASSWORD: Capability(Confirm.TAKEN),
    }

    def device(self, address: Address, credential: Credential) -> OpenDevice:
        return OpenDevice(self.boxes[address.host], address, credential)


def room(password: str = LOGIN.password, *logins: Credential) -> Playroom:
    """One that has this password; these logins are configured."""
    made = Playroom()
    family = OpenToy(needs_login=False)
    family.boxes = made.family.boxes
    made.entry.family = family
    made.entry.device = family.device(made.entry.address, (*logins, LOGIN)[0])
    made.daemon.change(credentials=logins)
    made.box.password = password
    TRIED.pop(id(made.box), None)
    return made


def test_the_next_login_is_offered_where_one_is_refused_and_is_used_from_then_on() -> None:
    play = room("word2", *LOGINS)
    assert play.submit(PAUSE).done
    assert tried(play.box) == ["word0", "word1"]
    assert play.box.sent == [PAUSE]
    assert play.entry.device.credential == LOGINS[2]
    assert play.submit(RESUME, key="2").done
    assert len(tried(play.box)) == 2


def test_few_logins_are_offered_with_one_order_and_the_others_with_the_next() -> None:
    play = room("word4", *LOGINS)
    outcome = play.submit(PAUSE, wish="power:toy/Toy 1:1")
    assert outcome == Outcome("failed", "wrong password")
    assert tried(play.box) == ["word0", "word1", "word2"]
    assert play.daemon.setups.of(play.entry.id).before == ()
    assert play.submit(PAUSE, key="2").done
    assert tried(play.box) == ["word0", "word1", "word2", "word3"]


def test_a_login_that_was_configured_since_is_offered() -> None:
    play = room("word1", LOGINS[0])
    assert not play.submit(PAUSE).done
    play.daemon.change(credentials=LOGINS[:2])
    assert play.submit(PAUSE, key="2").done


@pytest.mark.parametrize("needs_login", [True, False])
def test_who_is_read_by_its_login_is_offered_no_other_with_an_order(needs_login: bool) -> None:
    play = room("word1", *LOGINS)
    play.entry.family.needs_login = needs_login
    assert play.submit(PAUSE).done is not needs_login
    assert len(tried(play.box)) == 1


def test_an_old_login_is_kept_until_an_order_was_taken_by_the_new_one() -> None:
    play = room()

    async def lie(command: Command) -> None:
        """It says yes and keeps the old one."""
        play.entry.device.credential = NEW  # type: ignore[misc]  # as the driver believes it

    play.entry.device.perform = lie  # type: ignore[method-assign]  # as some devices do
    assert play.submit(PASSWORD, args={"credential": NEW}, by_hand=True).done
    assert play.daemon.setups.of(play.entry.id).logins == (NEW, LOGIN)
    del play.entry.device.perform
    assert play.submit(PAUSE, key="2").done
    assert play.entry.device.credential == LOGIN
    assert play.daemon.setups.of(play.entry.id).logins == (NEW, LOGIN)


def test_once_an_order_was_taken_by_the_new_login_the_old_one_is_forgotten() -> None:
    play = room()
    assert play.submit(PASSWORD, args={"credential": NEW}, by_hand=True).done
    assert play.daemon.setups.of(play.entry.id).logins == (NEW, LOGIN)
    play.entry.device = play.entry.family.device(play.entry.address, NEW)
    assert play.submit(PAUSE, key="2").done
    assert play.daemon.setups.of(play.entry.id).logins == (NEW,)


def test_who_says_only_to_an_order_that_it_takes_none_is_not_blamed_and_shown_as_closed() -> None:
    play = room()

    async def decline(command: Command) -> None:
        play.box.closed = STEP
        raise Declined("code 45")

    play.entry.device.perform = decline  # type: ignore[method-assign]  # as some devices do
    assert play.submit(PAUSE) == Outcome("failed", "code 45")
    assert play.entry.description.closed == STEP
    assert play.daemon.setups.of(play.entry.id).before == ()


def test_what_is_declined_by_one_that_takes_orders_may_have_been_done() -> None:
    play = room()

    async def decline(command: Any) -> None:
        raise Declined("code 14")

    play.entry.device.perform = decline  # type: ignore[method-assign]  # as some devices do
    assert play.submit(PAUSE) == Outcome("failed", "code 14", sent=True)
    assert replace(play.entry.description, mac=MAC).closed == ""
