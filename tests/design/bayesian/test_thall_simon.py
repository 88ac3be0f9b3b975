"""Thall & Simon: the boundary is where the posterior crosses, by another quadrature; behaviour by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import betaincc, betaincinv

from equipoise.design.bayesian.thall_simon import EXAMPLE, Spec, from_spec
from equipoise.trial.problem import BadInput

D = from_spec(Spec.read(EXAMPLE))


def posterior(x: int, n: int, delta: float) -> float:
    """P(E > S + delta) with E's posterior against a Beta(88, 112) standard, by midpoints on the standard's scale."""
    u = (np.arange(20_000) + 0.5) / 20_000
    s = betaincinv(200 * 0.44, 200 * 0.56, u)
    return float(betaincc(2 * 0.51 + x, 2 * 0.49 + n - x, np.clip(s + delta, 0, 1)).mean())


@pytest.mark.independent
@pytest.mark.thorough
def test_boundaries_by_another_quadrature() -> None:
    s = D.stages
    for n, low, high in list(zip(s.n, s.low, s.high, strict=True))[:-1:4]:
        assert posterior(low, n, 0.14) <= 0.05 < posterior(low + 1, n, 0.14)
        assert posterior(high, n, 0.0) < 0.95 <= posterior(high + 1, n, 0.0)


@pytest.mark.property
@pytest.mark.thorough
def test_simulated() -> None:
    rng = np.random.default_rng(9)
    reps = 20_000
    counts = (rng.random((reps, 60)) < 0.58).cumsum(axis=1)
    on, declared = np.ones(reps, bool), np.zeros(reps, bool)
    for n, low, high in zip(D.stages.n, D.stages.low, D.stages.high, strict=True):
        x = counts[:, n - 1]
        declared |= on & (x > high)
        on &= (x > low) & (x <= high)
    assert abs(declared.mean() - D.behaviour(0.58).reject) < 4 * math.sqrt(0.25 / reps)


def test_a_known_standard_is_a_prior_that_is_certain() -> None:
    known = from_spec(Spec.read({**EXAMPLE, "standard_n": None}))
    sure = from_spec(Spec.read({**EXAMPLE, "standard_n": 1e6}))
    assert known.posterior(20, 40, 0.0) == pytest.approx(sure.posterior(20, 40, 0.0), abs=2e-3)


@pytest.mark.thorough
def test_errors_not_kept_are_said() -> None:
    assert any("type I error" in c for c in D.cautions)


def test_bad_input() -> None:
    with pytest.raises(BadInput) as bad:
        Spec.read({"p0": 0.5, "p1": 0.4, "nmax": 1.5, "prior_n": 0, "p_low": 2, "delta": -1})
    assert {"p1", "nmax", "prior_n", "p_low", "delta"} <= {p.where for p in bad.value.problems}
