"""The unit that is shipped: it is hardened, and does what its words promise."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mother.terminal.process import NOTHING_NAMED

UNIT = Path(__file__).parent.parent / "packaging/systemd/mother.service"
REQUIRED = os.environ.get("MOTHER_REQUIRE_REAL_PARTS") == "1"
EXPOSURE = 15
"""Tenths, of the scale of systemd-analyze: 0 is none."""


def settings() -> list[tuple[str, str]]:
    rows = [line.partition("=") for line in UNIT.read_text().splitlines()]
    return [(name, value) for name, mark, value in rows if mark and not name.startswith("#")]


def value(name: str) -> str:
    (found,) = [text for key, text in settings() if key == name]
    return found


def seconds(name: str) -> float:
    return float(value(name))


@pytest.fixture
def analyze() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        words = "systemd-analyze is missing (package systemd)"
        if REQUIRED:
            pytest.fail(words)
        pytest.skip(words)
    return program


def exposure(analyze: str, unit: Path) -> tuple[int, str]:
    words = ["security", "--offline=yes", f"--threshold={EXPOSURE}", "--no-pager", str(unit)]
    done = subprocess.run(
        [analyze, *words], capture_output=True, text=True, timeout=30, check=False
    )
    return done.returncode, (done.stdout + done.stderr)[-200:]


def test_it_is_hardened(analyze: str) -> None:
    code, words = exposure(analyze, UNIT)
    assert code == 0, words


def test_a_unit_that_is_less_so_is_seen(analyze: str, tmp_path: Path) -> None:
    kept = re.sub(r"(?m)^(Capability|SystemCall|Protect|Private).*$", "", UNIT.read_text())
    soft = tmp_path / "mother.service"
    soft.write_text(kept)
    assert exposure(analyze, soft)[0] != 0


def test_after_a_kill_or_a_hang_it_is_back_within_ten_seconds() -> None:
    start = 2.5  # seconds, on a slow machine
    assert value("Restart") == "always"
    assert seconds("WatchdogSec") + seconds("RestartSec") + start < 10


def test_it_never_gives_up_and_does_not_spin() -> None:
    assert value("StartLimitIntervalSec") == "0"
    assert seconds("RestartSec") >= 1


def test_a_configuration_that_a_person_must_mend_is_not_tried_again() -> None:
    assert value("RestartPreventExitStatus") == "2"


def test_a_stop_has_more_time_than_mother_takes_for_it() -> None:
    assert seconds("TimeoutStopSec") > 5


def test_without_a_network_it_is_skipped_and_with_one_it_runs() -> None:
    run, condition = value("ExecStart"), value("ExecCondition")
    assert run.split(" ")[:2] == ["/usr/bin/mother", "run"]
    asked = run.replace(" run ", " check-config ") + " --network-named"
    assert condition == f"/bin/sh -c '{asked}; [ $? -ne {NOTHING_NAMED} ]'"


def test_what_its_work_needs_is_not_forbidden() -> None:
    names = [name for name, _ in settings()]
    assert "MemoryDenyWriteExecute" not in names  # TLS: pyOpenSSL's callbacks
    assert "ProcSubset" not in names  # routes and neighbours in /proc
    assert "InaccessiblePaths" not in names  # firmware files below /srv
    assert {"AF_INET", "AF_INET6", "AF_UNIX"} <= set(value("RestrictAddressFamilies").split())


def test_its_own_files_are_for_its_own_user() -> None:
    assert value("StateDirectoryMode") == value("CacheDirectoryMode") == "0700"
    assert value("UMask") == "0077"
