"""Survival estimators against R's survival (fixtures), scipy and statsmodels (second routes), and general laws."""

from __future__ import annotations

import csv
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from equipoise.numerics.times.survival import CoxResult, cox, follow_up, kaplan_meier, logrank
from helpers import FIXTURES, ROOT

CLOSE = {"rtol": 1e-9, "atol": 1e-12}
SAMPLES = ("lung", "veteran", "tied")
ARMS = ("Obs", "Lev", "Lev+5FU")
PROBABILITIES = (0.25, 0.5, 0.75)


def numbers(values: Any) -> np.ndarray:
    return np.array([np.nan if v is None else v for v in np.atleast_1d(values)], dtype=float)


def check_curve(curve: Any, expected: dict[str, Any]) -> None:
    # While S = 1 R 3.5-3 gives no log-log limits (at time 0 its summary says 1); the library, and we, say 1 throughout.
    unharmed = curve.survival == 1
    for ours, theirs in (
        ("time", "time"), ("n_risk", "n_risk"), ("n_event", "n_event"), ("n_censor", "n_censor"),
        ("survival", "survival"), ("lower", "lower"), ("upper", "upper"), ("std_err", "std_err"),
    ):  # fmt: skip
        want = numbers(expected[theirs])
        if ours in ("lower", "upper"):
            want[unharmed] = 1.0
        np.testing.assert_allclose(getattr(curve, ours), want, **CLOSE, err_msg=ours)
    for i, p in enumerate(PROBABILITIES):
        q = curve.quantile(p)
        want = [expected[k][i] for k in ("quantile", "quantile_lower", "quantile_upper")]
        np.testing.assert_allclose([q.estimate, q.lower, q.upper], numbers(want), **CLOSE)
    asked = expected["at_times"]
    for i, time in enumerate(asked["time"]):
        at = curve.at(time)
        want = numbers([asked[k][i] for k in ("survival", "std_err", "n_risk", "lower", "upper")])
        if want[0] == 1:
            want[3:] = 1.0
        got = [at.survival, at.std_err, at.n_risk, at.lower, at.upper]
        np.testing.assert_allclose(got, want, **CLOSE, err_msg=f"at {time}")
        assert at.beyond == (time > max(expected["time"]))
    np.testing.assert_array_equal(curve.at_risk(asked["time"]), asked["n_risk"])


def check_logrank(ours: Any, theirs: dict[str, Any]) -> None:
    assert ours.df == theirs["df"]
    np.testing.assert_allclose([ours.chi2, ours.p], [theirs["chi2"], theirs["p"]], rtol=1e-9)
    np.testing.assert_allclose(ours.observed, theirs["observed"], **CLOSE)
    np.testing.assert_allclose(ours.expected, theirs["expected"], **CLOSE)


def check_cox(ours: CoxResult, theirs: dict[str, Any]) -> None:
    got = [ours.hr, ours.lower, ours.upper, ours.log_hr, ours.se, ours.p]
    np.testing.assert_allclose(got, [theirs[k] for k in ("hr", "lower", "upper", "log_hr", "se", "p")], rtol=1e-9)
    assert ours.converged
    assert not ours.separated


