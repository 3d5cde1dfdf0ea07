"""The pages of the commands that talk to the daemon: what each does, how, and how it ends."""

from __future__ import annotations

from msgspec import Struct

INTERRUPTED = "130 interrupted"
CODES = (
    f"Exit codes: 0 done, 1 failed or refused, 2 bad input (nothing was changed), {INTERRUPTED}."
)
ASKED = (
    "Exit codes: 0 done, 1 failed, refused or not wanted, 2 bad input or nobody to ask (nothing "
    f"was changed), {INTERRUPTED}."
)
SCOPE = (
    "SCOPE is a miner (worker name, MAC, IP address, or address:port), all, model:T1, rack:A3, "
    "group:NAME of your configuration, a network such as 10.1.2.0/24, or a range such as "
    "10.1.2.10-10.1.2.60."
)
MANY = (
    "For several miners you type their number, or add --yes; those that are held, gone or cannot "
    "do it are left out and counted. At most --at-once get it at once, no more restart at once "
    "than --restarts-at-once, and after 5 failures in a row, or when most fail, nobody else gets "
    "it. A table says what came of it.\n\n" + SCOPE
)
MANY_CODES = (
    "Exit codes: 0 done (some may be left out), 1 failed, refused, ended early or not wanted, 2 "
    f"bad input or nobody to ask (nothing was changed), {INTERRUPTED}."
)


class Page(Struct, frozen=True):
    """`words` follow the command's name; `examples` are without the program's.

    `alone`: the configuration is all it needs, no daemon.
    """

    words: str
    does: str
    examples: tuple[str, ...]
    codes: str = CODES
    alone: bool = False


