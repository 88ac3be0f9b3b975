"""The design's own truths as scenarios, for a trial that has no scenario files: its null and its target, marked †.

Nothing happens in them but what the design assumes: every planned patient comes, nobody is lost, no scan is missed, records
are made on the day. So what is simulated is what the design computes, and the two can be held against each other.
"""

from __future__ import annotations

import math
from typing import Any

from equipoise.simulate.own_hazard import own_hazard
from equipoise.simulate.scenario import ArmTruth, Piece, PieceHazards, Scenario
from equipoise.simulate.toxicities import origin_day
from equipoise.trial.design import Truth
from equipoise.trial.duration import DAYS_PER_MONTH, Duration
from equipoise.trial.endpoint import Landmark, Outcome, Response, Toxicity
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

#: Beside a scenario that was made here.
MARK = "†"
BECAUSE = (
    "† Made from the design's own hypotheses, since the trial has no scenario files: every planned patient comes at the pace that the "
    "sites promise, nobody is lost, no scan is missed, and records are made on the day."
)
#: Hazard of progression and of death once the endpoint is settled [a month]: so that patients leave the study some time.
_LATER = 0.1
#: A rate of 0 or 1 has no hazard: this is as near as a time comes to it.
_EDGE = 1e-4


def own_scenarios(trial: Trial) -> list[Scenario]:
    """A scenario for each truth of the design: the null first, the target last.

    Raises BadInput for a design whose truths cannot be made so.
    """
    m = trial.monitored
    if isinstance(m.endpoint, Landmark) and m.toxicity is not None:
        allowed = "scenario files in the folder `scenarios` beside the trial file: a landmark and a toxicity together are not made here"
        raise BadInput(trial.id, [Problem("no-scenarios", "scenarios", "none", allowed)])
    truths = m.design.truths()
    null = next(iter(truths.values()))
    return [
        Scenario(
            format=1,
            id=name.replace(" ", "-"),
            label=f"The design's own {name}: {_in_words(truth)} {MARK}",
            because=BECAUSE,
            arms=_arms(trial, truth, null),
            screening_failure=0.0,
            withdrawal_per_year=0.0,
            loss_per_year=0.0,
            reporting_delay=Duration(0.0, "0 days"),
        )
        for name, truth in truths.items()
    ]


def _in_words(truth: Truth) -> str:
    if set(truth) == {"rate"}:
        return f"a rate of {truth['rate']:g}"
    return ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in truth.items())


def _arms(trial: Trial, truth: Truth, null: Truth) -> dict[str, ArmTruth]:
    """What is true of each arm."""
    m = trial.monitored
    if m.times is not None and m.times is m.endpoint:
        hazards = {a.name: own_hazard(trial, truth, tested=a.tested) for a in trial.arms}
        return {name: ArmTruth(response=0.0, hazards=h) for name, h in hazards.items()}
    best = m.tested.name
    rates = {
        a.name: _rate_of(trial, truth, null, tested=a.tested, best=a.name == best) for a in trial.arms
    }  # fmt: skip
    return {name: _truth(trial, rate, truth.get("toxicity")) for name, rate in rates.items()}


def _rate_of(trial: Trial, truth: Truth, null: Truth, *, tested: bool, best: bool) -> float:
    """The rate of an arm: a control arm has that of the null."""
    if "risk_ratio" in truth:
        return _toxic_rate(trial, truth["risk_ratio"] if tested else 1.0)
    if "best" in truth:
        return truth["best"] if best else truth["rate"]
    if "tested" in truth:
        return truth["tested"] if tested else truth["control"]
    name = "response" if "response" in truth else "rate"
    return truth[name] if tested else null[name]


def _toxic_rate(trial: Trial, ratio: float) -> float:
    """So often that more patients have the event than the design monitors, in the mean, where the arms are alike."""
    events = trial.monitored.looks[-1].n
    return min(1.3 * events / trial.target_enrolment, 0.95 / max(ratio, 1.0)) * ratio


def is_own(scenario: Scenario) -> bool:
    """True of a scenario that was made here."""
    return scenario.because == BECAUSE


def _truth(trial: Trial, rate: float, toxic: float | None) -> ArmTruth:
    """A yes or a no of each patient and, where the design looks at two, the toxicity's."""
    m = trial.monitored
    if isinstance(m.binary, Landmark):
        beside: dict[str, Any] = {}
        if m.toxicity is not None and toxic is not None:
            table = "toxicities" if isinstance(m.toxicity, Toxicity) else "outcomes"
            beside[table] = {m.toxicity.name: toxic}
        return ArmTruth(response=0.0, hazards=_at_landmark(trial, m.binary, rate), **beside)
    both = [(m.binary, rate)] + ([(m.toxicity, toxic)] if m.toxicity is not None and toxic is not None else [])
    said: dict[str, Any] = {"response": 0.0}
    settled = 0
    for endpoint, share in both:
        if isinstance(endpoint, Outcome):
            said["outcomes"] = {**said.get("outcomes", {}), endpoint.name: share}
            settled = max(settled, endpoint.due.days + 1)
            continue
        if isinstance(endpoint, Toxicity):
            said["toxicities"] = {**said.get("toxicities", {}), endpoint.name: share}
            # Followed past its end: nobody goes off study before that is seen.
            schedule = trial.assessments
            end = endpoint.within.days + max(origin_day(trial, a.name, endpoint) for a in trial.arms)
            settled = max(settled, (schedule.day_of(schedule.visit_from(end)) if schedule is not None else end) + 1)
            continue
        assert isinstance(endpoint, Response)
        assert endpoint.within is not None, "a design that looks at a response has a last day for it"
        said |= {"response": share, "first_scan_response": 1.0}
        days = endpoint.within.days + endpoint.window.days + endpoint.confirmation_after.days
        settled = max(settled, days + (trial.assessments.every.days if trial.assessments is not None else 0))
    return ArmTruth(hazards=_none_until(settled), **said)


def _none_until(day: int) -> PieceHazards:
    """No event before a response or outcome is settled, so that everybody is evaluable."""
    quiet = Piece(until=Duration(float(day), f"{day} days"), per_month=0.0)
    return PieceHazards(
        progression=(quiet, Piece(per_month=_LATER)),
        death_before=(quiet, Piece(per_month=0.0)),
        death_after=(Piece(per_month=_LATER),),
    )


def _at_landmark(trial: Trial, endpoint: Landmark, rate: float) -> PieceHazards:
    """A constant hazard of the endpoint's event, such that the protocol's scans show the rate at the landmark."""
    events = set(trial.time_to_event(endpoint.of).events)
    held = min(max(rate, _EDGE), 1 - _EDGE)
    total = -math.log(held)
    none, after = (Piece(per_month=0.0),), (Piece(per_month=_LATER),)
    if events == {"death"} or trial.assessments is None:
        died = (Piece(per_month=total / endpoint.landmark.days * DAYS_PER_MONTH),)
        return PieceHazards(progression=none, death_before=died, death_after=after)
    # Progression is seen at the last scan on or before the landmark; what comes after it is seen too late to count.
    last = max(trial.assessments.day_of(trial.assessments.visit_by(endpoint.landmark.days)), 1)
    progressed = (Piece(per_month=total / last * DAYS_PER_MONTH),)
    # Nobody dies between progression and the scan that shows it: the death would count as an event that came later.
    every = trial.assessments.every.days + trial.assessments.first.days
    quiet = Piece(until=Duration(float(every), f"{every} days"), per_month=0.0)
    return PieceHazards(progression=progressed, death_before=none, death_after=(quiet, *after))
