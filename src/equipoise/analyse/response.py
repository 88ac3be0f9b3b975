"""Best overall response from the responses recorded at assessments, and the best change in the sum of diameters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from equipoise.trial.endpoint import Response
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient

#: From best to worst. NED, no evidence of disease, stands where there was nothing to measure.
ORDER = ("CR", "PR", "NED", "SD", "NON-CR/NON-PD", "PD", "NE")


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
    a response that is not confirmed counts as SD (RECIST 1.1, section 4.6; doi:10.1016/j.ejca.2008.10.026).
    """
    usable = _usable(patient, cutoff)
    codes = [_counted(a, usable, endpoint) for a in usable]
    best = min(codes, key=ORDER.index, default="NE")
    return BestResponse(patient.name, patient.arm, best, best in endpoint.success, best_change(patient, cutoff))


def _usable(patient: Patient, cutoff: date) -> list[Event]:
    """Assessments on treatment: not after the first progression or a next therapy."""
    end = cutoff
    if patient.first_progression is not None:
        end = min(end, patient.first_progression.happened)
    if patient.next_therapy is not None:
        end = min(end, patient.next_therapy.happened)
    return [a for a in patient.assessments if a.happened <= end and not a.data.get("baseline")]


def _counted(assessment: Event, usable: list[Event], endpoint: Response) -> str:
    response: str = assessment.data["response"]
    if not endpoint.confirmed or response not in ("CR", "PR"):
        return response
    as_good = ("CR",) if response == "CR" else ("CR", "PR")
    later = any(
        a.data["response"] in as_good and (a.happened - assessment.happened).days >= endpoint.confirmation_after.days
        for a in usable
    )
    return response if later else "SD"


def best_change(patient: Patient, cutoff: date) -> float | None:
    """The lowest sum of diameters up to progression against baseline (percent); None where either is missing."""
    baseline = next(
        (a.data["sum_mm"] for a in patient.assessments if a.data.get("baseline") and a.data.get("sum_mm")),
        None,
    )
    sums = [a.data["sum_mm"] for a in _usable(patient, cutoff) if a.data.get("sum_mm") is not None]
    return 100.0 * (min(sums) - baseline) / baseline if baseline and sums else None
