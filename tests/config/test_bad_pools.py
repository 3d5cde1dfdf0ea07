from __future__ import annotations

from typing import Any

import pytest

from tests.config.given import problems

POOL = {"url": "stratum+tcp://p.example:3333", "username": "me", "password": "x"}
NOT_YOURS = (
    "is the sample account of mother-of-dragons, not yours; put your own account at the pool here"
)

POOLS: list[tuple[Any, list[str]]] = [
    (
        [{**POOL, "url": "foo"}],
        ["[0].url: 'foo' is not a stratum URL, e.g. stratum+tcp://host:3333"],
    ),
    (
        [{**POOL, "url": "stratum+tcp://p.example"}],
        ["[0].url: 'stratum+tcp://p.example' is not a stratum URL, e.g. stratum+tcp://host:3333"],
    ),
    (
        [{**POOL, "url": "http://p.example:80"}],
        ["[0].url: 'http://p.example:80' is not a stratum URL, e.g. stratum+tcp://host:3333"],
    ),
    (
        [{**POOL, "url": "stratum+tcp://p.example:99999"}],
        [
            "[0].url: 'stratum+tcp://p.example:99999' is not a stratum URL, "
            "e.g. stratum+tcp://host:3333"
        ],
    ),
    (
        [{**POOL, "url": "stratum+tcp://me:hush@p.example:1"}],
        ["[0].url: holds an account; put it into username and password"],
    ),
    ([{**POOL, "url": " "}], ["[0].url: missing; e.g. stratum+tcp://host:3333"]),
    ([{**POOL, "username": ""}], ["[0].username: missing; it is your account at the pool"]),
    ([{**POOL, "username": 7}], ["[0].username: must be a text in quotes, not a number"]),
    (
        [{**POOL, "password": ""}],
        ["[0].password: missing; a miner drops a pool without one; most pools take x"],
    ),
    ([{**POOL, "pasword": "hush"}], ["[0].pasword: unknown; did you mean password?"]),
    ([POOL] * 4, [": holds 4 pools; a miner takes at most 3"]),
    (["hush"], ["[0]: must be a table, not a text"]),
    (
        [{"mac_addresses": [], "pools": [POOL]}, POOL],
        [": mixes pools with lists of pools by mac_addresses; use one of both"],
    ),
    (
        [{"mac_addresses": [], "pools": [POOL]}, {"pools": [POOL]}],
        ["[1].mac_addresses: a second list for all miners; name the miners of one of them"],
    ),
    (
        [{"mac_addresses": ["a0b04500e3ab", "A0-B0-45-00-E3-AB"], "pools": [POOL]}],
        ["[0].mac_addresses: a0:b0:45:00:e3:ab has a list of pools already"],
    ),
    (
        [{"mac_addresses": ["x"], "pools": [{**POOL, "username": "brndnmtthws"}]}],
        [
            "[0].mac_addresses[0]: 'x' is no MAC address, e.g. a0:b0:45:00:e3:ab",
            f"[0].pools[0].username: 'brndnmtthws' {NOT_YOURS}",
        ],
    ),
]


@pytest.mark.parametrize(("pools", "expected"), POOLS)
def test_bad_pools_are_told_place_by_place(pools: Any, expected: list[str]) -> None:
    assert problems(file={"pools": pools}) == [
        f"pools{line}" if line[0] in "[:" else line for line in expected
    ]


@pytest.mark.parametrize(
    "account",
    ["brndnmtthws", "brndnmtthws.rig1", "BRNDNMTTHWS", "3GWdXx9dfLPvSe7d8UnxjnDnSAJodTTbrt.w"],
)
def test_the_sample_accounts_are_refused_wherever_they_stand(account: str) -> None:
    pool = f'[{{"url": "stratum+tcp://p.example:1", "username": "{account}", "password": "x"}}]'
    block = (
        f'[[configs]]\n[[configs.pools]]\nurl = "stratum+tcp://p.example:1"\n'
        f'username = "{account}"\npassword = "x"\n'
    )
    says = f"'{account}' {NOT_YOURS}"
    assert problems("--pools", pool) == [f"--pools[0].username: {says}"]
    assert problems(env={"MOTHER_POOLS": pool}) == [f"MOTHER_POOLS[0].username: {says}"]
    assert problems(file=block) == [f"configs[0].pools[0].username: {says}"]
    assert problems(
        file=block.replace("configs", "pools", 1)
        .replace("[[pools]]\n", "")
        .replace("[[configs.pools]]", "[[pools]]")
    ) == [f"pools[0].username: {says}"]
