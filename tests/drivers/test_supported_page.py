"""The page of supported devices: what the code says, and no claim that no test touches."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mother.core.model import CommandKind
from mother.drivers.base import Evidence, Family
from mother.drivers.marks import MARKS
from tests.drivers.supported import looked_at
from tests.drivers.supported_page import FOREIGN, RECORDED, RECORDINGS, TAKES, Tables, known
from tests.net.turning import in_reactor, reactor

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "supported-devices.md"
KNOWN = {family.name: family for family in known(reactor)}

_NAMED = re.compile(r"\b(?:CommandKind|KIND)\.([A-Z_]+)\b")


@pytest.fixture(params=sorted(KNOWN))
def family(request: pytest.FixtureRequest) -> Family:
    return KNOWN[request.param]


def touched(family: Family) -> set[CommandKind]:
    """The commands that the tests of this family name, of all its devices."""
    text = "\n".join(path.read_text() for path in (HERE / family.name).glob("*.py"))
    return {CommandKind[name] for name in _NAMED.findall(text)}


@in_reactor
async def test_the_page_is_what_the_drivers_and_the_simulated_devices_say() -> None:
    met = await looked_at(reactor)
    page = PAGE.read_text()
    assert Tables(list(KNOWN.values()), met).up_to_date(page) == page
    for name, recorded in RECORDED.items():
        assert set(recorded) <= {one.description.model for one in met.get(name, [])}, name


def test_every_table_is_on_the_page() -> None:
    page = PAGE.read_text()
    for name in Tables(list(KNOWN.values()), {}).all:
        assert f"<!-- table: {name} -->" in page, name


def test_every_command_has_its_row() -> None:
    assert list(dict.fromkeys(TAKES)) == list(TAKES)
    assert set(TAKES) == set(CommandKind)


def test_every_command_that_is_claimed_is_touched_by_a_test_of_its_family(family: Family) -> None:
    claimed = {
        kind for kind, one in family.capabilities.items() if one.evidence is not Evidence.UNTESTED
    }
    assert claimed - touched(family) == set()


def test_who_claims_recordings_has_them(family: Family) -> None:
    assert set(RECORDED) == set(KNOWN)
    for pattern, what in RECORDED[family.name].values():
        assert list(RECORDINGS.glob(pattern)), pattern
        assert what
    by_recording = {one.evidence for one in family.capabilities.values()}
    assert Evidence.RECORDING not in by_recording or (RECORDINGS / family.name).is_dir()


def test_a_foreign_firmware_that_is_said_to_be_recorded_is() -> None:
    assert set(FOREIGN) <= {mark.name for mark in MARKS}
    for pattern in FOREIGN.values():
        assert list(RECORDINGS.glob(pattern)), pattern


def test_no_password_is_on_the_page(family: Family) -> None:
    page = PAGE.read_text()
    for login in family.default_credentials:
        if login.password not in (login.username, *KNOWN):
            assert login.password not in page
        assert f"{login.username}/{login.password}" not in page
