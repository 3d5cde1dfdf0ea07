"""The sink for Prometheus and the listener that serves it, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.base import ReactorBase

from mother.sinks.figures import Figures
from mother.sinks.prometheus import PrometheusSink
from mother.sinks.prometheus_text import Exposition
from mother.web.listen import Web
from mother.web.pages import pages


class Serving(Web):
    """The listener; `sink` is what feeds /metrics. Needs the package prometheus-client."""

    def __init__(
        self,
        endpoint: str,
        site: str,
        figures: Figures,
        complaints: Callable[[], Sequence[str]],
        waits_for: Callable[[], str],
        reactor: ReactorBase,
    ) -> None:
        self.sink = PrometheusSink(site, figures)
        self._exposition = Exposition(self.sink.registry, reactor)
        super().__init__(endpoint, pages(self._exposition, complaints, waits_for), reactor)

    async def stop(self) -> None:
        """Make no text any more, and hang up."""
        self._exposition.cancel()
        await super().stop()
