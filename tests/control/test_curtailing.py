"""The calls about curtailment, over a real socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from mother.control.client import Denied
from tests.control.desk import Desk
from tests.control.test_control import BY, asked, serving

TERMS: dict[str, Any] = {
    "scope": "all", "to": None, "share": None, "all": False, "seconds": None, "why": "",
    "key": "", "ref": "", "emergency": False,
}  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        {"to": 5e5},
        {"share": 0.2, "scope": "rack:A3"},
        {"all": True, "seconds": 60.0, "why": "w", "key": "k", "ref": "r", "emergency": True},
    ],
)
@pytest_twisted.ensureDeferred
async def test_an_order_to_curtail_reaches_the_desk_with_its_terms(
    tmp_path: Path, said: dict[str, Any]
) -> None:
    desk = Desk()
    async with serving(tmp_path, desk) as path:
        await asked(path, "curtail", {**said, **BY})
        await asked(path, "curtail", {**said, **BY, "preview": True})
    terms = TERMS | said
    assert desk.asked == [("curtail", terms, "ann", False), ("curtail", terms, "ann", True)]


@pytest_twisted.ensureDeferred
async def test_a_preview_is_shown_while_nothing_can_be_kept(tmp_path: Path) -> None:
    desk = Desk()
    desk.trouble = "state.json cannot be written: the disk is full"
    async with serving(tmp_path, desk) as path:
        preview = await asked(path, "curtail", {"all": True, "preview": True, **BY})
        given = await asked(path, "curtail", {"all": True, **BY})
    assert preview["text"] == "It would be."
    assert given["text"].endswith(f"It lasts only until mother ends: {desk.trouble}.")


@pytest_twisted.ensureDeferred
async def test_without_a_schedule_its_calls_say_so(tmp_path: Path) -> None:
    desk = Desk()
    desk.scheduled = False
    async with serving(tmp_path, desk) as path:
        for call in ("schedule", "curtailments"):
            with pytest.raises(Denied, match="no schedule runs in this daemon"):
                await asked(path, call)
        desk.scheduled = True
        assert await asked(path, "schedule") == {"limits": []}
        assert (await asked(path, "curtailments"))["orders"] == []
