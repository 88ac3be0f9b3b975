"""Competing events, restricted means and interactions against R's survival and cmprsk (fixtures), and general laws."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from equipoise.numerics.times.competing import cumulative_incidence, gray_test
from equipoise.numerics.times.interaction import interaction
from equipoise.numerics.times.restricted_mean import mean_difference, restricted_mean
from equipoise.numerics.times.survival import cox, kaplan_meier, logrank
from helpers import FIXTURES

SAMPLES = ("few", "some", "tied", "many_tied", "colon")


@pytest.fixture(scope="module")
def r() -> Any:
    return json.loads((FIXTURES / "r" / "analyses.json").read_text())["samples"]


def columns(sample: Any) -> tuple[np.ndarray, ...]:
    return tuple(np.array(sample[name]) for name in ("time", "status", "treated", "level", "other"))


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(("arm", "code"), [("tested", 1), ("control", 0)])
def test_cumulative_incidence_as_in_r(r: Any, name: str, arm: str, code: int) -> None:
    t, k, x, *_ = columns(r[name])
    ours, theirs = cumulative_incidence(t[x == code], k[x == code]), r[name][arm]
    np.testing.assert_array_equal(ours.time, theirs["time"])
    np.testing.assert_array_equal(ours.n_risk, theirs["n_risk"])
    for mine, their in (
        ("incidence", "estimate"),
        ("std_err", "std_err"),
        ("lower", "lower"),
        ("upper", "upper"),
    ):
        want = np.array([np.nan if v is None else v for v in theirs[their]])
        np.testing.assert_allclose(getattr(ours, mine), want, rtol=1e-9, atol=1e-12, err_msg=mine)


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("key", ["gray", "gray_levels", "gray_stratified"])
def test_grays_test_as_in_cmprsk(r: Any, name: str, key: str) -> None:
    t, k, x, level, other = columns(r[name])
    ours = gray_test(t, k, level if key == "gray_levels" else x, other if key == "gray_stratified" else None)
    theirs = r[name][key]
    assert ours.df == theirs["df"]
    np.testing.assert_allclose([ours.chi2, ours.p], [theirs["chi2"], theirs["p"]], rtol=1e-9)
    assert sum(ours.score) == pytest.approx(0, abs=1e-9)


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
def test_restricted_means_as_in_r(r: Any, name: str) -> None:
    t, k, x, *_ = columns(r[name])
    theirs = r[name]["restricted"]
    tested, control = (restricted_mean(t[x == g], k[x == g] > 0, theirs["tau"]) for g in (1, 0))
    half = restricted_mean(t[x == 1], k[x == 1] > 0, theirs["tau"] / 2)
    gap = mean_difference(tested, control)
    for ours, their in ((tested, theirs["tested"]), (control, theirs["control"]), (half, theirs["tested_to_half"])):
        np.testing.assert_allclose([ours.mean, ours.std_err], [their["estimate"], their["se"]], rtol=1e-9)
    np.testing.assert_allclose(
        [gap.difference, gap.std_err, gap.lower, gap.upper, gap.p],
        [theirs[k] for k in ("difference", "se", "lower", "upper", "p")],
        rtol=1e-9,
    )


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("key", ["interaction", "interaction_stratified"])
def test_interaction_as_in_r(r: Any, name: str, key: str) -> None:
    t, k, x, level, other = columns(r[name])
    ours = interaction(t, k > 0, x, level, other if key == "interaction_stratified" else None)
    theirs = r[name][key]
    assert ours.df == theirs["df"]
    # R stops where the log-likelihood moves by 1e-9 of itself, also where an estimate is infinite
    np.testing.assert_allclose([ours.chi2, ours.p], [theirs["chi2"], theirs["p"]], rtol=1e-7)
    for found, log_hr, se in zip(ours.levels.values(), theirs["log_hr"], theirs["se"], strict=True):
        assert found.separated == (se > 100)
        if not found.separated:
            np.testing.assert_allclose([found.log_hr, found.se], [log_hr, se], rtol=1e-7, atol=1e-9)


@st.composite
def watched(draw: st.DrawFn, kinds: int = 3) -> tuple[np.ndarray, ...]:
    n = draw(st.integers(2, 30))
    some = st.lists
    t = np.array(draw(some(st.integers(0, 12), min_size=n, max_size=n)), dtype=float)
    k = np.array(draw(some(st.integers(0, kinds - 1), min_size=n, max_size=n)))
    g = np.array(draw(some(st.integers(0, 2), min_size=n, max_size=n)))
    s = np.array(draw(some(st.integers(0, 1), min_size=n, max_size=n)))
    return t, k, g, s


@pytest.mark.property
@given(watched())
def test_the_incidences_of_both_kinds_and_survival_add_up_to_one(data: Any) -> None:
    t, k, *_ = data
    one, two = cumulative_incidence(t, k), cumulative_incidence(t, (3 - k) % 3)
    free = kaplan_meier(t, k > 0)
    np.testing.assert_allclose(one.incidence + two.incidence + free.survival, 1, atol=1e-12)
    # and where nothing is told apart, what is censored counts for more than it should
    alone = kaplan_meier(t, k == 1)
    assert (one.incidence <= 1 - alone.survival + 1e-12).all()


@pytest.mark.property
@given(watched(kinds=2))
def test_without_competing_events_it_is_kaplan_meier(data: Any) -> None:
    t, k, *_ = data
    found, curve = cumulative_incidence(t, k), kaplan_meier(t, k)
    np.testing.assert_allclose(found.incidence, 1 - curve.survival, atol=1e-12)
    inside = curve.survival > 0
    np.testing.assert_allclose(found.std_err[inside], curve.std_err[inside], atol=1e-12)
    for day in (0.0, 3.0, 12.0, 13.0):
        assert found.at(day).n_risk == curve.at(day).n_risk
        assert found.at(day).incidence == pytest.approx(1 - curve.at(day).survival, abs=1e-12)


@pytest.mark.property
@given(watched(), st.permutations([0, 1, 2]))
def test_grays_test_knows_no_order_of_groups_and_strata_add_up(data: Any, order: list[int]) -> None:
    t, k, g, s = data
    one, other = gray_test(t, k, g, s), gray_test(t, k, np.array(order)[g], s)
    np.testing.assert_allclose(one.chi2, other.chi2, rtol=1e-6, atol=1e-9)
    assert one.df == other.df
    assert math.isnan(one.chi2) or one.chi2 >= 0
    parts = [gray_test(t[s == v], k[s == v], g[s == v]) for v in np.unique(s)]
    total = {name: sum(dict(zip(p.groups, p.score, strict=True)).get(name, 0.0) for p in parts) for name in one.groups}
    np.testing.assert_allclose(one.score, [total[name] for name in one.groups], atol=1e-9)


def test_grays_test_without_competing_events_is_close_to_the_log_rank_test() -> None:
    rng = np.random.default_rng(8)
    x = np.arange(4000) % 2
    y, z = rng.exponential(100 + 8 * x), rng.uniform(10, 300, 4000)
    t, k = np.ceil(np.minimum(y, z) * 10), (y <= z).astype(int)
    assert gray_test(t, k, x).chi2 == pytest.approx(logrank(t, k, x).chi2, rel=0.02)


@pytest.mark.property
@given(watched(kinds=2), st.floats(0.5, 12))
def test_a_restricted_mean_is_the_area_under_the_curve(data: Any, tau: float) -> None:
    t, k, *_ = data
    tau = min(tau, float(t.max()))
    assume(tau > 0)
    found, curve = restricted_mean(t, k, tau), kaplan_meier(t, k)
    grid = (np.arange(4000) + 0.5) * tau / 4000
    heights = [curve.at(float(u)).survival for u in grid[::20]]
    assert found.mean == pytest.approx(float(np.mean(heights)) * tau, abs=0.01 * tau)
    assert 0 <= found.mean <= tau + 1e-12


def test_the_standard_error_of_a_restricted_mean_is_that_of_repeated_trials() -> None:
    rng = np.random.default_rng(21)
    means, spreads = [], []
    for _ in range(800):
        y, z = rng.exponential(100, 80), rng.uniform(50, 250, 80)
        found = restricted_mean(np.ceil(np.minimum(y, z)), y <= z, 100)
        means.append(found.mean)
        spreads.append(found.std_err)
    assert np.mean(spreads) == pytest.approx(np.std(means), rel=0.06)


def test_the_same_hazard_ratio_in_every_level_is_no_interaction() -> None:
    t, e, x = (np.array(v * 2) for v in ([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 0, 1], [0, 1, 0, 1, 0, 1]))
    found = interaction(t, e, x, np.repeat(["a", "b"], 6))
    assert found.chi2 == pytest.approx(0, abs=1e-9)
    assert (found.df, found.p) == (1, pytest.approx(1, abs=1e-4))
    assert found.levels["a"].hr == pytest.approx(cox(t[:6], e[:6], x[:6]).hr)


def test_where_nothing_can_be_said_it_is_not_said() -> None:
    nobody = cumulative_incidence([], [])
    assert math.isnan(nobody.at(3).incidence)
    assert math.isnan(restricted_mean([], [], 3).mean)
    for kinds in ([0, 0, 0], [2, 2, 0]):
        assert math.isnan(gray_test([1, 2, 3], kinds, [0, 1, 1]).p)
    assert math.isnan(gray_test([1, 2, 3], [1, 1, 1], [1, 1, 1]).p)
    one_level = interaction([1, 2, 3, 4], [1, 1, 1, 1], [0, 1, 0, 1], ["a"] * 4)
    assert math.isnan(one_level.p)
    assert one_level.df == 0
    all_die = restricted_mean([2, 2], [1, 1], 2)
    assert (all_die.mean, all_die.std_err) == (2, 0)
    assert math.isnan(mean_difference(all_die, all_die).p)


def test_input_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="kind"):
        cumulative_incidence([1, 2], [1, 3])
    with pytest.raises(ValueError, match="time"):
        gray_test([1, -2], [1, 1], [0, 1])
    with pytest.raises(ValueError, match="strata"):
        gray_test([1, 2], [1, 1], [0, 1], [1])
    with pytest.raises(ValueError, match="tau"):
        restricted_mean([1, 2], [1, 0], 3)
    with pytest.raises(ValueError, match="tau"):
        mean_difference(restricted_mean([1, 2], [1, 0], 1), restricted_mean([1, 2], [1, 0], 2))
    with pytest.raises(ValueError, match="level"):
        interaction([1, 2], [1, 1], [0, 1], ["a"])
