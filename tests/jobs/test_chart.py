"""What the health loop notes, and what became of reboots."""

from __future__ import annotations

from mother.core.model import EventKind
from mother.core.reading import Reading
from mother.fleet.remembered import BreakerState, FarmMemory, Ledger, Phase, Record, Watch
from mother.fleet.roster import Entry
from mother.jobs import healing
from mother.jobs.chart import BACK_WITHIN, Chart
from tests.fleet.world import World


class Noted:
    """A world with one known miner and a chart that may pretend."""

    def __init__(self) -> None:
        self.world = World()
        (self.entry,) = self.world.adopted()
        self.pretending = False
        self.chart = self.another()

    def another(self) -> Chart:
        """The chart of another run over the same memory."""
        return Chart(self.world.daemon.memory, self.now, lambda: self.pretending)

    def now(self) -> float:
        return self.world.daemon.now()

    @property
    def kept(self) -> Record:
        """What the memory has."""
        return self.world.daemon.memory.device(self.entry.id).record

    def reboot(self) -> None:
        record = healing.rebooted(self.chart.of(self.entry.id).record, self.now())
        self.chart.keep_record(self.entry.id, record)

    def see(self, entry: Entry, uptime: float) -> None:
        record = self.chart.of(entry.id).record
        reading = Reading(at=self.now(), uptime=uptime)
        self.chart.keep(entry, Watch(), healing.observed(record, Watch(), reading, self.now()))


def test_what_was_seen_is_kept_with_who_it_was() -> None:
    noted = Noted()
    watch = Watch(judged=noted.now(), boards=3)
    noted.chart.keep(noted.entry, watch, Record(started=5.0))
    kept = noted.world.daemon.memory.device(noted.entry.id)
    assert (kept.watch, kept.record) == (watch, Record(started=5.0))
    assert (kept.address, kept.mac) == (noted.entry.address, noted.entry.mac)
    assert (kept.worker, kept.model, kept.family) == (noted.entry.worker, "T1", "dragonmint")
    assert kept.first_seen == kept.last_seen == noted.now()
    noted.world.ether.run(50)
    noted.chart.keep(noted.entry, watch, Record())
    assert noted.world.daemon.memory.device(noted.entry.id).first_seen == kept.first_seen


def test_a_start_after_the_reboot_is_told_once() -> None:
    noted = Noted()
    noted.reboot()
    noted.world.ether.run(120)
    assert noted.chart.reboot_news(noted.entry) is None
    noted.see(noted.entry, 10.0)
    news = noted.chart.reboot_news(noted.entry)
    assert news == (EventKind.REBOOT_CONFIRMED, "has started again, 2 min after our reboot")
    assert noted.chart.reboot_news(noted.entry) is None
    noted.see(noted.entry, 10.0)
    assert noted.chart.reboot_news(noted.entry) is None


def test_a_miner_that_mines_on_was_not_rebooted() -> None:
    noted = Noted()
    noted.reboot()
    noted.world.ether.run(BACK_WITHIN)
    noted.see(noted.entry, 86400.0)
    assert noted.chart.reboot_news(noted.entry) is None
    noted.world.ether.run(1)
    news = noted.chart.reboot_news(noted.entry)
    assert news == (EventKind.REBOOT_FAILED, "did not start again within 15 min 1 s")
    assert noted.chart.reboot_news(noted.entry) is None


def test_each_reboot_has_news_of_its_own() -> None:
    noted = Noted()
    for _ in range(2):
        noted.reboot()
        noted.world.ether.run(120)
        noted.see(noted.entry, 10.0)
        assert noted.chart.reboot_news(noted.entry) is not None
        noted.world.ether.run(1000)


def test_a_write_of_another_kind_is_no_reboot() -> None:
    noted = Noted()
    noted.chart.keep_record(noted.entry.id, healing.written(Record(), noted.now()))
    noted.world.ether.run(2 * BACK_WITHIN)
    assert noted.chart.reboot_news(noted.entry) is None


def test_a_reboot_just_before_a_restart_is_still_waited_for() -> None:
    noted = Noted()
    noted.reboot()
    noted.world.ether.run(60)
    noted.chart = noted.another()
    noted.see(noted.entry, 10.0)
    news = noted.chart.reboot_news(noted.entry)
    assert news is not None
    assert news[0] is EventKind.REBOOT_CONFIRMED


