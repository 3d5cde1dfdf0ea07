"""A farm's metrics through a real statsd, carbon and graphite-web, and read back."""

from __future__ import annotations

import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.terminal.processes import Farm, Running, assert_clean, daemon, farm, until

from .real_graphite import RealGraphite
from .real_statsd import RealStatsd
from .told import Expected, Relay, expected

PAGE = Path(__file__).parents[2] / "docs" / "graphite.md"
NETWORK = "127.81.90.0/28"
FAULTS = ("--miners=12", "--fault=all", "--speed=20", "--cured-by-reboot=100")
SETTINGS = 'statsd_tags = {tags}\nstatsd_prefix = "{prefix}"\nsite = "north"\n'
FARM = "stats.gauges.farm"
TAGS = {"worker", "model", "site", "board", "pool"}


@dataclass
class Minded:
    """A farm with every fault, minded by a daemon, first without tags and then with them."""

    farm: Farm
    process: Running
    graphite: RealGraphite
    statsd: RealStatsd
    relay: Relay
    before: Expected
    """What the daemon sent until tags were switched on."""

    def everything(self) -> Expected:
        """All series that were sent so far, by what the daemon put on the wire."""
        return expected(list(self.relay.lines))


@pytest.fixture(scope="module")
def minded(
    graphite: RealGraphite,
    statsd_to_graphite: RealStatsd,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Minded]:
    folder = tmp_path_factory.mktemp("minded")
    settings = folder / "mother.toml"
    settings.write_text(SETTINGS.format(tags="false", prefix="farm"))
    words = (f"--config={settings}", "--dragon-timeout=1", "--scan-timeout=2")
    with (
        Relay(statsd_to_graphite.port) as relay,
        farm(folder, NETWORK, *FAULTS) as one,
        daemon(
            *one.where,
            *words,
            "--statsd-host=127.0.0.1",
            f"--statsd-port={relay.port}",
            "--dragon-health-reboot",
            cwd=folder,
        ) as process,
    ):
        process.said("has started again, .* after our reboot", seconds=30)
        before = expected(list(relay.lines))
        settings.write_text(SETTINGS.format(tags="true", prefix="farm"))
        process.send(signal.SIGHUP)
        until(lambda: _tagged(relay), 10, lambda: "no tags after the reload")
        yield Minded(one, process, graphite, statsd_to_graphite, relay, before)
        assert process.end() == 0
        assert_clean(process.log)


def _tagged(relay: Relay) -> bool:
    """Whether a sweep's last lines, the farm's sums, have come with tags."""
    return any(line.startswith("farm.fleet.rejected:") and "|#" in line for line in relay.lines)


def _missing(graphite: RealGraphite, wanted: Expected) -> list[str]:
    """What cannot be read back as a series with at least one point."""
    plain = {
        one.target for one in graphite.render(*sorted(wanted.plain), seconds=300) if one.values
    }
    lost = sorted(wanted.plain - plain)
    for name, sets in wanted.tagged.items():
        series = graphite.render(f"seriesByTag('name={name}')", seconds=300)
        found = {frozenset(one.tags.items()) - {("name", name)} for one in series if one.values}
        lost += [f"{name} with {dict(tags)}" for tags in sets - found]
    return lost


def test_everything_that_is_sent_without_tags_can_be_read_back(minded: Minded) -> None:
    assert minded.before.tagged == {}
    assert len(minded.before.plain) > 800
    minded.graphite.eventually(
        lambda: not _missing(minded.graphite, minded.before),
        lambda: str(_missing(minded.graphite, minded.before)[:20]),
    )
    assert minded.statsd.bad_lines == 0


def test_everything_that_is_sent_with_tags_can_be_read_back(minded: Minded) -> None:
    wanted = minded.everything()
    names = {name.removeprefix(f"{FARM}.") for name in wanted.tagged}
    assert {"miner.hashrate", "miner.board.temperature", "miner.pool.alive", "fleet.power"} <= names
    minded.graphite.eventually(
        lambda: not _missing(minded.graphite, wanted),
        lambda: str(_missing(minded.graphite, wanted)[:20]),
    )
    assert minded.statsd.bad_lines == 0
    assert minded.relay.longest <= 1432


def test_every_tag_is_offered_with_its_values(minded: Minded) -> None:
    graphite = minded.graphite
    graphite.eventually(
        lambda: {one["tag"] for one in graphite.ask("/tags")} >= TAGS,
        lambda: str(graphite.ask("/tags")),
    )

    def values(tag: str) -> set[str]:
        return {one["value"] for one in graphite.ask(f"/tags/{tag}")["values"]}

    def sent(tag: str) -> set[str]:
        """The values on the wire; carbon tells graphite-web of a new one a moment later."""
        tagged = minded.everything().tagged.values()
        return {dict(tags)[tag] for sets in tagged for tags in sets if tag in dict(tags)}

    for tag in TAGS:
        graphite.eventually(
            lambda: values(tag) == sent(tag),  # noqa: B023  # called at once
            lambda: f"{tag}: {values(tag)}, not {sent(tag)}",  # noqa: B023  # the same
        )
    assert sent("site") == {"north"}
    assert sent("model") == {"T1"}
    assert sent("board") == {"0", "1", "2"}
    offered = graphite.ask("/tags/autoComplete/values", tag="worker", valuePrefix="dragon-")
    assert set(offered) == values("worker")


