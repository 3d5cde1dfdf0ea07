"""`[schedule]`: what is said arrives, what is not said is usual, and secrets stay secret."""

from __future__ import annotations

import re
import tomllib
from datetime import date, time
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import fields

from mother.config import schedule as values
from mother.config.load import changes_needing_restart, print_toml
from mother.config.model import Config
from mother.config.schedule import (
    Gateway,
    GroupRamp,
    Plan,
    Ramp,
    Rule,
    Schedule,
    Signal,
    Silence,
    Step,
    Switch,
)
from mother.config.schedule_keys import BLOCKS, SCHEDULE, Keys
from mother.config.subject import ANY, Reach
from mother.core.reading import Mode
from tests.config.given import load

STRUCTS: dict[str, type[Struct]] = {
    "plan": values.Plan,
    "signal": values.Signal,
    "rule": values.Rule,
    "budget": values.Budget,
    "ramp": values.GroupRamp,
    "facility": values.Switch,
    "meter": values.Meter,
}
PLAN = '[[schedule.plan]]\nname = "night"\nmode = "sleep"\n'


def planned(text: str) -> Plan:
    (plan,) = load(file=PLAN + text).schedule.plans
    return plan


def test_nothing_is_scheduled_until_a_block_says_so() -> None:
    config = load(file="[schedule]\n")
    assert config.schedule == Schedule() == load().schedule
    assert config.gateways == ()
    assert config.schedule.empty


def test_all_that_a_plan_may_say_arrives() -> None:
    text = """
        groups = [{ name = "hall-a", workers = ["a-*"] }]
        [schedule]
        time_zone = "Asia/Kolkata"
        [[schedule.plan]]
        name = "night"
        from = "22:00"
        until = "6:30:15"
        days = ["Mon", "saturday"]
        dates = ["2026-12-24", 2026-12-26]
        time_zone = "Europe/Berlin"
        profile = "overclock"
        mode = "active"
        power_target = "3.2 kW"
        priority = -5
        apply_to = { groups = ["hall-a"], families = ["antminer"] }
        [[schedule.plan]]
        name = "day"
        from = 06:00:00
        until = "24:00"
        mode = "sleep"
    """
    night, day = load(file=text).schedule.plans
    assert night == Plan(
        "night",
        time(22),
        time(6, 30, 15),
        "Europe/Berlin",
        (0, 5),
        (date(2026, 12, 24), date(2026, 12, 26)),
        "overclock",
        Mode.ACTIVE,
        3200.0,
        Reach(families=("antminer",), groups=("hall-a",)),
        -5,
    )
    assert day == Plan("day", time(6), time(0), "Asia/Kolkata", mode=Mode.SLEEP)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('"weekdays"', (0, 1, 2, 3, 4)),
        ('["weekend", "fri"]', (4, 5, 6)),
        ('["weekdays", "weekend"]', ()),
        ('["sun", "sun"]', (6,)),
    ],
)
def test_days_are_named_one_by_one_or_together(said: str, expected: tuple[int, ...]) -> None:
    assert planned(f"days = {said}").days == expected


def test_a_plan_without_times_is_for_the_whole_day() -> None:
    plan = planned("")
    assert (plan.begins, plan.ends) == (time(0), time(0))
    assert planned('from = "18:00"').ends == time(0)
    assert planned('until = "06:00"').begins == time(0)


def test_the_clock_is_that_of_the_plan_else_of_the_schedule_else_of_the_machine() -> None:
    def zone(text: str) -> str:
        (plan,) = load(file=text, env={"TZ": "Australia/Lord_Howe"}).schedule.plans
        return plan.zone

    assert zone(PLAN) == "Australia/Lord_Howe"
    usual = '[schedule]\ntime_zone = "Europe/Berlin"\n'
    assert zone(usual + PLAN) == "Europe/Berlin"
    assert zone(usual + PLAN + 'time_zone = "Asia/Kolkata"\n') == "Asia/Kolkata"


