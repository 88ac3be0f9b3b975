"""A look against its boundary, drawn, and what is still to come: for a committee."""

from __future__ import annotations

from equipoise.decide.words import headline
from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.dossier.findings import Findings
from equipoise.dossier.still_to_come import power_exhibits
from equipoise.trial.decision import Decision
from equipoise.trial.exhibits import Curve, Exhibit, LineFigure, Paragraph


def taken(f: Findings) -> list[Decision]:
    """The looks that could be taken, in their order."""
    return [d for d in f.looks if isinstance(d, Decision)]


def look_exhibits(f: Findings) -> list[Exhibit]:
    """Each look's action, reason and cautions, the last first; the boundary drawn; conditional and predictive power."""
    shown: list[Exhibit] = []
    for d in reversed(taken(f)):
        shown.append(Paragraph(headline(d), "decision"))
        shown += [Paragraph(text) for text in d.because]
        shown += [Paragraph(f"Caution. {text}", "caution") for text in d.cautions if not _names_an_arm(f, text)]
    design = f.trial.design
    if isinstance(design, RateDesign) and taken(f):
        shown.append(boundary_figure(f, design))
    if taken(f):
        shown += power_exhibits(f, taken(f)[-1], design)
    return shown


def _names_an_arm(f: Findings, text: str) -> bool:
    return any(word in text for a in f.trial.arms for word in (a.name, a.label))


def _counts(f: Findings, d: Decision) -> tuple[int, int]:
    numbers = d.evidence[f.trial.tested_arms[0].name]
    return int(numbers["n"]), int(numbers["successes"])


def boundary_figure(f: Findings, design: RateDesign) -> LineFigure:
    """Successes at each look against the two boundaries."""
    stages = design.stages
    seen = [_counts(f, d) for d in taken(f)]
    low = [(n, b) for n, b in zip(stages.n, stages.low, strict=True) if b >= 0]
    high = [(n, b + 1) for n, b in zip(stages.n, stages.high, strict=True) if b < n]
    curves = [
        Curve("Stops at or below", [float(n) for n, _ in low], [float(b) for _, b in low], points=True, texts=[str(b) for _, b in low]),
        Curve("Declares at or above", [float(n) for n, _ in high], [float(b) for _, b in high], points=True, texts=[str(b) for _, b in high]),
        Curve("Seen", [float(n) for n, _ in seen], [float(x) for _, x in seen], points=True, texts=[f"{x} of {n}" for n, x in seen]),
    ]  # fmt: skip
    return LineFigure(
        "Successes against the boundaries of the design",
        "Patients evaluated",
        "Successes",
        curves,
        caption=design.describe(),
        y_range=(0.0, 1.1 * max([b for _, b in (*low, *high)] + [x for _, x in seen])),
    )
