"""Designs that are searched, or stated as they were published: sizes and boundaries as they are, with what they really keep."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import ClassVar, Literal

from pydantic import Field

from equipoise.design.spec import MOST_COUNT, Entries
from equipoise.trial.problem import Problem

#: An exact error that exceeds what was asked by less than this does so by rounding.
ROUNDING = 1e-9


class Searched(Entries):
    """A kind whose numbers are found by a search, or stated."""

    #: Entries that are stated, all of them, with sizes = 'stated', and not at all else.
    published: ClassVar[tuple[str, ...]] = ()
    #: Entries that may be stated with them.
    may_be_published: ClassVar[tuple[str, ...]] = ()

    sizes: Literal["searched", "stated"] = Field(
        default="searched", description="'searched': found for the errors. 'stated': sizes and boundaries as given."
    )

    def problems(self, sound: Collection[str]) -> Iterator[Problem]:
        """What is wrong between the entries, and which of them ``sizes`` needs or forbids."""
        yield from super().problems(sound)
        if "sizes" not in sound:
            return
        for k in self.published if self.sizes == "stated" else ():
            if k in sound and getattr(self, k) is None and k not in self.follows():
                yield Problem("missing", k, "nothing", "required when sizes = 'stated'")
        for k in (*self.published, *self.may_be_published) if self.sizes != "stated" else ():
            if k in sound and getattr(self, k) is not None:
                allowed = f"nothing: with sizes = {self.sizes!r} it is found"
                yield Problem("not-stated", k, str(getattr(self, k)), allowed, "use sizes = 'stated'")

    def follows(self) -> tuple[str, ...]:
        """Entries that need not be stated with sizes = 'stated', as they follow from others."""
        return ()

    @property
    def are_stated(self) -> bool:
        """Whether the numbers are stated."""
        return self.sizes == "stated"


class Spaced(Entries):
    """A search that may leave no less than so many patients between two stages."""

    least_gap: int = Field(
        default=1, ge=1, le=MOST_COUNT, description="Least number of patients between two stages, in a search."
    )


def missed(alpha: float, asked: float, power: float, wanted: float, at: str, *, exact: bool = True) -> tuple[str, ...]:
    """Cautions where a design does not keep the errors that were asked for; ``at``: what the power is at.

    ``exact``: summed over all outcomes, not by an approximation.
    """
    found = []
    if alpha > asked * (1 + ROUNDING):
        found.append(
            f"The {'exact ' if exact else ''}type I error is {alpha:.4f}, above the stated alpha of {asked:g}."
        )
    if power < wanted * (1 - ROUNDING):
        found.append(f"The power {at} is {power:.4f}, below the stated {wanted:g}.")
    return tuple(found)
