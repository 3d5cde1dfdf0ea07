"""No secret of a device survives in what is recorded of it, and its shape does."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mother.terminal.leaves import dumped, loaded
from mother.terminal.private import Kind, kind_of
from mother.terminal.scrubbing import Scrubber

RECORDINGS = sorted((Path(__file__).parents[1] / "recordings" / "axeos").rglob("*.json"))

HARMLESS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text("abc ", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
SECRETS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=6, max_size=24
).map(lambda text: f"Zq{text.strip()}9W")
NAMES = st.sampled_from(
    [
        "pass", "Password", "pool1pass", "stratumPassword", "wifiPass", "passwd", "token", "jwt",
        "salt", "newsalt", "user", "User", "_ant_pool2user", "stratumUser", "worker", "workerName",
        "ssid", "hostname", "miner-sn", "pcbsn0", "serial_number", "wallet", "payoutAddress",
    ]
)  # fmt: skip


def scrubbed(*bodies: bytes) -> tuple[list[bytes], Scrubber]:
    scrubber = Scrubber()
    for body in bodies:
        scrubber.learn(body)
    scrubber.begin()
    return [scrubber.scrub(body) for body in bodies], scrubber


def text_of(body: bytes) -> str:
    """As it is, and as it reads without JSON's escapes."""
    text = body.decode("utf-8", "replace")
    try:
        return text + json.dumps(json.loads(text.rstrip("\0")), ensure_ascii=False)
    except ValueError:
        return text


@st.composite
def planted(draw: st.DrawFn) -> tuple[Any, list[str]]:
    """An answer with secrets somewhere in it, and which."""
    secrets: list[str] = []
    answer: Any = draw(HARMLESS)
    for _ in range(draw(st.integers(1, 4))):
        secret = draw(SECRETS)
        secrets.append(secret)
        value: Any = draw(st.sampled_from([secret, [secret, "x"], [[secret]]]))
        where = {draw(NAMES): value, "beside": answer}
        answer = draw(st.sampled_from([where, [where, 1], {"Msg": where}, {"a": [{"b": where}]}]))
    if draw(st.booleans()):
        answer = {"said": f"it is {secrets[0]} and no other", "inner": json.dumps(answer)}
    return answer, secrets


@given(planted(), st.sampled_from([b"", b"\0", b"\r\n\0"]))
@settings(max_examples=300, deadline=None)
def test_no_secret_that_was_planted_in_a_nested_answer_survives(
    given_: tuple[Any, list[str]], end: bytes
) -> None:
    answer, secrets = given_
    (clean,), scrubber = scrubbed(json.dumps(answer).encode() + end)
    assert not [secret for secret in secrets if secret in text_of(clean)]
    assert clean.endswith(end)
    assert sum(scrubber.places.values()) >= len(set(secrets))


