"""Arms chosen and made into rates, the hurdle, the case mix: against plain enumeration, sampling and laws."""

from __future__ import annotations

import math
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.design import shelf
from equipoise.files.history_file import find_library, read_library
from equipoise.history.curves import pool_curves
from equipoise.history.hurdle import EffectPrior, hurdle
from equipoise.history.library import HistoricalArm, HistoryLibrary
from equipoise.history.next_trial import bayes_normal, certain
from equipoise.history.pooling import pool_library, prediction_of
from equipoise.history.provenance import choice_of, provenance
from equipoise.history.rates import (
    Choice,
    Shape,
    choose,
    converted,
    implied_shapes,
    log_median_variance,
)
from equipoise.history.standardise import CaseMix, counts_of, key, standardise
from equipoise.trial.design import Design
from equipoise.trial.duration import Duration
from equipoise.trial.problem import BadInput
from equipoise.trial.snapshot import snapshot
from equipoise.trial.trial import Trial

SIX = Duration.parse("6 months")


@pytest.fixture(scope="module")
def library() -> HistoryLibrary:
    return read_library(find_library("ed-sclc"))


def asked(**more: Any) -> Choice:
    return Choice(
        **{"endpoints": ("PFS", "TTP"), "at": SIX, "treatments": ("platinum-etoposide",), "shape": Shape(1.0), **more}
    )


def test_arms_are_chosen_as_asked(library: HistoryLibrary) -> None:
    taken, out = choose(library, asked(until=2012))
    assert [a.arm for a in taken] == [
        "Niell-2005-EP",
        "Hanna-2006-EP",
        "Eckardt-2006-EP",
        "Lara-2009-EP",
        "Spigel-2011-placebo",
    ]
    why = {o.arm: o.why for o in out}
    assert "unverified" in why["Socinski-2009-CE"]
    assert why["Horn-2018-placebo"] == "published 2018"
    assert "elderly" in why["Okamoto-2007-CE"]
    assert {a.arm for a in choose(library, asked(unverified=True, until=2012))[0]} > {a.arm for a in taken}
    rates = {a.arm: a for a in choose(library, asked(shape=None))[0]}
    assert set(rates) == {"Horn-2018-placebo", "Cheng-2024-placebo"}
    assert rates["Horn-2018-placebo"].rate == pytest.approx(0.224)
    assert rates["Horn-2018-placebo"].successes == 45
    # an interval that is published is taken for the variance
    os12 = choose(library, Choice(("OS",), Duration.parse("12 months"), arms=("Wang-2022-placebo",)))[0][0]
    z = 1.959963984540054
    assert os12.variance == pytest.approx(((math.log(0.582 / 0.418) - math.log(0.454 / 0.546)) / (2 * z)) ** 2)
    with pytest.raises(BadInput, match=r"(?s)Foster-2015 may share.*Lara-2009-EP"):
        choose(library, asked(arms=("Foster-2015", "Lara-2009-EP", "Niell-2005-EP"), treatments=()))
    with pytest.raises(BadInput, match=r"(?s)Lara-2009.*Lara-2009-EP"):
        choose(library, asked(arms=("Lara-2009",)))


@pytest.mark.independent
def test_a_median_becomes_the_rate_it_says() -> None:
    """The variance of a converted sample median, against simulated Weibull arms: within 4 Monte-Carlo errors of the mean, 8 % of the spread."""
    k, m, n = 1.5, 5.5, 200
    arm = HistoricalArm.model_validate({
        "name": "A", "trial": "T", "treatment": "x", "n": n, "published": 2000, "citation": "c", "verified": "abstract read",
        "medians": ({"endpoint": "PFS", "value": "5.5 months"},),
    })  # fmt: skip
    found = converted(arm, arm.medians[0], SIX, Shape(k))
    assert found.rate == pytest.approx(0.5 ** ((6 / 5.5) ** k), rel=1e-12)
    rng = np.random.default_rng(3)
    medians = np.median(m * (-np.log(rng.uniform(size=(20_000, n))) / math.log(2)) ** (1 / k), axis=1)
    rates = 0.5 ** ((6 / medians) ** k)
    logits = np.log(rates / (1 - rates))
    assert logits.std() == pytest.approx(math.sqrt(found.variance), rel=0.08)
    assert abs(logits.mean() - found.logit) < 4 * logits.std() / math.sqrt(20_000) + 0.01
    doubt = converted(arm, arm.medians[0], SIX, Shape(k, 0.5))
    assert doubt.variance > found.variance
    assert doubt.rate == found.rate


