"""Where a patient stands for a toxicity: case by case on a conducted record, by the days at the ends of its time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from equipoise.analyse.binary import status_of
from equipoise.analyse.data import cut
from equipoise.analyse.explain import explain
from equipoise.analyse.rates import analyse_rate
from equipoise.conduct.conduct import Conduct, Refused
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_toml, trial_from
from equipoise.trial.endpoint import Toxicity
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import moment

DAY0 = date(2024, 3, 4)
DLT = {
    "name": "DLT", "label": "Dose-limiting toxicity", "role": "primary", "kind": "toxicity", "within": "28 days",
    "counts": {"grade_at_least": 3, "related": True}, "window": "2 weeks", "not_evaluable": "replace",
}  # fmt: skip
SEVERE = {"term": "neutropenia", "grade": 3}


def dlt_trial(**changes: Any) -> Trial:
    raw = read_toml(find_trial("merkel"), "a trial")
    raw["endpoints"] = ({**DLT, **changes}, *raw["endpoints"][1:])
    raw["monitoring"] = {**raw["monitoring"], "endpoint": "DLT"}
    raw["assumptions"] = ()
    raw["sources"] = ()
    return trial_from(raw, "dlt")


def dose(day: int) -> tuple[int, str, dict[str, Any]]:
    t = dlt_trial().arms[0].regimen[0]
    return day, "treated", {"drug": t.drug, "cycle": 1, "day": t.days[0], "dose": t.dose, "unit": t.unit}


def event(day: int, **changes: Any) -> tuple[int, str, dict[str, Any]]:
    return day, "adverse event", {**SEVERE, **changes}


def conducted(trial: Trial, record: list[tuple[int, str, dict[str, Any]]]) -> Conduct:
    c = Conduct.open(trial, moment(trial.start), "t")
    c.activate(trial.sites[0].name, trial.start, moment(trial.start), "t")
    c.screen("P1", trial.sites[0].name, DAY0, moment(DAY0), "t")
    c.enrol("P1", DAY0, moment(DAY0), "t")
    for day, kind, data in sorted(record, key=lambda r: r[0]):
        on = DAY0 + timedelta(days=day)
        c.order(kind, on, moment(on), "t", patient="P1", data=data)
    return c


def status(record: list[tuple[int, str, dict[str, Any]]], day: int, **changes: Any) -> Any:
    trial = dlt_trial(**changes)
    log = conducted(trial, [r for r in record if r[0] <= day]).log
    endpoint = trial.monitored.endpoint
    assert isinstance(endpoint, Toxicity)
    return status_of(cut(trial, log, DAY0 + timedelta(days=day)).patients["P1"], endpoint, trial, DAY0 + timedelta(day))


@pytest.mark.parametrize(
    ("record", "day", "stands"),
    [
        ([dose(2)], 10, "pending"),
        ([dose(2), event(30)], 30, "success"),  # day 28 after the first dose: the last that counts
        ([dose(2), event(31)], 31, "failure"),  # known alive and in the trial past the window
        ([dose(2), event(2)], 2, "success"),
        ([event(1), dose(2), (30, "contact", {})], 40, "failure"),  # before the first dose
        ([dose(2), event(10, grade=2), (30, "contact", {})], 40, "failure"),
        ([dose(2), event(10, related=False), (30, "contact", {})], 40, "failure"),
        ([dose(2), (29, "contact", {})], 40, "pending"),  # a day short of the window
        ([dose(2), (29, "contact", {})], 44, "pending"),
        ([dose(2), (29, "contact", {})], 45, "not evaluable"),
        ([dose(2), (20, "died", {})], 20, "not evaluable"),
        ([dose(2), (30, "died", {})], 30, "failure"),  # died on the last day, without it
        ([dose(2), event(20, grade=5), (20, "died", {})], 20, "success"),  # died of it
        ([dose(2), (20, "lost", {})], 20, "not evaluable"),
        ([dose(2), (20, "withdrawn", {})], 20, "not evaluable"),
        ([dose(2), (30, "withdrawn", {})], 30, "failure"),
        ([dose(2), (5, "treatment ended", {"reason": "toxicity"})], 20, "pending"),  # off treatment, still observed
        ([], 10, "pending"),
        ([], 43, "not evaluable"),
        ([event(5)], 10, "pending"),  # not treated yet
        ([(5, "withdrawn", {})], 5, "not evaluable"),
        ([(35, "contact", {})], 36, "pending"),  # followed, and never treated
    ],
)
def test_by_the_days_at_the_ends(record: list[Any], day: int, stands: str) -> None:
    assert status(record, day).status == stands


def test_from_entry_no_dose_is_needed() -> None:
    assert status([event(28)], 28, origin="randomisation").status == "success"
    assert status([event(29)], 29, origin="randomisation").status == "failure"


def test_the_event_that_decided_is_named() -> None:
    found = status([dose(0), event(3, grade=2), event(9, grade=4)], 10)
    assert found.because == "neutropenia, grade 4, on day 9"
    assert found.source is not None


def test_a_reader_is_not_told_of_success() -> None:
    trial = dlt_trial()
    log = conducted(trial, [dose(0), event(9)]).log
    snap = cut(trial, log, DAY0 + timedelta(days=60))
    told = explain(trial, snap, snap.patients["P1"]).endpoints[0]
    assert told.result == "with the toxicity"
    rate = analyse_rate(trial, snap, trial.endpoints[0]).arms["DRUG"]  # type: ignore[arg-type]
    assert (rate.successes, rate.n) == (1, 1)


def test_what_no_event_can_be_is_told_at_once() -> None:
    wrong = {"grade_at_least": 6, "organ_class": "Heart"}
    with pytest.raises(BadInput) as bad:
        dlt_trial(counts=wrong, within="0 days")
    text = str([p.where for p in bad.value.problems])
    assert "counts.grade_at_least" in text
    assert "counts.organ_class" in text
    assert "within" in text


def test_an_arm_without_a_regimen_has_no_first_dose() -> None:
    raw = read_toml(find_trial("merkel"), "a trial")
    raw["arms"] = ({k: v for k, v in raw["arms"][0].items() if k != "regimen"},)
    raw["endpoints"] = (*raw["endpoints"], {**DLT, "role": "secondary"})
    raw["assumptions"] = ()
    with pytest.raises(BadInput) as bad:
        trial_from(raw, "x")
    assert [p.code for p in bad.value.problems] == ["no-first-dose"]


def test_an_adverse_event_that_cannot_be_is_refused() -> None:
    trial = dlt_trial()
    c = conducted(trial, [dose(0)])
    on = DAY0 + timedelta(days=4)
    with pytest.raises(Refused) as refused:
        c.order(
            "adverse event", on, moment(on), "t", patient="P1", data={"term": " ", "grade": 6, "organ_class": "Cardiac"}
        )
    assert [p.code for p in refused.value.problems] == ["grade-out-of-range", "no-term", "unknown-organ-class"]
    c.order("adverse event", on, moment(on), "t", patient="P1", data={**SEVERE, "organ_class": "CARDIAC DISORDERS"})
    serious = {**SEVERE, "serious": False, "criteria": ["death", "hospital"]}
    with pytest.raises(Refused) as refused:
        c.order("adverse event", on, moment(on), "t", patient="P1", data=serious)
    assert [p.code for p in refused.value.problems] == ["unknown-criterion", "not-serious"]
    c.order(
        "adverse event",
        on,
        moment(on),
        "t",
        patient="P1",
        data={**serious, "serious": True, "criteria": ["hospitalisation"]},
    )
