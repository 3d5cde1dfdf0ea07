"""What is wrong in `[schedule]` and `[[minercontrol]]`: place and cure, all at once, no secret."""

from __future__ import annotations

from typing import Any

import pytest

from tests.config.given import problems

PLAN: dict[str, Any] = {"name": "night", "mode": "sleep"}
PRICE: dict[str, Any] = {"name": "price", "url": "http://10.1.0.5/price"}
RULE: dict[str, Any] = {"name": "dear", "signal": "price", "threshold": 80, "release": 60}
FANS: dict[str, Any] = {
    "name": "f",
    "on_url": "http://x.example/1",
    "off_url": "http://x.example/0",
}
GATE: dict[str, Any] = {"url": "http://10.1.0.5:5000/api", "miners": ["10.1.1.1"]}

Tree = dict[str, Any]


def plan(**said: Any) -> Tree:
    return {"schedule": {"plan": [{**PLAN, **said}]}}


def signal(**said: Any) -> Tree:
    return {"schedule": {"signal": [{**PRICE, **said}]}}


def rule(**said: Any) -> Tree:
    return {"schedule": {"signal": [PRICE], "rule": [{**RULE, **said}]}}


def budget(**said: Any) -> Tree:
    return {"schedule": {"signal": [PRICE], "budget": [{"name": "b", **said}]}}


def facility(**said: Any) -> Tree:
    return {"schedule": {"facility": [{**FANS, **said}]}}


def profile(*rows: Any) -> Tree:
    return {"schedule": {"profile": list(rows)}}


def ramp(**said: Any) -> Tree:
    return {"schedule": {"ramp": [said]}}


def gate(*blocks: Any) -> Tree:
    return {"minercontrol": list(blocks)}


