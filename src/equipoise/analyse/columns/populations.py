"""Populations of all patients at once. The conditions, and why, are in ``analyse/populations.py``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from equipoise.analyse.columns.codes import NE, NEVER, NOTHING, Codes, Flags
from equipoise.analyse.columns.counted import course_of, first_response
from equipoise.analyse.columns.database import Database, NotInColumns
from equipoise.analyse.columns.landmark import STATUSES
from equipoise.trial.patient import ACCEPTED
from equipoise.trial.population import Condition, Population
from equipoise.trial.trial import Trial


def members(pool: Database, population: Population, trial: Trial, status: Mapping[str, Codes]) -> NDArray[np.int16]:
    """By patient the arm under which one counts, a place in ``pool.patients.arms``; -1 for who is out.

    ``status`` at each landmark. Raises NotInColumns for a condition that is not known here.
    """
    p = pool.patients
    within = p.randomised != NEVER
    for condition in population.require:
        within = within & _met(pool, condition, trial, status)
    arm = p.received if population.by == "treatment received" else p.arm
    return np.where(within, arm, -1).astype(np.int16)


def _met(pool: Database, condition: Condition, trial: Trial, status: Mapping[str, Codes]) -> Flags:
    p = pool.patients
    if trial.eligibility_review is not None and condition.what in ("eligible", "evaluable"):
        raise NotInColumns("eligibility reviewed after entry")
    match condition.what:
        case "eligible":
            return p.eligible
        case "as allocated":
            return p.as_allocated
        case "no major deviation":
            return p.no_major_deviation
        case "treated":
            # An arm without drugs asks for no dose.
            bare: Flags = np.array([a in trial.arm_by_name and not trial.arm_by_name[a].regimen for a in (*p.arms, "")])
            treated: Flags = (p.first_dose != NEVER) | bare[p.arm]
            return treated
        case "measurable at baseline":
            return _anyone(pool, condition.assessor, pool.assessments.measurable)
        case "assessed":
            course = course_of(pool, condition.assessor)
            seen = np.zeros(len(p), dtype=bool)
            seen[course.patient[~np.isin(course.response, (NOTHING, NE))]] = True
            return seen
        case "responded":
            responded: Flags = first_response(pool, condition.assessor) != NEVER
            return responded
        case "evaluable" if str(condition.endpoint) in status:
            known = [STATUSES.index(s) for s in ("success", "failure")]
            return np.isin(status[str(condition.endpoint)], known)
    raise NotInColumns(f"condition: {condition.what}")


def _anyone(pool: Database, reader: str, where: Flags) -> Flags:
    """True for patients with a row of one reader on which ``where`` is true."""
    if reader == ACCEPTED:
        raise NotInColumns(f"assessor: {reader}")
    found = np.zeros(len(pool.patients), dtype=bool)
    if reader in pool.readers:
        r = len(pool.readers)
        course = pool.assessments.course[where]
        found[course[course % r == pool.readers.index(reader)] // r] = True
    return found
