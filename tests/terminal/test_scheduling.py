"""`mother schedule`: the next hours of the plans as tables, as bars, and for machines."""

from __future__ import annotations

import argparse
import io
import json
import re
from contextlib import redirect_stdout
from datetime import datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_twisted
from msgspec.structs import replace
from rich.console import Console

from mother.config.model import Config
from mother.config.schedule import Budget, Plan, Rule, Schedule
from mother.config.subject import Group, Reach
from mother.core.reading import Mode
from mother.terminal.arguments import BadInput
from mother.terminal.errand import Errand
from mother.terminal.scheduling import outlook_of, schedule, show
from tests.control.desk import Desk
from tests.fleet.world import CONFIG
from tests.terminal.desking import no_scan, performed, talking

EXAMPLES = Path(__file__).parents[2] / "packaging" / "examples"
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


def plan(name: str, begins: str, ends: str, **more: Any) -> Plan:
    more = {"zone": "Europe/Berlin", **more}
    return Plan(name, time.fromisoformat(begins), time.fromisoformat(ends), **more)


DAY = (
    plan("night", "00:00", "06:00", profile="overclock"),
    plan("morning", "06:00", "12:00", profile="normal"),
    plan("noon", "12:00", "18:00", profile="underclock"),
    plan("evening", "18:00", "00:00", profile="normal", mode=Mode.SLEEP),
)
NOW = at("2026-07-07T14:20")


def farm(*plans: Plan, groups: tuple[str, ...] = (), **more: Any) -> Config:
    named = tuple(Group(name, workers=(f"{name}-*",)) for name in groups)
    return replace(CONFIG, schedule=Schedule(plans=plans, **more), groups=named)


def ordered(wished: Config, now: float = NOW, **options: Any) -> str:
    """What the command prints to a file."""
    asked = {"hours": None, "json": False, "config": "farm.toml", **options}
    out = io.StringIO()
    with redirect_stdout(out):
        errand = Errand(argparse.Namespace(**asked), wished, "mother", no_scan)
        assert schedule(errand, lambda: now) == 0
    return out.getvalue()


def seen(config: Config, now: float = NOW, width: int = 80, hours: float = 48, **how: Any) -> str:
    """What a terminal of that width shows, without colours."""
    out = io.StringIO()
    how = {"no_color": True, "color_system": None, **how}
    console = Console(file=out, width=width, force_terminal=True, **how)
    show(outlook_of(config, now, hours), config.schedule, console)
    return out.getvalue()


def row(text: str, name: str) -> str:
    """The last line that begins with this name, without it."""
    return [line for line in text.splitlines() if line.startswith(f"{name} ")][-1][len(name) + 1 :]


def test_the_day_of_four_plans_is_shown_as_a_table_and_as_bars() -> None:
    text = seen(farm(*DAY))
    first = "What the plans want for 2 d from Tue 07 Jul 14:20 on, times of Europe/Berlin:\n"
    assert text.startswith(first)
    lines = [re.split(r"  +", line.strip()) for line in text.splitlines()]
    cells = [[cell for part in line for cell in part.split(" plan ")] for line in lines]
    assert ["now", "18:00", "underclock", "plan noon"] in lines
    assert any(line[0] == "Tue 07 Jul 18:00 24:00" and line[-1] == "evening" for line in cells)
    assert any(line[0] == "Thu 09 Jul 12:00 goes on" for line in cells)
    assert "asleep (normal)" in text
    bars = row(text, "all miners")
    assert bars == "UUUUzzzzzzOOOOOONNNNNNUUUUUUzzzzzzOOOOOONNNNNNUUU"
    assert "O overclock   N normal   U underclock   z asleep   (a letter is 1 h)" in text


def test_hours_and_days_stand_below_the_cells_in_which_they_begin() -> None:
    text = seen(farm(*DAY))
    lines = text.splitlines()
    (bars,) = [n for n, line in enumerate(lines) if line.startswith("all miners U")]
    margin = lines[bars].index("UUUU")
    assert lines[bars][lines[bars + 1].index("00")] == "O"
    assert lines[bars][lines[bars + 1].index("18")] == "z"
    assert lines[bars + 2].index("Wed 08 Jul") == lines[bars + 1].index("00")
    assert lines[bars + 2].index("Tue 07  ") == margin
    months = seen(farm(*DAY), hours=744)
    assert "Mon 13 Jul    Mon 20 Jul    Mon 27 Jul    Mon 03 Aug" in months


def test_a_wide_page_has_half_hours_and_a_narrow_one_longer_cells() -> None:
    assert "(a letter is 30 min)" in seen(farm(*DAY), width=112)
    for width in (24, 40, 60, 80, 100):
        text = seen(farm(*DAY, groups=("hall-a", "hall-b")), width=width)
        assert max(map(len, text.splitlines())) <= width
    assert "(a letter is 3 h)" in seen(farm(*DAY), hours=168)
    assert max(map(len, seen(farm(*DAY), hours=744).splitlines())) <= 80


