"""A basket's cohorts: how each may end, and with which probability. Cohorts share no patients: their ends are independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom


@dataclass(frozen=True, slots=True)
class End:
    """One way in which a cohort may end: ``x`` responses of ``n``; ``alive`` if its own first stage did not end it."""

    n: int
    x: int
    alive: bool


@dataclass(frozen=True)
class BasketCohort:
    """A cohort of ``n`` patients, pruned with ``r1`` or fewer responses of ``n1`` (``n1`` 0: never); hypotheses p0 and p1."""

    n: int
    p0: float
    p1: float
    n1: int = 0
    r1: int = -1
    name: str = ""

    @cached_property
    def ends(self) -> tuple[End, ...]:
        """Every way in which it may end: pruned ones first, by the number of responses."""
        pruned = [End(self.n1, x, alive=False) for x in range(self.r1 + 1)] if self.n1 else []
        return (*pruned, *(End(self.n, x, alive=True) for x in range(self.r1 + 1 if self.n1 else 0, self.n + 1)))

    def chances(self, p: float) -> NDArray[np.float64]:
        """The probability of each end where the rate is ``p``."""
        if not self.n1:
            found: NDArray[np.float64] = binom.pmf(np.arange(self.n + 1), self.n, p)
            return found
        first, rest = binom.pmf(np.arange(self.n1 + 1), self.n1, p), self.n - self.n1
        second = binom.pmf(np.arange(rest + 1), rest, p)
        whole = np.convolve(np.where(np.arange(self.n1 + 1) > self.r1, first, 0.0), second)
        return np.concatenate([first[: self.r1 + 1], whole[self.r1 + 1 :]])

    def expected(self, p: float) -> float:
        """Patients expected where the rate is ``p``."""
        return float(self.chances(p) @ np.array([e.n for e in self.ends]))


def joint(chances: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The probability of every combination of ends, an axis a cohort."""
    found = np.ones(())
    for c in chances:
        found = np.multiply.outer(found, c)
    return found
