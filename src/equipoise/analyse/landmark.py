"""Status at a landmark: success, failure, still pending, or not evaluable; and who makes up a look's cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from equipoise.analyse.endpoints import observe
from equipoise.trial.endpoint import Landmark, Policy
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial

Status = Literal["success", "failure", "pending", "not evaluable"]


@dataclass(frozen=True, slots=True)
class LandmarkStatus:
    """Where one patient stands at the landmark, and why.

    For a pending patient ``expected`` is the day of the first planned assessment at or after the landmark, and
    ``at_latest`` the day after which the patient is no longer evaluable. ``source`` is the number of the log's event that decided, where one
    did, and ``record`` where that event came from.
    """

    patient: str
    arm: str
    status: Status
    because: str
    expected: date
    at_latest: date
    source: int | None = None
    record: str = ""


def landmark_status(patient: Patient, endpoint: Landmark, trial: Trial, cutoff: date) -> LandmarkStatus | None:
    """Status of a patient as known at ``cutoff``; None for one without an origin.

    Failure: an event on a day ≤ the landmark. Success: event-free to a day ≥ the landmark, or an event after it.
    """
    seen = observe(patient, trial.time_to_event(endpoint.of), cutoff, trial.assessments)
    if seen is None:
        return None
    day = endpoint.landmark.days
    expected = seen.origin + timedelta(days=_first_visit(trial, endpoint, day))
    at_latest = seen.origin + timedelta(days=day + endpoint.window.days)

    def found(status: Status, because: str) -> LandmarkStatus:
        return LandmarkStatus(patient.name, patient.arm, status, because, expected, at_latest, seen.source, seen.record)

    if seen.event and seen.days <= day:
        return found("failure", f"{seen.reason} on day {seen.days}")
    if seen.days >= day:
        return found("success", f"without an event to day {seen.days}")
    if seen.source is not None:
        return found("not evaluable", f"{seen.reason}, last seen without an event on day {seen.days}")
    if cutoff > at_latest:
        return found("not evaluable", f"not assessed at or after day {day}; last on day {seen.days}")
    return found("pending", f"without an event to day {seen.days}")


def _first_visit(trial: Trial, endpoint: Landmark, day: int) -> int:
    """Day of the first planned assessment at or after ``day``; the day itself where none is planned."""
    schedule = trial.assessments
    if schedule is None or trial.time_to_event(endpoint.of).events == ("death",):
        return day
    first, every = schedule.first.days, schedule.every.days
    return first if day <= first else first + -(-(day - first) // every) * every


@dataclass(frozen=True)
class Cohort:
    """The patients on whom a look is taken, in the order of randomisation.

    ``passed_over`` were not evaluable and gave their place to the next (policy 'replace').
    """

    planned: int
    members: Sequence[LandmarkStatus]
    passed_over: Sequence[LandmarkStatus]

    @property
    def pending(self) -> list[LandmarkStatus]:
        """Members whose status is not yet known."""
        return [m for m in self.members if m.status == "pending"]

    @property
    def successes(self) -> int:
        """Members known to be without an event at the landmark."""
        return sum(m.status == "success" for m in self.members)

    @property
    def complete(self) -> bool:
        """True when as many patients as planned make up the cohort."""
        return len(self.members) == self.planned


def cohort(patients: Sequence[Patient], endpoint: Landmark, trial: Trial, cutoff: date, planned: int) -> Cohort:
    """The first ``planned`` patients that count, of ``patients`` in the order of randomisation."""
    members: list[LandmarkStatus] = []
    passed: list[LandmarkStatus] = []
    for patient in patients:
        if len(members) == planned:
            break
        status = landmark_status(patient, endpoint, trial, cutoff)
        if status is None:
            continue
        (members if counts(status, endpoint.not_evaluable) else passed).append(status)
    return Cohort(planned, members, passed)


def counts(status: LandmarkStatus, policy: Policy) -> bool:
    """True for a patient who stands in the denominator: everybody under 'failure', else all but the not evaluable."""
    return policy == "failure" or status.status != "not evaluable"
