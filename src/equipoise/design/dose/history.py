"""A history of cohorts, as it is written down, taken into a design's state: who counts, who is waited for, and what was done against the design."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.design.dose.dose_design import RANDOMISE, DoseDesign, End, Give, Seen
from equipoise.design.dose.levels import dose_of, gone, named, not_above, shape_of
from equipoise.design.dose.meanwhile import Meanwhile, Wait, asked, in_time
from equipoise.trial.dose_outcomes import PatientOutcome, Treated
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
    """What a design says of a history. ``action``: start, escalate, stay, de-escalate, backfill, randomise, expand, stop, declare, or wait.

    ``places``: of doses that are given by lot, how many are left at each; ``dose`` is None then.

    ``posterior``: what else a model knows of each dose. ``dose`` is None where none is given; ``recommend``: the dose if the trial ended now, None for none. A combination is its levels, '2.3'.
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
    posterior: Mapping[str, tuple[float, ...]] | None = None
    places: tuple[int, ...] | None = None


def level_problems(design: DoseDesign[Any], cohorts: Sequence[Treated]) -> Iterator[Problem]:
    """Every level that the design has not, and who was backfilled by one that backfills nobody."""
    for i, cohort in enumerate(cohorts, 1):
        shape, given = shape_of(design), ".".join(map(str, cohort.level))
        if len(cohort.level) != len(shape):
            allowed = (
                "one number: this design has one drug's doses"
                if len(shape) == 1
                else f"a number for each of {len(shape)} drugs, such as {'.'.join(map(str, shape))}"
            )
            yield Problem("level", f"cohort {i}", given, allowed)
        elif dose_of(design, cohort.level) is None:
            most = f"{design.doses}" if len(shape) == 1 else " and 1 to ".join(map(str, shape))
            yield Problem("level", f"cohort {i}", given, f"a dose, 1 to {most}")
        if cohort.beside and not hasattr(design, "beside"):
            allowed = "a cohort without +, which says that its patients were backfilled: this design backfills nobody"
            yield Problem("no-backfill", f"cohort {i}", f"+{given}", allowed)


def take_in(design: DoseDesign[Any], cohorts: Sequence[Treated]) -> Told:
    """Fold a history, cohort by cohort. Raises BadInput with every level that the design has not."""
    problems = list(level_problems(design, cohorts))
    if problems:
        raise BadInput("outcomes", problems)
    state, waiting, cautions, replaced = design.start(), list[str](), list[str](), 0
    pending, dlts = list[tuple[int, int]](), list[int | None]()
    for i, cohort in enumerate(cohorts, 1):
        dose = dose_of(design, cohort.level) or 0
        name = named(design, dose)
        action = design.verdict(state).action
        # Of a later cohort, what was known when it came is not in the notation of a design that decides meanwhile; a lottery gives any dose first.
        known = not in_time(design) or (i == 1 and not getattr(design, "at_random", False))
        if known and isinstance(action, End):
            cautions.append(f"Cohort {i} came after the trial had ended ({action.why}).")
        elif dose in gone(design, state):
            cautions.append(f"Cohort {i} was given dose {name}, which is eliminated.")
        elif known and isinstance(action, Give) and not not_above(design, dose, action.dose):
            cautions.append(f"Cohort {i} was given dose {name}; the design gave dose {named(design, action.dose)}.")
        if (
            hasattr(design, "beside")
            and not cohort.beside
            and isinstance(action, Give)
            and dose < min(action.dose, state.at)
        ):
            cautions.append(
                f"Cohort {i} is below dose {named(design, action.dose)}, which the design gave: patients who were backfilled are written +{name}NN."
            )
        letters = [o.letter for o in cohort.outcomes]
        replaced += letters.count("X")
        for place, outcome in enumerate(cohort.outcomes, 1):
            if outcome.letter == "P":
                waiting.append(_who(i, place, cohort, outcome))
                pending.append((dose, outcome.days or 0))
            elif outcome.letter in "TB":
                dlts.append(outcome.days)
        state = after(design, state, dose, seen_of(letters), beside=cohort.beside)
    return Told(state, tuple(waiting), tuple(pending), tuple(dlts), replaced, tuple(cautions))


def after(design: DoseDesign[Any], state: Any, dose: int, seen: Seen, *, beside: bool) -> Any:
    """The state after a cohort, or after patients ``beside`` the cohorts."""
    # Only what has a backfill or an expansion writes that a patient was beside a cohort; other notations are refused when read.
    return design.beside(state, dose, seen) if beside else design.step(state, dose, seen)  # type: ignore[attr-defined]


