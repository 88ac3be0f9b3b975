"""The one-sample log-rank test against R's survdiff with an offset, and poisson.test."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from equipoise.numerics.times.one_sample import one_sample_logrank


def check(found: Any, expected: dict[str, Any]) -> None:
    assert found.observed == expected["observed"]
    got = [found.expected, found.z**2, found.p_two_sided, found.p_one_sided, *found.smr_ci]
    want = [expected[k] for k in ("expected", "chi2", "p_two_sided", "p_one_sided")] + expected["smr_ci"]
    np.testing.assert_allclose(got, want, rtol=1e-9)
    assert found.smr == pytest.approx(found.observed / found.expected, rel=1e-12)


@pytest.mark.independent
@pytest.mark.parametrize("name", ["lung", "veteran", "tied"])
def test_one_sample_as_in_r(r: dict[str, Any], name: str) -> None:
    s = r["samples"][name]
    check(one_sample_logrank(s["time"], s["status"], s["one_sample"]["hazard"]), s["one_sample"])


@pytest.mark.independent
@pytest.mark.parametrize("case", [0, 1])
def test_none_or_all_with_events_as_in_r(r: dict[str, Any], case: int) -> None:
    s = r["one_sample_edges"][case]
    check(one_sample_logrank(s["time"], s["status"], s["hazard"]), s)


@pytest.mark.independent
@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(0, 1)), min_size=1, max_size=30),
    st.floats(0.5, 2.5),
    st.floats(50.0, 600.0),
)
def test_day_by_day(patients: list[tuple[int, int]], shape: float, scale: float) -> None:
    """The naive rendering: on each day, who is at risk can be expected to fail at the reference's hazard of that day."""

    def cumulative(day: int) -> float:
        return float((day / scale) ** shape)

    observed, expected = 0, 0.0
    for day in range(1, 401):
        at_risk = sum(time >= day for time, _ in patients)
        expected += at_risk * (cumulative(day) - cumulative(day - 1))
        observed += sum(time == day and event == 1 for time, event in patients)
    time, event = zip(*patients, strict=True)
    found = one_sample_logrank(time, event, [cumulative(t) for t in time])
    assert found.observed == observed
    assert found.expected == pytest.approx(expected, rel=1e-10)
    assert found.z == pytest.approx((observed - expected) / math.sqrt(expected), rel=1e-8, abs=1e-8)


def test_fewer_events_than_history_is_negative_and_small_p() -> None:
    found = one_sample_logrank([10.0] * 20, [1] * 2 + [0] * 18, [0.5] * 20)
    assert found.z < 0
    assert found.p_one_sided < 0.01
    assert found.smr_ci[0] < found.smr < found.smr_ci[1]


@pytest.mark.property
@given(st.integers(0, 40), st.floats(0.1, 3.0), st.sampled_from([0.8, 0.9, 0.95]))
def test_the_exact_interval_leaves_its_tails(events: int, hazard: float, conf_level: float) -> None:
    event = [1] * events + [0] * (40 - events)
    found = one_sample_logrank([1.0] * 40, event, [hazard] * 40, conf_level=conf_level)
    tail = (1 - conf_level) / 2
    low, high = (limit * found.expected for limit in found.smr_ci)
    assert poisson.cdf(events, high) == pytest.approx(tail, rel=1e-8)
    assert low == 0 if events == 0 else poisson.sf(events - 1, low) == pytest.approx(tail, rel=1e-8)


def test_nothing_expected_is_nothing_said() -> None:
    for found in (one_sample_logrank([], [], []), one_sample_logrank([0.0], [1], [0.0])):
        assert math.isnan(found.z)
        assert math.isnan(found.p_one_sided)
        assert math.isnan(found.smr)


@pytest.mark.parametrize(
    ("time", "event", "hazard", "message"),
    [
        ([1.0], [1], [-0.1], "cumulative_hazard"),
        ([1.0], [1], [math.nan], "cumulative_hazard"),
        ([-1.0], [1], [0.1], "time"),
        ([1.0], [0.5], [0.1], "event"),
        ([1.0], [math.nan], [0.1], "event"),
        ([1.0, 2.0], [1, 1], [0.1], "shapes"),
    ],
)
def test_what_makes_no_sense_is_refused(time: Any, event: Any, hazard: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        one_sample_logrank(time, event, hazard)


def test_a_level_is_a_share() -> None:
    with pytest.raises(ValueError, match="conf_level"):
        one_sample_logrank([1.0], [1], [0.1], conf_level=95)
