"""A farm in memory is looked at, and a daemon with the file that was made writes to nobody."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace
from rich.console import Console

from mother.config.drafting import DIFFERS, FOREIGN, UNSET, Draft, Miner, Tune, drafted
from mother.config.model import Config, PoolWish
from mother.config.writing import Given
from mother.sim.dragonmint.access import Access
from mother.sim.dragonmint.settings import PoolSetting
from mother.sim.dragonmint.state import Dragon
from mother.terminal.initial_farm import harmless, look, miners_of, proved, read_back, would_write
from mother.terminal.initial_words import groups, newcomers, next_steps, tell_found, tell_refused
from mother.terminal.scanning import Found
from tests.fleet.world import CONFIG, HOUR, NETWORK, World

URL = "stratum+tcp://pool.example:3333"
NASTY = 'stratum+tcp://pool.example:3333/"]\x1b[2J\x07\n[[configs]]'


def worker(dragon: Dragon) -> str:
    return "dragon-" + dragon.mac.replace(":", "")[-8:]


def pool(dragon: Dragon, account: str = "acct", url: str = URL, password: str = "x") -> PoolSetting:
    return PoolSetting(url, f"{account}.{worker(dragon)}", password)


def looked_at(world: World) -> Found:
    world.daemon.config = harmless(world.daemon.config)
    return cast(Found, world.daemon.do(look(world.daemon)))


def made(world: World) -> tuple[Draft, str]:
    """What the farm is found to have, and the file."""
    looked_at(world)
    return proved(
        world.daemon,
        Given(world.daemon.config, frozenset({"dragon_port", "site", "worker_template"})),
    )


def minded(world: World, config: Config) -> dict[str, list[str]]:
    """What a new daemon with this configuration has written after two hours."""
    world.daemon.stop()
    world.daemon = world.another(replace(config, dragon_port=CONFIG.dragon_port))
    world.daemon.start()
    world.ether.run(2 * HOUR)
    return world.writes()


def mixed() -> World:
    """Two customers, spare pools, passwords of single miners, fresh ones, three models."""
    world = World(miners=14, models={"T1": 8.0, "T2": 3.0, "B29+": 3.0}, factory_fresh=0.15)
    for number, dragon in enumerate(world.dragons):
        if dragon.pools is None:
            continue
        dragon.pools = (pool(dragon), pool(dragon, "spare"))
        if number % 4 == 1:
            dragon.pools = (pool(dragon, "other.account", password=f"p{number}"),)
        if number % 4 == 2:
            dragon.autotune.set("performance", "3")
    world.dragons[-1].pools = (PoolSetting(URL, "acct.rack7-pos3", "x"),)
    world.dragons[-2].pools = (pool(world.dragons[-2], url=NASTY),)
    return world


def test_a_daemon_with_the_file_writes_nothing_to_a_farm_of_many_kinds() -> None:
    world = mixed()
    draft, text = made(world)
    assert draft.pools
    assert draft.tune is not None
    assert {UNSET, FOREIGN} <= {left.why for left in draft.left}
    config = read_back(text)
    assert minded(world, config) == {}
    assert len(world.daemon.roster) == 14
    asked = [entry.settings for entry in world.daemon.roster]
    assert all(one is not None for one in asked)


def test_the_witness_sees_a_file_that_wishes_something_else() -> None:
    world = mixed()
    _, text = made(world)
    config = read_back(text.replace('password = "x"', 'password = "y"', 1))
    assert minded(world, config) != {}


def hopeful(miners: list[Miner], spared: set[str], *, tuned: bool) -> Draft:
    """Wishes that are not what was found, but for what must be left out."""
    draft = drafted(miners, spared, tuned=tuned)
    if tuned:
        draft = replace(draft, tune=Tune("performance"))
    if miners[0].mac not in spared:
        draft = replace(draft, pools=(PoolWish(URL, "acct", "another"),))
    return draft


def test_what_the_plan_would_write_after_all_is_left_out() -> None:
    world = World(miners=3)
    for dragon in world.dragons:
        dragon.pools = (pool(dragon),)
    looked_at(world)
    draft, text = proved(world.daemon, Given(world.daemon.config, frozenset()), hopeful)
    assert [left.why for left in draft.left] == [DIFFERS]
    assert (draft.pools, draft.tune) == ((), None)
    assert draft.untuned
    assert would_write(world.daemon, read_back(text)) == set()


def test_a_board_that_was_swapped_is_known_by_the_old_one() -> None:
    world = World(miners=3)
    for dragon in world.dragons:
        dragon.pools = (pool(dragon),)
    world.dragons[0].autotune.set("performance", "")
    looked_at(world)
    swapped = world.daemon.entry(world.dragons[0])
    swapped.stands_for = "a0:b0:45:00:00:01"
    draft, text = proved(world.daemon, Given(world.daemon.config, frozenset()))
    assert draft.tune == Tune("balanced")
    assert read_back(text).for_device("T1", "a0:b0:45:00:00:01").autotune_mode == "performance"


def test_a_name_that_an_earlier_run_gave_to_another_miner_counts() -> None:
    world = World(miners=2)
    for dragon in world.dragons:
        dragon.pools = (pool(dragon),)
    world.daemon.roster.reserve(worker(world.dragons[0]), "home/mac:00:00:00:00:00:01")
    draft, text = made(world)
    assert [left.macs for left in draft.left] == [(world.dragons[0].mac,)]
    assert minded(world, read_back(text)) == {}


def test_nothing_is_written_while_looking() -> None:
    world = mixed()
    looked_at(world)
    assert world.writes() == {}
    assert harmless(CONFIG).dry_run


def test_two_miners_that_would_bear_one_name_keep_their_pools() -> None:
    config = replace(CONFIG, worker_template="{mac6}")
    world = World(config=config, miners=2)
    twin = world.dragons[1]
    twin.mac = "a2:b0:45" + world.dragons[0].mac[8:]
    twin.access = Access(twin.firmware, twin.mac)
    for dragon in world.dragons:
        name = dragon.mac.replace(":", "")[-6:]
        dragon.pools = (PoolSetting(URL, f"acct.{name}", "x"),)
    draft, text = made(world)
    assert draft.pools == ()
    assert draft.left[0].macs == tuple(sorted(dragon.mac for dragon in world.dragons))
    assert minded(world, read_back(text)) == {}


@pytest.mark.parametrize("width", [80, 200])
def test_what_is_shown_fits_hides_passwords_and_steers_no_terminal(width: int) -> None:
    world = mixed()
    for number, dragon in enumerate(world.dragons):
        if dragon.pools:
            dragon.pools = tuple(
                PoolSetting(one.url, one.user, f"secret{number}") for one in dragon.pools
            )
    found = looked_at(world)
    shown = StringIO()
    console = Console(file=shown, width=width)
    tell_found(console, found, miners_of(world.daemon))
    text = shown.getvalue()
    sentences = [line for line in text.splitlines() if "maker's own login" in line]
    assert len(sentences) == 1  # wrapped on a terminal, which this is not
    assert max(len(line) for line in text.splitlines() if line not in sentences) <= width
    assert "secret" not in text
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "passwords differ" in text
    assert "workers named otherwise" in text
    assert "no pools" in text
    assert sum(one.miners for one in groups(miners_of(world.daemon))) == 14


def test_a_refused_login_is_told_with_its_cure() -> None:
    world = World(miners=3, faults={"wrong-password": 1})
    found = looked_at(world)
    assert (len(found.rows), len(found.sightings)) == (2, 1)
    shown = StringIO()
    tell_refused(Console(file=shown, width=80), found, "mother.toml")
    assert "refuses all" in shown.getvalue()
    assert "MOTHER_CREDENTIALS" in shown.getvalue()
    assert "[[credentials]] into mother.toml" in shown.getvalue()


def test_a_file_for_another_network_is_read_back_with_it() -> None:
    world = World(miners=1)
    _, text = made(world)
    assert read_back(text).networks == (NETWORK,)


def test_the_next_steps_are_those_of_the_service_or_of_a_person() -> None:
    path = Path("/etc/mother/mother.toml")
    commands = [command for _, command in next_steps(path, service=True, socket="")]
    assert commands == [
        "sudo mother plan -c /etc/mother/mother.toml",
        "sudo systemctl start mother",
        "sudo journalctl -u mother -f",
    ]
    commands = [command for _, command in next_steps(Path("my farm.toml"), False, "")]
    assert commands == ["mother plan -c 'my farm.toml'", "mother run -c 'my farm.toml'"]
    told = dict(next_steps(path, service=True, socket="/run/mother/mother.sock"))
    assert "sudo systemctl restart mother" in told.values()


def test_what_a_newcomer_gets_is_said() -> None:
    pools = (PoolWish(URL, "acct", "x"),)
    assert "gets the general pools of the file" in newcomers(Draft(pools=pools))
    assert "is left as it is" in newcomers(Draft())
