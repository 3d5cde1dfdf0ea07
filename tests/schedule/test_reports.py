"""Each curtailment gets a report, which outlives the process."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from mother.core.reading import Mode
from mother.schedule import meter
from mother.schedule.report_sheets import as_csv
from mother.schedule.reports import (
    LINGER,
    MOST,
    About,
    Report,
    Reports,
    Round,
    Turn,
    Undone,
)
from mother.schedule.units import Rated
from mother.schedule.values import (
    Ids,
    Limit,
    Ruling,
    Stage,
    Standing,
    Verdict,
)
from tests.fleet.parts import Disk
from tests.schedule.herds import rated

PRICE = Limit("rule price", "price 112 > 80 since 14:05", since=1000.0)
MINERS = tuple(f"m{number:02d}" for number in range(20))


class Site:
    """Twenty miners of 3,000 W, and what a schedule makes of them round by round."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "reports"
        self.disk = Disk()
        self.now = 1000.0
        self.asleep: set[str] = set()
        self.standings: dict[str, Standing] = {}
        self.skipped: dict[str, str] = {}
        self.targets: dict[str, float] = {}
        self.present = MINERS
        self.reports = self.fresh()

    def fresh(self) -> Reports:
        """As after a start of the daemon."""
        reports = Reports(self.folder, self.disk)
        reports.load()
        return reports

    def put(self, *idents: str) -> None:
        """These sleep now, and are confirmed."""
        self.asleep.update(idents)
        for ident in idents:
            self.standings[ident] = Standing(Stage.CONFIRMED, Mode.SLEEP)

    def rated(self) -> dict[str, Rated]:
        return {one: rated(one, asleep=one in self.asleep) for one in self.present}

    def round(self, *limits: Limit, wake: bool = False, passed: float = 0.0, **more: Any) -> Turn:
        self.now += passed
        found = self.rated()
        by = () if wake else tuple(limit.key for limit in limits)
        verdicts = {
            one: Verdict(None, skipped=self.skipped[one]) if one in self.skipped
            else Verdict(Mode.ACTIVE, power_target=self.targets[one], asked_by=by)
            if one in self.targets
            else Verdict(Mode.SLEEP if by else Mode.ACTIVE, asked_by=by)
            for one in self.present
        }  # fmt: skip

        def draw(ids: Ids | None) -> meter.Draw:
            return meter.draw(found, [], ids)

        ruling = Ruling(verdicts)
        return self.reports.follow(
            Round(limits, ruling, self.standings, found, draw, self.now, **more)
        )

    def only(self) -> Report:
        (report,) = self.reports.all()
        return report


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


# how one goes


def test_a_curtailment_is_reported_from_its_baseline_to_its_end(site: Site) -> None:
    (began,) = site.round(PRICE).began
    assert (began.baseline, began.target, began.wanted) == (60_000.0, 1000.0, 59_000.0)
    assert (began.reason, began.since, began.source) == (PRICE.reason, 1000.0, "measured ±5 %")
    site.put(*MINERS[:18])
    assert site.round(PRICE, passed=60.0) == Turn()
    site.put(MINERS[18])
    (reached,) = site.round(PRICE, passed=34.0).reached
    assert (reached.reached, reached.confirmed, reached.unconfirmed_count) == (94.0, 19, 1)
    site.put(*MINERS)
    site.round(PRICE, passed=6.0)
    (ended,) = site.round(wake=True, passed=3600.0).ended
    assert (ended.shed, ended.most, ended.resting) == (59_000.0, 59_000.0, 1000.0)
    assert (ended.ended, ended.reached, ended.unconfirmed_count) == (4700.0, 94.0, 0)
    assert [one.sentence for one in (began, reached, ended)] == [
        "Curtailment 1 begins, 59.0\u2009kW of 60.0\u2009kW to shed: price 112 > 80 since 14:05",
        "Curtailment 1: 56.0\u2009kW of 59.0\u2009kW shed, 95 % of it in 1 min 34 s, "
        "1 of 20 miners unconfirmed",
        "Curtailment 1 has ended after 1 h 1 min: 59.0\u2009kW of 59.0\u2009kW shed, "
        "95 % of it in 1 min 34 s",
    ]


def test_that_the_miners_confirmed_is_told_where_their_watts_are_never_shed(site: Site) -> None:
    site.round(PRICE)
    site.put(*MINERS)
    site.asleep.clear()  # as the mean power of some minutes has it
    (told,) = site.round(PRICE, passed=30.0).reached
    assert told.sentence == (
        "Curtailment 1: 0\u2009W of 59.0\u2009kW shed, 95 % of the miners confirmed after 30 s"
    )
    assert site.round(PRICE, passed=30.0).reached == ()


def test_what_was_confirmed_for_something_else_before_does_not_count(site: Site) -> None:
    for ident in MINERS:
        site.standings[ident] = Standing(
            Stage.CONFIRMED, Mode.ACTIVE, since=10.0, confirmed_at=10.0
        )
    (began,) = site.round(PRICE).began
    assert began.confirmed_after is None
    report = site.only()
    assert (report.confirmed, report.confirmed_after) == (0, None)
    assert report.unconfirmed_count == 20
    assert {one.stage for one in report.unconfirmed} == {"pending"}
    site.put(*MINERS)
    site.round(PRICE, passed=40.0)
    assert (site.only().confirmed, site.only().confirmed_after) == (20, 40.0)


