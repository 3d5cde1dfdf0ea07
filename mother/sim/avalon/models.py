"""The simulated Avalons, their work modes and the options that `ascset` knows."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from mother.sim.avalon import recorded


class WorkMode(Struct, frozen=True):
    """What a work mode does: `rate` in H/s, `power` in W at the plug, `frequency` in MHz."""

    rate: float
    power: float
    frequency: float


class Model(Struct, frozen=True):
    """A model and the shape that its firmware speaks.

    `plain_mac`: twelve digits without colons. `summary_key`: where the text of fields stands.
    `voltage` is what the chips get, in V, `idle_power` what it draws asleep, in W.
    `pools_after_reboot`: a pool that is set takes effect with the next start only.
    """

    version: Mapping[str, object]
    stats: Mapping[str, object]
    modes: Mapping[int, WorkMode]
    default_mode: int
    boards: int
    chips: int
    fans: int
    fan_rpm: float
    voltage: float
    idle_power: int
    summary_key: str
    options: str
    pools: int
    plain_mac: bool = False
    pools_after_reboot: bool = False


MODELS = {
    "Q": Model(
        version=recorded.VERSION["VERSION"][0],
        stats=recorded.STATS,
        modes={
            0: WorkMode(55.0328e12, 800.0, 282.86),
            1: WorkMode(80e12, 1300.0, 411.0),
            2: WorkMode(90e12, 1674.0, 462.0),
        },
        default_mode=0,
        boards=1,
        chips=160,
        fans=4,
        fan_rpm=2800.0,
        voltage=22.45,
        idle_power=146,
        summary_key="MM ID0:Summary",
        options=recorded.HELP.partition(": ")[2],
        pools=1,
    ),
    "A1246": Model(
        version=recorded.A_VERSION["VERSION"][0],
        stats=recorded.A_STATS,
        modes={
            0: WorkMode(67.8e12, 2750.0, 406.0),
            1: WorkMode(83.923e12, 3504.0, 502.41),
        },
        default_mode=1,
        boards=3,
        chips=120,
        fans=4,
        fan_rpm=5350.0,
        voltage=13.20,
        idle_power=60,
        summary_key="MM ID0",
        options="help|voltage|fan-spd|hash-sn-read|workmode|reboot|softon|softoff|led|time|",
        pools=3,
        plain_mac=True,
        pools_after_reboot=True,
    ),
}
"""By the name on our command line; both after recordings, the A1246's `version` hand-made."""

SHARES = {"A1246": 3.0, "Q": 1.0}
"""How often each is met."""
