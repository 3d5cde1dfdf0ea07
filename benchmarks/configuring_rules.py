"""What must never happen, told by the farm's own facts: each function lists what did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.configuring_witness import is_own

Facts = Mapping[str, Any]
ALIKE = 3
"""So many lines of one kind are told; the others are counted."""


def foreign_settings(facts: Facts) -> list[str]:
    """No miner ever gets what is not wished of this very miner, nor ends with it."""
    found = [f"{one['mac']} got {one['path']}: {one['amiss']}" for one in _amiss(facts)]
    for device in facts["devices"]:
        wrong = [user for user in device["users"] if not is_own(user, device["mac"])]
        found += [f"{device['mac']} ends with the user {user} of another" for user in wrong]
    return shortened(found)


def too_many_restarts(facts: Facts, most: int) -> list[str]:
    """Never more restart at once than that."""
    worst = facts["most_restarting"]
    return [f"{worst} restarted at once, {most} are allowed"] if worst > most else []


def no_canary(facts: Facts, canary_time: float) -> list[str]:
    """The second miner gets a change only when the first has mined with it for a while."""
    return [
        f"{change}: the second got it when the first had mined for {spread['proof']:.0f} s"
        for change, spread in facts["spreads"].items()
        if len(spread["got"]) > 1 and spread["proof"] < canary_time
    ]


def too_large_waves(facts: Facts, most: int) -> list[str]:
    """No wave is larger than that, and none begins before the one before is back."""
    return [
        f"{change}: {spread['largest']} got it before the wave was back, {most} are allowed"
        for change, spread in facts["spreads"].items()
        if spread["largest"] > most
    ]


def unreported(facts: Facts, plan: Facts, status: Facts) -> list[Facts]:
    """Who has not its wish, by the farm, and is named by neither `mother plan` nor `status`."""
    named = {item["mac"] for item in plan["items"]}
    workers = {one["worker"] for one in plan["unread"]}
    workers |= {row["worker"] for row in status["miners"] if row["wish"] or row["state"] == "gone"}
    refusing = {one["address"] for one in status["unidentified"]}
    return [
        one
        for one in facts["devices"]
        if not one["wished"]
        and one["mac"] not in named
        and one["worker"] not in workers
        and one["address"] not in refusing
    ]


def unheard_of(devices: Iterable[Facts], warnings: Iterable[str]) -> list[str]:
    """Those of them of whom the log does not say either that they are gone or given up.

    Who fell ill before anybody logged in cannot be known for a miner.
    """
    gone = "\n".join(line for line in warnings if " is gone" in line or " is given up" in line)
    return [
        f"{one['mac']} ({one['fault']}) has not its wish, and nobody says so"
        for one in devices
        if one["worker"] not in gone and one["logins"]
    ]


def written_in_vain(before: Facts, after: Facts) -> list[str]:
    """In steady state there is no write at all."""
    count = after["writes"] - before["writes"]
    return [f"{count} writes within an hour in which nothing was to be done"] if count else []


def not_left_alone(facts: Facts, start: Facts) -> list[str]:
    """Who was not written to is as it was at the start, and mines."""
    written = {one["mac"] for one in facts["records"]}
    then = {one["mac"]: one for one in start["devices"]}
    same = ("urls", "users", "profile", "firmware", "boots")
    return shortened(
        [
            f"{one['mac']} was never written to, yet it changed or does not mine"
            for one in facts["devices"]
            if one["mac"] not in written
            and (not one["mines"] or any(one[key] != then[one["mac"]][key] for key in same))
        ]
    )


def written_to(facts: Facts) -> list[str]:
    """The miners that got anything, in order."""
    return list(dict.fromkeys(one["mac"] for one in facts["records"]))


def shortened(lines: Iterable[str]) -> list[str]:
    """The first few, and how many more there are."""
    told = list(lines)
    more = len(told) - ALIKE
    return told if more <= 0 else [*told[:ALIKE], f"... and {more} more of that kind"]


def _amiss(facts: Facts) -> list[Facts]:
    return [one for one in facts["records"] if one["amiss"]]
