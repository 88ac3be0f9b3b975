"""Rates pooled with random effects: against R's metafor and lme4, and general laws."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.history.binomial_normal import fit_binomial_normal, log_marginal
from equipoise.history.next_trial import bayes_binomial, bayes_normal, certain, from_pooled
from equipoise.history.random_effects import log_likelihood, pool
from equipoise.numerics.times.weibull import fit_weibull, pool_pairs
from helpers import FIXTURES


@pytest.fixture(scope="module")
def meta() -> dict[str, Any]:
    return json.loads((FIXTURES / "r" / "meta.json").read_text())


@pytest.mark.independent
@pytest.mark.parametrize("data", ["pritz", "alike"])
@pytest.mark.parametrize("method", ["REML", "DL", "PM", "ML"])
def test_pooling_as_in_metafor(meta: dict[str, Any], data: str, method: Any) -> None:
    r = meta[data]
    says = r["fits"][method]
    for interval, key in (("normal", "normal"), ("HKSJ", "hksj")):
        p = pool(r["yi"], r["vi"], method, interval)
        assert [p.mean, p.tau2, p.q, p.p_q, p.i2] == pytest.approx(
            [says[k] for k in ("mu", "tau2", "q", "p_q", "i2")], abs=1e-9
        )
        assert list(p.interval) == pytest.approx(says[key], abs=1e-9)
        assert p.se == pytest.approx(says["se" if interval == "normal" else "hksj_se"], abs=1e-9)
    common = pool(r["yi"], r["vi"], "common", "normal")
    assert list(common.interval) == pytest.approx(r["fits"]["FE"]["normal"], abs=1e-9)


@pytest.mark.independent
@pytest.mark.parametrize("data", ["pritz", "alike"])
def test_binomial_normal_as_in_lme4(meta: dict[str, Any], data: str) -> None:
    # lme4 stops a little short: at its own answer the likelihood is no higher than at ours.
    r = meta[data]
    fit = fit_binomial_normal(r["x"], r["n"])
    says = r["glmm"]
    assert [fit.mean, fit.tau, fit.se] == pytest.approx([says["mu"], says["tau"], says["se"]], abs=5e-6)
    x, n = np.array(r["x"], float), np.array(r["n"], float)
    assert fit.log_likelihood >= float(log_marginal(x, n, says["mu"], says["tau"]).sum()) - 1e-10


@pytest.mark.independent
def test_log_marginal_is_the_integral() -> None:
    # Plain summation over the logit on a fine grid.
    u = np.linspace(-10, 10, 40001)
    for x, n, mu, tau in ((0, 5, 0.3, 0.8), (7, 9, -1.0, 1.5), (120, 300, -0.4, 0.1)):
        p = 1 / (1 + np.exp(-(mu + tau * u)))
        from math import comb, log

        plain = np.trapezoid(np.exp(log(comb(n, x)) + x * np.log(p) + (n - x) * np.log1p(-p) - u**2 / 2), u) / np.sqrt(
            2 * np.pi
        )
        ours = float(log_marginal(np.array([x], float), np.array([n], float), mu, tau)[0])
        assert ours == pytest.approx(log(plain), abs=1e-8)


@pytest.mark.independent
def test_weibull_pairs_as_in_survreg_and_metafor(meta: dict[str, Any], lung: dict[str, Any]) -> None:
    c = meta["curves"]
    fits = []
    for arm in c["arms"]:
        here = lung["inst"] == arm["inst"]
        f = fit_weibull(lung["time"][here], lung["event"][here])
        assert [f.log_scale, f.log_shape, f.log_likelihood] == pytest.approx(
            [arm["log_scale"], arm["log_shape"], arm["loglik"]], rel=1e-9
        )
        assert np.allclose(f.covariance, arm["var"], atol=1e-10)
        fits.append(f)
    pooled = pool_pairs([[f.log_scale, f.log_shape] for f in fits], [f.covariance for f in fits])
    assert pooled.mean == pytest.approx(c["mean"], abs=1e-6)
    assert np.allclose(pooled.covariance, c["var_mean"], atol=1e-6)
    assert np.allclose(np.diag(pooled.between), c["tau2"], atol=1e-6)
    # metafor's restricted likelihood has log|X'X|/2 = log k more
    assert pooled.log_likelihood + np.log(len(fits)) == pytest.approx(c["loglik"], abs=1e-8)


@pytest.fixture(scope="module")
def lung() -> dict[str, Any]:
    import csv

    with (FIXTURES / "data" / "lung.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {
        "inst": np.array([int(r["inst"]) if r["inst"] != "NA" else -1 for r in rows]),
        "time": np.array([float(r["time"]) for r in rows]),
        "event": np.array([r["status"] == "2" for r in rows], dtype=float),
    }


estimates = st.lists(
    st.tuples(st.floats(-3, 3), st.floats(0.01, 2)).map(lambda p: (round(p[0], 6), p[1])), min_size=3, max_size=12
)


@pytest.mark.property
@given(estimates, st.sampled_from(["REML", "DL", "PM", "ML"]), st.floats(-5, 5))
def test_laws_of_pooling(pairs: list[tuple[float, float]], method: Any, shift: float) -> None:
    y, v = np.array(pairs).T
    p = pool(y, v, method)
    assert p.tau2 >= 0
    assert y.min() - 1e-9 <= p.mean <= y.max() + 1e-9
    assert p.prediction[0] <= p.interval[0] + 1e-9
    assert 0 <= p.i2 < 1
    moved = pool(y + shift, v, method)
    assert moved.mean == pytest.approx(p.mean + shift, abs=1e-6)
    assert moved.tau2 == pytest.approx(p.tau2, abs=1e-6)
    assert pool(y, v, method, "HKSJ-wider").se >= pool(y, v, method, "HKSJ").se - 1e-15
    if method in ("REML", "ML"):  # no other τ² is likelier
        best = log_likelihood(y, v, p.tau2, restricted=method == "REML")
        for t in np.geomspace(1e-6, 50, 60):
            assert log_likelihood(y, v, float(t), restricted=method == "REML") <= best + 1e-9


@pytest.mark.property
@given(estimates)
def test_a_prediction_is_a_distribution(pairs: list[tuple[float, float]]) -> None:
    y, v = np.array(pairs).T
    for found in (bayes_normal(y, v), from_pooled(pool(y, v, "REML", "HKSJ-wider")), certain(0.4, 0.1, 0.2)):
        rates, weights = found.nodes
        assert weights.sum() == pytest.approx(1, abs=1e-12)
        for q in (0.05, 0.5, 0.9):
            assert found.cdf(found.quantile(q)) == pytest.approx(q, abs=1e-9)
        assert found.mean() == pytest.approx(found.expect(lambda r: r), abs=1e-12)
        # the mean is the area above the distribution function
        grid = np.linspace(1e-6, 1 - 1e-6, 2001)
        assert found.mean() == pytest.approx(1 - np.trapezoid([found.cdf(g) for g in grid], grid), abs=2e-3)
        assert rates.min() >= 0


@pytest.mark.independent
@pytest.mark.slow
def test_quadrature_against_sampling(meta: dict[str, Any]) -> None:
    """The posterior of (μ, τ) by importance sampling from its prior: within 4 Monte-Carlo errors."""
    r = meta["alike"]
    x, n = np.array(r["x"], float), np.array(r["n"], float)
    y, v = np.array(r["yi"]), np.array(r["vi"])
    rng = np.random.default_rng(7)
    m = 60_000
    mu, tau = rng.normal(-0.2, 0.6, m), np.abs(rng.normal(0, 0.5, m))
    prior = -0.5 * (mu / 2) ** 2 + 0.5 * ((mu + 0.2) / 0.6) ** 2  # from the proposal to the prior
    s = v + tau[:, None] ** 2
    logs = -0.5 * ((y - mu[:, None]) ** 2 / s + np.log(s)).sum(axis=1) + prior
    _sampled(bayes_normal(y, v), logs, mu, tau, rng)
    exact = np.concatenate(
        [log_marginal(x, n, mu[i : i + 5000], tau[i : i + 5000]).sum(axis=-1) for i in range(0, m, 5000)]
    )
    _sampled(bayes_binomial(x, n), exact + prior, mu, tau, rng)


def _sampled(found: Any, logs: Any, mu: Any, tau: Any, rng: np.random.Generator) -> None:
    w = np.exp(logs - logs.max())
    w /= w.sum()
    rate = 1 / (1 + np.exp(-rng.normal(mu, tau)))
    for value, ours in ((rate, found.mean()), (rate <= 0.40, found.cdf(0.40)), (tau, found.tau_mean)):
        mean = float(w @ value)
        error = float(np.sqrt(np.sum(w**2 * (value - mean) ** 2)))
        assert abs(mean - ours) < 4 * error


def test_what_cannot_be_pooled() -> None:
    for bad in (([1.0], [1.0]), ([1.0, 2.0], [1.0, 0.0]), ([1.0, np.nan], [1.0, 1.0])):
        with pytest.raises(ValueError, match="estimates"):
            pool(*bad)
    with pytest.raises(ValueError, match="method"):
        pool([1.0, 2.0], [1.0, 1.0], "best")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="3 trials"):
        from_pooled(pool([1.0, 2.0], [1.0, 1.0]))
    with pytest.raises(ValueError, match="infinite"):
        fit_binomial_normal([0, 0], [5, 5])
    with pytest.raises(ValueError, match="distinct"):
        fit_weibull([1.0, 2.0], [1, 0])
