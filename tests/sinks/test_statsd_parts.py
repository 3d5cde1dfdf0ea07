"""The uniform gauges of boards and pools, and what they fall to when they are no longer told of."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mother.config.model import Statsd
from mother.core.bus import Sample
from mother.core.metrics import BOARD_METRICS, METRICS, POOL_METRICS
from mother.core.model import EventKind, State
from mother.core.reading import Board, Pool

from .conftest import Receiver
from .farm import UNTOLD_OF_BOARDS, WORKER, event, sample, talkative
from .minded import Setup

STEM = f"dragons.miner.{WORKER}."


@pytest.fixture
def farm(receiver: Receiver) -> Setup:
    return Setup(Statsd("127.0.0.1", receiver.port, "dragons", 60, True))


def board(index: int, **what: Any) -> Board:
    told: dict[str, Any] = {
        "alive": True,
        "temperature": 70.5,
        "hashrate": 5.4e12,
        "accepted": 100,
        "rejected": 1,
        "hardware_errors": 7,
    }
    return Board(index, **{**told, **what})


def pool(index: int) -> Pool:
    return Pool(index, alive=True, active=index == 0, accepted=300, rejected=3)


def with_parts(
    *parts: Board | Pool, state: State = State.HASHING, model: str = "T1", power: float = 1480.0
) -> Sample:
    """A miner that tells of these boards and pools."""
    one = sample({}, state, model=model)
    if one.reading is None:
        return one
    reading = msgspec.structs.replace(
        one.reading,
        boards=tuple(part for part in parts if isinstance(part, Board)),
        pools=tuple(part for part in parts if isinstance(part, Pool)),
        power=power,
    )
    return msgspec.structs.replace(one, reading=reading)


def came(farm: Setup, receiver: Receiver) -> dict[str, str]:
    """What came of boards and pools, by their names below the worker."""
    farm.second()
    told = {name.removeprefix(STEM): value for name, value in receiver.values().items()}
    return {name: value for name, value in told.items() if name.startswith(("board.", "pool."))}


def uniform(receiver: Receiver) -> dict[str, str]:
    """What came below the worker, by name."""
    values = receiver.values().items()
    return {name.removeprefix(STEM): told for name, told in values if name.startswith(STEM)}


def test_who_tells_everything_has_every_gauge(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(talkative())
    farm.second()
    told = uniform(receiver)
    assert {row.name for row in METRICS} <= told.keys()
    assert {f"board.2.{row.name}" for row in BOARD_METRICS} <= told.keys()
    assert told["temperature_chip_max"] == "82|g"
    assert told["fan_rpm_min"] == "0|g"
    assert (told["coolant"], told["power_target"]) == ("41.5|g", "1500|g")
    assert told["board.0.chips"] == "112|g"
    assert told["board.0.frequency"] == "545|g"


def test_shares_that_the_device_counts_come_before_those_of_its_boards(
    farm: Setup, receiver: Receiver
) -> None:
    farm.sink.sample(talkative())
    farm.second()
    told = uniform(receiver)
    assert (told["accepted"], told["rejected"]) == ("1234|g", "5|g")


def test_what_a_miner_does_not_tell_is_not_sent(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(sample())
    farm.second()
    told = uniform(receiver)
    assert not told.keys() & {"coolant", "power_target", "fan_rpm_min", "temperature_chip_max"}
    assert not [name for name in told if name.endswith(("chips", "frequency"))]


def test_each_board_and_pool_has_its_gauges_below_the_miner(
    farm: Setup, receiver: Receiver
) -> None:
    farm.sink.sample(with_parts(board(0), board(2), pool(0), pool(1)))
    told = came(farm, receiver)
    rows = [row.name for row in BOARD_METRICS if row.name not in UNTOLD_OF_BOARDS]
    boards = {f"board.{index}.{name}" for index in (0, 2) for name in rows}
    pools = {f"pool.{index}.{row.name}" for index in (0, 1) for row in POOL_METRICS}
    assert told.keys() == boards | pools
    assert told["board.2.temperature"] == "70.5|g"
    assert told["board.2.hashrate"] == "5400000000000|g"
    assert told["pool.0.active"] == "1|g"
    assert told["pool.1.active"] == "0|g"


def test_what_a_board_does_not_say_is_left_out(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(with_parts(board(0, temperature=None, accepted=None)))
    told = came(farm, receiver)
    assert "board.0.temperature" not in told
    assert "board.0.accepted" not in told
    assert told["board.0.rejected"] == "1|g"


def test_a_gone_miners_boards_and_pools_fall_to_rest(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(with_parts(board(0), board(1), pool(0)))
    came(farm, receiver)
    farm.sink.sample(with_parts(state=State.GONE))
    assert came(farm, receiver) == {
        "board.0.alive": "0|g",
        "board.0.hashrate": "0|g",
        "board.1.alive": "0|g",
        "board.1.hashrate": "0|g",
        "pool.0.alive": "0|g",
        "pool.0.active": "0|g",
    }


def test_a_board_that_vanished_rests_until_it_is_back(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(with_parts(board(0), board(1), pool(0)))
    came(farm, receiver)
    for _ in range(3):  # a datagram may be lost, so once is not enough
        farm.sink.sample(with_parts(board(0), pool(0)))
        told = came(farm, receiver)
        assert {n: v for n, v in told.items() if n.startswith("board.1")} == {
            "board.1.alive": "0|g",
            "board.1.hashrate": "0|g",
        }
        assert told["board.0.alive"] == told["pool.0.alive"] == "1|g"
    farm.sink.sample(with_parts(board(0), board(1), pool(0)))
    assert came(farm, receiver)["board.1.alive"] == "1|g"


def test_while_the_mining_program_restarts_all_its_boards_and_pools_rest(
    farm: Setup, receiver: Receiver
) -> None:
    farm.sink.sample(with_parts(board(0), pool(0), pool(1)))
    came(farm, receiver)
    farm.sink.sample(with_parts())
    told = came(farm, receiver)
    assert set(told.values()) == {"0|g"}
    assert {name.rpartition(".")[0] for name in told} == {"board.0", "pool.0", "pool.1"}


def test_boards_in_another_order_are_no_other_boards(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(with_parts(board(0), board(1, temperature=61.5)))
    came(farm, receiver)
    farm.sink.sample(with_parts(board(1, temperature=61.5), board(0)))
    told = came(farm, receiver)
    assert told["board.1.temperature"] == "61.5|g"
    assert told["board.0.alive"] == told["board.1.alive"] == "1|g"


def test_an_asleep_miners_boards_hash_nothing(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(with_parts(board(0), state=State.ASLEEP))
    told = came(farm, receiver)
    assert told["board.0.hashrate"] == "0|g"
    assert told["board.0.temperature"] == "70.5|g"


def test_what_a_miner_tells_of_itself_no_more_falls_to_rest(
    farm: Setup, receiver: Receiver
) -> None:
    whole = with_parts(board(0), pool(0))
    assert whole.reading is not None
    restarting = msgspec.structs.replace(
        whole.reading, boards=(), pools=(), hashrate=0.0, power=None, fan_percent=None
    )
    farm.sink.sample(whole)
    farm.second()
    receiver.values()
    farm.sink.sample(msgspec.structs.replace(whole, reading=restarting))
    farm.second()
    told = {name.removeprefix(STEM): value for name, value in receiver.values().items()}
    assert [told[name] for name in ("power", "boards_alive", "pool_alive")] == ["0|g"] * 3
    assert "fan_percent" not in told
    assert told["reachable"] == "1|g"


def test_what_a_miner_never_told_of_itself_is_not_called_0(farm: Setup, receiver: Receiver) -> None:
    one = with_parts()
    assert one.reading is not None
    silent = msgspec.structs.replace(one.reading, power=None)
    for _ in range(2):
        farm.sink.sample(msgspec.structs.replace(one, reading=silent))
    farm.second()
    told = {name.removeprefix(STEM) for name in receiver.values()}
    assert not {"power", "boards_alive", "pool_alive"} & told


def test_an_index_that_no_miner_has_makes_no_metric(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(with_parts(board(0), board(64), board(-1), board(10**9), pool(64)))
    assert {name.rpartition(".")[0] for name in came(farm, receiver)} == {"board.0"}
    farm.sink.sample(with_parts(state=State.GONE))
    assert {name.rpartition(".")[0] for name in came(farm, receiver)} == {"board.0"}


def test_a_miner_whose_type_becomes_known_is_remembered(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(with_parts(board(0), model=""))
    farm.sink.sample(with_parts(model="T1"))
    assert came(farm, receiver)["board.0.alive"] == "0|g"


def test_a_reload_that_moves_nothing_remembers_and_another_prefix_begins_anew(
    farm: Setup, receiver: Receiver
) -> None:
    farm.sink.sample(with_parts(board(0)))
    came(farm, receiver)
    farm.change(interval=30)
    farm.sink.sample(with_parts(state=State.GONE))
    assert came(farm, receiver)["board.0.alive"] == "0|g"
    farm.change(prefix="elsewhere")
    farm.sink.sample(with_parts(state=State.GONE))
    farm.second()
    assert not any(".board." in name for name in receiver.values())


def test_a_miner_that_was_given_up_is_forgotten(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(with_parts(board(0), board(1)))
    farm.sink.event(event(EventKind.REMOVED))
    came(farm, receiver)
    farm.sink.sample(with_parts(board(0)))
    assert "board.1.alive" not in came(farm, receiver)


def test_one_odd_number_costs_no_other(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(with_parts(board(0, temperature=-4.5), board(1, hashrate=float("nan"))))
    farm.second()
    lines = receiver.lines()
    cold = f"{STEM}board.0.temperature:"
    assert [line for line in lines if line.startswith(cold)] == [f"{cold}0|g", f"{cold}-4.5|g"]
    assert not any(line.startswith(f"{STEM}board.1.hashrate:") for line in lines)
    assert f"{STEM}board.1.alive:1|g" in lines
    assert f"{STEM}reachable:1|g" in lines
