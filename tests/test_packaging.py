"""What is handed out: the wheel, the documents, and the commands that make an environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from email.parser import Parser
from pathlib import Path

import pytest

import mother

ROOT = Path(__file__).parent.parent
BASH = shutil.which("bash") or "/bin/bash"
BUILT = ("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "MANIFEST.in", "Makefile", "README.md")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel as built from the source distribution of a clean copy."""
    copy = tmp_path_factory.mktemp("copy")
    for name in (*BUILT, "setup.py", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(ROOT / "mother", copy / "mother", ignore=shutil.ignore_patterns("__pycache__"))
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", "out", "."]
    done = subprocess.run(build, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((copy / "out").glob("*.tar.gz"))) == 1
    return zipfile.ZipFile(next((copy / "out").glob("*.whl")))


def metadata(wheel: zipfile.ZipFile, name: str) -> str:
    """One file of the wheel's `.dist-info`."""
    return wheel.read(f"mother-{mother.__version__}.dist-info/{name}").decode()


def test_the_wheel_carries_every_module_and_the_data_beside_them(wheel: zipfile.ZipFile) -> None:
    ours = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "mother").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours - set(wheel.namelist()) == set()
    assert "mother/py.typed" in ours
    assert any(name.startswith("mother/sim/replies/") for name in ours)


def test_the_wheel_carries_nothing_else(wheel: zipfile.ZipFile) -> None:
    folders = {name.split("/")[0] for name in wheel.namelist()}
    assert folders == {"mother", f"mother-{mother.__version__}.dist-info"}


def test_both_commands_come_with_the_wheel(wheel: zipfile.ZipFile) -> None:
    points = ConfigParser()
    points.read_string(metadata(wheel, "entry_points.txt"))
    assert set(points["console_scripts"]) == {"mother", "mother-of-dragons"}


def test_the_wheel_names_version_python_and_licence(wheel: zipfile.ZipFile) -> None:
    told = Parser().parsestr(metadata(wheel, "METADATA"))
    assert told["Version"] == mother.__version__
    assert told["Requires-Python"] == ">=3.11"
    assert told["License-Expression"] == "Apache-2.0"
    assert "Apache License" in metadata(wheel, "licenses/LICENSE")


def test_the_change_log_knows_this_version() -> None:
    log = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## \[([0-9.]+)\]", log, re.MULTILINE)
    assert mother.__version__ == versions[0]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_link_in_a_document_leads_to_a_file(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)
    near = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in near if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_readme_s_commands_exist(command: str) -> None:
    assert command in (ROOT / "README.md").read_text()
    target = command.split()[1]
    assert re.search(rf"^{target}: ", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", [".ci/run", ".ci/environment"])
def test_a_script_can_be_run_and_has_no_errors_of_syntax(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)
    assert subprocess.run([BASH, "-n", ROOT / name], check=False).returncode == 0


class Machine:
    """A machine on which only the given programs are on the PATH."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / "bin"
        self.path.mkdir()
        for tool in ("mktemp", "tee", "grep", "rm", "env", "bash"):
            (self.path / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")

    def program(self, name: str, script: str) -> None:
        """Put one on the PATH."""
        path = self.path / name
        path.write_text(f"#!{BASH}\n{script}\n")
        path.chmod(0o755)

    def make_environment(self) -> tuple[int, str]:
        """Exit code and words of the script that `make` calls."""
        done = subprocess.run(
            [BASH, ROOT / ".ci/environment", self._folder / "venv"],
            env={"PATH": str(self.path)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


MAKES_ENVIRONMENTS = """
case "$*" in
  *version_info*) echo "$0" ;;
  "-m venv"*) /bin/mkdir -p "${@: -1}/bin" && /bin/cp "$0" "${@: -1}/bin/python" ;;
  "-c import pip"*) exit 1 ;;
  "-m pip"*) %s ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_machine_without_a_new_python_is_told_which_one_to_install(machine: Machine) -> None:
    machine.program("python3", "exit 1")
    code, words = machine.make_environment()
    assert code != 0
    assert "needs Python 3.11 or newer" in words
    assert "apt-get install python3 python3-venv" in words


def test_a_machine_without_venv_is_told_the_package(machine: Machine) -> None:
    machine.program("python3", '[[ "$*" == *version_info* ]] && echo "$0"')
    code, words = machine.make_environment()
    assert code != 0
    assert "apt-get install python3-venv" in words


def test_a_machine_without_network_is_told_so(machine: Machine) -> None:
    failing = "echo 'Temporary failure in name resolution'; exit 1"
    machine.program("python3", MAKES_ENVIRONMENTS % failing)
    code, words = machine.make_environment()
    assert code != 0
    assert "does not reach" in words


def test_another_failure_of_pip_is_not_blamed_on_the_network(machine: Machine) -> None:
    machine.program("python3", MAKES_ENVIRONMENTS % "echo 'invalid requirement'; exit 1")
    code, words = machine.make_environment()
    assert code != 0
    assert "pip says why" in words
    assert "does not reach" not in words


def test_an_old_python_that_stands_before_a_new_one_is_passed_over(machine: Machine) -> None:
    machine.program("python3", "exit 1")
    machine.program("python3.12", MAKES_ENVIRONMENTS % "exit 0")
    code, words = machine.make_environment()
    assert code == 0
    assert "python3.12" in words
