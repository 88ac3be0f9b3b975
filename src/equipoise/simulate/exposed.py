"""A virtual patient whose adverse events and progression follow from his exposure: dose by dose, each by what has happened before it.

Before every dose it is known what came until its day: an event may hold, reduce or stop it (the trial's [[dose_modifications]]), and so what is given
next depends on what was given. A held dose waits where it is the first of its cycle, and moves the cycle; a later one of the cycle is left out.
One uniform number of each event says at how much cumulative hazard each of its grades comes: worse grades come later, or not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.numerics.random.streams import minus_log
from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.disease import Course
from equipoise.simulate.exposure_model import Exposed, Scaled, measure_of, settled_from
from equipoise.simulate.exposure_truth import ExposedEvent, ExposedProgression
from equipoise.simulate.happening import Happening
from equipoise.simulate.scenario import ArmTruth
from equipoise.simulate.treated import AFTER_DOSE, adverse_events, ended, reduced_from, toxic_stop
from equipoise.trial.arm import Treatment
from equipoise.trial.dose_modification import DoseModification, Occurred, ruling
from equipoise.trial.seriousness import by_grade
from equipoise.trial.what_counts import FATAL

F = NDArray[np.float64]
#: Uniform numbers of each patient for each event: its threshold, and how long each of five grades lasts.
EACH = 6
#: That an adverse event is over: its record is corrected by the day.
OVER = "adverse event over"
#: A dose as drawn → as it is recorded: by the definition in force on its day.
AsGiven = Callable[[int, Mapping[str, Any]], Mapping[str, Any]]


@dataclass
class Treated:
    """What became of a patient's treatment. ``first``: the day of the first event of the disease; ``dies``: of an adverse event, on that day.

    ``exposure``: by measure and day, the area under the concentration by its end first; ``stopped``: the rule that stopped the exposed drug, and its day.
    """

    happenings: list[Happening] = field(default_factory=list)
    events: list[Happening] = field(default_factory=list)
    first: int = HORIZON + 1
    dies: int = HORIZON + 1
    last_dose: int = 0
    milligrams: float = 0.0
    exposure: F = field(default_factory=lambda: np.zeros((1, HORIZON + 1)))
    stopped: tuple[str, int] | None = None
    lowered: bool = False
    samples: list[Happening] = field(default_factory=list)


class _Schedule:
    """The doses of one drug, one after the other; ``late``: by how many days its cycles came late so far."""

    def __init__(self, drug: Treatment, truth: ArmTruth, cycles: Sequence[float]) -> None:
        self.drug, self._truth, self._cycles = drug, truth, cycles
        self.days = sorted(drug.days)
        self.cycle, self.at, self.late, self.done = 1, 0, 0, False

    @property
    def when(self) -> int:
        """The day of the next dose."""
        return (self.cycle - 1) * self.drug.cycle_length.days + self.late + self.days[self.at] - 1

    def go_on(self) -> None:
        """To the next dose."""
        self.at += 1
        if self.at < len(self.days):
            return
        self.at, self.cycle = 0, self.cycle + 1
        if self.cycle > self.drug.cycles and not self.drug.may_continue:
            self.done = True
        elif self._cycles[self.cycle % len(self._cycles)] < self._truth.cycles_delayed:
            self.late += 7


class _Hazards:
    """The hazards of one patient as his exposure goes on: asked for one stretch of days after the other."""

    def __init__(self, exposed: Exposed, course: Course, draws: Mapping[str, Sequence[float]], out: Treated) -> None:
        self.out, self.exposed, self.draws = out, exposed, draws["exposure"]
        self.now, self.first_dose = 0, HORIZON + 1
        self.sums = [0.0] * len(exposed.events)
        self.place = {m: i for i, m in enumerate(exposed.measures)}
        self.waits = [self._waits(s, self.draws[EACH * i]) for i, s in enumerate(exposed.events)]
        self.disease, self.spent = minus_log(draws["patient"][4]), 0.0
        self.rates = _rates(course) if exposed.progression is not None else None
        if self.rates is None:
            out.first = course.first.day(draws["patient"][4])

    @staticmethod
    def _waits(scaled: Scaled, u: float) -> list[tuple[float, int]]:
        """At what share of the reference's cumulative hazard each grade comes, and the grade; the first to come first."""
        event = scaled.relation
        assert isinstance(event, ExposedEvent)
        return [(minus_log(u) / -math.log1p(-g.risk), g.grade) for g in event.grades]

    def until(self, day: int, *, treated: bool) -> None:
        """What comes by the end of ``day``: adverse events if ``treated``, and the first event of the disease."""
        if day <= self.now:
            return
        if treated:
            for i, scaled in enumerate(self.exposed.events):
                self._event(i, scaled, day)
        if self.rates is not None and self.out.first > HORIZON:
            self._progression(day)
        self.now = day

    def _exposure(self, scaled: Scaled, day: int) -> F:
        """What a relation asks for, of each day from the next one to ``day``."""
        return self.out.exposure[self.place[measure_of(scaled.relation)], self.now + 1 : day + 1]

    def _event(self, i: int, scaled: Scaled, day: int) -> None:
        """Grades of an adverse event that are reached; of several on one day the worst alone."""
        waits, relation = self.waits[i], scaled.relation
        if relation.shape == "none":
            if self.first_dose > HORIZON:
                return
            passed = (np.arange(self.now + 1, day + 1) - self.first_dose) / scaled.days
        elif relation.metric == "cumulative":
            if not waits or scaled.effect(float(self.out.exposure[0, day])) < waits[0][0]:
                return
            passed = scaled.effect(self._exposure(scaled, day))
        else:
            passed = self.sums[i] + np.cumsum(scaled.effect(self._exposure(scaled, day))) / scaled.days
            self.sums[i] = float(passed[-1])
        while waits and waits[0][0] <= passed[-1]:
            at, grade = int(np.searchsorted(passed, waits[0][0])), waits.pop(0)[1]
            while waits and waits[0][0] <= passed[at]:
                grade = waits.pop(0)[1]
            self._record(i, relation, self.now + 1 + at, grade)

    def _record(self, i: int, event: Any, day: int, grade: int) -> None:
        data: dict[str, Any] = {"term": event.term, "grade": grade, "serious": grade >= 4}
        if grade >= 4:
            data["criteria"] = by_grade(grade)
        if event.lasts is not None and grade < FATAL:
            data["lasts"] = int(minus_log(self.draws[EACH * i + grade]) * event.lasts.exact_days)
        if grade == FATAL:
            self.out.dies = min(self.out.dies, day)
        self.out.events.append(Happening(day, day, "adverse event", data))

    def _progression(self, day: int) -> None:
        """The first event of the disease: its hazard times ratio^(f - 1)."""
        scaled = self.exposed.progression
        assert scaled is not None
        assert self.rates is not None
        relation = scaled.relation
        assert isinstance(relation, ExposedProgression)
        rates = self.rates[self.now + 1 : day + 1]
        if relation.shape != "none":
            power = scaled.effect(self._exposure(scaled, day)) - 1
            rates = rates * np.exp(math.log(relation.hazard_ratio) * power)
        passed = self.spent + np.cumsum(rates)
        self.spent = float(passed[-1])
        if self.disease <= self.spent:
            self.out.first = self.now + 1 + int(np.searchsorted(passed, self.disease))


