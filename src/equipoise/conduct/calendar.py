"""A patient's calendar: what the protocol asks of him, day by day, and what of it is done, due, overdue or due no longer.

It follows from the definition in force for the patient (amendments, his dose level) and from his record as it was known on a day. What ends
what: doses end with treatment and at progression, assessments at progression; contacts for survival go on from then. Death, withdrawal, loss and
the end of the study end everything. A window that the trial file does not state is the planned day alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from equipoise.conduct.doses_due import doses_due
from equipoise.conduct.regimen import in_his_cohort, regimen_of
from equipoise.trial.due import Due, What, state_on
from equipoise.trial.endpoint import Outcome
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.protocol_parts import Assessments
from equipoise.trial.trial import Trial


def calendar_of(trial: Trial, patient: Patient, today: date) -> tuple[Due, ...]:
    """All that is asked of a patient, in the order of the planned days. ``trial`` knows how it was amended (``as_amended``)."""
    here = in_his_cohort(trial.at(patient.site, today), patient)
    found = [*_entry(here, patient, today)]
    came = came_on(patient)
    if came is not None:
        entry = came.happened
        found += _review(here, patient, entry, today)
        found += _level(here, patient, entry, today)
        found += doses_due(trial, patient, entry, today, *ended_by(patient, "dose"))
        if here.assessments is not None:
            found += _assessments(here.assessments, patient, entry, today)
            found += _contacts(here.assessments, patient, today)
        found += _outcomes(here, patient, entry, today)
    return tuple(sorted(found, key=lambda d: d.on))


def assessments_due(trial: Trial, patient: Patient, today: date) -> tuple[Due, ...]:
    """What is asked of a patient by a plan that all arms share: assessments, contacts and outcomes. It tells no arm, and asks for none."""
    here, came = in_his_cohort(trial.at(patient.site, today), patient), came_on(patient)
    if came is None:
        return ()
    found = [*_outcomes(here, patient, came.happened, today)]
    if here.assessments is not None:
        found += [
            *_assessments(here.assessments, patient, came.happened, today),
            *_contacts(here.assessments, patient, today),
        ]
    return tuple(sorted(found, key=lambda d: d.on))


def came_on(patient: Patient) -> Event | None:
    """From when a patient's doses and assessments are counted: he came onto his arm or, in phase I of two parts, was assigned to his level."""
    return patient.randomised or ((patient.assigned or patient.enrolled) if patient.of_phase1 else None)


def gone(patient: Patient) -> Event | None:
    """What ended everything that is asked of a patient: death, withdrawal, loss, or the end of the study."""
    ends = [e for e in (patient.died, patient.withdrawn, patient.lost, patient.study_ended) if e is not None]
    return min(ends, key=lambda e: e.happened, default=None)


def ended_by(patient: Patient, what: What) -> tuple[date | None, str]:
    """From when a kind of thing is not asked any more, and why; (None, '') while it is."""
    found: list[tuple[date, str]] = []
    left = gone(patient)
    if left is not None:
        found.append((left.happened, f"{left.kind} on {left.happened}"))
    progression = patient.first_progression
    if progression is not None and what in ("dose", "assessment"):
        found.append((progression.on, f"progression on {progression.on}"))
    if what == "dose" and patient.treatment_ended is not None:
        ended = patient.treatment_ended.happened
        found.append((ended, f"treatment ended on {ended}"))
    return min(found, default=(None, ""))


def _entry(trial: Trial, patient: Patient, today: date) -> Iterator[Due]:
    """Enrolment and randomisation of one who was screened: the protocol names no day, so that both are due at once."""
    if (
        patient.screened is None
        or patient.failed_criteria
        or gone(patient) is not None
        or patient.randomised is not None
    ):
        return
    since = (patient.enrolled or patient.screened).happened
    if patient.enrolled is None:
        yield Due("enrolment", "Enrolment", "enrolled", since, since, today, "due")
    elif trial.randomisation is not None and not patient.of_phase1:
        yield Due("randomisation", "Randomisation", "randomised", since, since, today, "due")


