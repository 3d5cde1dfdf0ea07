"""What the package promises, from its installation to its purge, in that order."""

from __future__ import annotations

import json
import os
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path

from machine import Container, Failed, until

SETTINGS = "/etc/mother/mother.toml"
FARM = 'network = ["127.77.0.0/24"]\ndragon_port = 8080\nscan_interval = 20\nstatsd_interval = 5\n'
MINERS = 5
WITHIN = 10.0
BLOCKS = "import signal, time\nsignal.signal(signal.SIGUSR2, lambda *_: time.sleep(600))\n"
MOST_EXPOSED = 1.5
PASSING = {
    *("proc", "sys", "dev", "run", "tmp", "srv", "root"),
    *("var/log", "var/tmp", "var/cache/apt", "var/cache/debconf", "var/cache/ldconfig"),
    *("var/lib/apt", "var/lib/dpkg", "var/lib/systemd"),
    *("etc/.pwd.lock", "etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-"),
}
"""Where the system itself writes; every other file of the root counts."""

USERS = ("etc/passwd", "etc/group", "etc/shadow", "etc/gshadow")

Check = Callable[["Life"], None]


class Life:
    """The package in one container; `package` and the newer `after` are files of the host."""

    def __init__(self, box: Container, package: Path, after: Path) -> None:
        self.box = box
        self.before = self.files()
        self.users = self.named_users()
        for name, path in {"first.deb": package, "next.deb": after}.items():
            shutil.copyfile(path, box.root / "srv" / name)
        self.said = ""

    def files(self) -> dict[str, str]:
        """Every file of the root that is meant to last, with its mode."""
        found = {}
        for folder, folders, names in os.walk(self.box.root):
            here = Path(folder)
            within = here.relative_to(self.box.root)
            folders[:] = [name for name in folders if str(within / name) not in PASSING]
            for name in [*folders, *names]:
                if str(within / name) not in PASSING:
                    found[str(within / name)] = stat.filemode((here / name).lstat().st_mode)
        return found

    def named_users(self) -> dict[str, str]:
        """The lists of users and groups."""
        return {name: (self.box.root / name).read_text() for name in USERS}

    def install(self, name: str) -> str:
        """What apt says; it has no network."""
        keep = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"]
        return self.box.run("apt-get", "install", "-y", *keep, f"/srv/{name}")

    def unit(self, *names: str) -> str:
        """Properties of the service, one a line."""
        asked = [f"--property={name}" for name in names]
        return self.box.run("systemctl", "show", "--value", *asked, "mother").strip()

    def pid(self) -> str:
        """The daemon's process, `0` where there is none."""
        return self.unit("MainPID")

    def is_back(self, old: str) -> bool:
        """Whether another process has told systemd that it is ready."""
        return self.unit("ActiveState") == "active" and self.pid() not in {old, "0"}

    def is_told(self, text: str) -> bool:
        """Whether the status line of the service says this."""
        return text in self.unit("StatusText")

    def asked(self, *words: str) -> str:
        """What a command of mother answers, called by root in another directory."""
        return self.box.run("mother", *words)

    def settings(self, text: str) -> None:
        """The operator writes the configuration, as an editor does."""
        (self.box.root / SETTINGS[1:]).write_text(text)

    def owners(self) -> list[str]:
        """Who may do what with the configuration: its directory, and the file."""
        return self.box.run("stat", "-c", "%U:%G %a", "/etc/mother", SETTINGS).splitlines()

    def journal(self) -> list[dict[str, str]]:
        """The entries of the service."""
        lines = self.box.run("journalctl", "--unit=mother", "--output=json", "--no-pager")
        return [json.loads(line) for line in lines.splitlines() if line.startswith("{")]


def installs_offline_and_says_what_comes_next(life: Life) -> None:
    """`apt install ./mother.deb`, without a network, where only Debian's packages are."""
    said = life.install("first.deb")
    must("sudo mother init" in said and "sudo systemctl start mother" in said, said)


def is_enabled_and_waits_for_a_network(life: Life) -> None:
    """Also an operator who starts it too early gets no failed unit."""
    life.box.run("systemctl", "start", "mother")
    state = life.unit("UnitFileState", "ActiveState", "Result")
    must(set(state.split()) == {"enabled", "inactive", "exec-condition"}, state)
    must(life.owners() == ["root:mother 750", "root:mother 640"], str(life.owners()))


