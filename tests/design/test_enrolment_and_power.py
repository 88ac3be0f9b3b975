"""Power for stated events, patients and durations; patients for a stated duration; enrolment in pieces; whole numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import multivariate_normal

from equipoise.design import shelf
from equipoise.design.one_time.landmark_theory import moments as at_landmark
from equipoise.design.one_time.one_sample_logrank_theory import moments as of_logrank
from equipoise.design.one_time.two_look_survival import Plan, Survival
from equipoise.design.randomised.logrank_plan import Pace, events_by, month_of
from equipoise.numerics.times.enrolment import Enrolment
from equipoise.numerics.whole import at_least, at_most, nearest_whole
from equipoise.trial.problem import BadInput

#: What rpact was asked: looks at 100, 200 and 300 events, 3:2, one-sided 0.025, O'Brien-Fleming-type spending.
PLANNED: dict[str, Any] = {
    "hazard_ratio": 0.7, "alpha": 0.025, "power": 0.8, "allocation": "3:2", "sizes": "stated", "events": (100.0, 200.0, 300.0),
}  # fmt: skip
PACE = {"accrual_rate": 41.67, "median": 6.0}


@pytest.mark.independent
def test_power_of_stated_events_is_rpacts() -> None:
    design: Any = shelf.build("group-sequential", {**PLANNED, "patients": 500})
    numbers = design.numbers()
    assert numbers["power"] == pytest.approx(0.8527, abs=5e-5)
    assert design.crosses(0.7) == pytest.approx((0.0248, 0.4594, 0.3684), abs=1e-4)
    assert numbers["power_by_look"] == "0.0248, 0.4595, 0.3684"
    assert numbers["patients"] == 500
    # the second look by the bivariate normal
    t = np.array(design.fractions[:2])
    mean = design.boundaries.drift * np.sqrt(t)
    both = multivariate_normal(mean, [[1, math.sqrt(0.5)], [math.sqrt(0.5), 1]], abseps=1e-10)
    first = multivariate_normal(mean[0], 1).cdf(design.boundaries.upper[0])
    assert design.crosses(0.7)[1] == pytest.approx(first - both.cdf(design.boundaries.upper[:2]), abs=1e-8)


@pytest.mark.parametrize("length", [{"accrual_time": 12.0}, {"patients": 500}])
def test_41_67_a_month_for_12_months_are_500(length: dict[str, Any]) -> None:
    design: Any = shelf.build("group-sequential", {**PLANNED, **PACE, **length})
    assert design.numbers()["patients"] == 500
    assert "With 500 patients" in design.describe()


@pytest.mark.property
@given(st.integers(1, 5000), st.integers(1, 60), st.integers(0, 4))
def test_a_rate_that_was_rounded_gives_the_patients_back(patients: int, months: int, places: int) -> None:
    rate = round(patients / months, places)
    if months * 10.0**-places / 2 < 0.499 and rate > 0:
        assert Pace(rate, float(months), 6.0).patients == patients


@pytest.mark.property
@given(st.integers(0, 10**6), st.integers(1, 1000))
def test_whole_products_are_whole(k: int, by: int) -> None:
    """k / by · by is k, whatever the floats say, up or down or near."""
    x = (k / by) * by
    for near in (x, math.nextafter(x, math.inf), math.nextafter(x, -math.inf)):
        assert at_least(near) == at_most(near) == nearest_whole(near) == k
    assert (at_least(k + 0.4), at_most(k + 0.4), nearest_whole(k + 0.5)) == (k + 1, k, k + 1)


@pytest.mark.parametrize("kind", ["group-sequential", "screening"])
def test_patients_for_a_duration_have_the_events_by_then(kind: str) -> None:
    table = {"hazard_ratio": 0.7, "alpha": 0.025, "power": 0.8, "allocation": "3:2", **PACE}
    found: Any = shelf.build(kind, {**table, "duration": 15.0})
    needed = found.looks[-1].n
    assert month_of(getattr(found, "maximum", needed), found.pace, 0.7, 3, 2) == pytest.approx(15.0, abs=1e-6)
    fewer = Pace(41.67, found.pace.accrual_time - 0.1, 6.0)
    assert events_by(15.0, fewer, 0.7, 3, 2) < needed
    # and the other way round: the power of these patients by then
    back: Any = shelf.build(kind, {**table, "sizes": "stated", "patients": found.pace.patients + 1, "duration": 15.1})
    assert back.numbers()["power"] == pytest.approx(0.8, abs=0.01)
    with pytest.raises(BadInput, match="are expected by then"):
        shelf.build(kind, {**table, "duration": 2.0})


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"accrual_rate": 10.0}, "half-stated"),
        ({"accrual_rate": 10.0, "median": 6.0}, "half-stated"),
        ({**PACE, "patients": 500, "accrual_time": 12.0}, "stated-twice"),
        ({**PACE, "patients": 500, "duration": 12.0}, "stated-twice"),
        ({**PACE, "accrual_time": 12.0, "ramp_rates": (3.0,)}, "half-stated"),
        ({**PACE, "accrual_time": 12.0, "ramp_rates": (3.0, 4.0), "ramp_until": (3.0,)}, "ramp"),
        ({**PACE, "accrual_time": 12.0, "ramp_rates": (3.0, 4.0), "ramp_until": (3.0, 3.0)}, "ramp"),
        ({"ramp_rates": (3.0,), "ramp_until": (3.0,)}, "half-stated"),
    ],
)
def test_what_is_half_said_is_refused(said: dict[str, Any], code: str) -> None:
    with pytest.raises(BadInput) as bad:
        shelf.build("group-sequential", {"hazard_ratio": 0.7, "alpha": 0.025, "power": 0.8, **said})
    assert [p.code for p in bad.value.problems] == [code]


RAMP = ((3.0, 10.0), (6.0, 25.0))


@pytest.mark.independent
@pytest.mark.parametrize("month", [2.0, 5.0, 9.0, 14.0, 40.0])
def test_events_of_a_ramp_up_are_an_integral_over_entries(month: float) -> None:
    pace = Pace(41.67, 12.0, 6.0, 0.01, RAMP)
    rate = pace.enrolment.rate_at
    total = 0.0
    for share, hazard in ((0.6, 0.7 * math.log(2) / 6), (0.4, math.log(2) / 6)):
        h = hazard + 0.01

        def known(s: float, share: float = share, hazard: float = hazard, h: float = h) -> float:
            return rate(s) * share * hazard / h * (1 - math.exp(-h * (month - s)))

        total += quad(known, 0, min(month, 12.0), points=[t for t in (3.0, 6.0) if t < month], limit=200)[0]
    assert events_by(month, pace, 0.7, 3, 2) == pytest.approx(total, rel=1e-9)


@pytest.mark.property
@given(st.lists(st.floats(0.5, 50), min_size=1, max_size=4), st.floats(0.1, 40))
def test_enrolment_and_its_inverse(rates: list[float], time: float) -> None:
    e = Enrolment(rates[-1], tuple((float(i + 1), r) for i, r in enumerate(rates[:-1])))
    assert e.time_of(e.by(time)) == pytest.approx(time)


@pytest.mark.slow
def test_pieces_of_one_rate_are_no_pieces() -> None:
    """In every kind with a rate."""
    for kind, rate in (("one-sample-logrank", "rate"), ("km-landmark", "rate"), ("case-morgan", "rate"), ("huang-talukder-thomas", "rate"), ("group-sequential", "accrual_rate")):  # fmt: skip
        table = dict(shelf.one(kind).example)
        same = shelf.build(kind, {**table, "ramp_rates": (table[rate],) * 2, "ramp_until": (2.0, 5.0)}).numbers()
        for name, value in shelf.build(kind, table).numbers().items():
            if isinstance(value, float):
                assert same[name] == pytest.approx(value, rel=2e-3), (kind, name)


@pytest.mark.independent
def test_moments_of_a_ramp_up_against_patients() -> None:
    """Many patients entering in pieces: mean of expected less observed, and the variance of the cumulative hazard at the landmark."""
    survival = Survival(0.44, 6.0, 0.66)
    plan = Plan(80, 9.0, 5.0, 12.0, ((4.0, 2.0),))
    rng = np.random.default_rng(11)
    m = 400_000
    u = rng.random(m) * plan.n
    entry = np.array([plan.enrolment.time_of(v) for v in u[:20_000]])
    time = rng.exponential(1 / (0.66 * -math.log(0.44) / 6), len(entry))
    follow = np.clip(plan.t1 - entry, 0, 12.0)
    event, at = time <= follow, np.minimum(time, follow)
    expected = survival.cumulative(at)
    z = math.sqrt(plan.n) * (expected - event).mean() / math.sqrt(expected.mean())
    error = math.sqrt(plan.n) * (expected - event).std() / math.sqrt(len(entry) * expected.mean())
    assert of_logrank(survival, plan, 0.66, True, "exact").mean1 == pytest.approx(z, abs=4 * error)
    # the share followed beyond s by t1 rules the landmark's variance
    s = 3.0
    assert plan.entered(plan.t1 - s) / plan.n == pytest.approx((entry <= plan.t1 - s).mean(), abs=0.015)
    even = Plan(80, 9.0, 5.0, 6.0)
    assert at_landmark(survival, Plan(80, 9.0, 5.0, 6.0, ((4.0, 5.0),)), 0.66, "log-log").mean1 == pytest.approx(
        at_landmark(survival, even, 0.66, "log-log").mean1, rel=1e-6
    )


@pytest.mark.parametrize("kind", ["one-sample-logrank", "km-landmark", "case-morgan", "huang-talukder-thomas"])
def test_power_of_stated_patients_and_of_a_duration(kind: str) -> None:
    about = shelf.one(kind)
    design: Any = shelf.build(kind, {**about.example, "sizes": "stated", "n": 90, "t1": 9.0, "c1": 0.0})
    numbers = design.numbers()
    assert numbers["alpha"] == pytest.approx(0.05, abs=1e-6), "c keeps alpha where it is not stated"
    follow_up = design.plan.follow_up
    by_then: Any = shelf.build(
        kind, {**about.example, "sizes": "stated", "duration": 18.0 + follow_up, "t1": 9.0, "c1": 0.0}
    )
    assert by_then.plan.n == 90
    assert by_then.numbers()["power"] == pytest.approx(numbers["power"])
    with pytest.raises(BadInput, match="so long that"):
        shelf.build(kind, {**about.example, "sizes": "stated", "duration": 9.0, "t1": 9.0, "c1": 0.0})
