"""Progression to be confirmed, by iRECIST: what later assessments make of it, and what then counts."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.analyse.best_overall import BestRule, assessed_by, best_overall
from equipoise.analyse.data import cut
from equipoise.analyse.endpoints import observe
from equipoise.trial.log import Log
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial
from helpers import ROOT, moment

START = date(2020, 1, 1)
CUTOFF = START + timedelta(days=900)
WORDS = ("iCR", "iPR", "iSD", "iUPD", "iCPD", "NE")


def reading_by(north: Trial, **said: Any) -> Trial:
    assert north.assessments is not None
    made = type(north.assessments).model_validate({**north.assessments.model_dump(), **said})
    return north.model_copy(update={"assessments": made})


def patient(trial: Trial, words: list[str], criterion: str = "") -> Patient:
    """One assessed every 56 days, as the trial reads it."""
    log = Log()
    known = moment(CUTOFF)
    log.append("enrolled", START, known, "t", patient="P", data={"factors": {"ecog": "0-1", "ldh": "normal"}})
    log.append("randomised", START, known, "t", patient="P", data={"arm": "CE", "stratum": "all"})
    for i, word in enumerate(words, 1):
        data = {"response": word, **({"criterion": criterion} if criterion else {})}
        log.append("assessed", START + timedelta(days=56 * i), known, "t", patient="P", data=data, source="RS")
    return cut(trial, log, CUTOFF).patients["P"]


@pytest.fixture(scope="module")
def irecist(north: Trial) -> Trial:
    return reading_by(north, criterion="iRECIST", map="iRECIST")


def progressed(trial: Trial, words: list[str]) -> int | None:
    """The visit of progression; None without one."""
    seen = observe(patient(trial, words), trial.time_to_event("PFS"), CUTOFF, trial.assessments)
    assert seen is not None
    return seen.days // 56 if seen.event else None


@pytest.mark.parametrize(
    ("words", "visit"),
    [
        (["iUPD", "iCPD"], 1),
        (["iSD", "iUPD", "iUPD", "iCPD"], 2),
        (["iUPD", "NE", "iCPD"], 1),
        (["iUPD"], 1),
        (["iUPD", "NE"], 1),
        (["iUPD", "iUPD"], 1),
        (["iUPD", "iSD"], None),
        (["iUPD", "iPR", "iUPD", "iCPD"], 3),
        (["iUPD", "NE", "iCR"], None),
        (["iUPD", "iCPD", "iSD"], 1),
        (["iSD", "iPR"], None),
        (["iCPD"], 1),
    ],
)
def test_the_day_of_progression_is_that_of_the_first_iupd_that_nothing_refutes(
    irecist: Trial, words: list[str], visit: int | None
) -> None:
    assert progressed(irecist, words) == visit


def test_a_map_of_one_s_own_may_take_each_iupd_as_progression(north: Trial) -> None:
    plain = reading_by(north, criterion="iRECIST", map="iRECIST", words={"iUPD": "PD"})
    assert progressed(plain, ["iUPD", "iSD"]) == 1


def _table_3() -> list[tuple[list[str], str]]:
    lines = [
        x for x in (ROOT / "tests" / "published" / "irecist_2017_table3.csv").read_text().splitlines() if x[0] != "#"
    ]
    cases = []
    for row in csv.DictReader(lines):
        choices = [
            ("iPR", "iSD", "iUPD", "NE", "iCPD") if row[t] == "any" else tuple(row[t].split("|"))
            for t in ("t1", "t2", "t3", "t4", "t5")
        ]
        cases += [([*words], row["ibor"]) for words in product(*choices)]
    return cases


@pytest.mark.published
def test_best_overall_response_is_that_of_the_paper_s_table_3(irecist: Trial) -> None:
    """Every course that the table's alternatives allow, 340 of them; iCPD is PD, iCR is CR, iPR is PR in our words."""
    ours = {"iCR": "CR", "iPR": "PR", "iCPD": "PD"}
    cases = _table_3()
    assert len(cases) > 300
    for words, best in cases:
        found = best_overall(assessed_by(patient(irecist, words)), START, BestRule())
        assert found.response == ours[best], words


@pytest.mark.property
@given(st.lists(st.sampled_from(WORDS), max_size=6))
def test_what_counts_is_what_a_search_says(irecist: Trial, words: list[str]) -> None:
    """Written again: an iUPD counts unless the next word that is neither iUPD nor NE is one without progression."""
    expected = []
    for i, word in enumerate(words):
        after = [w for w in words[i + 1 :] if w not in ("iUPD", "NE")]
        refuted = bool(after) and after[0] != "iCPD"
        plain = {"iCR": "CR", "iPR": "PR", "iSD": "SD", "iCPD": "PD", "NE": "NE"}
        expected.append(plain.get(word, "SD" if refuted else "PD"))
    assert [a.response for a in patient(irecist, words).assessments] == expected


def test_a_word_of_another_criterion_says_nothing_even_where_the_words_are_the_same(north: Trial) -> None:
    assert [a.word.known for a in patient(north, ["PD", "SD"], "IMWG").assessments] == [False, False]
    assert [a.response for a in patient(north, ["PD", "SD"], "RECIST V1.1").assessments] == ["PD", "SD"]
    imwg = reading_by(north, criterion="IMWG 2014", map="IMWG")
    assert [a.response for a in patient(imwg, ["VGPR", "sCR", "MR"], "KUMAR IMWG 2016").assessments] == [
        "PR",
        "CR",
        "SD",
    ]
    named = reading_by(north, categories=("INVESTIGATOR ASSESSMENT",))
    assert [a.response for a in patient(named, ["PD"], "Investigator Assessment").assessments] == ["PD"]
