"""The endpoint of the listener, checked as it is read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.config.listen import check_endpoint
from mother.config.problems import ConfigError
from tests.config.given import load, problems

EVERYWHERE = "listens on every address of this machine"


@pytest.mark.parametrize(
    "endpoint",
    [
        "tcp:9151",
        "tcp:port=9151:interface=127.0.0.1",
        "tcp:9151:interface=127.0.0.1:backlog=9",
        r"tcp6:9151:interface=\:\:1",
        "unix:/run/mother/metrics.sock:mode=660",
        "systemd:domain=INET:index=0",
        "systemd:domain=INET6:name=metrics",
    ],
)
def test_an_endpoint_of_twisted_is_taken_as_it_is(endpoint: str) -> None:
    assert load("--metrics-listen", endpoint).metrics_listen == endpoint
    assert load(file={"metrics_listen": endpoint}).metrics_listen == endpoint


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        ("9151", "write tcp:9151:interface=127.0.0.1, or tcp:9151 for every address"),
        ("127.0.0.1:9151", "write tcp:9151:interface=127.0.0.1"),
        ("localhost:9151", "write tcp:9151:interface=127.0.0.1"),
        (":9151", "write tcp:9151"),
        ("0.0.0.0:9151", "write tcp:9151"),
        ("[::1]:9151", r"write tcp6:9151:interface=\:\:1"),
        ("udp:9151", "is of no kind of tcp, tcp6, ssl, unix, systemd; e.g. tcp:9151:"),
        ("stdio:", "is of no kind"),
        ("http://127.0.0.1:9151/", "is of no kind"),
        ("tcp:", "has no port number; e.g. tcp:9151:interface=127.0.0.1"),
        ("tcp:http", "has no port number"),
        ("tcp:0", "port 0 is out of range: 1 to 65535"),
        ("tcp:65536", "port 65536 is out of range: 1 to 65535"),
        ("tcp6:99999999999999999999", "is out of range: 1 to 65535"),
        ("tcp:9151:interface=eth0", "interface 'eth0' is no IP address; name an address"),
        ("tcp:9151:interface=", "interface '' is no IP address"),
        ("tcp:9151:interfaces=127.0.0.1", "is not understood"),
        ("tcp:9151:backlog=many", "is not understood"),
        ("unix:", "has no path; e.g. unix:/run/mother/metrics.sock"),
        ("ssl:9151:privateKey=/nowhere/key.pem", "key.pem"),
        ("systemd:domain=INET:index=0:name=x", "must name its domain and its index or name"),
        ("systemd:domain=INET:index=x", "must name its domain and its index or name"),
        ("systemd:domain=IPX:index=0", "must name its domain"),
        ("systemd:domain=INET", "must name its domain and its index or name"),
    ],
)
def test_what_is_no_endpoint_is_told_with_its_cure(endpoint: str, says: str) -> None:
    (line,) = problems("--metrics-listen", endpoint)
    assert line.startswith("--metrics-listen: ")
    assert says in line
    assert "\n" not in line
    (line,) = problems(file={"metrics_listen": endpoint})
    assert line.startswith("metrics_listen: ")


@given(st.one_of(st.text(), st.text(alphabet="tcpunixsymd6:=\\\\09.[]")))
def test_any_text_is_an_endpoint_or_is_told_in_one_line(text: str) -> None:
    try:
        assert check_endpoint(text, "here") == text
    except ConfigError as error:
        (line,) = error.lines
        assert line.startswith("here: ")
        assert "\n" not in line


@pytest.mark.parametrize("value", [9151, "", ["tcp:9151"], True])
def test_what_is_no_text_is_told_with_the_right_writing(value: object) -> None:
    (line,) = problems(file={"metrics_listen": value})
    assert "must be a Twisted endpoint in quotes, e.g. tcp:9151:interface=127.0.0.1" in line


def test_without_its_package_it_is_refused_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    assert problems(file={"metrics_listen": "tcp:9151"}) == [
        "metrics_listen: needs the package prometheus-client: pip install prometheus-client"
    ]
    assert load().metrics_listen is None


@pytest.mark.parametrize(
    ("endpoint", "open_"),
    [
        ("tcp:9151", True),
        ("tcp:9151:interface=0.0.0.0", True),
        ("tcp6:9151", True),
        (r"tcp6:9151:interface=\:\:", True),
        ("tcp:9151:interface=127.0.0.1", False),
        (r"tcp6:9151:interface=\:\:1", False),
        ("unix:/run/mother/metrics.sock", False),
        ("systemd:domain=INET:index=0", False),
    ],
)
def test_an_endpoint_that_everybody_reaches_is_noted(endpoint: str, open_: bool) -> None:
    notes = [note for note in load("--metrics-listen", endpoint).notes if EVERYWHERE in note]
    assert len(notes) == open_


def test_the_parser_writes_nothing_and_listens_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    load("--metrics-listen", f"unix:{tmp_path / 'metrics.sock'}")
    assert list(tmp_path.iterdir()) == []
