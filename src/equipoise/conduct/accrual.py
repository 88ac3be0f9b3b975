"""Accrual against plan: patients randomised so far, and what the sites promised."""

from __future__ import annotations

from datetime import date, timedelta

from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.exhibits import Curve, LineFigure, Mark
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def planned_by(trial: Trial, day: date) -> float:
    """Patients that the sites promised to have enrolled by ``day``, at most the planned number."""
    promised = sum(max((day - s.activation).days, 0) / DAYS_PER_MONTH * s.rate for s in trial.sites)
    return min(promised, float(trial.target_enrolment))


def accrual_figure(trial: Trial, snap: Snapshot, marks: dict[str, date]) -> LineFigure:
    """Cumulative randomisations against the sites' plan, in months since the trial's start; ``marks`` are days."""

    def months(day: date) -> float:
        return (day - trial.start).days / DAYS_PER_MONTH

    days = sorted(p.randomised.happened for p in snap.randomised if p.randomised is not None)
    last = max([*days, *marks.values()], default=trial.start)
    xs = [0.0, *(months(d) for d in days), months(max(last, snap.cutoff) if not days else last)]
    ys = [0.0, *(float(i) for i in range(1, len(days) + 1)), float(len(days))]
    curves = [Curve(trial.entered.capitalize(), xs, ys, steps=True)]
    if trial.sites:
        grid = [trial.start + timedelta(days=d) for d in range(0, (last - trial.start).days + 1, 7)]
        curves.append(
            Curve("Promised by the sites", [months(d) for d in grid], [planned_by(trial, d) for d in grid], dashed=True)
        )
    return LineFigure(
        "Accrual against plan",
        f"Months since {trial.start}",
        f"Patients {trial.entered}",
        curves,
        [
            *(Mark(label, x=months(day)) for label, day in marks.items()),
            Mark(f"planned: {trial.target_enrolment}", y=float(trial.target_enrolment)),
        ],
        caption=f"Patients {trial.entered} against the number that the sites' planned days and rates give.",
        y_range=(0.0, 1.12 * max(trial.target_enrolment, len(days))),
    )
