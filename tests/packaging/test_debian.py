"""The Debian package's own parts: versions, man page, completion, configuration, scripts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

import mother
from mother.config.options import OPTIONS
from mother.terminal.manual import COMMANDS

ROOT = Path(__file__).parent.parent.parent
DEBIAN = ROOT / "packaging/debian"
BASH = shutil.which("bash") or "/bin/bash"
SCRIPTS = ("build", "compare", "pin", "strip", "mother.postinst", "mother.prerm", "mother.postrm")
NOTES = """# Changelog

## [0.3.0] - %s

### Added
- A thing that is [told](docs/thing.md) at a length which does not fit into one line of the width
  that Debian's tools want.

## [0.2.0] - 2026-11-21

### Added
- Another.
"""


def made(script: str, *words: str) -> str:
    """What a script of the package prints, run as the build runs it."""
    done = subprocess.run(
        [sys.executable, DEBIAN / script, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT), "SOURCE_DATE_EPOCH": "1795000000"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# versions


def version(folder: Path, released: str, when: int, commit: str = "2e11165") -> str:
    """The version that the package of a commit gets."""
    notes = folder / "CHANGELOG.md"
    notes.write_text(NOTES % released)
    says = made(
        "changelog.py", str(notes), f"--commit={commit}", f"--when={when}", "--maintainer=A <a@b.c>"
    )
    found = re.match(r"mother \((.*)\)", says)
    assert found, says
    return found[1]


def is_before(one: str, other: str) -> bool:
    """Whether Debian upgrades from the one to the other."""
    dpkg = shutil.which("dpkg") or pytest.skip("only Debian's own tool can tell")
    return (
        subprocess.run([dpkg, "--compare-versions", one, "lt", other], check=False).returncode == 0
    )


def test_a_commit_is_newer_than_the_one_before_and_older_than_the_release(tmp_path: Path) -> None:
    before = version(tmp_path, "unreleased", 1795000000, "fffffff")
    after = version(tmp_path, "unreleased", 1795000001, "0000000")
    changed = version(tmp_path, "unreleased", 1795000001, "0000000+changed")
    release = version(tmp_path, "2026-12-01", 1795000002)
    assert release == "0.3.0"
    order = ["0.2.0", before, after, changed, release]
    assert all(is_before(one, other) for one, other in pairwise(order)), order


def test_the_change_log_tells_every_version_in_lines_that_fit(tmp_path: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text(NOTES % "unreleased")
    told = made(
        "changelog.py",
        str(tmp_path / "CHANGELOG.md"),
        "--commit=1",
        "--when=1795000000",
        "--maintainer=A <a@b.c>",
        "--version=9",
    )
    assert re.findall(r"^mother \((.*?)\)", told, re.MULTILINE) == ["9", "0.2.0"]
    assert "A thing that is told at a length" in told
    assert max(map(len, told.splitlines())) <= 80


# pages


@pytest.fixture(scope="module")
def page() -> str:
    """The man page."""
    return made("pages/man.py")


def test_the_man_page_tells_every_command_and_every_option(page: str) -> None:
    plain = page.replace("\\-", "-")
    for name in COMMANDS:
        assert re.search(rf"^\\fBmother {name}\b", plain, re.MULTILINE), name
    for option in OPTIONS:
        if option.has_flag:
            assert option.flag in plain, option.flag
        assert option.env in plain, option.env
    for title in ("EXIT STATUS", "SIGNALS", "ENVIRONMENT", "FILES", "EXAMPLES"):
        assert f".SH {title}" in plain


def test_the_man_page_names_the_version_and_the_day_of_the_commit(page: str) -> None:
    assert page.startswith(f'.TH MOTHER 1 "2026-11-18" "mother {mother.__version__}"')


def test_a_line_that_looks_like_a_request_is_text(page: str) -> None:
    known = {"TH", "SH", "SS", "TP", "IP", "PP", "RS", "RE", "EX", "EE", "sp"}
    assert {line.split()[0][1:] for line in page.splitlines() if line[:1] in {".", "'"}} <= known


def test_the_packaged_configuration_explains_every_option_and_sets_none() -> None:
    text = made("pages/settings.py")
    assert tomllib.loads(text) == {}
    for option in OPTIONS:
        if option.key not in {"credentials", "pools"}:
            assert re.search(rf"^#{option.key} = ", text, re.MULTILINE), option.key


# completion


@pytest.fixture(scope="module")
def completion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script, as bash loads it."""
    path = tmp_path_factory.mktemp("completion") / "mother"
    path.write_text(made("pages/completion.py"))
    return path


