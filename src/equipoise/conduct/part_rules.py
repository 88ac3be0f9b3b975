"""What is impossible in a trial of two parts: who is of which, and phase II before its dose is set."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.conduct.standing import Standing
from equipoise.trial.event import Event
from equipoise.trial.hand_over import waits_for_dose
from equipoise.trial.patient import Patient
from equipoise.trial.problem import Problem
from equipoise.trial.trial import Trial

#: What is recorded of a patient of phase I, who is on no arm, as of one who is.
OF_PHASE1 = frozenset(
    {
        "treated",
        "dose omitted",
        "sampled",
        "treatment ended",
        "assessed",
        "progressed",
        "outcome",
        "next therapy",
        "contact",
        "withdrawn",
        "lost",
    }
)


def part_problems(event: Event, patient: Patient, trial: Trial) -> Iterator[Problem]:
    """An enrolment into a part that there is not, or that was over before the log; a patient of phase I who is randomised."""
    if event.kind == "randomised":
        if patient.of_phase1:
            yield _problem("of-phase1", event, "the patient was enrolled into part 1, where nobody is randomised")
        return
    part = event.data.get("part")
    if part is None:
        return
    if not trial.in_parts or part not in (1, 2):
        allowed = "1, phase I, or 2, phase II" if trial.in_parts else "nothing: this trial has no parts"
        step = "" if trial.in_parts else "a trial file with phase = 'I/II' and [phase1] has two"
        yield Problem("unknown-part", "part", str(part), allowed, step)
    elif part == 1 and not trial.finds_dose:
        yield over_before(trial, "part")


def over_before(trial: Trial, where: str) -> Problem:
    """That phase I was over before the log was opened, as the file says."""
    declared = trial.phase1.declared if trial.phase1 is not None else None
    allowed = f"phase II: phase I was over before this log was opened, and declared {declared}"
    return Problem("phase1-over", where, "phase I", allowed, "a log that begins with phase I: conduct open --part 1")


def dose_awaited(event: Event, trial: Trial, standing: Standing) -> Iterator[Problem]:
    """Phase II before the dose is set that it leaves to phase I."""
    if waits_for_dose(trial) and not event.source and standing.dose_before(event) is None:
        drugs = sorted({f"{t.drug} ({t.unit})" for a in trial.arms for t in a.regimen if t.from_phase1})
        allowed = f"phase II waits for the dose of {', '.join(drugs)}: phase I has declared none by that day"
        step = "`equipoise decide --part 1` says where it stands, `conduct set-dose` sets the dose; `conduct enrol --part 1` enrols into phase I"
        yield _problem("dose-not-set", event, allowed, step)


def _problem(code: str, event: Event, allowed: str, next_step: str = "") -> Problem:
    return Problem(code, event.patient, f"{event.kind!r} on {event.happened}", allowed, next_step)
