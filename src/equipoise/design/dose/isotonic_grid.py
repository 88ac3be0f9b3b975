"""Estimates of a grid of two drugs that fall in neither: bivariate isotonic regression, by its max-min formula.

The estimate of a cell is the largest over upper sets U with it of the smallest over lower sets L with it of the weighted average over U and L
together; Robertson, Wright & Dykstra 1988, Order Restricted Statistical Inference, theorem 1.4.4. A grid has few such sets: of 3 by 5, 56.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=64)
def lower_sets(shape: tuple[int, int]) -> NDArray[np.bool_]:
    """All sets of cells that hold with a cell every one below it in both drugs: a row each, cells row by row."""
    first, second = shape
    # A lower set is how far it reaches in each row, never further in a higher one.
    reach = np.array([c[::-1] for c in combinations_with_replacement(range(second + 1), first)])
    return (np.arange(second)[None, None, :] < reach[:, :, None]).reshape(len(reach), first * second)


@lru_cache(maxsize=100_000)
def grid_rates(n: tuple[int, ...], dlt: tuple[int, ...], shape: tuple[int, int]) -> tuple[float, ...]:
    """Rates (y + 0.05)/(n + 0.1), weights n + 0.1, made monotone in both drugs; cells row by row, untried ones included."""
    w = np.asarray(n) + 0.1
    lower = lower_sets(shape).astype(float)
    upper = 1 - lower
    weight = (upper * w) @ lower.T
    total = (upper * (np.asarray(dlt) + 0.05)) @ lower.T
    average = np.divide(total, weight, out=np.zeros_like(total), where=weight > 1e-9)
    found = []
    for k in range(len(w)):
        block = average[np.ix_(upper[:, k] > 0, lower[:, k] > 0)]
        found.append(float(block.min(axis=1).max()))
    return tuple(found)
