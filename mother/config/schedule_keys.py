"""The keys of `[schedule]` and its blocks: how each is checked, what holds unless it is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from mother.config import schedule_kinds as kinds
from mother.config.kinds import SWITCH, choice, number, plain, whole
from mother.config.miners import KEYS as OF_MINERS
from mother.config.problems import Check, Problems, a_table, shown, wrong
from mother.config.schedule import Ramp, Silence, Step
from mother.config.zones import check_zone

DAY = 86_400.0
MOST_WATTS = 10e9
COUNT = whole("whole number", 0, 100_000, 20, "N").check


class Key(Struct, frozen=True):
    """One key of a block. `usual` is what holds unless it is said, as TOML or in words.

    `needed` is the cure where a key that must be there is missing. `field` is its name in the
    value that the block becomes, where that is another.
    """

    name: str
    check: Check
    help: str
    usual: str = ""
    needed: str = ""
    field: str = ""


Keys = tuple[Key, ...]


def found_in(
    entry: Mapping[str, Any], place: str, keys: Iterable[Key], problems: Problems
) -> dict[str, Any]:
    """What is said, by field; what is wrong or missing is a problem and not among it."""
    found: dict[str, Any] = {}
    for key in keys:
        where = f"{place}.{key.name}"
        if key.name in entry:
            before = len(problems.lines)
            value = problems.checked(key.check, entry[key.name], where, None)
            if len(problems.lines) == before:
                found[key.field or key.name] = value
        elif key.needed:
            problems.add(where, f"missing; {key.needed}")
    return found


def _table(keys: Keys, of: type[Struct], **usual: Any) -> Check:
    """A table of keys that becomes a Struct."""

    def check(value: Any, place: str) -> Any:
        problems = Problems()
        entry = problems.table(a_table(value, place), place, [key.name for key in keys])
        found = found_in(entry, place, keys, problems)
        problems.end()
        return of(**{**usual, **found})

    return check


def _on_value(value: Any, place: str) -> str:
    """A text as it would stand in the answer; true and numbers too."""
    if isinstance(value, bool):
        return str(value).lower()
    return plain(value) if isinstance(value, (int, float)) else kinds.text(value, place)


def _step(value: Any, place: str) -> Step:
    step: Step = _table(STEP, Step)(value, place)
    if step.level is not None and step.profile is None:
        raise wrong(f"{place}.level", "a level means nothing without a mode; name profile too")
    said = [key for key in ("profile", "power", "share") if getattr(step, key) is not None]
    if len(said) > 1:
        raise wrong(place, f"says {' and '.join(said)}; keep one of them")
    return step


def steps_of(entry: Mapping[str, Any], place: str, problems: Problems) -> dict[str, Step]:
    """What each profile comes to: any key of the block is the name of one."""
    found = {}
    for key, value in entry.items():
        where = f"{place}.{key}"
        if not isinstance(value, dict):
            says = f"is the name of a profile, and must be a table, not {shown(value)}"
            problems.add(where, f'{says}; e.g. {key} = {{ power = "2.8kW" }}')
            continue
        problems.checked(kinds.name, key, where, "")
        found[key] = problems.checked(_step, value, where, Step())
    return found


RAMP: Keys = (
    Key("batch", COUNT, "So many miners change at a time; 0: no limit.", "0"),
    Key("gap", kinds.span(0, DAY), "Time between two batches.", "0"),
    Key("jitter", kinds.span(0, 3600), "Each miner changes up to so much later.", "0"),
)
SILENCE: Keys = (
    Key("hold", kinds.span(1, 7 * DAY), "How long the last word counts.", '"15min"'),
    Key("then", choice("run", "curtail").check, "What holds then.", '"run"'),
)
STEP: Keys = (
    Key("profile", OF_MINERS["profile"][0].check, "A profile of the family's own."),
    Key("level", OF_MINERS["level"][0].check, "Its level, where the family has levels."),
    Key("power", kinds.power(1, 100_000), "A power target."),
    Key("share", kinds.share(0.01, 2), "A power target as a share of what is usual."),
)

SCHEDULE: Keys = (
    Key(
        "time_zone",
        check_zone,
        "Zone of the clock that plans go by, unless they name another.",
        "that of the machine",
    ),
    Key("interval", kinds.span(1, 3600), "Time between two decisions.", '"15s"'),
    Key(
        "min_on",
        kinds.span(0, DAY),
        "So long a miner stays awake before a price, a budget or a rule puts it to sleep; plans "
        "and orders may.",
        '"30min"',
    ),
    Key("min_off", kinds.span(0, DAY), "So long it stays asleep then.", '"15min"'),
    Key(
        "resume_percent",
        number("percent", 0, 100, 5).check,
        "At most this share of the farm wakes in a minute; 0: all at once.",
        "5",
    ),
    Key("starts_a_day", COUNT, "So often a miner is woken in 24 hours; 0: no limit.", "6"),
    Key(
        "trust_clock",
        SWITCH.check,
        "Follow plans even where nobody keeps this machine's clock right (no NTP).",
        "false",
    ),
    Key(
        "dead_band",
        kinds.share(0, 0.5),
        "A power target is written when it differs by more than this from the present one, or "
        "when a cap would be exceeded without.",
        '"5%"',
    ),
    Key("power_gap", kinds.span(0, DAY), "Least time between two power targets.", '"10min"'),
    Key(
        "down",
        _table(RAMP, Ramp),
        "How fast miners may go to sleep: `batch` at a time (0: no limit), `gap` between two "
        "batches, each up to `jitter` later.",
        "{ batch = 0, gap = 0, jitter = 0 }",
    ),
    Key(
        "up",
        _table(RAMP, Ramp, jitter=5.0),
        "How fast they may wake.",
        '{ batch = 0, gap = 0, jitter = "5s" }',
    ),
)

PLAN: Keys = (
    Key("name", kinds.name, "Shown with each miner.", "", 'e.g. name = "night"'),
    Key("from", kinds.clock, "When it begins, by the clock.", '"00:00"', field="begins"),
    Key(
        "until",
        kinds.end_of,
        "When it ends; not after `from` is on the next day, the same as `from` a whole day.",
        '"24:00"',
        field="ends",
    ),
    Key(
        "days",
        kinds.days,
        "Days on which it begins: a list of `mon` to `sun`, `weekdays`, `weekend`.",
        "every day",
    ),
    Key("dates", kinds.dates, "Single dates on which it begins, of those days.", "all"),
    Key("time_zone", check_zone, "Zone of its clock.", "as `schedule.time_zone`", field="zone"),
    Key(
        "profile",
        OF_MINERS["profile"][0].check,
        "`overclock`, `normal`, `underclock`, a name of `[[schedule.profile]]`, or a profile of "
        "the family's own.",
        "as it is",
    ),
    Key("mode", kinds.mode, "`active` or `sleep`.", "as it is"),
    Key("power_target", kinds.power(1, 100_000), "Power of each miner, in W.", "as it is"),
    Key(
        "priority",
        whole("whole number", -1000, 1000, 10, "N").check,
        "Of two plans that hold at once the higher one counts, of equals the first in the file.",
        "0",
    ),
)
SIGNAL: Keys = (
    Key("name", kinds.name, "What others call it.", "", 'e.g. name = "price"'),
    Key(
        "url",
        kinds.url,
        "Address that is asked for JSON. Secret: `credential:NAME` or `env:NAME` will do.",
        "pushed: `mother signal NAME VALUE`",
    ),
    Key(
        "path",
        kinds.path,
        "Where the number stands in the answer: keys, numbers of list members and "
        "`[key=value]`, parted by dots; `data.0.price`.",
        "the answer itself",
    ),
    Key("headers", kinds.headers, "Sent along. Secret, as `url` is.", "none"),
    Key("body", kinds.body, "JSON to ask with, by POST (GraphQL). Secret, as `url` is.", "a GET"),
    Key(
        "every",
        kinds.span(1, DAY),
        "Time between two questions; they are asked at decisions (`interval`).",
        '"1min"',
    ),
    Key(
        "at",
        kinds.path,
        "For a list of rows at `path`: where the beginning of each stands in it.",
        "one number",
    ),
    Key("value", kinds.path, "For such a list: where the number stands in each row.", "one number"),
    Key("step", kinds.span(60, DAY), "How long the last row of such a list holds.", '"1h"'),
    Key(
        "time_zone",
        check_zone,
        "Zone of times in such a list that do not say their offset.",
        "those are refused",
        field="zone",
    ),
    Key("factor", kinds.factor, "What comes is multiplied by this.", "1"),
    Key("plus", kinds.offset, "Then this is added.", "0"),
    Key("unit", kinds.text, "Unit of the outcome, for people.", '""'),
    Key(
        "silence",
        _table(SILENCE, Silence),
        "When nothing comes: its last word counts for `hold`; `then` is `run`, as if nothing "
        "held, or `curtail`, as if `hard` were crossed. An alarm is told after half of `hold`.",
        '{ hold = "15min", then = "run" }',
    ),
)
RULE: Keys = (
    Key("name", kinds.name, "Shown with each miner.", "", 'e.g. name = "dear"'),
    Key("signal", kinds.name, "Name of the signal.", "", 'e.g. signal = "price"'),
    Key("threshold", kinds.threshold, "Beyond this it binds.", "", "e.g. threshold = 80"),
    Key(
        "release",
        kinds.threshold,
        "Beyond this on the other side it lets go.",
        "",
        "the signal must come back so far before miners wake, e.g. release = 60",
    ),
    Key(
        "above",
        SWITCH.check,
        "`true`: high numbers bind (a price). `false`: low ones (a surplus).",
        "true",
    ),
    Key("hard", kinds.threshold, "Beyond this it binds at once.", "never"),
    Key(
        "windows",
        whole("number of windows", 1, 1000, 2, "N").check,
        "So many windows in a row must be beyond `threshold` before it binds.",
        "2",
    ),
    Key(
        "release_windows",
        whole("number of windows", 1, 1000, 4, "N").check,
        "So many in a row must be beyond `release` before it lets go.",
        "4",
    ),
    Key("window", kinds.span(1, DAY), "Length of a window, whose mean counts.", '"5min"'),
    Key("cap", kinds.power(0, MOST_WATTS), "What they may draw together then.", "they sleep"),
)
BUDGET: Keys = (
    Key("name", kinds.name, "Shown with each miner.", "", 'e.g. name = "site"'),
    Key("cap", kinds.power(0, MOST_WATTS), "What they may draw together.", "as `signal` says"),
    Key("signal", kinds.name, "Name of a signal in W that says it.", "none"),
    Key(
        "surplus",
        SWITCH.check,
        "The signal tells what is left over (positive) or lacking (negative) now; it is added to "
        "what they draw.",
        "false",
    ),
    Key("reserve", kinds.power(0, MOST_WATTS), "So much is kept free.", "0"),
)
GROUP_RAMP: Keys = (
    Key(
        "by",
        choice("group", "rack", "pdu", "site").check,
        "What is ramped by itself: each `group`, `rack`, `pdu` or `site`.",
        "",
        'e.g. by = "rack"',
    ),
    Key("name", kinds.text, "Only the one of this name.", "each"),
    Key("down", _table(RAMP, Ramp), "How fast its miners may go to sleep.", "no limit"),
    Key("up", _table(RAMP, Ramp), "How fast they may wake.", "no limit"),
)
FACILITY: Keys = (
    Key("name", kinds.name, "For the log.", "", 'e.g. name = "fans-a"'),
    Key(
        "on_url",
        kinds.url,
        "Address that switches it on. Secret: `credential:NAME` or `env:NAME` will do.",
        "",
        'e.g. on_url = "http://10.1.0.5/relay/0?turn=on"',
    ),
    Key(
        "off_url",
        kinds.url,
        "Address that switches it off.",
        "",
        'e.g. off_url = "http://10.1.0.5/relay/0?turn=off"',
    ),
    Key("method", choice("GET", "POST", "PUT", "PATCH").check, "How they are called.", '"POST"'),
    Key("on_body", kinds.body, "What is sent to `on_url`. Secret, as the address is.", '""'),
    Key("off_body", kinds.body, "What is sent to `off_url`.", '""'),
    Key("headers", kinds.headers, "Sent along. Secret.", "none"),
    Key("state_url", kinds.url, "Address that tells (GET) whether it is on.", "none"),
    Key("state_path", kinds.path, "Where that stands in the answer.", "the answer itself"),
    Key("on_value", _on_value, "What stands there while it is on.", '"true"'),
    Key("lead", kinds.span(0, 3600), "On so long before the first miner wakes.", '"30s"'),
    Key("lag", kinds.span(0, DAY), "Off so long after the last one sleeps.", '"5min"'),
)
METER: Keys = (
    Key("signal", kinds.name, "Name of a signal in W.", "", 'e.g. signal = "meter-a"'),
    Key("error", kinds.error, "Its relative error: a share, `0.02` or `2%`.", '"1%"'),
)
PROFILE: Keys = (
    Key(
        "NAME",
        _step,
        "`overclock`, `normal`, `underclock` or a name of yours: a table of `profile` (of the "
        "family's own) with its `level`, or `power` (W), or `share` of the usual power (`80%`); "
        "an empty one leaves it as it is.",
        "mother's own table",
    ),
)

BLOCKS: Mapping[str, Keys] = {
    "plan": PLAN,
    "signal": SIGNAL,
    "rule": RULE,
    "budget": BUDGET,
    "ramp": GROUP_RAMP,
    "facility": FACILITY,
    "profile": PROFILE,
    "meter": METER,
}
"""By the names of the blocks below `schedule`."""

REACHING = tuple(name for name in BLOCKS if name not in ("signal", "ramp"))
"""The blocks that say by `apply_to` for whom they are."""

NAMED = ("plan", "signal", "rule", "budget", "facility")
"""The blocks whose names must differ."""

SECRET: Mapping[str, tuple[str, ...]] = {
    "signal": ("url", "headers", "body"),
    "facility": ("on_url", "off_url", "state_url", "on_body", "off_body", "headers"),
}
"""What may be a reference."""
