"""Overall survival watched for harm: published thresholds, scipy's multivariate normal, drawn trials, and laws."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from equipoise.design.safety.safety_survival import EXAMPLE, HARM, Spec, SurvivalHarm, from_spec
from equipoise.trial.decision import Continue, Declare, Stop
from equipoise.trial.design import Look
from equipoise.trial.evidence import HazardRatioEvidence
from equipoise.trial.problem import BadInput


def rule(**more: Any) -> SurvivalHarm:
    return from_spec(Spec.read({**EXAMPLE, **more}))


D = rule()


def rounded(values: Any) -> list[float]:
    return [round(v, 3) for v in values]


@pytest.mark.independent
@pytest.mark.parametrize(
    ("table", "thresholds", "reassured", "met"),
    [
        # the example of Fleming and others 2024, with the log hazard ratios that monitOS prints
        ({}, (1.114, 1.050, 1.021, 1.001, 0.969), (0.275, 0.157, 0.103, 0.067, 0.025), (0.9, 0.9, 0.9, 0.9, 0.899)),
        (
            {"deaths": (50, 80, 110, 140, 175)},
            (1.150, 1.065, 1.021, 0.993, 0.967), (0.332, 0.187, 0.103, 0.056, 0.025), (0.9, 0.9, 0.9, 0.9, 0.895),
        ),
        (
            {"deaths": (60, 95, 130, 165, 200), "margin": 1.25, "allocation": "2:1"},
            (1.136, 1.057, 1.015, 0.989, 0.932), (0.364, 0.221, 0.132, 0.078, 0.025), (0.9, 0.9, 0.9, 0.9, 0.845),
        ),
    ],
)  # fmt: skip
def test_as_printed_by_monitos(
    table: dict[str, Any], thresholds: tuple[float, ...], reassured: tuple[float, ...], met: tuple[float, ...]
) -> None:
    d = rule(**table)
    looks = [(n, n == d.deaths[-1]) for n in d.deaths]
    assert rounded(d.threshold(n, last) for n, last in looks) == list(thresholds)
    assert rounded(1 - d.flag_probability(d.margin, n, last) for n, last in looks) == list(reassured)
    assert [1 - d.flag_probability(d.benefit, n, last) for n, last in looks] == pytest.approx(met, abs=1e-3)


@pytest.mark.independent
def test_log_thresholds_and_a_second_benefit_as_printed_by_monitos() -> None:
    printed = (0.107751640, 0.048544837, 0.021238743, 0.000795809, -0.031446759)
    assert [D.log_threshold(n, n == 178) for n in D.deaths] == pytest.approx(printed, abs=5e-10)
    d = rule(deaths=(60, 95, 130, 165, 200), margin=1.25, allocation="2:1")
    met = [1 - d.flag_probability(0.95, n, n == 200) for n in d.deaths]
    assert rounded(met) == [0.743, 0.689, 0.640, 0.595, 0.448]


@pytest.mark.independent
@pytest.mark.parametrize("allocation", ["1:1", "2:1", "1:3"])
@pytest.mark.parametrize("ratio", [0.7, 0.8, 1.0, 1.3])
def test_all_looks_together_by_scipys_multivariate_normal(allocation: str, ratio: float) -> None:
    """The log hazard ratios at d ≤ e deaths have the covariance of the later one's variance."""
    d = rule(deaths=(40, 90, 150), allocation=allocation)
    a, b = (int(v) for v in allocation.split(":"))
    variance = [(a + b) ** 2 / (a * b * n) for n in d.deaths]
    covariance = np.array([[min(v, w) for w in variance] for v in variance])
    cut = [d.log_threshold(n, n == 150) for n in d.deaths]

    def passes(k: int) -> float:
        if k == 0:
            return 1.0
        joint = multivariate_normal(
            np.full(k, math.log(ratio)), covariance[:k, :k], abseps=1e-9, releps=1e-9, maxpts=2_000_000
        )
        return float(joint.cdf(cut[:k]))

    c = d.characteristics({"hazard_ratio": ratio})
    assert c.declare.value == pytest.approx(passes(3), abs=2e-6)
    assert c.stop_early.value == pytest.approx(1 - passes(3), abs=2e-6)
    first = [passes(k) - passes(k + 1) for k in range(3)]
    assert c.ends_at == pytest.approx([first[0], first[1], first[2] + passes(3)], abs=4e-6)
    assert c.more["expected deaths"].value == pytest.approx(
        sum(p * n for p, n in zip(c.ends_at, d.deaths, strict=True))
    )
    for n in d.deaths:
        se = math.sqrt((a + b) ** 2 / (a * b * n))
        alone = norm.sf((d.log_threshold(n, n == 150) - math.log(ratio)) / se)
        assert c.more[f"P(flag at {n} deaths)"].value == pytest.approx(alone, abs=1e-12)


