"""Orders by hand: nothing dangerous without a yes, no secret on the command line."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from mother.terminal.errand import who
from tests.control.desk import Desk
from tests.terminal.desking import performed, talking
from tests.terminal.processes import MOTHER, environment

STATIC = ("static", "--address=10.1.2.9", "--netmask=255.255.255.0", "--gateway=10.1.2.1",
          "--dns=10.1.0.1", "--dns=10.1.0.2")  # fmt: skip

POOL = "stratum+tcp://pool.example:3333"

ORDERED: list[tuple[tuple[str, ...], str, dict[str, Any]]] = [
    (("reboot", "dragon-1"), "reboot", {}),
    (("factory-reset", "dragon-1"), "factory_reset", {}),
    (("power-off", "dragon-1"), "power_off", {}),
    (
        ("set-network", "dragon-1", "dhcp"),
        "set_network",
        {"dhcp": True, "address": "", "netmask": "", "gateway": "", "dns": []},
    ),
    (
        ("set-network", "dragon-1", *STATIC),
        "set_network",
        {
            "dhcp": False, "address": "10.1.2.9", "netmask": "255.255.255.0",
            "gateway": "10.1.2.1", "dns": ["10.1.0.1", "10.1.0.2"],
        },
    ),
    (
        ("upgrade", "dragon-1", "--url=https://a.example/t1"),
        "upgrade",
        {"url": "https://a.example/t1"},
    ),
    (("restart-mining", "dragon-1"), "restart_mining", {}),
    (("pause", "dragon-1"), "pause", {}),
    (("resume", "dragon-1"), "resume", {}),
    (("set-power", "dragon-1", "3000"), "set_power", {"watts": 3000.0}),
    (("set-power", "dragon-1", "2800 W"), "set_power", {"watts": 2800.0}),
    (("set-profile", "dragon-1", "low"), "set_profile", {"profile": "low", "level": None}),
    (
        ("set-frequency", "dragon-1", "--frequency=525MHz", "--voltage=1.15"),
        "set_frequency",
        {"frequency": 525.0, "voltage": 1.15},
    ),
    (
        ("set-pools", "dragon-1", f"--pool={POOL}", "--user=ann"),
        "set_pools",
        {"pools": [{"url": POOL, "username": "ann", "password": "x"}]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("words", "kind", "args"), ORDERED)
@pytest_twisted.ensureDeferred
async def test_a_dangerous_order_is_carried_out_with_a_yes_and_only_then(
    tmp_path: Path, words: tuple[str, ...], kind: str, args: dict[str, Any]
) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        done = await ask(*words)
        assert (done.code, done.out, desk.asked) == (2, "", [])
        assert done.err.startswith("there is no terminal to ask on: add --yes")
        done = await ask(*words, "--yes")
    assert (done.code, done.out, done.err) == (0, "It is done.\n", "")
    assert desk.asked == [("order", "dragon-1", kind, args, who(), False)]


@pytest_twisted.ensureDeferred
async def test_a_miner_shows_where_it_stands_without_a_question(tmp_path: Path) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        assert (await ask("locate", "dragon-1")).code == 0
        assert (await ask("locate", "dragon-1", "--off")).code == 0
    assert [asked[3] for asked in desk.asked] == [{"on": True}, {"on": False}]


@pytest_twisted.ensureDeferred
async def test_a_hold_is_passed_over_only_when_that_is_said(tmp_path: Path) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        await ask("reboot", "dragon-1", "--yes", "--despite-hold")
    assert desk.asked[0][-1] is True


@pytest.mark.parametrize(
    ("result", "code"), [("done", 0), ("dry-run", 0), ("denied", 1), ("failed", 1)]
)
@pytest_twisted.ensureDeferred
async def test_the_result_is_a_sentence_and_an_exit_code(
    tmp_path: Path, result: str, code: int
) -> None:
    desk = Desk()
    desk.result = {"result": result, "text": "That came of it.", "worker": "dragon-1"}
    async with talking(tmp_path, desk) as ask:
        done = await ask("reboot", "dragon-1", "--yes")
    assert done.code == code
    assert (done.err if code else done.out) == "That came of it.\n"
    assert (done.out if code else done.err) == ""


@pytest_twisted.ensureDeferred
async def test_a_firmware_file_is_checked_here_and_named_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t1.swu").write_bytes(b"firmware")
    digest = hashlib.sha256(b"firmware").hexdigest()
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        done = await ask("upgrade", "dragon-1", "--file=t1.swu", f"--sha256={digest}", "--yes")
        assert done.code == 0
        bad = await ask("upgrade", "dragon-1", "--file=t1.swu", f"--sha256={'0' * 64}", "--yes")
    assert (bad.code, bad.out) == (2, "")
    assert [asked[3] for asked in desk.asked] == [
        {"path": str(tmp_path / "t1.swu"), "sha256": digest}
    ]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("factory-reset", "all", "--yes"), "all: name one miner"),
        (("factory-reset", "rack:A3", "--yes"), "rack:A3: name one miner"),
        (("power-off", "10.1.2.0/24", "--yes"), "10.1.2.0/24: name one miner"),
        (("reboot", "rack:", "--yes"), "rack:: name the rack, as in rack:A3"),
        (("reboot", "all", "--at-once=0"), "--at-once 0: a number from 1 to 100"),
        (("set-power", "dragon-1", "much", "--yes"), "WATTS much: write a number of W"),
        (("set-power", "dragon-1", "-5", "--yes"), "WATTS"),
        (("set-frequency", "dragon-1", "--yes"), "name --frequency in MHz, --voltage in V"),
        (("set-profile", "dragon-1", " ", "--yes"), "PROFILE: name one"),
        (("set-pools", "dragon-1", "--yes"), "--pool is missing"),
        (("set-pools", "dragon-1", f"--pool={POOL}", "--yes"), "--user: name the account"),
        (("set-pools", "dragon-1", "--pool=a", "--user=ann", "--yes"), "--pool a: write it as"),
        (("locate", "all", "--for=60s"), "--for is for one miner"),
        (("locate", "dragon-1", "--for=60s", "--off"), "--for goes with the lamp on"),
        (("locate", "dragon-1", "--for=soon"), "--for soon: write 30s"),
        (("set-network", "dragon-1", "auto", "--yes"), "auto: write dhcp, or static"),
        (("set-network", "dragon-1", "dhcp", "--address=10.1.2.3", "--yes"), "dhcp takes no add"),
        (("set-network", "dragon-1", "static", "--yes"), "--address is missing"),
        (("set-password", "dragon-1", "--user= ", "--yes"), "--user: name the login"),
        (("upgrade", "dragon-1", "--yes"), "give --file and --sha256, or --url"),
        (("accept", "dragon-1", "boards=none"), "boards=none: write boards=2"),
        (("replace", "dragon-1", "DRAGON-1"), "dragon-1 and DRAGON-1 are the same"),
        (("clear", "model:T1"), "model:T1: name one miner"),
        (("undo", "all"), "all: name one miner"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_the_daemon_is_asked(
    tmp_path: Path, words: tuple[str, ...], line: str
) -> None:
    done = performed(*words, f"--control-socket={tmp_path / 'none.sock'}")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(line)
    assert done.err.count("\n") == 1


def test_a_password_is_no_argument() -> None:
    done = performed("set-password", "dragon-1", "--password=hush-hush", "--yes")
    assert done.code == 2
    assert "hush" not in done.out + done.err


def piped(line: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MOTHER, *words], env=environment(), input=line, capture_output=True, text=True,
        timeout=20, check=False,
    )  # fmt: skip


@pytest_twisted.ensureDeferred
async def test_without_a_terminal_the_password_is_a_line_of_standard_input(tmp_path: Path) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        words = ("set-password", "dragon-1", "--user=guest", "--yes", ask.where)
        done = await deferToThread(piped, "hush-hush\n", *words)
        assert (done.returncode, done.stdout, done.stderr) == (0, "It is done.\n", "")
        done = await deferToThread(piped, "\n", *words)
        assert done.returncode == 2
        assert done.stderr.startswith("there is no new password")
    assert [asked[2:4] for asked in desk.asked] == [
        ("set_password", {"username": "guest", "password": "hush-hush"})
    ]


@pytest_twisted.ensureDeferred
async def test_on_a_terminal_the_password_is_typed_twice_and_never_shown(tmp_path: Path) -> None:
    desk = Desk()
    typed = ((r"N\] ", "yes\n"), ("New password: ", "hush-hush\n"), ("again: ", "hush-hush\n"))
    async with talking(tmp_path, desk) as ask:
        words = ("set-password", "dragon-1")
        code, shown = await ask.on_terminal(*words, cwd=tmp_path, replies=typed)
        assert code == 0
        assert "Change the password of admin on dragon-1?" in shown
        assert "hush" not in shown
        assert desk.asked[0][3] == {"username": "admin", "password": "hush-hush"}
        differs = (*typed[:2], ("again: ", "hush\n"))
        code, shown = await ask.on_terminal(*words, cwd=tmp_path, replies=differs)
    assert code == 2
    assert "the two passwords differ" in shown
    assert len(desk.asked) == 1


@pytest.mark.parametrize(
    ("words", "question"),
    [
        (("reboot", "dragon-1"), "Reboot dragon-1? Mining stops for some minutes."),
        (("pause", "dragon-1"), "Pause dragon-1? Mining stops until you resume it."),
        (("set-power", "dragon-1", "3000"), "Set the power target of dragon-1 to 3000 W?"),
        (("set-profile", "dragon-1", "efficient", "--level=2"), "to efficient level 2?"),
        (("set-frequency", "dragon-1", "--frequency=525", "--voltage=1.15"), "525 MHz and 1.15 V"),
        (("set-pools", "dragon-1", f"--pool={POOL}", "--user=ann"), f"{POOL} as ann?"),
        (("power-off", "dragon-1"), "Switch dragon-1 off? Only somebody who stands beside it"),
        (("factory-reset", "dragon-1"), "Reset dragon-1 to its factory settings?"),
        (("set-network", "dragon-1", "dhcp"), "Set the network of dragon-1 to DHCP?"),
        (("set-network", "dragon-1", *STATIC), "to 10.1.2.9 / 255.255.255.0, gateway 10.1.2.1"),
        (("upgrade", "dragon-1", "--url=https://a.example/t1"), "Install https://a.example/t1 on"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_the_question_says_what_is_done_to_whom(
    tmp_path: Path, words: tuple[str, ...], question: str
) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        code, shown = await ask.on_terminal(*words, cwd=tmp_path, replies=((r"N\] ", "n\n"),))
    assert (code, desk.asked) == (1, [])
    assert question in shown


@pytest_twisted.ensureDeferred
async def test_boards_are_accepted_and_a_swapped_board_is_named(tmp_path: Path) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        assert (await ask("accept", "dragon-1", "boards=2")).out == "dragon-1 has 2 boards.\n"
        assert (await ask("accept", "dragon-1", "boards=default")).code == 0
        assert (await ask("replace", "dragon-1", "dragon-2")).out == "dragon-2 is dragon-1 now.\n"
    assert desk.asked == [
        ("accept", "dragon-1", 2, who()),
        ("accept", "dragon-1", None, who()),
        ("replace", "dragon-1", "dragon-2", who()),
    ]
