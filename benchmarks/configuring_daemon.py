"""The daemon of `benchmarks.configuring`: the program's own parts, living faster.

`python -m benchmarks.configuring_daemon CONFIG_FILE SPEED EPOCH`; logs to standard error and
ends at SIGTERM.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

from twisted.internet import reactor as global_reactor
from twisted.internet.epollreactor import EPollReactor

from benchmarks.configuring_clock import shared_time
from mother.announcing import announce
from mother.app import Daemon
from mother.config.flags import build_parser
from mother.config.load import Source
from mother.fleet import identity
from mother.fleet.files import Files
from mother.fleet.memory import FileMemory
from mother.terminal import logs
from mother.terminal.process import serve

reactor = cast(EPollReactor, global_reactor)


def main() -> int:
    file, speed, epoch = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    now = shared_time(reactor, speed, epoch)
    logs.begin(logs.TextLog(sys.stderr, now))
    # The one deadline that no option gives: this machine is no faster than it is.
    identity.RECOGNISED_WITHIN = max(identity.RECOGNISED_WITHIN, 4 * speed)
    options = build_parser("run", "mother", "").parse_args(["--config", file])
    config = Source(options, "mother", environ={}, require_network=True).load()
    files = Files(reactor)
    memory = FileMemory(Path(config.state_file), files, reactor, now)
    memory.load()
    daemon = Daemon(config, reactor, now, memory, files, patience=speed)
    announce(config)
    return serve(reactor, daemon.start, daemon.stop).code


if __name__ == "__main__":
    sys.exit(main())
