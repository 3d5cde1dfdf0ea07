"""Whose device it is, by what it shows to anybody: every family against every recording."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.core.model import Address
from mother.drivers.base import Family, Traces
from mother.drivers.marks import foreign, speaks_http, words
from mother.drivers.registry import families
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.wire import Wire
from tests.drivers.traces import API, HOST, NOBODY, OTHERS, OURS, PORTS, recorded, show, titled
from tests.net.turning import reactor


@cache
def all_families() -> tuple[Family, ...]:
    wire = Wire(Http(reactor), Lines(reactor), lambda: 5.0, lambda: PORTS, lambda: 0.0)
    return families(wire)


def claimants(traces: Traces) -> dict[str, Address]:
    found = {family.name: family.claims(traces) for family in all_families()}
    return {name: address for name, address in found.items() if address is not None}


@pytest.mark.parametrize("who", OURS)
def test_a_device_of_ours_is_claimed_by_its_own_family_alone(who: str) -> None:
    family, traces = OURS[who]
    (claim,) = claimants(traces).items()
    assert claim[0] == family
    assert claim[1].host == HOST


@pytest.mark.parametrize("who", OTHERS)
def test_what_no_driver_speaks_to_is_claimed_by_none_and_named(who: str) -> None:
    name, traces = OTHERS[who]
    assert claimants(traces) == {}
    assert foreign(traces) == name


@pytest.mark.parametrize("who", NOBODY)
def test_what_shows_no_mark_is_nobodys_and_no_miner(who: str) -> None:
    assert claimants(NOBODY[who]) == {}
    assert foreign(NOBODY[who]) == ""


@pytest.mark.parametrize("build", ["v25_07", "v26_04"])
def test_the_version_of_the_newer_braiins_api_is_no_answer_of_cgminers(build: str) -> None:
    traces = show(version=recorded(f"braiins/{build}/version"))
    assert claimants(traces) == {}
    assert foreign(traces) == "a miner"


def test_an_epic_answers_a_question_for_cgminer_with_a_page() -> None:
    answer = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    traces = Traces(HOST, frozenset({API}), PORTS, said=answer)
    assert claimants(traces) == {}
    assert foreign(traces) == ""


def test_the_recorded_summary_of_an_epic_is_claimed_by_nobody() -> None:
    assert claimants(show(version=recorded("epic/v1/summary"))) == {}


def test_only_an_epics_page_tells_that_its_port_speaks_http() -> None:
    speaking = {who for who, (_, traces) in (OURS | OTHERS).items() if speaks_http(traces.page)}
    assert speaking == {"ePIC"}


def test_a_deep_or_odd_version_is_read_as_far_as_it_makes_sense() -> None:
    deep: object = "BOSER"
    for _ in range(100):
        deep = {"x": deep}
    assert (
        foreign(Traces(HOST, frozenset(), version={"VERSION": [{"API": b"x", "odd": {1, 2}}]}))
        == "a miner"
    )
    assert foreign(Traces(HOST, frozenset(), version={"deep": deep})) == "a miner"


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["STATUS", "VERSION", "Msg", "Code", "When", "x"]), anything),
    st.binary(max_size=64),
    st.binary(max_size=64),
    st.sampled_from([0, 200, 307, 401]),
    st.text(max_size=16),
)
def test_nothing_that_an_address_shows_makes_a_family_fail(
    version: dict[str, object], said: bytes, page: bytes, status: int, text: str
) -> None:
    traces = Traces(
        HOST,
        frozenset({PORTS.web, PORTS.cgminer}),
        PORTS,
        PORTS.web,
        status,
        text,
        text,
        text,
        b"\x1f\x8b" + page if text else page,
        version,
        said,
    )
    assert len(claimants(traces)) <= 1
    foreign(traces)
    words(traces)


def test_a_page_that_only_mentions_another_maker_decides_nothing_against_its_version() -> None:
    traces = show(version=recorded("avalon/version"), **titled("Not an Antminer"))
    assert set(claimants(traces)) == {"avalon"}
