"""Arms in which none or all succeeded, and one arm alone: nothing vanishes unsaid from a pooled number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, betabinom, binom, norm

from equipoise.design import shelf
from equipoise.files.history_file import read_library
from equipoise.history.binomial_normal import fit_binomial_normal
from equipoise.history.curves import pool_curves
from equipoise.history.for_design import as_counts, as_exposures
from equipoise.history.hazards import hazards
from equipoise.history.hurdle import hurdle
from equipoise.history.library import HistoryLibrary
from equipoise.history.next_trial import bayes_binomial
from equipoise.history.one_arm import OneArmRate, exact_interval
from equipoise.history.pooling import pool_library, prediction_of
from equipoise.history.rates import Choice, choose
from equipoise.history.standardise import CaseMix, standardise
from equipoise.trial.duration import Duration
from equipoise.trial.problem import BadInput

FIXTURES = Path(__file__).parent.parent / "fixtures" / "history"
SUMMED: dict[str, dict[str, Any]] = json.loads((FIXTURES / "few_respond.json").read_text())
RESPONSE = Choice(("response",), None)


@pytest.fixture(scope="module")
def few() -> HistoryLibrary:
    return read_library(FIXTURES / "few_respond.toml")


@pytest.mark.independent
@pytest.mark.parametrize("case", SUMMED)
def test_the_next_rate_by_counts_is_that_of_plain_sums_over_a_grid(case: str) -> None:
    x, n, wanted = SUMMED[case]["x"], SUMMED[case]["n"], SUMMED[case]["next"]
    found = bayes_binomial(x, n)
    assert found.mean() == pytest.approx(wanted["mean"], abs=2e-6)
    assert [found.quantile(p) for p in (0.025, 0.5, 0.975)] == pytest.approx(wanted["quantiles"], abs=5e-5)


@pytest.mark.independent
def test_the_mean_by_counts_is_that_of_a_search_on_a_grid() -> None:
    case = SUMMED["two of five have none"]
    found = fit_binomial_normal(case["x"], case["n"])
    assert (found.mean, found.tau) == pytest.approx(tuple(case["most likely"].values()), abs=5e-4)


def test_no_arm_vanishes_from_the_pooled_numbers(few: HistoryLibrary) -> None:
    found = pool_library(few, RESPONSE)
    assert [a.arm for a in found.arms] == [a.name for a in few.arms]
    assert not found.left_out
    first = found.predictions[0]
    assert "binomial counts" in first.method
    assert first.median == pytest.approx(SUMMED["two of five have none"]["next"]["quantiles"][1], abs=5e-5)
    assert found.binomial is not None
    (said,) = [c for c in found.cautions if "half a patient" in c]
    assert "Quiet-2011 (0 of 40), Still-2014 (0 of 30)" in said
    assert prediction_of(list(found.arms)).method == first.method, "the hurdle, the report and the page ask the same"
    none, *_ = found.arms
    assert (none.rate, none.lower, round(none.upper, 12)) == (0.0, 0.0, round(1 - 0.025 ** (1 / 40), 12))


def test_a_library_and_typed_numbers_give_the_same_design(few: HistoryLibrary) -> None:
    history = as_counts(few, RESPONSE)
    assert history.numbers == {"history_x": (0, 2, 3, 0, 4), "history_n": (40, 38, 45, 30, 36)}
    assert any("counts take them as they are" in why for why in history.leans_on)
    table = {"p0": 0.05, "p1": 0.30, "n_tested": 30, "n_control": 15}
    typed = shelf.build("borrowing-rate", {**table, "history_x": (0, 2, 3, 0, 4), "history_n": (40, 38, 45, 30, 36)})
    assert shelf.build("borrowing-rate", {**table, **history.numbers}) == typed


@pytest.mark.parametrize("arm", ["Quiet-2011", "Two-2012"])
def test_one_arm_gives_its_own_binomial_rate_and_a_sentence(few: HistoryLibrary, arm: str) -> None:
    choice = Choice(("response",), None, arms=(arm,))
    found = pool_library(few, choice)
    (a,) = found.arms
    assert found.rate == pytest.approx(a.successes / a.of)
    assert (found.lower, found.upper) == exact_interval(a.successes, a.of)
    assert any("One arm says nothing of how much trials differ" in c for c in found.cautions)
    next_rate = prediction_of([a])
    law = beta(a.successes + 0.5, a.of - a.successes + 0.5)
    assert found.predictions[0].upper == pytest.approx(law.ppf(0.975))
    assert found.sensitivity[0][1].upper > found.predictions[0].upper, "were trials to differ"
    design = shelf.build("a-hern", {"p0": 0.05, "p1": 0.20, "alpha": 0.05, "power": 0.80})
    averaged = hurdle(design, next_rate, odds_ratio=4.0).type_one_averaged
    exact = betabinom(design.looks[-1].n, a.successes + 0.5, a.of - a.successes + 0.5).sf(design.numbers()["r"])
    assert averaged == pytest.approx(float(exact), abs=1e-12)


@pytest.mark.property
@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_sums_over_one_arm_are_exact(counts: tuple[int, int]) -> None:
    x, n = counts
    found = OneArmRate(x, n)
    rates, weights = found.nodes
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert found.expect(lambda c: float(binom.sf(7, 60, c))) == pytest.approx(
        float(betabinom.sf(7, 60, found.a, found.b)), abs=1e-9
    )
    assert found.cdf(found.quantile(0.3)) == pytest.approx(0.3, abs=1e-9)
    assert rates @ weights == pytest.approx(found.mean(), abs=1e-9)


def test_nobody_dead_and_nobody_alive_enter_as_times() -> None:
    arms = [
        {
            "name": name, "trial": name, "treatment": "control", "n": 40, "published": 2010, "citation": "invented",
            "verified": "full text read", "rates": [{"endpoint": "OS", "at": "6 months", "rate": rate}],
        }
        for name, rate in (("All", 1.0), ("None", 0.0), ("Half", 0.5))
    ]  # fmt: skip
    library = HistoryLibrary.model_validate(
        {"format": 1, "id": "os", "title": "invented", "compiled": "2026-11-30", "arms": arms}, strict=False
    )
    choice = Choice(("OS",), Duration.parse("6 months"))
    found, out = hazards(library, choice)
    assert [a.arm for a in found] == ["All", "None", "Half"]
    assert not out
    alive, dead, half = found
    assert alive.hazard < half.hazard < dead.hazard
    assert 0.4 < alive.events < 0.6, "half an event, over all the time at risk"
    assert alive.exposure == pytest.approx(40.5 * 6, rel=0.03)
    assert "All, None" in " ".join(as_exposures(library, choice).leans_on)
    assert {a.arm for a in choose(library, choice)[0]} == {"All", "None", "Half"}


def test_arms_of_whole_curves_are_kept_or_named() -> None:
    rng = np.random.default_rng(4)
    some = {f"a{i}": (rng.exponential(8, 60).round(2) + 0.01, np.ones(60, dtype=np.int64)) for i in range(3)}
    slow = (np.full(50, 30.0), np.zeros(50, dtype=np.int64))
    short = (np.full(20, 0.5), np.zeros(20, dtype=np.int64))
    found = pool_curves({**some, "slow": slow, "short": short}, [2.0])
    assert found.points[0].arms == 4
    assert found.points[0].survival > pool_curves(some, [2.0]).points[0].survival
    said = " ".join(found.cautions)
    assert "in short: not in that point" in said
    assert "survived in slow: half a patient" in said


def test_a_stratum_in_which_none_succeeded_is_not_certain() -> None:
    def mix(*rates: float) -> CaseMix:
        strata = [{"levels": {"x": str(i)}, "rate": r, "n": 40, "share": 1 / len(rates)} for i, r in enumerate(rates)]
        return CaseMix.model_validate(
            {"format": 1, "title": "m", "endpoint": "response", "source": "s", "verified": "derived", "strata": strata},
            strict=False,
        )

    class Levels:
        name, levels = "x", ("0", "1")

    found = standardise(mix(0.0, 0.4), [Levels()])  # type: ignore[list-item]
    assert found.halved == ["x 0"]
    assert found.se**2 == pytest.approx(0.25 * (0.24 + (0.5 / 41) * (40.5 / 41)) / 40)
    with pytest.raises(BadInput, match="no logit"):
        standardise(mix(0.0, 0.4), [Levels()], {"x 0": 5})  # type: ignore[list-item]


@pytest.mark.independent
@pytest.mark.parametrize(
    ("x", "n"), [([20, 0, 12], [20, 25, 30]), ([100, 0, 50], [100, 100, 100]), ([500, 20, 970], [1000] * 3)]
)
def test_trials_far_apart_have_a_mean_by_counts_too(x: list[int], n: list[int]) -> None:
    # Plain sums over a wide even grid: the likelihood is what it says, and a step in any direction is no better.
    u = np.linspace(-14, 14, 28001)

    def log_likelihood(mean: float, tau: float) -> float:
        rate = 1 / (1 + np.exp(-(mean + tau * u)))
        return float(
            sum(np.log(binom.pmf(a, b, rate) @ norm.pdf(u) * (u[1] - u[0])) for a, b in zip(x, n, strict=True))
        )

    found = fit_binomial_normal(x, n)
    best = log_likelihood(found.mean, found.tau)
    assert found.log_likelihood == pytest.approx(best, abs=1e-6)
    for step in (0.05, -0.05):
        assert max(log_likelihood(found.mean + step, found.tau), log_likelihood(found.mean, found.tau + step)) < best
    assert found.se > 1


@pytest.mark.parametrize(("x", "n"), [((0, 20), (20, 20)), ((0, 0, 20), (20, 25, 20)), ((20, 12, 0), (20, 30, 25))])
def test_none_and_all_together_are_pooled(few: HistoryLibrary, x: tuple[int, ...], n: tuple[int, ...]) -> None:
    arms = []
    for a, c, b in zip(few.arms, x, n, strict=False):
        arms.append(a.model_copy(update={"n": b, "rates": [a.rates[0].model_copy(update={"rate": c / b})]}))
    found = pool_library(few.model_copy(update={"arms": arms}), RESPONSE)
    assert len(found.arms) == len(x)
    assert all(0 <= p.lower <= p.median <= p.upper <= 1 for p in found.predictions)
    assert (found.binomial is None) == (12 not in x)
    assert any("A mean by counts there is not" in c for c in found.cautions) == (12 not in x)


def test_an_arm_in_which_all_survived_is_borrowed_from_with_half_an_event() -> None:
    asked = {"hazard_ratio": 0.67, "alpha": 0.1, "power": 0.8, "allocation": "2:1"}
    found = [
        shelf.build("borrowing-survival", {**asked, "history_events": e, "history_time": (120.0, 200.0)})
        for e in ((0.5, 20.0), (1.0, 20.0))
    ]
    assert found[0].looks != found[1].looks or found[0].planned() != found[1].planned()
    with pytest.raises(BadInput, match="exceed"):
        shelf.build("borrowing-survival", {**asked, "history_events": (0.0, 20.0), "history_time": (120.0, 200.0)})
