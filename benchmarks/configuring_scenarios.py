"""What a farm goes through in `benchmarks.configuring`; each gives rows and broken rules."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from benchmarks import configuring_rules as rules
from benchmarks.configuring_setup import Options, Wish, farm_plan, macs_of, pool
from benchmarks.configuring_site import Facts, Failed, Site
from benchmarks.results import Row
from mother.config.model import Waves

HOUR = 3600.0
WAVES = Waves()
GOOD, BAD = "t1_20190101_000000", "t1_20190202_000000"
FIRMWARE_FARM = 40


class Found(Struct):
    """What came of a scenario: rows of the table, and a line per broken rule."""

    rows: list[Row] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def rule(self, what: str, measured: object, target: str, broken: list[str]) -> None:
        """A row whose target is met when nothing of it is broken."""
        self.rows.append(Row(what, f"{measured}", target, not broken))
        self.broken += [f"{what}: {line}" for line in broken]

    def told(self, what: str, measured: object) -> None:
        """A row without a target."""
        self.rows.append(Row(what, f"{measured}"))


class Case(Struct, frozen=True):
    """What is asked for: how many miners, how fast."""

    folder: Path
    miners: int
    speed: float
    seed: int


Scenario = Callable[[Case], Found]


def wave_of(miners: int) -> int:
    """The largest wave on such a farm."""
    return max(WAVES.least, int(miners * WAVES.percent / 100))


# a farm of all sorts


def everything(case: Case) -> Found:
    """Fresh, half-configured and wrongly configured miners, faults and mishaps of all kinds."""
    plan = farm_plan(
        case.miners,
        case.seed,
        models={"T1": 7.0, "T2": 3.0},
        factory_fresh=0.2,
        faulty=2.0,
        faulty_within=1200.0,
    )
    backup = (pool("two.example"), pool("three.example"))
    general = Wish((pool("one.example"), *backup), "efficient")
    others = Wish((pool("four.example", "bees"), *backup), "balanced")
    singles = tuple(macs_of(plan, "T1")[-5:])
    special = Wish((pool("five.example", "vip"), *backup), "efficient")
    options = Options("T1", {"T1": general, "T2": others}, (singles, special))
    found = Found()
    with Site(case.folder, plan, case.speed, options, shorter=0.3, token_life=1200) as site:
        before = site.tell("facts")
        asked, hour = 0, None
        try:
            mishaps(site, case.miners)
            asked = finished(site)
            took = site.tell("look")["at"] - before["at"]
            hour = site.during(HOUR)
        except Failed as error:
            found.broken.append(str(error))
            took = site.tell("look")["at"] - before["at"]
        _judge_all(found, site, case.miners, hour)
    found.told("— fresh from the factory, with a shorter list, faulty", _sorts(before))
    found.told("— from the start to the last wish, farm's time", f"{took / 60:.0f} min")
    found.told("— times a person had to say `mother apply`", asked)
    return found


def mishaps(site: Site, miners: int) -> None:
    """The daemon killed in the middle of a wave; later addresses anew, and a power cut."""
    site.start_daemon()
    site.until(_mid_wave(miners // 5), 2 * HOUR, "be in the middle of a wave")
    site.kill_daemon()
    site.start_daemon()
    site.until(_mid_wave(2 * miners // 5), 2 * HOUR, "be in the middle of a later wave")
    site.tell("deal")
    site.until(_mid_wave(3 * miners // 5), 2 * HOUR, "be in the middle of one more wave")
    site.tell(f"blip {miners // 50}")


def _mid_wave(writes: int) -> Callable[[Facts], bool]:
    return lambda look: look["writes"] >= writes and look["restarting"] >= 5


def finished(site: Site) -> int:
    """Wait until all healthy miners have their wish; how often `apply` was needed for that."""
    asked = 0
    while True:
        progress = site.until_progress(_settled(site), 3 * HOUR, "settle")
        if not progress["stopped"]:
            return asked
        if asked == 5:
            raise Failed(f"stopped again and again: {progress['stopped']}")
        asked += 1
        site.ask("apply", {"scope": "all", "by": "the operator"})


def _settled(site: Site) -> Callable[[Facts], bool]:
    def enough(progress: Facts) -> bool:
        look = site.tell("look")
        if progress["stopped"]:
            return bool(progress["settled"])
        return bool(progress["settled"] and not look["healthy_left"] and not look["away"])

    return enough


def _judge_all(found: Found, site: Site, miners: int, hour: tuple[Facts, Facts] | None) -> None:
    plan, status, facts = site.ask("plan"), site.ask("status"), site.tell("facts")
    left = [one for one in facts["devices"] if not one["wished"]]
    unnamed = rules.unreported(facts, plan, status)
    missing = rules.unheard_of(unnamed, site.logged("warn"))
    missing += [
        f"{one['mac']} is healthy and has not its wish" for one in left if one["fault"] == "none"
    ]
    found.told(f"{miners} miners, T1 and T2", f"{len(facts['records']):,} writes")
    unknown = sum(not one["logins"] for one in unnamed)
    reached = f"{miners - len(left)} have it, {len(left) - unknown} faulty ones are reported"
    if len(unnamed) > unknown:
        reached += f" ({len(unnamed) - unknown} of them, given up, in the log alone)"
    reached += f", {unknown} never showed that it is one" if unknown else ""
    found.rule(
        "— every miner has its wish, or is reported", reached, "all", rules.shortened(missing)
    )
    _judge_writes(found, facts, miners)
    if hour is not None:
        count = hour[1]["writes"] - hour[0]["writes"]
        vain = rules.written_in_vain(*hour)
        found.rule("— writes in steady state, one hour of the farm's time", count, "0", vain)
    many = site.tracebacks()
    found.rule("— exceptions in the log", many, "0", [f"{many} tracebacks"] if many else [])


def _judge_writes(found: Found, facts: Facts, miners: int) -> None:
    foreign = rules.foreign_settings(facts)
    found.rule(
        "— settings of another miner, at any write or at the end", len(foreign), "0", foreign
    )
    most, wave = WAVES.restarts_at_once, wave_of(miners)
    crowd = rules.too_many_restarts(facts, most)
    found.rule("— restarting at once, at the most", facts["most_restarting"], f"≤ {most}", crowd)
    proofs = [one["proof"] for one in facts["spreads"].values() if len(one["got"]) > 1]
    least = f"{min(proofs):.0f} s" if proofs else "no second miner"
    early = rules.no_canary(facts, WAVES.canary_time)
    target = f"≥ {WAVES.canary_time:.0f} s"
    found.rule("— first miner alone with a change mined, at the least", least, target, early)
    largest = max((one["largest"] for one in facts["spreads"].values()), default=0)
    wide = rules.too_large_waves(facts, wave)
    found.rule("— largest wave", largest, f"≤ {wave}", wide)


def _sorts(facts: Facts) -> str:
    fresh = sum(not one["urls"] for one in facts["devices"])
    short = sum(len(one["urls"]) == 1 for one in facts["devices"])
    return f"{fresh}, {short}, {round(len(facts['devices']) * 0.02)}"


# pools that make miners fail


def dead_pools(case: Case) -> Found:
    """Nobody but the canary gets pools that are dead."""
    return _dead_pools(case, survivor=False)


def dead_pools_with_luck(case: Case) -> Found:
    """The canary mines with them all the same: one wave, and nobody else."""
    return _dead_pools(case, survivor=True)


def _dead_pools(case: Case, *, survivor: bool) -> Found:
    plan = farm_plan(case.miners, case.seed)
    options = Options("T1", {"T1": Wish((pool("dead.example"), pool("pool.invalid")))})
    found = Found()
    with Site(case.folder, plan, case.speed, options, survivor=survivor) as site:
        before = site.tell("facts")
        site.start_daemon()
        _until_stopped(site)
        site.during(HOUR / 2)
        facts, many = site.tell("facts"), len(rules.written_to(site.tell("facts")))
        most = 1 + wave_of(case.miners) if survivor else 1
        what = "pools that are dead" + (
            ", though the first miner mines with them" if survivor else ""
        )
        broken = [f"{many} miners got them"] if not 0 < many <= most else []
        found.rule(f"{what}: of {case.miners} miners got them", many, f"≤ {most}", broken)
        _judge_stop(found, site, facts, before)
    return found


def _until_stopped(site: Site) -> None:
    told = site.until_progress(
        lambda one: bool(one["stopped"] and not one["under_way"]), 2 * HOUR, "stop"
    )
    assert told["stopped"]


def _judge_stop(found: Found, site: Site, facts: Facts, before: Facts) -> None:
    changed = rules.not_left_alone(facts, before)
    others = len(facts["devices"]) - len(rules.written_to(facts))
    found.rule("— all others are as before and mine", others, f"{others}", changed)
    lines = site.logged("critical")
    wrong = [] if len(lines) == 1 else [f"{len(lines)} critical lines", *lines[:3]]
    found.rule("— critical lines in the log", len(lines), "1", wrong)


# firmware


def bricking(case: Case) -> Found:
    """Nobody but the canary gets a firmware that bricks."""
    plan = farm_plan(FIRMWARE_FARM, case.seed, bricking=(BAD,))
    found = Found()
    with Site(case.folder, plan, case.speed, _upgrade(case.folder, BAD)) as site:
        before = site.tell("facts")
        site.start_daemon()
        _until_stopped(site)
        site.during(HOUR / 2)
        facts = site.tell("facts")
        many = len(rules.written_to(facts))
        broken = [] if many == 1 else [f"{many} miners got it"]
        found.rule(f"firmware that bricks: of {FIRMWARE_FARM} miners got it", many, "1", broken)
        _judge_stop(found, site, facts, before)
    return found


def upgrading(case: Case) -> Found:
    """A good firmware reaches everybody, a few at a time."""
    plan = farm_plan(FIRMWARE_FARM, case.seed)
    found, at_once = Found(), WAVES.upgrades_at_once
    with Site(case.folder, plan, case.speed, _upgrade(case.folder, GOOD)) as site:
        site.start_daemon()
        site.until(lambda look: look["firmware"] == [GOOD], 3 * HOUR, f"run {GOOD} everywhere")
        site.until_progress(lambda one: bool(one["settled"]), HOUR, "settle")
        facts, status = site.tell("facts"), site.ask("status")
        new = sum(one["firmware"] == GOOD and one["mines"] for one in facts["devices"])
        said = sum(row["firmware"] == GOOD for row in status["miners"])
        broken = (
            [] if new == said == FIRMWARE_FARM else [f"{new} run it and mine, {said} are said to"]
        )
        what = "firmware that is good: run it and mine, by the farm and by the daemon"
        found.rule(what, f"{new} and {said}", f"{FIRMWARE_FARM}", broken)
        crowd = rules.too_many_restarts(facts, at_once)
        most = facts["most_restarting"]
        found.rule("— miners that got it at once, at the most", most, f"≤ {at_once}", crowd)
        twice = len(facts["records"]) - len(rules.written_to(facts))
        again = [f"{twice} uploads too many"] if twice else []
        found.rule("— uploads to a miner that had it", twice, "0", again)
        early = rules.no_canary(facts, WAVES.canary_time)
        proof = min((one["proof"] for one in facts["spreads"].values()), default=0.0)
        target = f"≥ {WAVES.canary_time:.0f} s"
        found.rule("— first miner alone with it mined", f"{proof:.0f} s", target, early)
    return found


def _upgrade(folder: Path, version: str) -> Options:
    """A file of the operator's, under the maker's name."""
    file = folder / f"{version}.swu"
    content = f"simulated firmware {version}\n".encode() * 4096
    file.write_bytes(content)
    more: dict[str, Any] = {
        "dragon_auto_upgrade": True,
        "firmware_file": str(file),
        "firmware_sha256": hashlib.sha256(content).hexdigest(),
    }
    return Options("T1", {}, more=more)


SCENARIOS: dict[str, tuple[Scenario, float]] = {
    "everything": (everything, 30.0),
    "dead-pools": (dead_pools, 40.0),
    "dead-pools-with-luck": (dead_pools_with_luck, 40.0),
    "bricking": (bricking, 100.0),
    "upgrading": (upgrading, 60.0),
}
"""Each with so many seconds of the farm's time in one of ours."""
