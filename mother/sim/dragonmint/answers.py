"""The other answers that a manager reads: what the device is and how it is set."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mother.sim.dragonmint.boards import WINDOWS_S
from mother.sim.dragonmint.models import Firmware
from mother.sim.dragonmint.php import number
from mother.sim.dragonmint.replies import HANDMADE, RECORDED
from mother.sim.dragonmint.state import Dragon
from mother.sim.faults import between


def overview(dragon: Dragon) -> dict[str, Any]:
    """Type, memory and uptime, network, versions."""
    recorded = RECORDED["overview"]
    settings = network(dragon)
    del settings["success"]
    return {
        **recorded,
        "type": dragon.model,
        "hardware": {
            **recorded["hardware"],
            "status": uptime_text(dragon.now(), dragon.uptime),
            **_memory(dragon),
        },
        "network": settings,
        "version": {
            "hwver": dragon.make.hardware,
            "ethaddr": dragon.mac,
            "build_date": dragon.firmware.build_date,
            "platform_v": dragon.firmware.version,
        },
    }


def uptime_text(now: float, uptime: float) -> str:
    """What `uptime` prints: `22:04:26 up 3 days,  1:02,  load average: 0.07, 0.06, 0.07`."""
    minutes = int(uptime // 60)
    days, minutes = divmod(minutes, 1440)
    parts = [f"{days} day{'s' if days > 1 else ''}"] if days else []
    hours, minutes = divmod(minutes, 60)
    parts.append(f"{hours:2d}:{minutes:02d}" if hours else f"{minutes} min")
    clock = datetime.fromtimestamp(now, UTC)
    return f"{clock:%H:%M:%S} up {', '.join(parts)},  load average: 0.07, 0.06, 0.07"


def _memory(dragon: Dragon) -> dict[str, int]:
    """Kilobytes; used and free add up to the total, as recorded."""
    total = RECORDED["overview"]["hardware"]["memTotal"]
    used = int(60000 + between(0, 90000, dragon.mac, int(dragon.now() // 600)))
    cached = RECORDED["overview"]["hardware"]["cacheUsed"]
    return {
        "memUsed": used,
        "memFree": total - used,
        "cacheUsed": cached,
        "cacheFree": total - used + 21132,
        "cacheTotal": total - used + 21132 + cached,
    }


def network(dragon: Dragon) -> dict[str, Any]:
    """The network settings, `success` last as recorded."""
    settings = dragon.network
    return {
        "dhcp": settings.dhcp,
        "ipaddress": dragon.host,
        "netmask": settings.netmask,
        "gateway": settings.gateway,
        "dns1": settings.dns1,
        "dns2": settings.dns2,
        "success": True,
    }


def pools(dragon: Dragon) -> dict[str, Any]:
    """The configured pools, passwords in clear; another answer when there never were any."""
    if dragon.pools is None:
        return dict(HANDMADE["no-pools-key"])
    rows = [{"url": p.url, "user": p.user, "pass": p.password} for p in dragon.pools]
    return {"success": True, "pools": rows}


def autotune(dragon: Dragon) -> dict[str, Any]:
    """The mode: a text (recorded), or an object on builds from August 2018 (hand-made)."""
    mode = dragon.autotune.mode(dragon.firmware)
    shown = {"mode": mode, "level": dragon.autotune.level} if dragon.firmware.modern else mode
    return {"success": True, "autoTuneMode": shown}


def autotune_status(dragon: Dragon) -> dict[str, Any]:
    """Whether the mining program answers, whether it tunes, and the mode."""
    answer = {
        "success": True,
        "isRunning": dragon.ready,
        "isTuning": dragon.ready and dragon.tuning,
        "mode": dragon.autotune.mode(dragon.firmware),
    }
    return answer | ({"level": dragon.autotune.level} if dragon.firmware.modern else {})


def latest_firmware(dragon: Dragon) -> dict[str, Any]:
    """What the vendor's index says; a build newer than the recorded one is offered by the
    device itself, so that a simulated upgrade never leaves the simulation (hand-made), unless
    the simulation was told where the newest one is.
    """
    if not dragon.newest:
        return dict(HANDMADE["no-firmware-index"])
    newest, current = Firmware(dragon.newest), dragon.firmware
    stem = newest.version.partition("_")[0]
    host = "https://download.halongmining.com"
    if newest.version != RECORDED["getLatestFirmwareVersion"]["version"]:
        host = f"http://{dragon.host}:{dragon.port}"
    return {
        **RECORDED["getLatestFirmwareVersion"],
        "version": newest.version,
        "versionDate": newest.build_date,
        "url": dragon.builds.url or f"{host}/files/{stem}/{newest.version}.swu",
        "currentVersion": current.version,
        "currentVersionDate": current.build_date,
        "isUpdated": current.built >= newest.built,
    }


def hash_rates(dragon: Dragon) -> dict[str, Any]:
    """Hourly rates by board of the last 24 h at most (hand-made)."""
    hours = int(min(24, dragon.elapsed // 3600)) if dragon.ready else 0
    if not hours:
        return dict(HANDMADE["getHashRates-empty"])
    times = [int(dragon.now()) - 3600 * back for back in range(hours, 0, -1)]
    last = len(WINDOWS_S) - 1
    chains = [[number(board.window(last, at)) for at in times] for board in dragon.boards]
    return {"success": True, "stats": {"chain": chains}, "times": times}


def stats(dragon: Dragon) -> dict[str, Any]:
    """The mining program's own `stats`, one entry by board (hand-made)."""
    answer = HANDMADE["stats"]
    status, entry = answer["STATUS"][0], answer["STATS"][0]
    entries = [
        {**entry, "STATS": board.index, "ID": f"{dragon.make.device_name}{board.index}"}
        | {"Elapsed": int(dragon.elapsed)}
        for board in dragon.boards
        if not board.missing
    ]
    return {**answer, "STATUS": [{**status, "When": int(dragon.now())}], "STATS": entries}


def journal(dragon: Dragon) -> list[str]:
    """Lines of the system journal (hand-made)."""
    start = dragon.mining_from
    lines = [(start, f"cgminer: started, {len(dragon.boards)} chains expected")]
    lines += [
        (start + 5, f"cgminer: chain {b.index} {'dead' if b.dead else 'alive'}")
        for b in dragon.boards
        if not b.missing
    ]
    lines += [(write.at, f"backend: {write.path}") for write in dragon.writes]
    return [
        f"{datetime.fromtimestamp(at, UTC):%b %d %H:%M:%S} dragonMint {line}\n"
        for at, line in sorted(lines)
    ]
