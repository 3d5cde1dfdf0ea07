"""What every simulated device goes through, whatever it is: presence, address, faults, time.

A device has no timers: what is to happen stands in its agenda, and happens, at the second it
was meant for, when somebody looks next.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable

from mother.sim.device import FarmReactor
from mother.sim.faults import Fault, between, dice

ABSENCE_S = (60.0, 90.0)
VANISHED_S = (300.0, 1800.0)

Act = Callable[[float], None]
"""Something that happens; told at which second."""


class Life:
    """The part of a `mother.sim.device.SimDevice` that is the same for all families."""

    family = ""
    absence = ABSENCE_S

    def __init__(
        self, host: str, mac: str, now: Callable[[], float], *, model: str, cure: float = 0.5
    ) -> None:
        self.host = self.lease = host
        self.mac = mac
        self.now = now
        self.model = model
        self.cure = cure
        self.changed: Callable[[], None] = _nobody
        self.absent_until = -math.inf
        self.boots = 0
        self.booted_at = now()
        self._fault = Fault.NONE
        self._agenda: list[tuple[float, int, str, Act]] = []
        self._entries = 0

    # Presence

    @property
    def present(self) -> bool:
        """Whether anything listens at its address now."""
        return self.now() >= self.absent_until

    def move(self, host: str) -> None:
        """DHCP deals another address."""
        self.host = self.lease = host
        self.changed()

    def vanish(self, seconds: float = math.inf) -> None:
        """Drop off the network, as with a pulled cable; it mines on."""
        self.absent_until = max(self.absent_until, self.now() + seconds)
        self.changed()

    def come_back(self) -> None:
        """Be there again at once."""
        self.absent_until = -math.inf
        if self._fault is Fault.VANISHED:
            self._fault = Fault.NONE
        self.changed()

    def reboot(self) -> None:
        """Go down now and come back after a while; that may cure a board."""
        self.boots += 1
        back = self.now() + between(*self.absence, self.mac, "absence", self.boots)
        self.absent_until = back
        if self._fault is Fault.VANISHED:
            self._fault = Fault.NONE
        elif self.may_be_cured(self._fault) and dice(self.mac, "cure", self.boots) < self.cure:
            self._fault = Fault.NONE
            self.healed()
        self.booted_at = back
        self.booted(back)
        self.changed()

    # Faults

    @property
    def fault(self) -> Fault:
        """What is wrong now."""
        if self._fault is Fault.VANISHED and self.present:
            return Fault.NONE
        return self._fault

    @fault.setter
    def fault(self, fault: Fault) -> None:
        self.catch_up()
        if self._fault is Fault.VANISHED:
            self.come_back()
        self.healed()
        self._fault = Fault(fault)
        if self._fault is Fault.VANISHED:
            self.vanish(between(*VANISHED_S, self.mac, "vanished"))
        elif self._fault is not Fault.NONE:
            self.hurt(self._fault)

    def may_be_cured(self, fault: Fault) -> bool:
        """Whether a reboot has a chance against it."""
        return False

    def hurt(self, fault: Fault) -> None:
        """Show a fault from now on; a kind that the family does not show does nothing."""

    def healed(self) -> None:
        """Show no fault any more."""

    def booted(self, at: float) -> None:
        """The system is up at that second."""

    # Time

    def plan(self, at: float, name: str, act: Act) -> None:
        """Let something happen at a second; `name` is what `forget` knows it by."""
        self._entries += 1
        bisect.insort(self._agenda, (at, self._entries, name, act))

    def forget(self, name: str) -> None:
        """Nothing of that name happens any more."""
        self._agenda = [entry for entry in self._agenda if entry[2] != name]

    def catch_up(self) -> None:
        """All that was to happen until now has happened; asked before anything is told."""
        while self._agenda and self._agenda[0][0] <= self.now():
            at, _, _, act = self._agenda.pop(0)
            act(at)


class Gate:
    """Tells a device's farm when one of its ports opens again, with one timer at most."""

    __slots__ = ("_due",)

    def __init__(self) -> None:
        self._due = -math.inf

    def opens(self, at: float, device: Life, reactor: FarmReactor) -> bool:
        """Whether it is open now; if not, `device.changed` is called once it is, at `at`."""
        now = device.now()
        if now >= at:
            return True
        if at not in (self._due, math.inf):
            self._due = at
            reactor.callLater(at - now + 0.01, self._knock, at, device)
        return False

    def _knock(self, at: float, device: Life) -> None:
        if self._due == at:
            self._due = -math.inf
            device.changed()


def _nobody() -> None:
    """Nobody watches."""
