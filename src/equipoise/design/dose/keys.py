"""Intervals of a DLT rate and their posterior weight, for designs that go where the heaviest interval lies."""

from __future__ import annotations

from functools import lru_cache

from scipy.special import betainc

#: Weights a length that differ by less are equal: a tie.
_TIE = 1e-9


def weights(cuts: tuple[float, ...], n: int, dlt: int) -> list[float]:
    """Posterior probability of each interval between ``cuts``, divided by its length; the prior is uniform."""
    below = [float(betainc(1 + dlt, 1 + n - dlt, c)) for c in cuts]
    return [(b - a) / (y - x) for a, b, x, y in zip(below, below[1:], cuts, cuts[1:], strict=False)]


def heaviest(found: list[float]) -> list[int]:
    """The places of the largest weight: more than one in a tie."""
    most = max(found)
    return [i for i, w in enumerate(found) if most - w <= _TIE * most]


@lru_cache(maxsize=256)
def keys(low: float, high: float) -> tuple[tuple[float, ...], int]:
    """Cuts of (0, 1) into keys as wide as the target key [low, high], shorter at the two ends; and the target key's place."""
    width, left, right = high - low, [low], [high]
    while left[0] - width > _TIE:
        left.insert(0, left[0] - width)
    while right[-1] + width < 1 - _TIE:
        right.append(right[-1] + width)
    left = left if left[0] <= _TIE else [0.0, *left]
    right = right if right[-1] >= 1 - _TIE else [*right, 1.0]
    return (*left, *right), len(left) - 1
