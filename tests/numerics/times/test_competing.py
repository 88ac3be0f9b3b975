"""Cumulative incidence, Gray's test, restricted means and heterogeneity against R (survival, cmprsk), and general laws."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.numerics.times.competing import cumulative_incidence, gray
from equipoise.numerics.times.heterogeneity import heterogeneity
from equipoise.numerics.times.restricted_mean import mean_difference, restricted_mean
from equipoise.numerics.times.survival import cox, kaplan_meier, logrank
from helpers import FIXTURES

R: dict[str, Any] = json.loads((FIXTURES / "r" / "competing.json").read_text())
SAMPLES = [name for name in R if name not in ("made_by", "colon")]
TWO_GROUPS = [name for name in SAMPLES if "rmst" in R[name]]
STRATIFIED = [name for name in SAMPLES if "forest" in R[name]]
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def numbers(values: Any) -> np.ndarray:
    return np.array([np.nan if v is None else v for v in np.atleast_1d(values)], dtype=float)


def columns(name: str) -> list[np.ndarray]:
    return [np.array(R[name]["data"][k]) for k in ("time", "cause", "group", "stratum")]


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
def test_cumulative_incidence_is_that_of_r(name: str) -> None:
    time, cause, group, _ = columns(name)
    want = R[name]["aj"]
    curve = cumulative_incidence(time[group == 1], cause[group == 1])
    for ours, theirs in ((curve.time, "time"), (curve.incidence, "incidence"), (curve.std_err, "std_err"), (curve.n_risk, "n_risk")):  # fmt: skip
        np.testing.assert_allclose(ours, numbers(want[theirs]), **CLOSE, err_msg=theirs)
    seen = curve.incidence > 0
    for limit, which in ((curve.lower, "lower"), (curve.upper, "upper")):
        np.testing.assert_allclose(limit[seen], numbers(want[which])[seen], **CLOSE)
    for i, day in enumerate(want["at"]["time"]):
        at = curve.at(day)
        got = [at.incidence, at.std_err, at.n_risk]
        np.testing.assert_allclose(
            got, [numbers(want["at"][k])[i] for k in ("incidence", "std_err", "n_risk")], **CLOSE
        )


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
def test_gray_s_test_is_that_of_cmprsk(name: str) -> None:
    time, cause, group, stratum = columns(name)
    ours = gray(time, cause, group, stratum)
    want = R[name]["gray"]
    assert ours.df == want["df"]
    np.testing.assert_allclose([ours.chi2, ours.p], [want["chi2"], want["p"]], rtol=1e-9)


@pytest.mark.independent
@pytest.mark.parametrize("name", TWO_GROUPS)
def test_restricted_means_are_those_of_r(name: str) -> None:
    time, cause, group, _ = columns(name)
    event, want = cause == 1, R[name]["rmst"]
    one, early = (restricted_mean(time[group == 1], event[group == 1], want[k]["tau"]) for k in ("one", "early"))
    other = restricted_mean(time[group == 2], event[group == 2], want["other"]["tau"])
    for ours, key in ((one, "one"), (early, "early"), (other, "other")):
        np.testing.assert_allclose([ours.mean, ours.se], [want[key]["mean"], want[key]["se"]], rtol=1e-9)
    gap = mean_difference(one, other)
    got = [gap.difference, gap.se, gap.lower, gap.upper, gap.p]
    np.testing.assert_allclose(got, [want[k] for k in ("difference", "se", "lower", "upper", "p")], rtol=1e-9)


@pytest.mark.independent
@pytest.mark.parametrize("name", STRATIFIED)
def test_heterogeneity_is_wald_s_test_of_the_interaction(name: str) -> None:
    time, cause, group, stratum = columns(name)
    fits = [cox(time[stratum == s], cause[stratum == s] > 0, group[stratum == s] == 1) for s in np.unique(stratum)]
    want = R[name]["forest"]
    for fit, level in zip(fits, want["levels"].values(), strict=True):
        np.testing.assert_allclose(
            [fit.hr, fit.lower, fit.upper], [level[k] for k in ("hr", "lower", "upper")], rtol=1e-6
        )
    q = heterogeneity([f.log_hr for f in fits], [f.se for f in fits])
    assert q.df == want["df"]
    np.testing.assert_allclose([q.chi2, q.p], [want["chi2"], want["p"]], rtol=1e-6)


@pytest.mark.independent
@pytest.mark.parametrize("name", STRATIFIED)
def test_stratified_tests_are_those_of_r(name: str) -> None:
    time, cause, group, stratum = columns(name)
    want = R[name]["stratified"]
    test = logrank(time, cause == 1, group, stratum)
    assert test.chi2 == pytest.approx(want["chi2"], rel=1e-9)
    fit = cox(time, cause == 1, group == 1, stratum)
    got = [fit.hr, fit.lower, fit.upper, fit.se]
    np.testing.assert_allclose(got, [want[k] for k in ("hr", "lower", "upper", "se")], rtol=1e-9)


cases = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 2), st.integers(0, 2), st.integers(0, 1)), min_size=1, max_size=40
)


@given(cases)
def test_laws_of_cumulative_incidence_and_gray_s_test(rows: list[tuple[int, int, int, int]]) -> None:
    time, cause, group, stratum = (np.array(column) for column in zip(*rows, strict=True))
    one, other = cumulative_incidence(time, cause), cumulative_incidence(time, np.array([0, 2, 1])[cause])
    anything = kaplan_meier(time, cause > 0)
    np.testing.assert_allclose(one.incidence + other.incidence, 1 - anything.survival, atol=1e-12)
    # One minus Kaplan–Meier, which takes the competing event for censored, is never below.
    assert (1 - kaplan_meier(time, cause == 1).survival >= one.incidence - 1e-12).all()
    ours = gray(time, cause, group, stratum)
    assert math.isnan(ours.chi2) or ours.chi2 >= 0
    assert sum(ours.scores) == pytest.approx(0, abs=1e-9)
    # Another name of the groups, another order of the patients: the same test.
    again = gray(time[::-1], cause[::-1], 9 - group[::-1], 5 - stratum[::-1])
    np.testing.assert_allclose([again.chi2, again.df], [ours.chi2, ours.df], rtol=1e-6, atol=1e-9)


def test_without_a_competing_event_gray_s_test_speaks_of_what_the_log_rank_test_does() -> None:
    time = np.arange(1, 201) % 37
    group, event = np.arange(200) % 2, (np.arange(200) % 5 > 0).astype(int)
    assert gray(time, event, group).scores[1] == pytest.approx(
        (lambda t: t.observed[1] - t.expected[1])(logrank(time, event, group)), abs=1e-9
    )


def test_the_ends_of_what_can_be_said() -> None:
    assert math.isnan(gray([1, 2], [1, 1], [0, 0]).chi2)
    assert math.isnan(gray([1, 2], [0, 2], [0, 1]).chi2)
    assert math.isnan(gray([], [], []).chi2)
    assert cumulative_incidence([], []).at(3).beyond
    assert cumulative_incidence([5], [0]).at(3).incidence == 0
    assert cumulative_incidence([2, 3, 4], [3, 1, 2]).at(4).incidence == pytest.approx(1 / 3)
    assert math.isnan(restricted_mean([1, 2], [1, 0], 3).mean)
    assert restricted_mean([1, 2], [1, 1], 2).mean == 1.5
    assert math.isnan(mean_difference(restricted_mean([5], [0], 4), restricted_mean([4], [0], 4)).p)
    assert math.isnan(heterogeneity([1.0], [1.0]).p)
    for bad in (lambda: gray([1, -1], [1, 1], [0, 1]), lambda: cumulative_incidence([1], [0.5]), lambda: restricted_mean([1], [1], -1)):  # fmt: skip
        with pytest.raises(ValueError, match="got"):
            bad()
