"""Lengths of time as protocols write them."""

from __future__ import annotations

import pytest

from equipoise.trial.duration import Duration


@pytest.mark.parametrize(
    ("text", "days"), [("6 months", 183), ("12 months", 365), ("21 days", 21), ("6 weeks", 42), ("1 year", 365)]
)
def test_whole_days(text: str, days: int) -> None:
    assert Duration.parse(text).days == days


@pytest.mark.parametrize("text", ["6", "six months", "6months", "-1 days", "", 6, None])
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="a number and a unit"):
        Duration.parse(text)  # type: ignore[arg-type]
