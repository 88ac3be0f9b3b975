"""Report a trial: each look at the cut-off at which its decision was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

from equipoise.analyse.analysis import analyse
from equipoise.analyse.data import cut, cut_beside
from equipoise.analyse.masked_arms import letters
from equipoise.conduct.definitions import Definitions
from equipoise.decide.decide import decide
from equipoise.design.basket.stated import basket_in
from equipoise.design.study.family import family_of
from equipoise.desk import doses
from equipoise.desk.cohorts import said_together
from equipoise.desk.data import Data, defined_at
from equipoise.desk.revisit import revisit
from equipoise.dossier.cohorts import CohortFindings, cohorts_document
from equipoise.dossier.committee import closed_document
from equipoise.dossier.committee_open import open_document
from equipoise.dossier.document import trial_document
from equipoise.dossier.escalation.findings import Escalation, only_finds_dose
from equipoise.dossier.findings import Findings
from equipoise.dossier.physician import physician_document
from equipoise.dossier.results import results_json
from equipoise.dossier.study_report import study_report
from equipoise.files.definition import trial_of
from equipoise.files.history_file import library_of
from equipoise.files.write import whole
from equipoise.report.csv_tables import to_csv
from equipoise.report.document import Document
from equipoise.report.figures.draw import DECLARATION
from equipoise.report.numbered import Part, numbered
from equipoise.report.page import render
from equipoise.report.pdf import to_pdf
from equipoise.report.rtf import to_rtf
from equipoise.report.word import to_docx
from equipoise.trial.check import near
from equipoise.trial.decision import Decision, NotRipe
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

Audience = Literal["everybody", "physician", "committee-closed", "committee-open", "study-report"]
Format = Literal["html", "pdf", "docx", "rtf"]


def findings(name: str, trial: Trial, data: Data) -> Findings:
    """What a report of these data is made from; ``name`` is where the trial is found.

    A look whose decision is in the log is taken at its own cut-off, any other as it would stand at the report's.
    """
    looks = _looks(trial, data)
    known = Definitions.of(trial, data.log.known_by(data.snap.known_on), trial_of)
    analysis = analyse(trial, data.snap)
    library, found = library_of(trial, name), escalation(trial, data)
    return Findings(trial, data.snap, analysis, looks, library=library, definitions=known, escalation=found)


@dataclass(frozen=True)
class Open:
    """What an open report is made from: nothing of any arm. ``looks``: empty where the reader may not know the arms."""

    trial: Trial
    snap: Snapshot
    looks: Sequence[Decision | NotRipe]


def pooled(trial: Trial, data: Data) -> Open:
    """What an open report of these data is made from."""
    people = data.snap.randomised
    told = all(p.arm in trial.arm_by_name for p in people)
    return Open(trial, data.snap, _looks(trial, data) if told else ())


def _looks(trial: Trial, data: Data) -> list[Decision | NotRipe]:
    looks: list[Decision | NotRipe] = []
    if trial.design is not None and trial.monitoring is not None:
        definitions = Definitions.of(trial, data.log, trial_of)
        taken = {e.data["look"]: e.data for e in data.snap.events if e.kind == "decided" and "look" in e.data}
        for look in trial.design.looks:
            at, then, snap = taken.get(look.number), trial, data.snap
            if at is not None:
                cutoff, known_on = (date.fromisoformat(at[k]) for k in ("cutoff", "known_on"))
                then = defined_at(definitions, data.log, cutoff, known_on)
                snap = cut(then, data.log, cutoff, known_on)
            looks.append(decide(then, snap, look.number))
    return looks


def escalation(trial: Trial, data: Data) -> Escalation | None:
    """How the dose is found; None of a trial without phase I, and of one whose phase I was over before its log."""
    if trial.phase1 is None:
        return None
    begun = any(p.assigned is not None for p in data.snap.patients.values())
    if not begun and not only_finds_dose(trial) and not any(e.data.get("part") == 1 for e in data.snap.events):
        return None
    now = doses.take(trial, data.snap)
    said = (now.said_next(), now.said_recommended())
    return Escalation(trial, data.snap, now.patients, now.cohorts, now.members, now.next, revisit(data.log, now), said)


def findings_of_cohorts(name: str, trial: Trial, data: Data) -> CohortFindings:
    """What a report of a trial with cohorts is made from: each cohort's findings, and what the others beside them came to."""
    at = (data.snap.cutoff, data.snap.known_on)
    of, beside, snaps = {}, {}, {}
    for cohort, view in trial.views.items():
        snap = snaps[cohort] = cut(view, data.log, *at)
        of[cohort] = findings(name, view, replace(data, snap=snap))
        others = cut_beside(view, data.log, *at)
        if others.randomised:
            beside[cohort] = Findings(view, others, analyse(view, others), ())
    family = family_of({n: v.design for n, v in trial.views.items()})
    known = Definitions.of(trial, data.log.known_by(data.snap.known_on), trial_of)
    together = said_together(trial, snaps)
    return CohortFindings(trial, data.snap, of, beside, family, known, basket_in(trial), together)


