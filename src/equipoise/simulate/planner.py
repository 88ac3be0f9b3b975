"""What a planner is shown of simulated trials: tables and figures, each number with its Monte-Carlo error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import Kernel
from equipoise.simulate.summary import Summary, ranged, shown, stop_label, stops_by_look
from equipoise.trial.design import Characteristics, Quantity
from equipoise.trial.exhibits import (
    Cell,
    Curve,
    HeatFigure,
    LineFigure,
    Mark,
    Table,
    TimelineFigure,
    TimelinePoint,
    TimelineRow,
    TimelineSpan,
)

#: The cells that a page shows: how each is told from the others, and what it says.
Rows = Mapping[tuple[str, ...], Summary]


def chances_table(rows: Rows, exact: Mapping[tuple[str, ...], Characteristics | None], axes: Sequence[str]) -> Table:
    """What is decided how often, beside the exact design."""
    body: list[list[Cell]] = []
    for key, s in rows.items():
        c, e = s.characteristics, exact.get(key)
        body.append(
            [
                *key,
                s.done,
                shown(c.stop_early, 3),
                f"{e.stop_early.value:.3f}" if e else "–",
                shown(c.declare, 3),
                f"{e.declare.value:.3f}" if e else "–",
            ]
        )
    return Table(
        "What is decided",
        ["Scenario", *axes, "Trials", stop_label(rows.values()), "exact", "P(declare)", "exact"],
        body,
        notes=(
            *stops_by_look(rows.values()),
            "± is the Monte-Carlo standard error. Exact: the design's binomial calculation at the rate that the scans "
            "show under the scenario, with every planned patient evaluable. Where the two differ it is by those who "
            "cannot be evaluated: who leaves before the landmark is replaced, who has progressed before is not, so the "
            "evaluable do a little worse than all. Blocks that are not filled at the end leave some trials a patient or two "
            "short on the tested arm.",
        ),
    )


def short_table(rows: Rows, axes: Sequence[str], null: str, target: str) -> Table:
    """The first choices, and then one changed at a time: what is gained and what it costs."""
    first = next(iter(rows))[1:]
    body: list[list[Cell]] = [
        [
            *key[1:],
            shown(s.at_readout, 1),
            shown(s.spared, 1),
            shown(s.characteristics.declare, 3),
            shown(rows[(target, *key[1:])].characteristics.declare, 3),
            shown(rows[(target, *key[1:])].duration_months, 1),
        ]
        for key, s in rows.items()
        if key[0] == null
        and (target, *key[1:]) in rows
        and sum(a != b for a, b in zip(key[1:], first, strict=True)) < 2
    ]
    return Table(
        "One choice changed at a time",
        [
            *axes,
            f"Randomised when the look is known, '{null}'",
            f"Spared by the look, '{null}'",
            f"P(declare), '{null}'",
            f"P(declare), '{target}'",
            f"Months to the end, '{target}'",
        ],
        body,
        notes=("The first line is the first choice of each kind; ± is the Monte-Carlo standard error.",),
    )


def readout_table(rows: Rows, axes: Sequence[str]) -> Table:
    """Patients randomised when the first look's cohort is full, when the look is ripe, and when it is known."""
    body: list[list[Cell]] = [
        [
            *key,
            shown(s.at_cohort_full, 1),
            shown(s.at_cutoff, 1),
            ranged(s.at_readout, 1, s.at_readout_range),
            shown(s.on_study_at_readout, 1),
        ]
        for key, s in rows.items()
    ]
    return Table(
        "Patients randomised by the first look",
        [
            "Scenario",
            *axes,
            "Cohort full",
            "Look ripe",
            "Look known (10 to 90 %)",
            "Of these on study",
        ],
        body,
        notes=(
            "Look ripe: the data are cut off; known: they are read out. On study: without progression seen, death or leaving.",
        ),
    )


def sizes_table(rows: Rows, axes: Sequence[str]) -> Table:
    """Patients in all, and how many the look spares."""
    body: list[list[Cell]] = [
        [
            *key,
            ranged(s.randomised, 1, s.randomised_range),
            shown(s.tested, 1),
            shown(s.spared, 1),
            shown(s.exposure_months, 0),
        ]
        for key, s in rows.items()
    ]
    return Table(
        "Patients in all, and spared",
        [
            "Scenario",
            *axes,
            "Randomised (10 to 90 %)",
            "On the tested arm",
            "Spared by the look",
            "Patient-months on the tested arm",
        ],
        body,
        notes=(
            "Spared: planned and never randomised, because the look stopped the trial. Patient-months: time on study of all "
            "patients of the tested arm together; under a scenario in which it does not work, exposure to a failing arm.",
        ),
    )


