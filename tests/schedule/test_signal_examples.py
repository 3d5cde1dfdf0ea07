"""Each example that is shipped loads as it is written, and reads the answer of its source."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from mother.config.schedule import Schedule, Signal
from mother.core.errors import Garbled
from mother.schedule.reading_signals import decoded, number_in
from mother.schedule.sources import Sources
from mother.schedule.thresholds import Threshold, limits
from tests.config.given import load

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "packaging" / "examples" / "signals"
ANSWERS = ROOT / "tests" / "recordings" / "signals"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.toml"))

SAID = {
    "octopus-agile": ("2026-03-11 01:40", 153.3),
    "tibber": ("2026-03-11 05:59", 287.4),
    "energy-charts": ("2026-03-10 23:10", 88.1),
    "ercot": ("2026-03-11 18:27", 112.37),
    "evcc": ("2026-03-11 12:25", 4210.5),
    "home-assistant": ("2026-03-11 12:25", 3812.4),
    "shelly-em": ("2026-03-11 12:25", 2850.9),
    "sunspec": ("2026-03-11 12:25", 6120.0),
}
"""When it is asked (UTC), and the number that comes, in the unit that the example names."""


def schedule_of(name: str, folder: Path) -> Schedule:
    """What the program makes of the example, its credentials beside it."""
    for credential in ("tibber", "ercot-key", "ercot-token", "home-assistant"):
        (folder / credential).write_text("Bearer secret")
    text = (EXAMPLES / f"{name}.toml").read_text()
    env = {"CREDENTIALS_DIRECTORY": str(folder)}
    return load("--network", "10.1.0.0/24", file=text, env=env).schedule


def answer_of(name: str) -> bytes:
    return (ANSWERS / f"{name}.json").read_bytes()


def read(signal: Signal, name: str, at: str) -> float:
    now = datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
    return number_in(decoded(answer_of(name), signal), signal, now)


def test_every_example_has_an_answer_and_every_answer_an_example() -> None:
    assert sorted(SAID) == NAMES
    assert sorted(path.stem for path in ANSWERS.glob("*.json")) == NAMES


def test_every_answer_is_marked_as_made_by_hand() -> None:
    readme = (ANSWERS / "README.md").read_text()
    assert "**hand-made**" in readme
    assert all(f"`{name}.json`" in readme for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_reads_its_answer(name: str, tmp_path: Path) -> None:
    [signal] = schedule_of(name, tmp_path).signals
    at, number = SAID[name]
    assert read(signal, name, at) == pytest.approx(number)
    assert signal.unit


@pytest.mark.parametrize(
    "name", ["octopus-agile", "tibber", "energy-charts", "ercot", "home-assistant"]
)
def test_an_example_with_times_knows_when_its_answer_is_old(name: str, tmp_path: Path) -> None:
    [signal] = schedule_of(name, tmp_path).signals
    with pytest.raises(Garbled, match=f"^the signal {signal.name}: .* has nothing for now"):
        read(signal, name, "2026-03-12 12:00")


def test_a_quarter_of_an_hour_without_a_price_has_none(tmp_path: Path) -> None:
    [signal] = schedule_of("energy-charts", tmp_path).signals
    with pytest.raises(Garbled, match="price is null in the row of 2026-03-10 23:30 UTC"):
        read(signal, "energy-charts", "2026-03-10 23:31")


@pytest.mark.parametrize("name", NAMES)
def test_an_example_that_has_a_rule_binds_by_it(name: str, tmp_path: Path) -> None:
    """The whole way: asked, read, and bound where a price is beyond what the example says."""
    schedule = schedule_of(name, tmp_path)
    clock = Clock()
    states: Mapping[str, Threshold] = {}
    begin = datetime.fromisoformat(SAID[name][0]).replace(tzinfo=UTC).timestamp()

    async def fetch(url: str, headers: object, body: str) -> bytes:
        return answer_of(name)

    sources = Sources(
        lambda: schedule,
        fetch,
        clock,
        lambda: begin + clock.seconds(),
        lambda *_: None,
        lambda: None,
    )
    sources.poll_due()
    assert sources.said(schedule.signals[0].name) is not None
    for _ in range(4 * 19):
        sources.poll_due()
        bound, states = limits(
            schedule.rules, sources, states, begin + clock.seconds(), lambda _: frozenset()
        )
        if bound:
            break
        clock.advance(15)
    dear = [rule for rule in schedule.rules if SAID[name][1] > rule.threshold]
    assert [limit.key for limit in bound] == [f"rule {rule.name}" for rule in dear]


def test_the_examples_name_no_secret() -> None:
    for name in NAMES:
        [signal] = tomllib.loads((EXAMPLES / f"{name}.toml").read_text())["schedule"]["signal"]
        headers = signal.get("headers", {})
        assert all(value.startswith("credential:") for value in headers.values())