def seen_of(letters: Sequence[str]) -> Seen:
    """Letters in numbers; who is pending or not evaluable does not count."""
    return Seen(letters.count("N"), letters.count("T"), letters.count("E"), letters.count("B"))


def _who(i: int, place: int, cohort: Treated, outcome: PatientOutcome) -> str:
    level = ".".join(map(str, cohort.level))
    return f"patient {place} of cohort {i} at dose {level}, followed for {outcome.days} days"


def day_problems(design: DoseDesign[Any], cohorts: Sequence[Treated], window: float | None) -> Iterator[Problem]:
    """What a history says of days that its window (days) has not: who is pending after its end, a DLT that came after it. Of a design that decides
    while patients are pending also a window, or a day, that is not told."""
    each = [(i, k, c, o) for i, c in enumerate(cohorts, 1) for k, o in enumerate(c.outcomes, 1)]
    meanwhile = in_time(design) and any(o.letter == "P" for *_, o in each)
    if meanwhile and window is None:
        yield Problem("window", "--window", "nothing", "the days for which each is followed, for somebody is pending")
    if window is not None:
        for i, k, cohort, o in each:
            if o.letter == "P" and (o.days or 0) >= window:
                allowed = f"fewer than {window:g}: N after the whole window"
                yield Problem("pending", _who(i, k, cohort, o), f"{o.days} days", allowed)
    toxic = dict.fromkeys(str(o) for *_, o in each if o.letter in "TB")
    unsaid = meanwhile and getattr(design, "asks_when", False)
    for said in toxic:
        day = said.partition(":")[2]
        if day and window is not None and int(day) > window:
            allowed = f"at most {window:g} days, the window"
            yield Problem("dlt-day", "outcomes", said, allowed, "N: what came later is no DLT")
        elif not day and unsaid:
            yield Problem("dlt-day", "outcomes", said, f"{said}:days: adaptive weights ask when each DLT came")


def known_in(told: Told, window: float) -> Meanwhile:
    """Follow-up as shares of the window (days)."""
    pending = tuple((dose, days / window) for dose, days in told.pending)
    return Meanwhile(pending, tuple(day / window for day in told.dlts if day is not None))


def answer(design: DoseDesign[Any], cohorts: Sequence[Treated], window: float | None = None) -> Answer:
    """What comes next. ``window``: days for which each is followed, for a design that decides meanwhile; any other waits for all who are pending."""
    problems = [*level_problems(design, cohorts), *day_problems(design, cohorts, window)]
    if problems:
        raise BadInput("outcomes", problems)
    told = take_in(design, cohorts)
    state = told.state
    best = design.recommend(state)
    chosen = named(design, best) if best else None
    counts = tuple(state.n), tuple(state.dlt)
    model = getattr(design, "ptox", None)
    meanwhile = in_time(design)
    known = known_in(told, window) if meanwhile and told.pending and window is not None else Meanwhile()
    ptox = None if model is None else tuple(model(state, known) if meanwhile else model(state))
    more = getattr(design, "posterior", None)
    told_by_model = ptox, None if more is None else more(state)
    if told.waiting and not meanwhile:
        why = (f"The design waits for {len(told.waiting)}: {'; '.join(told.waiting)}.",)
        return Answer("wait", None, 0, why, (), chosen, told.cautions, *counts, *told_by_model)
    verdict = asked(design, state, known)
    if isinstance(verdict, Wait):
        said = (verdict.why, *(f"Pending: {who}." for who in told.waiting))
        return Answer("wait", None, 0, said, (), chosen, told.cautions, *counts, *told_by_model)
    replaced = (f"{told.replaced} not evaluable, not counted.",) if told.replaced else ()
    if isinstance(verdict.action, End):
        dose = chosen if verdict.action.declares else None
        name = verdict.name(state.at) if chosen or not verdict.action.declares else "stop"
        return Answer(name, dose, 0, verdict.because, verdict.bound, dose, told.cautions, *counts, *told_by_model)
    if verdict.called == RANDOMISE:
        # Only designs that compare doses say it, and these draw places.
        places = design.places(state, known)  # type: ignore[attr-defined]
        return Answer(
            RANDOMISE, None, sum(places), (*verdict.because, *replaced), verdict.bound, chosen, told.cautions, *counts, *told_by_model,
            places,
        )  # fmt: skip
    return Answer(
        verdict.name(state.at), named(design, verdict.action.dose), verdict.action.size, (*verdict.because, *replaced), verdict.bound, chosen,
        told.cautions, *counts, *told_by_model,
    )  # fmt: skip
