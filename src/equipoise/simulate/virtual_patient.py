"""A virtual patient: what will happen to it, and when each thing will come to be recorded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.simulate.baseline_truth import EACH as OF_BASELINE
from equipoise.simulate.day_table import HORIZON, DayTable, days, exponential, yearly
from equipoise.simulate.disease import Course
from equipoise.simulate.event_words import DIES_WHEN, FIRST_KIND
from equipoise.simulate.exposed import Treated
from equipoise.simulate.happening import Happening
from equipoise.simulate.scans import scan_days, scans_planned
from equipoise.simulate.scenario import ArmTruth, Scenario
from equipoise.simulate.toxicities import EACH, drawn, toxicities
from equipoise.simulate.treated import TOXIC_DAYS, fatal_event, first_dose_of, treatment
from equipoise.trial.endpoint import Outcome
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies.recist11 import CR, NE, PD, PR, SD
from equipoise.trial.what_counts import FATAL, WhatCounts

#: Where the delays of a patient's scans begin among its uniforms for reporting; before them death's and leaving's.
SCAN_DELAYS = 2


def widths(trial: Trial) -> dict[str, int]:
    """Uniform numbers that each patient has for each purpose; a purpose of its own shifts no other.

    patient: screening, three factors; first event, which it is, death after progression, leaving; seven factors more,
    criterion failed. leaving: withdrawal or loss. toxicity: death of an adverse event, one for each kind of them. visits: two for each scan (missed,
    jitter). reporting: death, leaving, one for each scan. outcome: two for each outcome recorded by its own name (which,
    when recorded). review: what it finds, when.
    toxicities: three for each endpoint of toxicity (whether, when, when recorded). baseline: two for each variable that is asked.
    """
    scans = scans_planned(trial)
    return {
        "patient": 16,
        "leaving": 4,
        "visits": 2 * scans,
        "reporting": SCAN_DELAYS + scans,
        "response": 5,
        "treatment": 4,
        "cycles": 40,
        "toxicity": FIRST_KIND + 20,
        "follow-up": 4,
        "outcome": 2 * sum(isinstance(e, Outcome) for e in trial.endpoints),
        "review": 2 if trial.eligibility_review is not None else 0,
        "toxicities": EACH * len(toxicities(trial)),
        "baseline": OF_BASELINE * sum(b.asked for b in trial.baseline),
    }


@dataclass(frozen=True)
class Leaving:
    """Leaving and reporting, which do not depend on the arm: withdrawal or loss, whichever comes first, the share of it
    that is withdrawal, and the time from an event to its record."""

    gone: DayTable
    withdrawn: float
    delay: DayTable

    @classmethod
    def of(cls, scenario: Scenario) -> Leaving:
        """Two constant hazards are one with their sum, and a share for each."""
        hazards = [-math.log1p(-p) for p in (scenario.withdrawal_per_year, scenario.loss_per_year)]
        return cls(
            yearly(-math.expm1(-sum(hazards))),
            hazards[0] / sum(hazards) if sum(hazards) > 0 else 0.0,
            exponential(scenario.reporting_delay.exact_days),
        )

    def delayed(self, u: float) -> int:
        """Whole days until a record is made: the exponential time, rounded down."""
        return self.delay.day(u) - 1


def toxic_death(truth: ArmTruth) -> DayTable:
    """The day of death of an adverse event: each one's share, evenly over the first TOXIC_DAYS days."""
    passed = (days() / TOXIC_DAYS).clip(max=1.0)
    survival = passed * 0 + 1.0
    for event in truth.adverse_events:
        survival = survival * (1 - event.probability * event.fatal * passed)
    return DayTable(survival)


@dataclass(frozen=True, slots=True)
class Fate:
    """What will happen to a patient, in days after randomisation; HORIZON + 1 stands for never.

    ``seen`` is the day of the scan that shows progression and ``seen_at`` that scan's number from 0. ``gone`` is the
    day of withdrawal or loss, or the horizon; nothing is recorded of what happens after it.
    """

    death: int
    toxic: bool
    dies_first: bool
    scans: tuple[tuple[int, int], ...]
    seen: int
    seen_at: int
    gone: int
    withdrawn: bool
    lost: bool

    @property
    def off_study(self) -> int:
        """The first of progression seen, death and leaving."""
        return min(self.seen, self.death, self.gone)


