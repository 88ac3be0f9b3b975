"""The monitored endpoint as plain numbers: what the compiled kernel reads of a landmark, a response or an outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from equipoise.analyse.best_overall import rule_of
from equipoise.numerics.random.streams import cut, short_uniform
from equipoise.simulate.kernel import places as at
from equipoise.simulate.plan import Plan
from equipoise.simulate.scans import scans_planned
from equipoise.simulate.virtual_patient import complete
from equipoise.trial.endpoint import Landmark, Outcome, Response, TimeToEvent, Toxicity
from equipoise.trial.vocabularies.recist11 import CR, NE, PD, PR, SD

#: Best responses in the order of their numbers in ``places``.
BEST = (CR, PR, SD, PD, NE)

_AT = {"last assessment": at.ASSESSMENT, "last contact": at.CONTACT, "that day": at.THAT_DAY}


def endpoint_numbers(plan: Plan) -> dict[int, float]:
    """Single numbers. What another kind of endpoint needs is 0."""
    endpoint = plan.trial.monitored.endpoint
    found: dict[int, float] = dict.fromkeys(
        (at.LANDMARK, at.LAST_DAY, at.DUE_VISIT, at.CONFIRM_AFTER, at.STABLE_FROM, at.GOOD, at.INCOMPLETE, at.OUTCOME_COLUMN), 0
    )  # fmt: skip
    if isinstance(endpoint, TimeToEvent):
        return found | dict(_times(plan)) | {
            at.ENDPOINT: at.OF_TIME, at.CHANGES: 0, at.REPLACES: 0, at.EXCLUDES: 0, at.WINDOW: 0
        }  # fmt: skip
    found |= {
        at.REPLACES: endpoint.not_evaluable == "replace",
        at.EXCLUDES: endpoint.not_evaluable == "exclude",
        at.WINDOW: endpoint.window.days,
        **_times(plan),
    }
    match endpoint:
        case Landmark():
            return found | {at.ENDPOINT: at.OF_LANDMARK, at.LANDMARK: endpoint.landmark.days, at.CHANGES: 0}
        case Response():
            return found | _response(plan, endpoint)
        case Toxicity():
            raise AssertionError("the kernel is not asked: see Plan.usual")
        case _:
            named = [e.name for e in plan.trial.endpoints if isinstance(e, Outcome)]
            column = 2 * named.index(endpoint.name)
            # At most two changes of an outcome: the window goes by, and a late result is recorded.
            return found | {
                at.ENDPOINT: at.OF_OUTCOME, at.LANDMARK: endpoint.due.days, at.OUTCOME_COLUMN: column, at.CHANGES: 5
            }  # fmt: skip


def _times(plan: Plan) -> Mapping[int, float]:
    """The time that a landmark is read from, or that is looked at."""
    times = plan.trial.monitored.times
    found = numbers_of_time(times)
    both = bool(found[at.OF_PROGRESSION] and found[at.OF_DEATH])
    return {
        **found,
        at.PLAIN: both and found[at.AT_NO_EVENT] == at.ASSESSMENT,
        at.COMPARED: times is not None and plan.trial.monitored.control is not None,
    }


def numbers_of_time(times: TimeToEvent | None) -> dict[int, float]:
    """What is an event, and where a patient is censored."""
    events = {e.removeprefix("documented ") for e in times.events} if times is not None else set()
    censored = {rule.when: _AT[rule.at] for rule in times.censoring} if times is not None else {}
    return {
        at.OF_PROGRESSION: "progression" in events,
        at.OF_DEATH: "death" in events,
        at.AT_NO_EVENT: censored.get("no event", at.NOWHERE),
        at.AT_WITHDRAWAL: censored.get("withdrawal", at.NOWHERE),
        at.AT_LOSS: censored.get("loss", at.NOWHERE),
        at.AT_DEATH: censored.get("death", at.NOWHERE),
    }


def _response(plan: Plan, endpoint: Response) -> dict[int, float]:
    schedule, rule = plan.trial.assessments, rule_of(endpoint)
    assert schedule is not None
    assert endpoint.within is not None, "the doorway refuses it"
    low, high = 0, 1 << 32
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if complete(short_uniform(middle)) else (middle + 1, high)
    return {
        at.ENDPOINT: at.OF_RESPONSE,
        # At most one change for each scan, and each day until which something is waited for.
        at.CHANGES: 1 + 2 * (2 * scans_planned(plan.trial) + 3),
        at.LAST_DAY: endpoint.within.days + endpoint.window.days,
        at.DUE_VISIT: max(schedule.visit_by(endpoint.within.days), 1),
        at.CONFIRM_AFTER: -1 if rule.confirm_after is None else rule.confirm_after,
        at.STABLE_FROM: rule.stable_from,
        at.GOOD: sum(1 << i for i, name in enumerate(BEST) if name in endpoint.success),
        at.INCOMPLETE: low,
    }


def endpoint_tables(plan: Plan) -> dict[int, Any]:
    """Tables by arm."""
    endpoint = plan.trial.monitored.endpoint
    truths = {a.name: plan.scenario.arms[a.name] for a in plan.trial.arms}
    return {
        at.RESPONDS: [cut(plan.responses[name]) for name in truths],
        at.AT_FIRST: [cut(t.first_scan_response) for t in truths.values()],
        at.TURNS_OUT: [cut(t.outcomes.get(endpoint.name, 0.0)) for t in truths.values()],
    }
