"""Best overall response from the responses recorded at assessments, and the best change in the sum of diameters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from equipoise.analyse.best_overall import Assessed, BestRule, best_overall
from equipoise.trial.endpoint import Response
from equipoise.trial.event import Event
from equipoise.trial.patient import INVESTIGATOR, Patient


@dataclass(frozen=True, slots=True)
class BestResponse:
    """One patient's best overall response; ``change`` is the best change of the sum from baseline (percent)."""

    patient: str
    arm: str
    response: str
    success: bool
    change: float | None


def best_response(patient: Patient, endpoint: Response, cutoff: date) -> BestResponse:
    """Best of the responses recorded up to progression and before a next therapy.

    With ``confirmed``, CR or PR counts only if a later assessment, at least ``confirmation_after`` on, is as good;
    a response that is not confirmed counts as SD. Who has no assessment is not evaluable.
    """
    rule = BestRule(
        endpoint.confirmation_after.days if endpoint.confirmed else None,
        endpoint.stable_from.days if endpoint.stable_from else 0,
        endpoint.missing_between,
        endpoint.stable_between,
    )
    usable = [
        Assessed(a.happened, a.data["response"], a)
        for a in _usable(patient, cutoff, endpoint.assessor)
        if a.data["response"]
    ]
    origin = patient.randomised.happened if patient.randomised else cutoff
    best = best_overall(usable, origin, rule).response
    best = "NE" if best == "MISSING" else best
    return BestResponse(patient.name, patient.arm, best, best in endpoint.success, best_change(patient, cutoff))


def _usable(patient: Patient, cutoff: date, assessor: str = INVESTIGATOR) -> list[Event]:
    """Assessments on treatment: not after the first progression or a next therapy."""
    end = cutoff
    if patient.first_progression is not None:
        end = min(end, patient.first_progression.happened)
    if patient.next_therapy is not None:
        end = min(end, patient.next_therapy.happened)
    return [a for a in patient.read_by(assessor) if a.happened <= end and not a.data.get("baseline")]


def best_change(patient: Patient, cutoff: date) -> float | None:
    """The lowest sum of diameters up to progression against baseline (percent); None where either is missing."""
    baseline = next(
        (a.data["sum_mm"] for a in patient.assessments if a.data.get("baseline") and a.data.get("sum_mm")),
        None,
    )
    sums = [a.data["sum_mm"] for a in _usable(patient, cutoff) if a.data.get("sum_mm") is not None]
    return 100.0 * (min(sums) - baseline) / baseline if baseline and sums else None
