"""`mother record HOST`: keep a device's answers, scrubbed, for a test or a question."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from rich import box
from rich.console import Console
from rich.table import Table
from twisted.internet.epollreactor import EPollReactor

from mother import __version__
from mother.config.load import Source
from mother.config.model import Config
from mother.config.subject import Subject
from mother.core.clock import steady
from mother.core.model import Credential
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.wire import Wire
from mother.terminal.arguments import BadInput, ipv4_in
from mother.terminal.interview import PAUSE, Heard, Interview, Silence
from mother.terminal.naming import folder_name
from mother.terminal.parsing import loaded, parsed, parser_for
from mother.terminal.process import BAD_INPUT, FAILED, OK, explained, once
from mother.terminal.scrubbing import Scrubber
from mother.terminal.table import console_on, say

RECORD = (
    "Ask one device, known to mother or not, all that can be asked without changing anything, and "
    "keep its answers in a new folder in this directory: what a maker of software needs to teach "
    "mother a device or a firmware. Asks its page and what is known to lie behind it, cgminer's "
    "commands on port 4028 and Whatsminer's on 4433; one question at a time, each once, with a "
    "pause between. Logs in nowhere unless --login is given. Pool accounts, worker names, "
    "passwords, tokens, wallets, pool hosts, IP and MAC addresses, serial numbers, host and Wi-Fi "
    "names are replaced before anything is written; a table says how many. Look through the files "
    "before you give them away: nothing can know a secret that looks like none. Examples: "
    "`mother record 10.1.2.3`; `mother record 10.1.2.3 --login --config /etc/mother/mother.toml`. "
    "Exit code 1 also where nothing was answered: no folder is made then."
)

MOST_FOLDERS = 1000


class Recorded(Struct, frozen=True):
    """Where the answers are, how many, and what was replaced in them."""

    folder: Path
    answers: int
    silent: int
    different: Mapping[str, int]
    places: Mapping[str, int]


def record(words: Sequence[str], program: str, reactor: EPollReactor) -> int:
    """`mother record`."""
    parser = parser_for("record", program, RECORD, "HOST [--login]")
    parser.add_argument("host", metavar="HOST", help="the device's IPv4 address")
    parser.add_argument(
        "--login",
        action="store_true",
        help="try the logins of the configuration, or those that makers set, in their order, "
        "where a page asks for one",
    )
    options = parsed(parser, words, program)
    config = loaded(Source(options, program))
    if config is None:
        return BAD_INPUT
    try:
        host = ipv4_in(options.host, "HOST")
    except BadInput as error:
        print(f"{program} record: {error}", file=sys.stderr)
        return BAD_INPUT
    return _record(config, host, bool(options.login), reactor)


def _record(config: Config, host: str, login: bool, reactor: EPollReactor) -> int:
    now = steady(reactor)
    http = Http(reactor, lambda: config.connect_timeout)
    lines = Lines(reactor, lambda: config.connect_timeout)
    wire = Wire(http, lines, lambda: config.dragon_timeout, lambda: config.ports, now)
    logins = logins_for(config, host) if login else ()
    interview = Interview(wire, reactor, host, logins, PAUSE)
    say(Console(stderr=True), f"Asking {host}, a question at a time ...")
    served = once(reactor, interview.run, http.close)
    if served.code != OK:
        return explained(served)
    if not interview.heard:
        ports = ", ".join(map(str, config.ports.all))
        print(f"{host}: nothing answered on the ports {ports}", file=sys.stderr)
        return FAILED
    try:
        kept = keep(interview, host, Path.cwd(), time.strftime("%Y-%m-%d", time.localtime(now())))
    except OSError as error:
        print(f"{error.filename or Path.cwd()}: {error.strerror}", file=sys.stderr)
        return FAILED
    tell(kept, console_on(sys.stdout))
    return OK


FACTORY = (
    Credential("root", "root"),
    Credential("admin", "admin"),
    Credential("admin", "dragonadmin"),
    Credential("admin", "innoadmin"),
)
"""What makers set, where the configuration names no login."""


def logins_for(config: Config, host: str) -> tuple[Credential, ...]:
    """Those of the configuration that may be tried at this host."""
    return config.logins(Subject(host=host)) or FACTORY


def keep(interview: Interview, host: str, into: Path, date: str) -> Recorded:
    """Scrub all answers and write them to a new folder there. Raises OSError."""
    scrubber = Scrubber()
    scrubber.text(host)
    for secret in interview.sent:
        scrubber.mark(secret)
    for heard in interview.heard:
        scrubber.learn(heard.body)
        scrubber.learn(heard.how.encode("utf-8"))
    scrubber.begin()
    files = {_file(heard): scrubber.scrub(heard.body) for heard in interview.heard}
    readme = _readme(interview, scrubber, date)
    folder = _new(into, scrubber.text(folder_name(interview.heard, date)))
    for name, body in {**files, "README.txt": readme.encode("utf-8")}.items():
        _write(folder / name, body)
    return Recorded(
        folder,
        len(interview.heard),
        len(interview.silent),
        {kind.value: count for kind, count in scrubber.different.items()},
        {kind.value: count for kind, count in scrubber.places.items()},
    )


def tell(kept: Recorded, console: Console) -> None:
    """What was replaced, how often, and where it is; never what it was."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    table.add_column("Replaced", min_width=18)
    table.add_column("Different", justify="right", min_width=10)
    table.add_column("Places", justify="right", min_width=7)
    for kind, places in sorted(kept.places.items()):
        table.add_row(kind, str(kept.different.get(kind, 0)), str(places))
    if kept.places:
        console.print(table)
    many = "1 answer" if kept.answers == 1 else f"{kept.answers} answers"
    silent = f"; {kept.silent} questions brought none" if kept.silent else ""
    say(console, f"Written: {kept.folder} ({many}{silent}; mode 0700, for this user only).")
    say(console, "Look through the files before you give them away.")


