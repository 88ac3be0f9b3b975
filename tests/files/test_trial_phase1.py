"""Phase I of a trial file: what is good, and all that is wrong with it at once."""

from __future__ import annotations

from typing import Any

import pytest

from equipoise.design.dose import dose_shelf
from equipoise.files.bundled import find_trial
from equipoise.files.definition import trial_of
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.files.trial_phase1 import findable
from equipoise.trial.problem import BadInput, Problem
from phase1_trials import Change, raw, trial

OUTCOME = {
    "name": "R", "label": "Response", "role": "secondary", "kind": "outcome", "success": ["yes"], "failure": ["no"], "due": "21 days",
    "window": "7 days", "not_evaluable": "exclude",
}  # fmt: skip


def problems(*changes: Change) -> list[Problem]:
    with pytest.raises(BadInput) as caught:
        trial_from(raw(*changes), "phase1")
    return list(caught.value.problems)


def put(path: str, value: object) -> Change:
    """Say something else at 'phase1.dlt.rules.0.terms'; None takes it away."""
    *way, last = path.split(".")

    def change(of: Any) -> None:
        for step in way:
            of = of[int(step)] if step.isdecimal() else of[step]
        if value is None:
            del of[last]
        else:
            of[int(last) if last.isdecimal() else last] = value

    return change


def test_the_example() -> None:
    found = read_trial(find_trial("phase1-example"))
    assert [(x.label, x.dose, x.unit) for x in found.dose_levels] == [
        ("DL1", 60, "mg/m2"),
        ("DL2", 75, "mg/m2"),
        ("DL3", 90, "mg/m2"),
        ("DL4", 112, "mg/m2"),
    ]
    assert found.phase1 is not None
    assert found.phase1.finder == dose_shelf.build("a-plus-b", {"doses": 4, "top": "a+b"})
    assert found.phase1.window.days == 21
    assert found.arms[0].regimen[0].days == (1, 8)
    # What no source says is marked.
    assert found.assumed("phase1.window")
    assert found.assumed("phase1.dlt.evaluable_share")
    assert not found.assumed("dose_levels")
    assert not found.assumed("target_enrolment")
    assert trial_of(found.definition).phase1 == found.phase1


def test_what_is_not_said_is_in_no_fingerprint() -> None:
    create = read_trial(find_trial("create"))
    assert "dose_levels" not in create.definition
    assert "phase1" not in create.definition
    least = trial(
        put("phase1.dlt.evaluable_share", None),
        put("phase1.dlt.delay_longer_than", None),
        put("phase1.start", None),
        put("phase1.cohort", None),
        put("phase1.dlt.rules", [{"grade_at_least": 3}]),
    )
    assert (
        '"phase1":{"design":{"kind":"a-plus-b","top":"a+b"},"dlt":{"rules":[{"grade_at_least":3}]},"window":"21 days"}'
        in (least.definition)
    )


