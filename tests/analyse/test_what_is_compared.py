"""Real patients against R and cmprsk through the command; what is compared in strata, and what is never compared."""

from __future__ import annotations

import copy
import math
import tomllib
from typing import Any

import pytest

from equipoise.analyse.analysis import analyse, comparisons_table, rates_table
from equipoise.analyse.data import cut
from equipoise.analyse.survival import SurvivalResult
from equipoise.decide.evidence.hazard_ratio import HazardRatioMaker
from equipoise.decide.evidence.log_rank import LogRankMaker
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import trial_from
from equipoise.report.figures.forest import draw_forest
from equipoise.simulate.run import run
from equipoise.trial.evidence import HazardRatioEvidence, StatisticEvidence
from equipoise.trial.exhibits import ForestFigure, ForestRow
from levels import R, a_trial, snap_of

TIED = R["strata, tied"]


@pytest.mark.independent
def test_real_patients_are_those_of_r(equipoise: Any) -> None:
    """The colon trial's 929 patients: recurrence with death competing, and the restricted mean of survival."""
    found, want = equipoise("analyse", "colon", "--json").json["endpoints"], R["colon"]
    incidence, means = found["TTR"]["incidence"], found["OS"]["restricted_mean"]
    assert means["tau"] == want["os_tau"]
    for arm, expected in want["incidence"].items():
        a = incidence["arms"][arm]
        assert [a["incidence"], *a["ci"]] == pytest.approx(expected, rel=1e-9)
        assert [means["arms"][arm][k] for k in ("mean", "std_err")] == pytest.approx(want["os_mean"][arm], rel=1e-9)
    for name in ("Lev vs Obs", "Lev+5FU vs Obs"):
        gray = incidence["comparisons"][name]
        assert [gray["chi2"], gray["p"]] == pytest.approx([want[name]["chi2"], want[name]["p"]], rel=1e-8)
    assert incidence["all_arms"]["chi2"] == pytest.approx(want["all"]["chi2"], rel=1e-9)


@pytest.mark.independent
def test_evidence_in_strata_is_r_s() -> None:
    """z of the log-rank test, and the log hazard ratio, of a design that decides on them."""
    trial = a_trial(stratified_by=["region"])
    snap, want = snap_of(trial, TIED["data"]), TIED["stratified"]
    z = LogRankMaker().gather(trial, snap, 1).seen().evidence
    ratio = HazardRatioMaker().gather(trial, snap, 1).seen().evidence
    assert isinstance(z, StatisticEvidence)
    assert isinstance(ratio, HazardRatioEvidence)
    assert z.z == pytest.approx(want["z"], rel=1e-9)
    assert ratio.log_hr == pytest.approx(math.log(want["hr"]), rel=1e-9)


def test_responders_are_described_and_nowhere_compared(plan: Any) -> None:
    raw = copy.deepcopy(tomllib.loads(find_trial("north").read_text()))
    raw["endpoints"].append({
        "name": "DOR", "label": "Duration of response", "role": "secondary", "kind": "time to event", "origin": "first response",
        "events": ["progression"], "censoring": [{"when": "death", "at": "that day"}, {"when": "no event", "at": "last assessment"}],
    })  # fmt: skip
    raw["endpoints"].append({
        "name": "TTP6", "label": "Free of progression", "role": "secondary", "kind": "landmark", "of": "TTP", "landmark": "6 months",
        "window": "10 weeks", "not_evaluable": "exclude",
    })  # fmt: skip
    trial = trial_from(raw, "test")
    log = run(plan("target"), 0, detail=True).log
    result = analyse(trial, cut(trial, log, max(e.happened for e in log)))
    found = result.endpoints["DOR"]
    assert isinstance(found, SurvivalResult)
    assert all(a.n > 5 for a in found.arms.values())
    assert found.restricted_mean is not None
    assert found.incidence is not None
    assert (found.comparisons, found.all_arms, found.subgroups) == ({}, None, {})
    assert (found.restricted_mean.differences, found.incidence.comparisons, found.incidence.all_arms) == ({}, {}, None)
    table = comparisons_table(trial, result)
    assert "Duration of response" not in [row[0] for row in table.rows]
    assert any("Duration of response" in note and "not compared" in note for note in table.notes)
    # A curve at a landmark that censors deaths has its caution too.
    assert any("overstates" in note for note in rates_table(trial, result).notes)


def test_a_wide_forest_has_room_for_its_ticks() -> None:
    """Over a wide axis the ticks are those that have room: fewer, though it is longer."""
    drawn = [
        draw_forest(ForestFigure("t", "x", [ForestRow("a", "", 1.0, low, high, 1.0)], (1.0, "none"), "", "ratio"), "f")
        for low, high in ((0.12, 3.0), (0.005, 60.0))
    ]
    ticks = [svg.count('id="f-xtick_') for svg in drawn]
    assert 5 <= ticks[1] < ticks[0]
