"""PKLOGIT: both posteriors against scipy's own integration and draws of our own, what exposures teach, and its laws."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import dblquad, quad
from scipy.special import expit
from scipy.stats import multivariate_normal

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.behaviour import behaviour
from equipoise.design.dose.dose_design import Give, Seen
from equipoise.design.dose.exact import DoseTruth
from equipoise.design.dose.exposure_logit import chance_above, pharmacokinetics, rate_at, toxicity
from equipoise.design.dose.pklogit import PkLogit, SeenExposed
from equipoise.design.dose.simulated import Calendar
from equipoise.trial.problem import BadInput

#: Doses and exposures of the example in dfpk's manual; its answers are draws, and not printed there.
DOSES = np.array([12.59972, 34.65492, 44.69007, 60.80685, 83.68946, 100.37111])
AREAS = np.array([0.43, 1.4, 5.98, 7.98, 11.90, 3.45])
TOXIC = [False, False, False, False, True, False]


def built(**said: Any) -> PkLogit:
    found = dose_shelf.build("pklogit", {**dose_shelf.one("pklogit").example, **said})
    assert isinstance(found, PkLogit)
    return found


@pytest.mark.independent
@pytest.mark.parametrize("sd", [0.5, 2.0, 20.0])
def test_exposure_on_dose_against_scipy(sd: float) -> None:
    """Given v all is normal: marginal density by scipy's multivariate normal, the mean by the textbook's inverse; v by scipy's quadrature."""
    z, x, m = np.log(AREAS), np.column_stack([np.ones(6), np.log(DOSES)]), np.array([-math.log(10.0), 1.0])
    prior = np.eye(2) * sd**2

    def density(v: float) -> float:
        cov = v * v * np.eye(6) + x @ prior @ x.T
        return float(np.exp(multivariate_normal(x @ m, cov, allow_singular=True).logpdf(z) + 10))

    def mean(v: float) -> np.ndarray:
        cov = v * v * np.eye(6) + x @ prior @ x.T
        found: np.ndarray = m + prior @ x.T @ np.linalg.solve(cov, z - x @ m)
        return found

    whole = quad(density, 0.02, 1, epsabs=0, epsrel=1e-9)[0]
    v = quad(lambda s: s * density(s), 0.02, 1, epsabs=0, epsrel=1e-9)[0] / whole
    b = [quad(lambda s, i=i: mean(s)[i] * density(s), 0.02, 1, epsabs=0, epsrel=1e-9)[0] / whole for i in (0, 1)]
    ours = pharmacokinetics(np.log(DOSES).tolist(), z.tolist(), 10.0, sd).expected
    assert ours == pytest.approx((*b, v), rel=2e-5)


def test_with_a_vague_prior_it_is_least_squares() -> None:
    x = np.column_stack([np.ones(6), np.log(DOSES)])
    line = np.linalg.lstsq(x, np.log(AREAS), rcond=None)[0]
    b0, b1, _ = pharmacokinetics(np.log(DOSES).tolist(), np.log(AREAS).tolist(), 10.0, 10_000.0).expected
    assert (b0, b1) == pytest.approx(tuple(line), rel=1e-5)
    # at one dose alone the line goes through what was seen there, and turns as little as it can
    one = pharmacokinetics([math.log(60.0)] * 3, [7.0, 7.2, 7.4], 0.07, 10_000.0).expected
    assert one[0] + one[1] * math.log(60.0) == pytest.approx(7.2, abs=1e-5)


@pytest.mark.independent
def test_toxicity_on_exposure_against_scipy() -> None:
    z = np.log(AREAS)

    def likelihood(b3: float, b2: float) -> float:
        p = expit(-b2 + b3 * z)
        return float(np.prod(np.where(TOXIC, p, 1 - p)))

    def over(f: Any) -> float:
        return float(dblquad(lambda b3, b2: f(b2, b3) * likelihood(b3, b2), 0, 20, 0, 10, epsabs=1e-10, epsrel=1e-8)[0])

    whole = over(lambda b2, b3: 1.0)
    ours = toxicity(list(zip(z.tolist(), TOXIC, strict=True)), [], (20.0, 10.0)).expected
    assert ours == pytest.approx([over(lambda b2, b3: b2) / whole, over(lambda b2, b3: b3) / whole], rel=2e-5)


def test_the_rate_at_a_dose_is_over_its_patients() -> None:
    for mean, sd, b2, b3 in ((1.0, 0.4, 4.0, 2.0), (0.0, 0.8, 2.0, 5.0), (2.3, 0.1, 10.0, 4.0)):
        x = np.linspace(-9, 9, 20_001)
        density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        expected = float(np.trapezoid(expit(-b2 + b3 * (mean + sd * x)) * density, x))
        assert rate_at(mean, sd, b2, b3) == pytest.approx(expected, abs=1e-9)


@pytest.mark.independent
def test_the_chance_of_too_much_against_draws() -> None:
    """Half a million draws of everything that is not known; the rate of each by another quadrature."""
    z, x = np.log(AREAS), np.log(DOSES)
    kinetics = pharmacokinetics(x.tolist(), z.tolist(), 10.0, 2.0)
    found = toxicity(list(zip(z.tolist(), TOXIC, strict=True)), [], (20.0, 10.0))
    rng = np.random.Generator(np.random.Philox(7))
    n = 40_000
    i, j = rng.choice(kinetics.weight.size, n, p=kinetics.weight), rng.choice(found.weight.size, n, p=found.weight)
    for dose, rate in ((0, 0.05), (3, 0.2), (5, 0.3)):
        mean, sd = kinetics.at(x[dose])
        centre = mean[i] + sd[i] * rng.standard_normal(n)
        e = np.linspace(-5, 5, 41)
        w = np.exp(-e * e / 2) / np.exp(-e * e / 2).sum()
        p = (
            expit(-found.b2[j][:, None] + found.b3[j][:, None] * (centre[:, None] + kinetics.spread[i][:, None] * e))
            @ w
        )
        share = float((p > rate).mean())
        error = max(math.sqrt(share * (1 - share) / n), 1e-4)
        assert chance_above(rate, float(x[dose]), 0.0, kinetics, found) == pytest.approx(share, abs=4 * error)


