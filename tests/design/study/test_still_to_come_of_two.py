"""Conditional and predictive power beyond one rate, against closed forms, SciPy's multivariate normal, and enumeration by other means."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from equipoise.design.randomised.group_sequential import Spec, from_spec
from equipoise.design.study.still_to_come_of_two import of_log_rank, of_two_rates, of_two_statistics
from equipoise.numerics.sequential.two_look_normal import Moments, both


@pytest.mark.parametrize(
    ("z", "t", "c", "target"), [(1.0, 0.5, 1.96, 2.8), (2.1, 0.3, 1.66, 2.5), (-0.4, 0.7, 1.2816, 2.2)]
)
def test_one_look_to_come_has_a_closed_form(z: float, t: float, c: float, target: float) -> None:
    """Lan & Wittes 1988, and for the flat prior B(1) given B(t) ~ N(B(t)/t, (1 - t)/t)."""
    found, b, left = of_log_rank(z, t, [1.0], [c], [c], target), z * math.sqrt(t), 1 - t
    for drift, power in ((0.0, found.null), (target, found.target), (b / t, found.seen)):
        assert power == pytest.approx(stats.norm.sf((c - b - drift * left) / math.sqrt(left)), abs=1e-9)
    assert found.predictive == pytest.approx(stats.norm.sf((c - b / t) / math.sqrt(left / t)), abs=1e-6)


def test_two_looks_to_come_by_scipys_multivariate_normal() -> None:
    """Rejects at 0.6, or goes on between the boundaries and rejects at 1."""
    z, t, low, up, target = 0.9, 0.3, (0.2, 1.7), (2.3, 1.7), 2.6
    b, (s1, s2) = z * math.sqrt(t), (0.3, 0.7)

    def by_scipy(drift: float) -> float:
        e1, e2 = [(u * math.sqrt(v) - b) for u, v in zip(up, (0.6, 1.0), strict=True)]
        f1 = low[0] * math.sqrt(0.6) - b
        law = stats.multivariate_normal([drift * s1, drift * s2], [[s1, s1], [s1, s2]])
        first = stats.norm.sf((e1 - drift * s1) / math.sqrt(s1))
        inside = law.cdf([e1, np.inf]) - law.cdf([f1, np.inf]) - (law.cdf([e1, e2]) - law.cdf([f1, e2]))
        return float(first + inside)

    found = of_log_rank(z, t, [0.6, 1.0], low, up, target)
    for drift, power in ((0.0, found.null), (target, found.target), (b / t, found.seen)):
        assert power == pytest.approx(by_scipy(drift), abs=1e-5)
    sd = 1 / math.sqrt(t)
    averaged, _ = integrate.quad(
        lambda d: by_scipy(d) * stats.norm.pdf(d, b / t, sd), b / t - 8 * sd, b / t + 8 * sd, limit=60, epsabs=1e-5
    )
    assert found.predictive == pytest.approx(averaged, abs=1e-4)


def test_conditional_powers_of_a_design_average_to_its_power() -> None:
    """Over Z1 at the target, conditional power and the first look's own rejections are the design's power."""
    d = from_spec(Spec.read({"hazard_ratio": 0.67, "alpha": 0.05, "power": 0.80, "allocation": "2:1"}))
    t, (u1, u2), drift = d.fractions[0], d.boundaries.upper, d.boundaries.drift
    mean = drift * math.sqrt(t)
    later, _ = integrate.quad(
        lambda z: of_log_rank(z, t, [1.0], [u2], [u2], drift).target * stats.norm.pdf(z, mean), mean - 9, u1, limit=40
    )
    assert later + stats.norm.sf(u1 - mean) == pytest.approx(0.80, abs=1e-6)


def test_two_rates_by_a_plain_sum_and_by_drawing() -> None:
    rejects = np.array([[x / 20 - y / 10 > 0.2 for y in range(11)] for x in range(21)])
    found = of_two_rates(6, 10, 1, 4, (10, 6), rejects, 0.2, 0.5)

    def plain(p: float, q: float) -> float:
        return sum(
            stats.binom.pmf(i, 10, p) * stats.binom.pmf(j, 6, q)
            for i in range(11) for j in range(7) if (6 + i) / 20 - (1 + j) / 10 > 0.2
        )  # fmt: skip

    assert (found.null, found.target, found.seen) == pytest.approx(
        (plain(0.2, 0.2), plain(0.5, 0.2), plain(0.6, 0.25)), abs=1e-12
    )
    r = np.random.default_rng(5)
    i, j = r.binomial(10, r.beta(7, 5, 400_000)), r.binomial(6, r.beta(2, 4, 400_000))
    assert found.predictive == pytest.approx(float(rejects[6 + i, 1 + j].mean()), abs=0.003)


def test_one_arms_times_average_to_what_both_looks_pass() -> None:
    def theory(ratio: float) -> Moments:
        return Moments(-2 * math.log(ratio), -3 * math.log(ratio), 1.1, 1.2, 0.6)

    passed, _ = integrate.quad(
        lambda z: of_two_statistics(z, theory, 1.5, 0.6).target * stats.norm.pdf(z, theory(0.6).mean1, 1.1), 0.3, 12, limit=40, epsabs=1e-6
    )  # fmt: skip
    assert passed == pytest.approx(both(0.3, 1.5, theory(0.6)), abs=1e-5)
    found = of_two_statistics(1.0, theory, 1.5, 0.6)
    beta, spread = 1.0 / 2, 1.1 / 2  # of the log hazard ratio, with its sign turned
    mean, var = 3 * beta, (3 * spread) ** 2 + (1.2 * 0.8) ** 2 - 2 * 3 * spread * 0.6 * 1.2 + (0.6 * 1.2) ** 2
    assert found.predictive == pytest.approx(stats.norm.sf((1.5 - mean) / math.sqrt(var)), abs=2e-3)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="t: got 1"):
        of_log_rank(1.0, 1.0, [1.0], [1.9], [1.9], 2.0)
    with pytest.raises(ValueError, match="x, y: got 5 of 4"):
        of_two_rates(5, 4, 1, 4, (1, 1), np.zeros((6, 6), bool), 0.2, 0.4)
