"""Survival at a landmark in two stages: variances by simulation, and what the three designs are worth in simulated patients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import multivariate_normal

from equipoise.design.one_time import case_morgan, huang_talukder_thomas, km_landmark
from equipoise.design.one_time.landmark_theory import variance
from equipoise.design.one_time.two_look_survival import Plan, Survival, TwoLookSurvival
from equipoise.trial.problem import BadInput

NORTH = {"s0": 0.44, "landmark": 6.0, "hazard_ratio": 0.66, "rate": 5.0, "alpha": 0.05, "power": 0.80}


@pytest.mark.independent
@pytest.mark.parametrize("shape", [0.6, 1.0, 1.8])
@pytest.mark.parametrize("t", [7.0, 12.0, 22.0])
def test_the_variance_by_another_quadrature(shape: float, t: float) -> None:
    s, plan = Survival(0.44, 6.0, 0.66, shape), Plan(80, 7.0, 5.0, 6.0)

    def integrand(u: float) -> float:
        hazard = 0.66 * -math.log(0.44) * shape / 6.0 * (u / 6.0) ** (shape - 1)
        return hazard / (math.exp(-0.66 * float(s.cumulative(u))) * min(max((t - u) / plan.ta, 0.0), 1.0))

    kink = min(max(t - plan.ta, 0.0), 6.0)
    whole = sum(quad(integrand, a, b, limit=400)[0] for a, b in ((1e-12, kink), (kink, 6.0)) if b > a)
    assert variance(s, plan, 0.66, t) == pytest.approx(whole, rel=2e-6)


def statistics(d: TwoLookSurvival, scale: str, h: float, reps: int) -> tuple[np.ndarray, np.ndarray]:
    """z at both looks of simulated trials; patients enter evenly, the curve is estimated from the follow-up that each has."""
    rng = np.random.default_rng(7)
    s, p = d.survival, d.plan
    entry = rng.uniform(0, p.ta, (reps, p.n))
    time = s.landmark * (rng.exponential(1 / h, (reps, p.n)) / -math.log(s.s0)) ** (1 / s.shape)
    found = []
    for t in (p.t1, p.end):
        limit = np.clip(t - entry, 0, s.landmark)
        seen, event = np.minimum(time, limit), (time <= limit) & (limit > 0)
        e = np.take_along_axis(event, np.argsort(seen, axis=1), 1)
        risk = np.arange(p.n, 0, -1)
        hazard, km = (e / risk).sum(axis=1), np.prod(1 - e / risk, axis=1)
        greenwood = (e / (risk * np.maximum(risk - 1, 1))).sum(axis=1)
        reference = -math.log(s.s0)
        with np.errstate(all="ignore"):
            if scale == "hazard":
                z = (reference - hazard) / np.sqrt((e / risk**2).sum(axis=1))
            elif scale == "log-log":
                z = (math.log(reference) - np.log(-np.log(km))) / (np.sqrt(greenwood) / -np.log(km))
            else:
                z = (km - s.s0) / (km * np.sqrt(greenwood))
        found.append(np.where(np.isfinite(z), z, 10.0))
    return found[0], found[1]


def declared(d: TwoLookSurvival, scale: str, h: float, reps: int = 10_000) -> float:
    z1, z2 = statistics(d, scale, h, reps)
    return float(((z1 > d.c1) & (z2 > d.c2)).mean())


@pytest.mark.independent
@pytest.mark.parametrize("scale", ["log-log", "survival"])
@pytest.mark.thorough
def test_kaplan_meier_keeps_its_errors_in_simulated_patients(scale: str) -> None:
    """Within 4 Monte-Carlo errors and 0.02 for the approximation."""
    d = km_landmark.from_spec(km_landmark.Spec.read({**NORTH, "scale": scale}))
    assert declared(d, scale, 1.0) <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 10_000)
    assert declared(d, scale, 0.66) >= 0.80 - 0.02 - 4 * math.sqrt(0.16 / 10_000)


@pytest.mark.independent
@pytest.mark.parametrize(
    ("module", "alpha", "power"),
    [(case_morgan, 0.065, 0.87), (huang_talukder_thomas, 0.062, 0.74)],
    ids=["case-morgan", "htt"],
)
@pytest.mark.slow
def test_what_the_cautions_say_of_the_hazard_scale(module: Any, alpha: float, power: float) -> None:
    d = module.from_spec(module.Spec.read(NORTH))
    assert declared(d, "hazard", 1.0) == pytest.approx(alpha, abs=0.012)
    assert declared(d, "hazard", 0.66) == pytest.approx(power, abs=0.025)
    assert any(f"{alpha:g}" in c and f"{power:g}" in c for c in d.cautions)


def by_hand(n: int, t1: float, c1: float, scale: str) -> Any:
    """c2 that keeps 5 %, and the power at hazard ratio 0.66 with it: V by scipy's quadrature, its bivariate normal."""
    x, ta, rate = 6.0, n / 5.0, -math.log(0.44) / 6.0

    def v(h: float, t: float) -> float:
        def integrand(s: float) -> float:
            return h * rate * math.exp(h * rate * s) / min(max((t - s) / ta, 0.0), 1.0)

        kink = min(max(t - ta, 0.0), x)
        return sum(quad(integrand, a, b)[0] for a, b in ((0.0, kink), (kink, x)) if b > a)

    def passes(c2: float, h: float) -> float:
        v1, v2 = v(h, t1), v(h, ta + x)
        # cumulative hazards, or log(-log) of survival, whose standard error is that of the hazard over the hazard
        effect = (1 - h) * rate * x if scale == "hazard" else -math.log(h) * h * rate * x
        mean = [math.sqrt(n) * effect / math.sqrt(w) for w in (v1, v2)]
        rho = math.sqrt(v2 / v1)
        return float(multivariate_normal([-m for m in mean], [[1, rho], [rho, 1]]).cdf([-c1, -c2]))

    if passes(-6.0, 1.0) <= 0.05:
        return -6.0, passes(-6.0, 0.66)
    c2 = brentq(lambda c: passes(c, 1.0) - 0.05, -6.0, 3.0, xtol=1e-8)
    return c2, passes(c2, 0.66)


