"""`mother notify --test`: send one message through every channel, and say which got it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

from mother.config.load import Source
from mother.config.model import Config
from mother.notify.courier import Send, labels_of
from mother.notify.message import Tone
from mother.notify.post import send as post
from mother.terminal import manual
from mother.terminal.parsing import loaded, parsed, parser_for
from mother.terminal.process import BAD_INPUT, FAILED, OK

PATIENCE = 60.0
"""Seconds that one channel may take."""

TITLE = "A test of mother's alarms"
BODY = "Nothing is wrong: somebody called `mother notify --test`. Alarms would come here."


def notify(words: Sequence[str], program: str) -> int:
    """`mother notify`."""
    parser = parser_for("notify", program, manual.NOTIFY)
    parser.add_argument(
        "--test", action="store_true", help="send a test message through every --notify-url now"
    )
    options = parsed(parser, words, program)
    if not options.test:
        print(f"{program} notify: nothing to do; say --test to send a test", file=sys.stderr)
        return BAD_INPUT
    config = loaded(Source(options, program))
    return BAD_INPUT if config is None else try_all(config)


def try_all(config: Config, send: Send = post, patience: float = PATIENCE) -> int:
    """Try every channel and print how it went; the exit code."""
    urls = config.alarm.urls
    if not urls:
        print(
            "notify_url: none is given, so nobody is told; e.g. --notify-url ntfys://TOPIC",
            file=sys.stderr,
        )
        return BAD_INPUT
    code = OK
    for url, label in labels_of(urls).items():
        why = _tried(url, send, patience)
        print(f"{label}: {f'not delivered, {why}' if why else 'delivered'}", flush=True)
        code = FAILED if why else code
    return code


def _tried(url: str, send: Send, patience: float) -> str:
    """Why it failed, empty where it did not; a channel that hangs is left to itself."""
    said: list[str] = []
    work = threading.Thread(
        target=lambda: said.append(send(url, TITLE, BODY, Tone.NOTE)), name="notify", daemon=True
    )
    work.start()
    work.join(patience)
    return said[0] if said else f"it does not end within {patience:g} s"
