"""A virtual patient of phase I: what will happen to him at a dose level, and when it is recorded.

His numbers are named by the seed, the trial's number and his own, never by dose or design: a threshold for a DLT that a level's probability
passes or not, and for each cumulative toxicity a threshold that the hazard of what he is given reaches or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from equipoise.design.dose.simulated import STREAM, Calendar
from equipoise.numerics.random.streams import minus_log, uniforms
from equipoise.simulate.happening import Happening
from equipoise.simulate.patient_draws import PatientDraws
from equipoise.simulate.phase1_plan import Phase1Plan, event_of_cumulative
from equipoise.trial.arm import Treatment
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.phase1 import DrugDose

#: Uniform numbers of each patient. Where he comes from: screening, dropping out and when, leaving the trial, progression.
_WIDTHS = {"phase1": 8, "phase1 toxicity": 24, "phase1 doses": 200}
_ROWS = 128
_LN2 = 0.6931471805599453


@dataclass
class Phase1People:
    """The patients of one replicate. The numbers for a DLT are those of ``design.dose.simulated``: patient i there is patient i here."""

    plan: Phase1Plan
    replicate: int

    def __post_init__(self) -> None:
        self._draws = PatientDraws(_WIDTHS, self.plan.seed, self.replicate)
        self._latent: NDArray[np.float64] = np.empty((0, 4))

    def latent(self, index: int) -> Sequence[float]:
        """The numbers of patient ``index`` (from 0): DLT, response, gap, when the DLT comes."""
        if index >= len(self._latent):
            self._latent = uniforms(self.plan.seed, STREAM, self.replicate, max(_ROWS, 2 * index), 4)
        row: list[float] = self._latent[index].tolist()
        return row

    def fails(self, index: int) -> float:
        """The number that says whether, and by which criterion, who comes as ``index`` fails screening."""
        return float(self._draws.row("phase1", index)[0])

    def criterion(self, index: int) -> float:
        """The number that says which criterion he fails."""
        return float(self._draws.row("phase1", index)[6])

    def life(self, index: int, level: int) -> list[Happening]:
        """What will be recorded of patient ``index`` at a level (from 1), in days after the first dose."""
        return _Life(self.plan, level, self.latent(index), self._draws, index).told()


@dataclass
class _Life:
    """One patient at one level. Days are counted from the first dose, which is day 0."""

    plan: Phase1Plan
    level: int
    latent: Sequence[float]
    draws: PatientDraws
    index: int

    def told(self) -> list[Happening]:
        gone, why = self._gone()
        dlt = self._dlt()
        stop, reason = self._progression()
        reduced_from: int | None = None
        if dlt is not None and self.plan.truth.dlt_then == "stops" and dlt + 1 < stop:
            stop, reason = dlt + 1, "toxicity"
        elif dlt is not None and self.plan.truth.dlt_then == "reduces":
            reduced_from, stop, reason = self._reduced(dlt, stop, reason)
        found: list[Happening] = []
        if dlt is not None and dlt <= gone:
            found.append(self._reported(dlt, 0, self.plan.dlt_event))
        found += self._treated(gone, stop, reason, reduced_from)
        found += self._responded(gone)
        if gone < self._never:
            delay = self.plan.leaving.delayed(self._own("phase1 toxicity", 1))
            found.append(
                Happening(gone, gone + delay, why, {"reason": "consent withdrawn"} if why == "withdrawn" else {})
            )
        return sorted(found, key=lambda h: h.day)

    # -- what befalls him ---------------------------------------------------------------------------------------------

    @cached_property
    def _never(self) -> int:
        return self.plan.truth.cycles * self.plan.drug.cycle_length.days + self.plan.phase1.window.days + 10_000

    def _own(self, purpose: str, i: int) -> float:
        return float(self.draws.row(purpose, self.index)[i])

    def _gone(self) -> tuple[int, str]:
        """The day on which he leaves the trial, and how it is recorded."""
        truth, leaving = self.plan.truth, self.plan.leaving
        if self._own("phase1", 1) < truth.dropout:
            return int(self._own("phase1", 2) * self.plan.phase1.window.days), "withdrawn"
        day = leaving.gone.day(self._own("phase1", 3))
        kind = "withdrawn" if self._own("phase1", 4) < leaving.withdrawn else "lost"
        return (day, kind) if day < len(leaving.gone.survival) else (self._never, "")

    def _dlt(self) -> int | None:
        """The day of a DLT that is drawn as such."""
        rate = self.plan.truth.dlt[self.plan.labels[self.level - 1]]
        if not self.latent[0] < rate:
            return None
        share = Calendar(1.0, 1.0, late=self.plan.truth.late).share(self.latent[3], rate)
        return min(int(share * self.plan.true_window), self.plan.true_window - 1)

    def _progression(self) -> tuple[int, str]:
        """The day from which progression ends treatment; never unless the scenario says so."""
        median = self.plan.truth.on_treatment
        if median is None:
            return self._never, ""
        months = minus_log(self._own("phase1", 5)) / _LN2 * median.exact_days / DAYS_PER_MONTH
        return 1 + int(months * DAYS_PER_MONTH), "progression"

    def _reduced(self, day: int, stop: int, reason: str) -> tuple[int, int, str]:
        """From when he is given the level below; at the lowest there is none, and treatment ends."""
        if self.level > 1 or stop <= day + 1:
            return day + 1, stop, reason
        return self._never, day + 1, "toxicity"

    def _responded(self, gone: int) -> list[Happening]:
        """The result of the design's endpoint, on the day on which it is due."""
        endpoint, rates = self.plan.response, self.plan.truth.response
        if endpoint is None or rates is None or endpoint.due.days > gone:
            return []
        responds = self.latent[1] < rates[self.plan.labels[self.level - 1]]
        day, result = int(endpoint.due.days), (endpoint.success if responds else endpoint.failure)[0]
        return [Happening(day, day, "outcome", {"outcome": endpoint.name, "result": result})]

    def _reported(self, day: int, place: int, data: object) -> Happening:
        delay = self.plan.leaving.delayed(self._own("phase1 toxicity", 2 + place))
        return Happening(day, day + delay, "adverse event", dict(data))  # type: ignore[call-overload]

    # -- what he is given -----------------------------------------------------------------------------------------------

    def _planned(self) -> list[tuple[int, int, int, Treatment]]:
        """Day, cycle, day of the cycle and drug of each dose."""
        first = min(d for t in self.plan.drugs for d in t.days)
        found = [
            (c * t.cycle_length.days + d - first, c + 1, d, t)
            for c in range(self.plan.truth.cycles) for t in self.plan.drugs for d in sorted(t.days)
        ]  # fmt: skip
        return sorted(found, key=lambda p: p[0])

    def _treated(self, gone: int, stop: int, reason: str, reduced_from: int | None) -> list[Happening]:
        """Doses, the cumulative toxicities that they bring, visits between, and the end of treatment."""
        plan, planned, found = self.plan, self._planned(), list[Happening]()
        levels, amount, days = plan.trial.dose_levels, 0.0, list[int]()
        # Of each toxicity its threshold, or None once it came.
        thresholds: list[float | None] = [
            minus_log(self._own("phase1 toxicity", 10 + 2 * i)) for i in range(len(plan.truth.cumulative))
        ]
        for k, (day, cycle, of_cycle, drug) in enumerate(planned):
            if day >= stop or day > gone:
                break
            if k and self._own("phase1 doses", k % _WIDTHS["phase1 doses"]) < plan.truth.doses_missed:
                continue
            lower = reduced_from is not None and day >= reduced_from
            told = levels[self.level - 2 if lower else self.level - 1].of(drug.drug)
            assert told is not None, "the drugs of a plan are its levels'"
            found.append(Happening(day, day, "treated", self._given(cycle, of_cycle, told, drug.times_a_day)))
            amount += told.dose
            days.append(day)
            until = planned[k + 1][0] if k + 1 < len(planned) else day + plan.drug.cycle_length.days
            for i, toxicity in enumerate(plan.truth.cumulative):
                threshold = thresholds[i]
                if threshold is None or plan.hazard_given(toxicity, self.level, amount) < threshold:
                    continue
                thresholds[i] = None
                on = day + int(self._own("phase1 toxicity", 11 + 2 * i) * (until - day))
                if on > gone or on >= stop:
                    continue
                found.append(self._reported(on, 1 + i, event_of_cumulative(toxicity)))
                if toxicity.then == "stops" and on + 1 < stop:
                    stop, reason = on + 1, "toxicity"
                elif toxicity.then == "reduces" and reduced_from is None:
                    reduced_from, stop, reason = self._reduced(on, stop, reason)
        last_planned = planned[-1][0] + 1
        end = min(max(stop, days[-1] if days else 0), last_planned)
        if end <= gone:
            why = reason if stop < last_planned else "completed"
            found.append(Happening(end, end, "treatment ended", {"reason": why}))
        found += self._seen(gone, days)
        return found

    def _given(self, cycle: int, of_cycle: int, told: DrugDose, times: int) -> dict[str, object]:
        data: dict[str, object] = {
            "drug": told.drug,
            "cycle": cycle,
            "day": of_cycle,
            "dose": told.dose,
            "unit": told.unit,
        }
        return data | ({"times_a_day": times} if times > 1 else {})

    def _seen(self, gone: int, dosed: Sequence[int]) -> list[Happening]:
        """Visits within the window, and the one at its end, on days without a dose."""
        window, step = self.plan.phase1.window.days, self.plan.truth.seen_every.days
        days = {*range(step, window, step), window}.difference(dosed)
        return [Happening(d, d, "contact", {}) for d in sorted(days) if d <= gone]
