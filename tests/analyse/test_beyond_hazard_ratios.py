"""Strata, competing events, restricted means, responders and subgroups of whole trials."""

from __future__ import annotations

import copy
import math
import tomllib
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from equipoise.analyse.analysis import analyse, comparisons_table, times_table
from equipoise.analyse.between_arms import compare, logrank_between
from equipoise.analyse.beyond_tables import tables_beyond
from equipoise.analyse.endpoints import Observed
from equipoise.analyse.incidence import watched_of
from equipoise.analyse.randomised import randomised_comparison
from equipoise.analyse.strata import NOT_RECORDED, strata_of
from equipoise.analyse.survival import SurvivalResult, analyse_survival, observations
from equipoise.dossier.efficacy import efficacy
from equipoise.dossier.findings import Findings
from equipoise.files.bundled import find_trial
from equipoise.files.table_file import log_from_table
from equipoise.files.trial_file import trial_from
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.trial.exhibits import LineFigure, SurvivalFigure
from equipoise.trial.snapshot import Snapshot, snapshot
from equipoise.trial.trial import Trial

RAW = tomllib.loads(find_trial("north").read_text())
DURATION = {
    "name": "DOR", "label": "Duration of response", "role": "secondary", "kind": "time to event", "origin": "first response",
    "events": ["progression", "death"], "censoring": [{"when": "no event", "at": "last assessment"}],
}  # fmt: skip
TO_RESPONSE = {
    "name": "TTR", "label": "Time to response", "role": "secondary", "kind": "time to event", "origin": "randomisation",
    "events": ["response"], "report_at": "6 months",
    "censoring": [
        {"when": "death", "at": "last assessment"}, {"when": "progression", "at": "that day"}, {"when": "no event", "at": "last assessment"},
    ],
}  # fmt: skip


def varied(**changes: Any) -> Trial:
    """NORTH with entries of endpoints changed, and endpoints and arms added."""
    raw = copy.deepcopy(RAW)
    for endpoint in raw["endpoints"]:
        endpoint.update(changes.get(endpoint["name"], {}))
    raw["endpoints"] += changes.get("more", [])
    return trial_from(raw, "t.toml")


@pytest.fixture(scope="module")
def stratified() -> Trial:
    by = {"stratified_by": ["ecog", "ldh"]}
    return varied(PFS=by, TTP=by, more=[DURATION, TO_RESPONSE])


@pytest.fixture(scope="module")
def snap(plan: Any) -> Snapshot:
    log = run(plan("target"), 3).log
    return snapshot(log, max(e.happened for e in log), fingerprint=False)


def by_hand(by_arm: Any, strata: Any) -> tuple[float, float]:
    """(expected - observed of the tested arm) and its variance, hypergeometric, summed over days and strata."""
    gap = variance = 0.0
    everybody = [(o, arm == "IMGN901") for arm, group in by_arm.items() for o in group]
    for s in {strata[o.patient] for o, _ in everybody}:
        mine = [(o, t) for o, t in everybody if strata[o.patient] == s]
        for day in {o.days for o, _ in mine if o.event}:
            at_risk = [(o, t) for o, t in mine if o.days >= day]
            n, n1 = len(at_risk), sum(t for _, t in at_risk)
            events = [t for o, t in at_risk if o.event and o.days == day]
            d = len(events)
            gap += d * n1 / n - sum(events)
            variance += d * (n1 / n) * (1 - n1 / n) * (n - d) / (n - 1) if n > 1 else 0.0
    return gap, variance


@pytest.mark.independent
def test_the_log_rank_test_is_that_of_strata_added_up_by_hand(stratified: Trial, snap: Snapshot) -> None:
    endpoint = stratified.time_to_event("PFS")
    by_arm, strata = observations(stratified, snap, endpoint), strata_of(snap, endpoint)
    assert len(set(strata.values())) == 4
    found = logrank_between(stratified, endpoint, by_arm, strata)
    assert found is not None
    gap, variance = by_hand(by_arm, strata)
    assert found.z == pytest.approx(gap / math.sqrt(variance), rel=1e-9)
    assert found.z > 0  # the scenario's drug works
    assert found.chi2 == pytest.approx(found.z**2)
    assert found.p == pytest.approx(math.erfc(abs(found.z) / math.sqrt(2)))
    assert found.events == sum(o.event for group in by_arm.values() for o in group)
    assert found.strata == "stratified by ecog, ldh"
    other = logrank_between(stratified, endpoint, by_arm, strata, tested="CE", control="IMGN901")
    assert other is not None
    assert other.z == pytest.approx(-found.z)