@pytest.mark.independent
@pytest.mark.parametrize("ratio", [0.8, 1.3])
def test_drawn_trials_flag_as_often(ratio: float) -> None:
    """4,000 trials of 400 patients with exponential times: the maximum-likelihood log hazard ratio at each look's deaths."""
    rng, trials, arm = np.random.default_rng(3), 4000, 200
    times = np.concatenate([rng.exponential(1 / ratio, (trials, arm)), rng.exponential(1.0, (trials, arm))], axis=1)
    ordered = np.sort(times, axis=1)
    flagged = np.zeros(trials, bool)
    for k, d in enumerate(D.deaths, 1):
        cut = ordered[:, d - 1 : d]
        died, lived = times <= cut, np.minimum(times, cut)
        hazard = [died[:, s].sum(axis=1) / lived[:, s].sum(axis=1) for s in (slice(0, arm), slice(arm, None))]
        log_hr = np.log(hazard[0] / hazard[1])
        at = log_hr >= D.log_threshold(d, last=k == len(D.deaths))
        assert at.mean() == pytest.approx(D.flag_probability(ratio, d, k == len(D.deaths)), abs=0.03)
        flagged |= at
    assert flagged.mean() == pytest.approx(D.characteristics({"hazard_ratio": ratio}).stop_early.value, abs=0.03)


@st.composite
def rules(draw: Any) -> SurvivalHarm:
    steps = draw(st.lists(st.integers(5, 80), min_size=1, max_size=5))
    return rule(
        deaths=tuple(int(v) for v in np.cumsum([draw(st.integers(10, 100)), *steps])),
        margin=draw(st.floats(1.05, 2.5)), benefit=draw(st.floats(0.4, 1.0)), false_alarm=draw(st.floats(0.01, 0.3)),
        false_reassurance=draw(st.floats(0.005, 0.3)), allocation=draw(st.sampled_from(["1:1", "2:1", "1:2", "3:2"])),
    )  # fmt: skip


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(rules(), st.integers(1, 2000), st.floats(-3, 3), st.booleans())
def test_a_look_depends_on_its_deaths_alone(d: SurvivalHarm, deaths: int, log_hr: float, skipped: bool) -> None:
    """At any number of deaths, whichever looks came before: flagged if and only if the unrounded threshold is reached."""
    for look in range(1, len(d.deaths) + 1):
        last = look == len(d.deaths)
        cut = d.log_threshold(deaths, last)
        earlier = () if skipped else tuple(min(deaths, n) for n in d.deaths[: look - 1])
        for seen in (log_hr, cut, math.nextafter(cut, -math.inf), math.nextafter(cut, math.inf), math.inf, -math.inf):
            v = d.verdict(HazardRatioEvidence(look, seen, deaths, earlier))
            assert (v.action == Stop(HARM)) == (seen >= cut)
            assert (v.distance > 0) == (v.action.name != "stop")
            assert v.action.name != "declare" or last
            assert v.action.name != "continue" or not last
        kept = d.flag_probability(d.margin, deaths, last) if last else 1 - d.flag_probability(d.benefit, deaths, last)
        assert kept == pytest.approx(1 - (d.false_reassurance if last else d.false_alarm), abs=1e-12)


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(rules(), st.floats(0.3, 3))
def test_laws(d: SurvivalHarm, ratio: float) -> None:
    """Ends add to one; the worse the hazard ratio the more is flagged; a look more is a flag more; bounds of the union."""
    c = d.characteristics({"hazard_ratio": ratio})
    assert math.fsum(c.ends_at) == pytest.approx(1, abs=1e-9)
    assert c.declare.value + c.stop_early.value == pytest.approx(1, abs=1e-9)
    worse = d.characteristics({"hazard_ratio": ratio * 1.1})
    assert worse.stop_early.value >= c.stop_early.value - 1e-9
    alone = [v.value for k, v in c.more.items() if k.startswith("P(flag")]
    assert max(alone) - 1e-9 <= c.stop_early.value <= sum(alone) + 1e-9
    fewer = dataclasses.replace(d, deaths=d.deaths[1:]) if len(d.deaths) > 1 else d
    assert fewer.characteristics({"hazard_ratio": ratio}).stop_early.value <= c.stop_early.value + 1e-9
    # both errors are kept from this number of deaths on, and not before
    both = d.deaths_for_both
    assert 1 - d.flag_probability(d.margin, both) <= d.false_reassurance * (1 + 1e-6)
    assert d.flag_probability(d.benefit, both, last=True) <= d.false_alarm * (1 + 1e-6)
    if both > 1:
        assert 1 - d.flag_probability(d.margin, both - 1) > d.false_reassurance * (1 - 1e-6)


def test_many_close_looks_are_summed() -> None:
    """Twenty looks two deaths apart, after 160 deaths: in little time, and still between the bounds."""
    d = rule(deaths=tuple(range(162, 202, 2)))
    c = d.characteristics({"hazard_ratio": 1.0})
    alone = [d.flag_probability(1.0, n, n == 200) for n in d.deaths]
    assert max(alone) < c.stop_early.value < min(1.0, sum(alone))
    assert math.fsum(c.ends_at) == pytest.approx(1, abs=1e-9)


