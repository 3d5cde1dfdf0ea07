"""Whether somebody keeps this machine's clock right: the kernel knows (adjtimex(2))."""

from __future__ import annotations

import ctypes
import ctypes.util

_ERROR = 5
"""TIME_ERROR of <sys/timex.h>: the clock is not synchronised."""

_ROOM = 512
"""Bytes for a struct timex; it has 208 on 64 bits, and its first member is what is to be set."""


def synchronised() -> bool | None:
    """None where the kernel does not say, as in some containers."""
    libc = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
    asked = ctypes.create_string_buffer(_ROOM)  # all zero: nothing is set
    try:
        state = libc.adjtimex(asked)
    except AttributeError:
        return None
    return None if state < 0 else state != _ERROR
