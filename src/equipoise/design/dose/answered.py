"""How long a trial takes to its last answer, on average and exactly, where everybody of a cohort is answered before the next one begins.

Patients come at random (Poisson, ``accrual`` a month); who comes while a cohort is waited for is turned away. A cohort is answered when its last answer is
known: a DLT gives it on its day, no DLT at the window's end. Each patient who is treated costs 1/accrual, and each cohort what it is waited for after its
last patient came; a wait depends on the cohort's dose and size alone, so expectations add up whatever the design decides.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from equipoise.design.dose.dose_design import DoseDesign, End
from equipoise.design.dose.exact import DoseCharacteristics, DoseTruth, chance, results
from equipoise.design.dose.exact_behaviour import in_arrays
from equipoise.design.dose.meanwhile import in_time
from equipoise.design.dose.simulated import Calendar

#: Steps of the window in sums over it; of a window that many patients fill, as many more.
_STEPS = 4000
#: More states than these are not gone through again to count cohorts.
_MOST_STATES = 200_000


def months_to_the_last_answer(
    design: DoseDesign[Any], c: DoseCharacteristics, calendar: Calendar
) -> tuple[float, float] | None:
    """Months, and patients turned away, of a design whose exact behaviour is ``c``; None where it does not wait for whole cohorts, where patients do not
    come at random, or where cohorts of a size cannot be counted."""
    waits = not in_time(design) and not hasattr(design, "base")
    if not waits or calendar.arrivals != "poisson" or calendar.first != "after a gap":
        return None
    given = cohorts_given(design, c)
    if given is None:
        return None
    waited = sum(k * wait(size, c.truth.dlt[dose - 1], calendar) for (dose, size), k in given.items())
    return c.total / calendar.accrual + waited, waited * calendar.accrual


def cohorts_given(design: DoseDesign[Any], c: DoseCharacteristics) -> dict[tuple[int, int], float] | None:
    """How many cohorts of each size each dose is given, on average; None where states are too many to be gone through."""
    arrays = in_arrays(design)
    if arrays is not None and arrays.most % arrays.cohort == 0:
        return {(dose, arrays.cohort): n / arrays.cohort for dose, n in enumerate(c.patients, 1) if n}
    return _counted(design, c.truth)


def _counted(design: DoseDesign[Any], truth: DoseTruth) -> dict[tuple[int, int], float] | None:
    """The same from state to state."""
    at = [truth.chances(d) for d in range(1, design.doses + 1)]
    layer: dict[Any, float] = {design.start(): 1.0}
    given: dict[tuple[int, int], float] = {}
    while layer:
        after: dict[Any, float] = {}
        for state, p in layer.items():
            action = design.verdict(state).action
            if isinstance(action, End):
                continue
            key = action.dose, action.size
            given[key] = given.get(key, 0.0) + p
            for seen, orders in results(action.size, design.of_response):
                q = chance(seen, orders, at[action.dose - 1])
                if q > 0:
                    to = design.step(state, action.dose, seen)
                    after[to] = after.get(to, 0.0) + p * q
        if len(after) > _MOST_STATES:
            return None
        layer = after
    return given


@cache
def wait(size: int, rate: float, calendar: Calendar) -> float:
    """Expected months from a cohort's last patient to the last of its answers; ``rate``: the probability of a DLT in the window.

    With h_k(t) the chance that the first k patients are answered t after the k-th came, and F one patient's, h_k(t) = F(t) E h_{k-1}(t + gap), and h is 1
    from the window on. E h solves u' = accrual (u - h), u(window) = 1: exactly, for h taken to be straight between two steps.
    """
    window, a = calendar.window, calendar.accrual
    steps = max(_STEPS, int(20 * a * window))
    d = window / steps
    own = np.array(
        [calendar.chance_by(k / steps, rate) for k in range(steps + 1)]
    )  # just before the window's end, no DLT is no answer yet
    left = own.copy()  # h at each step, its limit from below at the end
    keep = np.exp(-a * d)
    for _ in range(size - 1):
        u, up = np.empty(steps + 1), 1.0
        u[steps] = 1.0
        # Over a step from h0 to h1: the integral of a e^{-a s} (h0 + (h1 - h0) s / d).
        part = (1 - keep) / (a * d) - keep
        for k in range(steps - 1, -1, -1):
            up = keep * up + left[k] * (1 - keep - part) + left[k + 1] * part
            u[k] = up
        left = own * u
    return float(((1 - left[:-1]) + (1 - left[1:])).sum() * d / 2)
