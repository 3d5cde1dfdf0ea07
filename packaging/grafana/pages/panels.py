"""Panels: what they ask, what they say of themselves, and how they draw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .look import COUNT, PLAIN, Json

GRAPHITE, PROMETHEUS = "graphite", "prometheus"


@dataclass(frozen=True)
class Ask:
    """One question, in the words of both stores; one left empty is not asked there.

    `legend` names a single series, or, with `{{label}}` in it, each of several in Prometheus;
    several of Graphite are named by the question itself. `instant` asks Prometheus for now only.
    """

    graphite: str = ""
    prometheus: str = ""
    legend: str = ""
    instant: bool = False

    def target(self, store: str, ref: str, *, table: bool) -> Json:
        """The question as a panel of that store holds it."""
        source = {"type": store, "uid": "${datasource}"}
        if store == GRAPHITE:
            named = self.legend and "{{" not in self.legend
            text = f"alias({self.graphite}, '{self.legend}')" if named else self.graphite
            return {"refId": ref, "datasource": source, "target": text, "textEditor": True}
        return {
            "refId": ref,
            "datasource": source,
            "editorMode": "code",
            "expr": self.prometheus,
            "legendFormat": self.legend or "__auto",
            "instant": self.instant or table,
            "range": not (self.instant or table),
            "format": "table" if table else "time_series",
        }


@dataclass(frozen=True)
class Panel:
    """One panel before it is placed. `weight` is its share of the row's width."""

    kind: str
    title: str
    tells: str
    asks: Sequence[Ask]
    defaults: Json
    options: Json
    weight: int = 4
    overrides: Sequence[Json] = ()
    transformations: Sequence[Json] = ()
    more: Json = field(default_factory=dict)

    def asked(self, store: str) -> list[Ask]:
        """The questions that this store can answer."""
        return [ask for ask in self.asks if getattr(ask, store)]

    def placed(self, store: str, ident: int, place: Json) -> Json:
        """As Grafana loads it."""
        table = self.kind == "table"
        asks = self.asked(store)
        targets = [
            ask.target(store, chr(ord("A") + place_of), table=table)
            for place_of, ask in enumerate(asks)
        ]
        made: Json = {
            "id": ident,
            "type": self.kind,
            "title": self.title,
            "description": self.tells,
            "datasource": {"type": store, "uid": "${datasource}"},
            "gridPos": place,
            "targets": targets,
            "fieldConfig": {"defaults": self.defaults, "overrides": list(self.overrides)},
            "options": self.options,
            **self.more,
        }
        if self.transformations:
            made["transformations"] = list(self.transformations)
        return made


def by_name(name: str, **properties: Any) -> Json:
    """An override for the series or column of that name; `_` in a property's name is `.`."""
    held = [{"id": key.replace("_", "."), "value": value} for key, value in properties.items()]
    return {"matcher": {"id": "byName", "options": name}, "properties": held}


def colored(name: str, color: str) -> Json:
    """An override: that series always has that colour."""
    return by_name(name, color={"mode": "fixed", "fixedColor": color})


EXPECTED = by_name(
    "Expected",
    color={"mode": "fixed", "fixedColor": "#8b8d98"},
    custom_lineWidth=1,
    custom_fillOpacity=0,
    custom_lineStyle={"fill": "dash", "dash": [6, 4]},
)
"""What should be, as a thin line behind what is."""


def _defaults(unit: str, **more: Any) -> Json:
    return {"unit": unit, "color": {"mode": "thresholds"}, "thresholds": PLAIN, **more}


def _reduce(calc: str = "lastNotNull") -> Json:
    return {"calcs": [calc], "fields": "", "values": False}


def stat(title: str, tells: str, unit: str, *asks: Ask, **more: Any) -> Panel:
    """A figure, coloured by thresholds; `spark` draws its course behind it."""
    weight, calc = more.pop("weight", 3), more.pop("calc", "lastNotNull")
    spark, overrides = more.pop("spark", False), more.pop("overrides", ())
    options = {
        "colorMode": "value",
        "graphMode": "area" if spark else "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": _reduce(calc),
        "showPercentChange": False,
        "textMode": "auto" if len(asks) == 1 else "value_and_name",
        "wideLayout": True,
    }
    defaults = _defaults(unit, **{"noValue": "not known", **more})
    return Panel("stat", title, tells, asks, defaults, options, weight, overrides)


