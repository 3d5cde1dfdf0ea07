"""The tables of docs/supported-devices.md, made from the drivers and from what tests met.

`python -m tests.drivers.supported_page docs/supported-devices.md` brings the page up to date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet import task
from twisted.internet.defer import Deferred

from mother.core.model import CommandKind
from mother.core.ports import Ports
from mother.drivers.base import Confirm, Evidence, Family
from mother.drivers.marks import MARKS, Mark
from mother.drivers.minercontrol.driver import MinerControl
from mother.drivers.registry import FAMILIES
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.wire import Wire
from tests.drivers.supported import FIELDS, Met, looked_at

RECORDINGS = Path(__file__).parents[1] / "recordings"

_PART = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

Line = Sequence[str]
Everything = Mapping[str, Sequence[Met]]

RECORDED: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "dragonmint": {"T1": ("dragonmint/*.yaml", "all of its answers")},
    "antminer": {
        "S19 Pro": ("antminer/v2020/stats.json", "figures and pools; its pages are not recorded"),
        "S21": ("antminer/v2020/system_info.json", "its system page; no figures are recorded"),
    },
    "whatsminer": {
        "M60S_VK40": ("whatsminer/v3/*.json", "the answers of the third API"),
        "M50_VH60": ("whatsminer/v2/*.json", "the second API, of a device that names no model"),
    },
    "avalon": {
        "Avalon Q": ("avalon/stats.json", "all of its answers, while it idled"),
        "Avalon 1246": ("avalon/avalon_a_stats.json", "its figures"),
    },
    "axeos": {"Bitaxe Supra": ("axeos/v2_0_0/system_info.json", "its figures, shortened")},
    "minercontrol": {},
}
"""What is recorded of which model: files below tests/recordings, and what they hold."""

FOREIGN: Mapping[str, str] = {
    "Braiins OS": "braiins/*/version.json",
    "LuxOS": "luxos/*/version.json",
    "Auradine": "auradine/*/version.json",
}
"""Recordings of firmwares that are recognised only."""

CONFIRMED = {
    Confirm.SETTINGS: "the setting is read back",
    Confirm.ASLEEP: "a reading says that it sleeps",
    Confirm.AWAKE: "a reading says that it is awake",
    Confirm.RESTART: "its uptime begins anew",
    Confirm.LOGIN: "the new login is taken",
    Confirm.FIRMWARE: "it comes back with the version",
    Confirm.TAKEN: "it says yes, which is all there is",
}
TESTED = {
    Evidence.RECORDING: "recordings",
    Evidence.DOCUMENT: "a simulator made from documents",
    Evidence.UNTESTED: "untested",
}
ON_RECORDINGS, ON_DOCUMENTS = TESTED[Evidence.RECORDING], TESTED[Evidence.DOCUMENT]

TAKES = {
    CommandKind.REBOOT: "reboot",
    CommandKind.RESTART_MINING: "restart its mining program",
    CommandKind.PAUSE: "pause",
    CommandKind.RESUME: "resume",
    CommandKind.SET_POWER: "power limit or target",
    CommandKind.SET_PROFILE: "profile, mode",
    CommandKind.SET_FREQUENCY: "frequency, voltage",
    CommandKind.SET_POOLS: "pools",
    CommandKind.UPGRADE: "firmware",
    CommandKind.LOCATE: "light",
    CommandKind.SET_NETWORK: "network",
    CommandKind.SET_PASSWORD: "password",
    CommandKind.FACTORY_RESET: "factory reset",
    CommandKind.POWER_OFF: "power off",
}


def known(reactor: Any) -> list[Family]:
    """One of each family, that behind gateways last; nothing is asked of anybody."""
    wire = Wire(Http(reactor), Lines(reactor), lambda: 1.0, Ports, lambda: 0.0)
    return [*(make(wire) for make in FAMILIES.values()), MinerControl(wire)]


class Tables:
    """Every table by its name on the page."""

    def __init__(self, families: Sequence[Family], met: Everything) -> None:
        self._families = families
        self._met = met
        self.all: dict[str, Callable[[], Iterator[Line]]] = {
            "families": self.of_families,
            "models": self.of_models,
            "matrix": self.of_matrix,
            "readings": self.of_readings,
            "foreign": foreign,
        }
        for family in families:
            self.all[f"{family.name}_commands"] = partial(commands, family)

    def up_to_date(self, page: str) -> str:
        """The page with each part between `<!-- table: NAME -->` and `<!-- end -->` made anew."""

        def made(found: re.Match[str]) -> str:
            head, *rows = self.all[found[2]]()
            lines = [head, ["---"] * len(head), *rows]
            told = "\n".join(f"| {' | '.join(line)} |" for line in lines)
            return f"{found[1]}\n{told}\n\n{found[3]}"

        return _PART.sub(made, page)

    def of_families(self) -> Iterator[Line]:
        """What each asks for and bears."""
        yield "family", "makers of", "known by", "login", "polled", "pools"
        for one in self._families:
            yield (
                f"`{one.name}`",
                one.title,
                _sentence(one.claims.__doc__),
                _login(one),
                f"every {one.nature.interval:g} s at most" if one.nature.interval else "as you say",
                f"{one.most_pools}",
            )

    def of_models(self) -> Iterator[Line]:
        """Every model that tests meet, and what our word for it rests on."""
        yield "family", "model", "tested on", "recorded"
        for name, met in self._met.items():
            models = sorted({one.description.model for one in met})
            recorded = RECORDED[name]
            for model in sorted(models, key=lambda model: model not in recorded):
                what = recorded.get(model)
                tested = ON_DOCUMENTS if what is None else f"{ON_RECORDINGS}, and on a simulator"
                yield f"`{name}`", model, tested, "nothing" if what is None else what[1]

    def of_matrix(self) -> Iterator[Line]:
        """Which family takes which command, at a glance."""
        yield "", *(f"`{one.name}`" for one in self._families)
        for kind, words in TAKES.items():
            yield words, *(_evidence(one, kind) for one in self._families)

    def of_readings(self) -> Iterator[Line]:
        """Which family's readings hold what."""
        yield "", *(f"`{name}`" for name in self._met)
        for words, told in FIELDS.items():
            yield words, *(_share([bool(told(one.reading)) for one in met])
                           for met in self._met.values())  # fmt: skip


