"""Whatever a farm does, over any time: the limits of rebooting hold.

A farm of random illnesses is driven through rules, breaker and healing as the health loop
does it; every reboot is held against a log of its own, by nothing but the clock.
"""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec import Struct
from msgspec.structs import replace

from mother.config.model import DeviceSettings
from mother.core.reading import Board, Reading
from mother.fleet.remembered import Ailment, DeviceMemory, FarmMemory, Phase
from mother.jobs import breaker, healing
from mother.jobs.rules import judge, unsure

CHECK = 300.0
HOUR = 3600.0
DAY = 86400.0
SETTINGS = DeviceSettings(
    health_reboot=True,
    health_check_interval=CHECK,
    health_hashrate_duration=HOUR,
    health_hashrate_minimum=1000.0,
    auto_upgrade=False,
    autotune_mode=None,
    autotune_level=None,
    pools=(),
)
WORKING = Board(index=0, alive=True, status="Alive", temperature=70.0, hashrate_15m=5.4e12)

FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "dead": {"alive": False, "status": "Dead"},
    "slow": {"hashrate_15m": 1e9},
    "absurd": {"temperature": 255.0},
    "hot": {"temperature": 120.0},
}
FAULT = st.sampled_from([*FAULTS, "hot and dead", "missing", "gone"])


class Miner(Struct):
    """What is true of one miner."""

    name: str
    started: float
    fault: str = "none"
    stubborn: bool = True
    written: float = -DAY
    rebooted: list[float] = []
    not_before: float = 0.0
    ill_at: float = 0.0
    cleared: int = 0

    def reading(self, now: float) -> Reading:
        changes = dict(FAULTS.get(self.fault, {}))
        if self.fault == "hot and dead":
            changes = {**FAULTS["dead"], **FAULTS["hot"]}
        boards = [replace(WORKING, **changes), replace(WORKING, index=1), replace(WORKING, index=2)]
        if self.fault == "missing":
            boards.pop()
        up = now - self.started
        return Reading(
            at=now,
            algorithm="SHA-256",
            boards=tuple(boards),
            expected_boards=3,
            uptime=up,
            restarting=up < 60,
        )


