"""Boundaries of successes as they were published, in place of those that a kind's own rule gives.

At a look before the last the trial stops with ``low`` or fewer successes; at any look the null is rejected with more than
``high``. Where the rule would give others, those that are stated are in force, and a caution says where the two differ.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator
from functools import cached_property
from itertools import pairwise
from typing import Annotated, ClassVar

from pydantic import Field

from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.design.spec import MOST_COUNT, Entries
from equipoise.numerics.sequential.staged_binomial import Stages
from equipoise.trial.problem import Problem

#: low (each look but the last) and high (each look).
Boundaries = tuple[tuple[int, ...], tuple[int, ...]]


class StatedBoundaries(Entries):
    """A kind whose boundaries follow from its rule, or are stated."""

    #: Entries from which the sizes of the looks follow.
    sized_by: ClassVar[tuple[str, ...]] = ()

    low: tuple[Annotated[int, Field(ge=-1, le=MOST_COUNT)], ...] | None = Field(
        default=None,
        description="Stated: stop for futility with so many successes or fewer, at each look but the last; -1: never.",
    )
    high: tuple[Annotated[int, Field(ge=0, le=MOST_COUNT)], ...] | None = Field(
        default=None, description="Stated: reject with more than so many successes, at each look; its n: never."
    )

    @property
    @abstractmethod
    def planned_sizes(self) -> tuple[int, ...] | None:
        """Patients in all at each look; None where they are searched."""

    @property
    def boundaries(self) -> Boundaries | None:
        """Those that are stated."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def problems(self, sound: Collection[str]) -> Iterator[Problem]:
        """What is wrong between the entries, and between the boundaries and the looks."""
        found = list(super().problems(sound))
        yield from found
        one = [k for k in ("low", "high") if k in sound and getattr(self, k) is not None]
        if {"low", "high"} <= set(sound) and len(one) == 1:
            missing = "high" if one == ["low"] else "low"
            yield Problem("half-stated", missing, "nothing", "both low and high, or neither")
        if self.boundaries is None or not {"low", "high", *self.sized_by} <= set(sound):
            return
        if any(problem.where in self.sized_by for problem in found):
            return  # the looks are not known
        sizes = self.planned_sizes
        if sizes is None:
            yield Problem("half-stated", ", ".join(self.sized_by), "nothing", "stated with low and high")
        else:
            yield from _wrong(*self.boundaries, sizes)


def _wrong(low: tuple[int, ...], high: tuple[int, ...], sizes: tuple[int, ...]) -> Iterator[Problem]:
    """What is wrong between boundaries and the sizes of the looks."""
    fits = True
    for name, values, count in (("low", low, len(sizes) - 1), ("high", high, len(sizes))):
        if len(values) != count:
            fits = False
            yield Problem("boundaries", name, str(values), f"{count} numbers for the looks on {sizes}")
        elif _falls(values, sizes) or any(v > n for v, n in zip(values, sizes, strict=False)):
            allowed = f"numbers that do not fall, none above the patients of its look, {sizes}"
            yield Problem("boundaries", name, str(values), allowed)
    if fits and any(a > b for a, b in zip(low, high, strict=False)):
        yield Problem("boundaries", "low", str(low), f"at most high = {high} at each look")


def _falls(values: tuple[int, ...], sizes: tuple[int, ...]) -> bool:
    """Whether the numbers fall from look to look; one that is its look's size says 'never', and is none."""
    acts = [v for v, n in zip(values, sizes, strict=False) if v != n]
    return any(b < a for a, b in pairwise(acts))


class RuledOrStated(RateDesign):
    """A design whose boundaries follow from its rule, unless they are stated.

    A subclass is a dataclass with a field ``stated``, None unless they are, and gives its boundaries ``by_rule``.
    """

    stated: Boundaries | None

    @property
    @abstractmethod
    def by_rule(self) -> Stages:
        """Sizes, and the boundaries that the rule gives."""

    @cached_property
    def stages(self) -> Stages:
        """Sizes, and the boundaries in force."""
        if self.stated is None:
            return self.by_rule
        low, high = self.stated
        return Stages(self.by_rule.n, (*low, high[-1]), high)

    def in_force(self) -> str:
        """A sentence of the protocol on stated boundaries; nothing where none are."""
        if self.stated is None:
            return ""
        s = self.stages
        looks = [
            f"at {n} it stops " + " and ".join(stops_of(low, high, n))
            for n, low, high in zip(s.n[:-1], s.low, s.high, strict=False)
        ]
        last = f"at {s.n[-1]} the null hypothesis is rejected with more than {s.high[-1]} successes"
        return f" The boundaries in force are those that were published: {'; '.join([*looks, last])}."

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Errors that are not kept, and where stated boundaries are not the rule's."""
        found = super().cautions
        if self.stated is None:
            return found
        ruled, stages = self.by_rule, self.stages
        rows = zip(stages.n, stages.low, stages.high, ruled.low, ruled.high, strict=True)
        other = [
            f"{low} and {high} at {n} (the rule: {a} and {b})"
            for n, low, high, a, b in rows
            if (low, min(high, n)) != (a, min(b, n))
        ]
        if not other:
            return found
        return (*found, f"The stated boundaries, low and high, are not those of the rule: {', '.join(other)}.")


def stops_of(low: int, high: int, n: int) -> list[str]:
    """What stops at a look before the last; 'never' where no number of successes can."""
    futile = [f"for futility with {low} or fewer successes"] if low >= 0 else []
    convincing = [f"for efficacy, rejecting the null hypothesis, with {high + 1} or more"] if high < n else []
    return [*futile, *convincing] or ["never"]
