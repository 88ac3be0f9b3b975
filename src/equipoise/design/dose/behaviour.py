"""How a dose-finding design behaves: exactly where that can be had, else simulated by its own verdict."""

from __future__ import annotations

from typing import Any, Literal

from equipoise.design.dose.dose_design import DoseDesign
from equipoise.design.dose.exact import DoseCharacteristics, DoseTruth
from equipoise.design.dose.interval_exact import characteristics
from equipoise.design.dose.meanwhile import in_time
from equipoise.design.dose.simulated import Calendar, simulate
from equipoise.trial.problem import BadInput, Problem

How = Literal["auto", "exact", "simulated"]
#: Where nobody asks for exact numbers, more states than these are simulated instead: some seconds either way.
_AUTO_STATES = 50_000


def behaviour(
    design: DoseDesign[Any], truth: DoseTruth, how: How = "auto", trials: int = 2000, seed: int | str = 1, calendar: Calendar | None = None
) -> DoseCharacteristics:  # fmt: skip
    """Behaviour under a truth. A design that decides while patients are pending is simulated in calendar time.

    Raises BadInput for a truth that does not fit, for such a design without a calendar or asked for exact numbers, and for exact numbers of
    more states than can be held.
    """
    if in_time(design):
        problems = []
        if calendar is None:
            allowed = "both: what a design decides while patients are pending depends on how fast they come"
            problems.append(Problem("needs-time", "--accrual, --window", "nothing", allowed))
        if how == "exact":
            allowed = "simulated: it depends on time"
            problems.append(Problem("not-exact", "--behaviour", "exact", allowed))
        if problems or calendar is None:
            raise BadInput("design", problems)
        return simulate(design, truth, trials, seed, calendar)
    if how == "simulated":
        return simulate(design, truth, trials, seed, calendar)
    if how == "exact":
        return characteristics(design, truth)
    try:
        return characteristics(design, truth, _AUTO_STATES)
    except BadInput as bad:
        if bad.problems[0].code != "too-many-states":
            raise
        return simulate(design, truth, trials, seed, calendar)