def test_an_interval_narrower_than_its_patients_can_give_counts_no_more(library: HistoryLibrary) -> None:
    """EXTENTORCH's 5.5 to 5.7 months is of 219 patients, and IMpower133's 4.2 to 4.5 of 202: not of thousands."""
    at = Duration.parse("9 months")
    asked_of = Choice(("PFS",), at, arms=("Cheng-2024-placebo", "Horn-2018-placebo"), shape=Shape(1.5))
    arms, _ = choose(library, asked_of)
    for found in arms:
        assert "narrower" in found.how
        bare = library.arm_by_name[found.arm].medians[0].model_copy(update={"lower": None, "upper": None})
        assert found.variance == converted(library.arm_by_name[found.arm], bare, at, Shape(1.5)).variance
        assert found.of < 1.3 * found.n
    wide = log_median_variance(library.arm_by_name["Foster-2011"].medians[0], 100, 1.5)
    assert wide.by == "narrow"
    assert log_median_variance(library.arm_by_name["Foster-2011"].medians[0], 100, 5.0).by == "interval"
    p = pool_library(library, asked_of)
    assert any("narrower" in c for c in p.cautions)


def test_pooled_and_shown_with_cautions(library: HistoryLibrary) -> None:
    found = pool_library(library, asked(until=2012, shape=Shape(1.5)))
    assert (round(found.rate, 3), round(found.lower, 3), round(found.upper, 3)) == (0.438, 0.361, 0.518)
    assert "5 of 5 rates are medians" in found.cautions[0]
    shapes = implied_shapes(library.arms, ("PFS",))
    assert min(s[2] for s in shapes) > 1  # every arm that tells has a rising hazard
    assert [n for n, _ in found.sensitivity] == [
        "medians as exponential", "medians as Weibull shape 1.5", "medians as Weibull shape 2",
    ]  # fmt: skip
    assert found.sensitivity[1][1].median == found.predictions[0].median
    with pytest.raises(BadInput, match="1 arm or more"):
        pool_library(library, asked(arms=("Socinski-2009-CE",)))


def test_provenance_of_norths_rate(north: Trial, library: HistoryLibrary) -> None:
    found = provenance(north, library)
    assert choice_of(north).until == 2012
    assert found.prediction.lower < north.history.rate < found.prediction.upper  # type: ignore[union-attr]
    off = north.model_copy(update={"history": north.history.model_copy(update={"rate": 0.8})})  # type: ignore[union-attr]
    assert any("lies outside" in c for c in provenance(off, library).cautions)


def two_stage(p: Any, n1: int, r1: int, n: int, r: int) -> Any:
    """P(more than r1 of n1, and more than r of n), written out; ``p`` may be an array."""

    def b(k: int, m: int) -> Any:
        return comb(m, k) * p**k * (1 - p) ** (m - k)

    beyond = {y: b(y, n - n1) for y in range(n - n1 + 1)}
    tail = {y: sum(beyond[z] for z in range(y, n - n1 + 1)) for y in range(n - n1 + 1)}
    return sum(b(x, n1) * tail[max(0, r + 1 - x)] for x in range(r1 + 1, n1 + 1) if r + 1 - x <= n - n1)


