"""What the tests of connections count as left open."""

from __future__ import annotations

import select
import socket

from tests.net.files import open_files


def test_what_others_close_meanwhile_does_not_hide_what_is_left_open() -> None:
    theirs = [socket.socket() for _ in range(3)]
    before = open_files()
    for one in theirs:
        one.close()
    ours = socket.socket()
    (new,) = open_files() - before
    assert new.startswith("socket:")
    ours.close()
    assert not open_files() - before


def test_an_epoll_is_told_from_the_one_that_was_there_before() -> None:
    with select.epoll():
        before = open_files()
        ours = select.epoll()
        assert len(open_files() - before) == 1
        ours.close()
        assert not open_files() - before