def chart(title: str, tells: str, unit: str, *asks: Ask, **more: Any) -> Panel:
    """Lines over time; `stacked` piles them up, `bars` draws sums as columns."""
    weight, stacked = more.pop("weight", 8), more.pop("stacked", False)
    bars, overrides = more.pop("bars", False), more.pop("overrides", ())
    custom = {
        "drawStyle": "bars" if bars else "line",
        "lineWidth": 1 if bars or stacked else 2,
        "fillOpacity": 60 if bars or stacked else 8,
        "showPoints": "never",
        "spanNulls": False,
        "axisSoftMin": 0,
        "stacking": {"group": "A", "mode": "normal" if stacked or bars else "none"},
    }
    options = {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    defaults = {
        "unit": unit,
        "color": {"mode": "palette-classic"},
        "noValue": "Nothing was told in this time.",
        "custom": custom,
        **more,
    }
    return Panel("timeseries", title, tells, asks, defaults, options, weight, overrides)


def bars(title: str, tells: str, unit: str, *asks: Ask, **more: Any) -> Panel:
    """One bar a series, by its last value."""
    weight, link = more.pop("weight", 12), more.pop("link")
    options = {
        "displayMode": "basic",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "maxVizHeight": 40,
        "minVizHeight": 14,
        "minVizWidth": 8,
        "namePlacement": "left",
        "orientation": "horizontal",
        "reduceOptions": _reduce(),
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "color",
    }
    defaults = _defaults(unit, **{"noValue": "No miner is known.", "links": [link], **more})
    return Panel("bargauge", title, tells, asks, defaults, options, weight)


def heat(title: str, tells: str, unit: str, *asks: Ask, **more: Any) -> Panel:
    """How many series have which value when."""
    weight, step = more.pop("weight", 12), more.pop("step")
    options = {
        "calculate": True,
        "calculation": {
            "xBuckets": {"mode": "count", "value": "60"},
            "yBuckets": {"mode": "size", "value": step},
        },
        "cellGap": 1,
        "color": {
            "exponent": 0.5,
            "fill": "dark-orange",
            "mode": "scheme",
            "reverse": False,
            "scale": "exponential",
            "scheme": "Viridis",
            "steps": 64,
        },
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "showColorScale": True, "yHistogram": True},
        "yAxis": {"axisPlacement": "left", "reverse": False, "unit": unit},
    }
    custom = {
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
        "scaleDistribution": {"type": "linear"},
    }
    defaults = {"unit": unit, "noValue": "No temperatures were told.", "custom": custom}
    return Panel(
        "heatmap", title, tells, asks, defaults, options, weight, more={"maxDataPoints": 100}
    )


def timeline(title: str, tells: str, *asks: Ask, **more: Any) -> Panel:
    """Words over time, one band a series."""
    weight = more.pop("weight", 8)
    options = {
        "alignValue": "left",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "mergeValues": True,
        "rowHeight": 0.8,
        "showValue": "auto",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    custom = {"fillOpacity": 80, "lineWidth": 0}
    noted = {"noValue": "Nothing was told in this time.", "custom": custom, **more}
    return Panel("state-timeline", title, tells, asks, _defaults(COUNT, **noted), options, weight)


def table(title: str, tells: str, *asks: Ask, **more: Any) -> Panel:
    """Rows; what stands in them is made by `transformations`."""
    weight, sort = more.pop("weight", 12), more.pop("sort", ())
    overrides, transformations = more.pop("overrides", ()), more.pop("transformations")
    options = {
        "cellHeight": "sm",
        "frameIndex": 0,
        "showHeader": True,
        "sortBy": [{"displayName": name, "desc": desc} for name, desc in sort],
    }
    custom = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}
    defaults = _defaults(more.pop("unit", COUNT), **{"custom": custom, **more})
    return Panel("table", title, tells, asks, defaults, options, weight, overrides, transformations)
