"""A trial of virtual patients that is amended: the doses change where and when it is in force, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from equipoise.analyse.data import cut
from equipoise.conduct.conduct import replay
from equipoise.conduct.definitions import Definitions
from equipoise.decide.decide import decide
from equipoise.desk.data import defined_at
from equipoise.dossier.amendments import amendments, planned
from equipoise.files.amendments import read_amendments
from equipoise.files.bundled import find_trial
from equipoise.files.definition import trial_of
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import SimulatedTrial, run
from equipoise.trial.event import Event
from equipoise.trial.exhibits import Table


@pytest.fixture(scope="module")
def pair(plan: Callable[..., Plan]) -> tuple[SimulatedTrial, SimulatedTrial]:
    """One trial as drawn, and the same amended."""
    return run(plan("target"), 0, detail=True), run(
        plan("target"), 0, detail=True, amendments=read_amendments(find_trial("north"))
    )


def content(e: Event, without: str = "") -> Any:
    return e.kind, e.happened, e.recorded, e.patient, e.site, {k: v for k, v in e.data.items() if k != without}


def test_nothing_but_doses_is_another(pair: tuple[SimulatedTrial, SimulatedTrial], plan: Callable[..., Plan]) -> None:
    plain, amended = pair
    of_amendments = ("opened", "amended", "approved")
    left, right = ([e for e in t.log if e.kind not in of_amendments] for t in pair)
    assert [content(e, "dose") for e in left] == [content(e, "dose") for e in right]
    assert [taken.decision.action for taken in plain.looks] == [taken.decision.action for taken in amended.looks]
    kinds = [e.kind for e in amended.log]
    assert (kinds.count("amended"), kinds.count("approved")) == (1, 25)
    trial = plan("target").trial
    assert replay(trial, list(amended.log), trial_of) == []


def test_each_dose_is_as_planned_at_its_site_on_its_day(pair: tuple[SimulatedTrial, SimulatedTrial]) -> None:
    plain, amended = pair
    (amendment,) = read_amendments(find_trial("north"))
    site = {e.patient: e.site for e in amended.log if e.kind == "screened"}
    before = {
        (e.patient, e.data["drug"], e.data["cycle"], e.data["day"]): e.data["dose"]
        for e in plain.log
        if e.kind == "treated"
    }
    seen = set()
    for e in amended.log:
        if e.kind != "treated":
            continue
        was = before[e.patient, e.data["drug"], e.data["cycle"], e.data["day"]]
        new = e.data["drug"] == "IMGN901" and e.happened >= amendment.approvals[site[e.patient]]
        assert e.data["dose"] == (pytest.approx(was * 90 / 112, abs=0.006) if new else was)
        seen.add((e.data["drug"], new, e.data["dose"]))
    assert {("IMGN901", False, 112), ("IMGN901", True, 90), ("IMGN901", True, 72)} <= seen
    # Some approved on other days, and were treated between: the same day had two doses.
    between = [
        e
        for e in amended.log
        if e.kind == "treated" and e.data["drug"] == "IMGN901" and date(2012, 7, 24) <= e.happened < date(2012, 9, 6)
    ]
    assert {e.data["dose"] for e in between} >= {112, 90}


def test_the_report_counts_what_the_log_says(
    pair: tuple[SimulatedTrial, SimulatedTrial], plan: Callable[..., Plan]
) -> None:
    trial, log = plan("target").trial, pair[1].log
    (amendment,) = read_amendments(find_trial("north"))
    snap = cut(trial, log, date(2013, 3, 1))
    found = Definitions.of(trial, log.known_by(snap.known_on), trial_of)
    changed, where, doses = (e for e in amendments(snap, found) if isinstance(e, Table))
    assert ["arms.IMGN901.regimen.IMGN901.dose", "112", "90"] in changed.rows
    people = snap.randomised
    rows = {r[0]: r[1:] for r in where.rows}
    for name, day in amendment.approvals.items():
        of = [p for p in people if p.site == name]
        since = sum(p.randomised is not None and p.randomised.happened >= day for p in of)
        assert rows[name][:3] == [str(day), len(of) - since, since]
    dosed = [{d.happened >= amendment.approvals[p.site] for d in p.doses} for p in people]
    assert rows["All"][3:] == [dosed.count({False}), dosed.count({False, True}), dosed.count({True})]
    assert sum(r[1] for r in list(rows.values())[:-1]) == rows["All"][1]
    given = [
        (d.data["dose"], d.happened >= amendment.approvals[p.site])
        for p in people
        for d in p.doses
        if d.data["drug"] == "IMGN901"
    ]
    for row, plan_, new in zip(doses.rows, (112, 90), (False, True), strict=True):
        of = [dose for dose, since in given if since is new]
        mean = sum(of) / len(of)
        assert row[2:] == [f"{plan_} mg/m2", row[3], len(of), f"{mean:.1f}", f"{100 * mean / plan_:.1f} %"]
    one = next(p for p in people if p.arm == "IMGN901" and p.doses)
    plan_of = planned(found, one, next(d for d in one.doses if d.data["drug"] == "IMGN901"))
    assert plan_of is not None
    assert plan_of.dose in (112, 90)


def test_before_the_amendment_nothing_is_shown(
    pair: tuple[SimulatedTrial, SimulatedTrial], plan: Callable[..., Plan]
) -> None:
    trial, log = plan("target").trial, pair[1].log
    snap = cut(trial, log, date(2012, 7, 15))
    assert amendments(snap, Definitions.of(trial, log.known_by(snap.known_on), trial_of)) == []
    assert amendments(snap, None) == []


def test_a_decision_says_how_many_came_under_an_earlier_definition(
    pair: tuple[SimulatedTrial, SimulatedTrial], plan: Callable[..., Plan]
) -> None:
    trial, log = plan("target").trial, pair[1].log
    cutoff = pair[1].looks[0].cutoff
    then = defined_at(Definitions.of(trial, log, trial_of), log, cutoff, cutoff)
    snap = cut(then, log, cutoff)
    (amendment,) = read_amendments(find_trial("north"))
    early = sum(
        p.randomised is not None and p.randomised.happened < amendment.approvals[p.site] for p in snap.randomised
    )
    said = [c for c in decide(then, snap, 1).cautions if "earlier definition" in c]  # type: ignore[union-attr]
    assert said == [
        f"{early} of {len(snap.randomised)} patients were randomised under an earlier definition of the trial; all are analysed under the one "
        f"in force at the cut-off, fingerprint {amendment.trial.fingerprint[:12]}."
    ]
    assert early > 10
    before = defined_at(Definitions.of(trial, log, trial_of), log, date(2012, 7, 1), date(2012, 7, 1))
    assert (before.fingerprint, before.amended) == (trial.fingerprint, False)
