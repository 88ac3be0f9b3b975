"""Partial dates of a subject's records: an imputed day never contradicts what is known, and nothing is lost for its sake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.files.sdtm_files import possible
from equipoise.standards.dataset import Dataset, Variable
from equipoise.standards.sdtm.notes import Unmapped
from equipoise.standards.sdtm.observed_trial import observed_trial
from equipoise.standards.sdtm.to_log import to_log
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.partial_date import PartialDate

Tables = dict[str, list[dict[str, str]]]
BEGIN = date(2020, 11, 20)


def datasets(tables: Mapping[str, list[dict[str, str]]]) -> dict[str, Dataset]:
    found = {}
    for name, rows in tables.items():
        names = list(dict.fromkeys(k for row in rows for k in row))
        columns = {n: [row.get(n, "") for row in rows] for n in names}
        found[name] = Dataset(name, name, tuple(Variable(n) for n in names), columns)
    return found


def taken(tables: Tables, recorded: date | None = None) -> tuple[Log, Log, Unmapped]:
    """The log as it was read, the same without what is impossible, and what was not taken."""
    data = datasets(tables)
    moment = datetime.combine(recorded, time(12), UTC) if recorded is not None else None
    log, unmapped = to_log(data, recorded=moment)
    return log, possible(observed_trial(data), log)[0], unmapped


def course(**more: Any) -> Tables:
    """One subject, randomised on 2021-01-03 and treated from the 4th."""
    tables: Tables = {
        "DM": [{"USUBJID": "P", "ARMCD": "A", "RFICDTC": "2020-12-20", "RFSTDTC": "2021-01-04"}],
        "DS": [{"USUBJID": "P", "DSSEQ": "1", "DSDECOD": "RANDOMIZED", "DSSTDTC": "2021-01-03"}],
        "EX": [{"USUBJID": "P", "EXSEQ": "1", "EXTRT": "A", "EXDOSE": "1", "EXSTDTC": "2021-01-04"}],
    }
    tables["DM"][0] |= more.pop("dm", {})
    for domain, rows in more.items():
        name = domain.upper()
        before = len(tables.get(name, []))
        added = [{"USUBJID": "P", f"{name}SEQ": str(before + i)} | row for i, row in enumerate(rows, 1)]
        tables[name] = [*tables.get(name, []), *added]
    return tables


def scan(day: str, visit: str = "2", term: str = "SD") -> dict[str, str]:
    return {"RSTESTCD": "OVRLRESP", "RSSTRESC": term, "VISITNUM": visit, "RSDTC": day}


def death(day: str) -> dict[str, str]:
    return {"DSDECOD": "DEATH", "DSCAT": "DISPOSITION EVENT", "DSSTDTC": day}


def one(log: Log, kind: str) -> Event:
    (event,) = [e for e in log if e.kind == kind]
    return event


#: What was recorded of a subject, the kind of event, its day.
IMPUTED = [
    ({"dm": {"DTHDTC": "2021-05"}, "rs": [scan("2021-05-20", term="PD")]}, "died", "2021-05-20"),
    ({"dm": {"DTHDTC": "2021-05"}, "rs": [scan("2021-04-20")]}, "died", "2021-05-01"),
    ({"dm": {"DTHDTC": "2021"}, "ss": [{"SSTESTCD": "SURVSTAT", "SSSTRESC": "ALIVE", "SSDTC": "2021-07"}]}, "died", "2021-07-01"),
    ({"dm": {"DTHDTC": "2021---26"}, "rs": [scan("2021-05-27")]}, "died", "2021-06-26"),
    ({"dm": {"DTHDTC": "2021-05-10/2021-05-14"}}, "died", "2021-05-10"),
    ({"dm": {"DTHDTC": "2021-05", "RFPENDTC": "2021-05-18"}}, "died", "2021-05-18"),
    ({"dm": {"DTHDTC": "2021-05"}, "sv": [{"VISIT": "3", "SVSTDTC": "2021-05-11", "SVENDTC": "2021-05-13"}]}, "died", "2021-05-13"),
    ({"dm": {"DTHDTC": "2021-05"}, "cm": [{"CMTRT": "X", "CMCAT": "CONCOMITANT", "CMSTDTC": "2021-05-14", "CMENDTC": "2021-05-20"}]},
     "died", "2021-05-20"),
    ({"dm": {"DTHDTC": "2021-05"}, "cm": [{"CMTRT": "X", "CMCAT": "SUBSEQUENT", "CMSTDTC": "2021-05-09"}]}, "died", "2021-05-09"),
    ({"dm": {"DTHDTC": "2021-05"}, "ae": [{"AETERM": "X", "AESEV": "MILD", "AESTDTC": "2021-05-02", "AEENDTC": "2021-05-04"}]},
     "died", "2021-05-04"),
    ({"dm": {"DTHDTC": "2021-05"}, "ds": [death("2021-05-17")]}, "died", "2021-05-17"),
    ({"dm": {"DTHDTC": "2021-05"}, "ds": [death("2021")]}, "died", "2021-05-01"),
    ({"dm": {"DTHDTC": "2021-05-08/2021-05-20"}, "ds": [death("2021-05-10/2021-05-28")]}, "died", "2021-05-10"),
    ({"ds": [death("2021-05")], "sv": [{"SVSTDTC": "2021-05-11"}]}, "died", "2021-05-11"),
    ({"rs": [scan("2021-05")]}, "assessed", "2021-05-31"),
    ({"rs": [scan("2021---26")]}, "assessed", "2021-12-26"),
    ({"rs": [scan("2021-04-20/2021-04-26")]}, "assessed", "2021-04-26"),
    ({"dm": {"DTHDTC": "2021-05-08"}, "rs": [scan("2021-05")]}, "assessed", "2021-05-08"),
    ({"ds": [{"DSDECOD": "WITHDRAWAL BY SUBJECT", "DSSTDTC": "2021-05-08"}], "rs": [scan("2021-05")]}, "assessed", "2021-05-08"),
    ({"ts": [{"TSPARMCD": "DCUTDTC", "TSVAL": "2021-05-12"}], "rs": [scan("2021-05")]}, "assessed", "2021-05-12"),
    ({"rs": [scan("2021-01") | {"RSLOBXFL": "Y"}]}, "assessed", "2021-01-04"),
    ({"dm": {"RFICDTC": "2021-01"}}, "screened", "2021-01-01"),
    ({"ds": [{"DSDECOD": "LOST TO FOLLOW-UP", "DSSTDTC": "2021-05"}], "rs": [scan("2021-05-20")]}, "lost", "2021-05-20"),
    ({"ds": [{"DSDECOD": "WITHDRAWAL BY SUBJECT", "DSSTDTC": "2021-05"}], "rs": [scan("2021-05-20")]}, "withdrawn", "2021-05-20"),
    ({"ds": [{"DSDECOD": "ADVERSE EVENT", "DSSCAT": "STUDY TREATMENT", "DSSTDTC": "2021-01"}]}, "treatment ended", "2021-01-04"),
    ({"cm": [{"CMTRT": "X", "CMCAT": "SUBSEQUENT", "CMSTDTC": "2021-01"}]}, "next therapy", "2021-01-04"),
    ({"ss": [{"SSTESTCD": "SURVSTAT", "SSSTRESC": "ALIVE", "SSDTC": "2021-01"}]}, "contact", "2021-01-03"),
    ({"ae": [{"AETERM": "X", "AESEV": "MILD", "AESTDTC": "2021-01"}]}, "adverse event", "2021-01-04"),
    ({"ae": [{"AETERM": "X", "AESEV": "MILD", "AESTDTC": "2021-01", "AEENDTC": "2021-01-02"}]}, "adverse event", "2021-01-01"),
    ({"ae": [{"AETERM": "X", "AESEV": "MILD", "AESTDTC": "2020-12"}]}, "adverse event", "2020-12-20"),
]  # fmt: skip


@pytest.mark.parametrize(("recorded", "kind", "day"), IMPUTED)
def test_an_imputed_day_respects_what_is_known(recorded: dict[str, Any], kind: str, day: str) -> None:
    _, kept, _ = taken(course(**recorded))
    event = one(kept, kind)
    assert event.happened.isoformat() == day
    assert ("dated" in event.data) == (recorded.get("ds") != [death("2021-05-17")])


@pytest.mark.parametrize(
    ("more", "until"),
    [({}, "2021-02-28"), ({"dm": {"DTHDTC": "2021-02-10"}}, "2021-02-10"), ({"dm": {"RFXENDTC": "2021-02-11"}}, "2021-02-11"),
     ({"ts": [{"TSPARMCD": "DCUTDTC", "TSVAL": "2021-02-12"}]}, "2021-02-12")],
)  # fmt: skip
def test_the_end_of_a_dose_lies_between_its_start_and_the_last_day_known(more: dict[str, Any], until: str) -> None:
    tables = course(**more)
    tables["EX"][0]["EXENDTC"] = "2021-02"
    dose = one(taken(tables)[1], "treated")
    assert (dose.data["until"], dose.data["until_dated"]) == (until, "2021-02")


def test_nothing_is_imputed_after_the_day_on_which_the_data_came_in() -> None:
    _, kept, _ = taken(course(rs=[scan("2021-05")]), date(2021, 5, 10))
    assert one(kept, "assessed").happened == date(2021, 5, 10)


def test_nothing_is_imputed_before_the_trial_began() -> None:
    data = datasets(course(dm={"RFICDTC": "2020"}))
    trial = observed_trial(data).model_copy(update={"start": date(2020, 12, 10)})
    log, _ = to_log(data, trial)
    assert one(log, "screened").happened == date(2020, 12, 10)
    assert possible(trial, log)[0].head == log.head


#: Two records that disagree, and which is told of.
DISAGREE = [
    ({"dm": {"DTHDTC": "2021-05-10"}, "ds": [death("2021-06-10")]}, "DS", "another day of death than DM.DTHDTC"),
    ({"dm": {"DTHDTC": "2021-05"}, "ds": [death("2021-06-10")]}, "DS", "another day of death than DM.DTHDTC"),
    ({"ds": [death("2021-05-10"), death("2021-05-11")]}, "DS", "another day of death than DS.DSSTDTC"),
    ({"dm": {"DTHDTC": "2021-05-10"}, "ae": [{"AETERM": "X", "AESEV": "SEVERE", "AESTDTC": "2021-05-01", "AEENDTC": "2021-05-12", "AEOUT": "FATAL"}]},
     "AE", "another day of death than DM.DTHDTC"),
    ({"ae": [{"AETERM": "X", "AESEV": "SEVERE", "AESTDTC": "2021-05-01", "AEENDTC": "2021-05-12", "AEOUT": "FATAL"}]}, "AE", "no date of death"),
    ({"ae": [{"AETERM": "X", "AETOXGR": "5", "AESTDTC": "2021-05-01"}]}, "AE", "no date of death"),
    ({"dm": {"RFXSTDTC": "2021-01-05"}}, "DM", "another first day of exposure than EX"),
    ({"dm": {"RFXENDTC": "2021-01-05"}}, "DM", "another last day of exposure than EX"),
    ({"ds": [{"DSDECOD": "RANDOMIZED", "DSSTDTC": "2021-01-02"}]}, "DS", "another day of randomisation"),
    ({"dm": {"DTHFL": "Y"}}, "DM", "death without a date"),
    ({"dm": {"DTHFL": "Y", "DTHDTC": "--05-10"}}, "DM", "a date without a year"),
    ({"ds": [death("2021-05-10") | {"DSSCAT": "STUDY TREATMENT"}]}, "DS", "treatment ended by death, and no date"),
    ({"dm": {"DTHFL": "N", "DTHDTC": "2021-05-10"}}, "DM", "DTHFL is not Y"),
    ({"dm": {"DTHFL": "", "DTHDTC": ""}, "ds": [death("2021-05-10")]}, "DM", "no date of death, and DS says"),
    ({"dm": {"DTHDTC": "2021-05-10"}, "ss": [{"SSTESTCD": "SURVSTAT", "SSSTRESC": "DEAD", "SSDTC": "2021-05-01"}]}, "SS", "dead before"),
]  # fmt: skip


@pytest.mark.parametrize(("recorded", "domain", "why"), DISAGREE)
def test_records_that_disagree_are_told_of(recorded: dict[str, Any], domain: str, why: str) -> None:
    _, _, unmapped = taken(course(**recorded))
    assert any(u.domain == domain and why in u.why for u in unmapped), list(unmapped)


#: A death that one record speaks of and of which no day is known, and a randomisation or therapy without a day.
WITHOUT_A_DAY = [
    {"dm": {"DTHFL": "Y"}},
    {"dm": {"DTHDTC": "--05-10"}},
    {"ds": [death("")]},
    {"ds": [death("2021-05-10") | {"DSSCAT": "STUDY TREATMENT"}]},
    {"ds": [death("2021-05-10") | {"DSDECOD": "DIED"}]},
    {"ds": [death("2021-05-10") | {"DSDECOD": "", "DSTERM": "Death due to progressive disease"}]},
    {"ss": [{"SSTESTCD": "SURVSTAT", "SSSTRESC": "DEAD", "SSDTC": "2021-05-01"}]},
    {"ae": [{"AETERM": "X", "AETOXGR": "5", "AESTDTC": "2021-05-01"}]},
    {"dm": {"DTHDTC": "2021-05-10"}, "ds": [death("2021-06-10")]},
    {"cm": [{"CMTRT": "X", "CMCAT": "SUBSEQUENT", "CMSTDTC": ""}]},
]  # fmt: skip


@pytest.mark.parametrize("recorded", WITHOUT_A_DAY)
def test_a_death_of_which_no_day_is_known_is_said_wherever_an_endpoint_is(recorded: dict[str, Any]) -> None:
    log, _, unmapped = taken(course(**recorded))
    assert len(unmapped.told) == 1
    assert one(log, "opened").data["left_out"] == unmapped.told


def test_one_death_that_all_records_agree_on_is_no_loss() -> None:
    agreed = {
        "dm": {"DTHFL": "Y", "DTHDTC": "2021-05"},
        "ds": [death("2021-05-10") | {"DSTERM": "Death due to progression"}],
    }
    assert taken(course(**agreed))[2].told == []


FORMS = [
    "{0:%Y-%m-%d}",
    "{0:%Y-%m-%d}",
    "{0:%Y-%m}",
    "{0:%Y}",
    "{0:%Y}---{0:%d}",
    "{1:%Y-%m-%d}/{2:%Y-%m-%d}",
    "{1:%Y-%m}/{2:%Y-%m-%d}",
]


@st.composite
def blurred(draw: st.DrawFn, day: date) -> str:
    """A true day as it may have been recorded."""
    before, after = (timedelta(days=draw(st.integers(0, 40))) for _ in range(2))
    return draw(st.sampled_from(FORMS)).format(day, day - before, day + after)


@st.composite
def true_courses(draw: st.DrawFn) -> Tables:
    """What may have happened to somebody, in a possible order, each date as far as it was recorded."""
    steps = [draw(st.integers(0, 25)) for _ in range(8)]
    days = [BEGIN + timedelta(days=sum(steps[: i + 1])) for i in range(8)]
    come, randomised, first, second, scanned, again, ended, last = days

    def text(day: date) -> str:
        return draw(blurred(day))

    tables: Tables = {
        "DM": [{"USUBJID": "P", "ARMCD": "A", "RFICDTC": text(come)}],
        "DS": [{"DSDECOD": "RANDOMIZED", "DSSTDTC": text(randomised)}],
        "EX": [{"EXTRT": "A", "EXDOSE": "1", "EXSTDTC": text(first), "EXENDTC": text(first)},
               {"EXTRT": "A", "EXDOSE": "1", "EXSTDTC": text(second), "EXENDTC": text(scanned)}],
        "RS": [scan(text(scanned)), scan(text(again), "3")],
        "AE": [{"AETERM": "X", "AESEV": "MILD", "AESTDTC": text(second), "AEENDTC": text(last)}],
        "CM": [{"CMTRT": "X", "CMCAT": "SUBSEQUENT", "CMSTDTC": text(again)}],
        "SS": [{"SSTESTCD": "SURVSTAT", "SSSTRESC": "ALIVE", "SSDTC": text(ended)}],
    }  # fmt: skip
    tables["DS"].append({"DSDECOD": "ADVERSE EVENT", "DSSCAT": "STUDY TREATMENT", "DSSTDTC": text(ended)})
    if draw(st.booleans()):
        tables["DS"].append({"DSDECOD": "WITHDRAWAL BY SUBJECT", "DSSTDTC": text(ended)})
    if draw(st.booleans()):
        tables["DM"][0] |= {"DTHDTC": text(last), "DTHFL": "Y"}
    if draw(st.booleans()):
        tables["TS"] = [{"TSPARMCD": "DCUTDTC", "TSVAL": f"{last:%Y-%m-%d}"}]
    for domain, rows in tables.items():
        for i, row in enumerate(rows, 1):
            row |= {"USUBJID": "P"} | ({f"{domain}SEQ": str(i)} if domain != "DM" else {})
    return tables


@pytest.mark.property
@settings(max_examples=150)
@given(true_courses())
def test_no_record_of_a_possible_course_is_called_impossible_for_an_imputed_day(tables: Tables) -> None:
    log, kept, unmapped = taken(tables)
    assert [(e.kind, e.happened) for e in log] == [(e.kind, e.happened) for e in kept]
    assert not [u for u in unmapped if "end before its start" in u.why or "after the death" in u.why]
    cutoff = [date.fromisoformat(row["TSVAL"]) for row in tables.get("TS", ())]
    died = next((e.happened for e in log if e.kind == "died"), date.max)
    for e in log:
        for name, on in (("dated", e.happened), ("until_dated", date.fromisoformat(e.data.get("until", "0001-01-01")))):
            if name in e.data:
                partial = PartialDate.parse(e.data[name])
                assert partial.first <= on <= partial.last
                assert on in partial.possible(on, on)
                assert on <= min([died, *cutoff])
        if "until" in e.data:
            assert e.data["until"] >= e.happened.isoformat()
        assert e.happened <= died
