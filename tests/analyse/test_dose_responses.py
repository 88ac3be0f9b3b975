"""Responses beside DLTs in a trial that is conducted: MATCHPOINT from its file and log, and each way a response may come or not come."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from design.dose.oracles import rows
from equipoise.analyse.data import cut
from equipoise.analyse.dose_limiting import DltStatus, dlt_statuses
from equipoise.conduct.conduct import Conduct
from equipoise.desk import doses
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.trial.trial import Trial
from helpers import moment
from phase1_trials import raw

FIRST = date(2015, 3, 10)


class Leukaemia:
    """MATCHPOINT, or another trial by its tables. A patient is a letter: what he had."""

    def __init__(self, trial: Trial | None = None) -> None:
        self.trial = trial or read_trial(find_trial("matchpoint"))
        self.endpoint = self.trial.phase1.response if self.trial.phase1 is not None else None
        self.c = Conduct.open(self.trial, moment(self.trial.start), "t")
        self.c.activate("S01", self.trial.start, moment(self.trial.start), "t")
        self.now, self.count = moment(self.trial.start), 0

    def order(self, kind: str, on: date, patient: str, **data: Any) -> None:
        self.now = max(moment(on), self.now)
        self.c.order(kind, on, self.now, "t", patient=patient, data=data)

    def comes(self, level: int, on: date) -> str:
        self.count += 1
        name, x = f"P{self.count}", self.trial.dose_levels[level - 1]
        self.now = max(moment(on), self.now)
        self.c.screen(name, "S01", on, self.now, "t")
        self.c.enrol(name, on, self.now, "t", part=1 if self.trial.in_parts else None)
        self.order("assigned", on, name, level=x.label)
        self.order("treated", on, name, drug=x.drug, cycle=1, day=1, dose=x.dose, unit=x.unit)
        return name

    def cohort(self, level: int, letters: str, on: date) -> date:
        """Each is followed for the window, with his result on its last day; the day after it."""
        names = [self.comes(level, on) for _ in letters]
        for name, letter in zip(names, letters, strict=True):
            if letter in "TB":
                self.order("adverse event", on + timedelta(days=10), name, term="rash", grade=4, related=True)
        last = on + timedelta(days=57)
        for name, letter in zip(names, letters, strict=True):
            if letter in "NTEB":
                self.order("outcome", last, name, outcome=self.endpoint, result="CHR" if letter in "EB" else "none")
            self.order("contact", last, name)
        return last + timedelta(days=1)

    def found(self, on: date) -> doses.Doses:
        return doses.take(self.trial, cut(self.trial, self.c.log, on, on))


@pytest.mark.published
@pytest.mark.parametrize("cohort", [r["cohort"] for r in rows("efftox_matchpoint_paths")][::3])
def test_matchpoint_is_conducted_along_its_printed_pathways(cohort: str) -> None:
    expected = {r["cohort"]: int(r["next_dose"]) for r in rows("efftox_matchpoint_paths")}[cohort]
    run = Leukaemia()
    assert run.found(run.trial.start).next.dose == 3
    day = run.cohort(3, "TTT", FIRST)
    assert run.found(day).next.dose == 2
    day = run.cohort(2, cohort[1:], day)
    found = run.found(day)
    assert found.history == f"3TTT {cohort}"
    assert (found.next.dose or -1) == expected
    assert not found.waits_for


def test_a_response_is_waited_for() -> None:
    """The DLT came early; the design is told of nobody whose response is open."""
    run = Leukaemia()
    names = [run.comes(3, FIRST) for _ in range(3)]
    run.order("adverse event", FIRST + timedelta(days=5), names[0], term="rash", grade=4, related=True)
    run.order("outcome", FIRST + timedelta(days=20), names[1], outcome="CP2", result="CHR")
    found = run.found(FIRST + timedelta(days=30))
    by = {p.patient: p for p in found.patients}
    assert [(by[n].letter, by[n].responded) for n in names] == [("T", "pending"), ("P", "yes"), ("P", "pending")]
    assert [p.patient for p in found.waits_for] == names
    assert found.next.action == "wait"
    assert "Response pending" in by[names[0]].because
    assert found.history == "3P:5P:20P:0"
    shown = found.as_json()["patients"]
    assert [p["responded"] for p in shown] == ["pending", "yes", "pending"]
    assert "E: a response" in found.lanes().notes[0]


def outcome(policy: str, result: str | None, *, dlt: bool = False, gone: bool = False) -> DltStatus:
    def change(x: dict[str, Any]) -> None:
        x["endpoints"].append({
            "name": "R", "label": "Response", "role": "secondary", "kind": "outcome", "success": ["yes"], "failure": ["no"],
            "unreadable": ["not done"], "due": "21 days", "window": "7 days", "not_evaluable": policy,
        })  # fmt: skip
        x["phase1"] |= {"response": "R", "design": {"kind": "boin12", "phi_t": 0.35, "phi_e": 0.25}}
        del x["phase1"]["dlt"]["delay_longer_than"], x["phase1"]["dlt"]["evaluable_share"]

    run = Leukaemia(trial_from(raw(change), "phase1"))
    on = date(2010, 11, 10)
    name = run.comes(1, on)
    if dlt:
        run.order("adverse event", on + timedelta(days=3), name, term="febrile neutropenia", grade=4, related=True)
    if result is not None:
        run.order("outcome", on + timedelta(days=21), name, outcome="R", result=result)
    run.order("contact", on + timedelta(days=22), name)
    if gone:
        run.order("withdrawn", on + timedelta(days=22), name)
    return dlt_statuses(run.trial, cut(run.trial, run.c.log, on + timedelta(days=40), on + timedelta(days=40)))[0]


@pytest.mark.parametrize(
    ("policy", "result", "dlt", "written"),
    [
        ("failure", "yes", False, "E"), ("failure", "no", False, "N"), ("failure", "yes", True, "B"), ("failure", "no", True, "T"),
        ("failure", "not done", False, "N"), ("failure", None, False, "N"), ("exclude", "not done", False, "X"), ("exclude", None, False, "X"),
        ("exclude", "not done", True, "T"), ("replace", None, False, "X"), ("exclude", "yes", False, "E"),
    ],
)  # fmt: skip
def test_each_way_a_response_may_come_or_not(policy: str, result: str | None, dlt: bool, written: str) -> None:
    found = outcome(policy, result, dlt=dlt)
    assert str(found.outcome) == written, found.because
    assert not found.pending
    if written == "X":
        assert "replaced" in found.because


def test_a_cohort_that_is_not_full_is_filled_unless_no_answer_can_matter() -> None:
    run = Leukaemia()
    day = run.cohort(3, "TTT", FIRST)
    after = run.cohort(2, "TT", day)
    found = run.found(after)
    # Two DLTs at the lower dose: whatever the third has, dose 1 or none comes next.
    assert (found.next.dose or 0) < 2
    mild = Leukaemia()
    later = mild.cohort(3, "EN", FIRST)
    found = mild.found(later)
    assert (found.next.action, found.next.dose, found.next.size) == ("stay", 3, 1)
