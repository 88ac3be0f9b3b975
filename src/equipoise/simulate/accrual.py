"""Patients as they come: all sites together are one Poisson process, thinned to sites.

Each site is a Poisson process from the day it opens, rising to its rate, which may vary from its promise by a gamma
variable of mean 1 (Poisson–gamma; Anisimov & Fedorov 2007, doi:10.1002/sim.2956). Their sum is a Poisson process with the
sum of their rates. So patient k comes on the day on which the patients expected by then pass the sum of k exponential
times, and belongs to a site with that site's share of the day: the k-th patient is the same whichever site opens when.

Patients expected and exponential times are counted in whole units of 2^-36 patients, so that their sums are exact, the
same in any order, and the same in the compiled kernel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from equipoise.numerics.random.streams import SHORT_BLOCK, minus_log, short_uniforms
from equipoise.simulate.day_table import HORIZON, DayTable, exponential
from equipoise.simulate.scenario import Accrual
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.trial import Trial

#: Units that patients expected are counted in: so many to a patient.
UNIT = 1 << 36
#: The gamma distribution of the sites' rates stands in a table of so many equally likely values.
GAMMA_VALUES = 4096
#: Patients to come that are drawn at a time.
_BATCH = 256


@dataclass(frozen=True, eq=False)
class SiteRates:
    """What the arrivals at all sites follow. ``size``: equally likely factors of a site's rate, shape (GAMMA_VALUES,).
    ``ramp``: whole days over which a site's rate rises to what it stays at."""

    size: NDArray[np.float64]
    late: DayTable
    ramp: int

    @classmethod
    def of(cls, accrual: Accrual) -> SiteRates:
        """The tables of a scenario's accrual."""
        size: NDArray[np.float64] = np.ones(GAMMA_VALUES)
        if accrual.varies > 0:
            shape = accrual.varies**-2
            size = np.asarray(gammaincinv(shape, (np.arange(GAMMA_VALUES) + 0.5) / GAMMA_VALUES) / shape)
            # The middles of equal slices miss a little of the upper tail: the mean is made exactly 1.
            size /= size.mean()
        return cls(size * accrual.pace, exponential(accrual.opens_late.exact_days), accrual.ramp_up.days)


def opening(trial: Trial, site: int, rates: SiteRates, first: NDArray[np.float64]) -> tuple[int, float]:
    """The day a site opens (from the trial's start) and its rate a day; ``first`` is the first row of its stream."""
    promised = trial.sites[site]
    size = rates.size[int(first[0] * GAMMA_VALUES)]
    late = rates.late.day(first[1]) - 1
    return (promised.activation - trial.start).days + late, promised.rate * float(size) / DAYS_PER_MONTH


def openings(trial: Trial, rates: SiteRates, seed: int, replicate: int) -> list[tuple[int, float]]:
    """The day on which each site opens, from the trial's start, and its rate a day."""
    return [
        opening(trial, i, rates, short_uniforms(seed, f"accrual|{s.name}", replicate, 1, SHORT_BLOCK)[0])
        for i, s in enumerate(trial.sites)
    ]


def gained(rate: float, ramp: int) -> int:
    """What a site adds to the patients expected on its first day [UNIT], with a rate a day and days of ramp-up.

    While the rate rises a site adds 1, 3, 5 … times this a day, and from then on 2 ``ramp`` times; or once, without a ramp.
    """
    return int(rate * UNIT / (2 * ramp if ramp > 0 else 1) + 0.5)


def expected_by_site(trial: Trial, rates: SiteRates, opened: Sequence[tuple[int, float]]) -> NDArray[np.int64]:
    """Patients expected at each site before each day [UNIT], shape (sites, horizon + 2)."""
    day, ramp = np.arange(horizon(trial) + 2), rates.ramp
    found = []
    for opens, rate in opened:
        since = np.maximum(day - opens, 0)
        # Odd numbers add up to squares.
        rising = np.minimum(since, ramp) ** 2 + 2 * ramp * np.maximum(since - ramp, 0)
        found.append(gained(rate, ramp) * (rising if ramp > 0 else since))
    return np.array(found)


def arrivals(trial: Trial, rates: SiteRates, seed: int, replicate: int) -> Iterator[tuple[int, int]]:
    """On which day and at which site (its place in the file) each patient comes: days from the trial's start, in order."""
    by_site = expected_by_site(trial, rates, openings(trial, rates, seed, replicate))
    expected, last = by_site.sum(axis=0), horizon(trial)
    passed, k = 0, 0
    while True:
        # So many at a time, each the same however many are drawn: most trials need no more than the first few hundred.
        waits, sites = (_uniforms(seed, purpose, replicate, k, k + _BATCH) for purpose in ("accrual", "site"))
        sums = list(accumulate((int(minus_log(u) * UNIT) for u in waits.tolist()), initial=passed))
        days = np.searchsorted(expected, sums[1:], side="right") - 1
        days = days[days <= last]
        # What each site adds on the day, summed up site by site; the site is the first whose sum passes the share drawn.
        shares = np.cumsum(by_site[:, days + 1] - by_site[:, days], axis=0)
        places = (shares <= sites[: len(days)] * shares[-1]).sum(axis=0)
        yield from zip(days.tolist(), places.tolist(), strict=True)
        if len(days) < _BATCH:
            return
        passed, k = sums[-1], k + _BATCH


def _uniforms(seed: int, purpose: str, replicate: int, first: int, end: int) -> NDArray[np.float64]:
    """One uniform number for each of the patients ``first`` … ``end`` - 1 in the order in which they come, eight to a row."""
    return short_uniforms(seed, purpose, replicate, -(-end // SHORT_BLOCK), SHORT_BLOCK).ravel()[first:end]


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
