"""The farm: is it earning, what is wrong, and since when."""

from __future__ import annotations

from . import look
from .look import Json
from .names import COUNTERS, GAUGES, NAME, SITE, SOME, TAGGED, metric, since
from .page import Row, chosen, dashboard, typed
from .panels import (
    EXPECTED,
    GRAPHITE,
    Ask,
    Panel,
    by_name,
    chart,
    colored,
    heat,
    stat,
)
from .wrong import EACH, worst, wrong, wrong_lists

FARM = f"{GAUGES}.fleet"
REBOOTED = (
    f"group({COUNTERS}.worker.*.*.action.rebooted.count, {COUNTERS}.worker.*.action.rebooted.count)"
)
REBOOTS = metric("actions_total", SOME, action="rebooted")


def page(store: str) -> Json:
    """The dashboard for that store."""
    rows = [
        Row(4, *_figures()),
        Row(4, *_states()),
        Row(9, *_first_look(store)),
        Row(9, worst(store), _temperatures()),
        Row(8, *_courses()),
        Row(8, *_happened()),
        Row(8, *_by_model(), title=_by_model_title(store)),
    ]
    return dashboard(
        store,
        "fleet",
        "the farm",
        "Is the farm earning, what is wrong, and since when. The states, their words and colours "
        "are those of mother everywhere.",
        rows,
        _variables(store),
    )


def _variables(store: str) -> list[Json]:
    site = "Sites to show: what --site names."
    model = "Models in lists, heat map and the last row; the sums are always of whole sites."
    if store == GRAPHITE:
        prefix = "What --statsd-prefix says; {north,south} shows two together."
        tag = "Needs --statsd-tags; only the last row goes by it."
        return [
            typed("prefix", "Prefix", "dragons", prefix),
            chosen(store, "site", "Site", "tag_values(site)", tag, many=True),
            chosen(store, "model", "Model", "tag_values(model)", tag, many=True),
        ]
    known = metric("miner_reachable", SITE)
    return [
        chosen(store, "site", "Site", "label_values(mother_fleet_miners, site)", site, many=True),
        chosen(store, "model", "Model", f"label_values({known}, model)", model, many=True),
    ]


def _sum(graphite: str, prometheus: str, legend: str) -> Ask:
    summed = f"sum({metric(f'fleet_{prometheus}', SITE)})"
    return Ask(f"sumSeries({FARM}.{graphite})", summed, legend)


HASHRATE = _sum("hashrate", "hashrate_hashes_per_second", "Hashrate")
WANTED = _sum("expected_hashrate", "expected_hashrate_hashes_per_second", "Expected")
POWER = _sum("power", "power_watts", "Power")


def _rejected() -> Ask:
    """The share of the last ten minutes, so that a bad hour is not hidden by a good year."""
    bad = f"summarize(nonNegativeDerivative(sumSeries({FARM}.rejected)), '10min', 'sum')"
    good = bad.replace("rejected", "accepted")
    lost = f"sum(rate({metric('miner_rejected_shares_total', SOME)}[10m]))"
    won = lost.replace("rejected", "accepted")
    return Ask(
        f"divideSeries({bad}, sumSeries({bad}, {good}))", f"{lost} / ({lost} + {won})", "Rejected"
    )


