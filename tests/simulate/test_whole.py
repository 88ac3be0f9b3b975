"""Phase I and II in one log: verified, handed over as it was decided, and phase II what it is alone, day by day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from equipoise import desk
from equipoise.analyse.data import cut
from equipoise.conduct.conduct import replay
from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.definition import trial_of
from equipoise.files.scenario_file import read_scenario
from equipoise.simulate.phase1_rows import Phase1Row, rows
from equipoise.simulate.plan import Plan
from equipoise.simulate.processes import in_chunks
from equipoise.simulate.run import run
from equipoise.simulate.scenario import Scenario
from equipoise.simulate.whole import WholePlan, at_dose, run_whole, whole_rows
from equipoise.simulate.whole_summary import summarise_whole
from equipoise.trial.problem import BadInput

NORTH = desk.opening.load_trial("north")


def truth() -> Scenario:
    return read_scenario(find_scenario(find_trial("north"), "late-neuropathy", "scenarios/whole"))


@pytest.fixture(scope="module")
def plan() -> WholePlan:
    return WholePlan.of(NORTH, truth(), 2012)


@pytest.mark.thorough
@pytest.mark.parametrize("replicate", [0, 3])
def test_one_log_from_the_first_patient_to_the_last_decision(plan: WholePlan, replicate: int) -> None:
    found = run_whole(plan, replicate)
    assert not replay(NORTH, list(found.log), trial_of)
    assert found.phase2 is not None
    kinds = [e.kind for e in found.log]
    assert kinds.count("dose set") == 1
    assert kinds.index("assigned") < kinds.index("dose set") < kinds.index("randomised")
    assert kinds[kinds.index("dose set") :].count("assigned") == 0
    level = plan.phase1.labels[found.phase1.handed_over - 1]
    dose = next(x.dose for x in NORTH.dose_levels if x.label == level)
    assert next(e for e in found.log if e.kind == "dose set").data["level"] == level
    # What is given in phase II is what was set.
    detailed = run_whole(plan, replicate, detail=True)
    of_two = [
        e for e in detailed.log if e.kind == "treated" and e.data["drug"] == "IMGN901" and e.patient.startswith("P")
    ]
    assert {e.data["dose"] for e in of_two} == {dose, round(0.8 * dose, 2)}


@pytest.mark.thorough
def test_phase_ii_is_phase_ii_alone_moved(plan: WholePlan) -> None:
    """The same patients, looks and decisions, as many days apart."""
    found = run_whole(plan, 3)
    assert found.phase2 is not None
    label = plan.phase1.labels[found.phase1.handed_over - 1]
    alone = run(Plan.of(NORTH, at_dose(truth(), label), 2012), 3)
    by = found.phase1.ended + timedelta(days=60) - NORTH.start
    assert found.phase2.ended - alone.ended == by
    assert [(k.decision.action.name, k.cutoff - by) for k in found.phase2.looks] == [
        (k.decision.action.name, k.cutoff) for k in alone.looks
    ]
    moved = [(e.patient, e.happened - by, e.data) for e in found.log if e.kind == "randomised"]
    assert moved == [(e.patient, e.happened, e.data) for e in alone.log if e.kind == "randomised"]


@pytest.mark.thorough
def test_phase_i_alone_is_that_of_the_whole(plan: WholePlan) -> None:
    both = whole_rows(plan, 0, 4)
    alone = rows(plan.phase1, 0, 4)
    assert [r.phase1 for r in both] == list(alone)
    assert [Phase1Row.read({**r.as_json(), "patients": list(r.patients)}) for r in alone] == list(alone)
    two = [r for some in in_chunks(plan, whole_rows, 4, 2, 2) for r in some]
    assert two == list(both)
    s = summarise_whole(plan, both, 4)
    assert sum(a.trials for a in s.at) == 4
    assert s.declare.value == sum(r.declared for r in both) / 4


@pytest.mark.thorough
def test_where_no_dose_is_fit_there_is_no_phase_ii() -> None:
    toxic = truth().phase1
    assert toxic is not None
    said = toxic.model_copy(update={"dlt": dict.fromkeys(toxic.dlt, 0.9)})
    found = run_whole(WholePlan.of(NORTH, truth().model_copy(update={"phase1": said}), 1), 0)
    assert found.phase2 is None
    assert found.phase1.handed_over == 0
    assert {e.kind for e in found.log}.isdisjoint({"dose set", "randomised"})
    last = desk.doses.take(found.phase1.conduct.trial, cut(found.phase1.conduct.trial, found.log)).next
    assert last.action == "stop"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"by_dose": {"DL9": {"arms": {}}}}, "unknown-level"),
        (
            {"by_dose": {"DL1": {"arms": {"OTHER": {"like": "CE", "hazard_ratio": 1.0, "response": 0.5}}}}},
            "unknown-arm",
        ),
        ({"phase1": None}, "phase1-unsaid"),
    ],
)
def test_what_does_not_fit_is_told(changed: dict[str, Any], code: str) -> None:
    raw = {**truth().model_dump(), **changed}
    with pytest.raises(BadInput) as bad:
        WholePlan.of(NORTH, Scenario.model_validate({k: v for k, v in raw.items() if v is not None}), 1)
    assert code in [p.code for p in bad.value.problems]


def test_a_trial_without_parts_has_none_to_simulate() -> None:
    with pytest.raises(BadInput, match="phase"):
        WholePlan.of(desk.opening.load_trial("phase1-example"), truth(), 1)
