"""Decisions on a virtual trial: ripe or not, reasons, cautions, and the same bytes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from equipoise.decide.decide import decide
from equipoise.files.plain import to_json
from equipoise.simulate.run import SimulatedTrial, run
from equipoise.trial.decision import Decision, NotRipe
from equipoise.trial.problem import BadInput
from equipoise.trial.snapshot import snapshot


@pytest.fixture(scope="module")
def virtual(plan: Any) -> SimulatedTrial:
    return run(plan("target"), 0, detail=True)


def test_a_look_is_ripe_from_the_day_it_was_taken_on(virtual: SimulatedTrial, plan: Any) -> None:
    p = plan("target")
    taken = virtual.looks[0]
    day_before = decide(p.trial, snapshot(virtual.log, taken.cutoff - timedelta(days=1)), 1)
    assert isinstance(day_before, NotRipe)
    assert day_before.waiting
    assert day_before.ripe_on is not None
    assert day_before.ripe_on >= taken.cutoff
    on_the_day = decide(p.trial, snapshot(virtual.log, taken.cutoff), 1)
    assert isinstance(on_the_day, Decision)
    assert on_the_day.action == taken.decision.action
    assert on_the_day.evidence == taken.decision.evidence


def test_the_same_log_and_cutoff_give_the_same_bytes(virtual: SimulatedTrial, plan: Any) -> None:
    p = plan("target")
    cutoff = virtual.looks[0].cutoff
    one, other = (to_json(decide(p.trial, snapshot(virtual.log, cutoff), 1)) for _ in range(2))
    assert one == other


def test_before_enrolment_the_day_is_unknown(virtual: SimulatedTrial, plan: Any) -> None:
    p = plan("target")
    found = decide(p.trial, snapshot(virtual.log, p.trial.start + timedelta(days=90)), 1)
    assert isinstance(found, NotRipe)
    assert found.ripe_on is None
    assert any("are enrolled" in b for b in found.because)


def test_the_final_look_waits_for_the_last_patient(virtual: SimulatedTrial, plan: Any) -> None:
    p = plan("target")
    found = decide(p.trial, snapshot(virtual.log, virtual.looks[0].cutoff), 2)
    assert isinstance(found, NotRipe)


def test_the_randomised_comparison_never_enters(virtual: SimulatedTrial, plan: Any) -> None:
    p = plan("target")
    found = decide(p.trial, snapshot(virtual.log, virtual.looks[-1].cutoff), 2)
    assert isinstance(found, Decision)
    assert not any("hazard" in text for text in found.because)
    assert found.beside["randomised comparison"] is not None
    assert found.assumptions


def test_another_definition_is_a_caution(virtual: SimulatedTrial, plan: Any) -> None:
    p = plan("target")
    other = p.trial.model_copy(update={"title": "amended"})
    found = decide(other, snapshot(virtual.log, virtual.looks[0].cutoff), 1)
    assert isinstance(found, Decision)
    assert any("record the amendment" in c for c in found.cautions)


def test_controls_that_contradict_history_are_a_caution(virtual: SimulatedTrial, plan: Any) -> None:
    p = plan("target")
    assert p.trial.history is not None
    elsewhere = p.trial.model_copy(update={"history": p.trial.history.model_copy(update={"rate": 0.95})})
    found = decide(elsewhere, snapshot(virtual.log, virtual.looks[0].cutoff), 1)
    assert isinstance(found, Decision)
    assert any("does worse than history" in c for c in found.cautions)
    assert found.action == virtual.looks[0].decision.action


@pytest.mark.parametrize("look", [0, 3])
def test_there_are_two_looks(virtual: SimulatedTrial, plan: Any, look: int) -> None:
    p = plan("target")
    with pytest.raises(BadInput, match="1 to 2"):
        decide(p.trial, snapshot(virtual.log, virtual.looks[0].cutoff), look)
