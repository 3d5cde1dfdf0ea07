"""The shape of the code: which way imports point, and how long a file or a function may be."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

_BELOW_JOBS = frozenset({"core", "config", "net", "sinks", "store", "drivers", "fleet"})
_BELOW_WEB = _BELOW_JOBS | {"jobs", "notify", "schedule"}
_BELOW_APP = _BELOW_WEB | {"web", "bot", "remote", "control", "desk", "finder"}

LEFT_OF: dict[str, frozenset[str]] = {
    "": frozenset(),
    "core": frozenset(),
    "config": frozenset({"core"}),
    "net": frozenset({"core"}),
    "sinks": frozenset({"core", "config.model"}),
    "store": frozenset({"core"}),
    "drivers": frozenset({"core", "net"}),
    "sim": frozenset({"core"}),
    "control": frozenset({"core"}),
    "fleet": frozenset({"core", "config.model", "config.subject", "drivers.base", "store"}),
    "jobs": _BELOW_JOBS,
    "notify": _BELOW_JOBS,
    "schedule": frozenset({"core", "config", "net", "drivers.base", "fleet"}),
    "desk": _BELOW_WEB,
    "finder": _BELOW_WEB | {"desk"},
    "web": _BELOW_WEB,
    "bot": _BELOW_WEB,
    "remote": _BELOW_WEB,
    "host": frozenset({"core"}),
    "announcing": frozenset({"core", "config", "notify"}),
    "app": _BELOW_APP | {"host"},
    "terminal": _BELOW_APP | {"host", "app", "announcing"},
    "simulating": _BELOW_APP | {"host", "app", "announcing", "terminal", "sim"},
    "cli": _BELOW_APP | {"host", "app", "announcing", "terminal", "simulating"},
    "__main__": frozenset({"cli"}),
}
"""What each part may import, besides itself; `x.y` allows that one module of `x` only."""

LONG_TABLES = frozenset({"mother/config/options.py"})
"""Files that are mostly a data table and may be longer."""

FILE_LINES = 400
FUNCTION_LINES = 40

IGNORE = re.compile(r"#\s*type:\s*ignore(?P<code>\[[a-z-]+(, ?[a-z-]+)*\])?(?P<rest>.*)")
NOQA = re.compile(r"#\s*noqa(:\s*[A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)*)?")


def names(*folders: str) -> list[str]:
    """Every Python file below these folders, relative to the repository."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


OURS = names("mother")
ALL = names("mother", "tests", "benchmarks")


