"""Several doses side by side, one picked and then tested: exact sums of binomials, and the largest type I error over all truths.

A patient's response and DLT are independent. Each dose has ``n`` patients; of those fit to be picked the lowest is, whose score is within ``margin`` of the largest.
A picked dose has ``further`` more. P(dose j is picked with s responses) is summed over the largest score: for a given one the doses are independent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from equipoise.numerics.counts.binomial import pmf

Real = NDArray[np.float64]
_HAIR = 1e-9
#: Rates above p0 that the search begins with, as shares of the way to 1; and from how many of the worst truths it goes on.
_ABOVE, _STARTS = (0.2, 0.5, 1.0), 4


@dataclass(frozen=True)
class Dose:
    """What a dose's n patients may show: scores, responses, and whether it is fit to be picked, for each number of responses and DLTs (rows, columns)."""

    score: Real
    fit: NDArray[np.bool_]


@dataclass(frozen=True)
class Worst:
    """The largest type I error that a search found, and where: response rates, and DLT rates where they matter."""

    error: float
    response: tuple[float, ...]
    dlt: tuple[float, ...]


@dataclass(frozen=True)
class Comparison:
    """``doses`` doses of ``n`` patients, one picked. ``asks_dlt``: whether DLTs are asked: for fitness ('fit'), for the score too ('score'), or not ('no')."""

    doses: int
    n: int
    further: int
    dose: Dose
    margin: float
    least: int
    asks_dlt: str

    @cached_property
    def _values(self) -> Real:
        """All scores that may be the largest."""
        return np.unique(np.round(self.dose.score[self.dose.fit], 9))

    def picks(self, response: Sequence[float], dlt: Sequence[float]) -> tuple[Real, float]:
        """P(dose j is picked with s responses): a row a dose, a column a number of responses; and P(none is)."""
        cells = [np.outer(pmf(self.n, r), pmf(self.n, t)) * self.dose.fit for r, t in zip(response, dlt, strict=True)]
        values, score = self._values, np.round(self.dose.score, 9)
        place = np.searchsorted(values, score).clip(0, len(values) - 1)
        by_score = np.array([np.bincount(place.ravel(), c.ravel(), len(values)) for c in cells])
        # P(score below or at each value), with a dose that is not fit counting as below all.
        at_most = np.cumsum(by_score, axis=1) + (1 - by_score.sum(axis=1, keepdims=True))
        less = at_most - by_score
        reach = np.searchsorted(values, values - self.margin - _HAIR)  # the least score within the margin of each value
        found = np.zeros((self.doses, self.n + 1))
        for j in range(self.doses):
            lower = np.prod(less[:j][:, reach], axis=0) if j else np.ones(len(values))
            through, short = np.prod(at_most[j + 1 :], axis=0), np.prod(less[j + 1 :], axis=0)
            # With the largest score v: dose j anywhere within the margin; it is v itself, or another above j is.
            itself, other = lower * through, lower * (through - short)
            joint = np.zeros((len(values), self.n + 1))
            for s in range(self.n + 1):
                joint[:, s] = np.bincount(place[s], cells[j][s], len(values))
            found[j] = itself @ joint
            below = np.vstack([np.zeros(self.n + 1), np.cumsum(joint, axis=0)])
            found[j] += other @ (below[np.arange(len(values))] - below[reach])
        return found, float(max(0.0, 1 - found.sum()))

    def declares(self, response: Sequence[float], dlt: Sequence[float]) -> Real:
        """P(dose j is picked and has at least c responses in the end): a row a dose, a column c = 0, 1, …, n + further."""
        picked, _ = self.picks(response, dlt)
        picked[:, : self.least] = 0
        total = np.array([np.convolve(p, pmf(self.further, r)) for p, r in zip(picked, response, strict=True)])
        return np.asarray(np.cumsum(total[:, ::-1], axis=1)[:, ::-1])

    def error(self, p0: float, response: Sequence[float], dlt: Sequence[float]) -> Real:
        """P(a dose is declared whose response rate is at most ``p0``), by boundary."""
        null = np.array([r <= p0 + 1e-12 for r in response])
        return np.asarray(self.declares(response, dlt)[null].sum(axis=0))

    def any_rule(self, p0: float) -> Real:
        """The same for whatever rule picks, at most: as though each dose went on, and any could be declared."""
        alone = np.cumsum(pmf(self.n + self.further, p0)[::-1])[::-1]
        return np.asarray(1 - (1 - np.minimum(alone, 1.0)) ** self.doses)

    def worst(self, p0: float, boundary: int) -> Worst:
        """The largest type I error at a boundary: on a grid of truths, and from its worst points on by descent."""
        starts = sorted(
            ((float(self.error(p0, r, t)[boundary]), r, t) for r, t in self._truths(p0)), key=lambda x: -x[0]
        )[:_STARTS]
        found = [Worst(*s) for s in starts]
        for _, r, t in starts:
            low = [(0.0, p0) if x <= p0 else (p0 + 1e-9, 1.0) for x in r]
            free = [(0.0, 1.0)] * self.doses if self.asks_dlt == "score" else [(x, x) for x in t]

            def minus(x: Real) -> float:
                both = x.tolist()
                return -float(self.error(p0, both[: self.doses], both[self.doses :])[boundary])

            best = minimize(minus, [*r, *t], bounds=[*low, *free], method="L-BFGS-B", options={"maxiter": 60})
            at = tuple(np.clip(best.x, 0, 1).tolist())
            found.append(Worst(-float(best.fun), at[: self.doses], at[self.doses :]))
        return max(found, key=lambda w: w.error)

    def _truths(self, p0: float) -> Iterator[tuple[tuple[float, ...], tuple[float, ...]]]:
        """Truths of which at least one dose is null. Fitness alone: the error is linear in each dose's chance to be fit, so 0 and 1 are enough."""
        rates = [0.0, p0 / 2, p0, *(p0 + share * (1 - p0) for share in _ABOVE)]
        toxic = {"no": (0.0,), "fit": (0.0, 1.0), "score": (0.0, 0.3, 1.0)}[self.asks_dlt]
        for r in product(rates, repeat=self.doses):
            if min(r) <= p0:
                for t in product(toxic, repeat=self.doses):
                    yield r, t

    def boundary(self, p0: float, alpha: float, whatever_picks: bool) -> int:
        """The least number of responses at which the type I error is at most ``alpha`` for every truth; n + further + 1 if none is."""
        if whatever_picks:
            return _first(self.any_rule(p0), alpha)
        # One dose alone makes so many errors, whatever picks it: no lower boundary need be tried.
        found = _first(np.cumsum(pmf(self.n + self.further, p0)[::-1])[::-1], alpha)
        while found <= self.n + self.further and self.worst(p0, found).error > alpha + 1e-12:
            found += 1
        return found


def _first(error: Real, alpha: float) -> int:
    return next((c for c, e in enumerate(error) if e <= alpha + 1e-12), len(error))
