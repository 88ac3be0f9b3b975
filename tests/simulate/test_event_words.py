"""One random word says whether an adverse event comes, of which grade, and when."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.simulate.event_words import GRADES, grade_and_day, stretches
from equipoise.simulate.scenario import AdverseEventTruth

SHARE = st.floats(0, 1)


def test_each_grade_and_day_has_as_many_words() -> None:
    ends, span = (10, 40, 40, 100), 5
    found = Counter(grade_and_day(ends, word, span) for word in range(120))
    assert found.pop(None) == 20
    assert found == {(4, d): 2 for d in range(5)} | {(3, d): 6 for d in range(5)} | {(2, d): 12 for d in range(5)}


@given(SHARE, SHARE, SHARE)
def test_grades_have_the_probabilities_of_the_scenario(p: float, severe: float, fatal: float) -> None:
    event = AdverseEventTruth(term="rash", probability=p, severe=severe, fatal=fatal)
    ends = stretches(event)
    by_grade = dict(zip(GRADES, (b - a for a, b in zip((0, *ends), ends, strict=False)), strict=True))
    survived = p * (1 - fatal)
    assert sum(by_grade.values()) / 2**32 == pytest.approx(survived, abs=1e-9)
    assert (by_grade[3] + by_grade[4]) / 2**32 == pytest.approx(survived * severe, abs=1e-9)
    assert by_grade[4] / 2**32 == pytest.approx(0.3 * survived * severe, abs=1e-9)
    assert by_grade[1] / 2**32 == pytest.approx(survived * max(0.6 - severe, 0), abs=1e-9)


@given(SHARE, SHARE, st.integers(0, 2**32 - 1), st.integers(1, 200))
def test_a_day_lies_within_its_span(p: float, severe: float, word: int, span: int) -> None:
    drawn = grade_and_day(stretches(AdverseEventTruth(term="rash", probability=p, severe=severe)), word, span)
    assert (drawn is None) == (word >= stretches(AdverseEventTruth(term="rash", probability=p, severe=severe))[-1])
    assert drawn is None or 0 <= drawn[1] < span
