"""IMWG: confirmation held against admiralonco's rules on the public test data, and each threshold of Kumar 2016, table 4."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.analyse.best_overall import Assessed, BestRule, best_overall, counted
from equipoise.analyse.criteria.criterion import Scan, TimePoint
from equipoise.analyse.criteria.imwg import Imwg, measurable
from equipoise.analyse.data import cut
from equipoise.analyse.settled import UNSECONDED
from equipoise.trial.log import Log
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies.imwg import VOCABULARY
from helpers import ROOT, moment

FIXTURES = ROOT / "tests" / "fixtures"
START = date(2012, 1, 1)
CUTOFF = date(2015, 1, 1)
#: As the vignette has it: the next that can be read confirms, however many before it could not be.
RULE = BestRule(confirm_after=1, missing_between=99)


def by_imwg(north: Trial, **said: Any) -> Trial:
    assert north.assessments is not None
    made = type(north.assessments).model_validate({**north.assessments.model_dump(), "criterion": "IMWG 2016", **said})
    return north.model_copy(update={"assessments": made})


def log_of(start: date) -> Log:
    log = Log()
    known = moment(CUTOFF)
    log.append("enrolled", start, known, "t", patient="P", data={"factors": {"ecog": "0-1", "ldh": "normal"}})
    log.append("randomised", start, known, "t", patient="P", data={"arm": "CE", "stratum": "all"})
    return log


def supplements() -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in csv.DictReader((FIXTURES / "data" / "response" / "supprs_onco_imwg.csv").read_text().splitlines()):
        found.setdefault((row["USUBJID"], row["IDVARVAL"]), {})[row["QNAM"]] = row["QVAL"]
    return found


def day(text: str) -> date:
    return (
        date(int(text[:4]), int(text[5:7]) + 1, 1) - timedelta(days=1) if len(text) == 7 else date.fromisoformat(text)
    )


RS = [*csv.DictReader((FIXTURES / "r" / "imwg_confirmed.csv").read_text().splitlines())]
PEOPLE = {name: [*rows] for name, rows in groupby(RS, key=lambda r: r["USUBJID"])}


@pytest.mark.independent
@pytest.mark.parametrize("name", PEOPLE)
def test_best_confirmed_response_is_that_of_admiralonco_s_rules(north: Trial, name: str) -> None:
    """All 23 subjects of the public data, against the vignette's rules written anew in R (imwg_confirmed.R)."""
    said, log, known = supplements(), log_of(START), moment(CUTOFF)
    for row in PEOPLE[name]:
        extra = said.get((name, row["RSSEQ"]), {})
        data = {"response": row["RSSTRESC"], "criterion": "IMWG", **({"confirmed": True} if "PDIFL" in extra else {})}
        log.append("assessed", day(row["RSDTC"]), known, "t", patient="P", data=data, source="RS")
        if "DTHPDFL" in extra:
            on = day(row["RSDTC"]) + timedelta(days=3)
            log.append("died", on, known, "t", patient="P", data={"cause": "disease"})
    therapy = {v["NACTDT"] for (who, _), v in said.items() if who == name and "NACTDT" in v}
    for text in therapy:
        log.append("next therapy", day(text), known, "t", patient="P", data={})
    patient = cut(by_imwg(north), log, CUTOFF).patients["P"]
    best = best_overall(counted(patient), START, RULE)
    assert best.response == PEOPLE[name][0]["best"], best.because


def patient_of(
    trial: Trial, words: list[tuple[int, str, dict[str, Any]]], *later: tuple[str, int, dict[str, Any]]
) -> Patient:
    log, known = log_of(START), moment(CUTOFF)
    for on, word, more in words:
        log.append("assessed", START + timedelta(days=on), known, "t", patient="P", data={"response": word, **more})
    for kind, on, data in later:
        log.append(kind, START + timedelta(days=on), known, "t", patient="P", data=data)
    return cut(trial, log, CUTOFF).patients["P"]


def words_of(patient: Patient) -> list[str]:
    return [a.word.code for a in patient.assessments]


