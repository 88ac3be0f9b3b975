"""USDM of every bundled trial: CDISC's schema, whole references, and the same trial back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from equipoise.files.bundled import bundled_trials, example_trials, find_trial
from equipoise.files.definition import trial_of
from equipoise.files.protocol_file import documented
from equipoise.files.trial_file import read_trial
from equipoise.standards.usdm.export import digest, our_extension, to_usdm
from equipoise.standards.usdm.read import problems_of
from equipoise.standards.usdm.to_trial import to_trial
from equipoise.standards.usdm.visits import days_of
from equipoise.trial.trial import Trial
from usdm_cases import schema_errors


def sent(name: str) -> tuple[Trial, dict[str, Any]]:
    path = find_trial(name)
    d = documented(read_trial(path), path)
    return d.trial, to_usdm(d.shown, d.trial, d.beside)


def instances(value: Any, kind: str) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        own = [value] if value.get("instanceType") == kind else []
        return own + [x for v in value.values() for x in instances(v, kind)]
    return [x for v in value for x in instances(v, kind)] if isinstance(value, list) else []


@pytest.mark.thorough
@pytest.mark.parametrize(
    "name", [*bundled_trials(), *(pytest.param(n, marks=pytest.mark.slow) for n in example_trials())]
)
def test_every_trial_goes_out_by_the_schema_and_comes_back_the_same(name: str) -> None:
    trial, document = sent(name)
    assert schema_errors(document) == []
    assert problems_of(document) == []
    said = json.loads(next(our_extension(document["study"])))
    assert said["rest"] == digest(document)
    assert trial_of(said["definition"]) == trial
    again = to_trial(to_usdm(trial, plain=True)).raw
    assert again["title"] == trial.title
    assert [a["tested"] for a in again["arms"]][-len(trial.arms) :] == [a.tested for a in trial.arms] or trial.phase1
    assert len(again["eligibility"]) == len(trial.eligibility) if trial.eligibility else "eligibility" not in again


def test_north() -> None:
    trial, document = sent("north")
    assert schema_errors(document) == []
    design = document["study"]["versions"][0]["studyDesigns"][0]
    assert [a["name"] for a in design["arms"]] == ["IMGN901", "CE"]
    assert [a["type"]["decode"] for a in design["arms"]] == ["Investigational Arm", "Active Comparator Arm"]
    assert design["population"]["plannedEnrollmentNumber"]["value"] == trial.target_enrolment
    assert design["population"]["plannedAge"]["minValue"]["value"] == 18
    assert len(design["eligibilityCriteria"]) == 8
    assert len(design["studyCells"]) == 6
    roles = {i["name"]: i["role"]["decode"] for i in document["study"]["versions"][0]["studyInterventions"]}
    assert roles == {
        "IMGN901": "Protocol Agent",
        "carboplatin": "Background Treatment",
        "etoposide": "Background Treatment",
    }
    doses = {a["name"]: a["dose"]["value"] for a in instances(document, "Administration")}
    assert doses == {"IMGN901 (1)": 112, "carboplatin (1)": 5, "etoposide (1)": 100}
    assert {e["name"] for e in instances(document, "Endpoint")} == {e.name for e in trial.endpoints}
    timings = {t["name"]: (t["type"]["decode"], t["value"]) for t in instances(document, "Timing")}
    assert timings["Timing of CYCLE 2 DAY 8"] == ("After Timing Type", "P28D")
    assert timings["Timing of SCREENING"] == ("Before Timing Type", "P1D")
    assert json.dumps(document) == json.dumps(sent("north")[1])


def test_ids_and_names_are_unique_and_lists_are_chained() -> None:
    _, document = sent("north")
    every = [
        x["id"] for kind in ("Code", "Encounter", "Activity", "StudyEpoch", "Timing") for x in instances(document, kind)
    ]
    assert len(every) == len(set(every))
    encounters = instances(document, "Encounter")
    assert [e["nextId"] for e in encounters[:-1]] == [e["id"] for e in encounters[1:]]
    assert encounters[0]["previousId"] is None
    assert encounters[-1]["nextId"] is None
    names = [e["name"] for e in encounters]
    assert len(names) == len(set(names))


def test_without_our_extension_the_rules_stay_here() -> None:
    trial, document = sent("north")
    assert "block_sizes" in json.dumps(document)
    plain = json.dumps(to_usdm(trial, plain=True))
    assert "block_sizes" not in plain
    assert "extensionAttributes" not in plain


def test_the_digest_passes_over_what_tools_write_as_they_like() -> None:
    _, document = sent("merkel")
    before = digest(document)
    other = json.loads(json.dumps(document))
    other["study"]["versions"][0]["amendments"] = []
    other["study"]["versions"][0]["studyDesigns"][0]["population"]["plannedEnrollmentNumber"]["value"] += 0.0
    assert digest(other) == before
    other["study"]["versions"][0]["titles"][0]["text"] = "Another"
    assert digest(other) != before


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("P3W", 21),
        ("P1D", 1),
        ("P2M", 60),
        ("P1Y", 365),
        ("PT4H", 0),
        ("P1DT2H", 1),
        ("P", None),
        ("3 weeks", None),
        (None, None),
        (4, None),
    ],
)
def test_lengths_of_time(text: Any, days: int | None) -> None:
    assert days_of(text) == days
