"""The parts of a test's daemon that stand at its edges: what it tells, keeps and fetches."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from weakref import finalize

from mother.core.bus import Sample
from mother.core.model import Event, EventKind, FirmwareImage, Totals
from mother.fleet.files import PRIVATE, write_atomic
from mother.fleet.firmware import FirmwareRefused


class Ear:
    """A sink that keeps all it hears."""

    name = "ear"

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.samples: list[Sample] = []
        self.sums: list[Totals] = []
        self.gauges: dict[str, float] = {}

    def sample(self, sample: Sample) -> None:
        self.samples.append(sample)

    def event(self, event: Event) -> None:
        self.events.append(event)

    def totals(self, totals: Totals) -> None:
        self.sums.append(totals)

    def numbers(self, numbers: Mapping[str, float]) -> None:
        self.gauges.update(numbers)

    def of(self, *kinds: EventKind) -> list[Event]:
        """What happened of these kinds."""
        return [event for event in self.events if event.kind in kinds]

    def texts(self, *kinds: EventKind) -> list[str]:
        return [event.text for event in self.of(*kinds)]


class Shelf:
    """Firmware files that are what they are called; `refused` says why there are none."""

    def __init__(self) -> None:
        self.refused = ""
        self.folder = Path(mkdtemp(prefix="mother-firmware-"))
        finalize(self, rmtree, self.folder, ignore_errors=True)

    async def own(self, path: str, digest: str, version: str) -> FirmwareImage:
        return self._image(version)

    async def offered(self, version: str, url: str, digest: str | None) -> FirmwareImage:
        return self._image(version)

    def _image(self, version: str) -> FirmwareImage:
        if self.refused:
            raise FirmwareRefused(self.refused)
        file = self.folder / f"{version}.swu"
        content = b"firmware" * 1000
        if not file.exists():
            file.write_bytes(content)
        return FirmwareImage(version, str(file), sha256(content).hexdigest(), len(content))


class Disk:
    """A Writer that has written when it returns; nothing is written while it is `full`."""

    def __init__(self) -> None:
        self.full = ""

    def write(self, path: Path, content: bytes, mode: int = PRIVATE) -> None:
        if not self.full:
            write_atomic(path, content, mode)

    def trouble(self, path: Path) -> str:
        return self.full

    async def flush(self) -> None:
        """All is written."""
