"""Logins for orders to devices that show themselves to everybody: tried where one is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mother.core.errors import Declined, DeviceError, Refused, Unreachable, Unsupported
from mother.core.model import Command, Credential
from mother.drivers.base import Device
from mother.fleet.identity import confirmed
from mother.fleet.meeting import TRIES
from mother.fleet.roster import Entry, Roster

Logins = Callable[[Entry], Sequence[Credential]]
"""What may be offered to a device, in this order."""


async def performed(roster: Roster, entry: Entry, command: Command, logins: Logins) -> Device:
    """Carry it out; the device by the login that it took, which is its own from now on.

    A device whose reads are open refuses a login at the first order, and does nothing then: so
    the others are offered, TRIES at most in one go, and those that are left with the next order.
    Raises what `perform` raises.
    """
    device = entry.device
    left = iter(_others(entry, device, logins))
    for _ in range(TRIES):
        try:
            await device.perform(command)
        except Refused as error:
            refused = error
            other = next(left, None)
            if other is None:
                raise
            await other.describe()
            device = other
        else:
            if device is not entry.device:
                roster.move(entry, device)
            return device
    roster.move(entry, device)  # it is the first to be offered next time
    raise refused


async def may_have_arrived(entry: Entry, error: Exception, now: Callable[[], float]) -> bool:
    """Whether the order that ended with this error may have changed anything.

    Who takes no orders from anybody may say so only when it gets one; that is noted.
    """
    if isinstance(error, Refused):
        return entry.family.needs_login  # elsewhere it is all about the login
    if isinstance(error, Declined):
        return not await _is_closed(entry, now)
    return not isinstance(error, (Unreachable, Unsupported, ValueError))


async def _is_closed(entry: Entry, now: Callable[[], float]) -> bool:
    try:
        who = await confirmed(entry)
    except DeviceError:
        return False
    entry.described(who, now())
    return bool(who.closed)


def _others(entry: Entry, device: Device, logins: Logins) -> list[Device]:
    """The same device by the other logins, beginning after the one in use."""
    if entry.family.needs_login:
        return []
    known = list(logins(entry))
    place = known.index(device.credential) + 1 if device.credential in known else 0
    tried, others = {device.credential}, []
    for login in (*known[place:], *known[:place]):
        other = entry.family.device(device.address, login)
        if other.credential not in tried:  # a family may put its own in place of another's
            tried.add(other.credential)
            other.expect(entry.mac)
            others.append(other)
    return others
