from __future__ import annotations

from pathlib import Path

from . import metrics_page
from .farm import NATIVE

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_page_of_metrics_is_what_the_tables_say() -> None:
    page = PAGE.read_text()
    assert metrics_page.up_to_date(page) == page


def test_every_table_is_on_the_page() -> None:
    page = PAGE.read_text()
    assert all(f"<!-- table: {name} -->" in page for name in metrics_page.TABLES)


def test_the_page_has_every_name_that_dashboards_of_mother_of_dragons_ask_for() -> None:
    told = {name for name, _, _ in metrics_page.native()}
    asked = {
        name.replace("dev.0.", "dev.{ID}.").replace("pool.0.", "pool.{POOL}.")
        for name in NATIVE
        if not name.startswith(("dev.1", "dev.2", "pool.1"))
    }
    assert asked <= told
