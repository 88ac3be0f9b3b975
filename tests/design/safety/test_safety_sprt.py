"""The truncated SPRT against Wald's straight lines, his bounds, and a walk through every sequence of patients."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.design.safety.safety_sprt import EXAMPLE, Spec, SprtSafety, from_spec
from equipoise.trial.decision import Continue, Declare, Stop
from equipoise.trial.evidence import Evidence
from equipoise.trial.problem import BadInput


def naive(d: SprtSafety, p: float) -> tuple[float, float, float]:
    """P(stopped for toxicity), expected patients monitored and total probability, by the likelihood of each sequence."""
    stopped = expected = total = 0.0
    for patients in product((0, 1), repeat=d.n):
        mass = math.prod(p if x else 1 - p for x in patients)
        total += mass
        ratio, end = 1.0, d.n
        for m, x in enumerate(patients, 1):
            ratio *= d.theta1 / d.theta0 if x else (1 - d.theta1) / (1 - d.theta0)
            if m not in d.sizes:
                continue
            if ratio >= math.exp(d.log_a) * (1 - 1e-9):
                stopped, end = stopped + mass, m
                break
            if d.lower and ratio <= math.exp(d.log_b) * (1 + 1e-9):
                end = m
                break
        expected += mass * end
    return stopped, expected, total


@pytest.mark.independent
@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("threshold", ["wald", "exact"])
@pytest.mark.parametrize(("theta0", "theta1", "cohort"), [(0.2, 0.6, 1), (0.1, 0.4, 2), (0.25, 0.5, 1)])
def test_behaviour_by_every_sequence(theta0: float, theta1: float, cohort: int, threshold: str, lower: bool) -> None:
    table = {
        "theta0": theta0, "theta1": theta1, "n": 10, "alpha": 0.1, "power": 0.8, "threshold": threshold, "lower": lower,
        "cohort": cohort,
    }  # fmt: skip
    d = from_spec(Spec.read(table))
    for p in (theta0, theta1):
        stopped, expected, total = naive(d, p)
        c = d.characteristics({"rate": p})
        assert total == pytest.approx(1, abs=1e-12)
        assert c.stop_early.value == pytest.approx(stopped, abs=1e-12)
        assert c.expected_n.value == pytest.approx(expected, abs=1e-10)
        assert math.fsum(c.ends_at) == pytest.approx(1, abs=1e-12)


@pytest.mark.independent
def test_boundaries_are_walds_lines() -> None:
    """Stop at x ≥ (log A + m log((1-t0)/(1-t1))) / log odds ratio; acceptable at x ≤ the same with log B."""
    d = from_spec(Spec.read({"theta0": 0.1, "theta1": 0.3, "n": 100, "alpha": 0.05, "power": 0.9, "lower": True}))
    odds = math.log(0.3 * 0.9 / (0.7 * 0.1))
    assert d.log_a == pytest.approx(math.log(0.9 / 0.05), abs=1e-14)
    assert d.log_b == pytest.approx(math.log(0.1 / 0.95), abs=1e-14)
    for m in range(1, 101):
        slope = m * math.log(0.9 / 0.7)
        assert d.boundary_at(m) == min(m + 1, math.ceil((d.log_a + slope) / odds))
        assert d.low_at(m) == max(-1, math.floor((d.log_b + slope) / odds))


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 0.5), st.floats(0.1, 0.4), st.floats(0.02, 0.2), st.floats(0.6, 0.95), st.booleans())
def test_walds_bounds(theta0: float, more: float, alpha: float, power: float, lower: bool) -> None:
    """However truncated, P(stop | theta0) ≤ 1 / A; calibrated, it is within alpha at every rate up to theta0."""
    table = {"theta0": theta0, "theta1": theta0 + more, "n": 40, "alpha": alpha, "power": power, "lower": lower}
    wald = from_spec(Spec.read(table))
    assert wald.stop_probability(theta0) <= alpha / power + 1e-12
    exact = from_spec(Spec.read({**table, "threshold": "exact"}))
    stops = [exact.stop_probability(theta0 * k / 5) for k in range(6)]
    assert max(stops) <= alpha * (1 + 1e-12)
    assert stops == sorted(stops)
    assert not [c for c in exact.cautions if "acceptable rate" in c]
    assert wald.stop_probability(theta0) > alpha or exact.stop_probability(theta0) >= wald.stop_probability(theta0)


@pytest.mark.property
def test_hardly_truncated_is_walds_test() -> None:
    """With both boundaries and many patients the exact errors are near the nominal ones and within Wald's bounds."""
    d = from_spec(Spec.read({"theta0": 0.1, "theta1": 0.3, "n": 300, "alpha": 0.05, "power": 0.9, "lower": True}))
    a, b = d.stop_probability(0.1), 1 - d.stop_probability(0.3)
    assert a <= 0.05 / 0.9
    assert b <= 0.1 / 0.95 + 1e-6
    assert a + b <= 0.05 + 0.1 + 1e-6
    assert a > 0.02
    assert b > 0.05


def test_verdicts_and_words() -> None:
    d = from_spec(Spec.read({"theta0": 0.1, "theta1": 0.3, "n": 40, "lower": True}))
    first = next(m for m in d.sizes if d.low_at(m) >= 0)
    assert isinstance(d.verdict(Evidence(first - 1, "A", first - 1, 0)).action, Continue)
    early = d.verdict(Evidence(first, "A", first, 0))
    assert early.action == Declare("the toxicity rate is acceptable")
    assert "0 or fewer end the monitoring" in early.because[0]
    assert d.verdict(Evidence(2, "A", 2, 2)).action == Continue()
    assert d.verdict(Evidence(3, "A", 3, 3)).action == Stop("safety")
    assert d.verdict(Evidence(40, "A", 40, d.stops_at[-1] - 1)).action == Declare("the toxicity rate is acceptable")
    x, said = d.numbers(), d.describe()
    assert x["alpha_nominal"] == 0.05
    assert "acceptable" in x
    assert f"{x['stop0']:.4f}" in said
    assert "once the log likelihood ratio is at most" in said
    plain = from_spec(Spec.read(EXAMPLE))
    assert Spec.model_validate({"kind": "safety-sprt", **EXAMPLE}).threshold == "wald"
    assert "below the nominal 0.8" in plain.cautions[0]
    assert "the least that keeps" in from_spec(Spec.read({**EXAMPLE, "threshold": "exact"})).describe()


def test_bad_input_all_at_once() -> None:
    with pytest.raises(BadInput) as e:
        Spec.read({"theta0": 0.3, "theta1": 0.3, "n": 0, "alpha": 2, "threshold": "x", "lower": 1})
    assert {p.where for p in e.value.problems} == {"theta1", "n", "alpha", "threshold", "lower"}
    with pytest.raises(BadInput) as e:
        Spec.read({"theta0": 0.1, "theta1": 0.3, "n": 10, "alpha": 0.5, "power": 0.4})
    assert [(p.code, p.where) for p in e.value.problems] == [("out-of-range", "alpha"), ("out-of-range", "power")]
    with pytest.raises(BadInput, match="n = 3 is the least that can"):
        from_spec(Spec.read({"theta0": 0.3, "theta1": 0.5, "n": 2, "threshold": "exact"}))
