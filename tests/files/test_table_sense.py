"""Cells of a table that can be read and make no sense, and a status that nobody says: problems, beside whatever else the row tells."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from equipoise.analyse.follow_up import caution
from equipoise.files.table_file import log_from_table
from equipoise.files.trial_file import trial_from
from equipoise.trial.problem import BadInput, Problem, near
from helpers import FIXTURES, Answer

TWO = [
    {"event": "progressed", "when": {"ps": 1}, "time": "pt", "data": {"basis": "scan"}},
    {"event": "contact", "when": {"ps": 0}, "time": "pt"},
    {"event": "died", "when": {"status": 1}, "time": "time"},
    {"event": "contact", "when": {"status": 0}, "time": "time"},
]
DOSES = [
    {
        "event": "treated",
        "day": "given",
        "data": {"drug": "x", "day": 1},
        "columns": {"cycle": "cycle", "dose": "mg", "times_a_day": "times"},
    }
]


def raw_trial(**table: Any) -> dict[str, Any]:
    raw = tomllib.loads((FIXTURES / "field" / "table_trial.toml").read_text())
    raw["table"] = {**raw["table"], **table}
    return raw


def problems(tmp_path: Path, text: str, **table: Any) -> list[tuple[str, str, str]]:
    path = tmp_path / "t.csv"
    path.write_text(text)
    try:
        log_from_table(trial_from(raw_trial(**table), "t"), path)
    except BadInput as bad:
        return [(p.code, p.where, p.given) for p in bad.problems]
    return []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("P2,B,,,60,1", [("unknown-value", "row 3.ps", "nothing")]),
        ("P2,B,,NA,60,1", [("unknown-value", "row 3.ps", "'NA'")]),
        ("P2,B,50,1,,", [("unknown-value", "row 3.status", "nothing")]),
        ("P2,B,50,1,,\nP2,B,,,60,1", []),
        ("P2,B,50,1,60,1", []),
    ],
)
def test_a_status_that_is_empty_with_its_time_is_not_hidden_by_another(
    tmp_path: Path, row: str, expected: list[tuple[str, str, str]]
) -> None:
    """The patient would count as censored wherever the other rule saw him last."""
    text = f"id,arm,pt,ps,time,status\nP1,A,20,1,40,1\n{row}\n"
    assert problems(tmp_path, text, rules=TWO) == expected


def test_a_status_that_makes_no_event_is_stated(tmp_path: Path) -> None:
    text = "id,arm,pt,ps,time,status\nP1,A,20,1,40,1\nP2,B,,,60,1\n"
    assert problems(tmp_path, text, rules=TWO, no_event={"ps": [""]}) == []


def test_rows_are_named_in_their_order_whenever_they_were_found(tmp_path: Path) -> None:
    text = "id,arm,pt,ps,time,status\nP1,A,,,40,1\nP2,A,9,,40,1\nP3,B,,,60,1\n"
    assert [where for _, where, _ in problems(tmp_path, text, rules=TWO)] == ["rows 2 to 4 (3 rows).ps"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("1,5,2", []),
        ("0,5,2", [("out-of-range", "row 2.cycle", "0")]),
        ("1,0,2", [("out-of-range", "row 2.mg", "0")]),
        ("-1,-3,0", [("out-of-range", f"row 2.{c}", g) for c, g in (("cycle", "-1"), ("mg", "-3"), ("times", "0"))]),
    ],
)
def test_doses_without_a_regimen_to_judge_them_by(
    tmp_path: Path, cells: str, expected: list[tuple[str, str, str]]
) -> None:
    text = f"id,arm,given,cycle,mg,times\nP1,A,2010-02-01,{cells}\n"
    assert problems(tmp_path, text, rules=DOSES) == expected


@pytest.mark.parametrize(("age", "sound"), [("0", True), ("99.5", True), ("125", True), ("-5", False), ("200", False)])
def test_ages(tmp_path: Path, age: str, sound: bool) -> None:
    text = f"id,arm,time,status,age\nP1,A,10,1,{age}\n"
    found = problems(tmp_path, text, person={"age": "age"})
    assert found == ([] if sound else [("out-of-range", "row 2.age", age)])


def test_a_word_for_a_level_that_is_none_is_a_fault_of_the_trial_file() -> None:
    raw = raw_trial(factors={"ecog": {"column": "ps", "words": {"0": "0-1", "1": "zero"}}})
    raw["randomisation"]["factors"] = [{"name": "ecog", "label": "ECOG", "levels": ["0-1", "2"]}]
    with pytest.raises(BadInput) as caught:
        trial_from(raw, "t")
    expected = Problem("table-level", "table.factors.ecog.words.1", "'zero'", "a level of ecog: 0-1, 2")
    assert caught.value.problems == (expected,)


@pytest.mark.parametrize(("word", "said"), [("-1", ""), ("10", ""), ("1.0", ""), ("Lev", "did you mean 'Levv'?")])
def test_a_number_is_no_misspelling(word: str, said: str) -> None:
    assert near(word, ["1", "0", "Levv"]) == said


def test_an_arm_without_patients_is_cautioned(equipoise: Any, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,arm,time,status\nP1,A,10,1\nP2,A,20,0\n")
    trial = str(FIXTURES / "field" / "table_trial.toml")
    said = "Overall survival: nobody on Tested counts for it yet."
    answer: Answer = equipoise("analyse", trial, "--table", str(path), "--json")
    assert answer.json["cautions"] == {"OS": said}
    assert said in " ".join(equipoise("analyse", trial, "--table", str(path)).out.split())
    assert (
        caution("OS", np.array([10, 20]), np.array([True, False]), ["Tested"])
        == "OS: nobody on Tested counts for it yet."
    )


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_points_that_may_part_thousands_are_not_taken_for_a_decimal_mark(tmp_path: Path, separator: str) -> None:
    """A day 1.100 of a German table is day 1100; read as 1.1 it would be a wrong number that nobody sees."""
    text = "id,arm,time,status\nP1,A,1.100,1\nP2,B,560,0\n".replace(",", separator)
    assert problems(tmp_path, text) == [("not-a-time", "row 2.time", "'1.100'")]
    assert problems(tmp_path, text, decimal=".") == []
    assert problems(tmp_path, text.replace("560", "56.5")) == []
    assert problems(tmp_path, text.replace(separator, ",")) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id arm time status\nP1 A 1 1\n", "columns are separated by blanks? --separator blank"),
        ("% made by\nid,arm,time,status\nP1,A,1,1\n", "a comment? state comment = '%' under [table]"),
        ("My trial\nid,arm,time,status\nP1,A,1,1\n", "a line before the header? the header is the first line"),
    ],
)
def test_a_header_of_one_column_is_told_what_it_may_be(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        log_from_table(trial_from(raw_trial(), "t"), path)
    assert {p.next_step for p in caught.value.problems if p.code == "missing-column"} == {said}


@pytest.mark.parametrize(
    ("take", "seen", "day", "rule"),
    [
        ("first", "2010-05-20", "2010-05-20", "first possible day, not before the last record of the patient"),
        ("middle", "2010-05-20", "2010-05-25", "middle possible day, not before the last record of the patient"),
        ("first", "2010-04-20", "2010-05-01", "first possible day, not before randomisation"),
        ("last", "2010-05-20", "2010-05-31", "last possible day, not before randomisation"),
    ],
)
def test_a_death_known_to_the_month_is_not_before_what_is_known(
    tmp_path: Path, take: str, seen: str, day: str, rule: str
) -> None:
    """As from SDTM: who was seen in the month of his death died on that day or later."""
    table = {
        "randomised_on": None,
        "randomised": "rand",
        "partial_dates": take,
        "rules": [{"event": "died", "day": "death"}, {"event": "contact", "day": "seen"}],
    }
    path = tmp_path / "t.csv"
    path.write_text(f"id,arm,rand,death,seen\nP1,A,2010-01-05,2010-05,{seen}\n")
    log = log_from_table(trial_from(raw_trial(**table), "t"), path).log
    died = next(e for e in log if e.kind == "died")
    assert (died.happened.isoformat(), died.data["dated"], died.data["date_rule"]) == (day, "2010-05", rule)


def test_a_death_before_what_is_known_of_another_month_stays_a_problem(tmp_path: Path) -> None:
    text = "id,arm,time,death,seen\nP1,A,1,2010-05,2010-06-02\n"
    rules = [{"event": "died", "day": "death"}, {"event": "contact", "day": "seen"}]
    assert [c for c, _, _ in problems(tmp_path, text, rules=rules, partial_dates="first")] == ["after-death"]


@pytest.mark.parametrize(("word", "sound"), [("1", True), ("1.0", True), ("1.5", False), ("3", False)])
def test_an_arm_coded_by_a_number_in_any_writing_of_it(tmp_path: Path, word: str, sound: bool) -> None:
    """Where some rows of a long table lack the arm, pandas writes 1.0 for 1."""
    found = problems(tmp_path, f"id,arm,time,status\nP1,{word},1,1\nP2,2,2,0\n", arms={"1": "A", "2": "B"})
    assert found == ([] if sound else [("unknown-arm", "row 2.arm", f"'{word}'")])


def test_rules_that_censor_everybody_are_cautioned_beside_the_others(equipoise: Any, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,arm,time,status\nP1,A,500,1\nP2,B,400,1\n")
    asked = ("sensitivity", str(FIXTURES / "field" / "table_trial.toml"), "--table", str(path), "--endpoint", "OS")
    stated, fda, *_ = equipoise(*asked, "--json").json["under"]
    assert stated["caution"] == ""
    assert "nobody is followed beyond day 0" in fda["caution"]
    out = " ".join(equipoise(*asked).out.split())
    assert f"Caution: FDA documented progression, investigator: {fda['caution']}" in out
    assert "nobody followed" in out  # and not 100 % free of the event on day 365


def test_a_landmark_after_the_last_death_of_an_arm_is_known(equipoise: Any, tmp_path: Path) -> None:
    """Of nobody who lives is anything unknown: 0 %, as R's summary(survfit, times = 365, extend = TRUE)."""
    path = tmp_path / "t.csv"
    path.write_text("id,arm,time,status\nP1,A,10,1\nP2,A,30,1\nP3,B,20,1\nP4,B,40,0\n")
    asked = ("analyse", str(FIXTURES / "field" / "table_trial.toml"), "--table", str(path))
    arms = equipoise(*asked, "--json").json["endpoints"]["OS"]["arms"]
    assert [(a["landmark"]["survival"], a["landmark"]["beyond"]) for a in arms.values()] == [(0, False), (0.5, True)]
    assert "0.0%, day 365" in " ".join(equipoise(*asked).out.split())
