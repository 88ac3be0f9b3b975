"""Status of an outcome that is recorded by its own name."""

from __future__ import annotations

from datetime import date, timedelta

from equipoise.analyse.status import Standing, Status
from equipoise.trial.endpoint import Outcome
from equipoise.trial.patient import Patient


def outcome_status(patient: Patient, endpoint: Outcome, cutoff: date) -> Status | None:
    """Status by the result that was recorded under the endpoint's name.

    Who died or left before it was due is not evaluable, and so is who has no result when ``window`` after it has gone by.
    """
    entry = patient.randomised
    if entry is None:
        return None
    due = entry.happened + timedelta(days=endpoint.due.days)
    at_latest = due + timedelta(days=endpoint.window.days)

    def found(status: Standing, because: str, source: int | None = None, record: str = "") -> Status:
        again = at_latest + timedelta(days=1) if status == "pending" else None
        return Status(patient.name, patient.arm, status, because, due, at_latest, again, source, record)

    event = patient.outcomes.get(endpoint.name)
    if event is not None:
        result = event.data["result"]
        standing: Standing = (
            "success" if result in endpoint.success else "failure" if result in endpoint.failure else "not evaluable"
        )
        return found(standing, f"{endpoint.name}: {result}, on {event.happened}", event.number, event.source)
    for left in (patient.died, patient.withdrawn, patient.lost):
        if left is not None and left.happened < due:
            return found(
                "not evaluable", f"{left.kind} on {left.happened}, before it was due", left.number, left.source
            )
    if cutoff > at_latest:
        return found("not evaluable", f"no result by {at_latest}")
    return found("pending", f"no result yet; due on {due}")