@given(planted(), st.sampled_from(["cut", "comma", "raw", "half"]))
@settings(max_examples=300, deadline=None)
def test_nor_in_one_that_is_broken(given_: tuple[Any, list[str]], how: str) -> None:
    answer, secrets = given_
    text = json.dumps(answer)
    broken = {
        "cut": text[:-1],
        "comma": text[:-1] + ",}",
        "raw": "garbage\n" + text,
        "half": text + text[: len(text) // 2],
    }[how]
    (clean,), _ = scrubbed(broken.encode())
    plain = clean.decode()
    escaped = [json.dumps(secret)[1:-1] for secret in secrets]
    assert not [secret for secret in (*secrets, *escaped) if secret in plain]


@given(body=st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_taken(body: bytes) -> None:
    scrubbed(body)


@given(st.ip_addresses(v=4), st.ip_addresses(v=6), st.binary(min_size=6, max_size=6))
@settings(max_examples=200, deadline=None)
def test_addresses_are_replaced_wherever_they_stand(
    four: ipaddress.IPv4Address, six: ipaddress.IPv6Address, mac: bytes
) -> None:
    colons = mac.hex(":")
    body = f"seen {four} at [{six}] by {colons} and {colons.upper().replace(':', '-')}".encode()
    (clean,), scrubber = scrubbed(body)
    text = clean.decode()
    kept = four.is_loopback or four.is_unspecified or str(four).startswith("255.")
    documented = str(four).startswith(("192.0.2.", "198.51.100.", "203.0.113."))
    assert (str(four) in text) is (kept or documented)
    assert colons not in text or colons.startswith("02:00:00:00:00")
    assert scrubber.different[Kind.MAC] == 1


def test_the_same_value_gets_the_same_word_in_all_answers() -> None:
    one = {"User": "farm.rig7", "ip": "10.1.2.3", "mac": "A0:B0:45:00:E3:AB"}
    other = {"note": "farm.rig7 at 10.1.2.3", "macaddr": "a0b04500e3ab", "hostname": "rig7"}
    (first, second), _ = scrubbed(json.dumps(one).encode(), json.dumps(other).encode())
    assert json.loads(first) == {
        "User": "account-1.worker-1",
        "ip": "192.0.2.1",
        "mac": "02:00:00:00:00:01",
    }
    assert json.loads(second) == {
        "note": "account-1.worker-1 at 192.0.2.1",
        "macaddr": "020000000001",
        "hostname": "host-1",
    }


def test_what_is_learned_late_is_replaced_in_what_came_before() -> None:
    (first, _), _ = scrubbed(b'{"log":"login of farmer77 failed"}', b'{"username":"farmer77"}')
    assert json.loads(first) == {"log": "login of account-1 failed"}


@pytest.mark.parametrize(
    ("body", "clean"),
    [
        (b"SSID[My Home] RSSI[-50] DNA[0201000c]", b"SSID[wifi-1] RSSI[-50] DNA[SERIAL-1]"),
        (
            b"URL=stratum+tcp://eu.pool.example:3333,User=me.rig,Pass=hunter2|",
            b"URL=stratum+tcp://pool-1.example:3333,User=account-1.worker-1,Pass=password-1|",
        ),
        (b'"pool1user" : "me", "pool1url":"', b'"pool1user" : "account-1", "pool1url":"'),
        (b"token=eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoi.c2ln", b"token=token-1"),
        (b'{"a":"stratum+ssl://u:p@h.example:1/x"},}', None),
    ],
)
def test_values_in_the_middle_of_a_text_are_found(body: bytes, clean: bytes | None) -> None:
    (found,), _ = scrubbed(body)
    if clean is None:
        assert b"u:p" not in found
        assert b"h.example" not in found
    else:
        assert found == clean


@pytest.mark.parametrize(
    "wallet",
    [
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "kaspa:qqkqkzjvr7zwxxmjxjkmxxdwju9kjs6e9u82uh59z07vgaks6gg62v8707g73",
        "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L",
    ],
)
def test_wallets_are_known_by_their_looks(wallet: str) -> None:
    (clean,), scrubber = scrubbed(f'{{"note":"paid to {wallet} today"}}'.encode())
    assert json.loads(clean) == {"note": "paid to wallet-1 today"}
    assert scrubber.places == {Kind.WALLET: 1}


def test_what_a_driver_needs_is_left() -> None:
    told = {
        "version": "4.11.1.9", "netmask": "255.255.255.0", "Elapsed": 86400, "freq": 1e3,
        "Type": "Antminer S19 Pro", "miner_id": 8, "time": "09:19:10", "pool": 0, "Worker": 3,
        "Status": "Alive", "listen": "0.0.0.0", "token": None, "otp": True, "MHS 5s": "14.2e3",
    }  # fmt: skip
    (clean,), scrubber = scrubbed(json.dumps(told).encode())
    assert json.loads(clean) == told
    assert scrubber.places == {}


def test_common_words_are_replaced_in_their_place_and_left_elsewhere() -> None:
    (clean,), _ = scrubbed(b'{"hostname":"WhatsMiner","user":"root","maker":"whatsminer root"}')
    assert json.loads(clean) == {
        "hostname": "host-1",
        "user": "account-1",
        "maker": "whatsminer root",
    }


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_an_answer_keeps_its_fields_and_their_kinds(recording: Path) -> None:
    body = recording.read_bytes()
    (clean,), _ = scrubbed(body)
    before, after = json.loads(body), json.loads(clean)
    assert list(after) == list(before)
    assert [type(value) for value in after.values()] == [type(one) for one in before.values()]
    assert [one for one in after.values() if not isinstance(one, str)] == [
        one for one in before.values() if not isinstance(one, str)
    ]


def test_numbers_and_keys_that_come_twice_stay_as_they_were_written() -> None:
    text = '{"a": 1.50, "a": 1e5, "b": NaN, "c": 100000000000000000000, "d": [], "e": {}}'
    assert dumped(loaded(text), None) == text
    assert loaded("no JSON") is None
    assert loaded("[" * 100_000) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("_ant_pool3pass", Kind.PASSWORD), ("Pool Pass", Kind.PASSWORD), ("bypass", None),
        ("stratumUser", Kind.ACCOUNT), ("Users", Kind.ACCOUNT), ("macAddr", Kind.MAC),
        ("Hardware Errors", None), ("sharesAccepted", None), ("miner-sn", Kind.SERIAL),
        ("Stratum URL", Kind.POOL), ("pools", None), ("wifiStatus", None), ("hostname", Kind.NAME),
        ("Stratum Active", None), ("hash-board", None), ("MM ID0", None),
    ],
)  # fmt: skip
def test_a_name_tells_what_stands_under_it(name: str, kind: Kind | None) -> None:
    assert kind_of(name) is kind
