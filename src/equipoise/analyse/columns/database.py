"""Database: many patients as columns: who they are, when they were assessed, and what was read of each lesion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from equipoise.analyse.columns.codes import Codes, Days, Flags, Reals

Places = NDArray[np.int32]
_Table = TypeVar("_Table", "Patients", "Assessments", "Lesions", "Readings")


class NotInColumns(Exception):  # noqa: N818 - an answer, not an error
    """A rule that this road does not know: the reference must be asked."""


@dataclass(frozen=True, eq=False)
class Patients:
    """One row a patient. Days count from 1970-01-01; NEVER for what did not happen by the cut-off.

    ``arm`` is the place in ``arms``, -1 without one; ``received`` that of the arm whose treatment was given. ``progressed`` is the first progression that was recorded as
    such, without a scan. ``ended_early``: treatment ended for a reason that the protocol does not plan.
    """

    name: Sequence[str]
    arms: tuple[str, ...]
    arm: NDArray[np.int16]
    received: NDArray[np.int16]
    randomised: Days
    first_dose: Days
    progressed: Days
    next_therapy: Days
    treatment_ended: Days
    ended_early: Flags
    withdrawn: Days
    lost: Days
    died: Days
    last_contact: Days
    #: See ``Patient.free_to``; NEVER for those of whom nothing of the kind is known.
    free_to: Days
    #: No criterion failed at screening; no drug but those of the arm; no major deviation.
    eligible: Flags
    as_allocated: Flags
    no_major_deviation: Flags

    def __len__(self) -> int:
        return len(self.randomised)


@dataclass(frozen=True, eq=False)
class Assessments:
    """One row a time point of one reader. ``course`` is patient × number of readers + reader. In the order of courses,
    of days, of baseline before the rest, and of recording."""

    course: Places
    day: Days
    baseline: Flags
    #: The overall response that was recorded, and the day from which it counts: that of a lesion first seen before.
    recorded: Codes
    counts_on: Days
    #: At baseline: a measurable target lesion.
    measurable: Flags

    def __len__(self) -> int:
        return len(self.course)


@dataclass(frozen=True, eq=False)
class Lesions:
    """One row a lesion of a course, in the order of courses. ``node`` as it was read at baseline."""

    course: Places
    node: Flags

    def __len__(self) -> int:
        return len(self.course)


@dataclass(frozen=True, eq=False)
class Readings:
    """One row a lesion at a time point, in the order of assessments; a lesion stands once at each.

    ``lesion`` and ``part_of`` are rows of the lesions (-1: part of none). ``size`` [mm] is NaN where none was measured.
    """

    assessment: Places
    lesion: Places
    kind: Codes
    state: Codes
    size: Reals
    part_of: Places

    def __len__(self) -> int:
        return len(self.assessment)


@dataclass(frozen=True, eq=False)
class Database:
    """Patients, their assessments by each reader, and the lesions that were read, as known at ``cutoff`` [day]."""

    cutoff: int
    readers: tuple[str, ...]
    patients: Patients
    assessments: Assessments
    lesions: Lesions
    readings: Readings

    @property
    def courses(self) -> int:
        """How many courses there are: one for each patient and reader."""
        return len(self.patients) * len(self.readers)

    def part(self, first: int, end: int) -> Database:
        """Patients ``first`` to ``end`` (exclusive), with what belongs to them. No column is copied but places."""
        r = len(self.readers)
        a0, a1 = np.searchsorted(self.assessments.course, [first * r, end * r])
        l0, l1 = np.searchsorted(self.lesions.course, [first * r, end * r])
        r0, r1 = np.searchsorted(self.readings.assessment, [a0, a1])
        read = _rows(self.readings, r0, r1)
        return Database(
            self.cutoff,
            self.readers,
            _rows(self.patients, first, end),
            replace(_rows(self.assessments, a0, a1), course=self.assessments.course[a0:a1] - np.int32(first * r)),
            replace(_rows(self.lesions, l0, l1), course=self.lesions.course[l0:l1] - np.int32(first * r)),
            replace(
                read,
                assessment=read.assessment - np.int32(a0),
                lesion=read.lesion - np.int32(l0),
                part_of=np.where(read.part_of < 0, read.part_of, read.part_of - np.int32(l0)),
            ),
        )


def _rows(table: _Table, first: int, end: int) -> _Table:
    """Rows of a table, as views."""
    return replace(table, **{f.name: getattr(table, f.name)[first:end] for f in fields(table) if f.name != "arms"})