def test_what_an_earlier_run_told_is_not_told_again() -> None:
    noted = Noted()
    noted.reboot()
    noted.world.ether.run(60)
    noted.see(noted.entry, 10.0)
    assert noted.chart.reboot_news(noted.entry) is not None
    assert noted.another().reboot_news(noted.entry) is None
    noted.world.ether.run(86400)
    assert noted.another().reboot_news(noted.entry) is None


def test_a_clock_that_is_set_back_makes_nobody_wait_longer() -> None:
    noted = Noted()
    noted.reboot()
    noted.world.lag = -86400.0
    assert noted.chart.reboot_news(noted.entry) is None
    noted.world.ether.run(BACK_WITHIN + 1)
    news = noted.chart.reboot_news(noted.entry)
    assert news is not None
    assert news[0] is EventKind.REBOOT_FAILED


def test_who_never_came_back_is_named_until_told() -> None:
    noted = Noted()
    noted.reboot()
    assert noted.chart.never_back() == []
    noted.world.ether.run(BACK_WITHIN + 1)
    assert noted.chart.never_back() == [noted.entry.id]
    noted.chart.told(noted.entry.id)
    assert noted.chart.never_back() == []


def test_what_is_pretended_holds_but_reaches_no_memory() -> None:
    noted = Noted()
    noted.pretending = True
    noted.reboot()
    assert noted.chart.of(noted.entry.id).record.reboots == 1
    noted.see(noted.entry, 9000.0)
    assert noted.chart.of(noted.entry.id).record.reboots == 1
    noted.chart.reserve(noted.entry.id)
    assert len(noted.chart.farm.ledger.at) == 1
    assert noted.kept.reboots == 0
    assert noted.world.daemon.memory.farm == FarmMemory()
    assert noted.chart.reboot_news(noted.entry) is None
    noted.pretending = False
    assert noted.chart.of(noted.entry.id).record.reboots == 0
    assert noted.chart.farm == FarmMemory()


def test_a_dry_run_begins_with_what_really_was() -> None:
    noted = Noted()
    noted.reboot()
    noted.chart.reserve(noted.entry.id)
    noted.pretending = True
    assert noted.chart.of(noted.entry.id).record.reboots == 1
    assert len(noted.chart.farm.ledger.at) == 1


def test_a_place_in_the_limits_is_taken_and_given_back() -> None:
    noted = Noted()
    trying = FarmMemory(breaker=BreakerState(phase=Phase.TRYING), ledger=Ledger((noted.now(),)))
    noted.chart.keep_farm(trying)
    noted.world.ether.run(5)
    noted.chart.reserve(noted.entry.id)
    farm = noted.world.daemon.memory.farm
    assert len(farm.ledger.at) == 2
    assert [trial.device for trial in farm.breaker.trials] == [noted.entry.id]
    noted.chart.release(noted.entry.id)
    assert noted.world.daemon.memory.farm == trying


def test_a_place_given_back_is_ones_own_and_not_the_newest() -> None:
    noted = Noted()
    first = noted.now()
    noted.chart.reserve(noted.entry.id)
    noted.world.ether.run(60)
    noted.chart.reserve("site/mac:another")
    noted.chart.release(noted.entry.id)
    assert noted.chart.farm.ledger.at == (first + 60,)


def test_the_forgotten_leave_nothing() -> None:
    noted = Noted()
    noted.reboot()
    noted.pretending = True
    noted.reboot()
    noted.chart.forget(noted.entry.id)
    noted.pretending = False
    assert noted.chart.of(noted.entry.id).record == Record()
    assert noted.chart._pretended == {}
    assert noted.chart._awaited == {}
    assert noted.entry.id not in noted.world.daemon.memory.devices


def test_a_reboot_that_was_overdue_before_a_restart_is_no_news() -> None:
    noted = Noted()
    noted.reboot()
    noted.world.ether.run(BACK_WITHIN + 1)
    again = noted.another()
    assert again.reboot_news(noted.entry) is None
    assert again.never_back() == []
