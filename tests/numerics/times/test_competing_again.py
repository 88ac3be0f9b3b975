"""Competing risks and restricted means held to R a second time: other samples, written by another hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from equipoise.numerics.times.competing import cumulative_incidence, gray_test
from equipoise.numerics.times.interaction import interaction
from equipoise.numerics.times.restricted_mean import mean_difference, restricted_mean
from equipoise.numerics.times.survival import cox, logrank
from helpers import FIXTURES

R: dict[str, Any] = json.loads((FIXTURES / "r" / "competing.json").read_text())
SAMPLES = [name for name in R if name not in ("made_by", "colon")]
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def columns(name: str) -> list[np.ndarray]:
    return [np.array(R[name]["data"][k]) for k in ("time", "cause", "group", "stratum")]


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
def test_cumulative_incidence_is_that_of_r(name: str) -> None:
    time, cause, group, _ = columns(name)
    want, curve = R[name]["aj"], cumulative_incidence(time[group == 1], cause[group == 1])
    for ours, theirs in ((curve.incidence, "incidence"), (curve.std_err, "std_err"), (curve.n_risk, "n_risk")):
        np.testing.assert_allclose(ours, want[theirs], **CLOSE, err_msg=theirs)
    seen = curve.incidence > 0
    for limit, which in ((curve.lower, "lower"), (curve.upper, "upper")):
        expected = np.array([np.nan if v is None else v for v in want[which]], dtype=float)
        np.testing.assert_allclose(limit[seen], expected[seen], **CLOSE)


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
def test_gray_s_test_is_that_of_cmprsk(name: str) -> None:
    ours, want = gray_test(*columns(name)), R[name]["gray"]
    assert ours.df == want["df"]
    np.testing.assert_allclose([ours.chi2, ours.p], [want["chi2"], want["p"]], rtol=1e-9)


@pytest.mark.independent
@pytest.mark.parametrize("name", [n for n in SAMPLES if "rmst" in R[n]])
def test_restricted_means_are_those_of_r(name: str) -> None:
    time, cause, group, _ = columns(name)
    want, event = R[name]["rmst"], cause == 1
    early = restricted_mean(time[group == 1], event[group == 1], want["early"]["tau"])
    np.testing.assert_allclose([early.mean, early.std_err], [want["early"][k] for k in ("mean", "se")], rtol=1e-9)
    one = restricted_mean(time[group == 1], event[group == 1], want["one"]["tau"])
    other = restricted_mean(time[group == 2], event[group == 2], want["other"]["tau"])
    gap = mean_difference(one, other)
    got = [gap.difference, gap.std_err, gap.lower, gap.upper, gap.p]
    np.testing.assert_allclose(got, [want[k] for k in ("difference", "se", "lower", "upper", "p")], rtol=1e-9)


@pytest.mark.independent
@pytest.mark.parametrize("name", [n for n in SAMPLES if "stratified" in R[n]])
def test_stratified_tests_are_those_of_r(name: str) -> None:
    time, cause, group, stratum = columns(name)
    want = R[name]["stratified"]
    assert logrank(time, cause == 1, group, stratum).chi2 == pytest.approx(want["chi2"], rel=1e-9)
    fit = cox(time, cause == 1, group == 1, stratum)
    got = [fit.hr, fit.lower, fit.upper, fit.se]
    np.testing.assert_allclose(got, [want[k] for k in ("hr", "lower", "upper", "se")], rtol=1e-9)


@pytest.mark.independent
@pytest.mark.parametrize("name", [n for n in SAMPLES if "forest" in R[n]])
def test_ratios_by_level_are_those_of_r(name: str) -> None:
    """R's fits stop at 1e-9 of the log-likelihood; its Wald test of the same interaction lies near ours by likelihood ratio."""
    time, cause, group, stratum = columns(name)
    found, want = interaction(time, cause > 0, group == 1, stratum), R[name]["forest"]
    for ours, theirs in zip(found.levels.values(), want["levels"].values(), strict=True):
        got = [ours.hr, ours.lower, ours.upper]
        np.testing.assert_allclose(got, [theirs[k] for k in ("hr", "lower", "upper")], rtol=1e-6)
    assert found.df == want["df"]
    assert found.p == pytest.approx(want["p"], abs=0.02)
