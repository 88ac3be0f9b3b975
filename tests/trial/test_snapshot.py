"""The log and its snapshots: nothing is lost, nothing is foreseen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.trial.log import Log, in_force
from equipoise.trial.snapshot import snapshot
from helpers import moment

START = date(2012, 4, 1)


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """Contacts of a few patients, recorded late or at once, some corrected, some voided."""
    log = Log()
    recorded = datetime(2012, 4, 1, tzinfo=UTC)
    for _ in range(draw(st.integers(0, 25))):
        recorded += timedelta(hours=draw(st.integers(0, 72)))
        delay = draw(st.integers(0, 20))
        standing = in_force(log)
        action = draw(st.sampled_from(["new", "new", "new", "correct", "void"]))
        happened = recorded.date() - timedelta(days=delay)
        if action == "new" or not standing:
            log.append("contact", happened, recorded, "t", patient=draw(st.sampled_from("AB")))
        else:
            old = draw(st.sampled_from(standing))
            kind = "voided" if action == "void" else old.kind
            day = old.happened if action == "void" else happened
            log.append(kind, day, recorded, "t", "why", old.patient, corrects=old.number)
    return log


@pytest.mark.property
@given(logs(), st.integers(-5, 90), st.integers(0, 40))
def test_a_snapshot_never_sees_tomorrow(log: Log, day: int, later: int) -> None:
    cutoff = START + timedelta(days=day)
    known = cutoff + timedelta(days=later)
    seen = snapshot(log, cutoff, known)
    assert all(e.happened <= cutoff and e.recorded.date() <= known for e in seen.events)
    # What is recorded afterwards changes nothing, not even the fingerprint.
    then = Log([e for e in log if e.recorded.date() <= known])
    again = snapshot(then, cutoff, known)
    assert list(again.events) == list(seen.events)
    assert again.head == seen.head


@pytest.mark.property
@given(logs())
def test_every_event_stands_is_replaced_or_is_voided(log: Log) -> None:
    standing = in_force(log)
    corrected = {e.corrects for e in log if e.corrects is not None}
    assert {e.number for e in standing}.isdisjoint(corrected)
    assert all(e.kind != "voided" for e in standing)
    untouched = [e for e in log if e.corrects is None and e.number not in corrected]
    assert all(e in standing for e in untouched)


def test_a_correction_counts_from_the_day_it_was_recorded() -> None:
    log = Log()
    day, later = date(2012, 5, 1), date(2012, 6, 1)
    log.append("assessed", day, moment(day), "t", patient="A", data={"response": "SD"})
    log.append("assessed", day, moment(later), "t", "read again", "A", data={"response": "PD"}, corrects=1)
    assert snapshot(log, day).patients["A"].first_progression is None
    assert snapshot(log, later).patients["A"].first_progression is not None
    assert snapshot(log, day, later).patients["A"].first_progression is not None


def test_known_on_is_not_before_the_cutoff() -> None:
    with pytest.raises(ValueError, match="cannot be before"):
        snapshot(Log(), date(2012, 5, 2), date(2012, 5, 1))


def test_a_made_event_takes_its_own_place_only() -> None:
    log = Log()
    first = log.append("contact", START, moment(START), "t", patient="A")
    with pytest.raises(ValueError, match="number 1; the next is 2"):
        log.add(first)
    assert list(log) == [first]
