"""A file that wishes what was found: read back, it differs from no miner in anything."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

from hypothesis import example
from hypothesis import given as for_all
from hypothesis import strategies as st
from msgspec.structs import replace

from mother.config.drafting import (
    FOREIGN,
    NOT_ASKED,
    OTHERS,
    REFERENCE,
    UNSET,
    UNSURE,
    Draft,
    Miner,
    Tune,
    drafted,
)
from mother.config.model import Config
from mother.config.options import OPTIONS
from mother.config.subject import Subject
from mother.config.writing import LEFT_OUT, Given, written
from mother.core.model import ConfiguredPool, Credential, Settings
from mother.drivers.dragonmint.driver import DragonMint
from mother.fleet.desired import Found, aspects, wants_settings
from tests.config.given import load

FAMILY = DragonMint(cast(Any, None), lambda: 1.0)
BASE = load("--network", "10.1.0.0/22")
PAGE = Path(__file__).parents[2] / "docs" / "first-run.md"
URL, SPARE = "stratum+tcp://pool.example:3333", "stratum+ssl://spare.example:443"


def miner(
    number: int,
    account: str | None = "acct",
    *,
    model: str = "T1",
    mode: str | None = "balanced",
    level: str | None = None,
    password: str = "x",
    urls: tuple[str, ...] = (URL,),
) -> Miner:
    """A miner with pools of `account`, none where that is None."""
    mac = f"a0:b0:45:00:{number // 256:02x}:{number % 256:02x}"
    worker = "dragon-" + mac.replace(":", "")[-8:]
    pools = tuple(ConfiguredPool(url, f"{account}.{worker}", password) for url in urls)
    return Miner(mac, model, worker, Settings(pools if account is not None else (), mode, level))


def text_for(draft: Draft, config: Config = BASE, *keys: str, **secrets: Any) -> str:
    return written(draft, Given(config, frozenset({"network", *keys}), secrets))


def file_for(miners: list[Miner]) -> tuple[Draft, Config]:
    """The wishes, and what the file that holds them loads to."""
    draft = drafted(miners)
    text = text_for(draft)
    assert all(line.isprintable() for line in text.split("\n"))
    config = load(file=text, require_network=True)
    assert config.notes == ()
    assert not config.settings.health_reboot
    assert not any(
        one.auto_upgrade for one in (config.settings, *(b.settings for b in config.blocks))
    )
    return draft, config


def differing(miners: list[Miner], config: Config) -> list[str]:
    """What a daemon with this configuration would change."""
    found = []
    for one in miners:
        settings = config.for_device(one.model, one.mac)
        if one.settings is None:
            found += [one.mac] * wants_settings(settings)
            continue
        known = Found(one.worker or "other", one.model, one.settings)
        wishes = aspects(settings, known, FAMILY)
        found += [f"{one.mac} {wish.what}" for wish in wishes if wish.step is not None]
    return found


def test_what_most_have_is_the_general_setting_and_a_uniform_farm_needs_no_block() -> None:
    miners = [miner(number, urls=(URL, SPARE)) for number in range(20)]
    draft, config = file_for(miners)
    assert draft.parts == ()
    assert [pool.url for pool in config.settings.pools] == [URL, SPARE]
    assert config.settings.pools[0].username == "acct"
    assert config.settings.autotune_mode == "balanced"
    assert differing(miners, config) == []


def test_a_miner_with_other_pools_or_another_mode_has_a_block_that_says_no_more() -> None:
    miners = [*map(miner, range(9)), miner(10, "other"), miner(11, mode="factory")]
    draft, config = file_for(miners)
    said = [(part.macs, part.pools is None, part.tune is None) for part in draft.parts]
    assert said == [
        ((miners[9].mac,), False, True),
        ((miners[10].mac,), True, False),
    ]
    assert differing(miners, config) == []


def test_pools_that_no_two_miners_share_are_general_for_none() -> None:
    miners = [miner(number, password=f"p{number}") for number in range(5)]
    draft, config = file_for(miners)
    assert draft.pools == ()
    assert len(draft.parts) == 5
    assert differing(miners, config) == []
    assert drafted(miners[:1]).pools[0].password == "p0"


def test_what_the_greater_part_of_a_model_has_is_said_of_the_model() -> None:
    miners = [*map(miner, range(8))]
    miners += [miner(20 + n, model="B29+", mode="factory", level="2") for n in range(3)]
    miners += [miner(30, None, model="B29+", mode="factory", level="2"), miner(31, model="B29+")]
    draft, config = file_for(miners)
    assert [(part.models, part.macs) for part in draft.parts] == [
        (("B29+",), ()),
        (("B29+",), (miners[11].mac,)),
        (("B29+",), (miners[12].mac,)),
    ]
    assert config.for_device("B29+", "a0:b0:45:ff:ff:ff").autotune_mode == "factory"
    assert differing(miners, config) == []


def test_factory_fresh_miners_stay_so_and_where_they_are_most_no_pools_are_general() -> None:
    miners = [miner(1), miner(2), miner(3, None)]
    draft, config = file_for(miners)
    assert draft.left[0].why == UNSET
    assert config.for_device("T1", miners[2].mac).pools == ()
    fresh = [miner(1), miner(2, None), miner(3, None)]
    draft, config = file_for(fresh)
    assert config.settings.pools == ()
    assert config.for_device("T1", fresh[0].mac).pools != ()
    assert differing(miners + fresh[:1], config) == []


def test_other_worker_names_leave_the_pools_alone_and_the_file_says_so() -> None:
    odd = miner(2)
    assert odd.settings is not None
    pool = ConfiguredPool(URL, "acct.rig7", "x")
    odd = replace(odd, settings=replace(odd.settings, pools=(pool,)))
    twin = replace(miner(3), worker="")
    draft, config = file_for([miner(0), miner(1), odd, twin])
    assert {left.why for left in draft.left} == {FOREIGN, UNSURE}
    assert odd.mac in text_for(draft).partition("# Pools for all DragonMint miners")[2]
    assert differing([miner(0), odd, twin], config) == []


def test_a_miner_that_could_not_be_asked_gets_nothing_and_autotune_is_left_alone() -> None:
    silent = replace(miner(9), settings=None)
    draft, config = file_for([*map(miner, range(5)), silent])
    assert draft.left[0].why == NOT_ASKED
    assert silent.mac in draft.untuned
    assert config.settings.autotune_mode is None
    assert config.settings.pools != ()
    assert differing([*map(miner, range(5)), silent], config) == []


def test_a_mode_that_cannot_be_wished_leaves_all_modes_alone() -> None:
    miners = [*map(miner, range(5)), miner(9, mode="turbo\x1b[2J")]
    draft, config = file_for(miners)
    assert draft.tune is None
    assert differing(miners, config) == []


def test_another_level_of_the_same_mode_is_kept_apart_and_none_fits_all() -> None:
    miners = [miner(1, level="2"), miner(2, level="2"), miner(3, level="3"), miner(4)]
    draft, config = file_for(miners)
    assert draft.tune == Tune("balanced", 2)
    assert [part.macs for part in draft.parts] == [(miners[2].mac,)]
    assert differing(miners, config) == []


def test_half_of_a_model_does_not_speak_for_it() -> None:
    miners = [*map(miner, range(9)), *(miner(20 + n, "two", model="T2") for n in range(2))]
    miners += [miner(30, "three", model="T2"), miner(31, "four", model="T2")]
    draft, config = file_for(miners)
    assert all(part.models == () for part in draft.parts)
    assert differing(miners, config) == []


def test_a_level_that_cannot_be_wished_leaves_the_levels_alone() -> None:
    miners = [miner(1, level="2"), miner(2, level="02"), miner(3, mode="factory", level="3")]
    _, config = file_for(miners)
    assert config.settings.autotune_mode == "balanced"
    assert config.settings.autotune_level is None
    assert differing(miners, config) == []


def test_options_that_were_named_are_written_and_others_are_there_to_be_switched_on() -> None:
    base = load(
        "--network=8.8.8.0/24", "--allow-public-network", "--dragon-port=8080", "--scan-timeout=3"
    )
    text = text_for(Draft(), base, "dragon_port", "scan_timeout")
    config = load(file=text)
    assert (config.dragon_port, config.scan_timeout) == (8080, 3)
    assert config.networks == ("8.8.8.0/24",)
    assert "\n#statsd_port = 8125\n" in text
    assert "\n#state_file = " in text
    for option in OPTIONS:
        assert option.key in text
        assert option.env in text or option.key in {"credentials", "pools"}


def test_what_was_wished_before_does_not_count() -> None:
    flags = (
        "--dragon-health-reboot",
        "--dragon-autotune-mode=factory",
        f"--firmware-sha256={'0' * 64}",
    )
    base = load("--network=10.1.0.0/22", *flags)
    text = text_for(Draft(), base, *LEFT_OUT)
    config = load(file=text)
    assert not config.settings.health_reboot
    assert not wants_settings(config.settings)
    assert config.settings.firmware_sha256 is None


def test_logins_and_secret_options_are_written_as_they_were_named() -> None:
    logins = (Credential("admin", 'quo"te\\'), Credential("root", "ä\x7f\u202e"))
    base = replace(BASE, credentials=logins)
    text = text_for(Draft(), base, "credentials", heartbeat_url="https://beat.example/1")
    config = load(file=text)
    assert config.credentials == logins
    assert config.alarm.heartbeat_url == "https://beat.example/1"
    assert "\u202e" not in text


def test_a_login_that_stood_elsewhere_is_written_as_its_reference() -> None:
    base = replace(
        BASE, credentials=(Credential("admin", "looked-up"), Credential("root", "plain"))
    )
    told = (Credential("admin", "env:MINER_LOGIN"), Credential("root", "plain"))
    text = written(Draft(), Given(base, frozenset({"network", "credentials"}), logins=told))
    assert "looked-up" not in text
    assert load(file=text, env={"MINER_LOGIN": "looked-up"}).credentials == base.credentials


def test_for_whom_a_login_is_stays_with_it_and_so_do_the_groups_it_names() -> None:
    tree: dict[str, Any] = {
        "network": ["10.1.0.0/22"],
        "groups": [
            {"name": "far", "workers": ["f-*"], "networks": ["10.1.1.0/24"]},
            {"name": "idle", "workers": ["i"]},
        ],
        "credentials": [
            {"username": "a", "password": "x", "groups": ["far"], "families": ["avalon"]},
            {"username": "b", "password": "y"},
        ],
        "miners": [{"power_target": 7}],
    }
    base = load(file=tree)
    config = load(file=text_for(Draft(), base, "credentials"))
    assert (config.credentials, config.login_limits) == (base.credentials, base.login_limits)
    assert config.groups == base.groups[:1]
    assert config.rules == ()
    told = (Credential("a", "env:HUSH"), Credential("b", "y"))
    text = written(Draft(), Given(base, frozenset({"network", "credentials"}), logins=told))
    again = load(file=text, env={"HUSH": "x"})
    assert (again.credentials, again.login_limits) == (base.credentials, base.login_limits)
    assert load(file=text_for(Draft(), base)).groups == ()


def test_nothing_is_wished_of_other_families_and_the_file_says_so() -> None:
    ants = [replace(miner(50 + n, "theirs"), family="antminer") for n in range(9)]
    ours = [*map(miner, range(3))]
    draft, config = file_for([*ants, *ours])
    assert [pool.username for pool in draft.pools] == ["acct"]
    assert draft.parts == ()
    assert [(left.why, len(left.macs)) for left in draft.left] == [(OTHERS, 9)]
    assert differing(ours, config) == []
    subject = Subject(family="antminer", model="T1", mac=ants[0].mac, algorithm="sha256")
    assert not wants_settings(config.for_miner(subject))


def test_a_pool_login_that_would_be_taken_for_a_reference_is_left_alone() -> None:
    draft, config = file_for([miner(1, password="env:HOME"), miner(2, "credential:x"), miner(3)])
    assert [(len(left.macs), left.why) for left in draft.left] == [(2, REFERENCE)]
    assert config.for_device("T1", miner(3).mac).pools


def test_the_file_of_the_page_loads() -> None:
    (part,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    config = load(file=part, require_network=True)
    assert config.for_device("T2", "").autotune_mode == "factory"
    assert config.for_device("T1", "a0:b0:45:57:f3:cd").pools == ()


hostile = st.text(
    st.one_of(
        st.characters(), st.sampled_from("\"'\\\n\r\t\x00\x1b\x7f\x85\u2028\u202e#]=.\ud800")
    ),
    max_size=12,
)
urls = st.one_of(
    st.sampled_from([URL, SPARE, "http://pool.example", "stratum+tcp://a@b:1", ""]),
    hostile.map(lambda text: f"stratum+tcp://pool.example:3333/{text}"),
    hostile,
)


@st.composite
def pools(draw: Any, worker: str) -> ConfiguredPool:
    user = draw(st.one_of(st.just("acct"), hostile)) + draw(
        st.sampled_from([f".{worker}", f".{worker}", "", ".rig"])
    )
    return ConfiguredPool(draw(urls), user, draw(st.one_of(st.just("x"), hostile)))


@st.composite
def farms(draw: Any) -> list[Miner]:
    """Every other farm says of models, modes and levels only what a miner of ours says."""
    odd = hostile if draw(st.booleans()) else st.nothing()
    models = st.sampled_from(["T1", "T2", "t2"]) | odd.map(lambda text: f" {text}")
    modes = st.sampled_from(["balanced", "factory", None]) | odd
    levels = st.sampled_from([None, "2", "3"]) | odd | odd.map(lambda _: "02")
    miners = []
    for number in range(draw(st.integers(1, 7))):
        one = miner(number, draw(st.sampled_from(["a", "b", None])), model=draw(models))
        assert one.settings is not None
        listed = st.lists(pools(one.worker), max_size=4).map(tuple)
        found = draw(st.just(one.settings.pools) | st.none() | listed)
        settings = Settings(found, draw(modes), draw(levels))
        miners.append(replace(one, settings=settings if draw(st.integers(0, 20)) else None))
    return miners


@for_all(farms())
@example([miner(1, "a\ud800")])
@example([miner(1, 'a"\x7f\n[[configs]]')])
@example([miner(1, "env:HOME"), miner(2, password="credential:../x")])
def test_whatever_miners_have_the_file_loads_and_would_write_nothing(miners: list[Miner]) -> None:
    _, config = file_for(miners)
    assert differing(miners, config) == []