def module_of(name: str) -> str:
    """`mother/core/loop.py` -> `core.loop`, `mother/core/__init__.py` -> `core`."""
    parts = list(Path(name).with_suffix("").parts[1:])
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str) -> Iterator[str]:
    """The full dotted names that the source imports, wherever they stand in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_within(module: str, allowed: str) -> bool:
    """Whether `module` is `allowed` or lies below it."""
    return module == allowed or module.startswith(allowed + ".")


def strangers(module: str, source: str) -> list[str]:
    """Which imports of ours point the wrong way (`module` without the leading `mother.`)."""
    part = module.partition(".")[0]
    allowed = LEFT_OF[part] | {part}
    found = [name.removeprefix("mother.") for name in imports(source) if is_within(name, "mother")]
    wanted = [name for name in found if name not in {"mother", "__version__"}]
    return [name for name in wanted if not any(is_within(name, each) for each in allowed)]


def families_crossed(module: str, source: str) -> list[str]:
    """Which imports make one device family know another, or a driver its simulator."""
    part, *rest = module.split(".")
    if part not in {"drivers", "sim"} or len(rest) < 2:
        return []
    families = {path.name for path in (ROOT / "mother" / part).iterdir() if path.is_dir()}
    others = families - {rest[0], "cgminer"}
    return [
        name
        for name in imports(source)
        if any(is_within(name, f"mother.{part}.{other}") for other in others)
    ]


def read(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("name", OURS)
def test_imports_point_to_the_left_only(name: str) -> None:
    assert strangers(module_of(name), read(name)) == []


@pytest.mark.parametrize("name", OURS)
def test_a_device_family_knows_no_other(name: str) -> None:
    assert families_crossed(module_of(name), read(name)) == []


def importers(module: str) -> set[str]:
    """Which of our files import this module or something below it."""
    return {name for name in OURS if any(is_within(each, module) for each in imports(read(name)))}


def test_only_the_command_line_names_the_global_reactor() -> None:
    assert importers("twisted.internet.reactor") <= {"mother/cli.py"}


def test_the_process_has_one_event_loop_only() -> None:
    assert importers("asyncio") == set()


@pytest.mark.parametrize("name", ALL)
def test_no_file_is_longer_than_four_hundred_lines(name: str) -> None:
    assert name in LONG_TABLES or read(name).count("\n") <= FILE_LINES


@pytest.mark.parametrize("name", ALL)
def test_no_function_is_longer_than_forty_lines(name: str) -> None:
    assert long_functions(read(name)) == []


@pytest.mark.parametrize("name", ALL)
def test_an_ignored_complaint_names_its_code_and_its_reason(name: str) -> None:
    assert bare_ignores(ROOT / name) == []


def long_functions(source: str) -> list[str]:
    """The functions of more than forty lines, decorators left out."""
    return [
        f"{node.name} in line {node.lineno}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES
    ]


def bare_ignores(path: Path) -> list[int]:
    """The lines whose `type: ignore` has no code, or no reason after it."""
    with path.open("rb") as lines:
        comments = [
            each for each in tokenize.tokenize(lines.readline) if each.type == tokenize.COMMENT
        ]
    return [
        comment.start[0]
        for comment in comments
        if (found := IGNORE.search(comment.string))
        and not (found["code"] and NOQA.sub("", found["rest"]).strip(" #"))
    ]


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("core.loop", "from mother.config.model import Config"),
        ("config.load", "from mother.net.http import Http"),
        ("sinks.statsd", "from mother.config.load import load"),
        ("sinks.statsd", "from mother.config import load"),
        ("drivers.dragonmint.driver", "from mother.fleet.roster import Roster"),
        ("drivers.dragonmint.parse", "from mother.sim.dragonmint import models"),
        ("sim.dragonmint.web", "import mother.drivers.dragonmint.parse"),
        ("fleet.roster", "from mother.drivers.dragonmint import driver"),
        ("fleet.roster", "from mother.drivers import registry"),
        ("jobs.scan", "from mother.sim.farm import Farm"),
        ("jobs.scan", "from mother.notify.mail import Mail"),
        ("web.api", "def late() -> None:\n    from mother.app import build"),
    ],
)
def test_an_import_that_points_the_wrong_way_is_seen(module: str, line: str) -> None:
    assert strangers(module, line)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("sinks.statsd", "from mother.config.model import Statsd"),
        ("fleet.roster", "from mother.drivers.base import Family"),
        ("fleet.roster", "from mother.drivers import base"),
        ("cli", "from mother import __version__"),
        ("simulating", "from mother.sim.farm import Farm"),
    ],
)
def test_an_import_that_points_the_right_way_is_let_through(module: str, line: str) -> None:
    assert strangers(module, line) == []


def test_a_family_that_knows_another_is_seen() -> None:
    assert families_crossed("drivers.whatsminer.driver", "import mother.drivers.dragonmint.parse")


@pytest.mark.parametrize(
    ("line", "bad"),
    [
        ("x = 1  # type: ignore\n", [1]),
        ("x = 1  # type: ignore[misc]\n", [1]),
        ("x = 1  # type: ignore[misc]  # noqa: N802\n", [1]),
        ("x = 1  # type: ignore[misc]  # the package has no types\n", []),
        ("x = '# type: ignore'\n", []),
    ],
)
def test_an_ignore_without_code_or_reason_is_seen(
    tmp_path: Path, line: str, bad: list[int]
) -> None:
    path = tmp_path / "sample.py"
    path.write_text(line)
    assert bare_ignores(path) == bad


def test_a_function_that_is_too_long_is_seen() -> None:
    body = "    pass\n" * FUNCTION_LINES
    assert long_functions(f"def f():\n{body}") == ["f in line 1"]
    assert long_functions(f"def f():\n{body[9:]}") == []