def test_what_exposures_teach() -> None:
    """Two trials alike in doses and DLTs: where the one DLT came at a high exposure the rates rise with the dose, where at a low one they do so less."""
    design = built(cohorts=6)

    def after(areas: list[float]) -> tuple[float, ...]:
        told = tuple((a, i == 2) for i, a in enumerate(areas))
        state = design.step(design.start(), 1, SeenExposed(2, 1, exposures=told))
        return design.ptox(state)

    typical = 60 / 0.07
    high, low = after([typical * 0.9, typical, typical * 2]), after([typical * 2, typical, typical * 0.9])
    assert high[3] - high[0] > 1.5 * (low[3] - low[0])
    bare = design.ptox(design.step(design.start(), 1, Seen(2, 1)))
    assert bare != high


def test_exposures_far_above_what_was_thought_hold_it_back() -> None:
    """Nobody had a DLT, but who was given the lowest dose had three times the exposure: the rates are those of higher exposures."""
    design = built(cohorts=6, target=0.25)
    typical = 60 / 0.07
    usual = design.step(design.start(), 1, SeenExposed(3, exposures=tuple((typical * f, False) for f in (0.8, 1, 1.2))))
    most = design.step(usual, 2, SeenExposed(2, 1, exposures=((typical, False), (typical, False), (typical * 3, True))))
    b0, b1, _ = design.fit(most)[0].expected
    assert b0 + b1 * math.log(112) > math.log(112 / 0.07)


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(0.3, 3.0), st.booleans()), min_size=3, max_size=3), st.floats(0.1, 10.0))
def test_the_order_of_patients_and_the_unit_of_exposure_change_nothing(cohort: list[tuple[float, bool]], k: float) -> None:  # fmt: skip
    typical = 60 / 0.07
    tox = sum(t for _, t in cohort)
    told = tuple((f * typical, t) for f, t in cohort)
    design, scaled = built(), built(clearance=0.07 / k)
    a, b = (design.step(design.start(), 1, SeenExposed(3 - tox, tox, exposures=x)) for x in (told, told[::-1]))
    assert a == b
    other = scaled.step(scaled.start(), 1, SeenExposed(3 - tox, tox, exposures=tuple((x * k, t) for x, t in told)))
    # the slope's prior knows no unit, but for the little that its own width leaves
    assert scaled.ptox(other)[0] == pytest.approx(design.ptox(a)[0], abs=1e-4)


def test_simulated_patients_have_the_dlts_of_the_truth_and_exposures_that_go_with_them() -> None:
    design = built(explains=0.5, cv=0.33)
    u = np.random.Generator(np.random.Philox(3)).random((20_000, 2))
    rates = (0.25,) * 4
    seen = design.with_exposure(Seen(0), 2, [tuple(row) for row in u], rates)
    z = np.log([a for a, _ in seen.exposures])
    toxic = np.array([t for _, t in seen.exposures])
    assert toxic.mean() == pytest.approx(0.25, abs=0.01)
    assert z.mean() == pytest.approx(math.log(75 / 0.07), abs=0.01)
    assert z.std() == pytest.approx(math.sqrt(math.log1p(0.33**2)), abs=0.01)
    assert z[toxic].mean() - z[~toxic].mean() > 0.2
    alone = built(explains=0.0).with_exposure(Seen(0), 2, [tuple(row) for row in u], rates)
    free = np.log([a for a, _ in alone.exposures])
    assert free[toxic].mean() == pytest.approx(free[~toxic].mean(), abs=0.02)


def test_its_behaviour_is_simulated_beside_the_same_patients() -> None:
    truth = DoseTruth((0.05, 0.12, 0.25, 0.4))
    found = behaviour(built(), truth, trials=30)
    assert (found.method, found.trials) == ("simulated", 30)
    assert sum(found.select) + found.select_none == pytest.approx(1)
    with pytest.raises(BadInput, match="exposure"):
        behaviour(built(), truth, "exact")
    with pytest.raises(BadInput, match="calendar"):
        behaviour(built(), truth, trials=5, calendar=Calendar(2.0, 1.0))


def test_it_stops_where_the_lowest_dose_is_too_toxic() -> None:
    design = built(cohorts=4)
    typical = 60 / 0.07
    told = tuple((typical * f, True) for f in (0.9, 1.0, 1.1))
    state = design.step(design.start(), 1, SeenExposed(0, 3, exposures=told))
    state = design.step(state, 1, SeenExposed(0, 3, exposures=told))
    assert design.verdict(state).bound == ("too toxic",)
    assert design.recommend(state) == 0
    action = built(stop=1.0, cohorts=4).verdict(state).action
    assert isinstance(action, Give)
    assert action.dose == 1


def test_what_cannot_be() -> None:
    with pytest.raises(BadInput) as bad:
        built(clearance=0.0, target=1.5, most_b2=0.5, cv=-1)
    assert {p.where for p in bad.value.problems} >= {"clearance", "target", "cv"}
