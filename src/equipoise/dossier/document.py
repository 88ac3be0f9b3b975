"""The report of a trial: which exhibits of which results make it up. At the edge: it knows every kind of result."""

from __future__ import annotations

from equipoise.analyse.flow import flow
from equipoise.analyse.populations import populations_table
from equipoise.decide.words import headline
from equipoise.dossier.amendments import amendments
from equipoise.dossier.baseline import baseline
from equipoise.dossier.decision import decision, estimators
from equipoise.dossier.design import design
from equipoise.dossier.disposition import data_state, disposition
from equipoise.dossier.efficacy import efficacy
from equipoise.dossier.escalation.findings import only_finds_dose
from equipoise.dossier.escalation.flow import level_flow
from equipoise.dossier.escalation.hand_over import set_in_words
from equipoise.dossier.escalation.section import assigned_in_words
from equipoise.dossier.escalation.section import headline as dose_headline
from equipoise.dossier.escalation.section import sections as escalation_sections
from equipoise.dossier.exposure import exposure
from equipoise.dossier.findings import Findings
from equipoise.dossier.history import history
from equipoise.dossier.methods_used import methods_used
from equipoise.dossier.origin import STATUS, assumptions, foot, origin
from equipoise.dossier.patients import accrual, course
from equipoise.dossier.plain import plain
from equipoise.dossier.planning import planning
from equipoise.dossier.safety import safety
from equipoise.dossier.safety_rules import safety_rules
from equipoise.dossier.synopsis import synopsis
from equipoise.report.document import Document
from equipoise.trial.decision import Decision
from equipoise.trial.exhibits import Paragraph, Section
from equipoise.trial.resealed import cautions_of_secret


def trial_document(f: Findings) -> Document:
    """The whole report."""
    decisions = [d for d in f.looks if isinstance(d, Decision)]
    facts = [
        ("Trial", f.trial.id + (f" ({', '.join(f.trial.registration)})" if f.trial.registration else "")),
        ("Data cut-off", f.snap.cutoff.isoformat()),
        ("Patients", "virtual: " + f.virtual if f.virtual else "as recorded in the log"),
    ]
    if f.escalation is not None:
        facts += [("Assigned", assigned_in_words(f.escalation)), ("Next dose", f.escalation.said[0])]
        given = set_in_words(f.escalation)
        facts += [("Dose of phase II", given)] if given else []
    if not only_finds_dose(f.trial):
        on = ", ".join(f"{f.trial.arm_by_name[a].label}: {n}" for a, n in f.analysis.randomised.items())
        facts.append((f.trial.entered.capitalize(), on))
    if decisions:
        facts.append(("Decision", headline(decisions[-1])))
    return Document(
        title=f.trial.title,
        subtitle="Trial report" if not f.virtual else "Trial report on virtual patients",
        status=STATUS + (" Every patient in this report is simulated." if f.virtual else ""),
        facts=facts,
        sections=[s for s in _sections(f) if s.exhibits],
        foot=foot(f.trial, f.snap) + ("; virtual patients" if f.virtual else ""),
    )


def _sections(f: Findings) -> list[Section]:
    t = f.trial
    found = f.escalation
    return [
        *([Section("dose", "The dose", dose_headline(found))] if found is not None else []),
        Section("plain", "In plain words", plain(f)),
        Section("decision", "Decision", decision(f)),
        *(escalation_sections(found) if found is not None else []),
        Section("synopsis", "Synopsis of the protocol", synopsis(t)),
        Section("amendments", "Amendments", amendments(f.snap, f.definitions)),
        Section("design", "Design", design(f)),
        Section("history", "Historical controls and the hurdle", history(f)),
        Section("planning", "What planners needed to see", planning(f)),
        Section("accrual", "Accrual", accrual(f)),
        Section(
            "flow",
            "Patient flow",
            [
                *([level_flow(found)] if found is not None else []),
                *([flow(t, f.snap)] if not only_finds_dose(t) else []),
                populations_table(t, f.analysis.populations),
                *(Paragraph(f"Caution. {text}", "caution") for text in cautions_of_secret(f.snap.events)),
            ],
        ),
        Section("disposition", "Disposition and deviations", disposition(f)),
        Section("baseline", "Baseline characteristics", baseline(f)),
        Section("efficacy", "Efficacy", efficacy(f)),
        Section("course", "Course and response of each patient", course(f)),
        Section("exposure", "Exposure", exposure(t, f.snap)),
        Section("safety", "Safety", safety(f)),
        Section("safety-rules", "Safety rules", safety_rules(f)),
        Section("data", "The state of the data", data_state(f)),
        Section("assumptions", "Assumptions and sources", assumptions(t)),
        Section("estimators", "Appendix: estimates that respect the looks", estimators(f)),
        Section("origin", "What produced this report", origin(f, methods_used(f))),
    ]
