"""Patients: how they came, their courses and their responses."""

from __future__ import annotations

from equipoise.analyse.analysis import response_table
from equipoise.analyse.lanes import spider_figure, swimmer_figures, waterfall_figure
from equipoise.conduct.accrual import accrual_figure
from equipoise.dossier.findings import Findings
from equipoise.trial.decision import Decision
from equipoise.trial.endpoint import Response
from equipoise.trial.exhibits import Exhibit, Paragraph


def accrual(f: Findings) -> list[Exhibit]:
    """Randomised against plan, with the looks."""
    if not f.trial.sites:
        return []
    marks = {f"look {d.look}": d.cutoff for d in f.looks if isinstance(d, Decision) and d.look < d.of_looks}
    marks |= {
        f"look {look} known": day
        for look, day, _ in f.readouts
        if look < len(f.trial.design.looks if f.trial.design else ())
    }
    shown: list[Exhibit] = [accrual_figure(f.trial, f.snap, marks)]
    shown += [
        Paragraph(f"{n} patients were {f.trial.entered} when look {look} became known, on {day}.")
        for look, day, n in f.readouts
    ]
    return shown


def course(f: Findings) -> list[Exhibit]:
    """Best responses, the change of each tumour, a lane a patient."""
    shown: list[Exhibit] = []
    response = next((e for e in f.trial.endpoints if isinstance(e, Response)), None)
    if response is not None:
        table = response_table(f.trial, f.analysis)
        shown += [table] if table is not None else []
        spider = spider_figure(f.trial, f.snap, response)
        shown += [waterfall_figure(f.trial, f.snap, response), *([spider] if spider is not None else [])]
    return [*shown, *swimmer_figures(f.trial, f.snap)]