def test_verdicts() -> None:
    assert D.looks[0] == Look(1, 60, "events")
    on = D.verdict(HazardRatioEvidence(1, math.log(1.1), 60))
    assert on.action == Continue()
    assert not on.cautions
    assert "1.1000 at 60 deaths; harm is flagged from 1.1138 on" in on.because[0]
    assert D.verdict(HazardRatioEvidence(1, math.log(1.114), 60)).action == Stop(HARM)
    # 1.1137 and 1.1138 are the same to three decimals: only one of them is flagged
    assert D.verdict(HazardRatioEvidence(1, math.log(1.1137), 60)).action == Continue()
    # closer than four decimals: as many are shown as tell the two apart
    close = D.verdict(HazardRatioEvidence(1, D.log_threshold(60) - 1e-7, 60))
    assert close.action == Continue()
    seen, needed = (part.split()[0] for part in (close.because[0].split(" is ")[1], close.because[0].split("from ")[1]))
    assert float(seen) < float(needed)
    assert D.verdict(HazardRatioEvidence(5, math.log(0.96), 178)).action == Declare(
        "a hazard ratio of 1.3 for death is ruled out"
    )
    assert D.verdict(HazardRatioEvidence(5, math.log(0.97), 178)).action == Stop(HARM)
    assert D.verdict(HazardRatioEvidence(2, 1000.0, 5)).action == Stop(HARM)
    for wrong in (
        HazardRatioEvidence(0, 0.1, 60),
        HazardRatioEvidence(6, 0.1, 60),
        HazardRatioEvidence(3, 0.1, 100, (60, 101)),
    ):
        with pytest.raises(BadInput):
            D.verdict(wrong)
    for bad in ((1, math.nan, 60), (1, 0.1, 0)):
        with pytest.raises(ValueError, match="got"):
            HazardRatioEvidence(*bad)


def test_looks_not_taken_as_planned() -> None:
    early = D.verdict(HazardRatioEvidence(5, math.log(0.9), 150))
    assert "150 deaths came, 178 were planned" in early.cautions[0]
    alarm = norm.sf((math.log(1.3) - norm.isf(0.025) * 2 / math.sqrt(150) - math.log(0.8)) * math.sqrt(150) / 2)
    assert f"false alarm is {alarm:.4f}; 179 deaths keep it at 0.1" in early.cautions[1]
    skipped = D.verdict(HazardRatioEvidence(4, math.log(1.0), 131, (60,)))
    assert skipped.action == Continue()
    assert "Not every earlier look was taken" in skipped.cautions[0]
    # past the deaths that keep both errors: flagged by the benefit's threshold, and it is said that the margin is ruled out
    late = D.verdict(HazardRatioEvidence(4, D.log_threshold(400) + 1e-4, 400))
    assert late.action == Stop(HARM)
    assert "though these deaths rule out 1.3" in late.cautions[-1]


def test_what_it_says_of_itself() -> None:
    said, x = D.describe(), D.numbers()
    for shown in (
        "1.1138 at 60, 1.0497 at 89",
        "0.9690 at 178",
        "0.2746",
        f"{x['flagged_benefit']:.4f}",
        f"{x['flagged_margin']:.4f}",
    ):
        assert shown in said
    assert list(D.truths()) == ["null", "no effect", "target"]
    assert list(rule(benefit=1.0).truths()) == ["null", "target"]
    assert [r[1] for r in D.table().rows] == ["1.1138", "1.0497", "1.0215", "1.0008", "0.9690"]
    assert [r[4] for r in D.table().rows] == ["45%", "69%", "79%", "87%", "95%"]
    figure = D.curve()
    at = figure.curves[0].x.index(min(figure.curves[0].x, key=lambda v: abs(v - 60)))
    assert figure.curves[0].y[at] == pytest.approx(D.threshold(figure.curves[0].x[at]))
    assert len(figure.marks) == 5
    assert D.deaths_for_both == 179
    one = rule(deaths=(400,))
    assert "Before the last look" not in one.describe()
    assert len(one.cautions) == 1
    assert any("At 300 deaths, before the last look" in c for c in rule(deaths=(100, 300, 400)).cautions)


def test_bad_input_all_at_once() -> None:
    with pytest.raises(BadInput) as bad:
        Spec.read(
            {
                "margin": 1,
                "benefit": 1.1,
                "deaths": (60, 50),
                "allocation": "2",
                "false_alarm": 0.5,
                "false_reassurance": 0,
            }
        )
    assert {p.where for p in bad.value.problems} == {
        "margin",
        "benefit",
        "deaths",
        "allocation",
        "false_alarm",
        "false_reassurance",
    }
    with pytest.raises(BadInput, match="5 deaths apart"):
        rule(deaths=(100, 104, 500))
    with pytest.raises(BadInput):
        rule(deaths=())