def _figures() -> list[Panel]:
    ratio = Ask(
        f"divideSeries({HASHRATE.graphite}, {WANTED.graphite})",
        f"{HASHRATE.prometheus} / {WANTED.prometheus}",
        "Of expected",
    )
    efficiency = Ask(
        f"averageSeries({FARM}.efficiency)",
        f"avg({metric('fleet_efficiency_joules_per_terahash', SITE)})",
        "Efficiency",
    )
    hottest = Ask(
        f"maxSeries({FARM}.temperature_max)",
        f"max({metric('fleet_temperature_max_celsius', SITE)})",
        "Hottest board",
    )
    reboots = Ask(
        f"consolidateBy(sumSeries({REBOOTED}), 'sum')",
        f"round(sum({since(REBOOTS, '$__range')}))",
        "Reboots",
        instant=True,
    )
    unit = look.HASHRATE
    return [
        stat("Hashrate", "What the whole farm hashes now.", unit, HASHRATE, weight=5, spark=True),
        stat(
            "Of expected",
            "Hashrate against what the models make when well, gone miners included. Orange below "
            "95 %, red below 80 %: look at what is wrong. Miners of a model whose promise mother "
            "does not know count as hashrate only.",
            look.SHARE,
            ratio,
            thresholds=look.OF_EXPECTED,
            decimals=1,
            weight=4,
        ),
        stat(
            "Power",
            "What is known of the miners that hash, by the maker's figure where a miner does not "
            "measure. Miners without a figure are left out.",
            look.WATT,
            POWER,
        ),
        stat(
            "Efficiency",
            "Of the miners whose power is known. Less is better.",
            look.EFFICIENCY,
            efficiency,
            decimals=1,
        ),
        stat(
            "Hottest board",
            "From 100 °C on a board is too hot: look at its fans, its filter and the air.",
            look.CELSIUS,
            hottest,
            thresholds=look.HEAT,
        ),
        stat(
            "Rejected shares",
            "Of the last 10 minutes. Above 2 %: look at the pool and the line to it, then at "
            "single miners.",
            look.SHARE,
            _rejected(),
            thresholds=look.REJECTED,
            decimals=2,
        ),
        stat(
            "Reboots",
            "By mother, in the time that is shown.",
            look.COUNT,
            reboots,
            calc="sum",
            noValue="0",
        ),
    ]


def _state(name: str) -> Ask:
    return Ask(
        f"sumSeries({FARM}.state.{name})",
        f"sum({metric('fleet_miners_by_state', SITE, state=name)})",
        name,
    )


def _states() -> list[Panel]:
    counted = [
        by_name(name, thresholds=look.steps(look.UNKNOWN, (1, color)))
        for name, color in look.STATES.items()
    ]
    boards = _sum("boards_alive", "boards_alive", "Alive")
    of = _sum("boards_expected", "boards_expected", "Expected")
    missing = Ask(
        f"diffSeries({of.graphite}, {boards.graphite})",
        f"{of.prometheus} - {boards.prometheus}",
        "Boards missing",
    )
    homeless = Ask(
        f"countSeries(currentBelow({EACH}.pool_alive, 0))",
        f"count(({metric('miner_pool_alive', SOME)} == 0) and on (site, worker) "
        f"({metric('miner_reachable', SOME)} == 1)) or vector(0)",
        "Without a pool",
    )
    breaker = Ask(
        f"maxSeries({GAUGES}.health.breaker_open)",
        f"max(mother_breaker_open and on (instance) {metric('fleet_miners', SITE)})",
        "Breaker",
    )
    return [
        stat(
            "Miners by state",
            "hashing: at work. tuning: starts or ramps up. asleep: off on purpose. ill: hashes "
            "badly, a board is dead or too hot. gone: not reachable. unknown: never read.",
            look.COUNT,
            *map(_state, look.STATES),
            overrides=counted,
            weight=15,
        ),
        stat(
            "Boards missing",
            "Boards that the models have and that are not alive.",
            look.COUNT,
            missing,
            thresholds=look.NONE_IS_WELL,
        ),
        stat(
            "Without a pool",
            "Miners none of whose pools is alive: they hash for nobody. Graphite counts the gone "
            "ones as well.",
            look.COUNT,
            homeless,
            thresholds=look.NONE_IS_WELL,
            noValue="0",
        ),
        stat(
            "Breaker",
            "Open while too many miners fell ill at once: mother reboots nobody then, since the "
            "cause lies elsewhere. Look at power, network, pool and heat.",
            look.COUNT,
            breaker,
            mappings=look.BREAKER,
            thresholds=look.NONE_IS_WELL,
        ),
    ]


