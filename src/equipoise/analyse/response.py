"""Best overall response from the responses that count at assessments, and the best change in the sum of diameters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from equipoise.analyse.best_overall import MISSING, Best, best_overall, counted, rule_of, up_to_progression
from equipoise.trial.assessment import INVESTIGATOR
from equipoise.trial.endpoint import Response
from equipoise.trial.patient import Patient
from equipoise.trial.vocabularies.recist11 import NE


@dataclass(frozen=True, slots=True)
class BestResponse:
    """One patient's best overall response; ``change`` is the best change of the sum from baseline (percent)."""

    patient: str
    arm: str
    response: str
    success: bool
    change: float | None


def best_response(patient: Patient, endpoint: Response, cutoff: date) -> BestResponse:
    """Best of the assessor's responses up to progression and, unless the estimand says otherwise, a next therapy.

    With ``confirmed``, CR or PR counts only if a later assessment, at least ``confirmation_after`` on, is as good;
    a response that is not confirmed counts as SD. Who has no assessment is not evaluable.
    """
    found = best_of(patient, endpoint, cutoff)
    best = NE if found.response == MISSING else found.response
    return BestResponse(
        patient.name, patient.arm, best, best in endpoint.success, best_change(patient, cutoff, endpoint.assessor)
    )


def best_of(patient: Patient, endpoint: Response, cutoff: date) -> Best:
    """The best response with the assessment that shows it and why; 'MISSING' without an assessment."""
    origin = patient.randomised.happened if patient.randomised else cutoff
    usable = [a for a in counted(patient, endpoint.assessor, regards_next_therapy(endpoint)) if a.on <= cutoff]
    return best_overall(usable, origin, rule_of(endpoint))


def regards_next_therapy(endpoint: Response) -> bool:
    """True if assessments after a next therapy count too: the strategy 'treatment policy'."""
    return endpoint.estimand is not None and endpoint.estimand.strategy("next therapy") == "treatment policy"


def last_day_of(patient: Patient, endpoint: Response) -> date | None:
    """The last day on which a response may first be seen; None: there is none."""
    if endpoint.seen_by is None or patient.randomised is None:
        return None
    return patient.randomised.happened + timedelta(days=endpoint.seen_by)


def best_change(patient: Patient, cutoff: date, assessor: str = INVESTIGATOR) -> float | None:
    """The lowest sum of diameters up to progression against baseline (percent); None where either is missing."""
    baseline = next((a.sum_mm for a in patient.read_by(assessor) if a.baseline and a.sum_mm), None)
    course = up_to_progression([a for a in counted(patient, assessor) if a.on <= cutoff])
    sums = [a.of.sum_mm for a in course if a.of is not None and a.of.sum_mm is not None]
    return 100.0 * (min(sums) - baseline) / baseline if baseline and sums else None
