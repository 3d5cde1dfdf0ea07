"""The pages of the listener, over real sockets."""

from __future__ import annotations

import zlib

import pytest
from twisted.logger import LogEvent
from twisted.web.http import Request

from mother.web.pages import Answer
from tests.net.turning import in_reactor
from tests.sinks.exposing import parsed

from .visiting import serving


@in_reactor
async def test_metrics_are_served_to_whoever_asks() -> None:
    async with serving() as served:
        reply = await served.get("/metrics")
        assert reply.code == 200
        assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert int(reply.headers["content-length"]) == len(reply.body)
        found = {name for name, _, _ in parsed(reply.body.decode())}
        assert "mother_miner_hashrate_hashes_per_second" in found
        packed = await served.get("/metrics", headers="Accept-Encoding: gzip\r\n")
        assert packed.headers["content-encoding"] == "gzip"
        assert zlib.decompress(packed.body, wbits=31).startswith(b"# HELP mother_miner_hashrate")
        strict = await served.get("/metrics", headers="Accept: application/openmetrics-text\r\n")
        assert strict.headers["content-type"].startswith("application/openmetrics-text")
        assert strict.body.endswith(b"# EOF\n")


@in_reactor
async def test_health_is_well_until_a_loop_is_stuck() -> None:
    async with serving() as served:
        reply = await served.get("/healthz")
        assert (reply.code, reply.body) == (200, b"ok\n")
        served.complaints = ("The scan loop has not moved for 11 min.", "Nor has another.")
        reply = await served.get("/healthz")
        assert reply.code == 503
        assert reply.body == b"The scan loop has not moved for 11 min.\nNor has another.\n"


@in_reactor
async def test_ready_says_what_it_waits_for() -> None:
    async with serving() as served:
        served.missing = "the first scan"
        reply = await served.get("/readyz")
        assert (reply.code, reply.body) == (503, b"waits for the first scan\n")
        served.missing = ""
        assert (await served.get("/readyz")).code == 200


@in_reactor
async def test_the_first_page_links_to_the_others_and_each_is_there() -> None:
    async with serving() as served:
        page = (await served.get("/")).body.decode()
        for path in ("/metrics", "/healthz", "/readyz"):
            assert f'<a href="{path}">' in page
            assert (await served.get(path)).code == 200


@in_reactor
async def test_a_head_has_the_headers_of_a_get_and_no_body(logged: list[LogEvent]) -> None:
    async with serving() as served:
        for path in ("/", "/metrics", "/healthz", "/nothing"):
            whole, head = await served.get(path), await served.get(path, "HEAD")
            assert head.body == b""
            assert head.code == whole.code
            assert head.headers["content-type"] == whole.headers["content-type"]
            assert int(head.headers["content-length"]) > 0
    assert [event for event in logged if "HEAD" in str(event)] == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
@in_reactor
async def test_another_method_is_refused_and_told_which_are_not(method: str) -> None:
    async with serving() as served:
        reply = await served.get("/metrics", method, "Content-Length: 0\r\n")
        assert reply.code == 405
        assert reply.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/nothing", "/metrics/", "//metrics", "/metrics/../x", "/%2e"])
@in_reactor
async def test_what_is_not_there_is_not_found(path: str) -> None:
    async with serving() as served:
        assert (await served.get(path)).code == 404
        assert (await served.get(path, "POST", "Content-Length: 0\r\n")).code == 404


@in_reactor
async def test_a_query_changes_nothing() -> None:
    async with serving() as served:
        assert (await served.get("/healthz?name[]=x")).code == 200


@in_reactor
async def test_nothing_is_said_of_what_serves_the_pages() -> None:
    async with serving() as served:
        replies = [
            await served.get("/"),
            await served.get("/nothing"),
            await served.get("/", "BREW", "Content-Length: 0\r\n"),
            await served.get("*", "OPTIONS"),
            await served.ask("nonsense\r\n\r\n"),
            await served.ask("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n"),
        ]
        for reply in replies:
            assert reply.headers.get("server", "mother") == "mother"
            assert "twisted" not in f"{reply.headers}{reply.body!r}".lower()
        assert replies[4].code == replies[5].code == 400


@in_reactor
async def test_the_host_header_does_not_matter() -> None:
    async with serving() as served:
        assert (await served.ask("GET /healthz HTTP/1.0\r\n\r\n")).code == 200
        reply = await served.get("/healthz", headers="Host: another.example\r\n")
        assert reply.code == 200


@in_reactor
async def test_a_page_that_fails_says_so_without_its_reason_and_the_log_has_it(
    logged: list[LogEvent],
) -> None:
    def fails(request: Request) -> Answer:
        raise RuntimeError("hunter2")

    async with serving(lambda shown: shown.update({b"/healthz": fails})) as served:
        reply = await served.get("/healthz")
        assert reply.code == 500
        assert b"hunter2" not in reply.body
        assert (await served.get("/readyz")).code == 200
    assert [e for e in logged if "could not be made" in str(e.get("log_format"))] != []


@in_reactor
async def test_visits_are_no_news(logged: list[LogEvent]) -> None:
    async with serving() as served:
        began = len(logged)
        for path in ("/metrics", "/nothing"):
            await served.get(path)
        assert logged[began:] == []
