"""Cumulative incidence, restricted means, responders' times and subgroups through a trial's own road, and what is not shown."""

from __future__ import annotations

import copy
import math
import tomllib
from typing import Any

import pytest

from equipoise.analyse.analysis import analyse, comparisons_table, further_tables, rates_table, times_table
from equipoise.analyse.competing_events import analyse_incidence, incidence_figure
from equipoise.analyse.data import cut
from equipoise.analyse.rates import RateResult
from equipoise.analyse.response_times import responded_on
from equipoise.analyse.subgroups import forest_figure, shown_forests
from equipoise.analyse.survival import SurvivalResult, survival_figure
from equipoise.files.bundled import find_trial
from equipoise.files.plain import to_json
from equipoise.files.trial_file import trial_from
from equipoise.simulate.run import run
from equipoise.trial.endpoint import Response
from equipoise.trial.trial import Trial
from levels import ANY_DEATH, PROGRESSION, R, a_trial, snap_of

TIED = R["strata, tied"]
ON_THE_DAY = [{"when": w, "at": "that day"} for w in ("death", "withdrawal", "no event")]
COMPETING: dict[str, Any] = {"events": ["progression"], "censoring": ON_THE_DAY, "report_at": "12 days"}


@pytest.mark.independent
def test_cumulative_incidence_and_gray_s_test_are_those_of_r() -> None:
    trial = a_trial(**COMPETING, stratified_by=["region"])
    snap = snap_of(trial, TIED["data"], ends=PROGRESSION)
    found = analyse(trial, snap).cumulative_incidence["OS"]
    want = TIED["aj"]["at"]
    i = want["time"].index(12)
    assert found.arms["T"].incidence == pytest.approx(want["incidence"][i], rel=1e-9)
    assert found.arms["T"].at_risk == want["n_risk"][i]
    gray = found.comparisons["T vs C"]
    assert (gray.chi2, gray.p) == pytest.approx((TIED["gray"]["chi2"], TIED["gray"]["p"]), rel=1e-9)
    assert gray.strata == "stratified by region"
    assert found.all_arms is None
    assert found.competes == "death"


@pytest.mark.independent
def test_real_patients_are_those_of_r(equipoise: Any) -> None:
    """The colon trial's 929 patients: recurrence with death competing, and the restricted mean of survival."""
    found, want = equipoise("analyse", "colon", "--json").json, R["colon"]
    incidence, means = found["cumulative_incidence"]["TTR"], found["restricted_means"]["OS"]
    assert means["tau"] == want["os_tau"]
    for arm, expected in want["incidence"].items():
        a = incidence["arms"][arm]
        assert [a["incidence"], *a["ci"]] == pytest.approx(expected, rel=1e-9)
        assert [means["arms"][arm][k] for k in ("mean", "se")] == pytest.approx(want["os_mean"][arm], rel=1e-9)
    for name in ("Lev vs Obs", "Lev+5FU vs Obs"):
        gray = incidence["comparisons"][name]
        assert [gray["chi2"], gray["p"]] == pytest.approx([want[name]["chi2"], want[name]["p"]], rel=1e-8)
    assert incidence["all_arms"]["chi2"] == pytest.approx(want["all"]["chi2"], rel=1e-9)


def test_what_competes_came_on_its_own_day_wherever_the_rule_censors() -> None:
    early = [{"when": "death", "at": "last assessment"}, *ON_THE_DAY[1:]]
    trials = a_trial(**COMPETING), a_trial(**{**COMPETING, "censoring": early})
    found = []
    for trial in trials:
        snap = snap_of(trial, TIED["data"], ends=PROGRESSION)
        incidence = analyse_incidence(trial, snap, trial.time_to_event("OS"))
        assert incidence is not None
        found.append(incidence)
    assert found[0].arms == found[1].arms
    assert found[0].comparisons["T vs C"].chi2 == found[1].comparisons["T vs C"].chi2


def test_a_curve_that_censors_a_competing_event_is_never_shown_without_a_caution() -> None:
    trial, plain = a_trial(**COMPETING), a_trial()
    for t, said in ((trial, True), (plain, False)):
        snap = snap_of(t, TIED["data"], ends=PROGRESSION)
        result = analyse(t, snap)
        assert any("exceeds the share" in n for n in times_table(t, result).notes) is said
        assert ("exceeds the share" in survival_figure(t, snap, t.time_to_event("OS")).caption) is said
        assert ("OS" in result.cumulative_incidence) is said
        # The area under such a curve is no mean.
        assert ("OS" in result.restricted_means) is not said
    figure = incidence_figure(trial, snap_of(trial, TIED["data"], ends=PROGRESSION), trial.time_to_event("OS"))
    assert [c.label for c in figure.curves] == ["Study drug", "Standard treatment"]


