"""Group-sequential boundaries as Jennison & Turnbull's tables and Reboussin and others print them; second hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from equipoise.design import shelf
from printed import named, rows


@pytest.mark.published
@pytest.mark.parametrize("row", rows("group_sequential_boundaries"), ids=named)
def test_boundaries_as_printed(row: dict[str, str]) -> None:
    """Equal looks, one-sided 2.5 %: z to three digits of a classical boundary (half a unit and its rounding), four of spending."""
    looks = int(row["looks"])
    fractions = (*((k + 1) / looks for k in range(looks - 1)), 1.0)
    asked = {"hazard_ratio": 0.6, "alpha": 0.025, "power": 0.9, "fractions": fractions, "boundary": row["boundary"]}
    d: Any = shelf.build("group-sequential", asked)
    upper = d.boundaries.upper[int(row["look"]) - 1]
    tolerance = 6e-4 if row["boundary"].startswith("classical") else 2e-4
    assert upper == pytest.approx(float(row["z"]), abs=tolerance)
    if row["boundary"].startswith("classical"):
        # printed is the constant; the looks before are it (Pocock), or it times sqrt(K / k) (O'Brien & Fleming)
        power = 0.5 if row["boundary"].endswith("fleming") else 0.0
        shape = [d.boundaries.upper[-1] * (looks / k) ** power for k in range(1, looks + 1)]
        assert d.boundaries.upper == pytest.approx(shape, abs=1e-9)


@pytest.mark.published
@pytest.mark.parametrize("row", rows("schoenfeld_2017_table3"), ids=named)
def test_schoenfelds_events_as_printed(row: dict[str, str]) -> None:
    """One look, one-sided 5 %, 80 %, 1:1: the events of `screening` and of a group-sequential design's single look, to an even number."""
    asked = {"hazard_ratio": float(row["hazard_ratio"]), "alpha": 0.05, "power": 0.80}
    screening: Any = shelf.build("screening", asked)
    single: Any = shelf.build("group-sequential", {**asked, "fractions": (0.5, 1.0)})
    for events in (screening.numbers()["events"], math.ceil(single.fixed_events)):
        assert 2 * math.ceil(events / 2) == int(row["events"])
