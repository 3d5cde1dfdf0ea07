"""Which miners a person means."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

import netaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.core.model import Address, Description
from mother.fleet.remembered import Place
from mother.fleet.roster import Entry, Roster
from mother.fleet.scope import (
    Scope,
    is_network,
    is_wide,
    miner_of,
    names_of,
    scope_of,
    settled_scope,
)

MAC = "a0:b0:45:00:e3:ab"
OTHER = "a0:b0:45:00:e3:ac"


class Placed:
    """As much of a device as a scope asks for."""

    def __init__(self, address: Address) -> None:
        self.address = address


def miner(
    host: str = "10.1.2.7",
    mac: str = MAC,
    model: str = "T1",
    worker: str = "Rack-1",
    port: int = 80,
) -> Entry:
    who = Description("dragonmint", mac, model)
    device = cast(Any, Placed(Address(host, port)))
    return Entry(f"home/mac:{mac}", worker, cast(Any, None), device, who)


def roster(*entries: Entry) -> Roster:
    known = Roster()
    for entry in entries:
        known.add(entry)
    return known


NAMES = [
    "rack-1",
    "RACK-1",
    " rack-1 ",
    MAC,
    MAC.upper(),
    "a0-b0-45-00-e3-ab",
    "a0b04500e3ab",
    "10.1.2.7",
    "10.1.2.7:80",
    f"home/mac:{MAC}",
]


@pytest.mark.parametrize("text", NAMES)
def test_a_miner_may_be_called_by_any_of_its_names(text: str) -> None:
    entry, other = miner(), miner("10.1.2.70", OTHER, worker="rack-10")
    assert scope_of(text).covers(entry)
    assert not scope_of(text).covers(other)
    assert miner_of(text, roster(other, entry)) is entry


def test_a_miner_at_another_port_is_called_with_it_or_without() -> None:
    entry = miner(port=8080)
    assert scope_of("10.1.2.7:8080").covers(entry)
    assert scope_of("10.1.2.7").covers(entry)
    assert not scope_of("10.1.2.7:80").covers(entry)


@pytest.mark.parametrize("text", ["all", "ALL", " All\n"])
def test_all_covers_everybody(text: str) -> None:
    assert scope_of(text).covers(miner())


@pytest.mark.parametrize("text", ["model:T1", "MODEL:t1"])
def test_a_model_covers_those_of_it_and_no_other(text: str) -> None:
    assert scope_of(text).covers(miner())
    assert not scope_of(text).covers(miner(model="T1+"))
    assert not scope_of(text).covers(miner(model="T2"))


@pytest.mark.parametrize(
    "text", ["10.1.2.0/24", "10.1.2.7/32", "10.1.2.7-10.1.2.9", "10.1.2.5-10.1.2.7", "0.0.0.0/0"]
)
def test_a_network_or_a_range_covers_the_addresses_in_it(text: str) -> None:
    assert is_network(text)
    assert scope_of(text).covers(miner())


@pytest.mark.parametrize("text", ["10.1.3.0/24", "10.1.2.8-10.1.2.9", "10.1.2.6/32"])
def test_an_address_outside_is_not_covered(text: str) -> None:
    assert not scope_of(text).covers(miner())


@pytest.mark.parametrize("text", ["10.1.2.0/33", "10.1.2.9-10.1.2.1", "10.1.2.0/24/8", "10.1.2.3-"])
def test_what_looks_like_a_network_and_is_none_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^.* is no network, e\.g\. 10\.1\.2\.0/24$"):
        scope_of(text)


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_means_nobody_and_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="name a miner"):
        scope_of(text)


@pytest.mark.parametrize("text", ["rack-2", "10.1.2.8", "model:T1", "10.1.2.0/24", "all"])
def test_who_is_not_one_known_miner_is_said_not_to_be_known(text: str) -> None:
    with pytest.raises(LookupError, match=r"no miner .* is known here: `mother status`"):
        miner_of(text, roster(miner()))


@pytest.mark.parametrize("text", NAMES)
def test_a_miner_is_kept_by_its_mac_however_it_was_called(text: str) -> None:
    assert settled_scope(text, roster(miner())) == Scope(MAC)


@pytest.mark.parametrize("text", ["all", "model:t1", "10.1.2.0/24", "10.1.2.1-10.1.2.9"])
def test_what_names_many_is_kept_as_it_is_whether_or_not_they_are_known(text: str) -> None:
    assert settled_scope(text, Roster()) == Scope(text)


def test_a_miner_that_is_not_known_cannot_be_kept() -> None:
    with pytest.raises(LookupError):
        settled_scope("rack-2", roster(miner()))


@given(first=st.ip_addresses(v=4), second=st.ip_addresses(v=4), host=st.ip_addresses(v=4))
def test_a_range_covers_just_what_lies_between_its_ends(first: Any, second: Any, host: Any) -> None:
    low, high = sorted((first, second))
    covered = scope_of(f"{low}-{high}").covers(miner(str(host)))
    assert covered is (low <= host <= high)


@given(host=st.ip_addresses(v=4), near=st.ip_addresses(v=4), bits=st.integers(0, 32))
def test_a_network_covers_just_its_own(host: Any, near: Any, bits: int) -> None:
    same = netaddr.IPAddress(str(near)) in netaddr.IPNetwork(f"{host}/{bits}")
    assert scope_of(f"{host}/{bits}").covers(miner(str(near))) is same
    assert scope_of(f"{host}/{bits}").covers(miner(str(host)))


@given(st.text(max_size=30))
def test_whatever_a_person_writes_is_a_scope_or_refused_with_a_sentence(text: str) -> None:
    with suppress(ValueError):
        scope_of(text).covers(miner())


def test_no_two_miners_share_a_name() -> None:
    assert not names_of(miner()) & names_of(miner("10.1.2.8", OTHER, worker="rack-2"))


@pytest.mark.parametrize("text", ["rack:A3", "RACK:a3", "rack:hall 1/A3"])
def test_a_rack_covers_who_stands_in_it(text: str) -> None:
    here, other, nowhere = miner(), miner(mac=OTHER), miner(mac=OTHER)
    here.place, other.place = Place(site="Hall 1", rack="A3"), Place(site="Hall 1", rack="A33")
    assert scope_of(text).covers(here)
    assert not scope_of(text).covers(other)
    assert not scope_of(text).covers(nowhere)


def test_a_rack_of_another_site_is_another_rack() -> None:
    here = miner()
    here.place = Place(site="Hall 2", rack="A3")
    assert not scope_of("rack:hall 1/a3").covers(here)
    assert not scope_of("rack:").covers(miner())


def test_a_group_covers_whom_the_configuration_puts_there() -> None:
    groups = {MAC: ("Hall-1", "old"), OTHER: ("Hall-2",)}
    of = lambda entry: groups[entry.mac]  # noqa: E731  # a table
    assert scope_of("group:hall-1").covers(miner(), of)
    assert not scope_of("group:hall-1").covers(miner(mac=OTHER), of)
    assert not scope_of("group:hall-1").covers(miner())


def test_racks_and_groups_are_kept_as_scopes_and_are_wide() -> None:
    for text in ("rack:a3", "group:hall-1", "model:t1", "all", "10.1.2.0/24"):
        assert is_wide(text)
        assert settled_scope(text, Roster()) == Scope(text)
    assert not is_wide("rack-1")
