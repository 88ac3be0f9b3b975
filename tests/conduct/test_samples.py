"""Samples of a drug's concentration: what is impossible, all of it at once; corrected like any value; shown by who may know the arm."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from typing import Any

import pytest

from equipoise.conduct.people import People
from equipoise.conduct.sample_rules import sampled_problems
from equipoise.conduct.visibility import Reader, visible
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.trial.event import Event
from equipoise.trial.log import in_force
from equipoise.trial.masked import MASKED
from equipoise.trial.problem import BadInput
from equipoise.trial.sample import elapsed_hours
from equipoise.trial.trial import Trial
from people_log import PEOPLE, log
from sampled import DOSED, NOW, sample, sampled_north, take, treated_conduct


def codes(c: Any, patient: str, on: date = DOSED, **data: Any) -> set[str]:
    event = Event(len(c.log) + 1, "sampled", on, NOW, "t", patient=patient, data=data)
    return {p.code for p in c.judge(event)}


def test_a_sample_is_recorded_with_both_times() -> None:
    c, (name, *_) = treated_conduct()
    event = take(c, name, 24, 20.5, at="09:30", dose_at="09:00")
    assert elapsed_hours(event, DOSED) == 24.5
    assert elapsed_hours(event, None) is None
    assert [e.number for e in c.patients[name].samples] == [event.number]
    assert c.patients[name].last_contact == DOSED + timedelta(days=1)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"analyte": "conjugat"}, "unknown-analyte"),
    ({"drug": "carboplatin"}, "not-sampled"),
    ({"day": 2}, "day-of-cycle"),
    ({"cycle": 0}, "out-of-range"),
    ({"cycle": 2}, "no-dose"),
    ({"hours": -1.0}, "out-of-range"),
    ({"at": "25:00", "dose_at": "09:00"}, "not-a-time"),
    ({"at": "09:10"}, "missing"),
    ({"at": "08:00", "dose_at": "09:00"}, "before-its-dose"),
    ({"hours": 0.0, "at": "09:30", "dose_at": "09:00"}, "after-its-dose"),
    ({"unit": "mg/L"}, "unit"),
    ({"unit": "ng/mL"}, "unit"),
    ({"specimen": "serum"}, "specimen"),
    ({"below_limit": True}, "below-and-above"),
    ({"concentration": -1.0}, "out-of-range"),
    ({"concentration": 2e9}, "out-of-range"),
    ({"concentration": 0.05}, "below-the-limit"),
    ({"limit": 0.0}, "out-of-range"),
]


@pytest.mark.parametrize(("change", "code"), WRONG, ids=[f"{w[1]} {next(iter(w[0]))}" for w in WRONG])
def test_what_is_impossible(change: dict[str, Any], code: str) -> None:
    c, (name, *_) = treated_conduct()
    assert codes(c, name, **sample(1, 40.0)) == set()
    assert code in codes(c, name, **{**sample(1, 40.0), **change})


def test_what_a_sample_lacks_and_all_at_once() -> None:
    c, (name, *_) = treated_conduct()
    bare = {"drug": "IMGN901", "analyte": "conjugate", "cycle": 1, "day": 1, "hours": 1.0}
    assert codes(c, name, **bare) == {"missing"}
    assert codes(c, name, **bare, below_limit=True, unit="ug/mL") == {"missing"}  # the limit
    many = {**bare, "analyte": "x", "day": 3, "hours": -2.0, "at": "9:00", "concentration": -1.0, "unit": "kg"}
    assert {"unknown-analyte", "day-of-cycle", "out-of-range", "not-a-time", "unit"} <= codes(c, name, **many)


def test_not_twice_not_before_randomisation_not_after_death_and_not_unasked() -> None:
    c, (name, *_) = treated_conduct()
    take(c, name, 1, 40.0)
    assert "sample-twice" in codes(c, name, **sample(1, 41.0))
    assert "before-randomisation" in codes(c, name, date(2012, 5, 31), **sample(0, None))
    c.order("died", DOSED + timedelta(days=2), NOW, "t", patient=name, data={})
    assert "after-death" in codes(c, name, DOSED + timedelta(days=4), **sample(96, 3.0))
    other = next(p for p in c.patients if c.patients[p].arm == "CE")
    assert "drug-not-in-arm" in codes(c, other, **sample(1, 40.0))


def test_a_trial_that_asks_for_none_takes_none() -> None:
    c, (name, *_) = treated_conduct()
    event = Event(len(c.log) + 1, "sampled", DOSED, NOW, "t", patient=name, data=sample(1, 40.0))
    north = read_trial(find_trial("north"))
    assert "no-samples" in {p.code for p in sampled_problems(event, c.patients[name], north)}


def test_a_value_is_corrected_like_any_other() -> None:
    c, (name, *_) = treated_conduct()
    first = take(c, name, 1, 4.0)
    c.correct(first.number, NOW, "t", "typed in wrongly", data={"concentration": 40.0})
    assert [e.data["concentration"] for e in in_force(list(c.log)) if e.kind == "sampled"] == [40.0]
    assert c.patients[name].samples[0].data["concentration"] == 40.0
    c.correct(c.patients[name].samples[0].number, NOW, "t", "another patient's", void=True)
    assert c.patients[name].samples == []


def of_sample(drug: str) -> Event:
    p = next(e for e in log() if e.kind == "randomised")
    data = {**sample(1, 40.0), "drug": drug}
    return Event(len(log()) + 1, "sampled", p.happened, p.recorded, "t", patient=p.patient, site=p.site, data=data)


def test_who_may_not_know_the_arm_is_shown_no_sample_of_its_drug() -> None:
    people, trial = People.of(log()), sampled_north()
    masked, whole = (Reader.of(PEOPLE[r], people, trial) for r in ("data manager", "committee"))
    assert visible(of_sample("IMGN901"), masked) is None
    assert visible(of_sample("IMGN901"), whole) == of_sample("IMGN901")
    assert visible(of_sample("carboplatin"), masked) == of_sample("carboplatin")  # every arm has it, to one plan


def test_of_a_masked_treatment_what_was_measured_is_not_shown() -> None:
    """Of a drug and its placebo the doses are shown as the masked one's; a concentration would tell which it is."""
    shown = visible(of_sample(MASKED), Reader.of(PEOPLE["data manager"], People.of(log()), sampled_north()))
    assert shown is not None
    hidden = {k for k, v in shown.data.items() if v == MASKED}
    assert hidden == {"drug", "analyte", "specimen", "concentration", "unit", "limit"}
    open_, guarded = of_sample("IMGN901").parts()
    assert not {"drug", "concentration", "limit"} & open_["data"].keys()
    assert guarded["concentration"] == 40.0


