"""Exposure: what each patient was given of what was planned, in time, by cycle and drug.

Relative dose intensity is the amount given per unit of the time that actually elapsed, as a share of what the plan gives per unit of time:

    RDI = (delivered / elapsed days) / (planned / planned days)

Hryniuk & Bush 1984, doi:10.1200/JCO.1984.2.11.1281. The plan is the definition in force at the site on the day on which a dose was due; in
phase I the assigned level's. Amounts are taken in the plan's unit as recorded: mg/m2 stay mg/m2.

- Cycles count from the first begun to the last begun, each whole, whoever left in it; while nothing is recorded that ended treatment, what was due
  after the last day on which the patient is known to be in the trial does not count yet. A cycle in between that was left out was planned.
- Elapsed: from the first day of the first cycle to that of the last, and a cycle's length. A delay makes it longer, and nothing else does.
- A cycle is due a cycle's length after the one before, a dose by the first day of its cycle.
- A dose is left out that was due by the end of treatment (or, while that is not recorded, by the last dose) and was not given.
- A dose is reduced where less was given on its day than was planned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from equipoise.trial.arm import Arm, Treatment
from equipoise.trial.dose_schedule import Place, given_on
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.phase1 import DoseLevel
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class DrugCycle:
    """A drug in one cycle. Amounts are in the drug's unit; ``delivered`` is None where an amount is not told in it.

    ``due``, ``given``, ``reduced``, ``omitted`` are numbers of doses (days); ``late``: days of the dose that was latest against due.
    ``planned`` is 0 in a cycle for which the plan has nothing.
    """

    cycle: int
    begun: date
    planned: float
    delivered: float | None
    due: int
    given: int
    reduced: int
    omitted: int
    late: int


@dataclass(frozen=True)
class DrugExposure:
    """A drug over all cycles. ``planned_days`` and ``elapsed_days``: of the cycles for which it was planned.

    ``rdi``: relative dose intensity over those cycles; None where nothing was planned, or an amount is not told.
    """

    drug: str
    unit: str
    cycles: tuple[DrugCycle, ...]
    planned_days: int
    elapsed_days: int

    @property
    def planned(self) -> float:
        """The amount planned."""
        return sum(c.planned for c in self.cycles)

    @property
    def delivered(self) -> float | None:
        """The amount given, also beyond the planned cycles; None where an amount is not told."""
        return _sum(c.delivered for c in self.cycles)

    @property
    def rdi(self) -> float | None:
        """The share of the planned amount per unit of time."""
        delivered = _sum(c.delivered for c in self.cycles if c.planned > 0)
        if delivered is None or self.planned <= 0:
            return None
        return (delivered / self.elapsed_days) / (self.planned / self.planned_days)

    @property
    def due(self) -> int:
        """Doses planned."""
        return sum(c.due for c in self.cycles)

    @property
    def given(self) -> int:
        """Doses given."""
        return sum(c.given for c in self.cycles)

    @property
    def reduced(self) -> int:
        """Doses of less than planned."""
        return sum(c.reduced for c in self.cycles)

    @property
    def omitted(self) -> int:
        """Doses left out."""
        return sum(c.omitted for c in self.cycles)

    @property
    def late(self) -> int:
        """Days: of the dose that was latest."""
        return max((c.late for c in self.cycles), default=0)


@dataclass(frozen=True)
class Exposure:
    """A patient who was given anything. ``level``: the label of the dose level, '' for none.

    ``days``: from the first dose to the last, both counted. ``begun``: cycles in which anything was given. ``ended``: the reason for which treatment
    ended, None where that is not recorded. ``unplanned``: doses of drugs that the plan does not have; they are in nothing else.
    """

    patient: str
    arm: str
    level: str
    first: date
    last: date
    begun: int
    drugs: tuple[DrugExposure, ...]
    ended: str | None
    unplanned: int = 0

    @property
    def days(self) -> int:
        """Days from the first dose to the last, both counted."""
        return (self.last - self.first).days + 1

    @property
    def reduced(self) -> int:
        """Doses of less than planned, of all drugs."""
        return sum(d.reduced for d in self.drugs)

    @property
    def omitted(self) -> int:
        """Doses left out, of all drugs."""
        return sum(d.omitted for d in self.drugs)

    @property
    def late(self) -> int:
        """Days: of the dose that was latest, of all drugs."""
        return max((d.late for d in self.drugs), default=0)


def exposures(trial: Trial, snap: Snapshot) -> list[Exposure]:
    """All who were given anything by the cut-off: who is assigned a dose level and on no arm, and then whose arm is told, in the order in
    which they came onto it."""
    of_level = [p for p in snap.patients.values() if p.assigned is not None and p.randomised is None]
    return [exposure(trial, p, snap.cutoff) for p in (*of_level, *snap.randomised) if p.doses and _arm(trial, p)]


def exposure(trial: Trial, patient: Patient, cutoff: date) -> Exposure:
    """What a patient who was given anything was given."""
    record = _Record(trial, patient, cutoff)
    drugs = tuple(d for length in record.lengths for d in record.of_length(length))
    level = record.level_on(patient.doses[0].happened)
    ended = patient.treatment_ended
    last = max(on for places in record.given.values() for on, _ in places.values())
    return Exposure(
        patient.name,
        patient.arm,
        level.label if level is not None else "",
        patient.doses[0].happened,
        last,
        len({cycle for places in record.given.values() for cycle, _ in places}),
        drugs,
        str(ended.data["reason"]) if ended is not None else None,
        sum(d.data["drug"] not in record.regimen for d in patient.doses),
    )


def _arm(trial: Trial, patient: Patient) -> Arm | None:
    """The arm whose regimen holds for a patient: his own or, where he is assigned a dose level and on none, the first with the level's drug."""
    if patient.randomised is not None or patient.assigned is None:
        return trial.arm_by_name.get(patient.arm)
    label = patient.assigned.data["level"]
    drug = next((x.drug for x in trial.dose_levels if x.label == label), None)
    return next((a for a in trial.arms if any(t.drug == drug for t in a.regimen)), None)


