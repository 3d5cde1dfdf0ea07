"""Hand a message to apprise; blocks. Nothing that apprise says reaches our log.

Its sentences may hold addresses and tokens. What went wrong is told in words of our own, made
of the one thing in them that is safe: the status that a server answered with.
"""

from __future__ import annotations

import logging
import re
from typing import Any
from urllib.parse import urlsplit

from mother.config.alarm import muzzle
from mother.notify.message import Tone

_STATUS = re.compile(r"error=(\d{3})\b")


def masked(url: str) -> str:
    """`tgram://***`: all of a notify URL that anybody may see."""
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = ""
    return f"{scheme}://***" if scheme else "***"


def send(url: str, title: str, body: str, tone: Tone) -> str:
    """Tell it; empty once it is delivered, else why not. Raises nothing."""
    try:
        return _send(url, title, body, tone)
    except Exception as error:  # a plugin of apprise may raise anything, secrets in its text
        return f"apprise failed ({type(error).__name__})"


def _send(url: str, title: str, body: str, tone: Tone) -> str:
    from apprise import (  # noqa: PLC0415  # heavy, and an extra
        Apprise,
        AppriseAsset,
        NotifyFormat,
        NotifyType,
    )

    muzzle()
    types = {
        Tone.PROBLEM: NotifyType.FAILURE,
        Tone.RECOVERY: NotifyType.SUCCESS,
        Tone.NOTE: NotifyType.WARNING,
    }
    asset = AppriseAsset(async_mode=False)
    asset.app_id = "mother"
    asset._service_timeout = 0  # the deadline is ours: apprise's needs threads that are joined
    teller = Apprise(asset=asset)
    if not teller.add(url):
        return "apprise does not take this address"
    for plugin in teller:
        _in_parts(plugin)
    clues = _Clues()
    logger = logging.getLogger("apprise")
    logger.addHandler(clues)
    try:
        # An empty body is no message for many services.
        done = bool(
            teller.notify(
                body=body or title,
                title=title if body else "",
                notify_type=types[tone],
                body_format=NotifyFormat.TEXT,
            )
        )
    finally:
        logger.removeHandler(clues)
    return "" if done else clues.why


def _in_parts(plugin: Any) -> None:
    """What is longer than the service takes would be refused again and again."""
    from apprise import OverflowMode  # noqa: PLC0415  # heavy, and an extra

    if "overflow_mode" not in vars(plugin):  # the address does not decide
        plugin.overflow_mode = OverflowMode.SPLIT


class _Clues(logging.Handler):
    """Keeps the status that a server answered with, and nothing else."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.why = "apprise could not deliver it"

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record."""
        said = record.getMessage()
        found = _STATUS.search(said)
        if found:
            self.why = f"the service answers with status {found.group(1)}"
        elif "onnection" in said:
            self.why = "the service cannot be reached"
