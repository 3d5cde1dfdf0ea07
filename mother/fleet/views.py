"""The farm as others may see it: sums and rows, never the roster itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from mother.core.model import Address, CommandKind, State, Totals
from mother.core.reading import Mode, efficiency
from mother.core.units import duration
from mother.fleet.findings import findings
from mother.fleet.remembered import DeviceMemory, Place
from mother.fleet.roster import Entry, Roster


class Row(Struct, frozen=True):
    """One miner for a table. Hashrate in H/s, temperature in C, times in Unix seconds.

    Power in W, efficiency in J/TH. `findings` are what a person should know of it, `limits` why
    the schedule lets it sleep or limits it, as parts of a sentence; `wanted` is what it shall be:
    `sleep`, `active`, or `limited`: active by a power target. Empty: it is left as it is.
    """

    worker: str
    address: Address
    mac: str
    model: str
    firmware: str
    state: State
    hashrate: float | None
    expected_hashrate: float | None
    boards_alive: int | None
    boards_expected: int | None
    temperature_max: float | None
    uptime: float | None
    last_seen: float
    because: tuple[str, ...]
    held: str = ""
    wish: str = ""
    serial: str = ""
    place: Place = Place()
    family: str = ""
    power: float | None = None
    power_target: float | None = None
    efficiency: float | None = None
    findings: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    wanted: str = ""


class Farm(Protocol):
    """What pages, tables and metrics may ask."""

    def totals(self, now: float) -> Totals:
        """The sums over all known miners."""

    def rows(self) -> list[Row]:
        """One row per known miner, by worker name."""


class RosterView:
    """A farm that is minded by this process.

    `held` and `wish` say of a miner why nothing is written to it, and what of its
    configuration is not as wished; both empty where there is nothing to say.
    """

    def __init__(
        self,
        roster: Roster,
        held: Callable[[Entry], str] = lambda _: "",
        wish: Callable[[Entry], str] = lambda _: "",
    ) -> None:
        self._roster = roster
        self._held = held
        self._wish = wish

    def totals(self, now: float) -> Totals:
        """The sums; a gone miner counts with no hashrate but with what it should have.

        Nothing is expected of one that sleeps.
        """
        known = [(entry.state(), entry.reading) for entry in self._roster]
        told = [(state, one) for state, one in known if one is not None]
        shares = [one.shares for _, one in told]
        due = [one.expected_hashrate or 0.0 for state, one in told if state is not State.ASLEEP]
        at_work = [one for state, one in told if state not in (State.GONE, State.ASLEEP)]
        metered = [one for one in at_work if one.power is not None]
        power = sum(one.power or 0.0 for one in metered)
        hashed = sum(one.hashrate or 0.0 for one in metered)
        temperatures = [one.temperature_max for one in at_work]
        return Totals(
            at=now,
            miners=len(known),
            states=dict(Counter(state.value for state, _ in known)),
            hashrate=sum(one.hashrate or 0.0 for one in at_work),
            expected_hashrate=sum(due),
            boards_alive=sum(one.boards_alive or 0 for one in at_work),
            boards_expected=sum(one.expected_boards or len(one.boards) for _, one in told),
            temperature_max=max((one for one in temperatures if one is not None), default=None),
            accepted=sum(accepted or 0.0 for accepted, _ in shares),
            rejected=sum(rejected or 0.0 for _, rejected in shares),
            given_up=len(self._roster.given_up),
            power=power,
            efficiency=efficiency(power, hashed) if power else None,
        )

    def rows(self) -> list[Row]:
        """A gone miner shows no live figures."""
        rows = []
        for entry in self._roster:
            reading = None if entry.gone else entry.reading
            rows.append(
                Row(
                    worker=entry.worker,
                    address=entry.address,
                    mac=entry.mac,
                    model=entry.model,
                    firmware=entry.description.firmware,
                    state=entry.state(),
                    hashrate=reading.hashrate if reading else None,
                    expected_hashrate=reading.expected_hashrate if reading else None,
                    boards_alive=reading.boards_alive if reading else None,
                    boards_expected=reading.expected_boards if reading else None,
                    temperature_max=reading.temperature_max if reading else None,
                    uptime=reading.uptime if reading else None,
                    last_seen=entry.last_seen,
                    because=entry.because,
                    held=self._held(entry),
                    wish=self._wish(entry),
                    serial=entry.description.serial or entry.place.serial,
                    place=entry.place,
                    family=entry.family.name,
                    power=reading.power if reading else None,
                    power_target=reading.power_target if reading else None,
                    efficiency=reading.efficiency if reading else None,
                    findings=findings(entry),
                    limits=entry.limits,
                    wanted=_wanted(entry),
                )
            )
        return sorted(rows, key=lambda row: row.worker)

    def missed(self, devices: Mapping[str, DeviceMemory], now: float, sought: bool) -> list[Row]:
        """A row for each that was met once and is not here now, until it is retired.

        They are gone; not yet known where they are, as long as they were not `sought`: after
        the start.
        """
        return [
            _missed(known, known.address, now, sought)
            for ident, known in devices.items()
            if known.worker and known.address is not None and self._roster.get(ident) is None
        ]


def _wanted(entry: Entry) -> str:
    if entry.wanted is Mode.ACTIVE and CommandKind.SET_POWER in entry.ruled:
        return "limited"
    return "" if entry.wanted is None else entry.wanted.value


def _missed(known: DeviceMemory, address: Address, now: float, sought: bool) -> Row:
    seen = known.last_seen or known.first_seen or 0.0
    why = f"Not seen for {duration(now - seen)}" if seen else "Not seen yet"
    return Row(
        worker=known.worker,
        address=address,
        mac=known.mac,
        model=known.model,
        firmware=known.firmware,
        state=State.GONE if sought else State.UNKNOWN,
        hashrate=None,
        expected_hashrate=None,
        boards_alive=None,
        boards_expected=None,
        temperature_max=None,
        uptime=None,
        last_seen=seen,
        because=(f"{why}." if sought else f"{why}; mother has just started.",),
        serial=known.serial or known.place.serial,
        place=known.place,
    )
