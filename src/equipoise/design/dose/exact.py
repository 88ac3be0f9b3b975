"""Exact behaviour of any dose-finding design: probabilities of states, not of paths.

A design decides from its state, and many sequences of outcomes lead to the same state; so probabilities are carried from states
to states, cohort by cohort, and summed where they meet. Five doses and ten cohorts of three have 1,048,576 sequences and some
thousands of states.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import comb, factorial
from typing import Any, TypeVar

from equipoise.design.dose.dose_design import DoseDesign, End, Seen
from equipoise.trial.problem import BadInput, Problem

S = TypeVar("S", bound=Hashable)


@dataclass(frozen=True)
class DoseTruth:
    """Probabilities of a DLT and, where responses count, of a response, one for each dose. The two are independent in a patient."""

    dlt: tuple[float, ...]
    response: tuple[float, ...] = ()

    def chances(self, dose: int) -> tuple[float, float, float, float]:
        """Of neither, a DLT alone, a response alone, both."""
        t = self.dlt[dose - 1]
        e = self.response[dose - 1] if self.response else 0.0
        return (1 - t) * (1 - e), t * (1 - e), (1 - t) * e, t * e


@dataclass(frozen=True)
class DoseCharacteristics:
    """How a design behaves under a truth. ``select``: chance that it recommends each dose at its end; ``select_none``: none.

    ``patients``, ``dlts``: expected at each dose; ``cohorts``: expected number. ``ends``: why it ended, with its chance.
    ``mc_error``: Monte-Carlo standard errors of ``select`` and, last, of ``select_none``; None where they are exact. ``trials``: how many were
    simulated; ``months``, ``turned_away``: on average, where they were simulated in calendar time; ``backfilled``: patients of each dose
    who were given it beside the cohorts.
    """

    method: str
    truth: DoseTruth
    select: tuple[float, ...]
    select_none: float
    patients: tuple[float, ...]
    dlts: tuple[float, ...]
    cohorts: float
    ends: dict[str, float]
    states: int = 0
    mc_error: tuple[float, ...] | None = None
    trials: int = 0
    months: float | None = None
    months_error: float | None = None
    turned_away: float | None = None
    backfilled: tuple[float, ...] | None = None

    @property
    def total(self) -> float:
        """Expected number of patients."""
        return sum(self.patients)


@cache
def results(size: int, of_response: bool) -> tuple[tuple[Seen, int], ...]:
    """What a cohort of ``size`` may show, each with in how many orders."""
    if not of_response:
        return tuple((Seen(size - y, y), comb(size, y)) for y in range(size + 1))
    found = []
    for t, e, b in product(range(size + 1), repeat=3):
        if t + e + b <= size:
            n = size - t - e - b
            orders = factorial(size) // (factorial(n) * factorial(t) * factorial(e) * factorial(b))
            found.append((Seen(n, t, e, b), orders))
    return tuple(found)


def told_apart(design: DoseDesign[Any], size: int, of_response: bool) -> list[tuple[Seen, int, int]]:
    """``results``, each with the place of the first that leads wherever it leads: a design may have ``alike``, which says what of it does not count."""
    alike = getattr(design, "alike", None)
    first: dict[Seen, int] = {}
    return [
        (seen, orders, first.setdefault(alike(seen) if alike else seen, place))
        for place, (seen, orders) in enumerate(results(size, of_response))
    ]


def chance(seen: Seen, orders: int, at: Sequence[float]) -> float:
    """The probability of what a cohort shows."""
    return float(orders * at[0] ** seen.none * at[1] ** seen.toxic * at[2] ** seen.response * at[3] ** seen.both)


def foreseen(design: DoseDesign[Any], states: Iterable[Any]) -> None:
    """Tell a design which states it will be asked about: one whose model is learnt faster of many at once has a ``foresee``."""
    foresee = getattr(design, "foresee", None)
    if foresee is not None:
        foresee(list(states))


def ends(design: DoseDesign[Any], truth: DoseTruth, most_states: int = 2_000_000) -> Iterator[tuple[Any, float]]:
    """The states in which the trial may end, each with its probability; they add up to 1. Raises BadInput for too many states."""
    return ((state, p) for state, p, _ in _ends(design, truth, most_states))


def _ends(design: DoseDesign[Any], truth: DoseTruth, most_states: int) -> Iterator[tuple[Any, float, End]]:
    check_truth(design, truth)
    at = [truth.chances(d) for d in range(1, design.doses + 1)]
    known: dict[tuple[Any, int], list[tuple[Seen, float]]] = {}
    layer: dict[Any, float] = {design.start(): 1.0}
    met = 0
    while layer:
        after: dict[Any, float] = {}
        foreseen(design, layer)
        for state, p in layer.items():
            action = design.verdict(state).action
            if isinstance(action, End):
                met += 1
                yield state, p, action
                continue
            dose, size = action.dose, action.size
            if (dose, size) not in known:
                known[dose, size] = _ways(design, size, at[dose - 1])
            for seen, q in known[dose, size]:
                to = design.step(state, dose, seen)
                after[to] = after.get(to, 0.0) + p * q
        if len(after) > most_states:
            raise too_many_states(most_states)
        layer = after


def _ways(design: DoseDesign[Any], size: int, at: Sequence[float]) -> list[tuple[Seen, float]]:
    """What a cohort at a dose may show, with its probability: what leads to the same state together."""
    apart = told_apart(design, size, design.of_response)
    together: dict[int, float] = {}
    for seen, orders, first in apart:
        together[first] = together.get(first, 0.0) + chance(seen, orders, at)
    return [(apart[k][0], q) for k, q in together.items() if q > 0]


def characteristics(design: DoseDesign[Any], truth: DoseTruth, most_states: int = 2_000_000) -> DoseCharacteristics:
    """Exact behaviour under a truth. Raises BadInput for a truth of another number of doses or out of range, or too many states."""
    doses = design.doses
    select, patients, dlts = [0.0] * (doses + 1), [0.0] * doses, [0.0] * doses
    why: dict[str, float] = {}
    count, cohorts = 0, 0.0
    for state, p, action in _ends(design, truth, most_states):
        count += 1
        select[design.recommend(state)] += p
        cohorts += p * state.cohorts
        for i, (n, y) in enumerate(zip(state.n, state.dlt, strict=True)):
            patients[i] += p * n
            dlts[i] += p * y
        why[action.why] = why.get(action.why, 0.0) + p
    return DoseCharacteristics(
        "exact", truth, tuple(select[1:]), select[0], tuple(patients), tuple(dlts), cohorts, why, count
    )  # fmt: skip


def too_many_states(most: int) -> BadInput:
    """What is said where an exact sum would not end."""
    given = f"more than {most:,} states at once"
    return BadInput("exact", [Problem("too-many-states", "design", given, "fewer cohorts", "--behaviour simulated")])


def rate_problems(where: str, given: Sequence[float]) -> Iterator[Problem]:
    """What of true rates is no probability."""
    for i, p in enumerate(given, 1):
        if not 0 <= p <= 1:
            yield Problem("truth", f"{where}, dose {i}", str(p), "a probability, 0 to 1")


def truth_problems(design: DoseDesign[Any], truth: DoseTruth) -> Iterator[Problem]:
    """What of a truth does not fit the design."""
    for where, given in (("truth", truth.dlt), ("response", truth.response)):
        if where == "response" and not design.of_response:
            continue
        if len(given) != design.doses:
            allowed = f"a probability for each of {design.doses} doses"
            yield Problem("truth", where, f"{len(given)} probabilities", allowed)
        yield from rate_problems(where, given)


def check_truth(design: DoseDesign[Any], truth: DoseTruth) -> None:
    """Raise BadInput for a truth that does not fit the design, with all problems."""
    problems = list(truth_problems(design, truth))
    if problems:
        raise BadInput("truth", problems)
