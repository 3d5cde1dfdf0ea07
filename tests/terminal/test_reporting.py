"""`mother reports`: against a daemon's socket that answers as `Reports` does."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from twisted.internet.threads import deferToThread
from twisted.web.resource import Resource
from twisted.web.server import Site

from mother.schedule.reports import Report, Reports, Undone
from mother.terminal import reporting
from mother.terminal.arguments import BadInput
from mother.terminal.errand import Errand
from tests.fleet.parts import Disk
from tests.fleet.world import CONFIG
from tests.net.turning import in_reactor, reactor

DONE = Report(
    1, "curtail-4f2a9c", "curtailed by ann: grid event 7", 1_700_000_000.0,
    ended=1_700_007_200.0, scope="group:hall", actor="ann", ref="4711", baseline=900e3,
    source="meter ±1 %", error=0.01, target=100e3, shed=812e3, most=812e3, resting=15e3,
    energy=1.6e6, miners=300, confirmed=293, reached=94.0, confirmed_after=101.0,
    unconfirmed_count=7, skipped_count=1, skipped=(Undone("d9", "w9", "skipped", "held by bob"),),
    unconfirmed=(Undone("d1", "w1", "unconfirmed", "no answer", 3), Undone("d2", "w2", "sent")),
)  # fmt: skip
ON = Report(
    2, "rule price", "price 112 > 80 since 14:05", 1_700_010_000.0, at=1_700_010_060.0,
    baseline=900e3, target=10e3, shed=100e3, source="measured ±5 %", miners=300,
    unconfirmed_count=280,
)  # fmt: skip


class Calls(Resource):
    """Of the control socket, those two that are about reports."""

    isLeaf = True  # noqa: N815  # Twisted's name

    def __init__(self, reports: Reports) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's
        self._reports = reports

    def render_GET(self, request: Any) -> bytes:  # noqa: N802
        assert request.path == b"/v1/reports"
        return json.dumps(self._reports.listed()).encode()

    def render_POST(self, request: Any) -> bytes:  # noqa: N802
        assert request.path == b"/v1/report"
        body = json.loads(request.content.read())
        assert list(body) == ["report"]
        try:
            return json.dumps(self._reports.told(body["report"])).encode()
        except LookupError as error:
            request.setResponseCode(404)
            return json.dumps({"error": str(error)}).encode()


class Asking:
    """Runs the command in a thread, as a person would beside the daemon."""

    def __init__(self, socket: Path) -> None:
        self._config = replace(CONFIG, control_socket=str(socket))

    async def __call__(
        self, report: str | None = None, *, csv: bool = False, json: bool = False
    ) -> str:
        options: Any = SimpleNamespace(report=report, csv=csv, json=json)
        errand = Errand(options, self._config, "mother", no_scan)

        def run() -> str:
            out = io.StringIO()
            with redirect_stdout(out):
                assert reporting.reports(errand) == 0
            return out.getvalue()

        return await deferToThread(run)


def no_scan(options: object, program: str) -> tuple[Mapping[str, Any] | None, int]:
    raise AssertionError("there is a daemon")


@asynccontextmanager
async def daemon(folder: Path, *some: Report) -> AsyncIterator[Asking]:
    kept = folder / "reports"
    kept.mkdir()
    for one in some:
        (kept / f"{one.id:03d}.json").write_bytes(msgspec.json.encode(one))
    reports = Reports(kept, Disk())
    reports.load()
    site = Site(Calls(reports))
    site.noisy = False
    port = reactor.listenUNIX(str(folder / "m.sock"), site)
    try:
        yield Asking(folder / "m.sock")
    finally:
        await port.stopListening()


@in_reactor
async def test_reports_are_listed_with_the_newest_on_top(tmp_path: Path) -> None:
    async with daemon(tmp_path, DONE, ON) as ask:
        told = await ask()
    newest, older = told.splitlines()[2:4]
    assert newest.split()[:1] == ["2"]
    assert "now" in newest
    assert "price 112 > 80 since 14:05" in newest
    assert "812\u2009kW" in older
    assert "800\u2009kW" in older
    assert "94 s" in older
    assert told.endswith(
        "2 curtailments, 1 of them under way; `mother reports 2` tells more of one.\n"
    )


@in_reactor
async def test_one_report_says_all_in_lines(tmp_path: Path) -> None:
    async with daemon(tmp_path, DONE, ON) as ask:
        told = await ask("1")
        other = await ask("2")
    for line in (
        "Curtailment 1: curtailed by ann: grid event 7",
        "  ordered by ann, group:hall, ref 4711",
        "  baseline   900\u2009kW (meter ±1 %)",
        "  shed       812\u2009kW of 800\u2009kW; 1.60\u2009MWh in all",
        "  sleepers   still draw 15.0\u2009kW",
        "  95 %       shed after 1 min 34 s; of the miners confirmed after 1 min 41 s",
        "  confirmed  293 of 300 miners",
        "7 unconfirmed:",
        "  w1: no answer, tried 3 times",
        "  w2: sent",
        "  and 5 more",
        "1 skipped:",
        "  w9: held by bob",
    ):
        assert f"{line}\n" in told
    assert "  95 %       not shed yet\n" in other
    assert "ordered by" not in other


@in_reactor
async def test_a_sheet_and_json_are_for_machines(tmp_path: Path) -> None:
    async with daemon(tmp_path, DONE, ON) as ask:
        rows = list(csv.DictReader(io.StringIO(await ask(csv=True))))
        (row,) = csv.DictReader(io.StringIO(await ask("1", csv=True)))
        listed = json.loads(await ask(json=True))
        one = json.loads(await ask("1", json=True))
    assert [each["report"] for each in rows] == ["2", "1"]
    assert (row["reference"], row["shed_kw"]) == ("4711", "812.0")
    assert [each["id"] for each in listed["reports"]] == [2, 1]
    assert one["report"]["unconfirmed"][0]["why"] == "no answer"


@in_reactor
async def test_where_nothing_was_curtailed_that_is_said(tmp_path: Path) -> None:
    async with daemon(tmp_path) as ask:
        assert await ask() == "No curtailment yet.\n"
        assert (await ask(csv=True)).startswith("report,why,")
        assert json.loads(await ask(json=True)) == {"reports": []}


@in_reactor
async def test_what_cannot_be_meant_is_refused_in_a_line(tmp_path: Path) -> None:
    async with daemon(tmp_path, DONE) as ask:
        for word in ("night", "0"):
            with pytest.raises(BadInput, match=f"{word}: no report; name its number"):
                await ask(word)
        with pytest.raises(BadInput, match="--csv and --json: name one of them"):
            await ask(csv=True, json=True)
        with pytest.raises(BadInput, match="there is no report 9"):
            await ask("9")


def test_the_table_fits_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = Terminal()
    with redirect_stdout(out):
        reporting._list([DONE, replace(ON, reason="a long reason " * 20)], 1.8e9, "mother")
    lines = [line for line in out.getvalue().splitlines() if "\u2009kW" in line]
    assert len(lines) == 2
    assert max(map(len, lines)) <= 80
    assert all("2023-11-1" in line and "kW" in line for line in lines)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True
