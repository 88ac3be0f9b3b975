"""A pool from the record of patients: what a snapshot of the log holds, as columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np

from equipoise.analyse.columns.arrange import arranged
from equipoise.analyse.columns.codes import EPOCH, KINDS, NEVER, STATES, response_code
from equipoise.analyse.columns.pool import Patients, Pool
from equipoise.analyse.criteria.selection import measurable
from equipoise.analyse.endpoints import unplanned
from equipoise.analyse.populations import treatment_received
from equipoise.trial.event import Event
from equipoise.trial.lesion import readings
from equipoise.trial.patient import INVESTIGATOR, Patient, progression_day
from equipoise.trial.trial import Trial


def day_of(when: date | Event | None) -> int:
    """Days from 1970-01-01; NEVER for what did not happen."""
    if when is None:
        return NEVER
    return (when.happened if isinstance(when, Event) else when).toordinal() - EPOCH


def pool_of(patients: Iterable[Patient], cutoff: date, trial: Trial, readers: Sequence[str] = ()) -> Pool:
    """The pool of a trial's patients as known at ``cutoff``. Readers: those given, or all that there are."""
    people = list(patients)
    names = tuple(readers) or tuple(dict.fromkeys([INVESTIGATOR, *(r for p in people for r in p.readers)]))
    events: list[tuple[int, Event]] = [
        (i * len(names) + k, event)
        for i, patient in enumerate(people)
        for k, reader in enumerate(names)
        for event in patient.read_by(reader)
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
            labels.setdefault(lesion["part_of"], len(labels)) if lesion.get("part_of") else -1,
        )
        for at, (_, event) in enumerate(events)
        for lesion in event.data.get("lesions", ())
    ]
    columns = list(zip(*of, strict=True)) or [()] * 7
    return arranged(
        day_of(cutoff),
        names,
        _people(people, trial),
        course=np.array([course for course, _ in events], dtype=np.int64),
        day=np.array([day_of(e) for _, e in events], dtype=np.int32),
        baseline=np.array([bool(e.data.get("baseline")) for _, e in events], dtype=bool),
        counts_on=np.array([day_of(progression_day(e)) for _, e in events], dtype=np.int32),
        measurable=np.array([_measurable(e) for _, e in events], dtype=bool),
        recorded=np.array([response_code(e.data["response"]) for _, e in events], dtype=np.int8),
        assessment=np.array(columns[0], dtype=np.int64),
        label=np.array(columns[1], dtype=np.int64),
        kind=np.array(columns[2], dtype=np.int8),
        state=np.array(columns[3], dtype=np.int8),
        size=np.array(columns[4], dtype=np.float64),
        node=np.array(columns[5], dtype=bool),
        part_of=np.array(columns[6], dtype=np.int64),
    )


def _measurable(event: Event) -> bool:
    """A measurable target lesion at baseline, or a sum of diameters where lesions are not listed."""
    if not event.data.get("baseline"):
        return False
    lesions = event.data.get("lesions", ())
    if not lesions:
        return bool(event.data.get("sum_mm"))
    return any(r.kind == "target" and measurable(r) for r in readings(lesions))


def _as_allocated(patient: Patient, trial: Trial) -> bool:
    arm = trial.arm_by_name.get(patient.arm)
    return arm is not None and {str(d.data["drug"]) for d in patient.doses} <= {t.drug for t in arm.regimen}


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
        np.array([not p.failed_criteria for p in people], dtype=bool),
        np.array([_as_allocated(p, trial) for p in people], dtype=bool),
        np.array([not any(d.data["major"] for d in p.deviations) for p in people], dtype=bool),
    )
