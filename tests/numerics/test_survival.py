"""Survival estimators against R's survival (fixtures) and against general laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from equipoise.numerics.survival import cox, kaplan_meier, logrank

CLOSE = {"rtol": 1e-9, "atol": 1e-12}
SAMPLES = ("lung", "veteran", "tied")


def numbers(values: Any) -> np.ndarray:
    return np.array([np.nan if v is None else v for v in np.atleast_1d(values)], dtype=float)


def check_curve(curve: Any, expected: dict[str, Any]) -> None:
    # Before the first event R 3.5-3 has no limits where none of the patients has one; later versions, and we, say 1.
    if expected["events"] == 0:
        ones = [1.0] * len(expected["time"])
        expected = {**expected, "lower": ones, "upper": ones, "at_lower": 1.0, "at_upper": 1.0}
    for ours, theirs in (
        ("time", "time"), ("n_risk", "n_risk"), ("n_event", "n_event"), ("n_censor", "n_censor"),
        ("survival", "survival"), ("lower", "lower"), ("upper", "upper"),
    ):  # fmt: skip
        np.testing.assert_allclose(getattr(curve, ours), numbers(expected[theirs]), **CLOSE, err_msg=ours)
    # R gives NaN for the standard error where the curve has reached 0
    np.testing.assert_allclose(curve.std_err, np.nan_to_num(numbers(expected["std_err"])), **CLOSE)
    for i, p in enumerate((0.25, 0.5, 0.75)):
        q = curve.quantile(p)
        got = [q.estimate, q.lower, q.upper]
        want = [expected[k][i] for k in ("quantile", "quantile_lower", "quantile_upper")]
        np.testing.assert_allclose(got, numbers(want), **CLOSE)
    at = curve.at(expected["landmark"])
    np.testing.assert_allclose(
        [at.survival, at.lower, at.upper],
        numbers([expected["at"], expected["at_lower"], expected["at_upper"]]),
        **CLOSE,
    )
    assert at.n_risk == expected["at_risk"]


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(("key", "interval"), [("km", "log-log"), ("km_log", "log"), ("km_plain", "plain")])
def test_kaplan_meier_as_in_r(r: dict[str, Any], name: str, key: str, interval: Any) -> None:
    sample = r["samples"][name]
    check_curve(kaplan_meier(sample["time"], sample["status"], interval=interval), sample[key])


@pytest.mark.independent
@pytest.mark.parametrize(
    ("edge", "time", "event"),
    [
        ("flat", [1, 2, 3, 4], [1, 1, 1, 1]),
        ("plateau", [1, 2, 3, 4, 9], [1, 1, 0, 0, 0]),
        ("plateau_half", [2, 5, 7, 20], [1, 1, 0, 0]),
        ("no_events", [3, 4, 5], [0, 0, 0]),
        ("day_zero", [0, 0, 5, 6], [1, 0, 1, 0]),
    ],
)
def test_edges_as_in_r(r: dict[str, Any], edge: str, time: list[int], event: list[int]) -> None:
    check_curve(kaplan_meier(time, event), r["edges"][edge])


def test_median_conventions_part_ways_on_a_plateau_that_never_ends() -> None:
    curve = kaplan_meier([2, 5, 7, 20], [1, 1, 0, 0])
    assert curve.median("R").estimate == 12.5
    assert np.isnan(curve.median("SAS").estimate)


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
def test_logrank_as_in_r(r: dict[str, Any], name: str) -> None:
    s = r["samples"][name]
    found, expected = [logrank(s["time"], s["status"], s["treated"])], [s["logrank"]]
    if s.get("stratified_logrank"):
        found.append(logrank(s["time"], s["status"], s["treated"], s["strata"]))
        expected.append(s["stratified_logrank"])
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose([ours.chi2, ours.p], [theirs["chi2"], theirs["p"]], **CLOSE)
        np.testing.assert_allclose(ours.observed, theirs["observed"], **CLOSE)
        np.testing.assert_allclose(ours.expected, theirs["expected"], **CLOSE)
        assert ours.df == theirs["df"]


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
def test_cox_as_in_r(r: dict[str, Any], name: str) -> None:
    s = r["samples"][name]
    found, expected = [cox(s["time"], s["status"], s["treated"])], [s["cox"]]
    if s.get("stratified_cox"):
        found.append(cox(s["time"], s["status"], s["treated"], s["strata"]))
        expected.append(s["stratified_cox"])
    for ours, theirs in zip(found, expected, strict=True):
        got = [ours.hr, ours.lower, ours.upper, ours.log_hr, ours.se, ours.p]
        np.testing.assert_allclose(got, [theirs[k] for k in ("hr", "lower", "upper", "log_hr", "se", "p")], **CLOSE)


def test_separation_is_said_and_not_estimated() -> None:
    found = cox([1, 2, 3, 4], [0, 0, 1, 1], [1, 1, 0, 0])
    assert found.separated
    assert np.isnan(found.lower)
    assert np.isnan(found.se)


@pytest.mark.parametrize("time", [[-1, 2], [np.nan, 2], [np.inf, 1]])
def test_impossible_times_are_refused(time: list[float]) -> None:
    with pytest.raises(ValueError, match="negative, infinite or missing"):
        kaplan_meier(time, [1, 0])


def test_nothing_to_test() -> None:
    assert np.isnan(kaplan_meier([], []).median().estimate)
    assert np.isnan(logrank([1, 2], [0, 0], [0, 1]).p)
    assert np.isnan(cox([1, 2], [0, 0], [0, 1]).hr)
    assert np.isnan(logrank([1, 2], [1, 1], [0, 0]).chi2)


samples = st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.booleans()), min_size=2, max_size=40)


@pytest.mark.property
@given(samples, st.randoms(use_true_random=False))
def test_a_curve_falls_and_does_not_mind_the_order(rows: list[tuple[int, bool, bool]], random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    curve = kaplan_meier([t for t, _, _ in rows], [e for _, e, _ in rows])
    again = kaplan_meier([t for t, _, _ in shuffled], [e for _, e, _ in shuffled])
    np.testing.assert_array_equal(curve.survival, again.survival)
    assert (np.diff(curve.survival) <= 0).all()
    assert ((curve.survival >= 0) & (curve.survival <= 1)).all()


@pytest.mark.property
@given(samples, st.sampled_from([2, 7, 30]))
def test_arms_and_units(rows: list[tuple[int, bool, bool]], unit: int) -> None:
    t, e, g = (np.array(v) for v in zip(*rows, strict=True))
    assume(g.any() and not g.all() and e.any())
    one, other = logrank(t, e, g), logrank(t * unit, e, ~g)
    np.testing.assert_allclose(one.chi2, other.chi2, rtol=1e-9, atol=1e-12)
    a, b = cox(t, e, g), cox(t, e, ~g)
    assume(not a.separated and np.isfinite(a.hr))
    np.testing.assert_allclose(a.hr * b.hr, 1.0, rtol=1e-7)
