"""The simulated Antminers and the firmware that they run."""

from __future__ import annotations

from msgspec import Struct


class Firmware(Struct, frozen=True):
    """A build and what it does.

    `miner` and `compiled` are what 4028 says, `filesystem` and `kernel` what the page says.
    `new_stats`: 4028 also honours `new_api` and tells the power. `joined`: takes commands
    joined by `+`. `both_modes`: obeys a mode only where both keys say it. `sleeps_deaf`: 4028
    is shut while it sleeps, else it answers with rates of zero. `old`: the S9 and T17 era.
    """

    miner: str
    compiled: str
    filesystem: str
    kernel: str
    bmminer: str = "1.0.0"
    description: str = "cgminer 1.0.0"
    new_stats: bool = False
    joined: bool = False
    both_modes: bool = False
    sleeps_deaf: bool = False
    old: bool = False


RECORDED_2022 = Firmware(
    miner="49.0.1.3",
    compiled="Tue Dec  6 16:12:30 CST 2022",
    filesystem="Tue Dec  6 16:12:30 CST 2022",
    kernel="Linux 4.6.0-xilinx-gff8137b-dirty #25 SMP PREEMPT Fri Nov 23 15:30:52 CST 2018",
    sleeps_deaf=True,
)
HANDMADE_2023 = Firmware(
    miner="49.0.1.3",
    compiled="Wed Jul 26 10:12:33 CST 2023",
    filesystem="Wed Jul 26 10:12:33 CST 2023",
    kernel="Linux 4.9.113 #1 SMP PREEMPT Wed Jul 26 10:12:33 CST 2023",
    new_stats=True,
)
RECORDED_2025 = Firmware(
    miner="uart_trans.1.3",
    compiled="Thu Oct  9 18:55:45 CST 2025",
    filesystem="FR-1.12(251009-S21)",
    kernel="Linux 4.9.113 #1 SMP PREEMPT Thu Oct 9 18:55:45 CST 2025",
    new_stats=True,
    both_modes=True,
)
HANDMADE_S9 = Firmware(
    miner="16.8.1.3",
    compiled="Fri Nov 17 17:37:49 CST 2017",
    filesystem="Fri Nov 17 17:37:49 CST 2017",
    kernel="Linux 3.14.0-xilinx-gb190cb0-dirty #57 SMP PREEMPT Fri Dec 9 14:49:22 CST 2016",
    bmminer="2.0.0",
    description="bmminer 1.0.0",
    joined=True,
    old=True,
)


class Model(Struct, frozen=True):
    """A model: `rate` in H/s and `power` in W at the plug, both nominal, frequency in MHz.

    `first` is the number of its first chain on 4028, `fans` are the numbers of its fans.
    """

    type: str
    firmware: Firmware
    rate: float
    power: float
    chips: int
    frequency: int
    subtype: str
    first: int = 1
    fans: tuple[int, ...] = (1, 2, 3, 4)
    boards: int = 3


MODELS = {
    "S19Pro": Model(
        "Antminer S19 Pro", RECORDED_2022, 110e12, 3250.0, 114, 525, "AMLCtrl_BHB42601"
    ),
    "S19jPro": Model(
        "Antminer S19j Pro", HANDMADE_2023, 100e12, 3050.0, 126, 545, "AMLCtrl_BHB42603"
    ),
    "S21": Model("Antminer S21", RECORDED_2025, 200e12, 3500.0, 108, 490, "AMLCtrl_BHB68603"),
    "S9": Model("Antminer S9", HANDMADE_S9, 13.5e12, 1323.0, 63, 650, "", first=6, fans=(3, 6)),
    "T17": Model(
        "Antminer T17", HANDMADE_S9, 40e12, 2200.0, 30, 700, "", first=1, fans=(3, 4, 5, 6)
    ),
}
"""By the name on our command line; S19Pro and S21 after recordings, the others hand-made."""

SHARES = {"S19Pro": 4.0, "S19jPro": 4.0, "S21": 3.0, "S9": 1.0, "T17": 1.0}
"""How often each is met."""
