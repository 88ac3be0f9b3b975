"""The open report to a monitoring committee: all arms together, nothing by arm, nothing from which one could reckon it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from equipoise.analyse.adverse_events import overview_table
from equipoise.analyse.baseline import baseline_table
from equipoise.analyse.deviations import deviations_table
from equipoise.analyse.disposition import disposition_table
from equipoise.analyse.groups import Group
from equipoise.conduct.accrual import accrual_figure
from equipoise.dossier.disposition import state_of
from equipoise.dossier.origin import STATUS
from equipoise.report.document import Document
from equipoise.trial.exhibits import Exhibit, Section, Table
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

OPEN = "Open session: all arms together. Nothing here stands by arm."


def accrued(trial: Trial, snap: Snapshot) -> list[Exhibit]:
    """Accrual against the sites' plan, where there are any; no look is marked, for its day tells of arms."""
    return [accrual_figure(trial, snap, {})] if trial.sites else []


def there(table: Table | None) -> list[Exhibit]:
    """The table, if there is one."""
    return [table] if table is not None else []


def open_document(trial: Trial, snap: Snapshot) -> Document:
    """Pooled: accrual, who was screened and why not enrolled, disposition, baseline, deviations, an overview of harm, the state of the data.

    It depends on no arm, and on no dose, whose drug might tell one; so logs that differ only in arms give the same bytes.
    """
    return Document(
        title=trial.title,
        subtitle="Open report to the monitoring committee",
        status=STATUS,
        facts=[
            ("Trial", trial.id),
            ("Data cut-off", f"{snap.cutoff}, as known on {snap.known_on}"),
            (trial.entered.capitalize(), f"{len(snap.randomised)} of {trial.target_enrolment} planned"),
        ],
        sections=[s for s in _open(trial, snap) if s.exhibits],
        # The data's own code follows from the arms too: it is left to the closed report.
        foot=f"{trial.id}: trial {trial.fingerprint[:12]}, data cut-off {snap.cutoff}",
        banner=OPEN,
    )


def _open(trial: Trial, snap: Snapshot) -> Iterator[Section]:
    everybody = [Group("All patients", snap.randomised, drugs=False)]
    yield Section("accrual", "Accrual", accrued(trial, snap))
    yield Section("screening", "Screening", _screening(trial, snap))
    yield Section("disposition", "Disposition and deviations", [
        disposition_table(trial, everybody), *there(deviations_table(everybody)),
    ])  # fmt: skip
    yield Section("baseline", "Baseline characteristics", there(baseline_table(trial, everybody)))
    any_event = any(p.adverse_events for p in snap.randomised)
    yield Section("safety", "Safety, all arms together", [overview_table(everybody)] if any_event else [])
    yield Section("data", "The state of the data", state_of(trial, _without_doses(snap)))


def _without_doses(snap: Snapshot) -> Snapshot:
    """The data without doses, and without what was given by a design that knows the arms."""
    return replace(snap, events=[e for e in snap.events if e.kind != "treated"], known=[e for e in snap.known if e.kind != "treated"])  # fmt: skip


def _screening(trial: Trial, snap: Snapshot) -> list[Exhibit]:
    """How many were screened, and which criteria kept them out."""
    screened = [p for p in snap.patients.values() if p.screened is not None]
    if not screened:
        return []
    failed = [p for p in screened if p.failed_criteria]
    text = {c.number: c.text for c in trial.eligibility}
    rows: list[list[str | int | float | None]] = [["Screened", len(screened)], ["Not eligible", len(failed)]]
    counts = {
        n: sum(n in p.failed_criteria for p in failed) for n in sorted({n for p in failed for n in p.failed_criteria})
    }
    rows += [[f"\u2003criterion {n}: {text.get(n, '')}", k] for n, k in counts.items()]
    rows.append([trial.entered.capitalize(), len(snap.randomised)])
    note = "A patient who failed several criteria is counted under each."
    return [Table("Screening", ["", "Patients"], rows, notes=(note,))]
