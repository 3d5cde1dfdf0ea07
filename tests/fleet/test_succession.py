"""A swapped control board: name, wishes and history move, and nobody is replaced who is there."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mother.config.model import Block, PoolWish
from mother.core.model import CommandKind
from mother.fleet.remembered import Ailment, Condition, Record, Watch
from mother.fleet.roster import Entry
from mother.fleet.succession import Succession
from mother.fleet.undertaken import Before, Flight, HoldOrder, Restart
from tests.fleet.world import CONFIG, SETTINGS, World

SPARE = "a0:b0:45:99:99:99"


class Swap:
    """A farm of two and a rule over it; the first control board is away for good."""

    def __init__(self, **what: object) -> None:
        self.world = World(miners=2)
        self.old, self.new = self.world.adopted()
        self.worker = self.old.worker
        self.memory = self.world.daemon.memory
        self.world.dragons[0].vanish()
        for _ in range(2):
            self.world.daemon.poll(self.old)
        self.succession = Succession(
            self.world.daemon.roster, self.memory, "home", self.world.daemon.poller.rename
        )

    def ident(self, mac: str) -> str:
        return f"home/mac:{mac}"

    def swap(self, new: str = "") -> str:
        return self.succession.replace(self.old.mac, new or self.new.mac)

    def entry(self, mac: str) -> Entry | None:
        return self.world.daemon.roster.get(self.ident(mac))


def test_the_new_board_bears_the_name_of_the_old_one_from_now_on() -> None:
    swap = Swap()
    assert swap.swap() == swap.worker
    assert swap.new.worker == swap.worker
    assert swap.entry(swap.old.mac) is None
    assert len(swap.world.daemon.roster) == 1


def test_what_the_configuration_says_of_the_old_one_holds_for_the_new_one() -> None:
    swap = Swap()
    swap.swap()
    assert swap.new.wish_mac == swap.old.mac
    pools = (PoolWish("stratum+tcp://a:3333", "ann", "x"),)
    block = Block((), (swap.old.mac,), replace(SETTINGS, pools=pools))
    for config in (
        replace(CONFIG, blocks=(block,)),
        replace(CONFIG, pools_by_mac={swap.old.mac: pools}),
    ):
        swap.world.daemon.config = config
        assert swap.world.daemon.survey.settings(swap.new).pools == pools


def test_who_still_answers_is_not_replaced() -> None:
    swap = Swap()
    swap.world.dragons[0].come_back()
    swap.world.ether.run()
    swap.world.daemon.poll(swap.old)
    with pytest.raises(PermissionError, match=r"still answers at 127\.78\.0\.1"):
        swap.swap()
    assert swap.new.worker != swap.worker
    assert swap.memory.undertaken.successors == {}


def test_a_board_does_not_replace_itself() -> None:
    swap = Swap()
    with pytest.raises(PermissionError, match="same miner"):
        swap.swap(swap.old.mac)


def test_who_was_never_known_is_not_replaced() -> None:
    swap = Swap()
    with pytest.raises(LookupError, match="nothing is known of"):
        swap.succession.replace(SPARE, swap.new.mac)


def test_one_board_does_not_stand_for_two() -> None:
    swap = Swap()
    swap.swap()
    third = "a0:b0:45:33:33:33"
    swap.memory.remember(swap.ident(third), swap.memory.device(swap.new.id))
    with pytest.raises(PermissionError, match="stands for"):
        swap.succession.replace(third, swap.new.mac)


def test_a_board_that_was_swapped_twice_has_the_wishes_of_the_first() -> None:
    swap = Swap()
    swap.swap()
    swap.world.dragons[1].vanish()
    for _ in range(2):
        swap.world.daemon.poll(swap.new)
    assert swap.succession.replace(swap.new.mac, SPARE) == swap.worker
    assert swap.memory.undertaken.successors == {SPARE: swap.old.mac}


def test_a_board_that_is_not_here_yet_has_the_name_when_it_comes() -> None:
    swap = Swap()
    swap.swap(SPARE)
    spare = swap.world.dragons[0]
    spare.mac = SPARE
    spare.come_back()
    swap.world.ether.run()
    swap.world.daemon.scan_once()
    entry = swap.entry(SPARE)
    assert entry is not None
    assert entry.worker == swap.worker
    assert entry.wish_mac == swap.old.mac


def test_it_holds_over_a_restart() -> None:
    swap = Swap()
    swap.swap()
    daemon = swap.world.restart()
    daemon.scan_once()
    entry = daemon.roster.get(swap.new.id)
    assert entry is not None
    assert (entry.worker, entry.wish_mac) == (swap.worker, swap.old.mac)


def test_history_moves_and_what_was_under_way_with_the_old_one_is_over() -> None:
    swap = Swap()
    now = swap.world.daemon.now()
    known = swap.memory.device(swap.old.id)
    setup = replace(
        known.setup,
        boards=2,
        left_alone=("pools:T1:1",),
        flight=Flight(now, ("pools:T1:1",)),
        restart=Restart(now, CommandKind.REBOOT),
        before=(Before(now, CommandKind.SET_POOLS, "ann", pools=()),),
        undoing="ann",
    )
    watch = Watch(conditions=(Condition(Ailment.DEAD, now, board=1),), boards=3, ill_since=now)
    swap.memory.remember(
        swap.old.id,
        replace(
            known,
            setup=setup,
            watch=watch,
            first_seen=5.0,
            record=Record(reboots=2, left=True, started=now),
        ),
    )
    flying = Flight(now, ("pools:T1:2",))
    swap.world.daemon.setups.keep(swap.new.id, flight=flying, boards=1, left_alone=("x",))
    address = swap.memory.device(swap.new.id).address
    swap.swap()
    moved = swap.memory.device(swap.new.id)
    assert (moved.mac, moved.address, moved.worker) == (swap.new.mac, address, swap.worker)
    assert moved.first_seen == 5.0
    assert (moved.setup.boards, moved.setup.left_alone) == (2, ("pools:T1:1",))
    assert (moved.setup.flight, moved.setup.restart, moved.setup.before) == (flying, None, ())
    assert moved.setup.undoing == ""
    assert (moved.record.reboots, moved.record.left) == (0, False)
    assert moved.watch == Watch(boards=3)
    assert swap.new.boards == 2
    assert swap.old.id not in swap.memory.devices


def test_a_hold_on_the_old_board_holds_the_new_one() -> None:
    swap = Swap()
    holds = (HoldOrder(swap.old.mac, "fans", "ann", 0.0), HoldOrder("model:t9", "x", "ann", 0.0))
    swap.world.daemon.setups.keep_undertaken(holds=holds)
    swap.swap()
    assert swap.world.daemon.setups.held(swap.new)
    assert [one.scope for one in swap.memory.undertaken.holds] == [swap.new.mac, "model:t9"]


def test_the_name_that_the_new_board_had_is_free_again() -> None:
    swap = Swap()
    name = swap.new.worker
    swap.swap()
    assert swap.world.daemon.roster.free_worker(name, "other", "home/mac:x") == name
    assert swap.world.daemon.roster.free_worker(swap.worker, "other", "home/mac:x") == "other"
