"""What a farm of `benchmarks.configuring` is to be, and what each miner of it shall get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, to_builtins

from mother.config.sample import toml_value
from mother.sim.plan import FarmPlan, berths

NETWORK, PORT = "127.89.0.0/22", 18089


class Wish(Struct, frozen=True):
    """Pools as (url, username, password), and the autotune mode; None: left as it is."""

    pools: tuple[tuple[str, str, str], ...] | None = None
    profile: str | None = None


class Setup(Struct, frozen=True):
    """A farm process's orders.

    `wishes` are by MAC address. Of the miners that have pools, the share `shorter` has lost
    all but the first wished one. Tokens last `token_life` seconds. With `survivor` the first
    miner that gets pools mines with them, dead or not.
    """

    plan: FarmPlan
    speed: float
    epoch: float
    wishes: dict[str, Wish] = {}
    shorter: float = 0.0
    token_life: int = 21600
    survivor: bool = False


class Options(Struct, frozen=True):
    """What the daemon is told: the wish by model, that of single miners, and other options.

    `singles` must all be of the model `general`, which has no block of its own.
    """

    general: str
    models: dict[str, Wish] = {}
    singles: tuple[tuple[str, ...], Wish] | None = None
    more: dict[str, Any] = {}


def pool(host: str, username: str = "farm") -> tuple[str, str, str]:
    """A pool as it is wished."""
    return (f"stratum+tcp://{host}:3333", username, "x")


def farm_plan(miners: int, seed: int, **more: Any) -> FarmPlan:
    """A farm on the addresses of these benchmarks."""
    return FarmPlan(miners=miners, network=NETWORK, port=PORT, seed=seed, **more)


def wishes_of(plan: FarmPlan, options: Options) -> dict[str, Wish]:
    """What each miner shall have, told the farm by the operator and not by the daemon."""
    wished = {one.mac: options.models.get(one.model, Wish()) for one in berths(plan)}
    if options.singles is not None:
        macs, wish = options.singles
        wished.update(dict.fromkeys(macs, wish))
    return wished


def macs_of(plan: FarmPlan, model: str) -> Sequence[str]:
    """The miners of a model."""
    return [one.mac for one in berths(plan) if one.model == model]


def write_config(file: Path, folder: Path, speed: float, options: Options) -> None:
    """The daemon's configuration file; deadlines keep their length in real time."""
    values: dict[str, Any] = {
        "network": [NETWORK],
        "dragon_port": PORT,
        "scan_rate": 0,
        "connect_timeout": min(60.0, 2 * speed),
        "scan_timeout": min(300.0, 8 * speed),
        "dragon_timeout": 5 * speed,
        "state_file": str(folder / "state.json"),
        "inventory_file": str(folder / "inventory.json"),
        "firmwares_path": str(folder / "firmwares"),
        **options.more,
    }
    general = options.models.get(options.general, Wish())
    if general.profile is not None:
        values["dragon_autotune_mode"] = general.profile
    lines = [f"{name} = {toml_value(value)}" for name, value in values.items()]
    lines.append(f"pools = {_groups(general, options.singles)}")
    for model, wish in options.models.items():
        if model != options.general:
            lines += _block(model, wish)
    file.write_text("\n".join(lines) + "\n")


def _groups(general: Wish, singles: tuple[tuple[str, ...], Wish] | None) -> str:
    if singles is None:
        return _pools(general)
    macs, wish = singles
    return (
        f"[{{mac_addresses = [], pools = {_pools(general)}}}, "
        f"{{mac_addresses = {toml_value(list(macs))}, pools = {_pools(wish)}}}]"
    )


def _pools(wish: Wish) -> str:
    tables = (
        f"{{url = {toml_value(url)}, username = {toml_value(user)}, "
        f"password = {toml_value(password)}}}"
        for url, user, password in wish.pools or ()
    )
    return f"[{', '.join(tables)}]"


def _block(model: str, wish: Wish) -> Iterable[str]:
    yield "[[configs]]"
    if wish.profile is not None:
        yield f"autotune_mode = {toml_value(wish.profile)}"
    yield f"pools = {_pools(wish)}"
    yield "[configs.apply_to]"
    yield f"models = {toml_value([model])}"


def plain(setup: Setup) -> Mapping[str, Any]:
    """For the farm process's file."""
    built: Mapping[str, Any] = to_builtins(setup)
    return built
