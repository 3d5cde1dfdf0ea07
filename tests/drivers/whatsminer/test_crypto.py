"""Tokens and hidden orders, against what others computed."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from mother.drivers.whatsminer import crypto, md5crypt

OPENSSL = (
    ("", "abcdefgh", "M55TzYaaccxVGbptZWaxX/"),
    ("password", "xxxxxxxx", "UYCIxa628.9qXjpQCjM4a."),
    ("admin", "BQ5hoXV9", "RxmaDUO33TS7O26yeMHZ81"),
    ("RxmaDUO33TS7O26yeMHZ815626", "jbzkfQls", "w.BNbkCV6n1aNWgiBWLzT/"),
    ("X", "a", "//liEQgoFlLa9CcxQOTfV/"),
    ("Xy", "./zZ", "SO5w46Bx1ydpGRuwkxS8c1"),
    ("Xy0_ -~Xy0_ -~X", "12345678", ".NmW.BalnqXMxaJi5VP9R/"),
    ("Xy0_ -~Xy0_ -~Xy", "a", "KRI94/nfr2YBVCvUZpVty/"),
    ("Xy0_ -~Xy0_ -~Xy0", "./zZ", "dRiivji9Y4cw7NU3tkXXA1"),
    ("Xy0_ -~Xy0_ -~Xy0_ -~Xy0_ -~Xy0", "12345678", "p4pIcUXhu64afLPQX4H/N/"),
    ("Xy0_ -~Xy0_ -~Xy0_ -~Xy0_ -~Xy0_ ", "a", "oxl7oaNnlkLL4CAroO0yJ1"),
    (
        "Xy0_ -~Xy0_ -~Xy0_ -~Xy0_ -~Xy0_ -~Xy0_ -~Xy0_ -~Xy0_ -~Xy0_ -~X",
        "./zZ",
        "jg5e26iB3oFwUiU.qvONp0",
    ),
)
"""What `openssl passwd -1 -salt SALT PASSWORD` says of these."""

SECOND_ORDERS = (
    (
        "1JKb3vmj4y/wrxTbTfuc77eY/PzjVaY/ht8PEnE0oi5G9l6s1y0YGgE6atZ2nZPT3KFyA4d9xdA7TKVoQ4njdw==",
        b'{"command":"set_low_power","token":"w.BNbkCV6n1aNWgiBWLzT/"}',
    ),
    (
        "d5RdoKIIDXMIv3vTga7tYq/dKMp22A8yWzioFRzUut8uOHM85BpGAlzcB2+MEAqoSKM6sQZ0bNlPLnZoqYmQ+Q==",
        b'{"command":"reboot","token":"w.BNbkCV6n1aNWgiBWLzT/"}',
    ),
)
"""What pyasic_rs 0.8.6 sends for these with the password `admin` and the document's token."""

THIRD_POOLS = (
    "A2xzkMnOXAJDjQH10RVcOTXsY30iCkfDd0zHuYqDoimjNqYthhvDaZ44uPfEp/drVWRtb07xOysw8V3UnsnvqYb4iM7QguDN194c"
    "tL3gZisjhqLyArhqkwq64qcgRTZQZmTsj9admu5tLYABM1ymhTM5iiMBpXphS7TqtIVgXOBOXEkrGUthnnY6woSqy+/x"
)
"""What it sends on port 4433 as `param` of `set.miner.pools`, with the token below."""


@pytest.mark.parametrize(("password", "salt", "digest"), OPENSSL)
def test_md5_crypt_gives_what_openssl_gives(password: str, salt: str, digest: str) -> None:
    assert md5crypt.digest(password, salt) == digest


def test_of_a_salt_the_first_eight_characters_count() -> None:
    assert md5crypt.digest("x", "abcdefghi") == md5crypt.digest("x", "abcdefgh")


def test_the_second_apis_token_is_that_of_the_vendors_document() -> None:
    ticket = crypto.second("admin", "5626", "BQ5hoXV9", "jbzkfQls")
    assert ticket.sign == "w.BNbkCV6n1aNWgiBWLzT/"
    assert ticket.key == hashlib.sha256(b"RxmaDUO33TS7O26yeMHZ81").digest()


def test_of_the_devices_time_the_last_four_digits_count() -> None:
    short = crypto.second("admin", "5626", "BQ5hoXV9", "jbzkfQls")
    assert crypto.second("admin", "1773875626", "BQ5hoXV9", "jbzkfQls") == short


@pytest.mark.parametrize(("sent", "plain"), SECOND_ORDERS)
def test_an_order_is_hidden_as_another_program_hides_it(sent: str, plain: bytes) -> None:
    ticket = crypto.second("admin", "5626", "BQ5hoXV9", "jbzkfQls")
    assert crypto.hidden(ticket, plain) == sent
    assert crypto.shown(ticket, sent) == plain


def test_the_third_apis_token_and_hiding_are_those_of_another_program() -> None:
    ticket = crypto.third("set.miner.pools", "super", "uhCiDyVj", 1795273234)
    assert ticket.sign == "vtwCzddY"
    rows = json.loads(crypto.shown(ticket, THIRD_POOLS))
    assert rows == [
        {"pool": "stratum+tcp://p1.example:3333", "worker": "u1", "passwd": "x1"},
        {"pool": "stratum+tcp://p2.example:3333", "worker": "u2", "passwd": "x2"},
    ]
    assert (
        crypto.hidden(ticket, json.dumps(rows, separators=(",", ":"), sort_keys=True).encode())
        == THIRD_POOLS
    )


@given(text=st.binary(max_size=200).filter(lambda text: b"\0" not in text))
def test_whatever_is_hidden_is_read_by_whoever_has_the_key(text: bytes) -> None:
    ticket = crypto.Ticket("", hashlib.sha256(b"x").digest())
    sent = base64.b64decode(crypto.hidden(ticket, text))
    reader = Cipher(algorithms.AES(ticket.key), modes.ECB()).decryptor()
    plain = reader.update(sent) + reader.finalize()
    assert len(sent) % 16 == 0
    assert plain.rstrip(b"\0") == text == crypto.shown(ticket, crypto.hidden(ticket, text))


@pytest.mark.parametrize("text", ["not base64!", "AAAA", "é"])
def test_what_was_never_hidden_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        crypto.shown(crypto.Ticket("", bytes(32)), text)


def test_a_ticket_does_not_show_itself() -> None:
    assert repr(crypto.second("admin", "5626", "BQ5hoXV9", "jbzkfQls")) == "Ticket(***)"
