"""HTTP digest login, against Twisted's own guard and against a hand-made one that can be unkind."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import Portal
from twisted.web.guard import DigestCredentialFactory, HTTPAuthSessionWrapper
from twisted.web.resource import IResource, Resource
from twisted.web.server import Site

from mother.core.errors import Refused
from mother.core.model import Address, Credential
from mother.net.digest import Challenge, Digest, authorization, challenge
from mother.net.http import CutOff, FilePart, Http
from tests.net.guards import LOGIN, REALM, Guarded
from tests.net.turning import in_reactor, listen, reactor

RFC = Challenge(
    "http-auth@example.org",
    "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    "FQhe/qaU925kfnzjev0ciny7QMkPqMAFRtzCUYo5tdS",
)
RFC_CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
RFC_HEADER = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={0}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


def test_the_example_of_rfc_7616_is_answered_as_it_says() -> None:
    line = authorization(
        RFC,
        Credential("Mufasa", "Circle of Life"),
        "GET",
        "/dir/index.html",
        1,
        RFC_CNONCE,
    )
    assert 'response="8ca523f5e9506fed4657c9700eebdbec"' in line
    assert 'username="Mufasa"' in line
    assert "nc=00000001" in line
    assert f'opaque="{RFC.opaque}"' in line


def test_the_example_of_rfc_2069_without_a_count_is_answered_as_its_erratum_says() -> None:
    asked = Challenge("testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", counted=False)
    line = authorization(
        asked, Credential("Mufasa", "CircleOfLife"), "GET", "/dir/index.html", 1, "x"
    )
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in line
    assert "qop" not in line
    assert "nc=" not in line


def test_of_several_challenges_the_one_with_md5_is_taken() -> None:
    both = (RFC_HEADER.format("SHA-256"), RFC_HEADER.format("MD5"))
    assert challenge(both) == RFC
    assert challenge((", ".join(both),)) == RFC
    assert challenge(('Basic realm="a, Digest nonce=b"', both[1])) == RFC


@pytest.mark.parametrize(
    "line",
    [
        "",
        'Basic realm="antMiner"',
        'Basic realm="a, Digest nonce=b"',
        'Digest realm="antMiner"',
        'Bearer realm="antMiner", nonce="b", qop="auth"',
        RFC_HEADER.format("SHA-256"),
        RFC_HEADER.format("MD5-sess"),
        'Digest realm="a", nonce="b", qop="auth-int"',
        "Negotiate, NTLM",
    ],
)
def test_a_challenge_of_another_kind_is_none(line: str) -> None:
    assert challenge((line,)) is None


def test_a_challenge_is_read_in_all_its_ways_of_writing() -> None:
    assert challenge(('dIgEsT REALM = "a\\"b" ,nonce=c,QOP=auth,algorithm="md5"',)) == Challenge(
        'a"b', "c"
    )
    assert challenge(('Digest realm="a", nonce="c"',)) == Challenge("a", "c", counted=False)


@given(st.text(max_size=300) | st.text('Digest nonce="=,\\ qop', max_size=100))
def test_no_header_however_strange_raises_anything(line: str) -> None:
    challenge((line, line))


class Room(Resource):
    """What is behind Twisted's guard."""

    isLeaf = True  # noqa: N815  # Twisted's name

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's

    def render(self, request: Any) -> bytes:
        return b"in"


@asynccontextmanager
async def guarding(page: Any) -> AsyncIterator[Digest]:
    port = listen(Site(page))
    http = Http(reactor)
    try:
        yield Digest(http, Address("127.0.0.1", port.getHost().port), LOGIN)
    finally:
        await http.close()
        await port.stopListening()


async def get(digest: Digest, path: str = "/cgi-bin/a.cgi?b=1") -> tuple[int, bytes]:
    answer = await digest.exchange(b"GET", path, deadline=5.0, repeat=True)
    return answer.status, answer.body


