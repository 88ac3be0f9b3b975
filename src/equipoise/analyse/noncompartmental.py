"""Non-compartmental analysis of one patient's concentrations after one dose: what is read off, with no model.

The area is by the linear trapezoid where concentrations rise or stay and the logarithmic where they fall (linear-up log-down). The terminal slope is
least squares of the logarithms of the last three or more samples after the largest: as many as give the largest adjusted R², and of those within 1e-4 of
it the most, as Phoenix WinNonlin does (so R's NonCompart 0.4.7, BestSlope, which is written after its guide). A sample below the limit of quantification is 0 before
the largest, and left out after it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from equipoise.trial.problem import BadInput, Problem

#: Samples of the terminal slope, at the least.
FEWEST = 3
_ALIKE = 1e-4


@dataclass(frozen=True)
class Noncompartmental:
    """``tmax`` and ``half_life`` in the unit of time, ``area_last`` and ``area_for_ever`` in concentration times time, None where no terminal slope is.

    ``samples``: of the terminal slope. ``extrapolated``: the share of the area for ever that lies after the last sample. ``clearance``: dose over the
    area for ever; None without a dose.
    """

    cmax: float
    tmax: float
    last: float
    area_last: float
    half_life: float | None
    adjusted_r2: float | None
    samples: int
    area_for_ever: float | None
    extrapolated: float | None
    clearance: float | None


def area(times: Sequence[float], concentrations: Sequence[float]) -> float:
    """Area from the first to the last time, linear-up log-down."""
    total = 0.0
    for (t, c), (later, then) in pairwise(zip(times, concentrations, strict=True)):
        falls = c > then > 0
        total += (later - t) * ((c - then) / math.log(c / then) if falls else (c + then) / 2)
    return total


def noncompartmental(
    times: Sequence[float], concentrations: Sequence[float | None], dose: float | None = None
) -> Noncompartmental:
    """The summary of one dose's samples; None: below the limit of quantification. Raises BadInput with all that is wrong."""
    problems = list[Problem]()
    if len(times) != len(concentrations):
        problems.append(
            Problem("length", "concentrations", str(len(concentrations)), f"one for each of {len(times)} times")
        )
    for i, (a, b) in enumerate(pairwise(times)):
        if not b > a:
            problems.append(Problem("order", f"times[{i + 1}]", f"{b:g} after {a:g}", "times that rise, each once"))
    for i, t in enumerate(times):
        if not math.isfinite(t) or t < 0:
            problems.append(Problem("out-of-range", f"times[{i}]", f"{t:g}", "0 or later: time since the dose began"))
    for i, c in enumerate(concentrations):
        if c is not None and not (math.isfinite(c) and c >= 0):
            problems.append(Problem("out-of-range", f"concentrations[{i}]", f"{c:g}", "0 or more, or below the limit"))
    if not any(c for c in concentrations):
        problems.append(Problem("nothing-measured", "concentrations", "none above 0", "a sample above the limit of quantification"))  # fmt: skip
    if dose is not None and not dose > 0:
        problems.append(Problem("out-of-range", "dose", f"{dose:g}", "above 0"))
    if problems:
        raise BadInput("samples", problems)
    at = max(range(len(times)), key=lambda i: (concentrations[i] or 0.0, -i))
    kept = [(t, c or 0.0) for i, (t, c) in enumerate(zip(times, concentrations, strict=True)) if c or i < at]
    kept_times, values = [x for x, _ in kept], [y for _, y in kept]
    cmax, last = max(values), kept_times[-1]
    tmax = kept_times[values.index(cmax)]
    to_last = area(kept_times, values)
    slope = _terminal([(x, y) for x, y in kept if x > tmax and y > 0])
    if slope is None:
        return Noncompartmental(cmax, tmax, last, to_last, None, None, 0, None, None, None)
    rate, r2, n = slope
    for_ever = to_last + values[-1] / rate
    clearance = None if dose is None else dose / for_ever
    return Noncompartmental(
        cmax, tmax, last, to_last, math.log(2) / rate, r2, n, for_ever, 1 - to_last / for_ever, clearance
    )


def _terminal(after: Sequence[tuple[float, float]]) -> tuple[float, float, int] | None:
    """The terminal rate, its adjusted R² and how many samples; None where no three fall."""
    found: tuple[float, float, int] | None = None
    for n in range(FEWEST, len(after) + 1):
        x, y = (np.array(v, float) for v in zip(*after[-n:], strict=True))
        y = np.log(y)
        sxx, sxy, syy = (float(v) for v in (((x - x.mean()) ** 2).sum(), ((x - x.mean()) * (y - y.mean())).sum(), ((y - y.mean()) ** 2).sum()))  # fmt: skip
        if sxy >= 0 or syy == 0:
            continue
        adjusted = 1 - (1 - sxy * sxy / (sxx * syy)) * (n - 1) / (n - 2)
        if found is None or adjusted > found[1] - _ALIKE:
            best = adjusted if found is None else max(adjusted, found[1])
            found = (-sxy / sxx, best, n)
    return found
