"""What waits to be told: order, bounds, what is merged and what is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mother.notify.message import Message, Tone
from mother.notify.outbox import MOST, Outbox

START = 1_700_000_000.0
HOUR = 3600.0


def message(ident: int, key: str = "gone", tone: Tone = Tone.PROBLEM, at: float = START) -> Message:
    return Message(str(ident), at, key, tone, f"title {ident}", f"body {ident}")


def filled(count: int, channels: tuple[str, ...] = ("a",), apart: float = 60.0) -> Outbox:
    box = Outbox()
    for ident in range(count):
        box.put(message(ident, key=f"k{ident}", at=START + ident * apart), channels)
    return box


def test_messages_go_out_in_order_each_once_per_channel() -> None:
    box = filled(2, ("a", "b"))
    parcel = box.parcel("a", START)
    assert parcel is not None
    assert (parcel.ids, parcel.title, parcel.body) == (("0",), "title 0", "body 0")
    box.delivered("a", parcel.ids)
    after = box.parcel("a", START)
    other = box.parcel("b", START)
    assert after is not None
    assert other is not None
    assert (after.ids, other.ids) == (("1",), ("0",))
    box.delivered("b", ("0",))
    box.delivered("a", ("1",))
    assert [one.message.id for one in box.waiting] == ["1"]
    box.delivered("b", ("1",))
    assert len(box) == 0
    assert box.parcel("a", START) is None


def test_nothing_waits_where_there_is_nobody_to_tell() -> None:
    box = Outbox()
    box.put(message(1), ())
    assert len(box) == 0


def test_many_go_out_as_one_with_a_line_and_a_time_each() -> None:
    box = filled(5)
    parcel = box.parcel("a", START + 600)
    assert parcel is not None
    assert parcel.ids == ("0", "1", "2", "3", "4")
    assert parcel.title == "5 messages of the last 10 min, the newest last"
    assert parcel.body.splitlines()[0] == "22:13 title 0"
    assert len(parcel.body.splitlines()) == 5
    assert parcel.tone is Tone.PROBLEM
    assert filled(3).parcel("a", START).ids == ("0",)  # type: ignore[union-attr]  # it is one


def test_many_that_are_all_over_are_told_as_a_recovery_and_only_the_newest_lines() -> None:
    box = Outbox()
    for ident in range(30):
        tone = Tone.RECOVERY if ident % 2 else Tone.PROBLEM
        box.put(message(ident, tone=tone), ("a",))
    parcel = box.parcel("a", START)
    assert parcel is not None
    assert parcel.tone is Tone.RECOVERY
    assert parcel.body.splitlines()[0] == "(10 earlier ones are left out)"
    assert len(parcel.body.splitlines()) == 21


def test_a_late_message_says_when_it_was() -> None:
    parcel = filled(1).parcel("a", START + HOUR)
    assert parcel is not None
    assert parcel.body.endswith("This was at 22:13, 1 h ago: it could not be told.")


def test_after_a_day_a_message_is_given_up_and_counted() -> None:
    box = filled(2, apart=HOUR)
    box.expire(START + 24 * HOUR)
    assert [one.message.id for one in box.waiting] == ["1"]
    assert box.dropped == 1


def test_a_full_box_loses_the_oldest_trouble_that_is_over_before_one_that_is_not() -> None:
    box = Outbox()
    box.put(message(0, "rollout"), ("a",))
    box.put(message(1, "gone"), ("a",))
    box.put(message(2, "gone", Tone.RECOVERY), ("a",))
    for ident in range(3, MOST + 1):
        box.put(message(ident, f"k{ident}"), ("a",))
    assert (len(box), box.dropped) == (MOST - 1, 2)
    assert [one.message.id for one in box.waiting][:2] == ["0", "3"]
    for ident in range(MOST + 1, MOST + 3):
        box.put(message(ident, f"k{ident}"), ("a",))
    assert (len(box), box.dropped) == (MOST, 3)
    assert box.waiting[0].message.id == "3"


def test_channels_that_are_no_more_are_owed_nothing() -> None:
    box = filled(2, ("a", "b"))
    box.delivered("a", ("0",))
    box.keep_only(("a",))
    assert [one.owed for one in box.waiting] == [("a",)]
    assert box.dropped == 0


def test_what_only_a_channel_that_is_no_more_was_owed_goes_to_those_that_have_not_got_it() -> None:
    box = filled(2, ("a", "b"))
    box.delivered("a", ("0", "1"))
    box.keep_only(("a", "c"))
    assert [one.owed for one in box.waiting] == [("c",), ("c",)]
    box.keep_only(())
    assert len(box) == 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=400))
def test_it_is_bounded_in_order_and_counts_all_it_loses(story: list[tuple[str, bool]]) -> None:
    box = Outbox()
    for ident, (key, over) in enumerate(story):
        box.put(message(ident, key, Tone.RECOVERY if over else Tone.PROBLEM), ("x",))
    left = [int(one.message.id) for one in box.waiting]
    assert left == sorted(left)
    assert len(left) <= MOST
    assert len(left) + box.dropped == len(story)
