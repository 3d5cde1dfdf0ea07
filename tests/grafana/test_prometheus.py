"""Every question of the dashboards and rules for Prometheus is answered by a real one, truly."""

from __future__ import annotations

import re

import pytest
import yaml

from .conftest import Lived
from .files import DASHBOARDS, GRAFANA, drawn, variables
from .stores import Prometheus, Store
from .story import MINERS, SITE, asked

RULES = GRAFANA / "prometheus" / "mother.rules.yml"


@pytest.fixture
def store(lived: Lived) -> Store:
    return lived.store("prometheus")


def questions_of(title: str, dashboard: str = "prometheus-fleet") -> list[str]:
    """The questions of the panel, or panels, of that title."""
    return [
        target["expr"]
        for panel in drawn(DASHBOARDS[dashboard])
        if panel["title"] == title
        for target in panel["targets"]
    ]


def test_every_question_is_answered(lived: Lived, store: Store) -> None:
    assert lived.when_ill["prometheus"] == set()


def test_while_all_is_well_only_the_list_of_what_is_wrong_is_empty(
    lived: Lived, store: Store
) -> None:
    assert lived.when_well["prometheus"] == store.only_when_ill()


def test_what_is_wrong_names_the_miners_that_are_ill_gone_or_hot(
    lived: Lived, store: Store
) -> None:
    sick, chosen = lived.story.sick, lived.story.chosen
    states, _, boards, hottest, answered = questions_of("What is wrong")
    found = store.ask(states, chosen)
    gone, dead = f"T1 {SITE} gone {sick['http-500']}", f"T1 {SITE} ill {sick['dead-board']}"
    hot = f"T1 {SITE} hashing {sick['hot-board']}"
    assert set(found) == {gone, dead, hot}
    assert store.ask(boards, chosen) == {dead: 1, hot: 0}
    assert store.ask(hottest, chosen)[hot] > 100 > store.ask(hottest, chosen)[dead]
    assert 1 < store.ask(answered, chosen)[gone] < 120


def test_the_rows_of_what_is_wrong_have_the_same_labels(lived: Lived, store: Store) -> None:
    """Grafana merges the questions into one table by them."""
    assert isinstance(store, Prometheus)
    for question in questions_of("What is wrong"):
        assert question.startswith("sum by (site, model, worker, state) (")


def test_the_states_add_up_to_the_farm(lived: Lived, store: Store) -> None:
    questions = questions_of("Miners by state")[:6]
    counts = [sum(store.ask(one, lived.story.chosen).values()) for one in questions]
    assert sum(counts) == MINERS


def test_the_worst_ten_leave_out_the_gone(lived: Lived, store: Store) -> None:
    [question] = questions_of("The worst ten")
    found = store.ask(question, lived.story.chosen)
    assert next(iter(found)) == f"{SITE} {lived.story.sick['dead-board']}"
    assert f"{SITE} {lived.story.sick['http-500']}" not in found
    assert list(found.values()) == sorted(found.values())


def test_a_reboot_is_counted_though_its_series_began_with_it(lived: Lived, store: Store) -> None:
    for question in questions_of("Reboots"):
        assert sum(store.ask(question, lived.story.chosen).values()) == pytest.approx(1, abs=0.2)


def test_a_miner_without_figures_of_power_breaks_no_panel(lived: Lived, store: Store) -> None:
    other = {**lived.story.chosen, "worker": lived.story.without_power}
    for question in questions_of("Power", "prometheus-miner"):
        assert store.ask(question, other) == {}
    assert store.ask(questions_of("Hashrate", "prometheus-miner")[-1], other)


@pytest.mark.parametrize(
    ("dashboard", "variable", "wanted"),
    [
        ("fleet", "site", {SITE}),
        ("fleet", "model", {"T1", "T2"}),
        ("miner", "site", {SITE}),
        ("miner", "model", {"T1", "T2"}),
    ],
)
def test_a_variable_offers_what_there_is(
    lived: Lived, store: Store, dashboard: str, variable: str, wanted: set[str]
) -> None:
    query = variables(DASHBOARDS[f"prometheus-{dashboard}"])[variable]["query"]["query"]
    assert store.choices(query, lived.story.chosen) == wanted


def test_the_miner_is_chosen_from_those_of_the_model(lived: Lived, store: Store) -> None:
    query = variables(DASHBOARDS["prometheus-miner"])["worker"]["query"]["query"]
    assert len(store.choices(query, lived.story.chosen)) == MINERS
    only = {**lived.story.chosen, "model": "T1"}
    assert store.choices(query, only) == set(lived.story.workers.values())


def test_the_daemon_is_chosen_from_those_that_are_scraped(lived: Lived, store: Store) -> None:
    query = variables(DASHBOARDS["prometheus-daemon"])["instance"]["query"]["query"]
    assert len(store.choices(query, lived.story.chosen)) == 1


def test_every_name_in_rules_and_dashboards_is_one_that_mother_tells(
    lived: Lived, store: Store
) -> None:
    assert isinstance(store, Prometheus)
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    texts = [rule["expr"] for group in groups for rule in group["rules"]]
    texts += [question for _, _, question in asked("prometheus")]
    used = set(re.findall(r"\b(?:mother|process)_\w+", "\n".join(texts)))
    told = set(store.real.label_values("__name__"))
    assert len(used) > 30
    assert used - told == set()
