"""Where files lie: in the directories of the service, and where a command looks for the socket."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mother.config.places import SERVICE_FILE, socket_for
from tests.config.given import load

SERVICE = {
    "STATE_DIRECTORY": "/var/lib/mother",
    "CACHE_DIRECTORY": "/var/cache/mother",
    "RUNTIME_DIRECTORY": "/run/mother",
}


def test_in_a_service_files_lie_in_its_directories() -> None:
    config = load(env=SERVICE)
    assert config.inventory_file == "/var/lib/mother/dragon-inventory.json"
    assert config.state_file == "/var/lib/mother/mother-state.json"
    assert config.firmwares_path == "/var/cache/mother/firmwares/"
    assert config.control_socket == "/run/mother/mother.sock"


def test_elsewhere_they_lie_where_they_did() -> None:
    for env in ({}, {"STATE_DIRECTORY": "", "CACHE_DIRECTORY": "relative"}):
        config = load(env=env)
        assert config.inventory_file == "dragon-inventory.json"
        assert config.state_file == "mother-state.json"
        assert config.firmwares_path == "firmwares/"
        assert config.control_socket == "mother.sock"


def test_an_option_that_is_named_speaks_before_the_service() -> None:
    config = load("--state-file=/srv/s.json", file='inventory_file = "i.json"\n', env=SERVICE)
    assert config.inventory_file == "i.json"
    assert config.state_file == "/srv/s.json"
    assert config.control_socket == "/run/mother/mother.sock"


def test_of_several_directories_the_first_counts() -> None:
    config = load(env={"STATE_DIRECTORY": "/var/lib/mother:/var/lib/other"})
    assert config.state_file == "/var/lib/mother/mother-state.json"
    assert config.control_socket == "/var/lib/mother/mother.sock"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    return tmp_path


def found(here: Path, own: str = "mother.sock", **named: str | None) -> str:
    return socket_for(own, named, service=str(here / "run/mother.sock"))


def test_a_command_that_names_nothing_finds_the_service(here: Path) -> None:
    assert found(here) == "mother.sock"
    (here / "run/mother.sock").touch()
    assert found(here) == str(here / "run/mother.sock")
    assert found(here, config=None, state_file=None) == str(here / "run/mother.sock")


def test_the_daemon_of_this_directory_comes_first(here: Path) -> None:
    (here / "run/mother.sock").touch()
    (here / "mother.sock").touch()
    assert found(here) == "mother.sock"


@pytest.mark.parametrize("name", ["config", "inventory_file", "state_file", "control_socket"])
def test_who_names_a_daemon_means_that_one(here: Path, name: str) -> None:
    (here / "run/mother.sock").touch()
    assert found(here, **{name: "x"}) == "mother.sock"


def test_the_service_s_own_file_means_the_service(here: Path) -> None:
    (here / "run/mother.sock").touch()
    assert found(here, config=SERVICE_FILE) == str(here / "run/mother.sock")
    assert found(here, "/srv/mother.sock", config=SERVICE_FILE) == "/srv/mother.sock"


def test_a_socket_in_a_directory_of_another_user_s_is_there(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: str) -> None:
        raise PermissionError(13, "denied", path) if "run/" in path else FileNotFoundError(path)

    monkeypatch.setattr(os, "lstat", denied)
    assert found(here) == str(here / "run/mother.sock")
