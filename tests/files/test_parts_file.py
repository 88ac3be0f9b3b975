"""A dose that is left to phase I: what a trial file may say of it, and all that is wrong with it at once, each where it stands."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from equipoise.files.amendments import read_amendments
from equipoise.files.bundled import find_trial
from equipoise.files.definition import trial_of
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.trial.changes import changes
from equipoise.trial.hand_over import phase1_arm, waits_for_dose
from equipoise.trial.problem import BadInput, Problem
from parts_trials import Change, raw, trial, undeclared


def problems(*found: Change) -> list[Problem]:
    with pytest.raises(BadInput) as caught:
        trial_from(raw(*found), "north")
    return list(caught.value.problems)


def put(path: str, value: Any) -> Change:
    """Say something else at 'phase1.start'; None takes it away."""
    *way, last = path.split(".")

    def change(of: Any) -> None:
        for step in way:
            of = of[int(step)] if step.isdecimal() else of[step]
        if value is None:
            del of[last]
        else:
            of[int(last) if last.isdecimal() else last] = value

    return change


def without_phase1(x: dict[str, Any]) -> None:
    for key in ("phase1", "dose_levels"):
        del x[key]
    x["assumptions"] = [a for a in x["assumptions"] if "phase1.dlt" not in a["of"]]
    x["sources"] = [s for s in x["sources"] if not any(p.startswith(("phase1", "dose_levels")) for p in s["of"])]


DOSE = "arms.0.regimen.0.dose"
WRONG: list[tuple[str, list[Change], str, str, str]] = [
    ("no phase I", [without_phase1], "arms[0].regimen[0].dose", "no-phase1", "[phase1] and [[dose_levels]]"),
    ("a phase II alone", [put("phase", "II"), undeclared], "phase", "no-parts", "'I/II'"),
    ("declared in phase II", [put("phase", "II"), put(DOSE, 112)], "phase1.declared", "no-parts", "hands a dose over"),
    ("another unit than the levels'", [put("arms.0.regimen.0.unit", "mg")], "dose_levels[0].unit", "unit", "'mg'"),
    ("another drug in another unit", [put("arms.0.regimen.1.dose", "from phase I")], "arms[0].regimen[1].unit", "unit", "'mg/m2'"),
    ("declared at no level", [put("phase1.declared", "DL44")], "phase1.declared", "declared", "did you mean 'DL4'?"),
    ("a start that is no level", [put("phase1.start", "DL0")], "phase1.start", "start", "DL1"),
    ("phase I after phase II", [put("phase1.opens", date(2013, 1, 1))], "phase1.opens", "dates-out-of-order", "2012-03-30"),
    ("a word that is none", [put(DOSE, "from phase 1")], "arms[0].regimen[0]", "not-allowed", "'from phase I'"),
    ("no unit", [put("arms.0.regimen.0.unit", None)], "arms[0].regimen[0]", "not-allowed", "`dose` and `unit` go together"),
    ("levels out of order", [put("dose_levels.1.dose", 50)], "dose_levels[1].dose", "levels-out-of-order", "more than"),
    ("a level without a dose", [put("dose_levels.1.dose", None)], "dose_levels[1].dose", "missing", "required"),
    ("a window without length", [put("phase1.window", "0 days")], "phase1.window", "", "day"),
    ("a target beyond 1", [put("phase1.target", 1.2), put("phase1.design", {"kind": "boin"})], "phase1.target", "out-of-range", "below 1"),
    ("a skeleton that falls", [put("phase1.design", {"kind": "crm", "skeleton": [0.1, 0.3, 0.2, 0.5]}), put("phase1.target", 0.25)], "phase1.design.skeleton, dose 3", "", "rise with the dose"),
    ("a rule that no event can meet", [put("phase1.dlt.rules.0.exceptions", ["neutropenia", "thrombocytopenia"])], "phase1.dlt.rules[0]", "not-allowed", "no event can meet it"),
    ("a level called as an arm", [put("dose_levels.0.label", "CE"), put("phase1.start", "CE")], "dose_levels[0].label", "duplicate-name", "arm"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "found", "where", "code", "said"), WRONG, ids=[w[0] for w in WRONG])
def test_each_is_named_once_and_where_it_stands(
    what: str, found: list[Change], where: str, code: str, said: str
) -> None:
    all_ = problems(*found)
    here = [p for p in all_ if p.where == where]
    assert len(here) == 1, [str(p) for p in all_]
    assert code in ("", here[0].code)
    assert said in f"{here[0].allowed} {here[0].next_step}"
    assert len({(p.where, p.code) for p in all_}) == len(all_)


def test_all_come_at_once() -> None:
    found = problems(
        put("dose_levels.1.dose", 50), put("phase1.start", "DL0"), put("phase1.declared", "DL44"), put("phase1.window", "0 days"),
        put("arms.0.regimen.1.dose", "from phase I"),
    )  # fmt: skip
    assert {"dose_levels[1].dose", "phase1.start", "phase1.declared", "phase1.window", "arms[0].regimen[1].unit"} <= {
        p.where for p in found
    }


@pytest.mark.parametrize("value", [5, True, "", [], {}, [5], {"kind": 5}])
@pytest.mark.parametrize(
    "path", ["phase1.declared", "phase1.opens", "phase1.patients", "phase1.counts_for_phase2", DOSE]
)
def test_what_is_of_another_type_is_a_problem_and_no_fault(path: str, value: Any) -> None:
    change = put(path, value)
    if (path, value) in (("phase1.patients", 5), (DOSE, 5)):
        assert trial(change).phase1 is not None
        return
    assert all(p.where for p in problems(change))


def test_the_definition_says_what_the_file_does_whatever_the_dose() -> None:
    north = trial()
    assert north.definition.count('"from phase I"') == 1
    assert trial_of(north.definition).definition == north.definition
    for level in (None, "DL1", "DL3"):
        at = north.handed_over(level, from_first=True)
        assert (at.fingerprint, at.definition) == (north.fingerprint, north.definition)
        assert at is north.handed_over(level, from_first=True)
    changed = north.model_copy(update={"title": "another"})
    assert changed.handed_over("DL1", from_first=True).title == "another"


def test_a_file_without_it_is_as_it_was() -> None:
    """Nothing of it is in a definition that does not say it."""
    create = read_trial(find_trial("create"))
    assert not any(word in create.definition for word in ("from phase I", "phase1", "declared", "from_phase1"))


def test_who_waits_and_by_which_regimen_phase_one_is_treated() -> None:
    north, bare = trial(), trial(undeclared)
    assert not waits_for_dose(north)
    assert waits_for_dose(bare)
    assert waits_for_dose(north.handed_over(None, from_first=True))
    assert (north.first_day, bare.first_day) == (north.start, bare.phase1.opens)  # type: ignore[union-attr]
    assert phase1_arm(north).name == "IMGN901"  # type: ignore[union-attr]
    assert "at the dose from phase I (mg/m2)" in str(bare.arms[0].regimen[0])
    assert str(north.arms[0].regimen[0]).startswith("IMGN901 112 mg/m2, days 1, 8")


def test_the_amendment_of_112_still_applies_and_any_level_may_be_what_it_was() -> None:
    (amendment,) = read_amendments(find_trial("north"))
    assert amendment.trial.arms[0].regimen[0].dose == 90
    said = [str(c) for c in changes(trial().definition, amendment.trial.definition)]
    assert "arms.IMGN901.regimen.IMGN901.dose: 112 → 90" in said
    stated = trial(put(DOSE, 112))
    assert [str(c) for c in changes(trial().definition, stated.definition)] == [
        "arms.IMGN901.regimen.IMGN901.dose: from phase I → 112"
    ]
