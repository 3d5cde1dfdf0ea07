"""Secrets by reference: looked up at each load, checked as if they stood there, never shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mother.config.flags import build_parser
from mother.config.load import Source, print_toml
from mother.config.model import Config
from mother.config.subject import Subject
from tests.config.given import load, problems, source

SECRET = "hush-hush"
POOL = 'url = "stratum+tcp://pool.example:3333"\n'


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A service with two credentials and a variable."""
    (tmp_path / "pool").write_text(f"{SECRET}\n")
    (tmp_path / "telegram").write_text("json://hush-hush.example/1\n")
    return {"CREDENTIALS_DIRECTORY": str(tmp_path), "HUSH": SECRET}


def pool(username: str = "me", password: str = "x") -> str:
    return f'[[pools]]\n{POOL}username = "{username}"\npassword = "{password}"\n'


@pytest.mark.parametrize("reference", ["credential:pool", "env:HUSH"])
def test_a_pool_s_account_and_password_may_stand_elsewhere(
    environ: dict[str, str], reference: str
) -> None:
    config = load(file=pool(reference, reference), env=environ)
    (wish,) = config.settings.pools
    assert (wish.username, wish.password) == (SECRET, SECRET)


def test_so_may_those_of_blocks_single_miners_logins_and_the_predecessor_s_file(
    environ: dict[str, str],
) -> None:
    login = {"username": "env:HUSH", "password": "credential:pool"}
    one = {"url": "stratum+tcp://pool.example:3333", **login}
    config = load(
        file={
            "configs": [{"pools": [one]}],
            "miners": [{"pools": [{**one, "algorithm": "scrypt"}]}],
            "pools": [{"mac_addresses": ["a0:b0:45:00:e3:ab"], "pools": [one]}],
            "main": {"credentials": [{**login, "families": ["avalon"]}]},
        },
        env=environ,
    )
    wishes = (*config.blocks[0].settings.pools, *config.pools_by_mac["a0:b0:45:00:e3:ab"])
    found = [(wish.username, wish.password) for wish in wishes]
    found += [(login.username, login.password) for login in config.credentials]
    found += [(wish.username, wish.password) for wish in config.rules[0].said["pools"]]
    assert found == [(SECRET, SECRET)] * 4


def test_a_secret_that_is_missing_for_a_block_of_miners_is_named_with_its_place() -> None:
    one = {"url": "stratum+tcp://pool.example:3333", "username": "me", "password": "env:NO"}
    (line,) = problems(file={"miners": [{}, {"pools": [one]}]})
    assert line.startswith("miners[1].pools[0].password: the environment variable NO is not set")


def test_so_may_what_a_variable_holds(environ: dict[str, str]) -> None:
    logins = '[{"username": "admin", "password": "credential:pool"}]'
    config = load(env={**environ, "MOTHER_CREDENTIALS": logins})
    assert config.credentials[0].password == SECRET


def test_so_may_the_addresses_of_alarms(environ: dict[str, str]) -> None:
    environ["BEAT"] = "https://hc.example/ping/1"
    config = load(
        "--notify-url=credential:telegram",
        "--notify-url=json://plain.example",
        "--heartbeat-url=env:BEAT",
        env=environ,
    )
    assert config.alarm.urls == ("json://hush-hush.example/1", "json://plain.example")
    assert config.alarm.heartbeat_url == "https://hc.example/ping/1"