def commands(family: Family) -> Iterator[Line]:
    """What one family takes, how that shows, and what bounds it."""
    yield "command", "it worked when", "within", "tested on", "limits"
    for kind, words in TAKES.items():
        if kind not in family.capabilities:
            continue
        one = family.capabilities[kind]
        within = f"{one.within:g} s" if one.within else "at once"
        yield (
            words,
            CONFIRMED[one.confirm],
            within,
            TESTED[one.evidence],
            one.limits or "none known",
        )


def foreign() -> Iterator[Line]:
    """The firmwares that are named, and by what."""
    yield "firmware", "known by", "tested on"
    for mark in MARKS:
        tested = ON_RECORDINGS if mark.name in FOREIGN else "made-up answers"
        yield mark.name, "; ".join(_shown(mark)), tested


def _shown(mark: Mark) -> Iterator[str]:
    if mark.version:
        yield f"{', '.join(f'`{word}`' for word in mark.version)} in its `version`"
    if mark.page:
        yield f"{', '.join(f'`{text.decode()}`' for text in mark.page)} on its page"
    if mark.realm:
        yield f"the realm {', '.join(f'`{realm}`' for realm in mark.realm)}"


def _sentence(doc: str | None) -> str:
    text = " ".join((doc or "").split()).rstrip(".")
    return text[:1].lower() + text[1:]


def _login(family: Family) -> str:
    users = dict.fromkeys(one.username for one in family.default_credentials)
    if not users:
        return "none"
    by_login = [kind for kind, one in family.capabilities.items() if one.by_login]
    asked = "to look" if family.needs_login else "to write"
    if len(by_login) < len(family.capabilities):
        asked = f"for {', '.join(TAKES[kind] for kind in by_login)}"
    return f"{', '.join(f'`{user}`' for user in users)} with the maker's own password, {asked}"


def _evidence(family: Family, kind: CommandKind) -> str:
    if kind not in family.capabilities:
        return "–"
    return _SHORT[family.capabilities[kind].evidence]


_SHORT = {Evidence.RECORDING: "yes", Evidence.DOCUMENT: "documents", Evidence.UNTESTED: "untested"}


def _share(told: Sequence[bool]) -> str:
    return "yes" if all(told) else "some" if any(told) else "–"


def _bring_up_to_date(path: Path, reactor: Any) -> Deferred[None]:
    def write(met: Everything) -> None:
        tables = Tables(known(reactor), met)
        path.write_text(tables.up_to_date(path.read_text()))

    return Deferred.fromCoroutine(looked_at(reactor)).addCallback(write)


if __name__ == "__main__":
    task.react(lambda reactor: _bring_up_to_date(Path(sys.argv[1]), reactor))
