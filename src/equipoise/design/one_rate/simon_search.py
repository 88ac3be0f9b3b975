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
* *Within a size* every n1 whose bound is below the best is tried with every r1 and r. P(X1 ≤ r1, X > r) is a running sum
  over x1, so one pass gives both errors of all r1. The r tried go down from the largest with P(X > r | p1) ≥ power, to
  the first at which no r1 keeps alpha that is not known to do already: fewer keep it with a smaller r.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from equipoise.design.spec import no_design
from equipoise.numerics.counts.binomial import exceeds, pmf, rejection
from equipoise.trial.problem import BadInput

Array = NDArray[np.float64]

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
    """For each n at which fewer are expected than with any smaller n: the best design. First minimax, last optimal.

    ``searched_to`` is the last n tried; beyond it ``proved`` says that nothing can be better, else nmax ended it.
    """

    designs: tuple[Found, ...]
    searched_to: int
    proved: bool

    @property
    def minimax(self) -> Found:
        """Least n."""
        return self.designs[0]

    @property
    def optimal(self) -> Found:
        """Least EN(p0)."""
        return self.designs[-1]


@dataclass(frozen=True)
class Constraints:
    """What a design must also keep: a first stage of just ``n1`` patients, PET(p0) of at least ``min_pet``, a second stage of at least
    ``least_gap`` patients.
    """

    n1: int | None = None
    min_pet: float = 0.0
    least_gap: int = 1


FREE = Constraints()


def best_single_stage_power(n: int, p0: float, p1: float, alpha: float) -> float:
    """Power of the most powerful level-alpha test on ``n`` patients, randomised at its boundary: nothing does better."""
    tail0, tail1 = exceeds(n, p0), exceeds(n, p1)
    r = int(np.searchsorted(-tail0, -alpha))  # the smallest r with P(X > r | p0) ≤ alpha
    spare = (alpha - tail0[r]) / pmf(n, p0)[r]
    return float(tail1[r] + min(spare, 1.0) * pmf(n, p1)[r])


def smallest_n(p0: float, p1: float, alpha: float, power: float, nmax: int) -> int | None:
    """The first n at which some test reaches the power; None up to ``nmax``. Below it there is no design.

    The most powerful test never loses power with one patient more (he can be ignored), so the first n is bisected.
    """
    low, high = 2, 2
    while best_single_stage_power(high, p0, p1, alpha) < power:
        if high == nmax:
            return None
        low, high = high + 1, min(2 * high, nmax)
    while low < high:
        middle = (low + high) // 2
        if best_single_stage_power(middle, p0, p1, alpha) >= power:
            high = middle
        else:
            low = middle + 1
    return low


def search_frontier(p0: float, p1: float, alpha: float, power: float, nmax: int, keep: Constraints = FREE) -> Frontier:
    """Every design that some smaller n does not beat on EN(p0). Raises BadInput if nothing up to ``nmax`` will do."""
    first = smallest_n(p0, p1, alpha, power, nmax)
    if first is None:
        raise out_of_reach(p0, p1, alpha, power, nmax)
    found: list[Found] = []
    best = np.inf
    n, proved = first, False
    tables = Tables.up_to(min(nmax, _rounded(first)), p0, p1, power)
    while n <= nmax:
        if n > tables.size:
            tables = Tables.up_to(min(nmax, _rounded(n)), p0, p1, power)
        bound = tables.bound(n)
        if found and bound.min() >= best - _EPSILON and n - 1 >= best:
            proved = True
            break
        design = best_of_size(n, bound, tables, best, (p0, p1, alpha, power), keep)
        if design is not None:
            found.append(design)
            best = design.en0
        n += 1
    if not found:
        raise out_of_reach(p0, p1, alpha, power, nmax, keep)
    return Frontier(tuple(found), n - 1, proved)


