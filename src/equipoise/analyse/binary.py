"""Any endpoint that is a yes or a no of each patient: the one door to their statuses."""

from __future__ import annotations

from datetime import date

from equipoise.analyse.eligibility import reviewed
from equipoise.analyse.landmark import landmark_status
from equipoise.analyse.outcome_status import outcome_status
from equipoise.analyse.response_status import response_status
from equipoise.analyse.status import Status
from equipoise.analyse.toxicity_status import toxicity_status
from equipoise.trial.endpoint import Binary, Landmark, Response, Toxicity
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial


def status_of(patient: Patient, endpoint: Binary, trial: Trial, cutoff: date) -> Status | None:
    """Status of a patient as known at ``cutoff``; None for one who is not in the trial (who has no origin) yet."""
    found = _by_the_endpoint(patient, endpoint, trial, cutoff)
    return found if trial.eligibility_review is None else reviewed(found, patient, trial.eligibility_review, cutoff)


def _by_the_endpoint(patient: Patient, endpoint: Binary, trial: Trial, cutoff: date) -> Status | None:
    match endpoint:
        case Landmark():
            return landmark_status(patient, endpoint, trial, cutoff)
        case Response():
            return response_status(patient, endpoint, trial, cutoff)
        case Toxicity():
            return toxicity_status(patient, endpoint, cutoff)
        case _:
            return outcome_status(patient, endpoint, cutoff)
