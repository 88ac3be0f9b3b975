"""Forms from the definition: every field names a detail, what is typed becomes the event, what is wrong is said at its field."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.doses_due import as_planned
from equipoise.conduct.filled import at_fields, changes, fill, typed_of
from equipoise.conduct.forms import form_for, form_of, forms_of
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.files.bundled import bundled_trials, find_trial
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.trial.duration import Duration
from equipoise.trial.eligibility_review import EligibilityReview
from equipoise.trial.event import Event
from equipoise.trial.kinds import KINDS
from equipoise.trial.lesion import STATES
from equipoise.trial.organ_class import ORGAN_CLASSES
from equipoise.trial.own_form import OwnField, OwnForm
from equipoise.trial.role import BY_NAME
from equipoise.trial.sample import SamplePlan
from equipoise.trial.seriousness import CRITERIA
from equipoise.trial.trial import Trial
from helpers import moment

DAY = date(2012, 6, 1)
NOW = moment(date(2013, 6, 1))


@cache
def north() -> Trial:
    return read_trial(find_trial("north"))


@pytest.fixture
def conduct() -> Conduct:
    """NORTH with one patient on an arm."""
    c = Conduct.open(north(), moment(date(2012, 4, 1)), "t", PermutedBlocks(north(), 1))
    c.activate("S01", date(2012, 4, 2), moment(date(2012, 4, 2)), "t")
    c.screen("S01-001", "S01", DAY, NOW, "t")
    c.enrol("S01-001", DAY, NOW, "t", {"ecog": "0-1", "ldh": "normal"})
    c.randomise("S01-001", DAY, NOW, "t")
    return c


@pytest.mark.parametrize("name", bundled_trials())
def test_every_field_names_a_detail_and_every_detail_that_is_required_has_a_field(name: str) -> None:
    trial = read_trial(find_trial(name))
    for form in forms_of(trial):
        names = [f.name for f in form]
        assert len(names) == len(set(names)), form.name
        for f in form:
            if f.detail.startswith("data."):
                assert f.detail.split(".")[1] in KINDS[form.kind], f
        if form.kind == "randomised":
            continue  # the arm comes by itself
        required = {k for k, (_, must) in KINDS[form.kind].items() if must} - {"factors", "failed"}
        assert required <= {f.detail.split(".")[1] for f in form if "." in f.detail}, form.name


def test_whatever_a_site_may_record_has_a_form() -> None:
    trials = [read_trial(find_trial(name)) for name in bundled_trials()]
    review = EligibilityReview(by="pathology", within=Duration.parse("4 weeks"), ineligible="replace")
    trials.append(north().model_copy(update={"eligibility_review": review}))
    own = OwnForm(name="vitals", title="Vital signs", fields=(OwnField(name="pulse", kind="whole"),))
    trials.append(north().model_copy(update={"forms": (own,)}))
    plan = SamplePlan(drug="carboplatin", analyte="platinum", unit="ug/mL", hours=(0.0, 1.0))
    trials.append(north().model_copy(update={"samples": (plan,)}))
    have = {form.kind for trial in trials for form in forms_of(trial)}
    orders = BY_NAME["coordinator"].orders | BY_NAME["investigator"].orders
    assert orders - have <= {
        "unblinded",
        "delegated",
        "redacted",
        "query answered",
        "signed",
        "exported",
    }  # acts of their own


# -- there and back ------------------------------------------------------------------------------------------------------

_WORDS = st.text("abcdefgh ", min_size=1, max_size=12).map(str.strip).filter(bool)
_DAYS = st.dates(date(2012, 5, 1), date(2013, 5, 1))
_SIZES = st.integers(1, 9999).map(lambda n: n / 100)


@st.composite
def _lesions(draw: st.DrawFn) -> list[dict[str, Any]]:
    kinds = draw(st.lists(st.sampled_from(sorted(STATES)), max_size=4))
    return [
        {"lesion": f"L{i}", "kind": k, "state": draw(st.sampled_from(STATES[k])), "size": draw(_SIZES)}
        for i, k in enumerate(kinds)
    ]


def _some(**details: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=details)


_DETAILS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "screened": st.fixed_dictionaries({"failed": st.lists(st.integers(1, 8), unique=True).map(sorted)}),
    "enrolled": st.fixed_dictionaries({"factors": st.fixed_dictionaries({"ecog": st.sampled_from(["0-1", "2"]), "ldh": st.sampled_from(["normal", "raised"])})}),
    "treated": st.fixed_dictionaries({"drug": st.sampled_from(["carboplatin", "etoposide"]), "cycle": st.integers(1, 6), "day": st.integers(1, 3)}, optional={"dose": _SIZES, "unit": st.sampled_from(["AUC", "mg/m2"])}),
    "assessed": st.fixed_dictionaries({"response": st.sampled_from(["CR", "PR", "SD", "PD", "NE"])}, optional={"sum_mm": _SIZES, "new_lesion": st.booleans(), "baseline": st.booleans(), "lesions": _lesions()}),
    "adverse event": st.fixed_dictionaries({"term": _WORDS, "grade": st.integers(1, 5), "serious": st.booleans()}, optional={"criteria": st.lists(st.sampled_from(CRITERIA), min_size=1, unique=True), "related": st.booleans(), "organ_class": st.sampled_from(ORGAN_CLASSES), "until": _DAYS.map(str), "ctcae": st.integers(3, 6)}),
    "treatment ended": st.fixed_dictionaries({"reason": _WORDS}),
    "progressed": st.fixed_dictionaries({"basis": _WORDS}),
    "next therapy": _some(therapy=_WORDS),
    "deviation": st.fixed_dictionaries({"what": _WORDS, "major": st.booleans()}),
    "died": _some(cause=_WORDS),
    "withdrawn": _some(reason=_WORDS),
    "contact": st.just({}),
    "lost": st.just({}),
}  # fmt: skip


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_is_shown_of_an_event_and_read_again_is_the_event(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(_DETAILS)))
    details, on = data.draw(_DETAILS[kind]), data.draw(_DAYS)
    form = form_for(kind, north())
    assert form is not None
    event = Event(5, kind, on, NOW, "t", patient="P", site="S01" if kind == "screened" else "", data=details)
    again = fill(form, typed_of(form, event))
    assert again.problems == ()
    assert (again.happened, dict(again.data)) == (on, details)
    assert changes(form, again, event) == {}


@pytest.mark.property
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_typed_is_read_or_refused_at_a_field(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(forms_of(north())))
    typed = {
        f.name: data.draw(st.text(max_size=8) if f.kind != "many" else st.lists(st.text(max_size=4), max_size=3))
        for f in form
        if data.draw(st.booleans())
    }
    found = fill(form, typed)
    assert {p.field for p in found.problems} <= {f.name for f in form}
    json.dumps(dict(found.data))


# -- what is wrong, at the field -----------------------------------------------------------------------------------------

#: form, what is typed, the field that says so, the code
WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("dose", {"happened": "31.5.2012"}, "happened", "cannot-read"),
    ("dose", {"happened": "2012-06-01", "drug": "carboplatin", "cycle": "one"}, "cycle", "cannot-read"),
    ("dose", {"happened": "2012-06-01", "drug": "carboplatin", "cycle": "7", "day": "1", "dose": "5", "unit": "AUC"}, "cycle", "too-many-cycles"),
    ("dose", {"happened": "2012-06-01", "drug": "carboplatin", "cycle": "1", "day": "4", "dose": "5", "unit": "AUC"}, "day", "day-of-cycle"),
    ("dose", {"happened": "2012-06-01", "drug": "carboplatin", "cycle": "1", "day": "1", "dose": "5", "unit": "mg/m2"}, "unit", "unit"),
    ("dose", {"happened": "2012-06-01", "drug": "carboplatin", "cycle": "1", "day": "1", "dose": "5000", "unit": "AUC"}, "dose", "dose"),
    ("dose", {"happened": "2012-06-01", "drug": "aspirin", "cycle": "1", "day": "1"}, "drug", "drug-not-in-arm"),
    ("dose", {"happened": "2012-05-31", "drug": "carboplatin", "cycle": "1", "day": "1", "dose": "5", "unit": "AUC"}, "happened", "before-randomisation"),
    ("adverse-event", {"happened": "2012-06-09", "term": "nausea", "grade": "6", "serious": "no"}, "grade", "grade-out-of-range"),
    ("adverse-event", {"happened": "2012-06-09", "term": "nausea", "grade": "2", "serious": "no", "criteria": ["death"]}, "criteria", "not-serious"),
    ("adverse-event", {"happened": "2012-06-09", "term": "nausea", "grade": "2", "serious": "no", "until": "2012-06-08"}, "until", "until"),
    ("adverse-event", {"happened": "2012-06-09", "term": "nausea", "grade": "2", "serious": "perhaps"}, "serious", "cannot-read"),
    ("adverse-event", {"happened": "2014-06-09", "term": "nausea", "grade": "2", "serious": "no"}, "happened", "in-the-future"),
    ("adverse-event", {"happened": "2012-06-09", "term": "nausea", "grade": "2", "serious": "no", "organ_class": "Heart"}, "organ_class", "unknown-organ-class"),
    ("assessment", {"happened": "2012-07-13", "response": "better"}, "response", "unknown-response"),
    ("assessment", {"happened": "2012-07-13", "response": "SD", "sum_mm": "-4"}, "sum_mm", "sum-out-of-range"),
    ("assessment", {"happened": "2012-07-13", "response": "SD", "lesions": '[{"lesion": "T1", "kind": "target", "state": "measured"}]'}, "lesions", "no-size"),
    ("assessment", {"happened": "2012-07-13", "response": "SD", "lesions": "["}, "lesions", "cannot-read"),
    ("death", {}, "happened", "missing"),
    ("death", {"happened": "2012-06-09", "cause": "x" * 5000}, "cause", "too-long"),
    ("death", {"happened": "2012-06-09", "why": "a\u202eb"}, "why", "not-seen"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "typed", "field", "code"), WRONG, ids=[f"{w[0]}: {w[3]}" for w in WRONG])
def test_what_is_wrong_is_said_at_its_field(
    conduct: Conduct, name: str, typed: dict[str, Any], field: str, code: str
) -> None:
    form = form_of(name, north(), conduct.patients["S01-001"])
    assert form is not None
    found = fill(form, typed)
    problems = list(found.problems)
    if found.happened is not None:
        event = Event(
            len(conduct.log) + 1, form.kind, found.happened, NOW, "t", found.why, "S01-001", data=dict(found.data)
        )
        problems += at_fields(form, conduct.judge(event))
    assert (field, code) in [(p.field, p.code) for p in problems]
    assert all(str(p) for p in problems)


def test_a_person_who_was_screened_before_is_asked_about_at_the_field_that_confirms_it() -> None:
    raw = find_trial("north").read_text() + '\n[patients]\nasks = ["birth_year", "sex", "initials"]\n'
    trial = trial_from(tomllib.loads(raw), "north")
    c = Conduct.open(trial, moment(date(2012, 4, 1)), "t", PermutedBlocks(trial, 1))
    c.activate("S01", date(2012, 4, 2), moment(date(2012, 4, 2)), "t")
    person = {"birth_year": 1950, "sex": "female", "initials": "AB"}
    c.screen("", "S01", DAY, NOW, "t", person=person)
    form = form_of("screening", trial)
    assert form is not None
    asked = form.field("new_person")
    assert asked is not None
    assert not asked.shown
    met = {f.name: "yes" if f.fails == "no" else "no" for f in form if f.fails}
    typed = {"happened": str(DAY), "site": "S01", "birth_year": "1950", "sex": "Female", "initials": "ab", **met}
    found = fill(form, typed)
    assert found.problems == ()
    assert found.data["failed"] == []
    event = Event(len(c.log) + 1, "screened", DAY, NOW, "t", "", "S01-002", found.site, dict(found.data))
    assert [(p.field, p.code) for p in at_fields(form, c.judge(event))] == [("new_person", "likely-the-same-person")]
    found = fill(form, typed | {"new_person": "yes"})
    assert c.judge(Event(len(c.log) + 1, "screened", DAY, NOW, "t", "", "S01-002", found.site, dict(found.data))) == []


def test_a_criterion_fails_by_its_answer() -> None:
    form = form_of("screening", north())
    assert form is not None
    inclusion, exclusion = form.field("criterion_1"), form.field("criterion_7")
    assert inclusion is not None
    assert exclusion is not None
    assert (inclusion.fails, exclusion.fails) == ("no", "yes")
    typed = {f.name: "yes" for f in form if f.fails} | {"happened": str(DAY), "site": "S01"}
    assert fill(form, typed).data["failed"] == [7, 8]
    typed |= {"criterion_7": "no", "criterion_8": "no", "criterion_2": "no"}
    assert fill(form, typed).data["failed"] == [2]
    del typed["criterion_3"]
    assert [(p.field, p.code) for p in fill(form, typed).problems] == [("criterion_3", "missing")]


def test_a_patients_form_offers_his_arms_drugs() -> None:
    c = Conduct.open(north(), moment(date(2012, 4, 1)), "t", PermutedBlocks(north(), 1))
    c.activate("S01", date(2012, 4, 2), moment(date(2012, 4, 2)), "t")
    seen = set()
    for i in range(6):
        name = f"S01-{i + 1:03}"
        c.screen(name, "S01", DAY, NOW, "t")
        c.enrol(name, DAY, NOW, "t", {"ecog": "0-1", "ldh": "normal"})
        c.randomise(name, DAY, NOW, "t")
        form = form_of("dose", north(), c.patients[name])
        assert form is not None
        drug = form.field("drug")
        assert drug is not None
        seen.add((c.patients[name].arm, tuple(x.value for x in drug.choices)))
    assert seen == {("CE", ("carboplatin", "etoposide")), ("IMGN901", ("IMGN901", "carboplatin", "etoposide"))}


def test_unit_and_times_a_day_need_not_be_typed(conduct: Conduct) -> None:
    patient = conduct.patients["S01-001"]
    data = {"drug": "carboplatin", "cycle": 1, "day": 1, "dose": 5.0}
    assert as_planned(north(), patient, data, DAY) == {**data, "unit": "AUC"}
    assert as_planned(north(), patient, {**data, "unit": "mg/m2"}, DAY)["unit"] == "mg/m2"
    assert as_planned(north(), patient, {"drug": "aspirin"}, DAY) == {"drug": "aspirin"}


def test_what_is_emptied_in_a_correction_goes() -> None:
    form = form_of("adverse-event", north())
    assert form is not None
    old = Event(3, "adverse event", DAY, NOW, "t", patient="P", data={"term": "nausea", "grade": 2, "serious": True, "criteria": ["death"], "severity": "x"})  # fmt: skip
    typed = typed_of(form, old) | {"serious": "no", "criteria": [], "grade": "3"}
    assert changes(form, fill(form, typed), old) == {"serious": False, "grade": 3, "criteria": None}
