"""Find the dose: patients' dose-limiting toxicities as known on a day, and the design's next dose, with its reasons and whom it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from equipoise.analyse.dose_limiting import OUTCOMES, DltStatus
from equipoise.conduct.conduct import Conduct
from equipoise.decide.dose_finding import find
from equipoise.design.dose.dose_design import DoseDesign
from equipoise.design.dose.history import Answer
from equipoise.design.dose.levels import level_of
from equipoise.desk.order import Ordered, give
from equipoise.desk.store import LogStore
from equipoise.desk.witness import Witness
from equipoise.trial.dose_outcomes import Treated, written
from equipoise.trial.event import Event
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
    members: Sequence[tuple[int, ...]]
    next: Answer

    @property
    def history(self) -> str:
        """Cohorts in their notation."""
        return written(self.cohorts)

    @property
    def waits_for(self) -> list[DltStatus]:
        """Who is pending."""
        return [p for p in self.patients if p.pending]

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
                    "how": "backfilled" if p.beside else "at random" if p.drawn else "in a cohort",
                    "outcome": OUTCOMES[p.letter],
                    "letter": str(p.outcome),
                    **({} if p.responded == "not asked" else {"responded": p.responded}),
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
                **({} if a.ptox is None else {"ptox": list(a.ptox)}),
                **({} if a.places is None else {"places": list(a.places)}),
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
        if self.trial.phase1 is not None and self.trial.phase1.response is not None:
            letters = f"E: a response, B: both a response and a DLT, N: neither; {letters[letters.index('T') :]}"
        title = f"Patients by level, as known on {self.snap.known_on} of what had happened by {self.snap.cutoff}"
        return Table(title, ["Patient", "Level", "Outcome", "Because"], rows, notes=(letters,))

    def levels(self) -> Table:
        """A row a level."""
        rows: list[list[Cell]] = []
        for i, x in enumerate(self.trial.dose_levels, 1):
            rows.append(
                [f"{'.'.join(map(str, level_of(self.finder, i)))} {x.label}", f"{x.drug} {x}", *self.counts(i).values()]
            )
        names = ["Level", "Dose", "Assigned", "Evaluable", "DLT", "Pending", "Not evaluable"]
        return Table("Levels", names, rows)

    def said_next(self) -> str:
        """What comes next, in a line."""
        a = self.next
        if a.places is not None:
            left = ", ".join(f"{n} at {x.label}" for n, x in zip(a.places, self.trial.dose_levels, strict=True) if n)
            return f"{a.action.upper()}: places left {left}"
        if a.dose is None:
            return f"{a.action.upper()}: no dose"
        many = f", {a.size} patient{'s' * (a.size != 1)}" if a.size else ""
        return f"{a.action.upper()}: {self._named(a.dose)}{many}"

    def said_recommended(self) -> str:
        """The dose if it ended now, in a sentence."""
        return f"If dose finding ended now: {self._named(self.next.recommend) if self.next.recommend else 'no dose'}."

    def _named(self, dose: int | str) -> str:
        level = self.trial.dose_levels[int(dose) - 1]
        name = ".".join(map(str, level_of(self.finder, int(dose))))
        return f"level {name}, {level.label} ({level.drug} {level})"

    @property
    def finder(self) -> DoseDesign[Any]:
        """The design that finds the dose."""
        assert self.trial.phase1 is not None, "made of a trial with phase I"
        found: DoseDesign[Any] = self.trial.phase1.finder
        return found


def take(trial: Trial, snap: Snapshot) -> Doses:
    """Where dose finding stands. Raises BadInput for a trial without [phase1], and for one whose arms are masked in these data."""
    found = find(trial, snap)
    return Doses(trial, snap, found.patients, found.cohorts, found.members, found.next)


def record(trial: Trial, store: LogStore, doses: Doses, by: str, witness: Witness | None = None) -> Ordered:
    """Add what the design says of the next dose to the log, as it was known at the cut-off. Raises BadInput where nothing was known."""
    snap, why = doses.snap, " ".join(doses.next.because)
    if not snap.known:
        allowed = "a day by which something was recorded: nothing was known of this log then"
        raise BadInput(
            "decide", [Problem("nothing-known", "--known-on", str(snap.known_on), allowed, "--known-on DATE")]
        )

    def order(conduct: Conduct, now: datetime) -> Event:
        made = conduct.decide_dose(now.date(), now, by, snap.cutoff, snap.known_on, why)
        if made.data["head"] != snap.head:
            allowed = "the data that were shown: something was recorded meanwhile"
            raise BadInput("decide", [Problem("log-has-grown", "--record", "other data", allowed, "ask again")])
        return made

    return give(trial, store, order, witness=witness, by=by)
