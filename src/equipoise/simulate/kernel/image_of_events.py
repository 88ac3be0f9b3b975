"""Adverse events as plain numbers: what virtual patients may have, and for which safety rules it counts, by asking each rule."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import count
from operator import or_
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.analyse.counted import counts_unseen
from equipoise.numerics.random.streams import cut, short_uniform
from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.event_words import DIES_WHEN, FIRST_KIND, GRADES, stretches
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.layout import NO_DAY
from equipoise.simulate.plan import Plan
from equipoise.simulate.scenario import ArmTruth
from equipoise.simulate.toxicities import USUAL, event_that_counts, given, origin_day, toxicities
from equipoise.simulate.treated import event_died_of, first_dose
from equipoise.simulate.watched import only_deaths
from equipoise.trial.endpoint import Outcome
from equipoise.trial.what_counts import FATAL, WhatCounts


def event_numbers(plan: Plan) -> dict[int, float]:
    """Single numbers. What no rule counts is not looked for."""
    arms, rules = plan.trial.arms, plan.trial.safety
    assert plan.widths["cycles"] % 8 == 0, "the numbers of cycles are taken over and over, in whole blocks"
    some_events = any(any(grades) for arm in arms for grades in _by_grade(plan, arm.name))
    some_toxicities = any(row[4] for arm in arms for row in _toxicity(plan, arm.name))
    most = max(len(plan.scenario.arms[a.name].adverse_events) for a in arms) if some_events else 0
    stated = len(toxicities(plan.trial)) if some_toxicities else 0
    # The first dose, the death, each outcome and each event once.
    outcomes = sum(isinstance(e, Outcome) for e in plan.trial.endpoints)
    kept = bool(plan.contacts and (outcomes or plan.dosed or any(plan.counted_on(a.name) for a in arms)))
    return {
        at.EVENTS: most,
        at.TOXICITIES: stated,
        at.ASKING: sum(1 << i for i, rule in enumerate(rules) if not only_deaths(rule)),
        at.CONTACTS: kept,
        at.RECORDS: (len(rules) if kept or any(not rule.on_endpoint for rule in rules) else 0)
        + (1 + 2 * (2 + outcomes + most + stated)) * kept,
        at.BLOCKS_TAKEN: reduce(or_, (_blocks(plan, a.name) for a in arms)),
        at.OUTCOMES: outcomes,
        at.DRUGS: max(len(a.regimen) for a in arms),
        at.DOSE_DAYS: max((len(t.days) for a in arms for t in a.regimen), default=0),
        at.GOOD_COLUMN: -1 if (column := _outcome(plan)) is None else 2 * column,
    }


def event_tables(plan: Plan) -> dict[int, Any]:
    """Tables by arm."""
    numbers, names = event_numbers(plan), [a.name for a in plan.trial.arms]
    most, drugs, days = (int(numbers[k]) for k in (at.EVENTS, at.DRUGS, at.DOSE_DAYS))
    truths = [plan.scenario.arms[name] for name in names]
    return {
        at.EVENT_CUTS: [_padded(_cuts(plan, name), most, [0] * 4) for name in names] if most else [],
        at.EVENT_COUNTS: [_padded(_in_order(plan, name), most, [0] * 5) for name in names] if most else [],
        at.MAY_COUNT: [_padded(_may_count(plan, name), most, 0) for name in names] if most else [],
        at.DEATH_COUNTS: [_of_death(plan, name) for name in names],
        at.DIES_OF: [_padded(_dies_of(t), most, 1 << 33) for t in truths] if most else [],
        at.DOSES: [_padded(_regimen(plan, name, days), drugs, [0] * (3 + days)) for name in names],
        at.TREATED: [[cut(t.stops_for_toxicity), cut(t.cycles_delayed)] for t in truths],
        at.TOXICITY: [_toxicity(plan, name) for name in names] if numbers[at.TOXICITIES] else [],
        at.GOES_WELL: [cut(_good(plan, name)) for name in names],
        at.LAST_DOSE: [_last_doses(plan, name) for name in names],
        at.LAST_EVENT: [max(_survived(plan, name), default=-1) + 1 for name in names],
        at.EVENT_BLOCKS: [_blocks(plan, name) for name in names],
        at.DUE: [_due(plan, name) for name in names],
        at.FIRST_DOSE: [
            day if name in plan.dosed and (day := first_dose(plan.trial, name)) is not None else -1 for name in names
        ],
    }


def _padded(rows: list[Any], to: int, filling: Any) -> list[Any]:
    return rows[:to] + [filling] * (to - len(rows))


def _bits(plan: Plan, arm: str, counts: Callable[[WhatCounts], bool]) -> int:
    """A bit for each rule that watches the arm and counts the event."""
    return sum(
        1 << i
        for i, rule in enumerate(plan.trial.safety)
        if arm in rule.arms and not rule.on_endpoint and counts(rule.counted)
    )


def _cuts(plan: Plan, arm: str) -> list[list[int]]:
    return [stretches(e) for e in plan.scenario.arms[arm].adverse_events]


def _in_order(plan: Plan, arm: str) -> list[list[int]]:
    """For which rules an event counts, by grade in the order of their words."""
    return [[grades[g - 1] for g in (*GRADES, FATAL)] for grades in _by_grade(plan, arm)]


def _may_count(plan: Plan, arm: str) -> list[int]:
    """Where the words end that may be an event that counts for a rule."""
    return [
        max((end for end, counts in zip(ends, grades, strict=False) if counts), default=0)
        for ends, grades in zip(_cuts(plan, arm), _in_order(plan, arm), strict=True)
    ]


def _blocks(plan: Plan, arm: str) -> int:
    """A bit for each block of eight words of adverse events that a patient takes."""
    taken = {(FIRST_KIND + i) >> 3 for i in _survived(plan, arm)}
    if any(t.survival[-1] < 1 for t in plan.toxicity.values()):
        taken.add(DIES_WHEN >> 3)
    return sum(1 << b for b in taken)


def _by_grade(plan: Plan, arm: str) -> list[list[int]]:
    return [
        [
            _bits(plan, arm, lambda c, e=e, g=g: c.counts({"term": e.term, "grade": g, "serious": g > USUAL}))  # type: ignore[misc]
            for g in range(1, FATAL + 1)
        ]
        for e in plan.scenario.arms[arm].adverse_events
    ]


def _of_death(plan: Plan, arm: str) -> tuple[int, int]:
    """The rules for which any death due to an adverse event counts, and whether for others it matters which event it was."""
    unseen = _bits(plan, arm, counts_unseen)
    events = zip(plan.scenario.arms[arm].adverse_events, _by_grade(plan, arm), strict=True)
    fatal = {grades[FATAL - 1] | unseen for e, grades in events if e.probability * e.fatal > 0}
    return (fatal.pop(), 0) if len(fatal) == 1 else (unseen, int(bool(fatal)))


def _dies_of(truth: ArmTruth) -> list[int]:
    """Words below each die of that event or an earlier one: which it is only grows with the word."""
    found = []
    for i in range(len(truth.adverse_events)):
        low, high = 0, 1 << 32
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if event_died_of(truth, short_uniform(middle)) > i else (middle + 1, high)
        found.append(low)
    return found


def _regimen(plan: Plan, arm: str, days: int) -> list[list[int]]:
    return [
        [
            NO_DAY if drug.may_continue else drug.cycles,
            drug.cycle_length.days,
            len(drug.days),
            *_padded([d - 1 for d in drug.days], days, 0),
        ]
        for drug in plan.trial.arm_by_name[arm].regimen
    ]


def _last_doses(plan: Plan, arm: str) -> NDArray[np.int64]:
    """The day of the last dose of who has none from day 0, 1 … on, where no cycle is late; of late ones any from LATE_ENOUGH on."""
    dosed = np.zeros(HORIZON + 1, dtype=np.int64)
    for drug in plan.trial.arm_by_name[arm].regimen:
        for cycle in count(1):
            start = (cycle - 1) * drug.cycle_length.days
            if start > HORIZON or not (cycle <= drug.cycles or drug.may_continue):
                break
            for day in (start + d - 1 for d in drug.days):
                if day < HORIZON:
                    dosed[day + 1] = day
    return np.maximum.accumulate(dosed)


def _survived(plan: Plan, arm: str) -> list[int]:
    """The numbers of the events that count for a rule where they are survived."""
    return [i for i, grades in enumerate(_by_grade(plan, arm)) if any(grades[:-1])]


def _due(plan: Plan, arm: str) -> list[int]:
    said = plan.scenario.arms[arm].outcomes
    outcomes = [e for e in plan.trial.endpoints if isinstance(e, Outcome)]
    return [e.due.days if e.name in said else NO_DAY for e in outcomes]


def _outcome(plan: Plan) -> int | None:
    """The place among recorded outcomes of the one that the design looks at; None where it looks at another endpoint."""
    named = [e.name for e in plan.trial.endpoints if isinstance(e, Outcome)]
    monitored = plan.trial.monitored.monitoring.endpoint
    return named.index(monitored) if monitored in named else None


def _good(plan: Plan, arm: str) -> float:
    if _outcome(plan) is None:
        return plan.responses[arm]
    return plan.scenario.arms[arm].outcomes.get(plan.trial.monitored.monitoring.endpoint, 0.0)


def _toxicity(plan: Plan, arm: str) -> list[list[int]]:
    truth, found = plan.scenario.arms[arm], []
    for endpoint in toxicities(plan.trial):
        p = truth.toxicities.get(endpoint.name, 0.0)
        each = [given(p, _good(plan, arm), truth.toxicity_odds_ratio, responds=r) for r in (True, False)]
        event = event_that_counts(endpoint.counts, endpoint.label)
        found.append(
            [
                *(cut(q) for q in each),
                origin_day(plan.trial, arm, endpoint),
                endpoint.within.days + 1,
                _bits(plan, arm, lambda c, event=event: c.counts(event)) if p > 0 else 0,  # type: ignore[misc]
            ]
        )
    return found
