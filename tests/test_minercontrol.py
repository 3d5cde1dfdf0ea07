"""The daemon and a simulated gateway of the Miner Control API, each as a process of its own."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.terminal.processes import MOTHER, Running, assert_clean, daemon, free_port, mother


def test_miners_behind_a_gateway_are_listed_paused_and_told_to_be_unconfirmed(
    tmp_path: Path,
) -> None:
    words = ("--minercontrol", "--miners=30", f"--port={free_port()}", "--network=127.86.44.0/24")
    with Running(*MOTHER, "simulate", *words, cwd=tmp_path, name="gateway") as gateway:
        gateway.said("^ready$")
        *block, _ = gateway.out.splitlines()
        (tmp_path / "mother.toml").write_text("\n".join(block) + "\n")
        with daemon("--config=mother.toml", cwd=tmp_path) as process:
            process.said("is minded through its gateway", times=30)
            done = mother("pause", "127.86.44.7", "--yes", "--config=mother.toml", cwd=tmp_path)
            assert (done.returncode, done.stderr) == (0, "")
            done = mother("resume", "all", "--yes", "--config=mother.toml", cwd=tmp_path)
            assert "30 done" in done.stdout
            done = mother("pause", "127.86.44.0/28", "--yes", "--config=mother.toml", cwd=tmp_path)
            assert "15 done" in done.stdout
            told = mother("status", "--json", "--config=mother.toml", cwd=tmp_path).stdout
            rows = json.loads(told)["miners"]
            assert sorted(row["state"] for row in rows) == ["asleep"] * 15 + ["unknown"] * 15
            shown = mother("status", "127.86.44.7", "--config=mother.toml", cwd=tmp_path).stdout
            assert "asleep" in shown
            assert "unconfirmed: its gateway only says yes to orders" in shown
            done = mother("reboot", "127.86.44.7", "--yes", "--config=mother.toml", cwd=tmp_path)
            assert done.returncode == 1
            assert process.end() == 0
    assert_clean(process.log)


def test_a_reload_takes_members_in_and_gives_them_up(tmp_path: Path) -> None:
    path = tmp_path / "mother.toml"
    block = '[[minercontrol]]\nurl = "http://127.0.0.1:1/api"\nminers = ["{}"]\n'
    path.write_text(block.format("10.9.1.1-10.9.1.3"))
    with daemon("--config=mother.toml", cwd=tmp_path) as process:
        process.said("Through gateways it minds 3 more")
        process.said("10.9.1.3:1. is minded through its gateway")
        path.write_text(block.format("10.9.1.3-10.9.1.4"))
        process.send(signal.SIGHUP)
        process.said("10.9.1.4:1. is minded through its gateway")
        process.said("10.9.1.[12]:1. is given up: the configuration names it no more", times=2)
        assert process.end() == 0
    assert_clean(process.log)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--minercontrol", "--miners=0"), "--miners 0: 127.77.0.0/16 has room for 1 to 65,534"),
        (("--minercontrol", "--fault=hang"), "--fault hang: a gateway can have one of"),
        (("--minercontrol", "--mix=axeos=1"), "--mix axeos=1: leave it out"),
        (("--minercontrol", "--speed=0"), "--speed 0: a number above 0"),
    ],
)
def test_a_gateway_that_cannot_be_is_one_line_and_ends_with_2(
    tmp_path: Path, words: tuple[str, ...], line: str
) -> None:
    done = mother("simulate", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1
