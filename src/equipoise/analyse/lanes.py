"""The course of each patient: time on study as swimmer lanes, and best change of tumour size as bars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from equipoise.analyse.response import best_response
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.endpoint import Response
from equipoise.trial.exhibits import Bar, Lane, Mark, SpiderFigure, SpiderLine, SwimmerFigure, WaterfallFigure
from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

#: So many lanes to a figure: each is then read with its patient's number.
LANES = 45
#: Where more than so many patients are, nobody can follow a lane: no figure.
MOST_LANES = 300


def swimmer_figures(trial: Trial, snap: Snapshot) -> list[SwimmerFigure]:
    """One lane a patient on an arm, in months since he came onto it, by arm (where the dose is found, by dose level).

    One figure where 45 lanes hold everybody; else a figure an arm, and of an arm as many as it needs, the longest first, all on one axis.
    """
    of_level = {x.label: f"{x.label}, {x}" for x in trial.dose_levels}
    groups: dict[str, list[Patient]] = {name: [] for name in (*of_level.values(), *(a.label for a in trial.arms))}
    for arm in trial.arms:
        for p in snap.on_arm(arm.name):
            level = of_level.get(p.assigned.data["level"]) if p.assigned is not None else None
            groups[level or arm.label].append(p)
    response = next((e for e in trial.endpoints if isinstance(e, Response)), None)
    lanes = [
        replace(lane_of(p, group, snap.cutoff), response=_best(p, response, snap.cutoff))
        for group, on in groups.items()
        for p in on
    ]
    if len(lanes) > MOST_LANES:
        return []
    until = max((end for lane in lanes for _, end, _ in lane.spans), default=0.0) + 0.5
    made = []
    for part, (title, some) in enumerate(_shared_out(lanes)):
        made.append(
            SwimmerFigure(
                title,
                f"Months since {'randomisation' if trial.randomisation is not None else 'enrolment'}",
                some,
                caption=""
                if part
                else "One lane a patient, longest on top: wide while on treatment, thin afterwards to the last contact, "
                + ("coloured by best overall response, and what happened." if response else "and what happened."),
                until=until,
            )
        )
    return made


def _shared_out(lanes: list[Lane]) -> Iterator[tuple[str, list[Lane]]]:
    """The lanes of each figure, with its title."""
    if len(lanes) <= LANES:
        yield "Course of each patient", lanes
        return
    for group in dict.fromkeys(lane.group for lane in lanes):
        own = sorted((x for x in lanes if x.group == group), key=lambda x: -max((e for _, e, _ in x.spans), default=0.0))  # fmt: skip
        pages = -(-len(own) // LANES)
        each = -(-len(own) // pages)
        for k in range(pages):
            which = f", {k + 1} of {pages}" if pages > 1 else ""
            yield f"Course of each patient: {group}{which}", own[k * each : (k + 1) * each]


def _best(p: Patient, endpoint: Response | None, cutoff: date) -> str:
    return best_response(p, endpoint, cutoff).response if endpoint is not None else ""


def spider_figure(trial: Trial, snap: Snapshot, endpoint: Response) -> SpiderFigure | None:
    """Change of the sum of diameters from baseline at each assessment, a line a patient; None without two sums of anybody."""
    lines = []
    for arm in trial.arms:
        for p in snap.on_arm(arm.name):
            read = [a for a in p.read_by(endpoint.assessor) if a.sum_mm is not None]
            first = next((a for a in read if a.baseline and a.sum_mm), None)
            if first is None or first.sum_mm is None:
                continue
            base = first.sum_mm
            later = [(a, a.sum_mm or 0.0) for a in read if not a.baseline and a.happened >= first.happened]
            if not later:
                continue
            months = [0.0, *((a.happened - first.happened).days / DAYS_PER_MONTH for a, _ in later)]
            change = [0.0, *(min(100.0 * (mm - base) / base, 100.0) for _, mm in later)]
            lines.append(SpiderLine(p.name, arm.label, months, change, _best(p, endpoint, snap.cutoff)))
    if not lines:
        return None
    return SpiderFigure(
        "Change in tumour size over time",
        "Months since the baseline scan",
        "Change in sum of diameters, %",
        lines,
        [Mark("+20 %", y=20.0), Mark("−30 %", y=-30.0)],
        caption="Sum of diameters against baseline, a line a patient, coloured by best overall response; growth beyond 100 % is drawn at 100 %. "
        "Each patient's best change is in the figure of best changes.",
    )


def lane_of(patient: Patient, group: str, cutoff: date) -> Lane:
    """The lane of a patient who is on an arm; ``group`` names it."""
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
