"""The report of a trial with cohorts: each cohort's decision and data in sections of its own, and nothing pooled but the flow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from equipoise.analyse.flow import flow
from equipoise.analyse.populations import populations_table
from equipoise.conduct.definitions import Definitions
from equipoise.decide.words import headline
from equipoise.design.basket.behaviour import Basket
from equipoise.design.basket.behaviour import in_words as basket_in_words
from equipoise.design.basket.behaviour import table as basket_table
from equipoise.design.basket.decided import Decided
from equipoise.design.study.family import Family
from equipoise.dossier.amendments import amendments
from equipoise.dossier.baseline import baseline
from equipoise.dossier.decision import decision, estimators
from equipoise.dossier.design import design
from equipoise.dossier.disposition import data_state, disposition
from equipoise.dossier.efficacy import efficacy
from equipoise.dossier.exposure import exposure
from equipoise.dossier.findings import Findings
from equipoise.dossier.methods_used import methods_used
from equipoise.dossier.origin import STATUS, assumptions, foot, origin
from equipoise.dossier.patients import accrual, course
from equipoise.dossier.plain import plain
from equipoise.dossier.safety import safety
from equipoise.dossier.synopsis import synopsis
from equipoise.report.document import Document
from equipoise.trial.decision import Decision
from equipoise.trial.exhibits import Cell, Exhibit, Paragraph, Section, Table
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class CohortFindings:
    """What a report of a trial with cohorts is made from. ``beside``: of cohorts with patients who do not count, theirs."""

    trial: Trial
    snap: Snapshot
    of: Mapping[str, Findings]
    beside: Mapping[str, Findings]
    family: Family
    definitions: Definitions | None = None
    basket: Basket | None = None
    #: What a basket's cohorts say together at the cut-off.
    together: Decided | None = None

    @property
    def errors(self) -> tuple[str, Table]:
        """What the cohorts do together, in words and by the number of true effects."""
        if self.basket is not None:
            return basket_in_words(self.basket), basket_table(self.basket)
        return self.family.in_words(), self.family.table()


def cohorts_document(f: CohortFindings) -> Document:
    """The whole report."""
    t = f.trial
    facts = [
        ("Trial", t.id + (f" ({', '.join(t.registration)})" if t.registration else "")),
        ("Data cut-off", f.snap.cutoff.isoformat()),
        ("Patients", "as recorded in the log"),
        *((f"Cohort {name}", _standing(own)) for name, own in f.of.items()),
    ]
    return Document(
        title=t.title,
        subtitle="Trial report, by cohort",
        status=STATUS,
        facts=facts,
        sections=[s for s in _sections(f) if s.exhibits],
        foot=foot(t, f.snap),
    )


def _standing(own: Findings) -> str:
    """'Look 1 of 2 …: CONTINUE', of the last decision that there is."""
    taken = [d for d in own.looks if isinstance(d, Decision)]
    there = f"{len(own.snap.randomised)} of {own.trial.target_enrolment} patients {own.trial.entered}"
    return f"{headline(taken[-1])}; {there}" if taken else f"no look is ripe; {there}"


def _sections(f: CohortFindings) -> Iterator[Section]:
    t = f.trial
    yield Section("cohorts", "Cohorts and what they decide", [*_together(f), _overview(f)])
    for name, own in f.of.items():
        yield Section(f"{name}-plain", f"{name}: in plain words", plain(own))
        yield Section(f"{name}-decision", f"{name}: decision", decision(own))
    yield Section("synopsis", "Synopsis of the protocol", synopsis(t))
    yield Section("amendments", "Amendments", amendments(f.snap, f.definitions))
    yield Section("family", "The cohorts' errors together", [Paragraph(f.errors[0]), f.errors[1]])
    yield Section("flow", "Patient flow, all cohorts", [flow(t, f.snap)])
    for name, own in f.of.items():
        title = own.trial.own_cohort.title if own.trial.own_cohort is not None else name
        yield Section(f"{name}-design", f"{name}: design", design(own))
        if not own.snap.randomised:
            nobody = Paragraph(f"Nobody who counts is {own.trial.entered} in cohort {name} ({title}) by the cut-off.")
            yield Section(f"{name}-patients", f"{name}: patients", [nobody])
        else:
            yield Section(f"{name}-accrual", f"{name}: accrual", accrual(own))
            populations = populations_table(own.trial, own.analysis.populations)
            yield Section(f"{name}-flow", f"{name}: patient flow", [flow(own.trial, own.snap), populations])
            yield Section(f"{name}-disposition", f"{name}: disposition and deviations", disposition(own))
            yield Section(f"{name}-baseline", f"{name}: baseline characteristics", baseline(own))
            yield Section(f"{name}-efficacy", f"{name}: efficacy", efficacy(own))
            yield Section(f"{name}-course", f"{name}: course and response of each patient", course(own))
            yield Section(f"{name}-exposure", f"{name}: exposure", exposure(own.trial, own.snap))
            yield Section(f"{name}-safety", f"{name}: safety", safety(own))
        if name in f.beside:
            yield Section(f"{name}-beside", f"{name}: patients beside those who count", _beside(f.beside[name]))
    yield Section("data", "The state of the data", data_state(replace(next(iter(f.of.values())), trial=t, snap=f.snap)))
    yield Section("assumptions", "Assumptions and sources", assumptions(t))
    for name, own in f.of.items():
        yield Section(f"{name}-estimators", f"{name}: appendix, estimates that respect the looks", estimators(own))
    used = frozenset().union(*(methods_used(own) for own in f.of.values()))
    yield Section("origin", "What produced this report", origin(replace(next(iter(f.of.values())), snap=f.snap), used))


def _overview(f: CohortFindings) -> Table:
    rows: list[list[Cell]] = []
    for name, own in f.of.items():
        c = own.trial.own_cohort
        beside = len(f.beside[name].snap.randomised) if name in f.beside else 0
        title, come = c.title if c is not None else "", f"{len(own.snap.randomised)} of {own.trial.target_enrolment}"
        rows.append([name, title, come, beside, _standing(own).split("; ")[0]])
    return Table(
        "Each cohort by its own stages" if f.basket is not None else "Each cohort is decided on its own",
        ["Cohort", "Patients with", f"{f.trial.entered.capitalize()}, who count", "Beside", "Last look that is ripe"],
        rows,
        notes=(f.errors[0],),
    )


def _together(f: CohortFindings) -> list[Exhibit]:
    """What a basket's cohorts say together: the trial's decision."""
    if f.together is None:
        return []
    table = [f.together.table()] if f.together.cohorts else []
    return [Paragraph(f.together.in_words()), *table]


def _beside(f: Findings) -> list[Exhibit]:
    """What became of those who do not count for the design: described, and in no decision."""
    c = f.trial.own_cohort
    counted = ", ".join(f"{name} = {level}" for name, level in c.counts.items()) if c is not None else ""
    lead = f"{len(f.snap.randomised)} patients of the cohort are not known to have {counted}. They are in no look and no decision."
    return [Paragraph(lead), *efficacy(f), *safety(f)]
