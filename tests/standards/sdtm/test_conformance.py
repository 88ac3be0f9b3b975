"""The rules of CDISC's CORE that our export once broke, and their kin, on random trials. Rule numbers: docs/conformance.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.files.datasets import read_datasets
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.standards.dataset import Dataset
from equipoise.standards.metadata import domain, expected
from equipoise.standards.sdtm.from_log import from_log
from equipoise.standards.sdtm.observed_trial import observed_trial
from equipoise.standards.sdtm.to_log import to_log
from equipoise.standards.sdtm_variables import BEYOND
from equipoise.standards.study_day import study_day
from equipoise.standards.terminology import codelist
from equipoise.trial.event import Event
from equipoise.trial.trial import Trial
from helpers import FIXTURES
from random_logs import logs
from random_patients import random_events

Row = dict[str, Any]
Export = dict[str, list[Row]]
Rule = Callable[[Export], Iterator[str]]
SUBJECT_LEVEL = ("AE", "CM", "DS", "EX", "RS", "SS", "TR", "TU")
PAIRS = (("DTC", "DY"), ("STDTC", "STDY"), ("ENDTC", "ENDY"))
RULES: dict[str, Rule] = {}


def rule(ids: str) -> Callable[[Rule], Rule]:
    """A rule of CORE; it yields what breaks it."""

    def keep(check: Rule) -> Rule:
        RULES[f"{ids} {check.__name__}"] = check
        return check

    return keep


def complete(text: str) -> date | None:
    return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text or "") else None


def every(data: Export, *domains: str) -> Iterator[tuple[str, Row]]:
    for name in domains or tuple(data):
        for row in data.get(name, ()):
            yield name, row


def by_subject(data: Export, name: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in data.get(name, ()):
        found.setdefault(row["USUBJID"], []).append(row)
    return found


@rule("CORE-000138 000139 000321 000354 000529 000553 000776 000793 000853")
def study_days_stand_beside_days(data: Export) -> Iterator[str]:
    starts = {r["USUBJID"]: complete(r["RFSTDTC"]) for r in data["DM"]}
    for name, row in every(data):
        for day, count in PAIRS:
            if f"{name}{day}" not in row:
                continue
            if f"{name}{count}" not in row:
                yield f"{name} lacks {name}{count}"
                continue
            due = study_day(complete(row[f"{name}{day}"]), starts[row["USUBJID"]])
            if row[f"{name}{count}"] != due:
                yield f"{name}{count} {row[f'{name}{count}']} is not {due}"


@rule("CORE-000701")
def every_observation_has_an_epoch(data: Export) -> Iterator[str]:
    for name, row in every(data, *SUBJECT_LEVEL):
        if row.get("EPOCH") not in codelist("EPOCH").terms:  # type: ignore[union-attr]
            yield f"{name} {row}"


@rule("CORE-000334 000355")
def required_and_expected_variables_are_there(data: Export) -> Iterator[str]:
    for name in data:
        for v in domain(name).variables:  # type: ignore[union-attr]
            if v.core in ("Req", "Exp") and v.name not in data[name][0]:
                yield f"{name}.{v.name}"


@rule("CORE-000356")
def required_variables_have_values(data: Export) -> Iterator[str]:
    """But for COUNTRY, which our log has of no virtual patient; and a site's name, which a random log may lack."""
    for name, row in every(data):
        for v in domain(name).variables:  # type: ignore[union-attr]
            if v.core == "Req" and row[v.name] in ("", None) and v.name not in ("COUNTRY", "SITEID"):
                yield f"{name}.{v.name}"


@rule("CORE-000550 000852 000330 000664")
def variables_are_known_and_in_order(data: Export) -> Iterator[str]:
    for name, rows in data.items():
        order = [v.name for v in domain(name).variables]  # type: ignore[union-attr]
        found = list(rows[0])
        if found != [v for v in order if v in found]:
            yield f"{name}: {found}"
    if any("EPOCH" in row for row in data.get("SV", ())):
        yield "SV has no epoch"


@rule("CORE-000264 000362 000024 000184")
def organ_classes_agree(data: Export) -> Iterator[str]:
    codes: dict[Any, set[str]] = {}
    for _, row in every(data, "AE"):
        if row["AEBODSYS"] != row["AESOC"] or row["AEBDSYCD"] != row["AESOCCD"]:
            yield f"{row['AEBODSYS']} {row['AESOC']}"
        if row["AEBDSYCD"] is not None:
            codes.setdefault(row["AEBDSYCD"], set()).add(row["AEBODSYS"])
    yield from (f"{code}: {names}" for code, names in codes.items() if len({n.casefold() for n in names}) > 1)


