"""Tables of patients: one row a patient enters like any other; every problem of a table is reported at once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from equipoise.analyse.analysis import analyse
from equipoise.files.bundled import find_trial
from equipoise.files.table_file import log_from_table
from equipoise.files.trial_file import trial_from
from equipoise.trial.problem import BadInput
from equipoise.trial.snapshot import snapshot
from equipoise.trial.trial import Trial


def one_row_trial() -> Trial:
    """The colon trial with a mapping for one row a patient, with dates."""
    raw: dict[str, Any] = tomllib.loads(find_trial("colon").read_text())
    raw["assumptions"] = []
    raw["table"] = {
        "patient": "id",
        "arm": "arm",
        "arms": {"control": "Obs", "both": "Lev+5FU"},
        "randomised": "randomised",
        "rules": [
            {"event": "progressed", "day": "recurred", "data": {"basis": "recurrence"}},
            {"event": "died", "day": "died"},
            {"event": "contact", "when": {"seen": 1}, "time": "months", "unit": "months"},
            {"event": "assessed", "when": {"seen": 1}, "time": "months", "unit": "months", "data": {"response": "NED"}},
        ],
    }
    return trial_from(raw, "one row")


HEAD = "id,arm,randomised,recurred,died,seen,months\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "patients.csv"
    path.write_text(text)
    return path


def test_one_row_a_patient(tmp_path: Path) -> None:
    rows = HEAD + "a,control,1990-01-01,1991-01-01,1992-01-01,,\nb,both,1990-02-01,,,1,24\nc,Lev,1990-03-01,,NA,1,12\n"
    trial = one_row_trial()
    log = log_from_table(trial, write(tmp_path, rows)).log
    snap = snapshot(log, max(e.happened for e in log))
    found = analyse(trial, snap)
    assert found.randomised == {"Obs": 1, "Lev": 1, "Lev+5FU": 1}
    os = found.endpoints["OS"].arms["Obs"]
    assert os.events == 1  # type: ignore[union-attr]
    assert os.median == 730  # type: ignore[union-attr]
    assert found.endpoints["RFS"].arms["Lev+5FU"].events == 0  # type: ignore[union-attr]
    assert next(e for e in log if e.kind == "died").source == "patients.csv, row 2"


BAD = [
    ("missing columns", "id,arm\na,Obs\n", ["missing-column"] * 5),
    ("a misspelt column", HEAD.replace("randomised", "randomized") + "a,Lev,1990-01-01,,,,\n", ["missing-column"]),
    ("a column twice", HEAD.replace("months", "id") + "a,Lev,1990-01-01,,,,\n", ["missing-column", "column-twice"]),
    ("a date that is none", HEAD + "a,Lev,01/02/1990,,,,\nb,Lev,1990-02-30,,,,\n", ["not-a-date", "not-a-date"]),
    ("a patient twice", HEAD + "a,Lev,1990-01-01,,1991-01-01,,\na,Lev,1990-01-01,,1991-01-01,,\n", ["patient-twice"]),
    ("a patient in two arms", HEAD + "a,Lev,1990-01-01,,,,\na,both,1990-01-01,,,,\n", ["patient-twice"]),
    ("a negative time", HEAD + "a,Lev,1990-01-01,,,1,-3\n", ["negative-time"]),
    ("a time in words", HEAD + "a,Lev,1990-01-01,,,1,long\n", ["not-a-time"]),
    ("death before randomisation", HEAD + "a,Lev,1990-01-01,,1989-01-01,,\n", ["dates-out-of-order"]),
    ("an unknown arm", HEAD + "a,Levv,1990-01-01,,,,\n", ["unknown-arm"]),
    ("recurrence after death", HEAD + "a,Lev,1990-01-01,1992-01-01,1991-01-01,,\n", ["after-death"]),
    ("a ragged row", HEAD + "a,Lev\n", ["ragged-row"]),
    ("no rows", HEAD, ["empty-table"]),
    ("no name", HEAD + ",Lev,1990-01-01,,,,\n", ["no-patient"]),
    ("several at once", HEAD + "a,Lev,1990-13-01,,,,\nb,X,1990-01-01,,,,\nc,Lev,1990-01-01,,,1,-1\n", ["not-a-date", "unknown-arm", "negative-time"]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "codes"), BAD, ids=[b[0] for b in BAD])
def test_every_problem_of_a_table(tmp_path: Path, what: str, text: str, codes: list[str]) -> None:
    with pytest.raises(BadInput) as caught:
        log_from_table(one_row_trial(), write(tmp_path, text))
    assert [p.code for p in caught.value.problems] == codes
    assert all(p.allowed for p in caught.value.problems)


def test_no_table(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing there"):
        log_from_table(one_row_trial(), tmp_path / "none.csv")


def test_the_same_table_gives_the_same_chain(colon: Trial) -> None:
    path = find_trial("colon").parent / "colon.csv"
    assert log_from_table(colon, path).log.head == log_from_table(colon, path).log.head