@pytest.fixture(scope="module")
def colon_data() -> dict[str, dict[str, np.ndarray]]:
    """Time, event and arm by endpoint, derived here from the two rows a patient has: definitions in survival.R."""
    rows: dict[int, dict[str, tuple[int, int, str]]] = {}
    with (FIXTURES / "data" / "colon.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault(int(row["id"]), {})[row["etype"]] = (int(row["time"]), int(row["status"]), row["rx"])
    recurrence, death = ([r[k] for r in rows.values()] for k in ("1", "2"))
    arm = np.array([r[2] for r in recurrence])
    first = [(r[0] if r[1] else d[0], r[1] | d[1]) for r, d in zip(recurrence, death, strict=True)]
    return {
        name: {"time": np.array([p[0] for p in pairs]), "event": np.array([p[1] for p in pairs]), "arm": arm}
        for name, pairs in (("TTR", recurrence), ("OS", death), ("RFS", first))
    }


def test_the_bundled_colon_table_is_the_one_r_saw() -> None:
    bundled = ROOT / "trials" / "colon" / "colon.csv"
    assert bundled.read_bytes() == (FIXTURES / "data" / "colon.csv").read_bytes()


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(("key", "interval"), [("km", "log-log"), ("km_log", "log"), ("km_plain", "plain")])
def test_kaplan_meier_as_in_r(r: dict[str, Any], name: str, key: str, interval: Any) -> None:
    sample = r["samples"][name]
    check_curve(kaplan_meier(sample["time"], sample["status"], interval=interval), sample[key])


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
def test_other_curves_as_in_r(r: dict[str, Any], name: str) -> None:
    s = r["samples"][name]
    t, e, x = np.array(s["time"]), np.array(s["status"]), np.array(s["treated"])
    check_curve(kaplan_meier(t, e, conf_level=0.9), s["km_90"])
    check_curve(follow_up(t, e), s["follow_up"])
    for code, group in ((0, "not_treated"), (1, "treated")):
        check_curve(kaplan_meier(t[x == code], e[x == code]), s["by_group"][group])


@pytest.mark.independent
@pytest.mark.parametrize("endpoint", ["TTR", "OS", "RFS"])
def test_colon_by_arm_as_in_r(r: dict[str, Any], colon_data: Any, endpoint: str) -> None:
    d, expected = colon_data[endpoint], r["colon"][endpoint]
    for arm in ARMS:
        mine = d["arm"] == arm
        check_curve(kaplan_meier(d["time"][mine], d["event"][mine]), expected["arms"][arm])
        check_curve(follow_up(d["time"][mine], d["event"][mine]), expected["follow_up"][arm])
    check_logrank(logrank(d["time"], d["event"], d["arm"]), expected["all"])
    for arm, pair in expected["pairs"].items():
        two = np.isin(d["arm"], ["Obs", arm])
        t, e, treated = d["time"][two], d["event"][two], d["arm"][two] == arm
        check_logrank(logrank(t, e, treated), pair["logrank"])
        check_cox(cox(t, e, treated), pair["cox"])


@pytest.mark.independent
@pytest.mark.parametrize("endpoint", ["TTR", "OS", "RFS"])
def test_colon_expected_is_the_same_story(colon_data: Any, endpoint: str) -> None:
    d = colon_data[endpoint]
    expected = json.loads((FIXTURES / "r" / "colon_expected.json").read_text())["endpoints"][endpoint]
    for arm in ARMS:
        mine, want = d["arm"] == arm, expected["arms"][arm]
        curve = kaplan_meier(d["time"][mine], d["event"][mine])
        assert (int(mine.sum()), int(d["event"][mine].sum())) == (want["n"], want["events"])
        median = curve.median()
        got = [median.estimate, median.lower, median.upper]
        np.testing.assert_allclose(got, numbers([want["median"], *want["median_ci"]]), rtol=1e-9)
        for landmark in want["landmarks"]:
            at = curve.at(landmark["day"])
            want_at = [landmark["survival"], *landmark["ci"], landmark["at_risk"]]
            np.testing.assert_allclose([at.survival, at.lower, at.upper, at.n_risk], want_at, rtol=1e-9)


@pytest.mark.independent
@pytest.mark.parametrize(
    "edge",
    ["flat", "plateau", "plateau_half", "no_events", "day_zero", "all_on_day_zero", "one_event", "one_censored"],
)
def test_edges_as_in_r(r: dict[str, Any], edge: str) -> None:
    expected = r["edges"][edge]
    check_curve(kaplan_meier(np.atleast_1d(expected["times"]), np.atleast_1d(expected["event"])), listed(expected))


def listed(curve: dict[str, Any]) -> dict[str, Any]:
    """A curve of one time comes as bare numbers."""
    arrays = ("time", "n_risk", "n_event", "n_censor", "survival", "std_err", "lower", "upper")
    return {k: np.atleast_1d(v).tolist() if k in arrays else v for k, v in curve.items()}


def test_median_conventions_part_ways_on_a_plateau_that_never_ends() -> None:
    curve = kaplan_meier([2, 5, 7, 20], [1, 1, 0, 0])
    assert curve.median("R").estimate == 12.5
    assert math.isnan(curve.median("SAS").estimate)
    # where the plateau ends both take its middle
    flat = kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1])
    assert flat.median("R").estimate == flat.median("SAS").estimate == 2.5


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
def test_logrank_as_in_r(r: dict[str, Any], name: str) -> None:
    s = r["samples"][name]
    check_logrank(logrank(s["time"], s["status"], s["treated"]), s["logrank"])
    if "strata" in s:
        check_logrank(logrank(s["time"], s["status"], s["treated"], s["strata"]), s["stratified_logrank"])
        check_logrank(logrank(s["time"], s["status"], s["strata"]), s["strata_logrank"])


