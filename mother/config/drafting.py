"""From what a farm's miners have to the shortest wishes that are equal to it: pure.

What most miners have becomes the general setting, so that a miner that is added gets it too;
what some have in its stead becomes a `[[configs]]` block. What no wish can be equal to is left
alone, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mother.config.model import PoolWish
from mother.config.options import BY_KEY, Option
from mother.config.pools import check_wishes
from mother.config.problems import ConfigError
from mother.config.references import is_reference
from mother.config.subject import DRAGONMINT
from mother.core.model import ConfiguredPool, Settings

Pools = tuple[PoolWish, ...]

NOT_ASKED = "they could not be read"
UNSET = "none are set"
UNTOLD = "they are not told"
UNSURE = "several miners would bear the same worker name"
FOREIGN = "the users are not ACCOUNT.WORKER with the worker name that worker_template gives"
NO_TEXT = "they hold what is no text"
REFERENCE = "they hold what a file would take for the name of a secret"
DIFFERS = "no wish would be equal to them"
OTHERS = "they are no DragonMint, which [[pools]] is for: [[miners]] speaks of them"


class Miner(Struct, frozen=True):
    """What was found on one miner. `settings` is None where it could not be asked.

    `worker` is the name that mother gives it; empty where another one may come to bear it.
    """

    mac: str
    model: str
    worker: str
    settings: Settings | None
    family: str = DRAGONMINT


class Tune(Struct, frozen=True):
    """An autotune mode with its level; None where it is not spoken of."""

    mode: str
    level: int | None = None


class Part(Struct, frozen=True):
    """A block for those that are of `models` and among `macs`, where these name any.

    What is None is as in general; no pools: they are left alone.
    """

    macs: tuple[str, ...]
    models: tuple[str, ...]
    pools: Pools | None
    tune: Tune | None
    miners: int


Apart = tuple[Pools | None, Tune | None]
"""What of a miner is not as in general; None what is."""

AS_ALL: Apart = (None, None)


class Left(Struct, frozen=True):
    """Miners of which something is left as it is, and why."""

    macs: tuple[str, ...]
    why: str


class Draft(Struct, frozen=True):
    """The wishes. `left` are miners whose pools are left alone; `untuned` why all autotune is."""

    pools: Pools = ()
    tune: Tune | None = None
    parts: tuple[Part, ...] = ()
    left: tuple[Left, ...] = ()
    untuned: str = ""

    @property
    def holds_passwords(self) -> bool:
        """Whether pools, and so their passwords, are wished anywhere."""
        return bool(self.pools) or any(part.pools for part in self.parts)


def drafted(miners: Sequence[Miner], spared: Collection[str] = (), *, tuned: bool = True) -> Draft:
    """The wishes for these miners. `spared` are MAC addresses whose pools are left alone.

    Without `tuned` autotune is not spoken of. Nothing is wished of other families.
    """
    others = tuple(sorted(one.mac for one in miners if one.family != DRAGONMINT))
    miners = [one for one in miners if one.family == DRAGONMINT]
    judged = {one.mac: pools_of(one) for one in miners}
    judged |= {mac: ((), DIFFERS) for mac in spared if not judged[mac][1]}
    pools = {mac: wishes for mac, (wishes, _) in judged.items()}
    general = _shared(list(pools.values()))
    tunes, untuned = _tunes(miners) if tuned else ({}, "no wish would be equal to it")
    usual = _usual(tunes.values())
    apart: dict[str, Apart] = {}
    for mac, wishes in pools.items():
        tune = tunes.get(mac)
        odd = None if tune is None or usual is None or _fits(tune, usual) else tune
        apart[mac] = (None if wishes == general else wishes, odd)
    left = (*_left(judged), *((Left(others, OTHERS),) if others else ()))
    return Draft(general, usual, tuple(_parts(miners, apart)), left, untuned)


def _shared(each: Sequence[Pools]) -> Pools:
    """The most frequent ones; none where each miner has its own: they suit no newcomer."""
    counts = Counter(each)
    most = max(counts, key=lambda wishes: (counts[wishes], bool(wishes)), default=())
    return most if counts[most] > 1 or len(each) == 1 else ()


def pools_of(miner: Miner) -> tuple[Pools, str]:
    """The wish that is equal to this miner's pools; or none, and why."""
    found = None if miner.settings is None else miner.settings.pools
    if not found:
        return (), NOT_ASKED if miner.settings is None else UNTOLD if found is None else UNSET
    if not miner.worker:
        return (), UNSURE
    accounts = [account_in(pool, miner.worker) for pool in found]
    if not all(accounts):
        return (), FOREIGN
    texts = [
        {"url": pool.url, "username": account, "password": pool.password or ""}
        for pool, account in zip(found, accounts, strict=True)
    ]
    try:
        why = _unwritable([text for entry in texts for text in entry.values()])
        return ((), why) if why else (check_wishes(texts, "pools"), "")
    except ConfigError as error:
        return (), error.lines[0]


