"""Addresses, headers and bodies of the schedule: looked up, checked, and never shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.config.flags import build_parser
from mother.config.load import ConfigError, Source, print_toml
from mother.config.schedule_keys import BLOCKS, SCHEDULE
from tests.config.given import load, problems

GATE: dict[str, Any] = {"url": "http://10.1.0.5:5000/api", "miners": ["10.1.1.1"]}


def signal(**said: Any) -> dict[str, Any]:
    one = {"name": "price", "url": "http://10.1.0.5/price", **said}
    return {"schedule": {"signal": [one]}}


def facility(**said: Any) -> dict[str, Any]:
    one = {"name": "f", "on_url": "http://x.example/1", "off_url": "http://x.example/0", **said}
    return {"schedule": {"facility": [one]}}


def gate(*blocks: Any) -> dict[str, Any]:
    return {"minercontrol": list(blocks)}


SECRETS = """
    [[schedule.signal]]
    name = "price"
    url = "env:URL"
    headers = { Authorization = "credential:token", Accept = "text/plain" }
    [[schedule.rule]]
    name = "dear"
    signal = "price"
    threshold = 2
    release = 1
    [[schedule.facility]]
    name = "fans"
    on_url = "env:URL"
    off_url = "env:URL"
    on_body = "credential:token"
    [[minercontrol]]
    url = "env:URL"
    miners = "10.1.1.1"
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "token").write_text("Bearer hush\n")
    return {"CREDENTIALS_DIRECTORY": str(tmp_path), "URL": "http://10.1.0.5/hush"}


def test_addresses_headers_and_bodies_may_stand_elsewhere(environ: dict[str, str]) -> None:
    config = load(file=SECRETS, env=environ)
    (signal,), (switch,) = config.schedule.signals, config.schedule.switches
    assert signal.url == switch.on_url == config.gateways[0].url == "http://10.1.0.5/hush"
    assert signal.headers == {"Authorization": "Bearer hush", "Accept": "text/plain"}
    assert switch.on_body == "Bearer hush"


def test_none_of_them_shows(environ: dict[str, str]) -> None:
    config = load(file=SECRETS, env=environ)
    told = f"{config.schedule!r}{config.notes}{print_toml(config=config)}"
    assert "hush" not in told


def test_a_command_that_needs_no_secrets_reads_none(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text(SECRETS)
    options = build_parser("status", "mother", "").parse_args(["-c", str(path)], env_vars={})
    config = Source(options, "mother", environ={}, secrets=False).load()
    assert config.schedule.signals[0].headers["Authorization"] == "***"
    assert config.gateways[0].miners == ("10.1.1.1",)


SECRET: list[dict[str, Any]] = [
    signal(url="hush"),
    signal(url="ftp://hush.example/"),
    signal(url="http://me:hush@x.example/"),
    signal(url="http://x.example/hush hush"),
    signal(url="http://x.example:99999/hush"),
    signal(url=["hush"]),
    signal(headers={"Authorization": "hush\nX: y"}),
    signal(headers={"Authorization": ["hush"]}),
    signal(headers={"Bearer hush": "x"}),
    signal(headers="hush"),
    signal(headers={"Authorization": "credential:../hush"}),
    facility(on_url="hush"),
    facility(state_url="http://hush@x.example"),
    facility(on_body=["hush"]),
    gate({**GATE, "url": "hush"}),
]


@pytest.mark.parametrize("tree", SECRET)
def test_what_may_be_secret_is_never_shown_with_what_is_wrong_in_it(tree: dict[str, Any]) -> None:
    (line,) = problems(file=tree)
    assert "hush" not in line.casefold()


def test_a_reference_that_leads_nowhere_is_named_once() -> None:
    (line,) = problems(file=signal(url="env:PRICE_URL"))
    assert line.startswith("schedule.signal[0].url: the environment variable PRICE_URL is not set")
    (line,) = problems(file=signal(headers={"Authorization": "credential:price"}))
    assert line.startswith("schedule.signal[0].headers.Authorization: there is no credential price")


def noted(text: str, mode: int, folder: Path) -> tuple[str, ...]:
    path = folder / "m.toml"
    path.write_text(text)
    path.chmod(mode)
    options = build_parser("run", "mother", "").parse_args(["-c", str(path)], env_vars={})
    return Source(options, "mother", environ={}).load().notes


def test_a_token_in_a_file_that_all_may_read_is_noted(tmp_path: Path) -> None:
    text = '[[schedule.signal]]\nname = "a"\nurl = "http://x.example"\nheaders = {{ {} }}\n'
    _, told = noted(text.format('Authorization = "x"'), 0o644, tmp_path)
    assert "chmod 640" in told
    assert len(noted(text.format('Accept = "x"'), 0o644, tmp_path)) == 1
    assert len(noted(text.format('Authorization = "x"'), 0o640, tmp_path)) == 1


# whatever stands there

KEYS = sorted({key.name for keys in BLOCKS.values() for key in keys} | {"apply_to", "x\n"})
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["06:00", "price", "1kW", "sleep", "http://x.example", "env:X", "mon"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*KEYS, *BLOCKS]), inner, max_size=4)
    ),
    max_leaves=12,
)
BLOCK = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6)
TOP = st.sampled_from([*BLOCKS, *(key.name for key in SCHEDULE)])


@given(st.dictionaries(TOP, st.lists(BLOCK, max_size=2) | VALUES, max_size=5), st.lists(BLOCK))
def test_whatever_stands_there_it_loads_or_its_problems_are_named(
    schedule: dict[str, Any], gateways: list[Any]
) -> None:
    try:
        load(file={"schedule": schedule, "minercontrol": gateways})
    except ConfigError as error:
        places = [line.split(".")[0].split("[")[0].split(":")[0] for line in error.lines]
        assert set(places) <= {"schedule", "minercontrol"}
