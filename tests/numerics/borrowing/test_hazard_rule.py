"""Two log hazards with a borrowed prior: closed forms at both ends, dense grids, and patients simulated one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import f, gamma, norm

from equipoise.numerics.borrowing.hazard_rule import HazardRule, log_gamma_nodes
from equipoise.numerics.borrowing.methods import METHODS, Borrowing, Method
from equipoise.numerics.borrowing.normal_mixture import NormalMixture

#: A prior with a narrow part, one beside it, and a vague one; the log hazard that it is centred on.
PARTS = ((0.5, -2.0, 0.12), (0.3, -1.8, 0.3), (0.2, -2.0, 1.0))
PRIOR = NormalMixture.of(*PARTS)
CENTRE = -2.0
Array = np.ndarray


def on_a_grid(y_t: Array, y_c: Array, d_t: float, d_c: float, margin: float) -> tuple[Array, Array]:
    """P(tested - control < log margin | data) and the posterior variance of the control's: prior times likelihood on a dense grid."""
    theta = np.linspace(-6, 3, 601)
    prior = sum(w * norm.pdf(theta, m, s) for w, m, s in PARTS)
    after = prior * np.exp(-0.5 * d_c * (np.asarray(y_c)[:, None] - theta) ** 2)
    after /= after.sum(axis=1, keepdims=True)
    below = norm.cdf((theta + math.log(margin) - np.asarray(y_t)[:, None]) * math.sqrt(d_t))
    mean = after @ theta
    return (after * below).sum(axis=1), after @ theta**2 - mean**2


@pytest.mark.independent
@pytest.mark.parametrize(("d_t", "d_c"), [(60, 30), (9, 5), (200, 200), (1, 1)])
@pytest.mark.parametrize("ratio", [1.0, 0.6, 1.7])
def test_without_history_it_is_an_f_distribution(d_t: int, d_c: int, ratio: float) -> None:
    """A flat prior declares where y_t - y_c ≤ -z sqrt(1/d_t + 1/d_c); exp(y_t - y_c) / ratio is F(2 d_c, 2 d_t)."""
    flat = NormalMixture.of((1, 0, 1e6))
    bound = -norm.ppf(0.95) * math.sqrt(1 / d_t + 1 / d_c)
    found = HazardRule(flat, d_t, d_c).declares(CENTRE + math.log(ratio), CENTRE, 0.95)
    assert found == pytest.approx(f.cdf(math.exp(bound) / ratio, 2 * d_c, 2 * d_t), abs=1e-10)


@pytest.mark.independent
@pytest.mark.parametrize("ratio", [1.0, 0.6, 1.7])
@pytest.mark.parametrize("margin", [1.0, 0.8])
def test_history_that_is_certain_leaves_a_one_sample_test(ratio: float, margin: float) -> None:
    """The control's hazard is known: declared where y_t ≤ theta + log margin - z / sqrt(d_t), a tail of a gamma."""
    sure = NormalMixture.of((1, CENTRE, 1e-7))
    bound = CENTRE + math.log(margin) - norm.ppf(0.9) / math.sqrt(40)
    # T ~ Gamma(40) / hazard; y_t = log(40 / T)
    least_time = 40 / math.exp(bound)
    exact = gamma.sf(least_time * math.exp(CENTRE) * ratio, 40)
    for d_c, truth in ((20, CENTRE), (3, CENTRE + 0.7)):
        found = HazardRule(sure, 40, d_c, math.log(margin)).declares(CENTRE + math.log(ratio), truth, 0.9)
        assert found == pytest.approx(exact, abs=1e-6)


@pytest.mark.independent
def test_the_posterior_on_a_dense_grid() -> None:
    rng = np.random.default_rng(14)
    y_t, y_c = rng.normal(-2, 0.6, 40), rng.normal(-2, 0.8, 40)
    found = HazardRule(PRIOR, 33, 12, math.log(0.9)).probability(y_t, y_c)
    assert found == pytest.approx(on_a_grid(y_t, y_c, 33, 12, 0.9)[0], abs=1e-8)


@pytest.mark.independent
def test_events_borrowed_by_drawing_exposures() -> None:
    """1 / variance of the posterior on a grid, averaged over drawn exposures, within four Monte-Carlo errors."""
    rng = np.random.default_rng(30)
    for truth in (CENTRE, CENTRE - 0.4):
        y_c = math.log(25) + truth - np.log(rng.gamma(25, size=4000))
        worth = 1 / on_a_grid(np.zeros(4000), y_c, 1, 25, 1.0)[1] - 25
        found = HazardRule(PRIOR, 50, 25).borrowed(truth)
        assert abs(found - worth.mean()) < 4 * worth.std() / math.sqrt(4000)


def enrolled(rng: np.random.Generator, reps: int, n: int, hazard: float) -> tuple[Array, Array, Array]:
    """Entry over 12 months, months until the event or dropping out (1 % a month), and the calendar month of the event."""
    entry, event, out = (
        rng.uniform(0, 12, (reps, n)),
        rng.exponential(1 / hazard, (reps, n)),
        rng.exponential(100, (reps, n)),
    )
    return entry, np.minimum(event, out), np.where(event < out, entry + event, np.inf)