@rule("CORE-000022 000087 000126")
def criteria_are_of_serious_events(data: Export) -> Iterator[str]:
    names = ("AESDTH", "AESLIFE", "AESHOSP", "AESDISAB", "AESCONG", "AESMIE", "AESCAN", "AESOD")
    for _, row in every(data, "AE"):
        if any(row.get(n) == "Y" for n in names) and row["AESER"] != "Y":
            yield f"{row}"


@rule("CORE-000045 000046 000121 000223 000224")
def arms_are_there_or_a_reason_is(data: Export) -> Iterator[str]:
    for _, row in every(data, "DM"):
        full = all(row[v] for v in ("ARM", "ARMCD", "ACTARM", "ACTARMCD"))
        if full == bool(row["ARMNRS"]):
            yield f"{row['ARMCD']} {row['ACTARMCD']} {row['ARMNRS']}"


@rule("CORE-000191 000192 000758 000711 000714")
def reference_days_are_of_the_treated(data: Export) -> Iterator[str]:
    """Of who has an arm and is treated; of nobody else. In a trial without any dose randomisation is the reference."""
    for _, row in every(data, "DM"):
        due = not row["ARMNRS"]
        if bool(row["RFENDTC"]) != due or (row["RFSTDTC"] and row["ARMNRS"] not in ("", "UNPLANNED TREATMENT")):
            yield f"{row['ARMNRS']} {row['RFSTDTC']} {row['RFENDTC']}"
        for a, b in (("RFSTDTC", "RFENDTC"), ("RFXSTDTC", "RFXENDTC")):
            first, last = complete(row[a]), complete(row[b])
            if first and last and first > last:
                yield f"{a} after {b}"


@rule("CORE-000238 000239")
def exposure_is_that_of_ex(data: Export) -> Iterator[str]:
    of = by_subject(data, "EX")
    for _, row in every(data, "DM"):
        doses = of.get(row["USUBJID"], [])
        given = {d[v] for d in doses for v in ("EXSTDTC", "EXENDTC")}
        if {row["RFXSTDTC"], row["RFXENDTC"]} - given - ({""} if not doses else set()):
            yield f"{row['RFXSTDTC']} {row['RFXENDTC']} of {sorted(given)}"
        days = [d for g in given if (d := complete(g))]
        if len(days) == len(given) > 0 and (row["RFXSTDTC"], row["RFXENDTC"]) != (min(given), max(given)):
            yield f"{row['RFXSTDTC']} {row['RFXENDTC']} of {sorted(given)}"


@rule("CORE-000720 000952")
def nothing_is_after_the_end_of_participation(data: Export) -> Iterator[str]:
    last = {r["USUBJID"]: complete(r["RFPENDTC"]) for r in data["DM"]}
    for name, row in every(data, *SUBJECT_LEVEL, "SV"):
        for day in ("DTC", "STDTC", "ENDTC"):
            on, end = complete(row.get(f"{name}{day}", "")), last[row["USUBJID"]]
            if on and end and on > end:
                yield f"{name} {on} after {end}"


@rule("CORE-000212 000213 000214 000215 000374")
def dispositions_end_once(data: Export) -> Iterator[str]:
    for name, rows in by_subject(data, "DS").items():
        ends = Counter(r["DSSCAT"] for r in rows if r["DSCAT"] == "DISPOSITION EVENT")
        if any(n > 1 for n in ends.values()) or "" in ends:
            yield f"{name} {ends}"


@rule("CORE-000007 000034 000252 000679 000705 000913")
def deaths_agree(data: Export) -> Iterator[str]:
    of = by_subject(data, "DS")
    for _, row in every(data, "DM"):
        said = [
            r["DSSTDTC"]
            for r in of.get(row["USUBJID"], ())
            if r["DSDECOD"] == "DEATH" and r["DSSCAT"] != "STUDY TREATMENT"
        ]
        if said != [row["DTHDTC"]] * bool(row["DTHFL"]) or bool(row["DTHDTC"]) != bool(row["DTHFL"]):
            yield f"{row['DTHFL']} {row['DTHDTC']} {said}"