def durations_table(rows: Rows, axes: Sequence[str]) -> Table:
    """Months from the trial's start until each thing."""
    body: list[list[Cell]] = []
    for key, s in rows.items():
        cells = []
        for q, name in (
            (s.full_month, "full"), (s.look_month, "look"), (s.readout_month, "readout"),
            (s.enrolment_month, "enrolment"), (s.duration_months, "end"),
        ):  # fmt: skip
            cells.append(ranged(q, 1, s.months_range[name]))
        body.append([*key, *cells])
    return Table(
        "When",
        ["Scenario", *axes, "Cohort full", "Look ripe", "Look known", "Last patient in", "End"],
        body,
        notes=("Months since the trial's start; in brackets 10 to 90 %.",),
    )


def _percent(q: Quantity) -> Quantity:
    return Quantity(100 * q.value, 100 * (q.mc_error or 0.0))


def misleading_table(rows: Rows, axes: Sequence[str]) -> Table:
    """What may mislead: estimates after stopping, false cautions, a comparison that says otherwise."""
    body: list[list[Cell]] = [
        [
            *key,
            shown(_percent(s.estimate), 1),
            ("+" if s.bias.value > 0 else "") + shown(_percent(s.bias), 1) if s.bias is not None else "–",
            # The error of a geometric mean: that of the mean logarithm, times it.
            shown(Quantity(math.exp(s.log_hr.value), math.exp(s.log_hr.value) * (s.log_hr.mc_error or 0)), 2)
            if not math.isnan(s.log_hr.value)
            else "–",
            shown(s.control_caution, 3),
            shown(s.declared_against, 3),
            shown(s.stopped_against, 3),
        ]
        for key, s in rows.items()
    ]
    return Table(
        "What may mislead",
        [
            "Scenario",
            *axes,
            "Mean rate at the end, %",
            "Bias, points",
            "Hazard ratio, geometric mean",
            "Caution from the control arm",
            "Declares, hazard ratio ≥ 1",
            "Does not, log-rank favours",
        ],
        body,
        notes=(
            "Bias: the mean of the last look's rate less the rate that the scans show, by stopping and by those who cannot "
            "be evaluated. Caution: the control arm disagrees with history; false where history holds. Declares, hazard ratio ≥ 1: the verdict against history and the "
            "randomised comparison point apart. Does not, log-rank favours: no verdict for the tested arm, and a two-sided "
            "log-rank test below 5 % in its favour.",
        ),
    )


def timeline_figure(rows: Rows) -> TimelineFigure:
    """When the cohort is full, the look ripe and known, and the trial over, for each cell."""
    lines = []
    error = 0.0
    for key, s in rows.items():
        error = max(
            error, *(q.mc_error or 0.0 for q in (s.full_month, s.look_month, s.readout_month, s.duration_months))
        )
        readout, end = s.readout_month.value, s.duration_months.value
        spans = [
            TimelineSpan(0.0, s.full_month.value, "cohort enrolling"),
            TimelineSpan(s.full_month.value, readout, "look awaited"),
            TimelineSpan(readout, max(end, readout), "after the look"),
        ]
        points = [
            TimelinePoint(q.value, *s.months_range[name], label)
            for q, name, label in (
                (s.look_month, "look", "look ripe"),
                (s.readout_month, "readout", "look known"),
                (s.duration_months, "end", "end"),
            )
        ]
        lines.append(TimelineRow(", ".join(key[1:]) or s.waiting, key[0], spans, points))
    return TimelineFigure(
        "Timeline of the looks",
        "Months since the trial's start",
        lines,
        caption="Means over simulated trials; whiskers hold 80 %. The end is early where the look stops the trial. "
        f"Monte-Carlo standard errors of up to {error:.2g} months.",
    )


