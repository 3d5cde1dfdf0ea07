"""A file is fetched whole, over a connection that is to be trusted, or not at all."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.ssl import Certificate, PrivateCertificate, trustRootFromCertificates
from twisted.web.client import BrowserLikePolicyForHTTPS

from mother.core.clock import sleep
from mother.net.fetch import Fetched, Fetcher, FetchFailed
from tests.net.hosts import Answer, Farm, always, deaf
from tests.net.turning import in_reactor, listen, reactor, until

T = TypeVar("T")
CONTENT = os.urandom(3 << 20)


class Authority:
    """Issues certificates that nobody trusts but who is told to."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of a test")])
        certificate = self._issue(self._name, self._key, x509.BasicConstraints(True, None), [])
        root = Certificate.loadPEM(certificate)
        self.trust = BrowserLikePolicyForHTTPS(trustRoot=trustRootFromCertificates([root]))

    def serves(self, *names: str) -> Any:
        """The server's side of TLS for these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a server")])
        certificate = self._issue(subject, key, x509.BasicConstraints(False, None), names)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return PrivateCertificate.loadPEM(certificate + private).options()

    def _issue(self, subject: x509.Name, key: Any, basic: Any, names: Any) -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(basic, critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(map(named, names)), False)
        signed = builder.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)


def named(text: str) -> x509.GeneralName:
    if re.fullmatch(r"[0-9.]+", text):
        return x509.IPAddress(ipaddress.ip_address(text))
    return x509.DNSName(text)


AUTHORITY = Authority()


def now(job: Callable[[], T]) -> Deferred[T]:
    """A disk that is always done at once."""
    return maybeDeferred(job)


async def later(job: Callable[[], T]) -> T:
    """A disk that takes its time."""
    await sleep(reactor, 0.05)
    return job()


@asynccontextmanager
async def serving(answer: Answer, tls: Any = None) -> AsyncIterator[tuple[Farm, str]]:
    """A host and its address, `http://...` or `https://...`."""
    farm = Farm(answer)
    port = listen(farm) if tls is None else reactor.listenSSL(0, farm, tls, interface="127.0.0.1")
    scheme = "http" if tls is None else "https"
    try:
        yield farm, f"{scheme}://127.0.0.1:{port.getHost().port}"
    finally:
        for connection in farm.connections:
            connection.leave()
        await port.stopListening()


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def file(content: bytes = CONTENT, status: str = "200 OK", more: str = "") -> Answer:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n{more}\r\n"
    return always(head.encode() + content)


def moved(location: str) -> Answer:
    head = f"HTTP/1.1 302 Found\r\nContent-Length: 9\r\nLocation: {location}\r\n\r\n"
    return always(head.encode())  # a body that never comes: nobody may wait for it


async def fetched(url: str, folder: Path, *, plain: bool = True, **settings: Any) -> Fetched:
    return await Fetcher(reactor, AUTHORITY.trust, **settings).fetch(url, folder, now, plain=plain)


async def refusal(url: str, folder: Path, **settings: Any) -> str:
    """The sentence of a failure, which leaves nothing behind and tells no more than the host."""
    with pytest.raises(FetchFailed) as raised:
        await fetched(url, folder, **settings)
    sentence = str(raised.value)
    assert "\n" not in sentence
    assert "secret" not in sentence
    assert files(folder) == []
    return sentence


@in_reactor
async def test_a_file_comes_whole_with_its_size_and_digest(tmp_path: Path) -> None:
    async with serving(file()) as (farm, url):
        one = await fetched(f"{url}/t1/a.swu?b=c#d", tmp_path)
        assert farm.requests[0].startswith(b"GET /t1/a.swu?b=c HTTP/1.1\r\n")
    assert one.path.read_bytes() == CONTENT
    assert (one.size, one.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert files(tmp_path) == [one.path]
    assert one.path.name.startswith(".")
    assert one.path.stat().st_mode & 0o777 == 0o600


@in_reactor
async def test_a_chunked_file_comes_whole(tmp_path: Path) -> None:
    parts = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in (b"ab", b"cde"))
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + parts + b"0\r\n\r\n"
    async with serving(always(answer)) as (_, url):
        assert (await fetched(f"{url}/a", tmp_path)).path.read_bytes() == b"abcde"


@in_reactor
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_certificate_of_a_trusted_authority_is_good(tmp_path: Path, host: str) -> None:
    tls = AUTHORITY.serves("127.0.0.1", "localhost")
    async with serving(file(), tls) as (_, url):
        one = await fetched(f"{url.replace('127.0.0.1', host)}/a.swu", tmp_path, plain=False)
    assert one.path.read_bytes() == CONTENT


@in_reactor
async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    async with serving(file(), Authority().serves("127.0.0.1")) as (farm, url):
        said = await refusal(f"{url}/a.swu", tmp_path)
        assert farm.requests == []
    assert said.startswith("nothing could be fetched from 127.0.0.1: no trusted connection")
    assert "certificate" in said


@in_reactor
async def test_the_platforms_authorities_are_the_trusted_ones_by_default(tmp_path: Path) -> None:
    async with serving(file(), AUTHORITY.serves("127.0.0.1")) as (_, url):
        with pytest.raises(FetchFailed, match="no trusted connection"):
            await Fetcher(reactor).fetch(f"{url}/a.swu", tmp_path, now)


@in_reactor
async def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    async with serving(file(), AUTHORITY.serves("elsewhere.example")) as (farm, url):
        said = await refusal(f"{url}/a.swu", tmp_path)
        assert farm.requests == []
    assert said.endswith("its certificate is for another name")


@in_reactor
async def test_http_is_asked_only_where_the_caller_allows_it(tmp_path: Path) -> None:
    async with serving(file()) as (farm, url):
        said = await refusal(f"{url}/a.swu", tmp_path, plain=False)
        assert farm.connections == []
    assert said == "127.0.0.1 would send the file without encryption (http)"


@pytest.mark.parametrize("hops", [5, 6])
@in_reactor
async def test_at_most_five_redirects_are_followed(tmp_path: Path, hops: int) -> None:
    def answer(host: Any, number: int) -> None:
        asked = len(host.farm.requests)
        (moved(f"/hop/{asked}") if asked <= hops else file(b"there"))(host, number)

    async with serving(answer) as (farm, url):
        if hops == 5:
            assert (await fetched(f"{url}/a", tmp_path)).path.read_bytes() == b"there"
        else:
            assert (await refusal(f"{url}/a", tmp_path)).endswith("more than 5 times")
        assert len(farm.requests) == 6
        await until(lambda: len(farm.lost) == len(farm.connections))


@in_reactor
async def test_a_redirect_never_leads_from_https_to_http(tmp_path: Path) -> None:
    async with (
        serving(file()) as (plain, http),
        serving(moved(f"{http}/a"), AUTHORITY.serves("127.0.0.1")) as (_, https),
        serving(moved(f"{https}/a")) as (_, first),
    ):
        for url in (https, first):
            said = await refusal(f"{url}/a", tmp_path)
            assert said.endswith("it redirects to 127.0.0.1 without encryption (http)")
        assert plain.connections == []


@in_reactor
async def test_a_redirect_from_http_to_https_is_followed(tmp_path: Path) -> None:
    async with (
        serving(file(), AUTHORITY.serves("127.0.0.1")) as (_, https),
        serving(moved(f"{https}/a")) as (_, http),
    ):
        assert (await fetched(f"{http}/a", tmp_path)).size == len(CONTENT)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://h.example/secret", "h.example can only be asked over https or http"),
        ("file:///etc/secret", "this is not the address of a file"),
        ("https:///secret", "this is not the address of a file"),
        ("secret", "this is not the address of a file"),
        ("https://h.example:x/secret", "this is not the address of a file"),
        ("https://h.example:0/secret", "this is not the address of a file"),
        ("https://h.example/a\nsecret", "this is not the address of a file"),
        ("https://h\x1b.example/secret", "this is not the address of a file"),
        ("https://h.example/" + "secret" * 400, "this is not the address of a file"),
        (
            "https://secret:secret@h.example/a",
            "the address of the file at h.example holds a login, which is never sent",
        ),
    ],
)
@in_reactor
async def test_what_is_no_plain_address_is_refused(tmp_path: Path, url: str, sentence: str) -> None:
    assert await refusal(url, tmp_path) == sentence
    async with serving(moved(url)) as (_, host):
        if re.fullmatch("[!-~]+", url) and len(url) < 2000 and "//" in url:
            assert await refusal(f"{host}/a", tmp_path)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (file(b"no", "404 Not Found"), "it answers with status 404"),
        (file(b"no", "206 Partial Content"), "it answers with status 206"),
        (file(b"", "302 Found"), "it redirects without saying where to"),
        (moved("http://[secret"), "it redirects to what cannot be asked"),
        (file(b""), "the file is empty"),
        (file(b"x", more="Content-Encoding: gzip\r\n"), "it sends the file packed"),
        (always(b"HTTP/1.1 200 OK\r\n\r\nfile", leave=True), "it does not say how long"),
        (
            always(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfile", leave=True),
            "it cut the connection before the file was whole",
        ),
        (
            always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfile", leave=True),
            "it cut the connection before the file was whole",
        ),
        (lambda host, number: host.leave(), "it cut the connection"),
        (always(b"SSH-2.0-x\r\n\r\n"), "this is no HTTP"),
    ],
)
@in_reactor
async def test_what_is_not_the_whole_file_is_a_failure_with_its_cause(
    tmp_path: Path, answer: Answer, cause: str
) -> None:
    async with serving(answer) as (farm, url):
        said = await refusal(f"{url}/secret/a.swu?secret", tmp_path)
        await until(lambda: len(farm.lost) == len(farm.connections))
    assert said.startswith("nothing could be fetched from 127.0.0.1: ")
    assert cause in said


@in_reactor
async def test_a_secure_connection_that_is_cut_is_a_failure_too(tmp_path: Path) -> None:
    cut = always(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfile", leave=True)
    async with serving(cut, AUTHORITY.serves("127.0.0.1")) as (_, url):
        fetcher = Fetcher(reactor, AUTHORITY.trust)
        with pytest.raises(FetchFailed, match="it cut the connection before the file was whole"):
            await fetcher.fetch(f"{url}/a", tmp_path, later)
    assert files(tmp_path) == []


@in_reactor
async def test_a_file_that_is_too_large_is_refused_however_it_comes(tmp_path: Path) -> None:
    async with serving(file(b"x" * 1001)) as (_, url):
        assert (await refusal(f"{url}/a", tmp_path, most=1000)).endswith("larger than 1000 bytes")
        assert (await fetched(f"{url}/a", tmp_path, most=1001)).size == 1001
    (tmp_path / os.listdir(tmp_path)[0]).unlink()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving(always(head + b"3e9\r\n" + b"x" * 1001)) as (_, url):
        assert (await refusal(f"{url}/a", tmp_path, most=1000)).endswith("larger than 1000 bytes")


@in_reactor
async def test_nobody_there_is_a_failure(tmp_path: Path) -> None:
    async with serving(file()) as (_, url):
        pass
    assert (await refusal(f"{url}/a", tmp_path)).endswith("127.0.0.1: it refuses the connection")
    async with deaf() as address:
        url = f"http://{address.host}:{address.port}/a"
        said = await refusal(url, tmp_path, connect=0.05)
    assert said.endswith("it does not answer in time")


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfile"])
@in_reactor
async def test_a_host_that_falls_silent_is_given_up(tmp_path: Path, said: bytes) -> None:
    async with serving(always(said)) as (farm, url):
        assert (await refusal(f"{url}/a", tmp_path, idle=0.05)).endswith("not answer in time")
        await until(lambda: farm.lost)


@in_reactor
async def test_a_host_that_drips_for_ever_is_given_up_too(tmp_path: Path) -> None:
    def drip(host: Any, number: int) -> None:
        if number == 0:
            host.say(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        if host not in host.farm.lost:
            host.say(b"x")
            reactor.callLater(0.01, drip, host, 1)

    async with serving(drip) as (farm, url):
        said = await refusal(f"{url}/a", tmp_path, idle=5, whole=0.1)
        assert said.endswith("it does not answer in time")
        await until(lambda: farm.lost)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfile"])
@in_reactor
async def test_a_cancelled_fetch_hangs_up_and_leaves_nothing(tmp_path: Path, said: bytes) -> None:
    async with serving(always(said)) as (farm, url):
        under_way = Deferred.fromCoroutine(fetched(f"{url}/a", tmp_path))
        await until(lambda: farm.requests and (not said or files(tmp_path)))
        under_way.cancel()
        with pytest.raises(CancelledError):
            await under_way
        assert files(tmp_path) == []
        await until(lambda: farm.lost)


@in_reactor
async def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    async with serving(file()) as (_, url):
        with pytest.raises(FetchFailed, match=r"127\.0\.0\.1: No such file or directory") as raised:
            await fetched(f"{url}/a", tmp_path / "nowhere")
    assert "nowhere" in str(raised.value)


@in_reactor
async def test_a_slow_disk_holds_the_sender_back(tmp_path: Path) -> None:
    waiting: list[Deferred[None]] = []

    async def slowly(job: Callable[[], T]) -> T:
        turn: Deferred[None] = Deferred()
        waiting.append(turn)
        await turn
        return job()

    def slow(job: Callable[[], T]) -> Deferred[T]:
        return Deferred.fromCoroutine(slowly(job))

    content = bytes(64 << 20)
    async with serving(file(content)) as (farm, url):
        fetcher = Fetcher(reactor, idle=0.2)
        under_way = Deferred.fromCoroutine(fetcher.fetch(f"{url}/a", tmp_path, slow, plain=True))
        await until(lambda: waiting)
        for _ in range(8):
            waiting.pop().callback(None)
            await until(lambda: waiting)
        await sleep(reactor, 0.3)
        transport: Any = farm.connections[0].transport
        held = len(transport.dataBuffer) + sum(map(len, transport._tempDataBuffer))
        assert held > len(content) // 2
        under_way.cancel()
        while waiting:
            waiting.pop().callback(None)
        with pytest.raises(CancelledError):
            await under_way
    assert files(tmp_path) == []
