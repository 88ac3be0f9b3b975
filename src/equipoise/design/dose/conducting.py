"""A dose-finding design in a trial that is conducted: patients come one by one, and fill cohorts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from equipoise.design.dose.dose_design import DoseDesign, Give
from equipoise.design.dose.history import Answer, answer, seen_of
from equipoise.design.dose.meanwhile import in_time
from equipoise.trial.dose_outcomes import PatientOutcome, Treated


def in_cohorts(design: DoseDesign[Any], given: Sequence[tuple[int, PatientOutcome]]) -> tuple[Treated, ...]:
    """Patients, each with his level, in the order in which they were assigned, as the cohorts that they filled.

    A cohort ends where the level changes, or where as many as the design asked for are evaluable or pending: who is not evaluable is
    replaced in it. Whoever was assigned to another level than the design gave makes a cohort of the usual size.
    """
    found: list[Treated] = []
    size = _size(design, found, given[0][0]) if given else 0
    for level, outcome in given:
        last = found[-1] if found else None
        if last is not None and last.level == (level,) and _counted(last) < size:
            found[-1] = Treated(last.level, (*last.outcomes, outcome))
            continue
        size = _size(design, found, level)
        found.append(Treated((level,), (outcome,)))
    return tuple(found)


def next_dose(design: DoseDesign[Any], cohorts: Sequence[Treated], window: float) -> Answer:
    """What comes next. A cohort that is not full is filled, unless what is known of it already leads lower whatever the others have.

    ``window``: days for which each is followed, for a design that decides meanwhile.
    """
    asked = answer(design, cohorts, window)
    if not cohorts:
        return asked
    *before, last = cohorts
    level, missing = last.level[0], _size(design, before, last.level[0]) - _counted(last)
    earlier = any(o.letter == "P" for c in before for o in c.outcomes)
    if missing <= 0 or (earlier and not in_time(design)) or _leads_lower(design, before, last, missing, asked):
        return asked
    why = f"{_counted(last)} of {_counted(last) + missing} patients of this cohort at dose {level}: {missing} more."
    replaced = sum(o.letter == "X" for o in last.outcomes)
    because = (why, f"{replaced} not evaluable, replaced.") if replaced else (why,)
    return replace(asked, action="stay", dose=level, size=missing, because=because, bound=())


def _leads_lower(
    design: DoseDesign[Any], before: Sequence[Treated], last: Treated, missing: int, asked: Answer
) -> bool:
    """Whether what is known of a cohort that is not full ends the trial or leads lower, though nobody else has a DLT."""
    if in_time(design):
        return asked.action in ("stop", "de-escalate")
    here, state = last.level[0], _state(design, before)
    known = ["N" if o.letter == "P" else o.letter for o in last.outcomes]
    now = design.verdict(design.step(state, here, seen_of(known))).action
    then = design.verdict(design.step(state, here, seen_of([*known, *"N" * missing]))).action
    if isinstance(then, Give):
        return then.dose < here
    # An end that only a full cohort brings, as by the number of patients, is no reason not to fill it.
    return not then.declares or not isinstance(now, Give)


def _state(design: DoseDesign[Any], cohorts: Sequence[Treated]) -> Any:
    """The design's state after cohorts, without those who are pending."""
    state = design.start()
    for cohort in cohorts:
        state = design.step(state, cohort.level[0], seen_of([o.letter for o in cohort.outcomes]))
    return state


def _counted(cohort: Treated) -> int:
    """Who is evaluable, or may come to be."""
    return sum(o.letter != "X" for o in cohort.outcomes)


def _size(design: DoseDesign[Any], before: Sequence[Treated], level: int) -> int:
    """How many the design asks for at this level after these cohorts; the size of a first cohort where it asks for none there."""
    first = design.verdict(design.start()).action
    usual = first.size if isinstance(first, Give) else 1
    if any(o.letter == "P" for c in before for o in c.outcomes):
        return usual
    action = design.verdict(_state(design, before)).action
    return action.size if isinstance(action, Give) and action.dose == level else usual
