"""Where the figures of mother lie in each store, and links from figure to dashboard."""

from __future__ import annotations

from .look import Json
from .page import uid
from .panels import GRAPHITE, PROMETHEUS

GAUGES = "stats.gauges.$prefix"
COUNTERS = "stats.counters.$prefix"
TIMERS = "stats.timers.$prefix"
TAGGED = "name=stats.gauges.$prefix.miner"

SITE = 'site=~"$site"'
SOME = 'site=~"$site",model=~"$model"'
ONE = 'site=~"$site",worker="$worker"'
DAEMON = 'instance=~"$instance"'

NAME = -2
"""The node of a Graphite name below `miner` that names the worker, counted from its end: a
prefix may have dots."""


def metric(name: str, labels: str, **more: str) -> str:
    """`mother_miner_reachable{site=~"$site"}`; a value that begins with `~` is a pattern."""
    said = [f'{key}={value[:1]}"{value[1:]}"' if value.startswith("~") else f'{key}="{value}"'
            for key, value in more.items()]  # fmt: skip
    return f"mother_{name}{{{','.join([labels, *said]).strip(',')}}}"


def since(counter: str, window: str) -> str:
    """How often a counter of Prometheus went up within the window, its birth counted too.

    `increase` alone leaves out the first count of a series that begins with 1.
    """
    grown = f"increase({counter}[{window}])"
    born = f"min_over_time({counter}[{window}])"
    return f"({grown} + {born} unless {counter} offset {window} or {grown})"


def to_miner(store: str, worker: str, site: str = "") -> Json:
    """A link to the dashboard of one miner; `worker` and `site` are Grafana's words for them."""
    held = "var-prefix=$prefix" if store == GRAPHITE else f"var-site={site or '$site'}"
    words = f"var-datasource=$datasource&{held}&var-worker={worker}&${{__url_time_range}}"
    return {
        "title": "This miner",
        "url": f"/d/{uid(store, 'miner')}?{words}",
        "targetBlank": False,
    }


STORES = (GRAPHITE, PROMETHEUS)