def fate(
    trial: Trial,
    scenario: Scenario,
    course: Course,
    toxicity: DayTable,
    leaving: Leaving,
    draws: Mapping[str, Sequence[float]],
    first: int | None = None,
    dies: int = HORIZON + 1,
) -> Fate:
    """The fate that these draws name.

    ``first``: the day of the first event of the disease, where exposure had a say in it. ``dies``: of an adverse event by exposure.
    """
    disease = draws["patient"][4:8]
    first = course.first.day(disease[0]) if first is None else first
    dies_first = first <= HORIZON and disease[1] < course.death_share[first]
    death = min(first if dies_first else first + course.after.day(disease[2]), HORIZON + 1)
    progression = HORIZON + 1 if dies_first else first
    toxic_day = min(toxicity.day(draws["toxicity"][DIES_WHEN]), dies)
    toxic = toxic_day < death
    death = min(death, toxic_day)
    leaves = leaving.gone.day(disease[3])
    gone, stays = min(leaves, HORIZON), leaves > HORIZON
    withdrawn = not stays and draws["leaving"][0] < leaving.withdrawn
    made: list[tuple[int, int]] = []
    seen, seen_at = HORIZON + 1, -1
    for number, day in scan_days(trial, scenario, draws["visits"]):
        if day >= death or day > gone:
            break
        made.append((number, day))
        if day >= progression:
            seen, seen_at = day, number
            break
    return Fate(
        death, toxic, dies_first, tuple(made), seen, seen_at, gone, withdrawn=withdrawn, lost=not (stays or withdrawn)
    )


def life(
    trial: Trial,
    scenario: Scenario,
    arm: str,
    what: Fate,
    leaving: Leaving,
    draws: Mapping[str, Sequence[float]],
    *,
    response: float,
    detail: bool,
    contacts: bool,
    doses: bool = False,
    counts: Sequence[WhatCounts] = (),
    exposed: Treated | None = None,
) -> list[Happening]:
    """Everything that will be recorded of one patient.

    Without ``detail`` the doses, adverse events and sums of diameters, which no decision depends on, are left out; all
    else is the same, since every draw has its own name. ``contacts`` for survival are left out where no decision
    depends on them. ``exposed``: the treatment where exposure has a say. ``doses``: the first dose is recorded also without detail; ``counts``: so are adverse events of which any of these
    holds. ``response``: the probability of a response, seen or not.
    """
    truth, reporting = scenario.arms[arm], draws["reporting"]
    found: list[Happening] = []
    responses = _Responses(truth, response, draws["response"])
    if detail:
        found.append(Happening(0, 0, "assessed", {"response": NE, "sum_mm": responses.baseline, "baseline": True}))
    progression_recorded = 0
    for number, day in what.scans:
        progressed = day == what.seen
        recorded = day + leaving.delayed(reporting[SCAN_DELAYS + number])
        said = responses.at(number + 1, progressed, detail)
        found.append(Happening(day, recorded, "assessed", said | standing(trial) if progressed else said))
        if progressed:
            progression_recorded = recorded
    last = min(what.death - 1, what.gone)
    found.extend(_review(trial, scenario, draws))
    found.extend(_outcomes(trial, truth, last, leaving, draws))
    if detail:
        found.extend(_treatment(trial, arm, truth, draws, what, exposed))
        found.extend(_toxicities(trial, arm, truth, last, leaving, draws, response))
        found.extend(_next_therapy(truth, draws["follow-up"], what.seen, last, progression_recorded))
    else:
        if doses:
            found.extend(first_dose_of(trial, arm, truth, draws, what.off_study))
        if counts:
            events = [
                *_treatment(trial, arm, truth, draws, what, exposed),
                *_toxicities(trial, arm, truth, last, leaving, draws, response),
            ]
            found.extend(h for h in events if h.kind == "adverse event" and any(c.counts(h.data) for c in counts))
    if detail or contacts:
        found.extend(_contacts(trial, what.seen, last))
    if what.death <= what.gone:
        cause = "adverse event" if what.toxic else "other" if what.dies_first else "disease"
        recorded = what.death + leaving.delayed(reporting[0])
        by_exposure = exposed is not None and what.death == exposed.dies  # its event is there already
        if what.toxic and (detail or counts) and not by_exposure:
            # Known when the death is: with detail and without, a rule on deaths sees it on the same day.
            event = fatal_event(truth, draws["follow-up"][2], what.death, recorded)
            if detail or any(c.counts(event.data) for c in counts):
                found.append(event)
        found.append(Happening(what.death, recorded, "died", {"cause": cause}))
    elif what.withdrawn or what.lost:
        recorded = what.gone + leaving.delayed(reporting[1])
        kind, data = ("withdrawn", {"reason": "consent withdrawn"}) if what.withdrawn else ("lost", {})
        found.append(Happening(what.gone, recorded, kind, data))
    return sorted(found, key=lambda h: h.day)


def _treatment(
    trial: Trial, arm: str, truth: ArmTruth, draws: Mapping[str, Sequence[float]], what: Fate, exposed: Treated | None
) -> list[Happening]:
    if exposed is None:
        return treatment(trial, arm, truth, draws, what.off_study)
    events = exposed.events
    if what.death != exposed.dies or what.death > what.gone:
        # He died of something else before, or left: of what would have been fatal nothing is known.
        events = [e for e in events if e.data.get("grade") != FATAL]
    return [*exposed.happenings, *events, *exposed.samples]


