"""Patients as lanes by dose, with the decisions between cohorts; and the course at a glance."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.analyse.dose_limiting import DltStatus
from equipoise.dossier.escalation.findings import Escalation
from equipoise.dossier.escalation.revisited import Revisited
from equipoise.trial.dose_exhibits import CourseFigure, DoseCohort, DoseLane, EscalationFigure
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient


def escalation_figure(f: Escalation) -> EscalationFigure:
    """A lane a patient of the window, cohort by cohort."""
    opening = {r.cohort: r for r in f.past if r.opens}
    cohorts, own = [], 0
    for number, places in enumerate(f.members, 1):
        members = [f.patients[k] for k in places]
        own += not (members[0].beside or members[0].drawn)
        lanes = [_lane(f, p) for p in members]
        heading = f"{_called(members[0], own)}: level {members[0].level}, {f.level_named(members[0].level)}"
        cohorts.append(DoseCohort(heading, lanes, _decision(opening[number], f) if number in opening else ""))
    last = f"{f.snap.cutoff}, the cut-off: {f.said[0]}. {' '.join(f.next.because)}"
    return EscalationFigure(
        "The escalation, patient by patient",
        f"Day of the window of {f.window} days; day 1 is the first dose",
        f.window,
        cohorts,
        last,
        caption="A lane a patient in the order of assignment, filled for as long as he was followed without a DLT. In the boxes: what had been recorded on the day of the "
        "next cohort's first assignment, and what the design gave then.",
    )


def _called(first: DltStatus, own: int) -> str:
    """What a group of patients is: a cohort of the design's own, with its number among these, or those beside them."""
    return "Backfilled" if first.beside else "At random" if first.drawn else f"Cohort {own}"


def course_figure(f: Escalation) -> CourseFigure:
    """Dose against calendar time."""
    starts = [_assigned(f, p).happened for p in f.patients]
    first = min(starts, default=f.snap.cutoff)
    points = [
        ((on - first).days / DAYS_PER_MONTH, p.level, p.letter, p.patient)
        for on, p in zip(starts, f.patients, strict=True)
    ]
    names = [f"{x.label} ({x})" for x in f.trial.dose_levels]
    caption = f"A mark a patient, on the day of assignment; the first was assigned on {first}."
    return CourseFigure(
        "The course of the escalation", "Months since the first assignment", names, points, caption if points else ""
    )


def _assigned(f: Escalation, p: DltStatus) -> Event:
    event = f.snap.patients[p.patient].assigned
    assert event is not None, "a status is of who is assigned"
    return event


def _decision(r: Revisited, f: Escalation) -> str:
    """'2010-12-11, known 1NNN: escalate to DL2, 3 patients. 0 of 3 at dose 1: escalate. Bound by: …'."""
    v = r.then
    known = f"known {v.history}" if v.history else "nobody known"
    to = "" if v.action == "start" else "at " if v.action == "stay" else "to "
    gives = v.action if v.label is None else f"{v.action} {to}{v.label}"
    many = f", {v.size} patient{'s' * (v.size != 1)}" if v.size else ""
    bound = f" Bound by: {', '.join(v.bound)}." if v.bound else ""
    event = f.snap.patients[r.patient].assigned
    why = f", against the design: {event.why}" if event is not None and event.data.get("against_design") else ""
    other = "" if r.as_said else f" Yet {r.label} was given{why.rstrip('.')}."
    differs = " By what is known now it would be another decision, see below." if r.differs else ""
    return f"{r.on}, {known}: {gives}{many}. {' '.join(v.because)}{bound}{other}{differs}"


def _lane(f: Escalation, p: DltStatus) -> DoseLane:
    patient = f.snap.patients[p.patient]
    return DoseLane(
        p.patient, p.letter, min(p.days, p.window), p.dlt_day, list(_dose_days(f, p, patient)), _note(p, patient)
    )


def _dose_days(f: Escalation, p: DltStatus, patient: Patient) -> Iterator[int]:
    """Days of the window on which the level's drug was given."""
    level = f.trial.dose_levels[p.level - 1]
    days = [d.happened for d in patient.doses if level.of(d.data.get("drug", "")) is not None]
    for on in days:
        if (on - days[0]).days < p.window:
            yield (on - days[0]).days + 1


def _note(p: DltStatus, patient: Patient) -> str:
    """What is told beside a lane."""
    word = ", adjudicated" if p.adjudicated is not None else ""
    if p.letter == "T":
        event = next((e for e in patient.adverse_events if e.number in p.events), None)
        what = (
            f"{event.data['term']} {event.data['grade']}" if event is not None else "late dose" if p.events else "DLT"
        )
        return f"{what}, day {p.dlt_day}{word}"
    if p.letter == "P":
        return f"{min(p.days, p.window)} of {p.window} days{f', until {p.until}' if p.until is not None else ', no dose yet'}{word}"
    if p.letter == "X":
        gone = patient.died or patient.withdrawn or patient.lost or patient.treatment_ended
        if gone is None or p.days >= p.window:
            return "replaced: too few doses"
        day = "" if not patient.doses else f", day {(gone.happened - patient.doses[0].happened).days + 1}"
        return f"replaced: {gone.kind}{day}"
    return f"no DLT{word}: it was derived as one" if p.adjudicated is not None and p.derived == "T" else f"no DLT{word}"
