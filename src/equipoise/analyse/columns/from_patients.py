"""A pool from the record of patients: what a snapshot of the log holds, as columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from equipoise.analyse.columns.arrange import arranged
from equipoise.analyse.columns.codes import EPOCH, KINDS, NEVER, STATES, response_code
from equipoise.analyse.columns.database import Database, Patients
from equipoise.analyse.criteria.criterion import scans_of
from equipoise.analyse.criteria.selection import measurable
from equipoise.analyse.criteria.untangle import untangled
from equipoise.analyse.endpoints import unplanned
from equipoise.analyse.populations import of_arm, treatment_received
from equipoise.trial.assessment import INVESTIGATOR, Assessment
from equipoise.trial.event import Event
from equipoise.trial.lesion import readings
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial


def day_of(when: date | Event | None) -> int:
    """Days from 1970-01-01; NEVER for what did not happen."""
    if when is None:
        return NEVER
    return (when.happened if isinstance(when, Event) else when).toordinal() - EPOCH


def pool_of(patients: Iterable[Patient], cutoff: date, trial: Trial, readers: Sequence[str] = ()) -> Database:
    """The pool of a trial's patients as known at ``cutoff``. Readers: those given, or all that there are."""
    people = list(patients)
    names = tuple(readers) or tuple(dict.fromkeys([INVESTIGATOR, *(r for p in people for r in p.readers)]))
    read: list[tuple[int, Assessment]] = [
        (i * len(names) + k, assessment)
        for i, patient in enumerate(people)
        for k, reader in enumerate(names)
        for assessment in patient.read_by(reader)
    ]
    labels: dict[str, int] = {}
    of = [
        (
            at,
            labels.setdefault(lesion["lesion"], len(labels)),
            KINDS.index(lesion["kind"]),
            STATES.index(lesion["state"]),
            lesion.get("size", np.nan),
            lesion.get("node", False),
        )
        for at, lesion in _lesions(read)
    ]
    columns = list(zip(*of, strict=True)) or [()] * 6
    return arranged(
        day_of(cutoff),
        names,
        _people(people, trial),
        course=np.array([course for course, _ in read], dtype=np.int64),
        day=np.array([day_of(a.happened) for _, a in read], dtype=np.int32),
        baseline=np.array([a.baseline for _, a in read], dtype=bool),
        counts_on=np.array([day_of(a.counts_on) for _, a in read], dtype=np.int32),
        measurable=np.array([_measurable(a) for _, a in read], dtype=bool),
        recorded=np.array([response_code(a.response) for _, a in read], dtype=np.int8),
        assessment=np.array(columns[0], dtype=np.int64),
        label=np.array(columns[1], dtype=np.int64),
        kind=np.array(columns[2], dtype=np.int8),
        state=np.array(columns[3], dtype=np.int8),
        size=np.array(columns[4], dtype=np.float64),
        node=np.array(columns[5], dtype=bool),
    )


def _lesions(read: Sequence[tuple[int, Assessment]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The place of each assessment with each lesion that was read at it, untangled where lesions split or grew together."""
    courses: dict[int, list[int]] = {}
    for at, (course, _) in enumerate(read):
        courses.setdefault(course, []).append(at)
    for places in courses.values():
        split = any(lesion.get("part_of") for at in places for lesion in read[at][1].lesions)
        if not split:
            yield from ((at, lesion) for at in places for lesion in read[at][1].lesions)
            continue
        by_number = {read[at][1].number: at for at in places}
        for scan in untangled(scans_of(read[at][1] for at in places)):
            yield from ((by_number[scan.event], r.data()) for r in scan.readings if scan.event is not None)


def _measurable(a: Assessment) -> bool:
    """A measurable target lesion at baseline, or a sum of diameters where lesions are not listed."""
    if not a.baseline:
        return False
    if not a.lesions:
        return bool(a.sum_mm)
    return any(r.kind == "target" and measurable(r) for r in readings(a.lesions))


def _as_allocated(patient: Patient, trial: Trial) -> bool:
    return patient.arm in trial.arm_by_name and all(of_arm(trial, patient, d, patient.arm) for d in patient.doses)


def _people(people: Sequence[Patient], trial: Trial) -> Patients:
    arms = tuple(dict.fromkeys([*(a.name for a in trial.arms), *(p.arm for p in people if p.arm)]))

    def days(of: Iterable[date | Event | None]) -> np.ndarray:
        return np.array([day_of(when) for when in of], dtype=np.int32)

    return Patients(
        [p.name for p in people],
        arms,
        np.array([arms.index(p.arm) if p.arm else -1 for p in people], dtype=np.int16),
        np.array([arms.index(treatment_received(p, trial)[0]) if p.arm else -1 for p in people], dtype=np.int16),
        days(p.randomised for p in people),
        days(next(iter(p.doses), None) for p in people),
        days(next(iter(p.progressed), None) for p in people),
        days(p.next_therapy for p in people),
        days(p.treatment_ended for p in people),
        np.array([p.treatment_ended is not None and unplanned(p.treatment_ended) for p in people], dtype=bool),
        days(p.withdrawn for p in people),
        days(p.lost for p in people),
        days(p.died for p in people),
        days(p.last_contact for p in people),
        days(p.free_to for p in people),
        np.array([not p.failed_criteria for p in people], dtype=bool),
        np.array([_as_allocated(p, trial) for p in people], dtype=bool),
        np.array([not any(d.data["major"] for d in p.deviations) for p in people], dtype=bool),
    )
