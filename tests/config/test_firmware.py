"""The operator's own firmware file: what is asked of it, and whom it is for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mother.config.model import Config, DeviceSettings
from tests.config.given import load, problems

ONE, TWO = "1a" * 32, "2b" * 32
NO_DIGEST = "comes without firmware_sha256; `sha256sum FILE` prints it"


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "t1_20180515_060842.swu"
    path.write_bytes(b"firmware")
    return str(path)


def of(settings: DeviceSettings) -> tuple[str | None, str | None]:
    return settings.firmware_file, settings.firmware_sha256


def block_of(config: Config) -> tuple[str | None, str | None]:
    return of(config.for_device("T1", ""))


def test_a_file_with_its_digest_is_taken_from_flags_variables_and_file(file: str) -> None:
    assert of(load(f"--firmware-file={file}", f"--firmware-sha256={ONE}").settings) == (file, ONE)
    env = {"MOTHER_FIRMWARE_FILE": file, "MOTHER_FIRMWARE_SHA256": ONE}
    assert of(load(env=env).settings) == (file, ONE)
    text = f'firmware_file = "{file}"\nfirmware_sha256 = "{ONE}"'
    assert of(load(file=text).settings) == (file, ONE)


def test_a_digest_of_any_case_is_kept_lower() -> None:
    assert load("--firmware-sha256", f" {ONE.upper()} ").settings.firmware_sha256 == ONE


def test_a_digest_alone_pins_what_the_miners_own_check_names() -> None:
    config = load("--dragon-auto-upgrade", f"--firmware-sha256={ONE}")
    assert of(config.settings) == (None, ONE)
    assert config.notes == ()


def test_upgrades_need_no_file() -> None:
    config = load("--dragon-auto-upgrade")
    assert (config.settings.auto_upgrade, config.notes) == (True, ())


def test_a_file_without_its_digest_is_refused(file: str) -> None:
    assert problems(f"--firmware-file={file}") == [f"--firmware-file: {NO_DIGEST}"]
    assert problems(file=f'firmware_file = "{file}"') == [f"firmware_file: {NO_DIGEST}"]


@pytest.mark.parametrize(
    "digest", ["12", ONE[:-1], ONE + "0", "x" * 64, f"{ONE}  t1_20180515_060842.swu"]
)
def test_what_is_no_digest_is_refused(file: str, digest: str) -> None:
    (line,) = problems(f"--firmware-file={file}", f"--firmware-sha256={digest}")
    assert line.startswith(
        "--firmware-sha256: must be the 64 hex digits that `sha256sum FILE` prints, not '"
    )


def test_a_digest_that_is_a_number_is_refused() -> None:
    assert problems(file="firmware_sha256 = 12") == [
        "firmware_sha256: must be a text of 64 hex digits, not a number"
    ]


def refused(path: str) -> str:
    (line,) = problems(f"--firmware-file={path}", f"--firmware-sha256={ONE}")
    return line


@pytest.mark.parametrize(
    "name",
    ["firmware.swu", "T1.swu", "t1_20180515_060842", "t1 20180515.swu", ".t1_20180515.swu", "20"],
)
def test_a_file_whose_name_tells_no_version_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    assert refused(str(path)).endswith(
        "does not tell a version; keep the maker's name, e.g. t1_20180515_060842.swu"
    )


def test_what_is_no_readable_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    folder, pipe, missing = (str(tmp_path / f"t1_2018{n}.swu") for n in range(3))
    os.mkdir(folder)
    os.mkfifo(pipe)
    assert "is no regular file" in refused(folder)
    assert "is no regular file" in refused(pipe)
    assert "cannot be read: No such file or directory" in refused(missing)
    assert refused("") == "--firmware-file: must be a path, not ''"


def test_a_path_that_no_file_can_have_is_refused_in_a_line() -> None:
    (line,) = problems(file={"firmware_file": "\ud800/t1_2018.swu", "firmware_sha256": ONE})
    assert "is no path of this machine" in line
    (line,) = problems(file={"firmware_file": "/\x00/t1_2018.swu", "firmware_sha256": ONE})
    assert "must be a path" in line


def test_a_block_that_names_no_firmware_has_the_general_pair(file: str) -> None:
    general = (f"--firmware-file={file}", f"--firmware-sha256={ONE}")
    assert block_of(load(*general, file="[[configs]]\nauto_upgrade = true")) == (file, ONE)


def test_a_block_with_a_file_of_its_own_needs_a_digest_of_its_own(file: str) -> None:
    text = f'[[configs]]\nauto_upgrade = true\nfirmware_file = "{file}"\n'
    general = f"--firmware-sha256={ONE}"
    assert problems(general, file=text) == [f"configs[0].firmware_file: {NO_DIGEST}"]
    assert block_of(load(general, file=f'{text}firmware_sha256 = "{TWO}"')) == (file, TWO)


def test_a_block_with_a_digest_alone_does_not_take_the_general_file(file: str) -> None:
    general = (f"--firmware-file={file}", f"--firmware-sha256={ONE}", "--dragon-auto-upgrade")
    text = f'[[configs]]\nauto_upgrade = true\nfirmware_sha256 = "{TWO.upper()}"'
    assert block_of(load(*general, file=text)) == (None, TWO)


def test_a_bad_file_in_a_block_is_told_with_its_place() -> None:
    text = f'[[configs]]\nfirmware_file = "/nowhere/t1_2018.swu"\nfirmware_sha256 = "{ONE}"'
    assert problems(file=text) == [
        "configs[0].firmware_file: '/nowhere/t1_2018.swu' cannot be read: No such file or directory"
    ]


def test_a_file_that_no_miner_gets_is_said_once(file: str) -> None:
    general = (f"--firmware-file={file}", f"--firmware-sha256={ONE}")
    says = f"no miner gets {file}, since upgrades are off (dragon_auto_upgrade)"
    assert load(*general).notes == (f"firmware_file: {says}",)
    assert load(*general, file="[[configs]]\n").notes == (f"firmware_file: {says}",)
    assert load(*general, "--dragon-auto-upgrade").notes == ()
    assert load(*general, file="[[configs]]\nauto_upgrade = true").notes == ()
    own = f'[[configs]]\nauto_upgrade = false\nfirmware_file = "{file}"\nfirmware_sha256 = "{ONE}"'
    assert load("--dragon-auto-upgrade", file=own).notes == (f"configs[0].firmware_file: {says}",)