# files


def _file(heard: Heard) -> str:
    start = heard.body.lstrip()[:1]
    kind = "json" if start in (b"{", b"[") else "html" if start == b"<" else "txt"
    return f"{heard.question.name}.{kind}"


def _new(into: Path, name: str) -> Path:
    """A folder that was not there; the name gets a number where it was."""
    for number in range(1, MOST_FOLDERS):
        folder = into / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(17, "is there already, and so are its numbered ones", str(into / name))


def _write(path: Path, body: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(body)


def _readme(interview: Interview, scrubber: Scrubber, date: str) -> str:
    heard = [_asked(one, scrubber.text) for one in interview.heard]
    silent = [_unanswered(one) for one in interview.silent]
    replaced = [
        f"  {kind.value}: {count} different, in {scrubber.places[kind]} places"
        for kind, count in sorted(scrubber.different.items())
    ]
    return "\n".join(
        [
            f"Answers of one device, recorded on {date} by mother {__version__}.",
            "",
            "What was asked, and the file that holds the answer:",
            *heard,
            *(["", "What brought no answer:", *silent] if silent else []),
            "",
            "What was replaced (the same value by the same word in all files):",
            *(replaced or ["  nothing"]),
            "",
            "An answer that is JSON was indented anew; its numbers are as they were written, and",
            "keys that came twice come twice. An answer that is none kept its bytes but for what",
            "was replaced. Pages that came packed were unpacked.",
            "",
        ]
    )


def _asked(heard: Heard, clean: Callable[[str], str]) -> str:
    how = f" ({clean(heard.how)})" if heard.how else ""
    return f"  {_file(heard)}: {heard.question.port}: {heard.question.words}{how}"


def _unanswered(silent: Silence) -> str:
    return f"  {silent.question.port}: {silent.question.words}: {silent.why}"
