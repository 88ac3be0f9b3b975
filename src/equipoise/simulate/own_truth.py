"""The design's own truths as scenarios, for a trial that has no scenario files: its null and its target, marked †.

Nothing happens in them but what the design assumes: every planned patient comes, nobody is lost, no scan is missed, records
are made on the day. So what is simulated is what the design computes, and the two can be held against each other.
"""

from __future__ import annotations

import math

from equipoise.simulate.scenario import ArmTruth, Piece, PieceHazards, Scenario
from equipoise.trial.duration import DAYS_PER_MONTH, Duration
from equipoise.trial.endpoint import Landmark, Outcome, Response
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
    """A scenario for each truth of the design that is a rate: the null first, the target last.

    The tested arm has the truth's rate, a control arm that of the null. Raises BadInput for a design whose truths are no rates.
    """
    truths = {name: t["rate"] for name, t in trial.monitored.design.truths().items() if set(t) == {"rate"}}
    if not truths:
        allowed = (
            "scenario files in the folder `scenarios` beside the trial file: this design's hypotheses are no rates"
        )
        raise BadInput(trial.id, [Problem("no-scenarios", "scenarios", "none", allowed)])
    null = next(iter(truths.values()))
    return [
        Scenario(
            format=1,
            id=name.replace(" ", "-"),
            label=f"The design's own {name}: a rate of {rate:g} {MARK}",
            because=BECAUSE,
            arms={a.name: _truth(trial, rate if a.tested else null) for a in trial.arms},
            screening_failure=0.0,
            withdrawal_per_year=0.0,
            loss_per_year=0.0,
            reporting_delay=Duration(0.0, "0 days"),
        )
        for name, rate in truths.items()
    ]


def is_own(scenario: Scenario) -> bool:
    """True of a scenario that was made here."""
    return scenario.because == BECAUSE


def _truth(trial: Trial, rate: float) -> ArmTruth:
    endpoint = trial.monitored.endpoint
    if isinstance(endpoint, Landmark):
        return ArmTruth(response=0.0, hazards=_at_landmark(trial, endpoint, rate))
    if isinstance(endpoint, Outcome):
        settled = endpoint.due.days + 1
        return ArmTruth(response=0.0, outcomes={endpoint.name: rate}, hazards=_none_until(settled))
    assert isinstance(endpoint, Response)
    assert endpoint.within is not None, "a design that looks at a response has a last day for it"
    settled = endpoint.within.days + endpoint.window.days + endpoint.confirmation_after.days
    if trial.assessments is not None:
        settled += trial.assessments.every.days
    return ArmTruth(response=rate, first_scan_response=1.0, hazards=_none_until(settled))


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
