"""Tables beside medians and hazard ratios: cumulative incidence, restricted means, responders, subgroups."""

from __future__ import annotations

import math
from collections.abc import Iterator

from equipoise.analyse.analysis import Analysis
from equipoise.analyse.incidence import ArmIncidence, GrayBetween
from equipoise.analyse.subgroups import Subgroup
from equipoise.analyse.survival import SurvivalResult
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.said_numbers import number, p_value
from equipoise.trial.trial import Trial


def tables_beyond(trial: Trial, analysis: Analysis) -> Iterator[Table]:
    """Those that say anything."""
    for table in (
        incidence_table(trial, analysis),
        means_table(trial, analysis),
        responders_table(trial, analysis),
        subgroups_table(trial, analysis),
    ):
        if table.rows:
            yield table


def _results(analysis: Analysis) -> list[SurvivalResult]:
    return [r for r in analysis.endpoints.values() if isinstance(r, SurvivalResult)]


def _pair(trial: Trial, name: str) -> str:
    """'A vs B' by the arms' labels."""
    tested, control = name.split(" vs ")
    return f"{trial.arm_by_name[tested].label} against {trial.arm_by_name[control].label}"


def incidence_table(trial: Trial, analysis: Analysis) -> Table:
    """Endpoints whose event something precludes: cumulative incidence by arm, and Gray's test."""
    rows: list[list[Cell]] = []
    notes = [
        "Aalen–Johansen; log(-log) intervals. p: Gray's test, two-sided. One minus Kaplan–Meier, which censors at the competing event, "
        "overstates how many come to have the event.",
    ]
    for result in _results(analysis):
        found = result.incidence
        if found is None:
            continue
        rows.append([result.label])
        rows += [[trial.arm_by_name[name].label, *_incidence_cells(a), "", ""] for name, a in found.arms.items()]
        rows += [[_pair(trial, name), "", "", "", *_gray_cells(g)] for name, g in found.comparisons.items()]
        if found.all_arms is not None:
            rows.append(["All arms", "", "", "", *_gray_cells(found.all_arms)])
        notes.append(f"{result.label}: {' and '.join(found.competing)} competes with the event.")
    columns = ["", "Events / patients", "Competing events", "Cumulative incidence (95 % CI)", "Gray's chi²", "p"]
    return Table("Cumulative incidence where another event competes", columns, rows, notes=notes)


def _incidence_cells(a: ArmIncidence) -> list[Cell]:
    if a.incidence is None or a.ci is None:
        return ["0 / 0", 0, "–"]
    shown = f"{100 * a.incidence:.1f}% ({number(100 * a.ci[0])} to {number(100 * a.ci[1])}), day {a.day}"
    return [f"{a.events} / {a.n}", a.competing, f"nobody followed to day {a.day}" if a.beyond else shown]


def _gray_cells(g: GrayBetween) -> list[Cell]:
    if math.isnan(g.chi2):
        return ["nothing to test", "–"]
    return [f"{g.chi2:.3f} ({g.strata})", p_value(g.p)]


def means_table(trial: Trial, analysis: Analysis) -> Table:
    """Restricted means by arm and their differences, in months."""
    rows: list[list[Cell]] = []
    for result in _results(analysis):
        found = result.restricted_mean
        if found is None:
            continue
        rows.append([f"{result.label}, first {found.tau / DAYS_PER_MONTH:.1f} months (τ = day {found.tau})"])
        for name, mean in found.arms.items():
            rows.append([trial.arm_by_name[name].label, _months(mean.mean, *mean.ci), _month(mean.std_err), ""])
        for pair, gap in found.differences.items():
            shown = _months(gap.difference, gap.lower, gap.upper, "+")
            rows.append([f"Difference, {_pair(trial, pair)}", shown, _month(gap.std_err), p_value(gap.p)])
    notes = [
        "Mean time free of the event in the first τ: the area under Kaplan–Meier. τ is the smallest of the arms' largest times. A "
        "difference above 0 favours the first arm; it needs no proportional hazards, and is unstratified.",
    ]
    notes += [
        f"{r.label}: the time were there no {' and '.join(r.incidence.competing)}, which censors; the cumulative incidence takes it as it is."
        for r in _results(analysis)
        if r.incidence is not None
    ]
    return Table("Restricted mean times", ["", "Months (95 % CI)", "Standard error", "p"], rows, notes=notes)


