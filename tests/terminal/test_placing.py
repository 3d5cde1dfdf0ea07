"""`mother places`: out as a file, in after a look and a yes; and `mother retire`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest_twisted

from mother.terminal.errand import who
from tests.control.desk import Desk, miner
from tests.terminal.desking import talking

MAC, NEW, OTHER = "a0:b0:45:00:00:01", "00:11:22:33:44:56", "00:11:22:33:44:57"


def farm() -> Desk:
    desk = Desk()
    desk.stands = [{"mac": MAC, "worker": "dragon-1", "serial": "S1", "place": {"owner": "Ann"}}]
    return desk


def placed(desk: Desk) -> list[Any]:
    return [asked for asked in desk.asked if asked[0] == "place"]


@pytest_twisted.ensureDeferred
async def test_places_go_to_a_file_or_to_standard_output(tmp_path: Path) -> None:
    file = tmp_path / "racks.csv"
    async with talking(tmp_path, farm()) as ask:
        done = await ask("places", "export", str(file))
        assert (done.code, done.out) == (0, f"1 miner in {file}, 1 of them placed.\n")
        assert (await ask("places", "export")).out == file.read_text()
        again = await ask("places", "export", str(file))
    assert (again.code, again.out) == (2, "")
    assert "is there already" in again.err


@pytest_twisted.ensureDeferred
async def test_an_import_shows_asks_and_writes_what_differs(tmp_path: Path) -> None:
    desk, file = farm(), tmp_path / "racks.csv"
    file.write_text(f"mac,serial,rack,owner\n,s1,A3,\n{NEW},,B1,\n")
    async with talking(tmp_path, desk) as ask:
        looked = await ask("places", "import", str(file), "--dry-run")
        asked = await ask("places", "import", str(file))
        assert (looked.code, asked.code, placed(desk)) == (0, 2, [])
        done = await ask("places", "import", str(file), "--yes")
    assert done.code == 0
    assert "2 places to write, 0 are so already." in done.out
    assert "1 MAC address mother has not met yet" in done.out
    assert "mother places import /srv/places-1.csv --replace" in done.out
    ((_, rows, by, backup),) = placed(desk)
    assert (by, backup) == (who(), True)
    assert {row["mac"]: (row["place"]["rack"], row["place"]["owner"]) for row in rows} == {
        MAC: ("A3", "Ann"), NEW: ("B1", ""),
    }  # fmt: skip


@pytest_twisted.ensureDeferred
async def test_a_serial_is_kept_of_who_tells_none_itself(tmp_path: Path) -> None:
    desk, file = farm(), tmp_path / "racks.csv"
    desk.stands.append({"mac": OTHER, "worker": "b", "serial": "S2", "place": {"serial": "S2"}})
    file.write_text(f"mac,serial,rack\n{MAC},S9,A1\n{OTHER},S3,A1\n{NEW},S4,A1\n")
    async with talking(tmp_path, desk) as ask:
        done = await ask("places", "import", str(file), "--yes")
    assert "serial: S2 -> S3" in done.out
    ((_, rows, _, _),) = placed(desk)
    assert {row["mac"]: row["place"]["serial"] for row in rows} == {
        MAC: "", OTHER: "S3", NEW: "S4",
    }  # fmt: skip


@pytest_twisted.ensureDeferred
async def test_an_empty_cell_empties_a_field_when_that_is_said(tmp_path: Path) -> None:
    desk, file = farm(), tmp_path / "racks.csv"
    file.write_text(f"mac,owner\n{MAC},\n")
    async with talking(tmp_path, desk) as ask:
        assert "0 places to write" in (await ask("places", "import", str(file), "--yes")).out
        await ask("places", "import", str(file), "--yes", "--replace")
    assert placed(desk)[0][1][0]["place"]["owner"] == ""


@pytest_twisted.ensureDeferred
async def test_one_bad_row_and_nothing_is_changed(tmp_path: Path) -> None:
    desk, file = farm(), tmp_path / "racks.csv"
    async with talking(tmp_path, desk) as ask:
        for row, why in (
            ("foo,,A1", "mac: 'foo' is no MAC address"),
            (",S9,A1", "serial: 'S9': no known miner has it, so the row needs a mac"),
            (",S1,A1", f"{MAC} stands in line 2 already"),
        ):
            file.write_text(f"mac,serial,rack\n{MAC},,A3\n{row}\n")
            done = await ask("places", "import", str(file), "--yes")
            assert (done.code, done.out) == (2, "")
            assert done.err == f"racks.csv line 3: {why}\nNothing was changed.\n"
    assert placed(desk) == []


@pytest_twisted.ensureDeferred
async def test_one_miner_is_shown_with_its_place_and_who_is_gone_is_counted(tmp_path: Path) -> None:
    desk = Desk()
    desk.miners = [miner(1, place={"rack": "A3", "slot": "4"}), miner(2, state="gone")]
    async with talking(tmp_path, desk) as ask:
        one = await ask("status", "dragon-1")
        assert "  place      rack A3, slot 4\n" in one.out
        assert '"rack": "A3"' in (await ask("status", "dragon-1", "--json")).out
        desk.covers = ["dragon-1"]
        rack = await ask("status", "rack:A3")
        assert rack.out.endswith("1 miner in rack:A3.\n")
        none = await ask("status", "nobody")
    assert (none.code, none.out) == (1, "")


@pytest_twisted.ensureDeferred
async def test_a_miner_is_retired_with_a_yes_only(tmp_path: Path) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        assert (await ask("retire", "dragon-1")).code == 2
        done = await ask("retire", "dragon-1", "--yes")
    assert (done.code, done.out) == (0, "dragon-1 is retired.\n")
    assert desk.asked == [("retire", "dragon-1", who())]


@pytest_twisted.ensureDeferred
async def test_a_lamp_is_switched_off_after_its_time(tmp_path: Path) -> None:
    desk, waited = Desk(), list[float]()
    async with talking(tmp_path, desk) as ask:
        done = await ask("locate", "dragon-1", "--for=60s", pause=waited.append)
    assert (done.code, waited) == (0, [60.0])
    assert [asked[3] for asked in desk.asked] == [{"on": True}, {"on": False}]
