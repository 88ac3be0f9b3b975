"""Concentrations by arm: the times that count, areas and clearance against sums of our own, and what nothing can be read off."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest

from equipoise.analyse.concentration_tables import concentrations_listing, exposure_measured
from equipoise.analyse.concentrations import geometric, measured
from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Conduct
from equipoise.trial.exhibits import LineFigure, Table
from sampled import DOSED, NOW, sample, sampled_north, take, treated_conduct

CUTOFF = date(2012, 12, 1)
K = 0.03


def falling(c: Conduct, name: str, top: float, late: float = 0.0) -> None:
    """An exponential from ``top`` on, each sample so many minutes late."""
    take(c, name, 0, None, at="08:50", dose_at="09:00")
    for hours in (1, 4, 24, 48, 96, 168):
        clock = f"{9 + hours % 24:02d}:{int(late):02d}"
        take(c, name, hours, top * math.exp(-K * (hours + late / 60)), at=clock, dose_at="09:00")


def found(c: Conduct) -> list:  # type: ignore[type-arg]
    return measured(sampled_north(), cut(sampled_north(), c.log, CUTOFF, CUTOFF.replace(year=2014)))


def test_by_the_clock_an_exponential_is_exact() -> None:
    """Thirty minutes late each, and by actual times the half-life and the area are the curve's own all the same."""
    c, (name, *_) = treated_conduct()
    falling(c, name, 50.0, late=30)
    (m,) = found(c)
    assert [p.hours for p in m.points] == [0.0, 1.5, 4.5, 24.5, 48.5, 96.5, 168.5]
    assert (m.group, m.dose, m.dose_unit, m.first) == ("IMGN901", 112.0, "mg/m2", True)
    assert m.half_life == pytest.approx(math.log(2) / K)
    first = 50 * math.exp(-K * 1.5)
    whole = 1.5 * first / 2 + first / K
    assert m.area_for_ever == pytest.approx(whole)
    assert m.clearance == (pytest.approx(112 / whole), "L/h/m2")  # mg/m2 over ug·h/mL, which is mg·h/L


def test_without_clocks_the_planned_time_counts() -> None:
    c, (name, *_) = treated_conduct()
    for hours in (1, 4, 24):
        take(c, name, hours, 50 * math.exp(-K * hours))
    (m,) = found(c)
    assert [(p.planned, p.actual, p.hours) for p in m.points] == [(1, None, 1), (4, None, 4), (24, None, 24)]


def test_a_later_dose_has_no_clearance_and_no_area_for_ever() -> None:
    c, (name, *_) = treated_conduct()
    falling(c, name, 50.0)
    again = date(2012, 6, 25)
    c.order("treated", again, NOW, "t", patient=name, data={"drug": "IMGN901", "cycle": 2, "day": 1, "dose": 112.0, "unit": "mg/m2"})  # fmt: skip
    for hours in (1, 4, 8, 12):
        c.order("sampled", again, NOW, "t", patient=name, data=sample(hours, 50 * math.exp(-K * hours), cycle=2))
    first, second = found(c)
    assert (first.first, second.first) == (True, False)
    assert second.half_life is not None
    assert (second.area_for_ever, second.clearance) == (None, None)


def test_nothing_above_the_limit_and_two_samples_at_one_time() -> None:
    c, (one, two, *_) = treated_conduct()
    take(c, one, 1, None)
    take(c, two, 1, 40.0, at="10:00", dose_at="09:00")
    take(c, two, 4, 30.0, at="10:00", dose_at="09:00")
    a, b = found(c)
    assert (a.found, a.why) == (None, "every sample is below the limit")
    assert (b.found, b.why) == (None, "two samples at one time")
    table = exposure_measured(sampled_north(), [a, b])[0]
    assert isinstance(table, Table)
    assert "Of 2 profiles nothing could be read off." in table.notes


def test_by_arm_as_tables_figure_and_listing() -> None:
    c, on = treated_conduct(8)
    tops = [40.0 + 5 * i for i in range(len(on))]
    for name, top in zip(on, tops, strict=True):
        falling(c, name, top)
    profiles = found(c)
    parameters, by_time, figure = exposure_measured(sampled_north(), profiles)
    assert isinstance(parameters, Table)
    assert isinstance(by_time, Table)
    assert isinstance(figure, LineFigure)
    maxima = [top * math.exp(-K) for top in tops]
    mean = math.exp(float(np.log(maxima).mean()))
    cv = math.sqrt(math.expm1(float(np.log(maxima).var(ddof=1))))
    assert parameters.rows[0][2:4] == [len(on), f"{mean:.3g} ({100 * cv:.0f} %)"]
    assert list(figure.curves[0].x) == [0, 1, 4, 24, 48, 96, 168]
    assert figure.curves[0].y[1] == pytest.approx(float(np.median(maxima)))
    assert by_time.rows[0][:2] == ["before the dose", len(on)]
    listing = concentrations_listing(profiles)
    assert listing is not None
    assert len(listing.rows) == 7 * len(on)
    assert listing.rows[0][4:7] == ["before", "-0.17", "< 0.1"]


def test_of_a_cut_only_what_was_known() -> None:
    c, (name, *_) = treated_conduct()
    falling(c, name, 50.0)
    early = cut(sampled_north(), c.log, DOSED, CUTOFF.replace(year=2014))
    assert [p.planned for p in measured(sampled_north(), early)[0].points] == [0, 1, 4]
    assert measured(sampled_north(), cut(sampled_north(), c.log, DOSED, DOSED)) == []  # recorded a year later


def test_geometric_means() -> None:
    assert geometric([]) is None
    assert geometric([0.0]) is None
    assert geometric([2.0, 8.0]) == (pytest.approx(4.0), pytest.approx(math.sqrt(math.expm1(math.log(4) ** 2 / 2))))
