"""The line that `systemctl status` shows, and the last one of the log."""

from __future__ import annotations

from typing import Any

import pytest

from mother.core.model import Totals
from mother.host.sentence import Seen, last_words, sentence


def totals(miners: int = 420, hashrate: float = 6.71e15, **states: int) -> Totals:
    return Totals(
        at=0.0,
        miners=miners,
        states=states,
        hashrate=hashrate,
        expected_hashrate=0.0,
        boards_alive=0,
        boards_expected=0,
        temperature_max=None,
        accepted=0.0,
        rejected=0.0,
    )


FARM = totals(hashing=412, ill=5, gone=3)


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        ({"swept": 12.0}, "412 of 420 miners hash, 6.71 PH/s, 5 ill, 3 gone; last sweep 12 s ago"),
        ({"totals": totals(hashing=420)}, "420 of 420 miners hash, 6.71 PH/s"),
        ({"totals": totals(0), "swept": 3.0}, "no miner is known yet"),
        (
            {"totals": totals(0), "first_scan": True, "scanned": 1500, "addresses": 4094},
            "no miner is known yet; first scan: 1,500 of 4,094 addresses tried",
        ),
        (
            {"breaker_open": True, "dry_run": True},
            "412 of 420 miners hash, 6.71 PH/s, 5 ill, 3 gone; breaker open, nobody is rebooted; "
            "dry run",
        ),
        (
            {"trouble": ("The scan loop has not moved for 10 min",)},
            "The scan loop has not moved for 10 min; 412 of 420 miners hash, 6.71 PH/s, 5 ill, "
            "3 gone",
        ),
    ],
)
def test_the_farm_in_a_line(seen: dict[str, Any], says: str) -> None:
    assert sentence(Seen(**{"totals": FARM, **seen})) == says


@pytest.mark.parametrize(
    ("farm", "changing", "says"),
    [
        (
            FARM,
            [],
            "412 miners go on hashing with the pools they have; nobody watches the farm until "
            "mother runs again.",
        ),
        (
            totals(1, hashing=1),
            ["dragon-a"],
            "1 miner goes on hashing with the pools it has; 1 was in the middle of a change: "
            "dragon-a; nobody watches the farm until mother runs again.",
        ),
        (totals(0), [], "No miner is known."),
    ],
)
def test_the_last_words_tell_what_the_farm_is_left_like(
    farm: Totals, changing: list[str], says: str
) -> None:
    assert last_words(farm, changing) == says


def test_of_many_in_mid_change_ten_are_named() -> None:
    names = [f"d{number}" for number in range(13)]
    assert (
        "13 were in the middle of a change: d0, d1, d2, d3, d4, d5, d6, d7, d8, d9 and 3 more;"
        in (last_words(FARM, names))
    )
