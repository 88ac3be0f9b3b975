"""ADaM from a trial and what was known of it: ADSL, ADRS, ADTTE, ADTR and ADAE, by the trial's own rules or by admiral's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from equipoise.standards.adam.assessors import codes, label_of, parameter_code
from equipoise.standards.adam.events import event_rows
from equipoise.standards.adam.measurements import measurement_rows
from equipoise.standards.adam.response import ResponseRecord, death_record, response_records
from equipoise.standards.adam.rules import ADMIRAL, ADMIRAL_TIMES, ResponseRules, rules_of
from equipoise.standards.adam.source import in_short, source_of
from equipoise.standards.adam.subjects import Subject, arm_columns, flags, imputed, subject, subject_rows
from equipoise.standards.adam.times import TimeRecord, time_record
from equipoise.standards.adam.trial_times import time_rows
from equipoise.standards.adam.written import dataset
from equipoise.standards.dataset import Dataset
from equipoise.standards.sdtm.baseline import adsl_variables
from equipoise.standards.study_day import study_day
from equipoise.trial.assessment import INVESTIGATOR
from equipoise.trial.measured import Measure
from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def to_adam(trial: Trial, snap: Snapshot) -> list[Dataset]:
    """The five datasets by the rules of the trial file: times are those of ``analyse``, to the day.

    Day 0 is the day of randomisation in ADTTE's AVAL, as in every analysis here; ADY counts as CDISC does, without a day 0.
    """
    subjects = [subject(p) for p in _in_order(snap)]
    rules = rules_of(trial)
    assessors = assessors_of(snap)
    return [
        dataset("ADSL", subject_rows(trial, subjects, snap.cutoff), adsl_variables(trial)),
        response_dataset(trial, subjects, assessors, rules),
        dataset("ADTTE", time_rows(trial, snap)),
        dataset(
            "ADTR",
            (
                row
                for s in subjects
                for row in _with(trial, s, measurement_rows(s.patient, codes(assessors), _measures(trial)))
            ),
        ),
        dataset(
            "ADAE",
            (
                row
                for s in subjects
                for row in _with(trial, s, event_rows(s, flags(trial, s.patient, snap.cutoff)["TRT01A"]))
            ),
        ),
    ]


def _measures(trial: Trial) -> Sequence[Measure]:
    return trial.assessments.vocabulary.measures if trial.assessments is not None else ()


def _in_order(snap: Snapshot) -> list[Patient]:
    return sorted(snap.patients.values(), key=lambda p: p.name)


def assessors_of(snap: Snapshot) -> list[str]:
    """Who assessed, the investigator first."""
    others = sorted({a for p in snap.patients.values() for a in p.readers})
    return [INVESTIGATOR, *others]


def _with(trial: Trial, s: Subject, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    common = arm_columns(trial, s.patient)
    for row in rows:
        yield {**common, **row}


def records_of(
    patient: Patient, assessors: Sequence[str], rules: ResponseRules
) -> list[tuple[int, ResponseRecord, str]]:
    """A patient's records of ADRS in the order of ASEQ, each with it and its parameter code.

    The order is that of code, day, and record: it does not depend on the order in which events were recorded.
    """
    code = codes(assessors)
    found = [
        (r, parameter_code(r.parameter.code, code[a])) for a in assessors for r in response_records(patient, a, rules)
    ]
    death = death_record(patient)
    found.append((death, death.parameter.code))

    def place(item: tuple[ResponseRecord, str]) -> tuple[str, date, int]:
        record, name = item
        return name, record.on or date.max, record.event.number if record.event else 0

    return [(i, r, name) for i, (r, name) in enumerate(sorted(found, key=place), 1)]


def response_dataset(
    trial: Trial, subjects: Sequence[Subject], assessors: Sequence[str], rules: ResponseRules
) -> Dataset:
    """ADRS."""
    a = trial.assessments
    criterion = "" if a is None else f"{a.criterion} read as {a.vocabulary.criterion}" if a.read_by else a.criterion
    rows = (
        {**arm_columns(trial, s.patient), **response_row(s, sequence, r, name, criterion)}
        for s in subjects
        for sequence, r, name in records_of(s.patient, assessors, rules)
    )
    return dataset("ADRS", rows)


def response_row(
    s: Subject, sequence: int, r: ResponseRecord, name: str, criterion: str = "RECIST 1.1"
) -> dict[str, Any]:
    """One record of ADRS."""
    assessor = label_of(r.assessor) if r.parameter.of_assessor else ""
    return {
        "ASEQ": sequence, "RANDDT": s.randomised, "PARAMCD": name,
        "PARAM": r.parameter.label.format(assessor=assessor),
        "PARCAT1": "Tumor Response" if r.parameter.of_assessor else "Reference Event",
        "PARCAT2": assessor, "PARCAT3": criterion if r.parameter.of_assessor else "",
        "AVISIT": r.visit, "ADT": r.on, "ADTF": imputed(r.event) if r.on else "", "ADY": study_day(r.on, s.randomised),
        "AVAL": r.value, "AVALC": r.text, "ANL01FL": "Y" if r.analysed else "",
        **source_of(r.event).columns, "DRVDESC": in_short(r.because),
    }  # fmt: skip


@dataclass(frozen=True)
class AdmiralPatient:
    """What admiral's templates derive of one patient, by the investigator's assessments."""

    subject: Subject
    responses: Sequence[tuple[int, ResponseRecord]]
    times: Sequence[tuple[int, TimeRecord]]


def by_admiral(snap: Snapshot) -> list[AdmiralPatient]:
    """Every patient of the log by admiral's rules. Each record of time carries its ASEQ, by the order of the codes."""
    found = []
    for patient in _in_order(snap):
        s = subject(patient, "admiral")
        responses = [(i, r) for i, r, _ in records_of(patient, [INVESTIGATOR], ADMIRAL)]
        # Without randomisation there is no start, and no record.
        times = [time_record(patient.name, rules, s.days, responses) for rules in ADMIRAL_TIMES] if s.randomised else []
        there = sorted((t for t in times if t is not None), key=lambda t: t.code)
        found.append(AdmiralPatient(s, responses, list(enumerate(there, 1))))
    return found


def admiral_datasets(trial: Trial, snap: Snapshot) -> list[Dataset]:
    """ADSL, ADRS and ADTTE by admiral's rules: the last day alive and the first day being day 1 are theirs."""
    found = by_admiral(snap)
    adrs = (
        {**arm_columns(trial, a.subject.patient), **response_row(a.subject, i, r, r.parameter.code)}
        for a in found
        for i, r in a.responses
    )
    adtte = ({**arm_columns(trial, a.subject.patient), **_admiral_time(i, t)} for a in found for i, t in a.times)
    return [
        dataset("ADSL", subject_rows(trial, [a.subject for a in found], snap.cutoff), adsl_variables(trial)),
        dataset("ADRS", adrs),
        dataset("ADTTE", adtte),
    ]


def _admiral_time(sequence: int, t: TimeRecord) -> dict[str, Any]:
    return {
        "ASEQ": sequence, "PARAMCD": t.code, "PARAM": t.label, "STARTDT": t.start, "ADT": t.on, "AVAL": t.days,
        "AVALU": "DAYS", "CNSR": 0 if t.event else 1, "EVNTDESC": t.description, "CNSDTDSC": t.censored,
        "SRCDOM": t.domain, "SRCVAR": t.variable, "SRCSEQ": t.sequence,
        "DRVDESC": "the first event" if t.event else "no event; the last of the censoring days",
    }  # fmt: skip