def _review(trial: Trial, scenario: Scenario, draws: Mapping[str, Sequence[float]]) -> list[Happening]:
    """What the review of eligibility finds, on any day of its time alike, whatever becomes of the patient meanwhile."""
    review = trial.eligibility_review
    if review is None:
        return []
    what, when = draws["review"][:2]
    day = 1 + int(when * review.within.days)
    said: dict[str, Any] = {"eligible": what >= scenario.ineligible}
    if not said["eligible"]:
        said["reason"] = "as drawn"
    return [Happening(day, day, "eligibility reviewed", said)]


def _outcomes(
    trial: Trial, truth: ArmTruth, last: int, leaving: Leaving, draws: Mapping[str, Sequence[float]]
) -> list[Happening]:
    """Outcomes recorded by their own name, on the day they are due, of who is then alive and in the trial."""
    found = []
    for i, endpoint in enumerate(e for e in trial.endpoints if isinstance(e, Outcome)):
        day = endpoint.due.days
        if day > last or endpoint.name not in truth.outcomes:
            continue
        result = endpoint.success[0] if draws["outcome"][2 * i] < truth.outcomes[endpoint.name] else endpoint.failure[0]
        recorded = day + leaving.delayed(draws["outcome"][2 * i + 1])
        found.append(Happening(day, recorded, "outcome", {"outcome": endpoint.name, "result": result}))
    return found


def _toxicities(
    trial: Trial,
    arm: str,
    truth: ArmTruth,
    last: int,
    leaving: Leaving,
    draws: Mapping[str, Sequence[float]],
    response: float,
) -> list[Happening]:
    """Toxicities that the scenario states directly, of who is then alive and in the trial."""
    if not truth.toxicities:
        return []
    good, u = response, draws["response"][0]
    for i, endpoint in enumerate(e for e in trial.endpoints if isinstance(e, Outcome)):
        if trial.monitoring is not None and endpoint.name == trial.monitoring.endpoint:
            good, u = truth.outcomes.get(endpoint.name, 0.0), draws["outcome"][2 * i]
    found = drawn(trial, arm, truth, draws["toxicities"], response=good, responds=u < good)
    return [
        Happening(day, day + leaving.delayed(recorded), "adverse event", data)
        for day, recorded, data in found
        if day <= last
    ]


def _depth(u: float) -> float:
    """By which share of its size a responder's disease shrinks."""
    return 0.30 + 0.70 * float(u**0.8)


def complete(u: float) -> bool:
    """Whether a responder's response is complete."""
    return _depth(u) > 0.93


def standing(trial: Trial) -> dict[str, Any]:
    """What is recorded with a progression so that it stands: by a criterion for which samples must show it twice, that imaging did."""
    assert trial.assessments is not None
    return {"confirmed": True} if trial.assessments.glossary[PD].seconded else {}


class _Responses:
    """The responses that a patient's assessments show, and the sums of diameters behind them."""

    def __init__(self, truth: ArmTruth, response: float, draws: Sequence[float]) -> None:
        self.responds = draws[0] < response
        self.onset = 1 if draws[1] < truth.first_scan_response else 2
        self.baseline = round(30 + 120 * draws[2])
        self.complete = self.responds and complete(draws[3])
        self.depth = (1.0 if self.complete else _depth(draws[3])) if self.responds else -0.18 + 0.46 * draws[3]
        self.growth = 0.25 + 0.5 * draws[4]

    def at(self, number: int, progressed: bool, detail: bool) -> dict[str, Any]:
        if progressed:
            response = PD
        elif self.responds and number >= self.onset:
            response = CR if self.complete else PR
        else:
            response = SD
        if not detail:
            return {"response": response}
        fraction = min(1.0, number / 2) if not self.responds else (1.0 if number >= self.onset else 0.5 * 0.3)
        size = self.baseline * (1 - self.depth * fraction)
        if response == SD:
            size = min(max(size, 0.71 * self.baseline), 1.19 * self.baseline)
        if progressed:
            nadir = min(self.baseline, max(self.baseline * (1 - self.depth), 0))
            size = nadir * (1 + self.growth) + 5
        return {"response": response, "sum_mm": round(size)}


def _next_therapy(
    truth: ArmTruth, draws: Sequence[float], progression: int, until: int, progression_recorded: int
) -> list[Happening]:
    """Second-line therapy for some; nobody files it before the progression that it is given for."""
    day = progression + 7 + int(28 * draws[1])
    if draws[0] >= truth.next_therapy or progression > until or day > until:
        return []
    return [Happening(day, max(day, progression_recorded), "next therapy", {"therapy": "second line"})]


def _contacts(trial: Trial, progression: int, until: int) -> list[Happening]:
    """Contacts for survival after progression."""
    assert trial.assessments is not None
    step = trial.assessments.follow_up_every.days
    return [Happening(day, day, "contact", {}) for day in range(progression + step, until + 1, step)]
