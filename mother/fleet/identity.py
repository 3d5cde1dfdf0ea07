"""Who a device is: its MAC address, never its IP address."""

from __future__ import annotations

import re

UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


def device_id(site: str, mac: str) -> str:
    """The key of a device everywhere: `site/mac:a0:b0:45:00:e3:ab`."""
    return f"{site}/mac:{mac}"


def worker_name(template: str, mac: str, model: str) -> str:
    """The worker name, such as `dragon-4500e3ab` (the last 8 hex digits of the MAC).

    `template` may hold {mac8}, {mac6}, {mac} and {model}; the result is one safe segment.
    """
    digits = mac.replace(":", "")
    name = template.format(mac8=digits[-8:], mac6=digits[-6:], mac=digits, model=model)
    return UNSAFE.sub("-", name).strip("-") or digits