PAGES: dict[str, Page] = {
    "status": Page(
        "[SCOPE]",
        "Show the farm as the running daemon sees it: every miner, what is wrong and since when, "
        "and what is held. Of a single miner all that is known, also where it stands. Who is "
        "gone stays listed until it is back or retired.\n\n" + SCOPE,
        ("status", "status dragon-4500e3ab", "status rack:A3", "status --json"),
    ),
    "plan": Page(
        "[SCOPE]",
        "Show what is not as you wish it: per miner and setting what is there now, what you want, "
        "and what keeps mother from changing it. Nothing is written. More than 20 changes are "
        "counted by kind; --all lists each. Where no daemon runs, the farm is scanned once.\n\n"
        + SCOPE,
        ("plan", "plan model:T1", "plan 10.1.2.0/24 --all", "plan --json"),
        f"Exit codes: 0 nothing to do, 1 failed, 2 bad input, 3 something to do, {INTERRUPTED}.",
    ),
    "apply": Page(
        "[SCOPE] [--yes]",
        "Show the plan, ask once, and let the daemon do it now, in waves and within its limits; "
        "follow it until it has settled. Ctrl-C ends the watching, not the work. The daemon does "
        "the same by itself as time goes by.\n\n" + SCOPE,
        ("apply", "apply dragon-4500e3ab", "apply model:T1 --yes"),
        "Exit codes: 0 all is as wished, 1 something is not, or it was not wanted, 2 bad input or "
        f"nobody to ask (nothing was changed), {INTERRUPTED} (the daemon goes on).",
    ),
    "undo": Page(
        "MINER|last [--yes] [--despite-hold]",
        "Put back what was there before the last write of mother: on one miner, or on all miners "
        "of the last change. What is put back is shown and asked first. The wish stays in your "
        "configuration; mother does not try it again there until it changes or you apply it.",
        ("undo dragon-4500e3ab", "undo last", "undo last --yes"),
        "Exit codes: 0 put back, or nothing to put back, 1 failed, refused or not wanted, 2 bad "
        f"input or nobody to ask (nothing was changed), {INTERRUPTED} (the daemon goes on).",
    ),
    "schedule": Page(
        "[--hours 48]",
        "Show what the time plans of your configuration will want in the next 48 hours, before it "
        "is applied: for each group a table and a row of a bar chart, with the days on which "
        "clocks change. Without groups, a row for each set of plans. Who has no plan is named. "
        "Nothing is written, and prices, budgets and orders are not in it.",
        (
            "schedule --config /etc/mother/mother.toml",
            "schedule --config mother.toml --hours 168",
            "schedule --config mother.toml --json",
        ),
        f"Exit codes: 0 shown, 2 bad input, {INTERRUPTED}.",
        alone=True,
    ),
    "hold": Page(
        "SCOPE [--for TIME] --why TEXT",
        "Leave miners alone, as for maintenance: no automatic write of any kind, no reboot, not "
        "even in an emergency, until the time is over or they are released. Holds survive a "
        "restart of the daemon.\n\n" + SCOPE,
        (
            'hold dragon-4500e3ab --for 4h --why "fan is being changed"',
            'hold 10.1.2.0/24 --for 2d --why "rack 7 moves"',
            'hold all --why "the electricians are here"',
        ),
    ),
    "release": Page(
        "SCOPE",
        "End a hold: mother minds these miners again. The scope is that of the hold, as `mother "
        "holds` lists it; all ends every hold.",
        ("release dragon-4500e3ab", "release 10.1.2.0/24", "release all"),
    ),
    "holds": Page(
        "",
        "List what is held, by whom, until when and why.",
        ("holds", "holds --json"),
    ),
    "curtail": Page(
        "--to WATTS|--by SHARE|--all [--for TIME]",
        "Lower what miners draw: together to so many watts, by a share of what they draw now, or "
        "put all of them to sleep. Power targets are lowered first, where a family takes them; "
        "then the least efficient miners sleep first. Shows whom it touches and what it saves, "
        "asks once, and shows the progress until 95 % have confirmed; Ctrl-C ends the watching, "
        "not the order. It holds until its time is over or `mother resume` ends it, also over a "
        "restart of the daemon. --emergency passes over minimum times and the ramp, never over a "
        "hold. --dry-run only shows. For programs: asked again with the same --key it is the same "
        "order, and --yes --json prints the answer and does not wait.",
        (
            "curtail --to 500kW --for 2h",
            "curtail --by 20% --group hall-1 --dry-run",
            'curtail --all --emergency --why "fire alarm"',
            "curtail --to 1.2MW --for 1h --key dr-2026-07 --ref 4711 --yes --json",
        ),
        "Exit codes: 0 done (95 % have confirmed, or there is nothing to do), 1 failed, refused, "
        "not wanted, or too few have confirmed, 2 bad input or nobody to ask (nothing was "
        f"changed), {INTERRUPTED} (the order goes on).",
    ),
    "reports": Page(
        "[NUMBER] [--csv|--json]",
        "Show what became of curtailments, whatever asked for them: what was drawn before and by "
        "whose word that is, what was to be shed and what was, after how many seconds 95 % of it, "
        "what sleepers still draw, and who is unconfirmed or was left out, and why. With its "
        "number, one report in full. The last 200 are kept, in the folder reports beside the "
        "state file. --csv has a row for each, for a settlement.",
        ("reports", "reports 17", "reports 17 --json", "reports --csv"),
    ),
    "signal": Page(
        "NAME VALUE",
        "Tell mother the value of a signal that your configuration names without a url: a price, "
        "a surplus, a meter. What hangs on it is decided anew at once. Tell it again before the "
        "signal's hold is over: then it counts as silent.",
        ("signal price 112.5", "signal surplus -20"),
    ),
    "retire": Page(
        "MINER [--yes]",
        "Forget a miner that will not come back: its history, its place, its holds, and its name "
        "in metrics. Refused while it answers. If it comes back all the same, it is a new one.",
        ("retire dragon-4500e3ab", "retire a0:b0:45:00:e3:ab --yes"),
        ASKED,
    ),
    "places": Page(
        "export [FILE] | import FILE.csv [--replace]",
        "Where miners stand, as a CSV file: mac, serial, site, rack, row, slot, pdu, outlet, "
        "owner, notes. Export adds worker, ip and model for people; they are left alone when it "
        "is read. Import finds miners by mac, or else by serial, also reads Foreman's export of "
        "miners (by the names of its columns; made from general knowledge), shows what would "
        "change and asks; --dry-run ends there. An empty cell changes nothing, unless --replace. A "
        "bad row is one line each, and nothing is changed then. A MAC that is not on the network "
        "yet is kept for later. The former places are written beside the state file first.",
        (
            "places export racks.csv",
            "places import racks.csv --dry-run",
            "places import racks.csv",
        ),
        ASKED,
    ),
    "place": Page(
        "SCOPE --rack A3 [--row R] [--first-slot 1]",
        "Walk along a rack and press the IP-report button of each miner: the first is in the "
        "first slot, the next in the next. Who is not in SCOPE or not known to mother is told and "
        "not placed. u and Enter, or --undo, takes the last one back; "
        "Ctrl-C ends, and what is placed is kept. --site names the site too.\n\nAntminers report "
        "to UDP port 14235, Whatsminers to 8888: this machine must be in their network. "
        "UNDOCUMENTED: the makers publish neither format; mother's are from general knowledge "
        "until recordings exist. Other families have no such button: use `mother places import`.",
        (
            "place 10.1.2.0/24 --rack A3 --row 2 --first-slot 13",
            "place --undo",
        ),
        "Exit codes: 0 ended, 1 failed or refused, 2 bad input or ports that are taken (nothing "
        f"was changed), {INTERRUPTED} before it began.",
    ),
    "reboot": Page(
        "SCOPE [--yes] [--despite-hold]",
        "Reboot miners now. They stop mining for some minutes. " + MANY,
        ("reboot dragon-4500e3ab", "reboot 10.1.2.3 --yes", "reboot rack:A3"),
        MANY_CODES,
    ),
    "restart-mining": Page(
        "SCOPE [--yes] [--despite-hold]",
        "Restart the mining program of miners, not their system. " + MANY,
        ("restart-mining dragon-4500e3ab", "restart-mining group:hall-1"),
        MANY_CODES,
    ),
    "pause": Page(
        "SCOPE [--yes] [--despite-hold]",
        "Stop mining; the miners stay reachable, and use little power, until you resume them. "
        + MANY,
        ("pause antminer-4500e3ab", "pause rack:A3 --yes"),
        MANY_CODES,
    ),
    "resume": Page(
        "[ORDER|SCOPE|--all] [--yes] [--offline]",
        "End a curtailment, by its name or --all of them: without a name, the one in force. Miners "
        "that nothing else keeps asleep wake, no faster than the schedule lets them.\n\nWith a "
        "SCOPE: go on mining after a pause, as `mother pause` takes it: a miner, all, model:T1, "
        "rack:A3, group:NAME, a network or a range. It takes minutes until the full hashrate is "
        "back.\n\n--offline needs no daemon and no state file: everybody wakes whom the journal, "
        "sleepers.jsonl beside the state file, names as put to sleep by mother, each once its MAC "
        "address is confirmed, at the pace of resume_percent. Who is held is left out, unless "
        "--despite-hold. It refuses while a daemon runs, unless --force. What is still in force "
        "counts again once a daemon runs.",
        (
            "resume",
            "resume curtail-4f2a9c",
            "resume rack:A3 --at-once 5",
            "resume --offline --config /etc/mother/mother.toml",
        ),
        MANY_CODES,
    ),
    "locate": Page(
        "SCOPE [--off] [--for TIME]",
        "Let a miner show where it stands, with its lamp, where its family can; the others say "
        "so. With --for the lamp of one miner is switched off again after that time.\n\n" + SCOPE,
        ("locate antminer-4500e3ab", "locate 10.1.2.3 --for 60s", "locate 10.1.2.3 --off"),
        MANY_CODES,
    ),
    "set-power": Page(
        "SCOPE WATTS",
        "Set a power target. What your configuration wishes is set again later: hold the miner, "
        "or change the wish. " + MANY,
        ("set-power whatsminer-4500e3ab 3000", "set-power rack:A3 2800"),
        MANY_CODES,
    ),
    "set-profile": Page(
        "SCOPE PROFILE [--level L]",
        "Set a profile, by the family's own word for it. What your configuration wishes is set "
        "again later: hold the miner, or change the wish. " + MANY,
        ("set-profile dragon-4500e3ab efficient", "set-profile model:T1 balanced --level 2"),
        MANY_CODES,
    ),
    "set-frequency": Page(
        "SCOPE [--frequency MHZ] [--voltage V]",
        "Set the clock of the chips, their voltage, or both, where the family takes that. A wrong "
        "one can stop a miner, or harm it. " + MANY,
        (
            "set-frequency axeos-4500e3ab --frequency 525 --voltage 1.15",
            "set-frequency model:BM1370 --frequency 500",
        ),
        MANY_CODES,
    ),
    "set-pools": Page(
        "SCOPE --pool URL --user NAME [--pool URL ...]",
        "Set all pools, in this order; the worker's name is put behind the user, with a dot. What "
        "your configuration wishes is set again later: hold the miner, or change the wish. The "
        "password is x, or asked for. " + MANY,
        ("set-pools dragon-4500e3ab \\\n      --pool stratum+tcp://pool.example:3333 --user ann",),
        MANY_CODES,
    ),
    "set-network": Page(
        "MINER dhcp|static",
        "Set the network of one miner: by DHCP, or a static address, which needs --address, "
        "--netmask, --gateway and --dns twice (twice the same server is fine). A miner with a "
        "wrong address is lost until somebody stands beside it.",
        (
            "set-network dragon-4500e3ab dhcp",
            "set-network 10.1.2.3 static --address 10.1.2.9 \\\n"
            "      --netmask 255.255.255.0 --gateway 10.1.2.1 --dns 10.1.0.1 --dns 10.1.0.2",
        ),
        ASKED,
    ),
    "set-password": Page(
        "SCOPE [--user admin]",
        "Set a new password. It is asked for twice; without a terminal it is one line of standard "
        "input, and --yes is needed. Mother keeps it and logs in with it from then on; your "
        "configuration need not name it. " + MANY,
        (
            "set-password dragon-4500e3ab",
            "set-password 10.1.2.3 --user guest",
            "set-password 10.1.2.3 --yes < new-password.txt",
        ),
        MANY_CODES,
    ),
    "upgrade": Page(
        "MINER (--file F --sha256 H | --url U)",
        "Install a firmware on one miner: a file of yours that has the SHA-256 you name, or one "
        "that the miner itself fetches from an https URL. It restarts. For the whole farm, set "
        "firmware_file and dragon_auto_upgrade instead: that goes in waves.",
        (
            "upgrade dragon-4500e3ab --file t1_20180515_060842.swu --sha256 \\\n"
            "      $(sha256sum < t1_20180515_060842.swu | cut -c-64)",
            "upgrade dragon-4500e3ab --url https://example.com/t1.swu",
        ),
        ASKED,
    ),
    "factory-reset": Page(
        "MINER [--yes] [--despite-hold]",
        "Reset one miner to its factory settings: pools, passwords and network settings are lost. "
        "This cannot be undone.",
        ("factory-reset dragon-4500e3ab",),
        ASKED,
    ),
    "power-off": Page(
        "MINER [--yes] [--despite-hold]",
        "Switch one miner off. Only somebody who stands beside it can switch it on again.",
        ("power-off dragon-4500e3ab",),
        ASKED,
    ),
    "accept": Page(
        "MINER boards=N|boards=default",
        "Tell mother how many boards a miner has on purpose, when one was taken out: it is not "
        "ill for that any more. boards=default takes it back.",
        ("accept dragon-4500e3ab boards=2", "accept dragon-4500e3ab boards=default"),
    ),
    "replace": Page(
        "OLD NEW",
        "The control board of a miner was swapped: the history and the wishes of OLD move to NEW.",
        ("replace dragon-4500e3ab dragon-4500beef", "replace a0:b0:45:00:e3:ab 10.1.2.3"),
    ),
    "clear": Page(
        "MINER",
        "After two reboots that did not cure it, a miner is left for a human. Once it is looked "
        "after, this lets the running daemon reboot it again; pauses and limits stay.",
        ("clear dragon-4500e3ab",),
    ),
}