@pytest.mark.independent
def test_assurance_by_plain_enumeration(north_design: Design[Any]) -> None:
    """NORTH's averaged errors, false go and assurance: the binomials written out, history on a fine grid of its own."""
    control = bayes_normal([-0.1, -0.3, -0.5, 0.1], [0.02, 0.03, 0.05, 0.04])
    found = hurdle(north_design, control, EffectPrior(math.log(1.5), 0.0, 0.4))
    x = np.linspace(-9, 9, 3601)
    density = (np.exp(-(((x[:, None] - control.place) / control.scale) ** 2) / 2) / control.scale) @ control.weight
    density /= density.sum()
    odds = (0.58 / 0.42) / (0.44 / 0.56)

    def average(shift: float) -> float:
        p = 1 / (1 + np.exp(-(x + shift)))
        return float(density @ two_stage(p, 39, 17, 80, 42))

    alpha, power, less = average(0.0), average(math.log(odds)), average(math.log(1.5))
    assert found.odds_ratio == pytest.approx(odds, rel=1e-12)
    assert found.type_one_stated == pytest.approx(0.0486498098, abs=1e-9)  # clinfun, lrstat
    assert [found.type_one_averaged, found.power_averaged] == pytest.approx([alpha, power], abs=1e-8)
    assert found.assurance.false_go == pytest.approx(0.4 * alpha, abs=1e-8)
    assert found.assurance.success == pytest.approx(0.4 * alpha + 0.6 * less, abs=1e-8)
    assert found.assurance.false_given_go == pytest.approx(0.4 * alpha / (0.4 * alpha + 0.6 * less), abs=1e-8)
    k = found.calibrated
    assert k is not None
    assert k.r > 42
    p = 1 / (1 + np.exp(-x))
    for r, within in ((k.r, True), (k.r - 1, False)):
        assert bool(density @ two_stage(p, 39, 17, 80, r) <= 0.05) is within


@pytest.mark.independent
def test_assurance_against_simulated_trials(north_design: Design[Any]) -> None:
    """A normal prior of the effect: trials drawn one by one, within 4 Monte-Carlo errors."""
    control = bayes_normal([-0.1, -0.3, -0.5, 0.1], [0.02, 0.03, 0.05, 0.04])
    a = hurdle(north_design, control, EffectPrior(0.3, 0.4, 0.3)).assurance
    rng, m = np.random.default_rng(11), 200_000
    c = rng.choice(len(control.weight), m, p=control.weight / control.weight.sum())
    logit = rng.normal(control.place[c], control.scale[c])
    effect = np.where(rng.uniform(size=m) < 0.3, 0.0, rng.normal(0.3, 0.4, m))
    p = 1 / (1 + np.exp(-(logit + effect)))
    x1 = rng.binomial(39, p)
    go = (x1 > 17) & (x1 + rng.binomial(41, p) > 42)
    for value, ours in ((go, a.success), (go & (effect <= 0), a.false_go), (go & (effect > 0), a.true_go)):
        assert abs(value.mean() - ours) < 4 * value.std() / math.sqrt(m)


@pytest.mark.property
@pytest.mark.parametrize("kind", ["a-hern", "simon", "fleming", "green-dahlberg", "lee-liu", "jung"])
@pytest.mark.thorough
def test_every_rate_design_of_the_shelf(kind: str) -> None:
    design = shelf.build(kind, dict(shelf.one(kind).example))
    truths = list(design.truths().values())
    null = truths[0].get("rate", truths[0].get("control"))
    assert null is not None
    sure = hurdle(
        design, certain(null), EffectPrior(1.0, 0.0, 1.0)
    )  # history without doubt gives the stated errors back
    assert sure.type_one_averaged == pytest.approx(sure.type_one_stated, abs=1e-5)
    assert sure.power_averaged == pytest.approx(sure.power_stated, abs=1e-5)
    assert sure.assurance.true_go == 0
    doubtful = hurdle(design, certain(null, 0.3))
    assert 0 <= doubtful.type_one_averaged <= doubtful.power_averaged <= 1
    assert doubtful.assurance.false_go + doubtful.assurance.true_go == pytest.approx(
        doubtful.assurance.success, abs=1e-12
    )


@pytest.mark.thorough
def test_designs_without_a_rate_are_refused(library: HistoryLibrary) -> None:
    arms, _ = choose(library, asked(until=2012))
    control = prediction_of(arms)
    for kind in ("one-sample-logrank", "selection"):
        with pytest.raises(BadInput, match="rate"):
            hurdle(shelf.build(kind, dict(shelf.one(kind).example)), control)
    with pytest.raises(BadInput, match="odds ratio"):
        hurdle(shelf.build("gehan", dict(shelf.one("gehan").example)), control)


STRATA = [(e, d) for e in ("0-1", "2") for d in ("normal", "raised")]


def mix(**changes: Any) -> CaseMix:
    rates = [(0.52, 120, 0.4), (0.42, 150, 0.35), (0.35, 40, 0.1), (0.25, 60, 0.15)]
    strata = tuple(
        {"levels": {"ecog": e, "ldh": d}, "rate": r, "n": n, "share": w}
        for (e, d), (r, n, w) in zip(STRATA, rates, strict=True)
    )
    return CaseMix.model_validate({
        "format": 1, "title": "mix", "endpoint": "PFS", "source": "invented for the tests", "verified": "derived", "strata": strata, **changes,
    })  # fmt: skip


