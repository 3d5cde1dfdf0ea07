"""What the benchmark of a whole farm's sleep sees from inside the devices, and makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from benchmarks.curtailing import Scene, Slept, Woke, rows
from benchmarks.curtailing_witness import Witness, can_sleep
from mother.sim.antminer.state import Antminer
from mother.sim.avalon.state import Avalon
from mother.sim.axeos.state import Axe
from mother.sim.faults import Fault
from mother.sim.whatsminer.state import Whatsminer
from tests.benchmarks.test_simulated_farm import devices_of

MIX = {"antminer": 1, "whatsminer": 1, "avalon": 1, "axeos": 1, "dragonmint": 1}
SLEPT = Slept(100, 3.0, 8.0, {"avalon": 5.0}, 12.0, 0, 0, 0, 1.0, 1.0)
WOKE = Woke(30.0, 0, 0, 0)


def put_to_sleep(device: object) -> None:
    if isinstance(device, Antminer):
        device.configure({**device.conf, "miner-mode": 1, "bitmain-work-mode": "1"})
    elif isinstance(device, Whatsminer):
        device.power_off()
    elif isinstance(device, Avalon):
        device.switch(off=True, at=int(device.clock))
    elif isinstance(device, Axe):
        device.pause(True)


def test_an_order_to_sleep_is_seen_at_a_device_of_every_family_that_can() -> None:
    devices = devices_of(**MIX)
    witness = Witness(devices)
    for device in devices:
        put_to_sleep(device)
    seen = witness.seen()
    able = {one.mac for one in devices if one.family != "dragonmint"}
    assert set(seen["asleep"]) == set(seen["told"]) == set(seen["slept"]) == able
    assert seen["needless"] == []


def test_an_order_to_who_sleeps_already_is_seen_as_needless() -> None:
    devices = devices_of(**MIX)
    witness = Witness(devices)
    for device in (*devices, *devices):
        put_to_sleep(device)
    seen = witness.seen()
    assert sorted(seen["needless"]) == sorted(seen["told"])
    assert {len(times) for times in seen["told"].values()} == {2}
    witness.forget()
    assert witness.seen()["told"] == {}


def test_who_is_ill_or_of_the_old_generation_cannot_sleep() -> None:
    devices = devices_of(antminer=60, axeos=20)
    devices[0].fault = Fault.HANG
    for device in devices:
        old = isinstance(device, Antminer) and device.firmware.old
        lacks = isinstance(device, Axe) and not device.firmware.pauses
        assert can_sleep(device) is not (device.fault is Fault.HANG or old or lacks)
    assert 20 < sum(map(can_sleep, devices)) < 75


def test_the_last_word_of_the_journal_about_a_device_counts(tmp_path: Path) -> None:
    lines = (
        '{"asleep": {"device": "s/mac:a"}}\n{"asleep": {"device": "s/mac:b"}}\n'
        '{"waking": {"device": "s/mac:a"}}\n{"woken": {"device": "s/mac:a"}}\n'
    )
    (tmp_path / "sleepers.jsonl").write_text(lines)
    none = cast(Any, None)
    assert Scene(tmp_path, none, none).sleepers() == {"b"}


def test_what_mother_adds_is_what_is_not_the_slowest_devices_own() -> None:
    assert SLEPT.added == 7.0
    missed = [row.what for row in rows("100 devices", SLEPT, WOKE) if row.met is False]
    assert not missed
