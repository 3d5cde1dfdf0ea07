"""The daemon itself: does it keep up, and does what it sends arrive."""

from __future__ import annotations

from . import look
from .look import Json
from .names import COUNTERS, DAEMON, GAUGES, NAME, TIMERS, metric
from .page import Row, chosen, dashboard, typed
from .panels import GRAPHITE, Ask, Panel, chart, colored, stat

LOOPS = f"{GAUGES}.loop.*"
WINDOW = "[$__rate_interval]"


def page(store: str) -> Json:
    """The dashboard for that store."""
    rows = [
        Row(4, *_figures()),
        Row(8, *_loops()),
        Row(8, *_failing()),
        Row(8, *_polls()),
        Row(8, *_queues()),
        Row(8, *_process()),
    ]
    return dashboard(
        store,
        "daemon",
        "the daemon",
        "Whether mother itself keeps up, and whether what it sends arrives.",
        rows,
        _variables(store),
    )


def _variables(store: str) -> list[Json]:
    if store == GRAPHITE:
        return [typed("prefix", "Prefix", "dragons", "What --statsd-prefix says.")]
    query = "label_values(mother_build_info, instance)"
    tells = "The daemon, by where Prometheus asks it."
    return [chosen(store, "instance", "Daemon", query, tells, many=True)]


def _rate(graphite: str, prometheus: str, legend: str) -> Ask:
    return Ask(
        f"movingAverage(perSecond(sumSeries({GAUGES}.{graphite})), '5min')",
        f"sum(rate({metric(prometheus, DAEMON)}{WINDOW}))",
        legend,
    )


MADE = _rate("polls.made", "polls_total", "made")
FAILED = _rate("polls.failed", "polls_failed_total", "failed")
SKIPPED = _rate("polls.skipped", "polls_skipped_total", "left out")
SCAN = Ask(
    f"scale(keepLastValue({TIMERS}.manager.scan_timed.upper), 0.001)",
    f"max({metric('scan_duration_seconds', DAEMON)})",
    "Scan",
)
LOST = Ask(
    f"nonNegativeDerivative(sumSeries({GAUGES}.sink.statsd.dropped))",
    f"sum by (queue) (increase({metric('queue_dropped_total', DAEMON)}[5m]))",
    "{{queue}}",
)


def _figures() -> list[Panel]:
    share = Ask(
        f"divideSeries(summarize(nonNegativeDerivative({GAUGES}.polls.failed), '10min', 'sum'), "
        f"summarize(nonNegativeDerivative({GAUGES}.polls.made), '10min', 'sum'))",
        f"sum(rate({metric('polls_failed_total', DAEMON)}[10m])) / "
        f"sum(rate({metric('polls_total', DAEMON)}[10m]))",
        "Failed polls",
    )
    stuck = Ask(prometheus=f"max({metric('loop_stuck_seconds', DAEMON)})", legend="Stuck")
    late = Ask(f"maxSeries({LOOPS}.late)", f"max({metric('loop_late_seconds', DAEMON)})", "Late")
    breaker = Ask(
        f"maxSeries({GAUGES}.health.breaker_open)",
        f"max({metric('breaker_open', DAEMON)})",
        "Breaker",
    )
    human = Ask(f"sumSeries({GAUGES}.health.left_for_a_human)", legend="Left for a human")
    up = Ask(
        prometheus=f"time() - min({metric('build_info', DAEMON)} * 0 + on (instance) "
        f"group_left () process_start_time_seconds{{{DAEMON}}})",
        legend="Running for",
    )
    version = Ask(prometheus=metric("build_info", DAEMON), legend="{{version}}")
    lost = Ask(
        f"sumSeries({GAUGES}.sink.statsd.dropped)",
        f"sum({metric('queue_dropped_total', DAEMON)}) or vector(0)",
        "Lost",
    )
    return [
        _version(version),
        stat("Running for", "Since the process started.", look.DURATION, up, decimals=0),
        stat("Stuck", "For how long a loop has not moved; 0 is well. systemd restarts a daemon "
             "that is stuck.", look.SECONDS, stuck, thresholds=look.NONE_AT_ALL),
        stat("Late", "By how much the latest loop began its last round too late. Seconds: the "
             "machine is too busy.", look.SECONDS, late, thresholds=look.NONE_IS_WELL),
        stat("Polls", "Readings of miners per second.", look.PER_SECOND, MADE, decimals=1),
        stat("Failed polls", "Share of the last 10 minutes. Gone miners alone explain some.",
             look.SHARE, share, decimals=1, thresholds=look.steps(look.HASHING, (0.2, look.ILL))),
        stat("Scan", "How long the last scan took.", look.SECONDS, SCAN),
        stat("Lost", "What a full or broken queue has dropped since the start.", look.COUNT, lost,
             thresholds=look.NONE_IS_WELL),
        stat("Left for a human", "Miners that reboots did not cure: mother touches them no more.",
             look.COUNT, human, thresholds=look.NONE_IS_WELL),
        stat("Breaker", "Open while too many miners fell ill at once: nobody is rebooted then.",
             look.COUNT, breaker, mappings=look.BREAKER, thresholds=look.NONE_IS_WELL),
    ]  # fmt: skip