@pytest.mark.independent
def test_a_group_that_is_gone_before_the_first_event_has_no_say(r: dict[str, Any]) -> None:
    gone = r["group_gone"]
    found = logrank(gone["time"], gone["status"], gone["group"])
    check_logrank(found, gone["logrank"])
    assert found.df == 1
    assert found.groups == (0, 1, 2)


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
def test_cox_as_in_r(r: dict[str, Any], name: str) -> None:
    s = r["samples"][name]
    check_cox(cox(s["time"], s["status"], s["treated"]), s["cox"])
    check_cox(cox(s["time"], s["status"], s["treated"], ties="breslow"), s["cox_breslow"])
    if "strata" in s:
        check_cox(cox(s["time"], s["status"], s["treated"], s["strata"]), s["stratified_cox"])
        breslow = cox(s["time"], s["status"], s["treated"], s["strata"], ties="breslow")
        check_cox(breslow, s["stratified_cox_breslow"])


@pytest.mark.parametrize("seed", [220, 295, 299, 466, 479, 754])
def test_cox_converges_where_rounding_hides_the_last_digits(seed: int) -> None:
    # Asked for 1e-14 of the log-likelihood, below its rounding error, the library's fit gives up on each of these.
    rng = np.random.default_rng(seed)
    n = 350
    treated = rng.random(n) < 0.5
    t = np.ceil(rng.exponential(300, n) * np.where(treated, 0.2, 1.0))
    e = np.ones(n, dtype=bool)
    found = cox(t, e, treated)
    assert found.converged
    assert abs(naive_score(t, e, treated, np.zeros(n), found.log_hr)) * found.se < 1e-10


@pytest.mark.independent
def test_far_tails_keep_their_precision(r: dict[str, Any]) -> None:
    far = r["far_tail"]
    assert far["logrank"]["p"] < 1e-20
    check_logrank(logrank(far["time"], far["status"], far["treated"]), far["logrank"])
    check_cox(cox(far["time"], far["status"], far["treated"]), far["cox"])


@pytest.mark.independent
def test_ties_broken_by_floating_point_are_mended_as_in_r(r: dict[str, Any]) -> None:
    s = r["broken_ties"]
    assert len(np.unique(s["time"])) > s["distinct"]  # else there is nothing to mend
    assert len(kaplan_meier(s["time"], s["status"]).time) == s["distinct"]
    for times in (s["time"], s["days"]):  # whole days need no mending and say the same
        check_logrank(logrank(times, s["status"], s["treated"]), s["logrank"])
        check_cox(cox(times, s["status"], s["treated"]), s["cox"])


# The treated are coded 1. Each case: times, events, treated, hazard ratio.
SEPARATED = [
    ([1, 2, 3, 4], [1, 1, 0, 0], [0, 0, 1, 1], 0.0),
    ([1, 2, 3, 4], [1, 1, 0, 0], [1, 1, 0, 0], math.inf),
    # events in both groups, but those of the treated come after the last of the others: they say nothing
    ([1, 2, 5, 6], [1, 1, 1, 1], [0, 0, 1, 1], 0.0),
    ([1, 2, 5, 6], [1, 1, 1, 1], [1, 1, 0, 0], math.inf),
]


