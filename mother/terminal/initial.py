"""`mother init`: look at the farm as it is, and write a configuration that is equal to it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from rich.console import Console
from twisted.internet.epollreactor import EPollReactor

from mother.config.drafting import Draft
from mother.config.file import named_in, read_file
from mother.config.flags import Parser
from mother.config.load import ConfigError, Source
from mother.config.model import Config
from mother.config.options import BY_KEY, MOTHER, OPTIONS, Option
from mother.config.problems import Problems, wrong
from mother.config.writing import LEFT_OUT, Given
from mother.control.client import Denied, NoDaemon, ask
from mother.core.clock import steady
from mother.core.model import Credential
from mother.finder import Finder
from mother.fleet.files import Files
from mother.fleet.memory import FileMemory, MemoryRefused
from mother.net.local import local_networks
from mother.terminal import manual
from mother.terminal.errand import as_json
from mother.terminal.initial_farm import harmless, look, miners_of, proved, read_back
from mother.terminal.initial_file import Places, Target, default_path, save, target_of
from mother.terminal.initial_networks import Proposal, answered, proposal
from mother.terminal.initial_words import (
    TRY,
    newcomers,
    next_steps,
    proof,
    show_commands,
    tell_found,
    tell_left,
    tell_refused,
)
from mother.terminal.parsing import parsed, parser_for
from mother.terminal.process import BAD_INPUT, FAILED, INTERRUPTED, OK, explained, once
from mother.terminal.scanning import Found, as_data, watched
from mother.terminal.table import console_on, say

ANSWERS = 3
"""So often a person may mistype the networks."""

PATIENCE = 2.0


class Errand(Struct, frozen=True):
    """What one run of init has to go by; `target` is None where the file is only printed.

    `base` is a file whose options are taken over; `named`: a person said which file to write.
    """

    options: argparse.Namespace
    target: Target | None
    base: str | None
    places: Places
    named: bool = False

    @property
    def console(self) -> Console:
        """Where people read: not where the file or the JSON goes."""
        apart = self.options.print or self.options.json
        return console_on(sys.stderr if apart else sys.stdout)

    @property
    def path(self) -> str:
        """The file, for sentences."""
        return str(self.target.path) if self.target else "the file"


def init(
    words: Sequence[str],
    program: str,
    reactor: EPollReactor,
    places: Places = Places(),  # noqa: B008  # frozen
) -> int:
    """The whole command."""
    options = parsed(_parser(program), words, program)
    try:
        errand = _errand(options, places)
        config = _config(errand)
    except ConfigError as error:
        for line in error.lines:
            print(line, file=sys.stderr)
        return BAD_INPUT
    if config is None:
        print("Nothing was done.", file=sys.stderr)
        return INTERRUPTED
    finder = _finder(errand, config, reactor)
    if finder is None:
        return BAD_INPUT
    served = once(reactor, lambda: watched(finder, reactor, look), finder.close)
    if served.result is None:
        return explained(served)
    return _told(errand, config, finder, served.result)


def _parser(program: str) -> Parser:
    parser = parser_for("init", program, manual.INIT)
    own = parser.add_argument_group("First run")
    own.add_argument("--yes", action="store_true", help="scan what is proposed without a question")
    own.add_argument("--force", action="store_true", help="replace a file that is there already")
    how = own.add_mutually_exclusive_group()
    how.add_argument("--print", action="store_true", help="print the file instead of writing it")
    how.add_argument("--json", action="store_true", help="print what was found as JSON")
    return parser


# before the scan


def _errand(options: argparse.Namespace, places: Places) -> Errand:
    """Checks all that can be checked beforehand. Raises ConfigError."""
    _refuse_wishes(options)
    if options.print:
        path = options.config or str(default_path(places))
        return Errand(options, None, path if os.access(path, os.R_OK) else None, places)
    target = target_of(options.config, places, force=options.force)
    base = str(target.path) if target.there else None
    return Errand(options, target, base, places, named=options.config is not None)


def _refuse_wishes(options: argparse.Namespace) -> None:
    """What the miners have is written down, not what somebody wishes. Raises ConfigError."""
    problems = Problems()
    for option in OPTIONS:
        if getattr(options, option.key, None) is None:
            continue
        place = option.env if option.key in options.from_environment else option.flag
        if option.key in LEFT_OUT:
            problems.add(place, "init writes down what the miners have: change the file afterwards")
        elif option.key == "dry_run":
            problems.add(place, "init writes to no miner anyhow; --print writes no file either")
    problems.end()


def _config(errand: Errand) -> Config | None:
    """The configuration to scan with; None where a person was asked and went away.

    Raises ConfigError.
    """
    errand.options.config = errand.base
    config = Source(errand.options, MOTHER).load()
    if config.networks:
        return config
    found = _proposal()
    asks = sys.stdin.isatty() and not errand.options.yes
    if not asks:
        if not errand.options.yes:
            raise wrong("network", "no terminal to ask on: add --network 10.1.0.0/22, or --yes")
        for note in found.notes:
            print(note, file=sys.stderr)
        if not found.networks:
            raise wrong("network", "nothing to propose: add --network 10.1.0.0/22")
        return _with(errand.options, found.networks)
    for turn in range(ANSWERS):
        typed = answered(found, again=turn > 0)
        if typed is None:
            return None
        try:
            return _with(errand.options, typed)
        except ConfigError as error:
            if turn == ANSWERS - 1:
                raise
            print(*error.lines, sep="\n", file=sys.stderr)
    return None


def _proposal() -> Proposal:
    try:
        return proposal(local_networks())
    except OSError as error:
        return Proposal((), (f"This machine's networks could not be read: {error}.",))


def _with(options: argparse.Namespace, networks: Sequence[str]) -> Config:
    options.network = list(networks)
    return Source(options, MOTHER, require_network=True).load()


def _finder(errand: Errand, config: Config, reactor: EPollReactor) -> Finder | None:
    """What looks, with the worker names of an earlier daemon; None after it was said why not."""
    now, path = steady(reactor), Path(config.state_file)
    packaged = errand.target is not None and errand.target.packaged
    if packaged and "state_file" not in _named(errand):
        path = errand.places.state
    memory = FileMemory(path, Files(reactor), reactor, now)
    try:
        memory.peek()
    except MemoryRefused as error:
        print(error, file=sys.stderr)
        return None
    finder = Finder(harmless(config), reactor, now, memory)
    for ident, device in memory.devices.items():
        if device.worker:
            finder.roster.reserve(device.worker, ident)
    return finder


# after the scan


def _told(errand: Errand, config: Config, finder: Finder, found: Found) -> int:
    """Say what was found, write the file, say what comes next."""
    console = errand.console
    if not errand.options.json:
        tell_found(console, found, miners_of(finder))
        tell_refused(console, found, errand.path)
    if not found.rows:
        if errand.options.json:
            sys.stdout.write(_json(found, config, None, Draft()))
        if not found.sightings:
            say(console, TRY.format(addresses=found.addresses, port=found.port))
        else:
            say(console, "No miner could be identified, and no file was written.")
        return FAILED
    try:
        draft, text = proved(finder, _given(errand, config))
    except ConfigError as error:
        print(*error.lines, sep="\n", file=sys.stderr)
        return FAILED
    if errand.target is None:
        sys.stdout.write(text)
        return OK
    try:
        kept = save(errand.target, text, errand.places)
    except OSError as error:
        print(f"{errand.path}: cannot be written: {error.strerror}", file=sys.stderr)
        return FAILED
    if errand.options.json:
        sys.stdout.write(_json(found, config, errand.target.path, draft))
        return OK
    _tell_written(errand, errand.target, draft, kept, len(found.rows), text)
    return OK


def _given(errand: Errand, config: Config) -> Given:
    """The options that were named by anybody."""
    named = _named(errand)
    secrets = {o.key: _listed(o, named[o.key]) for o in OPTIONS if o.secret and o.key in named}
    return Given(config, frozenset(named), secrets, _logins(named.get("credentials")))


def _named(errand: Errand) -> dict[str, Any]:
    """What file, environment and flags say, as it was written down."""
    named: dict[str, Any] = {}
    if errand.base is not None:
        tree = read_file(errand.base).tree
        named = {key: value for key, (_, value) in named_in(tree, Problems()).items()}
    for option in OPTIONS:
        value = getattr(errand.options, option.key, None)
        if not option.has_flag:
            value = os.environ.get(option.env) or None
        if value is not None:
            named[option.key] = value
    return named


def _logins(value: Any) -> tuple[Credential, ...]:
    """The logins as they were written down: nothing is looked up."""
    kind = BY_KEY["credentials"].kind
    if value is None:
        return ()
    told = kind.from_text(value, "credentials") if isinstance(value, str) else value
    return tuple(login.credential for login in kind.check(told, "credentials"))


def _listed(option: Option, value: Any) -> Any:
    """A secret as it was written down, to be written down again."""
    return value.split() if option.kind.many and isinstance(value, str) else value


def _tell_written(
    errand: Errand, target: Target, draft: Draft, kept: Path | None, count: int, text: str
) -> None:
    console = errand.console
    say(console, "")
    tell_left(console, draft)
    mode = target.path.stat().st_mode & 0o777
    say(console, f"Written: {target.path} (mode {mode:04o}); reboots and upgrades are off in it.")
    if kept is not None:
        say(console, f"What stood there before is kept as {kept}.")
    if draft.holds_passwords:
        say(console, "It holds the passwords of the pools, as the miners tell them.")
    say(console, proof(count))
    say(console, newcomers(draft))
    if not target.packaged and not errand.named and errand.places.settings.is_dir():
        say(console, f"The service reads {errand.places.file}: `sudo mother init` writes that one.")
    say(console, "")
    file = read_back(text)
    service = target.packaged and errand.places.served
    show_commands(console, next_steps(target.path, service, _running(file, errand, target)))


def _running(config: Config, errand: Errand, target: Target) -> str:
    """The socket on which a daemon answers already; empty where none does."""
    sockets = [Path(config.control_socket)]
    for path in [errand.places.socket, *sockets] if target.packaged else sockets:
        try:
            ask(path, "status", patience=PATIENCE)
        except NoDaemon:
            continue
        except Denied:
            pass  # it answers
        return str(path)
    return ""


def _json(found: Found, config: Config, path: Path | None, draft: Draft) -> str:
    """What was found and written: SI units, no passwords."""
    levels = {mac: one.level for mac, one in found.settings.items()}
    return as_json(
        {
            "config": None if path is None else str(path),
            "networks": config.networks,
            "miners": [
                {**as_data(row, found.settings.get(row.mac)), "autotune_level": levels.get(row.mac)}
                for row in found.rows
            ],
            "unidentified": [
                {"address": address, "family": family, "reason": reason}
                for address, family, reason in found.sightings
            ],
            "pools_left_alone": [{"mac_addresses": one.macs, "why": one.why} for one in draft.left],
            "autotune_left_alone": draft.untuned,
        }
    )