def test_everybody_uses_the_strata_and_says_so(north: Trial, stratified: Trial, snap: Snapshot) -> None:
    plain, result = analyse(north, snap), analyse(stratified, snap)
    one, two = (a.endpoints["PFS"].comparisons["IMGN901 vs CE"] for a in (plain, result))  # type: ignore[union-attr]
    assert (one.strata, two.strata) == ("unstratified", "stratified by ecog, ldh")
    assert one.logrank_chi2 != two.logrank_chi2
    assert one.hr != two.hr
    said = {row[0]: row[3] for row in comparisons_table(stratified, result).rows}
    assert said["Progression-free survival"] == "stratified by ecog, ldh"
    assert said["Overall survival"] == "unstratified"
    beside = randomised_comparison(stratified, snap, {})
    assert beside is not None
    assert (beside["hr"], beside["logrank_p"], beside["strata"]) == (two.hr, two.p, two.strata)
    gray = result.endpoints["TTP"].incidence.comparisons["IMGN901 vs CE"]  # type: ignore[union-attr]
    assert gray.strata == "stratified by ecog, ldh"


def test_data_without_levels_are_said_to_be_unstratified(stratified: Trial, snap: Snapshot) -> None:
    endpoint = stratified.time_to_event("PFS")
    by_arm = observations(stratified, snap, endpoint)
    plain = logrank_between(stratified, endpoint, by_arm, {})
    lost = dict.fromkeys(strata_of(snap, endpoint), (NOT_RECORDED, NOT_RECORDED))
    found = logrank_between(stratified, endpoint, by_arm, lost)
    assert found is not None
    assert plain is not None
    assert found.strata == plain.strata == "unstratified: no levels of ecog, ldh recorded"
    assert found.z == plain.z
    some = strata_of(snap, endpoint) | {by_arm["CE"][0].patient: (NOT_RECORDED, "normal")}
    partly = logrank_between(stratified, endpoint, by_arm, some)
    assert partly is not None
    assert "1 without a recorded level" in partly.strata


def test_a_stratum_in_which_nothing_can_be_said_is_named_as_the_reason() -> None:
    origin = date(2012, 1, 1)

    def times(arm: str, *days: int) -> list[Observed]:
        return [Observed(f"{arm}{d}", arm, origin, origin + timedelta(d), True, "death", None) for d in days]

    a, b = times("A", 10, 20), times("B", 15, 25)
    assert compare(a, b, "A", "B").estimable  # type: ignore[union-attr]
    strata = {"A10": ("x",), "B25": ("x",), "A20": ("y",), "B15": ("y",)}
    apart = compare(a, b, "A", "B", {**strata, "B15": ("z",)}, ["f"])
    assert apart is not None
    assert not apart.estimable
    assert apart.not_estimable_because == "while both arms were at risk in a stratum, events came in one of them only"


def test_the_kernel_leaves_comparisons_in_strata_to_the_reference(plan: Any, stratified: Trial) -> None:
    p = plan("target")
    assert p.usual
    assert not Plan.of(stratified, p.scenario, 1, "continue").usual


