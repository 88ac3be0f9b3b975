"""SDTM into the log: what is taken, what is listed, what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.standards.dataset import Dataset, Variable
from equipoise.standards.sdtm.to_log import to_log
from equipoise.trial.problem import BadInput

BASE: Mapping[str, list[dict[str, str]]] = {
    "DM": [
        {"STUDYID": "S", "USUBJID": "P1", "ARMCD": "A", "ARM": "Drug A", "RFSTDTC": "2020-01-10", "DMDTC": "2020-01-02",
         "SITEID": "01", "AGE": "63", "SEX": "F", "DTHDTC": "2021-03", "DTHFL": "Y"},
        {"STUDYID": "S", "USUBJID": "P2", "ARMCD": "SCRNFAIL", "ARM": "Screen Failure", "DMDTC": "2020-01-03"},
    ],
    "DS": [{"USUBJID": "P1", "DSSEQ": "1", "DSDECOD": "RANDOMIZED", "DSCAT": "PROTOCOL MILESTONE", "DSSTDTC": "2020-01-09"}],
    "EX": [{"USUBJID": "P1", "EXSEQ": "1", "EXTRT": "A", "EXDOSE": "10", "EXDOSU": "mg", "EXSTDTC": "2020-01-10",
            "EXENDTC": "2020-02", "VISIT": "CYCLE 1 DAY 1"}],
    "AE": [{"USUBJID": "P1", "AESEQ": "1", "AETERM": "NAUSEA", "AESEV": "MILD", "AESER": "N", "AEREL": "REMOTE",
            "AESTDTC": "2020-01"}],
    "TU": [{"USUBJID": "P1", "TUSEQ": "1", "TULNKID": "T01", "TUSTRESC": "TARGET", "TULOC": "LIVER", "VISITNUM": "1",
            "TUDTC": "2020-01-05"},
           {"USUBJID": "P1", "TUSEQ": "2", "TULNKID": "T02", "TUSTRESC": "TARGET", "TULOC": "LYMPH NODE", "VISITNUM": "1",
            "TUDTC": "2020-01-05"}],
    "TR": [
        {"USUBJID": "P1", "TRSEQ": "1", "TRTESTCD": "LDIAM", "TRLNKID": "T01", "TRSTRESC": "2.5", "TRSTRESN": "2.5",
         "TRSTRESU": "cm", "VISITNUM": "1", "TRDTC": "2020-01-05"},
        {"USUBJID": "P1", "TRSEQ": "2", "TRTESTCD": "SAXIS", "TRLNKID": "T02", "TRSTRESC": "16", "VISITNUM": "1",
         "TRDTC": "2020-01-05"},
        {"USUBJID": "P1", "TRSEQ": "3", "TRTESTCD": "LDIAM", "TRLNKID": "T02", "TRSTRESC": "20", "VISITNUM": "1",
         "TRDTC": "2020-01-05"},
        {"USUBJID": "P1", "TRSEQ": "4", "TRTESTCD": "LDIAM", "TRLNKID": "T01", "TRORRES": "TOO SMALL TO MEASURE",
         "TRSTRESC": "5", "VISITNUM": "2", "TRDTC": "2020-03-05"},
        {"USUBJID": "P1", "TRSEQ": "5", "TRTESTCD": "SAXIS", "TRLNKID": "T02", "TRSTAT": "NOT DONE", "VISITNUM": "2",
         "TRDTC": "2020-03-05"},
    ],
    "RS": [{"USUBJID": "P1", "RSSEQ": "1", "RSTESTCD": "OVRLRESP", "RSSTRESC": "NE", "VISITNUM": "2", "RSDTC": "2020-03-06"}],
}  # fmt: skip


def datasets(tables: Mapping[str, list[dict[str, str]]]) -> dict[str, Dataset]:
    found = {}
    for name, rows in tables.items():
        names = list(dict.fromkeys(k for row in rows for k in row))
        columns = {n: [row.get(n, "") for row in rows] for n in names}
        found[name] = Dataset(name, name, tuple(Variable(n) for n in names), columns)
    return found


def changed(domain: str, row: int, **values: str) -> dict[str, Dataset]:
    tables = {k: [dict(r) for r in v] for k, v in BASE.items()}
    tables[domain][row].update(values)
    return datasets(tables)


def test_each_event_names_its_record() -> None:
    log, unmapped = to_log(datasets(BASE))
    by_kind: dict[str, list[Any]] = {}
    for e in log:
        by_kind.setdefault(e.kind, []).append(e)
    assert {k: len(v) for k, v in by_kind.items()} == {
        "opened": 1, "screened": 2, "randomised": 1, "treated": 1, "adverse event": 1, "assessed": 2, "died": 1,
    }  # fmt: skip
    assert all(e.source for e in log if e.patient)
    assert by_kind["randomised"][0].source == "DS.DSSTDTC[DSSEQ=1]"
    assert by_kind["screened"][0].data["subject"] == {"age": 63.0, "sex": "F"}
    death = by_kind["died"][0]
    assert (death.happened, death.data["dated"]) == (date(2021, 3, 1), "2021-03")
    ae = by_kind["adverse event"][0]
    assert ae.happened == date(2020, 1, 10)  # the month of the first dose: not before it
    assert (ae.data["grade"], ae.data["related"], ae.data["causality"]) == (1, False, "REMOTE")
    dose = by_kind["treated"][0].data
    assert (dose["until"], dose["until_dated"]) == ("2020-02-29", "2020-02")
    assert dose["until_date_rule"] == "last possible day, not before its start, not after death or the cut-off"
    baseline, after = by_kind["assessed"]
    assert baseline.data["baseline"]
    assert [(r["lesion"], r["state"], r["size"]) for r in baseline.data["lesions"]] == [
        ("T01", "measured", 25.0), ("T02", "measured", 16.0),
    ]  # fmt: skip
    assert [(r["lesion"], r["state"]) for r in after.data["lesions"]] == [
        ("T01", "too small"),
        ("T02", "not evaluated"),
    ]
    assert after.source == "RS.RSSTRESC[RSSEQ=1]"
    assert ("TR", "TRTESTCD LDIAM", 1) in {(u.domain, u.record, u.count) for u in unmapped}


MALFORMED = [
    ("DM", 0, {"RFSTDTC": "10JAN2020", "DMDTC": "2020-13-01"}, "not-a-date"),
    ("EX", 0, {"EXDOSE": "ten"}, "not-a-number"),
    ("EX", 0, {"EXSTDTC": "soon"}, "not-a-date"),
    ("AE", 0, {"AETOXGR": "7"}, "grade-out-of-range"),
    ("AE", 0, {"AESER": "perhaps"}, "not-a-flag"),
    ("TR", 0, {"TRSTRESN": "big"}, "not-a-number"),
    ("TR", 0, {"TRSTRESU": "inch"}, "unit"),
    ("TR", 1, {"TRSEQ": "1"}, "key-twice"),
    ("DM", 1, {"USUBJID": "P1"}, "key-twice"),
    ("RS", 0, {"USUBJID": ""}, "no-subject"),
]


@pytest.mark.parametrize(("domain", "row", "values", "code"), MALFORMED)
def test_what_is_malformed_is_a_problem(domain: str, row: int, values: dict[str, str], code: str) -> None:
    with pytest.raises(BadInput) as caught:
        to_log(changed(domain, row, **values))
    assert code in {p.code for p in caught.value.problems}


def test_all_problems_at_once() -> None:
    tables = {k: [dict(r) for r in v] for k, v in BASE.items()}
    tables["EX"][0]["EXDOSE"], tables["AE"][0]["AESTDTC"], tables["TR"][0]["TRSTRESN"] = "x", "y", "z"
    with pytest.raises(BadInput) as caught:
        to_log(datasets(tables))
    assert {p.code for p in caught.value.problems} == {"not-a-number", "not-a-date"}
    assert len(caught.value.problems) >= 3


def test_what_has_no_place_is_listed() -> None:
    data = changed("RS", 0, RSSTRESC="CHECK")
    data["EX"] = datasets({"EX": [*BASE["EX"], {**BASE["EX"][0], "USUBJID": "P9"}]})["EX"]
    data["LB"] = datasets({"LB": [{"USUBJID": "P1"}]})["LB"]
    _, unmapped = to_log(data)
    left = {(u.domain, u.record, u.why) for u in unmapped}
    assert ("RS", "OVRLRESP CHECK", "no response of RECIST 1.1") in left
    assert ("EX", "record", "a subject that DM does not have") in left
    assert ("LB", "domain", "not among the domains that the log takes") in left


@pytest.mark.property
@settings(max_examples=150)
@given(
    st.sampled_from(sorted(BASE)),
    st.data(),
    st.sampled_from(
        ["", "NE", "Y", "2020", "2020-01-32", "-5", "1e400", "NaN", "CHECK", "SCRNFAIL", "é", "0", "99999999999"]
    ),
)
def test_bad_content_gives_problems_or_a_log_and_never_a_crash(domain: str, data: st.DataObject, value: str) -> None:
    tables = {k: [dict(r) for r in v] for k, v in BASE.items()}
    row = data.draw(st.sampled_from(tables[domain]))
    row[data.draw(st.sampled_from(sorted(row)))] = value
    if data.draw(st.booleans()):
        lost = data.draw(st.sampled_from(sorted(tables[domain][0])))
        for r in tables[domain]:
            r.pop(lost, None)
    if data.draw(st.booleans()):
        del tables[data.draw(st.sampled_from(sorted(tables)))]
    try:
        log, _ = to_log(datasets(tables))
    except BadInput as bad:
        said = bad.problems
    else:
        assert len(log) > 0
        return
    assert all(p.code and p.where and p.allowed for p in said)