class Farm(RuleBasedStateMachine):
    """The health loop over a farm whose miners fail, recover and are cleared at random."""

    @initialize(
        count=st.integers(4, 12),
        idle=st.sampled_from([0, 20, 88, 150, 190]),
        faults=st.lists(FAULT, max_size=12),
    )
    def begin(self, count: int, idle: int, faults: list[str]) -> None:
        self.now = 1_700_000_000.0
        self.idle = idle
        self.miners = [Miner(f"m{i}", self.now - DAY) for i in range(count)]
        for miner, fault in zip(self.miners, faults, strict=False):
            miner.fault = fault
        self.memory = {miner.name: DeviceMemory() for miner in self.miners}
        self.farm = FarmMemory()
        self.reboots: list[tuple[float, str]] = []

    @rule(who=st.integers(0, 11), fault=FAULT, stubborn=st.booleans())
    def something_breaks_or_mends(self, who: int, fault: str, stubborn: bool) -> None:
        miner = self.miners[who % len(self.miners)]
        miner.fault, miner.stubborn = fault, stubborn

    @rule(fault=FAULT)
    def everything_breaks_or_mends(self, fault: str) -> None:
        for miner in self.miners:
            miner.fault = fault

    @rule(who=st.integers(0, 11))
    def one_starts_by_itself(self, who: int) -> None:
        self.miners[who % len(self.miners)].started = self.now

    @rule(who=st.integers(0, 11))
    def an_operator_writes_to_one(self, who: int) -> None:
        miner = self.miners[who % len(self.miners)]
        miner.written = self.now
        known = self.memory[miner.name]
        self.memory[miner.name] = replace(known, record=healing.written(known.record, self.now))

    @rule(who=st.integers(0, 11))
    def an_operator_clears_one(self, who: int) -> None:
        miner = self.miners[who % len(self.miners)]
        miner.cleared = len(miner.rebooted)
        known = self.memory[miner.name]
        self.memory[miner.name] = replace(known, record=healing.cleared(known.record))

    @rule()
    def the_daemon_starts_anew(self) -> None:
        for name, known in self.memory.items():
            self.memory[name] = msgspec.json.decode(msgspec.json.encode(known), type=DeviceMemory)
        self.farm = msgspec.json.decode(msgspec.json.encode(self.farm), type=FarmMemory)

    @rule(pause=st.sampled_from([30.0, 900.0, 5400.0, 90000.0]))
    def nobody_looks_for_a_while(self, pause: float) -> None:
        self.now += pause

    @rule(rounds=st.integers(1, 40), step=st.sampled_from([60.0, CHECK, 450.0]))
    def time_passes(self, rounds: int, step: float) -> None:
        for _ in range(rounds):
            self.now += step
            self.one_round()

    def one_round(self) -> None:
        for miner in self.miners:
            self.look_at(miner)
        self.turn_breaker()
        for miner in self.miners:
            known = self.memory[miner.name]
            size = len(self.miners) + self.idle
            decision = healing.decide(
                healing.Case(
                    record=known.record,
                    watch=known.watch,
                    reading=self.read(miner),
                    farm=healing.Farm(size, self.farm.ledger, self.farm.breaker),
                    settings=SETTINGS,
                    now=self.now,
                )
            )
            if decision.leave:
                record = healing.left(known.record)
                self.memory[miner.name] = replace(known, record=record)
            if decision.reboot:
                self.reboot(miner)

    def read(self, miner: Miner) -> Reading | None:
        return None if miner.fault == "gone" else miner.reading(self.now)

    def look_at(self, miner: Miner) -> None:
        known, reading = self.memory[miner.name], self.read(miner)
        since = self.now if known.failing_since is None else known.failing_since
        failures = known.failures + 1 if reading is None else 0
        watch = judge(
            known.watch,
            reading,
            SETTINGS,
            self.now,
            failing_since=since if reading is None else None,
            failures=failures,
        ).watch
        record = healing.observed(known.record, watch, reading, self.now)
        self.memory[miner.name] = replace(
            known,
            watch=watch,
            record=record,
            failures=failures,
            failing_since=since if reading is None else None,
        )
        if watch.ill:
            miner.ill_at = self.now
        if self.now - miner.ill_at >= DAY:
            miner.cleared = len(miner.rebooted)

    def turn_breaker(self) -> None:
        watches = {name: known.watch for name, known in self.memory.items()}
        ill = {n: w.ill_since for n, w in watches.items() if w.ill_since is not None}
        view = breaker.Farm(
            miners=len(self.miners) + self.idle,
            ill=ill,
            well={name for name in watches if name not in ill},
            candidates={
                name
                for name in ill
                if not self.memory[name].record.left
                and not watches[name].hot
                and any(c.ailment is not Ailment.UNREACHABLE for c in watches[name].conditions)
            },
            unsure={name for name in ill if unsure(watches[name])},
        )
        state, _ = breaker.evaluate(self.farm.breaker, view, self.now)
        ledger = healing.kept(self.farm.ledger, self.now)
        self.farm = FarmMemory(state, ledger)

    def reboot(self, miner: Miner) -> None:
        self.check(miner)
        known = self.memory[miner.name]
        self.memory[miner.name] = replace(known, record=healing.rebooted(known.record, self.now))
        self.farm = FarmMemory(
            breaker.tried(self.farm.breaker, miner.name, self.now),
            healing.entered(self.farm.ledger, self.now),
        )
        self.reboots.append((self.now, miner.name))
        miner.rebooted = [*miner.rebooted, self.now]
        in_spell = len(miner.rebooted) - miner.cleared
        miner.not_before = self.now + (900 if in_spell == 1 else 3600)
        miner.started = self.now
        if not miner.stubborn:
            miner.fault = "none"

    def check(self, miner: Miner) -> None:
        """What must hold of a reboot that is made now."""
        assert miner.fault not in {"none", "gone", "hot", "hot and dead"}
        assert self.now - miner.started >= 900
        assert self.now - miner.written >= 900
        spell = miner.rebooted[miner.cleared :]
        assert len(spell) < 2, "a third reboot that nobody allowed"
        assert self.now >= miner.not_before
        assert self.farm.breaker.phase is not Phase.OPEN
        assert len(self.farm.breaker.trials) < 3

    @invariant()
    def no_hour_has_more_reboots_than_the_farm_allows(self) -> None:
        if not hasattr(self, "reboots"):
            return
        limit = max(1, (len(self.miners) + self.idle) * 2 // 100)
        times = [at for at, _ in self.reboots]
        for first in times:
            assert sum(1 for at in times if first <= at < first + HOUR) <= limit


TestFarm = Farm.TestCase
TestFarm.settings = effort(max_examples=60, stateful_step_count=25, deadline=None)
