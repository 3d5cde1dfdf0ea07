"""What is wrong in `[[groups]]`, `[[miners]]` and logins: place and cure, all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.config.given import load, problems

POOL = {"url": "stratum+tcp://p.example:3333", "username": "me", "password": "x"}
LOGIN = {"username": "root", "password": "hush"}
HALL = {"name": "hall-a", "workers": ["a-*"]}
HOLDS_NOBODY = (
    'holds nobody; name its workers, networks or mac_addresses, e.g. workers = ["hall-a-*"]'
)

BAD: list[tuple[dict[str, Any], list[str]]] = [
    ({"miners": 3}, ["miners: must be a list, not a number"]),
    ({"miners": [3]}, ["miners[0]: must be a table, not a number"]),
    ({"miner": []}, ["miner: unknown; did you mean miners?"]),
    (
        {"miners": [{"power_targt": 1}]},
        ["miners[0].power_targt: unknown; did you mean power_target?"],
    ),
    (
        {"miners": [{"families": ["antminer"]}]},
        ["miners[0].families: belongs below [miners.apply_to]"],
    ),
    (
        {"miners": [{"apply_to": {"familys": []}}]},
        ["miners[0].apply_to.familys: unknown; did you mean families?"],
    ),
    (
        {"miners": [{"apply_to": {"families": ["antminr", 3]}}]},
        [
            "miners[0].apply_to.families[0]: 'antminr' is unknown; did you mean antminer?",
            "miners[0].apply_to.families[1]: must be a family such as antminer, not a number",
        ],
    ),
    (
        {"miners": [{"apply_to": {"models": "S19", "firmware": [""], "makers": [1]}}]},
        [
            'miners[0].apply_to.models: must be a list such as ["S19*", "T1"], not a text',
            "miners[0].apply_to.firmware: must be a list of texts of 1 to 100 letters, "
            'e.g. ["stock", "Braiins*"]',
            "miners[0].apply_to.makers: must be a list of texts of 1 to 100 letters, "
            'e.g. ["Bitmain"]',
        ],
    ),
    (
        {"miners": [{"apply_to": {"networks": ["10.1"], "mac_addresses": ["x"]}}]},
        [
            "miners[0].apply_to.networks: '10.1' is no IPv4 network, range or address, "
            "e.g. 10.1.0.0/22, 10.1.0.10-10.1.0.60 or 10.1.0.7",
            "miners[0].apply_to.mac_addresses[0]: 'x' is no MAC address, e.g. a0:b0:45:00:e3:ab",
        ],
    ),
    (
        {"groups": [HALL], "miners": [{"apply_to": {"groups": ["hal-a"]}}]},
        ["miners[0].apply_to.groups: 'hal-a' is unknown; did you mean hall-a?"],
    ),
    (
        {"miners": [{"apply_to": {"groups": ["hall-a"]}}]},
        ["miners[0].apply_to.groups: 'hall-a' is unknown; the file has no [[groups]]"],
    ),
    (
        {"miners": [{"power_target": 0, "frequency": "x", "voltage": True, "profile": " "}]},
        [
            "miners[0].power_target: 0 is out of range: 1 to 100000 W",
            "miners[0].frequency: must be a number of MHz, e.g. 500, not 'x'",
            "miners[0].voltage: must be a number of V, e.g. 1.2, not true",
            "miners[0].profile: must be the name of a profile in quotes, not ' '",
        ],
    ),
    (
        {"miners": [{"level": 2}, {"profile": "low", "level": 2.5}]},
        [
            "miners[0].level: a level means nothing without a mode; name profile too",
            "miners[1].level: must be a level, e.g. 2, not 2.5",
        ],
    ),
    (
        {"miners": [{"profile": "low", "apply_to": {"families": ["dragonmint"]}}]},
        ["miners[0].profile: must be one of efficient, balanced, factory, performance, not 'low'"],
    ),
    (
        {"miners": [{"pools": [POOL, {**POOL, "algorithm": "-"}, {**POOL, "algoritm": "x"}]}]},
        [
            "miners[0].pools[1].algorithm: must be an algorithm such as sha256d or scrypt, not '-'",
            "miners[0].pools[2].algoritm: unknown; did you mean algorithm?",
        ],
    ),
    (
        {"miners": [{"pools": [POOL] * 4 + [{**POOL, "algorithm": "scrypt"}]}]},
        ["miners[0].pools: holds 4 pools for sha256d; a miner takes at most 3"],
    ),
    (
        {"pools": [{**POOL, "algorithm": "scrypt"}]},
        ["pools[0].algorithm: unknown; known here: id, password, url, username"],
    ),
    (
        {"miners": [{"pools": [{**POOL, "username": "brndnmtthws"}]}]},
        [
            "miners[0].pools[0].username: 'brndnmtthws' is the sample account of "
            "mother-of-dragons, not yours; put your own account at the pool here"
        ],
    ),
    ({"groups": [3]}, ["groups[0]: must be a table, not a number"]),
    ({"groups": [{"workers": ["a"]}]}, ['groups[0].name: missing; e.g. name = "hall-a"']),
    (
        {"groups": [{"name": "hall a", "workers": ["a"]}]},
        ["groups[0].name: must be 1 to 64 letters, digits, _, . and -, not 'hall a'"],
    ),
    ({"groups": [{"name": "a"}]}, [f"groups[0]: {HOLDS_NOBODY}"]),
    ({"groups": [{"name": "a", "networks": []}]}, [f"groups[0]: {HOLDS_NOBODY}"]),
    (
        {"groups": [HALL, HALL, {**HALL, "worker": []}]},
        [
            "groups[1].name: there is a group 'hall-a' already",
            "groups[2].worker: unknown; did you mean workers?",
            "groups[2].name: there is a group 'hall-a' already",
        ],
    ),
    (
        {"credentials": [{**LOGIN, "families": ["antmine"], "firmware": ["x"]}]},
        [
            "credentials[0].firmware: unknown; known here: families, groups, mac_addresses, "
            "makers, models, networks, password, username",
            "credentials[0].families[0]: 'antmine' is unknown; did you mean antminer?",
        ],
    ),
    (
        {"groups": [HALL], "main": {"credentials": [LOGIN, {**LOGIN, "groups": ["hall"]}]}},
        ["main.credentials[1].groups: 'hall' is unknown; did you mean hall-a?"],
    ),
    ({"family": []}, ["family: empty; leave it out to look for all families"]),
    (
        {"family": ["whatsmeter"]},
        ["family[0]: 'whatsmeter' is unknown; did you mean whatsminer?"],
    ),
    ({"port_offset": 60001}, ["port_offset: 60001 is out of range: 0 to 60000"]),
    (
        {"port_offset": "no", "miners": [{"level": 1}], "groups": 1},
        [
            "port_offset: must be a whole number, e.g. 8000, not 'no'",
            "groups: must be a list, not a number",
            "miners[0].level: a level means nothing without a mode; name profile too",
        ],
    ),
]


@pytest.mark.parametrize(("tree", "expected"), BAD)
def test_each_problem_is_named_with_its_place_and_its_cure(
    tree: dict[str, Any], expected: list[str]
) -> None:
    said = problems(file=tree)
    assert said == expected
    assert "hush" not in "".join(said)


def test_a_firmware_file_of_a_block_comes_with_its_digest(tmp_path: Path) -> None:
    file = tmp_path / "t1_20180515_060842.swu"
    file.write_bytes(b"x")
    (line,) = problems(file={"miners": [{"firmware_file": str(file)}]})
    assert line.startswith("miners[0].firmware_file: comes without firmware_sha256")


def test_a_login_of_a_variable_names_the_variable() -> None:
    env = {"MOTHER_CREDENTIALS": '[{"username": "a", "password": "b", "groups": ["x"]}]'}
    assert problems(env=env) == [
        "MOTHER_CREDENTIALS[0].groups: 'x' is unknown; the file has no [[groups]]"
    ]


# what is no mistake, but helps nobody

NOTED: list[tuple[dict[str, Any], list[str]]] = [
    ({"miners": [{}]}, ["miners[0] says nothing"]),
    (
        {"miners": [{"level": 1, "profile": "a"}, {"profile": "b"}, {"voltage": 1}]},
        ["miners[1] never counts: blocks before it say all of it"],
    ),
    (
        {
            "family": ["avalon"],
            "miners": [{"voltage": 1, "apply_to": {"families": ["antminer"]}}],
            "credentials": [LOGIN, {**LOGIN, "families": ["axeos"]}],
        },
        [
            "miners[0].apply_to: for no miner, since antminer is not looked for (family)",
            "credentials[1]: for no miner, since axeos is not looked for (family)",
        ],
    ),
    (
        {
            "network": ["10.1.0.0/24"],
            "groups": [{"name": "far", "networks": ["10.2.0.0/24"]}],
            "miners": [{"voltage": 1, "apply_to": {"networks": ["10.3.0.1"]}}],
            "credentials": [{**LOGIN, "networks": ["10.2.0.1"]}, {**LOGIN, "groups": ["far"]}],
        },
        [
            "miners[0].apply_to.networks: none of these addresses is scanned (network)",
            "credentials[0].networks: none of these addresses is scanned (network)",
            "groups[0].networks: none of these addresses is scanned (network)",
        ],
    ),
    ({"groups": [HALL]}, ["groups[0]: nothing in the file is for the group hall-a"]),
    (
        {
            "family": ["antminer"],
            "network": ["10.1.0.0/24"],
            "groups": [HALL, {"name": "b", "networks": ["10.1.0.5"]}],
            "miners": [
                {"voltage": 1, "apply_to": {"groups": ["hall-a"], "families": ["antminer"]}},
                {"voltage": 2, "apply_to": {"networks": ["10.0.0.0/8"]}},
            ],
            "credentials": [{**LOGIN, "groups": ["b"]}],
        },
        [],
    ),
]


@pytest.mark.parametrize(("tree", "expected"), NOTED)
def test_what_is_for_no_miner_is_said(tree: dict[str, Any], expected: list[str]) -> None:
    assert list(load(file=tree).notes) == expected


def test_a_firmware_file_that_no_block_lets_in_is_said(tmp_path: Path) -> None:
    file = tmp_path / "t1_20180515_060842.swu"
    file.write_bytes(b"x")
    said = {"firmware_file": str(file), "firmware_sha256": "0" * 64}
    (line,) = load(file={"miners": [said]}).notes
    assert line.startswith(f"miners[0].firmware_file: no miner gets {file}")
    assert load(file={"miners": [{**said, "auto_upgrade": True}]}).notes == ()
    assert load("--dragon-auto-upgrade", file={"miners": [said]}).notes == ()
