"""Funnels against SciPy's Betas, by drawing and by hand; months against a walk day by day; accrual by its own moments."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from equipoise.files.funnel_file import funnel_for, past_accrual
from equipoise.numerics.beta_product import Beta
from equipoise.simulate.accrual import GAMMA_VALUES, SiteRates
from equipoise.simulate.feasibility import accrual_of, feasibility, milestones, prevalence, promised_months
from equipoise.simulate.funnel import Funnel
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.funnel import FunnelStep, Orphan
from equipoise.trial.problem import BadInput
from equipoise.trial.protocol_parts import Site
from equipoise.trial.trial import Trial
from helpers import ROOT


def steps(*amounts: dict[str, Any], count: float = 12_000) -> Funnel:
    """A funnel of a count and shares at 'eligible'."""
    first = FunnelStep(step="incidence", count=count, region="US", source="x")
    return Funnel.of("x", [first, *(FunnelStep(step="eligible", source="x", **a) for a in amounts)])


@pytest.fixture(scope="module")
def funnel(north: Trial) -> Funnel:
    return funnel_for(north, ROOT / "trials/north/trial.toml", None)[0]


def test_each_way_of_saying_a_share_is_its_beta() -> None:
    found = steps(
        {"share": 0.25}, {"of": (3, 10)}, {"mean": 0.2, "sd": 0.1}, {"beta": (2.0, 5.0)}, {"mean": 0.5, "interval": (0.3, 0.7)}
    ).shares  # fmt: skip
    assert found[0] == 0.25
    assert (found[1], found[3]) == (Beta(3.5, 7.5), Beta(2.0, 5.0))
    moments, interval = found[2], found[4]
    assert isinstance(moments, Beta)
    assert isinstance(interval, Beta)
    assert (moments.a, moments.b) == pytest.approx((3.0, 12.0))  # 0.2 x 0.8 / 0.01 - 1 = 15
    assert stats.beta(interval.a, interval.b).interval(0.95) == pytest.approx((0.3, 0.7), abs=1e-6)


def test_the_funnel_of_north_by_drawing(north: Trial, funnel: Funnel) -> None:
    found = feasibility(north, funnel, (), past_accrual())
    random, n = np.random.default_rng(2012), 400_000
    drawn = np.full(n, 31_000 * 0.667 / 12)
    for a, b in ((495.5, 51.5), (396.5, 149.5)):
        drawn *= random.beta(a, b, n)
    for mean, sd in ((0.95, 0.03), (0.02, 0.01), (0.5, 0.15)):
        c = mean * (1 - mean) / sd**2 - 1
        drawn *= random.beta(mean * c, (1 - mean) * c, n)
    r = found.per_month
    assert drawn.mean() == pytest.approx(r.mean, abs=4 * r.sd / math.sqrt(n))
    assert drawn.std() == pytest.approx(r.sd, rel=0.01)
    for p, q in ((0.025, r.low), (0.5, r.median), (0.975, r.high)):
        assert (drawn < q).mean() == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / n))
    assert found.funnel[-1].a_month == r
    assert found.promised == 9.0
    assert found.share_of_incidence == pytest.approx(r.mean * 12 / 31_000)


def test_what_the_past_took_is_that_of_the_announcements(north: Trial, funnel: Funnel) -> None:
    """59 patients in 10.5 months of 20,667 cases a year: 5.6 a month, 0.33 %, 0.125 a site and month."""
    (past,) = feasibility(north, funnel, (), past_accrual()).past
    assert past.per_month == pytest.approx(5.62, abs=0.005)
    assert past.share == pytest.approx(0.0033, abs=0.00005)
    assert past.per_site_month == pytest.approx(0.125, abs=0.0005)
    assert past.would_be == pytest.approx(past.share * 31_000 * 0.667 / 12)


shares = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 200)).filter(lambda x: x[0] <= x[1]), min_size=1, max_size=4
)


@settings(max_examples=15)
@given(shares)
def test_what_a_step_is_worth_is_the_mean_over_its_share(of: list[tuple[int, int]]) -> None:
    funnel = steps(*({"of": x} for x in of))
    now = math.prod((k + 0.5) / (n + 1) for k, n in of) * 1000
    for (k, n), x in zip(of, funnel.relaxed(0.95), strict=True):
        assert x.a_month.mean == pytest.approx(now / ((k + 0.5) / (n + 1)))
        assert x.more == pytest.approx(x.a_month.mean - now)
        assert x.factor == pytest.approx((n + 1) / (k + 0.5))


def test_relaxing_ecog_from_0_to_1_to_0_to_2_is_worth_29_percent() -> None:
    """standards: ECOG 0 to 1 keeps 70.2 %, 0 to 2 keeps 90.7 %."""
    (x,) = steps({"share": 0.702, "relaxed": 0.907, "relaxed_to": "ECOG 0 to 2"}).relaxed(0.95)
    assert x.factor == pytest.approx(1.29, abs=0.005)
    assert x.asks == "ECOG 0 to 2"


def test_months_until_a_look_in_a_trial_of_two_to_one(north: Trial, funnel: Funnel) -> None:
    """39 + 20 patients at the first look; months are patients over patients a month, sooner at the upper end."""
    assert milestones(north) == [
        ("cohort of look 1 enrolled", 59), ("cohort of look 2 enrolled", 120), ("all enrolled", 120)
    ]  # fmt: skip
    found = feasibility(north, funnel, (), ())
    first, r = found.months[0], found.per_month
    assert (first.months, first.soonest, first.latest) == pytest.approx((59 / r.mean, 59 / r.high, 59 / r.low))


@given(st.lists(st.tuples(st.integers(0, 400), st.floats(0.05, 3)), min_size=1, max_size=6), st.integers(0, 200))
def test_the_sites_promise_by_a_walk_day_by_day(said: list[tuple[int, float]], n: int) -> None:
    start = date(2020, 1, 1)
    sites = [
        Site(name=f"S{i}", activation=start + timedelta(days=day), rate=rate) for i, (day, rate) in enumerate(said)
    ]
    first, day, had = min(d for d, _ in said), 0, 0.0
    while had < n:
        had += sum(rate for opens, rate in said if opens - first <= day) / DAYS_PER_MONTH
        day += 1
    found = promised_months(sites, n)
    assert found is not None
    assert day - 1.001 <= found * DAYS_PER_MONTH <= day + 0.001


def test_the_accrual_of_a_scenario_has_the_mean_and_the_spread_of_the_funnel(
    north: Trial, plan: Any, funnel: Funnel
) -> None:
    """All sites together, each varying apart, among who passes screening: against the table that the simulator draws from."""
    base, r = plan("null").scenario, feasibility(north, funnel, (), ()).per_month
    accrual = accrual_of(north, base, r)
    size = SiteRates.of(accrual).size
    assert size.shape == (GAMMA_VALUES,)
    rates = np.array([s.rate for s in north.sites])
    mean = rates.sum() * size.mean() * (1 - base.screening_failure)
    assert mean == pytest.approx(r.mean)
    # The table's slices lose a little of a long tail.
    sd = math.sqrt((rates**2).sum()) * size.std() * (1 - base.screening_failure)
    assert sd == pytest.approx(r.sd, rel=0.02)


def test_prevalence_is_incidence_times_the_time_with_the_disease() -> None:
    funnel = steps({"share": 0.5}, count=31_000)
    us = Orphan(jurisdiction="US", threshold_persons=200_000, lasting="2 years", source="x")  # type: ignore[arg-type]
    assert prevalence(us, funnel).implied == pytest.approx(62_000)
    assert prevalence(us, funnel).below is True
    lasts = us.model_copy(update={"threshold_persons": 62_000})
    assert prevalence(lasts, funnel).below is False  # the US asks for fewer than so many
    share = Orphan(jurisdiction="US", threshold_per_10000=2.0, people=310_000_000, lasting="2 years", source="x")  # type: ignore[arg-type]
    assert prevalence(share, funnel).implied == pytest.approx(2.0)
    assert prevalence(share, funnel).below is True  # a share may be reached
    elsewhere = share.model_copy(update={"jurisdiction": "EU"})
    assert (prevalence(elsewhere, funnel).implied, prevalence(elsewhere, funnel).below) == (None, None)


def test_a_funnel_that_leaves_nobody_and_an_interval_too_narrow(north: Trial) -> None:
    with pytest.raises(BadInput, match="at least 1e-05 a month"):
        feasibility(north, steps({"share": 1e-12}), (), ())
    with pytest.raises(BadInput, match="narrower"):
        steps({"mean": 0.5, "interval": (0.49999999, 0.50000001)})
    with pytest.raises(BadInput, match=r"0\.5 to 0\.999"):
        feasibility(north, steps({"share": 0.5}), (), (), level=1.0)


def test_counts_that_narrow_each_other_come_before_shares() -> None:
    first = FunnelStep(step="incidence", count=31_000, source="x")
    second = FunnelStep(step="stage", count=20_667, source="x")
    found = Funnel.of("x", [first, second, FunnelStep(step="eligible", share=0.5, source="x")])
    passed = found.passed(0.95)
    assert [p.a_month.mean for p in passed] == pytest.approx([31_000 / 12, 20_667 / 12, 20_667 / 24])
    assert passed[1].share is not None
    assert passed[1].share.mean == pytest.approx(20_667 / 31_000)
    assert found.until("stage") == 20_667
