"""Tables as trials keep them: REDCap's long form, several tables joined by the patient, details from columns."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipoise.analyse.data import cut
from equipoise.analyse.strata import strata_of
from equipoise.files.table_file import read_table
from equipoise.files.trial_file import trial_from
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import FIXTURES, Answer

START = date(2010, 1, 1)
TIMES = {"kind": "time to event", "origin": "randomisation", "censoring": [{"when": "no event", "at": "last contact"}]}


def trial_of(table: Mapping[str, Any], **more: Any) -> Trial:
    """Two arms, OS and PFS, ECOG as a stratification factor."""
    factors = [{"name": "ecog", "label": "ECOG", "levels": ["0", "1-2"]}] if more.pop("stratified", False) else []
    return trial_from(
        {
            "format": 1, "id": "long", "title": "Long", "phase": "II", "start": START, "target_enrolment": 9, "population": "x",
            "arms": [{"name": n, "label": n, "tested": n == "B", "share": 1} for n in "AB"],
            "randomisation": {"method": "as recorded", "factors": factors},
            "endpoints": [
                {"name": "OS", "label": "OS", "role": "primary", "events": ["death"], **TIMES},
                {"name": "PFS", "label": "PFS", "role": "secondary", "events": ["progression", "death"], **TIMES},
            ],
            "table": table,
            **more,
        },
        "long",
    )  # fmt: skip


def write(folder: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> Path:
    columns = list(dict.fromkeys(c for row in rows for c in row))
    with (folder / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return folder / name


def happened(log: Log) -> list[tuple[Any, ...]]:
    """What is in a log, whatever the row that it is from."""
    found = [(e.patient, e.happened, e.kind, sorted(e.data.items(), key=repr)) for e in log if e.patient]
    return sorted(found, key=repr)


# -- one trial, three ways to write it down -----------------------------------------------------------------------------

SCANS = ("scan1", "scan2", "scan3")
WHO = {"patient": "id", "arm": "arm", "randomised": "rand"}
ENDS: list[dict[str, Any]] = [{"event": "died", "day": "death"}, {"event": "contact", "day": "last"}]
VISIT = {"event": "assessed", "day": "date", "columns": {"response": "resp"}, "words": {"response": {"9": "PD"}}}
WIDE = trial_of({**WHO, "rules": [*ENDS, *(VISIT | {"day": s, "columns": {"response": f"resp_{s}"}} for s in SCANS)]})
LONG = trial_of({**WHO, "rules": [*ENDS, VISIT]})
JOINED = trial_of(
    {
        **WHO, "joined": [
            {"file": "visits.csv", "patient": "subject", "rules": [VISIT]},
            {"file": "ends.csv", "patient": "id", "rules": ENDS},
        ],
    }
)  # fmt: skip


@st.composite
def wide(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = []
    for i in range(draw(st.integers(1, 6))):
        origin = START + timedelta(days=draw(st.integers(0, 100)))
        days = draw(st.lists(st.integers(1, 400), min_size=4, max_size=4, unique=True).map(sorted))
        row: dict[str, Any] = {"id": f"P{i}", "arm": draw(st.sampled_from("AB")), "rand": origin}
        row[draw(st.sampled_from(["death", "last"]))] = origin + timedelta(days=days[-1])
        for scan, day in zip(SCANS, days[: draw(st.integers(0, 3))], strict=False):
            row |= {scan: origin + timedelta(days=day), f"resp_{scan}": draw(st.sampled_from(["SD", "PR", "9"]))}
        rows.append({**dict.fromkeys(["death", "last", *SCANS, *(f"resp_{s}" for s in SCANS)]), **row})
    return rows


def visits(row: Mapping[str, Any], patient: str) -> list[dict[str, Any]]:
    return [{patient: row["id"], "date": row[s], "resp": row[f"resp_{s}"]} for s in SCANS if row[s]]


@pytest.mark.property
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=wide(), carried=st.booleans(), order=st.randoms(use_true_random=False))
def test_a_table_says_the_same_wide_long_and_joined(tmp_path: Path, rows: Any, carried: bool, order: Any) -> None:
    whole = happened(read_table(WIDE, write(tmp_path, "wide.csv", rows)).conduct.log)
    long: list[dict[str, Any]] = []
    for row in rows:
        said = {k: row[k] for k in ("arm", "rand", "death", "last")}
        more = visits(row, "id")
        # What is said once stands in the first row of the patient only, or is carried down through all of them.
        long.append({"id": row["id"], "event": "baseline", **said, "date": None, "resp": None})
        long += [{**(said if carried else {}), **v, "event": f"visit {i}"} for i, v in enumerate(more)]
    order.shuffle(long)
    assert happened(read_table(LONG, write(tmp_path, "long.csv", long)).conduct.log) == whole
    base = [{k: row[k] for k in ("id", "arm", "rand")} for row in rows]
    ends = [{k: row[k] for k in ("id", "death", "last")} for row in rows]
    write(tmp_path, "ends.csv", ends)
    seen = [v for row in rows for v in visits(row, "subject")]
    write(tmp_path, "visits.csv", seen or [{"subject": "", "date": "", "resp": ""}])
    assert happened(read_table(JOINED, write(tmp_path, "base.csv", base)).conduct.log) == whole


def test_redcap_s_long_table(equipoise: Callable[..., Answer]) -> None:
    trial, table = (FIXTURES / "tables" / f"redcap_long.{ending}" for ending in ("toml", "csv"))
    found = equipoise("analyse", trial, "--table", table, "--json")
    assert found.status == 0, found.err
    arms = found.json["endpoints"]["PFS"]["arms"]
    assert {n: (a["n"], a["events"], a["median"]) for n, a in arms.items()} == {"A": (1, 1, 120), "B": (1, 1, 248)}
    told = equipoise("explain", trial, "--table", table, "--patient", "2", "--json").json
    assert "2020-09-09" in str(told)
    assert "PR" in str(told)


ORR = """
[[endpoints]]
name = "ORR"
label = "Response"
role = "secondary"
kind = "response"
confirmed = false
success = ["CR", "PR"]
not_evaluable = "failure"
"""


def test_redcap_s_responses_are_counted_and_exported(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    table = FIXTURES / "tables" / "redcap_long.csv"
    text = (FIXTURES / "tables" / "redcap_long.toml").read_text()
    (tmp_path / "t.toml").write_text(text.replace("[table]", f"{ORR}\n[table]"))
    asked = ("--table", table)
    arms = equipoise("analyse", tmp_path / "t.toml", *asked, "--json").json["endpoints"]["ORR"]["arms"]
    assert {n: (a["successes"], a["n"]) for n, a in arms.items()} == {"A": (0, 1), "B": (1, 1)}
    assert (
        equipoise(
            "export", tmp_path / "t.toml", *asked, "--as", "adam", "--format", "csv", "--out", tmp_path / "adam"
        ).status
        == 0
    )
    with (tmp_path / "adam" / "adrs.csv").open(newline="") as file:
        best = {r["USUBJID"]: r["AVALC"] for r in csv.DictReader(file) if r["PARAMCD"] == "BOR"}
    assert best == {"1": "SD", "2": "PR"}
    assert equipoise("report", tmp_path / "t.toml", *asked, "--out", tmp_path / "page").status == 0


BAD_LONG = [
    ("two arms", "1,A,2020-01-02,,,\n1,B,,,,\n", ["row 3"], ["patient-twice"]),
    ("two days", "1,A,2020-01-02,,,\n1,,2020-01-03,,,\n", ["row 3"], ["patient-twice"]),
    ("no arm at all", "1,,2020-01-02,,,\n1,,,2020-02-02,SD,\n", ["row 2.arm"], ["unknown-arm"]),
    ("no day at all", "1,A,,,,\n1,,,2020-02-02,SD,\n", ["row 2.rand"], ["not-a-date"]),
    ("two deaths", "1,A,2020-01-02,,,2020-09-09\n1,,,,,2020-09-10\n", ["row 3"], ["patient-twice"]),
    ("two responses of a day", "1,A,2020-01-02,2020-03-01,SD,\n1,,,2020-03-01,PD,\n", ["row 3"], ["patient-twice"]),
    ("a response without a day", "1,A,2020-01-02,,SD,\n", ["row 2.date"], ["missing-value"]),
    ("a day without a response", "1,A,2020-01-02,2020-03-01,,\n", ["row 2.resp"], ["missing-value"]),
    ("a word that nobody knows", "1,A,2020-01-02,2020-03-01,7,\n1,,,2020-04-01,7,\n", ["rows 2 to 3 (2 rows).resp"], ["unknown-response"]),
    (
        "all at once", "1,C,2020-01-02,2020-03-01,7,\n2,A,2020-13-02,2020-04-01,,\n3,A,2020-01-01,2019-12-31,SD,\n",
        ["row 2.arm", "row 2.resp", "row 3.rand", "row 3.resp", "row 4.date"],
        ["unknown-arm", "unknown-response", "not-a-date", "missing-value", "dates-out-of-order"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "where", "codes"), BAD_LONG, ids=[b[0] for b in BAD_LONG])
def test_rows_that_contradict_each_other(
    tmp_path: Path, what: str, text: str, where: list[str], codes: list[str]
) -> None:
    path = tmp_path / "long.csv"
    path.write_text("id,arm,rand,date,resp,death\n" + text)
    trial = trial_of({**WHO, "rules": [{"event": "died", "day": "death"}, VISIT]})
    with pytest.raises(BadInput) as caught:
        read_table(trial, path)
    assert [p.where for p in caught.value.problems] == where
    assert [p.code for p in caught.value.problems] == codes


def test_the_same_in_every_row_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    rows = "".join(f"1,A,2020-01-02,2020-0{m}-01,SD,2020-09-09\n" for m in (3, 4, 5))
    path.write_text("id,arm,rand,date,resp,death\n" + rows)
    log = read_table(trial_of({**WHO, "rules": [{"event": "died", "day": "death"}, VISIT]}), path).conduct.log
    assert [e.kind for e in log][1:] == ["randomised", "assessed", "assessed", "assessed", "died"]


def test_times_of_two_patients_under_one_name(tmp_path: Path) -> None:
    """Where the table has times and no dates, nothing else tells that two rows are of two people."""
    path = tmp_path / "t.csv"
    path.write_text("id,arm,time,status\n1,A,100,0\n1,A,200,0\n")
    rules = [
        {"event": "contact", "time": "time", "when": {"status": 0}},
        {"event": "died", "time": "time", "when": {"status": 1}},
    ]
    with pytest.raises(BadInput, match="one event a patient by this rule"):
        read_table(trial_of({"patient": "id", "arm": "arm", "randomised_on": START, "rules": rules}), path)


# -- several tables ------------------------------------------------------------------------------------------------------


AE = {
    "event": "adverse event", "day": "start",
    "columns": {"term": "term", "grade": "ctc", "serious": "sae", "related": "rel", "until": "end", "organ_class": "soc"},
    "words": {"related": {"possibly": True, "unlikely": False}},
}  # fmt: skip
DOSE = {
    "event": "treated",
    "day": "given",
    "data": {"drug": "X", "day": 1, "unit": "mg"},
    "columns": {"cycle": "cycle", "dose": "mg"},
}
SEVERAL = trial_of(
    {
        **WHO, "rules": ENDS, "factors": {"ecog": {"column": "ps", "words": {"1": "1-2", "2": "1-2"}}}, "person": {"age": "age", "sex": "sex"},
        "joined": [
            {"file": "visits.csv", "patient": "id", "rules": [VISIT]}, {"file": "ae.csv", "patient": "subject", "rules": [AE]},
            {"file": "ex.csv", "patient": "id", "rules": [DOSE]},
        ],
    },
    stratified=True,
)  # fmt: skip
FILES = {
    "base.csv": "id,arm,rand,death,last,ps,age,sex\n1,A,2020-01-01,2020-12-01,,0,61,F\n2,B,2020-01-09,,2021-03-01,2,54.5,M\n",
    "visits.csv": "id,date,resp\n1,2020-03-01,SD\n1,2020-05-01,9\n2,2020-03-09,PR\n2,2020-05-09,PR\n",
    "ae.csv": "subject,term,ctc,sae,rel,start,end,soc\n1,Nausea,2,N,possibly,2020-01-08,2020-01-12,Gastrointestinal disorders\n"
    "2,Neutropenia,4,Y,Y,2020-02-14,,\n2,Rash,1,no,unlikely,2020-03-14,,\n",
    "ex.csv": "id,given,cycle,mg\n1,2020-01-02,1,90\n2,2020-01-10,1,90\n2,2020-02-01,2,67.5\n",
}  # fmt: skip


def put(folder: Path, **changed: str) -> Path:
    for name, text in (FILES | {f"{k}.csv": v for k, v in changed.items()}).items():
        (folder / name).write_text(text)
    return folder / "base.csv"


def test_columns_feed_responses_safety_exposure_strata_and_baseline(tmp_path: Path) -> None:
    found = read_table(SEVERAL, put(tmp_path))
    assert found.notes == []
    snap = cut(SEVERAL, found.conduct.log)
    one, two = snap.patients["1"], snap.patients["2"]
    assert [(a.response, str(a.happened)) for a in two.assessments] == [("PR", "2020-03-09"), ("PR", "2020-05-09")]
    assert one.adverse_events[0].data == {
        "term": "Nausea", "grade": 2, "serious": False, "related": True, "until": "2020-01-12", "organ_class": "Gastrointestinal disorders",
    }  # fmt: skip
    assert two.adverse_events[0].data == {"term": "Neutropenia", "grade": 4, "serious": True, "related": True}
    assert [(d.data["cycle"], d.data["dose"]) for d in two.doses] == [(1, 90), (2, 67.5)]
    assert strata_of(snap, SEVERAL.time_to_event("OS").model_copy(update={"stratified_by": ("ecog",)})) == {
        "1": ("0",),
        "2": ("1-2",),
    }
    assert one.screened is not None
    assert one.screened.data["subject"] == {"age": 61, "sex": "F"}
    assert two.adverse_events[0].source == "ae.csv, row 3"


def test_who_is_in_one_table_only_is_said(tmp_path: Path) -> None:
    stranger = "id,date,resp\n2,2020-03-09,PR\n7,2020-03-09,PR\n7,2020-04-09,PR\n"
    notes = read_table(SEVERAL, put(tmp_path, visits=stranger)).notes
    assert list(notes) == [
        "visits.csv: left out, for the table of patients does not have them: patient 7, 2 rows.", "visits.csv: no row of patient 1.",
    ]  # fmt: skip


BAD_SEVERAL = [
    ("a file that is not there", "ex", None, [("ex.csv, table", "no-file")]),
    ("a column that is not there", "ae", FILES["ae.csv"].replace("ctc", "grade"), [("ae.csv, column ctc", "missing-column")]),
    ("names written otherwise", "visits", "id,date,resp\n01,2020-03-09,PR\n", [("visits.csv, column id", "no-patient-joined")]),
    (
        "cells of an adverse event", "ae", "subject,term,ctc,sae,rel,start,end,soc\n1,,2.5,maybe,often,2020-01-08,2020-01-07,\n1,Pain,6,,,2020-01-08,,\n",
        [("ae.csv, row 2.term", "missing-value"), ("ae.csv, row 2.ctc", "not-a-number"), ("ae.csv, row 2.sae", "not-a-logical"),
         ("ae.csv, row 2.rel", "not-a-logical"), ("ae.csv, row 2.end", "dates-out-of-order"), ("ae.csv, row 3.ctc", "grade-out-of-range")],
    ),
    ("a dose without its cycle", "ex", "id,given,cycle,mg\n1,2020-01-02,,90\n", [("ex.csv, row 2.cycle", "missing-value")]),
    ("an event without a day", "ae", "subject,term,ctc,sae,rel,start,end,soc\n1,Pain,2,,,,,\n", [("ae.csv, row 2.start", "missing-value")]),
    ("dead in two tables", "base", FILES["base.csv"].replace("ps,age,sex\n1", "ps,age,sex\n1,B,2020-01-01,,,0,61,F\n1"), [("row 3", "patient-twice")]),
    ("a level nobody knows", "base", FILES["base.csv"].replace(",0,61", ",3,61"), [("row 2.ps", "unknown-level")]),
    ("a level that is missing", "base", FILES["base.csv"].replace(",0,61", ",,61"), [("row 2.ps", "missing-value")]),
    ("an age in words", "base", FILES["base.csv"].replace("61", "old"), [("row 2.age", "not-a-number")]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "table", "text", "found"), BAD_SEVERAL, ids=[b[0] for b in BAD_SEVERAL])
def test_problems_name_their_table(
    tmp_path: Path, what: str, table: str, text: str | None, found: list[tuple[str, str]]
) -> None:
    base = put(tmp_path, **({table: text} if text is not None else {}))
    if text is None:
        (tmp_path / f"{table}.csv").unlink()
    with pytest.raises(BadInput) as caught:
        read_table(SEVERAL, base)
    assert [(p.where, p.code) for p in caught.value.problems] == found


def test_a_column_is_a_detail_of_its_event() -> None:
    rule = {
        "event": "adverse event", "day": "start", "data": {"term": "x"}, "columns": {"term": "t", "gravity": "g"}, "words": {"serious": {}, "grade": {"a": "3"}},
    }  # fmt: skip
    with pytest.raises(BadInput) as caught:
        trial_of({**WHO, "rules": [rule]})
    said = str(caught.value)
    for part in (
        "columns.gravity",
        "columns.term: `data`",
        "words.serious: no column",
        "words.grade.a: must be a whole number",
    ):
        assert part in said


# -- one arm -------------------------------------------------------------------------------------------------------------


def test_a_trial_of_one_arm_needs_no_column_for_it(tmp_path: Path) -> None:
    table = {
        "patient": "id",
        "randomised": "rand",
        "rules": [*ENDS, {**DOSE, "day": "rand", "data": {"drug": "X", "day": 1, "cycle": 1}, "columns": {}}],
    }
    arm = {"name": "T", "label": "T", "tested": True, "share": 1}
    trial = trial_of(table, arms=[arm], randomisation=None)
    snap = cut(trial, read_table(trial, put(tmp_path)).conduct.log)
    assert [(p.name, p.arm, len(p.doses)) for p in snap.randomised] == [("1", "T", 1), ("2", "T", 1)]
    with pytest.raises(BadInput, match=r"table\.arm"):
        read_table(trial_of(table), tmp_path / "base.csv")
