"""Counts of two binary outcomes of the same patients, looked at in stages: exact probabilities by recursion.

Each patient falls into one of four cells: response and toxicity, response only, toxicity only, neither.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """Probabilities of response and toxicity, response only, toxicity only, neither."""

    both: float
    response_only: float
    toxicity_only: float
    neither: float


def cells(response: float, toxicity: float, odds_ratio: float = 1.0) -> Cells:
    """The four cells from the two rates and their odds ratio (1: independent; Plackett 1965, doi:10.1080/01621459.1965.10480807)."""
    if odds_ratio == 1:
        both = response * toxicity
    else:
        a = odds_ratio - 1
        b = 1 + a * (response + toxicity)
        both = (b - math.sqrt(b * b - 4 * odds_ratio * a * response * toxicity)) / (2 * a)
    both = min(max(both, max(0.0, response + toxicity - 1)), min(response, toxicity))
    return Cells(both, response - both, toxicity - both, 1 - response - toxicity + both)


def joint(m: int, c: Cells) -> Array:
    """P(R = r, T = t) for m patients, (m + 1, m + 1)."""
    state = np.ones((1, 1))
    one = np.array([[c.neither, c.toxicity_only], [c.response_only, c.both]])
    for _ in range(m):
        state = convolve(state, one)
    return state


def convolve(a: Array, b: Array) -> Array:
    """Two-dimensional convolution: the distribution of a sum."""
    found = np.zeros((a.shape[0] + b.shape[0] - 1, a.shape[1] + b.shape[1] - 1))
    for (i, j), weight in np.ndenumerate(b):
        if weight:
            found[i : i + a.shape[0], j : j + a.shape[1]] += weight * a
    return found


def advance(state: Array, patients: int, c: Cells) -> Array:
    """The distribution of (responses, toxicities) after so many more patients: one at a time, four shifted sums each."""
    for _ in range(patients):
        rows, columns = state.shape
        more = np.zeros((rows + 1, columns + 1))
        more[:-1, :-1] += c.neither * state
        more[1:, :-1] += c.response_only * state
        more[:-1, 1:] += c.toxicity_only * state
        more[1:, 1:] += c.both * state
        state = more
    return state


def pair_outcomes(n: Sequence[int], regions: Sequence[NDArray[np.intp]], kinds: int, c: Cells) -> Array:
    """P(ends at each look in each way), (looks, ``kinds``).

    ``regions[k][r, t]``, (n[k] + 1, n[k] + 1), says what r responses and t toxicities mean at look k: the number of the way
    in which the trial ends, from 0, or -1 where it goes on. The last look should go on nowhere. ``n`` never falls.
    """
    state = np.ones((1, 1))
    found = np.zeros((len(n), kinds))
    for k, (before, size) in enumerate(zip((0, *n), n, strict=False)):
        state = advance(state, size - before, c)
        found[k] = np.bincount(regions[k].ravel() + 1, weights=state.ravel(), minlength=kinds + 1)[1:]
        state = np.where(regions[k] < 0, state, 0.0)
    return found


@dataclass(frozen=True)
class PairEnds:
    """P(stops at each look but the last), P(passes all looks), and the expected number of patients."""

    stops: tuple[float, ...]
    passes: float
    expected_n: float


def pair_ends(n: Sequence[int], least_responses: Sequence[int], most_toxicities: Sequence[int], c: Cells) -> PairEnds:
    """A look goes on with responses > ``least_responses[k]`` and toxicities ≤ ``most_toxicities[k]``; so is the last passed."""
    state = np.ones((1, 1))
    reached, stops = 1.0, []
    expected = 0.0
    for k, (before, size) in enumerate(zip((0, *n), n, strict=False)):
        state = convolve(state, joint(size - before, c))
        expected += reached * (size - before)
        state[: least_responses[k] + 1, :] = 0.0
        state[:, most_toxicities[k] + 1 :] = 0.0
        left = float(state.sum())
        stops.append(reached - left)
        reached = left
    return PairEnds(tuple(stops[:-1]), reached, expected)
