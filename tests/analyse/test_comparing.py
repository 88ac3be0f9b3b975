"""Arms compared in strata: held to R through a trial's own road, decided by, and refused where it cannot be."""

from __future__ import annotations

import copy
import math
import tomllib

import pytest

from equipoise.analyse.analysis import analyse, comparisons_table
from equipoise.analyse.comparing import logrank_between
from equipoise.analyse.survival import SurvivalResult, observations
from equipoise.decide.evidence.hazard_ratio import HazardRatioMaker
from equipoise.decide.evidence.log_rank import LogRankMaker
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import trial_from
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.trial.evidence import HazardRatioEvidence, StatisticEvidence
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from levels import R, a_trial, snap_of
from variants import scenario

TIED = R["strata, tied"]


@pytest.mark.independent
def test_a_stratified_comparison_is_that_of_r() -> None:
    trial = a_trial(stratified_by=["region"])
    snap = snap_of(trial, TIED["data"])
    found = analyse(trial, snap).endpoints["OS"]
    assert isinstance(found, SurvivalResult)
    c, want = found.comparisons["T vs C"], TIED["stratified"]
    got = [c.logrank_chi2, c.hr, *c.hr_ci, c.log_hr_se]
    assert got == pytest.approx([want[k] for k in ("chi2", "hr", "lower", "upper", "se")], rel=1e-9)
    assert c.strata == "stratified by region"
    assert comparisons_table(trial, analyse(trial, snap)).rows[0][-1] == "stratified by region"


@pytest.mark.independent
def test_a_design_on_log_rank_or_hazard_ratio_decides_by_what_is_stratified() -> None:
    trial, plain = a_trial(stratified_by=["region"]), a_trial()
    evidence = {}
    for t in (trial, plain):
        seen = LogRankMaker().gather(t, snap_of(t, TIED["data"]), 1).seen().evidence
        assert isinstance(seen, StatisticEvidence)
        evidence[t is trial] = seen
    assert evidence[True].z == pytest.approx(TIED["stratified"]["z"], rel=1e-9)
    assert evidence[False].z != pytest.approx(TIED["stratified"]["z"], rel=1e-3)
    assert evidence[True].information == evidence[False].information
    ratio = HazardRatioMaker().gather(trial, snap_of(trial, TIED["data"]), 1).seen().evidence
    assert isinstance(ratio, HazardRatioEvidence)
    assert ratio.log_hr == pytest.approx(math.log(TIED["stratified"]["hr"]), rel=1e-9)


def test_z_is_positive_where_the_tested_arm_does_better() -> None:
    trial = a_trial(stratified_by=["region"])
    data = {"time": [100, 90, 200, 210, 10, 20, 30, 40], "cause": [1] * 8, "group": [1] * 4 + [2] * 4, "stratum": [1, 1, 2, 2] * 2}  # fmt: skip
    snap = snap_of(trial, data)
    by_arm, endpoint = observations(trial, snap, trial.time_to_event("OS")), trial.time_to_event("OS")
    z = logrank_between(trial, endpoint, by_arm["T"], by_arm["C"], snap)
    assert z > 0
    assert logrank_between(trial, endpoint, by_arm["C"], by_arm["T"], snap) == pytest.approx(-z)
    # A stratum for each patient: nobody is compared with anybody.
    alone = snap_of(trial, {**data, "time": data["time"][:4], "cause": [1] * 4, "group": [1, 1, 2, 2], "stratum": [1, 2, 3, 4]})  # fmt: skip
    found = analyse(trial, alone)
    assert logrank_between(trial, endpoint, *observations(trial, alone, endpoint).values(), alone) == 0
    assert "no event while both arms were at risk in any stratum" in str(comparisons_table(trial, found).rows[0][2])


def test_who_has_no_level_is_a_stratum_of_its_own_and_it_is_said() -> None:
    trial = a_trial(stratified_by=["region"])
    found = analyse(trial, snap_of(trial, TIED["data"], level=False)).endpoints["OS"]
    plain = analyse(a_trial(), snap_of(a_trial(), TIED["data"], level=False)).endpoints["OS"]
    assert isinstance(found, SurvivalResult)
    assert isinstance(plain, SurvivalResult)
    one, other = found.comparisons["T vs C"], plain.comparisons["T vs C"]
    assert one.p == pytest.approx(other.p)
    assert one.strata == "stratified by region (150 without a recorded level: a stratum of their own)"
    assert other.strata == "unstratified"


def test_all_that_is_wrong_with_strata_is_said_at_once() -> None:
    raw = copy.deepcopy(tomllib.loads(find_trial("north").read_text()))
    raw["endpoints"][0]["stratified_by"] = ["ecgo", "ldh", "ldh"]
    raw["endpoints"][4] |= {"stratified_by": ["sex"], "origin": "first response"}
    with pytest.raises(BadInput) as bad:
        trial_from(raw, "test")
    told = [(p.code, p.where, p.given) for p in bad.value.problems]
    assert ("unknown-factor", "endpoints[0].stratified_by", "'ecgo'") in told
    assert ("duplicate-name", "endpoints[0].stratified_by", "'ldh'") in told
    assert ("unknown-factor", "endpoints[4].stratified_by", "'sex'") in told
    assert ("stratified-responders", "endpoints[4].stratified_by", "['sex']") in told


def test_what_is_not_said_leaves_the_fingerprint_and_what_is_said_changes_it(north: Trial) -> None:
    raw = tomllib.loads(find_trial("north").read_text())
    raw["endpoints"][0]["stratified_by"] = []
    assert trial_from(raw, "test").fingerprint == north.fingerprint
    raw["endpoints"][0]["stratified_by"] = ["ecog"]
    assert trial_from(raw, "test").fingerprint != north.fingerprint


def test_the_compiled_simulator_leaves_strata_to_the_reference() -> None:
    raw = tomllib.loads(find_trial("north").read_text())
    for by, usual in (([], True), (["ecog", "ldh"], False)):
        raw["endpoints"][0]["stratified_by"] = by
        assert Plan.of(trial_from(raw, "test"), scenario(), seed=1).usual is usual


def test_a_trial_compared_in_strata_is_simulated_to_its_end_by_the_reference() -> None:
    """The log-rank design in strata: the same patients as without them, another statistic at its looks."""
    found = {}
    for by in ([], ["region"]):
        trial = a_trial(stratified_by=by)
        plan = Plan.of(trial, own_scenarios(trial)[-1], seed=20)
        assert plan.usual is not bool(by)
        simulated = run(plan, 0)
        found[bool(by)] = [
            (look.decision.distance, look.decision.beside["randomised comparison"]) for look in simulated.looks
        ]
    assert len(found[True]) == len(found[False]) > 0
    for (one, beside), (other, plain) in zip(found[True], found[False], strict=True):
        assert isinstance(beside, dict)
        assert isinstance(plain, dict)
        assert one != other
        assert beside["method"].endswith("stratified by region")
        assert plain["method"].endswith("unstratified")
        assert beside["n"] == plain["n"]
