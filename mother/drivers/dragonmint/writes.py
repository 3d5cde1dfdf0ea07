"""What changes a DragonMint: one row per kind of command.

Each checks its args before a word is said to the miner: ValueError for what none could take.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO

from mother.core.errors import Declined, Refused, Unreachable
from mother.core.model import CommandKind, Credential, FirmwareImage, NetworkSettings
from mother.drivers.dragonmint import configured, firmware, forms
from mother.drivers.dragonmint.session import Session
from mother.net.http import FilePart

Args = Mapping[str, Any]
Write = Callable[[Session, Args], Awaitable[None]]


async def _plain(path: str, session: Session, _: Args) -> None:
    await session.write(path)


async def _last(path: str, session: Session, _: Args) -> None:
    """The miner answers 4 s later or not at all, and its next boot knows no token of this one."""
    await session.write(path)
    session.forget()


async def _pools(session: Session, args: Args) -> None:
    await session.write("/api/updatePools", forms.pools(forms.argument(args, "pools", tuple)))


async def _profile(session: Session, args: Args) -> None:
    """Firmware that has no autotune key to remove says success to `balanced` and saves nothing.

    Another profile gives it such a key: `balanced` once more then removes it.
    """
    mode, level = forms.argument(args, "profile", str), args.get("level")
    wanted = forms.profile(mode, None if level is None else str(level))
    await _set_autotune(session, wanted)
    if mode != "balanced" or await _has(session, wanted):
        return
    await _set_autotune(session, forms.profile("factory", None))
    await _set_autotune(session, wanted)
    if not await _has(session, wanted):
        raise Declined("it took the profile balanced twice and did not keep it")


async def _set_autotune(session: Session, form: forms.Form) -> None:
    await session.write("/api/setAutoTune", form)


async def _has(session: Session, wanted: forms.Form) -> bool:
    """Whether the miner tells this profile, and this level where it tells levels."""
    found = configured.autotune(await session.call("/api/getAutoTune"))
    if found.mode != wanted["autotune"]:
        return False
    return found.level is None or found.level == wanted.get("level", found.level)


async def _network(session: Session, args: Args) -> None:
    """The address may change before the answer is out; who has the old one then is not known."""
    wanted = forms.network(forms.argument(args, "network", NetworkSettings))
    await session.write("/api/updateNetwork", wanted)
    session.forget()


async def _password(session: Session, args: Args) -> None:
    """Nothing can be read back but a login: one tells it where the answer was lost."""
    new = forms.argument(args, "credential", Credential)
    old = session.credential
    answered = await session.write("/api/updatePassword", forms.password(new, old.password))
    if new.username != old.username:
        return
    session.credential = new
    if answered:
        return
    try:
        await session.login()
    except Refused:
        session.credential = old
        raise Unreachable("the answer was lost, and the login is the old one") from None


async def _upgrade(session: Session, args: Args) -> None:
    """The miner flashes, and reboots by itself; its progress is told nowhere we can read."""
    if ("firmware" in args) == ("url" in args):
        raise ValueError("an upgrade needs a firmware file or the address of one, not both")
    if "url" in args:
        form = forms.download(forms.argument(args, "url", str))
        await session.submit("/upgrade/download", form)
    else:
        await _upload(session, forms.argument(args, "firmware", FirmwareImage))
    session.forget()


async def _upload(session: Session, image: FirmwareImage) -> None:
    name = image.version + firmware.SUFFIX
    if not firmware.version_in(name):
        raise ValueError(f"a DragonMint has no firmware version {image.version!r}")
    with _opened(image) as file:
        part = FilePart("upfile", name, file, image.size, image.sha256)
        await session.upload("/upgrade/upload", part)


@contextmanager
def _opened(image: FirmwareImage) -> Iterator[BinaryIO]:
    """The file; ValueError where it cannot be read, now or later, or has another size."""
    try:
        with open(image.path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                raise ValueError(f"the firmware file {image.path} is empty")
            if size != image.size:
                raise ValueError(
                    f"the firmware file {image.path} has {size} bytes, not {image.size}"
                )
            yield file
    except OSError as error:
        raise ValueError(
            f"the firmware file {image.path} cannot be read: {error.strerror}"
        ) from None


WRITES: dict[CommandKind, Write] = {
    CommandKind.REBOOT: partial(_last, "/api/reboot"),
    CommandKind.RESTART_MINING: partial(_plain, "/api/restartCgMiner"),
    CommandKind.SET_POOLS: _pools,
    CommandKind.SET_PROFILE: _profile,
    CommandKind.UPGRADE: _upgrade,
    CommandKind.SET_NETWORK: _network,
    CommandKind.SET_PASSWORD: _password,
    CommandKind.FACTORY_RESET: partial(_last, "/api/factoryReset"),
    CommandKind.POWER_OFF: partial(_last, "/api/poweroff"),
}
"""Everything the family can be told; it has no light to find it by."""
