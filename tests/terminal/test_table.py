"""The table: 80 columns, the worst first, and nothing a device says steers the terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from mother.core.model import Address, State, Totals
from mother.fleet.views import Row
from mother.terminal.table import (
    STYLES,
    console_on,
    farm_table,
    headline,
    limited,
    reasons,
    say,
    states,
    worst_first,
)


def row(worker: str = "dragon-4500e3ab", **more: Any) -> Row:
    values: dict[str, Any] = {
        "address": Address("255.255.255.255", 8080),
        "mac": "a0:b0:45:00:e3:ab",
        "model": "B29+",
        "firmware": "",
        "state": State.HASHING,
        "hashrate": 1.514e13,
        "expected_hashrate": 1.6e13,
        "boards_alive": 3,
        "boards_expected": 3,
        "temperature_max": 105.4,
        "uptime": 20 * 86400.0 + 23 * 3600,
        "last_seen": 0.0,
        "because": (),
    }
    return Row(worker=worker, **{**values, **more})


def totals(**more: Any) -> Totals:
    values: dict[str, Any] = {
        "at": 0.0,
        "miners": 3,
        "states": {"hashing": 2, "gone": 1},
        "hashrate": 3e13,
        "expected_hashrate": 4.8e13,
        "boards_alive": 6,
        "boards_expected": 9,
        "temperature_max": 71.0,
        "accepted": 0.0,
        "rejected": 0.0,
    }
    return Totals(**{**values, **more})


def painted(*what: Any, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    for one in what:
        console.print(one)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_widest_row_fits_eighty_columns_whole() -> None:
    text = painted(farm_table([row()]))
    assert "…" not in text
    assert "dragon-4500e3ab 255.255.255.255 B29+" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_held_miner_says_so_and_the_widest_row_still_fits_whole() -> None:
    one, other = row(), row("dragon-2", mac="a0:b0:45:00:00:02")
    text = painted(farm_table([one, other], held=frozenset({other.mac})))
    first, second = text.splitlines()[2:4]
    assert "hashing held" in second
    assert "held" not in first
    assert "…" not in text
    assert first.rstrip().endswith("20 d")
    assert max(map(len, text.splitlines())) <= 80


MIXED = [
    row("whatsminer-0199be14", model="M30S++_VG40", address=Address("192.168.100.200", 4433)),
    row("antminer-976ba0f6", model="S19j Pro", address=Address("192.168.100.201", 80)),
    row("axeos-7c736f85", mac="02:00:00:00:00:01", model="Bitaxe Ultra 204", uptime=None),
]


@pytest.mark.parametrize("held", [frozenset(), frozenset({"02:00:00:00:00:01"})], ids=["", "held"])
def test_names_and_addresses_of_a_mixed_farm_are_whole_in_eighty_columns(
    held: frozenset[str],
) -> None:
    text = painted(farm_table(MIXED, held=held))
    for one in MIXED:
        (line,) = (line for line in text.splitlines() if line.startswith(f"{one.worker} "))
        assert f" {one.address.host} " in line
        assert " 15.1\u2009TH/s " in line
        assert line.count("hashing held" if one.mac in held else "hashing") == 1
    assert max(map(len, text.splitlines())) <= 80


def test_what_matters_least_is_left_out_first() -> None:
    def columns(room: int) -> list[str]:
        return painted(farm_table(MIXED), width=room).splitlines()[0].split()

    every = ["Worker", "Address", "Type", "State", "Hashrate", "Boards", "Temp", "Uptime"]
    assert columns(200) == columns(85) == every
    assert columns(84) == every[:-1]
    assert columns(71) == [*every[:5], "Boards"]
    assert columns(64) == every[:5]
    assert columns(53) == [*every[:2], *every[3:5]]


def test_on_a_wide_terminal_nothing_is_cut() -> None:
    text = painted(farm_table(MIXED), width=100)
    assert "Bitaxe Ultra 204" in text
    assert "20 d 23 h" in text


def test_a_name_that_is_longer_than_the_terminal_is_folded_and_not_cut() -> None:
    name = "hall-7-container-12-rack-4-row-3-slot-2-" + "x" * 30
    lines = painted(farm_table([row(name)])).splitlines()[2:]
    assert max(map(len, lines)) <= 80
    assert "".join(line.split()[0] for line in lines) == name


def test_columns_are_those_of_the_whole_farm_whichever_rows_are_shown() -> None:
    rows = [row(f"dragon-{number}") for number in range(5)] + MIXED
    lines = painted(farm_table(rows, most=3)).splitlines()
    assert lines[0] == painted(farm_table(rows)).splitlines()[0]


def test_columns_keep_their_place_while_the_numbers_change() -> None:
    def begins(one: Row) -> int:
        return painted(farm_table([one])).splitlines()[0].index("Boards")

    assert begins(row()) == begins(row(uptime=4.0, hashrate=None, temperature_max=7.0))


def test_what_is_not_known_is_a_dash() -> None:
    bare = row(
        hashrate=None, boards_alive=None, temperature_max=None, uptime=None, state=State.GONE
    )
    assert painted(farm_table([bare])).splitlines()[2].split()[3:] == ["gone", *"––––"]


def test_rows_beyond_the_room_are_counted() -> None:
    text = painted(farm_table([row(f"dragon-{n}") for n in range(10)], most=4))
    assert len(text.splitlines()) == 2 + 4
    assert "and 7 more" in text


def test_what_needs_a_look_stands_on_top() -> None:
    rows = [row(state.value, state=state) for state in State]
    assert [one.worker for one in worst_first(rows)][:2] == ["gone", "ill"]
    assert worst_first(rows)[-1].worker == "hashing"


def test_every_state_has_a_colour_of_its_own() -> None:
    assert set(STYLES) == set(State)
    assert len(set(STYLES.values())) == len(State)


def test_the_sums_are_told_in_two_lines() -> None:
    assert str(headline(totals())) == "3 miners  30.0\u2009TH/s of 48.0\u2009TH/s  hottest 71 °C"
    assert str(headline(totals(miners=1))).startswith("1 miner  ")
    assert str(states(totals())) == "2 hashing  1 gone"


def test_control_characters_and_markup_of_a_device_mean_nothing() -> None:
    odd = row("dragon-\x1b[2J1", model="[red]T1", because=("[/bold] no\nway",))
    text = painted(farm_table([odd]), *reasons([odd]), width=120)
    assert "\x1b" not in text
    assert "[red]T1" in text
    assert "[/bold] no way" in text


def test_in_a_file_no_sentence_is_wrapped() -> None:
    stream = io.StringIO()
    say(console_on(stream), "word [/x] " * 60)
    assert stream.getvalue().count("\n") == 1


@pytest.mark.parametrize(
    ("state", "wanted", "words"),
    [
        (State.ASLEEP, "sleep", "asleep because: "),
        (State.ASLEEP, "", "asleep because: "),
        (State.ASLEEP, "active", "asleep, and shall run: "),
        (State.HASHING, "limited", "limited because: "),
        (State.ILL, "limited", "limited because: "),
        (State.HASHING, "sleep", "shall sleep because: "),
        (State.GONE, "sleep", "shall sleep because: "),
        (State.HASHING, "active", "hashing because: "),
        (State.UNKNOWN, "active", "shall run because: "),
        (State.HASHING, "", "left as it is because: "),
    ],
)
def test_the_words_for_a_limit_fit_what_the_miner_does(
    state: State, wanted: str, words: str
) -> None:
    why = ("price 112 > 80", "minimum on until 14:20")
    told = limited(row(state=state, wanted=wanted, limits=why))
    assert told == (f"{words}price 112 > 80, minimum on until 14:20",)
    assert limited(row(state=state, wanted=wanted)) == ()
