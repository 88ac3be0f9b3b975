"""Toxicities of virtual patients: whether each has one, on which day, and the adverse event that is recorded of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from equipoise.simulate.disease import ArmCourse
from equipoise.simulate.scenario import AdverseEventTruth, ArmTruth
from equipoise.trial.endpoint import Toxicity
from equipoise.trial.seriousness import by_grade
from equipoise.trial.trial import Trial
from equipoise.trial.what_counts import FATAL, WhatCounts

#: Uniform numbers of each patient for each toxicity: whether, when, and how long until it is recorded.
EACH = 3
#: The grade of a toxicity where none is asked for.
USUAL = 3


def toxicities(trial: Trial) -> list[Toxicity]:
    """The trial's endpoints of toxicity, in the order of the file."""
    return [e for e in trial.endpoints if isinstance(e, Toxicity)]


def event_that_counts(what: WhatCounts, label: str) -> dict[str, Any]:
    """Details of an adverse event that counts and is survived."""
    grade = what.grade_at_least or USUAL
    said = {
        "term": what.terms[0] if what.terms else label,
        "grade": grade,
        "serious": grade > USUAL if what.serious is None else what.serious,
    }
    if said["serious"]:
        said["criteria"] = by_grade(grade)
    if what.related is not None:
        said["related"] = what.related
    if what.organ_class is not None:
        said["organ_class"] = what.organ_class
    return said


def only_fatal(what: WhatCounts) -> bool:
    """True if no event that is survived counts."""
    return bool(what.fatal) or what.grade_at_least == FATAL


def may_count(event: AdverseEventTruth, what: WhatCounts) -> bool:
    """True if an adverse event that a scenario draws with some probability can be one that counts."""
    grades = {1, 2} if event.severe < 1 else set()
    grades |= ({3, 4} if event.severe > 0 else set()) if event.fatal < 1 else set()
    grades = (grades if event.fatal < 1 else set()) | ({FATAL} if event.fatal > 0 else set())
    drawn = ({"term": event.term, "grade": g, "serious": g > USUAL} for g in grades)
    return event.probability > 0 and any(what.counts(d) for d in drawn)


def origin_day(trial: Trial, arm: str, endpoint: Toxicity) -> int:
    """The day after entry from which a virtual patient's toxicity counts: the regimen's first dose is on its planned day."""
    regimen = trial.arm_by_name[arm].regimen
    if endpoint.origin == "randomisation" or not regimen:
        return 0
    return min(min(t.days) for t in regimen) - 1


def given(p: float, q: float, ratio: float | None, *, responds: bool) -> float:
    """P(toxicity) of a patient who responds or does not, where toxicity has probability ``p``, response ``q``, and their odds
    ratio is ``ratio`` (None: independent). Plackett 1965, doi:10.1080/01621459.1965.10480807."""
    if ratio is None or ratio == 1 or q in (0, 1):
        return p
    s = 1 + (p + q) * (ratio - 1)
    both = (s - math.sqrt(s * s - 4 * ratio * (ratio - 1) * p * q)) / (2 * (ratio - 1))
    return both / q if responds else (p - both) / (1 - q)


def drawn(
    trial: Trial, arm: str, truth: ArmTruth, draws: Sequence[float], *, response: float, responds: bool
) -> Iterator[tuple[int, float, dict[str, Any]]]:
    """For each toxicity that comes the day after entry, the uniform number of its reporting, and the event's details."""
    for i, endpoint in enumerate(toxicities(trial)):
        p = truth.toxicities.get(endpoint.name)
        if p is None:
            continue
        whether, when, recorded = draws[EACH * i : EACH * (i + 1)]
        if whether < given(p, response, truth.toxicity_odds_ratio, responds=responds):
            day = origin_day(trial, arm, endpoint) + int(when * (endpoint.within.days + 1))
            yield day, recorded, event_that_counts(endpoint.counts, endpoint.label)


def toxicity_shown(endpoint: Toxicity, truth: ArmTruth, course: ArmCourse, trial: Trial, arm: str) -> float | None:
    """Probability of having the toxicity and living to have it; None where the scenario does not state it directly, or somebody
    dies of an adverse event."""
    p = truth.toxicities.get(endpoint.name)
    if p is None or any(e.fatal > 0 and e.probability > 0 for e in truth.adverse_events):
        return None
    first = origin_day(trial, arm, endpoint)
    return float(p * np.mean(course.alive[first : first + endpoint.within.days + 1]))
