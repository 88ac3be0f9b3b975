"""The closed report to a monitoring committee: by masked arms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from equipoise.analyse.adverse_events import by_grade_table, compared, dot_figure, overview_table, rates_of
from equipoise.analyse.analysis import analyse, rates_table, times_table
from equipoise.analyse.baseline import baseline_table
from equipoise.analyse.deaths import deaths_table
from equipoise.analyse.deviations import deviations_table
from equipoise.analyse.disposition import disposition_table
from equipoise.analyse.exposure import exposures
from equipoise.analyse.exposure_tables import arms as exposed
from equipoise.analyse.exposure_tables import general_table
from equipoise.analyse.first_severe import first_severe_figure
from equipoise.analyse.groups import Group, by_arm, treated
from equipoise.analyse.listings import deaths_listing, serious_listing
from equipoise.analyse.masked_arms import masked_snapshot, masked_trial
from equipoise.analyse.safety import safety_table
from equipoise.analyse.survival import survival_figure
from equipoise.decide.safety import safety_rulings
from equipoise.decide.safety_words import exhibits as rules
from equipoise.dossier.committee_open import accrued, there
from equipoise.dossier.disposition import data_state
from equipoise.dossier.findings import Findings
from equipoise.dossier.look import look_exhibits
from equipoise.dossier.origin import STATUS, foot
from equipoise.report.document import Document
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.exhibits import Exhibit, Facts, Paragraph, Section

CONFIDENTIAL = "CONFIDENTIAL: closed session of the monitoring committee. Not for the sponsor, investigators or sites."
_MASK = (
    "Arms are called by letters; the key is kept apart (report --key FILE). Letters keep names from being read at a glance: from unequal numbers, or "
    "from what a drug is known to do, an arm may be told, and the look below counts the arm that it decides on."
)


def closed_document(f: Findings, to: Mapping[str, str]) -> Document:
    """By masked arms: the look against its boundary, disposition, baseline, exposure, safety, efficacy, listings, a form."""
    trial, snap = masked_trial(f.trial, to), masked_snapshot(f.snap, to)
    own = replace(f, trial=trial, snap=snap, analysis=analyse(trial, snap))
    return Document(
        title=f.trial.title,
        subtitle="Closed report to the monitoring committee",
        status=STATUS + (" Every patient in this report is simulated." if f.virtual else ""),
        facts=[
            ("Trial", f.trial.id),
            ("Data cut-off", f"{f.snap.cutoff}, as known on {f.snap.known_on}"),
            (f.trial.entered.capitalize(), ", ".join(f"{a.label}: {len(snap.on_arm(a.name))}" for a in trial.arms)),
        ],
        sections=[s for s in _closed(f, own) if s.exhibits],
        foot=foot(f.trial, f.snap),
        banner=CONFIDENTIAL,
    )


def _closed(f: Findings, own: Findings) -> Iterator[Section]:
    trial, snap = own.trial, own.snap
    groups = by_arm(trial, snap)
    yield Section("masks", "How to read this report", [Paragraph(_MASK)])
    yield Section("look", "The look against its boundary", look_exhibits(f))
    yield Section("disposition", "Accrual, disposition and deviations", [
        *accrued(trial, snap), disposition_table(trial, groups), *there(deviations_table(groups)),
    ])  # fmt: skip
    yield Section("baseline", "Baseline characteristics", there(baseline_table(trial, groups)))
    found = [e for e in exposures(trial, snap) if e.drugs and not e.level]
    exposure = [general_table(exposed(trial, snap, found), "Exposure, all drugs together", trial.entered.capitalize())]
    yield Section("exposure", "Exposure", exposure if found else [])
    yield Section("safety", "Safety", _safety(own, groups))
    yield Section("safety-rules", "Safety rules and their boundaries", rules(trial, safety_rulings(trial, snap)))
    yield Section("efficacy", "Efficacy", _efficacy(own))
    yield Section("listings", "Serious adverse events and deaths, patient by patient", [
        *there(serious_listing(trial, snap)), *there(deaths_listing(trial, snap)),
    ])  # fmt: skip
    yield Section("data", "The state of the data", data_state(own))
    yield Section("recommendation", "Recommendation", recommendation(f))


def _safety(f: Findings, groups: list[Group]) -> list[Exhibit]:
    given = treated(groups)
    shown: list[Exhibit] = []
    if any(p.adverse_events for g in given for p in g.patients):
        shown += [overview_table(given), safety_table(f.trial, f.analysis.safety)]
        if len(given) == 2 and all(g.n for g in given):
            terms = compared(given[0], given[1])
            if terms:
                shown += [rates_of(terms, given[0], given[1], f.snap), dot_figure(terms, given[0], given[1])]
        first = first_severe_figure(given, f.snap)
        shown += [first] if first is not None else []
        shown += [by_grade_table(g) for g in given if g.n]
    return [*shown, *there(deaths_table(groups))]


def _efficacy(f: Findings) -> list[Exhibit]:
    """Times and rates by masked arm. No hazard ratio: it may be read only beside a boundary, and none stands for it here."""
    tables = [t for t in (times_table(f.trial, f.analysis), rates_table(f.trial, f.analysis)) if t.rows]
    if not tables:
        return []
    note = Paragraph(
        "Hazard ratios and p-values between arms are left out: at an interim they may be read only against a boundary, and the one that the "
        "design has stands in the section on the look.",
        "note",
    )
    figures = [survival_figure(f.trial, f.snap, e) for e in f.trial.endpoints if isinstance(e, TimeToEvent)]
    return [note, *tables, *figures]


def recommendation(f: Findings) -> list[Exhibit]:
    """A form to be filled in, and how what is recommended goes into the log."""
    look = next((d for d in reversed(f.looks)), None)
    number = look.look if look is not None else "N"
    lines = [("Recommendation", "☐ go on as planned   ☐ go on with changes   ☐ pause enrolment   ☐ stop"), *((what, " ") for what in ("Reasons", "Questions to the sponsor", "Next meeting", "Present", "Chair, date, signature"))]  # fmt: skip
    how = (
        f"Into the log: equipoise conduct recommend {f.trial.id} --log LOG --look {number} --recommendation … records what is recommended, "
        f"equipoise decide {f.trial.id} --log LOG --look {number} --cutoff {f.snap.cutoff} --record --by NAME the decision with its reasons."
    )
    return [Facts(lines), Paragraph(how, "note")]
