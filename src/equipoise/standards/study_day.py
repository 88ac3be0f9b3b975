"""The study day as CDISC counts it, in --DY and in ADY."""

from __future__ import annotations

from datetime import date


def study_day(on: date | None, start: date | None) -> int | None:
    """The start is day 1, the day before it day -1; there is no day 0. None where either is not known."""
    if on is None or start is None:
        return None
    days = (on - start).days
    return days + 1 if days >= 0 else days
