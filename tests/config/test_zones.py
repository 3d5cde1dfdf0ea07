"""The zone of the machine, and of names that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from mother.config.problems import ConfigError
from mother.config.zones import check_zone, machine_zone

ZONES = Path("/usr/share/zoneinfo")


@pytest.mark.parametrize(
    ("said", "expected"),
    [("Europe/Berlin", "Europe/Berlin"), (":Asia/Kolkata", "Asia/Kolkata"), ("CET-1CEST", "UTC")],
)
def test_the_variable_names_the_zone_of_the_machine(said: str, expected: str) -> None:
    assert machine_zone({"TZ": said}) == expected


def test_else_the_link_to_the_zone_database_does(tmp_path: Path) -> None:
    zones = tmp_path / "zoneinfo" / "posix" / "Australia"
    zones.mkdir(parents=True)
    (zones / "Lord_Howe").touch()
    link = tmp_path / "localtime"
    link.symlink_to(zones / "Lord_Howe")
    assert machine_zone({}, link) == "Australia/Lord_Howe"


def test_a_machine_that_does_not_tell_is_at_utc(tmp_path: Path) -> None:
    copied = tmp_path / "localtime"
    assert machine_zone({}, copied) == "UTC"
    copied.write_bytes(b"TZif2")
    assert machine_zone({}, copied) == "UTC"
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert machine_zone({}, loop) == "UTC"


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ("europe/berlin", "did you mean Europe/Berlin?"),
        ("Europe/Berln", "did you mean Europe/Berlin?"),
        ("Europe", "did you mean "),
        ("../etc/passwd", "e.g. Europe/Berlin or UTC"),
        ("/etc/localtime", "e.g. Europe/Berlin or UTC"),
        ("Europe/Ber\x00lin", "did you mean Europe/Berlin?"),
        ("Z\udc80", "e.g. Europe/Berlin or UTC"),
    ],
)
def test_a_name_that_is_no_zone_is_refused_with_the_nearest(said: str, cure: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_zone(said, "schedule.time_zone")
    assert "is no time zone" in caught.value.lines[0]
    assert cure in caught.value.lines[0]
