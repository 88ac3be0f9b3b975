"""A virtual patient: what will happen to it, and when each thing will come to be recorded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.simulate.scenario import ArmTruth, Scenario
from equipoise.simulate.truth import Hazards
from equipoise.trial.trial import Trial

#: Uniform numbers that each patient has for each purpose; a purpose of its own shifts no other.
WIDTHS: Mapping[str, int] = {
    "arrival": 2,
    "disease": 3,
    "leaving": 2,
    "response": 5,
    "treatment": 4,
    "toxicity": 60,
    "follow-up": 2,
    "reporting": 16,
    "factors": 8,
}

#: Virtual patients are followed for at most this long [days].
HORIZON = 5 * 365


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that will happen ``day`` days after randomisation and be recorded ``recorded`` days after it."""

    day: int
    recorded: int
    kind: str
    data: Mapping[str, Any]


def life(
    trial: Trial,
    scenario: Scenario,
    arm: str,
    hazards: Hazards,
    draws: Mapping[str, Sequence[float]],
    *,
    detail: bool,
) -> list[Happening]:
    """Everything that will be recorded of one patient.

    Without ``detail`` the doses, adverse events, sums of diameters and survival contacts, which no decision depends on,
    are left out; all else is the same, since every draw has its own name.
    """
    assert trial.assessments is not None
    truth = scenario.arms[arm]
    disease, leaving = draws["disease"], draws["leaving"]
    first_event = -math.log(disease[0]) / hazards.first_event
    dies_first = disease[1] < truth.death_first
    death = first_event if dies_first else first_event - math.log(disease[2]) / hazards.death_after
    death_day = math.ceil(death)
    progression_day = HORIZON + 1 if dies_first else math.ceil(first_event)
    withdrawal_day = _leaving_day(leaving[0], scenario.withdrawal_per_year)
    loss_day = _leaving_day(leaving[1], scenario.loss_per_year)
    gone = min(withdrawal_day, loss_day, HORIZON)
    first, every = trial.assessments.first.days, trial.assessments.every.days

    found: list[tuple[int, str, dict[str, Any]]] = []
    seen_progression = HORIZON + 1
    responses = _Responses(truth, draws["response"])
    if detail:
        found.append((0, "assessed", {"response": "NE", "sum_mm": responses.baseline, "baseline": True}))
    scan, number = first, 1
    while scan < death_day and scan <= gone:
        progressed = scan >= progression_day
        found.append((scan, "assessed", responses.at(number, progressed, detail)))
        if progressed:
            seen_progression = scan
            break
        scan, number = scan + every, number + 1
    end = min(death_day, gone, seen_progression)
    if detail:
        found.extend(_treatment(trial, arm, truth, draws, end))
        found.extend(_after_progression(trial, draws["follow-up"], seen_progression, min(death_day - 1, gone)))
    if death_day <= gone:
        found.append((death_day, "died", {"cause": "disease"} if not dies_first else {"cause": "other"}))
    elif gone == withdrawal_day:
        found.append((withdrawal_day, "withdrawn", {"reason": "consent withdrawn"}))
    elif gone == loss_day:
        found.append((loss_day, "lost", {}))
    return _with_delays(found, scenario.reporting_delay.exact_days, draws["reporting"])


def _leaving_day(u: float, per_year: float) -> int:
    if per_year <= 0:
        return HORIZON + 1
    return min(math.ceil(math.log(u) / math.log1p(-per_year) * 365.25), HORIZON + 1)


def _with_delays(found: list[tuple[int, str, dict[str, Any]]], mean: float, draws: Sequence[float]) -> list[Happening]:
    """Each thing is recorded an exponential time later. Delays go by the kind of thing and its place in its kind, so
    that leaving out details moves nobody's delays."""
    count: dict[str, int] = {}
    progression_recorded = 0
    result = []
    for day, kind, data in sorted(found, key=lambda f: f[0]):
        delayed = kind in ("assessed", "died", "withdrawn", "lost") and not data.get("baseline")
        nth = count.get(kind, 0)
        count[kind] = nth + delayed
        slot = nth % 12 if kind == "assessed" else 12 + ("died", "withdrawn", "lost").index(kind) if delayed else 0
        delay = int(-math.log(draws[slot]) * mean) if delayed else 0
        recorded = day + delay
        if data.get("response") == "PD":
            progression_recorded = recorded
        if kind == "next therapy":
            # Nobody files the next therapy before the progression that it is given for.
            recorded = max(recorded, progression_recorded)
        result.append(Happening(day, recorded, kind, data))
    return result


