"""One miner: what it does, since when, and what was done to it."""

from __future__ import annotations

from . import look
from .look import Json
from .names import COUNTERS, GAUGES, NAME, ONE, SITE, metric, since
from .page import Row, chosen, dashboard, typed
from .panels import EXPECTED, GRAPHITE, Ask, Panel, chart, colored, stat, timeline

MINER = f"{GAUGES}.miner.$worker"
BOARDS = f"{MINER}.board.*"
POOLS = f"{MINER}.pool.*"
REBOOTED = (
    f"group({COUNTERS}.worker.*.$worker.action.rebooted.count, "
    f"{COUNTERS}.worker.$worker.action.rebooted.count)"
)
REBOOTS = metric("actions_total", ONE, action="rebooted")


def page(store: str) -> Json:
    """The dashboard for that store."""
    rows = [
        Row(4, *_figures()),
        Row(8, *_hashing()),
        Row(8, *_keeping_cool()),
        Row(7, *_pools()),
        Row(8, *_shares()),
        Row(8, *_lasting()),
    ]
    return dashboard(
        store,
        "miner",
        "one miner",
        "What one miner does, since when, and what mother did to it. Choose it above, or click it "
        "on the dashboard of the farm.",
        rows,
        _variables(store),
    )


def _variables(store: str) -> list[Json]:
    worker = "The miner, by its name in metrics and at its pools."
    if store == GRAPHITE:
        return [
            typed("prefix", "Prefix", "dragons", "What --statsd-prefix says."),
            chosen(store, "worker", "Miner", f"{GAUGES}.miner.*", worker, many=False),
        ]
    known = metric("miner_reachable", SITE)
    of_model = metric("miner_reachable", SITE, model="~$model")
    models = "Models to choose a miner from."
    sites = "label_values(mother_fleet_miners, site)"
    return [
        chosen(store, "site", "Site", sites, "Where the miner is.", many=True),
        chosen(store, "model", "Model", f"label_values({known}, model)", models, many=True),
        chosen(store, "worker", "Miner", f"label_values({of_model}, worker)", worker, many=False),
    ]


def _own(graphite: str, prometheus: str, legend: str) -> Ask:
    return Ask(f"{MINER}.{graphite}", f"sum({metric(f'miner_{prometheus}', ONE)})", legend)


def _per_board(graphite: str, prometheus: str) -> Ask:
    told = metric(f"board_{prometheus}", ONE)
    return Ask(
        f"aliasSub(aliasByNode({BOARDS}.{graphite}, {NAME}), '^', 'board ')",
        f"sum by (board) ({told})",
        "board {{board}}",
    )


def _state() -> Ask:
    """The state as its number; Graphite is not told of it."""
    told = [
        f"max({metric('miner_state', ONE, state=name)} == 1) * {number}"
        for number, name in enumerate(look.STATES, 1)
    ]
    return Ask(prometheus=" or ".join(told), legend="State")


REACHABLE = _own("reachable", "reachable", "Reachable")
HASHRATE = _own("hashrate", "hashrate_hashes_per_second", "Hashrate")
WANTED = _own("expected_hashrate", "expected_hashrate_hashes_per_second", "Expected")
POWER = _own("power", "power_watts", "Power")


def _figures() -> list[Panel]:
    ratio = Ask(
        f"divideSeries({HASHRATE.graphite}, {WANTED.graphite})",
        f"{HASHRATE.prometheus} / {WANTED.prometheus}",
        "Of expected",
    )
    efficiency = _own("efficiency", "efficiency_joules_per_terahash", "Efficiency")
    hottest = _own("temperature_max", "temperature_max_celsius", "Hottest board")
    seen = Ask(
        f"scale({MINER}.last_seen, 1000)",
        f"max(last_over_time({metric('miner_last_seen_timestamp_seconds', ONE)}[1d])) * 1000",
        "Answered",
    )
    return [
        stat("State", "What mother takes it for.", look.COUNT, _state(), mappings=look.STATE_WORDS),
        stat(
            "Reachable",
            "Gone: it does not answer. Look at power and network.",
            look.COUNT,
            REACHABLE,
            mappings=look.ANSWERS,
        ),
        stat("Answered", "When it last answered.", look.AGO, seen),
        stat("Hashrate", "Of all boards; 0 while asleep or gone.", look.HASHRATE, HASHRATE),
        stat(
            "Of expected",
            "Hashrate against what it should make in its present mode.",
            look.SHARE,
            ratio,
            thresholds=look.OF_EXPECTED,
            decimals=0,
        ),
        stat("Hottest board", "From 100 °C on it is too hot.", look.CELSIUS, hottest,
             thresholds=look.HEAT),
        stat("Power", "Measured, told, or the maker's figure; many tell none.", look.WATT, POWER),
        stat("Efficiency", "Where its power is known. Less is better.", look.EFFICIENCY,
             efficiency, decimals=1),
        stat("Uptime", "Of the mining program.", look.DURATION, _uptime(), decimals=0),
    ]  # fmt: skip


