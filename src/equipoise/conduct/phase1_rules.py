"""What is impossible of a dose level that is assigned, and of a committee's word on a dose-limiting toxicity."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.problem import Problem, near
from equipoise.trial.trial import Trial


def assigned_problems(event: Event, patient: Patient, trial: Trial) -> Iterator[Problem]:
    """A level that the trial has not, somebody who is not enrolled, a second level, or one that comes after its drug was given."""
    label, labels = event.data["level"], list(trial.level_numbers)
    level = next((x for x in trial.dose_levels if x.label == label), None)
    if level is None:
        allowed = f"a dose level: {', '.join(labels)}" if labels else "nothing: the trial file has no [[dose_levels]]"
        yield Problem("unknown-level", "level", repr(label), allowed, near(label, labels))
    if patient.enrolled is None and patient.randomised is None:
        yield _problem("not-enrolled", event, "the patient is not enrolled by that day", "conduct enrol")
    if patient.assigned is not None:
        had = f"assigned already, to {patient.assigned.data['level']} on {patient.assigned.happened}"
        yield _problem("assigned-twice", event, had, "correct that event")
    if level is None:
        return
    arm = trial.arm_by_name.get(patient.arm)
    if arm is not None and level.drug not in {t.drug for t in arm.regimen}:
        yield Problem("drug-not-in-arm", "level", repr(label), f"a level of a drug of arm {arm.name}, not {level.drug}")
    given = [d for d in patient.doses if d.data["drug"] == level.drug and d.happened < event.happened]
    if given:
        allowed = f"a day not after the first dose of {level.drug}, on {given[0].happened}"
        yield _problem("treated-before", event, allowed)


def adjudicated_problems(event: Event, patient: Patient, trial: Trial) -> Iterator[Problem]:
    """A word on somebody who was assigned no level."""
    if trial.phase1 is None:
        yield _problem("no-phase1", event, "[phase1] in the trial file says what a DLT is")
    elif patient.assigned is None:
        yield _problem(
            "not-assigned", event, "the patient is not assigned to a dose level by that day", "conduct assign"
        )


def _problem(code: str, event: Event, allowed: str, next_step: str = "") -> Problem:
    return Problem(code, event.patient, f"{event.kind!r} on {event.happened}", allowed, next_step)
