"""Status and clear, and what is common to all commands that talk to the daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import pytest_twisted

from mother.config.options import OPTIONS
from mother.terminal.commands import DESK
from mother.terminal.pages import PAGES
from tests.control.desk import Desk, miner
from tests.terminal.desking import performed, talking


@pytest_twisted.ensureDeferred
async def test_the_status_marks_what_is_held_and_says_by_whom(tmp_path: Path) -> None:
    desk = Desk()
    desk.miners = [miner(1, held="moving"), miner(2)]
    desk.holds = [{"scope": "dragon-1", "why": "moving", "by": "ann", "miners": 1}]
    async with talking(tmp_path, desk) as ask:
        done = await ask("status")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert "hashing held" in next(line for line in lines if line.startswith("dragon-1"))
    assert "held" not in next(line for line in lines if line.startswith("dragon-2"))
    assert lines[-1] == "dragon-1 (1 miner) is held by ann until it is released: moving"


@pytest_twisted.ensureDeferred
async def test_the_status_of_one_miner_tells_what_opens_it_and_what_is_open(tmp_path: Path) -> None:
    desk = Desk()
    desk.miners = [miner(1, findings=["it is only read: open it so", "a second"])]
    async with talking(tmp_path, desk) as ask:
        done = await ask("status", "dragon-1")
    assert [line.split() for line in done.out.splitlines()[-2:]] == [
        ["note", "it", "is", "only", "read:", "open", "it", "so."],
        ["note", "a", "second."],
    ]


@pytest_twisted.ensureDeferred
async def test_the_status_warns_of_a_memory_that_ends_with_the_process(tmp_path: Path) -> None:
    desk = Desk()
    desk.trouble = "state.json cannot be written: No space left on device"
    async with talking(tmp_path, desk) as ask:
        done = await ask("status")
    assert done.out.splitlines()[-1] == (
        "Nothing is remembered beyond this run of mother: "
        "state.json cannot be written: No space left on device."
    )


@pytest_twisted.ensureDeferred
async def test_the_status_as_json_has_holds_and_wishes(tmp_path: Path) -> None:
    desk = Desk()
    desk.miners = [miner(1, held="moving", wish="reached")]
    desk.holds = [{"scope": "dragon-1"}]
    async with talking(tmp_path, desk) as ask:
        done = await ask("status", "--json")
    answer = json.loads(done.out)
    assert answer["holds"] == desk.holds
    assert answer["miners"][0]["ip_address"] == "10.1.2.1"
    assert (answer["miners"][0]["held"], answer["miners"][0]["wish"]) == ("moving", "reached")


@pytest_twisted.ensureDeferred
async def test_a_farm_without_miners_is_said_so(tmp_path: Path) -> None:
    desk = Desk()
    desk.miners = []
    async with talking(tmp_path, desk) as ask:
        assert (await ask("status")).out == "No miner is known yet in 10.1.2.0/24.\n"


@pytest_twisted.ensureDeferred
async def test_a_miner_is_cleared_or_not_known(tmp_path: Path) -> None:
    async with talking(tmp_path, Desk()) as ask:
        done = await ask("clear", "dragon-1")
        assert (done.code, done.out, done.err) == (0, "dragon-1 is healed again\n", "")
        done = await ask("clear", "dragon-9")
        assert (done.code, done.out, done.err) == (1, "", "no miner is called dragon-9\n")


def test_every_command_has_its_page_and_every_page_its_command() -> None:
    assert set(PAGES) == set(DESK)


@pytest.mark.parametrize("name", DESK)
def test_a_page_teaches_in_eighty_columns_and_its_examples_are_of_the_command(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = performed(name, "--help")
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 80
    assert "Exit codes: 0" in " ".join(done.out.split())
    assert all(example.startswith(name) for example in PAGES[name].examples)
    for example in PAGES[name].examples:
        assert f"  mother {example}\n" in done.out
    assert len(done.out.splitlines()) < 60


@pytest.mark.parametrize("name", DESK)
def test_no_argument_of_a_command_takes_the_place_of_an_option(name: str) -> None:
    class Seen:
        def __init__(self) -> None:
            self.names: set[str] = set()

        def add_argument(self, flag: str, dest: str = "", **_: object) -> None:
            self.names.add(dest or flag.lstrip("-").replace("-", "_"))

    seen = Seen()
    for add in DESK[name].arguments:
        add(seen)  # type: ignore[arg-type]  # it has all that is used of a parser
    assert not seen.names & {option.key for option in OPTIONS}


@pytest.mark.parametrize("name", ["plan", "status", "holds"])
def test_what_reads_can_be_read_by_machines(name: str) -> None:
    assert "--json" in performed(name, "--help").out


def test_the_socket_is_found_by_the_daemons_own_options(tmp_path: Path) -> None:
    done = performed("holds", f"--state-file={tmp_path / 'state.json'}", "--network=10.1.0.0/22")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"no daemon listens on {tmp_path / 'mother.sock'}")


def test_a_bad_configuration_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    done = performed("reboot", "dragon-1", "--yes", "--scan-interval=never")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("--scan-interval")