def test_who_slept_already_is_confirmed(site: Site) -> None:
    site.put(*MINERS)
    site.round(PRICE)
    assert site.only().confirmed == 20


def test_a_power_target_of_before_does_not_count_and_a_change_of_it_does(site: Site) -> None:
    lowered = Standing(Stage.CONFIRMED, Mode.ACTIVE, "", 2500.0, since=10.0, confirmed_at=10.0)
    for ident in MINERS:
        site.standings[ident] = lowered
        site.targets[ident] = 2000.0
    site.round(PRICE)
    assert site.only().confirmed == 0
    for ident in MINERS:
        site.standings[ident] = replace(lowered, power_target=2000.0, since=1010.0)
        site.targets[ident] = 2010.0
    site.round(PRICE, passed=15.0)
    assert site.only().confirmed == 20


def test_one_that_ends_before_anything_was_done_says_so(site: Site) -> None:
    site.round(PRICE)
    (ended,) = site.round(wake=True, passed=1.0).ended
    assert (
        ended.sentence == "Curtailment 1 has ended after 1 s, before anything was seen to be done"
    )


def test_one_that_ends_before_its_second_round_is_told_by_what_is_known_then(site: Site) -> None:
    site.round(PRICE)
    site.put(*MINERS[:19])
    (ended,) = site.round(wake=True, passed=12.0).ended
    assert (ended.shed, ended.confirmed, ended.unconfirmed_count) == (56_050.0, 19, 1)
    assert (ended.reached, ended.confirmed_after, ended.ended) == (12.0, 12.0, 1012.0)
    assert [one.device for one in ended.unconfirmed] == [MINERS[19]]
    assert site.fresh().all() == [ended]


def test_who_has_left_the_farm_is_no_part_of_the_last_look(site: Site) -> None:
    site.round(PRICE)
    site.put(*MINERS)
    site.present = MINERS[:5]
    (ended,) = site.round(wake=True, passed=12.0).ended
    assert (ended.miners, ended.confirmed, ended.unconfirmed_count) == (5, 5, 0)


def test_what_was_shed_adds_up_over_time(site: Site) -> None:
    site.round(PRICE)
    site.put(*MINERS)
    site.round(PRICE, passed=10.0)
    site.round(PRICE, passed=1800.0)
    assert site.only().energy == pytest.approx(59_000.0 / 2)


def test_the_target_of_a_cap_is_the_cap(site: Site) -> None:
    (began,) = site.round(Limit("o1", "curtailed by ann", cap=30_000.0)).began
    assert (began.target, began.wanted) == (30_000.0, 30_000.0)


def test_a_limit_that_takes_nobody_down_is_no_curtailment(site: Site) -> None:
    assert site.round(Limit("site", "budget", cap=1e6), wake=True) == Turn()


def test_the_miners_of_others_do_not_count(site: Site) -> None:
    few = frozenset(MINERS[:2])
    (began,) = site.round(Limit("o1", "curtailed by ann", ids=few)).began
    assert (began.baseline, began.target) == (6000.0, 100.0)


def test_who_ordered_it_is_told(site: Site) -> None:
    about = About("group:hall", "ann", "4711")
    (began,) = site.round(PRICE, about=lambda _: about).began
    assert (began.scope, began.actor, began.ref) == ("group:hall", "ann", "4711")


# who did not do it


def test_the_unconfirmed_and_the_skipped_are_named_with_their_reasons(site: Site) -> None:
    site.skipped = {"m03": "held by ann"}
    site.put("m00")
    site.standings["m01"] = Standing(Stage.UNCONFIRMED, Mode.SLEEP, tries=3, why="it says no")
    site.standings["m02"] = Standing(Stage.SKIPPED, Mode.SLEEP, why="no such family")
    site.round(PRICE)
    site.round(PRICE)
    report = site.only()
    assert report.unconfirmed[0] == Undone("m01", "w-m01", "unconfirmed", "it says no", 3)
    assert report.unconfirmed[1] == Undone("m04", "w-m04", "pending")
    assert report.skipped == (
        Undone("m02", "w-m02", "skipped", "no such family"),
        Undone("m03", "w-m03", "skipped", "held by ann"),
    )
    assert (report.confirmed, report.unconfirmed_count, report.skipped_count) == (1, 17, 2)


def test_confirmed_is_who_is_so_among_those_that_can(site: Site) -> None:
    site.round(PRICE)
    site.skipped = dict.fromkeys(MINERS[:10], "held")
    site.put(*MINERS[10:])
    site.round(PRICE, passed=20.0)
    report = site.only()
    assert (report.confirmed_after, report.reached) == (20.0, None)


# its end