def accrual_figure(plans: Mapping[str, Plan], scenario: str, replicates: int = 2000) -> LineFigure:
    """Fan chart: patients randomised by month, median and the middle 80 % of simulated trials."""
    curves, target, reach, error = [], 0, 12, 0.0
    found = {}
    for label, plan in plans.items():
        by_month = Kernel(plan).rows(0, replicates, 60)[2]
        found[label] = by_month
        # As far as enrolment goes: until nine trials in ten have stopped adding patients.
        growing = (np.diff(by_month, axis=1) > 0).mean(axis=0)
        reach = max(reach, int(np.flatnonzero(growing > 0.1).max(initial=0)) + 2)
        target = max(target, plan.trial.target_enrolment)
    for label, by_month in found.items():
        low, middle, high = np.quantile(by_month[:, :reach], [0.1, 0.5, 0.9], axis=0, method="inverted_cdf")
        # A quantile's standard error, from the binomial error of its rank.
        off = math.sqrt(0.25 / replicates)
        about = np.quantile(by_month[:, :reach], [0.5 - off, 0.5 + off], axis=0, method="inverted_cdf")
        error = max(error, float(np.diff(about, axis=0).max()) / 2)
        months = [0.0, *(m + 1.0 for m in range(reach))]
        curves.append(Curve(label, months, [0.0, *middle.tolist()], [0.0, *low.tolist()], [0.0, *high.tolist()]))
    return LineFigure(
        "Accrual",
        "Months since the trial's start",
        "Patients randomised",
        curves,
        [Mark(f"planned: {target}", y=float(target))],
        caption=f"Median and the middle 80 % of {replicates} simulated trials, scenario '{scenario}'. Monte-Carlo "
        f"standard errors of the median of up to {error:.2g}. The median stays level where the look stops more than half.",
    )


def heat_figure(title: str, rows: Rows, figure: str, unit: str, digits: int) -> HeatFigure:
    """A figure over the grid: scenarios and the first axis down, the other axes across; one axis alone goes across."""
    deep = 2 if any(len(key) > 2 for key in rows) else 1
    down = list(dict.fromkeys(key[:deep] for key in rows))
    across = list(dict.fromkeys(key[deep:] for key in rows))
    values, texts, error = [], [], 0.0
    for d in down:
        line = []
        for a in across:
            s = rows.get((*d, *a))
            found = _figure(s, figure) if s is not None else Quantity(math.nan, 0.0)
            line.append(found.value)
            error = max(error, found.mc_error or 0.0)
        values.append(line)
        texts.append(["–" if math.isnan(v) else f"{v:.{digits}f}" for v in line])
    return HeatFigure(
        title, "", "", [", ".join(a) or title for a in across], [", ".join(d) for d in down], values, texts, unit,
        caption=f"Monte-Carlo standard errors of up to {error:.2g}. Shades begin at 0.",
        top=1.0 if unit == "probability" else None,
    )  # fmt: skip


def _figure(s: Summary, name: str) -> Quantity:
    found: Quantity = getattr(s.characteristics, name, None) or getattr(s, name)
    return found


def trade_off_figure(rows: Rows, null: str, target: str) -> LineFigure:
    """Each way of running the trial as a point: patients if the drug does not work, months if it does.

    A colour for each choice on the first axis, a number for each combination of the others.
    """
    firsts = list(dict.fromkeys(key[1] for key in rows))
    others = list(dict.fromkeys(key[2:] for key in rows))
    curves = []
    for first in firsts:
        there = [(i, o) for i, o in enumerate(others) if (null, first, *o) in rows and (target, first, *o) in rows]
        curves.append(
            Curve(
                first,
                [rows[(null, first, *o)].randomised.value for _, o in there],
                [rows[(target, first, *o)].duration_months.value for _, o in there],
                points=True,
                texts=[str(i + 1) for i, _ in there] if len(others) > 1 else (),
            )
        )
    names = "; ".join(f"{i + 1}: {', '.join(o)}" for i, o in enumerate(others)) + ". " if len(others) > 1 else ""
    errors = [
        max(rows[(null, *k)].randomised.mc_error or 0, rows[(target, *k)].duration_months.mc_error or 0)
        for k in ((f, *o) for f in firsts for o in others)
        if (null, *k) in rows and (target, *k) in rows
    ]
    return LineFigure(
        "What each way costs",
        f"Patients randomised under '{null}', mean",
        f"Months to the end under '{target}', mean",
        curves,
        caption="Down and to the left is better: fewer patients where the drug does not work, less time where it does. "
        f"It does not show how often each declares. {names}Monte-Carlo standard errors of up to {max(errors, default=0):.2g}.",
    )
