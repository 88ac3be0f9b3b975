"""Two independent binomial counts, tested against each other: exact regions, exact size, exact power.

All tests are one-sided for a higher rate in the tested arm: X successes of ``nx`` tested, Y of ``ny`` control patients. A
region is a boolean array (nx + 1, ny + 1), True where the null hypothesis (rates equal, or the tested one lower) is
rejected.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, ndtr

from equipoise.numerics.counts.binomial import pmf

Array = NDArray[np.float64]
Region = NDArray[np.bool_]
Method = Literal["barnard", "fisher", "pooled-z"]

#: A p or a size above the level by less than this share is so by rounding. Fisher's p often is the level: 14 of 14 against 5 of 7, 1 / 10.
_ROUNDING = 1e-9


def pooled_z(nx: int, ny: int) -> Array:
    """The pooled Z statistic of every outcome, (nx + 1, ny + 1): positive favours the tested arm; 0 where nothing varies."""
    x, y = np.arange(nx + 1)[:, None], np.arange(ny + 1)[None, :]
    pooled = (x + y) / (nx + ny)
    variance = pooled * (1 - pooled) * (1 / nx + 1 / ny)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (x / nx - y / ny) / np.sqrt(variance)
    return np.where(variance > 0, z, 0.0)


def fisher_p(nx: int, ny: int) -> Array:
    """Fisher's exact one-sided p of every outcome: P(X ≥ x | X + Y), hypergeometric."""
    x, y = np.arange(nx + 1)[:, None], np.arange(ny + 1)[None, :]
    logs = gammaln(np.arange(nx + ny + 2) + 1.0)

    def choose(n: int, k: NDArray[np.int64]) -> Array:
        return np.asarray(logs[n] - logs[k] - logs[n - k])

    mass = np.exp(choose(nx, x) + choose(ny, y) - choose(nx + ny, x + y))
    p = np.zeros((nx + 1, ny + 1))
    for total in range(nx + ny + 1):
        rows = np.arange(max(0, total - ny), min(nx, total) + 1)
        p[rows, total - rows] = np.cumsum(mass[rows, total - rows][::-1])[::-1]
    return np.minimum(p, 1.0)


def probability(region: Region | Array, px: float, py: float) -> float:
    """P(outcome in the region) when the rates are ``px`` (tested) and ``py`` (control)."""
    nx, ny = region.shape[0] - 1, region.shape[1] - 1
    return float(pmf(nx, px) @ region @ pmf(ny, py))


@lru_cache(maxsize=64)
def _grid(n: int, points: int) -> Array:
    return np.array([pmf(n, p) for p in np.linspace(0, 1, points)])


def size(region: Region, points: int = 501) -> tuple[float, float]:
    """The largest P(region) over equal rates, and the rate at which it is reached.

    A grid of ``points`` rates, then a bounded search around the best three: the size is a polynomial in the rate, smooth on
    the scale of 1 / sqrt(n), so that for n up to a few hundred no peak hides between the points.
    """
    from scipy.optimize import minimize_scalar

    nx, ny = region.shape[0] - 1, region.shape[1] - 1
    on_grid = np.einsum("gi,ij,gj->g", _grid(nx, points), region.astype(float), _grid(ny, points), optimize=True)
    rates = np.linspace(0, 1, points)
    best = (float(on_grid.max()), float(rates[int(on_grid.argmax())]))
    for i in np.argsort(on_grid)[-3:]:
        low, high = rates[max(i - 1, 0)], rates[min(i + 1, points - 1)]
        found = minimize_scalar(
            lambda p: -probability(region, p, p), bounds=(low, high), method="bounded", options={"xatol": 1e-9}
        )
        best = max(best, (-float(found.fun), float(found.x)))
    return best


@lru_cache(maxsize=256)
def rejection_region(nx: int, ny: int, alpha: float, method: Method) -> Region:
    """Where the test of level ``alpha`` rejects.

    'fisher': Fisher's exact p ≤ alpha. 'pooled-z': P(Z ≥ z) ≤ alpha by the normal, whatever the exact size.
    'barnard': the largest region of the form pooled Z ≥ c whose exact size is ≤ alpha, the unconditional test of Barnard
    (1947, doi:10.1093/biomet/34.1-2.123) in the order of Suissa & Shuster (1985, doi:10.2307/2981892).
    """
    if method == "fisher":
        region: Region = fisher_p(nx, ny) <= alpha * (1 + _ROUNDING)
    elif method == "pooled-z":
        z = pooled_z(nx, ny)
        region = (z > 0) & (1 - ndtr(z) <= alpha)
    else:
        z = np.round(pooled_z(nx, ny), 12)
        levels = np.unique(z[z > 0])
        low, high = 0, len(levels)  # the least index whose region is small enough; its size falls as c grows
        while low < high:
            middle = (low + high) // 2
            if size(z >= levels[middle])[0] <= alpha * (1 + _ROUNDING):
                high = middle
            else:
                low = middle + 1
        region = z >= levels[low] if low < len(levels) else np.zeros(z.shape, dtype=bool)
    region.setflags(write=False)
    return region


def barnard_p(x: int, nx: int, y: int, ny: int) -> float:
    """The unconditional exact p of one outcome: the size of the region of all at least as far out by pooled Z."""
    z = np.round(pooled_z(nx, ny), 12)
    return 1.0 if z[x, y] <= 0 else size(z >= z[x, y])[0]


def after_two_stages(goes_on: Region, region: Region, px: float, py: float) -> tuple[float, float]:
    """P(goes on after stage one), P(goes on and ends in ``region``); shapes give the sizes of both stages."""
    first, last = two_stage_counts(goes_on, region.shape[0] - 1, region.shape[1] - 1, px, py)
    return float(first.sum()), float((last * region).sum())


def two_stage_counts(goes_on: Region, nx: int, ny: int, px: float, py: float) -> tuple[Array, Array]:
    """P(outcome of stage one, goes on), and P(went on, outcome of both stages): (nx + 1, ny + 1) at the end."""
    first = np.outer(pmf(goes_on.shape[0] - 1, px), pmf(goes_on.shape[1] - 1, py)) * goes_on
    spread = []
    for axis, p, n in ((0, px, nx), (1, py, ny)):
        n1 = goes_on.shape[axis] - 1
        mass = pmf(n - n1, p)
        matrix = np.zeros((n1 + 1, n + 1))
        for i in range(n1 + 1):
            matrix[i, i : i + len(mass)] = mass
        spread.append(matrix)
    return first, spread[0].T @ first @ spread[1]
