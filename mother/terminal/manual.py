"""What `--help` says: the commands, the exit codes, the way in."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable

EXIT_CODES = (
    "Exit codes: 0 done, 1 failed, 2 bad options or configuration (nothing was changed), "
    "130 interrupted."
)

SECTIONS = {
    "The farm": {
        "init": "the first run: look at the farm and write a configuration that is equal to it",
        "run": "find, measure, heal and set up the miners on your networks (also without the "
        "word run)",
        "scan": "look once and print a table of what was found; --json for machines",
        "status": "the farm, or a part of it, as the running daemon sees it; --json for machines",
    },
    "What you wish": {
        "plan": "what is not as you wish it, without changing it; --json for machines",
        "apply": "let the daemon do that now, and watch it",
        "undo": "put back what was there before the last change",
        "schedule": "what the time plans want in the next 48 hours; --json for machines",
    },
    "Miners left alone": {
        "hold": "no automatic change and no reboot: hold SCOPE --for 4h --why TEXT",
        "release": "end a hold",
        "holds": "list what is held; --json for machines",
    },
    "Less power": {
        "curtail": "draw less, or sleep: curtail --to 500kW --for 2h; --by 20%; --all",
        "resume": "end that; or SCOPE: go on mining after a pause; --offline without a daemon",
        "signal": "tell the value of a signal that is pushed: signal price 112.5",
        "reports": "what became of curtailments: kW, seconds, who did not; --csv, --json",
    },
    "Where miners are": {
        "place": "walk along a rack: each IP-report button that you press is the next slot",
        "places": "places export FILE.csv, places import FILE.csv: site, rack, slot, PDU, owner",
        "locate": "let a miner show where it stands, with its lamp",
        "retire": "forget a miner that will not come back",
    },
    "By hand, one miner or many": {
        "reboot": "reboot it",
        "restart-mining": "restart its mining program only",
        "pause": "stop mining until it is resumed",
        "set-power": "a power target: set-power SCOPE WATTS",
        "set-profile": "a profile of its family: set-profile SCOPE efficient",
        "set-frequency": "frequency and voltage of its chips",
        "set-pools": "other pools than your configuration wishes",
        "set-password": "a new password, which mother keeps",
    },
    "One miner, by hand": {
        "set-network": "DHCP or a static address",
        "upgrade": "install a firmware",
        "factory-reset": "back to factory settings",
        "power-off": "switch it off",
        "clear": "let the daemon heal it again when it was left for a human",
        "accept": "a board was taken out on purpose: accept MINER boards=2",
        "replace": "a control board was swapped: replace OLD NEW",
    },
    "The rest": {
        "check-config": "say everything that is wrong with options, environment and file",
        "notify": "notify --test: send a test message to everybody who is told of alarms",
        "record": "keep a device's answers, scrubbed of secrets, to teach mother what it is",
        "simulate": "serve simulated miners on loopback addresses",
        "demo": "a simulated farm with faults and the daemon that minds it, live",
        "help": "this page, or the page of one command: help scan",
    },
}

COMMANDS = {name: says for part in SECTIONS.values() for name, says in part.items()}

RUN = (
    "Find the miners on your networks, measure them into statsd, heal them, and set them up. "
    "Nothing is written to any miner but what you ask for: reboots with --dragon-health-reboot, "
    "pools, autotune and firmware where you name them; these options are for DragonMint, and "
    "[[miners]] blocks of the file for every family. [schedule] in the file lets miners sleep or "
    "draw less by time, price and sun. `plan` and `schedule` show beforehand what that means. "
    "SIGHUP reads the file again, SIGTERM and Ctrl-C end it within 5 seconds."
)
SCAN = (
    "Scan the networks once and show every miner found: Antminer, Whatsminer, Avalon, Bitaxe and "
    "DragonMint, or those that --family names. Nothing is written to a miner."
)
INIT = (
    "The first run. Proposes the networks of this machine, scans them without writing to any "
    "miner, shows what was found, and writes a configuration that wishes exactly that: a first "
    "start with it writes to no miner. Default file: /etc/mother/mother.toml where this user may "
    "write it, else ./mother.toml; --config names another. A file that is there already is "
    "replaced with --force only, and kept as .bak; what it says of everything but pools, "
    "autotune, reboots and upgrades is taken over. Exit code 1 also where no miner was found: "
    "no file is written then."
)
CHECK = "Check flags, environment and configuration file, say every problem, change nothing."
NETWORK_NAMED = (
    "only say whether a network is named: exit code 4 when none is yet, else 0, also when the "
    "rest is wrong; for ExecCondition= of a systemd unit"
)
NOTIFY = (
    "Send a test message through every --notify-url of the configuration, now, and say for each "
    "whether it arrived. The daemon need not run; addresses are never shown."
)
SIMULATE = (
    "Serve simulated miners on loopback addresses, one address each; no root needed. Without "
    "--mix they are DragonMints; --mix antminer=40,whatsminer=20 serves several families, each "
    "service as far above its real port as --port is above 80. Prints a line per miner "
    "(address:ports, family, MAC, fault), with --mix the command that minds them, and then "
    "'ready'; ends on SIGTERM or Ctrl-C. Mind DragonMints alone with: mother run --network "
    "127.77.0.0/24 --dragon-port 8080. --minercontrol serves a gateway of the Miner Control API "
    "instead, and prints what to put into the configuration file to mind the miners behind it"
)
DEMO = (
    "A simulated farm of Antminers, Whatsminers, Avalons, Bitaxes and DragonMints, and the daemon "
    "that minds it, with a live table. Nothing to configure, no root; Ctrl-C ends it. Two "
    "factory-fresh DragonMints get their pools. Unless you name faults, one sets in after the "
    "other: a dead board that a reboot cures, a hot one, a miner that "
    "vanishes, one that hangs."
)


def overview(program: str) -> str:
    """The first page: what there is, and how to begin."""
    width = max(map(len, COMMANDS)) + 2
    hang = " " * (width + 2)
    lines = []
    for title, part in SECTIONS.items():
        lines += ["", f"{title}:"]
        for name, says in part.items():
            lines += textwrap.wrap(f"  {name:<{width}}{says}", 78, subsequent_indent=hang)
    return "\n".join(
        [
            f"usage: {program} [command] [options]",
            "",
            "mother finds the miners on your networks, measures them, heals them, and sets",
            "them up as you wish.",
            *lines,
            "",
            "To begin with:",
            f"  {program} demo",
            f"  {program} init",
            f"  {program} scan --network 10.1.0.0/22",
            f"  {program} run --network 10.1.0.0/22 --statsd-host localhost",
            "",
            f"`{program} COMMAND --help` explains a command.",
            "The options of run follow, each with its default and its environment variable.",
            "",
            "",
        ]
    )


def no_such_command(program: str, word: str, known: Iterable[str]) -> str:
    """One line, with the nearest command there is."""
    words = list(known)
    near = difflib.get_close_matches(word, words, n=1)
    meant = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(words)}"
    return f"{program}: there is no command '{word}'; {meant}"