def starts_when_a_network_is_named(life: Life) -> None:
    """The next step as it was said; `systemctl start` returns when mother says it is ready."""
    simulate = ["mother", "simulate", "--network=127.77.0.0/24", f"--miners={MINERS}"]
    life.box.run("systemd-run", "--unit=farm", "--uid=nobody", *simulate)
    until(lambda: "ready" in life.box.run("journalctl", "--unit=farm"), WITHIN, "the farm")
    life.asked("init", "--network=127.77.0.0/24", "--dragon-port=8080")
    must(life.owners() == ["root:mother 750", "root:mother 640"], str(life.owners()))
    life.box.run("systemctl", "start", "mother")
    must(life.unit("ActiveState") == "active", life.unit("ActiveState"))
    must(life.unit("Type") == "notify", life.unit("Type"))


def tells_systemd_of_the_miners(life: Life) -> None:
    """The STATUS line of `systemctl status`."""
    until(lambda: life.is_told(f"{MINERS} miners"), 2 * WITHIN, life.unit("StatusText"))


def writes_fields_to_the_journal(life: Life) -> None:
    """One entry a sentence, with the miner's worker and address beside it."""
    entries = life.journal()
    must(any("WORKER" in entry and "IP" in entry for entry in entries), str(entries[-3:]))
    must({entry["SYSLOG_IDENTIFIER"] for entry in entries} <= {"mother", "systemd"}, "identifiers")


def runs_without_rights(life: Life) -> None:
    """The sandbox, as systemd judges it and as the kernel holds it."""
    judged = life.box.run("systemd-analyze", "security", "--no-pager", "mother")
    score = float(judged.strip().splitlines()[-1].split(":")[1].split()[0])
    must(score <= MOST_EXPOSED, f"exposure {score}")
    status = life.box.run("cat", f"/proc/{life.pid()}/status")
    held = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    rights = [held[name].strip() for name in ("CapEff", "NoNewPrivs", "Seccomp")]
    must(rights == ["0" * 16, "1", "2"], str(rights))


def reloads(life: Life) -> None:
    """`systemctl reload` makes it read the file, in the same process."""
    pid = life.pid()
    life.settings(FARM.replace("/24", "/25"))
    life.box.run("systemctl", "reload", "mother")
    until(lambda: "127.77.0.0/25" in life.asked("status", "--json"), WITHIN, "the new network")
    must(life.pid() == pid, "it was another process")


def is_back_after_a_kill(life: Life) -> None:
    """Within 10 seconds, ready."""
    pid = life.pid()
    life.box.run("systemctl", "kill", "--signal=SIGKILL", "--kill-who=main", "mother")
    until(lambda: life.is_back(pid), WITHIN, "back after kill -9")


def is_back_after_its_reactor_is_blocked(life: Life) -> None:
    """Within 10 seconds of the block: the watchdog ends it. The block comes from outside."""
    folder = life.box.root / "srv/blocks"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(BLOCKS)
    change = life.box.root / "srv/blocked.conf"
    change.write_text("[Service]\nEnvironment=PYTHONPATH=/srv/blocks\n")
    drop_in = "/run/systemd/system/mother.service.d"
    life.box.run("mkdir", "-p", drop_in)
    life.box.run("cp", "/srv/blocked.conf", drop_in)
    life.box.run("systemctl", "daemon-reload")
    life.box.run("systemctl", "restart", "mother")
    pid = life.pid()
    life.box.run("systemctl", "kill", "--signal=SIGUSR2", "--kill-who=main", "mother")
    until(lambda: life.is_back(pid), WITHIN, "back after a blocked reactor")
    told = [entry["MESSAGE"] for entry in life.journal()]
    must(any("Watchdog timeout" in text for text in told), "not the watchdog")
    life.box.run("rm", "-r", drop_in)
    life.box.run("systemctl", "daemon-reload")


