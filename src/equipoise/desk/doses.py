"""Find the dose: patients' dose-limiting toxicities as known on a day, and the design's next dose, with its reasons and whom it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from equipoise.analyse.dose_limiting import OUTCOMES, DltStatus, dlt_statuses, of_no_level
from equipoise.design.dose.conducting import in_cohorts, next_dose
from equipoise.design.dose.history import Answer
from equipoise.trial.dose_outcomes import Treated, written
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Doses:
    """Where dose finding stands."""

    trial: Trial
    snap: Snapshot
    patients: Sequence[DltStatus]
    cohorts: Sequence[Treated]
    next: Answer

    @property
    def history(self) -> str:
        """Cohorts in their notation."""
        return written(self.cohorts)

    @property
    def waits_for(self) -> list[DltStatus]:
        """Who is pending."""
        return [p for p in self.patients if p.letter == "P"]

    def label(self, dose: int | str | None) -> str | None:
        """The label of a level by its number."""
        return None if dose is None else self.trial.dose_levels[int(dose) - 1].label

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        a = self.next
        return {
            "trial": self.trial.id,
            "cutoff": self.snap.cutoff,
            "known_on": self.snap.known_on,
            "history": self.history,
            "patients": [
                {
                    "patient": p.patient,
                    "level": p.level,
                    "label": p.label,
                    "outcome": OUTCOMES[p.letter],
                    "letter": str(p.outcome),
                    "days": p.days,
                    "until": p.until,
                    "because": p.because,
                    "derived": OUTCOMES[p.derived],
                    "adjudicated": p.adjudicated,
                    "events": list(p.events),
                }
                for p in self.patients
            ],
            "levels": [
                {"level": i, "label": x.label, "drug": x.drug, "dose": x.dose, "unit": x.unit, **self.counts(i)}
                for i, x in enumerate(self.trial.dose_levels, 1)
            ],
            "next": {
                "action": a.action,
                "dose": a.dose,
                "label": self.label(a.dose),
                "size": a.size,
                "because": list(a.because),
                "bound": list(a.bound),
                "waits_for": [{"patient": p.patient, "days": p.days, "until": p.until} for p in self.waits_for],
                "cautions": list(a.cautions),
            },
            "recommend": {"dose": a.recommend, "label": self.label(a.recommend)},
            "fingerprints": {"trial": self.trial.fingerprint, "data": self.snap.head},
        }

    def counts(self, level: int) -> dict[str, int]:
        """Of a level: who is assigned, evaluable, with a DLT, pending, not evaluable."""
        of = [p.letter for p in self.patients if p.level == level]
        return {
            "assigned": len(of),
            "evaluable": of.count("N") + of.count("T"),
            "dlt": of.count("T"),
            "pending": of.count("P"),
            "not_evaluable": of.count("X"),
        }

    def lanes(self) -> Table:
        """A row a patient, in the order of assignment."""
        rows: list[list[Cell]] = [[p.patient, p.label, str(p.outcome), p.because] for p in self.patients]
        letters = "N: no DLT, T: a DLT, P:12: pending, followed for 12 days, X: not evaluable, replaced."
        title = f"Patients by level, as known on {self.snap.known_on} of what had happened by {self.snap.cutoff}"
        return Table(title, ["Patient", "Level", "Outcome", "Because"], rows, notes=(letters,))

    def levels(self) -> Table:
        """A row a level."""
        rows: list[list[Cell]] = []
        for i, x in enumerate(self.trial.dose_levels, 1):
            rows.append([f"{i} {x.label}", f"{x.drug} {x}", *self.counts(i).values()])
        names = ["Level", "Dose", "Assigned", "Evaluable", "DLT", "Pending", "Not evaluable"]
        return Table("Levels", names, rows)

    def said_next(self) -> str:
        """What comes next, in a line."""
        a = self.next
        if a.dose is None:
            return f"{a.action.upper()}: no dose"
        many = f", {a.size} patient{'s' * (a.size != 1)}" if a.size else ""
        return f"{a.action.upper()}: {self._named(a.dose)}{many}"

    def said_recommended(self) -> str:
        """The dose if it ended now, in a sentence."""
        return f"If dose finding ended now: {self._named(self.next.recommend) if self.next.recommend else 'no dose'}."

    def _named(self, dose: int | str) -> str:
        level = self.trial.dose_levels[int(dose) - 1]
        return f"level {dose}, {level.label} ({level.drug} {level})"


def take(trial: Trial, snap: Snapshot) -> Doses:
    """Where dose finding stands. Raises BadInput for a trial without [phase1], and for one whose arms are masked in these data."""
    if trial.phase1 is None:
        allowed = "a trial file with [phase1] and [[dose_levels]]"
        raise BadInput(trial.id, [Problem("no-phase1", "phase1", "nothing", allowed)])
    patients = dlt_statuses(trial, snap)
    design = trial.phase1.finder
    asks_when = getattr(design, "asks_when", False)
    cohorts = in_cohorts(design, [(p.level, p.timed if asks_when else p.outcome) for p in patients])
    found = next_dose(design, cohorts, trial.phase1.window.days)
    if found.action == "wait":
        said = tuple(b for b in found.because if not b.startswith(("Pending: ", "The design waits for")))
        waited = tuple(f"Waits for {_awaited(p)}." for p in patients if p.letter == "P")
        found = replace(found, because=(*said, *waited))
    lost = of_no_level(trial, snap)
    if lost:
        caution = f"Not counted, as assigned to a level that the trial file has not: {', '.join(lost)}."
        found = replace(found, cautions=(*found.cautions, caution))
    return Doses(trial, snap, patients, cohorts, found)


def _awaited(p: DltStatus) -> str:
    until = f", until {p.until}" if p.until is not None else ""
    return f"{p.patient} at level {p.level}, followed for {p.days} days{until}"
