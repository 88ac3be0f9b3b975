"""Public USDM documents as trial files: the counts of a table that others made, and what is missing said so."""

from __future__ import annotations

from typing import Any

import pytest

from equipoise.files.trial_file import trial_from
from equipoise.standards.usdm.export import to_usdm
from equipoise.standards.usdm.read import problems_of
from equipoise.standards.usdm.to_trial import to_trial
from usdm_cases import document, schema_errors

#: As counted from the documents by hand: arms, encounters, criteria, objectives (research, usdm_examples.csv).
COUNTS = {"cdisc_pilot": (3, 12, 31, 6), "lilly_nct03421379": (2, 7, 36, 6)}


@pytest.mark.parametrize("name", COUNTS)
def test_what_the_documents_hold(name: str) -> None:
    taken = to_trial(document(name))
    trial = trial_from(taken.raw, name)
    assert trial.protocol is not None
    counts = (len(trial.arms), len(trial.visits), len(trial.eligibility), len(trial.protocol.objectives))
    assert counts == COUNTS[name]
    assert trial.design is None
    missing = {of for a in trial.assumptions if a.missing for of in a.of}
    assert {"design", "monitoring", "sites", "assessments", "start", "randomisation"} <= missing
    again = to_usdm(trial)
    assert schema_errors(again) == []
    assert problems_of(again) == []
    assert to_trial(again).raw["eligibility"] == taken.raw["eligibility"]
    assert to_trial(again).raw["visits"] == taken.raw["visits"]


def test_lzzt_word_for_word() -> None:
    raw = to_trial(document("cdisc_pilot")).raw
    assert raw["phase"] == "II"
    assert raw["registration"] == ["NCT12345678"]
    assert raw["target_enrolment"] == 300
    assert (
        raw["eligibility"][0]["text"] == "Males and postmenopausal females at least 50 years of age."
    )  # a tag, a reference, a number
    assert [(a["label"], a["tested"]) for a in raw["arms"]] == [
        ("Placebo", False),
        ("Xanomeline Low Dose", True),
        ("Xanomeline High Dose", True),
    ]
    assert raw["protocol"]["age"] == {"least": 50.0, "most": 100.0}
    assert raw["protocol"]["sex"] == "all"
    assert raw["randomisation"]["blinding"] == "double blind"
    visits = {v["name"]: v["day"] for v in raw["visits"]}
    assert (visits["E1"], visits["E2"], visits["E3"], visits["E4"]) == (-14, -2, 1, 15)


def test_an_observational_study_is_refused_politely() -> None:
    (problem,) = problems_of(document("observational"))
    assert problem.code == "not-interventional"
    assert "nothing is wrong with the file" in problem.next_step


def changed(**how: Any) -> Any:
    found = document("cdisc_pilot")
    design = found["study"]["versions"][0]["studyDesigns"][0]
    if "version" in how:
        found["usdmVersion"] = how["version"]
    if how.get("dangling"):
        design["studyCells"][0]["armId"] = "StudyArm_99"
        design["activities"][0]["nextId"] = "Activity_99"
    if how.get("twice"):
        design["arms"][1]["id"] = design["arms"][0]["id"]
    if how.get("shape"):
        design["arms"] = {"a": 1}
        found["study"]["versions"][0]["titles"] = "a title"
    return found


def test_all_problems_at_once() -> None:
    codes = [p.code for p in problems_of(changed(version="3.0.0", dangling=True))]
    assert codes == ["other-version", "dangling", "dangling"]
    assert [p.code for p in problems_of(changed(version=None, shape=True))] == [
        "other-version",
        "wrong-type",
        "wrong-type",
    ]
    twice = problems_of(changed(twice=True))
    assert "duplicate-id" in [p.code for p in twice]


@pytest.mark.parametrize(
    "given",
    [None, [], 3, "x", {}, {"study": []}, {"study": {}}, {"study": {"versions": []}}, {"study": {"versions": [{}]}}],
)
def test_what_is_no_study(given: Any) -> None:
    assert problems_of(given)


@pytest.mark.slow
def test_a_document_that_lacks_anything_optional_is_read_all_the_same() -> None:
    """Each attribute of the design and the version taken away in turn: a problem in words, or a sound trial file."""
    for at in ("design", "version", "study", "population"):
        whole = document("cdisc_pilot")
        version = whole["study"]["versions"][0]
        design = version["studyDesigns"][0]
        keys = {"design": design, "version": version, "study": whole["study"], "population": design["population"]}[at]
        for key in list(keys):
            kept = keys.pop(key)
            problems = problems_of(whole)
            if not problems:
                trial_from(to_trial(whole).raw, key)
            keys[key] = None if kept is not None else []
            if not problems_of(whole):
                trial_from(to_trial(whole).raw, key)
            keys[key] = kept


def test_endpoints_that_oncology_defines_alike_are_recognised() -> None:
    whole = document("cdisc_pilot")
    endpoints = [e for o in whole["study"]["versions"][0]["studyDesigns"][0]["objectives"] for e in o["endpoints"]]
    for e, text in zip(
        endpoints,
        [
            "Progression-free survival (PFS)",
            "<p>Overall survival</p>",
            "Objective response rate by RECIST",
            "Quality of life",
        ],
        strict=False,
    ):
        e["text"] = text
    trial = trial_from(to_trial(whole).raw, "words")
    assert [e.name for e in trial.endpoints[:4]] == ["PFS", "OS", "ORR", "END4"]
    assert [e.kind for e in trial.endpoints[:4]] == ["time to event", "time to event", "response", "outcome"]