def test_amounts_are_numbers_or_texts() -> None:
    text = """
        [schedule]
        interval = "30s"
        min_on = "1h30min"
        min_off = 600
        resume_percent = 10
        starts_a_day = 0
        dead_band = 0.1
        power_gap = "5 min"
        down = { batch = 50, gap = "5s" }
        up = { batch = 10 }
    """
    schedule = load(file=text).schedule
    assert schedule == Schedule(
        interval=30,
        min_on=5400,
        min_off=600,
        resume_percent=10,
        starts_a_day=0,
        dead_band=0.1,
        power_gap=300,
        down=Ramp(50, 5, 0),
        up=Ramp(10, 0, 5),
    )


SIGNALS = """
[[schedule.signal]]
name = "price"
url = "http://127.0.0.1/prices?zone=DE"
path = "data.[zone=DE.LU].rows"
headers = { Authorization = "Bearer x" }
every = "5min"
at = "from"
value = "price"
step = "30min"
factor = 0.1
plus = 20
unit = "EUR/MWh"
silence = { hold = "2h", then = "curtail" }
[[schedule.signal]]
name = "surplus"
unit = "W"
[[schedule.rule]]
name = "dear"
signal = "price"
threshold = 80
release = 60.5
hard = 150
windows = 1
release_windows = 3
window = "10min"
cap = "1MW"
apply_to.families = ["avalon"]
[[schedule.rule]]
name = "dark"
signal = "surplus"
threshold = "-2kW"
release = "1kW"
above = false
hard = "-10kW"
[[schedule.budget]]
name = "fuse"
cap = "500kW"
reserve = "5kW"
[[schedule.budget]]
name = "sun"
signal = "surplus"
surplus = true
[[schedule.meter]]
signal = "surplus"
error = "0.5%"
"""


def test_signals_rules_budgets_and_meters_arrive() -> None:
    schedule = load(file=SIGNALS).schedule
    price, surplus = schedule.signals
    assert price == Signal(
        name="price",
        url="http://127.0.0.1/prices?zone=DE",
        path="data.[zone=DE.LU].rows",
        headers={"Authorization": "Bearer x"},
        every=300,
        at="from",
        value="price",
        step=1800,
        factor=0.1,
        plus=20,
        unit="EUR/MWh",
        silence=Silence(7200, "curtail"),
    )
    assert surplus == Signal("surplus", unit="W")
    dear, dark = schedule.rules
    avalon = Reach(families=("avalon",))
    assert dear == Rule("dear", "price", 80, 60.5, True, 150, 1, 3, 600, 1e6, avalon)
    assert dark == Rule("dark", "surplus", -2000, 1000, above=False, hard=-10_000)
    fuse, sun = schedule.budgets
    assert (fuse.cap, fuse.signal, fuse.reserve) == (500_000, "", 5000)
    assert (sun.cap, sun.signal, sun.surplus, sun.reach) == (None, "surplus", True, ANY)
    assert [(one.signal, one.error) for one in schedule.meters] == [("surplus", 0.005)]
    assert not schedule.empty


SWITCHES = """
[[schedule.ramp]]
by = "pdu"
name = "PDU 7"
down = { batch = 5, gap = "10s", jitter = "1s" }
[[schedule.facility]]
name = "fans"
on_url = "http://10.1.0.5/on"
off_url = "http://10.1.0.5/off"
method = "PUT"
on_body = '{"on": true}'
off_body = '{"on": false}'
headers = { X-Key = "k" }
state_url = "http://10.1.0.5/state"
state_path = "output"
on_value = true
lead = "1min"
lag = 600
[[schedule.profile]]
overclock = { profile = "high", level = 2 }
eco = { share = "80%" }
underclock = { power = "2.8kW" }
normal = {}
[schedule.profile.apply_to]
models = ["M30*"]
"""