def cut(arm: tuple[Array, Array, Array], month: Array) -> tuple[Array, Array]:
    """Events and time at risk by a calendar month, for each trial."""
    entry, until, calendar = arm
    at_risk = np.clip(np.minimum(until, month[:, None] - entry), 0, None)
    return (calendar <= month[:, None]).sum(axis=1), at_risk.sum(axis=1)


@pytest.mark.independent
@pytest.mark.parametrize("ratio", [1.0, 0.6])
@pytest.mark.parametrize("drift", [1.0, 0.75])
@pytest.mark.thorough
def test_patients_one_by_one(ratio: float, drift: float) -> None:
    """Staggered entry, drop-outs, each arm cut at its own planned event; posteriors on a grid: within four MC errors.

    Cut at the total number of events instead, the split is random: within 0.01 more.
    """
    rng, reps, d_t, d_c = np.random.default_rng(int(100 * ratio + 10 * drift)), 6_000, 50, 25
    hazard = math.exp(CENTRE) * drift
    tested, control = enrolled(rng, reps, 80, hazard * ratio), enrolled(rng, reps, 40, hazard)
    exact = HazardRule(PRIOR, d_t, d_c).declares(math.log(hazard * ratio), math.log(hazard), 0.93)
    at = [np.partition(a[2], d - 1, axis=1)[:, d - 1] for a, d in ((tested, d_t), (control, d_c))]
    assert np.isfinite(np.concatenate(at)).all()
    (e_t, t_t), (e_c, t_c) = cut(tested, at[0]), cut(control, at[1])
    assert (e_t == d_t).all()
    seen = on_a_grid(np.log(e_t / t_t), np.log(e_c / t_c), d_t, d_c, 1.0)[0] >= 0.93
    error = math.sqrt(exact * (1 - exact) / reps)
    assert abs(seen.mean() - exact) < 4 * error
    month = np.partition(np.hstack([tested[2], control[2]]), d_t + d_c - 1, axis=1)[:, d_t + d_c - 1]
    (e_t, t_t), (e_c, t_c) = cut(tested, month), cut(control, month)
    declared = 0
    for split in np.unique(e_c):
        same = e_c == split
        y_t, y_c = np.log(e_t[same] / t_t[same]), np.log(e_c[same] / t_c[same])
        declared += (on_a_grid(y_t, y_c, d_t + d_c - split, split, 1.0)[0] >= 0.93).sum()
    assert abs(declared / reps - exact) < 4 * error + 0.01


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 150), st.integers(1, 150), st.floats(0.5, 0.99), st.floats(-0.5, 0.5),
    st.lists(st.tuples(st.floats(0.01, 1), st.floats(-4, 0), st.floats(0.02, 3)), min_size=1, max_size=4),
)  # fmt: skip
def test_the_boundary_is_where_the_threshold_is_met(
    d_t: int, d_c: int, threshold: float, margin: float, parts: list[tuple[float, float, float]]
) -> None:
    rule = HazardRule(NormalMixture.of(*parts), d_t, d_c, margin)
    control = np.linspace(-6, 2, 17)
    bound = rule.boundary(control, threshold)
    assert rule.probability(bound, control) == pytest.approx(np.full(17, threshold), abs=1e-8)
    # a higher hazard of the tested arm never declares more often
    declared = [rule.declares(-2 + h, -2, threshold) for h in (-1.0, -0.3, 0.0, 0.3)]
    assert declared == sorted(declared, reverse=True)
    assert all(0 <= p <= 1 + 1e-12 for p in declared)


@pytest.mark.property
@pytest.mark.parametrize("d", [1, 2.5, 30, 400])
def test_nodes_have_the_moments_of_a_log_gamma(d: float) -> None:
    from scipy.special import digamma, polygamma

    w, p = log_gamma_nodes(d)
    mean = float(p @ w)
    assert mean == pytest.approx(float(digamma(d)), abs=1e-11)
    assert p @ (w - mean) ** 2 == pytest.approx(float(polygamma(1, d)), rel=1e-10)


@pytest.mark.property
def test_a_normal_prior_lends_what_it_is_worth() -> None:
    """One normal of SD s: 1 / s² events whatever the data."""
    rule = HazardRule(NormalMixture.of((1, -2, 0.25)), 40, 20)
    assert rule.borrowed(-2.0) == pytest.approx(16, abs=1e-9)
    assert rule.borrowed(-1.0) == pytest.approx(16, abs=1e-9)


@pytest.mark.property
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("d_t", "d_c", "good_to"), [(50, 25, 1e-9), (20, 10, 1e-9), (4, 2, 1e-6), (1, 1, 1e-6)])
def test_more_nodes_change_nothing(method: Method, d_t: int, d_c: int, good_to: float) -> None:
    past = np.log(math.log(2) / np.array([5.9, 4.6, 5.77, 5.2, 4.4])), 1.44 / np.sqrt([254, 99, 356, 294, 45])
    rule = HazardRule(Borrowing(method).log_hazard_prior(*past), d_t, d_c)
    w, p = log_gamma_nodes(d_c, 1025)
    for drift in (-0.3, 0.0, 0.4):
        truth = rule.prior.mean + drift
        bound = rule.boundary(truth + math.log(d_c) - w, 0.95)
        fine = p @ gamma.sf(d_t * np.exp(truth - bound), d_t)
        assert rule.declares(truth, truth, 0.95) == pytest.approx(fine, abs=good_to)
