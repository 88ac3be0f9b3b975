"""The log → SDTM → the log: nothing is lost that SDTM can hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from equipoise.files.bundled import find_trial
from equipoise.files.table_file import log_from_table
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.standards.sdtm.from_log import from_log
from equipoise.standards.sdtm.to_log import to_log
from equipoise.standards.study_day import study_day
from equipoise.standards.terminology import codelist, strangers
from equipoise.trial.log import Log, in_force
from equipoise.trial.trial import Trial
from random_logs import START, logs


def content(log: Log) -> Counter[str]:
    """What happened to patients, whatever the order and the clocks."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return sorted((k, plain(v)) for k, v in value.items() if k != "source")
        if isinstance(value, list):
            return sorted(map(plain, value), key=repr)
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    return Counter(repr((e.patient, e.kind, e.happened, plain(dict(e.data)))) for e in in_force(list(log)) if e.patient)


def after_a_round_trip(trial: Trial, log: Log) -> Counter[str]:
    return content(to_log(from_log(trial, log), trial)[0])


@pytest.mark.property
@settings(max_examples=40)
@given(log=logs())
def test_nothing_is_lost_that_sdtm_can_hold(north: Trial, log: Log) -> None:
    assert after_a_round_trip(north, log) == content(log)


@pytest.mark.property
@pytest.mark.thorough
def test_a_simulated_trial_comes_back_whole(north: Trial, plan: Callable[..., Plan]) -> None:
    log = run(plan("target"), 0, detail=True).log
    assert after_a_round_trip(north, log) == content(log)


@pytest.mark.property
@settings(max_examples=40)
@given(log=logs())
def test_every_term_is_of_the_lists_and_names_of_tests_fit_their_codes(north: Trial, log: Log) -> None:
    """Places are not held (LOC); what else is written is CDISC's, and a short name and its name are one concept."""
    for name, written in from_log(north, log).items():
        assert strangers(written).keys() <= {"TULOC"}, name
        for short, long in ((v, v.removesuffix("CD")) for v in written.columns if v.endswith("TESTCD")):
            a, b = (codelist(next(x.codelist for x in written.variables if x.name == v)) for v in (short, long))
            assert a is not None
            assert b is not None
            for code, words in zip(written.text(short), written.text(long), strict=True):
                assert a.terms[code] == b.terms[words] != ""


def test_colon_s_events_come_back(colon: Trial) -> None:
    log = log_from_table(colon, find_trial("colon").parent / "colon.csv").log
    assert not content(log) - after_a_round_trip(colon, log)


def test_there_is_no_day_zero() -> None:
    assert [study_day(START + timedelta(days=d), START) for d in (-2, -1, 0, 1)] == [-2, -1, 1, 2]