def _uptime() -> Ask:
    return _own("uptime", "uptime_seconds", "Uptime")


def _hashing() -> list[Panel]:
    return [
        chart(
            "Hashrate",
            "Of all boards, and thin behind it what it should make in its present mode.",
            look.HASHRATE,
            WANTED,
            HASHRATE,
            overrides=[EXPECTED, colored("Hashrate", look.HASHING)],
            weight=12,
        ),
        chart(
            "Hashrate by board",
            "A board that falls behind its sisters is ill; at 0 it is dead.",
            look.HASHRATE,
            _per_board("hashrate", "hashrate_hashes_per_second"),
            weight=12,
        ),
    ]


def _keeping_cool() -> list[Panel]:
    return [
        chart(
            "Temperature by board",
            "From 100 °C on a board is too hot.",
            look.CELSIUS,
            _per_board("temperature", "temperature_celsius"),
            thresholds=look.HEAT,
        ),
        chart(
            "Fans",
            "How hard they are driven. High and still hot: filter, air, or a fan that is dead.",
            look.SHARE,
            Ask(f"scale({MINER}.fan_percent, 0.01)", f"sum({metric('miner_fan_ratio', ONE)})",
                "Fans"),
            overrides=[colored("Fans", look.TUNING)],
            max=1,
        ),
        chart("Power", "Measured, told, or the maker's figure.", look.WATT, POWER,
              overrides=[colored("Power", look.TUNING)]),
    ]  # fmt: skip


def _pools() -> list[Panel]:
    def each(name: str) -> Ask:
        return Ask(
            f"aliasSub(aliasByNode({POOLS}.{name}, {NAME}), '^', 'pool ')",
            f"max by (pool, url) ({metric(f'pool_{name}', ONE)})",
            "{{pool}} {{url}}",
        )

    return [
        timeline("States", "What mother took it for.", _state(), mappings=look.STATE_WORDS),
        timeline("Reachable", "Whether it answered.", REACHABLE, mappings=look.ANSWERS),
        timeline(
            "Boards alive",
            "What each board says of itself. mother reboots for a dead one within limits, if it "
            "may; one that stays dead wants a human.",
            _per_board("alive", "alive"),
            mappings=look.ALIVE,
        ),
        timeline("Pools alive", "Whether its pools answer it. Dead on many miners: look at the "
                 "pool, on one: at its network.", each("alive"), mappings=look.ALIVE),
        timeline("Pool in use", "Which pool it mines for.", each("active"), mappings=look.ACTIVE),
    ]  # fmt: skip


def _shares() -> list[Panel]:
    def per_minute(name: str, prometheus: str) -> Ask:
        each = f"aliasSub(aliasByNode({BOARDS}.{name}, {NAME}), '^', 'board ')"
        calm = f"scale(movingAverage(perSecond({each}), '10min'), 60)"
        return Ask(
            f"aliasByNode(aliasSub({calm}, '.*(board [0-9]+).*', '\\1'), 0)",
            f"sum by (board) (rate({metric(f'board_{prometheus}', ONE)}[10m])) * 60",
            "board {{board}}",
        )

    return [
        chart("Accepted shares", "Per minute, by board.", look.PER_MINUTE,
              per_minute("accepted", "accepted_shares_total"), stacked=True),
        chart("Rejected shares", "Per minute, by board. Of all boards: the pool or the line. Of "
              "one: that board.", look.PER_MINUTE,
              per_minute("rejected", "rejected_shares_total"), stacked=True),
        chart("Hardware errors", "Wrong results of the chips, per minute. A board that makes more "
              "than its sisters is on its way out.", look.PER_MINUTE,
              per_minute("hardware_errors", "hardware_errors_total"), stacked=True),
    ]  # fmt: skip


def _lasting() -> list[Panel]:
    return [
        chart("Uptime", "Of the mining program: it falls to 0 at each restart, whoever ordered it.",
              look.DURATION, _uptime(), overrides=[colored("Uptime", look.HASHING)], weight=12),
        chart(
            "Reboots",
            "By mother, per hour.",
            look.COUNT,
            Ask(f"summarize(sumSeries({REBOOTED}), '1h', 'sum')",
                f"sum({since(REBOOTS, '1h')})", "Reboots"),
            overrides=[colored("Reboots", look.TUNING)],
            bars=True,
            weight=12,
        ),
    ]  # fmt: skip