class _Responses:
    """The responses that a patient's assessments show, and the sums of diameters behind them."""

    def __init__(self, truth: ArmTruth, draws: Sequence[float]) -> None:
        self.responds = draws[0] < truth.response
        self.onset = 1 if draws[1] < 0.7 else 2
        self.baseline = round(30 + 120 * draws[2])
        depth = 0.30 + 0.70 * draws[3] ** 0.8
        self.complete = self.responds and depth > 0.93
        self.depth = (1.0 if self.complete else depth) if self.responds else -0.18 + 0.46 * draws[3]
        self.growth = 0.25 + 0.5 * draws[4]

    def at(self, number: int, progressed: bool, detail: bool) -> dict[str, Any]:
        if progressed:
            response = "PD"
        elif self.responds and number >= self.onset:
            response = "CR" if self.complete else "PR"
        else:
            response = "SD"
        if not detail:
            return {"response": response}
        fraction = min(1.0, number / 2) if not self.responds else (1.0 if number >= self.onset else 0.5 * 0.3)
        size = self.baseline * (1 - self.depth * fraction)
        if response == "SD":
            size = min(max(size, 0.71 * self.baseline), 1.19 * self.baseline)
        if progressed:
            nadir = min(self.baseline, max(self.baseline * (1 - self.depth), 0))
            size = nadir * (1 + self.growth) + 5
        return {"response": response, "sum_mm": round(size)}


def _treatment(
    trial: Trial, arm: str, truth: ArmTruth, draws: Mapping[str, Sequence[float]], end: int
) -> list[tuple[int, str, dict[str, Any]]]:
    """Doses by cycle until progression, toxicity or the planned end; IMGN901-like drugs go on while benefiting."""
    found: list[tuple[int, str, dict[str, Any]]] = []
    treatment, toxicity = draws["treatment"], draws["toxicity"]
    toxic_stop = int(21 + 150 * treatment[1]) if treatment[0] < truth.stops_for_toxicity else HORIZON
    stop = min(end, toxic_stop)
    last_dose = 0
    reduced_from = 2 + int(6 * treatment[3]) if treatment[2] < 0.25 else 10_000
    for drug in trial.arm_by_name[arm].regimen:
        cycle = 1
        while cycle <= drug.cycles or drug.may_continue:
            start = (cycle - 1) * drug.cycle_length.days
            if start >= stop:
                break
            for day in drug.days:
                when = start + day - 1
                if when < stop:
                    dose = round(drug.dose * (0.8 if cycle >= reduced_from else 1.0), 2)
                    found.append(
                        (
                            when,
                            "treated",
                            {"drug": drug.drug, "cycle": cycle, "day": day, "dose": dose, "unit": drug.unit},
                        )
                    )
                    last_dose = max(last_dose, when)
            cycle += 1
    ended = min(stop, end)
    if found and ended < HORIZON:
        planned_end = last_dose + 21
        reason = "toxicity" if toxic_stop < end else "progression" if planned_end >= end else "completed"
        when = max(min(ended, planned_end), last_dose)
        if when < end or reason == "progression":
            found.append((min(when, end), "treatment ended", {"reason": reason}))
    for i, event in enumerate(truth.adverse_events):
        u = toxicity[3 * i : 3 * i + 3]
        if u[0] < event.probability:
            when = int(u[1] * min(last_dose + 28, 150))
            if when < end:
                grade = 3 + (u[2] < 0.3 * event.severe) if u[2] < event.severe else 1 + (u[2] > 0.6)
                found.append(
                    (
                        when,
                        "adverse event",
                        {"term": event.term, "grade": int(grade), "serious": bool(grade >= 4)},
                    )
                )
    return found


def _after_progression(
    trial: Trial, draws: Sequence[float], progression: int, until: int
) -> list[tuple[int, str, dict[str, Any]]]:
    """Second-line therapy for some, and contacts for survival."""
    if progression > until or trial.assessments is None:
        return []
    found: list[tuple[int, str, dict[str, Any]]] = []
    therapy = progression + 7 + int(28 * draws[1])
    if draws[0] < 0.6 and therapy <= until:
        found.append((therapy, "next therapy", {"therapy": "second line"}))
    step = trial.assessments.follow_up_every.days
    found.extend((day, "contact", {}) for day in range(progression + step, until + 1, step))
    return found
