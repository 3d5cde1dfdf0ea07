"""The first page and the words for a command that is not there."""

from __future__ import annotations

from mother import cli
from mother.terminal import manual


def test_the_page_lists_exactly_the_commands_there_are() -> None:
    assert set(manual.COMMANDS) == {*cli.COMMANDS, "help"}


def test_the_page_fits_eighty_columns_under_both_names() -> None:
    for program in ("mother", "mother-of-dragons"):
        assert max(map(len, manual.overview(program).splitlines())) <= 80


def test_a_near_command_is_proposed() -> None:
    text = manual.no_such_command("mother", "chek-config", manual.COMMANDS)
    assert text == "mother: there is no command 'chek-config'; did you mean 'check-config'?"
