"""The door with devices that sleep, take their time, hide passwords, or take no orders at all."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from mother.core.errors import Declined, DeviceError, Garbled, Refused, Stranger, Unreachable
from mother.core.model import CommandKind, ConfiguredPool, Credential, EventKind, State
from mother.fleet.commands import Outcome
from mother.fleet.findings import FACTORY_LOGIN, findings
from mother.fleet.pools import digest_of
from mother.fleet.undertaken import DeviceSetup
from tests.fleet.toy import CAPABILITIES, EVERY, MAC, POOL, WITHIN, Playroom

PAUSE, RESUME = CommandKind.PAUSE, CommandKind.RESUME
POWER, CLOCK = CommandKind.SET_POWER, CommandKind.SET_FREQUENCY
DONE = Outcome("done", "", sent=True)
SO_ALREADY = Outcome("done", "it is so already")


def test_a_pause_is_done_once_a_reading_says_that_it_sleeps() -> None:
    room = Playroom()
    room.box.slow = 17.0
    began = room.box.now()
    assert room.submit(PAUSE) == DONE
    assert room.box.sent == [PAUSE]
    assert 17.0 <= room.box.now() - began <= 17.0 + EVERY
    assert room.entry.state() is State.ASLEEP
    assert len(room.daemon.ear.of(EventKind.PAUSED)) == 1


def test_a_quick_pause_is_seen_at_once_and_not_at_the_familys_next_look() -> None:
    room = Playroom()
    room.box.slow = 0.3
    began = room.box.now()
    assert room.submit(PAUSE) == DONE
    assert room.box.now() - began <= 0.5


def test_nobody_is_looked_at_before_anything_can_show() -> None:
    room = Playroom()
    room.family.capabilities = {
        **CAPABILITIES,
        PAUSE: replace(CAPABILITIES[PAUSE], lag=4.0),
    }
    room.box.slow = 3.0
    began = room.box.now()
    assert room.submit(PAUSE) == DONE
    assert room.box.now() - began == pytest.approx(4.0)


def test_a_resume_is_done_once_a_reading_says_that_it_does_not_sleep() -> None:
    room = Playroom()
    room.box.asleep = True
    room.box.slow = 12.0
    assert room.submit(RESUME) == DONE
    assert room.box.sent == [RESUME]
    assert room.entry.state() is State.HASHING
    assert len(room.daemon.ear.of(EventKind.RESUMED)) == 1


def test_who_is_woken_is_told_the_profile_that_it_had_before_it_was_put_to_sleep() -> None:
    room = Playroom()
    room.box.profile = "eco"
    assert room.submit(PAUSE) == DONE
    room.box.profile = "other"
    assert room.submit(PAUSE, key="2") == SO_ALREADY
    kept = room.daemon.memory.device(room.entry.id).setup
    assert msgspec.json.decode(msgspec.json.encode(kept), type=DeviceSetup).slept == "eco"
    assert room.submit(RESUME, key="3") == DONE
    assert room.box.taken[-1].args == {"profile": "eco"}
    assert room.daemon.setups.slept(room.entry) == ""


def test_an_order_to_sleep_that_never_left_us_leaves_no_profile_behind() -> None:
    room = Playroom()
    room.box.profile = "eco"
    room.box.deaf_to_orders = Unreachable("no")
    assert room.submit(PAUSE).result == "failed"
    assert room.daemon.setups.slept(room.entry) == ""


@pytest.mark.parametrize("by_login", [True, False])
def test_who_takes_an_order_by_its_makers_login_is_open_to_all_and_stays_known_for_it(
    by_login: bool,
) -> None:
    room = Playroom()
    room.family.needs_login = False
    locate = replace(CAPABILITIES[CommandKind.LOCATE], by_login=by_login)
    room.family.capabilities = {**CAPABILITIES, CommandKind.LOCATE: locate}
    assert findings(room.entry) == ()
    assert room.submit(CommandKind.LOCATE, args={"on": True}) == DONE
    assert (findings(room.entry) == (FACTORY_LOGIN,)) is by_login
    assert room.daemon.memory.device(room.entry.id).setup.factory_login is by_login


def test_another_login_closes_that_door_again() -> None:
    room = Playroom()
    room.family.needs_login = False
    new = Credential("root", "toy-2")
    assert room.submit(CommandKind.LOCATE, args={"on": True}) == DONE
    assert room.entry.factory_login
    told = {"args": {"credential": new}, "by_hand": True, "key": "2"}
    assert room.submit(CommandKind.SET_PASSWORD, **told) == DONE
    assert not room.entry.factory_login
    assert not room.daemon.memory.device(room.entry.id).setup.factory_login


def test_a_light_that_goes_out_is_not_told_to_shine() -> None:
    room = Playroom()
    for on, words in ((True, "shows its light"), (False, "shows its light no more")):
        assert room.submit(CommandKind.LOCATE, args={"on": on}, key=words) == DONE
        assert room.daemon.ear.of(EventKind.ORDERED)[-1].text.split(". ")[0].endswith(words)


def test_who_sleeps_already_is_not_told_to() -> None:
    room = Playroom()
    room.box.asleep = True
    assert room.submit(PAUSE) == SO_ALREADY
    assert room.box.sent == []
    assert room.entry.state() is State.ASLEEP
    assert room.submit(RESUME, key="2") == DONE
    assert room.submit(RESUME, key="3") == SO_ALREADY


@pytest.mark.parametrize(
    ("kind", "why"), [(PAUSE, "it does not sleep"), (RESUME, "it still sleeps")]
)
def test_who_does_not_obey_in_time_has_failed_and_was_told_once(
    kind: CommandKind, why: str
) -> None:
    room = Playroom()
    room.box.asleep = kind is RESUME
    room.box.stubborn = True
    began = room.box.now()
    assert room.submit(kind) == Outcome("failed", why, sent=True)
    assert room.box.sent == [kind]
    assert WITHIN <= room.box.now() - began <= WITHIN + EVERY
    assert not room.daemon.ear.of(EventKind.PAUSED, EventKind.RESUMED)


def test_what_a_pause_replaced_is_kept_for_undo() -> None:
    room = Playroom()
    room.submit(PAUSE)
    (before,) = room.daemon.setups.of(room.entry.id).before
    assert (before.kind, before.asleep) == (PAUSE, False)


def test_a_reading_that_confirms_is_as_good_as_a_polls() -> None:
    room = Playroom()
    room.submit(PAUSE)
    told = room.daemon.ear.samples[-1]
    assert told.state is State.ASLEEP
    assert told.at_rest == {"toy.clock": 0.0}
    room.submit(RESUME, key="2")
    reading = room.entry.reading
    assert reading is not None
    assert (reading.expected_hashrate, reading.expected_source) == (100e12, "model")
    assert (reading.power, reading.power_source) == (3300.0, "nameplate")


# what is set


@pytest.mark.parametrize("slow", [0.0, 33.0])
def test_settings_may_take_their_time_and_are_sent_once(slow: float) -> None:
    room = Playroom()
    room.box.slow = slow
    began = room.box.now()
    assert room.set_pools(POOL) == DONE
    assert room.box.sent == [CommandKind.SET_POOLS]
    assert slow <= room.box.now() - began <= slow + EVERY
    assert room.entry.settings is not None
    assert room.entry.settings.pools == (POOL,)


def test_settings_that_never_become_what_was_sent_have_failed_after_the_familys_time() -> None:
    room = Playroom()
    room.box.stubborn = True
    began = room.box.now()
    kept = Outcome("failed", "it said yes and kept something else", sent=True)
    assert room.set_pools(POOL) == kept
    assert room.box.sent == [CommandKind.SET_POOLS]
    assert WITHIN <= room.box.now() - began <= WITHIN + EVERY


@pytest.mark.parametrize(
    "trouble",
    [Unreachable("away"), Garbled("a page of the bootloader"), Declined("not ready")],
    ids=["away", "garbled", "declined"],
)
def test_a_device_that_starts_anew_meanwhile_is_waited_for(trouble: DeviceError) -> None:
    room = Playroom()
    room.box.trouble, room.box.away = trouble, 40.0
    assert room.set_pools(POOL) == DONE
    assert room.box.sent == [CommandKind.SET_POOLS]


@pytest.mark.parametrize("kind", [CommandKind.SET_POOLS, PAUSE])
@pytest.mark.parametrize(
    "trouble", [Unreachable("away"), Garbled("odd"), Refused("no"), Stranger(MAC, "02:00")]
)
def test_what_was_sent_and_cannot_be_read_back_is_unsure_and_not_sent_again(
    trouble: DeviceError, kind: CommandKind
) -> None:
    room = Playroom()
    room.box.trouble, room.box.away = trouble, 1000.0
    outcome = room.submit(kind, args={"pools": (POOL,)})
    assert (outcome.result, outcome.sent, outcome.unsure) == ("failed", True, True)
    assert outcome.text.startswith("sent, but not read back: ")
    assert room.box.sent == [kind]
    assert (room.entry.address in room.daemon.looked) == isinstance(trouble, Stranger)


def test_a_power_target_is_near_where_the_device_rounds_it() -> None:
    room = Playroom()
    assert room.submit(POWER, args={"watts": 2503.0}) == DONE
    assert room.box.settings.power_target == 2500.0
    assert room.submit(POWER, args={"watts": 2503.0}, key="2") == SO_ALREADY
    room.box.stubborn = True
    assert room.submit(POWER, args={"watts": 2600.0}, key="3").result == "failed"
    assert room.box.sent == [POWER, POWER]


def test_of_frequency_and_voltage_only_what_is_named_is_compared() -> None:
    room = Playroom()
    assert room.submit(CLOCK, args={"frequency": 501.0}) == SO_ALREADY
    assert room.submit(CLOCK, args={"frequency": 550.0}, key="2") == DONE
    assert room.submit(CLOCK, args={"frequency": 550.0, "voltage": 1.2}, key="3") == SO_ALREADY
    assert room.submit(CLOCK, args={"voltage": 1.25}, key="4") == DONE
    assert (room.box.settings.frequency, room.box.settings.voltage) == (550.0, 1.25)
    before = room.daemon.setups.of(room.entry.id).before[-1]
    assert (before.frequency, before.voltage) == (550.0, 1.2)


# passwords that are not told


def test_hidden_passwords_that_we_did_not_write_are_written() -> None:
    room = Playroom()
    room.box.settings = replace(room.box.settings, pools=(POOL,))
    room.box.hides = True
    assert room.set_pools(POOL) == DONE
    assert room.daemon.setups.of(room.entry.id).passwords == digest_of((POOL,), MAC)


def test_hidden_passwords_that_we_wrote_last_are_left_alone_and_others_are_written() -> None:
    room = Playroom()
    room.box.hides = True
    assert room.set_pools(POOL) == DONE
    assert room.set_pools(POOL, key="2") == SO_ALREADY
    other = replace(POOL, password="anders")
    assert room.set_pools(other, key="3") == DONE
    assert room.set_pools(POOL, key="4") == DONE
    assert len(room.box.sent) == 3


def test_a_pool_password_is_neither_told_nor_kept_as_it_is() -> None:
    room = Playroom()
    room.box.hides = True
    room.set_pools(POOL)
    room.daemon.do(room.daemon.memory.save_now())
    assert "geheim" not in repr(room.daemon.ear.events)
    assert "geheim" not in repr(room.daemon.setups.of(room.entry.id))
    assert "geheim" not in room.world.folder.joinpath("state.json").read_text()


# closed devices


STEP = "writes are closed: switch them on in the maker's tool"


@pytest.mark.parametrize("kind", [PAUSE, CommandKind.LOCATE, CommandKind.REBOOT])
def test_a_device_that_takes_no_writes_is_not_written_to_and_the_step_is_told(
    kind: CommandKind,
) -> None:
    room = Playroom(closed=STEP)
    assert room.submit(kind, by_hand=True, despite_hold=True) == Outcome("denied", STEP)
    assert room.box.sent == []
    assert room.daemon.commands.obstacle(room.entry) == STEP
    (audit,) = room.daemon.ear.texts(EventKind.AUDIT)
    assert audit.endswith(f"denied ({STEP})")


def test_a_device_that_was_opened_is_written_to_once_it_said_so() -> None:
    room = Playroom(closed=STEP)
    room.box.closed = ""
    room.entry.described(room.daemon.do(room.entry.device.describe()), room.box.now())
    assert room.submit(PAUSE) == DONE


# never twice


def test_a_second_order_with_the_same_key_waits_for_nothing_and_sends_nothing() -> None:
    room = Playroom()
    room.box.slow = 20.0
    first = room.begin(PAUSE)
    room.world.ether.run(10.0)
    second = room.begin(PAUSE)
    room.world.ether.run(WITHIN)
    assert (first[0], second[0].result) == (DONE, "denied")
    assert room.box.sent == [PAUSE]


def test_an_order_that_another_one_has_fulfilled_while_it_waited_is_not_sent() -> None:
    room = Playroom()
    room.box.slow = 20.0
    orders = [room.begin(PAUSE, key=key) for key in ("1", "2")]
    room.world.ether.run(2 * WITHIN)
    assert [order[0] for order in orders] == [DONE, SO_ALREADY]
    assert room.box.sent == [PAUSE]


def test_what_never_left_us_was_not_sent_and_may_be_tried_again() -> None:
    room = Playroom()
    room.box.deaf = Unreachable("no route")
    assert room.submit(PAUSE) == Outcome("failed", "no route")
    room.box.deaf = None
    assert room.submit(PAUSE) == DONE


# another login


def test_a_new_login_is_taken_or_the_old_one_stays_in_use() -> None:
    room = Playroom()
    new = Credential("root", "neu")
    args = {"credential": new}
    assert room.submit(CommandKind.SET_PASSWORD, args=args, by_hand=True) == DONE
    assert room.entry.device.credential == new
    perform = room.entry.device.perform

    async def lie(command: Any) -> None:
        await perform(command)
        room.box.password = "neu"

    room.entry.device.perform = lie  # type: ignore[method-assign]  # says yes and forgets
    outcome = room.submit(
        CommandKind.SET_PASSWORD,
        args={"credential": Credential("root", "neuer")},
        by_hand=True,
        key="2",
    )
    assert outcome == Outcome("failed", "it said yes and kept the old login", sent=True)
    assert room.entry.device.credential == new
    assert "neu" not in repr(room.daemon.ear.events)


def test_pools_of_another_order_are_other_pools() -> None:
    room = Playroom()
    two = ConfiguredPool("stratum+tcp://two.example:3333", "ann.toy", "x")
    assert room.set_pools(POOL, two) == DONE
    assert room.set_pools(two, POOL, key="2") == DONE
    assert room.set_pools(two, POOL, key="3") == SO_ALREADY
