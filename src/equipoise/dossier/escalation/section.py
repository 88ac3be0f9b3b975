"""The sections of a report that tell of dose finding."""

from __future__ import annotations

from equipoise.dossier.escalation.findings import Escalation
from equipoise.dossier.escalation.hand_over import hand_over
from equipoise.dossier.escalation.lanes import course_figure, escalation_figure
from equipoise.dossier.escalation.paths import paths_figure
from equipoise.dossier.escalation.revisited import in_a_sentence, revisited_table
from equipoise.dossier.escalation.standing import (
    decision_grid,
    doses_table,
    others_table,
    rates_figure,
    toxicities,
)
from equipoise.trial.exhibits import Exhibit, Paragraph, Section


def assigned_in_words(f: Escalation) -> str:
    """'DL1: 3, DL2: 4'; levels to which nobody is assigned are left out."""
    on = {x.label: sum(p.level == i for p in f.patients) for i, x in enumerate(f.trial.dose_levels, 1)}
    return ", ".join(f"{label}: {n}" for label, n in on.items() if n) or "nobody yet"


def headline(f: Escalation) -> list[Exhibit]:
    """What comes next, why, whom it waits for, and the dose if it ended now."""
    over = f.next.action in ("declare", "stop")
    shown: list[Exhibit] = [Paragraph(f"{f.said[0]}." if over else f"{f.said[0]}. {f.said[1]}", "decision")]
    shown += [Paragraph(text) for text in f.next.because]
    if f.next.bound:
        shown.append(Paragraph(f"Bound by: {', '.join(f.next.bound)}."))
    shown += [Paragraph(f"Caution. {text}", "caution") for text in f.next.cautions]
    if any(r.differs for r in f.past):
        shown.append(Paragraph(f"Caution. {in_a_sentence(f.past)}", "caution"))
    return shown


def sections(f: Escalation) -> list[Section]:
    """After the headline: the escalation, toxicities, where each dose stands, the way from here, and what is known otherwise now."""
    others, figure, grid, paths = others_table(f), rates_figure(f), decision_grid(f), paths_figure(f)
    revisited = revisited_table(f.past)
    return [
        Section("escalation", "The escalation", [Paragraph(f.design.describe()), course_figure(f), escalation_figure(f)]),
        Section("toxicities", "Dose-limiting toxicities", [*toxicities(f), *([others] if others else [])]),
        Section("doses", "Where each dose stands", [doses_table(f), *(e for e in (figure, grid) if e is not None)]),
        Section("paths", "The way from here", [paths] if paths is not None else []),
        Section("hand-over", "The dose handed to phase II", hand_over(f)),
        Section("revisited", "What was known then, and now", [Paragraph(in_a_sentence(f.past)), *([revisited] if revisited.rows else [])] if f.past else []),
    ]  # fmt: skip
