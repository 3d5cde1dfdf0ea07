"""Make the daemon of a configuration, or say why it cannot be."""

from __future__ import annotations

import sys
from pathlib import Path

from twisted.internet.epollreactor import EPollReactor

from mother.app import Daemon
from mother.config.model import Config
from mother.core.clock import Now
from mother.fleet.files import Files
from mother.fleet.memory import FileMemory, MemoryRefused
from mother.terminal import asking


def daemon_of(
    config: Config, reactor: EPollReactor, now: Now, patience: float = 1.0
) -> Daemon | None:
    """The daemon with its memory loaded, or None after it was said why not."""
    if asking.is_served(Path(config.control_socket)):
        return None
    files = Files(reactor)
    memory = FileMemory(Path(config.state_file), files, reactor, now)
    try:
        memory.load()
    except MemoryRefused as error:
        print(error, file=sys.stderr)
        return None
    return Daemon(config, reactor, now, memory, files, patience)