def _made(
    what: What, label: str, kind: str, on: date, opens: date, closes: date, today: date, end: tuple[date | None, str],
    done: Event | None, visit: int | None = None, name: str = "",
) -> Due:  # fmt: skip
    """Something that is asked for once, with its state."""
    state, days, because = *state_on(today, opens, closes), ""
    if done is not None:
        state, days = "done", 0
    elif end[0] is not None and end[0] <= closes:
        state, days, because = "no longer due", 0, end[1]
    number, day = (done.number, done.happened) if done is not None else (None, None)
    return Due(what, label, kind, on, opens, closes, state, days, because, number, day, visit=visit, name=name)


def _review(trial: Trial, patient: Patient, entry: date, today: date) -> Iterator[Due]:
    review = trial.eligibility_review
    if review is not None:
        closes = entry + timedelta(days=review.within.days)
        label = f"Eligibility review by {review.by}"
        # Who died is reviewed as well.
        yield _made(
            "eligibility review",
            label,
            "eligibility reviewed",
            entry,
            entry,
            closes,
            today,
            (None, ""),
            patient.reviewed,
        )


def _level(trial: Trial, patient: Patient, entry: date, today: date) -> Iterator[Due]:
    """The dose level of one whose arm has the drug that is escalated or, in a trial of two parts, of one of part 1."""
    if trial.in_parts:
        asked = trial.finds_dose and patient.of_phase1
    else:
        drugs = {d.drug for level in trial.dose_levels for d in level.doses}
        asked = not patient.masked and bool(drugs & set(regimen_of(patient, trial) or ()))
    if asked:
        end = ended_by(patient, "dose")
        yield _made("dose level", "Dose level", "assigned", entry, entry, entry, today, end, patient.assigned)


def _assessments(schedule: Assessments, patient: Patient, entry: date, today: date) -> Iterator[Due]:
    """Baseline and every planned assessment up to the first that is still to come; each assessment counts for the planned one nearest to it."""
    done: dict[int, Event] = {}
    for a in patient.assessments:
        visit = 0 if a.baseline else schedule.nearest_visit((a.happened - entry).days)
        done.setdefault(visit, a.event)
    end = ended_by(patient, "assessment")
    reach = schedule.window.days if schedule.window is not None else 0
    last, visit = max(done, default=-1), 0
    while True:
        on = entry + timedelta(days=schedule.day_of(visit))
        opens, closes = on - timedelta(days=reach), on + timedelta(days=reach)
        if visit == 0:
            # Baseline comes before treatment: from screening on, and by entry.
            opens, closes = min(patient.screened.happened if patient.screened else entry, entry), entry
        label = "Tumour assessment at baseline" if visit == 0 else f"Tumour assessment {visit}"
        due = _made("assessment", label, "assessed", on, opens, closes, today, end, done.get(visit), visit)
        if due.state in ("overdue", "no longer due") and visit < last:
            because = "none was recorded, and a later one was"
            due = Due("assessment", label, "assessed", on, opens, closes, "missed", because=because, visit=visit)
        yield due
        if visit >= last and due.state in ("not due", "no longer due"):
            return
        visit += 1


def _contacts(schedule: Assessments, patient: Patient, today: date) -> Iterator[Due]:
    """Contacts for survival, once there are no assessments any more: each so long after the last day on which he was known to be alive."""
    since, _ = ended_by(patient, "assessment")
    for contact in patient.contacts:
        on = contact.happened
        yield Due("contact", "Contact", "contact", on, on, on, "done", event=contact.number, done_on=on)
    last = patient.last_contact
    if since is None or last is None or gone(patient) is not None:
        return
    on = last + timedelta(days=schedule.follow_up_every.days)
    reach = timedelta(days=schedule.window.days if schedule.window is not None else 0)
    yield _made("contact", "Contact for survival", "contact", on, on - reach, on + reach, today, (None, ""), None)


def _outcomes(trial: Trial, patient: Patient, entry: date, today: date) -> Iterator[Due]:
    """Outcomes that are determined so long after entry, within a window."""
    end = ended_by(patient, "outcome")
    for endpoint in trial.endpoints:
        if isinstance(endpoint, Outcome):
            on = entry + timedelta(days=endpoint.due.days)
            closes = on + timedelta(days=endpoint.window.days)
            done = patient.outcomes.get(endpoint.name)
            yield _made("outcome", endpoint.label, "outcome", on, on, closes, today, end, done, name=endpoint.name)
