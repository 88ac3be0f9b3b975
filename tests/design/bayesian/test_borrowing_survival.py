"""The survival design that borrows: F tests, plain searches, simulated medians, and what drift costs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import f

from equipoise.design import shelf
from equipoise.design.bayesian.borrowing_survival import BorrowingSurvival
from equipoise.design.bayesian.borrowing_survival_theory import from_medians, from_times, median_of, split
from equipoise.numerics.borrowing.methods import METHODS
from equipoise.trial.evidence import TwoArmExposureEvidence
from equipoise.trial.problem import BadInput

EXAMPLE = shelf.one("borrowing-survival").example


def example(**changes: object) -> BorrowingSurvival:
    design = shelf.build("borrowing-survival", {"kind": "borrowing-survival", **EXAMPLE, **changes})
    assert isinstance(design, BorrowingSurvival)
    return design


@pytest.mark.independent
def test_without_history_events_are_those_of_an_f_test() -> None:
    """The exact test of two exponential means: power F(F⁻¹(alpha) / ratio), on 2 d_c and 2 d_t degrees of freedom."""

    def power(events: int) -> float:
        d_t, d_c = split(events, 2, 1)
        return float(f.cdf(f.ppf(0.05, 2 * d_c, 2 * d_t) / 0.67, 2 * d_c, 2 * d_t))

    least = next(d for d in range(2, 400) if power(d) >= 0.80)
    alone = example(method="none", shape=1.0)
    assert sum(alone.events) == least
    assert example(events=60).events_alone == least
    # the prior N(centre, 10²) is not quite flat
    assert alone.declares(0.67) == pytest.approx(power(least), abs=2e-4)
    assert alone.declares(1.0) == pytest.approx(0.05, abs=1e-9)
    assert alone.worst[0] == pytest.approx(0.05, abs=3e-4)


@pytest.mark.independent
def test_the_fair_comparison_is_an_f_test_at_the_worst_error() -> None:
    d = example(events=90)
    error = d.worst[0]

    def power(events: int) -> float:
        d_t, d_c = split(events, 2, 1)
        return float(f.cdf(f.ppf(error, 2 * d_c, 2 * d_t) / 0.67, 2 * d_c, 2 * d_t))

    assert d.events_as_wrong == next(n for n in range(2, 400) if power(n) >= 0.80)
    assert example(events=90, method="pooled").events_as_wrong == 2


@pytest.mark.independent
@pytest.mark.parametrize("shape", [1.0, 1.5])
def test_a_median_is_worth_half_its_patients(shape: float) -> None:
    """20,000 samples of 101: the SD of -shape · log(sample median) is the SE, to 2 %."""
    rng = np.random.default_rng(5)
    sample = 5.5 * (rng.exponential(size=(20_000, 101)) / math.log(2)) ** (1 / shape)
    estimates = -shape * np.log(np.median(sample, axis=1))
    (hazard,), (se,) = from_medians([5.5], [101], shape)
    assert estimates.std() == pytest.approx(se, rel=0.02)
    assert estimates.mean() + math.log(math.log(2)) == pytest.approx(hazard, abs=0.02)
    assert median_of(hazard, shape) == pytest.approx(5.5, rel=1e-12)
    # events over their time at risk: half the variance
    assert from_times([101 * 5.5 / math.log(2)], [101])[1][0] == pytest.approx(se * math.log(2), rel=1e-12)


@pytest.mark.independent
def test_the_least_events_by_trying_all() -> None:
    """A fixed power prior is one normal: each number of events tried, the threshold by bisection."""
    d = example(method="power", a0=0.02, hazard_ratio=0.5)
    prior, control = d.prior, d.question.control

    def power(events: int) -> float:
        d_t, d_c = split(events, 2, 1)
        m, s2 = float(prior.means[0]), float(prior.sds[0] ** 2)
        v = 1 / (1 / s2 + d_c)
        rng = np.random.default_rng(events)
        y_c = control + math.log(d_c) - np.log(rng.gamma(d_c, size=40_000))
        y_t = control + math.log(d_t) - np.log(rng.gamma(d_t, size=40_000))
        z = (v * (m / s2 + d_c * y_c) - y_t) / math.sqrt(v + 1 / d_t)
        bound = np.quantile(z, 0.95)
        return float((z - math.log(0.5) / math.sqrt(v + 1 / d_t) >= bound).mean())

    least = sum(d.events)
    # Monte-Carlo error of a power of 0.8 with its bound estimated: about 0.004
    assert abs(power(least) - d.declares(0.5)) < 0.016
    assert d.declares(0.5) >= 0.80 > d.question.power_at(prior, least - 1)
    assert all(d.question.power_at(prior, n) < 0.80 for n in range(2, least))


@pytest.mark.independent
def test_patients_found_have_the_events() -> None:
    """200,000 patients: the share with an event by six months after the last of them entered."""
    d = example(shape=1.0, accrual_rate=8.0, follow_up=6.0, dropout=0.01)
    assert d.pace is not None
    rng, n = np.random.default_rng(3), 200_000
    time = d.pace.accrual_time
    entry, tested = rng.uniform(0, time, n), np.arange(n) % 3 != 0
    event = rng.exponential(d.median / math.log(2) / np.where(tested, 0.67, 1.0))
    seen = (event < rng.exponential(100, n)) & (event < time + 6 - entry)
    assert 8 * time * seen.mean() == pytest.approx(sum(d.events), rel=0.008)
    assert d.characteristics(d.truths()["target"]).more["expected months"].value == pytest.approx(time + 6, abs=1e-6)
    fewer = example(shape=1.0, accrual_rate=8.0, accrual_time=5.0)
    assert any("never have" in c for c in fewer.cautions)


@pytest.mark.independent
@pytest.mark.parametrize("method", ["robust-map", "commensurate", "power"])
@pytest.mark.thorough
def test_averages_over_history_by_drawing_it(method: str) -> None:
    """Control hazards drawn from the prior, times at risk from their gamma laws, 100,000 trials: within four MC errors."""
    d = example(method=method, events=90)
    rng, reps = np.random.default_rng(90), 100_000
    part = rng.choice(len(d.prior.weights), reps, p=d.prior.weights)
    control = rng.normal(d.prior.means[part], d.prior.sds[part])
    d_t, d_c = d.events
    for ratio, found in ((1.0, d.averaged[0]), (0.67, d.averaged[1])):
        y_c = math.log(d_c) + control - np.log(rng.gamma(d_c, size=reps))
        y_t = math.log(d_t) + control + math.log(ratio) - np.log(rng.gamma(d_t, size=reps))
        seen = np.concatenate(
            [
                d.rule.probability(a, b) >= d.threshold
                for a, b in zip(*(np.split(y, 20) for y in (y_t, y_c)), strict=True)
            ]
        )
        assert abs(seen.mean() - found) < 4 * math.sqrt(found * (1 - found) / reps)


@pytest.mark.property
@pytest.mark.parametrize("method", METHODS)
def test_every_method_keeps_alpha_without_drift(method: str) -> None:
    d = example(method=method, events=90)
    assert d.declares(1.0) == pytest.approx(0.05, abs=1e-8)
    assert d.declares(0.67) > d.declares(0.8) > d.declares(1.0)
    assert d.characteristics(d.truths()["null"]).more["events borrowed"].value == d.rule.borrowed(d.question.control)
    if method == "map":
        assert str(d.borrowing) in d.describe()
    # controls that do better than history make the tested arm look good
    if method != "none":
        assert d.declares(1.0, 0.8) > 0.05 > d.declares(1.0, 1.25)


@pytest.mark.property
def test_borrowing_buys_power_and_drift_is_paid_in_error() -> None:
    alone, robust, pooled = (example(method=m, events=90) for m in ("none", "robust-map", "pooled"))
    power = [d.declares(0.67) for d in (alone, robust, pooled)]
    assert power == sorted(power)
    assert alone.worst[0] < robust.worst[0] < pooled.worst[0]
    # far away the robust prior lets go, the pooled one never
    assert robust.declares(1.0, 0.3) < robust.worst[0]
    assert (
        pooled.rule.borrowed(pooled.question.control - 1.2)
        > 400
        > 20
        > robust.rule.borrowed(robust.question.control - 1.2)
    )


@pytest.mark.property
@settings(max_examples=6, deadline=None)
@given(st.floats(0.6, 2.5), st.floats(0.5, 0.9))
def test_weibull_times_are_exponential_ones_of_another_unit(shape: float, ratio: float) -> None:
    """Medians m and shape k are medians m^k and shape 1."""
    medians = np.array(EXAMPLE["history_median"])
    same = {"method": "map", "events": 80, "hazard_ratio": ratio}
    one = example(**same, shape=shape)
    other = example(**same, shape=1.0, history_median=tuple((medians**shape).tolist()))
    assert one.threshold == pytest.approx(other.threshold, abs=1e-9)
    assert one.declares(ratio, 0.9) == pytest.approx(other.declares(ratio, 0.9), abs=1e-9)
    assert one.median**shape == pytest.approx(other.median, rel=1e-9)


def test_a_verdict_on_what_came() -> None:
    d = example(events=75)
    time = d.median**1.5 / math.log(2)

    def said(ratio: float) -> str:
        return d.verdict(TwoArmExposureEvidence(1, 50, 50 * time / ratio, 25, 25 * time)).action.name

    assert said(d.critical_ratio - 1e-6) == "declare"
    assert said(d.critical_ratio + 1e-6) == "stop"
    assert "50 and 25 events were planned" in d.verdict(TwoArmExposureEvidence(1, 40, 300, 20, 100)).cautions[0]
    with pytest.raises(BadInput) as bad:
        d.verdict(TwoArmExposureEvidence(2, 0, 300, 0, 100, (5, 5)))
    assert {p.code for p in bad.value.problems} == {"no-such-look", "too-many-earlier", "does-not-rise", "falls"}
    none = d.verdict(TwoArmExposureEvidence(1, 0, 300 * time, 20, 20 * time))
    assert none.action.name == "declare"
    assert "No event in the tested arm" in none.cautions[1]
    assert d.verdict(TwoArmExposureEvidence(1, 20, 20 * time, 0, 300 * time)).action.name == "stop"
    assert len(d.verdict(TwoArmExposureEvidence(1, 0, 3 * time, 0, 2 * time)).cautions) == 3
    with pytest.raises(ValueError, match="over a time above 0"):
        TwoArmExposureEvidence(1, 3, 0.0, 2, 10.0)


def test_a_margin_is_harder_to_beat() -> None:
    d = example(margin=0.9, hazard_ratio=0.6, events=120)
    assert d.truths()["null"] == {"hazard_ratio": 0.9, "drift": 1.0}
    assert d.declares(0.9) == pytest.approx(0.05, abs=1e-8)
    assert d.declares(1.0) < 0.05


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(BadInput) as bad:
        example(
            hazard_ratio=1.2, history_median=(5.9, 0), allocation="2", method="prayer", threshold=1.0, accrual_time=3.0, shape=2.0, tau="flat",
        )  # fmt: skip
    assert {
        "hazard_ratio", "history_median[1]", "threshold", "allocation", "method", "tau", "accrual_rate",
    } <= {p.where for p in bad.value.problems}  # fmt: skip
    with pytest.raises(BadInput, match="as many as in history_n, 5"):
        example(history_median=(5.9, 4.6))
    with pytest.raises(BadInput, match="medians with n, or events with times, not both"):
        example(history_events=(3,), history_time=(1.0,))
    with pytest.raises(BadInput, match=r"below margin = 0\.6"):
        example(margin=0.6)
    with pytest.raises(BadInput, match="no number up to 2000 has power"):
        example(hazard_ratio=0.985)
