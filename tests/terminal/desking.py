"""Commands against a daemon's socket with a small desk behind it: in this process, or on a pty."""

from __future__ import annotations

import fcntl
import io
import os
import re
import select
import subprocess
import termios
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, cast

from msgspec import Struct
from twisted.internet import reactor as global_reactor
from twisted.internet.interfaces import IReactorUNIX
from twisted.internet.threads import deferToThread

from mother.control.server import Control
from mother.terminal.commands import perform
from tests.control.desk import Desk
from tests.terminal.processes import MOTHER, environment, until

reactor = cast(IReactorUNIX, global_reactor)


class Done(Struct):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


def no_scan(options: object, program: str) -> tuple[Mapping[str, Any] | None, int]:
    raise AssertionError("there is a daemon, or nothing to plan")


def performed(
    *words: str,
    pause: Callable[[float], None] = lambda _: None,
    plan_now: Any = no_scan,
) -> Done:
    """One command to its end, in this thread; no terminal, and time does not pass."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = perform(words[0], words[1:], "mother", plan_now, pause)
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


class Talk:
    """Ask a desk by commands."""

    def __init__(self, folder: Path, desk: Desk) -> None:
        self.desk = desk
        self.where = f"--control-socket={folder / 'm.sock'}"

    async def __call__(self, *words: str, **more: Any) -> Done:
        return await deferToThread(performed, *words, self.where, **more)

    async def on_terminal(self, *words: str, **how: Any) -> tuple[int, str]:
        return await deferToThread(on_terminal, *words, self.where, **how)


@asynccontextmanager
async def talking(folder: Path, desk: Desk) -> AsyncIterator[Talk]:
    """A socket in `folder`, served by this test's reactor."""
    control = Control(folder / "m.sock", desk, reactor)
    control.start()
    try:
        yield Talk(folder, desk)
    finally:
        await control.stop()


def on_terminal(
    *words: str, cwd: Path, replies: tuple[tuple[str, str], ...] = (), **env: str
) -> tuple[int, str]:
    """Run on a terminal of 80 columns, typing each reply once its pattern is shown."""
    main, other = os.openpty()
    process = subprocess.Popen(
        [*MOTHER, *words], cwd=cwd, env=environment(COLUMNS="80", LINES="24", **env),
        stdin=other, stdout=other, stderr=other, start_new_session=True,
        preexec_fn=_own_terminal,  # noqa: PLW1509  # one call to the kernel, no lock
    )  # fmt: skip
    os.close(other)
    shown = ""
    try:
        for pattern, reply in replies:
            start = len(shown)

            def seen(start: int = start, pattern: str = pattern) -> bool:
                nonlocal shown
                shown += _read(main)
                return re.search(pattern, shown[start:]) is not None

            until(seen, 20, lambda: f"not seen: {shown}")
            os.write(main, reply.encode())
        while part := _read(main, 20):
            shown += part
        return process.wait(20), shown.replace("\r\n", "\n")
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(main)


def _own_terminal() -> None:
    """The pty is the process's terminal: Ctrl-C goes to it, and /dev/tty is it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read(main: int, seconds: float = 0.05) -> str:
    if not select.select([main], [], [], seconds)[0]:
        return ""
    try:
        return os.read(main, 65536).decode(errors="replace")
    except OSError:
        return ""
