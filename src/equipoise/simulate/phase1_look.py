"""A look at what was given before a dose is handed over: the relative dose intensity of the first cycles at the level that was declared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from equipoise.trial.patient import Patient

if TYPE_CHECKING:
    from equipoise.simulate.phase1_loop import Phase1Loop

#: Ends of treatment that say nothing of whether the dose is borne.
_NOT_THE_DOSE = frozenset({"progression"})


@dataclass(frozen=True)
class DeliveredLook:
    """Phase I goes on until all at the declared level were followed for ``cycles`` cycles. Where they were given less than ``at_least`` of what was
    planned for these, in the mean, the level below is handed over, and asked the same; from the lowest there is none.

    Who left the trial, or whose treatment ended for progression before, does not count.
    """

    cycles: int
    at_least: float

    def taken(self, loop: Phase1Loop, dose: int, ended: date) -> tuple[int, date]:
        """The level that is handed over, 0 for none, and the day on which it is known."""
        day = ended
        while dose:
            names = [n for n in loop.order if loop.status[n].level == dose]
            firsts = [d.happened for n in names if (d := next(iter(loop.conduct.patients[n].doses), None)) is not None]
            length = timedelta(days=self.cycles * loop.plan.drug.cycle_length.days)
            until = max((f + length + timedelta(days=1) for f in firsts), default=day)
            if until > day:
                loop.go_on(day + timedelta(days=1), until)
                day = until
            shares = [s for n in names if (s := self._share(loop, loop.conduct.patients[n], dose)) is not None]
            if not shares or sum(shares) / len(shares) >= self.at_least - 1e-9:
                return dose, day
            dose -= 1
        return 0, day

    def _share(self, loop: Phase1Loop, patient: Patient, level: int) -> float | None:
        """Of what was planned for the first cycles, the share that was given; None of who does not count."""
        plan = loop.plan
        given = [d for d in patient.doses if d.data["drug"] == plan.drug.drug and d.data["cycle"] <= self.cycles]
        if not given:
            return None
        end = given[0].happened + timedelta(days=self.cycles * plan.drug.cycle_length.days)
        over = patient.treatment_ended
        if over is not None and over.data["reason"] in _NOT_THE_DOSE and over.happened < end:
            return None
        gone = min((e.happened for e in (patient.withdrawn, patient.lost, patient.died) if e is not None), default=end)
        if gone < end and (over is None or over.data["reason"] != "toxicity" or over.happened > gone):
            return None
        planned = plan.trial.dose_levels[level - 1].dose * len(plan.drug.days) * self.cycles
        return min(sum(float(d.data["dose"]) for d in given) / planned, 1.0)
