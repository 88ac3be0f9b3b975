"""One simulated phase I: virtual patients through the loop of ``phase1_loop``, to the design's end, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from equipoise.analyse.dose_limiting import DltStatus, dlt_status, responding
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.sealed import ByWhom
from equipoise.design.dose.history import Answer
from equipoise.simulate import accrual
from equipoise.simulate.loop import moment
from equipoise.simulate.phase1_loop import BY, Crowd, DoseDecision, Phase1Loop, asked
from equipoise.simulate.phase1_patient import Phase1People
from equipoise.simulate.phase1_plan import Phase1Plan
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.patient import Patient
from equipoise.trial.problem import BadInput, Problem

#: What a late report may be of: an event, or that somebody left.
_REPORTED = frozenset({"adverse event", "withdrawn", "lost"})


@dataclass(frozen=True)
class SimulatedPhase1:
    """One replicate. ``dose``: the level that was declared, from 1; 0 for none. ``end``: what the design said at last.

    ``would_differ``: decisions that would have been others, had all that had happened been recorded on its day.
    """

    replicate: int
    dose: int
    end: Answer
    ended: date
    patients: Sequence[DltStatus]
    decisions: Sequence[DoseDecision]
    would_differ: Sequence[DoseDecision]
    crowd: Crowd
    log: Log
    conduct: Conduct
    loop: Phase1Loop
    #: the level that goes on to phase II: the declared one, unless a look at what was given says the one below
    handed_over: int


def run(plan: Phase1Plan, replicate: int) -> SimulatedPhase1:
    """Conduct one phase I with virtual patients. Raises BadInput for one that has not ended ten years after its last site opened."""
    return run_onto(plan, opened(plan), replicate)


def opened(plan: Phase1Plan, allocation: ByWhom = None) -> Conduct:
    """A new log that begins with phase I."""
    first = plan.trial.first_day
    part = 1 if plan.trial.in_parts else None
    return Conduct.open(plan.trial, moment(first), BY, allocation, virtual=True, part=part)


def run_onto(plan: Phase1Plan, conduct: Conduct, replicate: int) -> SimulatedPhase1:
    """The same onto a log that is open."""
    start = plan.trial.first_day
    loop = Phase1Loop(plan, conduct, Phase1People(plan, replicate))
    ended = loop.from_day(start, start + timedelta(days=accrual.horizon(plan.coming)))
    if ended is None or loop.end is None:
        problem = Problem(
            "endless", "accrual", f"replicate {replicate} has {len(loop.order)} assigned and goes on ten years after its last site opened",
            "trials that end by then, every one of them", "raise accrual.pace, add sites or rates",
        )  # fmt: skip
        raise BadInput(f"scenario {plan.scenario.id}", [problem])
    patients = [loop.status[name] for name in loop.order]
    dose = int(loop.end.dose or 0) if loop.end.action == "declare" else 0
    differ = tuple(_would_differ(plan, loop))
    handed = dose
    if plan.look is not None and dose:
        handed, ended = plan.look.taken(loop, dose, ended)
    now = moment(ended)
    if plan.trial.in_parts and handed:
        why = "" if handed == dose and loop.end.recommend == dose else "by the look at what was given"
        conduct.set_dose(plan.labels[handed - 1], ended, now, BY, why)
    else:
        conduct.order("enrolment closed", ended, now, BY, "the design ends")
    return SimulatedPhase1(
        replicate, dose, loop.end, ended, patients, tuple(loop.decisions), differ, loop.crowd, conduct.log, conduct, loop, handed
    )  # fmt: skip


def _would_differ(plan: Phase1Plan, loop: Phase1Loop) -> Sequence[DoseDecision]:
    """The decisions that would have been others, had every report that was late been made on its day."""
    late = [e for e in loop.conduct.log if e.kind in _REPORTED and (e.recorded.date() - e.happened).days > 1]
    # What was never recorded while the trial went on is late too.
    waiting = [
        Event(0, thing.kind, on, moment(day), BY, patient=name, data=thing.data)
        for day, things in loop.due.items() for name, on, thing in things if thing.kind in _REPORTED and thing.recorded > thing.day + 1
    ]  # fmt: skip
    late += waiting
    found = []
    for decision in loop.decisions:
        unknown = [e for e in late if e.happened < decision.day <= e.recorded.date() and _unrecorded(e, decision)]
        if not unknown:
            continue
        known = list(loop.conduct.log)[: decision.number]
        patients = list[DltStatus]()
        for name in loop.order[: decision.before]:
            record = Patient(name)
            own = [e for e in (*known, *unknown) if e.patient == name]
            for event in sorted(own, key=lambda e: e.happened):
                record.add(event)
            status = dlt_status(plan.trial, record, decision.day)
            after_lot = status.drawn or any(p.drawn for p in patients)
            patients.append(responding(plan.trial, record, decision.day, status, after_lot=after_lot))
        then = asked(plan, patients)
        if (then.action in ("declare", "stop"), then.dose) != (
            decision.answer.action in ("declare", "stop"),
            decision.answer.dose,
        ):
            found.append(decision)
    return found


def _unrecorded(event: Event, decision: DoseDecision) -> bool:
    return event.number == 0 or event.number > decision.number
