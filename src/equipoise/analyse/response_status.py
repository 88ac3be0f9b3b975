"""Status of a response: seen in time and, where asked for, confirmed; or no longer to come."""

from __future__ import annotations

from datetime import date, timedelta

from equipoise.analyse.best_overall import MISSING, Assessed, confirmed_by, counted, rule_of, up_to_progression
from equipoise.analyse.response import best_of, last_day_of, regards_next_therapy
from equipoise.analyse.status import Standing, Status
from equipoise.trial.assessment import Occurrence
from equipoise.trial.endpoint import Response
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies.recist11 import NE, PD


def response_status(patient: Patient, endpoint: Response, trial: Trial, cutoff: date) -> Status | None:
    """Status of a patient as known at ``cutoff``; None for one who is not in the trial yet.

    Success at once when the response (with its confirmation, if asked for) is recorded. Pending while one may still come: an
    assessment that is due by ``within`` is not recorded, or a response waits for its confirmation, and ``window`` after
    the planned day has not gone by. Progression, death, leaving and a next therapy end the waiting. What then is without any
    readable assessment is not evaluable; the rest are failures. Without ``within`` there is no last day: a patient is
    pending until the first assessment is recorded.
    """
    entry = patient.randomised
    if entry is None:
        return None
    origin = entry.happened
    best = best_of(patient, endpoint, cutoff)
    until, expected = _awaited(patient, endpoint, trial, cutoff)
    source, record = (best.event.number, best.event.source) if best.event is not None else (None, "")

    def found(status: Standing, because: str) -> Status:
        again = until + timedelta(days=1) if status == "pending" and until is not None else None
        return Status(patient.name, patient.arm, status, because, expected or origin, until, again, source, record)

    if best.response in endpoint.success:
        return found("success", best.because)
    end = _ended(patient, endpoint, cutoff)
    if end is None and expected is not None:
        return found("pending", f"{best.because}; assessment due on {expected}")
    if end is not None:
        because = f"{best.because}; {end.shows} on {end.on}" if best.response != PD else best.because
        source, record = (source, record) if source is not None else (end.event.number, end.event.source)
    else:
        because = best.because
    return found("not evaluable" if best.response in (NE, MISSING) else "failure", because)


def _ended(patient: Patient, endpoint: Response, cutoff: date) -> Occurrence | None:
    """The first event after which no assessment can count any more; a day like any other still counts itself."""
    therapy = None if regards_next_therapy(endpoint) else patient.next_therapy
    seen = patient.last_contact
    lost = patient.lost if patient.lost is not None and (seen is None or seen <= patient.lost.happened) else None
    events = [e for e in (patient.died, patient.withdrawn, lost, therapy) if e is not None]
    ends = [Occurrence(e.happened, e, e.kind) for e in events]
    if patient.first_progression is not None:
        ends.append(patient.first_progression)
    return min((e for e in ends if e.on <= cutoff), key=lambda e: (e.on, e.event.number), default=None)


def _awaited(patient: Patient, endpoint: Response, trial: Trial, cutoff: date) -> tuple[date | None, date | None]:
    """The day until which something is waited for (None: without an end) and its planned day; no planned day: nothing is."""
    assert patient.randomised is not None
    origin, window = patient.randomised.happened, timedelta(days=endpoint.window.days)
    schedule, last = trial.assessments, last_day_of(patient, endpoint)
    made = [a for a in patient.read_by(endpoint.assessor) if not a.baseline]
    if schedule is None:
        return None, None
    due = 1 if endpoint.within is None else max(schedule.visit_by(endpoint.within.days), 1)
    reached = max((schedule.nearest_visit((a.happened - origin).days) for a in made), default=0)
    if reached < due:
        planned = origin + timedelta(days=schedule.day_of(due if endpoint.within is not None else reached + 1))
        until = None if last is None else max(planned + window, last)
        if until is None or cutoff <= until:
            return until, planned
    waits = _unconfirmed(patient, endpoint, cutoff)
    if waits is None:
        return None, None
    rule = rule_of(endpoint)
    assert rule.confirm_after is not None
    earliest = (waits.on - origin).days + rule.confirm_after
    planned = origin + timedelta(days=schedule.day_of(schedule.visit_from(earliest)))
    return (planned + window, planned) if cutoff <= planned + window else (None, None)


def _unconfirmed(patient: Patient, endpoint: Response, cutoff: date) -> Assessed | None:
    """The last response in time that nothing confirms yet and no assessment could have confirmed."""
    rule, last = rule_of(endpoint), last_day_of(patient, endpoint)
    if rule.confirm_after is None:
        return None
    usable = [a for a in counted(patient, endpoint.assessor, regards_next_therapy(endpoint)) if a.on <= cutoff]
    course = up_to_progression(usable)
    for i in range(len(course) - 1, -1, -1):
        a = course[i]
        if a.response not in endpoint.success or (last is not None and a.on > last):
            continue
        if confirmed_by(i, course, rule) is None and not any(
            (b.on - a.on).days >= rule.confirm_after for b in course[i + 1 :]
        ):
            return a
    return None
