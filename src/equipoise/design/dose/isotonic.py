"""Estimates that do not fall with the dose: pooled adjacent violators, and the dose whose estimate is closest to the target."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from scipy.special import betaincc


def pooled(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Weighted isotonic regression (non-decreasing) by pooling adjacent violators."""
    blocks: list[tuple[float, float, int]] = []
    for v, w in zip(values, weights, strict=True):
        count = 1
        while blocks and blocks[-1][0] > v:
            v0, w0, k = blocks.pop()
            v, w, count = (v0 * w0 + v * w) / (w0 + w), w0 + w, count + k
        blocks.append((v, w, count))
    return [v for v, _, k in blocks for _ in range(k)]


def estimate(n: int, dlt: int) -> tuple[float, float]:
    """The DLT rate (y + 0.05)/(n + 0.1) of a dose that was given, and its weight: one over the variance of that beta distribution."""
    return (dlt + 0.05) / (n + 0.1), (n + 0.1) ** 2 * (n + 1.1) / ((dlt + 0.05) * (n - dlt + 0.05))


@lru_cache(maxsize=1_000_000)
def rates(n: tuple[int, ...], dlt: tuple[int, ...]) -> tuple[float, ...]:
    """Isotonic DLT rates of doses that were all given, from each one's ``estimate``.

    Yan, Zhang, Zhou, Pan, Liu & Yuan 2020, doi:10.18637/jss.v094.i13.
    """
    p, w = zip(*map(estimate, n, dlt), strict=True) if n else ((), ())
    return tuple(pooled(p, w))


@lru_cache(maxsize=100_000)
def closest(
    n: tuple[int, ...], dlt: tuple[int, ...], below: int, target: float, most: float | None = None
) -> int:  # fmt: skip
    """The dose below ``below`` that was given and whose isotonic rate is closest to ``target``; 0 if none was given.

    Of equal rates: above the target the lowest dose, below it the highest, for each is the closer if rates rise at all; of two
    that are as far from the target on either side the lower. ``most``: the largest rate that a dose may have to be chosen.
    """
    given = [d for d in range(1, below) if d <= len(n) and n[d - 1] > 0]
    found, best = 0, float("inf")
    estimates = rates(tuple(n[d - 1] for d in given), tuple(dlt[d - 1] for d in given))
    for d, (place, p) in zip(given, enumerate(estimates, 1), strict=True):
        p += place * 1e-10
        if (most is None or p <= most) and abs(p - target) < best:
            found, best = d, abs(p - target)
    return found


@lru_cache(maxsize=100_000)
def chance_above(rate: float, n: int, dlt: int) -> float:
    """P(p > rate) when p has a uniform prior and ``dlt`` of ``n`` patients had a DLT."""
    return float(betaincc(1 + dlt, 1 + n - dlt, rate))
