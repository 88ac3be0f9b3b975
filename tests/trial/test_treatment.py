"""What is given in an arm: by days, by words for days, more than once a day, and what is no drug."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.files.bundled import find_trial
from equipoise.files.scenario_file import scenarios_of
from equipoise.files.trial_file import read_toml, trial_from
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.standards.sdtm.from_log import to_sdtm
from equipoise.trial.arm import Treatment
from equipoise.trial.duration import Duration
from equipoise.trial.trial import Trial
from helpers import moment

CYCLE = Duration(21.0, "21 days")


def treatment(**said: Any) -> Treatment:
    return Treatment(
        **{"drug": "x", "days": (1,), "cycle_length": CYCLE, "cycles": 4, "dose": 100.0, "unit": "mg"} | said
    )


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({}, "x 100 mg, day 1 of a 21-day cycle, up to 4 cycles"),
        ({"days": (1, 2, 3)}, "x 100 mg, days 1, 2, 3 of a 21-day cycle, up to 4 cycles"),
        (
            {"days": tuple(range(1, 8)), "times_a_day": 2},
            "x 100 mg twice daily, days 1 to 7 of a 21-day cycle, up to 4 cycles",
        ),
        ({"days": "every day", "times_a_day": 2}, "x 100 mg twice daily, every day of a 21-day cycle, up to 4 cycles"),
        ({"days": "every other day"}, "x 100 mg, every other day of a 21-day cycle, up to 4 cycles"),
        ({"kind": "procedure", "dose": None, "unit": None, "cycles": 1}, "x, once, on day 1"),
        (
            {"kind": "device", "dose": None, "unit": None, "days": "every day", "may_continue": True},
            "x, every day of a 21-day cycle, up to 4 cycles; alone afterwards while benefiting",
        ),
        (
            {"kind": "radiotherapy", "dose": 2.0, "unit": "Gy", "days": (1, 2, 3, 4, 5, 8)},
            "x 2 Gy, days 1 to 5, 8 of a 21-day cycle, up to 4 cycles",
        ),
    ],
)
def test_it_reads_as_a_protocol_says_it(said: dict[str, Any], text: str) -> None:
    assert str(treatment(**said)) == text


def test_words_are_days_of_the_cycle() -> None:
    assert treatment(days="every other day").days == tuple(range(1, 22, 2))
    assert treatment(days="every day").days == tuple(range(1, 22))
    assert treatment(days="every other day").frequency == "QOD"
    assert treatment(days=(1, 3)).frequency == ""
    assert treatment(times_a_day=3).frequency == "TID"


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"dose": None}, "go together"),
        ({"dose": None, "unit": None}, "a drug has a `dose`"),
        ({"days": "now and then"}, "every other day"),
        ({"times_a_day": 9}, "less than or equal to 4"),
        ({"kind": "prayer"}, "procedure"),
    ],
)
def test_what_cannot_be_is_refused(said: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        treatment(**said)


def test_what_is_not_said_is_not_written() -> None:
    assert set(treatment().model_dump()) == {"drug", "dose", "unit", "days", "cycle_length", "cycles", "may_continue"}


def optimal() -> Trial:
    """A procedure once, a device every day, a drug twice daily, in a bundled trial of one arm."""
    raw = read_toml(find_trial("myeloma"), "a trial")
    cycle = {"cycle_length": "28 days", "cycles": 2}
    regimen = (
        {"drug": "skull remodelling surgery", "kind": "procedure", "days": (1,), "cycle_length": "1 day", "cycles": 1},
        {"drug": "TTFields", "kind": "device", "days": "every other day", **cycle},
        {"drug": "crizotinib", "dose": 250, "unit": "mg", "times_a_day": 2, "days": "every day", **cycle},
    )
    raw["arms"] = ({**raw["arms"][0], "regimen": regimen},)
    return trial_from(raw, "optimal")


def test_it_is_simulated_conducted_and_exported() -> None:
    trial = optimal()
    scenario = scenarios_of(trial, find_trial("myeloma"), [])[-1][1]()
    done = run(Plan.of(trial, scenario, 3), 1, detail=True)
    assert replay(trial, list(done.log)) == []
    given = [e.data for e in done.log if e.kind == "treated"]
    assert {"drug": "skull remodelling surgery", "cycle": 1, "day": 1} in given
    assert {"drug": "crizotinib", "cycle": 1, "day": 1, "dose": 250, "unit": "mg", "times_a_day": 2} in given
    sdtm = {d.name: d for d in to_sdtm(trial, cut(trial, done.log, done.ended))}
    rows = {(r["EXTRT"], r.get("EXDOSFRQ") or "") for r in sdtm["EX"].rows()}
    assert rows == {("skull remodelling surgery", ""), ("TTFields", "QOD"), ("crizotinib", "BID")}


def test_a_dose_that_is_not_the_regimen_s_is_refused_with_all_that_is_wrong() -> None:
    trial = optimal()
    c, day = Conduct.open(trial, moment(trial.start), "t"), trial.start + timedelta(days=400)
    site = trial.sites[0].name
    c.activate(site, trial.start, moment(trial.start), "t")
    c.screen("P1", site, day, moment(day), "t")
    c.enrol("P1", day, moment(day), "t")

    def codes(**data: Any) -> list[str]:
        with pytest.raises(Refused) as refused:
            c.order("treated", day, moment(day), "t", patient="P1", data={"cycle": 1, "day": 1, **data})
        return [p.code for p in refused.value.problems]

    assert codes(drug="TTFields", dose=3, unit="V") == ["dose"]
    assert codes(drug="crizotinib", times_a_day=3, until="2001-01-01") == ["until", "missing", "unit", "times-a-day"]
    c.order("treated", day, moment(day), "t", patient="P1", data={"cycle": 1, "day": 1, "drug": "TTFields"})