def keeps_its_state_over_a_restart(life: Life) -> None:
    """A hold that an operator set."""
    until(lambda: life.is_told(f"{MINERS} miners"), 2 * WITHIN, life.unit("StatusText"))
    life.asked("hold", "all", "--why", "the electricians are here")
    life.box.run("systemctl", "restart", "mother")
    must("the electricians are here" in life.asked("holds"), life.asked("holds"))


def stops_in_time(life: Life) -> None:
    """Within 5 seconds, with exit code 0."""
    began = time.monotonic()
    life.box.run("systemctl", "stop", "mother")
    took = time.monotonic() - began
    state = life.unit("ActiveState", "Result", "ExecMainStatus").split()
    must(sorted(state) == ["0", "inactive", "success"] and took < 5, f"{state} after {took:.1f} s")


def does_not_loop_on_a_wrong_configuration(life: Life) -> None:
    """Exit code 2 ends the tries; the log names the cure."""
    life.settings(FARM + "statsd_prot = 8125\n")
    life.box.run("systemctl", "reset-failed", "mother", check=False)
    life.box.run("systemctl", "start", "mother", check=False)
    time.sleep(3)
    state = life.unit("ActiveState", "ExecMainStatus", "NRestarts").split()
    must(sorted(state) == ["0", "2", "failed"], str(state))
    must("statsd_port" in life.box.run("journalctl", "--unit=mother"), "no word of the cure")
    life.settings(FARM)
    life.box.run("systemctl", "start", "mother")


def an_upgrade_keeps_what_the_operator_has(life: Life) -> None:
    """Configuration and state; the running daemon is restarted."""
    pid, version = life.pid(), life.box.run("dpkg-query", "-W", "-f", "${Version}", "mother")
    life.install("next.deb")
    newer = life.box.run("dpkg-query", "-W", "-f", "${Version}", "mother")
    must(newer != version, newer)
    until(lambda: life.is_back(pid), WITHIN, "back after the upgrade")
    must((life.box.root / SETTINGS[1:]).read_text() == FARM, "the configuration changed")
    must("the electricians are here" in life.asked("holds"), life.asked("holds"))


def an_upgrade_leaves_a_stopped_daemon_alone(life: Life) -> None:
    """What the operator stopped stays stopped."""
    life.box.run("systemctl", "stop", "mother")
    life.box.run("apt-get", "install", "-y", "--reinstall", "/srv/next.deb")
    must(life.unit("ActiveState") == "inactive", life.unit("ActiveState"))
    life.box.run("systemctl", "start", "mother")


def removal_stops_it_and_says_what_is_left(life: Life) -> None:
    """State and configuration are kept."""
    said = life.box.run("apt-get", "remove", "-y", "mother")
    must("nobody watches them" in said, said)
    must(
        life.box.run("systemctl", "is-active", "mother", check=False).strip() != "active", "it runs"
    )
    for kept in (SETTINGS, "/var/lib/mother"):
        must((life.box.root / kept[1:]).exists(), f"{kept} is gone")


def purge_leaves_nothing(life: Life) -> None:
    """Every file and user is as before the installation."""
    life.box.run("systemctl", "stop", "farm")
    life.box.run("apt-get", "purge", "-y", "mother")
    left = sorted(set(life.files().items()) ^ set(life.before.items()))
    must(not left, f"changed: {left[:10]}")
    must(life.named_users() == life.users, "the lists of users differ")
    units = life.box.run("find", "/etc/systemd", "/var/lib/systemd", "/run", "-name", "mother*")
    must(not units.strip(), units)


LIFE: tuple[Check, ...] = (
    installs_offline_and_says_what_comes_next,
    is_enabled_and_waits_for_a_network,
    starts_when_a_network_is_named,
    tells_systemd_of_the_miners,
    writes_fields_to_the_journal,
    runs_without_rights,
    reloads,
    is_back_after_a_kill,
    is_back_after_its_reactor_is_blocked,
    keeps_its_state_over_a_restart,
    stops_in_time,
    does_not_loop_on_a_wrong_configuration,
    an_upgrade_keeps_what_the_operator_has,
    an_upgrade_leaves_a_stopped_daemon_alone,
    removal_stops_it_and_says_what_is_left,
    purge_leaves_nothing,
)


def must(holds: bool, seen: str) -> None:
    """Raises Failed with what was seen."""
    if not holds:
        raise Failed(seen)
