"""The tables of the benchmarks, and the page they are put into."""

from __future__ import annotations

import pytest

from benchmarks.results import PAGE, Row, in_part, table

SCRIPTS = ("results", "antminers", "mixed", "pausing")


def test_a_table_goes_between_the_markers_of_its_own_name() -> None:
    page = "a\n<!-- table: one -->\nold\n<!-- end -->\nb\n<!-- table: two -->\nkept\n<!-- end -->\n"
    assert in_part(page, "one", "new") == page.replace("old\n", "\nnew\n\n")


def test_a_page_without_that_table_is_refused() -> None:
    with pytest.raises(ValueError, match="has no table three"):
        in_part("<!-- table: one -->\n<!-- end -->\n", "three", "new")


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_page_has_room_for_every_script(name: str) -> None:
    assert f"<!-- table: {name} -->\n" in PAGE.read_text()


def test_a_missed_target_is_told_as_such() -> None:
    rows = [Row("slow", "9 s", "< 5 s", False), Row("quick", "1 s", "< 5 s", True), Row("any", "1")]
    assert table(rows).splitlines()[2:] == [
        "| slow | 9 s | < 5 s | **missed** |",
        "| quick | 1 s | < 5 s | met |",
        "| any | 1 |  |  |",
    ]