ONE: list[tuple[Tree, str]] = [
    ({"schedule": 3}, "schedule: must be a table, not a number"),
    ({"schedul": {}}, "schedul: unknown; did you mean schedule?"),
    ({"schedule": {"plans": []}}, "schedule.plans: unknown; did you mean plan?"),
    ({"schedule": {"plan": {}}}, "schedule.plan: must be a list, not a table"),
    ({"schedule": {"plan": [3]}}, "schedule.plan[0]: must be a table, not a number"),
    ({"schedule": {"profile": [3]}}, "schedule.profile[0]: must be a table, not a number"),
    (
        {"schedule": {"interval": "soon"}},
        "schedule.interval: 'soon' is no time, e.g. 15min, 2h or 90 (seconds)",
    ),
    ({"schedule": {"interval": 0}}, "schedule.interval: 0 is out of range: 1 s to 1 h"),
    (
        {"schedule": {"min_on": True}},
        "schedule.min_on: must be a time such as 15min, or a number of seconds, not true",
    ),
    ({"schedule": {"dead_band": 5}}, "schedule.dead_band: 5 is out of range: 0% to 50%"),
    (
        {"schedule": {"dead_band": "5"}},
        "schedule.dead_band: '5' can be read in two ways; write 5% if that is meant",
    ),
    (
        {"schedule": {"resume_percent": 101}},
        "schedule.resume_percent: 101 is out of range: 0 to 100 percent",
    ),
    ({"schedule": {"up": {"bach": 1}}}, "schedule.up.bach: unknown; did you mean batch?"),
    (
        {"schedule": {"time_zone": "Europe/Berlinn"}},
        "schedule.time_zone: 'Europe/Berlinn' is no time zone; did you mean Europe/Berlin?",
    ),
    # plans
    (plan(**{"from": "25:00"}), "schedule.plan[0].from: '25:00' is no time of day, e.g. 06:30"),
    (plan(**{"from": "24:00"}), "schedule.plan[0].from: '24:00' is no time of day, e.g. 06:30"),
    (plan(until=6), "schedule.plan[0].until: 6 is no time of day, e.g. 06:30"),
    (plan(frm="06:00"), "schedule.plan[0].frm: unknown; did you mean from?"),
    (plan(days=["mo"]), "schedule.plan[0].days[0]: 'mo' is unknown; did you mean mon?"),
    (
        plan(days="weekday"),
        "schedule.plan[0].days: 'weekday' is unknown; did you mean weekdays?",
    ),
    (
        plan(days=[]),
        "schedule.plan[0].days: empty; leave it out for every day, or name some, "
        'e.g. ["mon", "sat"]',
    ),
    (
        plan(days=[1]),
        "schedule.plan[0].days[0]: must be a day such as mon, weekdays or weekend, not 1",
    ),
    (
        plan(dates=["24.12.2026", "2026-02-30"][:1]),
        "schedule.plan[0].dates[0]: '24.12.2026' is no date, e.g. 2026-12-24",
    ),
    (
        plan(dates=["2026-02-30"]),
        "schedule.plan[0].dates[0]: '2026-02-30' is no date, e.g. 2026-12-24",
    ),
    (plan(mode="asleep"), "schedule.plan[0].mode: must be active or sleep, not 'asleep'"),
    (
        plan(power_target="500kW"),
        "schedule.plan[0].power_target: '500kW' is out of range: 1 W to 100 kW",
    ),
    (
        plan(power_target="3 kilowatt"),
        "schedule.plan[0].power_target: '3 kilowatt' is no power, e.g. 500kW, 3.2 kW or 850 (W)",
    ),
    (
        plan(priority=1.5),
        "schedule.plan[0].priority: must be a whole number, e.g. 10, not 1.5",
    ),
    (
        plan(apply_to={"groups": ["hal"]}),
        "schedule.plan[0].apply_to.groups: 'hal' is unknown; the file has no [[groups]]",
    ),
    (
        {**plan(apply_to={"groups": ["hal"]}), "groups": [{"name": "hall", "workers": ["h*"]}]},
        "schedule.plan[0].apply_to.groups: 'hal' is unknown; did you mean hall?",
    ),
    (
        plan(apply_to={"modles": []}),
        "schedule.plan[0].apply_to.modles: unknown; did you mean models?",
    ),
    (
        plan(families=["antminer"]),
        "schedule.plan[0].families: belongs below [schedule.plan.apply_to]",
    ),
    (
        {"schedule": {"plan": [{"name": "night"}]}},
        "schedule.plan[0]: says nothing; name profile, mode or power_target",
    ),
    (
        {"schedule": {"plan": [{"mode": "sleep"}]}},
        'schedule.plan[0].name: missing; e.g. name = "night"',
    ),
    (
        {"schedule": {"plan": [PLAN, PLAN]}},
        "schedule.plan[1].name: there is a plan 'night' already",
    ),
    (
        plan(name="last night"),
        "schedule.plan[0].name: must be 1 to 64 letters, digits, _, . and -, not 'last night'",
    ),
    # signals
    (
        signal(every="1s", silence={"hold": "1s"}),
        "schedule.signal[0].silence.hold: must be longer than every (1 s), or it is silent "
        'between; e.g. silence = { hold = "3s" }',
    ),
    (
        signal(every="1h"),
        "schedule.signal[0].silence.hold: must be longer than every (1 h), or it is silent "
        'between; e.g. silence = { hold = "3h" }',
    ),
    (
        signal(silence={"then": "stop"}),
        "schedule.signal[0].silence.then: must be one of run, curtail, not 'stop'",
    ),
    (
        signal(path="data..price"),
        "schedule.signal[0].path: 'data..price' is no path, e.g. data.0.price or "
        "data.[name=A].value",
    ),
    (
        signal(path="data[0]"),
        "schedule.signal[0].path: 'data[0]' is no path, e.g. data.0.price or data.[name=A].value",
    ),
    (
        signal(at="from"),
        "schedule.signal[0].at: means nothing without value: both belong to each row of a list",
    ),
    (
        signal(value="price"),
        "schedule.signal[0].value: means nothing without at: both belong to each row of a list",
    ),
    (
        signal(step="1h"),
        "schedule.signal[0].step: means nothing without at and value, which read a list of rows",
    ),
    (
        signal(factor=0),
        "schedule.signal[0].factor: must be a number other than 0, e.g. 0.1, not 0",
    ),
    (signal(plus="x"), "schedule.signal[0].plus: must be a number, e.g. 2.5, not 'x'"),
    (signal(networks=["10.0.0.0/8"]), "schedule.signal[0].networks: is for nothing here"),
    (
        {"schedule": {"signal": [{"name": "a", "every": "1min"}]}},
        "schedule.signal[0].every: means nothing without url; name url too, or leave it out for "
        "a signal that is pushed",
    ),
    # rules
    (rule(signal="prize"), "schedule.rule[0].signal: 'prize' is unknown; did you mean price?"),
    (
        {"schedule": {"rule": [RULE]}},
        "schedule.rule[0].signal: 'price' is unknown; the file has no [[schedule.signal]]",
    ),
    (
        rule(release=90),
        "schedule.rule[0].release: must be threshold (80) or below, since the rule binds above "
        "it (above = true)",
    ),
    (
        rule(above=False),
        "schedule.rule[0].release: must be threshold (80) or above, since the rule binds below "
        "it (above = false)",
    ),
    (
        rule(hard=80),
        "schedule.rule[0].hard: must be above threshold (80), since the rule binds above it "
        "(above = true)",
    ),
    (
        rule(above=False, release=90, hard=100),
        "schedule.rule[0].hard: must be below threshold (80), since the rule binds below it "
        "(above = false)",
    ),
    (
        rule(threshold="dear"),
        "schedule.rule[0].threshold: must be a number, e.g. 80, or a power, e.g. 500kW, not 'dear'",
    ),
    (
        rule(windows=0),
        "schedule.rule[0].windows: 0 is out of range: 1 to 1000",
    ),
    (rule(above="yes"), "schedule.rule[0].above: must be true or false, not 'yes'"),
    (
        {"schedule": {"signal": [PRICE], "rule": [{"name": "a", "signal": "price", "release": 1}]}},
        "schedule.rule[0].threshold: missing; e.g. threshold = 80",
    ),
    # budgets and meters
    (
        budget(),
        'schedule.budget[0]: says no cap; e.g. cap = "500kW", or signal = "meter"',
    ),
    (
        budget(cap="1kW", signal="price"),
        "schedule.budget[0]: says cap and signal; keep one of them",
    ),
    (
        budget(cap="1kW", surplus=True),
        "schedule.budget[0].surplus: means nothing without signal, which tells the surplus",
    ),
    (
        budget(cap=-1),
        "schedule.budget[0].cap: -1 is out of range: 0 W to 10 GW",
    ),
    (
        {
            "schedule": {
                "signal": [{**PRICE, "unit": "kW"}],
                "budget": [{"name": "b", "signal": "price"}],
            }
        },
        "schedule.budget[0].signal: 'price' counts in kW, and W is meant here; add factor = 1000 "
        'and unit = "W" to it',
    ),
    (
        {"schedule": {"signal": [PRICE], "meter": [{"signal": "meter"}]}},
        "schedule.meter[0].signal: 'meter' is unknown; known here: price",
    ),
    (
        {"schedule": {"meter": [{}]}},
        'schedule.meter[0].signal: missing; e.g. signal = "meter-a"',
    ),
    # ramps
    (
        ramp(by="row", up={"batch": 1}),
        "schedule.ramp[0].by: must be one of group, rack, pdu, site, not 'row'",
    ),
    (
        ramp(by="rack"),
        'schedule.ramp[0]: says nothing; name down or up, e.g. down = { batch = 20, gap = "10s" }',
    ),
    (
        ramp(by="group", name="hall", up={"batch": 1}),
        "schedule.ramp[0].name: 'hall' is unknown; the file has no [[groups]]",
    ),
    (
        ramp(by="rack", up={"batch": -1}),
        "schedule.ramp[0].up.batch: -1 is out of range: 0 to 100000",
    ),
    # facilities
    (
        {"schedule": {"facility": [{"name": "f", "on_url": "http://x.example"}]}},
        'schedule.facility[0].off_url: missing; e.g. off_url = "http://10.1.0.5/relay/0?turn=off"',
    ),
    (
        facility(method="post"),
        "schedule.facility[0].method: must be one of GET, POST, PUT, PATCH, not 'post'",
    ),
    (
        facility(state_path="output"),
        "schedule.facility[0].state_path: means nothing without state_url",
    ),
    # profiles
    (
        profile({}),
        'schedule.profile[0]: says nothing; name a profile, e.g. underclock = { power = "2.8kW" }',
    ),
    (
        profile({"underclock": 3}),
        "schedule.profile[0].underclock: is the name of a profile, and must be a table, not 3; "
        'e.g. underclock = { power = "2.8kW" }',
    ),
    (
        profile({"eco": {"powr": 3}}),
        "schedule.profile[0].eco.powr: unknown; did you mean power?",
    ),
    (
        profile({"eco": {"power": 3, "share": "80%"}}),
        "schedule.profile[0].eco: says power and share; keep one of them",
    ),
    (
        profile({"eco": {"level": 3}}),
        "schedule.profile[0].eco.level: a level means nothing without a mode; name profile too",
    ),
    (
        profile({"eco": {}, "models": ["S19*"]}),
        "schedule.profile[0].models: belongs below [schedule.profile.apply_to]",
    ),
    # gateways
    ({"minercontrol": {}}, "minercontrol: must be a list, not a table"),
    (gate(3), "minercontrol[0]: must be a table, not a number"),
    (
        gate({"miners": ["10.1.1.1"]}),
        'minercontrol[0].url: missing; e.g. url = "http://10.1.0.5:5000/api"',
    ),
    (
        gate({**GATE, "miners": []}),
        'minercontrol[0].miners: empty; name some, e.g. ["10.1.1.1-10.1.1.200"]',
    ),
    (
        gate({**GATE, "miners": ["192.168.0.0-192.168.0.999"]}),
        "minercontrol[0].miners: '192.168.0.0-192.168.0.999' is no IPv4 network, range or "
        "address, e.g. 10.1.0.0/22, 10.1.0.10-10.1.0.60 or 10.1.0.7",
    ),
    (
        gate({**GATE, "miners": ["10.0.0.0/8"]}),
        "minercontrol[0].miners: 16,777,214 addresses; behind one gateway are 65,536 at most",
    ),
    (
        gate(GATE, {**GATE, "miners": "10.1.1.0/30"}),
        "minercontrol[1].miners: 10.1.1.1 is behind minercontrol[0] already; keep one of both",
    ),
    (
        gate({**GATE, "connections": 0}),
        "minercontrol[0].connections: 0 is out of range: 1 to 1000",
    ),
]


@pytest.mark.parametrize(("tree", "expected"), ONE)
def test_each_problem_is_named_with_its_place_and_its_cure(tree: Tree, expected: str) -> None:
    assert problems(file=tree) == [expected]


def test_all_problems_are_said_at_once() -> None:
    tree = {
        "schedule": {
            "time_zone": 3,
            "plan": [{"from": "x", "mode": "y"}, {**PLAN, "days": ["mon", 3]}],
            "signal": [{"name": "price", "url": "ftp://x"}],
            "rule": [{**RULE, "signal": "cost"}],
        },
        "minercontrol": [{}],
    }
    places = [line.partition(": ")[0] for line in problems(file=tree)]
    assert sorted(places) == [
        "minercontrol[0].miners",
        "minercontrol[0].url",
        "schedule.plan[0].from",
        "schedule.plan[0].mode",
        "schedule.plan[0].name",
        "schedule.plan[1].days[1]",
        "schedule.rule[0].signal",
        "schedule.signal[0].url",
        "schedule.time_zone",
    ]