def _rounded(n: int) -> int:
    """A size of tables with room to go on, the same for near n, so that they are found again."""
    return -(-3 * n // 2 // 64) * 64 + 64


@dataclass(frozen=True)
class Tables:
    """Binomial tables for all sizes 0 … size: probabilities and tails at p0 and p1, and the r1 that keep the power.

    ``mass[h][m, x]`` is P(X = x); ``tail[h][m, y]`` is P(X > y - 1), shifted so that index 0 stands for every y < 0.
    """

    size: int
    mass: tuple[Array, Array]
    tail: tuple[Array, Array]
    at_most0: Array
    #: the largest r1 with P(X1 > r1 | p1) ≥ power, by n1; -1 if none
    largest: NDArray[np.int64]
    pet_max: Array

    @staticmethod
    @lru_cache(maxsize=4)
    def up_to(size: int, p0: float, p1: float, power: float) -> Tables:
        """Tables for sizes 0 … ``size``."""
        (mass0, tail0), (mass1, tail1) = (
            _kept_tables(size, p) if size <= _KEPT else _tables(size, p) for p in (p0, p1)
        )
        mass, tail = (mass0, mass1), (tail0, tail1)
        largest = (tail[1][:, 1:] >= power).sum(axis=1) - 1
        at_most0 = 1.0 - tail[0][:, 1:]
        pet_max = np.where(largest >= 0, at_most0[np.arange(size + 1), np.maximum(largest, 0)], 0.0)
        return Tables(size, mass, tail, at_most0, largest, pet_max)

    def bound(self, n: int) -> Array:
        """The least EN(p0) that n1 = 1 … n - 1 allows with n patients in all."""
        n1 = np.arange(1, n)
        return n1 + (1 - self.pet_max[1:n]) * (n - n1)


def _tables(size: int, p: float) -> tuple[Array, Array]:
    mass = _mass(size, p)
    return mass, _tail(mass)


#: Small tables are kept: many problems share their rates.
_KEPT = 256
_kept_tables = lru_cache(maxsize=128)(_tables)


def _mass(size: int, p: float) -> Array:
    m, x = np.arange(size + 1)[:, None], np.arange(size + 1)[None, :]
    logs = gammaln(np.arange(size + 2) + 1.0)
    table = np.exp(
        np.where(
            x <= m, logs[m] - logs[x] - logs[np.maximum(m - x, 0)] + x * np.log(p) + (m - x) * np.log1p(-p), -np.inf
        )
    )
    table /= table.sum(axis=1, keepdims=True)
    return table


def _tail(mass: Array) -> Array:
    """P(X > y - 1) for y = 0 … size + 1, summed from the far tail."""
    size = len(mass) - 1
    table = np.zeros((size + 1, size + 2))
    table[:, :-1] = np.cumsum(mass[:, ::-1], axis=1)[:, ::-1]
    table[:, 0] = 1.0
    return table


def best_of_size(
    n: int,
    bound: Array,
    tables: Tables,
    best: float,
    hypotheses: tuple[float, float, float, float],
    keep: Constraints = FREE,
) -> Found | None:
    """The design of least EN(p0) with ``n`` patients in all, if it is below ``best``."""
    p0, p1, alpha, power = hypotheses
    n1 = np.flatnonzero((bound < best - _EPSILON) & (tables.largest[1:n] >= 0)) + 1
    if keep.n1 is not None:
        n1 = n1[n1 == keep.n1]
    n1 = n1[n1 <= n - keep.least_gap]
    if not len(n1):
        return None
    x = np.arange(int(tables.largest[n1].max()) + 1)
    rows = n1[:, None]
    en0 = n1[:, None] + (1 - tables.at_most0[rows, x]) * (n - n1[:, None])
    allowed = (x <= tables.largest[rows]) & (en0 < best - _EPSILON) & (tables.at_most0[rows, x] >= keep.min_pet)
    mass0, mass1 = tables.mass[0][rows, x], tables.mass[1][rows, x]
    tail0, tail1 = exceeds(n, p0), exceeds(n, p1)
    feasible = np.zeros_like(allowed)
    for r in range(int(np.searchsorted(-tail1, -power, side="right")) - 1, -1, -1):
        # P(X1 > r1, X > r) = P(X > r) - sum over x1 ≤ r1 of P(X1 = x1) P(X2 > r - x1)
        y = np.clip(r - x + 1, 0, n)
        size = tail0[r] - np.cumsum(mass0 * tables.tail[0][n - rows, y], axis=1)
        keeps = allowed & ~feasible & (size <= alpha)
        if not keeps.any():
            break
        feasible |= keeps & (tail1[r] - np.cumsum(mass1 * tables.tail[1][n - rows, y], axis=1) >= power)
    if not feasible.any():
        return None
    en0 = np.where(feasible, en0, np.inf)
    row, r1 = np.unravel_index(int(np.argmin(en0)), en0.shape)
    chosen = int(n1[row])
    last = smallest_r(chosen, int(r1), n, *hypotheses)
    assert last is not None, "feasible, so some r keeps both errors"
    return Found(int(r1), chosen, last, n, float(en0[row, r1]))


def smallest_r(n1: int, r1: int, n: int, p0: float, p1: float, alpha: float, power: float) -> int | None:
    """The smallest r with P(X1 > r1, X > r | p0) ≤ alpha, if the power at p1 is reached with it; else None."""
    size = rejection(n1, r1, n, p0)
    # a hair of rounding: the search sums in another order
    r = int(np.argmax(size <= alpha * (1 + 1e-13)))
    if r >= n or rejection(n1, r1, n, p1)[r] < power * (1 - 1e-13):
        return None
    return r


def out_of_reach(p0: float, p1: float, alpha: float, power: float, nmax: int, keep: Constraints = FREE) -> BadInput:
    """No design up to ``nmax`` will do; the most power that its patients could have says how far off it is."""
    reached = best_single_stage_power(nmax, p0, p1, alpha)
    beyond = f"; n1 = {keep.n1}" if keep.n1 is not None else ""
    beyond += f"; PET(p0) ≥ {keep.min_pet:g}" if keep.min_pet else ""
    beyond += f"; {keep.least_gap} or more between the stages" if keep.least_gap > 1 else ""
    nothing = f"no design up to {nmax} patients has power {power:g} at alpha {alpha:g}; n = {nmax} comes nearest, with at most {reached:.4f} in one look"
    relax = ", or relax the constraints" if keep != FREE else ""
    return no_design(f"{nmax}{beyond}", nothing, f"raise nmax or p1, or ask for less power{relax}")


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
