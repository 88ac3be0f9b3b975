"""How a dose-finding design behaves: exactly where that can be had, else simulated by its own verdict."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Literal, cast

from equipoise.design.dose.dose_design import DoseDesign
from equipoise.design.dose.exact import DoseCharacteristics, DoseTruth
from equipoise.design.dose.exact_behaviour import characteristics
from equipoise.design.dose.meanwhile import in_time
from equipoise.design.dose.simulated import Calendar, simulate
from equipoise.trial.problem import BadInput, Problem

How = Literal["auto", "exact", "simulated"]
#: Where nobody asks for exact numbers, more states than these are simulated instead: some seconds either way.
_AUTO_STATES = 50_000


def _takes_time(design: DoseDesign[Any]) -> bool:
    """Whether what a design decides depends on how fast patients come."""
    return in_time(design) and not getattr(design, "timeless", False)


def time_problems(design: DoseDesign[Any], how: How, calendar: Calendar | None) -> Iterator[Problem]:
    """Why the behaviour of a design that depends on time cannot be had so."""
    if not _takes_time(design):
        return
    if calendar is None:
        allowed = "both: what a design decides while patients are pending depends on how fast they come"
        yield Problem("needs-time", "--accrual, --window", "nothing", allowed)
    if how == "exact":
        yield Problem("not-exact", "--behaviour", "exact", "simulated: it depends on time")


def behaviour(
    design: DoseDesign[Any], truth: DoseTruth, how: How = "auto", trials: int = 2000, seed: int | str = 1, calendar: Calendar | None = None,
    workers: int = 1,
) -> DoseCharacteristics:  # fmt: skip
    """Behaviour under a truth. A design that decides while patients are pending is simulated in calendar time, unless time changes nothing that it decides.

    Raises BadInput for a truth that does not fit, for such a design without a calendar or asked for exact numbers, and for exact numbers of
    more states than can be held.
    """
    if _takes_time(design):
        problems = list(time_problems(design, how, calendar))
        if problems:
            raise BadInput("design", problems)
        return simulate(design, truth, trials, seed, calendar, workers)
    if how == "simulated":
        return simulate(design, truth, trials, seed, calendar, workers)
    # A design may know a shorter way to its own exact behaviour than from state to state.
    exactly = getattr(design, "exactly", None) or partial(characteristics, design)
    if how == "exact":
        return cast("DoseCharacteristics", exactly(truth))
    try:
        return cast("DoseCharacteristics", exactly(truth, _AUTO_STATES))
    except BadInput as bad:
        if bad.problems[0].code != "too-many-states":
            raise
        return simulate(design, truth, trials, seed, calendar, workers)
