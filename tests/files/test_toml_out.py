"""Plain values as TOML and back."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from equipoise.files.toml_out import toml_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALAR = st.one_of(
    TEXT,
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(date(1000, 1, 1)),
)
VALUE: Any = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=12
)


@given(st.dictionaries(TEXT, VALUE, max_size=5))
def test_what_is_written_is_read_back(values: dict[str, Any]) -> None:
    assert tomllib.loads(toml_text(values, ["a comment"])) == values


def test_tables_have_headings_of_their_own() -> None:
    text = toml_text(
        {
            "id": "x",
            "none": None,
            "arms": [{"name": "A", "regimen": [{"drug": "d", "days": [1, 2]}]}],
            "design": {"kind": "simon", "p0": 0.1},
        }
    )
    assert '[[arms]]\nname = "A"\n\n[[arms.regimen]]\ndrug = "d"\ndays = [1, 2]' in text
    assert '[design]\nkind = "simon"\np0 = 0.1' in text
    assert "none" not in text
