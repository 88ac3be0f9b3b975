"""Looks on other numbers than planned: boundaries against computations of another kind, and what is refused."""

from __future__ import annotations

import itertools
import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, multivariate_normal, norm

from equipoise.design import shelf
from equipoise.trial.decision import Verdict
from equipoise.trial.evidence import (
    StatisticEvidence,
)
from equipoise.trial.problem import BadInput


@cache
def example(kind: str) -> Any:
    return shelf.build(kind, shelf.one(kind).example)


@cache
def sequential(boundary: str, beta_spending: str = "none") -> Any:
    table = {"hazard_ratio": 0.67, "alpha": 0.05, "power": 0.80, "fractions": (0.3, 0.6, 1.0), "boundary": boundary}
    return shelf.build("group-sequential", {**table, "beta_spending": beta_spending})


def plain(verdict: Verdict) -> tuple[Any, ...]:
    return verdict.action, tuple(verdict.because), verdict.distance, tuple(verdict.cautions)


def bound(design: Any, look: int, information: float, earlier: tuple[float, ...] = ()) -> float:
    """The upper boundary, from a z that is far above it."""
    return 30 - float(design.verdict(StatisticEvidence(look, 30.0, information, earlier)).distance)


def rejects(events: list[float], uppers: list[float]) -> float:
    """P(any z ≥ its boundary) under no drift, by scipy's multivariate normal."""
    t = np.array(events)
    correlation = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    inside = multivariate_normal.cdf(np.array(uppers), np.zeros(len(t)), correlation, abseps=1e-8, releps=1e-8)
    return 1 - float(inside)


@pytest.mark.independent
@pytest.mark.parametrize("boundary", ["obrien-fleming", "pocock", "classical-obrien-fleming", "classical-pocock"])
@pytest.mark.parametrize("events", [(60.0, 130.0, 180.0), (30.0, 80.0, 140.0), (60.0, 180.0)])
def test_alpha_is_kept_at_the_events_attained(boundary: str, events: tuple[float, ...]) -> None:
    """Each boundary as it is applied when its look comes; the last look is the design's last even if one was never taken."""
    d = sequential(boundary)
    uppers = []
    for k, e in enumerate(events):
        look = 3 if k == len(events) - 1 else k + 1
        uppers.append(bound(d, look, e, events[:k]))
    assert rejects(list(events), uppers) == pytest.approx(0.05, abs=2e-6)


@pytest.mark.independent
def test_spending_is_that_of_the_events_attained() -> None:
    """Lan & DeMets' function at the second look on 130 of the planned events, the first taken on 60."""
    d = sequential("obrien-fleming")
    first, second = bound(d, 1, 60.0), bound(d, 2, 130.0, (60.0,))
    t = np.array([60.0, 130.0]) / d.maximum
    spent = 2 - 2 * norm.cdf(norm.ppf(1 - 0.05 / 2) / np.sqrt(t))
    assert norm.sf(first) == pytest.approx(spent[0], rel=1e-9)
    assert rejects([60.0, 130.0], [first, second]) == pytest.approx(spent[1], abs=1e-7)


@pytest.mark.independent
def test_beta_is_spent_at_the_events_attained() -> None:
    d = sequential("obrien-fleming", "obrien-fleming")
    t = np.array([60.0, 110.0]) / d.maximum
    spent = 2 - 2 * norm.cdf(norm.ppf(1 - 0.20 / 2) / np.sqrt(t))
    lows, ups = [], []
    for k, (events, before) in enumerate([(60.0, ()), (110.0, (60.0,))], 1):
        low = -5.0 - float(d.verdict(StatisticEvidence(k, -5.0, events, before)).distance)
        lows.append(low)
        ups.append(bound(d, k, events, before))
    mean = d.boundaries.drift * np.sqrt(t)
    assert norm.cdf(lows[0] - mean[0]) == pytest.approx(spent[0], rel=1e-8)
    rho = math.sqrt(t[0] / t[1])
    both = multivariate_normal(mean, [[1, rho], [rho, 1]])
    stopped_second = both.cdf([ups[0], lows[1]]) - both.cdf([lows[0], lows[1]])
    assert spent[0] + stopped_second == pytest.approx(spent[1], abs=1e-6)


@pytest.mark.property
@pytest.mark.parametrize("boundary", ["obrien-fleming", "classical-pocock"])
def test_as_planned_nothing_changes(boundary: str) -> None:
    d = sequential(boundary)
    n = [look.n for look in d.looks]
    for k in (1, 2, 3):
        for z in (-1.0, 1.0, 1.7, 2.5):
            silent, said = (d.verdict(StatisticEvidence(k, z, n[k - 1], e)) for e in ((), tuple(n[: k - 1])))
            assert plain(silent) == plain(said)
            assert not silent.cautions
    assert bound(d, 3, n[2]) == pytest.approx(d.boundaries.upper[2], abs=1e-14)


@pytest.mark.independent
def test_screening_at_other_events() -> None:
    d = example("screening")
    v = d.verdict(StatisticEvidence(1, 1.0, 120))
    assert bound(d, 1, 120) == pytest.approx(norm.ppf(0.8))
    power = norm.sf(norm.ppf(0.8) + math.log(0.67) * math.sqrt(120 * 2 / 9))
    assert f"power is {power:.4f}" in v.cautions[0]
    with pytest.raises(BadInput) as bad:
        d.verdict(StatisticEvidence(1, math.nan, 0, (3,)))
    assert {p.where for p in bad.value.problems} == {"z", "information", "earlier"}


def enumerated(d: Any, first: tuple[int, int], last: tuple[int, int], least: float, px: float) -> float:
    """P(Jung's trial rejects) with differences of rates, outcome by outcome of both stages."""
    s = d.tested * d.control * d.m1
    total = 0.0
    (a, b), (nx, ny) = first, last
    for x1, y1 in itertools.product(range(a + 1), range(b + 1)):
        if s * (b * x1 - a * y1) < d.a1 * a * b:
            continue
        p1 = binom.pmf(x1, a, px) * binom.pmf(y1, b, d.p0)
        x2, y2 = np.arange(nx - a + 1)[:, None], np.arange(ny - b + 1)[None, :]
        hit = (ny * (x1 + x2) - nx * (y1 + y2)) >= least
        total += p1 * float((binom.pmf(x2, nx - a, px) * binom.pmf(y2, ny - b, d.p0) * hit).sum())
    return total


@cache
def bryant_day() -> Any:
    from equipoise.design.one_rate.bryant_day import ResponseToxicity

    return ResponseToxicity(5, 9, 19, 18, 15, 46, 0.3, 0.5, 0.4, 0.2, 0.10, 0.10, 0.85)


def passes(d: Any, n1: int, n: int, response: float, toxicity: float, c_r: int, c_t: int) -> float:
    """Independent outcomes: the product of the two counts' own chances, by scipy."""

    def one(rate: float, inside: Any, last: Any) -> float:
        return sum(
            binom.pmf(k, n1, rate) * float(binom.pmf(np.arange(n - n1 + 1), n - n1, rate)[last(k)].sum())
            for k in range(n1 + 1)
            if inside(k)
        )  # fmt: skip

    more = np.arange(n - n1 + 1)
    works = one(response, lambda k: k > d.c_r1, lambda k: k + more > c_r)
    safe = one(toxicity, lambda k: k <= d.c_t1, lambda k: k + more <= c_t)
    return works * safe
