"""Admiral's time to event on small tables: the first event whenever it is, else the last of the censoring days."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adam_cases import START, case
from equipoise.standards.adam.build import by_admiral
from equipoise.trial.log import Log
from equipoise.trial.snapshot import snapshot


def times(log: Log) -> dict[str, Any]:
    """Parameter → days, censored, description, ASEQ of the source."""
    found = by_admiral(snapshot(log, date(2027, 1, 1), fingerprint=False))
    return {t.code: (t.days, int(not t.event), t.description, t.sequence) for _, t in found[0].times}


@pytest.mark.independent
def test_progression_counts_whatever_comes_after() -> None:
    found = times(case((42, "PD"), (63, "SD"), contact=100))
    # BCP BOR CB CBCP CBOR CCB CRSP DEATH LSTA MDIS OVR OVR PD RSP: PD is the thirteenth.
    assert found["PFS"] == (43, 0, "Disease Progression", 13)
    assert found["OS"] == (101, 1, "Alive", None)


@pytest.mark.independent
def test_death() -> None:
    found = times(case((42, "PR"), died=60))
    assert found["OS"] == (61, 0, "Death", 8)
    assert found["PFS"] == (61, 0, "Death", 8)
    assert found["RSD"] == (19, 0, "Death", 8)
    # On one day progression goes before death.
    assert times(case((60, "PD"), died=60))["PFS"] == (61, 0, "Disease Progression", 12)
    # Who died without an assessment is not among the responses, and yet has an event.
    assert times(case(died=5))["PFS"] == (6, 0, "Death", 8)


@pytest.mark.independent
def test_censoring_takes_the_last_day_and_of_several_the_last_source() -> None:
    assert times(case((42, "NE")))["PFS"] == (43, 1, "Last Tumor Assessment", 9)
    assert times(case())["PFS"] == (1, 1, "Randomization", None)
    # Seen alive on the day of randomisation only: both censoring days are one, and the later source stands.
    assert times(case(contact=0))["OS"] == (1, 1, "Randomization", None)
    assert times(case((0, "SD")))["PFS"] == (1, 1, "Randomization", None)
    assert "RSD" not in times(case((42, "SD")))


@pytest.mark.property
@given(
    st.lists(st.tuples(st.integers(0, 130), st.sampled_from(("CR", "PR", "SD", "PD", "NE"))), max_size=6),
    st.none() | st.integers(131, 200),
)
def test_laws_of_times(responses: list[tuple[int, str]], died: int | None) -> None:
    log = case(*responses, **({"died": died} if died is not None else {}), contact=130)
    found = by_admiral(snapshot(log, date(2027, 1, 1), fingerprint=False))[0].times
    by = {t.code: t for _, t in found}
    assert by["PFS"].days <= by["OS"].days
    if died is not None:
        assert by["OS"].event
        assert by["PFS"].event
    for t in by.values():
        assert t.on >= t.start >= START
        assert t.description
        assert t.domain in ("ADRS", "ADSL")
        assert bool(t.censored) != t.event


@pytest.mark.independent
def test_a_partial_date_of_an_adverse_event_counts_from_its_first_day() -> None:
    """The log may have moved it to the first dose; admiral's last day alive has not."""
    log = case(contact=3)
    day = date(2014, 1, 20)
    data = {"term": "RASH", "grade": 1, "dated": "2014-01", "date_rule": "first possible day"}
    log.append("adverse event", day, log[0].recorded, "t", patient="P", data=data, source="")
    assert times(log)["OS"] == (4, 1, "Alive", None)
