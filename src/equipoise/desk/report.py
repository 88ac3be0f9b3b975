"""Report a trial: each look at the cut-off at which its decision was recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from equipoise.analyse.analysis import analyse
from equipoise.analyse.data import cut, cut_beside
from equipoise.conduct.definitions import Definitions
from equipoise.decide.decide import decide
from equipoise.design.study.family import family_of
from equipoise.desk.data import Data, defined_at
from equipoise.desk.pages import write_page
from equipoise.dossier.cohorts import CohortFindings, cohorts_document
from equipoise.dossier.document import trial_document
from equipoise.dossier.findings import Findings
from equipoise.files.definition import trial_of
from equipoise.files.history_file import library_of
from equipoise.trial.decision import Decision, NotRipe
from equipoise.trial.trial import Trial


def findings(name: str, trial: Trial, data: Data) -> Findings:
    """What a report of these data is made from; ``name`` is where the trial is found.

    A look whose decision is in the log is taken at its own cut-off, any other as it would stand at the report's.
    """
    looks: list[Decision | NotRipe] = []
    if trial.design is not None and trial.monitoring is not None:
        definitions = Definitions.of(trial, data.log, trial_of)
        taken = {e.data["look"]: e.data for e in data.snap.events if e.kind == "decided"}
        for look in trial.design.looks:
            at, then, snap = taken.get(look.number), trial, data.snap
            if at is not None:
                cutoff, known_on = (date.fromisoformat(at[k]) for k in ("cutoff", "known_on"))
                then = defined_at(definitions, data.log, cutoff, known_on)
                snap = cut(then, data.log, cutoff, known_on)
            looks.append(decide(then, snap, look.number))
    known = Definitions.of(trial, data.log.known_by(data.snap.known_on), trial_of)
    analysis = analyse(trial, data.snap)
    return Findings(trial, data.snap, analysis, looks, library=library_of(trial, name), definitions=known)


def findings_of_cohorts(name: str, trial: Trial, data: Data) -> CohortFindings:
    """What a report of a trial with cohorts is made from: each cohort's findings, and what the others beside them came to."""
    at = (data.snap.cutoff, data.snap.known_on)
    of, beside = {}, {}
    for cohort, view in trial.views.items():
        snap = cut(view, data.log, *at)
        of[cohort] = findings(name, view, replace(data, snap=snap))
        others = cut_beside(view, data.log, *at)
        if others.randomised:
            beside[cohort] = Findings(view, others, analyse(view, others), ())
    family = family_of({n: v.design for n, v in trial.views.items()})
    known = Definitions.of(trial, data.log.known_by(data.snap.known_on), trial_of)
    return CohortFindings(trial, data.snap, of, beside, family, known)


def write(found: Findings | CohortFindings, out: Path) -> list[Path]:
    """Render the report and write it with its figures; the paths, the page first."""
    page = cohorts_document(found) if isinstance(found, CohortFindings) else trial_document(found)
    return write_page(page, out / "report.html")
