"""ADaM out of simulated and real patients: one road with the analysis, laws of every record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.analyse.analysis import analyse
from equipoise.analyse.rates import RateResult
from equipoise.analyse.response import best_response
from equipoise.analyse.survival import SurvivalResult
from equipoise.files.bundled import find_trial
from equipoise.files.table_file import log_from_table
from equipoise.numerics.times import survival as km
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.standards.adam.assessors import codes, parameter_code
from equipoise.standards.adam.build import to_adam
from equipoise.standards.adam.events import ae_numbers
from equipoise.standards.adam.trial_times import parameter_codes
from equipoise.standards.dataset import Dataset, sas_date
from equipoise.standards.sdtm.from_log import to_sdtm
from equipoise.trial.endpoint import Response
from equipoise.trial.log import Log
from equipoise.trial.patient import gather
from equipoise.trial.snapshot import Snapshot, snapshot
from equipoise.trial.trial import Trial
from onco_data import log_of

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def north_log(plan: Callable[..., Plan]) -> Log:
    return run(plan(), 0, detail=True).log


@pytest.fixture(scope="module")
def north_snap(north_log: Log) -> Snapshot:
    return snapshot(north_log, max(e.recorded.date() for e in north_log), fingerprint=False)


@pytest.fixture(scope="module")
def colon_snap(colon: Trial) -> Snapshot:
    log = log_from_table(colon, find_trial("colon").parent / "colon.csv").log
    return snapshot(log, max(e.recorded.date() for e in log), fingerprint=False)


def named(found: Sequence[Dataset], name: str) -> Dataset:
    return next(d for d in found if d.name == name)


def same_as_analysis(trial: Trial, snap: Snapshot, adtte: Dataset) -> None:
    """Kaplan–Meier, log-rank and Cox from ADTTE alone are those of the analysis, to the last digit."""
    arm, code = np.array(adtte.text("ARMCD")), np.array(adtte.text("PARAMCD"))
    days, event = np.asarray(adtte.columns["AVAL"]), np.asarray(adtte.columns["CNSR"]) == 0
    result = analyse(trial, snap)
    for name, parameter in parameter_codes(trial).items():
        found = result.endpoints[name]
        assert isinstance(found, SurvivalResult)
        for a, shown in found.arms.items():
            here = (code == parameter) & (arm == a)
            assert (int(here.sum()), int(event[here].sum())) == (shown.n, shown.events)
            median = km.kaplan_meier(days[here], event[here]).median()
            np.testing.assert_array_equal([median.estimate, median.lower], [shown.median, shown.median_ci[0]])
        for c in found.comparisons.values():
            here = (code == parameter) & np.isin(arm, [c.tested, c.control])
            treated = (arm[here] == c.tested).astype(np.int64)
            test = km.logrank(days[here], event[here], treated)
            assert test.chi2 == pytest.approx(c.logrank_chi2, rel=1e-12)
            assert test.p == pytest.approx(c.p, rel=1e-12)


@pytest.mark.property
def test_one_road_for_north(north: Trial, north_snap: Snapshot) -> None:
    same_as_analysis(north, north_snap, named(to_adam(north, north_snap), "ADTTE"))


@pytest.mark.property
def test_one_road_for_colon(colon: Trial, colon_snap: Snapshot) -> None:
    adtte = named(to_adam(colon, colon_snap), "ADTTE")
    assert adtte.n == 3 * 929
    same_as_analysis(colon, colon_snap, adtte)


@pytest.mark.property
def test_best_responses_are_those_of_the_analysis(north: Trial, north_snap: Snapshot) -> None:
    adrs = named(to_adam(north, north_snap), "ADRS")
    best = {r["USUBJID"]: r["AVALC"] for r in adrs.rows() if r["PARAMCD"] == "BOR"}
    endpoint = next(e for e in north.endpoints if isinstance(e, Response))
    assert not endpoint.confirmed
    for p in north_snap.randomised:
        theirs = best_response(p, endpoint, north_snap.cutoff).response
        assert best[p.name].replace("MISSING", "NE") == theirs
    result = analyse(north, north_snap).endpoints["ORR"]
    assert isinstance(result, RateResult)


def check_records(found: Sequence[Dataset], snap: Snapshot) -> None:
    cutoff = sas_date(snap.cutoff)
    for d in found:
        for v in d.variables:
            assert len(v.name) <= 8
            assert 0 < len(v.label) <= 40
            assert len(d.columns[v.name]) == d.n
            if v.kind == "date":
                assert not np.any(np.asarray(d.columns[v.name]) > cutoff), (d.name, v.name)
            if v.codelist == "NY":
                assert set(d.text(v.name)) <= {"Y", "N", ""}
        keys = [v.name for v in sorted((v for v in d.variables if v.key), key=lambda v: v.key or 0)]
        rows = [tuple(str(r[k]) for k in keys) for r in d.rows()]
        assert len(set(rows)) == len(rows), d.name
        if d.name not in ("ADSL", "ADAE"):
            assert all(d.text("SRCDOM"))
        if d.name != "ADSL":
            assert all(d.text("DRVDESC"))
    adtte = named(found, "ADTTE")
    by: dict[str, dict[str, dict[str, Any]]] = {}
    for row in adtte.rows():
        by.setdefault(row["USUBJID"], {})[row["PARAMCD"]] = row
        assert row["EVNTDESC"]
        assert bool(row["CNSDTDSC"]) == (row["CNSR"] == 1)
        assert row["AVAL"] == row["ADT"] - row["STARTDT"] >= 0
    for times in by.values():
        if "PFS" in times:
            assert times["PFS"]["AVAL"] <= times["OS"]["AVAL"]


@pytest.mark.property
def test_laws_of_every_record(north: Trial, north_snap: Snapshot, colon: Trial, colon_snap: Snapshot) -> None:
    for trial, snap in ((north, north_snap), (colon, colon_snap)):
        found = to_adam(trial, snap)
        assert [d.name for d in found] == ["ADSL", "ADRS", "ADTTE", "ADTR", "ADAE"]
        assert named(found, "ADSL").n == len(snap.patients)
        check_records(found, snap)


@pytest.mark.property
def test_an_adverse_event_names_its_record_of_ae(north: Trial, north_snap: Snapshot) -> None:
    """OCCDS: AESEQ is that of AE, and no SRCDOM beside it; a grade and its number go in pairs."""
    adae, ae = named(to_adam(north, north_snap), "ADAE"), named(to_sdtm(north, north_snap), "AE")
    assert not {"SRCDOM", "SRCVAR", "SRCSEQ"} & set(adae.columns)
    records = {(r["USUBJID"], r["AESEQ"]): r for r in ae.rows()}
    assert adae.n == len(records) > 100
    for row in adae.rows():
        record = records[row["USUBJID"], row["AESEQ"]]
        assert [row[k] for k in ("AETERM", "AEDECOD", "AESER")] == [record[k] for k in ("AETERM", "AEDECOD", "AESER")]
        assert row["ASTDT"] == sas_date(date.fromisoformat(record["AESTDTC"]))
        assert row["ATOXGR"] == record["AETOXGR"] == f"{row['ATOXGRN']:.0f}"


def test_records_of_ae_keep_their_numbers_unless_some_event_has_none() -> None:
    def numbers(*sources: str) -> list[int]:
        """Events on the 3rd, the 2nd and the 1st of a month; their AESEQ in that order."""
        events = [
            ("P", date(2014, 1, 3 - i), "adverse event", {"term": "rash", "grade": 1}, s) for i, s in enumerate(sources)
        ]
        patient = gather(list(log_of(events)))["P"]
        found = ae_numbers(patient)
        return [found[e.number] for e in sorted(patient.adverse_events, key=lambda e: e.happened, reverse=True)]

    assert numbers("AE.AETERM[AESEQ=4]", "AE.AETERM[AESEQ=9]", "AE.AETERM[AESEQ=2]") == [4, 9, 2]
    assert numbers("", "", "") == [3, 2, 1]
    # Two records may have come with the number that our own counting gives the third: then all are counted anew.
    assert numbers("AE.AETERM[AESEQ=1]", "AE.AETERM[AESEQ=2]", "") == [3, 2, 1]


def test_what_nobody_recorded_is_empty_and_what_is_not_required_is_left_out(north: Trial, north_snap: Snapshot) -> None:
    """NORTH's simulated patients have no age or sex, and their arm is the planned one. ADSL requires the person's variables."""
    adsl = named(to_adam(north, north_snap), "ADSL")
    assert not {"ACTARM", "ACTARMCD"} & set(adsl.columns)
    assert {"ARM", "TRT01A", "AGE", "AGEU", "RACE"} <= set(adsl.columns)
    assert np.isnan(np.asarray(adsl.columns["AGE"])).all()
    assert set(adsl.text("RACE")) == {""}
    assert set(adsl.text("SEX")) == {"U"}


@pytest.mark.property
@settings(max_examples=5)
@given(st.integers(100, 700), st.randoms(use_true_random=False))
def test_neither_the_order_of_records_nor_what_comes_later_matters(
    north: Trial, north_log: Log, day: int, random: Any
) -> None:
    """The same events recorded in another order, those after the cut-off left out: the same records, event numbers apart."""
    cutoff = north.start + timedelta(day)
    some = sorted({e.patient for e in north_log if e.kind == "randomised"})[::6]
    north_log = Log(e for e in north_log if e.patient in some)
    own = [e for e in north_log if e.happened <= cutoff]
    one, other = Log(), Log()
    latest = max(e.recorded for e in north_log)
    shuffled = sorted(own, key=lambda e: (e.happened, e.patient))
    # Events of one patient on one day keep their order: a dose and its assessment are told apart by nothing else.
    groups = {
        key: [e for e in shuffled if (e.happened, e.patient) == key] for key in {(e.happened, e.patient) for e in own}
    }
    order = sorted(groups)
    random.shuffle(order)
    for log, events in ((one, list(north_log)), (other, [e for key in order for e in groups[key]])):
        for e in events:
            log.append(e.kind, e.happened, latest, e.by, patient=e.patient, site=e.site, data=e.data, source=e.source)
    a, b = (to_adam(north, snapshot(log, cutoff, latest.date(), fingerprint=False)) for log in (one, other))
    for x, y in zip(a, b, strict=True):
        for v in x.variables:
            if v.name != "SRCSEQ":
                np.testing.assert_array_equal(np.asarray(x.columns[v.name]), np.asarray(y.columns[v.name]))


def test_codes_of_assessors() -> None:
    found = codes(["investigator", "RADIOLOGIST 1", "RADIOLOGIST 2"])
    assert found == {"investigator": "", "RADIOLOGIST 1": "R1", "RADIOLOGIST 2": "R2"}
    assert codes(["one", "other"]) == {"investigator": "", "one": "A1", "other": "A2"}
    assert parameter_code("SUMDIAM", "R1") == "SUMDIAR1"
