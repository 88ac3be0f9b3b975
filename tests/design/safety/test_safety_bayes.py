"""Posterior monitoring of toxicity against stoppingrule's documented example, exact fractions and every sequence."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.design.safety.safety_bayes import (
    EXAMPLE,
    BayesianSafety,
    Spec,
    from_spec,
    not_above,
    posterior_excess,
    search,
)
from equipoise.trial.decision import Continue, Declare, Stop
from equipoise.trial.evidence import Evidence
from equipoise.trial.problem import BadInput


@pytest.mark.independent
def test_as_documented_by_stoppingrule() -> None:
    """The worked example in the read-me of R's stoppingrule: 30 patients, 0.20, Beta(0.6, 2.4), false stop 10 %."""
    d = search(0.20, 0.40, 30, 0.10, prior_mean=0.2, prior_n=3.0)
    assert d.stops_at == tuple(
        [2] + [3] * 3 + [4] * 2 + [5] * 4 + [6] * 3 + [7] * 4 + [8] * 3 + [9] * 4 + [10] * 4 + [11] * 2
    )
    # printed as 0.9630823, by a root-finder with a tolerance of 1e-4 in x; with 1e-12 the same search gives 0.9630826917
    assert d.cutoff == pytest.approx(0.9630823, abs=5e-7)
    assert d.cutoff == pytest.approx(0.9630826917, abs=5e-11)
    for rate, stopped, toxicities in (
        (0.20, 0.09957367, 5.651197), (0.25, 0.23832301, 6.536293), (0.30, 0.43615256, 6.926712),
        (0.35, 0.64555222, 6.819377), (0.40, 0.81491087, 6.355803),
    ):  # fmt: skip
        c = d.characteristics({"rate": rate})
        assert c.stop_early.value == pytest.approx(stopped, abs=5e-9)
        assert c.more["expected patients with toxicity"].value == pytest.approx(toxicities, abs=5e-7)


def uniform_posterior(x: int, n: int, theta0: Fraction) -> Fraction:
    """P(theta > theta0) after x of n with a uniform prior: the binomial identity, in fractions."""
    m = n + 1
    return sum((math.comb(m, k) * theta0**k * (1 - theta0) ** (m - k) for k in range(x + 1)), Fraction(0))


@pytest.mark.independent
@pytest.mark.parametrize(("theta0", "phi"), [(Fraction(1, 5), 0.1), (Fraction(1, 2), 0.15), (Fraction(1, 10), 0.05)])
def test_cutoff_by_every_sequence(theta0: Fraction, phi: float) -> None:
    """Uniform prior, 9 patients: every cutoff tried, each by walking through all sequences in exact arithmetic."""
    n, p = 9, theta0
    values = sorted({uniform_posterior(x, m, theta0) for m in range(1, n + 1) for x in range(m + 1)})

    def stops(cutoff: Fraction) -> list[int]:
        return [
            next((x for x in range(1, m + 1) if uniform_posterior(x, m, theta0) > cutoff), m + 1)
            for m in range(1, n + 1)
        ]

    def stopped(boundary: list[int]) -> Fraction:
        total = Fraction(0)
        for patients in product((0, 1), repeat=n):
            if any(sum(patients[:m]) >= b for m, b in enumerate(boundary, 1)):
                total += p ** sum(patients) * (1 - p) ** (n - sum(patients))
        return total

    best = next(v for v in values if stopped(stops(v)) <= phi)
    d = search(float(theta0), 0.7, n, phi, prior_mean=0.5, prior_n=2.0)
    assert [min(b, m + 1) for m, b in enumerate(d.stops_at, 1)] == stops(best)
    assert d.cutoff == pytest.approx(float(best), abs=1e-9)
    assert d.stop_probability(float(theta0)) == pytest.approx(float(stopped(stops(best))), abs=1e-12)
    assert d.posterior(3, 7) == pytest.approx(float(uniform_posterior(3, 7, theta0)), abs=1e-12)


