"""When to look: each value just before it is time, and once it is; and the later of several."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.analyse.data import cut
from equipoise.decide.decide import decide
from equipoise.files.bundled import find_trial
from equipoise.files.scenario_file import scenarios_of
from equipoise.files.trial_file import read_toml, trial_from
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.trial.decision import NotRipe
from equipoise.trial.problem import BadInput
from equipoise.trial.when import EachEvent, EachPatients, Evaluable, Events, Information, LaterOf, OnDay, Reached, When

DAY = date(2024, 5, 6)
AT = Reached(DAY, evaluable=39, events=60, information=0.5, evaluable_before=30, events_before=59)
#: Each value, what is a little short of it, and its words.
VALUES: list[tuple[When, dict[str, Any], str]] = [
    (Evaluable(39), {"evaluable": 38}, "the outcome of 38 of 39 patients is known"),
    (Events(60), {"events": 59}, "59 of 60 events have come"),
    (Information(0.5), {"information": 0.499}, "49.9% of 50.0% of the information is there"),
    (OnDay(DAY), {"today": DAY - timedelta(days=1)}, "not before 2024-05-06"),
    (EachPatients(9), {"evaluable": 38}, "8 of 9 more patients are known since the look before"),
    (EachEvent(), {"events": 59}, "no event since the look before"),
]


@pytest.mark.parametrize(("when", "short", "words"), VALUES)
def test_just_before_and_once_it_is_time(when: When, short: dict[str, Any], words: str) -> None:
    assert when.missing(AT) == ""
    assert when.missing(replace(AT, **short)) == words


@pytest.mark.property
@given(st.lists(st.sampled_from(VALUES), min_size=1, max_size=4), st.sets(st.integers(0, 3)))
def test_the_later_of_several_waits_for_all(some: list[tuple[When, dict[str, Any], str]], which: set[int]) -> None:
    at = AT
    for i in which:
        if i < len(some):
            at = replace(at, **some[i][1])
    missing = [w.missing(at) for w, *_ in some]
    assert LaterOf([w for w, *_ in some]).missing(at) == "; ".join(m for m in missing if m)


def test_a_look_is_taken_at_the_later_of_its_cohort_and_its_day() -> None:
    """Merkel's first look, never before month 20: simulated, and decided, on that day."""
    raw = read_toml(find_trial("merkel"), "a trial")
    raw["assumptions"] = ()
    raw["monitoring"] = {**raw["monitoring"], "not_before": ("20 months", "20 months")}
    trial = trial_from(raw, "late")
    least = trial.start + timedelta(days=trial.monitoring.not_before[0].days)  # type: ignore[union-attr]
    virtual = run(Plan.of(trial, scenarios_of(trial, find_trial("merkel"), [])[-1][1](), 3), 0)
    assert virtual.looks[0].cutoff == least
    early = decide(trial, cut(trial, virtual.log, least - timedelta(days=1)), 1)
    assert isinstance(early, NotRipe)
    assert early.because == [f"look 1 is taken not before {least}"]
    assert early.ripe_on == least
    for wrong, where in ((("20 months", "10 months"), "looks-out-of-order"), (("20 months",), "not-before")):
        raw["monitoring"]["not_before"] = wrong
        with pytest.raises(BadInput) as caught:
            trial_from(raw, "late")
        assert [p.code for p in caught.value.problems] == [where]
