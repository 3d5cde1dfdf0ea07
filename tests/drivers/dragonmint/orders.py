"""Commands as the layers above give them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mother.core.model import Command, CommandKind, ConfiguredPool, FirmwareImage

VERSION = "t1_20190101_000000"


def order(kind: CommandKind, **args: object) -> Command:
    """One command."""
    return Command(
        id="1",
        key="1",
        actor="test",
        reason="",
        at=0.0,
        expires=1.0,
        device="mac:a0:b0:45:0d:c8:50",
        kind=kind,
        args=args,
    )


def pools(count: int, password: str = "hunter2") -> tuple[ConfiguredPool, ...]:
    """So many pools, each its own."""
    return tuple(
        ConfiguredPool(f"stratum+tcp://pool{n}.example:3333", f"farm.{n}", f"{password}{n}")
        for n in range(count)
    )


def image(folder: Path, size: int = 100_000, version: str = VERSION) -> FirmwareImage:
    """A firmware file of so many bytes, mostly holes, under a name that tells nothing."""
    path = folder / "cached"
    with path.open("wb") as file:
        file.write(b"SWU\r\n\r\n--mother-")
        file.truncate(size)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FirmwareImage(version, str(path), digest, size)
