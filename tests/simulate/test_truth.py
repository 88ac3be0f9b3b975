"""What people know comes back out of the calibrated truth; what contradicts itself is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import kendalltau

from equipoise.numerics.random.streams import short_uniforms
from equipoise.simulate.day_table import HORIZON, DayTable, days
from equipoise.simulate.disease import ArmCourse, Course, kendall_tau
from equipoise.simulate.plan import Plan
from equipoise.simulate.truth import calibrated, rate_shown
from equipoise.simulate.virtual_patient import fate
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from variants import scenario

MONTH = 30.4375


def arm(**changes: Any) -> dict[str, Any]:
    """Changes of the control arm, whose own way of saying its first events is taken away."""
    return {"arms__CE__observed_rate": None, **{f"arms__CE__{k}": v for k, v in changes.items()}}


def exponential(h: float, q: float, v: float) -> ArmCourse:
    d = days()
    course = Course(DayTable(np.exp(-h * d)), np.full(HORIZON + 1, q), DayTable(np.exp(-v * d)))
    return ArmCourse((course,), np.array([1.0]))


@pytest.mark.property
@given(st.floats(0.003, 0.01), st.floats(0.0, 0.6), st.floats(0.003, 0.02))
def test_constant_hazards_have_closed_forms(h: float, q: float, v: float) -> None:
    v += 1e-4 if abs(h - v) < 1e-5 else 0.0
    course = exponential(h, q, v)
    p = (1 - q) * h

    def laplace(s: float) -> float:
        return 1 / (s + h) + p / (h - v) * (1 / (s + v) - 1 / (s + h))

    tau = 2 * (q + (1 - q) * v * laplace(v)) - 1
    assert kendall_tau(course) == pytest.approx(tau, abs=0.003)
    t = 300.0
    alive = math.exp(-h * t) + p * (math.exp(-v * t) - math.exp(-h * t)) / (h - v)
    # Two events on two whole days: up to a day later than in continuous time.
    assert alive - 1e-12 <= course.alive[300] <= alive + 1.0 * max(h, v)


@pytest.mark.property
@pytest.mark.parametrize("shape", [1.0, 1.3])
def test_medians_and_tau_come_back_out(north: Trial, plan: Any, shape: float) -> None:
    """Foster 2011 and 2015: 5.5 and 9.6 months, Kendall's tau 0.58."""
    truth = scenario(
        **arm(median_pfs="5.5 months", median_os="9.6 months", tau=0.58, shape=shape), withdrawal_per_year=0.0,
        loss_per_year=0.0,
    )  # fmt: skip
    p = Plan.of(north, truth, 3)
    course = p.courses["CE"]
    assert kendall_tau(course) == pytest.approx(0.58, abs=1e-4)
    assert course.event_free[167] > 0.5 > course.event_free[168]
    assert course.alive[292] > 0.5 > course.alive[293]
    n = 20_000
    tables = {name: short_uniforms(3, name, 0, n, width) for name, width in p.widths.items()}
    first, death = np.empty(n), np.empty(n)
    for i in range(n):
        draws = {name: table[i] for name, table in tables.items()}
        one = course.strata[0]
        what = fate(north, truth, one, p.toxicity["CE"], p.leaving, draws)
        first[i], death[i] = one.first.day(draws["patient"][4]), what.death
    assert kendalltau(first, death).statistic == pytest.approx(0.58, abs=0.015)
    assert np.median(first) == pytest.approx(5.5 * MONTH, abs=4)
    assert np.median(death) == pytest.approx(9.6 * MONTH, abs=5)


def test_the_observed_rate_is_what_scans_show_that_come_early_late_or_never(north: Trial, plan: Any) -> None:
    truth = scenario(
        withdrawal_per_year=0.0, loss_per_year=0.0, visits={"jitter": "6 days", "missed": 0.2},
        arms__IMGN901__observed_rate=0.5,
    )  # fmt: skip
    p = Plan.of(north, truth, 3)
    assert rate_shown("IMGN901", p.courses["IMGN901"], north, truth) == pytest.approx(0.5, abs=1e-9)
    n, good = 8000, 0
    tables = {name: short_uniforms(9, name, 0, n, width) for name, width in p.widths.items()}
    for i in range(n):
        draws = {name: table[i].tolist() for name, table in tables.items()}
        what = fate(north, truth, p.courses["IMGN901"].strata[0], p.toxicity["IMGN901"], p.leaving, draws)
        good += min(what.seen, what.death) > 183
    assert good / n == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(n))