def test_progression_by_a_sample_counts_once_a_second_assessment_shows_it(north: Trial) -> None:
    trial = by_imwg(north)
    twice = patient_of(trial, [(28, "SD", {}), (56, "PD", {}), (84, "PD", {})])
    assert words_of(twice) == ["SD", "PD", "NE"]
    assert twice.first_progression is not None
    assert twice.first_progression.on == START + timedelta(days=56)
    once = patient_of(trial, [(28, "PD", {}), (56, "NE", {})])
    assert once.first_progression is None
    assert once.assessments[0].word == UNSECONDED
    # What could not be read confirms nothing, and what was read settles it.
    assert patient_of(trial, [(28, "PD", {}), (56, "NE", {}), (84, "PD", {})]).first_progression is not None
    assert patient_of(trial, [(28, "PD", {}), (56, "PR", {})]).first_progression is None
    # By imaging it needs no second; nor where death of the disease comes first.
    assert patient_of(trial, [(28, "PD", {"confirmed": True})]).first_progression is not None
    dies = patient_of(trial, [(28, "PD", {})], ("died", 40, {"cause": "disease"}))
    assert dies.first_progression is not None
    other = patient_of(trial, [(28, "PD", {})], ("died", 40, {"cause": "other"}))
    assert other.first_progression is None


@pytest.mark.parametrize(
    ("course", "best"),
    [
        (["CR", "VGPR"], "VGPR"), (["VGPR", "CR"], "VGPR"), (["PR"], "SD"), (["PR", "NE", "PR"], "PR"), (["MR", "PR"], "MR"),
        (["sCR", "sCR"], "sCR"), (["PR", "PD", "PR", "PR"], "PR"), (["CR", "PD", "CR"], "SD"), (["NE"], "NE"), (["SD"], "SD"),
        (["PD", "PD"], "PD"), (["PD"], "NE"),
    ],
)  # fmt: skip
def test_of_two_consecutive_assessments_the_lesser_is_confirmed(north: Trial, course: list[str], best: str) -> None:
    patient = patient_of(by_imwg(north), [(28 * i, word, {}) for i, word in enumerate(course, 1)])
    assert best_overall(counted(patient), START, RULE).response == best


def test_no_more_may_be_unreadable_between_the_two_than_the_trial_file_says() -> None:
    word = VOCABULARY.own
    assert word["PR"].seconded
    rule = BestRule(confirm_after=1, missing_between=1)
    course = [Assessed(START + timedelta(days=28 * i), w) for i, w in enumerate(["SD", "SD"], 1)]
    assert best_overall(course, START, rule).response == "SD"


BASE = {"serum_m": 3.0, "urine_m": 0.0}


def read(base: dict[str, Any], *later: dict[str, Any], new: bool = False) -> TimePoint:
    scans = [Scan(START, (), baseline=True, measured=base)]
    for i, said in enumerate(later, 1):
        last = i == len(later)
        scans.append(Scan(START + timedelta(days=28 * i), (), measured=said, event=i, new_lesion=new and last))
    return Imwg().read(scans)[-1]


NO_BAND = {"serum_immunofixation": "negative", "urine_immunofixation": "negative"}
GONE = {"serum_m": 0.0, "urine_m": 0.0, **NO_BAND}


