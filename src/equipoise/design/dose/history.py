"""A history of cohorts, as it is written down, taken into a design's state: who counts, who is waited for, and what was done against the design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.design.dose.dose_design import DoseDesign, DoseVerdict, End, Seen
from equipoise.trial.dose_outcomes import Treated
from equipoise.trial.problem import BadInput, Problem


@dataclass(frozen=True)
class Told:
    """Where a history has led: the state, who is waited for (cohort and place, from 1), who is replaced, and what a reader must be told."""

    state: Any
    waiting: tuple[str, ...]
    replaced: int
    cautions: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What a design says of a history. ``action``: start, escalate, stay, de-escalate, stop, declare, or wait.

    ``dose`` is None where none is given; ``recommend``: the dose if the trial ended now, None for none.
    """

    action: str
    dose: int | None
    size: int
    because: tuple[str, ...]
    bound: tuple[str, ...]
    recommend: int | None
    cautions: tuple[str, ...]
    n: tuple[int, ...]
    dlt: tuple[int, ...]
    ptox: tuple[float, ...] | None = None


def take_in(design: DoseDesign[Any], cohorts: Sequence[Treated]) -> Told:
    """Fold a history, cohort by cohort. Raises BadInput with every level that the design has not."""
    problems = []
    for i, cohort in enumerate(cohorts, 1):
        if len(cohort.level) != 1:
            given = ".".join(map(str, cohort.level))
            problems.append(Problem("level", f"cohort {i}", given, "one number: this design has one drug's doses"))
        elif cohort.level[0] > design.doses:
            problems.append(Problem("level", f"cohort {i}", str(cohort.level[0]), f"a dose, 1 to {design.doses}"))
    if problems:
        raise BadInput("outcomes", problems)
    state, waiting, cautions, replaced = design.start(), list[str](), list[str](), 0
    for i, cohort in enumerate(cohorts, 1):
        dose = cohort.level[0]
        if i > 1 or state.at:
            action = design.verdict(state).action
            if isinstance(action, End):
                cautions.append(f"Cohort {i} came after the trial had ended ({action.why}).")
            elif dose >= getattr(state, "out", design.doses + 1):
                cautions.append(f"Cohort {i} was given dose {dose}, which is eliminated.")
            elif dose > action.dose:
                cautions.append(f"Cohort {i} was given dose {dose}; the design gave dose {action.dose}.")
        letters = [o.letter for o in cohort.outcomes]
        replaced += letters.count("X")
        for place, outcome in enumerate(cohort.outcomes, 1):
            if outcome.letter == "P":
                waiting.append(f"patient {place} of cohort {i} at dose {dose}, followed for {outcome.days} days")
        state = design.step(state, dose, seen_of(letters))
    return Told(state, tuple(waiting), replaced, tuple(cautions))


def seen_of(letters: Sequence[str]) -> Seen:
    """Letters in numbers; who is pending or not evaluable does not count."""
    return Seen(letters.count("N"), letters.count("T"), letters.count("E"), letters.count("B"))


def answer(design: DoseDesign[Any], cohorts: Sequence[Treated]) -> Answer:
    """What comes next. A design without partial follow-up waits for everybody who is pending."""
    told = take_in(design, cohorts)
    state = told.state
    chosen = design.recommend(state) or None
    counts = tuple(state.n), tuple(state.dlt)
    model = getattr(design, "ptox", None)
    ptox = None if model is None else tuple(model(state))
    if told.waiting:
        why = (f"The design waits for {len(told.waiting)}: {'; '.join(told.waiting)}.",)
        return Answer("wait", None, 0, why, (), chosen, told.cautions, *counts, ptox)
    verdict: DoseVerdict = design.verdict(state)
    if isinstance(verdict.action, End):
        dose = chosen if verdict.action.declares else None
        kept = chosen if verdict.action.declares else None
        name = verdict.name(state.at) if chosen or not verdict.action.declares else "stop"
        return Answer(name, dose, 0, verdict.because, verdict.bound, kept, told.cautions, *counts, ptox)
    replaced = (f"{told.replaced} not evaluable, not counted.",) if told.replaced else ()
    return Answer(
        verdict.name(state.at), verdict.action.dose, verdict.action.size, (*verdict.because, *replaced), verdict.bound, chosen,
        told.cautions, *counts, ptox,
    )  # fmt: skip