BAD_PLANS: list[tuple[dict[str, Any], str, str]] = [
    ({"unit": "mg/l"}, "samples[0].unit", "unit"),
    ({"hours": [0, 4, 1]}, "samples[0].hours", "order"),
    ({"drug": "IMGN9"}, "samples[0].drug", "unknown-drug"),
    ({"day": 2}, "samples[0].day", "day-of-cycle"),
    ({"drug": "carboplatin", "cycles": [7]}, "samples[0].cycles", "too-many-cycles"),
]


@pytest.mark.parametrize(("change", "where", "code"), BAD_PLANS, ids=[b[2] for b in BAD_PLANS])
def test_what_a_trial_file_cannot_ask_for(change: dict[str, Any], where: str, code: str) -> None:
    raw = with_samples([{"drug": "IMGN901", "analyte": "conjugate", "unit": "ug/mL", "hours": [0, 1], **change}])
    with pytest.raises(BadInput) as bad:
        trial_from(raw, "test")
    assert (where, code) in [(p.where, p.code) for p in bad.value.problems]


def test_the_same_samples_twice() -> None:
    one = {"drug": "IMGN901", "analyte": "conjugate", "unit": "ug/mL", "hours": [0, 1]}
    with pytest.raises(BadInput) as bad:
        trial_from(with_samples([one, one]), "test")
    assert [p.code for p in bad.value.problems] == ["twice"]
    assert isinstance(trial_from(with_samples([one]), "test"), Trial)


def with_samples(samples: list[dict[str, Any]]) -> dict[str, Any]:
    return {**tomllib.loads(find_trial("north").read_text()), "samples": samples}