def test_effects_may_be_delayed_or_cross(north: Trial) -> None:
    pieces = ({"until": "3 months", "ratio": 1.0}, {"ratio": 0.5})
    changes = dict.fromkeys(("observed_rate", "death_first", "median_os"))
    delayed = scenario(**{f"arms__IMGN901__{k}": v for k, v in changes.items()}, arms__IMGN901__like="CE", arms__IMGN901__hazard_ratio=pieces)  # fmt: skip
    found = calibrated(north, delayed)
    tested, control = found["IMGN901"].event_free, found["CE"].event_free
    assert np.array_equal(tested[:92], control[:92])
    late = np.log(tested[200] / tested[100]) / np.log(control[200] / control[100])
    assert late == pytest.approx(0.5, abs=1e-9)


def test_the_cured_are_the_plateau(north: Trial) -> None:
    found = calibrated(north, scenario(**arm(median_pfs="5 months", cured=0.2, shape=2.0)))["CE"]
    assert found.event_free[-1] == pytest.approx(0.2, abs=1e-6)
    assert found.event_free[152] > 0.5 > found.event_free[153]


def test_prognosis_leaves_the_arm_its_medians(north: Trial) -> None:
    found = calibrated(north, scenario(**arm(median_pfs="5.5 months"), prognosis={"ldh": (1.0, 2.0)}))["CE"]
    assert found.event_free[167] > 0.5 > found.event_free[168]
    normal, raised = found.strata[0].first.survival, found.strata[1].first.survival
    assert np.log(raised[100]) / np.log(normal[100]) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (arm(median_pfs="14 months"), "median_pfs"),
        (arm(median_pfs="5.5 months", tau=0.99), "0.540 to 0.8"),
        (arm(median_pfs="5.5 months", cured=0.6), "cured"),
        ({"arms__CE__observed_rate": 0.99}, "at most"),
        (arm(like="B", hazard_ratio=0.7, death_first=None, median_os=None), "like"),
        ({"visits": {"jitter": "30 days"}}, "at most 20 days"),
        ({"accrual": {"pace": 0.01}}, "eligible patients expected"),
        ({"factors": {"ldh": (0.5, 0.6)}}, "add up to 1"),
        ({"prognosis": {"age": (1.0, 2.0)}}, "not a factor"),
    ],
)
def test_what_contradicts_itself_is_refused(north: Trial, plan: Any, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Plan.of(north, scenario(**changes), 1)


@pytest.mark.parametrize(
    "changes",
    [
        arm(median_pfs="5 months", observed_rate=0.4),
        arm(hazard_ratio=0.7),
        arm(median_pfs="5 months", death_first=None),
        {"screening_failure": 1.0},
        arm(death_first=None, median_os=None, hazards={k: ({"per_month": -0.1},) for k in ("progression", "death_before", "death_after")}),
        arm(death_first=None, median_os=None, hazards={k: ({"per_month": 0.1}, {"per_month": 0.2}) for k in ("progression", "death_before", "death_after")}),
    ],
)  # fmt: skip
def test_a_scenario_that_cannot_be_read_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((BadInput, ValidationError)):
        scenario(**changes)


def test_all_that_contradicts_itself_is_said_at_once(north: Trial, plan: Any) -> None:
    """Neither a site's pace nor a scan's jitter nor a bad share of a stratum hides what is wrong with the disease."""
    changes = {
        "accrual": {"pace": 0.01},
        "visits": {"jitter": "30 days"},
        "factors": {"ldh": (0.5, 0.6), "ecog": (1.0,)},
    }
    with pytest.raises(BadInput) as bad:
        Plan.of(north, scenario(**arm(median_pfs="14 months"), **changes), 1, "cap")
    codes = [p.code for p in bad.value.problems]
    assert codes == ["factor-shares", "factor-shares", "jitter", "never-full", "cap", "impossible-truth"]


@pytest.mark.parametrize("ratio", [-1.0, 0.0])
def test_a_hazard_ratio_exceeds_0(ratio: float) -> None:
    with pytest.raises(BadInput, match="must exceed 0"):
        scenario(**arm(like="IMGN901", hazard_ratio=ratio, death_first=None, median_os=None))


def test_a_survival_beside_another_arms_first_events_says_whose(north: Trial, plan: Any) -> None:
    early = arm(like="IMGN901", hazard_ratio=1.0, death_first=None, median_os="1 months")
    with pytest.raises(BadInput, match="first events like IMGN901's"):
        Plan.of(north, scenario(**early), 1)