@pytest.mark.published
@pytest.mark.parametrize(
    ("base", "later", "response"),
    [
        # Serum: 25, 50, 90 %. VGPR needs urine below 100 mg; what is missing costs the level.
        (BASE, [{"serum_m": 2.26}], "SD"), (BASE, [{"serum_m": 2.25}], "MR"), (BASE, [{"serum_m": 1.51}], "MR"),
        (BASE, [{"serum_m": 1.5}], "PR"), (BASE, [{"serum_m": 0.31, "urine_m": 0.0}], "PR"),
        (BASE, [{"serum_m": 0.3, "urine_m": 0.0}], "VGPR"), (BASE, [{"serum_m": 0.3}], "PR"),
        (BASE, [{"serum_m": 0.3, "urine_m": 100.0}], "PR"), (BASE, [{"urine_m": 0.0}], "NE"),
        # Urine: half, 90 % or below 200, below 100; both: the lower level.
        ({"serum_m": 0.2, "urine_m": 4000.0}, [{"serum_m": 0.2, "urine_m": 2001.0}], "SD"),
        ({"serum_m": 0.2, "urine_m": 4000.0}, [{"serum_m": 0.2, "urine_m": 2000.0}], "MR"),
        ({"serum_m": 0.2, "urine_m": 4000.0}, [{"serum_m": 0.2, "urine_m": 400.0}], "PR"),
        ({"serum_m": 0.2, "urine_m": 900.0}, [{"serum_m": 0.2, "urine_m": 199.0}], "PR"),
        ({"serum_m": 0.2, "urine_m": 900.0}, [{"serum_m": 0.2, "urine_m": 99.0}], "VGPR"),
        ({"serum_m": 3.0, "urine_m": 900.0}, [{"serum_m": 0.2, "urine_m": 450.0}], "MR"),
        ({"serum_m": 3.0, "urine_m": 900.0}, [{"serum_m": 0.2}], "NE"),
        # Progression: 25 % and 0.5 g/dL above the lowest value, 1 g/dL where that was 5 g/dL; not above baseline.
        (BASE, [{"serum_m": 1.0}, {"serum_m": 1.49}], "PR"), (BASE, [{"serum_m": 1.0}, {"serum_m": 1.5}], "PD"),
        (BASE, [{"serum_m": 2.8}, {"serum_m": 3.4}], "SD"), (BASE, [{"serum_m": 2.8}, {"serum_m": 3.5}], "PD"),
        ({"serum_m": 6.0}, [{"serum_m": 6.9}], "SD"), ({"serum_m": 6.0}, [{"serum_m": 7.0}], "PD"),
        (BASE, [{"serum_m": 0.0, "urine_m": 0.0}, {"serum_m": 0.5, "urine_m": 0.0}], "PD"),
        (BASE, [{"serum_m": 2.0, "urine_m": 200.0}], "PD"),
        # Light chains, where no protein is measurable: 50 and 90 % of the difference; above 100 mg/L.
        ({"serum_m": 0.4, "kappa": 1010.0, "lambda": 10.0}, [{"kappa": 520.0, "lambda": 10.0}], "SD"),
        ({"serum_m": 0.4, "kappa": 1010.0, "lambda": 10.0}, [{"kappa": 510.0, "lambda": 10.0}], "PR"),
        ({"serum_m": 0.4, "kappa": 1010.0, "lambda": 10.0}, [{"kappa": 110.0, "lambda": 10.0}], "VGPR"),
        ({"kappa": 10.0, "lambda": 1010.0}, [{"kappa": 10.0, "lambda": 110.0}, {"kappa": 10.0, "lambda": 210.0}], "PR"),
        ({"kappa": 10.0, "lambda": 1010.0}, [{"kappa": 10.0, "lambda": 110.0}, {"kappa": 10.0, "lambda": 211.0}], "PD"),
        (BASE | {"kappa": 1010.0, "lambda": 10.0}, [{"serum_m": 1.5, "kappa": 4000.0, "lambda": 10.0}], "PR"),
        ({"kappa": 99.0, "lambda": 1.0}, [{"kappa": 9.0, "lambda": 9.0}], "NE"),
        # The marrow, where nothing else is measurable.
        ({"marrow_plasma_cells": 40.0}, [{"marrow_plasma_cells": 20.0}], "PR"),
        ({"marrow_plasma_cells": 40.0}, [{"marrow_plasma_cells": 21.0}], "SD"),
        ({"marrow_plasma_cells": 40.0}, [{"marrow_plasma_cells": 50.0}], "PD"),
        ({"marrow_plasma_cells": 29.0}, [{"marrow_plasma_cells": 5.0}], "NE"),
        # Complete: immunofixation, marrow below 5 %; stringent: no clonal cells and a normal ratio.
        (BASE, [GONE], "VGPR"), (BASE, [GONE | {"marrow_plasma_cells": 5.0}], "VGPR"),
        (BASE, [GONE | {"marrow_plasma_cells": 4.0}], "CR"),
        (BASE, [GONE | {"urine_immunofixation": "positive", "marrow_plasma_cells": 4.0}], "VGPR"),
        (BASE, [GONE | {"marrow_plasma_cells": 4.0, "marrow_clonal_cells": "absent", "kappa": 10.0, "lambda": 10.0}], "sCR"),
        (BASE, [GONE | {"marrow_plasma_cells": 4.0, "marrow_clonal_cells": "absent", "kappa": 17.0, "lambda": 10.0}], "CR"),
        (BASE, [GONE | {"marrow_plasma_cells": 4.0, "marrow_clonal_cells": "present", "kappa": 10.0, "lambda": 10.0}], "CR"),
        (BASE, [GONE | {"marrow_plasma_cells": 4.0}, GONE], "CR"),
        ({"kappa": 1010.0, "lambda": 10.0}, [GONE | {"kappa": 10.0, "lambda": 10.0, "marrow_plasma_cells": 2.0}], "CR"),
        ({"kappa": 1010.0, "lambda": 10.0}, [GONE | {"kappa": 30.0, "lambda": 10.0, "marrow_plasma_cells": 2.0}], "VGPR"),
        # Plasmacytomas: halved for PR, gone for CR; half as large again, or where there was none, is progression.
        (BASE | {"plasmacytoma": 900.0}, [{"serum_m": 1.0, "plasmacytoma": 450.0}], "PR"),
        (BASE | {"plasmacytoma": 900.0}, [{"serum_m": 1.0, "plasmacytoma": 451.0}], "SD"),
        (BASE | {"plasmacytoma": 900.0}, [{"serum_m": 1.0}], "SD"),
        (BASE | {"plasmacytoma": 900.0}, [{"serum_m": 1.0, "plasmacytoma": 400.0}, {"serum_m": 1.0}], "PR"),
        (BASE | {"plasmacytoma": 900.0}, [{"serum_m": 1.0, "plasmacytoma": 400.0}, {"serum_m": 1.0, "plasmacytoma": 600.0}], "PD"),
        (BASE | {"plasmacytoma": 900.0}, [GONE | {"marrow_plasma_cells": 2.0, "plasmacytoma": 10.0}], "VGPR"),
        (BASE | {"plasmacytoma": 900.0}, [GONE | {"marrow_plasma_cells": 2.0, "plasmacytoma": 0.0}], "CR"),
        (BASE, [{"serum_m": 1.0, "plasmacytoma": 100.0}], "PD"),
        ({}, [{"serum_m": 1.0}], "NE"),
    ],
)  # fmt: skip
def test_each_threshold_of_the_paper_s_table(base: dict[str, Any], later: list[dict[str, Any]], response: str) -> None:
    point = read(base, *later)
    assert point.overall == response, point.sentence
    assert point.because