@pytest.mark.property
def test_competing_deaths_stand_on_their_own_day_and_incidence_stays_below_one_minus_kaplan_meier(
    stratified: Trial, snap: Snapshot
) -> None:
    for name in ("TTP", "TTR"):
        endpoint = stratified.time_to_event(name)
        by_arm = observations(stratified, snap, endpoint)
        result = analyse(stratified, snap).endpoints[name]
        assert isinstance(result, SurvivalResult)
        assert result.incidence is not None
        died = {p.name: p.died.happened for p in snap.randomised if p.died is not None}
        for arm, (days, kinds) in watched_of(snap, endpoint, by_arm).items():
            for o, day, kind in zip(by_arm[arm], days, kinds, strict=True):
                if o.reason == "death":
                    assert kind == 2
                    assert day == (died[o.patient] - o.origin).days >= o.days
                else:
                    assert kind == (1 if o.event else 2 if o.reason in endpoint.competing else 0)
            found, curve = result.incidence.arms[arm], result.arms[arm]
            assert found.events == curve.events == int((np.array(kinds) == 1).sum())
            assert found.incidence is not None
            assert curve.landmark is not None
            if name == "TTP":  # of TTR censoring stands on other days
                assert found.incidence <= 1 - curve.landmark.survival + 1e-12
    assert stratified.time_to_event("TTR").competing == ("death", "progression")
    assert stratified.time_to_event("OS").competing == ()


def test_responders_and_how_long_they_respond(stratified: Trial, snap: Snapshot) -> None:
    result = analyse(stratified, snap)
    rate, duration = result.responders
    assert (rate.endpoint, duration.endpoint) == ("ORR", "DOR")
    for name, arm in rate.arms.items():
        assert arm.responders == result.endpoints["ORR"].arms[name].successes  # type: ignore[union-attr]
        assert arm.responders == duration.arms[name].responders == result.endpoints["DOR"].arms[name].n
        # an event 'response' of all randomised comes on the same days
        assert arm.responders == result.endpoints["TTR"].arms[name].events  # type: ignore[union-attr]
        days = sorted(o.days for o in observations(stratified, snap, stratified.time_to_event("TTR"))[name] if o.event)
        assert (arm.shortest, arm.median, arm.longest) == (days[0], np.median(days), days[-1])
    table = next(t for t in tables_beyond(stratified, result) if t.title == "Responders")
    assert table.columns[-1].startswith("Duration of response")
    assert any("of responders only" in note for note in comparisons_table(stratified, result).notes)


def test_subgroups_hold_everybody_and_are_compared_within(stratified: Trial, snap: Snapshot) -> None:
    result = analyse(stratified, snap).endpoints
    for name in ("PFS", "OS"):
        found = result[name].subgroups["IMGN901 vs CE"]  # type: ignore[union-attr]
        whole = result[name].comparisons["IMGN901 vs CE"]  # type: ignore[union-attr]
        assert (found.everybody.hr, found.everybody.hr_ci) == (whole.hr, whole.hr_ci)
        assert [f.factor for f in found.factors] == ["ecog", "ldh"]
        for f in found.factors:
            for i in (0, 1):
                assert sum(g.n[i] for g in f.levels) == found.everybody.n[i]
                assert sum(g.events[i] for g in f.levels) == found.everybody.events[i]
            assert f.interaction_df == 1
            assert 0 <= f.interaction_p <= 1
    # in a level of one factor, by the other that the endpoint states
    endpoint = stratified.time_to_event("PFS")
    by_arm, strata = observations(stratified, snap, endpoint), strata_of(snap, endpoint)
    a, b = ([o for o in by_arm[arm] if strata[o.patient][0] == "0-1"] for arm in ("IMGN901", "CE"))
    alone = compare(a, b, "", "", {k: v[1:] for k, v in strata.items()}, ["ldh"])
    assert alone is not None
    assert result["PFS"].subgroups["IMGN901 vs CE"].factors[0].levels[0].hr == alone.hr  # type: ignore[union-attr]
    assert result["DOR"].subgroups == {}  # type: ignore[union-attr]


def test_early_in_a_trial_nothing_is_made_up(plan: Any, stratified: Trial) -> None:
    result = run(plan("target"), 1)
    first = min(e.happened for e in result.log if e.kind == "randomised")
    texts = ""
    for later in (-1, 0, 10, 20, 45, 60, 90, 150):
        snap = snapshot(result.log, first + timedelta(later), fingerprint=False)
        found = analyse(stratified, snap)
        tables = [*tables_beyond(stratified, found), times_table(stratified, found)]
        texts += " ".join(str(cell) for table in tables for row in table.rows for cell in row)
        assert efficacy(Findings(stratified, snap, found, ())) is not None
    assert "nobody on one arm" in texts
    assert "nothing to test" in texts
    assert "inf" not in texts
    assert "nan" not in texts