def _version(ask: Ask) -> Panel:
    """A number that is always 1: its name is the figure."""
    made = stat("Version", "Of the program that runs.", look.COUNT, ask)
    made.options["textMode"] = "name"
    return made


def _per_loop(what: str, prometheus: str) -> Ask:
    return Ask(
        f"aliasByNode({LOOPS}.{what}, {NAME})",
        f"max by (loop) ({metric(prometheus, DAEMON)})",
        "{{loop}}",
    )


def _loops() -> list[Panel]:
    return [
        chart("Loop times", "How long the last round of each took. The metrics loop spreads its "
              "polls over the interval: it takes most of it on purpose.", look.SECONDS,
              _per_loop("seconds", "loop_duration_seconds"), weight=12),
        chart("Lateness", "By how much the last round began later than it was due.", look.SECONDS,
              _per_loop("late", "loop_late_seconds"), weight=12),
    ]  # fmt: skip


def _failing() -> list[Panel]:
    def hourly(what: str, prometheus: str) -> Ask:
        each = f"{LOOPS}.{what}"
        return Ask(
            f"aliasByNode(summarize(nonNegativeDerivative({each}), '1h', 'sum'), {NAME})",
            f"sum by (loop) (increase({metric(prometheus, DAEMON)}[1h]))",
            "{{loop}}",
        )

    return [
        chart("Rounds", "Per hour.", look.COUNT, hourly("runs", "loop_runs_total")),
        chart("Failures", "Rounds per hour that ended with an error: the log says which.",
              look.COUNT, hourly("failures", "loop_failures_total")),
        chart("Overruns", "Rounds per hour that took longer than their interval. Raise the "
              "interval, or look at what answers slowly.", look.COUNT,
              hourly("overruns", "loop_overruns_total")),
    ]  # fmt: skip


def _polls() -> list[Panel]:
    buckets = f"sum by (le) (rate({metric('device_answer_seconds_bucket', DAEMON)}{WINDOW}))"
    shares = ((0.5, "half"), (0.95, "95 of 100"), (0.99, "99 of 100"))
    answers = [
        Ask(prometheus=f"histogram_quantile({share}, {buckets})", legend=name)
        for share, name in shares
    ]
    wrong = f"{COUNTERS}.manager.dragons.*_exception.count"
    faults = metric("events_total", DAEMON, kind="~fault|host.sighted")
    events = f"sum by (kind) (increase({faults}[1h]))"
    return [
        chart("Polls", "Per second: made, failed, and left out because the last one was still "
              "under way.", look.PER_SECOND, MADE, FAILED, SKIPPED,
              overrides=[colored("made", look.HASHING), colored("failed", look.GONE),
                         colored("left out", look.UNKNOWN)]),
        chart("Answers of miners", "Within how many seconds so many of them answered.",
              look.SECONDS, *answers),
        chart("Scan", "How long the last scan took.", look.SECONDS, SCAN,
              overrides=[colored("Scan", look.TUNING)]),
        chart("Faults", "Per hour, by what was done. A host that cannot be adopted counts "
              "as add_exception.", look.COUNT,
              Ask(f"aliasByNode(summarize({wrong}, '1h', 'sum'), {NAME})", events, "{{kind}}"),
              bars=True),
    ]  # fmt: skip


def _queues() -> list[Panel]:
    length = Ask(
        f"aliasByNode({GAUGES}.queue.*, -1)",
        f"max by (queue) ({metric('queue_length', DAEMON)})",
        "{{queue}}",
    )
    return [
        chart("Queues", "What waits to be sent or done. A queue that only grows: what stands "
              "behind it does not keep up.", look.COUNT, length, weight=12),
        chart("Lost", "What a full or broken queue has dropped, in five minutes.", look.COUNT,
              Ask(f"alias({LOST.graphite}, 'statsd')", LOST.prometheus, LOST.legend),
              bars=True, weight=12),
    ]  # fmt: skip


def _process() -> list[Panel]:
    memory = Ask(prometheus=f"process_resident_memory_bytes{{{DAEMON}}} and on (instance) "
                 "mother_build_info", legend="{{instance}}")  # fmt: skip
    cpu = Ask(prometheus=f"rate(process_cpu_seconds_total{{{DAEMON}}}{WINDOW}) and on (instance) "
              "mother_build_info", legend="{{instance}}")  # fmt: skip
    return [
        chart("Memory", "Resident. It grows with the farm, then stays.", look.BYTES, memory,
              weight=12),
        chart("Processor", "Share of one core.", look.SHARE, cpu, weight=12),
    ]  # fmt: skip
