"""The pools of a Whatsminer, as it keeps them."""

from __future__ import annotations

from msgspec import Struct

from mother.sim.whatsminer.replies import V2

MOST = 3


class Pool(Struct, frozen=True):
    """One of up to three pools."""

    url: str
    user: str
    password: str

    def __repr__(self) -> str:
        return f"Pool(url={self.url!r}, user={self.user!r})"


def recorded_pools() -> tuple[Pool, ...]:
    """Those of the recording; a device that somebody set up has them."""
    return tuple(Pool(pool["URL"], pool["User"], "x") for pool in V2["pools"]["POOLS"])