def treated(
    regimen: Sequence[Treatment], truth: ArmTruth, exposed: Exposed, course: Course, unit: F, covariates: Mapping[str, float],
    draws: Mapping[str, Sequence[float]], rules: Callable[[int], Sequence[DoseModification]], given: AsGiven, off_study: Callable[[int, int], int],
) -> Treated:  # fmt: skip
    """The treatment of one patient, and what came of it. ``unit``: the response to 1 mg, see ``exposure_model``. ``rules``: the
    modifications in force on a day.

    ``off_study(first, dies)``: on which day a patient goes off study whose disease has its first event on ``first`` and who dies of an adverse
    event on ``dies``; HORIZON + 1 stands for never.
    """
    out, settled = Treated(exposure=np.zeros_like(unit)), settled_from(unit)
    hazards = _Hazards(exposed, course, draws, out)
    schedules = [_Schedule(drug, truth, draws["cycles"]) for drug in regimen]
    stopped, less = toxic_stop(truth, draws["treatment"]), reduced_from(truth, draws["treatment"])
    known = (out.first, out.dies)
    end = off_study(*known)
    while going := [s for s in schedules if not s.done]:
        schedule = min(going, key=lambda s: s.when)
        when = schedule.when
        # what comes until the drug's next dose hangs on nothing that is given before
        ahead = max(when, *(s.when for s in going if s.drug.drug == exposed.truth.drug), when)
        hazards.until(min(ahead, end, HORIZON), treated=out.happenings != [] and when <= out.last_dose + AFTER_DOSE)
        if (out.first, out.dies) != known:
            known = (out.first, out.dies)
            end = off_study(*known)
        if when >= min(end, stopped):
            break
        drug = schedule.drug
        ruled = ruling(rules(when), drug.drug, when, _occurred(out.events)) if out.events else None
        if ruled is not None and ruled.stopped is not None:
            schedule.done = True
            if drug.drug == exposed.truth.drug:
                out.stopped = (ruled.stopped[0].name, when)
            continue
        if ruled is not None and ruled.held is not None:
            if schedule.at == 0:
                schedule.late += 1
            else:
                schedule.go_on()
            continue
        share = min(0.8 if schedule.cycle >= less else 1.0, ruled.share if ruled is not None else 1.0)
        data = drug.given(schedule.cycle, drug.days[drug.days.index(schedule.days[schedule.at])], share)
        out.happenings.append(Happening(when, when, "treated", data))
        out.last_dose = max(out.last_dose, when)
        if drug.drug == exposed.truth.drug:
            told = given(when, data)
            amount = exposed.milligrams(told["dose"], told["unit"], covariates) * drug.times_a_day
            out.exposure[:, when : when + settled] += amount * unit[:, : min(settled, HORIZON + 1 - when)]
            out.exposure[0, when + settled :] += amount * unit[0, -1]
            out.milligrams += amount
            out.lowered |= ruled is not None and ruled.share < 1
            hazards.first_dose = min(hazards.first_dose, when)
        schedule.go_on()
    if out.happenings:
        hazards.until(min(out.last_dose + AFTER_DOSE, end, HORIZON), treated=True)
    hazards.until(HORIZON, treated=False)
    if (out.first, out.dies) != known:
        end = off_study(out.first, out.dies)
    kept = [e for e in out.events if e.day < end or (e.data["grade"] == FATAL and e.day == out.dies)]
    out.events = [h for e in kept for h in _with_its_end(e, end)]
    out.happenings += ended(
        out.happenings, out.last_dose, end, stopped if out.stopped is None else min(stopped, out.last_dose + 1)
    )
    out.events += adverse_events(truth, draws["toxicity"], out.last_dose, end)
    return out