def account_in(pool: ConfiguredPool, worker: str) -> str:
    """The account of a user that is `{account}.{worker}`; empty for any other."""
    ending = f".{worker}"
    return pool.user[: -len(ending)] if pool.user.endswith(ending) else ""


def _unwritable(texts: Sequence[str]) -> str:
    """Why a file cannot say these; empty where it can."""
    if not all(map(_is_text, texts)):
        return NO_TEXT
    return REFERENCE if any(map(is_reference, texts)) else ""


def _is_text(text: str) -> bool:
    """No half of a surrogate pair is in it."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


# autotune


def _tunes(miners: Iterable[Miner]) -> tuple[dict[str, Tune], str]:
    """What each miner says; or nothing, and why no mode may be wished of any miner.

    A block cannot take a general mode back, so that one miner which must have none stands
    against all.
    """
    found: dict[str, Tune] = {}
    exact = True
    for miner in miners:
        if miner.settings is None:
            return {}, f"of {miner.mac} it is not known"
        if miner.settings.profile is None:
            continue
        mode = _known(BY_KEY["dragon_autotune_mode"], miner.settings.profile)
        if mode is None:
            return {}, f"{miner.mac} has a mode that cannot be wished"
        level = _known(BY_KEY["dragon_autotune_level"], miner.settings.level)
        exact = exact and (miner.settings.level is None or miner.settings.level == str(level))
        found[miner.mac] = Tune(mode, level)
    if not exact:
        found = {mac: replace(tune, level=None) for mac, tune in found.items()}
    return found, ""


def _known(option: Option, said: str | None) -> Any:
    """The value that the option takes for that; None where it takes none."""
    kind = option.kind
    try:
        return None if said is None else kind.check(kind.from_text(said, ""), "")
    except ConfigError:
        return None


def _usual(tunes: Iterable[Tune]) -> Tune | None:
    """The most frequent mode, with its most frequent level."""
    each = list(tunes)
    modes = Counter(tune.mode for tune in each).most_common(1)
    if not modes:
        return None
    mode = modes[0][0]
    levels = Counter(one.level for one in each if one.mode == mode and one.level is not None)
    return Tune(mode, levels.most_common(1)[0][0] if levels else None)


def _fits(tune: Tune, wish: Tune) -> bool:
    """A level counts only where both sides name one."""
    return tune.mode == wish.mode and (None in (tune.level, wish.level) or tune == wish)


# who is apart from the others


def _parts(miners: Sequence[Miner], apart: Mapping[str, Apart]) -> list[Part]:
    """Blocks by what they say: for a whole model, for odd ones of such a model, for the others.

    A model has a block where more than half of its miners share what is apart.
    """
    usual = _usual_of_models(miners, apart)
    groups: dict[tuple[Apart, bool], list[Miner]] = {}
    for miner in miners:
        name = miner.model.upper()
        if apart[miner.mac] != usual.get(name, AS_ALL):
            groups.setdefault((apart[miner.mac], name in usual), []).append(miner)
    found = []
    for (what, of_model), group in groups.items():
        models = {one.model.upper() for one in group} if of_model else set()
        macs = tuple(sorted(one.mac for one in group))
        found.append(Part(macs, tuple(sorted(models)), *what, len(group)))
    for what in dict.fromkeys(usual.values()):
        models = {name for name, of_it in usual.items() if of_it == what}
        count = sum(1 for one in miners if one.model.upper() in models and apart[one.mac] == what)
        found.append(Part((), tuple(sorted(models)), *what, count))
    return sorted(found, key=lambda part: (bool(part.macs), -part.miners, part.models, part.macs))


def _usual_of_models(miners: Sequence[Miner], apart: Mapping[str, Apart]) -> dict[str, Apart]:
    """What the greater part of a model has, where that is not as in general."""
    of_model: dict[str, Counter[Apart]] = {}
    for miner in miners:
        of_model.setdefault(miner.model.upper(), Counter())[apart[miner.mac]] += 1
    most = {name: counts.most_common(1)[0] for name, counts in of_model.items() if _speaks(name)}
    return {
        name: what
        for name, (what, count) in most.items()
        if what != AS_ALL and 2 * count > of_model[name].total()
    }


def _speaks(model: str) -> bool:
    """Whether a block can name that model."""
    return bool(model) and model == model.strip() and model.isprintable()


def _left(judged: Mapping[str, tuple[Pools, str]]) -> list[Left]:
    """By reason; the most frequent first."""
    reasons: dict[str, list[str]] = {}
    for mac, (_, why) in judged.items():
        if why:
            reasons.setdefault(why, []).append(mac)
    left = [Left(tuple(sorted(macs)), why) for why, macs in reasons.items()]
    return sorted(left, key=lambda one: (-len(one.macs), one.why))
