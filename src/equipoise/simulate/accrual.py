"""Patients as they come: each site a Poisson process from the day it opens, rising to its rate, which may vary.

Poisson–gamma: a site's true rate is its promise times a gamma variable of mean 1 (Anisimov & Fedorov 2007,
doi:10.1002/sim.2956). Each site has a stream of its own: opening another shifts nobody.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma

from equipoise.numerics.streams import SHORT_BLOCK, minus_log, short_uniforms
from equipoise.simulate.day_table import HORIZON, DayTable, exponential
from equipoise.simulate.scenario import Accrual
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.trial import Trial

#: The gamma distribution of the sites' rates stands in a table of so many equally likely values.
GAMMA_VALUES = 4096


@dataclass(frozen=True, eq=False)
class SiteRates:
    """What the arrivals at all sites follow. ``size``: equally likely factors of a site's rate, shape (GAMMA_VALUES,)."""

    size: NDArray[np.float64]
    late: DayTable
    ramp: float

    @classmethod
    def of(cls, accrual: Accrual) -> SiteRates:
        """The tables of a scenario's accrual."""
        size = np.ones(GAMMA_VALUES)
        if accrual.varies > 0:
            shape = accrual.varies**-2
            size = gamma.ppf((np.arange(GAMMA_VALUES) + 0.5) / GAMMA_VALUES, shape, scale=1 / shape)
            # The middles of equal slices miss a little of the upper tail: the mean is made exactly 1.
            size /= size.mean()
        return cls(size * accrual.pace, exponential(accrual.opens_late.exact_days), accrual.ramp_up.exact_days)


def opening(trial: Trial, site: int, rates: SiteRates, first: NDArray[np.float64]) -> tuple[int, float]:
    """The day a site opens (from the trial's start) and its rate a day; ``first`` is the first row of its stream."""
    promised = trial.sites[site]
    size = rates.size[int(first[0] * GAMMA_VALUES)]
    late = rates.late.day(first[1]) - 1
    return (promised.activation - trial.start).days + late, promised.rate * float(size) / DAYS_PER_MONTH


def openings(trial: Trial, rates: SiteRates, seed: int, replicate: int) -> list[int]:
    """The day on which each site opens, from the trial's start."""
    return [
        opening(trial, i, rates, short_uniforms(seed, f"accrual|{s.name}", replicate, 1, SHORT_BLOCK)[0])[0]
        for i, s in enumerate(trial.sites)
    ]


def arrivals(trial: Trial, rates: SiteRates, seed: int, replicate: int) -> Iterator[tuple[float, int]]:
    """When and at which site (its place in the file) each patient comes: days from the trial's start, in order."""
    return heapq.merge(*(_of_site(trial, i, rates, seed, replicate) for i in range(len(trial.sites))))


def _of_site(trial: Trial, site: int, rates: SiteRates, seed: int, replicate: int) -> Iterator[tuple[float, int]]:
    purpose = f"accrual|{trial.sites[site].name}"
    rows = 9
    draws = short_uniforms(seed, purpose, replicate, rows, SHORT_BLOCK).ravel()
    opens, rate = opening(trial, site, rates, draws[:SHORT_BLOCK])
    if rate <= 1e-9:
        return
    worked, k = 0.0, SHORT_BLOCK
    while True:
        if k == len(draws):
            rows *= 2
            draws = short_uniforms(seed, purpose, replicate, rows, SHORT_BLOCK).ravel()
        worked += minus_log(float(draws[k])) / rate
        k += 1
        yield opens + on_calendar(worked, rates.ramp), site


def on_calendar(worked: float, ramp: float) -> float:
    """Days after opening at which a site has done ``worked`` days' work at its full rate."""
    return worked + ramp / 2 if worked >= ramp / 2 else math.sqrt(2 * ramp * worked)


def expected_arrivals(trial: Trial, accrual: Accrual) -> float:
    """How many come on average until a trial is given up: see ``run.horizon``."""
    end = horizon(trial)
    total = 0.0
    for site in trial.sites:
        open_for = end - (site.activation - trial.start).days - accrual.opens_late.exact_days
        ramp = accrual.ramp_up.exact_days
        full = open_for - ramp / 2 if open_for >= ramp else max(open_for, 0) ** 2 / (2 * ramp)
        total += max(full, 0.0) * site.rate * accrual.pace / DAYS_PER_MONTH
    return total


def horizon(trial: Trial) -> int:
    """The day, from the trial's start, on which a trial that has not ended is given up: ten years after its last site."""
    return max((s.activation - trial.start).days for s in trial.sites) + 2 * HORIZON
