"""What a plan's profile comes to on each family, and what need be sent for it."""

from __future__ import annotations

from typing import Any

import pytest

from mother.config.schedule import ProfileRow, Step
from mother.config.subject import Reach, Subject
from mother.core.model import CommandKind, Settings
from mother.core.reading import Mode, Reading
from mother.drivers.antminer.driver import Antminer
from mother.drivers.avalon.driver import Avalon
from mother.drivers.avalon.models import MODELS
from mother.drivers.axeos.driver import AxeOS
from mother.drivers.base import Family, Nameplate
from mother.drivers.dragonmint.driver import DragonMint
from mother.drivers.whatsminer.driver import Whatsminer
from mother.net.wire import Wire
from mother.schedule.profiles import Has, Wished, found, is_raise, missing, wished_for
from mother.schedule.values import Verdict
from tests.fleet.toy import Toy

PROFILE, POWER = CommandKind.SET_PROFILE, CommandKind.SET_POWER
NOTHING: Any = None
ANTMINER: Family = Antminer(NOTHING)
WHATSMINER: Family = Whatsminer(NOTHING)
AVALON: Family = Avalon(NOTHING)
AXEOS: Family = AxeOS(Wire(*[NOTHING] * 5))
DRAGON: Family = DragonMint(NOTHING, NOTHING)


class Plated(Toy):
    """Its maker says 3,300 W."""

    def nameplate(self, model: str) -> Nameplate | None:
        return Nameplate(100e12, 3300.0) if model == "Toy 1" else None


def wish(family: Family, profile: str, model: str = "", *rows: ProfileRow, **what: Any) -> Wished:
    verdict = Verdict(Mode.ACTIVE, profile=profile, **what)
    subject = Subject(family=family.name, model=model)
    return wished_for(verdict, family, subject, (), rows)


@pytest.mark.parametrize(
    ("family", "model", "over", "normal", "under"),
    [
        (WHATSMINER, "M50", "high", "normal", "low"),
        (AVALON, "Avalon Q", "super", "standard", "eco"),
        (AVALON, "Avalon Nano 3S", "high", "medium", "low"),
        (DRAGON, "T1", "performance", "balanced", "efficient"),
    ],
)
def test_our_table_knows_three_profiles_of_each_family(
    family: Family, model: str, over: str, normal: str, under: str
) -> None:
    told = [wish(family, name, model) for name in ("overclock", "normal", "underclock")]
    assert told == [Wished(over), Wished(normal), Wished(under)]
    assert {over, normal, under} <= set(family.profiles)


def test_what_a_family_lacks_is_refused_with_what_it_has() -> None:
    assert wish(ANTMINER, "underclock") == Wished("low-power")
    assert wish(ANTMINER, "overclock").refused == (
        "no antminer has a profile overclock, only normal, low-power"
    )
    assert wish(AXEOS, "normal").refused == (
        "no axeos has profiles: a [[schedule.profile]] may say what normal means"
    )


@pytest.mark.parametrize(("name", "known"), MODELS.items())
def test_an_avalon_is_sent_only_what_its_driver_knows_of_its_model(name: str, known: Any) -> None:
    names = () if known.modes is None else known.modes.names
    model, three = f"Avalon {name}", ("overclock", "normal", "underclock")
    told = [wish(AVALON, word, model) for word in three]
    assert {one.profile for one in told} - {None} == set(names)
    for own in AVALON.profiles:
        found = wish(AVALON, own, model)
        assert (found.profile is not None) is (own in names)
        assert bool(found.refused) is (own not in names)


def test_a_profile_that_the_model_lacks_is_refused_also_from_a_row() -> None:
    assert wish(AVALON, "underclock", "Avalon 1246").refused == (
        "no such profile on this model: an Avalon 1246 has none that we know"
    )
    row = ProfileRow({"quiet": Step(profile="eco")})
    assert wish(AVALON, "quiet", "Avalon Nano3S", row) == Wished(
        refused="no such profile on this model: an Avalon Nano3S has low, medium, high"
    )
    assert wish(AVALON, "quiet", "Avalon Q", row) == Wished("eco")
    assert wish(AVALON, "", "Avalon 1246", row) == Wished()


def test_a_familys_own_names_need_no_table() -> None:
    assert wish(ANTMINER, "low-power") == Wished("low-power")
    assert wish(DRAGON, "factory") == Wished("factory")