@in_reactor
async def test_a_nonce_is_asked_for_once_and_each_use_of_it_is_counted() -> None:
    page = Guarded()
    async with guarding(page) as digest:
        for _ in range(3):
            assert await get(digest) == (200, b"come in")
    assert page.seen == [False, True, True, True]
    assert page.counts == [1, 2, 3]


@in_reactor
async def test_twisteds_own_guard_lets_us_in() -> None:
    class Realm:
        def requestAvatar(self, avatar: object, mind: object, *faces: object) -> Any:  # noqa: N802
            return IResource, Room(), lambda: None

    users = InMemoryUsernamePasswordDatabaseDontUse(root=LOGIN.password.encode())
    portal = Portal(Realm(), [users])  # type: ignore[arg-type]  # no zope declaration is needed
    guard = HTTPAuthSessionWrapper(portal, [DigestCredentialFactory(b"md5", REALM.encode())])
    async with guarding(guard) as digest:
        assert await get(digest) == (200, b"in")
        assert await get(digest) == (200, b"in")


@in_reactor
async def test_a_nonce_that_is_not_taken_any_more_is_renewed_once() -> None:
    page = Guarded()
    page.uses = 1
    async with guarding(page) as digest:
        await get(digest)
        assert await get(digest) == (200, b"come in")
    assert page.seen == [False, True, False, True]


@in_reactor
async def test_a_second_401_is_refused_and_no_more_is_sent() -> None:
    page = Guarded()
    page.shut = True
    async with guarding(page) as digest:
        with pytest.raises(Refused, match="login was refused") as caught:
            await get(digest)
    assert page.seen == [False, False]
    assert LOGIN.password not in str(caught.value)


@in_reactor
async def test_a_login_of_another_kind_is_refused_at_once() -> None:
    page = Guarded()
    page.header = 'Basic realm="antMiner"'
    async with guarding(page) as digest:
        with pytest.raises(Refused, match="another kind of login"):
            await get(digest)
    assert page.seen == [False]


@in_reactor
async def test_another_login_is_tried_with_a_nonce_of_its_own() -> None:
    page = Guarded()
    async with guarding(page) as digest:
        await get(digest)
        digest.credential = Credential("root", "wrong")
        with pytest.raises(Refused):
            await get(digest)
        digest.credential = LOGIN
        assert (await get(digest))[0] == 200


@in_reactor
async def test_a_body_is_sent_again_to_who_asked_for_the_login_and_carried_out_once() -> None:
    page = Guarded()
    async with guarding(page) as digest:
        await digest.exchange(
            b"POST", "/set", body=b"{}", content_type=b"text/plain", deadline=5.0, fresh=True
        )
    assert page.bodies == [b"{}"]


@in_reactor
async def test_a_write_that_is_cut_off_is_not_sent_again() -> None:
    page = Guarded()
    page.cut = True
    async with guarding(page) as digest:
        with pytest.raises(CutOff):
            await digest.exchange(b"POST", "/set", body=b"{}", deadline=5.0, fresh=True)
    assert page.bodies == [b"{}"]


def part() -> FilePart:
    content = b"BMU" * 100
    return FilePart(
        "firmware", "a.bmu", BytesIO(content), len(content), hashlib.sha256(content).hexdigest()
    )


@in_reactor
async def test_a_file_is_uploaded_by_who_is_logged_in() -> None:
    page = Guarded()
    async with guarding(page) as digest:
        await get(digest)
        answer = await digest.upload("/cgi-bin/upgrade.cgi", part(), idle=5.0)
    assert answer.status == 200
    assert b"BMU" * 100 in page.bodies[-1]


@in_reactor
async def test_a_file_is_never_sent_a_second_time() -> None:
    page = Guarded()
    page.uses = 1
    async with guarding(page) as digest:
        await get(digest)
        with pytest.raises(Refused):
            await digest.upload("/cgi-bin/upgrade.cgi", part(), idle=5.0)
    assert page.seen == [False, True, False]
