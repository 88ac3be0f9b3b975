"""Where a patient stands for what the trial's design looks at: a yes or a no, two of them together, or an event so far."""

from __future__ import annotations

from datetime import date

from equipoise.analyse.binary import status_of
from equipoise.analyse.endpoints import observe
from equipoise.analyse.status import Standing, Status, counts
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.monitored import Monitored
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial


def standing(patient: Patient, m: Monitored, trial: Trial, cutoff: date) -> Status | None:
    """Where the patient stands as known at ``cutoff``; None for one without an origin.

    For a time to an event: 'failure' once it has come, 'not evaluable' for who is censored by a rule, else 'pending'. For response and
    toxicity together see ``together``.
    """
    if isinstance(m.endpoint, TimeToEvent):
        return event_so_far(patient, m.endpoint, trial, cutoff)
    found = status_of(patient, m.endpoint, trial, cutoff)
    if m.toxicity is None or found is None:
        return found
    toxic = status_of(patient, m.toxicity, trial, cutoff)
    return found if toxic is None else together(found, toxic, m)


def event_so_far(patient: Patient, endpoint: TimeToEvent, trial: Trial, cutoff: date) -> Status | None:
    """Whether the patient has had the event by ``cutoff``."""
    seen = observe(patient, endpoint, cutoff, trial.assessments)
    if seen is None:
        return None
    # A rule censors for something that is in the record; without one the patient may still have the event.
    censored = seen.source is not None or seen.reason != "no event by the cut-off"
    said: Standing = "failure" if seen.event else "not evaluable" if censored else "pending"
    because = f"{seen.reason} on day {seen.days}"
    return Status(patient.name, patient.arm, said, because, seen.on, None, None, seen.source, seen.record)


def has_event(status: Status | None, m: Monitored) -> bool:
    """True of one who has had what the looks count: the event of a time, or the yes of a yes or no."""
    return status is not None and status.status == ("failure" if isinstance(m.endpoint, TimeToEvent) else "success")


def together(found: Status, toxic: Status, m: Monitored) -> Status:
    """One status of two outcomes of a patient: pending while either is; not evaluable where either leaves the patient out.

    Else that of the first outcome. How many had the second is counted by its own statuses.
    """
    assert m.toxicity is not None
    both = (found, toxic)
    pending = [s for s in both if s.status == "pending"]
    left_out = [s for s, e in zip(both, (m.binary, m.toxicity), strict=True) if not counts(s, e.not_evaluable)]
    if left_out:
        return left_out[0]._replace(next_look=_later(found, toxic))
    if pending:
        last = max(pending, key=lambda s: s.expected)
        return last._replace(next_look=min((s.next_look for s in pending if s.next_look is not None), default=None))
    return found


def _later(found: Status, toxic: Status) -> date | None:
    return min((s.next_look for s in (found, toxic) if s.next_look is not None), default=None)
