"""Allocation of a randomised trial as it is written in a protocol: '2:1' is two tested to one control."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from pydantic import Field

from equipoise.design.spec import Entries, between
from equipoise.trial.problem import Problem


def parse(text: str) -> tuple[int, int] | None:
    """(tested, control) in lowest terms; None if it cannot be read."""
    parts = text.split(":")
    if len(parts) != 2 or not all(p.strip().isdigit() and int(p) > 0 for p in parts):
        return None
    a, b = (int(p) for p in parts)
    return a // math.gcd(a, b), b // math.gcd(a, b)


def in_ratio(allocation: str, sizes: Mapping[str, int | None]) -> Iterator[Problem]:
    """Stated sizes of the tested arm, by the names of their entries, are multiples of its share."""
    tested = (parse(allocation) or (1, 1))[0]
    for name, n in sizes.items():
        if n is not None and n % tested:
            yield Problem("allocation", name, str(n), f"a multiple of {tested}: the arms are {allocation}")


class Allocated(Entries):
    """Two randomised arms."""

    allocation: str = Field(default="1:1", description="Tested to control, such as 2:1.")

    @between("allocation")
    def _allocation_is_read(self) -> Iterator[Problem]:
        if parse(self.allocation) is None:
            allowed = "tested:control in whole numbers, such as '2:1'"
            yield Problem("allocation", "allocation", repr(self.allocation), allowed)

    @property
    def ratio(self) -> tuple[int, int]:
        """(tested, control) in lowest terms."""
        ratio = parse(self.allocation)
        assert ratio is not None, "a rule has read it"
        return ratio
