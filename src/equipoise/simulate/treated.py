"""Treatment of a virtual patient: doses by cycle, and the adverse events that come with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from equipoise.numerics.random.streams import word_of
from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.event_words import FIRST_KIND, grade_and_day, stretches
from equipoise.simulate.happening import Happening
from equipoise.simulate.scenario import ArmTruth
from equipoise.trial.seriousness import by_grade
from equipoise.trial.trial import Trial

#: Days after randomisation within which a patient may die of an adverse event.
TOXIC_DAYS = 150
#: Days after entry before which nobody stops treatment for toxicity.
NO_STOP = 21
#: Days from then on within which those stop who stop for it.
STOP_DAYS = 150
#: Days after the last dose within which an adverse event that is survived may come.
AFTER_DOSE = 28


def treatment(
    trial: Trial, arm: str, truth: ArmTruth, draws: Mapping[str, Sequence[float]], end: int
) -> list[Happening]:
    """Doses by cycle until progression, toxicity or the planned end; IMGN901-like drugs go on while benefiting."""
    found: list[Happening] = []
    drawn, cycles = draws["treatment"], draws["cycles"]
    stopped = toxic_stop(truth, drawn)
    stop = min(end, stopped)
    last_dose = 0
    less = reduced_from(truth, drawn)
    for drug in trial.arm_by_name[arm].regimen:
        cycle, late = 1, 0
        while cycle <= drug.cycles or drug.may_continue:
            if cycle > 1 and cycles[cycle % len(cycles)] < truth.cycles_delayed:
                late += 7
            start = (cycle - 1) * drug.cycle_length.days + late
            if start >= stop:
                break
            for day in drug.days:
                when = start + day - 1
                if when < stop:
                    data = drug.given(cycle, day, 0.8 if cycle >= less else 1.0)
                    found.append(Happening(when, when, "treated", data))
                    last_dose = max(last_dose, when)
            cycle += 1
    found.extend(ended(found, last_dose, end, stopped))
    found.extend(adverse_events(truth, draws["toxicity"], last_dose, end))
    return found


def ended(doses: Sequence[Happening], last_dose: int, end: int, stopped: int) -> list[Happening]:
    """The end of treatment of who was given ``doses``, off study on day ``end``, and given nothing from ``stopped`` on for toxicity."""
    on = min(stopped, end)
    if not doses or on >= HORIZON:
        return []
    planned_end = last_dose + 21
    reason = "toxicity" if stopped < end else "progression" if planned_end >= end else "completed"
    when = max(min(on, planned_end), last_dose)
    if when >= end and reason != "progression":
        return []
    when = min(when, end)
    return [Happening(when, when, "treatment ended", {"reason": reason})]


def reduced_from(truth: ArmTruth, treatment: Sequence[float]) -> int:
    """The cycle from which 80 % of the dose is given; beyond all cycles where it never is."""
    return 2 + int(6 * treatment[3]) if treatment[2] < truth.doses_reduced else 10_000


def toxic_stop(truth: ArmTruth, treatment: Sequence[float]) -> int:
    """The day from which no dose is given because of toxicity; HORIZON where nothing stops them."""
    return int(NO_STOP + STOP_DAYS * treatment[1]) if treatment[0] < truth.stops_for_toxicity else HORIZON


def adverse_events(truth: ArmTruth, draws: Sequence[float], last_dose: int, end: int) -> list[Happening]:
    """Adverse events that are survived, until four weeks after the last dose."""
    found, span = [], min(last_dose + AFTER_DOSE, TOXIC_DAYS)
    for event, u in zip(truth.adverse_events, draws[FIRST_KIND:], strict=False):
        drawn = grade_and_day(stretches(event), word_of(u), span)
        if drawn is None or drawn[1] >= end:
            continue
        grade, when = drawn
        data: dict[str, Any] = {"term": event.term, "grade": grade, "serious": grade >= 4}
        if grade >= 4:
            data["criteria"] = by_grade(grade)
        found.append(Happening(when, when, "adverse event", data))
    return found


def first_dose(trial: Trial, arm: str) -> int | None:
    """The day of the first planned dose, in days after entry; None for an arm without drugs."""
    return min((day - 1 for drug in trial.arm_by_name[arm].regimen for day in drug.days), default=None)


def first_dose_of(
    trial: Trial, arm: str, truth: ArmTruth, draws: Mapping[str, Sequence[float]], end: int
) -> list[Happening]:
    """The first dose alone: that of ``treatment``."""
    first = first_dose(trial, arm)
    if first is None or first >= end or (first >= NO_STOP and first >= toxic_stop(truth, draws["treatment"])):
        return []
    drug = next(d for d in trial.arm_by_name[arm].regimen if first + 1 in d.days)
    data = {"drug": drug.drug, "cycle": 1, "day": first + 1, "dose": drug.dose, "unit": drug.unit}
    return [Happening(first, first, "treated", data)]


def event_died_of(truth: ArmTruth, u: float) -> int:
    """The number of the adverse event that a patient dies of, in proportion to how often each is fatal."""
    weights = [e.probability * e.fatal for e in truth.adverse_events]
    level, found = u * sum(weights), 0
    for i, weight in enumerate(weights):
        if weight > 0:
            found = i
        level -= weight
        if level < 0:
            break
    return found


def fatal_event(truth: ArmTruth, u: float, day: int, recorded: int) -> Happening:
    """The adverse event that a patient dies of."""
    term = truth.adverse_events[event_died_of(truth, u)].term
    data = {"term": term, "grade": 5, "serious": True, "criteria": by_grade(5)}
    return Happening(day, recorded, "adverse event", data)
