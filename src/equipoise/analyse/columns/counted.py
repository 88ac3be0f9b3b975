"""Which responses count, of all patients at once. The rules, and why, are in ``analyse/best_overall.py``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from equipoise.analyse.best_overall import BestRule
from equipoise.analyse.columns.best import ResponseRows, confirmed
from equipoise.analyse.columns.codes import CR, NEVER, PR, RESPONSES, Days
from equipoise.analyse.columns.database import Database, NotInColumns
from equipoise.analyse.columns.recist import TimePoints
from equipoise.analyse.columns.segments import first_row, in_order
from equipoise.trial.assessment import INVESTIGATOR
from equipoise.trial.patient import ACCEPTED
from equipoise.trial.vocabularies import OURS

_ORDERED = np.array([r in OURS.order for r in RESPONSES])
_SPAN = 2**25


def as_derived(pool: Database, points: TimePoints) -> Database:
    """The pool with the responses that follow from the lesions, where they were read, as ``analyse.stated``."""
    seen = pool.assessments
    since = np.where(points.progressed_on != NEVER, points.progressed_on, seen.day)
    return replace(
        pool,
        assessments=replace(
            seen,
            recorded=np.where(points.point, points.overall, seen.recorded).astype(np.int8),
            counts_on=np.where(points.point, since, seen.counts_on).astype(np.int32),
        ),
    )


def course_of(pool: Database, reader: str) -> ResponseRows:
    """The responses of one reader after baseline, in the order of scans. Raises NotInColumns for accepted readings."""
    if reader == ACCEPTED:
        raise NotInColumns(f"assessor: {reader}")
    seen, r = pool.assessments, len(pool.readers)
    if reader not in pool.readers:
        none = np.zeros(0, dtype=np.int32)
        return ResponseRows(none.astype(np.int64), none, none.astype(np.int8), none)
    keep = np.flatnonzero((seen.course % r == pool.readers.index(reader)) & ~seen.baseline)
    return ResponseRows(
        seen.course[keep].astype(np.int64) // r, seen.counts_on[keep], seen.recorded[keep], seen.day[keep]
    )


def counted(pool: Database, reader: str, *, after_next_therapy: bool = False) -> ResponseRows:
    """Responses that may count, in the order of the days from which they do: up to a next therapy, and to a progression
    that the investigator recorded otherwise."""
    p, course = pool.patients, course_of(pool, reader)
    end = np.full(len(p), pool.cutoff, dtype=np.int32)
    if not after_next_therapy:
        end = np.minimum(end, p.next_therapy)
    if reader == INVESTIGATOR:
        end = np.minimum(end, p.progressed)
    course = course.where(_ORDERED[course.response] & (course.day <= end[course.patient]))
    key = course.patient * _SPAN + course.day
    return course if in_order(key) else course.where(np.argsort(key, kind="stable"))


def first_response(pool: Database, reader: str, rule: BestRule | None = None) -> Days:
    """By patient the day of the first CR or PR that counts; with a rule that asks for it, the first that is confirmed."""
    n = len(pool.patients)
    course = counted(pool, reader).up_to_progression(n)
    shown = np.isin(course.response, (CR, PR))
    if rule is not None and rule.confirm_after is not None:
        shown &= confirmed(course, rule)
    row = first_row(shown, course.patient, n)
    return np.where(row >= 0, course.scan[row] if len(course.scan) else NEVER, NEVER).astype(np.int32)
