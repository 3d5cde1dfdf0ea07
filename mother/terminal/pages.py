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
    "SCOPE is a miner (worker name, MAC, IP address, or address:port), all, model:T1, a network "
    "such as 10.1.2.0/24, or a range such as 10.1.2.10-10.1.2.60."
)


class Page(Struct, frozen=True):
    """`words` follow the command's name; `examples` are without the program's."""

    words: str
    does: str
    examples: tuple[str, ...]
    codes: str = CODES


PAGES: dict[str, Page] = {
    "status": Page(
        "",
        "Show the farm as the running daemon sees it: every miner, what is wrong and since when, "
        "and what is held.",
        ("status", "status --json"),
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
    "reboot": Page(
        "MINER [--yes] [--despite-hold]",
        "Reboot one miner now. It stops hashing for some minutes.",
        ("reboot dragon-4500e3ab", "reboot 10.1.2.3 --yes"),
        ASKED,
    ),
    "locate": Page(
        "MINER [--off]",
        "Let a miner show where it stands, with its lamp, where its maker has made that possible.",
        ("locate dragon-4500e3ab", "locate dragon-4500e3ab --off"),
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
        "MINER [--user admin]",
        "Set a new password on one miner. It is asked for twice; without a terminal it is one "
        "line of standard input, and --yes is needed. Add it to the credentials of your "
        "configuration first: what mother could not log in with is refused.",
        (
            "set-password dragon-4500e3ab",
            "set-password 10.1.2.3 --user guest",
            "set-password 10.1.2.3 --yes < new-password.txt",
        ),
        ASKED,
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
