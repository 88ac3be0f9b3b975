"""Boundaries of a safety rule as they were published, in place of those that the rule itself gives.

One number a look: the least that stops, and one above the size of the look where none does. Between two looks the boundary
is that of the next, which changes nothing: what has reached it will have reached it there. Beyond the last it is the last's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Annotated, ClassVar

from pydantic import Field

from equipoise.design.looks_taken import look_sizes
from equipoise.design.spec import MOST_COUNT, Entries
from equipoise.trial.problem import Problem


class StatedStops(Entries):
    """A rule whose boundary follows from its threshold, or is stated."""

    #: Entries from which the looks follow: the first, the steps and the last.
    sized_by: ClassVar[tuple[str, str, str]] = ("first", "cohort", "n")

    stops_at: tuple[Annotated[int, Field(ge=1, le=MOST_COUNT)], ...] | None = Field(
        default=None,
        description="Stated: the least number that stops, at each look; one more than the size of a look: none does.",
    )

    def problems(self, sound: Collection[str]) -> Iterator[Problem]:
        """What is wrong between the entries, and between the boundary and the looks."""
        found = list(super().problems(sound))
        yield from found
        if self.stops_at is None or not {"stops_at", *self.sized_by} <= set(sound):
            return
        if any(problem.where in self.sized_by for problem in found):
            return  # the looks are not known
        first, every, last = (getattr(self, name) for name in self.sized_by)
        sizes = look_sizes(first, every, last)
        shown = ", ".join(map(str, sizes[:3])) + (f" … {sizes[-1]}" if len(sizes) > 3 else "")
        if len(self.stops_at) != len(sizes):
            allowed = f"{len(sizes)} numbers, one for each look (at {shown})"
            yield Problem("boundaries", "stops_at", f"{len(self.stops_at)} numbers", allowed)
        elif any(b < a for a, b in pairwise(self.stops_at)):
            yield Problem("boundaries", "stops_at", str(self.stops_at), "numbers that do not fall")
        else:
            for k, (x, n) in enumerate(zip(self.stops_at, sizes, strict=True)):
                if x > n + 1:
                    yield Problem("boundaries", f"stops_at[{k}]", str(x), f"at most {n + 1}: the look is at {n}")


def stated_at(sizes: Sequence[int], stops_at: Sequence[int], n: int) -> int:
    """The least number that stops at ``n``, planned as a look or not."""
    return stops_at[min(bisect_left(sizes, n), len(sizes) - 1)]


def not_the_rules(sizes: Sequence[int], stated: Sequence[int], by_rule: Sequence[int]) -> list[str]:
    """The caution that says where a stated boundary is not the rule's; none where it is."""
    other = [
        f"{b} at {n} (the rule: {a if a <= n else 'none'})"
        for n, b, a in zip(sizes, stated, by_rule, strict=True)
        if min(a, n + 1) != min(b, n + 1)
    ]
    return [f"The stated boundary is not the rule's: {', '.join(other)}."] if other else []