@pytest.mark.independent
def test_restricted_means_are_those_of_r() -> None:
    trial = a_trial()
    found = analyse(trial, snap_of(trial, TIED["data"])).restricted_means["OS"]
    want = TIED["rmst"]
    assert found.tau == want["one"]["tau"]
    for arm, key in (("T", "one"), ("C", "other")):
        assert (found.arms[arm].mean, found.arms[arm].se) == pytest.approx(
            (want[key]["mean"], want[key]["se"]), rel=1e-9
        )
    gain = found.differences["T vs C"]
    got = (gain.difference, gain.se, *gain.ci, gain.p)
    assert got == pytest.approx(tuple(want[k] for k in ("difference", "se", "lower", "upper", "p")), rel=1e-9)


@pytest.mark.independent
def test_a_forest_is_that_of_r() -> None:
    trial = a_trial(stratified_by=["region"])
    result = analyse(trial, snap_of(trial, TIED["data"], ends=ANY_DEATH))
    forest = result.subgroups["OS"]["T vs C"]
    (region,) = forest.factors
    for level, want in zip(region.levels, TIED["forest"]["levels"].values(), strict=True):
        assert (level.hr, *level.hr_ci) == pytest.approx((want["hr"], want["lower"], want["upper"]), rel=1e-6)
    want = TIED["forest"]
    assert (region.interaction_chi2, region.df, region.interaction_p) == pytest.approx((want["chi2"], want["df"], want["p"]), rel=1e-6)  # fmt: skip
    assert sum(sum(level.n) for level in region.levels) == sum(forest.overall.n) == 150
    comparison = result.endpoints["OS"]
    assert isinstance(comparison, SurvivalResult)
    assert (forest.overall.hr, forest.strata) == (comparison.comparisons["T vs C"].hr, "stratified by region")
    figure = forest_figure(trial, forest)
    assert figure is not None
    assert [r.kind for r in figure.rows] == ["arm"] * 4 + ["mean"]


def test_a_level_without_an_estimate_is_said_and_not_tested() -> None:
    trial = a_trial()
    data = {
        "time": [5, 6, 7, 8, 9, 5, 6, 4, 11, 3], "cause": [1, 1, 1, 1, 0, 1, 1, 1, 1, 1],
        "group": [1, 2, 1, 2, 1, 1, 2, 2, 1, 1], "stratum": [1, 1, 1, 1, 1, 2, 2, 2, 2, 3],
    }  # fmt: skip
    result = analyse(trial, snap_of(trial, data))
    forest = result.subgroups["OS"]["T vs C"]
    third, fourth = forest.factors[0].levels[2:]
    assert (third.estimable, third.not_estimable_because) == (False, "nobody on one arm")
    assert (fourth.n, fourth.not_estimable_because) == ((0, 0), "nobody")
    assert list(forest.factors[0].tested_levels) == ["1", "2"]
    assert forest.factors[0].df == 1
    figure = forest_figure(trial, forest)
    assert figure is not None
    assert "Without an estimate: region: 3; region: 4." in figure.caption
    unrecorded = analyse(trial, snap_of(trial, data, level=False)).subgroups["OS"]["T vs C"].factors[0]
    assert [level.level for level in unrecorded.levels][-1] == "not recorded"
    assert math.isnan(unrecorded.interaction_p)


def arms(tested: int, controls: int, **endpoint: Any) -> Trial:
    raw = copy.deepcopy(tomllib.loads(find_trial("kinds/group-sequential").read_text()))
    raw["arms"] = [{"name": f"T{i}", "label": f"T{i}", "tested": True} for i in range(tested)]
    raw["arms"] += [{"name": f"C{i}", "label": f"C{i}", "tested": False} for i in range(controls)]
    raw["endpoints"][0] |= endpoint
    for part in ("design", "monitoring", "assumptions"):
        del raw[part]
    raw["start"] = raw["start"].replace(2024, 1, 8)
    raw["randomisation"]["block_sizes"] = [tested + controls]
    if tested + controls == 1:
        del raw["randomisation"]
    return trial_from(raw, "test")


THREE = R["three groups, tied"]