@pytest.mark.independent
@pytest.mark.parametrize(
    ("x", "n", "c", "m"), [(0, 94, 0, 47), (1, 94, 0, 47), (18, 94, 3, 47), (21, 94, 0, 47), (0, 94, 5, 47), (10, 10, 10, 10), (7, 12, 3, 30)]
)  # fmt: skip
def test_two_arms_in_fractions(x: int, n: int, c: int, m: int) -> None:
    """P(rate tested > rate control), uniform priors, by the finite sum for whole parameters, in fractions."""

    def beta(a: int, b: int) -> Fraction:
        return Fraction(math.factorial(a - 1) * math.factorial(b - 1), math.factorial(a + b - 1))

    a1, b1, a2, b2 = 1 + x, 1 + n - x, 1 + c, 1 + m - c
    exact = sum(beta(a2 + i, b2 + b1) / ((b1 + i) * beta(1 + i, b1) * beta(a2, b2)) for i in range(a1))
    assert posterior_excess(x, n, c, m, 1.0, 1.0) == pytest.approx(float(exact), abs=1e-12)
    assert not_above(n, c, m, x, 1.0, 1.0)[x] == pytest.approx(float(1 - exact), rel=1e-8)


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 0.6), st.integers(4, 25), st.floats(0.02, 0.3), st.floats(0.5, 20), st.integers(1, 5))
def test_laws(theta0: float, n: int, phi: float, prior_n: float, cohort: int) -> None:
    """The false stop never above phi at any rate up to theta0; a smaller cutoff would break it; stated, it is the same."""
    try:
        d = search(theta0, 0.9, n, phi, 1, cohort, prior_n=prior_n)
    except BadInput:
        assert theta0**n > phi
        return
    rates = [theta0 * k / 6 for k in range(7)]
    stops = [d.stop_probability(p) for p in rates]
    assert max(stops) <= phi * (1 + 1e-12)
    assert stops == sorted(stops)
    for p in (theta0, 0.9):
        assert math.fsum(d.characteristics({"rate": p}).ends_at) == pytest.approx(1, abs=1e-12)
    looser = BayesianSafety(theta0, 0.9, n, 1, cohort, phi, d.prior_a, d.prior_b, d.cutoff - 1e-7 * (1 - d.cutoff))
    assert looser.stop_probability(theta0) > phi or looser.stops_at == d.stops_at == (1,) * len(d.sizes)
    for m, b in zip(d.sizes, d.stops_at, strict=True):
        assert b > m or d.posterior(b, m) > d.cutoff
        assert b == 1 or d.posterior(b - 1, m) <= d.cutoff + 1e-9


def test_verdicts_and_words() -> None:
    d = from_spec(Spec.read(EXAMPLE))
    assert Spec.model_validate({"kind": "safety-bayes", **EXAMPLE}).prior_n == 3
    assert isinstance(d.verdict(Evidence(4, "A", 4, 2)).action, Continue)
    assert d.verdict(Evidence(4, "A", 4, 3)).action == Stop("safety")
    assert d.verdict(Evidence(30, "A", 30, 10)).action == Declare("the toxicity rate is acceptable")
    said = d.describe()
    assert "Beta(0.6, 2.4) prior" in said
    assert "0.0996" in said
    assert "0.9631" in said
    stated = from_spec(Spec.read({**EXAMPLE, "cutoff": 0.9}))
    assert "above the stated 0.1" in stated.cautions[0]
    assert from_spec(Spec.read({**EXAMPLE, "cutoff": d.cutoff})).stops_at == d.stops_at


def test_bad_input_all_at_once() -> None:
    with pytest.raises(BadInput) as e:
        Spec.read({"theta0": 0, "theta1": 0.4, "n": True, "phi": 1, "prior_n": 0, "prior_mean": 1.5, "cutoff": 1.0})
    assert {p.where for p in e.value.problems} == {"theta0", "n", "phi", "prior_n", "prior_mean", "cutoff"}
    with pytest.raises(BadInput, match=r"no cutoff keeps 0\.01"):
        search(0.5, 0.7, 4, 0.01)
