"""The first lines of the log: what runs, and what is on and off."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.logger import Logger

from mother import __version__
from mother.config.model import Config
from mother.config.schedule import Schedule
from mother.core.addresses import Addresses
from mother.core.ports import knocks
from mother.core.units import duration
from mother.notify.post import masked

log = Logger()


def announce(config: Config) -> None:
    """What runs, and what is on and off: the first lines of the log."""
    where = knocks(config.ports, config.families)
    doors = (*where.first, *where.then)
    log.info(
        "mother {version} minds {networks}: {count:,} addresses, port{s} {ports}; looked for: "
        "{families}.",
        version=__version__,
        networks=", ".join(config.networks) or "no network",
        count=len(Addresses(config.networks, config.exclude)),
        s="" if len(doors) == 1 else "s",
        ports=", ".join(map(str, doors)),
        families=", ".join(config.families) or "every family",
    )
    members = sum(len(one.miners) for one in config.gateways)
    if members:
        log.info("Through gateways it minds {count:,} more, which are not scanned.", count=members)
    log.info("{line}", line=_healing(config))
    for line in (*wishes(config), *scheduled(config.schedule)):
        log.info("{line}", line=line)
    if config.statsd.host is None and config.metrics_listen is None:
        log.info("Metrics go nowhere: there is no --statsd-host.")
    told = ", ".join(sorted({masked(url) for url in config.alarm.urls}))
    if told:
        log.info("Alarms are told to {told}.", told=told)
    if config.dry_run:
        log.info("Dry run: everything is read, nothing is written to a miner.")
    for note in config.notes:
        log.warn("{note}", note=note)


def _healing(config: Config) -> str:
    """Who is rebooted for being ill: DragonMints by their options, others where a block says so."""
    settings = config.settings
    done = "rebooted, within limits" if settings.health_reboot else "reported, not rebooted"
    others = sum(one.settings.health_reboot != settings.health_reboot for one in config.blocks)
    rules = sum(bool(one.said.get("health_reboot")) for one in config.rules)
    but = f"; {others} [[configs]] of the file say otherwise" if others else ""
    but += f"; {rules} [[miners]] of the file let reboot others" if rules else ""
    if settings.health_reboot and config.families != ("dragonmint",):
        done = f"{done} if they are DragonMints, and reported if not"
    every = duration(settings.health_check_interval)
    return f"Ill miners are {done}; each is checked every {every}{but}."


def wishes(config: Config) -> Iterator[str]:
    """What miners are configured to, and how fast; without secrets."""
    everywhere = [config.settings, *(block.settings for block in config.blocks)]
    pools = {settings.pools for settings in everywhere if settings.pools}
    pools |= set(config.pools_by_mac.values())
    profiles = {one.autotune_mode for one in everywhere if one.autotune_mode is not None}
    said = [rule.said for rule in config.rules]
    pools |= {one["pools"] for one in said if one.get("pools")}
    profiles |= {one["profile"] for one in said if one.get("profile")}
    parts = []
    if pools:
        hosts = sorted({wish.url for wishes in pools for wish in wishes})
        parts.append(f"pools {', '.join(hosts[:4])}{' and others' if len(hosts) > 4 else ''}")
    if profiles:
        parts.append(f"profile {', '.join(sorted(profiles))}")
    if any(one.get("power_target") is not None for one in said):
        parts.append("power targets")
    if any(not {"frequency", "voltage"}.isdisjoint(one) for one in said):
        parts.append("frequencies")
    if any(one.auto_upgrade for one in everywhere) or any(one.get("auto_upgrade") for one in said):
        parts.append("newer firmware")
    if not parts:
        yield "Miners are configured to nothing: neither pools, profile nor firmware is wished."
        return
    waves = config.waves
    yield (
        f"Miners get {'; '.join(parts)}: one first, then {waves.percent:g} % of the farm or "
        f"{waves.least} in a wave, at most {waves.restarts_at_once} restarting at once."
    )


def scheduled(schedule: Schedule) -> Iterator[str]:
    """What lets miners sleep, or draw less, by itself."""
    counted = (
        ("time plan", len(schedule.plans)),
        ("rule", len(schedule.rules)),
        ("budget", len(schedule.budgets)),
    )
    parts = [f"{count} {what}{'' if count == 1 else 's'}" for what, count in counted if count]
    if not parts:
        return
    pace = "all may wake at once"
    if schedule.resume_percent:
        pace = f"at most {schedule.resume_percent:g} % of the farm wakes in a minute"
    yield f"Miners run and sleep by {', '.join(parts)}; {pace}."
