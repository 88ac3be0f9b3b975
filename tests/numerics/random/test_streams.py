"""A draw is named, not ordered."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.numerics.random.streams import generator, uniforms


@pytest.mark.property
@given(st.integers(0, 10**9), st.integers(0, 1000), st.integers(1, 60), st.integers(1, 9))
def test_more_patients_change_nothing_of_the_first(seed: int, replicate: int, rows: int, width: int) -> None:
    short = uniforms(seed, "disease", replicate, rows, width)
    long = uniforms(seed, "disease", replicate, rows + 17, width)
    np.testing.assert_array_equal(short, long[:rows])
    assert ((short > 0) & (short < 1)).all()


def test_names_make_streams_of_their_own() -> None:
    names = [(1, "a", 0), (1, "b", 0), (1, "a", 1), (2, "a", 0)]
    assert len({generator(*n).random() for n in names}) == len(names)
