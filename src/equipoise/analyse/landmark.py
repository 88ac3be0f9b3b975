"""Status at a landmark: without an event of the endpoint so long after its origin."""

from __future__ import annotations

from datetime import date, timedelta

from equipoise.analyse.endpoints import observe
from equipoise.analyse.status import Standing, Status
from equipoise.trial.endpoint import Landmark
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial


def landmark_status(patient: Patient, endpoint: Landmark, trial: Trial, cutoff: date) -> Status | None:
    """Status of a patient as known at ``cutoff``; None for one without an origin.

    Failure: an event on a day ≤ the landmark. Success: event-free to a day ≥ the landmark, or an event after it.
    """
    seen = observe(patient, trial.time_to_event(endpoint.of), cutoff, trial.assessments)
    if seen is None:
        return None
    day, days = endpoint.landmark.days, seen.days
    expected = seen.origin + timedelta(days=_first_visit(trial, endpoint, day))
    at_latest = seen.origin + timedelta(days=day + endpoint.window.days)

    def found(status: Standing, because: str) -> Status:
        again = None
        if status == "pending":
            mark = seen.origin + timedelta(days=day)
            again = mark if cutoff < mark else at_latest + timedelta(days=1)
        return Status(
            patient.name, patient.arm, status, because, expected, at_latest, again, seen.source, seen.record
        )  # fmt: skip

    if seen.event and days <= day:
        return found("failure", f"{seen.reason} on day {days}")
    if days >= day:
        return found("success", f"without an event to day {days}")
    if seen.source is not None:
        return found("not evaluable", f"{seen.reason}, last seen without an event on day {days}")
    if cutoff > at_latest:
        return found("not evaluable", f"not assessed at or after day {day}; last on day {days}")
    return found("pending", f"without an event to day {days}")


def _first_visit(trial: Trial, endpoint: Landmark, day: int) -> int:
    """Day of the first planned assessment at or after ``day``; the day itself where none is planned."""
    schedule = trial.assessments
    if schedule is None or trial.time_to_event(endpoint.of).events == ("death",):
        return day
    return schedule.day_of(schedule.visit_from(day))
