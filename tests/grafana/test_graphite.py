"""Every question of the dashboards for Graphite is answered by a real one, and truly."""

from __future__ import annotations

import pytest

from .conftest import Lived
from .files import DASHBOARDS, drawn, variables
from .stores import Store
from .story import FAULTS, MINERS, SITE, Asked, put

FLEET = DASHBOARDS["graphite-fleet"]


@pytest.fixture
def store(lived: Lived) -> Store:
    return lived.store("graphite")


def questions_of(title: str, dashboard: str = "graphite-fleet") -> list[str]:
    """The questions of the panel, or panels, of that title."""
    return [
        target["target"]
        for panel in drawn(DASHBOARDS[dashboard])
        if panel["title"] == title
        for target in panel["targets"]
    ]


def test_every_question_is_answered(lived: Lived, store: Store) -> None:
    assert lived.when_ill["graphite"] == set()


def test_while_all_is_well_only_lists_of_what_is_wrong_are_empty(
    lived: Lived, store: Store
) -> None:
    assert lived.when_well["graphite"] == store.only_when_ill()


def test_the_lists_name_the_miners_that_are_ill(lived: Lived, store: Store) -> None:
    sick = lived.story.sick
    found = {
        title: set(store.ask(questions_of(title)[-1], lived.story.chosen))
        for title in ("Gone", "Boards missing", "Too hot")
    }
    assert found == {
        "Gone": {sick["http-500"]},
        "Boards missing": {sick["dead-board"], sick["http-500"]},
        "Too hot": {sick["hot-board"]},
    }


def test_the_states_add_up_to_the_farm(lived: Lived, store: Store) -> None:
    panel = next(one for one in drawn(FLEET) if one["title"] == "Miners by state")
    counts: dict[str, float] = {}
    for target in panel["targets"]:
        counts |= store.ask(target["target"], lived.story.chosen)
    assert set(counts) == {"hashing", "tuning", "asleep", "ill", "gone", "unknown"}
    assert sum(counts.values()) == MINERS


def test_the_worst_ten_begin_with_those_that_hash_nothing(lived: Lived, store: Store) -> None:
    [question] = questions_of("The worst ten")
    found = store.ask(question, lived.story.chosen)
    assert len(found) == 10
    assert found[lived.story.sick["http-500"]] == 0
    assert set(found) <= set(lived.story.workers.values())


def test_a_miner_without_figures_of_power_breaks_no_panel(lived: Lived, store: Store) -> None:
    other = {**lived.story.chosen, "worker": lived.story.without_power}
    assert all(not store.ask(one, other) for one in questions_of("Power", "graphite-miner"))
    assert store.ask(questions_of("Hashrate", "graphite-miner")[-1], other)


@pytest.mark.parametrize(
    ("dashboard", "variable", "wanted"),
    [
        ("graphite-fleet", "site", {SITE}),
        ("graphite-fleet", "model", {"T1", "T2"}),
    ],
)
def test_a_variable_offers_what_there_is(
    lived: Lived, store: Store, dashboard: str, variable: str, wanted: set[str]
) -> None:
    query = variables(DASHBOARDS[dashboard])[variable]["query"]
    assert store.choices(query, lived.story.chosen) == wanted


def test_the_miner_is_chosen_from_all_there_are(lived: Lived, store: Store) -> None:
    query = variables(DASHBOARDS["graphite-miner"])["worker"]["query"]
    found = store.choices(query, lived.story.chosen)
    assert len(found) == MINERS
    assert set(lived.story.workers.values()) < found


def test_models_can_be_chosen_where_there_are_tags(lived: Lived, store: Store) -> None:
    [question] = questions_of("Hashrate by model")
    for chosen, wanted in (("(T1|T2)", {"T1", "T2"}), ("T2", {"T2"}), (r"A4\+", set())):
        assert set(store.ask(question, {**lived.story.chosen, "model": chosen})) == wanted


def test_two_prefixes_at_a_time_are_one_farm(lived: Lived, store: Store) -> None:
    both = {**lived.story.chosen, "prefix": "{dragons,others}"}
    for question in questions_of("Hashrate"):
        assert store.ask(question, both), put(question, both)


def test_a_question_for_what_nobody_sends_is_found_out(lived: Lived, store: Store) -> None:
    odd: Asked = ("graphite-fleet", "odd", "sumSeries(stats.gauges.$prefix.fleet.hash_rate)")
    assert store.ask(odd[2], lived.story.chosen) == {}


def test_every_fault_of_the_story_was_there(lived: Lived) -> None:
    assert set(lived.story.sick) == set(FAULTS)
