"""Baseline: said in the trial file, recorded at enrolment, corrected, and shown by arm with who is missing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from equipoise.analyse.baseline import baseline_lacking, baseline_table, half_missing
from equipoise.analyse.data import cut
from equipoise.analyse.groups import by_arm, pooled
from equipoise.conduct.conduct import Conduct, Refused
from equipoise.conduct.filled import at_fields
from equipoise.conduct.forms import form_of
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.files.trial_file import trial_from
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import moment
from variants import NORTH

VARIABLES: list[dict[str, Any]] = [
    {"name": "age", "label": "Age", "kind": "number", "unit": "years"},
    {"name": "stage", "label": "Stage", "kind": "category", "levels": ["III", "IV"]},
    {"name": "ps", "label": "ECOG performance status", "kind": "category", "factor": "ecog"},
]
DAY = date(2012, 5, 2)


def trial(*variables: dict[str, Any]) -> Trial:
    return trial_from({**NORTH, "baseline": list(variables or VARIABLES)}, "north")


@pytest.fixture
def conducted() -> Conduct:
    """Four patients: ages 50, 61, 72 and none; a stage of two of them."""
    t = trial()
    c = Conduct.open(t, moment(t.start), "t", PermutedBlocks(t, "a seed for tests only"))
    c.activate("S01", DAY, moment(DAY), "t")
    for i, told in enumerate(({"age": "50", "stage": "III"}, {"age": "61.5"}, {"age": "72", "stage": "IV"}, {}), 1):
        c.screen(f"P{i}", "S01", DAY, moment(DAY), "t")
        c.enrol(f"P{i}", DAY, moment(DAY), "t", {"ecog": "2" if i == 1 else "0-1", "ldh": "raised"}, baseline=told)
        c.randomise(f"P{i}", DAY, moment(DAY), "t")
    return c


def test_a_file_without_it_has_the_fingerprint_it_had() -> None:
    assert "baseline" not in trial_from(NORTH, "north").definition
    assert trial().fingerprint != trial_from(NORTH, "north").fingerprint
    assert trial_from({**NORTH, "baseline": []}, "north").fingerprint == trial_from(NORTH, "north").fingerprint


def test_the_table_has_factors_numbers_categories_and_who_is_missing(conducted: Conduct) -> None:
    snap = cut(conducted.trial, conducted.log)
    table = baseline_table(conducted.trial, pooled(conducted.trial, snap))
    assert table is not None
    assert [list(r) for r in table.rows] == [
        ["Lactate dehydrogenase"],
        ["normal", "0 (0%)"], ["raised", "4 (100%)"],
        ["Age, years"], ["Median (range)", "61.5 (50.0 to 72.0)"], ["Missing", "1 of 4"],
        ["Stage"], ["III", "1 (50%)"], ["IV", "1 (50%)"], ["Missing", "2 of 4"],
        ["ECOG performance status"], ["0-1", "3 (75%)"], ["2", "1 (25%)"],
    ]  # fmt: skip
    assert list(half_missing(conducted.trial, pooled(conducted.trial, snap))) == [
        "Stage (stage) is not recorded of 2 of 4 patients (All patients)."
    ]
    by = baseline_table(conducted.trial, by_arm(conducted.trial, snap))
    assert by is not None
    assert len(by.columns) == 3
    lacking = baseline_lacking(conducted.trial, pooled(conducted.trial, snap))
    assert [(p.code, p.where) for p in lacking] == [("baseline-missing", "baseline stage")]


@pytest.mark.parametrize(
    ("told", "code", "where"),
    [
        ({"age": "old"}, "not-a-number", "baseline age"),
        ({"stage": "V"}, "unknown-level", "baseline stage"),
        ({"weight": "70"}, "unknown-baseline", "baseline weight"),
        ({"ps": "2"}, "unknown-baseline", "baseline ps"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    conducted: Conduct, told: dict[str, Any], code: str, where: str
) -> None:
    conducted.screen("P9", "S01", DAY, moment(DAY), "t")
    before = len(conducted.log)
    with pytest.raises(Refused) as refused:
        conducted.enrol("P9", DAY, moment(DAY), "t", {"ecog": "2", "ldh": "raised"}, baseline=told)
    assert (code, where) in [(p.code, p.where) for p in refused.value.problems]
    assert len(conducted.log) == before
    form = form_of("enrolment", conducted.trial)
    assert form is not None
    if where == "baseline age":
        assert [f.field for f in at_fields(form, refused.value.problems) if f.code == code] == ["baseline_age"]


def test_all_problems_are_said_at_once(conducted: Conduct) -> None:
    conducted.screen("P9", "S01", DAY, moment(DAY), "t")
    with pytest.raises(Refused) as refused:
        conducted.enrol("P9", DAY, moment(DAY), "t", {"ecog": "7"}, baseline={"age": "old", "stage": "V"})
    assert len(refused.value.problems) == 4  # ecog, ldh, age, stage


def test_a_value_is_put_right_and_the_others_stay(conducted: Conduct) -> None:
    first = next(e for e in conducted.log if e.kind == "enrolled")
    conducted.correct(first.number, moment(DAY), "t", "typing", data={"baseline": {"age": "55"}})
    patient = cut(conducted.trial, conducted.log).patients["P1"]
    assert patient.enrolled is not None
    assert patient.enrolled.data["baseline"] == {"age": 55, "stage": "III"}
    assert patient.enrolled.data["factors"] == first.data["factors"]


def test_forms_ask_for_what_is_recorded_for_itself() -> None:
    form = form_of("enrolment", trial())
    assert form is not None
    asked = {f.name: f for f in form if f.name.startswith("baseline_")}
    assert set(asked) == {"baseline_age", "baseline_stage"}  # the factor is asked once
    assert (asked["baseline_age"].kind, asked["baseline_age"].unit, asked["baseline_age"].required) == (
        "number",
        "years",
        False,
    )
    assert [c.value for c in asked["baseline_stage"].choices] == ["III", "IV"]


@pytest.mark.parametrize(
    ("variable", "where"),
    [
        ({"name": "age", "kind": "category"}, "baseline[0]"),
        ({"name": "age", "kind": "number", "levels": ["a", "b"]}, "baseline[0]"),
        ({"name": "x", "kind": "category", "levels": ["a"]}, "baseline[0]"),
        ({"name": "x", "kind": "category", "levels": ["a", "a"]}, "baseline[0]"),
        ({"name": "x", "kind": "category", "factor": "moon"}, "baseline[0].factor"),
        ({"name": "ecog", "kind": "number"}, "baseline[0].name"),
        ({"name": "x", "kind": "date"}, "baseline[0].kind"),
    ],
)
def test_a_variable_that_cannot_be_is_refused(variable: dict[str, Any], where: str) -> None:
    with pytest.raises(BadInput) as bad:
        trial(variable)
    assert [p.where for p in bad.value.problems] == [where]


def test_age_and_sex_come_from_screening_where_it_asks_for_them() -> None:
    t = trial_from({**NORTH, "patients": {"asks": ["birth_year", "sex"]}}, "north")
    c = Conduct.open(t, moment(t.start), "t", PermutedBlocks(t, "a seed for tests only"))
    c.activate("S01", DAY, moment(DAY), "t")
    data = {"failed": [], "birth_year": 1950, "sex": "F"}
    c.order("screened", DAY, moment(DAY), "t", patient="S01-001", site="S01", data=data)
    c.enrol("S01-001", DAY, moment(DAY), "t", {"ecog": "2", "ldh": "raised"})
    c.randomise("S01-001", DAY, moment(DAY), "t")
    table = baseline_table(t, pooled(t, cut(t, c.log)))
    assert table is not None
    assert ["Median (range)", "62 (62 to 62)"] in [list(r) for r in table.rows]
    assert ["F", "1 (100%)"] in [list(r) for r in table.rows]
