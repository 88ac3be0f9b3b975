"""One arm against history: closed forms at both ends, betas and beta-binomials, plain enumeration, and drawn trials."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, betabinom, binom

from equipoise.design import shelf
from equipoise.design.bayesian import thall_simon
from equipoise.design.bayesian.borrowing_one_arm import BorrowingOneArm
from equipoise.numerics.borrowing import logit_grid
from equipoise.numerics.borrowing.methods import METHODS
from equipoise.trial.evidence import Evidence
from equipoise.trial.problem import BadInput

EXAMPLE = shelf.one("borrowing-one-arm").example


def example(**changes: object) -> BorrowingOneArm:
    design = shelf.build("borrowing-one-arm", {"kind": "borrowing-one-arm", **EXAMPLE, **changes})
    assert isinstance(design, BorrowingOneArm)
    return design


@pytest.mark.independent
@pytest.mark.parametrize("delta", [0.0, 0.05])
def test_a_fixed_power_prior_by_betas(delta: float) -> None:
    """Boundaries by Gauss–Legendre over the control's beta; both stages enumerated; averaged error and power by hand."""
    d = example(method="power", a0=0.2, n=30, n1=12, delta=delta, history_x=(40, 50), history_n=(90, 110))
    a, b = 1 + 0.2 * 90, 1 + 0.2 * 110

    nodes, weights = np.polynomial.legendre.leggauss(200)
    p, w = (nodes + 1) / 2, weights / 2 * beta.pdf((nodes + 1) / 2, a, b)

    @cache
    def above(x: int, n: int) -> float:
        return float(w @ beta.sf(p + delta, 1 + x, 1 + n - x))

    assert d.exceedance(30) == pytest.approx([above(x, 30) for x in range(31)], abs=1e-8)
    r1 = max(x for x in range(13) if above(x, 12) <= 0.3)
    r = max(x for x in range(31) if above(x, 30) < 0.95)
    assert (d.stages.low, d.stages.high) == ((r1, r), (12, r))

    def declares(rate: np.ndarray) -> np.ndarray:
        return sum(binom.pmf(x, 12, rate) * binom.sf(r - x, 18, rate) for x in range(r1 + 1, 13))

    assert d.characteristics({"rate": 0.5}).declare.value == pytest.approx(float(declares(np.array(0.5))), abs=1e-12)
    assert d.averaged_error == pytest.approx(w @ declares(p), abs=1e-8)
    odds = (0.58 / 0.42) / (0.44 / 0.56)
    assert d.averaged_power == pytest.approx(w @ declares(odds * p / (1 - p + odds * p)), abs=1e-8)
    bound = beta.ppf(0.95, a, b) + delta
    assert d.power_limit == pytest.approx(beta.sf(bound / (bound + odds * (1 - bound)), a, b), abs=1e-8)


@pytest.mark.independent
def test_one_look_averaged_over_a_beta_is_beta_binomial() -> None:
    d = example(method="pooled", n1=None)
    x, n = sum(EXAMPLE["history_x"]), sum(EXAMPLE["history_n"])
    assert d.averaged_error == pytest.approx(betabinom.sf(d.stages.high[0], 80, 1 + x, 1 + n - x), abs=1e-10)


@pytest.mark.independent
@pytest.mark.parametrize("n", [10, 80])
def test_history_that_says_nothing(n: int) -> None:
    """A uniform control rate: P(tested > control) is the mean of the tested rate, (1 + x) / (2 + n)."""
    d = example(method="none", n=n, n1=None)
    assert d.exceedance(n) == pytest.approx((1 + np.arange(n + 1)) / (2 + n), abs=1e-9)
    # never reached by 10 of 10: 11 / 12
    assert d.stages.high[-1] == (10 if n == 10 else math.ceil(0.95 * (2 + n) - 1 - 1e-9) - 1)


@pytest.mark.independent
def test_history_that_is_certain_leaves_one_sample() -> None:
    """20,000 patients at 44 %, as many as are taken: the tested rate's own posterior above 0.44, but for 0.35 points of doubt."""
    d = example(method="pooled", history_x=(4400, 4400), history_n=(10000, 10000), n1=None)
    exact = beta.sf(0.44, 1 + np.arange(81), 81 - np.arange(81))
    assert d.exceedance(80) == pytest.approx(exact, abs=1e-3)
    assert d.averaged_error == pytest.approx(binom.sf(d.stages.high[0], 80, 0.44), abs=1e-3)
    # the grid of logits is still fine enough for it
    doubt = beta(8801, 11201)
    control = doubt.ppf((np.arange(20_000) + 0.5) / 20_000)
    assert d.exceedance(80)[42] == pytest.approx(beta.sf(control, 43, 39).mean(), abs=1e-6)
    with pytest.raises(BadInput, match="at most 20000 patients in all"):
        example(history_x=(4400, 4400, 1), history_n=(10000, 10000, 1))


