"""What an Avalon says is wrong with it: pure.

The bits of ECHU (one number a hashboard) and ECMM (the control board) are those of the maker's
own open driver for the A8 and A9; no document tells whether later models use them all.
"""

from __future__ import annotations

from collections.abc import Iterator

from mother.core.reading import DeviceFault
from mother.drivers.avalon.blocks import Block, number, numbers

_BITS = (
    (0x2, "wrong checksums"),
    (0x4, "no fan"),
    (0x8, "locked"),
    (0x10, "its queue overflows"),
    (0x20, "its buffer overflows"),
    (0x40, "too hot"),
    (0x80, "it was too hot"),
    (0x100, "the chain of chips is broken"),
    (0x200, "a core failed its test"),
    (0x400, "the power unit is not valid"),
    (0x800, "no power good"),
    (0x1000, "a temperature sensor failed"),
    (0x2000, "wrong voltage"),
    (0x4000, "wrong core voltage"),
    (0x8000, "wrong checksum of the power unit"),
    (0x10000, "a wrong clock"),
    (0x20000, "the board failed"),
)
_IDLE = 0x1
_MOST = 64


def faults(told: Block, first_board: int = 0) -> tuple[DeviceFault, ...]:
    """All that it tells; `first_board` is the number of the module's first hashboard."""
    return tuple(_all(told, first_board))[:_MOST]


def _all(told: Block, first_board: int) -> Iterator[DeviceFault]:
    for place, value in enumerate(numbers(told, "ECHU"), first_board):
        text = meaning(value)
        if text:
            yield DeviceFault(f"ECHU{place}:{_whole(value)}", f"board {place}: {text}")
    for value in numbers(told, "ECMM")[:1]:
        text = meaning(value)
        if text:
            yield DeviceFault(f"ECMM:{_whole(value)}", f"control board: {text}")
    for value in numbers(told, "PS")[:1]:
        if value:
            yield DeviceFault(f"PS:{_whole(value)}", f"power supply: error {_whole(value)}")
    wrong = number(told, "FanErr")
    if wrong:
        yield DeviceFault(f"FanErr:{_whole(wrong)}", f"fans: error {_whole(wrong)}")
    bus = told.get("POW_I2C", "OK")
    if bus.upper() != "OK":
        yield DeviceFault("POW_I2C", "the control board does not reach the power supply")


def meaning(value: float | None) -> str:
    """An error number in words; empty for none, and for idling."""
    code = _whole(value) & ~_IDLE
    if code <= 0:
        return ""
    words = [word for bit, word in _BITS if code & bit]
    rest = code & ~sum(bit for bit, _ in _BITS)
    if rest:
        words.append(f"error 0x{rest:x}")
    return ", ".join(words)


def _whole(value: float | None) -> int:
    return 0 if value is None or not 0 <= value < 2**63 else int(value)