def test_what_is_followed_is_what_was_measurable() -> None:
    assert measurable({"serum_m": 1.0, "urine_m": 199.0, "kappa": 500.0, "lambda": 1.0}) == ("serum_m",)
    assert measurable({"serum_m": 0.9, "urine_m": 200.0}) == ("urine_m",)
    assert measurable({"serum_m": 1.0, "urine_m": 200.0}) == ("serum_m", "urine_m")
    assert measurable({"kappa": 100.0, "lambda": 99.0}) == ()  # the ratio is normal
    assert measurable({"kappa": 100.0, "lambda": 1.0}) == ("kappa",)


def test_a_new_lesion_is_progression_that_needs_no_second(north: Trial) -> None:
    point = read(BASE, {"serum_m": 1.0}, new=True)
    assert (point.overall, point.certain) == ("PD", True)
    assert not read(BASE, {"serum_m": 1.0}, {"serum_m": 2.0}).certain
    trial = by_imwg(north, responses="from measurements")
    seen = patient_of(trial, [
        (0, "NE", {"baseline": True, "measurements": {"serum_m": 3.0}}), (28, "SD", {"measurements": {"serum_m": 1.0}}),
        (56, "SD", {"measurements": {"serum_m": 1.6}}), (84, "PR", {"measurements": {"serum_m": 1.2}}),
        (112, "SD", {"measurements": {"serum_m": 1.0}, "new_lesion": True}),
    ])  # fmt: skip
    # Recorded is SD throughout; by what was measured it is PR, PD that nothing confirms, PR, and PD by imaging.
    assert words_of(seen)[1:] == ["PR", "NE", "PR", "PD"]
    assert [a.recorded for a in seen.assessments][1:] == ["SD", "SD", "PR", "SD"]
    assert seen.first_progression is not None
    assert seen.first_progression.on == START + timedelta(days=112)


@pytest.mark.property
@given(
    st.floats(1.0, 8.0), st.lists(st.floats(0.0, 10.0), max_size=4), st.floats(0.0, 10.0), st.floats(0.0, 3.0),
)  # fmt: skip
def test_more_protein_is_never_a_better_response(was: float, course: list[float], now: float, more: float) -> None:
    def rank(value: float) -> int:
        steps = [{"serum_m": x, "urine_m": 0.0} for x in (*course, value)]
        return VOCABULARY.order.index(read({"serum_m": was, "urine_m": 0.0}, *steps).overall)

    assert rank(now + more) >= rank(now)
