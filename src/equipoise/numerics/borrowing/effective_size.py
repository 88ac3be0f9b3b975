"""What a prior of a rate is worth, in patients: two answers, and words for them.

ELIR: the expected local-information ratio, the one that adds up when data come (Neuenschwander, Weber, Schmidli & O'Hagan
2020, doi:10.1111/biom.13252). Moment: the beta with the same mean and SD; cautious for mixtures. Morita's curvature at the
mode (2008, doi:10.1111/j.1541-0420.2007.00888.x) is left out: for mixtures it promises too much (95 patients where these
two say 38 and 24).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.numerics.borrowing import logit_grid

Array = NDArray[np.float64]


@dataclass(frozen=True)
class EffectiveSize:
    """In patients (or in the unit named). ``elir`` is None where the ratio has no expectation: an unbounded density."""

    elir: float | None
    moment: float
    unit: str = "patients"

    @property
    def best(self) -> float:
        """ELIR, or the moments' answer where there is none."""
        return self.moment if self.elir is None else self.elir

    def __str__(self) -> str:
        return f"the prior is worth {self.best:.0f} {self.unit}"


def moment(mean: float, sd: float) -> float:
    """a + b of the beta with this mean and SD."""
    return mean * (1 - mean) / sd**2 - 1


def elir(mass: Array, slope: Array) -> float:
    """The expected local-information ratio from masses on the grid and d log f / d logit, f the density of the rate.

    E[-(log f)'' p (1 - p)], written by parts as E[(slope + 1 - 2 p) slope / (p (1 - p))], so that one derivative is enough.
    """
    p = logit_grid.RATE
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(mass > 1e-250, mass * slope * (slope + 1 - 2 * p) / (p * (1 - p)), 0.0)
    return float(terms.sum())