#: What is changed, where the problem stands, its code, and a part of what is allowed or suggested.
WRONG: list[tuple[str, Change, str, str, str]] = [
    ("levels that fall", put("dose_levels.1.dose", 50), "dose_levels[1].dose", "levels-out-of-order", "more than the level before, DL1, 60 mg/m2"),
    ("two equal levels", put("dose_levels.1.dose", 60), "dose_levels[1].dose", "levels-out-of-order", "more than"),
    ("a level without a dose", put("dose_levels.2.dose", None), "dose_levels[2].dose", "missing", "required"),
    ("a dose of nothing", put("dose_levels.0.dose", 0), "dose_levels[0].dose", "out-of-range", "exceed 0"),
    ("a label twice", put("dose_levels.3.label", "DL1"), "dose_levels[3].label", "duplicate-name", "once"),
    ("another drug", put("dose_levels.3.drug", "carboplatin"), "dose_levels[3].drug", "several-drugs", "IMGN901"),
    ("another unit", put("dose_levels.3.unit", "mg"), "dose_levels[3].unit", "several-units", "as before"),
    ("a drug that nobody is given", lambda x: [put("drug", "IMGN91")(y) for y in x["dose_levels"]], "dose_levels[0].drug", "drug-not-in-arm", "IMGN901"),
    ("a unit that the regimen has not", lambda x: [put("unit", "mg")(y) for y in x["dose_levels"]], "dose_levels[0].unit", "unit", "mg/m2"),
    ("no levels", put("dose_levels", None), "dose_levels", "no-levels", "rising"),
    ("a start that is no level", put("phase1.start", "DL9"), "phase1.start", "start", "DL1, DL2, DL3, DL4"),
    ("a window without length", put("phase1.window", "0 days"), "phase1.window", "not-allowed", "at least one day"),
    ("a window in no unit", put("phase1.window", "21"), "phase1.window", "not-allowed", "a number and a unit"),
    ("no window", put("phase1.window", None), "phase1.window", "missing", "required"),
    ("no definition of a DLT", put("phase1.dlt", None), "phase1.dlt", "missing", "required"),
    ("nothing is a DLT", put("phase1.dlt", {"evaluable_share": 0.8}), "phase1.dlt", "not-allowed", "nothing can be a DLT"),
    ("a share above one", put("phase1.dlt.evaluable_share", 80), "phase1.dlt.evaluable_share", "out-of-range", "at most 1"),
    ("a rule that says nothing", put("phase1.dlt.rules.0", {"related": "yes"}), "phase1.dlt.rules[0]", "not-allowed", "say at least one of"),
    ("all its terms excepted", put("phase1.dlt.rules.0.exceptions", ["Neutropenia", "thrombocytopenia"]), "phase1.dlt.rules[0]", "not-allowed", "no event can meet it"),
    ("an exception from terms that are none of its", put("phase1.dlt.rules.0.exceptions", ["alopecia"]), "phase1.dlt.rules[0]", "not-allowed", "excepted"),
    ("a grade of six", put("phase1.dlt.rules.2.grade_at_least", 6), "phase1.dlt.rules[2].grade_at_least", "out-of-range", "at most 5"),
    ("a class that is none", put("phase1.dlt.rules.2.organ_classes", ["Nerves"]), "phase1.dlt.rules[2].organ_classes[0]", "not-allowed", "MedDRA"),
    ("related perhaps", put("phase1.dlt.rules.2.related", "maybe"), "phase1.dlt.rules[2].related", "not-a-choice", "'yes', 'no' or 'any'"),
    ("an unknown kind", put("phase1.design.kind", "a-plus-c"), "phase1.design.kind", "unknown-design", "did you mean 'a-plus-b'?"),
    ("no kind", put("phase1.design", {}), "phase1.design.kind", "unknown-design", "boin"),
    ("a kind of phase II", put("phase1.design", {"kind": "simon"}), "phase1.design.kind", "unknown-design", "boin"),
    ("a kind of two drugs", lambda x: x["phase1"].update(design={"kind": "boin-combination"}, target=0.3), "dose_levels", "one-drug", "`second`"),
    ("a lottery that starts somewhere", lambda x: x["phase1"].update(design={"kind": "dose-comparison", "n": 9}, cohort=3), "phase1.start", "start", "by lot"),
    ("a lottery in cohorts", lambda x: x["phase1"].update(design={"kind": "dose-comparison", "n": 9}, cohort=3), "phase1.cohort", "cohort", "one by one"),
    ("a kind that asks for responses", put("phase1.design", {"kind": "boin12", "phi_t": 0.35, "phi_e": 0.25}), "phase1.response", "no-response", "'outcome' or 'response'"),
    ("responses of a kind that asks for none", put("phase1.response", "neuropathy"), "phase1.response", "response", "DLTs alone"),
    ("backfill of counts", put("phase1.design", {"kind": "a-plus-b", "backfill": {"cap": 9}}), "phase1.design.backfill", "no-backfill", "counts=false"),
    ("backfill that asks for responses", lambda x: x["phase1"].update(design={"kind": "boin", "backfill": {}}, target=0.3), "phase1.response", "no-response", "'outcome'"),
    ("backfill without a cap", lambda x: x["phase1"].update(design={"kind": "boin", "backfill": {"cap": 0}}, target=0.3), "phase1.design.backfill.cap", "out-of-range", "1"),
    ("a bad expansion", put("phase1.design", {"kind": "a-plus-b", "expansion": {"n": 0}}), "phase1.design.expansion.n", "out-of-range", "1"),
    ("a kind without a target", put("phase1.target", 0.3), "phase1.target", "no-target", "leave it out"),
    ("a target that is missing", put("phase1.design", {"kind": "boin"}), "phase1.target", "missing", "Target"),
    ("another size of cohorts than the design's", put("phase1.cohort", 4), "phase1.cohort", "cohort", "3, the first cohort"),
    ("a cohort of fewer than none", put("phase1.cohort", -3), "phase1.cohort", "out-of-range", "at least 1"),
    ("doses said twice", put("phase1.design.doses", 4), "phase1.design.doses", "said-elsewhere", "dose_levels says it"),
    ("an entry that the kind has not", put("phase1.design.topp", "a"), "phase1.design.topp", "unknown-key", "'top'"),
    ("a skeleton of three", lambda x: x["phase1"].update(design={"kind": "crm", "skeleton": [0.1, 0.2, 0.3]}, target=0.25), "phase1.design", "levels", "one for the 4"),
    ("a skeleton that falls", lambda x: x["phase1"].update(design={"kind": "crm", "skeleton": [0.1, 0.3, 0.2, 0.4]}, target=0.25), "phase1.design.skeleton, dose 3", "", "rise"),
    ("a target of one", lambda x: x["phase1"].update(design={"kind": "boin"}, target=1), "phase1.target", "out-of-range", "below 1"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "change", "where", "code", "said"), WRONG, ids=[w[0] for w in WRONG])
