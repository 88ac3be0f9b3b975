"""Exposure in scenarios: from the doses as given in the log, against the blind window's oracle, through the trial's own rules, and what cannot be."""

from __future__ import annotations

import csv
import math
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from equipoise.analyse.data import cut
from equipoise.analyse.dose_departures import departures
from equipoise.drug.disposition import Course, Doses, macro
from equipoise.drug.patients import population
from equipoise.files.bundled import find_trial
from equipoise.files.definition import trial_of
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial
from equipoise.simulate.exposed import OVER
from equipoise.simulate.exposure_truth import ExposureTruth, Relation
from equipoise.simulate.from_scenario import FromScenario
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.simulate.scenario import Scenario
from equipoise.trial.amendment import Amendment
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from equipoise.trial.validate import tuples
from helpers import ROOT

FOLDER = find_trial("north").parent / "scenarios"


@cache
def scenario(name: str) -> Scenario:
    return read_scenario(FOLDER / f"{name}.toml")


def changed(name: str, **exposure: Any) -> Scenario:
    """A scenario with another [exposure]."""
    found = scenario(name)
    assert found.exposure is not None
    said = tuples({**found.exposure.model_dump(), **exposure})
    return found.model_copy(update={"exposure": ExposureTruth.model_validate(said)})


@cache
def north() -> Trial:
    return read_trial(find_trial("north"))


def with_rules() -> Trial:
    """NORTH whose own file has the rules that the scenario assumes."""
    truth = scenario("exposure/strong").exposure
    assert truth is not None
    return trial_of(north().model_copy(update={"dose_modifications": truth.modifications}).definition)


def window() -> list[dict[str, float]]:
    with (ROOT / "tests/fixtures/drug/neuropathy_window.csv").open() as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


@pytest.mark.parametrize("row", window(), ids=lambda r: f"k = {r['shape_k']:g}")
def test_the_blind_window(row: dict[str, float]) -> None:
    """The hazard of the simulator has the table's risks, cycle 1 and at 90 mg/m2, for the patient without spread."""
    event = {"term": "neuropathy", "exponent": row["shape_k"], "grades": ({"grade": 3, "risk": 0.29},)}
    truth = changed("exposure/strong", events=(event,), progression=None, modifications=())
    exposed = Plan.of(north(), truth, 1).exposed
    assert exposed is not None
    hazard = -math.log1p(-0.29)
    one = macro(*population(exposed.drug.model_copy(update={"parameters": tuple(p.model_copy(update={"cv": 0.0}) for p in exposed.drug.parameters)}), 1, 1).disposition())  # fmt: skip
    starts = [21.0 * c + d for c in range(6) for d in (0, 7)]

    def risk(dose: float, days: float) -> float:
        area = Course(one, Doses.of(starts, dose * 1.73, 1 / 24)).area([days])[0, 0]
        return -math.expm1(-hazard * exposed.events[0].effect(area))

    assert risk(112, 21) == pytest.approx(row["p_cycle1"], abs=5e-5)
    assert risk(112, 500) == pytest.approx(row["risk_6_cycles_at_112"], abs=1e-9)
    assert risk(90, 500) == pytest.approx(row["risk_6_cycles_at_90"], abs=5e-4)


@pytest.mark.parametrize(
    "said",
    [
        {"shape": "power", "exponent": 2.0},
        {"shape": "Emax", "half": 0.4, "exponent": 1.5},
        {"shape": "logistic", "half": 0.6, "steepness": 8.0},
    ],
)
@pytest.mark.parametrize("metric", ["cumulative", "direct", "effect compartment"])
def test_every_relation_has_the_risk_of_the_reference_course(said: dict[str, Any], metric: str) -> None:
    half_time = {"half_time": "10 days"} if metric == "effect compartment" else {}
    event = {"term": "x", "metric": metric, **said, **half_time, "grades": ({"grade": 3, "risk": 0.2},)}
    exposed = Plan.of(
        north(), changed("exposure/strong", events=(event,), progression=None, modifications=()), 1
    ).exposed
    assert exposed is not None
    scaled = exposed.events[0]
    assert scaled.relation.of(0.0) == pytest.approx(0, abs=1e-12)
    assert scaled.relation.of(1.0) == pytest.approx(1, abs=1e-12)
    rising = scaled.relation.of(np.linspace(0, 3, 50))
    assert (np.diff(rising) > 0).all()
    if metric == "cumulative":
        assert scaled.effect(scaled.unit) == pytest.approx(1)
    else:
        assert scaled.total > 0


