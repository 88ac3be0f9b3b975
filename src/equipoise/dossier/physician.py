"""The report for a physician: his page, who the patients were, what became of them, and what harmed them; methods at the end by name."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.analyse.adverse_events import compared, dot_figure, overview_table
from equipoise.analyse.analysis import rates_table, response_table, times_table
from equipoise.analyse.deaths import deaths_table
from equipoise.analyse.flow import flow
from equipoise.analyse.groups import by_arm, treated
from equipoise.analyse.survival import SurvivalResult, survival_figure
from equipoise.dossier.baseline import baseline
from equipoise.dossier.disposition import disposition
from equipoise.dossier.escalation.findings import only_finds_dose
from equipoise.dossier.escalation.section import sections as escalation_sections
from equipoise.dossier.exposure import exposure
from equipoise.dossier.findings import Findings
from equipoise.dossier.methods_used import methods_used
from equipoise.dossier.origin import STATUS, assumptions, foot, origin
from equipoise.dossier.plain import plain
from equipoise.dossier.safety import paired
from equipoise.report.document import Document
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.exhibits import Exhibit, Section


def physician_document(f: Findings) -> Document:
    """The plain page first."""
    return Document(
        title=f.trial.title,
        subtitle="Report for physicians" + (" on virtual patients" if f.virtual else ""),
        status=STATUS + (" Every patient in this report is simulated." if f.virtual else ""),
        facts=[("Trial", f.trial.id), ("Data cut-off", f.snap.cutoff.isoformat())],
        sections=[s for s in _sections(f) if s.exhibits],
        foot=foot(f.trial, f.snap),
    )


def _sections(f: Findings) -> Iterator[Section]:
    yield Section("plain", "In plain words", plain(f))
    if f.escalation is not None:
        yield from escalation_sections(f.escalation)
    if not only_finds_dose(f.trial):
        yield Section("flow", "Patient flow", [flow(f.trial, f.snap)])
    yield Section("baseline", "Baseline characteristics", baseline(f))
    yield Section("disposition", "Disposition and deviations", disposition(f))
    yield Section("efficacy", "Efficacy", _efficacy(f) if not only_finds_dose(f.trial) else [])
    yield Section("exposure", "Exposure", exposure(f.trial, f.snap))
    yield Section("safety", "Safety", _safety(f))
    yield Section("assumptions", "Assumptions and sources", assumptions(f.trial))
    yield Section("origin", "What produced this report", origin(f, methods_used(f, history=False)))


def _efficacy(f: Findings) -> list[Exhibit]:
    shown: list[Exhibit] = []
    for e in f.trial.endpoints:
        result = f.analysis.endpoints.get(e.name)
        if isinstance(e, TimeToEvent) and isinstance(result, SurvivalResult) and any(a.n for a in result.arms.values()):
            shown.append(survival_figure(f.trial, f.snap, e, result))
    response = response_table(f.trial, f.analysis)
    tables = [t for t in (times_table(f.trial, f.analysis), rates_table(f.trial, f.analysis)) if t.rows]
    return [*shown, *tables, *([response] if response is not None else [])]


def _safety(f: Findings) -> list[Exhibit]:
    groups = by_arm(f.trial, f.snap)
    given = treated(groups)
    shown: list[Exhibit] = []
    if any(p.adverse_events for g in given for p in g.patients):
        shown.append(overview_table(given))
        pair = paired(f.trial, given)
        terms = compared(*pair) if pair is not None else []
        shown += [dot_figure(terms, *pair)] if pair is not None and terms else []
    deaths = deaths_table(groups)
    return [*shown, *([deaths] if deaths is not None else [])]
