"""`mother resume --offline`: wake whom the journal names, without a daemon."""

from __future__ import annotations

import os
import socket
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct
from twisted.internet.epollreactor import EPollReactor

from mother.config import places
from mother.config.load import Source
from mother.config.model import Config
from mother.core import crowd
from mother.core.clock import Now, sleep, steady
from mother.core.errors import DeviceError, Stranger, Unreachable, Unsupported
from mother.core.model import Address, Command, CommandKind
from mother.core.units import duration
from mother.finder import Finder
from mother.fleet.files import Files
from mother.fleet.identity import RECOGNISED_WITHIN, NobodyHome
from mother.fleet.meeting import Claim
from mother.fleet.memory import FileMemory, MemoryRefused
from mother.fleet.remembered import DeviceMemory
from mother.fleet.roster import Entry
from mother.schedule.journal import Journal, Line, Woken, beside
from mother.schedule.orders import is_running
from mother.schedule.values import Sleeper
from mother.terminal import herd
from mother.terminal.arguments import BadInput
from mother.terminal.commands import DESK
from mother.terminal.errand import agreed, many, who
from mother.terminal.pages import PAGES
from mother.terminal.parsing import desk_parser, loaded, parsed
from mother.terminal.process import BAD_INPUT, FAILED, OK, explained, once
from mother.terminal.table import console_on, say

SERVICE_STATE = "/var/lib/mother/mother-state.json"
"""What the daemon keeps that runs as the service `mother`."""

AT_ONCE = 100
LEAST = 10.0
"""So many may wake in a minute in the smallest of farms."""

PATIENCE = 3600.0
"""Seconds for which an order to wake may wait for its turn at the device."""

Told = Callable[[herd.Outcome], None]


class Wakers(Struct, frozen=True):
    """What a waking needs: the parts that reach miners, what is known, and the pace."""

    finder: Finder
    memory: FileMemory
    journal: Journal
    despite_hold: bool
    at_once: int
    gap: float


def offline(words: Sequence[str], program: str, reactor: EPollReactor) -> int:
    """Wake all sleepers of the journal; 0 when all are awake."""
    parser = desk_parser("resume", program, PAGES["resume"])
    for add in DESK["resume"].arguments:
        add(parser)
    options = parsed(parser, words, program)
    config = loaded(Source(options, program))
    if config is None:
        return BAD_INPUT
    try:
        if options.miner is not None or options.all:
            raise BadInput("--offline wakes everybody in the journal: name nobody with it")
        at_once = AT_ONCE if options.at_once is None else herd.at_once_in(options.at_once)
        control = places.socket_for(config.control_socket, vars(options))
        if not options.force and listens(Path(control)):
            print(
                f"a daemon runs and listens on {control}: `{program} resume --all` lets it wake "
                "them; --force does it without, and it may put them to sleep again",
                file=sys.stderr,
            )
            return FAILED
        state = state_file(config.state_file)
        now = steady(reactor)
        files = Files(reactor)
        memory = FileMemory(Path(state), files, reactor, now)
        journal = Journal(beside(state), files, now)
        if not _known(memory, journal, beside(state)):
            return FAILED
        finder = Finder(config, reactor, now, memory)
        gap = gap_of(config, len(journal.sleepers), len(memory.devices))
        wakers = Wakers(finder, memory, journal, options.despite_hold, at_once, gap)
        return _woken(wakers, files, bool(options.yes), reactor)
    except BadInput as error:
        print(error, file=sys.stderr)
        return BAD_INPUT


def listens(control: Path) -> bool:
    """Whether somebody listens there, whether or not it answers; who may not ask is told so."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(control))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except PermissionError:
            raise BadInput(f"{control} belongs to another user: try sudo") from None
        except OSError as error:
            return not isinstance(error, NotADirectoryError) and "too long" not in str(error)
    return True


def state_file(own: str, service: str = SERVICE_STATE) -> str:
    """Where the daemon keeps what it knows: `own`, or the service's where none is named here."""
    if own == places.STATE_FILE and not beside(own).exists() and beside(service).exists():
        return service
    return own


def gap_of(config: Config, sleepers: int, devices: int) -> float:
    """Seconds between two miners that wake."""
    plan = config.schedule
    gap = 0.0
    if plan.resume_percent:
        gap = 60.0 / max(LEAST, max(sleepers, devices) * plan.resume_percent / 100)
    return max(gap, plan.up.gap / plan.up.batch) if plan.up.batch else gap


def _known(memory: FileMemory, journal: Journal, path: Path) -> bool:
    """Read both; whether there is a journal. What cannot be read is said."""
    try:
        memory.peek()
    except MemoryRefused as error:
        print(f"{error} It is not used.", file=sys.stderr)
    try:
        journal.peek()
    except MemoryRefused as error:
        print(
            f"{error}: call this as the user that the daemon runs as, or with sudo", file=sys.stderr
        )
        return False
    if not os.path.lexists(path):
        print(
            f"there is no journal {path}: mother has put nobody to sleep, or the daemon has "
            "another --state-file",
            file=sys.stderr,
        )
        return False
    return True