@pytest.mark.independent
def test_the_boundary_of_thall_and_simon() -> None:
    """The same two betas in another kind of the shelf."""
    d = example(method="power", a0=0.3, n=60, n1=None, threshold=0.9)
    a, b = 1 + 0.3 * sum(EXAMPLE["history_x"]), 1 + 0.3 * (sum(EXAMPLE["history_n"]) - sum(EXAMPLE["history_x"]))
    other = thall_simon.from_spec(thall_simon.Spec.read(
        {"p0": a / (a + b), "p1": 0.6, "nmax": 60, "nmin": 59, "standard_n": a + b, "prior_n": 2.0, "prior_mean": 0.5, "p_high": 0.9}
    ))  # fmt: skip
    assert d.stages.high[-1] == other.stages.high[-1]
    assert d.exceedance(60)[33] == pytest.approx(other.posterior(33, 60, 0.0), abs=1e-8)


@pytest.mark.independent
@pytest.mark.parametrize("method", ["map", "robust-map"])
@pytest.mark.thorough
def test_drawn_trials(method: str) -> None:
    """Control rates drawn from the prior, patients drawn, the rule applied: within four Monte-Carlo errors."""
    d = example(method=method, threshold=0.9)
    rng, reps = np.random.default_rng(44), 200_000
    logits = rng.choice(logit_grid.THETA, reps, p=d.prior.mass()) + rng.uniform(-0.5, 0.5, reps) * logit_grid.STEP
    for shift, found in ((0.0, d.averaged_error), (math.log(0.58 / 0.42 * 0.56 / 0.44), d.averaged_power)):
        rate = 1 / (1 + np.exp(-logits - shift))
        first = rng.binomial(39, rate)
        last = first + rng.binomial(41, rate)
        seen = (d.exceedance(39)[first] > 0.3) & (d.exceedance(80)[last] >= 0.9)
        assert abs(seen.mean() - found) < 4 * math.sqrt(found * (1 - found) / reps)
    assert d.error_range()[0] < d.averaged_error < d.error_range()[1]


@pytest.mark.property
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.thorough
def test_more_successes_are_never_worse(method: str) -> None:
    d = example(method=method)
    assert (np.diff(d.exceedance(80)) >= -1e-12).all()
    if method == "map":
        assert str(d.borrowing) in d.describe()
    assert d.averaged_power > d.averaged_error
    assert any("counts as an effect" in c for c in d.cautions)
    # the prior's chance that the rule errs is about 1 - threshold where its doubt is larger than that of the sample
    assert d.averaged_error == pytest.approx(0.05, abs=0.012)


@pytest.mark.property
@settings(max_examples=4, deadline=None)
@given(st.floats(0.6, 0.99))
@pytest.mark.thorough
def test_power_tends_to_its_limit(threshold: float) -> None:
    """The gap shrinks like 1 / n."""
    some, more = (example(n=n, n1=None, threshold=threshold, p_low=0.0) for n in (100, 400))
    assert abs(more.averaged_power - more.power_limit) < 0.5 * abs(some.averaged_power - some.power_limit) + 0.01
    assert more.averaged_power == pytest.approx(more.power_limit, abs=0.08)


def test_what_is_said_of_what_came() -> None:
    d = example()
    low, high = d.stages.low[0], d.stages.high[-1]
    assert d.verdict(Evidence(1, "T", 39, low)).action.name == "stop"
    assert d.verdict(Evidence(1, "T", 39, low + 1)).action.name == "continue"
    seen = d.verdict(Evidence(2, "T", 80, high + 1))
    assert seen.action.name == "declare"
    assert f"= {d.exceedance(80)[high + 1]:.4f}" in seen.because[-1]
    # another number at the end: the bound on the posterior stays
    other = d.attained_stages(94).high[-1]
    assert d.exceedance(94)[other] < 0.95 <= d.exceedance(94)[other + 1]
    assert d.verdict(Evidence(2, "T", 94, other + 1)).action.name == "declare"
    assert any("vague part keeps its weight of 0.2" in c for c in example(method="robust-map").cautions)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(BadInput) as bad:
        example(
            p1=0.4, history_x=(41, 3), history_n=(40,), n=30, n1=30, method="prayer", threshold=2, delta=-1.0, a0=3.0
        )
    assert {"p1", "history_x", "n1", "method", "threshold", "delta", "a0"} <= {p.where for p in bad.value.problems}
    with pytest.raises(BadInput, match="below threshold"):
        example(p_low=0.97)
