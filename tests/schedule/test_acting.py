"""Verdicts become orders: journalled first, sent once, again until they are seen to be done."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from mother.config.schedule import Ramp
from mother.core.errors import Stranger, Unreachable, Unsupported
from mother.core.model import Command, CommandKind, EventKind
from mother.fleet.undertaken import HoldOrder
from mother.schedule.acting import Acting
from mother.schedule.arbiter import REFUSES
from mother.schedule.judging import NOT_OURS, SILENT, SLEPT_BEFORE
from mother.schedule.progress import ASTRAY
from mother.schedule.sending import STRAYED
from mother.schedule.values import Stage, Verdict
from tests.fleet.toy import CAPABILITIES
from tests.fleet.world import logged
from tests.schedule.nursery import PLAIN, SLEEP, WAKE, Nursery

PAUSE, RESUME, POWER = CommandKind.PAUSE, CommandKind.RESUME, CommandKind.SET_POWER
FULL = OSError(28, "No space left on device")


def test_who_shall_sleep_is_journalled_and_sleeps() -> None:
    nursery = Nursery(3)
    nursery.pursue(SLEEP)
    nursery.run(10.0)
    assert nursery.sent == [[PAUSE]] * 3
    assert nursery.stages == [Stage.CONFIRMED] * 3
    assert nursery.acting.sleeping() == 3
    assert nursery.acting.flying == 0
    sleeper = nursery.journal.sleepers[nursery.entry.id]
    assert (sleeper.mac, sleeper.worker, sleeper.family) == (nursery.box.mac, "toy-0", "toy")
    assert (sleeper.address, sleeper.why) == ("127.78.1.1:4028", "price 112 > 80")
    assert sleeper.draws == 3300.0


def test_who_we_put_to_sleep_is_woken_and_is_no_sleeper_any_more() -> None:
    nursery = Nursery()
    nursery.rounds(SLEEP, 60.0)
    nursery.rounds(WAKE, 60.0)
    assert nursery.sent == [[PAUSE, RESUME]]
    assert nursery.stages == [Stage.CONFIRMED]
    assert nursery.acting.sleeping() == 0
    assert len(nursery.acting.history(nursery.entry.id).starts) == 1


def test_nothing_is_sent_before_the_journal_is_on_the_disk() -> None:
    nursery = Nursery()
    nursery.hand.slow = True
    nursery.pursue(SLEEP)
    nursery.run(60.0)
    assert nursery.sent == [[]]
    assert nursery.standing.stage is Stage.PENDING
    nursery.hand.work()
    nursery.run(10.0)
    assert nursery.sent == [[]]  # that it is about to be told is not on the disk
    nursery.hand.work()
    nursery.run(10.0)
    assert nursery.sent == [[PAUSE]]


def test_a_full_disk_puts_nobody_to_sleep_and_still_wakes() -> None:
    nursery = Nursery(2)
    nursery.rule({nursery.entry.id: SLEEP})
    nursery.run(10.0)
    nursery.hand.full = FULL
    nursery.rule({nursery.entries[0].id: WAKE, nursery.entries[1].id: SLEEP})
    nursery.run(10.0)
    assert nursery.sent == [[PAUSE, RESUME], []]
    standing = nursery.acting.standings[nursery.entries[1].id]
    assert standing.stage is Stage.PENDING
    assert "No space left" in standing.why
    nursery.hand.full = None
    nursery.rule({nursery.entries[0].id: WAKE, nursery.entries[1].id: SLEEP})
    nursery.run(60.0)
    assert nursery.sent == [[PAUSE, RESUME], [PAUSE]]


def test_who_sleeps_by_anothers_will_is_neither_told_nor_ours_nor_woken() -> None:
    nursery = Nursery()
    nursery.box.asleep = True
    nursery.rounds(SLEEP, 60.0)
    assert (nursery.standing.stage, nursery.standing.why) == (Stage.CONFIRMED, SLEPT_BEFORE)
    nursery.rounds(WAKE, 60.0)
    assert (nursery.standing.stage, nursery.standing.why) == (Stage.SKIPPED, NOT_OURS)
    assert nursery.sent == [[]]
    assert nursery.lines() == []


def test_who_fell_asleep_before_our_order_arrived_is_not_ours() -> None:
    nursery = Nursery()
    nursery.box.asleep = True  # the last reading says otherwise
    nursery.pursue(SLEEP)
    nursery.run(10.0)
    assert nursery.sent == [[]]
    assert nursery.standing.stage is Stage.CONFIRMED
    assert nursery.acting.sleeping() == 0


def test_what_failed_is_tried_again_ever_more_seldom() -> None:
    nursery = Nursery()
    nursery.box.deaf_to_orders = Unreachable("no route")
    tries = []
    for _ in range(480):
        nursery.rounds(SLEEP, 15.0)
        tries.append(nursery.standing.tries)
    assert 10 <= tries[-1] <= 14  # 30 s, 1, 2, 4, 8 min, then 15 each
    assert tries[8] == 3
    assert (nursery.standing.stage, nursery.standing.why) == (Stage.PENDING, "no route")
    assert nursery.acting.sleeping() == 0  # none of it was sent
    nursery.box.deaf_to_orders = None
    nursery.rounds(SLEEP, 1200.0)
    assert nursery.sent == [[PAUSE]]
    assert (nursery.standing.stage, nursery.standing.tries) == (Stage.CONFIRMED, 0)


def test_whose_firmware_cannot_sleep_is_told_again_only_once_it_runs_another() -> None:
    nursery = Nursery()
    nursery.box.deaf_to_orders = Unsupported("this generation is only read")
    nursery.rounds(SLEEP, 3600.0)
    assert len(nursery.orders()) == 1
    assert (nursery.standing.stage, nursery.standing.why) == (Stage.SKIPPED, REFUSES)
    assert nursery.acting.history(nursery.entry.id).refuses
    assert nursery.acting.sleeping() == 0
    nursery.box.deaf_to_orders = None
    who = replace(nursery.entry.description, firmware="2.0")
    nursery.entry.described(who, nursery.daemon.now())
    assert not nursery.acting.history(nursery.entry.id).refuses
    nursery.pursue(SLEEP)
    nursery.run(10.0)
    assert nursery.sent == [[PAUSE]]


def test_who_is_denied_for_another_reason_may_sleep_later() -> None:
    nursery = Nursery()
    nursery.box.deaf_to_orders = Stranger(nursery.box.mac, "02:00:00:00:00:99")
    nursery.rounds(SLEEP, 120.0)
    assert nursery.standing.stage is Stage.SKIPPED
    assert not nursery.acting.history(nursery.entry.id).refuses
    nursery.box.deaf_to_orders, nursery.box.deaf = None, Unsupported("its page: HTTP 404")
    nursery.pursue(SLEEP)
    nursery.run(300.0)
    assert not nursery.acting.history(nursery.entry.id).refuses


def test_who_does_not_obey_stays_ours_and_is_unconfirmed() -> None:
    nursery = Nursery()
    nursery.box.stubborn = True
    nursery.rounds(SLEEP, 75.0)
    assert (nursery.standing.stage, nursery.standing.tries) == (Stage.UNCONFIRMED, 1)
    assert nursery.standing.why == "it does not sleep"
    assert nursery.acting.sleeping() == 1
    nursery.rounds(SLEEP, 75.0)
    assert nursery.sent == [[PAUSE, PAUSE]]


def test_who_obeys_too_late_is_woken_all_the_same() -> None:
    nursery = Nursery()
    nursery.box.slow = 100.0
    nursery.rounds(SLEEP, 60.0)
    nursery.rounds(WAKE, 20.0)
    assert nursery.acting.sleeping() == 1  # awake, and perhaps not for long
    nursery.rounds(WAKE, 900.0)
    assert nursery.box.sent[:2] == [PAUSE, RESUME]
    assert not nursery.box.asleep
    assert nursery.acting.sleeping() == 0


def test_who_never_obeyed_is_no_sleeper_for_ever() -> None:
    nursery = Nursery()
    nursery.box.stubborn = True
    nursery.rounds(SLEEP, 60.0)
    nursery.rounds(WAKE, 600.0)
    assert nursery.sent == [[PAUSE]]
    assert nursery.acting.sleeping() == 0


def test_a_sleeper_that_is_given_up_is_told_and_not_forgotten() -> None:
    nursery = Nursery(2)
    nursery.rounds(SLEEP, 60.0)
    nursery.daemon.roster.remove(nursery.entry, nursery.daemon.now())
    with logged() as events:
        nursery.rule({nursery.entries[1].id: WAKE})
    (told,) = [one for one in events if "minded no more" in one["log_format"]]
    assert (told["worker"], told["address"]) == ("toy-0", "127.78.1.1:4028")
    assert set(nursery.journal.sleepers) >= {nursery.entry.id}


def test_who_wakes_by_itself_is_put_to_sleep_again_after_a_minute() -> None:
    nursery = Nursery()
    nursery.rounds(SLEEP, 60.0)
    nursery.box.asleep = False
    nursery.rounds(SLEEP, 15.0)
    assert (nursery.standing.stage, nursery.standing.why) == (Stage.DRIFTED, ASTRAY)
    nursery.rounds(SLEEP, 30.0)
    assert nursery.sent == [[PAUSE]]
    nursery.rounds(SLEEP, 30.0)
    assert nursery.sent == [[PAUSE, PAUSE]]
    assert nursery.standing.stage is Stage.CONFIRMED
    assert nursery.lines() == ["asleep", "telling", "telling"]
    told = [one.text for one in nursery.daemon.ear.events if one.kind is EventKind.PAUSED]
    assert [STRAYED in text for text in told] == [False, True], "the log tells the second from it"


def test_an_order_that_is_not_wanted_any_more_is_not_sent() -> None:
    nursery = Nursery(schedule=replace(PLAIN, down=Ramp(jitter=30.0)))
    nursery.pursue(SLEEP)
    nursery.run(0.5)
    nursery.pursue(WAKE)
    nursery.run(60.0)
    assert nursery.sent == [[]]
    nursery = Nursery()
    nursery.hand.slow = True
    nursery.pursue(SLEEP)
    nursery.pursue(WAKE)
    nursery.hand.work()
    nursery.hand.work()
    nursery.run(60.0)
    assert nursery.sent == [[]]
    assert nursery.lines() == ["asleep", "woken"]
    assert nursery.acting.sleeping() == 0


def test_who_is_held_is_left_alone_until_released() -> None:
    nursery = Nursery()
    now = nursery.daemon.now()
    hold = HoldOrder(nursery.box.mac, "fans", "ann", now, now + 100.0)
    nursery.daemon.setups.keep_undertaken(holds=(hold,))
    nursery.rounds(SLEEP, 60.0)
    assert nursery.standing.stage is Stage.SKIPPED
    assert "by ann: fans" in nursery.standing.why
    assert (nursery.sent, nursery.lines()) == ([[]], [])
    nursery.rounds(SLEEP, 75.0)
    assert nursery.sent == [[PAUSE]]


def test_who_is_held_no_more_waits_for_its_turn() -> None:
    nursery = Nursery(2, replace(PLAIN, down=Ramp(batch=1, gap=600.0)))
    now, other = nursery.daemon.now(), nursery.entries[1]
    hold = HoldOrder(other.mac, "fans", "ann", now, now + 100.0)
    nursery.daemon.setups.keep_undertaken(holds=(hold,))
    nursery.rounds(SLEEP, 60.0)
    assert nursery.stages == [Stage.CONFIRMED, Stage.SKIPPED]
    nursery.rounds(SLEEP, 75.0)
    standing = nursery.acting.standings[other.id]
    assert (standing.stage, standing.why) == (Stage.PENDING, "")


def test_a_verdict_without_a_mode_changes_nothing() -> None:
    nursery = Nursery()
    nursery.rounds(SLEEP, 30.0)
    nursery.rounds(Verdict(None, skipped="held"), 60.0)
    assert (nursery.standing.stage, nursery.standing.why) == (Stage.SKIPPED, "held")
    assert nursery.sent == [[PAUSE]]
    assert nursery.acting.sleeping() == 1


def test_who_does_not_answer_is_told_when_it_is_back() -> None:
    nursery = Nursery()
    nursery.box.deaf = Unreachable("off")
    nursery.poll()
    nursery.poll()
    nursery.rounds(SLEEP, 600.0)
    assert (nursery.standing.stage, nursery.standing.why) == (Stage.PENDING, SILENT)
    assert (nursery.standing.tries, nursery.lines()) == (0, [])
    nursery.box.deaf = None
    nursery.rounds(SLEEP, 30.0)
    assert nursery.sent == [[PAUSE]]


def test_a_family_that_cannot_sleep_is_skipped_with_the_reason() -> None:
    nursery = Nursery()
    nursery.family.capabilities = {POWER: CAPABILITIES[POWER]}
    nursery.pursue(SLEEP)
    assert nursery.standing.stage is Stage.SKIPPED
    assert nursery.standing.why == "no toy can sleep and be woken"


def test_one_that_is_not_here_waits() -> None:
    nursery = Nursery()
    nursery.rule({"home/mac:nobody": SLEEP})
    assert nursery.acting.standings["home/mac:nobody"].stage is Stage.PENDING
    nursery.rule({})
    assert not nursery.acting.standings


def test_a_dry_run_is_told_once_and_journals_nothing() -> None:
    nursery = Nursery()
    nursery.daemon.change(dry_run=True)
    nursery.dry = True
    nursery.rounds(SLEEP, 120.0)
    assert len(nursery.daemon.ear.of(EventKind.WOULD_WRITE)) == 1
    assert nursery.standing.stage is Stage.SKIPPED
    assert (nursery.sent, nursery.lines()) == ([[]], [])
    nursery.daemon.change(dry_run=False)
    nursery.dry = False
    nursery.rounds(SLEEP, 30.0)
    assert nursery.sent == [[PAUSE]]


def test_a_stop_sends_nothing_more_and_says_who_sleeps() -> None:
    nursery = Nursery(4, replace(PLAIN, down=Ramp(batch=2, gap=60.0)))
    nursery.boxes[1].slow = 40.0
    nursery.pursue(SLEEP)
    nursery.run(1.0)
    assert nursery.acting.flying == 1
    began = nursery.ether.seconds()
    with logged() as events:
        nursery.daemon.do(nursery.acting.stop())
    assert nursery.ether.seconds() == began
    (told,) = [one["sentence"] for one in events if "by our order" in one.get("sentence", "")]
    assert told == (
        "2 miners sleep by our order; 1 of them may still be awake, for the stop came while it was "
        "told."
    )
    nursery.pursue(SLEEP)
    nursery.run(300.0)
    assert sum(map(len, nursery.sent)) == 2
    assert nursery.acting.flying == 0


def test_a_stop_while_the_journal_is_written_forgets_who_was_not_sent() -> None:
    nursery = Nursery()
    nursery.hand.slow = True
    nursery.pursue(SLEEP)
    stopped = nursery.daemon.begin(nursery.acting.stop())
    while nursery.hand.jobs:
        nursery.hand.work()
    nursery.run(1.0)
    assert stopped == [None]
    assert nursery.sent == [[]]
    nursery.kill()
    nursery.start()
    assert nursery.acting.sleeping() == 0


def test_a_disk_that_hangs_does_not_keep_the_daemon_from_ending() -> None:
    nursery = Nursery()
    nursery.hand.slow = True
    nursery.pursue(SLEEP)
    began = nursery.ether.seconds()
    nursery.daemon.do(nursery.acting.stop())
    assert nursery.ether.seconds() - began <= 5.0


def test_a_fault_of_ours_costs_one_device_and_is_tried_again() -> None:
    nursery = Nursery(2)

    class Door:
        """One device is a trap."""

        def obstacle(self, entry: Any) -> str:
            return ""

        async def submit(self, command: Command) -> Any:
            if command.device == nursery.entry.id:
                raise RuntimeError("a fault")
            return await nursery.daemon.commands.submit(command)

    nursery.acting = Acting(
        Door(),
        nursery.journal,
        nursery.daemon.roster,
        nursery.ether,
        nursery.daemon.now,
        lambda: nursery.schedule,
        lambda _: (),
        Random(2),
    )
    with logged() as events:
        nursery.pursue(SLEEP)
        nursery.run(5.0)
    assert "a fault" in str([one.get("log_failure") for one in events])
    assert nursery.stages == [Stage.UNCONFIRMED, Stage.CONFIRMED]
    assert nursery.standing.why == "unforeseen: RuntimeError"


@pytest.mark.parametrize("reason", ["", "price 112 > 80"])
def test_every_order_says_who_gives_it_and_why(reason: str) -> None:
    nursery = Nursery()
    nursery.pursue(replace(SLEEP, because=(reason,) if reason else ()))
    nursery.run(10.0)
    (line,) = nursery.daemon.ear.of(EventKind.AUDIT)
    assert (line.content["actor"], line.content["reason"]) == ("schedule", reason)
    assert line.content["key"].startswith(f"schedule:{nursery.entry.id}:pause:")