@dataclass(frozen=True)
class Wanted:
    """For whom, and in which form.

    ``audience``: 'everybody' is all in one. ``format``: html, pdf or docx, a file; rtf, a file a table. ``csv``: the tables as CSV too.
    ``figures``: svg or png beside a file that is no page (a page has its SVG beside it). ``only``: a section's name. ``key``: where
    the key to masked arms is written.
    """

    audience: Audience = "everybody"
    format: Format = "html"
    csv: bool = False
    figures: Literal["svg", "png"] | None = None
    only: str = ""
    key: Path | None = None


def document_of(found: Findings | CohortFindings | Open, audience: Audience) -> Document:
    """The document for a reader. Raises BadInput for a committee's before any look is ripe."""
    if isinstance(found, CohortFindings):
        return cohorts_document(found)
    if audience.startswith("committee"):
        early = not_ripe(found, audience)
        if early:
            raise BadInput("report", early)
    if isinstance(found, Open):
        return open_document(found.trial, found.snap)
    match audience:
        case "physician":
            return physician_document(found)
        case "committee-closed":
            return closed_document(found, letters(found.trial, found.snap))
        case "study-report":
            return study_report(found)
        case _:
            return trial_document(found)


def not_ripe(found: Findings | Open, audience: Audience) -> list[Problem]:
    """Why a committee cannot meet on a look yet: none of the trial's looks is ripe. Nothing for a trial without looks, or where the arms are not told."""
    waiting = [d for d in found.looks if isinstance(d, NotRipe)]
    if not waiting or len(waiting) < len(found.looks):
        return []
    first = waiting[0]
    why = f": {'; '.join(first.because)}" if audience == "committee-closed" else ""
    ripe = f"ripe on {first.ripe_on} at the latest" if first.ripe_on else "not before its cohort is enrolled"
    return [
        Problem(
            "not-ripe", f"look {first.look}", f"the cut-off {found.snap.cutoff}{why}", ripe,
            "a later --cutoff; `equipoise forecast` says when",
        )
    ]  # fmt: skip


def write(found: Findings | CohortFindings | Open, out: Path, wanted: Wanted | None = None) -> list[Path]:
    """Render the report and write it as it is wanted, to a folder; the paths, the report first. Nothing is written where anything is wrong."""
    asked = wanted or Wanted()
    document = document_of(found, asked.audience)
    parts = numbered(document, pictures=asked.format == "docx" or asked.figures == "png")
    if asked.only:
        parts = _only(parts, asked.only)
    files: dict[Path, bytes] = {}
    if asked.format == "rtf":
        files |= {out / "tables" / n: t.encode() for n, t in to_rtf(document, parts).items()}
    else:
        rendered = render(document, parts) if asked.format != "docx" else None
        if rendered is not None and asked.format == "html":
            files[out / "report.html"] = rendered.html.encode()
            files |= {out / "figures" / n: svg.encode() for n, svg in rendered.figures.items()}
        elif rendered is not None:
            files[out / "report.pdf"] = to_pdf(rendered.html)
        else:
            files[out / "report.docx"] = to_docx(document, parts)
    if asked.csv:
        files |= {out / "tables" / n: t.encode() for n, t in to_csv(parts).items()}
    figures = [i for p in parts for i in p.items if i.kind == "figure"]
    if asked.figures == "svg":
        files |= {out / "figures" / f"{i.name}.svg": (DECLARATION + i.svg).encode() for i in figures}
    if asked.figures == "png":
        files |= {out / "figures" / f"{i.name}.png": i.png for i in figures}
    if isinstance(found, Findings) and asked.audience == "study-report":
        files[out / "results.json"] = results_json(found).encode()
    if asked.key is not None and isinstance(found, Findings):
        files[asked.key] = _key(found).encode()
    for path, content in files.items():
        with whole(path) as file:
            file.write(content)
    return list(files)


def _only(parts: list[Part], name: str) -> list[Part]:
    """One section, numbered as in the whole. Raises BadInput for one that there is not."""
    known = [p.section.name for p in parts]
    found = [p for p in parts if p.section.name == name]
    if not found:
        raise BadInput("report", [Problem("unknown-section", "--only", repr(name), f"one of {', '.join(known)}", near(name, known))])  # fmt: skip
    return found


def _key(found: Findings) -> str:
    """Which letter stands for which arm."""
    to = letters(found.trial, found.snap)
    rows = [f"{letter} = {found.trial.arm_by_name[name].label} ({name})" for name, letter in sorted(to.items(), key=lambda x: x[1])]  # fmt: skip
    return "\n".join([f"Key to the masked arms of {found.trial.id}, closed session only", *rows, ""])
