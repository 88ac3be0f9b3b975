"""ADTR, explain and the endpoints tell one story of the sums: cell by cell, over generated patients and the field's data."""

from __future__ import annotations

import re
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.analyse.criteria import CRITERIA
from equipoise.analyse.criteria.criterion import TimePoint, scans_of
from equipoise.analyse.data import cut
from equipoise.analyse.explain import explain
from equipoise.analyse.stated import as_stated
from equipoise.files.bundled import find_trial
from equipoise.files.sdtm_files import patients_of
from equipoise.files.trial_file import read_trial
from equipoise.standards.adam.assessors import codes
from equipoise.standards.adam.measurements import measurement_rows, sums_of
from equipoise.standards.sdtm.notes import Notes
from equipoise.trial.assessment import INVESTIGATOR
from equipoise.trial.log import Log
from equipoise.trial.patient import Patient, gather
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from helpers import FIXTURES, moment
from onco_data import onco
from random_patients import CUTOFF, random_patients

RECIST = CRITERIA["RECIST 1.1"]
NORTH = read_trial(find_trial("north"))
assert NORTH.assessments is not None
LESIONS = NORTH.model_copy(update={"assessments": NORTH.assessments.model_copy(update={"responses": "from lesions"})})


def rows(patient: Patient) -> dict[tuple[str, int], dict[str, Any]]:
    """Records of ADTR by assessor and number of the event, in whose order they are."""
    known = codes([INVESTIGATOR, *patient.readers])
    of = [(assessor, s.of.number) for assessor in sorted(known) for s in sums_of(patient.read_by(assessor))]
    return dict(zip(of, measurement_rows(patient, known), strict=True))


def points_of(patient: Patient, assessor: str) -> dict[int, TimePoint]:
    return {p.event: p for p in RECIST.read(scans_of(patient.read_by(assessor))) if p.event is not None}


def one_story(people: list[Patient], trial: Trial = LESIONS) -> tuple[int, int]:
    """Hold ADTR against the criterion, explain and what counts; how many sums were held, and how many of part of the lesions."""
    snap = Snapshot(CUTOFF, CUTOFF, [], {p.name: p for p in people}, "")
    counted = as_stated(trial, snap).patients
    held = parts = 0
    for patient in people:
        found = rows(patient)
        randomised = patient.randomised is not None
        told = {p.source: p for p in explain(trial, snap, counted[patient.name]).time_points} if randomised else {}
        for assessor in (INVESTIGATOR, *patient.readers):
            beside = {a.number: a for a in counted[patient.name].read_by(assessor)}
            points = points_of(patient, assessor)
            for number, point in points.items():
                if point.sum is None:
                    continue
                held += 1
                parts += not point.whole
                row = found[assessor, number]
                assert (row["AVAL"], row["NADIR"]) == (point.sum, point.nadir)
                assert row["BASE"] == point.baseline_sum
                assert row["CHG"] == pytest.approx(point.sum - point.baseline_sum)
                assert row["CHGNAD"] == pytest.approx(point.sum - point.nadir)
                if point.nadir:
                    assert row["PCHGNAD"] == pytest.approx(100 * (point.sum - point.nadir) / point.nadir)
                assert (row["DRVDESC"] == "sum of the target lesions") == point.whole
                # What is judged, and what is told of it, is the same sum and the same nadir.
                if point.whole:
                    assert beside[number].sum_mm == point.sum
                    grown = row["CHGNAD"] >= 0.2 * row["NADIR"] - 1e-9 and row["CHGNAD"] >= 5 - 1e-9
                    assert point.target == "PD" or not grown or point.target == "CR"
                else:
                    assert beside[number].sum_mm is None
                if number in told:
                    sums = re.search(r"Target: sum ([\d.e+-]+) mm .* the nadir \(([\d.e+-]+) mm", told[number].because)
                    assert sums is not None
                    assert (float(sums[1]), float(sums[2])) == (
                        pytest.approx(row["AVAL"], rel=1e-3), pytest.approx(row["NADIR"], rel=1e-3),
                    )  # fmt: skip
    return held, parts


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_generated_patients_as_odd_as_records_can_be(seed: int) -> None:
    one_story(random_patients(Random(seed), 4))


def test_the_field_s_large_set() -> None:
    folder = FIXTURES / "data" / "onco" / "sdtm"
    held, parts = one_story(list(patients_of([folder / f"{d}.xpt" for d in ("tu", "tr", "rs")], Notes())))
    assert held > 900
    assert parts > 10


def test_the_field_s_small_set_whose_patients_are_randomised() -> None:
    trial, log = onco()
    derived = trial.model_copy(update={"assessments": LESIONS.assessments})
    held, _ = one_story(list(cut(trial, log).patients.values()), derived)
    assert held > 40


def test_a_nadir_is_of_whole_sums_only() -> None:
    """Week 8: 20 of 50 mm, T2 not read. Week 16: 48 mm is no progression from 20."""
    start, log = date(2020, 1, 1), Log()

    def seen(day: int, baseline: bool, **sizes: float) -> None:
        lesions = [{"lesion": n, "kind": "target", "state": "measured", "size": s} for n, s in sizes.items()]
        data = {"response": "", "lesions": lesions, **({"baseline": True} if baseline else {})}
        log.append("assessed", start + timedelta(days=day), moment(CUTOFF), "t", patient="P", data=data, source="TR")

    seen(0, True, T1=20.0, T2=30.0)
    seen(56, False, T1=20.0)
    seen(112, False, T1=20.0, T2=28.0)
    found = list(measurement_rows(gather(log)["P"], {INVESTIGATOR: ""}))
    assert [(r["AVAL"], r["BASE"], r["NADIR"], r["CHGNAD"]) for r in found] == [
        (50, 50, None, None), (20, 50, 50, -30), (48, 50, 50, -2),
    ]  # fmt: skip
    assert "T2 not evaluated" in found[1]["DRVDESC"]