def test_each_load_looks_again(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "m.toml"
    file.write_text(pool(password="credential:pool"))
    where = source("-c", str(file), env=environ)
    assert where.load().settings.pools[0].password == SECRET
    (tmp_path / "pool").write_text("another")
    assert where.load().settings.pools[0].password == "another"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_line_feed_at_the_end_of_a_credential_is_no_part_of_it(
    environ: dict[str, str], tmp_path: Path, end: str
) -> None:
    (tmp_path / "pool").write_bytes(b" two words " + end.encode())
    config = load(file=pool("credential:pool"), env=environ)
    assert config.settings.pools[0].username == " two words "


def test_a_credential_that_is_missing_is_named_with_those_that_are_there(
    environ: dict[str, str],
) -> None:
    assert problems(file=pool("credential:pol", "env:NO_SUCH"), env=environ) == [
        "pools[0].username: there is no credential pol: there are pool, telegram; add "
        "LoadCredential=pol:PATH to the unit and restart it",
        "pools[0].password: the environment variable NO_SUCH is not set or empty; set it for the "
        "daemon, e.g. by EnvironmentFile= in the unit",
    ]


def test_where_there_are_no_credentials_at_all_that_is_said(tmp_path: Path) -> None:
    (line,) = problems(file=pool("credential:pool"))
    assert line.startswith(
        "pools[0].username: there is no credential pool: CREDENTIALS_DIRECTORY is not set."
    )
    (line,) = problems(file=pool("credential:pool"), env={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert "there are none; add LoadCredential=pool:PATH" in line


@pytest.mark.parametrize(
    "reference", ["credential:../shadow", "credential:a/b", "credential:", "credential:..", "env:",
                  "env:A B", "env:1"],
)  # fmt: skip
def test_a_name_that_is_none_is_refused_and_not_repeated(
    environ: dict[str, str], reference: str
) -> None:
    (line,) = problems(file=pool(reference), env=environ)
    kind, _, name = reference.partition(":")
    assert line.startswith(f"pools[0].username: {kind}: takes the name of ")
    assert not name or name not in line


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"x" * 70_000, "is longer than"),
    ],
)
def test_a_credential_that_holds_no_secret_is_refused(
    environ: dict[str, str], tmp_path: Path, content: bytes, says: str
) -> None:
    (tmp_path / "pool").write_bytes(content)
    (line,) = problems(file=pool("credential:pool"), env=environ)
    assert line.startswith(f"pools[0].username: the credential pool {says}")


@pytest.mark.parametrize("odd", ["one\ntwo", "one\ttwo", "one\x1b[2J", "one\u2028two"])
def test_what_holds_several_lines_is_no_one_value_and_is_refused(
    environ: dict[str, str], tmp_path: Path, odd: str
) -> None:
    (tmp_path / "pool").write_text(f"{odd}\n")
    environ["ODD"] = odd
    lines = problems(file=pool("env:ODD", "credential:pool"), env=environ)
    assert [line.partition(" holds more than one line")[0] for line in lines] == [
        "pools[0].username: the environment variable ODD",
        "pools[0].password: the credential pool",
    ]
    assert "two" not in "".join(lines)


def test_what_was_looked_up_is_checked_as_if_it_stood_there_and_not_repeated(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "pool").write_text("brndnmtthws.secret")
    (tmp_path / "telegram").write_text("no-address-hush-hush")
    lines = problems(
        "--notify-url=credential:telegram",
        "--heartbeat-url=credential:telegram",
        file=pool("credential:pool"),
        env=environ,
    )
    places = {line.partition(":")[0] for line in lines}
    assert places == {"pools[0].username", "--notify-url[0]", "--heartbeat-url"}
    assert "brndnmtthws.secret" not in "".join(lines)
    assert SECRET not in "".join(lines)


def everything_said_of(config: Config) -> str:
    whole = (config, config.settings, config.alarm, config.credentials, config.blocks)
    blocks = (config.rules, config.for_miner(Subject(algorithm="sha256")))
    return f"{whole!r}{blocks!r}{print_toml(config=config)}{config.notes}"


def test_no_secret_shows_in_a_repr_or_in_the_printed_file(environ: dict[str, str]) -> None:
    config = load(
        "--notify-url=credential:telegram",
        file=pool("credential:pool", "env:HUSH")
        + '[[credentials]]\nusername = "env:HUSH"\npassword = "credential:pool"\n'
        + pool("credential:pool", "env:HUSH").replace("[[pools]]", "[[miners]]\n[[miners.pools]]"),
        env=environ,
    )
    assert SECRET in json.dumps([one.password for one in config.credentials])
    assert config.for_miner(Subject(algorithm="sha256")).pools[0].password == SECRET
    assert SECRET not in everything_said_of(config)


def test_a_command_that_needs_no_secrets_does_not_look_for_them(tmp_path: Path) -> None:
    plain: dict[str, Any] = {
        "pools": [{"url": "stratum+tcp://p.example:1", "username": "u", "password": "env:NO"}],
        "notify_url": ["credential:telegram", "json://plain.example"],
        "heartbeat_url": "env:NO",
    }
    file = tmp_path / "m.json"
    file.write_text(json.dumps(plain))
    options = build_parser("status", "mother", "").parse_args(["-c", str(file)], env_vars={})
    config = Source(options, "mother", environ={}, secrets=False).load()
    assert config.alarm.urls == ("json://plain.example",)
    assert config.alarm.heartbeat_url is None
    assert config.settings.pools[0].password == "***"
