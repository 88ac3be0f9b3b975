"""RECIST 1.1 for all courses at once: the response at every time point. The rules are those of ``criteria/recist11.py``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from equipoise.analyse.columns.codes import (
    CR,
    NE,
    NEVER,
    NEW,
    NEWS,
    NON_CR_NON_PD,
    NON_TARGET,
    NOTHING,
    PD,
    RESPONSES,
    STATES,
    Codes,
    Days,
    Flags,
    Reals,
)  # fmt: skip
from equipoise.analyse.columns.database import Database
from equipoise.analyse.columns.segments import begins
from equipoise.analyse.columns.targets import Baseline, baseline_of, target_points
from equipoise.analyse.criteria.recist11 import overall_response

_UNSEEN, _WORSE, _ABSENT, _UNSURE, _SURE = (
    STATES.index(s) for s in ("not evaluated", "unequivocal progression", "absent", "equivocal", "unequivocal")
)
#: Tables 1 to 3 as the reference has them: target × non-target × (nothing certain, an unequivocal new lesion).
_OVERALL = np.array(
    [
        [[RESPONSES.index(overall_response(target, other, new)) for new in (False, True)] for other in RESPONSES]
        for target in RESPONSES
    ],
    dtype=np.int8,
)


@dataclass(frozen=True, eq=False)
class TimePoints:
    """One row an assessment. ``point`` is false for baselines and where no lesion was read: the rest is then empty.

    ``sum``, ``baseline_sum`` and ``nadir`` [mm] are NaN, and ``progressed_on`` is NEVER, where the reference says None.
    ``rule`` is the place in ``targets.RULES`` of what decided on the target response.
    """

    point: Flags
    target: Codes
    non_target: Codes
    new: Codes
    overall: Codes
    sum: Reals
    baseline_sum: Reals
    nadir: Reals
    progressed_on: Days
    rule: Codes


def time_points(pool: Database) -> TimePoints:
    """Every time point after baseline of every course. Without lesions at baseline it is NE."""
    seen, course = pool.assessments, pool.assessments.course
    point = np.bincount(pool.readings.assessment, minlength=len(seen)) > 0
    point &= ~seen.baseline
    base = baseline_of(pool)
    usable = point & base.read[course]
    targets = target_points(pool, base, point)
    non_target = _non_target(pool, base, usable)
    new, since = _new(pool, usable)
    overall = np.where(usable, _OVERALL[targets.response, non_target, (new == 2).astype(np.int8)], np.int8(NOTHING))
    overall[point & ~usable] = NE
    shown = (targets.response == PD) | (non_target == PD)
    progressed_on = np.where(shown, seen.day, since)
    progressed_on[overall != PD] = NEVER
    return TimePoints(
        point, targets.response, non_target, new, overall, targets.sum,
        np.where(usable, base.sum[course], np.nan), targets.nadir, progressed_on.astype(np.int32), targets.rule,
    )  # fmt: skip


def _non_target(pool: Database, base: Baseline, usable: Flags) -> Codes:
    read, n = pool.readings, len(pool.assessments)
    rows = np.flatnonzero((read.kind == NON_TARGET) & (read.state != _UNSEEN))
    rows = rows[(base.kind[read.lesion[rows]] == NON_TARGET) & usable[read.assessment[rows]]]
    at, state = read.assessment[rows], read.state[rows]
    worse = np.zeros(n, dtype=bool)
    worse[at[state == _WORSE]] = True
    others = np.bincount(pool.lesions.course[base.kind == NON_TARGET], minlength=pool.courses)[pool.assessments.course]
    evaluated = np.bincount(at, minlength=n)
    gone = np.bincount(at[state == _ABSENT], minlength=n)
    return np.select(
        [~usable | (others == 0), worse, evaluated < others, gone < others],
        [np.int8(NOTHING), np.int8(PD), np.int8(NE), np.int8(NON_CR_NON_PD)],
        np.int8(CR),
    ).astype(np.int8)


def _new(pool: Database, usable: Flags) -> tuple[Codes, Days]:
    """Whether something is new at an assessment, and the day from which an unequivocal one counts.

    A lesion counts from the day on which it was first noted; what has gone again begins anew.
    """
    read, n = pool.readings, len(pool.assessments)
    new, since = np.zeros(n, dtype=np.int8), np.full(n, NEVER, dtype=np.int32)
    rows = np.flatnonzero(read.kind == NEW)
    rows = rows[usable[read.assessment[rows]] & np.isin(read.state[rows], (_UNSURE, _SURE, _ABSENT))]
    rows = rows[np.argsort(read.lesion[rows].astype(np.int64) * n + read.assessment[rows], kind="stable")]
    if not len(rows):
        return new, since
    lesion, state, at = read.lesion[rows], read.state[rows], read.assessment[rows]
    starts = begins(lesion)
    starts[1:] |= state[:-1] == _ABSENT
    first_seen = pool.assessments.day[at][np.flatnonzero(starts)[np.cumsum(starts) - 1]]
    new[at[state == _UNSURE]] = NEWS.index("equivocal")
    sure = state == _SURE
    new[at[sure]] = NEWS.index("unequivocal")
    np.minimum.at(since, at[sure], first_seen[sure])
    return new, since
