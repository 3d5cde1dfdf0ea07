"""Curtailing: shown and asked first, watched to its end; and resumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from mother.terminal.errand import who
from tests.control.desk import Desk, curtailed
from tests.terminal.desking import Done, performed, talking

TERMS: dict[str, Any] = {
    "scope": "all", "to": None, "share": None, "all": False, "seconds": None, "why": "",
    "key": "", "ref": "", "emergency": False,
}  # fmt: skip
TOUCHED = [
    {"device": "a", "worker": "dragon-1", "draws": 1000.0, "then": 20.0},
    {"device": "b", "worker": "whats-2", "draws": 3000.0, "then": 2000.0, "power_target": 2000.0},
]
FEW = {
    "miners": 7, "before": 9e5, "after": 5e5, "touched": TOUCHED, "asleep": 2,
    "skipped": {"held until released by ann: fans": 3}, "over": 1000.0,
}  # fmt: skip


def step(confirmed: int, total: int = 100, **more: Any) -> dict[str, Any]:
    stages = {"confirmed": confirmed, **more.pop("stages", {})}
    now = 9e5 - 4e3 * confirmed
    return {"total": total, "stages": stages, "before": 9e5, "now": now, **more}


def plain(done: Done) -> str:
    return done.out.replace("\u2009", " ")


ASKED: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (("--to", "500kW"), {"to": 5e5}),
    (("--to=1.2 MW", "--for", "2h"), {"to": 1.2e6, "seconds": 7200.0}),
    (("--by", "20%"), {"share": 0.2}),
    (("--by=0.25", "--group", "hall-1"), {"share": 0.25, "scope": "group:hall-1"}),
    (("--all", "--scope", "rack:A3", "--emergency"), {"scope": "rack:A3", "emergency": True}),
    (
        ("--all", "--why", " grid  event ", "--key", "dr-7", "--ref=4711"),
        {"why": "grid event", "key": "dr-7", "ref": "4711"},
    ),
]


@pytest.mark.parametrize(("words", "terms"), ASKED)
@pytest_twisted.ensureDeferred
async def test_an_order_is_previewed_first_and_given_only_with_a_yes(
    tmp_path: Path, words: tuple[str, ...], terms: dict[str, Any]
) -> None:
    desk = Desk()
    meant = {**TERMS, "all": "--all" in words, **terms}
    async with talking(tmp_path, desk) as ask:
        done = await ask("curtail", *words)
        assert done.code == 2
        assert done.err.startswith("there is no terminal to ask on: add --yes")
        assert desk.asked == [("curtail", meant, who(), True)]
        done = await ask("curtail", *words, "--yes")
    assert (done.code, done.err) == (0, "")
    assert desk.asked[1:] == [("curtail", meant, who(), True), ("curtail", meant, who(), False)]
    assert done.out.endswith("It is curtailed.\n")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "say how much: one of --to 500kW, --by 20% and --all"),
        (("--to=1kW", "--all"), "say how much: one of"),
        (("--to=much",), "--to: 'much' is no power, e.g. 500kW"),
        (("--to=5mW",), "--to: '5mW' is in milliwatts"),
        (("--to=0",), "--to 0: more than nothing"),
        (("--to", "-5kW"), "--to -5kW: less than nothing; say what they may draw, as in 500kW"),
        (("--to=-5",), "--to -5: less than nothing"),
        (("--by", "-20%"), "--by -20%: less than nothing; say how much less, as in 20%"),
        (("--by=20",), "--by: '20' can be read in two ways; write 20%"),
        (("--by=100%",), "--by 100%: between 0 and 100 %"),
        (("--by=0%",), "--by 0%: between 0 and 100 %"),
        (("--all", "--for=soon"), "--for soon: write 30s"),
        (("--all", "--scope=all", "--group=a"), "--group goes without --scope"),
        (("--all", "--group="), "group:: name the group"),
        (("--all", "--scope=10.1.2.0/99"), "10.1.2.0/99 is no network or range"),
        (("--all", "--key", "x" * 201), "--key: at most 200"),
        (("--all", "--why", "\x1b[2J"), "--why: at most 500 printable letters"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_the_daemon_is_not_asked(
    tmp_path: Path, words: tuple[str, ...], line: str
) -> None:
    done = performed("curtail", *words, f"--control-socket={tmp_path / 'none.sock'}")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(line)
    assert done.err.count("\n") == 1


@pytest_twisted.ensureDeferred
async def test_a_dry_run_shows_whom_it_touches_and_what_it_saves_and_orders_nothing(
    tmp_path: Path,
) -> None:
    desk = Desk()
    desk.curtailments.preview = FEW
    async with talking(tmp_path, desk) as ask:
        done = await ask("curtail", "--all", "--dry-run", "--yes")
    assert done.code == 0
    assert plain(done).splitlines()[0] == "It would be."
    assert "dragon-1" in done.out
    assert plain(done).splitlines()[-5:] == [
        "1 miner to sleep, 1 miner to a lower power target, 2 miners asleep already.",
        "3 miners left out: held until released by ann: fans.",
        "900 kW now, 500 kW then: 400 kW less.",
        "It cannot be kept: 1.00 kW more than that remain.",
        "Dry run: nothing was ordered.",
    ]
    assert [one[3] for one in desk.asked] == [True]


@pytest_twisted.ensureDeferred
async def test_a_daemon_in_a_dry_run_is_asked_for_nothing_more(tmp_path: Path) -> None:
    desk = Desk()
    desk.curtailments.dry_run = True
    async with talking(tmp_path, desk) as ask:
        done = await ask("curtail", "--all", "--yes")
    assert done.code == 0
    assert done.out.endswith("Dry run: nothing was ordered.\n")
    assert [one[3] for one in desk.asked] == [True]


@pytest_twisted.ensureDeferred
async def test_many_miners_are_summed_and_not_listed(tmp_path: Path) -> None:
    desk = Desk()
    many = [{**TOUCHED[0], "worker": f"dragon-{number}"} for number in range(21)]
    desk.curtailments.preview = {**FEW, "touched": many}
    async with talking(tmp_path, desk) as ask:
        done = await ask("curtail", "--all", "--dry-run")
    assert "dragon-1" not in done.out
    assert "21 miners to sleep, 2 miners asleep already." in done.out


@pytest_twisted.ensureDeferred
async def test_it_is_watched_until_95_percent_have_confirmed(tmp_path: Path) -> None:
    desk = Desk()
    desk.curtailments.preview = FEW
    late = [{"worker": "dragon-9", "why": "it does not answer"}]
    desk.curtailments.steps = [
        {"total": 0},
        step(0, stages={"pending": 100}),
        step(94, stages={"sent": 6}),
        step(95, stages={"sent": 4, "unconfirmed": 1}),
        step(95, stages={"sent": 4, "unconfirmed": 1}, unconfirmed=late, reached=94.0),
        step(100),
    ]
    async with talking(tmp_path, desk) as ask:
        done = await ask("curtail", "--all", "--yes")
    assert (done.code, done.err) == (0, "")
    assert plain(done).splitlines()[-3:] == [
        "95 of 100 miners confirmed, 95 % after 1 min 34 s; 900 kW before, 520 kW now: 380 kW "
        "less.",
        "The others: 4 sent, 1 unconfirmed. Those that can are tried again until they confirm.",
        "dragon-9: it does not answer.",
    ]
    assert desk.asked[2:] == [("curtailment", "curtail-000001")] * 5


@pytest_twisted.ensureDeferred
async def test_too_few_that_confirm_are_a_failure_once_nobody_is_under_way(tmp_path: Path) -> None:
    desk = Desk()
    desk.curtailments.preview = FEW
    desk.curtailments.steps = [
        step(80, stages={"drifted": 1, "unconfirmed": 19}),
        step(94, stages={"unconfirmed": 4, "skipped": 2}),
    ]
    async with talking(tmp_path, desk) as ask:
        done = await ask("curtail", "--all", "--yes")
    assert done.code == 1
    assert "94 of 100 miners confirmed;" in done.out


@pytest_twisted.ensureDeferred
async def test_an_order_of_which_nothing_is_seen_is_not_watched_for_ever(tmp_path: Path) -> None:
    desk = Desk()
    desk.curtailments.preview = FEW
    async with talking(tmp_path, desk) as ask:
        done = await ask("curtail", "--all", "--yes")
    assert done.code == 1
    assert done.out.endswith("Nothing of it can be seen yet: `mother status` shows who sleeps, "
                             "and why.\n")  # fmt: skip


@pytest_twisted.ensureDeferred
async def test_an_order_that_somebody_ends_is_not_watched_any_longer(tmp_path: Path) -> None:
    desk = Desk()
    desk.curtailments.preview = FEW
    desk.curtailments.steps = [
        step(1, stages={"sent": 99}),
        {"total": 0, "order": curtailed(1, running=False)},
    ]
    async with talking(tmp_path, desk) as ask:
        done = await ask("curtail", "--all", "--yes")
    assert (done.code, len(desk.asked)) == (1, 4)
    assert done.out.endswith("curtail-000001 has ended meanwhile.\n")


@pytest.mark.parametrize(("reply", "code", "given"), [("n\n", 1, False), ("y\n", 0, True)])
@pytest_twisted.ensureDeferred
async def test_on_a_terminal_it_is_asked_once_and_drawn_as_a_bar(
    tmp_path: Path, reply: str, code: int, given: bool
) -> None:
    desk = Desk()
    desk.curtailments.preview = FEW
    desk.curtailments.steps = [step(40, stages={"sent": 60}), step(100, reached=2.0)]
    question = r"Curtail 2 miners at once, whatever their minimum times\? \[y/N\]"
    async with talking(tmp_path, desk) as ask:
        ended, shown = await ask.on_terminal(
            "curtail", "--all", "--emergency", cwd=tmp_path, replies=((question, reply),)
        )
    assert ended == code, shown
    assert ("Confirmed" in shown and "40/100" in shown) is given
    assert ("Nothing was done." in shown) is not given
    assert [one[3] for one in desk.asked if one[0] == "curtail"] == [True, False][: 1 + given]


@pytest_twisted.ensureDeferred
async def test_who_interrupts_the_watching_is_told_that_the_order_goes_on(tmp_path: Path) -> None:
    desk = Desk()
    desk.curtailments.preview = FEW
    desk.curtailments.steps = [step(1, stages={"sent": 99})]

    def impatient(_: float) -> None:
        raise KeyboardInterrupt

    async with talking(tmp_path, desk) as ask:
        done = await ask("curtail", "--all", "--yes", pause=impatient)
    assert done.code == 130
    assert done.err == "\nThe order goes on; `mother resume curtail-000001` ends it.\n"


@pytest_twisted.ensureDeferred
async def test_programs_get_the_answer_as_json_and_do_not_wait(tmp_path: Path) -> None:
    desk = Desk()
    desk.curtailments.preview = FEW
    async with talking(tmp_path, desk) as ask:
        done = await ask("curtail", "--all", "--yes", "--json")
        shown = await ask("curtail", "--all", "--dry-run", "--json")
    assert json.loads(done.out)["order"]["id"] == "curtail-000001"
    assert json.loads(shown.out)["order"] is None
    assert [one[0] for one in desk.asked] == ["curtail"] * 3


@pytest_twisted.ensureDeferred
async def test_the_daemons_refusal_is_its_sentence(tmp_path: Path) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        for refusal, code in (
            (ValueError("key dr-7 was used before"), 2),
            (LookupError("no miner is known in group:hall-9"), 2),
            (PermissionError("too many are in force"), 1),
        ):
            desk.refusal = refusal
            done = await ask("curtail", "--all", "--key=dr-7", "--yes")
            assert (done.code, done.out, done.err) == (code, "", f"{refusal}\n")


# resume


@pytest_twisted.ensureDeferred
async def test_resume_ends_the_one_order_in_force(tmp_path: Path) -> None:
    desk = Desk()
    desk.curtailments.rows = [curtailed(1, running=False), curtailed(2)]
    async with talking(tmp_path, desk) as ask:
        done = await ask("resume")
        assert (done.code, desk.asked) == (2, [])
        done = await ask("resume", "--yes")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "curtail-000002: all (7 miners): to 500 kW, order 2\ncurtail-000002 is ended.\n"
    )
    assert desk.asked == [("resume", "curtail-000002", who())]


@pytest_twisted.ensureDeferred
async def test_of_several_orders_one_is_named_or_all_are_meant(tmp_path: Path) -> None:
    desk = Desk()
    desk.curtailments.rows = [curtailed(1), curtailed(2)]
    async with talking(tmp_path, desk) as ask:
        done = await ask("resume", "--yes")
        assert (done.code, done.out) == (2, "")
        assert "curtail-000001: all" in done.err
        assert done.err.endswith("2 curtailments are in force: name one of them, or --all\n")
        assert (await ask("resume", "curtail-000001", "--yes")).code == 0
        assert (await ask("resume", "--all", "--yes")).code == 0
    assert desk.asked == [("resume", "curtail-000001", who()), ("resume", "all", who())]


@pytest_twisted.ensureDeferred
async def test_nothing_to_resume_is_fine_and_says_who_sleeps_all_the_same(tmp_path: Path) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        done = await ask("resume")
        assert (done.code, done.out) == (0, "Nothing is curtailed by an order.\n")
        desk.curtailments.sleeping = 12
        done = await ask("resume", "--all")
    assert done.out == (
        "Nothing is curtailed by an order. 12 miners sleep by the schedule all the same: "
        "`mother status` says why.\n"
    )
    assert desk.asked == []


@pytest_twisted.ensureDeferred
async def test_a_dry_run_ends_nothing(tmp_path: Path) -> None:
    desk = Desk()
    desk.curtailments.rows = [curtailed(1)]
    async with talking(tmp_path, desk) as ask:
        done = await ask("resume", "--dry-run", "--yes")
    assert (done.code, desk.asked) == (0, [])
    assert done.out.endswith("Dry run: nothing was ended.\n")


@pytest_twisted.ensureDeferred
async def test_one_that_has_ended_is_the_daemons_word_without_a_question(tmp_path: Path) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        done = await ask("resume", "curtail-00abcd")
    assert (done.code, desk.asked) == (0, [("resume", "curtail-00abcd", who())])


@pytest_twisted.ensureDeferred
async def test_a_miner_or_a_scope_is_still_resumed_by_hand(tmp_path: Path) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        assert (await ask("resume", "dragon-1", "--yes")).code == 0
        assert (await ask("resume", "model:T1", "--yes", "--all", "--at-once=5")).code == 0
        assert (await ask("resume", "curtail-me", "--yes", "--despite-hold")).code == 0
    assert [one[0] for one in desk.asked] == ["order", "covered", "order", "order"]
    assert desk.asked[0][1:4] == ("dragon-1", "resume", {})
    assert desk.asked[3] == ("order", "curtail-me", "resume", {}, who(), True)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--force",), "--force goes with --offline"),
        (("curtail-00abcd", "--all"), "curtail-00abcd: one curtailment, or --all of them"),
        (("--despite-hold",), "--despite-hold and --at-once are for miners"),
        (("--all", "--at-once=5"), "--despite-hold and --at-once are for miners"),
    ],
)
def test_a_resume_that_cannot_be_meant_is_one_line(
    tmp_path: Path, words: tuple[str, ...], line: str
) -> None:
    done = performed("resume", *words, f"--control-socket={tmp_path / 'none.sock'}")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(line)
    assert done.err.count("\n") == 1


# status and signals


@pytest_twisted.ensureDeferred
async def test_the_status_tells_what_is_curtailed_and_how_it_ends(tmp_path: Path) -> None:
    desk = Desk()
    desk.curtailments.rows = [curtailed(1)]
    async with talking(tmp_path, desk) as ask:
        done = await ask("status")
        told = json.loads((await ask("status", "--json")).out)
    assert "all (7 miners): to 500 kW, order 1. `mother resume curtail-000001` ends it." in done.out
    assert [one["id"] for one in told["curtailments"]] == ["curtail-000001"]


@pytest.mark.parametrize(
    ("text", "value"), [("112.5", 112.5), ("-20", -20.0), ("+3", 3.0), (".5", 0.5), ("1e3", 1e3)]
)
@pytest_twisted.ensureDeferred
async def test_a_signal_is_a_number_under_a_name(tmp_path: Path, text: str, value: float) -> None:
    desk = Desk()
    async with talking(tmp_path, desk) as ask:
        done = await ask("signal", "price", text)
    assert (done.code, done.out, done.err) == (0, f"price is {value:g}.\n", "")
    assert desk.asked == [("signal", "price", value, None, who())]


@pytest.mark.parametrize("text", ["high", "nan", "inf", "1e999", "1e16", "1,5", "0x1", "1_0"])
def test_a_signal_that_is_no_number_is_refused(tmp_path: Path, text: str) -> None:
    done = performed("signal", "price", text, f"--control-socket={tmp_path / 'none.sock'}")
    assert (done.code, done.out) == (2, "")
    assert done.err == f"VALUE {text}: write a number, such as 112.5 or -20\n"