def test_the_report_shows_incidence_beside_each_curve_that_censors_at_death(stratified: Trial, snap: Snapshot) -> None:
    shown = efficacy(Findings(stratified, snap, analyse(stratified, snap), ()))
    curves = {e.title: e.caption for e in shown if isinstance(e, SurvivalFigure)}
    assert "One minus Kaplan–Meier then overstates" in curves["Time to progression"]
    assert "overstates" not in curves["Overall survival"]
    assert [e.title for e in shown if isinstance(e, LineFigure)] == [
        "Time to progression: cumulative incidence", "Time to response: cumulative incidence",
    ]  # fmt: skip


def test_several_arms_one_arm_and_no_control_arm(colon: Trial) -> None:
    log = log_from_table(colon, find_trial("colon").parent / "colon.csv").log
    snap = snapshot(log, max(e.recorded.date() for e in log), fingerprint=False)
    found = analyse(colon, snap)
    ttr = found.endpoints["TTR"]
    assert isinstance(ttr, SurvivalResult)
    assert ttr.incidence is not None
    assert set(ttr.incidence.comparisons) == {"Lev vs Obs", "Lev+5FU vs Obs"}
    assert ttr.incidence.all_arms is not None
    assert ttr.incidence.all_arms.df == 2
    assert ttr.restricted_mean is not None
    assert len(ttr.restricted_mean.arms) == 3
    assert ttr.subgroups == {}
    tested = colon.model_copy(update={"arms": tuple(a.model_copy(update={"tested": True}) for a in colon.arms)})
    rows = comparisons_table(tested, analyse(tested, snap)).rows
    assert sum("no control arm" in str(row[1]) for row in rows) == 3
    assert sum(row[1] == "All arms" for row in rows) == 3
    one = colon.model_copy(update={"arms": tested.arms[2:]})
    third = replace(snap, patients={name: p for name, p in snap.patients.items() if p.arm == "Lev+5FU"})
    alone = analyse(one, third)
    times = alone.endpoints["TTR"]
    assert isinstance(times, SurvivalResult)
    assert times.incidence is not None
    assert (times.incidence.comparisons, times.incidence.all_arms) == ({}, None)
    assert times.restricted_mean is not None
    assert times.restricted_mean.differences == {}
    assert list(times.restricted_mean.arms) == ["Lev+5FU"]
    assert comparisons_table(one, alone).rows == []
    for trial, of in ((colon, found), (tested, analyse(tested, snap)), (one, alone)):
        assert [t.title for t in tables_beyond(trial, of)] == [
            "Cumulative incidence where another event competes", "Restricted mean times",
        ]  # fmt: skip


@pytest.mark.independent
def test_colon_recurrence_as_r_has_it(colon: Trial) -> None:
    """The road from the log to the estimator: restricted means and incidence of Lev+5FU as in tests/fixtures/r/analyses.R."""
    import json

    from helpers import FIXTURES

    r = json.loads((FIXTURES / "r" / "analyses.json").read_text())["samples"]["colon"]["tested"]
    log = log_from_table(colon, find_trial("colon").parent / "colon.csv").log
    snap = snapshot(log, max(e.recorded.date() for e in log), fingerprint=False)
    found = analyse_survival(colon, snap, colon.time_to_event("TTR"))
    incidence = analyse(colon, snap).endpoints["TTR"].incidence.arms["Lev+5FU"]  # type: ignore[union-attr]
    assert found.arms["Lev+5FU"].n == incidence.n == r["n_risk"][0]
    i = int(np.searchsorted(r["time"], incidence.day, side="right")) - 1
    np.testing.assert_allclose(
        [incidence.incidence, *incidence.ci], [r[k][i] for k in ("estimate", "lower", "upper")], rtol=1e-9
    )
