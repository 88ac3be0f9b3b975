"""Records of a piece read as the same records read one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.standards.dataset import Dataset, Variable
from equipoise.standards.sdtm.record import Record, records

_NUMBERS = st.one_of(st.integers(-(10**15), 10**15).map(float), st.floats(), st.just(-0.0))


@pytest.mark.property
@given(st.lists(st.tuples(st.text(max_size=4), _NUMBERS), max_size=8), st.integers(0, 9))
def test_a_column_made_text_as_a_whole_says_what_each_value_says(rows: list[tuple[str, float]], after: int) -> None:
    variables = (Variable("TRSTRESC"), Variable("TRSTRESN", kind="float"))
    columns = {"TRSTRESC": [t for t, _ in rows], "TRSTRESN": np.array([x for _, x in rows], dtype=np.float64)}
    piece = Dataset("TR", "", variables, columns)
    whole = list(records("TR", piece, after))
    single = [Record("TR", i, values) for i, values in enumerate(piece.rows(), after + 1)]
    assert [r.row for r in whole] == [r.row for r in single]
    for name in ("TRSTRESC", "TRSTRESN", "TRSEQ"):
        assert [r.text(name) for r in whole] == [r.text(name) for r in single]
