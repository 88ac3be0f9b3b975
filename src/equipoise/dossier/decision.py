"""The decision of each look, its estimates, and what it rests on."""

from __future__ import annotations

from equipoise.decide.decide import assumptions_behind
from equipoise.decide.words import decision_exhibits
from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.design.study.estimate import estimate, estimate_table
from equipoise.dossier.findings import Findings
from equipoise.trial.decision import Decision
from equipoise.trial.exhibits import Exhibit, Paragraph
from equipoise.trial.problem import BadInput


def decision(f: Findings) -> list[Exhibit]:
    """Every look, the last first."""
    shown: list[Exhibit] = []
    for look in reversed(f.looks):
        if isinstance(look, Decision):
            shown += decision_exhibits(f.trial, look)
        else:
            ripe = f" It is expected to be ripe on {look.ripe_on}." if look.ripe_on else ""
            shown.append(
                Paragraph(f"Look {look.look} of {look.of_looks} is not ripe at {look.cutoff}.{ripe}", "decision")
            )
            shown += [Paragraph(text[0].upper() + text[1:] + ".") for text in look.because]
    if f.looks and assumptions_behind(f.trial):
        shown.append(
            Paragraph(
                "The decision rests on assumptions that the trial's sources do not state: see the section on them.",
                "note",
            )
        )
    return shown


def estimators(f: Findings) -> list[Exhibit]:
    """Of each look that ended the trial, the last first. After one that stops it the next has estimates only where the design knows an end there."""
    ends = [look for look in f.looks if isinstance(look, Decision) and look.action.name != "continue"]
    found: list[Exhibit] = []
    for look in ends:
        try:
            found = [*_estimates(f, look), *found]
        except BadInput:
            if look is ends[0]:
                raise
    return found


def _estimates(f: Findings, look: Decision) -> list[Exhibit]:
    """Where the trial ended: the estimates that respect its stages beside the naive one."""
    if not isinstance(f.trial.design, RateDesign):
        return []
    tested = look.evidence[f.trial.tested_arms[0].name]
    return [estimate_table(estimate(f.trial.design, look.look, tested["n"], tested["successes"]))]
