"""All sites as one process: each site still has its own Poisson process from the day it opens."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

import numpy as np
import pytest

from equipoise.simulate.accrual import UNIT, SiteRates, arrivals, expected_by_site, openings
from variants import scenario

N, DAY = 160, 300


@pytest.mark.property
@pytest.mark.parametrize("ramp", ["0 days", "3 months"])
def test_each_site_is_poisson_with_its_own_mean(north: Any, ramp: str) -> None:
    rates = SiteRates.of(scenario(accrual={"ramp_up": ramp}).accrual)
    expected = expected_by_site(north, rates, openings(north, rates, 5, 0)) / UNIT
    assert expected.shape[0] == len(north.sites)
    count = np.zeros((N, len(north.sites)))
    for replicate in range(N):
        came = list(takewhile(lambda a: a[0] < DAY, arrivals(north, rates, 5, replicate)))
        assert [day for day, _ in came] == sorted(day for day, _ in came)
        for day, site in came:
            # Nobody comes to a site before it opens.
            assert expected[site, day + 1] > 0
            count[replicate, site] += 1
    mean = expected[:, DAY]
    assert (np.abs(count.mean(axis=0) - mean) < 4.5 * np.sqrt(mean / N)).all()
    total = count.sum(axis=1)
    assert abs(total.mean() - mean.sum()) < 4 * np.sqrt(mean.sum() / N)
    # Poisson: the variance is the mean; its own standard error is about sqrt(2 / N) of it.
    assert total.var(ddof=1) == pytest.approx(mean.sum(), rel=4 * np.sqrt(2 / N))


@pytest.mark.property
def test_sites_that_differ_make_the_total_vary_more(north: Any) -> None:
    """Poisson–gamma: the variance gains the square of each site's mean times that of its factor."""
    rates = SiteRates.of(scenario(accrual={"varies": 1.0}).accrual)
    fixed = SiteRates.of(scenario(accrual={}).accrual)
    mean = expected_by_site(north, fixed, openings(north, fixed, 5, 0))[:, DAY] / UNIT
    total = np.array([sum(1 for _ in takewhile(lambda a: a[0] < DAY, arrivals(north, rates, 5, r))) for r in range(N)])
    variance = mean.sum() + (mean**2).sum()
    assert total.mean() == pytest.approx(mean.sum(), abs=4 * np.sqrt(variance / N))
    assert total.var(ddof=1) == pytest.approx(variance, rel=0.5)


def test_the_first_patients_do_not_depend_on_how_many_are_asked_for(north: Any) -> None:
    rates = SiteRates.of(scenario(accrual={}).accrual)
    long = [a for a, _ in zip(arrivals(north, rates, 5, 3), range(300), strict=False)]
    short = [a for a, _ in zip(arrivals(north, rates, 5, 3), range(20), strict=False)]
    assert long[:20] == short