def test_a_cell_shows_what_holds_in_most_of_it() -> None:
    short = plan("short", "15:00", "15:15", profile="normal")
    long = plan("long", "16:15", "17:00", mode=Mode.SLEEP)
    assert row(seen(farm(short, long), hours=4), "all miners") == "..N..z..."
    assert row(seen(farm(short, long)), "all miners").startswith("..z.....")


def test_letters_alone_tell_what_colours_do() -> None:
    plain = seen(farm(*DAY))
    coloured = seen(farm(*DAY), no_color=False, color_system="standard")
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == re.sub(r"\x1b\[[\d;]*m", "", plain)


def test_each_group_has_its_bar_and_equal_ones_share_a_table() -> None:
    only = plan("quiet", "22:00", "06:00", mode=Mode.SLEEP, reach=Reach(groups=("b",)), priority=1)
    text = seen(farm(*DAY, only, groups=("a", "b", "c")))
    assert "\na, c, all others\n" in text
    assert row(text, "a" + " " * 9) == row(text, "all others")
    assert row(text, "b" + " " * 9).startswith("UUUUzzzzzzzzzzzzNNNNNNUUUUUU")
    assert "plan quiet" in text


def test_who_has_no_plan_is_named() -> None:
    only = plan("quiet", "22:00", "06:00", mode=Mode.SLEEP, reach=Reach(groups=("b",)))
    text = seen(farm(only, groups=("a", "b")))
    assert "No plan is for a, all others: they stay as they are." in text
    assert "no plan holds" in text
    assert "z asleep   . as it is" in text


def test_profiles_of_a_family_get_letters_of_their_own() -> None:
    some = (
        plan("a", "00:00", "08:00", profile="balanced"),
        plan("b", "08:00", "16:00", profile="best"),
        plan("c", "16:00", "00:00", profile="normal", power_target=3000.0),
    )
    text = seen(farm(*some))
    assert "B balanced" in text
    assert "E best" in text
    assert "R normal, 3000 W" in text
    long = plan("d", "02:00", "03:00", profile="a profile of a long name", priority=1)
    legend = seen(farm(*some, long), width=60).splitlines()[-2:]
    assert legend[0].startswith("A a profile of a long name   B balanced")
    assert max(map(len, legend)) <= 60


@pytest.mark.parametrize(
    ("now", "mark", "change", "long", "bars"),
    [
        ("2026-03-28T12:00", "forward", "^ Sun 29 Mar: clocks go forward, from 02:00 to 03:00.",
         "5 h", "OOOOONNNNNN"),
        ("2026-10-24T12:00", "back", "^ Sun 25 Oct: clocks go back, from 03:00 to 02:00.",
         "7 h", "OOOOOOONNNNNN"),
    ],
)  # fmt: skip
def test_a_change_of_the_clock_is_marked(
    now: str, mark: str, change: str, long: str, bars: str
) -> None:
    text = seen(farm(*DAY), at(now))
    assert change in text
    assert f"plan night, clocks go {mark}: {long}" in re.sub(r" *\n +", " ", text)
    lines = text.splitlines()
    (drawn,) = [n for n, line in enumerate(lines) if line.startswith("all miners U")]
    assert f"zzz{bars}UUU" in lines[drawn]
    begins = lines[drawn].index("OOOO")
    later = 2 if mark == "forward" else 3
    assert lines[drawn + 3].index("^") == begins + later
    assert lines[drawn][lines[drawn + 1].index("06")] == "N"


def test_an_hour_that_comes_twice_says_which_it_is() -> None:
    text = seen(farm(plan("short", "02:30", "05:00", profile="normal")), at("2026-10-24T12:00"))
    assert "25 Oct 02:30 CES" in text
    assert "05:00" in text


def test_plans_of_other_zones_and_what_else_may_count_are_told() -> None:
    far = plan("far", "00:00", "06:00", profile="normal", zone="Asia/Kolkata")
    rule = Rule("dear", "price", 100.0, 80.0)
    text = seen(farm(*DAY, far, rules=(rule,), budgets=(Budget("cap", cap=5e5),)))
    assert "Of Asia/Kolkata, and shown by the clock of Europe/Berlin: far." in text
    assert "Not in this, and may put miners to sleep: 1 rule and 1 budget." in text


def test_without_plans_one_line_says_how_to_write_one() -> None:
    text = ordered(farm())
    assert text.count("\n") == 1
    assert text.startswith("farm.toml has no plans yet. A plan is written so: [[schedule.plan]]")