def _woken(wakers: Wakers, files: Files, yes: bool, reactor: EPollReactor) -> int:
    """Ask, wake them with a bar, and tell what came of it."""
    sleepers = sorted(wakers.journal.sleepers.values(), key=lambda one: one.worker)
    console = console_on(sys.stdout)
    if not sleepers:
        say(console, "Nobody sleeps by an order of mother, as its journal says.")
        return OK
    seconds = wakers.gap * (len(sleepers) - 1)
    pace = f" Begun over {duration(seconds)}." if seconds >= 1 else ""
    if not agreed(f"Wake {many(len(sleepers), 'miner')}?{pace}", yes):
        return FAILED
    targets = [herd.Target(one.worker, one.device, one.address) for one in sleepers]
    outcome = herd.Outcome({})

    async def stop() -> None:
        await wakers.finder.close()
        await files.stop()

    with herd.Shown(len(targets), "resume") as shown:
        files.start()
        work = partial(wake_all, wakers, sleepers, outcome, shown.tell)
        served = once(reactor, work, stop)
    code = herd.summed(targets, outcome, Counter(), every=False)
    if wakers.journal.trouble:
        print(
            f"The journal cannot be written ({wakers.journal.trouble}): it still names them.",
            file=sys.stderr,
        )
    for line in _still_ordered(wakers):
        say(console, line)
    return explained(served) or code


def _still_ordered(wakers: Wakers) -> list[str]:
    orders, now = wakers.memory.undertaken.curtailments, wakers.finder.now()
    running = [one.id for one in orders if is_running(one, now)]
    if not running:
        return []
    names = ", ".join(running)
    return [f"Once a daemon runs, it puts to sleep again whom {names} wants asleep: resume that."]


async def wake_all(
    wakers: Wakers, sleepers: Sequence[Sleeper], outcome: herd.Outcome, told: Told
) -> None:
    """Wake them one after the other, at the pace; `outcome` is filled in, by DeviceId."""
    clock = wakers.finder.reactor
    wakers.finder.members.settle()
    began = clock.seconds()

    async def wake(place: tuple[int, Sleeper]) -> None:
        number, sleeper = place
        await sleep(clock, began + number * wakers.gap - clock.seconds())
        outcome.results[sleeper.device] = await wake_one(wakers, sleeper)
        told(outcome)

    await crowd.each(enumerate(sleepers), wake, wakers.at_once)
    await wakers.journal.flush()


async def wake_one(wakers: Wakers, sleeper: Sleeper) -> herd.Result:
    """Wake one, once it is confirmed that it is that one; what came of it."""
    finder = wakers.finder
    _recall(wakers, sleeper)
    try:
        entry = finder.roster.get(sleeper.device) or await _met(wakers, sleeper)
    except DeviceError as error:
        return herd.Result("failed", _in_words(error))
    done = await finder.commands.submit(_order(entry, wakers.despite_hold, finder.now))
    if not done.done:
        return herd.Result(done.result, done.text)
    wakers.journal.tell(Line(woken=Woken(sleeper.device, finder.now(), start=done.sent)))
    return herd.Result("done", done.text or "it is awake")


def _recall(wakers: Wakers, sleeper: Sleeper) -> None:
    """Where the state file knows nothing of it, the journal does: logins hang on who it is."""
    memory, known = wakers.memory, wakers.memory.device(sleeper.device)
    if not known.mac:
        address = address_of(sleeper)
        memory.remember(
            sleeper.device,
            DeviceMemory(
                mac=sleeper.mac, worker=sleeper.worker, family=sleeper.family, address=address
            ),
        )
    setups = wakers.finder.setups
    if sleeper.profile and not setups.of(sleeper.device).slept:
        setups.keep(sleeper.device, slept=sleeper.profile)


async def _met(wakers: Wakers, sleeper: Sleeper) -> Entry:
    """It, at the address where it fell asleep, or where the state file knows it to be since.

    Raises DeviceError. No login is offered to what does not bear the family's mark.
    """
    finder = wakers.finder
    family = next((one for one in finder.families if one.name == sleeper.family), None)
    if family is None:
        raise Unsupported(f"no {sleeper.family} of that name is known to the configuration")
    known = wakers.memory.device(sleeper.device).address
    homes = dict.fromkeys(one for one in (address_of(sleeper), known) if one is not None)
    wrong: DeviceError = Unreachable(f"the journal names no address, but {sleeper.address!r}")
    for address in homes:
        try:
            entry = await _at(wakers, Claim(family, address), sleeper)
        except DeviceError as error:
            wrong = error
        else:
            finder.roster.add(entry)
            return entry
    raise wrong


async def _at(wakers: Wakers, claim: Claim, sleeper: Sleeper) -> Entry:
    family, address = claim.family, claim.address
    if not await family.recognise(address, RECOGNISED_WITHIN):
        raise NobodyHome(f"no {family.name} answers at {address}")
    device, said = await wakers.finder.meeting.log_in(claim, ident=sleeper.device)
    if said.mac != sleeper.mac:
        raise Stranger(sleeper.mac, said.mac)
    device.expect(sleeper.mac)
    return Entry(sleeper.device, sleeper.worker, family, device, said)


def address_of(sleeper: Sleeper) -> Address | None:
    """Its `host:port` as an address."""
    host, _, port = sleeper.address.rpartition(":")
    return Address(host, int(port)) if host and port.isascii() and port.isdigit() else None


def _order(entry: Entry, despite_hold: bool, now: Now) -> Command:
    ident, at = uuid.uuid4().hex, now()
    return Command(
        id=ident,
        key=ident,
        actor=who(),
        reason=f"Ordered by {who()}, without a daemon.",
        at=at,
        expires=at + PATIENCE,
        device=entry.id,
        kind=CommandKind.RESUME,
        by_hand=True,
        despite_hold=despite_hold,
    )


def _in_words(error: DeviceError) -> str:
    if isinstance(error, Stranger):
        return f"{error.found} answers there now, and not it: look for it with `mother scan`"
    return str(error)