def test_tags_sum_and_group_the_farm(minded: Minded) -> None:
    asked = f"seriesByTag('name={FARM}.miner.board.temperature', 'worker=~dragon-.*')"

    def grouped() -> set[str]:
        series = minded.graphite.render(f"groupByTags({asked}, 'max', 'worker')")
        return {one.tags["worker"] for one in series}

    minded.graphite.eventually(lambda: grouped() == _workers(minded), lambda: f"{grouped()}")
    (total,) = minded.graphite.render(f"sumSeries(seriesByTag('name={FARM}.miner.hashrate'))")
    assert max(total.values) > 10e12


def _workers(minded: Minded) -> set[str]:
    tagged = minded.everything().tagged[f"{FARM}.miner.reachable"]
    return {dict(tags)["worker"] for tags in tagged}


def test_what_was_counted_can_be_summed(minded: Minded) -> None:
    rebooted = [line for line in minded.relay.lines if line.endswith("action.rebooted:1|c")]
    added = [line for line in minded.relay.lines if line.endswith("dragons.added:1|c")]
    assert rebooted
    assert len(added) >= len(_workers(minded))  # who answers slowly is not read as often
    counters = "stats.counters.farm"
    for target, sent in (
        (f"{counters}.worker.*.*.action.rebooted.count", len(rebooted)),
        (f"{counters}.manager.dragons.added.count", len(added)),
    ):
        minded.graphite.eventually(
            lambda: _summed(minded.graphite, target) == sent,  # noqa: B023
            lambda: f"{target} sums up to {_summed(minded.graphite, target)}, not {sent}",  # noqa: B023
        )


def _summed(graphite: RealGraphite, target: str) -> float:
    return sum(sum(one.values) for one in graphite.render(target, seconds=300))


def test_the_hot_board_stands_out(minded: Minded) -> None:
    (hottest,) = minded.graphite.render(f"highestMax({FARM}.miner.*.board.*.temperature, 1)")
    assert hottest.values[-1] > 100
    worker = hottest.target.split(".")[4]
    assert f"{worker} at " in minded.process.said("is hot: board")


def test_a_picture_can_be_drawn(minded: Minded, tmp_path: Path) -> None:
    target = f"aliasByNode({FARM}.miner.*.hashrate, 4)"
    picture = minded.graphite.png(target, tmp_path / "hashrate.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 3000


def test_a_gone_miner_reads_zero_with_its_boards_and_pools(minded: Minded) -> None:
    worker, host = _healthy(minded)
    minded.farm.set_fault(host, "vanished")
    miner, tagged = f"{FARM}.miner.{worker}", f"'worker={worker}'"
    for target in (
        f"{miner}.reachable",
        f"{miner}.hashrate",
        f"{miner}.power",
        f"sumSeries({miner}.board.*.hashrate)",
        f"sumSeries({miner}.board.*.alive)",
        f"sumSeries({miner}.pool.*.alive)",
        f"seriesByTag('name={FARM}.miner.reachable', {tagged})",
        f"sumSeries(seriesByTag('name={FARM}.miner.board.hashrate', {tagged}))",
    ):
        minded.graphite.value(target, lambda value: value == 0)


def _healthy(minded: Minded) -> tuple[str, str]:
    """A worker that nothing was said of but where it was found, and its host."""
    said = minded.process.log.splitlines()
    for line in said:
        _, _, found = line.partition(" info     ")
        worker, _, place = found.partition(" found at ")
        if place and sum(f"{worker} at " in one for one in said) == 0:
            return worker, place.partition(":")[0]
    raise AssertionError("every miner has some fault")


def test_a_value_can_be_read_seconds_after_it_was_sent(
    graphite: RealGraphite,
    statsd_to_graphite: RealStatsd,
    record_property: Callable[[str, object], None],
) -> None:
    times = []
    for number in range(1, 4):
        began = time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"speed.of:%d|g" % number, ("127.0.0.1", statsd_to_graphite.port))
        graphite.value("stats.gauges.speed.of", lambda value: value == number)  # noqa: B023
        times.append(time.monotonic() - began)
    record_property("seconds from the datagram to the answer", [round(one, 2) for one in times])
    print("from the datagram to the answer:", [f"{one:.2f} s" for one in times])
    assert max(times) < 10


def test_every_target_of_the_page_about_graphite_answers(minded: Minded) -> None:
    page = PAGE.read_text().partition("## Targets")[2]
    targets = re.findall(r"^    (\S.*)$", page, re.MULTILINE)
    assert len(targets) > 5
    for target in targets:
        asked = target.replace("s.dragons.", "s.farm.").replace("site=home", "site=north")
        found = minded.graphite.render(asked, seconds=300)
        assert any(one.values for one in found), target
