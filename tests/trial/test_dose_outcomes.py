"""Outcomes of dose finding, read and written."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.trial.dose_outcomes import PatientOutcome, Treated, read_outcomes, written
from equipoise.trial.problem import BadInput

outcomes = st.one_of(
    st.sampled_from("NTEBX").map(PatientOutcome),
    st.builds(PatientOutcome, st.just("P"), st.integers(0, 99_999)),
    st.builds(PatientOutcome, st.sampled_from("TB"), st.integers(1, 99_999)),  # that of the first dose is day 1
)
cohorts = st.integers(1, 3).flatmap(
    lambda drugs: st.lists(
        st.builds(
            Treated,
            st.tuples(*[st.integers(1, 9999)] * drugs),
            st.lists(outcomes, min_size=1, max_size=8).map(tuple),
            st.booleans(),
        ),
        max_size=6,
    )
)


@pytest.mark.property
@given(cohorts)
def test_what_is_written_is_read_again(found: list[Treated]) -> None:
    assert list(read_outcomes(written(found))) == found


@pytest.mark.property
@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with suppress(BadInput):
        found = read_outcomes(text)
        assert read_outcomes(written(found)) == found


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("1NNZ", ["position 4"]),
        ("NNN", ["position 1"]),
        ("1NNN 2", ["position 6"]),
        ("1NN 0TN 2nN", ["position 5", "position 10"]),
        ("1NP:", ["position 3"]),
        ("1T:N", ["position 3"]),
        ("1N:3", ["position 3"]),
        ("1NN 2.3NN", ["levels"]),
        ("١N", ["position 1"]),
    ],
)
def test_every_place_that_cannot_be_read_is_told(text: str, where: list[str]) -> None:
    with pytest.raises(BadInput) as bad:
        read_outcomes(text)
    assert [p.where for p in bad.value.problems] == where
