"""No password is in anything that is told, shown or logged, whatever is asked."""

from __future__ import annotations

import json
from typing import Any

from mother.sim.faults import Fault
from tests.desk.asking import (
    DEAD,
    LOGIN,
    LOGINS,
    OTHER,
    SECRET,
    as_json,
    give,
    order,
    paths,
    wishing,
)
from tests.fleet.world import HOUR, MINUTE, World, failures, logged


def everything(world: World) -> list[Any]:
    """All kinds of things that a person asks for, good and bad."""
    desk, mac = world.daemon.desk, world.dragon.mac
    answers: list[Any] = [desk.plan(), desk.apply("all", "ann")]
    world.ether.run(20 * MINUTE)
    answers += [desk.progress(), desk.plan(), desk.status()]
    answers.append(desk.undo("last", "ann", True, False))
    world.dragons[1].fault = Fault.HTTP_500
    answers.append(desk.undo("last", "ann", False, False))
    world.ether.run(HOUR)
    answers.append(order(world, "set_password", {"username": "admin", "password": LOGIN}))
    answers.append(order(world, "set_password", {"username": "admin", "password": SECRET}))
    answers.append(order(world, "set_password", {"username": "x", "password": LOGIN}))
    world.daemon.change(settings=wishing(DEAD).settings)
    world.ether.run(HOUR)
    world.daemon.change(dry_run=True, settings=wishing(OTHER * 2).settings)
    world.ether.run(HOUR)
    answers.append(order(world, "set_password", {"username": "admin", "password": LOGIN}))
    answers += [desk.hold(mac, None, "fans", "ann"), desk.status(), desk.plan(), desk.progress()]
    return answers


def test_no_secret_is_in_anything_that_is_told_shown_or_logged() -> None:
    with logged() as lines:
        world = World(config=wishing(), miners=4)
        for dragon in world.dragons[2:]:
            give(dragon, OTHER)
        world.daemon.start()
        world.ether.run(1.0)
        answers = everything(world)
        world.daemon.stop()
    assert paths(world)
    shown = {
        "answers": repr(answers) + json.dumps(as_json(answers)),
        "events": repr(world.daemon.ear.events) + json.dumps(as_json(world.daemon.ear.events)),
        "log": repr(lines) + "".join(failures(lines)),
        "entries": repr([entry.settings for entry in world.daemon.roster]),
        "memory": repr(world.daemon.memory.devices) + repr(world.daemon.memory.undertaken),
        "config": repr(world.daemon.config),
    }
    for place, text in shown.items():
        assert SECRET not in text, place
        assert LOGIN not in text, place
    assert world.daemon.config.credentials == LOGINS