def test_each_problem_is_named_once_and_where_it_stands(
    what: str, change: Change, where: str, code: str, said: str
) -> None:
    found = problems(change)
    here = [p for p in found if p.where == where]
    assert len(here) == 1, [str(p) for p in found]
    assert here[0].code == code or not code
    assert said in f"{here[0].allowed} {here[0].next_step}"
    assert len({(p.where, p.code) for p in found}) == len(found)


PATHS = [
    "phase1", "phase1.design", "phase1.dlt", "phase1.dlt.rules", "phase1.dlt.rules.0", "phase1.cohort", "phase1.start", "phase1.window",
    "dose_levels", "dose_levels.0", "dose_levels.1.dose", "cohorts",
]  # fmt: skip
VALUES: list[Any] = [5, 1.5, True, "x", "", [], {}, [[]], [5], {"kind": 5}, {"kind": {}}]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("value", VALUES)
def test_what_is_of_another_type_is_a_problem_and_no_fault(path: str, value: Any) -> None:
    if path == "phase1.dlt.rules" and value == []:
        assert trial(put(path, value)).phase1 is not None  # a delay alone can be a DLT
        return
    assert all(p.where for p in problems(put(path, value)))


def test_all_problems_come_at_once() -> None:
    found = problems(
        put("dose_levels.1.dose", 50),
        put("phase1.start", "DL9"),
        put("phase1.window", "0 days"),
        put("phase1.design.kind", "a-plus-c"),
        put("phase1.dlt.rules.0.exceptions", ["neutropenia", "thrombocytopenia"]),
    )
    wheres = {p.where for p in found}
    assert {
        "dose_levels[1].dose",
        "phase1.start",
        "phase1.window",
        "phase1.design.kind",
        "phase1.dlt.rules[0]",
    } <= wheres


def test_a_level_that_is_wrong_by_itself_hides_nothing_of_the_others() -> None:
    found = problems(
        put("dose_levels.1.dose", 50), lambda x: x["dose_levels"][2].pop("dose"), put("phase1.start", "DL9")
    )
    assert {p.where for p in found} == {"dose_levels[1].dose", "dose_levels[2].dose", "phase1.start"}
    assert len(found) == 3


def test_an_expansion_is_said_with_the_design() -> None:
    found = trial(put("phase1.design", {"kind": "a-plus-b", "expansion": {"n": 12}}))
    assert found.phase1 is not None
    assert found.phase1.finder.spec.n == 12
    assert "12 further patients" in found.phase1.finder.describe()


@pytest.mark.parametrize("kind", findable())
def test_every_kind_of_one_drug_finds_a_dose_among_the_levels(kind: str) -> None:
    """Each with what its example says beside what the trial file does."""
    fields = dose_shelf.spec_model(kind).model_fields
    own = {k: v for k, v in dose_shelf.one(kind).example.items() if k not in ("doses", "levels", "start", "cohort")}
    lottery = kind == "dose-comparison"
    if kind == "boin-combination":
        return  # of two drugs: tests/conduct/test_combination.py
    for name in ("skeleton", "prior_mtd"):
        if name in own:
            own[name] = own[name][:4] if name == "skeleton" else 2
    target = own.pop("target", None)

    def change(x: dict[str, Any]) -> None:
        x["phase1"]["design"] = {"kind": kind, **{k: list(v) if isinstance(v, tuple) else v for k, v in own.items()}}
        x["phase1"]["start"] = "DL2"
        if lottery:
            del x["phase1"]["start"]
        del x["phase1"]["cohort"]
        if target is not None:
            x["phase1"]["target"] = target
        if dose_shelf.one(kind).family in ("efficacy and toxicity", "dose comparison"):
            x["endpoints"].append(OUTCOME)
            x["phase1"]["response"] = "R"

    found = trial(change)
    assert found.phase1 is not None
    design = found.phase1.finder
    assert design.doses == 4
    assert "start" not in fields or design.verdict(design.start()).action.dose == 2
