"""A decision read aloud: its headline, what stands beside it, and all of it as exhibits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from equipoise.trial.decision import Decision
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.evidence import (
    HazardRatioEvidence,
    StatisticEvidence,
    TwoArmEvidence,
    TwoArmExposureEvidence,
)
from equipoise.trial.exhibits import Cell, Exhibit, Paragraph, Table
from equipoise.trial.said_numbers import number, p_value
from equipoise.trial.trial import Trial


def headline(d: Decision) -> str:
    """'Look 1 of 2, data cut-off 2013-08-08: CONTINUE'."""
    detail = getattr(d.action, "why", "") or getattr(d.action, "what", "")
    return f"Look {d.look} of {d.of_looks}, data cut-off {d.cutoff}: {d.action.name.upper()}" + (
        f" ({detail})" if detail else ""
    )


def beside_lines(d: Decision) -> list[str]:
    """The randomised comparison and the control arm's check, which are no part of the decision, in sentences."""
    lines = []
    c = d.beside.get("randomised comparison")
    if c is not None:
        if "hr" in c:
            low, high = c["hr_ci"]
            ratio = f"not estimable ({c['hr_not_estimable_because']})"
            if c["hr_estimable"]:
                ratio = f"{c['hr']:.2f} (95 % CI {low:.2f} to {high:.2f}; below 1 favours the tested arm)"
            lines.append(
                f"Randomised comparison, {c['endpoint']}: hazard ratio {ratio}, "
                f"two-sided log-rank p: {p_value(c['logrank_p'])}{_strata(c)}."
            )
        if c.get("at_landmark"):
            day = next(iter(c["at_landmark"].values()))["day"]
            curves = [f"{arm} {_curve(at)}, n = {c['n'][arm]}" for arm, at in c["at_landmark"].items()]
            lines.append(f"Kaplan–Meier at day {day}, of all randomised (95 % CI, log-log): {'; '.join(curves)}.")
        if "rate_difference" in c:
            low, high = c["rate_difference_ci"]
            lines.append(
                f"Difference of the cohorts' rates: {100 * c['rate_difference']:+.1f} points "
                f"(95 % CI {100 * low:+.1f} to {100 * high:+.1f}, Miettinen–Nurminen)."
            )
    k = d.beside.get("control arm against history")
    if k is not None:
        low, high = k["ci"]
        verdict = "disagrees" if k["disagrees"] else "agrees"
        lines.append(
            f"Control arm against history: {k['successes']} of {k['n']} = {k['rate']:.0%} "
            f"(exact 95 % CI {low:.0%} to {high:.0%}) against {k['reference']:.0%}, {_named(k['method'])} = {k['p']:.4f}: "
            f"it {verdict} at the {k['alpha']:g} level."
        )
    return lines


def _strata(c: Mapping[str, Any]) -> str:
    """How it is stratified; unsaid where it is not."""
    said = c.get("strata", "unstratified")
    return "" if said == "unstratified" else f", {said}"


def beside_is(trial: Trial) -> str:
    """What the lines beside a decision are: where the design itself compares the arms they say that comparison in full."""
    compares = (StatisticEvidence, TwoArmExposureEvidence, TwoArmEvidence, HazardRatioEvidence)
    if trial.monitored.design.takes in compares:
        return "The arms that the decision compares, as an analysis shows them:"
    return "Beside the decision, and no part of it:"


def _curve(at: Mapping[str, Any]) -> str:
    if at["beyond"]:
        return "not followed so long"
    low, high = at["ci"]
    return f"{100 * at['survival']:.1f}% ({number(100 * low)} to {number(100 * high)})"


def _named(method: str) -> str:
    """The check's number by its short name."""
    return "two-sided exact p" if method.startswith("two-sided exact") else method.rpartition(", Clopper")[0]


def decision_exhibits(trial: Trial, d: Decision) -> list[Exhibit]:
    """The decision in its box, reasons, cautions, the cohorts, and what stands beside it."""
    shown: list[Exhibit] = [Paragraph(headline(d), "decision")]
    shown += [Paragraph(text) for text in d.because]
    shown.append(Paragraph(f"Distance to the boundary: {d.distance:+g} {d.unit}."))
    shown += [Paragraph(f"Caution. {text}", "caution") for text in d.cautions]
    if not d.cautions:
        shown.append(Paragraph("No cautions."))
    shown.append(_cohorts(trial, d))
    beside = [Paragraph(text) for text in beside_lines(d)]
    if beside:
        shown += [Paragraph(beside_is(trial), "plain"), *beside]
    return shown


def _cohorts(trial: Trial, d: Decision) -> Table:
    if any("events" in numbers for numbers in d.evidence.values()):
        return _arms_by_time(trial, d)
    rows = []
    toxic = any("toxicities" in numbers for numbers in d.evidence.values())
    for name, numbers in d.evidence.items():
        rate = _rate(numbers["rate"], numbers["rate_ci"])
        toxicities = (
            [numbers["toxicities"], _rate(numbers["toxicity_rate"], numbers["toxicity_rate_ci"])] if toxic else []
        )
        unknown = numbers["not_evaluable_replaced"] + numbers["not_evaluable_counted_as_failure"]
        rows.append(
            [
                trial.arm_by_name[name].label, numbers["planned"], numbers["n"], numbers["successes"],
                numbers["failures"], unknown, rate, *toxicities, numbers["not_in_the_cohort"],
            ]
        )  # fmt: skip
    failing = trial.monitored.policy == "failure"
    unknown_are = "counted as failures" if failing else "not counted"
    return Table(
        f"The cohorts of look {d.look}",
        [
            "Arm", "Planned", "Evaluated", "Successes", "Failures", f"Not evaluable, {unknown_are}", "Rate (95 % CI)",
            *(["With toxicity", "Its rate (95 % CI)"] if toxic else []), "Came after the cohort",
        ],
        rows,
        notes=("Exact (Clopper–Pearson) intervals, which take no account of the looks.",),
    )  # fmt: skip


def _rate(rate: float | None, ci: Sequence[float] | None) -> str:
    return "–" if rate is None or ci is None else f"{rate:.1%} ({100 * ci[0]:.1f} to {100 * ci[1]:.1f})"


def _arms_by_time(trial: Trial, d: Decision) -> Table:
    """The arms of a look on events or on patients enrolled."""
    rows: list[list[Cell]] = []
    at = next((n["day"] for n in d.evidence.values() if "day" in n), None)
    rated = any("rate" in numbers for numbers in d.evidence.values())
    for name, numbers in d.evidence.items():
        row: list[Cell] = [trial.arm_by_name[name].label, numbers["n"], numbers["events"]]
        if rated:
            row.append(_rate(numbers["rate"], numbers["rate_ci"]))
        else:
            row += [numbers["censored"], f"{numbers['days_at_risk'] / DAYS_PER_MONTH:.1f}"]
        if at is not None:
            row.append(_rate(numbers.get("survival"), numbers.get("survival_ci")))
        rows.append(row)
    first = next(iter(d.evidence.values()))
    planned = (
        f"{first['planned_events']} events were planned for this look" if "planned_events" in first
        else f"{first['planned']} patients were planned for this look"
    )  # fmt: skip
    total = sum(numbers["events"] for numbers in d.evidence.values())
    columns = ["Arm", f"Patients {trial.entered}", "Events"]
    columns += ["Share (95 % CI)"] if rated else ["Censored", "Months at risk"]
    columns += [f"Without an event at day {at}, Kaplan–Meier (95 % CI)"] if at is not None else []
    return Table(f"The arms at look {d.look}", columns, rows, notes=(f"{planned}; {total} events in all.",))