def test_no_effect_changes_no_decision_and_no_dose() -> None:
    """With hazards that exposure has no say in and no rule: treatment and decisions are those of the scenario without."""
    alone = scenario("exposure/none").model_copy(update={"exposure": None})
    event = {"term": "rash", "shape": "none", "grades": ({"grade": 1, "risk": 0.3},)}
    beside = changed("exposure/none", events=(event,), modifications=())
    for replicate in range(2):
        a, b = (run(Plan.of(north(), s, 5), replicate, detail=True) for s in (alone, beside))
        assert a.looks == b.looks or [x.decision.action for x in a.looks] == [x.decision.action for x in b.looks]
        doses = [sorted((e.patient, e.happened, e.data["drug"], e.data["dose"]) for e in x.log if e.kind == "treated") for x in (a, b)]  # fmt: skip
        assert doses[0] == doses[1]
        assert any(e.data.get("term") == "rash" for e in b.log)


def test_detail_changes_no_decision() -> None:
    plan = Plan.of(north(), scenario("exposure/strong"), 3)
    assert not plan.usual
    a, b = run(plan, 0), run(plan, 0, detail=True)
    assert [x.decision.action for x in a.looks] == [x.decision.action for x in b.looks]
    assert (a.randomised, a.ended) == (b.randomised, b.ended)
    assert len(a.log) < len(b.log)


def test_who_died_before_has_no_fatal_event_after() -> None:
    """Seed 2012, weak, replicate 1 was refused: an event by exposure would have killed P0135 a week after his disease had."""
    log = run(Plan.of(north(), scenario("exposure/weak"), 2012), 1, detail=True).log
    died = {e.patient: e.happened for e in log if e.kind == "died"}
    fatal = [e for e in log if e.kind == "adverse event" and e.data["grade"] == 5]
    assert fatal
    assert all(e.happened == died[e.patient] for e in fatal)


def test_exposure_is_that_of_the_doses_in_the_log() -> None:
    """Every patient's area, worked out again from what his log says he was given, is what his hazards were drawn by."""
    plan = Plan.of(north(), scenario("exposure/strong"), 11)
    found = run(plan, 0, detail=True)
    assert plan.exposed is not None
    source, compared = FromScenario(plan, 0, detail=True), 0
    people = population(plan.exposed.drug, 256, 11, replicate=0)
    constants = macro(*people.disposition())
    for patient in {e.patient for e in found.log if e.kind == "treated" and e.data["drug"] == "IMGN901"}:
        index = int(patient[1:]) - 1
        entry = next(e for e in found.log if e.kind == "randomised" and e.patient == patient)
        given = [e for e in found.log if e.patient == patient and e.kind == "treated" and e.data["drug"] == "IMGN901"]
        who = source.candidate(index)
        assert who is not None
        drawn = source.treated(index, who, "IMGN901", "S01", entry.happened)
        assert drawn is not None
        starts = [float((e.happened - entry.happened).days) for e in given]
        if (found.ended - given[-1].happened).days < 60:
            continue  # doses that were still to come
        one = type(constants)(constants.rate[index : index + 1], constants.weight[index : index + 1])
        area = Course(one, Doses.of(starts, [e.data["dose"] * 1.73 for e in given], 1 / 24)).area([30.0, 100.0, 1500.0])
        assert drawn.exposure[0, [30, 100, 1500]] == pytest.approx(area[0], rel=1e-9)
        compared += 1
    assert compared > 40


def test_the_rules_are_followed_and_feed_back() -> None:
    """What the report derives from the log finds no dose against a rule on the arm that gives the drug; rules lower the dose, and so the worst neuropathy."""
    free = changed("exposure/strong", modifications=())
    trial = with_rules()
    ruled = Plan.of(trial, free, 21)
    found = run(ruled, 0, detail=True)
    snap = cut(trial, found.log, found.ended, fingerprint=False)
    assert [d for p in snap.on_arm("IMGN901") for d in departures(trial, p)] == []
    for n in range(2):
        with_, without = run(ruled, n, detail=True), run(Plan.of(north(), free, 21), n, detail=True)
        amounts = [sum(e.data["dose"] for e in x.log if e.kind == "treated" and e.data["drug"] == "IMGN901") for x in (with_, without)]  # fmt: skip
        assert amounts[0] < amounts[1]
    # assumed in the scenario they do the same as stated in the trial file
    same = run(Plan.of(north(), scenario("exposure/strong"), 21), 0, detail=True)
    doses = [sorted((e.patient, e.happened, e.data["drug"], e.data["dose"]) for e in x.log if e.kind == "treated") for x in (found, same)]  # fmt: skip
    assert doses[0] == doses[1]
    assert not any(e.kind == OVER for e in found.log)
    assert any(e.corrects is not None and "until" in e.data for e in found.log)


