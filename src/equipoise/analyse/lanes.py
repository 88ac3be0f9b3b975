"""The course of each patient: time on study as swimmer lanes, and best change of tumour size as bars."""

from __future__ import annotations

from datetime import date

from equipoise.analyse.response import best_response
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.endpoint import Response
from equipoise.trial.exhibits import Bar, Lane, Mark, SwimmerFigure, WaterfallFigure
from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def swimmer_figure(trial: Trial, snap: Snapshot) -> SwimmerFigure:
    """One lane a randomised patient, in months since randomisation."""
    lanes = [_lane(p, arm.label, snap.cutoff) for arm in trial.arms for p in snap.on_arm(arm.name)]
    return SwimmerFigure(
        "Course of each patient",
        "Months since randomisation",
        lanes,
        caption="One lane a patient, longest on top: time on and off treatment to the last contact, and what happened.",
    )


def _lane(patient: Patient, group: str, cutoff: date) -> Lane:
    assert patient.randomised is not None
    origin = patient.randomised.happened

    def months(day: date) -> float:
        return max((day - origin).days, 0) / DAYS_PER_MONTH

    end = patient.died.happened if patient.died else max(patient.last_contact or origin, origin)
    spans = []
    if patient.doses:
        last_dose = patient.doses[-1].happened
        stop = patient.treatment_ended.happened if patient.treatment_ended else min(last_dose, cutoff)
        stop = min(max(stop, last_dose), end)
        spans.append((0.0, months(stop), "on treatment"))
        if end > stop:
            spans.append((months(stop), months(end), "off treatment"))
    else:
        spans.append((0.0, months(end), "off treatment"))
    points = []
    first = next((a for a in patient.assessments if a.word.responds), None)
    if first is not None:
        points.append((months(first.happened), first.word.label.lower()))
    progression = patient.first_progression
    if progression is not None:
        points.append((months(progression.on), "progression"))
    for event, name in ((patient.died, "death"), (patient.withdrawn, "withdrawn"), (patient.lost, "lost")):
        if event is not None:
            points.append((months(event.happened), name))
    gone = patient.died or patient.withdrawn or patient.lost
    return Lane(patient.name, group, spans, points, ongoing=gone is None)


def waterfall_figure(trial: Trial, snap: Snapshot, endpoint: Response) -> WaterfallFigure:
    """One bar a patient with a baseline and a later sum of diameters."""
    bars = []
    for arm in trial.arms:
        for patient in snap.on_arm(arm.name):
            best = best_response(patient, endpoint, snap.cutoff)
            if best.change is not None:
                bars.append(Bar(patient.name, arm.label, best.change, best.response))
    return WaterfallFigure(
        "Best change in tumour size",
        "Best change in sum of diameters, %",
        bars,
        [Mark("+20 %", y=20.0), Mark("−30 %", y=-30.0)],
        caption="Best change of the sum of diameters from baseline up to progression, a bar a patient. The lines are "
        "RECIST's thresholds; progression is judged against the nadir, not against baseline.",
    )
