"""Waking without a daemon: everybody in the journal, each confirmed, nobody else."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace
from twisted.internet.epollreactor import EPollReactor

from mother.config.flags import build_parser
from mother.config.load import Source
from mother.config.model import Config
from mother.config.options import MOTHER
from mother.config.schedule import Ramp, Schedule
from mother.core.model import Address
from mother.finder import Finder
from mother.fleet.files import Files, append_lines
from mother.fleet.memory import FileMemory
from mother.fleet.undertaken import HoldOrder
from mother.schedule.journal import Journal, Line, Woken, beside, encoded
from mother.schedule.values import Sleeper
from mother.sim.device import SimDevice
from mother.terminal.herd import Outcome
from mother.terminal.waking import Wakers, address_of, gap_of, listens, state_file, wake_all
from tests.fleet.world import CONFIG
from tests.mixed import Scene, scene, sleeps
from tests.net.turning import in_reactor
from tests.terminal.processes import mother

MODELS = {"antminer": ["S21"], "whatsminer": ["M50_VH60"], "avalon": ["Q"]}
FAST = 25.0
NOW = 1_700_000_000.0


def sleeper(**what: Any) -> Sleeper:
    plain: dict[str, Any] = {
        "device": "default/mac:a0:b0:45:00:e3:ab",
        "mac": "a0:b0:45:00:e3:ab",
        "worker": "antminer-4500e3ab",
        "family": "antminer",
        "address": "127.77.3.9:80",
        "at": NOW,
        "why": "price 112 > 80",
    }
    return Sleeper(**{**plain, **what})


def journal(folder: Path, sleepers: Iterable[Sleeper]) -> Path:
    path = beside(str(folder / "mother-state.json"))
    append_lines(path, encoded(Line(asleep=one) for one in sleepers))
    return path


class Bare:
    """What a waking has without a daemon: the parts, the journal, and a state file or none."""

    def __init__(self, farm: Scene, folder: Path, **how: Any) -> None:
        fast = farm.fast
        words = [
            *farm.where,
            "--dragon-timeout=100",
            f"--state-file={folder / 'mother-state.json'}",
        ]
        parsed = build_parser("run", MOTHER, "").parse_args(words, env_vars={})
        self.config: Config = Source(parsed, MOTHER, environ={}).load()
        self.files = Files(cast(EPollReactor, fast))
        self.files.start()
        path = Path(self.config.state_file)
        memory = FileMemory(path, self.files, cast(EPollReactor, fast), fast.now)
        memory.peek()
        book = Journal(beside(self.config.state_file), self.files, fast.now)
        book.peek()
        finder = Finder(self.config, cast(EPollReactor, fast), fast.now, memory)
        self.wakers = Wakers(finder, memory, book, **{"despite_hold": False, "at_once": 50,
                                                     "gap": 0.0, **how})  # fmt: skip
        self.told = 0

    async def wake(self) -> Outcome:
        outcome = Outcome({})
        sleepers = list(self.wakers.journal.sleepers.values())

        def tell(_: Outcome) -> None:
            self.told += 1

        try:
            await wake_all(self.wakers, sleepers, outcome, tell)
        finally:
            await self.wakers.finder.close()
            await self.files.stop()
        return outcome


async def put_to_sleep(farm: Scene) -> list[Sleeper]:
    """All of them, by a daemon, which ends then; what its journal would say."""
    async with farm.minded() as mind:
        rows = await mind.met(len(farm.farm.devices), 60.0)
        for mac in rows:
            said = await mind.order(mac, "pause")
            assert said["result"] == "done", said["text"]
        found = []
        for mac, row in rows.items():
            entry = mind.entry(mac)
            found.append(
                sleeper(
                    device=entry.id,
                    mac=mac,
                    worker=row["worker"],
                    family=entry.family.name,
                    address=f"{entry.address.host}:{entry.address.port}",
                )
            )
    return found


def awake(devices: Iterable[SimDevice]) -> list[bool]:
    return [not sleeps(one) for one in devices]


@in_reactor
async def test_everybody_in_the_journal_is_woken_without_daemon_or_state_file(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path, "127.77.31.0/29", MODELS, speed=FAST) as farm:
        asleep = await put_to_sleep(farm)
        assert awake(farm.farm.devices) == [False] * 3
        (tmp_path / "mother-state.json").unlink()
        path = journal(tmp_path, asleep)
        outcome = await Bare(farm, tmp_path).wake()
        assert {one: r.result for one, r in outcome.results.items()} == {
            one.device: "done" for one in asleep
        }
        assert awake(farm.farm.devices) == [True] * 3
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert {one["woken"]["device"] for one in lines if "woken" in one} == {
        one.device for one in asleep
    }
    assert not (tmp_path / "mother-state.json").exists()


@in_reactor
async def test_one_that_cannot_be_woken_costs_itself_and_stays_in_the_journal(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path, "127.77.32.0/29", MODELS, speed=FAST) as farm:
        asleep = await put_to_sleep(farm)
        moved, other = asleep[0], asleep[1]
        (tmp_path / "mother-state.json").unlink()
        stranger = replace(moved, mac="02:00:00:00:00:01", device="default/mac:02:00:00:00:00:01")
        absent = replace(stranger, address="127.77.32.77:80", device="x/1")
        strange = replace(other, family="antiquity", device="x/2")
        nowhere = replace(other, address="somewhere", device="x/3")
        journal(tmp_path, [stranger, absent, strange, nowhere, *asleep[1:]])
        bare = Bare(farm, tmp_path)
        results = (await bare.wake()).results
        assert sorted(sleeps(one) for one in farm.farm.devices) == [False, False, True]
    assert f"{moved.mac} answers there now, and not it" in results[stranger.device].text
    assert results["x/1"].result == results["x/2"].result == results["x/3"].result == "failed"
    assert "no antiquity of that name" in results["x/2"].text
    assert "the journal names no address" in results["x/3"].text
    assert [results[one.device].result for one in asleep[1:]] == ["done", "done"]
    left = Journal(beside(str(tmp_path / "mother-state.json")), bare.files, lambda: NOW)
    left.peek()
    assert set(left.sleepers) == {stranger.device, "x/1", "x/2", "x/3"}
    assert bare.told == 6


@in_reactor
async def test_who_is_held_or_awake_already_or_has_moved_is_treated_as_such(tmp_path: Path) -> None:
    async with scene(tmp_path, "127.77.33.0/29", MODELS, speed=FAST) as farm:
        asleep = await put_to_sleep(farm)
        held, moved, up = asleep
        journal(tmp_path, [held, replace(moved, address="127.77.33.77:80"), up])
        first = Bare(farm, tmp_path)
        hold = HoldOrder(held.mac, "fans", "ann", NOW)
        memory = first.wakers.memory
        memory.remember_undertaken(replace(memory.undertaken, holds=(hold,)))
        results = (await first.wake()).results
        assert (results[held.device].result, results[moved.device].result) == ("denied", "done")
        assert results[held.device].text.startswith("held until released by ann: fans")
        assert sum(awake(farm.farm.devices)) == 2
        journal(tmp_path, [up])
        second = Bare(farm, tmp_path, despite_hold=True)
        results = (await second.wake()).results
        assert results[up.device].text == "it is so already"
        assert [one.result for one in results.values()] == ["done", "done"]
        assert awake(farm.farm.devices) == [True] * 3


@in_reactor
async def test_a_dry_run_wakes_nobody_and_forgets_nobody(tmp_path: Path) -> None:
    models = {"avalon": ["Q"]}
    async with scene(tmp_path, "127.77.34.0/29", models, speed=FAST) as farm:
        asleep = await put_to_sleep(farm)
        path = journal(tmp_path, asleep)
        before = path.read_bytes()
        bare = Bare(farm, tmp_path)
        bare.wakers.finder.config = replace(bare.config, dry_run=True)
        (result,) = (await bare.wake()).results.values()
        assert result.result == "dry-run"
        assert awake(farm.farm.devices) == [False]
    assert path.read_bytes() == before


# the pace and the places


@pytest.mark.parametrize(
    ("schedule", "sleepers", "devices", "gap"),
    [
        (Schedule(), 20, 0, 6.0),
        (Schedule(), 5000, 0, 60 / 250),
        (Schedule(), 50, 5000, 60 / 250),
        (Schedule(resume_percent=0), 5000, 0, 0.0),
        (Schedule(up=Ramp(batch=10, gap=60)), 5000, 0, 6.0),
        (Schedule(up=Ramp(batch=10, gap=1)), 20, 0, 6.0),
    ],
)
def test_they_wake_no_faster_than_the_schedule_lets_them(
    schedule: Schedule, sleepers: int, devices: int, gap: float
) -> None:
    assert gap_of(replace(CONFIG, schedule=schedule), sleepers, devices) == pytest.approx(gap)


@in_reactor
async def test_the_pace_is_kept(tmp_path: Path) -> None:
    async with scene(tmp_path, "127.77.35.0/29", {"avalon": ["Q"]}, speed=FAST) as farm:
        gone = [sleeper(device=f"x/{number}", family="antiquity") for number in range(4)]
        journal(tmp_path, gone)
        bare = Bare(farm, tmp_path, gap=10.0)
        began = farm.fast.seconds()
        await bare.wake()
        assert 30.0 <= farm.fast.seconds() - began < 60.0


def test_the_services_journal_is_taken_where_no_other_is_named(tmp_path: Path) -> None:
    service = tmp_path / "service" / "mother-state.json"
    service.parent.mkdir()
    assert state_file("mother-state.json", str(service)) == "mother-state.json"
    journal(service.parent, [])
    beside(str(service)).touch()
    assert state_file("mother-state.json", str(service)) == str(service)
    assert state_file("/srv/state.json", str(service)) == "/srv/state.json"


@pytest.mark.parametrize(
    ("text", "address"),
    [("10.1.2.3:80", Address("10.1.2.3", 80)), ("10.1.2.3", None), ("a:b", None), (":80", None)],
)
def test_an_address_is_host_and_port(text: str, address: Address | None) -> None:
    assert address_of(sleeper(address=text)) == address


# the command


def offline(folder: Path, *words: str) -> Any:
    where = (
        f"--state-file={folder / 'mother-state.json'}",
        f"--control-socket={folder / 'm.sock'}",
    )
    return mother("resume", "--offline", *where, *words, cwd=folder)


def test_without_a_journal_nobody_can_be_woken_and_that_is_said(tmp_path: Path) -> None:
    done = offline(tmp_path, "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"there is no journal {tmp_path / 'sleepers.jsonl'}: mother has put nobody to sleep, or "
        "the daemon has another --state-file\n"
    )


def test_an_empty_journal_is_nothing_to_do(tmp_path: Path) -> None:
    path = journal(tmp_path, [sleeper()])
    append_lines(path, encoded([Line(woken=Woken(sleeper().device, NOW))]))
    done = offline(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Nobody sleeps by an order of mother, as its journal says.\n"


def test_it_asks_first_and_says_who_could_not_be_woken(tmp_path: Path) -> None:
    journal(tmp_path, [sleeper(), sleeper(device="x/2", worker="other", family="antiquity")])
    (tmp_path / "mother-state.json").write_text(
        '{"version": 4, "undertaken": {"curtailments": [{"id": "curtail-1", "scope": "all", '
        '"actor": "ann", "at": 1.0, "all_": true}]}}'
    )
    done = offline(tmp_path)
    assert done.returncode == 2
    assert "there is no terminal to ask on: add --yes" in done.stderr
    done = offline(tmp_path, "--yes")
    assert done.returncode == 1, done.stderr
    assert "antminer-4500e3ab" in done.stdout
    assert "no antiquity of that name is known" in done.stdout
    assert "2 failed." in done.stdout
    assert "Once a daemon runs, it puts to sleep again whom curtail-1 wants asleep" in done.stdout
    assert "Traceback" not in done.stderr


def test_it_refuses_while_a_daemon_listens_even_one_that_hangs(tmp_path: Path) -> None:
    journal(tmp_path, [sleeper(family="antiquity")])
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as daemon:
        daemon.bind(str(tmp_path / "m.sock"))
        daemon.listen()
        done = offline(tmp_path, "--yes")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"a daemon runs and listens on {tmp_path / 'm.sock'}: ")
        assert "`mother resume --all`" in done.stderr
        forced = offline(tmp_path, "--yes", "--force")
        assert forced.returncode == 1
        assert "1 failed." in forced.stdout
    assert not listens(tmp_path / "m.sock")
    assert not listens(tmp_path / "none.sock")


@pytest.mark.parametrize("words", [("dragon-1",), ("--all",), ("--at-once=0",)])
def test_words_that_do_not_go_with_it_are_bad_input(tmp_path: Path, words: tuple[str, ...]) -> None:
    journal(tmp_path, [sleeper()])
    done = offline(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_help_explains_it(tmp_path: Path) -> None:
    done = mother("resume", "--offline", "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "--offline needs no daemon" in done.stdout