class _Record:
    """One patient's doses, held against the plan."""

    def __init__(self, trial: Trial, patient: Patient, cutoff: date) -> None:
        self.trial, self.patient, self.cutoff = trial, patient, cutoff
        arm = _arm(trial, patient)
        assert arm is not None, "asked of a patient with a regimen"
        self.regimen = {t.drug: t for t in arm.regimen}
        by_drug: dict[str, list[Event]] = {}
        for dose in patient.doses:
            by_drug.setdefault(dose.data["drug"], []).append(dose)
        self.given = {drug: given_on(doses, cutoff) for drug, doses in by_drug.items()}

    @property
    def lengths(self) -> list[int]:
        """The lengths of cycles in the regimen [days]: drugs of one length share their cycles."""
        return list(dict.fromkeys(t.cycle_length.days for t in self.regimen.values()))

    def level_on(self, day: date) -> DoseLevel | None:
        """The dose level to which the patient is assigned, as the trial was defined on a day."""
        if self.patient.assigned is None:
            return None
        label = self.patient.assigned.data["level"]
        return next((x for x in self.trial.at(self.patient.site, day).dose_levels if x.label == label), None)

    def planned(self, drug: str, day: date) -> tuple[Treatment, float, str]:
        """How a drug is planned on a day: its treatment, the amount of a day, and the unit. What has no dose counts how often it is given."""
        then = _arm(self.trial.at(self.patient.site, day), self.patient)
        t = next((t for t in then.regimen if t.drug == drug), None) if then is not None else None
        t = t or self.regimen[drug]
        level = self.level_on(day)
        of_level = level.of(drug) if level is not None else None
        if of_level is not None:
            return t, of_level.dose * t.times_a_day, of_level.unit
        return (t, t.dose * t.times_a_day, str(t.unit)) if t.dose is not None else (t, float(t.times_a_day), "times")

    @property
    def _ends(self) -> list[date]:
        """Days of what ended treatment."""
        ends = (self.patient.treatment_ended, self.patient.died, self.patient.withdrawn, self.patient.lost)
        return [e.happened for e in ends if e is not None]

    @property
    def treated_to(self) -> date:
        """By when a dose that was due and not given was left out: the end of treatment, else the last dose."""
        return min(self._ends) if self._ends else max(on for places in self.given.values() for on, _ in places.values())

    def of_length(self, length: int) -> list[DrugExposure]:
        """The drugs whose cycles have this length; none before the first dose of any of them."""
        drugs = [drug for drug, t in self.regimen.items() if t.cycle_length.days == length]
        first_day = min(day for drug in drugs for day in self.regimen[drug].days)
        begun = self._begun([self.given[d] for d in drugs if d in self.given], first_day)
        if not begun:
            return []
        starts, late = self._starts(begun, length)
        return [self._drug(drug, length, first_day, starts, late) for drug in drugs]

    @staticmethod
    def _begun(given: Iterable[dict[Place, tuple[date, Event]]], first_day: int) -> dict[int, date]:
        """Cycle → the day that was its first: by the dose that was given first in it."""
        earliest: dict[int, tuple[date, int]] = {}
        for places in given:
            for (cycle, day), (on, _) in places.items():
                earliest[cycle] = min(earliest.get(cycle, (on, day)), (on, day))
        return {c: on - timedelta(days=day - first_day) for c, (on, day) in sorted(earliest.items())}

    @staticmethod
    def _starts(begun: dict[int, date], length: int) -> tuple[dict[int, date], dict[int, int]]:
        """The first day of each cycle from the first to the last begun, and by how many days it came late. One left out has its due day."""
        starts: dict[int, date] = {}
        late: dict[int, int] = {}
        for cycle in range(min(begun), max(begun) + 1):
            due = starts[cycle - 1] + timedelta(days=length) if starts else begun[cycle]
            starts[cycle] = begun.get(cycle, due)
            late[cycle] = max((starts[cycle] - due).days, 0)
        return starts, late

    def _drug(
        self, drug: str, length: int, first_day: int, starts: dict[int, date], late: dict[int, int]
    ) -> DrugExposure:
        cycles = [self._cycle(drug, cycle, first_day, start, late[cycle]) for cycle, start in starts.items()]
        counted = [c.cycle for c in cycles if c.planned > 0]
        elapsed = (starts[counted[-1]] - starts[counted[0]]).days + length if counted else 0
        spanned = (counted[-1] - counted[0] + 1) * length if counted else 0
        unit = self.planned(drug, starts[min(starts)])[2]
        return DrugExposure(drug, unit, tuple(c for c in cycles if c.due or c.given), spanned, elapsed)

    def _cycle(self, drug: str, cycle: int, first_day: int, start: date, late: int) -> DrugCycle:
        places = {day: seen for (c, day), seen in self.given.get(drug, {}).items() if c == cycle}
        t, _, unit = self.planned(drug, start)
        asked = sorted(t.days) if cycle <= t.cycles or t.may_continue else []
        due_on = {day: start + timedelta(days=day - first_day) for day in {*asked, *places}}
        if not self._ends:
            asked = [day for day in asked if day in places or due_on[day] <= self._known_to]
        delivered: list[float | None] = [self._amount(drug, unit, e, due_on[d]) for d, (_, e) in places.items()]
        planned = {day: self.planned(drug, due_on[day])[1] for day in asked}
        reduced = sum(
            amount is not None and amount < min(planned[day], round(planned[day], 2)) - 1e-9
            for day, amount in zip(places, delivered, strict=True)
            if day in planned
        )
        lateness = [(on - due_on[d]).days + (late if d == first_day else 0) for d, (on, _) in places.items()]
        return DrugCycle(
            cycle,
            start,
            sum(planned.values()),
            _sum(delivered),
            len(asked),
            len(places),
            reduced,
            sum(day not in places and due_on[day] <= self.treated_to for day in asked),
            max([0, *lateness]),
        )

    @property
    def _known_to(self) -> date:
        return min(self.patient.last_contact or self.cutoff, self.cutoff)

    def _amount(self, drug: str, unit: str, dose: Event, day: date) -> float | None:
        """What was given on a day in the plan's unit; None where that is not told."""
        t, _, _ = self.planned(drug, day)
        times = int(dose.data.get("times_a_day", t.times_a_day))
        if unit == "times" and t.dose is None:
            return float(times)
        if "dose" not in dose.data or dose.data.get("unit", unit) != unit:
            return None
        return float(dose.data["dose"]) * times


def _sum(amounts: Iterable[float | None]) -> float | None:
    """The sum; None where one of them is not told."""
    found = list(amounts)
    return None if any(a is None for a in found) else sum(a for a in found if a is not None)