def test_an_amended_dose_is_what_exposure_follows() -> None:
    """After an amendment to 90 mg/m2 the log and the exposure have the same lower doses."""
    trial = north()
    arms = tuple(
        a.model_copy(update={"regimen": tuple(t.at_dose(90.0) if t.drug == "IMGN901" else t for t in a.regimen)})
        for a in trial.arms
    )
    lower = trial.model_copy(update={"arms": arms})
    plan = Plan.of(trial, changed("exposure/strong", modifications=()), 4)
    amended = Amendment(lower, date(2012, 9, 1), "neuropathy", {})
    from equipoise.simulate.amended import Amendments

    assert Amendments((amended,)).in_force(trial, "S01", date(2012, 8, 31)) is trial
    assert Amendments((amended,)).in_force(trial, "S01", date(2012, 9, 1)) is lower
    source = FromScenario(plan, 0, detail=True, amending=Amendments((amended,)))
    whole = FromScenario(plan, 0, detail=True)
    who = source.candidate(0)
    assert who is not None
    for day, expected in ((date(2012, 9, 1), 90 / 112), (date(2012, 3, 30), None)):
        a, b = (s.treated(0, who, "IMGN901", "S01", day) for s in (source, whole))
        assert a is not None
        assert b is not None
        first = a.exposure[0, 20] / b.exposure[0, 20]
        assert first == pytest.approx(1.0 if expected is None else expected)


def problems(trial: Trial, said: Scenario) -> list[tuple[str, str]]:
    with pytest.raises(BadInput) as bad:
        Plan.of(trial, said, 1)
    return [(p.code, p.where) for p in bad.value.problems]


RULE = {"name": "x", "does": "stop", "counts": {"terms": ("sepsis",), "grade_at_least": 3}}


def test_what_cannot_be() -> None:
    base = scenario("exposure/strong").exposure
    assert base is not None
    assert problems(north(), changed("exposure/strong", drug="IMGN902", modifications=())) == [("unknown-drug", "exposure.drug")]  # fmt: skip
    assert problems(north(), changed("exposure/strong", stated=None, model="")) == [("no-model", "exposure.model")]
    assert problems(north(), changed("exposure/strong", modifications=(RULE,))) == [("no-trigger", "exposure.modifications[0]")]  # fmt: skip
    blind = {**RULE, "counts": {"terms": ("neutropenia",)}}
    assert problems(north(), changed("exposure/strong", modifications=(blind,))) == [("untimed-event", "exposure.modifications[0]")]  # fmt: skip
    reference = {**base.reference.model_dump(), "unit": "mg/kg"}
    assert problems(north(), changed("exposure/strong", reference=reference)) == [
        ("missing", "exposure.covariates.weight"),
        ("unit", "exposure.reference.unit"),
    ]
    twice = ({"term": "Anaemia", "grades": ({"grade": 2, "risk": 0.1},)},)
    assert problems(north(), changed("exposure/strong", events=twice, modifications=())) == [("event-twice", "exposure.events[0].term")]  # fmt: skip
    assert ("twice", "exposure.modifications") in problems(with_rules(), scenario("exposure/strong"))


@pytest.mark.parametrize(
    "said",
    [
        {"shape": "Emax"},
        {"half": 0.5},
        {"shape": "logistic", "half": 0.5},
        {"metric": "effect compartment"},
        {"half_time": "3 days"},
        {"shape": "none", "exponent": 2.0},
        {"exponent": 0.0},
        {"metric": "trough"},
    ],
)
def test_what_no_relation_can_be(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Relation.model_validate(said)


def test_a_file_names_a_bundled_drug(tmp_path: Path) -> None:
    text = (FOLDER / "exposure/weak.toml").read_text()
    path = tmp_path / "s.toml"
    path.write_text(text.replace('model = "IMGN901"', 'model = "IMGN90"'))
    with pytest.raises(BadInput) as bad:
        read_scenario(path)
    assert [p.where for p in bad.value.problems] == ["exposure.model"]
    assert "IMGN901" in bad.value.problems[0].next_step


@pytest.mark.parametrize("model", ["T-DM1", pytest.param("tusamitamab-ravtansine", marks=pytest.mark.slow)])
def test_other_models(model: str, tmp_path: Path) -> None:
    """Two compartments with correlated spread, and a chain of ratios."""
    path = tmp_path / "s.toml"
    path.write_text((FOLDER / "exposure/weak.toml").read_text().replace('model = "IMGN901"', f'model = "{model}"\ncovariates = {{ bsa = 1.8 }}'))  # fmt: skip
    plan = Plan.of(north(), read_scenario(path), 2)
    assert run(plan, 0).looks
