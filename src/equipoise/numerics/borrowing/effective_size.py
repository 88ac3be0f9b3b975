"""What a prior of a rate is worth, in patients: three answers, and words for them.

ELIR: the expected local-information ratio, the one that adds up when data come (Neuenschwander, Weber, Schmidli & O'Hagan
2020, doi:10.1111/biom.13252). Moment: the beta with the same mean and SD; cautious for mixtures. Morita: the number of
patients after which a vague prior would be as curved as this one is, at the prior's mean (Morita, Thall & Müller 2008,
doi:10.1111/j.1541-0420.2007.00888.x). For mixtures the last promises too much: it looks at one point, where the informative
part rules; 92 patients where the others say 38 and 24. So it is shown, and never the one that is believed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from equipoise.numerics.borrowing import logit_grid

Array = NDArray[np.float64]
#: Where Morita's curvature is taken: at the mean as in the paper, or at the mode as in R's RBesT.
Place = Literal["mean", "mode"]


@dataclass(frozen=True)
class EffectiveSize:
    """In patients (or in the unit named). ``elir`` is None where the ratio has no expectation: an unbounded density."""

    elir: float | None
    moment: float
    unit: str = "patients"
    morita: float | None = None

    @property
    def best(self) -> float:
        """ELIR, or the moments' answer where there is none."""
        return self.moment if self.elir is None else self.elir

    def __str__(self) -> str:
        return f"the prior is worth {self.best:.0f} {self.unit}"

    def in_full(self) -> str:
        """All answers: 'the prior is worth 55 patients (ELIR; 23 by moments, 101 by Morita)'."""
        others = [f"{self.moment:.0f} by moments"] if self.elir is not None else []
        others += [f"{self.morita:.0f} by Morita"] if self.morita is not None else []
        first = "ELIR" if self.elir is not None else "moments"
        return f"{self} ({'; '.join([first, ', '.join(others)] if others else [first])})"


def moment(mean: float, sd: float) -> float:
    """a + b of the beta with this mean and SD."""
    return mean * (1 - mean) / sd**2 - 1


def elir(mass: Array, slope: Array, least: float = 0.0) -> float:
    """The expected local-information ratio from masses on the grid and d log f / d logit, f the density of the rate.

    E[-(log f)'' p (1 - p)], written by parts as E[(slope + 1 - 2 p) slope / (p (1 - p))], so that one derivative is enough.
    Masses below ``least`` of the largest are left out: where they come of a transform they are rounding, and far out 1 / (p (1 - p))
    would make hundreds of patients of it.
    """
    p = logit_grid.RATE
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(
            mass > max(least * mass.max(), 1e-250), mass * slope * (slope + 1 - 2 * p) / (p * (1 - p)), 0.0
        )
    return float(terms.sum())


def mode(density: Callable[[float], float], low: float, high: float, points: int = 4001) -> float:
    """Where a density is highest between two ends: the best of a grid, refined."""
    grid = np.linspace(low, high, points)[1:-1]
    best = int(np.argmax([density(float(x)) for x in grid]))
    near = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)])
    return float(minimize_scalar(lambda x: -density(x), bounds=near, method="bounded", options={"xatol": 1e-12}).x)


def morita_rate(information: float, at: float, mean: float, vague: float = math.inf) -> float:
    """Patients n at which Beta(at / vague, (1 - at) / vague), after n patients of a ``mean`` rate, has this information at ``at``.

    ``information``: -(log f)'' of the prior there. The expected information of the vague posterior is linear in n, so
    that n is a quotient; 0 where the prior is curved the other way. ``vague``: the paper's large constant, here without end.
    """
    p, q = at, 1 - at
    before = (p / vague - 1) / p**2 + (q / vague - 1) / q**2
    return max((information - before) / (mean / p**2 + (1 - mean) / q**2), 0.0)