def _occurred(events: Sequence[Happening]) -> list[Occurred]:
    return [Occurred(e.day, e.day + e.data["lasts"] if "lasts" in e.data else None, e.data) for e in events]


def _with_its_end(event: Happening, end: int) -> list[Happening]:
    """The event, and that it was over, where the patient is in the trial by then."""
    data = {k: v for k, v in event.data.items() if k != "lasts"}
    over = event.day + event.data.get("lasts", HORIZON)
    return [
        event._replace(data=data),
        *([Happening(over, over, OVER, {k: data[k] for k in ("term", "grade")})] if over < end else []),
    ]


_RATES: dict[int, tuple[Course, F]] = {}


def _rates(course: Course) -> F:
    """The hazard of the first event on each day [1/day], infinite where nobody is left."""
    known = _RATES.get(id(course))
    if known is None or known[0] is not course:
        with np.errstate(divide="ignore", invalid="ignore"):
            hazard = -np.log(course.first.survival)
            rates = np.diff(hazard, prepend=0.0)
        rates[~np.isfinite(rates)] = 0.0
        gone = int(np.argmax(~np.isfinite(hazard))) if not np.isfinite(hazard).all() else None
        if gone is not None:
            rates[gone] = 1e9
        known = _RATES[id(course)] = (course, rates)
    return known[1]
