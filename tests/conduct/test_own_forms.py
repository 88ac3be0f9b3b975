"""Forms of the trial file's own: what is refused, what is asked about, grades by number, CSV, and amendments that contradict records."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.conduct.form_rules import grades
from equipoise.conduct.laboratory import grade
from equipoise.conduct.watched_over import queries
from equipoise.desk import own_forms
from equipoise.files.definition import trial_of
from equipoise.trial.grading import AdverseEvents
from equipoise.trial.log import Log
from equipoise.trial.own_form import NormalRange, OwnForm, forms_problems
from equipoise.trial.trial import Trial
from people_log import PEOPLE, log, north

FORMS = """
[[forms]]
name = "vitals"
title = "Vital signs"
visits = ["baseline", "cycle 1", "cycle 2"]
fields = [
  { name = "systolic", label = "Systolic", kind = "whole", unit = "mmHg", required = true, at_least = 40, at_most = 300, expected = [90.0, 180.0] },
  { name = "diastolic", kind = "whole", unit = "mmHg" },
  { name = "weight", kind = "number", unit = "kg", at_least = 20, at_most = 300 },
]
checks = [
  { field = "diastolic", comparison = "<", than = "systolic", hard = true, says = "the diastolic pressure is below the systolic" },
  { field = "weight", comparison = ">", than = "previous.weight", says = "Weight fell since the visit before." },
]
[[forms]]
name = "laboratory"
title = "Laboratory"
repeating = true
fields = [
  { name = "neutrophils", kind = "number", unit = "10^9/L", ctcae = "neutrophils", normal = [{ low = 1.8, high = 7.5 }, { site = "S02", low = 2.0 }] },
  { name = "weight_then", kind = "number", unit = "kg" },
  { name = "alt", label = "ALT", kind = "number", unit = "U/L", at_least = 0, ctcae = "alt", normal = [{ high = 40.0 }] },
]
checks = [{ field = "weight_then", comparison = "<=", than = "vitals.weight", says = "It is above the last weight." }]
[[forms]]
name = "medication"
title = "Concomitant medication"
repeating = true
fields = [{ name = "drug", kind = "text", required = true }, { name = "route", kind = "choice", levels = ["oral", "iv"] }, { name = "going_on", kind = "yes-no" }]
"""
OWN, SITE = "S01-000", PEOPLE["coordinator"]
DAY = date(2013, 8, 1)


def forms(text: str = FORMS) -> tuple[OwnForm, ...]:
    import json

    return tuple(OwnForm.model_validate_json(json.dumps(f)) for f in tomllib.loads(text)["forms"])


def trial(text: str = FORMS) -> Trial:
    return north().model_copy(
        update={"forms": forms(text), "adverse_events": AdverseEvents(dictionary="CTCAE", version=5)}
    )


class Desk:
    def __init__(self, of: Trial | None = None) -> None:
        found = of or trial()
        first = replace(log()[0], data={**log()[0].data, **found.opening})
        self.conduct = Conduct(found, Log([first, *list(log())[1:]]), read=trial_of)
        self.now = log()[len(log()) - 1].recorded + timedelta(days=30)

    def __call__(self, order: Any) -> Any:
        self.now += timedelta(minutes=1)
        return order(self.conduct, self.now)

    def form(self, name: str, values: dict[str, Any], visit: str = "", on: date = DAY, **more: Any) -> Any:
        return self(own_forms.record(SITE, OWN, name, on, values, visit, **more))


def codes(desk: Desk, *args: Any, **more: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        desk.form(*args, **more)
    return [p.code for p in refused.value.problems]


def test_values_are_recorded_and_no_analysis_reads_them() -> None:
    desk = Desk()
    desk.form("vitals", {"systolic": "120", "diastolic": "80"}, "baseline")
    assert desk.conduct.patients[OWN].forms[0].data["values"] == {"systolic": 120, "diastolic": 80}
    assert desk.conduct.patients[OWN].last_contact == Desk().conduct.patients[OWN].last_contact
    assert not replay(trial(), list(desk.conduct.log), trial_of)


@pytest.mark.parametrize(
    ("name", "values", "visit", "code"),
    [
        ("vitls", {}, "", "unknown-form"),
        ("vitals", {"systolic": "120"}, "", "visit"),
        ("vitals", {"systolic": "120"}, "cycle 9", "visit"),
        ("medication", {"drug": "aspirin"}, "baseline", "visit"),
        ("vitals", {"diastolic": "80"}, "baseline", "missing"),
        ("vitals", {"systolic": "high"}, "baseline", "value"),
        ("vitals", {"systolic": "120.5"}, "baseline", "value"),
        ("vitals", {"systolic": "350"}, "baseline", "out-of-range"),
        ("vitals", {"systolic": "120", "pulse": "70"}, "baseline", "unknown-field"),
        ("vitals", {"systolic": "120", "diastolic": "130"}, "baseline", "check"),
        ("medication", {"drug": "aspirin", "route": "nasal"}, "", "value"),
        ("medication", {"drug": "aspirin", "going_on": "perhaps"}, "", "value"),
        ("laboratory", {"alt": "nan"}, "", "no-number"),
    ],
)
def test_what_cannot_be_is_refused(name: str, values: dict[str, Any], visit: str, code: str) -> None:
    assert code in codes(Desk(), name, values, visit)


def test_a_form_of_a_visit_stands_once_and_a_repeating_one_again() -> None:
    desk = Desk()
    desk.form("vitals", {"systolic": "120"}, "baseline")
    assert codes(desk, "vitals", {"systolic": "121"}, "baseline") == ["form-twice"]
    desk.form("vitals", {"systolic": "121"}, "cycle 1")
    for drug in ("aspirin", "ibuprofen"):
        desk.form("medication", {"drug": drug})
    assert len(desk.conduct.patients[OWN].forms) == 4


def test_what_is_unlikely_is_asked_about_and_confirmed_it_is_a_query() -> None:
    desk = Desk()
    assert codes(desk, "vitals", {"systolic": "200"}, "baseline") == ["to-confirm"]
    made = desk.form("vitals", {"systolic": "200", "weight": "80"}, "baseline", confirm=True)
    assert made.why == "Confirmed: Systolic 200: 90 to 180 mmHg is usual."
    # Over visits, and over forms.
    assert codes(desk, "vitals", {"systolic": "120", "weight": "79"}, "cycle 1") == ["to-confirm"]
    assert codes(desk, "laboratory", {"weight_then": "90"}) == ["to-confirm"]
    assert [(q.number, q.text, q.state) for q in queries(list(desk.conduct.log), desk.now)] == [
        (made.number, "Systolic 200: 90 to 180 mmHg is usual.", "open")
    ]


#: From the tables of CTCAE v3.0, v4.03 and v5.0; limits of normal 1.8 and 40.
GRADES = [
    ("neutrophils", 1.8, 5, 0), ("neutrophils", 1.79, 5, 1), ("neutrophils", 1.5, 5, 1), ("neutrophils", 1.49, 5, 2), ("neutrophils", 1.0, 5, 2),
    ("neutrophils", 0.99, 5, 3), ("neutrophils", 0.5, 5, 3), ("neutrophils", 0.49, 5, 4), ("platelets", 1.7, 5, 4),
    ("alt", 40, 4, 0), ("alt", 41, 4, 1), ("alt", 120, 4, 1), ("alt", 121, 4, 2), ("alt", 200, 4, 2), ("alt", 201, 4, 3), ("alt", 800, 4, 3), ("alt", 801, 4, 4),
    ("alt", 101, 3, 2), ("alt", 100, 3, 1), ("bilirubin", 60, 4, 1), ("bilirubin", 61, 4, 2), ("bilirubin", 121, 4, 3), ("bilirubin", 401, 4, 4),
    ("creatinine", 61, 4, 2), ("creatinine", 121, 4, 3), ("creatinine", 241, 4, 4),
]  # fmt: skip


@pytest.mark.parametrize(("test", "value", "edition", "expected"), GRADES)
def test_grades_are_those_of_the_tables(test: str, value: float, edition: int, expected: int) -> None:
    unit = "10^9/L" if test in ("neutrophils", "platelets") else "U/L"
    assert grade(test, value, unit, NormalRange(low=1.8, high=40.0), edition) == expected


def test_what_a_grade_rests_on_must_be_there() -> None:
    normal = NormalRange(low=12.0, high=40.0)
    assert grade("alt", 300, "U/L", normal, 5) is None, "CTCAE 5 asks for the patient's baseline"
    assert grade("alt", 300, "U/L", normal, 5, baseline=30) == 3
    assert grade("alt", 300, "U/L", normal, 5, baseline=90) is None, "by the baseline, which is for the investigator"
    assert grade("neutrophils", 0.4, "grains", normal, 5) is None
    assert grade("neutrophils", 0.4, "10^9/L", None, 5) is None
    assert grade("haemoglobin", 6.0, "g/dL", normal, 5) == 3, "grade 4 is life-threatening, and no number"
    assert grade("haemoglobin", 6.0, "g/dL", normal, 3) == 4
    assert grade("haemoglobin", 75, "g/L", NormalRange(low=120), 5) == 3


def test_the_site_s_own_limits_count() -> None:
    desk = Desk()
    made = desk.form("laboratory", {"neutrophils": "1.9"})
    edition = trial().adverse_events
    assert edition is not None
    patient = desk.conduct.patients[OWN]
    assert grades(made, patient, trial()) == {"neutrophils": 0}
    patient.site = "S02"
    assert grades(made, patient, trial()) == {"neutrophils": 1}


def row(**other: str) -> dict[str, str]:
    return {"patient": OWN, "day": "2013-08-01", "visit": "", "test": "alt", "value": "30", "unit": "U/L", **other}


def test_a_table_of_laboratory_values_is_recorded_whole_or_not_at_all() -> None:
    desk = Desk()
    before = len(desk.conduct.log)
    rows = [row(), row(test="neutrophils", value="3.1", unit="10^9/L"), row(patient="S01-004", day="2013-08-02")]
    made = desk(own_forms.laboratory(SITE, "laboratory", rows))
    assert [(e.patient, e.data["values"]) for e in made] == [
        (OWN, {"alt": 30.0, "neutrophils": 3.1}),
        ("S01-004", {"alt": 30.0}),
    ]
    desk = Desk()
    wrong = [
        row(),
        row(day="2013-08-03", unit="ukat/L"),
        row(test="x"),
        row(day="1.8.13"),
        row(patient="S02-001", day="2013-08-05"),
        row(),
    ]
    with pytest.raises(Refused) as refused:
        desk(own_forms.laboratory(SITE, "laboratory", wrong))
    said = {p.code: p for p in refused.value.problems}
    assert set(said) == {"unit", "unknown-field", "day", "not-your-patient", "twice"}
    assert said["unit"].allowed == "U/L, in which ALT is recorded: nothing is converted"
    assert len(desk.conduct.log) == before


def amended(text: str) -> tuple[Desk, set[str]]:
    desk = Desk()
    desk.form("medication", {"drug": "aspirin", "route": "iv"})
    desk.form("laboratory", {"alt": "30"})
    new = trial(text)
    return desk, {p.code for p in desk.conduct.judge(_amendment(desk, new))}


def _amendment(desk: Desk, new: Trial) -> Any:
    from equipoise.trial.event import Event

    now = desk.now + timedelta(hours=1)
    return Event(
        len(desk.conduct.log) + 1,
        "amended",
        now.date(),
        now,
        PEOPLE["sponsor"],
        "so",
        data={"fingerprint": new.fingerprint, "definition": new.definition},
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            'name = "alt", label = "ALT", kind = "number", unit = "U/L"',
            'name = "alt", label = "ALT", kind = "number", unit = "ukat/L"',
        ),
        ('levels = ["oral", "iv"]', 'levels = ["oral", "sc"]'),
        ('{ name = "route", kind = "choice", levels = ["oral", "iv"] }, ', ""),
    ],
)
def test_an_amendment_that_contradicts_records_is_refused(old: str, new: str) -> None:
    _, found = amended(FORMS.replace(old, new))
    assert "contradicts-records" in found


def test_an_amendment_that_adds_is_none_of_this() -> None:
    _, found = amended(FORMS.replace('levels = ["oral", "iv"]', 'levels = ["oral", "iv", "sc"]'))
    assert "contradicts-records" not in found


def test_a_definition_that_cannot_be_is_told() -> None:
    wrong = (
        FORMS.replace('than = "systolic"', 'than = "systolc"')
        .replace('site = "S02"', 'site = "S99"')
        .replace('than = "vitals.weight"', 'than = "vitals.systolic"')
    )
    assert [p.code for p in forms_problems(forms(wrong), {"S01", "S02"})] == [
        "unknown-field",
        "unknown-site",
        "not-comparable",
    ]
    with pytest.raises(ValueError, match="of a 'choice' and of no other kind"):
        forms('[[forms]]\nname = "x"\ntitle = "x"\nfields = [{ name = "a", kind = "choice" }]')


def test_a_file_without_forms_keeps_its_fingerprint() -> None:
    assert "forms" not in north().definition
    assert trial_of(trial().definition).forms == forms()