@pytest.mark.independent
def test_direct_standardisation_by_hand(north: Trial, running: Any) -> None:
    factors = north.factors
    s = standardise(mix(), factors)
    assert s.rate == pytest.approx(0.4 * 0.52 + 0.35 * 0.42 + 0.1 * 0.35 + 0.15 * 0.25, abs=1e-15)
    assert s.se**2 == pytest.approx(
        0.4**2 * 0.52 * 0.48 / 120
        + 0.35**2 * 0.42 * 0.58 / 150
        + 0.1**2 * 0.35 * 0.65 / 40
        + 0.15**2 * 0.25 * 0.75 / 60,
        abs=1e-15,
    )
    assert s.crude == pytest.approx((0.52 * 120 + 0.42 * 150 + 0.35 * 40 + 0.25 * 60) / 370)
    assert s.next_rate().quantile(0.5) == pytest.approx(s.rate, abs=1e-9)
    # weights from the log: one patient, ECOG 0-1 and normal LDH
    counts = counts_of(snapshot(running.log, max(e.happened for e in running.log)), factors)
    assert counts == {key({"ecog": "0-1", "ldh": "normal"}): 1}
    assert standardise(mix(), factors, counts).rate == pytest.approx(0.52)


@pytest.mark.property
@given(st.lists(st.floats(0.01, 1), min_size=4, max_size=4))
def test_a_standardised_rate_lies_among_its_strata(weights: list[float]) -> None:
    from equipoise.trial.protocol_parts import Factor

    factors = (Factor(name="ecog", levels=("0-1", "2")), Factor(name="ldh", levels=("normal", "raised")))
    shares = [w / sum(weights) for w in weights]
    base = mix().model_dump()
    strata = tuple({**s, "share": w} for s, w in zip(base["strata"], shares, strict=True))
    s = standardise(mix(strata=strata), factors)
    assert 0.25 - 1e-9 <= s.rate <= 0.52 + 1e-9


def test_strata_that_are_not_the_trials_are_refused_all_at_once(north: Trial) -> None:
    base = mix().model_dump()["strata"]
    strata = (
        {**base[0], "levels": {"ecog": "0", "ldh": "normal"}},
        {**base[1], "levels": {"sex": "male", "ldh": "raised"}},
        {**base[2], "rate": 1.2},
        {**base[2], "share": 0.9},
    )
    with pytest.raises(BadInput) as caught:
        standardise(mix(strata=strata), north.factors)
    codes = {p.code for p in caught.value.problems}
    assert codes >= {
        "unknown-level",
        "unknown-factor",
        "missing-factor",
        "duplicate-stratum",
        "out-of-range",
        "shares",
        "missing-stratum",
    }


@pytest.mark.property
def test_whole_curves_pooled() -> None:
    """Arms drawn from one Weibull curve: the pooled curve covers it, falls, and the shape comes back."""
    rng = np.random.default_rng(5)
    arms = {}
    for i in range(6):
        time = 6 * rng.weibull(1.5, 150)
        censor = rng.uniform(6, 30, 150)
        arms[f"a{i}"] = (np.minimum(time, censor), (time <= censor).astype(np.int64))
    found = pool_curves(arms, [2.0, 4.0, 6.0, 9.0, 12.0])
    assert found.shape == pytest.approx(1.5, rel=0.08)
    assert found.scale == pytest.approx(6, rel=0.06)
    s = [p.survival for p in found.points]
    assert s == sorted(s, reverse=True)
    for p in found.points:
        truth = math.exp(-((p.time / 6) ** 1.5))
        assert p.prediction[0] <= p.lower < truth < p.upper <= p.prediction[1]
        assert p.weibull == pytest.approx(truth, abs=0.03)
    with pytest.raises(BadInput, match="grow"):
        pool_curves(arms, [3.0, 2.0])
    few = pool_curves({k: arms[k] for k in ("a0", "a1")}, [4.0])
    assert math.isnan(few.shape)
    assert "Fewer than 3" in few.cautions[0]
