"""What is wrong on the farm, and which miners do worst."""

from __future__ import annotations

from . import look
from .names import GAUGES, NAME, SOME, metric, to_miner
from .panels import GRAPHITE, Ask, Panel, bars, by_name, table

EACH = f"{GAUGES}.miner.*"
WRONG = (
    f"({metric('miner_state', SOME)} == 1 and on (site, worker) "
    f"({metric('miner_state', SOME, state='~ill|gone')} == 1 "
    f"or {metric('miner_temperature_max_celsius', SOME)} > 100))"
)
"""A miner that is too hot may be hashing all the same."""

ASLEEP = f"({metric('miner_state', SOME, state='asleep')} == 1)"


def wrong_lists() -> list[Panel]:
    """Graphite knows no state of a miner: a list for each thing that may be wrong."""
    gone = Ask(f"aliasByNode(currentBelow({EACH}.reachable, 0), {NAME})")
    dead = Ask(
        f"aliasByNode(currentBelow(asPercent({EACH}.boards_alive, {EACH}.boards_expected, {NAME})"
        f"|exclude('MISSING'), 99), {NAME})"
    )
    hot = Ask(f"aliasByNode(currentAbove({EACH}.temperature_max, 100), {NAME})")
    well = "None."
    return [
        _names("Gone", "Not reachable: look at power and network.", "Answers", gone, well,
               mappings=look.ANSWERS, thresholds=look.steps(look.GONE)),
        _names("Boards missing", "A dead or missing board. mother reboots it within limits, if it "
               "may; what is still here after that wants a human.", "Alive", dead, well,
               unit=look.PERCENT, decimals=0, thresholds=look.steps(look.ILL)),
        _names("Too hot", "A board at 100 °C or more: fans, filter, air.", "Hottest", hot, well,
               unit=look.CELSIUS, thresholds=look.steps(look.ILL)),
    ]  # fmt: skip


def _names(title: str, tells: str, column: str, ask: Ask, well: str, **more: object) -> Panel:
    """A list of miners by their last value, each a link to its page."""
    turned = [
        {"id": "reduce", "options": {"mode": "seriesToRows", "reducers": ["lastNotNull"]}},
        {"id": "organize", "options": {"renameByName": {"Field": "Miner", "Last *": column}}},
    ]
    links = [by_name("Miner", links=[to_miner(GRAPHITE, "${__value.text}")])]
    return table(
        title,
        tells,
        ask,
        weight=4,
        noValue=well,
        transformations=turned,
        overrides=[*links, by_name(column, custom_cellOptions={"type": "color-text"})],
        **more,
    )


def wrong() -> Panel:
    """Prometheus knows the states: one list of all that are ill, gone or hot, with figures."""

    def of(value: str) -> str:
        with_state = f"{value} * on (site, worker) group_left (state) {WRONG}"
        return f"sum by (site, model, worker, state) ({with_state})"

    def said(name: str) -> str:
        return metric(f"miner_{name}", SOME)

    asks = [
        f"sum by (site, model, worker, state) {WRONG}",
        of(said("hashrate_hashes_per_second")),
        of(f"({said('boards_expected')} - {said('boards_alive')})"),
        of(said("temperature_max_celsius")),
        of(f"(time() - last_over_time({said('last_seen_timestamp_seconds')}[1d]))"),
    ]
    columns = ("", "Hashrate", "Boards missing", "Hottest", "Answered")
    named = {f"Value #{chr(65 + i)}": text for i, text in enumerate(columns) if text}
    named |= {"worker": "Miner", "model": "Model", "site": "Site", "state": "State"}
    order = ("State", "Miner", *columns[1:], "Model", "Site")
    before = {text: name for name, text in named.items()}
    colors = {
        name: {"text": name, "color": color, "index": index}
        for index, (name, color) in enumerate(look.STATES.items())
    }
    link = to_miner("prometheus", "${__value.text}", "${__data.fields.Site}")
    shown = {"custom_cellOptions": {"type": "color-text"}}
    return table(
        "What is wrong",
        "Miners that are gone, ill or too hot. Ill: mother reboots within limits, if it may. Gone: "
        "look at power and network. Too hot (100 °C): look at fans, filter and air.",
        *(Ask(prometheus=ask) for ask in asks),
        noValue="Nothing is wrong.",
        sort=[("State", False), ("Answered", True)],
        transformations=[
            {"id": "merge", "options": {}},
            {
                "id": "organize",
                "options": {
                    "excludeByName": {"Time": True, "Value #A": True},
                    "indexByName": {before[text]: i for i, text in enumerate(order)},
                    "renameByName": named,
                },
            },
        ],
        overrides=[
            by_name("State", mappings=[{"type": "value", "options": colors}], **shown),
            by_name("Miner", links=[link]),
            by_name("Hashrate", unit=look.HASHRATE),
            by_name("Boards missing", thresholds=look.NONE_IS_WELL, **shown),
            by_name("Hottest", unit=look.CELSIUS, thresholds=look.HEAT, **shown),
            by_name("Answered", unit=look.DURATION, decimals=0),
        ],
    )


def worst(store: str) -> Panel:
    """Those that make least of what they could."""

    def by_miner(name: str) -> str:
        return f"sum by (site, worker) ({metric(name, SOME)})"

    share = (
        f"{by_miner('miner_hashrate_hashes_per_second')} / "
        f"{by_miner('miner_expected_hashrate_hashes_per_second')}"
    )
    percent = f"asPercent({EACH}.hashrate, {EACH}.expected_hashrate, {NAME})|exclude('MISSING')"
    ask = Ask(
        f"aliasByNode(scale(lowestCurrent({percent}, 10), 0.01), {NAME})",
        f"sort(bottomk(10, {share} unless on (site, worker) {ASLEEP}))",
        "{{worker}}",
        instant=True,
    )
    if store == GRAPHITE:
        left_out = " Gone and sleeping miners stand here with 0 %."
        link = to_miner(store, "${__series.name}")
    else:
        left_out = " Gone and sleeping miners are left out."
        link = to_miner(store, "${__field.labels.worker}", "${__field.labels.site}")
    return bars(
        "The worst ten",
        "Hashrate against what it should make in its mode; click for the miner." + left_out,
        look.SHARE,
        ask,
        min=0,
        max=1,
        decimals=0,
        thresholds=look.OF_EXPECTED,
        link=link,
    )