def test_one_that_touches_nobody_for_a_moment_goes_on(site: Site) -> None:
    site.round(PRICE)
    assert site.round(PRICE, wake=True, passed=15.0) == Turn()
    assert site.round(PRICE, passed=15.0) == Turn()
    assert site.round(PRICE, wake=True, passed=15.0) == Turn()
    (ended,) = site.round(PRICE, wake=True, passed=LINGER).ended
    assert ended.ended == 1045.0
    (again,) = site.round(PRICE, passed=15.0).began
    assert again.id == ended.id + 1


def test_a_clock_that_is_set_back_ends_nothing_before_it_began(site: Site) -> None:
    site.round(PRICE)
    (ended,) = site.round(passed=-500.0).ended
    assert (ended.ended, ended.seconds) == (1000.0, 0.0)


# what is kept


def test_reports_are_files_for_their_owner_alone(site: Site) -> None:
    site.round(PRICE)
    (path,) = site.folder.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert site.folder.stat().st_mode & 0o777 == 0o700


def test_a_restart_in_the_middle_keeps_the_baseline(site: Site) -> None:
    site.round(PRICE)
    site.put(*MINERS)
    site.reports = site.fresh()
    assert site.round(passed=30.0) == Turn()
    (reached,) = site.round(PRICE, passed=30.0).reached
    assert (reached.id, reached.baseline, reached.shed) == (1, 60_000.0, 59_000.0)
    assert reached.reached == 60.0


def test_one_that_was_over_while_the_daemon_was_down_is_ended(site: Site) -> None:
    site.round(PRICE)
    site.reports = site.fresh()
    assert site.round(passed=30.0) == Turn()
    (ended,) = site.round(passed=LINGER).ended
    assert ended.id == 1
    assert [one.ended for one in site.fresh().all()] == [1030.0]


def test_a_new_one_takes_the_place_of_the_oldest(site: Site) -> None:
    for _ in range(MOST + 3):
        site.round(PRICE, passed=1.0)
        site.round(passed=1.0)
    assert len(os.listdir(site.folder)) == MOST
    kept = [one.id for one in site.reports.all()]
    assert (kept[0], kept[-1], len(kept)) == (MOST + 3, 4, MOST)
    assert site.fresh().all() == site.reports.all()


def test_one_that_goes_on_keeps_its_place_however_many_follow(site: Site) -> None:
    long = Limit("o1", "for a year")
    site.round(long)
    for _ in range(MOST + 3):
        site.round(long, PRICE, passed=1.0)
        site.round(long, passed=1.0)
    assert site.reports.get(1).ended is None
    assert len(os.listdir(site.folder)) <= MOST


def test_a_broken_file_costs_that_report_alone(site: Site) -> None:
    site.round(PRICE)
    (site.folder / "150.json").write_bytes(b"{\xff")
    assert [one.id for one in site.fresh().all()] == [1]


def test_one_that_goes_on_is_written_now_and_then(site: Site) -> None:
    site.round(PRICE)
    (path,) = site.folder.iterdir()
    first = path.read_bytes()
    site.round(PRICE, passed=15.0)
    assert path.read_bytes() == first
    site.round(PRICE, passed=50.0)
    assert path.read_bytes() != first


def test_a_folder_that_cannot_be_made_costs_no_curtailment(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    site = Site(tmp_path)
    site.disk.full = "no room"
    assert site.round(PRICE).began
    assert site.only().baseline == 60_000.0


def test_a_report_that_is_not_there_is_said_in_a_sentence(site: Site) -> None:
    with pytest.raises(LookupError, match="there is no report 7: `mother reports` lists them"):
        site.reports.get(7)


def test_answers_are_plain_values(site: Site) -> None:
    site.round(PRICE)
    site.round(PRICE)
    (row,) = site.reports.listed()["reports"]
    assert msgspec.convert(row, Report) == site.only()
    assert msgspec.convert(site.reports.told(1)["report"], Report) == site.only()


# as a sheet


def test_a_sheet_has_a_row_for_each_report() -> None:
    report = Report(
        7, "o1", "=cmd()", 1_700_000_000.0, ended=1_700_003_600.0, baseline=900e3, target=100e3,
        shed=812_345.6, source="meter ±1 %", error=0.01, reached=94.04, miners=300, confirmed=299,
        unconfirmed_count=1, unconfirmed=(Undone("d", "w1", "unconfirmed", "no answer"),),
        energy=812e3,
    )  # fmt: skip
    (row,) = csv.DictReader(io.StringIO(as_csv([report])))
    assert row["why"] == "'=cmd()"
    assert (row["began"], row["seconds"]) == ("2023-11-14T22:13:20Z", "3600")
    assert (row["baseline_kw"], row["shed_kw"], row["shed_kwh"]) == ("900.0", "812.346", "812.0")
    assert (row["seconds_to_95_percent_of_kw"], row["kw_error_percent"]) == ("94.0", "1.0")
    assert row["unconfirmed_miners"] == "w1: no answer"
    (row,) = csv.DictReader(io.StringIO(as_csv([replace(report, ended=None, reached=None)])))
    assert (row["ended"], row["seconds_to_95_percent_of_kw"]) == ("", "")
