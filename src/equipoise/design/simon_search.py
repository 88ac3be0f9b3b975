"""Search for Simon's two-stage designs by exact enumeration, with a certificate that nothing better exists.

Optimal: least expected number of patients at p0. Minimax: least maximum number, and least expected among those (Simon
1989, doi:10.1016/0197-2456(89)90015-9). Admissible: best for some weight q of the maximum against the expected number,
q · n + (1 - q) · EN(p0) (Jung et al. 2004, doi:10.1002/sim.1719).

Why the search is exact. Let b = 1 - power.

* *No size is skipped from below.* A design on n patients is a test of p0 against p1 on n observations, so its power at
  level alpha is at most that of the most powerful (randomised) test by Neyman and Pearson. The search begins at the
  first n at which that test reaches the power.
* *Nothing beyond the last size.* To keep the power, the first stage must pass with probability ≥ 1 - b at p1, which
  bounds r1 and with it PET(p0) for each n1. So EN(p0) ≥ n1 + (1 - PETmax(n1)) (n - n1), which grows with n. The
  search ends at the first n at which this bound exceeds the best EN(p0) found, for every n1.
* *Within a size*, EN(p0) depends on n1 and r1 alone. For each n1 the candidates are tried from the largest PET down,
  and for each the smallest r that keeps alpha has the largest power: if it fails, every r fails.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from equipoise.numerics.binomial import exceeds, pmf, rejection
from equipoise.trial.problem import BadInput, Problem

#: Differences below this are rounding, not design.
_EPSILON = 1e-11


@dataclass(frozen=True)
class Found:
    """The design of least EN(p0) among those with ``n`` patients in all."""

    r1: int
    n1: int
    r: int
    n: int
    en0: float


@dataclass(frozen=True)
class Frontier:
    """For each n at which fewer are expected than with any smaller n: the best design. First minimax, last optimal."""

    designs: tuple[Found, ...]
    searched_to: int

    @property
    def minimax(self) -> Found:
        """Least n."""
        return self.designs[0]

    @property
    def optimal(self) -> Found:
        """Least EN(p0)."""
        return self.designs[-1]


def best_single_stage_power(n: int, p0: float, p1: float, alpha: float) -> float:
    """Power of the most powerful level-alpha test on ``n`` patients, randomised at its boundary: nothing does better."""
    tail0, tail1 = exceeds(n, p0), exceeds(n, p1)
    r = int(np.searchsorted(-tail0, -alpha))  # the smallest r with P(X > r | p0) ≤ alpha
    spare = (alpha - tail0[r]) / pmf(n, p0)[r]
    return float(tail1[r] + min(spare, 1.0) * pmf(n, p1)[r])


def smallest_n(p0: float, p1: float, alpha: float, power: float, nmax: int) -> int | None:
    """The first n at which some test reaches the power; None up to ``nmax``. Below it there is no design."""
    return next((n for n in range(2, nmax + 1) if best_single_stage_power(n, p0, p1, alpha) >= power), None)


def search_frontier(p0: float, p1: float, alpha: float, power: float, nmax: int) -> Frontier:
    """Every design that some smaller n does not beat on EN(p0). Raises BadInput if nothing up to ``nmax`` will do."""
    first = smallest_n(p0, p1, alpha, power, nmax)
    if first is None:
        raise BadInput("design", [_out_of_reach(p0, p1, alpha, power, nmax)])
    least_pass = np.array([_largest_r1(n1, p1, power) for n1 in range(nmax + 1)])
    pet_max = np.array([_cumulative(n1, p0, r1) for n1, r1 in enumerate(least_pass)])
    found: list[Found] = []
    best = np.inf
    n = first
    while n <= nmax:
        n1s = np.arange(1, n)
        bound = n1s + (1 - pet_max[1:n]) * (n - n1s)
        if found and bound.min() >= best - _EPSILON and n - 1 >= best:
            break
        design = _best_of_size(
            n, n1s[np.argsort(bound, kind="stable")], np.sort(bound), least_pass, best, (p0, p1, alpha, power)
        )
        if design is not None:
            found.append(design)
            best = design.en0
        n += 1
    if not found:
        raise BadInput("design", [_out_of_reach(p0, p1, alpha, power, nmax)])
    return Frontier(tuple(found), n - 1)


def _best_of_size(
    n: int,
    n1s: np.ndarray,
    bounds: np.ndarray,
    largest: np.ndarray,
    best: float,
    hypotheses: tuple[float, float, float, float],
) -> Found | None:
    p0 = hypotheses[0]
    found: Found | None = None
    for n1, bound in zip(n1s.tolist(), bounds.tolist(), strict=True):
        if bound >= best - _EPSILON:
            break
        for r1 in range(int(largest[n1]), -1, -1):
            en0 = n1 + (1 - _cumulative(n1, p0, r1)) * (n - n1)
            if en0 >= best - _EPSILON:
                break
            r = smallest_r(n1, r1, n, *hypotheses)
            if r is not None:
                found, best = Found(r1, n1, r, n, en0), en0
                break
    return found


def smallest_r(n1: int, r1: int, n: int, p0: float, p1: float, alpha: float, power: float) -> int | None:
    """The smallest r with P(X1 > r1, X > r | p0) ≤ alpha, if the power at p1 is reached with it; else None."""
    size = rejection(n1, r1, n, p0)
    r = int(np.argmax(size <= alpha))
    if r >= n or rejection(n1, r1, n, p1)[r] < power:
        return None
    return r


def _largest_r1(n1: int, p1: float, power: float) -> int:
    """The largest r1 with P(X1 > r1 | p1) ≥ power; -1 if none."""
    if n1 == 0:
        return -1
    return int(np.searchsorted(-exceeds(n1, p1), -power, side="right")) - 1


def _cumulative(n1: int, p: float, r1: int) -> float:
    return 1.0 - float(exceeds(n1, p)[r1]) if r1 >= 0 else 0.0


def _out_of_reach(p0: float, p1: float, alpha: float, power: float, nmax: int) -> Problem:
    reached = {n: best_single_stage_power(n, p0, p1, alpha) for n in range(2, nmax + 1)}
    nearest = max(reached, key=lambda n: reached[n])
    return Problem(
        "no-design",
        "nmax",
        str(nmax),
        f"no design up to {nmax} patients has power {power:g} at alpha {alpha:g}; n = {nearest} comes nearest, with at "
        f"most {reached[nearest]:.4f}",
        "raise nmax or p1, or ask for less power",
    )


def lower_hull(designs: tuple[Found, ...]) -> list[tuple[Found, tuple[float, float]]]:
    """The admissible designs among ``designs``, from minimax to optimal, each with its range of weights q on n."""
    hull: list[Found] = []
    for d in designs:
        while len(hull) >= 2 and _slope(hull[-2], hull[-1]) >= _slope(hull[-2], d):
            hull.pop()
        hull.append(d)
    # q n + (1 - q) EN changes hands between a and b where q (n_b - n_a) = (1 - q) (EN_a - EN_b).
    change = [1.0]
    for a, b in itertools.pairwise(hull):
        gain = a.en0 - b.en0
        change.append(gain / (gain + b.n - a.n))
    change.append(0.0)
    return [(d, (change[i + 1], change[i])) for i, d in enumerate(hull)]


def _slope(a: Found, b: Found) -> float:
    return (b.en0 - a.en0) / (b.n - a.n)