def test_the_operators_first_row_that_fits_goes_before_our_table() -> None:
    rows = (
        ProfileRow({"normal": Step(profile="low")}, Reach(models=("M30*",))),
        ProfileRow({"overclock": Step(power=3600.0)}),
        ProfileRow({"overclock": Step(power=9999.0), "normal": Step(profile="high")}),
    )
    assert wish(WHATSMINER, "normal", "M30S", *rows) == Wished("low")
    assert wish(WHATSMINER, "normal", "M50", *rows) == Wished("high")
    assert wish(WHATSMINER, "overclock", "M50", *rows) == Wished(watts=3600.0)
    assert wish(WHATSMINER, "underclock", "M50", *rows) == Wished("low")


def test_a_row_may_name_what_no_family_has() -> None:
    row = ProfileRow({"siesta": Step(profile="efficient", level="2")})
    assert wish(DRAGON, "siesta", "T1", row) == Wished("efficient", "2")
    assert wish(DRAGON, "fiesta", "T1", row).refused.startswith(
        "no dragonmint has a profile fiesta"
    )


def test_a_step_that_says_nothing_leaves_it_as_it_is() -> None:
    assert wish(ANTMINER, "overclock", "", ProfileRow({"overclock": Step()})) == Wished()


def test_a_share_is_of_what_the_maker_says() -> None:
    row = ProfileRow({"underclock": Step(share=0.8)})
    assert wish(Plated(), "underclock", "Toy 1", row) == Wished(watts=0.8 * 3300.0)
    assert wish(Plated(), "underclock", "Toy 2", row).refused == (
        "what a Toy 2 usually draws is not known"
    )


def test_of_two_power_targets_the_lower_counts() -> None:
    row = ProfileRow({"underclock": Step(power=2500.0)})
    assert wish(Plated(), "underclock", "Toy 1", row, power_target=3000.0).watts == 2500.0
    assert wish(Plated(), "underclock", "Toy 1", row, power_target=2000.0).watts == 2000.0
    assert wish(Plated(), "", "Toy 1", power_target=2000.0).watts == 2000.0


def test_a_power_target_for_who_takes_none_is_refused() -> None:
    wished = wish(ANTMINER, "normal", power_target=2000.0)
    assert wished == Wished("normal", refused="no antminer takes a power target")


def test_what_it_has_already_is_not_sent() -> None:
    assert missing(Wished("eco"), Has("eco"), None, 0.05) == []
    assert missing(Wished("eco", "1"), Has("eco", "1"), None, 0.05) == []
    assert missing(Wished("eco", "1"), Has("eco"), None, 0.05) == []
    assert missing(Wished(), Has("eco", "1", 3000.0), None, 0.05) == []
    sent = missing(Wished("eco", "2"), Has("eco", "1"), None, 0.05)
    assert sent == [(PROFILE, {"profile": "eco", "level": "2"})]


@pytest.mark.parametrize(("watts", "sent"), [(2851.0, 0), (3149.0, 0), (2849.0, 1), (3151.0, 1)])
def test_a_power_target_within_the_dead_band_is_left(watts: float, sent: int) -> None:
    assert len(missing(Wished(watts=watts), Has(watts=3000.0), None, 0.05)) == sent


def test_what_it_does_not_tell_is_written_once() -> None:
    wished = Wished("eco", None, 3000.0)
    first = missing(wished, Has(), None, 0.05)
    assert [kind for kind, _ in first] == [PROFILE, POWER]
    assert missing(wished, Has(), wished, 0.05) == []
    assert missing(Wished("eco", None, 2000.0), Has(), wished, 0.05) == [(POWER, {"watts": 2000.0})]


def test_the_newest_word_of_a_miner_counts() -> None:
    settings = Settings(profile="eco", level="1", power_target=3000.0)
    reading = Reading(100.0, profile="normal", power_target=2000.0)
    assert found(settings, 50.0, reading) == Has("normal", None, 2000.0)
    assert found(settings, 150.0, reading) == Has("eco", "1", 3000.0)
    assert found(settings, 50.0, Reading(100.0)) == Has("eco", "1", 3000.0)
    assert found(None, 0.0, reading) == Has("normal", None, 2000.0)
    assert found(settings, 50.0, Reading(100.0, asleep=True, profile="sleep")) == Has(
        "eco", "1", 3000.0
    )


def test_only_a_lower_power_target_is_no_raise() -> None:
    has = Has(watts=3000.0)
    assert not is_raise([(POWER, {"watts": 2000.0})], has)
    assert is_raise([(POWER, {"watts": 4000.0})], has)
    assert is_raise([(POWER, {"watts": 2000.0})], Has())
    assert is_raise([(PROFILE, {"profile": "low"})], has)
