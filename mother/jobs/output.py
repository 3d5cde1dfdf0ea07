"""Whether a device hashes as much as it shall, and whether it tunes for ever: pure.

A low ratio is reported. It is never a reason to reboot: that is for what a reboot may cure.
"""

from __future__ import annotations

from msgspec import Struct

from mother.core.reading import Board, Reading
from mother.core.units import finite
from mother.drivers.base import Nature
from mother.fleet.remembered import Ailment, Watch

SLOW_FOR = 1800.0
TUNES_FOR = 6 * 3600.0


class Sign(Struct, frozen=True):
    """What one reading says of one condition; `holds` None: it cannot be judged now."""

    holds: bool | None
    found: float | None = None
    wanted: float | None = None


class Output(Struct, frozen=True):
    """What a device hashed: `mean` in H/s over its family's window, None while that is not full.

    `nature` says how its family is judged.
    """

    mean: float | None = None
    nature: Nature = Nature()


def slow(watch: Watch, reading: Reading, output: Output) -> Sign:
    """Below its family's share of what is expected; well only once it is clearly above."""
    if reading.asleep:
        return Sign(False)
    expected, mean = finite(reading.expected_hashrate), finite(output.mean)
    if not expected or mean is None or not tells(watch, reading, output.nature):
        return Sign(None)
    was = any(one.ailment is Ailment.SLOW and one.ill for one in watch.conditions)
    share = output.nature.clear if was else output.nature.low
    return Sign(mean < share * expected, mean, expected)


def tells(watch: Watch, reading: Reading, nature: Nature) -> bool:
    """Whether what it hashes is all that it can: nothing else explains that it hashes less."""
    if reading.asleep or reading.tuning or reading.restarting or reading.halted:
        return False
    if reading.pool_alive is False or any(up < nature.grace for up in uptimes(reading)):
        return False
    return not _lacks_boards(watch, reading)


def _lacks_boards(watch: Watch, reading: Reading) -> bool:
    """Whether a dead or missing board explains a low hashrate; that has a name of its own."""
    dead = any(board.alive is False for board in reading.boards)
    wanted = watch.boards if reading.expected_boards is None else reading.expected_boards
    return dead or len(reading.boards) < wanted


def tunes(reading: Reading) -> Sign:
    """It tunes; that is no illness until it has lasted."""
    return Sign(reading.tuning and not reading.asleep)


def halted(reading: Reading) -> Sign:
    """It has stopped for an error of its own."""
    return Sign(reading.halted and not reading.asleep)


def too_hot(board: Board, nature: Nature, most: float) -> bool:
    """Whether board or chips are hotter than its family takes; above `most` it is no truth."""
    pairs = ((board.temperature, nature.hot), (board.temperature_chip, nature.hot_chip))
    told = ((finite(found), limit) for found, limit in pairs)
    return any(found is not None and limit < found <= most for found, limit in told)


def uptimes(reading: Reading) -> list[float]:
    """How long it mines, as far as it says."""
    up = finite(reading.uptime)
    return [] if up is None else [up]
