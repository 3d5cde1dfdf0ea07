"""The API: one row per action, and the one way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from mother.sim.dragonmint import answers, php
from mother.sim.dragonmint.access import TokenExpired
from mother.sim.dragonmint.replies import HANDMADE, RECORDED
from mother.sim.dragonmint.settings import network_refusal, pools_from, static_network
from mother.sim.dragonmint.state import Dragon, Write
from mother.sim.dragonmint.summary import summary

POWER_DELAY_S = 4.0
INDEX_DELAY_S = 1.3

Answer = Mapping[str, Any]


class Reply(Struct, frozen=True):
    """What goes out after `delay` seconds, and what happens to the device right after."""

    content: Answer
    delay: float = 0.0
    then: Callable[[], None] | None = None


class Call(Struct, frozen=True):
    """One action: who may ask, whether it changes something, since which builds it exists.

    `delay` in seconds; `then` happens to the device once the answer is out.
    """

    answer: Callable[[Dragon, php.Form], Answer]
    guest: bool = False
    guest_when_modern: bool = False
    write: bool = False
    modern_only: bool = False
    delay: float = 0.0
    then: Callable[[Dragon], None] | None = None


SUCCESS: Answer = RECORDED["updatePools"]
INVALID: Answer = HANDMADE["invalid"]
EXPIRED: Answer = RECORDED["expired"]


def call(dragon: Dragon, action: str, fields: php.Form, authorization: str = "") -> Reply:
    """Ask one action. A token is tested before anything else, even for a login."""
    try:
        user = dragon.access.user(authorization, dragon.now())
    except TokenExpired:
        return Reply(EXPIRED)
    if action == "auth":
        return Reply(_login(dragon, fields))
    row = CALLS.get(action)
    if row is None or not _allowed(row, dragon, user):
        return Reply(INVALID)
    if row.write:
        dragon.writes.append(Write(dragon.now(), f"/api/{action}", fields))
    then = row.then
    after = None if then is None else lambda: then(dragon)
    return Reply(row.answer(dragon, fields), row.delay, after)


def is_admin(dragon: Dragon, authorization: str) -> bool:
    """What the web server asks before uploads, downloads and log streams."""
    try:
        return dragon.access.user(authorization, dragon.now()) == "admin"
    except TokenExpired:
        return False


def _allowed(row: Call, dragon: Dragon, user: str | None) -> bool:
    if row.modern_only and not dragon.firmware.modern:
        return False
    guest = row.guest or (row.guest_when_modern and dragon.firmware.modern)
    return user == "admin" or (user == "guest" and guest)


def _refused(message: str) -> Answer:
    return {"success": False, "message": message}


def _login(dragon: Dragon, fields: php.Form) -> Answer:
    user, password = php.text(fields, "username"), php.text(fields, "password")
    refusal = dragon.access.refusal(user, password)
    if refusal:
        return _refused(refusal)
    return {"success": True, "jwt": dragon.access.token(user, dragon.now())}


def _success(_dragon: Dragon, _fields: php.Form) -> Answer:
    return SUCCESS


def _update_pools(dragon: Dragon, fields: php.Form) -> Answer:
    dragon.pools = pools_from(fields)
    dragon.restart_mining()
    return SUCCESS


def _update_password(dragon: Dragon, fields: php.Form) -> Answer:
    parts = (php.text(fields, name) for name in ("user", "currentPassword", "newPassword"))
    refusal = dragon.access.change(*parts)
    return _refused(refusal) if refusal else SUCCESS


def _update_network(dragon: Dragon, fields: php.Form) -> Answer:
    """The address changes at once, within the request: the answer may be lost with it."""
    refusal = network_refusal(fields)
    if refusal:
        return _refused(refusal)
    if php.text(fields, "dhcp") == "static":
        dragon.apply_network(static_network(fields), php.text(fields, "ipaddress"))
    else:
        dragon.apply_network(dragon.leased_network, dragon.lease)
    return SUCCESS


def _restart_mining(dragon: Dragon, _fields: php.Form) -> Answer:
    dragon.restart_mining()
    return SUCCESS


def _set_autotune(dragon: Dragon, fields: php.Form) -> Answer:
    mode = php.text(fields, "autotune")
    if not mode:
        return _refused("missing autotune value")
    if dragon.autotune.set(mode, php.text(fields, "level")):
        dragon.restart_mining()
    return SUCCESS


def _reads(answer: Callable[[Dragon], Answer]) -> Callable[[Dragon, php.Form], Answer]:
    return lambda dragon, fields: answer(dragon)


def _error(name: str) -> Callable[[Dragon, php.Form], Answer]:
    return lambda dragon, fields: {**HANDMADE[name], "code": dragon.error_code}


CALLS: dict[str, Call] = {
    "summary": Call(_reads(summary), guest=True),
    "overview": Call(_reads(answers.overview), guest=True),
    "pools": Call(_reads(answers.pools), guest=True),
    "network": Call(_reads(answers.network), guest=True),
    "type": Call(lambda d, f: {**RECORDED["type"], "type": d.model}, guest=True),
    "ping": Call(_success, guest=True),
    "stats": Call(_reads(answers.stats), guest=True),
    "getDebugStats": Call(lambda d, f: RECORDED["getDebugStats"], guest=True),
    "getHashRates": Call(_reads(answers.hash_rates), guest=True),
    "getAutoTune": Call(_reads(answers.autotune)),
    "getAutoTuneStatus": Call(_reads(answers.autotune_status), guest_when_modern=True),
    "getLatestFirmwareVersion": Call(_reads(answers.latest_firmware), delay=INDEX_DELAY_S),
    "getErrorMessage": Call(_error("getErrorMessage")),
    # Only newer builds are known to have it.
    "getErrorDetail": Call(_error("getErrorDetail"), modern_only=True),
    "updatePools": Call(_update_pools, write=True),
    "updatePassword": Call(_update_password, write=True),
    "updateNetwork": Call(_update_network, write=True),
    "setAutoTune": Call(_set_autotune, write=True),
    "restartCgMiner": Call(_restart_mining, write=True),
    "reboot": Call(_success, write=True, delay=POWER_DELAY_S, then=Dragon.reboot),
    "poweroff": Call(_success, write=True, delay=POWER_DELAY_S, then=Dragon.power_off),
    "factoryReset": Call(_success, write=True, delay=POWER_DELAY_S, then=Dragon.factory_reset),
}
"""Every action the devices know but `auth`; all else is an invalid request."""
