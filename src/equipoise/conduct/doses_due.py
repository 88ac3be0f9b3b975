"""The doses of a patient: which are given, which are due, and how much of each is offered.

What is planned is what the definition in force on the day says, at the patient's dose level. Who was given less than planned is offered the same share
again first, and the full dose beside it: whether a reduction stays is for the physician.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import takewhile
from typing import Any

from equipoise.conduct.regimen import at_his_level, in_his_cohort, regimen_of
from equipoise.trial.arm import Treatment
from equipoise.trial.dose_ruling import ruling_on, says
from equipoise.trial.dose_schedule import Given, Place, due_on, given_on, planned
from equipoise.trial.due import Due, Offer, state_on
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial

#: Shares that differ by less are the same: doses are rounded to two decimals.
_SAME = 0.005


def doses_due(
    trial: Trial, patient: Patient, entry: date, today: date, ended: date | None = None, because: str = ""
) -> Iterator[Due]:
    """The planned doses of every drug of a patient, to the last planned cycle, or to the next cycle of a drug that goes on without an end.

    ``ended``: from when no dose is asked any more.
    """
    regimen = plan_on(trial, patient, today)
    given = {drug: given_on(_doses_of(patient, drug), today) for drug in regimen}
    for drug, t in regimen.items():
        own = given[drug]
        others = [
            given[d] for d, other in regimen.items() if d != drug and other.cycle_length.days == t.cycle_length.days
        ]
        last = max(own, default=(0, 0))
        # Beyond the last planned cycle a drug goes on cycle by cycle.
        most = max(t.cycles, last[0] + 1) if t.may_continue else t.cycles
        for place in takewhile(lambda p: p[0] <= most, planned(t)):  # noqa: B023 - taken at once
            if place[0] > t.cycles and (ended is not None and place not in own):
                continue
            on = due_on(t, place, entry, own, others)
            yield _due(trial, patient, t, place, on, own, last, today, ended, because)


def _due(
    trial: Trial, patient: Patient, t: Treatment, place: Place, on: date, own: Mapping[Place, Given], last: Place,
    today: date, ended: date | None, because: str,
) -> Due:  # fmt: skip
    cycle, day = place
    reach = timedelta(days=t.window.days if t.window is not None else 0)
    due = Due(
        "dose", f"{t.drug}, cycle {cycle}, day {day}", "treated", on, on - reach, on + reach, "not due",
        drug=t.drug, cycle=cycle, day=day, times_a_day=t.times_a_day,
    )  # fmt: skip
    if place in own:
        done_on, event = own[place]
        return replace(due, state="done", event=event.number, done_on=done_on)
    omitted = next(
        (e for e in patient.omitted if (e.data["drug"], e.data["cycle"], e.data["day"]) == (t.drug, *place)), None
    )
    if omitted is not None:
        return replace(due, state="missed", because=f"not given: {omitted.data['reason']}", event=omitted.number)
    if place < last:
        return replace(due, state="missed", because="it was not given, and a later one was")
    if ended is not None and ended <= due.closes:
        return replace(due, state="no longer due", because=because)
    ruled = ruling_on(trial, patient, t.drug, today + timedelta(days=1))
    because = says(t.drug, ruled)
    if ruled.stopped is not None:
        return replace(due, state="no longer due", because=because)
    state, days = state_on(today, due.opens, due.closes)
    offers = offers_of(trial, patient, t.drug, max(on, today))
    return replace(due, state=state, days=days, offers=offers, because=because)


def plan_on(trial: Trial, patient: Patient, day: date) -> dict[str, Treatment]:
    """Drug → how it is planned for a patient on a day: by the definition in force at his site then, at his dose level."""
    here = in_his_cohort(trial.at(patient.site, day), patient)
    return {drug: at_his_level(patient, here, t) for drug, t in (regimen_of(patient, here) or {}).items()}


def offers_of(trial: Trial, patient: Patient, drug: str, on: date) -> tuple[Offer, ...]:
    """The amounts of a drug that are offered on a day, the likeliest first; none of a drug that is not planned."""
    plan = plan_on(trial, patient, on).get(drug)
    if plan is None:
        return ()
    full = Offer(plan.dose, plan.unit, 1.0, "as planned")
    ruled = ruling_on(trial, patient, drug, on + timedelta(days=1))
    if plan.dose is None or ruled.stopped is not None:
        return (full,) if ruled.stopped is None else ()
    share = last_share(trial, patient, drug, on)
    offers = [full]
    if share is not None and abs(share - 1) >= _SAME:
        words = f"{100 * share:.0f} % of the plan, as the last dose"
        offers.insert(0, Offer(round(plan.dose * share, 2), plan.unit, share, words))
    if ruled.reduced is not None and ruled.share < (1.0 if share is None else share) - _SAME:
        words = f"{100 * ruled.share:g} % of the plan, by {ruled.reduced[0].name}"
        offers.insert(0, Offer(round(plan.dose * ruled.share, 2), plan.unit, ruled.share, words))
    return tuple(offers)


def as_planned(trial: Trial, patient: Patient, data: Mapping[str, Any], on: date) -> dict[str, Any]:
    """The details of a dose with its unit, and how often a day, as they are planned, where they were not said."""
    plan = plan_on(trial, patient, on).get(str(data.get("drug", "")))
    if plan is None:
        return dict(data)
    unit = {"unit": plan.unit} if "dose" in data and plan.unit is not None else {}
    times = {"times_a_day": plan.times_a_day} if plan.times_a_day > 1 else {}
    return {**unit, **times, **data}


def last_share(trial: Trial, patient: Patient, drug: str, before: date) -> float | None:
    """The share of the plan of its day that the last dose of a drug was; None where there is none, or no dose is planned."""
    doses = [d for d in _doses_of(patient, drug) if d.happened <= before]
    if not doses:
        return None
    plan = plan_on(trial, patient, doses[-1].happened).get(drug)
    given = doses[-1].data.get("dose")
    return None if plan is None or plan.dose is None or given is None else float(given) / plan.dose


def _doses_of(patient: Patient, drug: str) -> list[Event]:
    return [d for d in patient.doses if d.data["drug"] == drug]
