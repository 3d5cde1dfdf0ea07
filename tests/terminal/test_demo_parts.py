"""The demo's story and how its screen shares out the lines."""

from __future__ import annotations

from rich.text import Text
from twisted.internet.task import Clock

from mother.sim.faults import Fault
from mother.terminal.demo import CYCLE, STORY, Chapter, Story, fitting


class Miner:
    def __init__(self) -> None:
        self.fault = "none"


def test_every_fault_of_the_story_is_one_that_the_farm_knows() -> None:
    assert {chapter.fault for chapter in STORY} <= {fault.value for fault in Fault}


def test_in_any_ten_minutes_of_the_story_at_most_two_fall_ill() -> None:
    starts = sorted(chapter.at + turn * CYCLE for turn in range(3) for chapter in STORY)
    assert all(third - first > 600 for first, third in zip(starts, starts[2:], strict=False))


def test_a_fault_sets_in_and_is_mended_and_the_story_goes_on_with_others() -> None:
    clock, miners = Clock(), [Miner() for _ in range(24)]
    Story(miners, clock).begin()
    clock.advance(STORY[0].at)
    assert [miner.fault for miner in miners].count(STORY[0].fault) == 1
    clock.pump([1.0] * int(CYCLE - STORY[0].at - 1))
    assert {miner.fault for miner in miners} == {"none"}
    clock.pump([1.0] * int(STORY[0].at + 1))
    assert miners[0].fault == "none"
    assert [miner.fault for miner in miners].count(STORY[0].fault) == 1


def test_a_fault_goes_past_who_cannot_have_it() -> None:
    clock, miners = Clock(), [Miner() for _ in range(24)]
    able = miners[5]
    Story(miners, clock, lambda miner, fault: miner is able).begin()
    for chapter in STORY:
        clock.advance(chapter.at - clock.seconds())
        assert able.fault == chapter.fault
    assert {miner.fault for miner in miners if miner is not able} == {"none"}


def test_a_miner_that_has_something_else_by_then_is_not_mended() -> None:
    clock, miner = Clock(), Miner()
    Story([miner], clock).begin()
    chapter: Chapter = STORY[0]
    clock.advance(chapter.at)
    miner.fault = "hang"
    clock.advance(chapter.mended - chapter.at)
    assert miner.fault != "none"


def test_only_whole_sentences_are_shown_and_the_first_always() -> None:
    def wrapped(text: Text, width: int) -> list[Text]:
        return [Text(str(text)[n : n + width]) for n in range(0, len(text), width)]

    long, short = Text("a" * 25), Text("b" * 5)
    assert len(fitting([long, short, short], 4, 10, wrapped)) == 4
    assert [str(line) for line in fitting([short, long, short], 3, 10, wrapped)] == ["bbbbb"]
    assert len(fitting([Text("a" * 90)], 4, 10, wrapped)) == 4
    assert fitting([], 4, 10, wrapped) == []
