"""What holds of every dose-finding design, as a check that any of them can be given to: yours, too.

    from equipoise.design.dose.conformance import faults_of

Of states that a design can reach: the order within a cohort is no part of a state, by the type of ``Seen``; one more DLT in the last
cohort never leads higher (where responses do not count: by a utility a dose not tried may be worth more than one that disappoints); an eliminated dose is never given again; folding ``step`` again gives the same state; every trial ends
within its number of patients; probabilities of the ends add up to 1; trials simulated patient by patient agree with the exact sum over merged
states; and the dose recommended was given to somebody.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from equipoise.design.dose.dose_design import DoseDesign, End, Seen
from equipoise.design.dose.exact import DoseTruth, characteristics, ends, results
from equipoise.design.dose.levels import gone
from equipoise.design.dose.simulated import without_time

#: Simulated trials that the exact sum is held to; always the same patients.
_TRIALS = 1000


def faults_of(design: DoseDesign[Any], most_states: int = 20_000) -> list[str]:
    """What a design does that none may do, each in a sentence; empty: it conforms, as far as ``most_states`` states go."""
    return list(dict.fromkeys(_faults(design, most_states)))


def _faults(design: DoseDesign[Any], most_states: int) -> Iterator[str]:
    start = design.start()
    if start != design.start() or hash(start) != hash(design.start()):
        yield "start() gives two states that differ"
    seen: set[Any] = {start}
    todo: list[Any] = [start]
    while todo and len(seen) < most_states:
        state = todo.pop()
        action = design.verdict(state).action
        chosen = design.recommend(state)
        if not 0 <= chosen <= design.doses:
            yield f"recommends dose {chosen} of {design.doses}"
        elif chosen and state.n[chosen - 1] == 0:
            yield f"recommends dose {chosen}, which nobody was given"
        if isinstance(action, End):
            if not action.declares and chosen:
                yield f"ends without a dose ({action.why}) and recommends dose {chosen}"
            continue
        if not 1 <= action.dose <= design.doses or action.size < 1:
            yield f"asks for {action.size} patients at dose {action.dose} of {design.doses}"
            continue
        if action.dose in gone(design, state):
            yield f"gives dose {action.dose}, which is eliminated"
        if not design.of_response:  # a utility may prefer a dose that nobody knows to one known to be toxic
            yield from _more_is_never_higher(design, state, action.dose, action.size)
        for cohort, _ in results(action.size, design.of_response):
            to = design.step(state, action.dose, cohort)
            if to != design.step(state, action.dose, cohort):
                yield "step() gives two states that differ"
            alike = getattr(design, "alike", None)
            if alike and to != design.step(state, action.dose, alike(cohort)):
                yield "alike() takes for one what leads to two states"
            if to.n[action.dose - 1] != state.n[action.dose - 1] + cohort.n:
                yield "step() does not count a cohort's patients at its dose"
            if to not in seen:
                seen.add(to)
                todo.append(to)
    if not todo:
        for rate in (0.0, 0.3, 1.0):
            truth = DoseTruth((rate,) * design.doses, (0.3,) * design.doses if design.of_response else ())
            total = sum(p for _, p in ends(design, truth))
            if abs(total - 1) > 1e-9:
                yield f"the probabilities of its ends add up to {total:.12g}"
        # Simulated patients of a design that reads exposures tell more than the counts that the exact sum is over.
        if not hasattr(design, "with_exposure"):
            yield from _exact_is_not_simulated(design, most_states)


def _exact_is_not_simulated(design: DoseDesign[Any], most_states: int) -> Iterator[str]:
    """Where the exact sum and simulated trials part: states that are equal decide alike, or what is summed over them is wrong."""
    rates = tuple(d / (design.doses + 2) for d in range(1, design.doses + 1))
    truth = DoseTruth(rates, (0.3,) * design.doses if design.of_response else ())
    exact, named = characteristics(design, truth, most_states), [0] * (design.doses + 1)
    for trial in range(_TRIALS):
        # Nothing is kept from one trial to the next: what is asked is whether it could be.
        named[without_time(design, truth, 1, trial, {})[2]] += 1
    pairs = zip((exact.select_none, *exact.select), (k / _TRIALS for k in named), strict=True)
    for dose, (p, found) in enumerate(pairs):
        if abs(found - p) > 5 * math.sqrt(max(p * (1 - p), 0.0) / _TRIALS) + 3 / _TRIALS:
            yield f"{f'dose {dose}' if dose else 'no dose'} is chosen with probability {p:.4f}, and in {found:.4f} of simulated trials"


def _more_is_never_higher(design: DoseDesign[Any], state: Any, dose: int, size: int) -> Iterator[str]:
    """With one DLT more in the cohort the next dose is not higher; no dose at all is the lowest."""

    def level(cohort: Seen) -> float:
        action = design.verdict(design.step(state, dose, cohort)).action
        if isinstance(action, End):
            return 0 if not action.declares else -1
        return action.dose

    found = [level(Seen(size - y, y)) for y in range(size + 1)]
    given = [v for v in found if v >= 0]  # an end with a dose is neither higher nor lower
    for a, b in pairwise(given):
        if b > a:
            yield f"one DLT more at dose {dose} leads from dose {a:g} to dose {b:g}"