def _first_look(store: str) -> list[Panel]:
    earning = chart(
        "Hashrate",
        "What the farm hashes, and thin behind it what it should.",
        look.HASHRATE,
        WANTED,
        HASHRATE,
        overrides=[EXPECTED, colored("Hashrate", look.HASHING)],
        weight=12,
    )
    return [earning, *(wrong_lists() if store == GRAPHITE else [wrong()])]


def _temperatures() -> Panel:
    ask = Ask(f"consolidateBy({EACH}.temperature_max, 'max')",
              metric("miner_temperature_max_celsius", SOME), "{{worker}}")  # fmt: skip
    return heat(
        "Temperatures",
        "How many miners have which temperature when, each by its hottest board. A crowd that "
        "climbs together: the air. One alone: its fans.",
        look.CELSIUS,
        ask,
        step="2",
    )


def _courses() -> list[Panel]:
    return [
        chart(
            "Miners by state",
            "How many are in each state.",
            look.COUNT,
            *map(_state, look.STATES),
            stacked=True,
            overrides=[colored(name, color) for name, color in look.STATES.items()],
        ),
        chart("Power", "What is known of the miners that hash.", look.WATT, POWER,
              overrides=[colored("Power", look.TUNING)]),
        chart(
            "Boards",
            "Boards alive, and thin behind it how many the models have.",
            look.COUNT,
            _sum("boards_expected", "boards_expected", "Expected"),
            _sum("boards_alive", "boards_alive", "Alive"),
            overrides=[EXPECTED, colored("Alive", look.HASHING)],
        ),
    ]  # fmt: skip


def _happened() -> list[Panel]:
    hourly = f"{COUNTERS}.manager.dragons.{{added,removed,ill,exception}}.count"
    events = metric("events_total", SITE, kind="~device[.].*|fault|breaker[.].*")
    return [
        chart(
            "Rejected shares",
            "Share of what was handed in, ten minutes at a time.",
            look.SHARE,
            _rejected(),
            thresholds=look.REJECTED,
            overrides=[colored("Rejected", look.ILL)],
        ),
        chart(
            "Reboots",
            "By mother, per hour.",
            look.COUNT,
            Ask(f"summarize(sumSeries({REBOOTED}), '1h', 'sum')",
                f"sum({since(REBOOTS, '1h')})", "Reboots"),
            overrides=[colored("Reboots", look.TUNING)],
            bars=True,
        ),
        chart(
            "What happened",
            "Events per hour. Many at once have one cause: look for what they share.",
            look.COUNT,
            Ask(f"aliasByNode(summarize({hourly}, '1h', 'sum'), {NAME})",
                f"sum by (kind) ({since(events, '1h')})", "{{kind}}"),
            bars=True,
        ),
    ]  # fmt: skip


def _by_model_title(store: str) -> str:
    return "By model and site (needs --statsd-tags)" if store == GRAPHITE else "By model and site"


def _by_model() -> list[Panel]:
    def split(name: str, prometheus: str, by: str) -> Ask:
        tags = f"'{TAGGED}.{name}', 'site=~^${{site:regex}}$', 'model=~^${{model:regex}}$'"
        summed = f"groupByTags(seriesByTag({tags}), 'sum', '{by}')"
        return Ask(
            f"aliasByTags({summed}, '{by}')",
            f"sum by ({by}) ({metric(f'miner_{prometheus}', SOME)})",
            f"{{{{{by}}}}}",
        )

    return [
        chart("Hashrate by model", "What each model hashes.", look.HASHRATE,
              split("hashrate", "hashrate_hashes_per_second", "model"), stacked=True),
        chart("Hashrate by site", "What each site hashes.", look.HASHRATE,
              split("hashrate", "hashrate_hashes_per_second", "site"), stacked=True),
        chart("Miners that answer, by model", "Miners that can be reached.", look.COUNT,
              split("reachable", "reachable", "model"), stacked=True),
    ]  # fmt: skip
