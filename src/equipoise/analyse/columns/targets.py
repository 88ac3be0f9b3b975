"""Target lesions by RECIST 1.1 for all courses at once. The rules, and why, are in ``criteria/recist11_target.py``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from equipoise.analyse.columns.codes import CR, NE, NOTHING, PD, PR, SD, STATES, TARGET, Codes, Flags, Reals, Rows
from equipoise.analyse.columns.database import Database
from equipoise.analyse.columns.segments import first_row, running_min, shifted
from equipoise.analyse.criteria.recist11_target import AT_LEAST, NORMAL_NODE, PROGRESSION, RESPONSE, SAME
from equipoise.analyse.criteria.untangle import TOO_SMALL

_ABSENT, _SMALL, _MEASURED = (STATES.index(s) for s in ("absent", "too small", "measured"))
#: What decided, in the words of the reference.
RULES = (
    "", "no baseline", "no target lesions", "no baseline sum", "all gone", "20 % and 5 mm above nadir",
    "20 % and 5 mm above nadir, incomplete", "reappeared after complete response", "not all evaluated",
    "30 % below baseline", "neither",
)  # fmt: skip
_RESPONSE = np.array([NOTHING, NOTHING, NOTHING, NE, CR, PD, PD, PD, NE, PR, SD], dtype=np.int8)


@dataclass(frozen=True, eq=False)
class Baseline:
    """What stands at baseline: of each lesion its kind (-1: not there) and whether it counts as a target; of each course
    whether anything was read, how many targets count, and their sum [mm] (NaN: there is none)."""

    kind: Codes
    counted: Flags
    size: Reals
    read: Flags
    targets: Rows
    sum: Reals


def baseline_of(pool: Database) -> Baseline:
    """The lesions at baseline; of several readings of one lesion the last stands."""
    read, lesions, courses = pool.readings, pool.lesions, pool.courses
    rows = np.flatnonzero(pool.assessments.baseline[read.assessment])
    lesion = read.lesion[rows]
    kind = np.full(len(lesions), -1, dtype=np.int8)
    size = np.full(len(lesions), np.nan)
    kind[lesion] = read.kind[rows]
    size[lesion] = sizes(read.state[rows], read.size[rows])
    any_read = np.zeros(courses, dtype=bool)
    any_read[lesions.course[lesion]] = True
    counted = kind == TARGET
    course = lesions.course[counted]
    targets = np.bincount(course, minlength=courses)
    total = np.bincount(course, weights=size[counted], minlength=courses).astype(np.float64)
    total[targets == 0] = np.nan
    return Baseline(kind, counted, size, any_read, targets, total)


def sizes(state: Codes, size: Reals) -> Reals:
    """What readings add to the sum [mm]; NaN where not evaluated."""
    adds = np.where(state == _MEASURED, size, np.nan)
    adds[state == _ABSENT] = 0.0
    small = state == _SMALL
    adds[small] = np.where(np.isnan(size[small]), TOO_SMALL, size[small])
    return adds


@dataclass(frozen=True, eq=False)
class Cells:
    """One row a target lesion that counts at an assessment after baseline where something was read of it [mm, NaN]."""

    assessment: Rows
    lesion: Rows
    size: Reals


def cells_of(pool: Database, base: Baseline) -> Cells:
    """What is found of each target lesion."""
    read = pool.readings
    rows = np.flatnonzero((read.kind == TARGET) & ~pool.assessments.baseline[read.assessment])
    rows = rows[base.counted[read.lesion[rows]]]
    adds = sizes(read.state[rows], read.size[rows])
    return Cells(read.assessment[rows].astype(np.int64), read.lesion[rows].astype(np.int64), adds)


@dataclass(frozen=True, eq=False)
class TargetPoints:
    """By assessment: the response, the sum [mm] of what was evaluated, the nadir before it, and what decided."""

    response: Codes
    sum: Reals
    nadir: Reals
    rule: Codes


def target_points(pool: Database, base: Baseline, point: Flags) -> TargetPoints:
    """The target response at the assessments that are a ``point``."""
    n, course = len(pool.assessments), pool.assessments.course
    cells = cells_of(pool, base)
    known = ~np.isnan(cells.size)
    gone = np.where(pool.lesions.node[cells.lesion], cells.size < NORMAL_NODE, cells.size == 0.0)
    evaluated = np.bincount(cells.assessment[known], minlength=n)
    total = np.bincount(cells.assessment[known], weights=cells.size[known], minlength=n).astype(np.float64)
    all_gone = np.bincount(cells.assessment[gone], minlength=n) == base.targets[course]
    total[evaluated == 0] = np.nan
    complete = (evaluated == base.targets[course]) & ~_strays(pool, base)
    baseline = base.sum[course]
    usable = point & base.read[course] & ~np.isnan(baseline)

    least = running_min(np.where(usable & complete, total, np.inf), course)
    nadir = np.fmin(shifted(least, course, np.full(n, np.inf)), baseline)
    all_known = usable & complete
    cr = all_known & all_gone
    with np.errstate(invalid="ignore"):
        grown = total - nadir
        grew = (grown >= PROGRESSION * nadir - SAME) & (grown >= AT_LEAST - SAME)
        shrank = total <= (1 - RESPONSE) * baseline + SAME
    # The first that holds decides, in the order of RULES.
    rule = np.select(
        [
            ~point, ~base.read[course], base.targets[course] == 0, ~usable, cr, grew & complete, grew,
            _back(pool, base, cells, gone, cr), ~complete, shrank,
        ],
        np.arange(len(RULES) - 1, dtype=np.int8),
        np.int8(len(RULES) - 1),
    )  # fmt: skip
    return TargetPoints(
        _RESPONSE[rule], np.where(usable, total, np.nan), np.where(usable, nadir, np.nan), rule.astype(np.int8)
    )


def _strays(pool: Database, base: Baseline) -> Flags:
    """Assessments at which a target lesion was read that is none of the baseline."""
    read = pool.readings
    found = np.zeros(len(pool.assessments), dtype=bool)
    found[read.assessment[(read.kind == TARGET) & (read.state != _ABSENT) & ~base.counted[read.lesion]]] = True
    return found


def _back(pool: Database, base: Baseline, cells: Cells, gone: Flags, cr: Flags) -> Flags:
    """Assessments after a complete response of the targets at which one is back: a node must also have grown."""
    course, n = pool.assessments.course, len(pool.assessments)
    first = first_row(cr, course, pool.courses)
    back = np.zeros(n, dtype=bool)
    rows = np.flatnonzero(first[course[cells.assessment]] >= 0)
    rows = rows[np.argsort(cells.lesion[rows] * n + cells.assessment[rows], kind="stable")]
    lesion, size, assessment = cells.lesion[rows], cells.size[rows], cells.assessment[rows]
    least = running_min(np.where(np.isnan(size), np.inf, size), lesion)
    smallest = np.fmin(shifted(least, lesion, base.size[lesion]), base.size[lesion])
    with np.errstate(invalid="ignore"):
        grown = ~pool.lesions.node[lesion] | (size - smallest >= AT_LEAST - SAME)
    seen = ~np.isnan(size) & ~gone[rows] & grown
    back[assessment[seen]] = True
    return back & (first[course] >= 0) & (np.arange(n) > first[course])
