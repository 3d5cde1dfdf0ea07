"""A short answer comes whole, over a connection that is to be trusted, or one sentence does."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from mother.net.asking import Asker, AskFailed
from tests.net.hosts import Answer, always, deaf
from tests.net.test_fetch import AUTHORITY, Authority, file, moved, serving
from tests.net.turning import in_reactor, reactor, until

HEADERS = {"Authorization": "Bearer secret", "X-Key": "secret"}
GOOD = file(b'{"a": 1}')


def asker(**settings: Any) -> Asker:
    return Asker(reactor, AUTHORITY.trust, **settings)


async def refusal(url: str, body: str = "", **settings: Any) -> str:
    """The sentence of a failure, which tells nothing of the address."""
    with pytest.raises(AskFailed) as raised:
        await asker(**settings).ask(url, HEADERS, body)
    sentence = str(raised.value)
    for secret in ("secret", "127.0.0.1", "\n"):
        assert secret not in sentence
    assert raised.value.__cause__ is None
    return sentence


@in_reactor
async def test_an_answer_comes_whole_and_the_headers_were_sent() -> None:
    async with serving(GOOD) as (farm, url):
        assert await asker().ask(f"{url}/t1/a?b=c#d", HEADERS) == b'{"a": 1}'
        head = farm.requests[0]
        await until(lambda: len(farm.lost) == len(farm.connections) == 1)
    assert head.startswith(b"GET /t1/a?b=c HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer secret\r\n" in head
    assert b"\r\nUser-Agent: mother/" in head


@in_reactor
async def test_a_question_with_a_body_is_posted_as_json() -> None:
    async with serving(GOOD) as (farm, url):
        assert await asker().ask(url, HEADERS, '{"query": "é"}') == b'{"a": 1}'
        await until(lambda: farm.requests)
        assert farm.requests[0].startswith(b"POST / HTTP/1.1\r\n")
        assert b"\r\nContent-Type: application/json\r\n" in farm.requests[0]
        await asker().ask(url, {"content-type": "application/graphql"}, "{ a }")
        assert b"\r\nContent-Type: application/graphql\r\n" in farm.requests[1]


@in_reactor
async def test_an_answer_that_closes_its_bracket_may_end_with_the_connection() -> None:
    async with serving(always(b'HTTP/1.0 200 OK\r\n\r\n{"a": 1}\n', leave=True)) as (_, url):
        assert await asker().ask(url) == b'{"a": 1}\n'


@in_reactor
async def test_a_certificate_of_a_trusted_authority_is_good() -> None:
    async with serving(GOOD, AUTHORITY.serves("127.0.0.1")) as (farm, url):
        assert await asker().ask(url, HEADERS) == b'{"a": 1}'
        await until(lambda: len(farm.lost) == 1)


@in_reactor
async def test_a_certificate_that_is_not_to_be_trusted_gets_no_question() -> None:
    async with serving(GOOD, Authority().serves("127.0.0.1")) as (farm, url):
        assert (await refusal(url)).startswith("no trusted connection")
        assert farm.requests == []
    async with serving(GOOD, AUTHORITY.serves("elsewhere.example")) as (farm, url):
        assert await refusal(url) == "its certificate is for another name"
        assert farm.requests == []
    async with serving(GOOD, AUTHORITY.serves("127.0.0.1")) as (farm, url):
        with pytest.raises(AskFailed, match="no trusted connection"):
            await Asker(reactor).ask(url)
        assert farm.requests == []


@in_reactor
async def test_a_redirect_takes_the_headers_to_no_other_host() -> None:
    async with (
        serving(GOOD) as (other, there),
        serving(moved(f"{there}/b")) as (first, url),
    ):
        assert await asker().ask(f"{url}/a", HEADERS) == b'{"a": 1}'
        assert b"secret" in first.requests[0]
        assert b"secret" not in other.requests[0]


@pytest.mark.parametrize("hops", [5, 6])
@in_reactor
async def test_at_most_five_redirects_are_followed_with_the_headers_at_home(hops: int) -> None:
    def answer(host: Any, number: int) -> None:
        (moved("/hop") if len(host.farm.requests) <= hops else GOOD)(host, number)

    async with serving(answer) as (farm, url):
        if hops == 5:
            assert await asker().ask(url, HEADERS) == b'{"a": 1}'
        else:
            assert await refusal(url) == "it redirects more than 5 times"
        assert len(farm.requests) == 6
        assert all(b"Bearer secret" in request for request in farm.requests)
        await until(lambda: len(farm.lost) == len(farm.connections))


@in_reactor
async def test_a_redirect_leads_neither_to_http_nor_anywhere_with_a_body() -> None:
    async with (
        serving(GOOD) as (plain, http),
        serving(moved(f"{http}/secret"), AUTHORITY.serves("127.0.0.1")) as (_, https),
        serving(moved("/secret")) as (_, home),
    ):
        said = await refusal(https)
        assert said == "it redirects to an address without encryption (http)"
        assert await refusal(home, "{}") == "it redirects a question that has a body"
        assert plain.connections == []


@pytest.mark.parametrize(
    "to", ["", "ftp://secret/", "http://u:secret@127.0.0.1/", "http://[secret"]
)
@in_reactor
async def test_a_redirect_to_what_cannot_be_asked_is_refused(to: str) -> None:
    async with serving(moved(to)) as (_, url):
        assert (await refusal(url)).startswith("it redirects ")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://secret.example/", "it can only be asked over https or http"),
        ("secret", "its address is no URL"),
        ("http://secret.example:0/", "its address is no URL"),
        ("http://secret.example:x/", "its address is no URL"),
        ("http://secret.example/a b", "its address is no URL"),
        ("http://sécret.example/", "its address is no URL"),
        ("http://secret.example/" + "a" * 2048, "its address is no URL"),
        (
            "http://secret:secret@secret.example/",
            "its address holds a login, which is never sent: say it in a header",
        ),
    ],
)
@in_reactor
async def test_what_cannot_be_asked_is_refused(url: str, said: str) -> None:
    assert await refusal(url) == said


@pytest.mark.parametrize(
    "headers", [{"A": "secret\r\nB: c"}, {"A": "sécret"}, {"A b": "secret"}, {"": "secret"}]
)
@in_reactor
async def test_a_header_that_cannot_be_sent_is_refused(headers: dict[str, str]) -> None:
    async with serving(GOOD) as (farm, url):
        with pytest.raises(AskFailed, match="cannot be sent") as raised:
            await asker().ask(url, headers)
        assert "secret" not in str(raised.value)
        assert farm.connections == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (file(b"secret", "404 Not Found"), "it answers with status 404"),
        (file(b"secret", "401 Unauthorized"), "it answers with status 401"),
        (file(b"x", more="Content-Encoding: gzip\r\n"), "it sends its answer packed, which was"),
        (always(b"HTTP/1.1 200 OK\r\n\r\n12", leave=True), "it does not say how long"),
        (
            always(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", leave=True),
            "it cut the connection before the answer was whole",
        ),
        (lambda host, number: host.leave(), "it cut the connection"),
        (always(b"SSH-2.0-secret\r\n\r\n"), "this is no HTTP"),
        (file(b"x" * 1001), "its answer is larger than 1000 bytes"),
        (
            always(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"),
            "its answer is larger than 1000 bytes",
        ),
        (
            always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001),
            "its answer is larger than 1000 bytes",
        ),
    ],
)
@in_reactor
async def test_what_is_no_whole_answer_is_a_failure_with_its_cause(
    answer: Answer, said: str
) -> None:
    async with serving(answer) as (farm, url):
        assert (await refusal(f"{url}/secret?secret", most=1000)).startswith(said)
        await until(lambda: len(farm.lost) == len(farm.connections))


@in_reactor
async def test_nobody_there_is_a_failure() -> None:
    async with serving(GOOD) as (_, url):
        pass
    assert await refusal(url) == "it refuses the connection"
    async with deaf() as address:
        url = f"http://{address.host}:{address.port}/"
        assert await refusal(url, connect=0.05) == "it does not answer in time"


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"])
@pytest.mark.parametrize("secure", [False, True])
@in_reactor
async def test_a_host_that_falls_silent_is_given_up(said: bytes, secure: bool) -> None:
    tls = AUTHORITY.serves("127.0.0.1") if secure else None
    async with serving(always(said), tls) as (farm, url):
        assert await refusal(url, whole=0.1) == "it does not answer in time"
        await until(lambda: len(farm.lost) == len(farm.connections))


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"])
@in_reactor
async def test_a_cancelled_question_hangs_up(said: bytes) -> None:
    async with serving(always(said)) as (farm, url):
        under_way = Deferred.fromCoroutine(asker().ask(url))
        await until(lambda: farm.requests)
        under_way.cancel()
        with pytest.raises(CancelledError):
            await under_way
        await until(lambda: farm.lost)