@rule("CORE-000083 000105 000170 and one flag a lesion and assessor, which 000915 forgets")
def the_last_observation_before_exposure(data: Export) -> Iterator[str]:
    first = {r["USUBJID"]: complete(r["RFXSTDTC"]) for r in data["DM"]}
    for name, row in every(data, "TR", "RS"):
        if row.get(f"{name}LOBXFL"):
            on, start = complete(row[f"{name}DTC"]), first[row["USUBJID"]]
            if not row[f"{name}STRESC"] or (on and start and on > start):
                yield f"{name} {on} {start}"
    for name in ("TR", "RS"):
        of = ("USUBJID", *(f"{name}{v}" for v in ("LNKID", "TESTCD", "EVAL", "EVALID")))
        flagged = Counter(tuple(r.get(v) for v in of) for r in data.get(name, ()) if r.get(f"{name}LOBXFL"))
        yield from (f"{name} {key} is flagged {n} times" for key, n in flagged.items() if n > 1)


@rule("CORE-000021 000200 000542 000732 000863")
def results_agree(data: Export) -> Iterator[str]:
    for name, row in every(data, "TR", "RS", "TU", "SS"):
        if bool(row[f"{name}ORRES"]) == bool(row.get(f"{name}STAT")):
            yield f"{name} {row[f'{name}ORRES']!r} {row.get(f'{name}STAT')!r}"
    for _, row in every(data, "TR"):
        try:
            number = float(row["TRSTRESC"])
        except ValueError:
            number = None
        if number != row["TRSTRESN"]:
            yield f"{row['TRSTRESC']} {row['TRSTRESN']}"


@rule("CORE-000544 000203 000718 000168")
def keys_are_once_and_links_resolve(data: Export) -> Iterator[str]:
    for name, rows in data.items():
        keys = Counter(tuple(r[v] for v in ("USUBJID", f"{name}SEQ", "VISITNUM" if name == "SV" else "USUBJID", "IDVARVAL", "QNAM")
                             if v in r) for r in rows)  # fmt: skip
        yield from (f"{name} {key}" for key, n in keys.items() if n > 1)
    visits = {(r["USUBJID"], r["VISITNUM"]) for r in data.get("SV", ())}
    for name, row in every(data, "EX", "TR", "RS"):
        if row.get("VISITNUM") is not None and (row["USUBJID"], row["VISITNUM"]) not in visits:
            yield f"{name} {row['VISITNUM']} is no visit of SV"
    for name in ("SUPPAE", "SUPPTU"):
        parents = {(r["USUBJID"], str(int(r[f"{name[4:]}SEQ"]))) for r in data.get(name[4:], ())}
        for row in data.get(name, ()):
            if (row["USUBJID"], row["IDVARVAL"]) not in parents:
                yield f"{name} {row['IDVARVAL']}"


@rule("CORE-000019 000182 000199 000220 000302 000303")
def names_fit_a_transport_file(data: Export) -> Iterator[str]:
    for name, row in every(data):
        for v, value in row.items():
            if len(v) > 8 or (isinstance(value, str) and len(value.encode()) > 200):
                yield f"{name}.{v}"
            if v.endswith("TESTCD") and not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,7}", value):
                yield f"{name}.{v} {value}"
            if v.endswith("TEST") and len(value) > 40:
                yield f"{name}.{v} {value}"


def exported(trial: Trial, events: Any) -> Export:
    """Row by row, as a reader of the files has them: None for a number that is missing."""

    def plain(d: Dataset) -> list[Row]:
        return [
            {k: None if isinstance(x, float | np.floating) and np.isnan(x) else x for k, x in r.items()}
            for r in d.rows()
        ]

    found = from_log(trial, events)
    for name, d in found.items():  # one without records too
        for day, count in PAIRS:
            assert d.has(f"{name}{day}") <= d.has(f"{name}{count}")
        assert set(expected(name)) <= set(d.columns)
    return {name: plain(d) for name, d in found.items() if d.n}


def broken(data: Export) -> dict[str, list[str]]:
    return {name: found for name, check in RULES.items() if (found := list(check(data)))}


def blurred(events: list[Event], random: Random) -> list[Event]:
    """The same events, some with a partial date; each is as the log would hold it."""
    found = []
    for e in events:
        if (
            e.kind in ("adverse event", "contact", "next therapy", "treated", "assessed", "died", "randomised")
            and random.random() < 0.25
        ):
            on = str(e.happened)[: random.choice((4, 7))]
            e = Event(
                e.number,
                e.kind,
                e.happened,
                e.recorded,
                e.by,
                e.why,
                e.patient,
                e.site,
                {**e.data, "dated": on, "date_rule": "x"},
            )
        found.append(e)
    return found


@pytest.mark.property
@settings(max_examples=40)
@given(log=logs(), seed=st.integers(0, 10**6))
def test_what_a_log_becomes_breaks_no_rule(north: Trial, log: Any, seed: int) -> None:
    assert broken(exported(north, blurred(list(log), Random(seed)))) == {}


