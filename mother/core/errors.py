"""What can go wrong with a device, as few kinds as there are policies."""

from __future__ import annotations


class DeviceError(Exception):
    """A device could not be read or commanded; costs that device only."""


class Unreachable(DeviceError):
    """No whole answer came: refused, timed out, cut off. Retry later."""


class Refused(DeviceError):
    """The device does not accept our credentials. Back off, do not hammer."""


class Garbled(DeviceError):
    """The answer is not what this family speaks. `sample` keeps its first 200 characters."""

    def __init__(self, message: str, sample: str = "") -> None:
        super().__init__(message)
        self.sample = sample[:200]


class Declined(DeviceError):
    """The device understood the call and said no; the text is the device's reason."""


class Unsupported(DeviceError):
    """This family or model cannot do what was asked."""


class Stranger(DeviceError):
    """Another device answers at the address: `expected` and `found` are MAC addresses."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found
