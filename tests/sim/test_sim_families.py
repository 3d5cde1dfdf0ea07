"""What a farm expects of the package of every family that can be simulated."""

from __future__ import annotations

from typing import cast

import pytest
from twisted.internet.testing import MemoryReactorClock

from mother.sim.device import FarmReactor, SimDevice
from mother.sim.families import FAMILIES
from mother.sim.farm import Farm
from mother.sim.faults import FAULTS, HOSTILE, WIRE_FAULTS, Fault
from mother.sim.plan import FarmPlan


def made(family: str, miners: int = 1, **more: object) -> tuple[list[SimDevice], FarmReactor]:
    memory = cast(FarmReactor, MemoryReactorClock())
    settings = {"mix": {family: miners}, **more}
    return Farm(FarmPlan(**settings), memory, lambda: 1.6e9).devices, memory  # type: ignore[arg-type]  # checked by the plan


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return cast(str, request.param)


def test_its_devices_say_who_they_are(family: str) -> None:
    for device in made(family, 8)[0]:
        assert device.family == family
        assert device.mac.startswith(FAMILIES[family].oui + ":")
        assert device.model in FAMILIES[family].shares
        assert device.host.startswith("127.77.0.")
        assert device.present
        assert device.fault is Fault.NONE


def test_its_services_are_at_the_ports_that_are_planned_for(family: str) -> None:
    devices, reactor = made(family, 30)
    served = {port for device in devices for port in device.services(reactor)}
    assert served == set(FAMILIES[family].ports)


def test_its_devices_take_every_fault_that_can_be_dealt_to_it(family: str) -> None:
    for fault in (*FAULTS, *HOSTILE):
        if FAMILIES[family].knows(fault):
            assert [one.fault for one in made(family, faults={fault: 1})[0]] == [fault]


def test_it_shows_no_fault_that_it_does_not_name(family: str) -> None:
    assert FAMILIES[family].own_faults <= set(FAULTS) | WIRE_FAULTS
    assert FAMILIES[family].random_faults


def test_its_devices_tell_the_farm_when_they_go_or_move(family: str) -> None:
    [device], _ = made(family)
    told: list[str] = []
    device.changed = lambda: told.append(device.host)
    device.move("127.77.9.9")
    assert told == ["127.77.9.9"]
