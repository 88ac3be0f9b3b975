"""A history of cohorts, as it is written down, taken into a design's state: who counts, who is waited for, and what was done against the design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.design.dose.dose_design import DoseDesign, End, Seen
from equipoise.design.dose.levels import dose_of, gone, named, shape_of
from equipoise.design.dose.meanwhile import Meanwhile, Wait, asked, in_time
from equipoise.trial.dose_outcomes import Treated
from equipoise.trial.problem import BadInput, Problem


@dataclass(frozen=True)
class Told:
    """Where a history has led: the state, who is waited for (cohort and place, from 1), who is replaced, and what a reader must be told.

    ``pending``: dose and days followed of each who is waited for; ``dlts``: the day of each DLT, None where it is not told.
    """

    state: Any
    waiting: tuple[str, ...]
    pending: tuple[tuple[int, int], ...]
    dlts: tuple[int | None, ...]
    replaced: int
    cautions: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What a design says of a history. ``action``: start, escalate, stay, de-escalate, stop, declare, or wait.

    ``dose`` is None where none is given; ``recommend``: the dose if the trial ended now, None for none. A combination is its levels, '2.3'.
    """

    action: str
    dose: int | str | None
    size: int
    because: tuple[str, ...]
    bound: tuple[str, ...]
    recommend: int | str | None
    cautions: tuple[str, ...]
    n: tuple[int, ...]
    dlt: tuple[int, ...]
    ptox: tuple[float, ...] | None = None


def take_in(design: DoseDesign[Any], cohorts: Sequence[Treated]) -> Told:
    """Fold a history, cohort by cohort. Raises BadInput with every level that the design has not."""
    problems = []
    for i, cohort in enumerate(cohorts, 1):
        shape, given = shape_of(design), ".".join(map(str, cohort.level))
        if len(cohort.level) != len(shape):
            allowed = (
                "one number: this design has one drug's doses"
                if len(shape) == 1
                else f"a number for each of {len(shape)} drugs, such as {'.'.join(map(str, shape))}"
            )
            problems.append(Problem("level", f"cohort {i}", given, allowed))
        elif dose_of(design, cohort.level) is None:
            most = f"{design.doses}" if len(shape) == 1 else " and 1 to ".join(map(str, shape))
            problems.append(Problem("level", f"cohort {i}", given, f"a dose, 1 to {most}"))
    if problems:
        raise BadInput("outcomes", problems)
    state, waiting, cautions, replaced = design.start(), list[str](), list[str](), 0
    pending, dlts = list[tuple[int, int]](), list[int | None]()
    for i, cohort in enumerate(cohorts, 1):
        dose = dose_of(design, cohort.level) or 0
        name = named(design, dose)
        if i > 1 or state.at:
            action = design.verdict(state).action
            if in_time(design):
                # What was known when this cohort came is not in the notation.
                if dose in gone(design, state):
                    cautions.append(f"Cohort {i} was given dose {name}, which is eliminated.")
            elif isinstance(action, End):
                cautions.append(f"Cohort {i} came after the trial had ended ({action.why}).")
            elif dose in gone(design, state):
                cautions.append(f"Cohort {i} was given dose {name}, which is eliminated.")
            elif dose > action.dose:
                cautions.append(f"Cohort {i} was given dose {name}; the design gave dose {named(design, action.dose)}.")
        letters = [o.letter for o in cohort.outcomes]
        replaced += letters.count("X")
        for place, outcome in enumerate(cohort.outcomes, 1):
            if outcome.letter == "P":
                waiting.append(f"patient {place} of cohort {i} at dose {name}, followed for {outcome.days} days")
                pending.append((dose, outcome.days or 0))
            elif outcome.letter in "TB":
                dlts.append(outcome.days)
        state = design.step(state, dose, seen_of(letters))
    return Told(state, tuple(waiting), tuple(pending), tuple(dlts), replaced, tuple(cautions))


def seen_of(letters: Sequence[str]) -> Seen:
    """Letters in numbers; who is pending or not evaluable does not count."""
    return Seen(letters.count("N"), letters.count("T"), letters.count("E"), letters.count("B"))


def known_in(told: Told, design: DoseDesign[Any], window: float | None) -> Meanwhile:
    """Follow-up as shares of the window (days). Raises BadInput without a window, or where somebody is followed for longer."""
    problems = []
    if window is None:
        allowed = "the days for which each is followed, for somebody is pending"
        raise BadInput("outcomes", [Problem("window", "--window", "nothing", allowed)])
    for who, (_, days) in zip(told.waiting, told.pending, strict=True):
        if days >= window:
            problems.append(Problem("pending", who, f"{days} days", f"fewer than {window:g}: N after the whole window"))
    for day in told.dlts:
        if day is None and getattr(design, "asks_when", False):
            problems.append(Problem("dlt-day", "outcomes", "T", "T:days: adaptive weights ask when each DLT came"))
        elif day is not None and day > window:
            problems.append(Problem("dlt-day", "outcomes", f"T:{day}", f"at most {window:g} days, the window"))
    if problems:
        raise BadInput("outcomes", problems)
    pending = tuple((dose, days / window) for dose, days in told.pending)
    return Meanwhile(pending, tuple(day / window for day in told.dlts if day is not None))


def answer(design: DoseDesign[Any], cohorts: Sequence[Treated], window: float | None = None) -> Answer:
    """What comes next. ``window``: days for which each is followed, for a design that decides meanwhile; any other waits for all who are pending."""
    told = take_in(design, cohorts)
    state = told.state
    best = design.recommend(state)
    chosen = named(design, best) if best else None
    counts = tuple(state.n), tuple(state.dlt)
    model = getattr(design, "ptox", None)
    meanwhile = in_time(design)
    known = known_in(told, design, window) if meanwhile and told.pending else Meanwhile()
    ptox = None if model is None else tuple(model(state, known) if meanwhile else model(state))
    if told.waiting and not meanwhile:
        why = (f"The design waits for {len(told.waiting)}: {'; '.join(told.waiting)}.",)
        return Answer("wait", None, 0, why, (), chosen, told.cautions, *counts, ptox)
    verdict = asked(design, state, known)
    if isinstance(verdict, Wait):
        said = (verdict.why, *(f"Pending: {who}." for who in told.waiting))
        return Answer("wait", None, 0, said, (), chosen, told.cautions, *counts, ptox)
    replaced = (f"{told.replaced} not evaluable, not counted.",) if told.replaced else ()
    if isinstance(verdict.action, End):
        dose = chosen if verdict.action.declares else None
        name = verdict.name(state.at) if chosen or not verdict.action.declares else "stop"
        return Answer(name, dose, 0, verdict.because, verdict.bound, dose, told.cautions, *counts, ptox)
    return Answer(
        verdict.name(state.at), named(design, verdict.action.dose), verdict.action.size, (*verdict.because, *replaced), verdict.bound, chosen,
        told.cautions, *counts, ptox,
    )  # fmt: skip
