"""What the real promtool and the real Prometheus make of it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from mother.core.metrics import BOARD_METRICS, METRICS
from mother.core.model import EventKind
from mother.sinks.prometheus_names import BOARD_NAMES, MINER_NAMES, names
from tests.terminal.processes import (
    MOTHER,
    Running,
    assert_clean,
    daemon,
    farm,
    free_port,
    until,
)

from .exposing import gone, sink, text_of
from .farm import UNTOLD, UNTOLD_OF_BOARDS, event, talkative, totals
from .real_prometheus import JOB, RealPrometheus, complaints, program

NOT_OF_DRAGONMINT = {
    *(name.name for name, row in zip(MINER_NAMES, METRICS, strict=True) if row.name in UNTOLD),
    *(
        name.name
        for name, row in zip(BOARD_NAMES, BOARD_METRICS, strict=True)
        if row.name in UNTOLD_OF_BOARDS
    ),
}


def test_promtool_has_nothing_to_complain_about() -> None:
    one = sink()
    one.sample(replace(talkative(), latency=0.2))
    one.sample(gone("mac:2", 'quote" back\\slash\nline'))
    one.totals(replace(totals(), temperature_max=80.0, efficiency=92.0))
    one.event(event(EventKind.SCANNED, seconds=1.5))
    assert complaints(text_of(one)) == ""


@pytest.mark.parametrize(
    "family",
    [
        "# HELP mother_metres x\n# TYPE mother_metres counter\nmother_metres 1\n",
        "# TYPE mother_boards gauge\nmother_boards 1\n",
        'mother_boards{worker="a\nb"} 1\n',
    ],
)
def test_promtool_would_complain_about_a_bad_family(family: str) -> None:
    assert complaints(text_of(sink()) + family) != ""


@pytest.fixture(scope="module")
def minded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A daemon that minds a simulated farm; where it serves its pages."""
    folder = tmp_path_factory.mktemp("minded")
    port = free_port()
    listen = f"--metrics-listen=tcp:{port}:interface=127.0.0.1"
    with (
        farm(folder, "127.84.7.0/28", "--miners=5", "--fault=dead-board") as one,
        daemon(*one.where, listen, cwd=folder) as process,
    ):
        process.said("Scanned 14 addresses")
        process.said("is ill: Board")
        yield f"127.0.0.1:{port}"
        assert process.end(signal.SIGTERM) == 0
        assert_clean(process.log)


def page(where: str) -> str:
    with urllib.request.urlopen(f"http://{where}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def test_promtool_finds_a_running_daemon_well(minded: str) -> None:
    until(lambda: "mother_fleet_miners{" in page(minded), 10, lambda: "no sums")
    assert complaints(page(minded)) == ""


def test_a_real_prometheus_has_data_for_every_family(minded: str, tmp_path: Path) -> None:
    with RealPrometheus(tmp_path, minded) as prometheus:
        prometheus.scraped()
        (up,) = prometheus.eventually(f'up{{job="{JOB}"}} == 1')
        assert up["metric"]["instance"] == minded
        prometheus.eventually("mother_fleet_miners == 5")
        for name in names():
            if name.name in NOT_OF_DRAGONMINT:
                continue
            last = f"{name.name}_count" if name.name.endswith("answer_seconds") else name.name
            for found in prometheus.eventually(last, 5):
                assert set(name.labels) <= set(found["metric"]), name.name
        assert len(prometheus.query("mother_miner_reachable == 1")) == 5
        assert len(prometheus.query("mother_board_alive == 0")) == 1
        (ill,) = prometheus.query('mother_fleet_miners_by_state{state="ill"}')
        assert ill["value"][1] == "1"
        sums = prometheus.query("sum(mother_miner_hashrate_hashes_per_second)")
        assert float(sums[0]["value"][1]) > 5e13
        prometheus.eventually("rate(mother_polls_total[5s]) > 0")
        prometheus.eventually("histogram_quantile(0.9, mother_device_answer_seconds_bucket) > 0")
        assert prometheus.query_range("mother_miner_power_watts", 5)[0]["values"]


def status(where: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{where}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_daemon_is_healthy_at_once_and_ready_after_its_first_scan(
    minded: str, tmp_path: Path
) -> None:
    assert status(minded, "/readyz") == (200, "ready\n")
    port = free_port()
    listen = f"--metrics-listen=tcp:{port}:interface=127.0.0.1"
    slow = ("--network=127.84.10.0/28", "--dragon-port=9", "--scan-rate=1")
    with Running(*MOTHER, "run", *slow, listen, cwd=tmp_path, name="daemon") as process:
        process.said("Metrics are served at")
        where = f"127.0.0.1:{port}"
        waits = (503, "waits for the first scan\n")
        until(lambda: status(where, "/readyz") == waits, 5, lambda: "it does not wait")
        assert status(where, "/healthz") == (200, "ok\n")
        assert process.end() == 0
        assert_clean(process.log)


ACTIVATE = """
import os, socket, sys
one = socket.socket()
one.bind(("127.0.0.1", int(sys.argv[1])))
one.listen()
os.dup2(one.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_FDNAMES="x", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


def test_a_socket_that_systemd_passes_is_served(tmp_path: Path) -> None:
    port = free_port()
    listen = "--metrics-listen=systemd:domain=INET:index=0"
    words = ("-m", "mother", "run", "--network=127.84.9.0/30", "--dragon-port=9", listen)
    with Running(
        sys.executable, "-c", ACTIVATE, str(port), *words, cwd=tmp_path, name="daemon"
    ) as process:
        process.said("Metrics are served at")
        assert "mother_build_info" in page(f"127.0.0.1:{port}")
        assert process.end() == 0
        assert_clean(process.log)


PAGE = Path(__file__).parents[2] / "docs" / "prometheus.md"


def test_the_configuration_on_the_page_is_one_of_prometheus(tmp_path: Path) -> None:
    (told,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    config = tmp_path / "prometheus.yml"
    config.write_text(f"scrape_configs:\n{told}")
    done = subprocess.run(
        [program("promtool"), "check", "config", config],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_query_on_the_page_has_an_answer(minded: str, tmp_path: Path) -> None:
    queries = re.findall(r"^\| [^|]+ \| `(.*mother_.*)` \|$", PAGE.read_text(), re.MULTILINE)
    assert len(queries) == 9
    with RealPrometheus(tmp_path, minded) as prometheus:
        prometheus.eventually("mother_fleet_miners == 5")
        prometheus.eventually("count_over_time(mother_polls_total[10s]) > 2")
        for query in queries:
            quiet = query.endswith("> 0")  # nothing is wrong, and nobody was rebooted
            assert bool(prometheus.query(query)) is not quiet, query


def test_a_daemon_whose_port_is_taken_says_so_once_and_minds_the_farm(tmp_path: Path) -> None:
    port = free_port()
    listen = f"--metrics-listen=tcp:{port}:interface=127.0.0.1"
    words = ("run", "--network=127.84.8.0/30", "--dragon-port=9", listen)
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    with (
        Running(*MOTHER, *words, cwd=first, name="daemon") as one,
        Running(*MOTHER, *words, cwd=second, name="daemon") as other,
    ):
        late = other if "served at" in one.said("Metrics are served at|metrics_listen") else one
        line = late.said("metrics_listen")
        assert f"tcp:{port}:interface=127.0.0.1 cannot be listened on" in line
        assert "Address already in use" in line
        late.said("Scanned")
        assert (one.end(), other.end()) == (0, 0)
    assert late.log.count("cannot be listened on") == 1
