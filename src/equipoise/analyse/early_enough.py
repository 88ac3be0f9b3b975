"""Who came early enough for a rate to count him: by dates alone, never by what became of him.

A failure is known on its day; a success only once somebody looks after the landmark. A response is known on its day; that there is
none only after the last scan. Whoever counts all that is known on a day therefore counts too many of one kind. So a patient
counts once everything that could settle him has had its time, and not before, though his own outcome may be known already:

    origin + days_awaited < cut-off

The right side and the left side know nothing of outcomes, so those who count are a fair sample of all who came.
"""

from __future__ import annotations

from datetime import date, timedelta

from equipoise.analyse.best_overall import rule_of
from equipoise.analyse.endpoints import origin_of
from equipoise.analyse.toxicity_status import toxicity_origin
from equipoise.trial.endpoint import Binary, Landmark, Response, Toxicity
from equipoise.trial.patient import Patient
from equipoise.trial.protocol_parts import Assessments
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

#: Without a last day for a first response (`within`), patients count from this planned assessment on.
ASSESSMENTS = 2


def days_awaited(endpoint: Binary, trial: Trial) -> int:
    """For how long a patient is waited for at most [days]: for the endpoint, and for the review of eligibility where there is one."""
    own = _endpoint_awaited(endpoint, trial)
    return own if trial.eligibility_review is None else max(own, trial.eligibility_review.within.days)


def _endpoint_awaited(endpoint: Binary, trial: Trial) -> int:
    """For how long after its origin a patient is waited for at most [days]: the same for all patients of an endpoint.

    Landmark: ``landmark`` + ``window``. Toxicity: ``within`` + ``window``. Outcome: ``due`` + ``window``. Response: the last day for a first response (``within``, but not
    before the first planned assessment; without ``within`` the second planned assessment) + ``window``, and where responses
    are to be confirmed the first planned assessment that could still confirm one seen on that day, + ``window``. -1, nobody is
    waited for: a response without ``within`` where no assessments are planned.
    """
    match endpoint:
        case Landmark():
            return endpoint.landmark.days + endpoint.window.days
        case Response():
            return _response_awaited(endpoint, trial.assessments)
        case Toxicity():
            return endpoint.within.days + endpoint.window.days
        case _:
            return endpoint.due.days + endpoint.window.days


def _response_awaited(endpoint: Response, schedule: Assessments | None) -> int:
    window, within = endpoint.window.days, endpoint.within
    if schedule is None:
        # Nobody knows which assessment is still to come: without `within` all count, as they stand.
        if within is None:
            return -1
        last = within.days + window
    else:
        first = schedule.day_of(1)
        last = window + (schedule.day_of(ASSESSMENTS) if within is None else max(within.days, first))
    after = rule_of(endpoint).confirm_after
    if after is None:
        return last
    confirmed = last + after
    return (confirmed if schedule is None else schedule.day_of(schedule.visit_from(confirmed))) + window


def awaited_in_words(endpoint: Binary, trial: Trial) -> str:
    """What ``days_awaited`` is made of."""
    match endpoint:
        case Landmark():
            return f"{endpoint.landmark} and a window of {endpoint.window}"
        case Response():
            within = endpoint.within
            first = "the second planned assessment" if within is None else f"a first response within {within}"
            window = f", a window of {endpoint.window}" if endpoint.window.days else ""
            return first + window + (" and its confirmation" if endpoint.confirmed else "")
        case Toxicity():
            return f"{endpoint.within} and a window of {endpoint.window}"
        case _:
            return f"due after {endpoint.due}, and a window of {endpoint.window}"


def rate_origin(patient: Patient, endpoint: Binary, trial: Trial) -> date | None:
    """The day from which a patient is waited for; None for one who has not reached it."""
    if isinstance(endpoint, Landmark):
        return origin_of(patient, trial.time_to_event(endpoint.of))
    if isinstance(endpoint, Toxicity):
        return toxicity_origin(patient, endpoint)
    return patient.randomised.happened if patient.randomised is not None else None


def early_enough(patient: Patient, endpoint: Binary, trial: Trial, cutoff: date) -> bool:
    """True if origin + ``days_awaited`` < ``cutoff``: nothing that comes in time is still to come."""
    origin = rate_origin(patient, endpoint, trial)
    return origin is not None and origin + timedelta(days=days_awaited(endpoint, trial)) < cutoff


def enrolment_over(trial: Trial, snap: Snapshot) -> bool:
    """True once the planned number has come, or enrolment was closed before."""
    return len(snap.randomised) >= trial.target_enrolment or any(e.kind == "enrolment closed" for e in snap.events)