@pytest.mark.independent
def test_any_number_of_arms() -> None:
    """Each tested arm against the control; without a control nothing is compared, and the table says so; one arm has estimates."""
    trial = arms(2, 1, **COMPETING)
    snap = snap_of(trial, THREE["data"], level=False, ends=PROGRESSION, arms=["T0", "T1", "C0"])
    result = analyse(trial, snap)
    incidence = result.cumulative_incidence["OS"]
    assert list(incidence.comparisons) == ["T0 vs C0", "T1 vs C0"]
    assert incidence.all_arms is not None
    assert (incidence.all_arms.chi2, incidence.all_arms.df) == pytest.approx((THREE["gray"]["chi2"], 2), rel=1e-9)

    trial = arms(3, 0)
    snap = snap_of(trial, THREE["data"], level=False, arms=["T0", "T1", "T2"])
    result = analyse(trial, snap)
    table = comparisons_table(trial, result)
    assert [row[2] for row in table.rows] == [
        "not compared: no control arm, and the tested arms are not compared with each other"
    ]
    assert not result.restricted_means["OS"].differences
    assert result.subgroups["OS"] == {}

    trial = arms(1, 0, **COMPETING)
    snap = snap_of(trial, {k: [1] * 9 if k == "group" else v[:9] for k, v in THREE["data"].items()}, level=False, ends=PROGRESSION, arms=["T0"])  # fmt: skip
    result = analyse(trial, snap)
    assert not comparisons_table(trial, result).rows
    assert list(result.cumulative_incidence["OS"].arms) == ["T0"]
    assert "Nothing is compared." in further_tables(trial, result)[0].notes


def with_durations() -> Trial:
    """NORTH with a duration of response, confirmed and not."""
    raw = copy.deepcopy(tomllib.loads(find_trial("north").read_text()))
    for name, confirmed in (("DOR", False), ("CDOR", True)):
        raw["endpoints"].append({
            "name": name, "label": name, "role": "secondary", "kind": "time to event", "origin": "first response", "confirmed": confirmed,
            "events": ["progression", "death"], "censoring": [{"when": "no event", "at": "last assessment"}],
        })  # fmt: skip
    return trial_from(raw, "test")


def test_times_of_responders(plan: Any) -> None:
    """Who responds is who the rate counts; durations and times to response are of the same patients; arms are not compared on them."""
    trial = with_durations()
    log = run(plan("target"), 0, detail=True).log
    last = max(e.happened for e in log)
    result = analyse(trial, snap := cut(trial, log, last))
    rate, times = result.endpoints["ORR"], result.response_times
    assert isinstance(rate, RateResult)
    assert sum(a.responders for a in times["ORR"].arms.values()) > 20
    for arm, found in times["ORR"].arms.items():
        assert found.responders == rate.arms[arm].successes == len(found.days)
        duration = result.endpoints["DOR"]
        assert isinstance(duration, SurvivalResult)
        assert duration.arms[arm].n == times["DOR"].arms[arm].responders == found.responders
        assert times["DOR"].arms[arm].days == found.days
        assert times["CDOR"].arms[arm].responders < found.responders
        assert not duration.comparisons
    # Whoever progressed after a response did so a time to response and a duration after randomisation.
    orr = trial.endpoint_by_name["ORR"]
    assert isinstance(orr, Response)
    seen = [responded_on(p, orr, snap.cutoff) for p in snap.randomised]
    assert all(day is None or p.first_progression is None or day < p.first_progression.on for day, p in zip(seen, snap.randomised, strict=True))  # fmt: skip
    assert any("DOR" in note for note in comparisons_table(trial, result).notes)
    (table,) = (t for t in further_tables(trial, result) if t.title == "Time to response and its duration")
    assert len(table.columns) == 6
    assert all(len(row) in (1, 6) for row in table.rows)
    to_json(result)


def test_early_in_a_trial_nothing_is_made_up(plan: Any) -> None:
    """On every early day every table and figure can be made, and holds no number that is none."""
    trial, log = with_durations(), run(plan("target"), 1, detail=True).log
    first = min(e.happened for e in log if e.kind == "randomised")
    for later in (-10, 0, 20, 45, 60, 90, 150):
        snap = cut(trial, log, first.fromordinal(first.toordinal() + later))
        result = analyse(trial, snap)
        tables = [*further_tables(trial, result), times_table(trial, result), comparisons_table(trial, result), rates_table(trial, result)]  # fmt: skip
        text = " ".join(str(cell) for t in tables for row in t.rows for cell in row)
        assert "nan" not in text
        assert "inf" not in text
        for forest in shown_forests(trial, result.subgroups):
            figure = forest_figure(trial, forest)
            assert figure is None or all(math.isfinite(r.lower + r.upper) for r in figure.rows)
        incidence_figure(trial, snap, trial.time_to_event("TTP"))