@pytest.mark.parametrize(("time", "event", "treated", "hr"), SEPARATED)
def test_separation_is_said_and_not_estimated(time: Any, event: Any, treated: Any, hr: float) -> None:
    found = cox(time, event, treated)
    assert found.separated
    assert not found.converged
    assert found.hr == hr
    assert np.isnan([found.lower, found.upper, found.se, found.p]).all()
    assert logrank(time, event, treated).p < 1  # the test still stands


def test_separation_is_looked_for_within_strata() -> None:
    # within each stratum only the treated have events while both are at risk; over all, both do
    time, event = [1, 2, 20, 9, 9, 11, 12, 9, 10], [1, 1, 0, 0, 0, 1, 1, 0, 0]
    treated, strata = [1, 1, 1, 0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 1, 1, 1, 1]
    assert cox(time, event, treated).separated is False
    stratified = cox(time, event, treated, strata)
    assert stratified.separated
    assert stratified.hr == math.inf


def test_a_likelihood_that_is_flat_says_nothing() -> None:
    found = cox([1, 2, 3, 4], [0, 0, 1, 1], [1, 1, 0, 0])
    assert not found.separated
    assert not found.converged
    assert math.isnan(found.hr)
    assert math.isnan(logrank([1, 2, 3, 4], [0, 0, 1, 1], [1, 1, 0, 0]).p)
    everybody_at_once = logrank([0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1])
    assert math.isnan(everybody_at_once.p)
    assert everybody_at_once.observed == (2.0, 2.0)


@pytest.mark.parametrize("time", [[-1, 2], [np.nan, 2], [np.inf, 1]])
def test_impossible_times_are_refused(time: list[float]) -> None:
    with pytest.raises(ValueError, match="negative, infinite or missing"):
        kaplan_meier(time, [1, 0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kaplan_meier([1, 2], [1, 2]), "event: got a value"),
        (lambda: kaplan_meier([1, 2], [0.5, 1]), "event: got a value"),
        (lambda: kaplan_meier([1, 2], [np.nan, 1]), "event: got a value"),
        (lambda: kaplan_meier([1, 2], [1]), "shapes"),
        (lambda: kaplan_meier([[1, 2]], [[1, 1]]), "shapes"),
        (lambda: kaplan_meier([1, 2], [1, 1], conf_level=95), "conf_level"),
        (lambda: kaplan_meier([1, 2], [1, 1], interval="arcsine"), "interval"),  # type: ignore[arg-type]
        (lambda: kaplan_meier([1, 2], [1, 1]).quantile(1), "p: got"),
        (lambda: kaplan_meier([1, 2], [1, 1]).median("SPSS"), "convention"),  # type: ignore[arg-type]
        (lambda: kaplan_meier([1, 2], [1, 1]).at(-1), "time: got"),
        (lambda: kaplan_meier([1, 2], [1, 1]).at(math.nan), "time: got"),
        (lambda: logrank([1, 2], [1, 1], [0]), "group: got shape"),
        (lambda: logrank([1, 2], [1, 1], [0, math.nan]), "group: got a missing label"),
        (lambda: logrank([1, 2], [1, 1], np.array(["a", None], dtype=object)), "group: got a missing label"),
        (lambda: logrank([1, 2], [1, 1], [0, 1], [1]), "strata: got shape"),
        (lambda: cox([1, 2], [1, 1], [1, 2]), "treated: got a value"),
        (lambda: cox([1, 2], [1, 1], [1]), "treated: got shape"),
        (lambda: cox([1, 2], [1, 1], [1, 0], ties="exact"), "ties"),  # type: ignore[arg-type]
    ],
)
def test_what_makes_no_sense_is_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_nothing_to_test() -> None:
    empty = kaplan_meier([], [])
    assert math.isnan(empty.median().estimate)
    assert math.isnan(empty.at(5).survival)
    assert empty.at(5).n_risk == 0
    assert empty.at_risk([0, 5]).tolist() == [0, 0]
    assert math.isnan(empty.last_time)
    assert math.isnan(logrank([], [], []).p)
    assert math.isnan(cox([], [], []).hr)
    assert math.isnan(cox([], [], [], []).hr)
    assert math.isnan(logrank([1, 2], [0, 0], [0, 1]).p)
    assert math.isnan(cox([1, 2], [0, 0], [0, 1]).hr)
    assert math.isnan(logrank([1, 2], [1, 1], [0, 0]).chi2)


