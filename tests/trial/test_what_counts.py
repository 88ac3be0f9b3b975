"""Which adverse events count: every filter alone, together, and what nothing is recorded of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from equipoise.trial.organ_class import ORGAN_CLASSES
from equipoise.trial.what_counts import WhatCounts

SEPSIS = {"term": "Sepsis", "grade": 4, "serious": True, "related": False, "organ_class": "Infections and infestations"}


def test_each_filter_says_no_by_itself():
    assert WhatCounts(terms=("sepsis", "rash")).counts(SEPSIS)
    assert not WhatCounts(terms=("rash",)).counts(SEPSIS)
    assert WhatCounts(grade_at_least=4).counts(SEPSIS)
    assert not WhatCounts(grade_at_least=5).counts(SEPSIS)
    assert WhatCounts(serious=True).counts(SEPSIS)
    assert not WhatCounts(serious=False).counts(SEPSIS)
    assert WhatCounts(related=False).counts(SEPSIS)
    assert not WhatCounts(related=True).counts(SEPSIS)
    assert WhatCounts(fatal=False).counts(SEPSIS)
    assert not WhatCounts(fatal=True).counts(SEPSIS)
    assert WhatCounts(organ_class="Infections and infestations").counts(SEPSIS)
    assert not WhatCounts(organ_class="Cardiac disorders").counts(SEPSIS)


def test_organ_classes_as_sdtm_writes_them_are_the_same():
    assert WhatCounts(organ_class="Cardiac disorders").counts(SEPSIS | {"organ_class": "CARDIAC DISORDERS"})


def test_what_is_not_recorded_counts_as_related_but_neither_as_serious_nor_of_a_class():
    bare = {"term": "rash", "grade": 3}
    assert WhatCounts(related=True).counts(bare)
    assert not WhatCounts(related=False).counts(bare)
    assert not WhatCounts(serious=True).counts(bare)
    assert WhatCounts(serious=True).counts(bare | {"grade": 5}), "who dies of it has a serious one"
    assert not WhatCounts(organ_class="Cardiac disorders").counts(bare)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({}, "at least one"),
        ({"grade_at_least": 6}, "less than or equal to 5"),
        ({"terms": ("rash", "Rash")}, "each term once"),
        ({"terms": (" ",)}, "blanks"),
        ({"organ_class": "Heart"}, "Cardiac disorders"),
        ({"fatal": True, "serious": False}, "serious"),
        ({"fatal": False, "grade_at_least": 5}, "survived"),
    ],
)
def test_what_no_event_can_be_is_refused(said, word):
    with pytest.raises(ValidationError, match=word):
        WhatCounts(**said)


def test_only_what_is_said_is_written():
    assert WhatCounts(grade_at_least=3).model_dump(mode="json") == {"grade_at_least": 3}
    assert str(WhatCounts(terms=("rash", "itch"), grade_at_least=3, related=True)) == (
        "rash or itch, of grade 3 or worse, related"
    )
    assert len(set(ORGAN_CLASSES)) == 27


EVENTS = st.fixed_dictionaries(
    {"term": st.sampled_from(["rash", "Sepsis"]), "grade": st.integers(1, 5)},
    optional={"serious": st.booleans(), "related": st.booleans(), "organ_class": st.sampled_from(ORGAN_CLASSES[:2])},
)
FILTERS = st.fixed_dictionaries(
    {"grade_at_least": st.integers(1, 4)},
    optional={
        "terms": st.sampled_from([("rash",), ("sepsis",), ("rash", "sepsis")]),
        "related": st.booleans(),
        "organ_class": st.sampled_from(ORGAN_CLASSES[:2]),
    },
)


@given(EVENTS, FILTERS)
def test_all_that_is_said_must_hold(event, said):
    """What counts by several filters counts by each alone, and the other way round."""
    assert WhatCounts(**said).counts(event) == all(WhatCounts(**{k: v}).counts(event) for k, v in said.items())
