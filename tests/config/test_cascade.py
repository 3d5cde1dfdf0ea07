"""`[[miners]]` blocks lie one over the other: tried against the rule, key by key."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from netaddr import IPAddress

from mother.config.cascade import Rule
from mother.config.model import Config, DeviceSettings, PoolWish
from mother.config.networks import addresses
from mother.config.subject import Group, Reach, Subject
from mother.core.model import Credential
from tests.config.given import load

BARE = load("--dragon-health-reboot", "--dragon-autotune-mode=balanced")
MACS = ("02:00:00:00:00:01", "02:00:00:00:00:02")
HOSTS = ("10.1.0.7", "10.1.0.200", "10.2.0.1")
NETWORKS = ("10.1.0.0/24", "10.1.0.100-10.2.255.255", "10.2.0.1")
MODELS = ("S19", "s19j Pro", "T1", "")
WORKERS = ("hall-a-1", "hall-b-1", "")
NAMES = ("north", "south")
NUMBERS = ("power_target", "frequency", "voltage")


def few(*words: str) -> st.SearchStrategy[tuple[str, ...]]:
    """No word in half of the cases: a condition that is not named."""
    return st.just(()) | st.lists(st.sampled_from(words), max_size=2).map(tuple)


reaches = st.builds(
    Reach,
    families=few("antminer", "dragonmint"),
    makers=few("bitmain", "halong"),
    models=few("s19*", "T1", "*"),
    firmware=few("stock", "stock 2*", "1.*"),
    mac_addresses=few(*MACS),
    groups=few(*NAMES),
    networks=few(*NETWORKS),
    sites=few("north", "South*"),
)
groups = st.tuples(
    *(
        st.builds(
            Group,
            name=st.just(name),
            workers=few("hall-a-*", "HALL-?-1"),
            networks=few(*NETWORKS),
            mac_addresses=few(*MACS),
        )
        for name in NAMES
    )
)
wishes = st.lists(
    st.builds(
        PoolWish,
        url=st.just("u"),
        username=st.sampled_from(["a", "b"]),
        password=st.just("x"),
        algorithm=st.sampled_from(["sha256d", "scrypt"]),
    ),
    max_size=2,
).map(tuple)
words = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(NUMBERS, st.integers(1, 9).map(float)),
        "health_reboot": st.booleans(),
        "pools": wishes,
    },
)
profiles: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.fixed_dictionaries(
    {"profile": st.sampled_from(["factory", "low"]), "level": st.sampled_from(["1", None])}
)
rules = st.lists(
    st.builds(lambda reach, said, tune: Rule(reach, {**said, **tune}), reaches, words, profiles),
    max_size=6,
)
subjects = st.builds(
    Subject,
    family=st.sampled_from(["dragonmint", "antminer", "Antminer", "avalon", ""]),
    maker=st.sampled_from(["Bitmain", "Halong", ""]),
    model=st.sampled_from(MODELS),
    firmware=st.sampled_from(["1.2", "2.0", ""]),
    firmware_name=st.sampled_from(["stock", ""]),
    mac=st.sampled_from([*MACS, ""]),
    host=st.sampled_from([*HOSTS, "", "miner.example"]),
    worker=st.sampled_from(WORKERS),
    algorithm=st.sampled_from(["SHA-256", "sha256d", "scrypt", ""]),
    site=st.sampled_from(["North", "south-2", ""]),
)


# the oracle: the rule as the page tells it, one condition and one key after the other


def like(text: str, patterns: tuple[str, ...]) -> bool:
    return any(text and fnmatchcase(text.lower(), pattern.lower()) for pattern in patterns)


def within(host: str, networks: tuple[str, ...]) -> bool:
    return host in HOSTS and any(IPAddress(host) in addresses([text]) for text in networks)


def groups_by_hand(subject: Subject, all_groups: tuple[Group, ...]) -> list[str]:
    return [
        group.name
        for group in all_groups
        if like(subject.worker, group.workers)
        or within(subject.host, group.networks)
        or subject.mac in group.mac_addresses
    ]


def firmwares(subject: Subject) -> list[str]:
    name, version = subject.firmware_name, subject.firmware
    return [name, version, " ".join(word for word in (name, version) if word)]


LADDER: list[tuple[str, Callable[[Subject, tuple[str, ...], list[str]], bool]]] = [
    ("mac_addresses", lambda s, words, _: s.mac in words),
    ("groups", lambda s, words, names: any(word in names for word in words)),
    ("networks", lambda s, words, _: within(s.host, words)),
    ("sites", lambda s, words, _: like(s.site, words)),
    ("models", lambda s, words, _: like(s.model, words)),
    ("firmware", lambda s, words, _: any(like(text, words) for text in firmwares(s))),
    ("families", lambda s, words, _: s.family.lower() in words),
    ("makers", lambda s, words, _: s.maker.lower() in words),
]


def fits(rule: Rule, subject: Subject, names: list[str]) -> bool:
    named = [(getattr(rule.reach, key), holds) for key, holds in LADDER]
    return all(holds(subject, words, names) for words, holds in named if words)


def beats(one: Reach, other: Reach) -> bool:
    """Whether the first is the narrower one."""
    for key in ("mac_addresses", "groups", "networks", "sites", "models", "firmware"):
        if bool(getattr(one, key)) != bool(getattr(other, key)):
            return bool(getattr(one, key))
    return bool(one.families or one.makers) and not (other.families or other.makers)


def by_hand(config: Config, subject: Subject, key: str, otherwise: Any) -> Any:
    names = groups_by_hand(subject, config.groups)
    found: Rule | None = None
    for rule in config.rules:
        speaks = key in rule.said and fits(rule, subject, names)
        if speaks and (found is None or beats(rule.reach, found.reach)):
            found = rule
    return otherwise if found is None else found.said[key]


def below(config: Config, subject: Subject) -> dict[str, Any]:
    dragon = subject.family == "dragonmint"
    return {
        "health_reboot": config.settings.health_reboot if dragon else False,
        "profile": config.settings.autotune_mode if dragon else None,
        "level": None,
        "pools": (),
        **dict.fromkeys(NUMBERS),
    }


@given(groups, rules, subjects)
def test_each_key_comes_from_the_narrowest_block_that_says_it(
    all_groups: tuple[Group, ...], blocks: list[Rule], subject: Subject
) -> None:
    config = replace(BARE, groups=all_groups, rules=tuple(blocks))
    assert list(config.groups_of(subject)) == groups_by_hand(subject, all_groups)
    settings = config.for_miner(subject)
    for key, otherwise in below(config, subject).items():
        expected = by_hand(config, subject, key, otherwise)
        if key == "pools":
            hashes = subject.algorithm.replace("SHA-256", "sha256d")
            expected = tuple(wish for wish in expected if wish.algorithm == hashes)
        assert getattr(settings, key) == expected, key
    assert config.for_miner(subject) is settings


@given(st.lists(st.tuples(reaches, st.integers(0, 3)), max_size=5), groups, subjects)
def test_logins_are_those_that_fit_in_the_order_of_the_file(
    limited: list[tuple[Reach, int]], all_groups: tuple[Group, ...], subject: Subject
) -> None:
    logins = [Credential(f"u{number}", "x") for _, number in limited]
    config = replace(
        BARE,
        groups=all_groups,
        credentials=tuple(logins),
        login_limits=tuple(reach for reach, _ in limited),
    )
    names = groups_by_hand(subject, all_groups)
    fit = [
        login
        for (reach, _), login in zip(limited, logins, strict=True)
        if fits(Rule(reach, {}), subject, names)
    ]
    assert config.logins(subject) == tuple(dict.fromkeys(fit))


def test_where_no_login_is_for_a_miner_its_makers_own_are_left_to_the_caller() -> None:
    tree = {
        "credentials": [
            {"username": "w", "password": "x", "families": ["Whatsminer"]},
            {"username": "all", "password": "x", "networks": ["10.1.0.0/24"]},
            {"username": "w", "password": "x", "networks": ["10.1.0.7"]},
        ]
    }
    config = load(file=tree)
    assert [login.username for login in config.credentials] == ["w", "all", "w"]
    near, far = Subject(family="antminer", host="10.1.0.7"), Subject(family="antminer")
    assert [login.username for login in config.logins(near)] == ["all", "w"]
    assert config.logins(far) == ()
    both = replace(near, family="whatsminer")
    assert [login.username for login in config.logins(both)] == ["w", "all"]


def test_logins_without_conditions_are_for_all() -> None:
    config = load(file={"credentials": [{"username": "a", "password": "x"}]})
    assert config.logins(Subject()) == config.credentials
    assert config.login_limits == ()


def test_what_is_remembered_of_miners_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mother.config.model.MOST_KNOWN", 10)
    config = load(file="[[miners]]\npower_target = 3\n")
    for number in range(100):
        assert config.for_miner(Subject(host=f"10.0.0.{number}")).power_target == 3
        assert len(config._known_miners) <= 10


def test_a_setting_that_is_said_twice_is_worked_out_once_for_all_miners_alike() -> None:
    config = load(file="[[miners]]\npower_target = 3000\n")
    one, other = (Subject(family="antminer", mac=mac) for mac in MACS)
    assert config.for_miner(one) is config.for_miner(other)
    assert isinstance(config.for_miner(one), DeviceSettings)
