"""What changes an Antminer: one row per kind of command.

Each checks its args before a word is said to the miner, and who answers before it writes.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, TypeVar

from mother.core.errors import Declined, DeviceError, Refused, Unreachable
from mother.core.model import (
    CommandKind,
    ConfiguredPool,
    Credential,
    FirmwareImage,
    NetworkSettings,
)
from mother.drivers.antminer import configured, firmware
from mother.drivers.antminer.fields import SLEEP
from mother.drivers.antminer.session import Session
from mother.net.http import FilePart

Args = Mapping[str, Any]
Write = Callable[[Session, Args], Awaitable[None]]
T = TypeVar("T")


def _argument(args: Args, name: str, kind: type[T]) -> T:
    value = args.get(name)
    if not isinstance(value, kind):
        raise ValueError(f"the order gives no {name}")  # noqa: TRY004  # as for all bad args
    return value


async def _reboot(session: Session, _: Args) -> None:
    """It may answer or not; its next boot takes no nonce of this one."""
    await session.meet()
    await session.web.write("reboot")
    session.forget()


async def _pause(session: Session, _: Args) -> None:
    """The mode before it is kept for `_resume`: sleeping overwrites it."""
    await session.meet_newer()
    conf = await session.conf()
    mode = configured.mode_in(conf)
    wanted = configured.with_mode(conf, SLEEP)
    if mode != SLEEP:
        session.before_sleep = mode
    await _configure(session, wanted)


async def _resume(session: Session, args: Args) -> None:
    """Back to the mode in which it fell asleep, as far as we know that, else the normal one."""
    await session.meet_newer()
    conf = await session.conf()
    if configured.mode_in(conf) not in {None, SLEEP}:
        return
    mode = session.before_sleep
    if mode is None:
        mode = configured.MODES.get(str(args.get("profile")), 0)
    await _configure(session, configured.with_mode(conf, mode))
    session.before_sleep = None


async def _profile(session: Session, args: Args) -> None:
    """Mode and sleep are one setting: a sleeping miner would wake, so it is left alone."""
    name = _argument(args, "profile", str)
    if name not in configured.MODES:
        known = ", ".join(configured.MODES)
        raise ValueError(f"an Antminer has no profile {name!r}, only {known}")
    if args.get("level") is not None:
        raise ValueError("profiles of an Antminer have no levels")
    await session.meet_newer()
    conf = await session.conf()
    if configured.mode_in(conf) == SLEEP:
        raise Declined("it sleeps, and a profile would wake it: resume it first")
    await _configure(session, configured.with_mode(conf, configured.MODES[name]))


async def _pools(session: Session, args: Args) -> None:
    wanted: Sequence[ConfiguredPool] = _argument(args, "pools", tuple)
    configured.check_pools(wanted)
    await session.meet_newer()
    conf = await session.conf()
    await _configure(session, configured.with_pools(conf, wanted))


async def _configure(session: Session, conf: Mapping[str, Any]) -> None:
    session.changed = True
    await session.web.write("set_miner_conf", conf)


async def _locate(session: Session, args: Args) -> None:
    """Its light can be read back, and is."""
    on = _argument(args, "on", bool)
    await session.meet_newer()
    await session.web.write("blink", {"blink": "true" if on else "false"})
    try:
        told = (await session.web.ask("get_blink_status")).get("blink")
    except DeviceError:
        return
    if isinstance(told, bool) and told is not on:
        raise Declined(f"its light is still {'on' if told else 'off'}")


async def _network(session: Session, args: Args) -> None:
    """The address may change before the answer is out; who has the old one then is not known."""
    wanted = _argument(args, "network", NetworkSettings)
    configured.check_network(wanted)
    await session.meet_newer()
    form = configured.network_form(wanted, session.hostname)
    await session.web.write("set_network_conf", form)
    session.forget()


async def _password(session: Session, args: Args) -> None:
    """Nothing can be read back but a login: one tells it where the answer was lost.

    Where that has no answer either, it counts as taken.
    """
    new = _argument(args, "credential", Credential)
    old = session.web.credential
    if new.username != old.username:
        raise ValueError(f"the user of an Antminer is {old.username!r} and cannot be changed")
    if not new.password:
        raise ValueError("a login needs a password")
    await session.meet_newer()
    form = {"curPwd": old.password, "newPwd": new.password, "confirmPwd": new.password}
    answered = await session.web.write("passwd", form)
    session.web.credential = new
    if answered:
        return
    try:
        await session.meet()
    except Refused:
        session.web.credential = old
        raise Unreachable("the answer was lost, and the login is the old one") from None
    except Unreachable:
        return


async def _upgrade(session: Session, args: Args) -> None:
    """It flashes, and reboots by itself."""
    if "url" in args:
        raise ValueError("an Antminer fetches no firmware itself: give a file")
    image = _argument(args, "firmware", FirmwareImage)
    name = image.version + firmware.SUFFIX
    if not firmware.version_in(name):
        raise ValueError(f"an Antminer has no firmware version {image.version!r}")
    with _opened(image) as file:
        part = FilePart("firmware", name, file, image.size, image.sha256)
        await session.meet_newer()
        await session.web.upload("upgrade", part)
    session.forget()


@contextmanager
def _opened(image: FirmwareImage) -> Iterator[BinaryIO]:
    """The file; ValueError where it cannot be read, now or later, or has another size."""
    try:
        with open(image.path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not size or size != image.size:
                raise ValueError(
                    f"the firmware file {image.path} has {size} bytes, not {image.size}"
                )
            yield file
    except OSError as error:
        raise ValueError(
            f"the firmware file {image.path} cannot be read: {error.strerror}"
        ) from None


WRITES: dict[CommandKind, Write] = {
    CommandKind.REBOOT: _reboot,
    CommandKind.PAUSE: _pause,
    CommandKind.RESUME: _resume,
    CommandKind.SET_PROFILE: _profile,
    CommandKind.SET_POOLS: _pools,
    CommandKind.LOCATE: _locate,
    CommandKind.SET_NETWORK: _network,
    CommandKind.SET_PASSWORD: _password,
    CommandKind.UPGRADE: _upgrade,
}
"""Everything the family can be told."""