def _month(days: float) -> str:
    return f"{days / DAYS_PER_MONTH:.2f}"


def _months(at: float, low: float, high: float, sign: str = "") -> str:
    a, b, c = (x / DAYS_PER_MONTH for x in (at, low, high))
    if math.isnan(low):
        return f"{a:{sign}.2f} (–)"
    return f"{a:{sign}.2f} ({b:{sign}.2f} to {c:{sign}.2f})"


def responders_table(trial: Trial, analysis: Analysis) -> Table:
    """How soon those who respond do, and how long their responses last where an endpoint says."""
    rows: list[list[Cell]] = []
    durations = False
    for found in analysis.responders:
        result = analysis.endpoints[found.endpoint]
        lasting = isinstance(result, SurvivalResult)
        durations |= lasting
        rows.append([found.label])
        for name, a in found.arms.items():
            m, s, g = (x / DAYS_PER_MONTH for x in (a.median, a.shortest, a.longest))
            time = f"{m:.1f} ({s:.1f} to {g:.1f})" if a.responders else "–"
            lasts = "–"
            if isinstance(result, SurvivalResult) and a.responders:
                arm = result.arms[name]
                low, high = arm.median_ci_months
                lasts = f"{number(arm.median_months)} ({number(low)} to {number(high)})"
            rows.append([trial.arm_by_name[name].label, f"{a.responders} / {a.of}", time, lasts])
    columns = ["", "Responders / patients", "Time to response, months: median (range)"]
    notes = ["Of responders only, who are no randomised groups: described, not compared."]
    if durations:
        columns.append("Duration of response, months: median (95 % CI)")
        notes.append("Duration: Kaplan–Meier from the first response, log-log interval. NR: not reached.")
    return Table("Responders", columns, [r[: len(columns)] for r in rows], notes=notes)


def subgroups_table(trial: Trial, analysis: Analysis) -> Table:
    """Hazard ratios by the factors of the randomisation."""
    rows: list[list[Cell]] = []
    strata: set[str] = set()
    for result in _results(analysis):
        for pair, found in (result.subgroups or {}).items():
            rows.append([f"{result.label}: {_pair(trial, pair)}"])
            rows.append(["All patients", *_subgroup_cells(found.everybody), ""])
            strata.update(c.strata for name, c in result.comparisons.items() if name == pair)
            for factor in found.factors:
                for i, g in enumerate(factor.levels):
                    p = p_value(factor.interaction_p) if i == 0 else ""
                    rows.append([f"{factor.label}: {g.level}", *_subgroup_cells(g), p])
    notes = (
        "Cox model, Efron's ties, Wald interval; below 1 favours the first arm; the first number of patients and events is the first arm's. "
        "p: interaction by likelihood ratio, one ratio for each level against one for all, in strata of the factor. "
        "Many looks: nothing here is a decision.",
        f"All patients: {'; '.join(sorted(strata))}. Levels: by the other factors that the endpoint states, if any.",
    )
    columns = ["", "Patients", "Events", "Hazard ratio (95 % CI)", "p, interaction"]
    return Table("Subgroups by the factors of the randomisation", columns, rows, notes=notes)


def _subgroup_cells(g: Subgroup) -> list[Cell]:
    ratio = f"not estimable: {g.not_estimable_because}"
    if g.estimable:
        ratio = f"{g.hr:.2f} ({g.hr_ci[0]:.2f} to {g.hr_ci[1]:.2f})"
    return [f"{g.n[0]} + {g.n[1]}", f"{g.events[0]} + {g.events[1]}", ratio]
