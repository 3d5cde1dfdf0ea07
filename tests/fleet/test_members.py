"""Miners behind a gateway: entries of the roster like any other, but never scanned for."""

from __future__ import annotations

from typing import Any, cast

import pytest
from msgspec.structs import replace
from twisted.internet.defer import Deferred

from mother.config.model import Config
from mother.config.schedule import Gateway
from mother.core.model import Address, CommandKind, EventKind, State
from mother.core.reading import Word
from mother.fleet.identity import device_id, worker_name
from mother.fleet.roster import Entry
from mother.fleet.scope import Scope, miner_of, scope_of, settled_scope
from mother.fleet.undertaken import HoldOrder
from mother.sim.minercontrol.serving import GatewayPlan, ServedGateway
from tests.fleet.world import CONFIG, Daemon, World

URL = "http://127.0.0.1:5000/api"
MINERS = ("127.78.0.1", "127.78.0.9", "10.9.0.1")
"""The first has the address of a DragonMint, the second one that is scanned."""

GATEWAY = Gateway(URL, MINERS, 4)
WITH: Config = replace(CONFIG, gateways=(GATEWAY,), worker_template=None)


class Site(World):
    """A farm of one DragonMint and a gateway with three miners."""

    def __init__(self, config: Config = WITH) -> None:
        super().__init__(config=config)
        self.served = ServedGateway(GatewayPlan(), cast(Any, self.ether), self.ether.seconds)
        self.sim = self.served.gateway
        Deferred.fromCoroutine(self.served.start())
        self.daemon.members.settle()
        self.ether.run()

    def member(self, miner: str = MINERS[0]) -> Entry:
        return found(self.daemon, miner)


def found(daemon: Daemon, miner: str) -> Entry:
    entry = daemon.roster.get(f"home/via:127.0.0.1:5000:{miner}")
    assert entry is not None
    return entry


def order(site: Site, entry: Entry, kind: CommandKind, **what: Any) -> Any:
    daemon = site.daemon
    what.setdefault("key", f"{kind}{daemon.now()}")
    return daemon.do(daemon.commands.submit(daemon.order(entry, kind, **what)))


def test_an_identity_names_gateway_and_member() -> None:
    identity = "via:10.0.0.9:5000:10.1.1.1"
    assert device_id("home", identity) == f"home/{identity}"
    assert worker_name(None, identity, "", "minercontrol") == "minercontrol-10-1-1-1"
    assert worker_name("dragon-{mac8}", identity, "") == "dragon-10-1-1-1"
    assert worker_name("{mac}", identity, "") == "via-10-0-0-9-5000-10-1-1-1"


def test_who_is_configured_is_known_at_once_and_nobody_is_asked_for_that() -> None:
    site = Site()
    assert len(site.daemon.roster) == 3
    texts = site.daemon.ear.texts(EventKind.ADDED)
    assert "minercontrol-127-78-0-1 (127.78.0.1:5000) is minded through its gateway" in texts
    assert site.sim.calls == {"login": 1}  # the first reading of all three


def test_a_member_at_a_miners_own_address_takes_it_from_nobody() -> None:
    site = Site()
    [dragon] = site.adopted()
    assert dragon.address.host == site.member().address.host
    assert len(site.daemon.roster) == 4
    assert site.daemon.roster.at(dragon.address) is dragon
    assert site.daemon.roster.housed(dragon)
    assert site.daemon.roster.housed(site.member())
    other = site.daemon.roster.get("home/via:127.0.0.1:5000:127.78.0.9")
    assert other is not None
    assert site.daemon.roster.at(other.address) is None


def test_the_scan_leaves_them_alone_and_knocks_at_their_addresses_all_the_same() -> None:
    site = Site()
    for _ in range(5):
        site.daemon.scan_once()
        site.daemon.sweep()
    assert len(site.daemon.roster) == 4
    assert all(site.member(miner).missed_scans == 0 for miner in MINERS)
    done = site.daemon.ear.of(EventKind.SCANNED)[-1].content
    assert (done["found"], done["known"]) == (1, 4)
    site.daemon.change(networks=("127.78.0.32/28",))
    site.daemon.scan_once()
    assert [entry.worker for entry in site.daemon.roster] == [
        f"minercontrol-{miner.replace('.', '-')}" for miner in MINERS
    ]


def test_one_whose_gateway_is_away_is_gone_and_never_given_up() -> None:
    site = Site()
    Deferred.fromCoroutine(site.served.stop())
    for _ in range(8):
        site.ether.run(61.0)
        site.daemon.sweep()
        site.daemon.scan_once()
    assert [site.member(miner).state() for miner in MINERS] == [State.GONE] * 3
    Deferred.fromCoroutine(site.served.start())
    site.ether.run(61.0)
    site.daemon.sweep()
    assert [site.member(miner).state() for miner in MINERS] == [State.UNKNOWN] * 3


def test_a_yes_is_told_by_the_next_reading_and_said_to_be_no_more() -> None:
    site = Site()
    entry = site.member()
    assert (entry.state(), entry.reading and entry.reading.word) == (State.UNKNOWN, Word.NONE)
    outcome = order(site, entry, CommandKind.PAUSE)
    assert (outcome.result, outcome.sent) == ("done", True)
    assert site.sim.miners[MINERS[0]].mode == "sleep"
    assert (entry.state(), entry.reading and entry.reading.word) == (State.ASLEEP, Word.TAKEN)
    row = next(row for row in site.daemon.view.rows() if row.mac == entry.mac)
    assert (row.state, row.hashrate) == (State.ASLEEP, None)
    assert row.findings == ("what it is at is unconfirmed: its gateway only says yes to orders",)
    order(site, entry, CommandKind.RESUME)
    assert entry.state() is State.UNKNOWN  # that it hashes is nobody's word


