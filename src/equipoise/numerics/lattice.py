"""Sums over lattices that follow a log-concave density of few dimensions: quadrature without sampling.

For a smooth density on the whole space the plain sum over a lattice converges faster than any power of its step (trapezoidal rule; Trefethen &
Weideman 2014, doi:10.1137/130932132), and so does the integral up to a point, by Whittaker's cardinal series (Stenger 1993,
doi:10.1007/978-1-4612-2706-9): each lattice point counts with 1/2 + Si(π (c - z)/h)/π. What limits the step is the density's own width, and
how sharply what it is made of bends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import sici

Real = NDArray[np.float64]
#: Points at which the density is less than this, beside its largest value, are left out.
DROPPED = 1e-9


def before(c: float, z: Real, step: Real) -> Real:
    """With what weight lattice points at ``z`` lie before ``c``. ``step``: the most by which one step along any axis moves ``z``."""
    weight: Real = 0.5 + sici(np.pi * (c - z) / step)[0] / np.pi
    return weight


def box(centre: Sequence[float], reach: Sequence[float], step: Sequence[float]) -> Real:
    """Points of a rectangular lattice around ``centre``, to ``reach`` on either side; a column a point."""
    axes = [
        c + s * np.arange(-int(np.ceil(r / s)), int(np.ceil(r / s)) + 1)
        for c, r, s in zip(centre, reach, step, strict=True)
    ]
    return np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")])


def along(
    points: Real, log_density: Real, steps: Sequence[float], forms: Real, fine: float = 0.65
) -> tuple[Real, Real]:  # fmt: skip
    """A finer lattice where a density was found by a coarse one, along the density's own axes: its points, and the axes times their steps.

    ``points``, ``log_density``, ``steps``: the coarse lattice. ``forms``: a row a linear form (coefficients of the parameters) along which the density
    bends within lengths of about one. ``fine``: the step, in the density's standard deviations and in units of those forms, whichever is less.
    """
    w = np.exp(log_density - log_density.max())
    kept = w > DROPPED
    w, points = w[kept] / w[kept].sum(), points[:, kept]
    centre = points @ w
    off = points - centre[:, None]
    axes = np.linalg.cholesky((w * off) @ off.T + 1e-12 * np.eye(len(centre)))
    axes = axes * np.minimum(fine, fine / np.maximum(np.abs(forms @ axes).max(axis=0), 1e-12))
    place = np.linalg.solve(axes, off)
    # The density may reach into the coarse cells around those points.
    edge = 1 + np.abs(np.linalg.inv(axes)) @ np.asarray(steps)
    low, high = np.floor(place.min(axis=1) - edge), np.ceil(place.max(axis=1) + edge)
    ranges = [np.arange(a, b + 1) for a, b in zip(low, high, strict=True)]
    grid = np.stack([a.ravel() for a in np.meshgrid(*ranges, indexing="ij")])
    return centre[:, None] + axes @ grid, axes


def cross(
    row: Callable[[int], Real], column: Callable[[int], Real], left: Real, right: Real, enough: float = 1e-5, most: int = 80
) -> tuple[Real, Real]:  # fmt: skip
    """M @ right and left @ M of a large smooth matrix of which only some rows and columns are reckoned (adaptive cross approximation;
    Bebendorf 2000, doi:10.1007/PL00005410).

    ``left``, ``right``: weights of its rows and columns, adding up to 1: where both are small the matrix need not be known.
    """
    u, v = np.zeros((0, len(left))), np.zeros((0, len(right)))
    i, used = int(left.argmax()), np.zeros(len(left), bool)
    small = 0
    while len(u) < min(most, len(left)):
        r = row(i) - u[:, i] @ v
        used[i] = True
        j = int((np.abs(r) * np.sqrt(right)).argmax())
        if abs(r[j]) < 1e-14:
            break
        c = (column(j) - v[:, j] @ u) / r[j]
        u, v = np.vstack([u, c]), np.vstack([v, r])
        size = float(np.sqrt((left * c * c).sum() * (right * r * r).sum()))
        # One small step may be chance; two are the end.
        small = small + 1 if size < enough else 0
        if small == 2:
            break
        i = int(np.where(used, -1.0, np.abs(c) * np.sqrt(left)).argmax())
    return (v @ right) @ u, (u @ left) @ v


def gauss(points: Real, weights: Real, count: int) -> tuple[Real, Real]:
    """Gauss's rule of ``count`` nodes for a measure on finitely many ``points``: nodes, and weights that add up to 1 (Lanczos; Golub & Welsch 1969,
    doi:10.1090/S0025-5718-69-99647-1)."""
    q, last = np.sqrt(weights / weights.sum()), np.zeros_like(weights)
    basis, diagonal, beside, norm = [q], list[float](), list[float](), 0.0
    for _ in range(count):
        r = points * q - norm * last
        diagonal.append(float(q @ r))
        r = r - diagonal[-1] * q
        for known in basis:
            r = r - (known @ r) * known
        norm = float(np.linalg.norm(r))
        beside.append(norm)
        if norm < 1e-13:
            break
        last, q = q, r / norm
        basis.append(q)
    size = len(diagonal)
    matrix = np.diag(diagonal) + np.diag(beside[: size - 1], 1) + np.diag(beside[: size - 1], -1)
    nodes, vectors = np.linalg.eigh(matrix)
    return nodes, vectors[0] ** 2
