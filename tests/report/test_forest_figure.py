"""A forest plot of whatever was estimated, and of what was not."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.report.figures.forest import draw_forest
from equipoise.trial.exhibits import ForestFigure, ForestRow

NUMBERS = st.sampled_from([0.0, 0.2, 0.5, 1.0, 3.0, math.nan, math.inf])


@pytest.mark.property
@settings(max_examples=15, deadline=None)
@given(
    rows=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=4), scale=st.sampled_from(["rate", "points", "ratio"])
)
def test_any_rows_are_drawn(rows: list[tuple[float, float, float]], scale: Any) -> None:
    """Limits that do not exist, of an arm with nobody in it, leave the other rows as they are."""
    said = [ForestRow(f"row {i}", "n = 4", e, *sorted((a, b))) for i, (a, e, b) in enumerate(rows)]
    svg = draw_forest(ForestFigure("A figure", "Ratio", said, (1.0, "no effect"), scale=scale), "a-forest")
    assert svg.startswith("<svg") or "<svg" in svg
    missing = sum(not all(map(math.isfinite, row)) for row in rows)
    assert svg.count("not estimable") >= missing
