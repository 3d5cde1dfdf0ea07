"""Which networks are proposed, and what is said of those that are not."""

from __future__ import annotations

from mother.net.local import INNER, LOOPBACK, TUNNEL, Local
from mother.terminal.initial_networks import proposal, question


def test_private_networks_are_proposed_and_loopback_is_not_spoken_of() -> None:
    found = proposal(
        [
            Local("eth0", "10.1.0.9", "10.1.0.0/22"),
            Local("lo", "127.0.0.1", "127.0.0.0/8", LOOPBACK),
            Local("wlan0", "10.1.1.7", "10.1.0.0/22"),
        ]
    )
    assert found.networks == ("10.1.0.0/22",)
    assert found.notes == ()
    assert "  10.1.0.0/22  (1,022 addresses)" in question(found).splitlines()


def test_what_is_set_apart_is_said_with_its_reason() -> None:
    found = proposal(
        [
            Local("docker0", "172.17.0.1", "172.17.0.0/16", INNER),
            Local("eth0", "8.8.8.9", "8.8.8.0/24"),
            Local("eth1", "169.254.3.4", "169.254.0.0/16"),
            Local("wg0", "10.9.0.2", "10.9.0.0/24", TUNNEL),
        ]
    )
    assert found.networks == ()
    assert [note.split(" is left out: ")[1].split(",")[0] for note in found.notes] == [
        "containers or virtual machines of this host.",
        "its addresses are public.",
        "link-local",
        "a tunnel or VPN.",
    ]
    assert question(found).endswith("Type those to scan, e.g. 10.1.0.0/22:")


def test_a_very_large_network_is_proposed_as_the_part_round_this_machine() -> None:
    found = proposal([Local("eth0", "10.7.3.9", "10.0.0.0/8")])
    assert found.networks == ("10.7.0.0/16",)
    assert "16,777,216 addresses" in found.notes[0]


def test_no_more_is_proposed_than_may_be_scanned_without_a_special_word() -> None:
    here = [Local(f"eth{n}", f"10.{n}.0.9", f"10.{n}.0.0/16") for n in range(4)]
    found = proposal(here)
    assert found.networks == ("10.0.0.0/16", "10.1.0.0/16")
    assert len(found.notes) == 2