def completed(script: Path, words: str) -> set[str]:
    """What bash offers for the last word of a line."""
    asks = (
        f'source "{script}"; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); '
        '_mother; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    run = [BASH, "--norc", "-c", asks]
    done = subprocess.run(run, cwd=script.parent, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return set(done.stdout.split())


def test_a_command_is_completed(completion: Path) -> None:
    assert completed(completion, "mother ''") == set(COMMANDS)
    assert completed(completion, "mother fac") == {"factory-reset"}
    assert completed(completion, "mother help sim") == {"simulate"}


def test_the_options_of_a_command_are_completed(completion: Path) -> None:
    assert completed(completion, "mother run --stat") >= {"--statsd-host", "--state-file"}
    assert completed(completion, "mother --statsd-h") == {"--statsd-host"}
    assert completed(completion, "mother hold --w") == {"--why"}
    assert completed(completion, "mother hold --statsd") == set()


def test_the_words_that_an_option_takes_are_completed(completion: Path) -> None:
    modes = {"efficient", "balanced", "factory", "performance"}
    assert completed(completion, "mother run --dragon-autotune-mode ''") == modes
    assert completed(completion, "mother run --dragon-autotune-mode = bal") == {"balanced"}
    assert completed(completion, "mother run --log-format j") == {"json", "journal"}


def test_files_are_completed_where_an_option_wants_one(completion: Path) -> None:
    (completion.parent / "farm.toml").touch()
    assert completed(completion, "mother run --config far") == {"farm.toml"}
    assert completed(completion, "mother run --statsd-port far") == set()


def test_a_scope_is_completed(completion: Path) -> None:
    assert completed(completion, "mother plan al") == {"all"}
    assert completed(completion, "mother undo ''") == {"last"}


# scripts


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_of_the_package_has_no_errors_of_syntax(name: str) -> None:
    shell = "sh" if name.startswith("mother.") else BASH
    run = [shell, "-n", str(DEBIAN / name)]
    assert subprocess.run(run, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("name", ["build", "compare", "pin", "strip", "rules"])
def test_a_program_of_the_package_can_be_run(name: str) -> None:
    assert os.access(DEBIAN / name, os.X_OK)


def test_what_the_package_holds_is_pinned() -> None:
    lines = (DEBIAN / "constraints.txt").read_text().splitlines()
    pinned = {
        re.sub("[-_.]+", "-", line.partition("==")[0]).lower() for line in lines if "==" in line
    }
    assert all("==" in line or line.startswith("#") for line in lines)
    setup = (ROOT / "setup.py").read_text()
    needed = setup[setup.index("install_requires=") : setup.index('"postgres"')]
    asked = {
        re.sub("[-_.]+", "-", name).lower() for name in re.findall(r'"([\w.-]+)[^"]*>=', needed)
    }
    assert asked - pinned == set()
    assert len(asked) > 5


def test_the_build_refuses_a_word_it_does_not_know() -> None:
    done = subprocess.run([DEBIAN / "build", "--what"], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "--version" in done.stderr


# the boot test where it cannot boot


def tried(**environment: str) -> subprocess.CompletedProcess[str]:
    """The boot test on a machine that lacks root and the programs it needs."""
    script = ROOT / "packaging/boot/try"
    python = "import os; os.geteuid = lambda: 1000; import sys, runpy; "
    python += f"sys.argv = ['try']; runpy.run_path('{script}', run_name='__main__')"
    given = {"PATH": os.environ["PATH"], **environment}
    run = [sys.executable, "-c", python]
    return subprocess.run(run, env=given, capture_output=True, text=True, check=False)


def test_a_machine_that_cannot_boot_is_no_success() -> None:
    done = tried()
    assert done.returncode == 3
    assert "NOTHING was shown" in done.stderr
    assert done.stdout == ""


def test_a_machine_that_need_not_boot_says_so_all_the_same() -> None:
    done = tried(MOTHER_WITHOUT_BOOT="1")
    assert done.returncode == 0
    assert "NOTHING was shown" in done.stderr
