"""Where the file goes, who may read it, and what becomes of the one before it."""

from __future__ import annotations

import grp
import os
import stat
from pathlib import Path

import pytest

from mother.config.problems import ConfigError
from mother.config.sample import print_toml
from mother.terminal.initial_file import Places, Target, save, target_of


def places(folder: Path) -> Places:
    return Places(settings=folder / "etc", group=grp.getgrall()[-1].gr_name)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_service_file_is_the_default_where_its_directory_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert target_of(None, places(tmp_path), force=False) == Target(Path("mother.toml"), False)
    (tmp_path / "etc").mkdir()
    expected = Target(tmp_path / "etc" / "mother.toml", True)
    assert target_of(None, places(tmp_path), force=False) == expected
    assert target_of("other.toml", places(tmp_path), force=False).packaged is False


def test_a_file_that_is_there_is_replaced_only_when_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "mother.toml"
    path.write_text(print_toml())
    with pytest.raises(ConfigError, match="--force replaces it"):
        target_of(str(path), places(tmp_path), force=False)
    assert target_of(str(path), places(tmp_path), force=True).there


def test_the_packaged_file_that_names_no_network_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    path = tmp_path / "etc" / "mother.toml"
    path.write_text(print_toml())
    assert target_of(None, places(tmp_path), force=False).there
    path.write_text('network = ["10.1.0.0/22"]\n')
    with pytest.raises(ConfigError, match="exists already"):
        target_of(None, places(tmp_path), force=False)
    path.write_text("what = [")
    with pytest.raises(ConfigError, match="not valid TOML"):
        target_of(None, places(tmp_path), force=False)


@pytest.mark.parametrize(
    ("name", "says"),
    [("x.json", "ends in .toml"), ("no/x.toml", "no directory"), ("d.toml", "is no file")],
)
def test_what_cannot_be_written_is_said_before_the_scan(
    tmp_path: Path, name: str, says: str
) -> None:
    (tmp_path / "d.toml").mkdir()
    with pytest.raises(ConfigError, match=says) as caught:
        target_of(str(tmp_path / name), places(tmp_path), force=True)
    assert len(caught.value.lines) == 1


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "mother.toml"
    assert save(Target(path, False), "a = 1\n", places(tmp_path)) is None
    assert (path.read_text(), rights(path)) == ("a = 1\n", 0o600)


def test_the_service_file_may_be_read_by_the_service_group(tmp_path: Path) -> None:
    path = tmp_path / "mother.toml"
    save(Target(path, True), "a = 1\n", places(tmp_path))
    assert rights(path) == (0o640 if os.geteuid() == 0 else 0o600)
    if os.geteuid() == 0:
        assert grp.getgrgid(path.stat().st_gid).gr_name == places(tmp_path).group
    save(Target(path, True), "a = 2\n", Places(group="nobody-has-this-group"))
    assert rights(path) == 0o600


def test_every_file_that_stood_there_is_kept_with_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "mother.toml"
    path.write_text("first\n")
    path.chmod(0o640)
    target = Target(path, False, there=True)
    assert save(target, "second\n", places(tmp_path)) == tmp_path / "mother.toml.bak"
    assert save(target, "third\n", places(tmp_path)) == tmp_path / "mother.toml.bak2"
    kept = {one.name: (one.read_text(), rights(one)) for one in tmp_path.iterdir()}
    assert kept == {
        "mother.toml": ("third\n", 0o640),
        "mother.toml.bak": ("first\n", 0o640),
        "mother.toml.bak2": ("second\n", 0o640),
    }


def test_who_could_read_the_file_before_can_read_the_new_one_but_not_everybody(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mother.toml"
    path.write_text("first\n")
    path.chmod(0o664)
    owner = (12345, 23456) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    os.chown(path, *owner)
    save(Target(path, False, there=True), "second\n", places(tmp_path))
    assert (path.stat().st_uid, path.stat().st_gid) == owner
    assert rights(path) == 0o640


def test_a_link_is_followed_and_its_file_kept_beside_it(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "m.toml", tmp_path / "mother.toml"
    real.write_text("first\n")
    link.symlink_to(real)
    kept = save(Target(link, False, there=True), "second\n", places(tmp_path))
    assert kept == tmp_path / "real" / "m.toml.bak"
    assert link.is_symlink()
    assert (real.read_text(), kept.read_text()) == ("second\n", "first\n")
