"""A decision read aloud: its headline, what stands beside it, and all of it as exhibits."""

from __future__ import annotations

from equipoise.analyse.analysis import p_value
from equipoise.trial.decision import Decision
from equipoise.trial.exhibits import Exhibit, Paragraph, Table
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
            ratio = "not estimable, events in one arm only"
            if c["hr_estimable"]:
                ratio = f"{c['hr']:.2f} (95 % CI {low:.2f} to {high:.2f}; below 1 favours the tested arm)"
            lines.append(
                f"Randomised comparison, {c['endpoint']}: hazard ratio {ratio}, "
                f"two-sided log-rank p: {p_value(c['logrank_p'])}."
            )
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
    rows = []
    for name, numbers in d.evidence.items():
        rate = numbers["rate"]
        rows.append(
            [
                trial.arm_by_name[name].label, numbers["planned"], numbers["n"], numbers["successes"],
                numbers["failures"], numbers["not_evaluable_replaced"], f"{rate:.1%}" if rate is not None else "–",
            ]
        )  # fmt: skip
    shown.append(
        Table(
            f"The cohorts of look {d.look}",
            ["Arm", "Planned", "Evaluated", "Successes", "Failures", "Not evaluable, not counted", "Rate"],
            rows,
        )
    )
    beside = [Paragraph(text) for text in beside_lines(d)]
    if beside:
        shown += [Paragraph("Beside the decision, and no part of it:", "plain"), *beside]
    return shown