def test_what_is_piped_fits_eighty_columns_and_keeps_sentences_whole() -> None:
    far = plan("far", "00:00", "06:00", profile="normal", zone="Asia/Kolkata")
    rule = Rule("dear", "price", 100.0, 80.0)
    lines = ordered(farm(*DAY, far, groups=("hall-a",), rules=(rule,))).splitlines()
    assert max(len(line) for line in lines if not line.endswith((".", ":"))) <= 80
    assert "Of Asia/Kolkata, and shown by the clock of Europe/Berlin: far." in lines


def test_without_plans_rules_and_budgets_are_not_forgotten() -> None:
    rule = Rule("dear", "price", 100.0, 80.0)
    text = ordered(farm(rules=(rule, rule), budgets=(Budget("cap", cap=5e5),)))
    assert text.startswith("farm.toml has no plans yet.")
    assert text.splitlines()[1:] == [
        "Not in this, and may put miners to sleep: 2 rules and 1 budget."
    ]


def test_what_there_is_none_of_is_not_counted() -> None:
    text = ordered(farm(rules=(Rule("dear", "price", 100.0, 80.0),)))
    assert text.endswith("Not in this, and may put miners to sleep: 1 rule.\n")


def test_machines_get_the_same() -> None:
    config = farm(*DAY, plan("b", "00:00", "00:00", reach=Reach(groups=("b",))), groups=("b",))
    found = json.loads(ordered(config, at("2026-03-28T20:00"), json=True, hours="12h"))
    assert (found["zone"], found["end"] - found["begin"]) == ("Europe/Berlin", 12 * 3600)
    (change,) = found["clock_changes"]
    assert (change["at"], change["before"], change["after"]) == (at("2026-03-29T03:00"), 3600, 7200)
    lane = found["lanes"][-1]
    assert (lane["miners"], lane["group"]) == ("all others", "")
    assert lane["steps"][1] == {
        "begin": at("2026-03-29T00:00"),
        "end": at("2026-03-29T06:00"),
        "local_begin": "2026-03-29T00:00:00+01:00",
        "local_end": "2026-03-29T06:00:00+02:00",
        "what": "overclock",
        "mode": None,
        "profile": "overclock",
        "power_target": None,
        "plans": ["night"],
    }
    empty = json.loads(ordered(farm(), json=True))
    assert (empty["lanes"], empty["zone"]) == ([], "UTC")


def test_how_far_it_looks_is_a_number_of_hours() -> None:
    assert "for 6 h from" in ordered(farm(*DAY), hours="6")
    for bad in ("0", "745", "two", "-1"):
        with pytest.raises(BadInput, match=r"--hours .*: write a number of h"):
            ordered(farm(*DAY), hours=bad)


def test_the_example_runs_as_written() -> None:
    done = performed("schedule", f"--config={EXAMPLES / 'schedule.toml'}", "--json", "--hours=24")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    (lane,) = found["lanes"]
    hours = {one["what"]: (one["local_begin"][11:16], one["local_end"][11:16])
             for one in lane["steps"][1:-1]}  # fmt: skip
    day = {
        "overclock": ("00:00", "06:00"),
        "normal": ("06:00", "12:00"),
        "underclock": ("12:00", "18:00"),
        "asleep (normal)": ("18:00", "00:00"),
    }
    assert len(hours) >= 3
    assert hours.items() <= day.items()
    assert (found["zone"], lane["miners"]) == ("UTC", "all miners")


def test_without_file_and_daemon_there_is_no_schedule_and_one_line_says_how_to_begin(
    tmp_path: Path,
) -> None:
    done = performed("schedule", f"--control-socket={tmp_path / 'none.sock'}")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("There is no schedule here: no file is named, and no daemon answers")
    assert "--config /etc/mother/mother.toml" in done.err
    assert "[[schedule.plan]]" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("standing", "says"),
    [
        ({"plans": ["night"], "next_change": 1.8e9}, "The daemon follows plan night now."),
        ({"plans": [], "next_change": 1.8e9}, "The daemon has plans, none of which holds now."),
        ({"plans": [], "next_change": None}, "The daemon has no plans."),
    ],
)
@pytest_twisted.ensureDeferred
async def test_without_a_file_the_daemon_says_whether_there_are_plans(
    tmp_path: Path, standing: dict[str, Any], says: str
) -> None:
    desk = Desk()
    desk.curtailments.standing = standing
    async with talking(tmp_path, desk) as ask:
        done = await ask("schedule")
        bare = await ask("schedule", "--json")
    assert (done.code, done.err, done.out.count("\n")) == (0, "", 1)
    assert done.out.startswith(f"{says} What they want next is in its file: add --config ")
    assert (bare.code, bare.out) == (2, "")
    assert bare.err.startswith("--json: ")


def test_the_command_needs_no_daemon() -> None:
    done = performed("schedule", f"--config={EXAMPLES / 'schedule.toml'}")
    assert (done.code, done.err) == (0, "")
    assert performed("schedule", "--hours=never").code == 2
    assert "control socket" not in performed("schedule", "--help").out.split("Examples")[0]