#: Not adjusted: there sizes are raised past what the power needs.
UNADJUSTED = [
    (case_morgan, {"adjust": False}, "hazard"),
    (huang_talukder_thomas, {}, "hazard"),
    (km_landmark, {}, "log-log"),
]


@pytest.mark.independent
@pytest.mark.parametrize(("module", "more", "scale"), UNADJUSTED, ids=lambda v: getattr(v, "KIND", ""))
@pytest.mark.thorough
def test_level_and_power_by_another_quadrature_and_scipys_bivariate_normal(
    module: Any, more: dict[str, Any], scale: str
) -> None:
    d = module.from_spec(module.Spec.read({**NORTH, **more}))
    n = d.numbers()
    assert d.survival.landmark < d.plan.t1 < d.plan.ta < d.plan.end
    c2, power = by_hand(d.plan.n, d.plan.t1, d.c1, scale)
    assert d.c2 == pytest.approx(c2, abs=1e-5)
    assert power == pytest.approx(0.80, abs=1e-4)
    assert n["power"] == pytest.approx(power, abs=1e-5)
    assert n["pet0"] == pytest.approx(float(ndtr(d.c1)), abs=1e-12)
    assert n["en0"] == pytest.approx(d.plan.n - float(ndtr(d.c1)) * (d.plan.n - 5.0 * d.plan.t1), abs=1e-9)


@pytest.mark.independent
@pytest.mark.thorough
def test_nothing_on_a_grid_expects_fewer_patients() -> None:
    """Huang, Talukder & Thomas: sizes around the one found, times and c1 on a grid, judged by the quadrature and normal above."""
    d = huang_talukder_thomas.from_spec(huang_talukder_thomas.Spec.read({**NORTH, "criterion": "expected-n"}))
    least = float(d.numbers()["en0"])
    tried = 0
    for n in range(d.plan.n - 6, d.plan.n + 7, 3):
        for t1 in np.arange(6.5, n / 5.0, 1.0):
            for c1 in np.arange(-0.6, 0.9, 0.1):
                stop = float(ndtr(c1))
                en = n - stop * (n - 5.0 * t1)
                if en < least - 0.02:
                    tried += 1
                    assert by_hand(n, float(t1), float(c1), "hazard")[1] < 0.80 + 1e-6, (n, t1, c1)
    assert tried > 50


@pytest.mark.property
@pytest.mark.thorough
def test_each_criterion_is_least_by_its_own_measure() -> None:
    """Strictly: were the criterion not heard, both would be the same."""
    found = {
        c: huang_talukder_thomas.from_spec(huang_talukder_thomas.Spec.read({**NORTH, "criterion": c})).numbers()
        for c in ("expected-n", "expected-length")
    }
    assert float(found["expected-n"]["en0"]) < float(found["expected-length"]["en0"]) - 0.05
    assert float(found["expected-length"]["expected_length0"]) < float(found["expected-n"]["expected_length0"]) - 0.05


@pytest.mark.parametrize("module", [case_morgan, huang_talukder_thomas, km_landmark])
def test_bad_input(module: Any) -> None:
    with pytest.raises(BadInput) as bad:
        module.Spec.read(
            {"s0": 0, "landmark": -6, "hazard_ratio": 2, "rate": 0, "alpha": 0.9, "power": 0.8, "criterion": "cheapest"}
        )
    assert {"s0", "landmark", "hazard_ratio", "rate", "criterion", "alpha"} <= {p.where for p in bad.value.problems}
