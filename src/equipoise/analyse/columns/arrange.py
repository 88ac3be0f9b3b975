"""Arrange: columns in any order become a pool, in the order that the rules walk through it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.analyse.columns.codes import Codes, Days, Flags, Reals, Rows
from equipoise.analyse.columns.database import Assessments, Database, Lesions, Patients, Readings
from equipoise.analyse.columns.segments import begins, in_order


def arranged(
    cutoff: int,
    readers: tuple[str, ...],
    patients: Patients,
    *,
    course: NDArray[np.integer],
    day: Days,
    baseline: Flags,
    recorded: Codes,
    counts_on: Days,
    measurable: Flags,
    assessment: NDArray[np.integer],
    label: NDArray[np.integer],
    kind: Codes,
    state: Codes,
    size: Reals,
    node: Flags,
) -> Database:
    """A pool from columns; what is in order already is not sorted.

    The first six columns are of assessments: of those of one course and day the order given is kept. The rest are of
    readings: ``assessment`` is a row of the first six, ``label`` any number that names a lesion within its course. Raises ValueError for a lesion that stands twice at a time point.
    """
    key = (course.astype(np.int64) << 25) + ((day.astype(np.int64) + 2**23) << 1) + ~baseline
    if not in_order(key):
        order = np.argsort(key, kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        course, day, baseline, recorded = course[order], day[order], baseline[order], recorded[order]
        counts_on, measurable = counts_on[order], measurable[order]
        assessment = place[assessment]
    if not in_order(assessment):
        order = np.argsort(assessment, kind="stable")
        assessment, label = assessment[order], label[order]
        kind, state, size, node = kind[order], state[order], size[order], node[order]
    of = course[assessment].astype(np.int64)
    whose, lesion = _numbered(of, label)
    _once(assessment, lesion, len(whose))
    at_baseline = baseline[assessment]
    nodes = np.zeros(len(whose), dtype=bool)
    # Of several baselines the last reading stays.
    nodes[lesion[at_baseline]] = node[at_baseline]
    return Database(
        cutoff,
        readers,
        patients,
        Assessments(course.astype(np.int32), day.astype(np.int32), baseline, recorded, counts_on, measurable),
        Lesions(whose.astype(np.int32), nodes),
        Readings(assessment.astype(np.int32), lesion.astype(np.int32), kind, state, size),
    )


def _numbered(course: Rows, label: NDArray[Any]) -> tuple[Rows, Rows]:
    """The course of each lesion, and the lesion of each reading. Lesions are numbered by course."""
    width = int(label.max(initial=0)) + 1
    keys, number = np.unique(course * width + label, return_inverse=True)
    return keys // width, number


def _once(assessment: NDArray[np.integer], lesion: Rows, lesions: int) -> None:
    key = assessment.astype(np.int64) * max(lesions, 1) + lesion
    if not in_order(key):
        key = np.sort(key)
    if not begins(key).all():
        raise ValueError("a lesion stands twice at a time point: one reading each")
