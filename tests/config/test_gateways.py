"""`[[minercontrol]]` and its family: what may be named where, and which address is one."""

from __future__ import annotations

import pytest

from mother.config.load import ConfigError
from mother.config.subject import MINERCONTROL, Subject
from mother.drivers.minercontrol.driver import MinerControl
from mother.drivers.minercontrol.session import place_of
from tests.config.given import load

BLOCK = '[[minercontrol]]\nurl = "{}"\nminers = "10.1.1.1"\n'


def test_plans_and_groups_may_name_the_family_which_is_not_looked_for() -> None:
    assert MinerControl.name == MINERCONTROL
    config = load(file='[[miners]]\npower_target = 900\napply_to = {families = "minercontrol"}\n')
    assert config.for_miner(Subject(family=MINERCONTROL)).power_target == 900.0
    with pytest.raises(ConfigError, match=r"not looked for: \[\[minercontrol\]\] names its miners"):
        load("--family=minercontrol")


@pytest.mark.parametrize(
    "url",
    ["https://10.1.0.5/api", "http://10.1.0.5/api?key=hunter2", "http://10.1.0.5/api#x"],
)
def test_what_no_driver_could_ask_is_no_gateway(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(file=BLOCK.format(url))
    assert "minercontrol[0].url: must be http, host, port and path" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://10.1.0.5:5000/api", "http://gateway", "http://GATEWAY.example:81/a/b/"]
)
def test_what_is_a_gateway_here_is_one_for_the_driver(url: str) -> None:
    [gateway] = load(file=BLOCK.format(url)).gateways
    assert place_of(gateway.url)
