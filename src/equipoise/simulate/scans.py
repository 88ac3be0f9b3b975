"""Scans: when they are planned, and when a virtual patient comes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.scenario import Scenario
from equipoise.trial.trial import Trial


def schedule(trial: Trial) -> tuple[int, int]:
    """Days of the first scan and between scans."""
    assert trial.assessments is not None
    return trial.assessments.first.days, trial.assessments.every.days


def scans_planned(trial: Trial) -> int:
    """How many scans are planned within the horizon."""
    first, every = schedule(trial)
    return (HORIZON - first) // every + 1


def scan_days(trial: Trial, scenario: Scenario, draws: Sequence[float]) -> Iterator[tuple[int, int]]:
    """Each scan that is made: its number from 0 and its day. ``draws`` hold two uniforms a scan: missed, jitter."""
    first, every = schedule(trial)
    reach, missed = scenario.visits.jitter.days, scenario.visits.missed
    for k in range(scans_planned(trial)):
        if missed > 0 and draws[2 * k] < missed:
            continue
        shift = int(draws[2 * k + 1] * (2 * reach + 1)) - reach if reach else 0
        yield k, first + k * every + shift


def last_scan_probabilities(trial: Trial, scenario: Scenario, landmark: int) -> dict[int, float]:
    """Day of the last scan that is made on or before ``landmark`` → its probability; day 0 stands for none."""
    first, every = schedule(trial)
    reach, missed = scenario.visits.jitter.days, scenario.visits.missed
    found: dict[int, float] = {}
    left = 1.0
    for k in range((landmark + reach - first) // every, -1, -1):
        on = first + k * every + np.arange(-reach, reach + 1)
        each = (1 - missed) / (2 * reach + 1)
        for day in on[on <= landmark].tolist():
            found[day] = found.get(day, 0.0) + left * each
        left *= 1 - each * int((on <= landmark).sum())
    found[0] = left
    return {day: p for day, p in found.items() if p > 0}
