"""The options: one table that drives flags, environment, file, defaults, help and manual."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from mother.config.alarm import check_heartbeat, check_notify_urls, lines
from mother.config.firmware import check_digest, check_file
from mother.config.kinds import (
    HOST,
    PATH,
    PREFIX,
    SITE,
    SWITCH,
    TEMPLATE,
    Kind,
    choice,
    json_of,
    number,
    plain,
    seconds,
    split,
    whole,
)
from mother.config.listen import check_endpoint
from mother.config.networks import check_networks, check_some_networks
from mother.config.pools import Pools, check_credentials, check_pools
from mother.config.reaching import check_some_families
from mother.config.subject import DRAGONMINT
from mother.core.ports import MOST_OFFSET

MOTHER = "mother"
PREDECESSOR = "mother-of-dragons"

DAY = 86_400.0
NETWORKS = Kind("NETWORK", check_some_networks, from_text=split, many=True)
EXCLUDED = Kind("NETWORK", check_networks, from_text=split, many=True)
PORT = whole("port number", 1, 65_535, 8080, "PORT")
MODE = choice("efficient", "balanced", "factory", "performance")
POOLS = Kind("JSON", check_pools, from_text=json_of)
CREDENTIALS = Kind("JSON", check_credentials, from_text=json_of)
LEVEL = whole("level", 0, 100, 2, "LEVEL")
FIRMWARE = Kind("PATH", check_file)
DIGEST = Kind("SHA256", check_digest)
LISTEN = Kind("ENDPOINT", check_endpoint)
NOTIFY = Kind("URL", check_notify_urls, from_text=lines, many=True, joint="\n")
HEARTBEAT = Kind("URL", check_heartbeat)
MINERS = whole("number of miners", 1, 100_000, 5, "MINERS")
FAMILY = Kind("NAME", check_some_families, from_text=split, many=True)


class Option(Struct, frozen=True):
    """One option. `key` is its name in our file; flag and variable follow from it.

    `at` is where it lands in Config (`statsd.host`; empty: it only steers the checks);
    `main` its place under `[main]` in a file of mother-of-dragons; `predecessor` the default
    under that name. `secret` ones are never printed.
    """

    key: str
    group: str
    kind: Kind
    default: Any
    help: str
    at: str = ""
    main: str = ""
    predecessor: Any | UnsetType = UNSET
    example: str = ""
    needs_restart: bool = False
    has_flag: bool = True
    secret: bool = False

    @property
    def flag(self) -> str:
        """`--scan-interval`."""
        return "--" + self.key.replace("_", "-")

    @property
    def env(self) -> str:
        """`MOTHER_SCAN_INTERVAL`."""
        return "MOTHER_" + self.key.upper()

    def default_for(self, program: str) -> Any:
        """The default under the name the program was called by."""
        if program == PREDECESSOR and self.predecessor is not UNSET:
            return self.predecessor
        return self.default

    def default_text(self, program: str) -> str:
        """The default in words, with its unit; `none` where there is none."""
        value = self.default_for(program)
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, (int, float)):
            return f"{plain(value)} {self.kind.unit}".rstrip()
        if self.kind.many:
            return ", ".join(value) or _WORDS.get(self.key, "none")
        return value if isinstance(value, str) else _WORDS.get(self.key, "none")


_WORDS = {
    "family": "all",
    "credentials": "the makers' own logins",
    "worker_template": "dragon-{mac8} for DragonMint, {family}-{mac8} for others",
    "state_file": "mother-state.json beside the inventory file",
    "control_socket": "mother.sock beside the state file",
}

FIND = "Finding miners"
TALK = "Talking to miners"
HEALTH = "Health"
SETUP = "Setting miners up"
SPREAD = "How fast a change spreads"
METRICS = "Metrics"
ALARM = "Alarms"
FILES = "Files, names and the log"

OPTIONS: tuple[Option, ...] = (
    Option(
        "network",
        FIND,
        NETWORKS,
        (),
        "What to scan for miners: CIDR (10.1.0.0/22), a range (10.1.0.10-10.1.0.60) or one "
        "address. May be repeated, and takes a list parted by commas.",
        at="networks",
        main="local_network.network",
        predecessor=("10.1.0.0/22",),
        example='["10.1.0.0/22"]',
    ),
    Option(
        "exclude",
        FIND,
        EXCLUDED,
        (),
        "Addresses that are never scanned, written like --network.",
        at="exclude",
        example='["10.1.0.1", "10.1.3.200-10.1.3.254"]',
    ),
    Option(
        "family",
        FIND,
        FAMILY,
        (),
        "Which families of miners are looked for: dragonmint, antminer, whatsminer, avalon, "
        "axeos. May be repeated, and takes a list parted by commas.",
        at="families",
        predecessor=(DRAGONMINT,),
        example='["antminer", "whatsminer"]',
    ),
    Option(
        "allow_large_network",
        FIND,
        SWITCH,
        False,
        "Scan even more than 131,072 addresses.",
    ),
    Option(
        "allow_public_network",
        FIND,
        SWITCH,
        False,
        "Scan public addresses too. Scan only what is yours.",
    ),
    Option(
        "scan_interval",
        FIND,
        seconds(1, 7 * DAY, 300),
        300.0,
        "Time from the start of one scan to the start of the next.",
        at="scan_interval",
        main="local_network.scan_interval",
    ),
    Option(
        "scan_timeout",
        FIND,
        seconds(0.1, 300, 10),
        10.0,
        "Time one address has to prove that it is a miner.",
        at="scan_timeout",
        main="local_network.scan_timeout",
    ),
    Option(
        "connect_timeout",
        FIND,
        seconds(0.05, 60, 2.5),
        2.5,
        "Time one address has to accept the connection; part of --scan-timeout and shorter. "
        "Unless named, it is at most half of --scan-timeout.",
        at="connect_timeout",
    ),
    Option(
        "scan_rate",
        FIND,
        number("probes per second", 0, 1_000_000, 1000),
        1000.0,
        "How fast a scan may go, so that no router drops it. 0 is as fast as the machine can.",
        at="scan_rate",
    ),
    Option(
        "dragon_timeout",
        TALK,
        seconds(0.1, 3600, 10),
        10.0,
        "Time a miner has for one whole answer.",
        at="dragon_timeout",
        main="api_timeout",
    ),
    Option(
        "dragon_port",
        TALK,
        PORT,
        80,
        "TCP port of the web interface of DragonMint; unless named, 80 and --port-offset.",
        at="dragon_port",
    ),
    Option(
        "port_offset",
        TALK,
        whole("whole number", 0, MOST_OFFSET, 8000, "N"),
        0,
        "Added to each port that miners are asked at (80, 4028, 4433), for simulators and "
        "forwarded ports.",
        at="port_offset",
    ),
    Option(
        "credentials",
        TALK,
        CREDENTIALS,
        (),
        "Logins of the miners, tried in order; each may say for which miners it is. A miner that "
        "one fits is not tried with its maker's own. In the file or the environment only, since "
        "a flag shows in the process list.",
        at="credentials",
        main="credentials",
        has_flag=False,
    ),
    Option(
        "dry_run",
        TALK,
        SWITCH,
        False,
        "Read everything, write nothing to any miner: each write is logged and counted instead.",
        at="dry_run",
    ),
    Option(
        "dragon_health_hashrate_min",
        HEALTH,
        number("GH/s per board", 0, 1e9, 1000, "GHS"),
        1000.0,
        "A board that hashes less is ill. For SHA-256 miners only.",
        at="settings.health_hashrate_minimum",
    ),
    Option(
        "dragon_health_hashrate_duration",
        HEALTH,
        seconds(0, 30 * DAY, 3600),
        3600.0,
        "How long a board must hash too little before its miner is ill.",
        at="settings.health_hashrate_duration",
    ),
    Option(
        "dragon_health_reboot",
        HEALTH,
        SWITCH,
        False,
        "Reboot ill miners, within limits: never many at once, never again and again.",
        at="settings.health_reboot",
    ),
    Option(
        "dragon_health_check_interval",
        HEALTH,
        seconds(1, DAY, 300),
        300.0,
        "Time between two health checks of a miner.",
        at="settings.health_check_interval",
    ),
    Option(
        "dragon_autotune_mode",
        SETUP,
        MODE,
        None,
        "Autotune mode that miners shall have: efficient, balanced, factory or performance. "
        "Left alone unless named.",
        at="settings.autotune_mode",
        predecessor="balanced",
        example='"balanced"',
    ),
    Option(
        "dragon_autotune_level",
        SETUP,
        LEVEL,
        None,
        "Level of that mode, on firmware that knows levels; needs --dragon-autotune-mode. Left "
        "alone unless named.",
        at="settings.autotune_level",
        example="2",
    ),
    Option(
        "dragon_auto_upgrade",
        SETUP,
        SWITCH,
        False,
        "Bring miners to newer firmware, never to older: to --firmware-file, or else to what the "
        "miner's own check names.",
        at="settings.auto_upgrade",
    ),
    Option(
        "pools",
        SETUP,
        POOLS,
        Pools(),
        'Pools that miners shall mine for, at most 3, as JSON: [{"url": "stratum+tcp://...", '
        '"username": "...", "password": "x"}], or by miner: [{"mac_addresses": ["..."], '
        '"pools": [...]}]. Pools are left alone unless named: there is no default account.',
    ),
    Option(
        "firmware_file",
        SETUP,
        FIRMWARE,
        None,
        "Firmware of your own for --dragon-auto-upgrade, under the name the maker gave it; needs "
        "--firmware-sha256. Unless named, the miner's own check says what to fetch.",
        at="settings.firmware_file",
        example='"/srv/firmware/t1_20180515_060842.swu"',
    ),
    Option(
        "firmware_sha256",
        SETUP,
        DIGEST,
        None,
        "SHA-256 of that file, 64 hex digits. Without a file it pins what the miner's own check "
        "names, which then need not come over https.",
        at="settings.firmware_sha256",
        example=f'"{"0" * 64}"',
    ),
    Option(
        "firmwares_path",
        SETUP,
        PATH,
        "firmwares/",
        "Directory that keeps downloaded firmware; as a service in $CACHE_DIRECTORY unless named.",
        at="firmwares_path",
        main="firmwares_path",
    ),
    Option(
        "wave_percent",
        SPREAD,
        number("percent", 0, 100, 5),
        5.0,
        "After one miner has shown that a change does no harm, at most this share of the farm "
        "gets it at a time, or --wave-least where that is more.",
        at="waves.percent",
    ),
    Option(
        "wave_least",
        SPREAD,
        MINERS,
        5,
        "So many miners may always get a change at a time, however small the farm.",
        at="waves.least",
    ),
    Option(
        "restarts_at_once",
        SPREAD,
        MINERS,
        None,
        "Never do more miners restart at a time by orders of ours, however large the farm. "
        "Without it 20, and the schedule, which has ramps of its own, is not bound by that.",
        at="waves.restarts_at_once",
        example="20",
    ),
    Option(
        "upgrades_at_once",
        SPREAD,
        MINERS,
        5,
        "Never do more miners get firmware at a time.",
        at="waves.upgrades_at_once",
    ),
    Option(
        "canary_time",
        SPREAD,
        seconds(1, 7 * DAY, 120),
        120.0,
        "How long the first miner with a change must hash before others get it.",
        at="waves.canary_time",
    ),
    Option(
        "statsd_host",
        METRICS,
        HOST,
        None,
        "statsd server that gets the metrics (UDP). Without one, metrics go nowhere.",
        at="statsd.host",
        main="statsd.host",
        example='"localhost"',
    ),
    Option(
        "statsd_port",
        METRICS,
        PORT,
        8125,
        "UDP port of the statsd server.",
        at="statsd.port",
        main="statsd.port",
    ),
    Option(
        "statsd_prefix",
        METRICS,
        PREFIX,
        "dragons",
        "First part of every metric's name.",
        at="statsd.prefix",
        main="statsd.prefix",
    ),
    Option(
        "statsd_interval",
        METRICS,
        seconds(1, DAY, 60),
        60.0,
        "Time between two readings of a miner.",
        at="statsd.interval",
        main="statsd.interval",
    ),
    Option(
        "statsd_type_segment",
        METRICS,
        SWITCH,
        True,
        "Name metrics worker.{type}.{worker}.; off gives worker.{worker}. as before "
        "mother-of-dragons 0.2.1.",
        at="statsd.type_segment",
    ),
    Option(
        "statsd_tags",
        METRICS,
        SWITCH,
        False,
        "Send the uniform metrics a second time under names with tags (worker, model, site, board, "
        "pool), as DogStatsD writes them: statsd 0.9 hands them to Graphite as its tags.",
        at="statsd.tags",
    ),
    Option(
        "metrics_listen",
        METRICS,
        LISTEN,
        None,
        "Serve /metrics for Prometheus, /healthz and /readyz at this Twisted endpoint. Whoever "
        "reaches it can read it. Needs mother[farm].",
        at="metrics_listen",
        example='"tcp:9151:interface=127.0.0.1"',
        needs_restart=True,
    ),
    Option(
        "notify_url",
        ALARM,
        NOTIFY,
        (),
        "Where alarms are told: an address of apprise (tgram://..., mailto://..., ntfy://... and "
        "many more), or credential:NAME or env:NAME for where it stands. May be repeated. Needs "
        "mother[farm].",
        at="alarm.urls",
        secret=True,
        example='["credential:telegram"]',
    ),
    Option(
        "notify_drop",
        ALARM,
        number("percent", 1, 100, 20),
        20.0,
        "Tell when the farm's hashrate is so much below its mean of the last hour; miners that "
        "sleep or are held do not count.",
        at="alarm.drop",
    ),
    Option(
        "notify_gone",
        ALARM,
        MINERS,
        5,
        "Tell when more than this many miners are gone at once, in one message.",
        at="alarm.gone",
    ),
    Option(
        "heartbeat_url",
        ALARM,
        HEARTBEAT,
        None,
        "Address that is asked (GET) while all is well, as healthchecks.io and its like want it: "
        "they tell you when it stays away. credential:NAME and env:NAME say where it stands.",
        at="alarm.heartbeat_url",
        secret=True,
        example='"credential:heartbeat"',
    ),
    Option(
        "heartbeat_interval",
        ALARM,
        seconds(5, DAY, 60),
        60.0,
        "Time between two heartbeats.",
        at="alarm.heartbeat_interval",
    ),
    Option(
        "inventory_file",
        FILES,
        PATH,
        "dragon-inventory.json",
        "JSON list of the miners that were found. As a service of systemd it lies in "
        "$STATE_DIRECTORY unless named.",
        at="inventory_file",
        main="inventory_file",
        needs_restart=True,
    ),
    Option(
        "state_file",
        FILES,
        PATH,
        None,
        "What must outlive a restart: health timers, reboot counts, back-offs. As a service it "
        "lies in $STATE_DIRECTORY unless named.",
        at="state_file",
        example='"mother-state.json"',
        needs_restart=True,
    ),
    Option(
        "control_socket",
        FILES,
        PATH,
        None,
        "Unix socket, for this user only, by which commands such as `mother status` reach the "
        "running daemon; as a service in $RUNTIME_DIRECTORY unless named.",
        at="control_socket",
        example='"mother.sock"',
        needs_restart=True,
    ),
    Option(
        "worker_template",
        FILES,
        TEMPLATE,
        None,
        "Name of each miner in metrics and at its pools. Placeholders: {mac8} {mac6} {mac} "
        "(last 8, last 6, all 12 hex digits of the MAC address), {model} and {family}.",
        at="worker_template",
        example='"{family}-{mac8}"',
        needs_restart=True,
    ),
    Option(
        "site",
        FILES,
        SITE,
        "site",
        "Name of this farm; part of every miner's identity.",
        at="site",
        needs_restart=True,
    ),
    Option(
        "log_format",
        FILES,
        choice("auto", "text", "json", "journal"),
        "auto",
        "How the log is written: text, json (one object a line), journal (systemd's, with "
        "priorities and fields), or auto: journal where it is read, text elsewhere.",
        at="log_format",
        needs_restart=True,
    ),
)

BY_KEY = {option.key: option for option in OPTIONS}