def test_ramps_switches_and_profiles_arrive() -> None:
    schedule = load(file=SWITCHES).schedule
    assert schedule.ramps == (GroupRamp("pdu", "PDU 7", Ramp(5, 10, 1), Ramp()),)
    assert schedule.switches == (
        Switch(
            "fans",
            "http://10.1.0.5/on",
            "http://10.1.0.5/off",
            "PUT",
            '{"on": true}',
            '{"on": false}',
            {"X-Key": "k"},
            "http://10.1.0.5/state",
            "output",
            "true",
            60,
            600,
        ),
    )
    (row,) = schedule.profiles
    assert row.reach == Reach(models=("M30*",))
    assert row.steps == {
        "overclock": Step(profile="high", level="2"),
        "eco": Step(share=0.8),
        "underclock": Step(power=2800),
        "normal": Step(),
    }


# what is told of the keys is true


def rows() -> list[tuple[str, type[Struct], Keys]]:
    blocks = [(name, STRUCTS[name], keys) for name, keys in BLOCKS.items() if name in STRUCTS]
    return [*blocks, ("", Schedule, SCHEDULE)]


@pytest.mark.parametrize(("name", "of", "keys"), rows())
def test_what_is_usual_is_what_holds(name: str, of: type[Struct], keys: Keys) -> None:
    """The words for people, read as TOML, come to the default of the value."""
    usual = {field.name: field for field in fields(of)}
    for key in keys:
        field = usual.get(key.field or key.name)
        text = key.usual
        if field is None or not re.match(r'["{\d]|true|false', text) or field.required:
            continue
        value: Any = tomllib.loads(f"x = {text}")["x"]
        assert (key.check(value, key.name) if value != "" else "") == field.default, key.name


@pytest.mark.parametrize(("name", "of", "keys"), rows())
def test_each_field_has_its_key(name: str, of: type[Struct], keys: Keys) -> None:
    known = {key.field or key.name for key in keys} - {"time_zone"}
    lists = {"plans", "signals", "rules", "budgets", "ramps", "switches", "profiles", "meters"}
    assert known == {field.name for field in fields(of)} - lists - {"reach"}


# the file and the reload


def test_a_changed_schedule_needs_no_restart() -> None:
    assert changes_needing_restart(load(), load(file=PLAN)) == ()
    assert load(file=PLAN) != load()


def test_the_schedule_of_the_printed_file_can_be_switched_on() -> None:
    lines = print_toml().split("# When miners shall run")[1].splitlines()[1:]
    on = [line[1:] if line[:1] == "#" and line[1:2] != " " else line for line in lines]
    hall = '[[groups]]\nname = "hall-a"\nworkers = ["a-*"]\n'
    config: Config = load(file="\n".join([*on, hall]))
    assert config.notes == ()
    tree = tomllib.loads("\n".join(on))["schedule"]
    for name, keys in BLOCKS.items():
        said = {key for block in tree[name] for key in block}
        missing = {key.name for key in keys} - said - {"NAME"}
        assert missing <= {"body", "time_zone"} if name == "signal" else not missing, name
    assert {key.name for key in SCHEDULE} <= set(tree)


# gateways


def test_the_miners_of_a_gateway_are_spelled_out() -> None:
    text = """
        [[minercontrol]]
        url = "http://127.0.0.1:5000/api"
        miners = ["10.1.1.1-10.1.1.3", "10.1.1.2", "10.2.0.0/30"]
        connections = 3
        [[minercontrol]]
        url = "http://127.0.0.1:5001/api"
        miners = "10.3.0.9"
    """
    config = load(file=text, require_network=True)
    first = ("10.1.1.1", "10.1.1.2", "10.1.1.3", "10.2.0.1", "10.2.0.2")
    assert config.gateways == (
        Gateway("http://127.0.0.1:5000/api", first, 3),
        Gateway("http://127.0.0.1:5001/api", ("10.3.0.9",)),
    )
    assert config.networks == ()
