"""The one cut: events stay as they were recorded, what is concluded lies beside them."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.analyse.criteria import CRITERIA
from equipoise.analyse.criteria.criterion import scans_of
from equipoise.analyse.data import cut
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.log import Log
from equipoise.trial.trial import Trial
from helpers import moment
from random_patients import CUTOFF, START, random_events

NORTH = read_trial(find_trial("north"))
assert NORTH.assessments is not None
LESIONS = NORTH.model_copy(update={"assessments": NORTH.assessments.model_copy(update={"responses": "from lesions"})})


@pytest.mark.property
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([NORTH, LESIONS]))
def test_conclusions_lie_beside_events_that_stay_as_recorded(seed: int, trial: Trial) -> None:
    log = Log(random_events(Random(seed), 6))
    found = cut(trial, log, CUTOFF)
    in_log = {e.number: e for e in log}
    for patient in found.patients.values():
        for read in (patient.assessments, *patient.readers.values()):
            points = {p.event: p for p in CRITERIA["RECIST 1.1"].read(scans_of(read))} if trial is LESIONS else {}
            for a in read:
                assert a.event is in_log[a.number]
                point = points.get(a.number)
                assert a.derived == (point is not None)
                assert a.response == (point.overall if point else a.recorded)
                assert a.counts_on == (point.progressed_on if point and point.progressed_on else a.happened)
    bare = cut(trial, log, CUTOFF, fingerprint=False)
    assert (bare.head, bare.notes, bare.patients) == ("", (), found.patients)


def test_the_cutoff_is_the_last_day_of_the_log_and_a_word_without_meaning_is_noted() -> None:
    log = Log()
    log.append("randomised", START, moment(START), "t", patient="P", data={"arm": "CE", "stratum": ""})
    later = START + timedelta(days=42)
    for word in ("ND", "SD", "ND"):
        log.append("assessed", later, moment(later + timedelta(days=3)), "t", patient="P", data={"response": word})
    found = cut(NORTH, log)
    assert found.cutoff == later + timedelta(days=3)
    assert [a.word.readable for a in found.patients["P"].assessments] == [False, True, False]
    assert found.notes == ("not read, for the trial's criterion has no such response: 2 assessments, ND (2).",)
    early = cut(NORTH, log, later)
    assert early.notes == (f"left out, as recorded after {later} though of {later} or before: 3 events.",)
    assert cut(NORTH, Log()).cutoff == NORTH.start
    with pytest.raises(ValueError, match="cannot be before the cut-off"):
        cut(NORTH, log, later, START)
