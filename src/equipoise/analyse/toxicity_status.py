"""Status of a toxicity: an adverse event that counts, in its time; or followed to the end of that time without one."""

from __future__ import annotations

from datetime import date, timedelta

from equipoise.analyse.status import Standing, Status
from equipoise.trial.endpoint import Toxicity
from equipoise.trial.patient import Patient


def toxicity_origin(patient: Patient, endpoint: Toxicity) -> date | None:
    """The day from which the days count: the first dose, or entry where that is the origin or no dose is given yet."""
    if patient.randomised is None:
        return None
    if endpoint.origin == "first dose" and patient.doses:
        return patient.doses[0].happened
    return patient.randomised.happened


def toxicity_status(patient: Patient, endpoint: Toxicity, cutoff: date) -> Status | None:
    """Status as known at ``cutoff``; None for one who is not in the trial. 'success' is a patient with the toxicity.

    An event of the origin's own day counts, and one of the last day. Who died of an event that counts has had it.
    """
    origin = toxicity_origin(patient, endpoint)
    if origin is None:
        return None
    end = origin + timedelta(days=endpoint.within.days)
    at_latest = end + timedelta(days=endpoint.window.days)

    def found(status: Standing, because: str, source: int | None = None, record: str = "") -> Status:
        # A loop that asks only whom a record concerns must ask anew each day: an adverse event may be recorded on any.
        again = cutoff + timedelta(days=1) if status == "pending" else None
        return Status(patient.name, patient.arm, status, because, end, at_latest, again, source, record)

    dosed = endpoint.origin != "first dose" or bool(patient.doses)
    for event in patient.adverse_events if dosed else ():
        if origin <= event.happened <= end and endpoint.counts.counts(event.data):
            because = f"{event.data['term']}, grade {event.data['grade']}, on day {(event.happened - origin).days}"
            return found("success", because, event.number, event.source)
    seen = patient.last_contact
    alive = patient.died.happened if patient.died is not None else None
    if dosed and ((seen is not None and seen >= end) or (alive is not None and alive >= end)):
        return found("failure", f"none to day {endpoint.within.days}")
    since = "" if dosed else ", without a dose"
    for left in (patient.died, patient.withdrawn, patient.lost, None if dosed else patient.treatment_ended):
        if left is not None:
            because = f"{left.kind} on day {(left.happened - origin).days} without one{since}"
            return found("not evaluable", because, left.number, left.source)
    if cutoff > at_latest:
        return found("not evaluable", f"not seen on or after day {endpoint.within.days}{since}")
    return found("pending", f"none so far; day {endpoint.within.days} is {end}" if dosed else "no dose yet")
