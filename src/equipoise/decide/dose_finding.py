"""Find the dose: patients' dose-limiting toxicities as known on a day, and what the trial's design says of them.

One road for whoever asks: the page of doses, the decision on a day, the judge of an assignment and of the dose that is set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from equipoise.analyse.data import cut
from equipoise.analyse.dose_limiting import DltStatus, dlt_statuses, of_no_level
from equipoise.trial.dose_outcomes import Treated, written
from equipoise.trial.dose_standing import Awaited, DoseStanding
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class DoseFinding:
    """Patients in the order of their assignment, as the cohorts that they filled, each with the places of its patients (from 0),
    and the design's answer (``design.dose.history.Answer``)."""

    patients: Sequence[DltStatus]
    cohorts: Sequence[Treated]
    members: Sequence[tuple[int, ...]]
    next: Any
    gone: tuple[int, ...]

    @property
    def history(self) -> str:
        """Cohorts in their notation."""
        return written(self.cohorts)

    @property
    def waits_for(self) -> list[DltStatus]:
        """Who is pending."""
        return [p for p in self.patients if p.pending]


def find(trial: Trial, snap: Snapshot) -> DoseFinding:
    """Where dose finding stands. Raises BadInput for a trial without [phase1], and for one whose arms are masked in these data."""
    if trial.phase1 is None:
        allowed = "a trial file with [phase1] and [[dose_levels]]"
        raise BadInput(trial.id, [Problem("no-phase1", "phase1", "nothing", allowed)])
    rule = trial.phase1.rule
    patients = dlt_statuses(trial, snap)
    groups = rule.groups([p.given(timed=rule.asks_when) for p in patients])
    cohorts = [g.treated for g in groups]
    found = rule.next(cohorts, trial.phase1.window.days)
    if found.action == "wait":
        said = tuple(b for b in found.because if not b.startswith(("Pending: ", "The design waits for")))
        waited = tuple(f"Waits for {_awaited(p)}." for p in patients if p.pending)
        found = replace(found, because=(*said, *waited))
    if not trial.finds_dose and snap.known and not patients:
        # Of a log of which nothing was known its opening is not known either.
        caution = f"Phase I was over before this log was opened: it declared {trial.phase1.declared}."
        found = replace(found, cautions=(*found.cautions, caution))
    lost = of_no_level(trial, snap)
    if lost:
        caution = f"Not counted, as assigned to a level that the trial file has not: {', '.join(lost)}."
        found = replace(found, cautions=(*found.cautions, caution))
    return DoseFinding(patients, cohorts, [g.members for g in groups], found, rule.gone(cohorts))


def standing(trial: Trial, known: Sequence[Event], cutoff: date) -> DoseStanding:
    """The same of a beginning of a log, in numbers and words that need no design to be read."""
    last = known[-1].recorded.date() if known else cutoff
    found = find(trial, cut(trial, Log(known), cutoff, max(cutoff, last), fingerprint=False))
    a = found.next
    return DoseStanding(
        found.history, a.action, None if a.dose is None else int(a.dose), a.size, tuple(a.because),
        tuple(_awaited(p) for p in found.waits_for), found.gone, None if a.recommend is None else int(a.recommend),
        a.places or (),
    )  # fmt: skip


def _awaited(p: DltStatus) -> Awaited:
    return Awaited(p.patient, p.level, p.days, p.until)