@pytest.mark.parametrize("told", [False, True])
def test_an_order_is_sent_even_where_it_should_be_so_already(told: bool) -> None:
    site = Site()
    entry = site.member()
    if told:
        order(site, entry, CommandKind.RESUME)
    site.sim.miners.clear()
    site.sim.calls.clear()
    order(site, entry, CommandKind.RESUME, key="again")
    assert site.sim.calls["curtail"] == 1


def test_mode_and_profile_cost_three_calls() -> None:
    site = Site()
    entry = site.member(MINERS[1])
    site.sim.calls.clear()
    order(site, entry, CommandKind.PAUSE)
    args = {"profile": "underclock", "level": None}
    assert order(site, entry, CommandKind.SET_PROFILE, args=args).done
    assert site.sim.calls == {"login": 1, "curtail": 1, "profileset": 1}
    assert entry.reading is not None
    assert (entry.reading.asleep, entry.reading.profile) == (True, "underclock")


def test_what_cannot_be_seen_to_be_over_holds_up_nobody() -> None:
    many = tuple(f"10.9.1.{number}" for number in range(1, 60))
    site = Site(replace(WITH, gateways=(Gateway(URL, many),)))
    args = {"profile": "overclock", "level": None}
    for miner in many:
        entry = site.member(miner)
        assert order(site, entry, CommandKind.SET_PROFILE, args=args, key=miner).done
    assert len(site.sim.writes) == len(many) > CONFIG.waves.restarts_at_once


def test_a_hold_keeps_orders_from_one_member() -> None:
    site = Site()
    kept = settled_scope("127.78.0.9", site.daemon.roster).text
    hold = HoldOrder(scope=kept, by="me", why="fan", since=0.0)
    site.daemon.setups.keep_undertaken(holds=(hold,))
    assert order(site, site.member(MINERS[1]), CommandKind.PAUSE).result == "denied"
    assert order(site, site.member(MINERS[2]), CommandKind.PAUSE).done
    assert list(site.sim.miners) == [MINERS[2]]


def test_scopes_reach_members_by_address_network_and_name() -> None:
    site = Site()
    entry = site.member(MINERS[2])
    for text in ("10.9.0.0/24", "10.9.0.1", entry.id, entry.worker, entry.mac, "all"):
        assert scope_of(text).covers(entry), text
    for text in ("127.78.0.0/24", "10.9.0.2", "a0:b0:45:00:00:01"):
        assert not scope_of(text).covers(entry), text
    assert miner_of(entry.mac, site.daemon.roster) is entry
    assert Scope(entry.mac).covers(entry)


def test_no_member_is_ever_rebooted_or_called_ill_for_what_cannot_be_read() -> None:
    site = Site(replace(WITH, networks=("127.78.0.32/28",)))
    for _ in range(20):
        site.ether.run(600.0)
        site.daemon.sweep()
        site.daemon.check()
    entry = site.member()
    assert (entry.ailments, entry.because) == ((), ())
    assert order(site, entry, CommandKind.REBOOT).result == "denied"
    assert not site.daemon.ear.of(EventKind.ILL, EventKind.REBOOTED)
    assert set(site.sim.calls) == {"login"}


def test_who_is_not_configured_any_more_is_given_up_and_who_is_new_is_taken_in() -> None:
    site = Site()
    order(site, site.member(), CommandKind.PAUSE)
    site.daemon.change(gateways=(Gateway(URL, (MINERS[0], "10.9.0.7"), 2),))
    site.daemon.members.settle()
    site.ether.run()
    known = {entry.worker for entry in site.daemon.roster}
    assert known == {"minercontrol-127-78-0-1", "minercontrol-10-9-0-7"}
    assert site.member().state() is State.ASLEEP
    assert len(site.daemon.ear.of(EventKind.REMOVED)) == 2
    site.daemon.change(gateways=())
    site.daemon.members.settle()
    assert len(site.daemon.roster) == 0


def test_the_same_member_of_two_gateways_is_two_miners() -> None:
    second = Gateway("http://127.0.0.2:5000/api", MINERS[:1])
    site = Site(replace(WITH, gateways=(GATEWAY, second)))
    names = sorted(entry.worker for entry in site.daemon.roster if entry.address.host == MINERS[0])
    assert names == [
        "minercontrol-127-78-0-1",
        "minercontrol-via-127-0-0-2-5000-127-78-0-1",
    ]


def test_a_gateway_that_can_be_none_costs_its_own_miners_only() -> None:
    wrong = Gateway("https://10.0.0.9/api", ("10.8.0.1",))
    site = Site(replace(WITH, gateways=(wrong, GATEWAY)))
    assert len(site.daemon.roster) == 3


def test_a_restart_keeps_name_and_holds_and_lists_nobody_twice() -> None:
    site = Site()
    site.adopted()
    site.daemon.check()
    kept = settled_scope("10.9.0.1", site.daemon.roster).text
    site.daemon.setups.keep_undertaken(holds=(HoldOrder(scope=kept, by="me", why="", since=0.0),))
    daemon = site.restart()
    now = site.ether.seconds()
    assert [row.mac for row in daemon.view.missed(daemon.memory.devices, now, True)] == [
        site.dragon.mac
    ]
    daemon.members.settle()
    site.ether.run()
    assert daemon.setups.held(found(daemon, "10.9.0.1"))
    daemon.scan_once()
    assert len(daemon.roster) == 4


def test_a_members_address_is_remembered_as_nobodys_home() -> None:
    site = Site()
    site.daemon.check()
    known = site.daemon.memory.device(site.member().id)
    assert known.address is None
    assert known.worker == "minercontrol-127-78-0-1"
    assert site.daemon.roster.at(Address("127.78.0.9", 80)) is None
