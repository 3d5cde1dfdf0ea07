"""`mother place`: walk along a rack, press each miner's IP-report button, and they are placed."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import asdict, replace

from mother.control.client import Denied
from mother.drivers.ipreport import Report
from mother.fleet.places import LONGEST, Placed, in_words
from mother.fleet.remembered import Place
from mother.terminal import herd
from mother.terminal.arguments import BadInput, ipv4_in, is_one, scope_in
from mother.terminal.errand import Errand, many, who
from mother.terminal.listening import Ears, Typed
from mother.terminal.placing import everybody
from mother.terminal.process import OK
from mother.terminal.table import console_on, say

MOST_STRANGERS = 1000
"""So many that are not placed are told once each; whoever comes then is not told."""


class Walk(Struct, frozen=True):
    """Which rack is walked, and the slot of the first button."""

    place: Place
    first: int


def place(errand: Errand) -> int:
    """Place those whose buttons are pressed, until Ctrl-C; or take the last one back."""
    options = errand.options
    if options.undo:
        if options.miner or options.rack or options.row:
            raise BadInput("--undo stands alone: it takes back the last one that was placed")
        say(console_on(sys.stdout), errand.told("unplace", {"by": who()}))
        return OK
    if options.miner is None:
        raise BadInput("name the miners that may be there: all, model:T1, a network or a range")
    scope, walk = scope_in(options.miner), _walk(options.rack, options.row, options.site, options)
    listen = "" if options.listen is None else ipv4_in(options.listen, "--listen")
    if is_one(scope):
        raise BadInput(f"{scope}: name all who may stand in that rack, as all or a network")
    allowed = {one.mac for one in herd.covered(errand, scope, "")}
    console = console_on(sys.stdout)
    with Ears(listen) as ears:
        walker = Walker(errand, walk, allowed, everybody(errand), lambda text: say(console, text))
        say(console, _begin(walk, len(allowed)))
        try:
            while True:
                heard = ears.hear()
                console.file.flush()
                if isinstance(heard, Typed):
                    if heard.text.lower() in {"q", "quit"}:
                        break
                    walker.typed(heard.text)
                elif heard is not None:
                    walker.heard(heard)
        except KeyboardInterrupt:
            print(file=sys.stderr)
    say(console, walker.end())
    return OK


def _walk(rack: str | None, row: str | None, site: str | None, options: object) -> Walk:
    first = getattr(options, "first_slot", None) or "1"
    if not rack or not rack.strip():
        raise BadInput("--rack is missing: name the rack, as in --rack A3")
    named = {"site": site or "", "rack": rack, "row": row or ""}
    for name, text in named.items():
        if not text.isprintable() or len(text) > LONGEST:
            raise BadInput(f"--{name}: at most {LONGEST} printable letters")
    if not re.fullmatch(r"[0-9]{1,6}", first):
        raise BadInput(f"--first-slot {first}: write a number, such as 1")
    return Walk(Place(**{name: text.strip() for name, text in named.items()}), int(first))


def _begin(walk: Walk, count: int) -> str:
    return (
        f"Walk along {in_words(walk.place)} and press the IP-report button of each miner, in the "
        f"order of its slots, from {walk.first}; {many(count, 'miner')} may be there. u and Enter "
        "takes the last one back, Ctrl-C ends; what is placed is kept."
    )


class Walker:
    """Gives each button the next slot. `tell` prints a sentence."""

    def __init__(
        self,
        errand: Errand,
        walk: Walk,
        allowed: set[str],
        known: Iterable[Placed],
        tell: Callable[[str], None],
    ) -> None:
        self._errand = errand
        self._walk = walk
        self._allowed = allowed
        self._known = {row.mac: row for row in known if row.worker}
        self._tell = tell
        self._placed: list[tuple[str, Place]] = []
        self._strangers: set[str] = set()

    def heard(self, report: Report) -> None:
        """A button was pressed."""
        macs = [mac for mac, _ in self._placed]
        if report.mac in macs:
            if report.mac != macs[-1]:
                name, slot = self._known[report.mac].worker, self._slot(macs.index(report.mac))
                self._tell(f"{name} is in slot {slot} already.")
            return
        row = self._known.get(report.mac)
        if row is None or report.mac not in self._allowed:
            self._refuse(report, row)
            return
        slot = self._slot(len(self._placed))
        spot = replace(row.place, slot=slot, **_named(self._walk.place))
        body = {"rows": [{"mac": report.mac, "place": asdict(spot)}], "by": who()}
        try:
            self._errand.ask("place", body)
        except Denied as error:
            self._tell(f"{row.worker} at {report.host} is not placed: {error}")
            return
        self._placed.append((report.mac, row.place))
        self._known[report.mac] = replace(row, place=spot)
        model = f" ({row.model})" if row.model else ""
        self._tell(f"slot {slot}: {row.worker}{model} at {report.host}{self._rival(spot, row)}")

    def typed(self, text: str) -> None:
        """A line of the keyboard: `u` takes the last one back."""
        if text.lower() not in {"u", "undo"}:
            if text:
                self._tell("u and Enter takes the last one back, q and Enter ends.")
            return
        if not self._placed:
            self._tell("Nothing was placed yet.")
            return
        try:
            said = self._errand.told("unplace", {"by": who()})
        except Denied as error:
            self._tell(str(error))
            return
        mac, before = self._placed.pop()
        self._known[mac] = replace(self._known[mac], place=before)
        self._tell(f"{said} Slot {self._slot(len(self._placed))} is next.")

    def end(self) -> str:
        """What came of it."""
        count = len(self._placed)
        if not count:
            return "Nobody was placed."
        slots = f"slot {self._slot(0)}"
        slots += f" to {self._slot(count - 1)}" if count > 1 else ""
        return f"{many(count, 'miner')} placed in {in_words(self._walk.place)}, {slots}."

    def _slot(self, number: int) -> str:
        return str(self._walk.first + number)

    def _refuse(self, report: Report, row: Placed | None) -> None:
        """Said once for each: buttons are pressed again."""
        if report.mac in self._strangers or len(self._strangers) >= MOST_STRANGERS:
            return
        self._strangers.add(report.mac)
        if row is None:
            text = f"{report.mac} at {report.host} ({report.maker}) is no miner that mother knows"
        else:
            text = f"{row.worker} at {report.host} is not among those that you named"
        self._tell(f"{text}: not placed.")

    def _rival(self, spot: Place, row: Placed) -> str:
        """Who else is said to stand there."""
        where = (spot.site, spot.rack, spot.row, spot.slot)
        for other in self._known.values():
            one = other.place
            if other.mac != row.mac and (one.site, one.rack, one.row, one.slot) == where:
                return f"; {other.worker} was said to be there"
        return ""


def _named(place: Place) -> dict[str, str]:
    return {name: text for name, text in asdict(place).items() if text}