def test_a_result_cannot_be_changed() -> None:
    curve = kaplan_meier([1, 2], [1, 1])
    with pytest.raises(ValueError, match="read-only"):
        curve.survival[0] = 1.0


samples = st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.booleans()), min_size=2, max_size=40)


def arrays(rows: list[tuple[int, bool, bool]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    t, e, g = (np.array(v) for v in zip(*rows, strict=True))
    return t, e, g


@pytest.mark.property
@given(samples, st.randoms(use_true_random=False), st.sampled_from(["log-log", "log", "plain"]))
def test_a_curve_falls_and_does_not_mind_the_order(rows: Any, random: Any, interval: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    (t, e, _), (u, f, _) = arrays(rows), arrays(shuffled)
    curve, again = kaplan_meier(t, e, interval=interval), kaplan_meier(u, f, interval=interval)
    np.testing.assert_array_equal(curve.survival, again.survival)
    assert (np.diff(curve.survival) <= 0).all()
    assert ((curve.survival >= 0) & (curve.survival <= 1)).all()
    seen = curve.survival > 0
    assert (curve.lower[seen] <= curve.survival[seen]).all()
    assert (curve.upper[seen] >= curve.survival[seen]).all()
    # a step function: nothing between two times, and everyone is somewhere
    for i in range(len(curve.time) - 1):
        assert curve.at(float(curve.time[i : i + 2].mean())).survival == curve.survival[i]
    assert curve.n_event.sum() + curve.n_censor.sum() == len(t) == curve.at(0).n_risk


@pytest.mark.property
@given(samples, st.sampled_from([2, 7, 30]))
def test_curves_do_not_mind_the_unit(rows: Any, unit: int) -> None:
    t, e, _ = arrays(rows)
    one, other = kaplan_meier(t, e), kaplan_meier(t * unit, e)
    np.testing.assert_array_equal(one.survival, other.survival)
    np.testing.assert_array_equal(one.lower, other.lower)
    for p in PROBABILITIES:
        np.testing.assert_allclose(other.quantile(p).estimate, one.quantile(p).estimate * unit)


@pytest.mark.property
@given(samples, st.sampled_from([2, 7, 30]))
def test_arms_and_units(rows: Any, unit: int) -> None:
    t, e, g = arrays(rows)
    assume(g.any() and not g.all() and e.any())
    one, other = logrank(t, e, g), logrank(t * unit, e, ~g)
    np.testing.assert_allclose(one.chi2, other.chi2, rtol=1e-9, atol=1e-12)
    if math.isfinite(one.chi2):
        np.testing.assert_allclose(sum(one.observed), sum(one.expected), rtol=1e-9)
    a, b = cox(t, e, g), cox(t * unit, e, ~g)
    assert (a.separated, a.converged) == (b.separated, b.converged)
    if a.converged:
        np.testing.assert_allclose([a.log_hr, a.se], [-b.log_hr, b.se], rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose([a.lower * b.upper, a.hr * b.hr], 1.0, rtol=1e-7)


@pytest.mark.property
@given(samples, st.booleans())
def test_cox_solves_its_equation_or_says_why_not(rows: Any, stratified: bool) -> None:
    """The score of the partial likelihood, written out, is 0 at the estimate, and has no root where we say so."""
    t, e, g = arrays(rows)
    strata = np.arange(len(t)) % 2 if stratified else np.zeros(len(t), dtype=int)
    found = cox(t, e, g, strata if stratified else None)
    if found.converged:
        assert naive_score(t, e, g, strata, found.log_hr) == pytest.approx(0, abs=1e-8)
    else:
        low, high = (naive_score(t, e, g, strata, b) for b in (-30.0, 30.0))
        if found.separated and found.hr > 1:
            assert high > 0
        elif found.separated:
            assert low < 0
        else:
            assert low == high == 0


def naive_score(t: np.ndarray, e: np.ndarray, g: np.ndarray, strata: np.ndarray, beta: float) -> float:
    """Efron's score, event time by event time."""
    total = 0.0
    weight = np.exp(beta * (g - 0.5))
    for s in np.unique(strata):
        for moment in np.unique(t[e & (strata == s)]):
            at_risk, dying = (strata == s) & (t >= moment), (strata == s) & (t == moment) & e
            # shares of treated among those at risk, so that one group alone gives 0 and not rounding
            for k in range(d := int(dying.sum())):
                others = sum(weight[(at_risk & (g == x))].sum() - k / d * weight[dying & (g == x)].sum() for x in (0,))
                treated = weight[at_risk & g].sum() - k / d * weight[dying & g].sum()
                dead_treated = (dying & g).sum() / d
                total += dead_treated * others / (others + treated) - (1 - dead_treated) * treated / (others + treated)
    return total


@pytest.mark.independent
@pytest.mark.property
@given(samples)
def test_scipy_is_of_the_same_mind(rows: Any) -> None:
    from scipy.stats import CensoredData, ecdf
    from scipy.stats import logrank as scipy_logrank

    t, e, g = arrays(rows)
    curve = kaplan_meier(t, e)
    theirs = ecdf(CensoredData(uncensored=t[e], right=t[~e])).sf
    np.testing.assert_allclose(curve.survival, theirs.evaluate(curve.time), **CLOSE)
    assume(g.any() and not g.all())
    ours = logrank(t, e, g)
    if math.isfinite(ours.chi2):
        sides = (CensoredData(uncensored=t[m & e], right=t[m & ~e]) for m in (g, ~g))
        np.testing.assert_allclose(scipy_logrank(*sides).statistic ** 2, ours.chi2, rtol=1e-9, atol=1e-9)


@pytest.mark.independent
@pytest.mark.parametrize("name", SAMPLES)
def test_statsmodels_is_of_the_same_mind(r: dict[str, Any], name: str) -> None:
    duration = pytest.importorskip("statsmodels.duration.api", reason="statsmodels is not installed")
    s = r["samples"][name]
    t, e, x, strata = (np.array(s[k]) for k in ("time", "status", "treated", "strata" if "strata" in s else "treated"))
    chi2, p = duration.survdiff(t, e, x)
    ours = logrank(t, e, x)
    np.testing.assert_allclose([ours.chi2, ours.p], [chi2, p], rtol=1e-9)
    for ties in ("efron", "breslow"):
        fit = duration.PHReg(t, x[:, None].astype(float), status=e, ties=ties).fit(disp=0)
        mine = cox(t, e, x, ties=ties)  # type: ignore[arg-type]
        np.testing.assert_allclose([mine.log_hr, mine.se], [fit.params[0], fit.bse[0]], rtol=1e-6)
    if "strata" in s:
        fit = duration.PHReg(t, x[:, None].astype(float), status=e, ties="efron", strata=strata).fit(disp=0)
        mine = cox(t, e, x, strata)
        np.testing.assert_allclose([mine.log_hr, mine.se], [fit.params[0], fit.bse[0]], rtol=1e-6)
        chi2, p = duration.survdiff(t, e, x, strata=strata)
        np.testing.assert_allclose(logrank(t, e, x, strata).chi2, chi2, rtol=1e-9)
