"""What the kernel says of its clock."""

from __future__ import annotations

from mother.host.timekeeping import synchronised


def test_the_kernel_says_whether_its_clock_is_kept_and_nothing_is_set_by_asking() -> None:
    said = {synchronised() for _ in range(3)}
    assert len(said) == 1
    assert said <= {True, False, None}