@pytest.mark.property
@settings(max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_odd_records_break_no_rule(north: Trial, seed: int) -> None:
    random = Random(seed)
    assert broken(exported(north, blurred(random_events(random, 6), random))) == {}


@pytest.mark.property
@pytest.mark.thorough
def test_a_simulated_trial_breaks_no_rule(north: Trial, plan: Callable[..., Plan]) -> None:
    data = exported(north, run(plan("target"), 0, detail=True).log)
    assert broken(data) == {}
    serious = [r for r in data["AE"] if r["AESER"] == "Y"]
    assert serious
    assert all("Y" in (r["AESDTH"], r["AESLIFE"], r["AESMIE"]) for r in serious)  # CORE-000266


@pytest.mark.thorough
def test_the_field_s_data_break_no_rule_of_their_own() -> None:
    """Taken in and given out again; where they contradict themselves on seriousness they go on doing so."""
    folder = FIXTURES / "data" / "onco" / "sdtm"
    names = ("dm.xpt", "ds.xpt", "ex.xpt", "ae.xpt", "rs_recist.csv", "tr_recist.csv", "tu_recist.csv")
    datasets = {d.name.split("_")[0]: d for n in names for d in read_datasets(folder / n).values()}
    trial = observed_trial(datasets)
    found = broken(exported(trial, to_log(datasets, trial)[0]))
    assert {name.rpartition(" ")[2] for name in found} == {"criteria_are_of_serious_events"}


def test_each_rule_can_fail() -> None:
    """A dataset that breaks them all: no rule is deaf."""
    row = {"STUDYID": "S", "USUBJID": "1", "DOMAIN": "", "QQ": "", "TOOLONGNAME": ""}
    empty = dict.fromkeys(
        ("RFSTDTC", "RFENDTC", "RFXSTDTC", "RFXENDTC", "RFPENDTC", "DTHDTC", "DTHFL", "ARM", "ACTARM", "ACTARMCD"), ""
    )
    dm = row | empty | {"SUBJID": "", "SITEID": "", "SEX": "", "COUNTRY": "", "ARMCD": "A", "ARMNRS": "", "DMDTC": "2020-01-01",
                        "RFPENDTC": "2019-01-01", "RFXSTDTC": "2019-01-01", "DTHFL": "Y"}  # fmt: skip
    ae = row | {"AESEQ": 1.0, "AETERM": "", "AEDECOD": "", "AEBODSYS": "a", "AESOC": "b", "AEBDSYCD": 1, "AESOCCD": 2, "AESER": "N",
                "AESDTH": "Y", "AESTDTC": "2020-01-01"}  # fmt: skip
    ds = row | {"DSSEQ": 1.0, "DSTERM": "", "DSDECOD": "", "DSCAT": "DISPOSITION EVENT", "DSSCAT": ""}
    tr = row | {"TRSEQ": 1.0, "TRTESTCD": "", "TRTEST": "", "TRLOBXFL": "Y", "TRSTRESC": "1", "TRSTRESN": None, "TRORRES": "",
                "TRDTC": "2020-01-01"}  # fmt: skip
    found = broken({"DM": [dm], "AE": [ae, ae], "DS": [ds], "TR": [tr], "SV": [row | {"EPOCH": "", "VISITNUM": None}]})
    assert set(RULES) - set(found) == set()


def test_the_model_s_timing_variables_are_few() -> None:
    """What the guide's table of a domain does not list is a timing variable that the model allows."""
    assert BEYOND == {"AE": ("AEDTC",), "DS": ("VISITNUM", "VISIT"), "EX": ("VISITNUM", "VISIT", "VISITDY")}


@pytest.mark.parametrize("kind", ["treated", "adverse event"])
def test_a_partial_date_stays_as_it_was_recorded(north: Trial, kind: str) -> None:
    """RFSTDTC, EXENDTC and AESTDTC show what was known, not the day that a rule made of it."""
    random = Random(1)
    events = [e for e in random_events(random, 40) if e.kind != "screened"]
    dated = [
        Event(
            e.number, e.kind, e.happened, e.recorded, e.by, "", e.patient, "", {**e.data, "dated": str(e.happened)[:7]}
        )
        if e.kind == kind
        else e
        for e in events
    ]
    data = exported(north, dated)
    names = {"treated": ("EXSTDTC", "EXENDTC", "RFSTDTC", "RFXSTDTC"), "adverse event": ("AESTDTC",)}[kind]
    values = [r[n] for _, r in every(data, "EX", "AE", "DM") for n in names if r.get(n)]
    assert values
    assert {len(v) for v in values} == {7}
