"""Every parameter of admiral's ADRS and ADTTE, cell by cell, for all subjects of the field's test data."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import numpy as np
import pytest

from adam_cases import DOCS
from equipoise.files.datasets import read_datasets
from equipoise.standards.adam.agreement import Agreement, compare
from equipoise.standards.adam.build import admiral_datasets, by_admiral, to_adam
from equipoise.standards.dataset import SAS_EPOCH
from equipoise.standards.terminology import codelist
from equipoise.trial.snapshot import snapshot
from onco_data import ONCO, onco, rows


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    snap = snapshot(onco()[1], date(2026, 11, 25), fingerprint=False)
    return compare(by_admiral(snap), rows(ONCO / "adam" / "adrs_onco.csv"), rows(ONCO / "adam" / "adtte_onco.csv"))


@pytest.mark.independent
def test_all_of_admirals_parameters(agreement: Agreement) -> None:
    assert agreement.patients == 152
    assert sum(agreement.records.values()) == 1841 + 255
    assert agreement.unexplained == []
    # What differs is what the docs say, and no more.
    assert Counter((d.parameter, d.variable) for d in agreement.differences) == {("MDIS", "RANDDT"): 126}


@pytest.mark.independent
def test_docs_show_the_table(agreement: Agreement) -> None:
    text = DOCS.read_text()
    for row in agreement.table().rows:
        assert "| " + " | ".join(str(c) for c in row) + " |" in text


@pytest.mark.independent
def test_adsl_as_admiral_derives_it() -> None:
    """Days, status and flag of all 152 subjects, screen failures among them."""
    trial, log = onco()
    adsl = admiral_datasets(trial, snapshot(log, date(2026, 11, 25), fingerprint=False))[0]
    theirs = {r["USUBJID"]: r for r in rows(ONCO / "adam" / "adsl.csv")}
    assert adsl.n == len(theirs) == 152
    for row in adsl.rows():
        for name in ("RANDDT", "TRTSDT", "TRTEDT", "DTHDT", "LSTALVDT", "EOSDT"):
            day = "" if np.isnan(row[name]) else str(SAS_EPOCH + timedelta(int(row[name])))
            assert day == theirs[row["USUBJID"]][name], (row["USUBJID"], name)
        for name in ("EOSSTT", "SAFFL"):
            assert row[name] == theirs[row["USUBJID"]][name]


@pytest.mark.independent
def test_adsl_says_who_a_person_is_where_the_data_do() -> None:
    """Age, sex, race and the actual arm as admiral's datasets copied them from the same DM."""
    trial, log = onco()
    adsl = to_adam(trial, snapshot(log, date(2026, 11, 25), fingerprint=False))[0]
    ours = {r["USUBJID"]: r for r in adsl.rows()}
    seen = 0
    for theirs in rows(ONCO / "adam" / "adtte_onco.csv"):
        row = ours[theirs["USUBJID"]]
        assert (row["AGE"], row["AGEU"], row["SEX"]) == (float(theirs["AGE"]), "YEARS", theirs["SEX"])
        assert (row["ACTARM"], row["ACTARMCD"]) == (theirs["ACTARM"], theirs["ACTARMCD"])
        seen += 1
    assert seen == 255
    assert set(adsl.text("RACE")) <= set(codelist("RACE").terms)  # type: ignore[union-attr]


@pytest.mark.property
def test_imported_data_by_the_trials_own_rules() -> None:
    """ADaM of imported SDTM, by assessor: every record that came from an event names the record of SDTM it came from."""
    trial, log = onco()
    found = {d.name: d for d in to_adam(trial, snapshot(log, date(2026, 11, 25), fingerprint=False))}
    assert set(found["ADRS"].text("SRCDOM")) == {"RS", "TR", "ADSL"}
    codes = set(found["ADRS"].text("PARAMCD"))
    assert {"BOR", "BORR1", "BORR2", "CBCPR2", "DEATH"} <= codes
    week_6 = next(r for r in found["ADRS"].rows() if r["USUBJID"] == "01-701-1015" and r["AVALC"] == "NE")
    assert (week_6["ADTF"], week_6["SRCVAR"], week_6["SRCSEQ"]) == ("D", "RSSTRESC", 6)
    assert found["ADAE"].n == sum(e.kind == "adverse event" for e in log) > 590
    events = {(r["USUBJID"], r["AESEQ"]): r for r in read_datasets(ONCO / "sdtm" / "ae.xpt")["AE"].rows()}
    for r in found["ADAE"].rows():
        theirs_ = events[r["USUBJID"], r["AESEQ"]]
        assert (r["AETERM"], r["AESER"]) == (theirs_["AETERM"], theirs_["AESER"])
        assert str(SAS_EPOCH + timedelta(int(r["ASTDT"]))).startswith(theirs_["AESTDTC"]) or r["ASTDTF"]
    # 01-701-1028 by the investigator: a sum at each of four visits, the nadir before each.
    sums = [r for r in found["ADTR"].rows() if r["USUBJID"] == "01-701-1028" and r["PARAMCD"] == "SUMDIAM"]
    assert [r["ABLFL"] for r in sums] == ["Y", "", "", ""]
    lowest = sums[0]["AVAL"]
    for r in sums[1:]:
        assert r["NADIR"] == pytest.approx(lowest)
        assert r["CHG"] == pytest.approx(r["AVAL"] - sums[0]["AVAL"])
        assert r["CHGNAD"] == pytest.approx(r["AVAL"] - lowest)
        lowest = min(lowest, r["AVAL"])
